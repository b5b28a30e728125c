//! What a coordinate of a state holds.

use core::fmt::Debug;

use crate::scalar::Scalar;

/// One coordinate of a state, part by part: [x], or [x, v] where there is a velocity.
///
/// All dynamics act on each coordinate alike and independently, so this is what the mathematics is about; how many
/// coordinates there are is a matter of memory.
pub trait Cell<X: Scalar>: Copy + Debug + PartialEq + Send + Sync {
    /// The number of parts.
    const PARTS: usize;

    /// The cell whose part k is `make(k)`.
    fn from_fn(make: impl FnMut(usize) -> X) -> Self;
    /// The parts.
    fn parts(&self) -> &[X];
    /// The position x, which a drift is a function of.
    #[must_use]
    fn position(&self) -> X;
    /// The sum, part by part.
    #[must_use]
    fn plus(self, other: Self) -> Self;
    /// The difference, part by part.
    #[must_use]
    fn minus(self, other: Self) -> Self;
    /// Every part times a factor.
    #[must_use]
    fn times(self, factor: X) -> Self;
    /// Whether every part is finite.
    #[must_use]
    fn is_finite(&self) -> bool;
}

impl<X: Scalar, const PARTS: usize> Cell<X> for [X; PARTS] {
    const PARTS: usize = PARTS;

    #[inline(always)]
    fn from_fn(mut make: impl FnMut(usize) -> X) -> Self {
        // Not `array::from_fn`, nor `array::map` below: the functions that they call are compiled separately, for the
        // vectors that the program is built for.
        let mut cell = [X::splat(X::Real::default()); PARTS];
        for (index, part) in cell.iter_mut().enumerate() {
            *part = make(index);
        }
        cell
    }
    #[inline(always)]
    fn parts(&self) -> &[X] {
        self
    }
    #[inline(always)]
    fn position(&self) -> X {
        const { assert!(PARTS > 0, "a cell has a position") };
        let [position, ..] = self.as_slice() else {
            return X::splat(X::Real::default());
        };
        *position
    }
    // By index: an array's own iterator stays in memory in kernels, and its loop is not unrolled.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "indices below PARTS")]
    fn plus(mut self, other: Self) -> Self {
        for index in 0..PARTS {
            self[index] = self[index] + other[index];
        }
        self
    }
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "indices below PARTS")]
    fn minus(mut self, other: Self) -> Self {
        for index in 0..PARTS {
            self[index] = self[index] - other[index];
        }
        self
    }
    #[inline(always)]
    fn times(mut self, factor: X) -> Self {
        for part in &mut self {
            *part = *part * factor;
        }
        self
    }
    #[inline(always)]
    fn is_finite(&self) -> bool {
        self.iter()
            .fold(true, |so_far, part| so_far & part.all_finite())
    }
}
