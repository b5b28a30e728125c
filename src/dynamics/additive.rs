use nalgebra::SVector;

use super::Dynamics;
use super::clock::{Clock, clock_methods};
use super::span::ScalarSpan;
use crate::error::{Parameter, ParameterError};
use crate::real::Real;
use crate::scalar::Scalar;

/// Euler–Maruyama for dX = b(X, t) dt + σ dB.
///
/// A = 1, B = s, V = σ²s over a time s.
///
/// ```
/// use poisson_midpoint::dynamics::{AdditiveNoise, Dynamics};
/// let dynamics = AdditiveNoise::new(0.5_f64, 10, 2.0)?;
/// let span = dynamics.span(0, 5);
/// assert_eq!((span.decay, span.drift, span.noise), (1.0, 0.25, 1.0));
/// # Ok::<(), poisson_midpoint::ParameterError<f64>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AdditiveNoise<T> {
    clock: Clock<T>,
    walk: RandomWalk<T>,
}

impl<T: Real> AdditiveNoise<T> {
    /// Step size η, inner steps K, diffusion coefficient σ.
    ///
    /// # Errors
    /// [`ParameterError`] unless η is in (0, ∞), K ≥ 1, σ is in [0, ∞), η/K is a normal number, and σ is 0 or σ² a
    /// normal number.
    pub fn new(
        step_size: T,
        inner_steps: u32,
        diffusion_coefficient: T,
    ) -> Result<Self, ParameterError<T>> {
        Ok(Self {
            clock: Clock::new(step_size, inner_steps)?,
            walk: RandomWalk {
                drift_rate: T::ONE,
                variance_rate: variance_rate(diffusion_coefficient)?,
            },
        })
    }
}

#[cfg(feature = "checkpoint")]
impl<T: Real> AdditiveNoise<T> {
    /// σ².
    pub(crate) fn variance_rate(&self) -> T {
        self.walk.variance_rate
    }
}

impl<T: Real> Dynamics for AdditiveNoise<T> {
    type Real = T;
    type State<const D: usize> = SVector<T, D>;
    type Span<X: Scalar<Real = T>> = ScalarSpan<X>;

    clock_methods!();

    #[inline(always)]
    fn spans<X: Scalar<Real = T>>(&self, from: X::Count, to: X::Count) -> ScalarSpan<X> {
        self.walk.span(self.clock.between(from, to))
    }
    #[inline(always)]
    fn inner_drift(&self) -> [T; 1] {
        self.walk.drift(self.clock.inner())
    }
    #[inline(always)]
    fn kicks<X: Scalar<Real = T>>(&self, inner_drift: [X; 1], _inner_step: X::Count) -> [X; 1] {
        inner_drift
    }
}

/// σ², if it is 0 or of full precision.
pub(crate) fn variance_rate<T: Real>(diffusion_coefficient: T) -> Result<T, ParameterError<T>> {
    let square = diffusion_coefficient * diffusion_coefficient;
    Parameter::DiffusionCoefficient.check(diffusion_coefficient, |sigma| {
        sigma == T::ZERO || sigma > T::ZERO && square.is_positive_normal()
    })?;
    Ok(square)
}

/// Rates of drift and variance that do not depend on the state: A = 1, B and V in proportion to time.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct RandomWalk<T> {
    pub(crate) drift_rate: T,
    pub(crate) variance_rate: T,
}

impl<T: Real> RandomWalk<T> {
    #[inline(always)]
    pub(crate) fn span<X: Scalar<Real = T>>(&self, time: X) -> ScalarSpan<X> {
        ScalarSpan {
            decay: X::splat(T::ONE),
            drift: X::splat(self.drift_rate) * time,
            noise: (X::splat(self.variance_rate) * time).map(T::sqrt),
        }
    }

    #[inline(always)]
    pub(crate) fn drift(&self, time: T) -> [T; 1] {
        [self.drift_rate * time]
    }
}
