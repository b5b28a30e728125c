use nalgebra::SVector;

use super::Dynamics;
use super::additive::variance_rate;
use super::clock::{Clock, clock_methods};
use super::span::ScalarSpan;
use super::special::phi1;
use crate::error::{Parameter, ParameterError};
use crate::real::Real;
use crate::scalar::Scalar;

/// The exponential integrator of dX = (−λX + b(X, t)) dt + σ dB.
///
/// The linear part is exact, so it does not limit the step size. Over a time s, with
/// φ₁(y) = (1 − e⁻ʸ)/y: A = e^(−λs), B = s φ₁(λs), V = σ²s φ₁(2λs). λ may be negative, as in the
/// reverse of an Ornstein–Uhlenbeck process, or zero.
///
/// ```
/// use poisson_midpoint::dynamics::{Dynamics, Semilinear};
/// let dynamics = Semilinear::new(2.0_f64, 1, 1.5, 1.0)?;
/// let span = dynamics.span(0, 1);
/// assert!((span.decay - (-3.0_f64).exp()).abs() < 1e-15);
/// # Ok::<(), poisson_midpoint::ParameterError<f64>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Semilinear<T> {
    clock: Clock<T>,
    linear_rate: T,
    variance_rate: T,
}

impl<T: Real> Semilinear<T> {
    /// Step size η, inner steps K, linear rate λ, diffusion coefficient σ.
    ///
    /// # Errors
    /// [`ParameterError`] unless η is in (0, ∞), K ≥ 1, λ is finite, σ is in [0, ∞), η/K is a normal number, and σ is 0
    /// or σ² a normal number.
    pub fn new(
        step_size: T,
        inner_steps: u32,
        linear_rate: T,
        diffusion_coefficient: T,
    ) -> Result<Self, ParameterError<T>> {
        Parameter::LinearRate.check(linear_rate, |_| true)?;
        Ok(Self {
            clock: Clock::new(step_size, inner_steps)?,
            linear_rate,
            variance_rate: variance_rate(diffusion_coefficient)?,
        })
    }

    #[inline(always)]
    fn drift<X: Scalar<Real = T>>(&self, time: X) -> X {
        time * (X::splat(self.linear_rate) * time).map(phi1)
    }

    #[inline(always)]
    fn decay<X: Scalar<Real = T>>(&self, time: X) -> X {
        (-(X::splat(self.linear_rate) * time)).map(T::exp)
    }
}

#[cfg(feature = "checkpoint")]
impl<T: Real> Semilinear<T> {
    /// λ.
    pub(crate) fn linear_rate(&self) -> T {
        self.linear_rate
    }

    /// σ².
    pub(crate) fn variance_rate(&self) -> T {
        self.variance_rate
    }
}

impl<T: Real> Dynamics for Semilinear<T> {
    type Real = T;
    type State<const D: usize> = SVector<T, D>;
    type Span<X: Scalar<Real = T>> = ScalarSpan<X>;

    clock_methods!();

    #[inline(always)]
    fn spans<X: Scalar<Real = T>>(&self, from: X::Count, to: X::Count) -> ScalarSpan<X> {
        let time: X = self.clock.between(from, to);
        let twice_rate = X::splat(T::TWO * self.linear_rate);
        let variance = X::splat(self.variance_rate) * time * (twice_rate * time).map(phi1);
        ScalarSpan {
            decay: self.decay(time),
            drift: self.drift(time),
            noise: variance.map(T::sqrt),
        }
    }
    #[inline(always)]
    fn inner_drift(&self) -> [T; 1] {
        [self.drift(self.clock.inner())]
    }
    #[inline(always)]
    fn kicks<X: Scalar<Real = T>>(&self, [drift]: [X; 1], inner_step: X::Count) -> [X; 1] {
        let decay: X = self.decay(self.clock.after(inner_step));
        [decay * drift]
    }
}
