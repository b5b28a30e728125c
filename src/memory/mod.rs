//! Where the coordinates of a macro step under way are kept: in vectors, in slices.
//!
//! The method is written once for a coordinate (`crate::method::poisson_midpoint`) and once as a loop over a
//! [`Memory`] (`crate::method::walk`).

use crate::dynamics::cell::Cell;
use crate::dynamics::{CellOf, Dynamics};
use crate::scalar::Scalar;

pub(crate) mod slice;
pub(crate) mod vector;

/// What a macro step knows of one coordinate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Coordinate<X, C> {
    /// X[0].
    pub(crate) start: C,
    /// b₀ = b(X[0], t[0]).
    pub(crate) b0: X,
    /// W, the noise accumulated up to the last midpoint; meaningless before the first.
    pub(crate) noise: C,
    /// The sum of the corrections so far; meaningless before the first.
    pub(crate) correction: C,
}

/// The coordinates of one particle within a macro step.
pub(crate) trait Memory {
    type Scalar: Scalar;
    type Cell: Cell<Self::Scalar>;
    /// Whether the result takes the place of the start, so that none of it may be written before all of it is known to
    /// be finite. A kernel would otherwise copy every step's result to the next one's start.
    const IN_PLACE: bool = false;

    /// The number D of coordinates.
    fn dimension(&self) -> usize;
    /// Coordinate d.
    fn coordinate(&self, d: usize) -> Coordinate<Self::Scalar, Self::Cell>;
    /// Writes W.
    fn set_noise(&mut self, d: usize, noise: Self::Cell);
    /// Writes the sum of the corrections.
    fn set_correction(&mut self, d: usize, correction: Self::Cell);
    /// Writes the position of X̂, where the drift is asked for.
    fn set_estimate(&mut self, d: usize, position: Self::Scalar);
    /// Writes the state after the step: over the start and the estimate if it is in place, and otherwise over W.
    fn set_result(&mut self, d: usize, result: Self::Cell);
}

/// A memory of the coordinates that the dynamics `S` move, of one particle.
pub(crate) trait MemoryOf<S: Dynamics>:
    Memory<Scalar = S::Real, Cell = CellOf<S, S::Real>>
{
}

impl<S, M> MemoryOf<S> for M
where
    S: Dynamics,
    M: Memory<Scalar = S::Real, Cell = CellOf<S, S::Real>>,
{
}
