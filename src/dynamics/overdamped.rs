use nalgebra::SVector;

use super::Dynamics;
use super::additive::RandomWalk;
use super::clock::{Clock, clock_methods};
use super::span::ScalarSpan;
use crate::error::{Parameter, ParameterError};
use crate::real::Real;
use crate::scalar::Scalar;

/// Overdamped Langevin dynamics, dX = μ b(X, t) dt + √(2μT) dB.
///
/// With the drift b = −∇f, mobility μ and temperature T it samples exp(−f/T); μ = T = 1 unless
/// set. A = 1, B = μs, V = 2μTs over a time s: Euler–Maruyama, also called unadjusted
/// Langevin or Langevin Monte Carlo (LMC).
///
/// ```
/// use poisson_midpoint::dynamics::{Dynamics, Overdamped};
/// let dynamics = Overdamped::new(0.5_f64, 10)?.with_temperature(2.0)?.with_mobility(0.5)?;
/// let span = dynamics.span(0, 10);
/// assert_eq!((span.decay, span.drift, span.noise), (1.0, 0.25, 1.0));
/// # Ok::<(), poisson_midpoint::ParameterError<f64>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Overdamped<T> {
    clock: Clock<T>,
    mobility: T,
    temperature: T,
}

impl<T: Real> Overdamped<T> {
    /// Step size η and inner steps K, at mobility 1 and temperature 1.
    ///
    /// # Errors
    /// [`ParameterError`] unless η is in (0, ∞), η/K a normal number and K ≥ 1.
    pub fn new(step_size: T, inner_steps: u32) -> Result<Self, ParameterError<T>> {
        Ok(Self {
            clock: Clock::new(step_size, inner_steps)?,
            mobility: T::ONE,
            temperature: T::ONE,
        })
    }

    /// The same at another temperature T.
    ///
    /// # Errors
    /// [`ParameterError`] unless T is in (0, ∞) and 2μT a normal number.
    pub fn with_temperature(self, temperature: T) -> Result<Self, ParameterError<T>> {
        self.in_units(
            Parameter::Temperature,
            temperature,
            temperature,
            self.mobility,
        )
    }

    /// The same at another mobility μ, the inverse of the friction.
    ///
    /// # Errors
    /// [`ParameterError`] unless μ is in (0, ∞) and 2μT a normal number.
    pub fn with_mobility(self, mobility: T) -> Result<Self, ParameterError<T>> {
        self.in_units(Parameter::Mobility, mobility, self.temperature, mobility)
    }

    /// The same at this temperature and this mobility. One of them is new: `value` of `parameter`, which the error
    /// names if the product is out of range.
    #[inline]
    pub(crate) fn in_units(
        self,
        parameter: Parameter,
        value: T,
        temperature: T,
        mobility: T,
    ) -> Result<Self, ParameterError<T>> {
        let moved = Self {
            mobility,
            temperature,
            ..self
        };
        let rate = moved.walk().variance_rate;
        parameter.check(value, |value| value > T::ZERO && rate.is_positive_normal())?;
        Ok(moved)
    }

    /// The temperature T.
    #[must_use]
    pub fn temperature(&self) -> T {
        self.temperature
    }

    /// The mobility μ.
    #[must_use]
    pub fn mobility(&self) -> T {
        self.mobility
    }

    fn walk(&self) -> RandomWalk<T> {
        RandomWalk {
            drift_rate: self.mobility,
            variance_rate: T::TWO * self.mobility * self.temperature,
        }
    }
}

impl<T: Real> Dynamics for Overdamped<T> {
    type Real = T;
    type State<const D: usize> = SVector<T, D>;
    type Span<X: Scalar<Real = T>> = ScalarSpan<X>;

    clock_methods!();

    #[inline(always)]
    fn spans<X: Scalar<Real = T>>(&self, from: X::Count, to: X::Count) -> ScalarSpan<X> {
        self.walk().span(self.clock.between(from, to))
    }
    #[inline(always)]
    fn inner_drift(&self) -> [T; 1] {
        self.walk().drift(self.clock.inner())
    }
    #[inline(always)]
    fn kicks<X: Scalar<Real = T>>(&self, inner_drift: [X; 1], _inner_step: X::Count) -> [X; 1] {
        inner_drift
    }
}
