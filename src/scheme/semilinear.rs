use super::clock::{Clock, clock_methods};
use super::special::phi1;
use super::{ScalarKick, ScalarSpan, Scheme};
use crate::{Parameter, ParameterError, Real};

/// The exponential integrator of dX = (−λX + b(X, t)) dt + σ dB.
///
/// The linear part is exact, so it limits no step size. Over a time s, with
/// φ₁(y) = (1 − e⁻ʸ)/y: A = e^(−λs), B = s φ₁(λs), V = σ²s φ₁(2λs). λ may be negative, as in the
/// reverse of an Ornstein–Uhlenbeck process, or zero.
///
/// ```
/// use poisson_midpoint::scheme::{Scheme, Semilinear};
/// let scheme = Semilinear::new(2.0_f64, 1, 1.5, 1.0)?;
/// let span = scheme.span(0, 1);
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
    /// [`ParameterError`] unless η is in (0, ∞), K ≥ 1, λ finite and σ in [0, ∞).
    pub fn new(
        step_size: T,
        inner_steps: u32,
        linear_rate: T,
        diffusion_coefficient: T,
    ) -> Result<Self, ParameterError<T>> {
        Parameter::LinearRate.check(linear_rate, |_| true)?;
        let sigma =
            Parameter::DiffusionCoefficient.check(diffusion_coefficient, |s| s >= T::ZERO)?;
        Ok(Self {
            clock: Clock::new(step_size, inner_steps)?,
            linear_rate,
            variance_rate: sigma * sigma,
        })
    }

    #[inline]
    fn drift(&self, time: T) -> T {
        time * phi1(self.linear_rate * time)
    }

    #[inline]
    fn decay(&self, time: T) -> T {
        (-(self.linear_rate * time)).exp()
    }
}

impl<T: Real> Scheme for Semilinear<T> {
    type Real = T;
    type Span = ScalarSpan<T>;
    type Kick = ScalarKick<T>;

    clock_methods!();

    #[inline]
    fn span(&self, from: u32, to: u32) -> Self::Span {
        let time = self.clock.between(from, to);
        let variance = self.variance_rate * time * phi1(T::TWO * self.linear_rate * time);
        ScalarSpan {
            decay: self.decay(time),
            drift: self.drift(time),
            noise: variance.sqrt(),
        }
    }
    #[inline]
    fn kick(&self, inner_step: u32) -> Self::Kick {
        let decay = self.decay(self.clock.after(inner_step));
        ScalarKick(decay * self.drift(self.clock.inner()))
    }
}
