use super::clock::{Clock, clock_methods};
use super::{ScalarKick, ScalarSpan, Scheme};
use crate::{Parameter, ParameterError, Real};

/// Euler–Maruyama for dX = b(X, t) dt + σ dB.
///
/// A = 1, B = s, V = σ²s over a time s.
///
/// ```
/// use poisson_midpoint::scheme::{AdditiveNoise, Scheme};
/// let scheme = AdditiveNoise::new(0.5_f64, 10, 2.0)?;
/// let span = scheme.span(0, 5);
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
    /// [`ParameterError`] unless η is in (0, ∞), K ≥ 1 and σ in [0, ∞).
    pub fn new(
        step_size: T,
        inner_steps: u32,
        diffusion_coefficient: T,
    ) -> Result<Self, ParameterError<T>> {
        let sigma =
            Parameter::DiffusionCoefficient.check(diffusion_coefficient, |s| s >= T::ZERO)?;
        Ok(Self {
            clock: Clock::new(step_size, inner_steps)?,
            walk: RandomWalk {
                drift_rate: T::ONE,
                variance_rate: sigma * sigma,
            },
        })
    }
}

impl<T: Real> Scheme for AdditiveNoise<T> {
    type Real = T;
    type Span = ScalarSpan<T>;
    type Kick = ScalarKick<T>;

    clock_methods!();

    #[inline]
    fn span(&self, from: u32, to: u32) -> Self::Span {
        self.walk.span(self.clock.between(from, to))
    }
    #[inline]
    fn kick(&self, _inner_step: u32) -> Self::Kick {
        self.walk.kick(self.clock.inner())
    }
}

/// A = 1, B = μs, V = vs over a time s, for a drift rate μ and a variance rate v.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct RandomWalk<T> {
    pub(crate) drift_rate: T,
    pub(crate) variance_rate: T,
}

impl<T: Real> RandomWalk<T> {
    #[inline]
    pub(crate) fn span(&self, time: T) -> ScalarSpan<T> {
        ScalarSpan {
            decay: T::ONE,
            drift: self.drift_rate * time,
            noise: (self.variance_rate * time).sqrt(),
        }
    }

    #[inline]
    pub(crate) fn kick(&self, inner: T) -> ScalarKick<T> {
        ScalarKick(self.drift_rate * inner)
    }
}
