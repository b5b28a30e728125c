use nalgebra::SVector;

use super::{Kick, Span};
use crate::Real;

/// A, B and V^½ of a process whose coefficients are scalars: all but the underdamped one.
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::scheme::{ScalarSpan, Span};
/// let span = ScalarSpan { decay: 0.5_f64, drift: 2.0, noise: 3.0 };
/// assert_eq!(span.mean(&vector![4.0], &vector![1.0]), vector![4.0]);
/// let increment: SVector<f64, 1> = span.increment(|| 1.0);
/// assert_eq!(increment, vector![3.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ScalarSpan<T> {
    /// A.
    pub decay: T,
    /// B.
    pub drift: T,
    /// V^½.
    pub noise: T,
}

impl<T: Real, const D: usize> Span<T, D> for ScalarSpan<T> {
    type State = SVector<T, D>;

    const NORMALS: u32 = 1;

    #[inline]
    fn mean(&self, state: &Self::State, drift: &SVector<T, D>) -> Self::State {
        state * self.decay + drift * self.drift
    }
    #[inline]
    fn propagate(&self, state: &Self::State) -> Self::State {
        state * self.decay
    }
    #[inline]
    fn increment(&self, mut normal: impl FnMut() -> T) -> Self::State {
        SVector::from_fn(|_, _| self.noise * normal())
    }
    #[inline]
    fn expected_part(&self, next: &Self, total: &Self::State) -> Self::State {
        // V A′/(A′V A′ + V′)
        let variance = self.noise * self.noise;
        let through = next.decay * variance;
        let sum = next.decay * through + next.noise * next.noise;
        if sum > T::ZERO {
            total * (through / sum)
        } else {
            total * T::ZERO
        }
    }
}

/// A(m+1,K) G\[m\] of a process whose coefficients are scalars.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::scheme::{Kick, ScalarKick};
/// assert_eq!(ScalarKick(0.5_f64).apply(10.0, &vector![1.0]), vector![5.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ScalarKick<T>(pub T);

impl<T: Real, const D: usize> Kick<T, D> for ScalarKick<T> {
    type State = SVector<T, D>;

    #[inline]
    fn apply(&self, weight: T, difference: &SVector<T, D>) -> Self::State {
        difference * (weight * self.0)
    }
}
