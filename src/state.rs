//! What a scheme moves: a position, or a position and a velocity.

use core::fmt::Debug;

use nalgebra::SVector;

use crate::Real;

/// A state of a process in D dimensions: `SVector<T, D>`, or [`Phase`] for underdamped dynamics.
///
/// The parts of a state are its vectors of D components: one, or position then velocity.
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::{Phase, State};
/// assert_eq!(<Phase<f32, 2> as State<f32, 2>>::PARTS, 2);
/// let state = Phase { position: vector![1.0, 2.0], velocity: vector![0.0, f32::NAN] };
/// assert!(!state.is_finite() && state.position().x == 1.0);
/// ```
pub trait State<T: Real, const D: usize>: Copy + PartialEq + Debug + Send + Sync {
    /// Vectors that make up a state.
    const PARTS: usize;

    /// The state with each component of part k and dimension d made by `make(k, d)`, part by
    /// part.
    fn from_fn(make: impl FnMut(usize, usize) -> T) -> Self;
    /// Calls `visit(k, d, value)` for each component, in the order of [`from_fn`](Self::from_fn).
    fn for_each(&self, visit: impl FnMut(usize, usize, T));
    /// What the drift is evaluated at.
    fn position(&self) -> &SVector<T, D>;
    /// Componentwise sum.
    #[must_use]
    fn plus(&self, other: &Self) -> Self;
    /// Componentwise difference.
    #[must_use]
    fn minus(&self, other: &Self) -> Self;
    /// Whether every component is finite.
    fn is_finite(&self) -> bool;
}

/// Whether every component of a vector is finite.
#[inline]
pub(crate) fn all_finite<T: Real, const D: usize>(vector: &SVector<T, D>) -> bool {
    // Not `all`: without the early exit the loop is free of branches.
    vector.iter().fold(true, |so_far, x| so_far & x.is_finite())
}

impl<T: Real, const D: usize> State<T, D> for SVector<T, D> {
    const PARTS: usize = 1;

    #[inline]
    fn from_fn(mut make: impl FnMut(usize, usize) -> T) -> Self {
        SVector::from_fn(|d, _| make(0, d))
    }
    #[inline]
    fn for_each(&self, mut visit: impl FnMut(usize, usize, T)) {
        for (d, &value) in self.iter().enumerate() {
            visit(0, d, value);
        }
    }
    #[inline]
    fn position(&self) -> &SVector<T, D> {
        self
    }
    #[inline]
    fn plus(&self, other: &Self) -> Self {
        self + other
    }
    #[inline]
    fn minus(&self, other: &Self) -> Self {
        self - other
    }
    #[inline]
    fn is_finite(&self) -> bool {
        all_finite(self)
    }
}

/// Position and velocity: the state of underdamped dynamics.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::Phase;
/// let at_rest = Phase::at_rest(vector![1.0_f64, 2.0]);
/// assert_eq!(at_rest.velocity, vector![0.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase<T: Real, const D: usize> {
    /// Position X.
    pub position: SVector<T, D>,
    /// Velocity V.
    pub velocity: SVector<T, D>,
}

impl<T: Real, const D: usize> Phase<T, D> {
    /// A position with zero velocity.
    #[must_use]
    pub fn at_rest(position: SVector<T, D>) -> Self {
        Self {
            position,
            velocity: SVector::from_element(T::ZERO),
        }
    }
}

impl<T: Real, const D: usize> State<T, D> for Phase<T, D> {
    const PARTS: usize = 2;

    #[inline]
    fn from_fn(mut make: impl FnMut(usize, usize) -> T) -> Self {
        Self {
            position: SVector::from_fn(|d, _| make(0, d)),
            velocity: SVector::from_fn(|d, _| make(1, d)),
        }
    }
    #[inline]
    fn for_each(&self, mut visit: impl FnMut(usize, usize, T)) {
        for (part, vector) in [&self.position, &self.velocity].into_iter().enumerate() {
            for (d, &value) in vector.iter().enumerate() {
                visit(part, d, value);
            }
        }
    }
    #[inline]
    fn position(&self) -> &SVector<T, D> {
        &self.position
    }
    #[inline]
    fn plus(&self, other: &Self) -> Self {
        Self {
            position: self.position + other.position,
            velocity: self.velocity + other.velocity,
        }
    }
    #[inline]
    fn minus(&self, other: &Self) -> Self {
        Self {
            position: self.position - other.position,
            velocity: self.velocity - other.velocity,
        }
    }
    #[inline]
    fn is_finite(&self) -> bool {
        all_finite(&self.position) & all_finite(&self.velocity)
    }
}
