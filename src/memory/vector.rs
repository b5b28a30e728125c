//! Coordinates in vectors of a fixed dimension.

use super::{Coordinate, Memory};
use crate::dynamics::cell::Cell;
use crate::dynamics::state::State;

/// The memory of a macro step of a state of fixed dimension: plain data, without a reference to anything.
///
/// If it is `IN_PLACE`, it is that of one step after another: a step's result is the next one's start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vectors<X: State, const IN_PLACE: bool = false> {
    start: X,
    b0: X::Position,
    /// W, later the result, unless that is in place.
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

    /// The state after the step.
    #[inline]
    pub(crate) fn moved(&self) -> X {
        self.noise
    }
}

impl<X: State> Vectors<X, true> {
    /// The memory before the first step: the drift at the start is asked for.
    #[inline(always)]
    pub(crate) fn without_drift(start: &X) -> Self {
        Self {
            start: *start,
            b0: X::Position::zero(),
            noise: X::zero(),
            correction: X::zero(),
            estimate: *start.position(),
        }
    }

    /// Writes a component of the drift at the start.
    #[inline(always)]
    pub(crate) fn set_b0(&mut self, d: usize, b0: X::Real) {
        self.b0.set_cell(d, [b0]);
    }

    /// The state after the last step that has come to its end.
    #[inline(always)]
    pub(crate) fn start(&self) -> &X {
        &self.start
    }
}

impl<X: State, const IN_PLACE: bool> Vectors<X, IN_PLACE> {
    /// Where the drift is asked for.
    #[inline]
    pub(crate) fn estimate(&self) -> &X::Position {
        &self.estimate
    }
}

impl<X: State, const IN_PLACE: bool> Memory for Vectors<X, IN_PLACE> {
    type Scalar = X::Real;
    type Cell = X::Cell;
    const IN_PLACE: bool = IN_PLACE;

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
        if IN_PLACE {
            self.start.set_cell(d, result);
            self.estimate.set_cell(d, [result.position()]);
        } else {
            self.noise.set_cell(d, result);
        }
    }
}
