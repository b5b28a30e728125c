//! The coefficients of a step from training step t to s: every formula of them, once.

use super::error::SamplerError;
use super::{Level, Parametrization};
use crate::Real;
use crate::scheme::ScalarSpan;

/// Which coefficients a step of DDPM has: the variants of Kandasamy & Nagaraj 2024, appendix A.5,
/// and one from common practice.
///
/// For a step from t to s, with α = ᾱ_t/ᾱ_s and β = 1 − α:
///
/// | variant | mean | variance |
/// |---|---|---|
/// | `Exponential { correction: i }`, 1 | (x + 2(1 − √α) · score)/√α | β/(1 + iβ) |
/// | `FixedSmall`, 2 | E\[x_s ∣ x_t, x₀\] | β(1 − ᾱ_s)/(1 − ᾱ_t) |
/// | `Reduced`, 3 | that of 2 | β(1 − ᾱ_s) |
/// | `FixedLarge` | that of 2 | β |
///
/// No noise is added in a step to the data, s = 0.
///
/// ```
/// use poisson_midpoint::diffusion::Variant;
/// let paper_1c = Variant::Exponential { correction: 1.0_f32 };
/// assert_ne!(paper_1c, Variant::FixedSmall);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Variant<T> {
    /// The exponential integrator of the reverse diffusion, its score held. The paper's 1a, 1b, 1c
    /// and 1d have `correction` −1 (the integrator's own variance β/α), 0, 1 and 2: the larger, the
    /// less Gaussian noise, to make up for the noise that the choice of midpoints adds.
    Exponential {
        /// i, at least −1.
        correction: T,
    },
    /// The ancestral step, the posterior variance: DDIM with η = 1, and SDE-DPM-Solver++ of order 1.
    FixedSmall,
    /// The same with less noise.
    Reduced,
    /// The same with more noise.
    FixedLarge,
}

/// What a one-step map is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum Map<T> {
    Ddpm(Variant<T>),
    /// η.
    Ddim(T),
}

impl<T: Real> Map<T> {
    pub(crate) fn check(&self) -> Result<(), SamplerError<T>> {
        match *self {
            Self::Ddim(eta) if !(eta >= T::ZERO && eta <= T::ONE) => Err(SamplerError::Eta(eta)),
            // β/(1 + iβ) with β < 1.
            Self::Ddpm(Variant::Exponential { correction })
                if !(correction.is_finite() && correction >= -T::ONE) =>
            {
                Err(SamplerError::Correction(correction))
            }
            _ => Ok(()),
        }
    }

    /// Whether the step draws no noise.
    pub(crate) fn is_deterministic(&self) -> bool {
        *self == Self::Ddim(T::ZERO)
    }

    /// x_s = decay · x_t + drift · x₀ + noise · Z.
    pub(crate) fn coefficients(&self, from: &Level<T>, to: &Level<T>) -> ScalarSpan<T> {
        let step = Transition::new(from, to);
        let variance = |value: T| if to.is_clean() { T::ZERO } else { value.sqrt() };
        match *self {
            Self::Ddim(eta) => step.ddim(eta),
            Self::Ddpm(Variant::FixedSmall) => step.ddim(T::ONE),
            Self::Ddpm(Variant::Reduced) => ScalarSpan {
                noise: variance(step.beta * to.noise * to.noise),
                ..step.ddim(T::ONE)
            },
            Self::Ddpm(Variant::FixedLarge) => ScalarSpan {
                noise: variance(step.beta),
                ..step.ddim(T::ONE)
            },
            Self::Ddpm(Variant::Exponential { correction }) => ScalarSpan {
                noise: variance(step.beta / (T::ONE + correction * step.beta)),
                ..step.exponential()
            },
        }
    }
}

/// What the formulas of a step have in common.
struct Transition<'a, T> {
    from: &'a Level<T>,
    to: &'a Level<T>,
    /// ln(ᾱ_s/ᾱ_t).
    difference: T,
    /// 1 − ᾱ_t/ᾱ_s.
    beta: T,
}

impl<'a, T: Real> Transition<'a, T> {
    fn new(from: &'a Level<T>, to: &'a Level<T>) -> Self {
        let difference = from.exponent - to.exponent;
        Self {
            from,
            to,
            difference,
            beta: -((-difference).exp_m1()),
        }
    }

    /// DDIM (Song, Meng & Ermon 2021, equation 12): x_s = √ᾱ_s x₀ + c ε + σ Z with
    /// c² = 1 − ᾱ_s − σ² and σ² = η²(1 − ᾱ_s)/(1 − ᾱ_t) · β.
    ///
    /// With ε in terms of x and x₀, and r = (ᾱ_t/ᾱ_s)(1 − ᾱ_s)/(1 − ᾱ_t) = e^(−2h), h the step in λ,
    /// so that 1 − r = β/(1 − ᾱ_t) without cancellation, this is
    /// decay = √((1 − ᾱ_s)/(1 − ᾱ_t)) √q, q = 1 − η² + η²r, and
    /// drift = √ᾱ_s (1 − √(rq)) = √ᾱ_s (1 − rq)/(1 + √(rq)), 1 − rq = (1 − r)(1 + η²r).
    fn ddim(&self, eta: T) -> ScalarSpan<T> {
        let (from, to) = (self.from, self.to);
        let ratio = to.noise / from.noise;
        let root_alpha = (-(self.difference / T::TWO)).exp();
        // Exactly 1 in a step to the data, which then returns x₀ itself.
        let lost = if to.is_clean() {
            T::ONE
        } else {
            self.beta / (from.noise * from.noise)
        };
        let r = (root_alpha * ratio) * (root_alpha * ratio);
        let share = eta * eta;
        let root_q = ((T::ONE - share) + share * r).sqrt();
        let decay = ratio * root_q;
        ScalarSpan {
            decay,
            drift: to.signal * (lost * (T::ONE + share * r) / (T::ONE + root_alpha * decay)),
            noise: eta * to.noise * lost.sqrt(),
        }
    }

    /// x_s = (x + 2(1 − √α) score)/√α, with the score in terms of x and x₀. The noise is left out.
    fn exponential(&self) -> ScalarSpan<T> {
        let twice = -(T::TWO * (-(self.difference / T::TWO)).exp_m1());
        let variance = self.from.noise * self.from.noise;
        ScalarSpan {
            decay: (self.difference / T::TWO).exp() * ((variance - twice) / variance),
            drift: self.to.signal * (twice / variance),
            noise: T::ZERO,
        }
    }
}

/// The coefficients of a step on x and x₀ as coefficients on x and another prediction.
pub(crate) fn in_terms_of<T: Real>(
    prediction: Parametrization,
    from: &Level<T>,
    span: ScalarSpan<T>,
) -> ScalarSpan<T> {
    if prediction == Parametrization::Sample {
        return span;
    }
    let (of_x, of_prediction) = prediction.to(Parametrization::Sample, from);
    ScalarSpan {
        decay: span.decay + span.drift * of_x,
        drift: span.drift * of_prediction,
        noise: span.noise,
    }
}
