//! Coordinates in vectors of a fixed dimension.

use super::{Coordinate, Memory};
use crate::dynamics::cell::Cell;
use crate::dynamics::state::State;

/// The memory of a macro step of a state of fixed dimension: plain data, without a reference to anything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vectors<X: State> {
    start: X,
    b0: X::Position,
    /// W, later the result.
    noise: X,
    correction: X,
    estimate: X::Position,
}

impl<X: State> Vectors<X> {
    #[inline]
    pub(crate) fn new(start: &X, b0: X::Position) -> Self {
        Self {
            start: *start,
            b0,
            noise: X::zero(),
            correction: X::zero(),
            estimate: b0,
        }
    }

    /// Where the drift is asked for.
    #[inline]
    pub(crate) fn estimate(&self) -> &X::Position {
        &self.estimate
    }

    /// The state after the step.
    #[inline]
    pub(crate) fn moved(&self) -> X {
        self.noise
    }
}

impl<X: State> Memory for Vectors<X> {
    type Scalar = X::Real;
    type Cell = X::Cell;

    #[inline]
    fn dimension(&self) -> usize {
        X::DIMENSION
    }
    #[inline]
    fn coordinate(&self, d: usize) -> Coordinate<X::Real, X::Cell> {
        Coordinate {
            start: self.start.cell(d),
            b0: self.b0.cell(d).position(),
            noise: self.noise.cell(d),
            correction: self.correction.cell(d),
        }
    }
    #[inline]
    fn set_noise(&mut self, d: usize, noise: X::Cell) {
        self.noise.set_cell(d, noise);
    }
    #[inline]
    fn set_correction(&mut self, d: usize, correction: X::Cell) {
        self.correction.set_cell(d, correction);
    }
    #[inline]
    fn set_estimate(&mut self, d: usize, position: X::Real) {
        self.estimate.set_cell(d, [position]);
    }
    #[inline]
    fn set_result(&mut self, d: usize, result: X::Cell) {
        self.noise.set_cell(d, result);
    }
}
