use super::{Advance, Solver, Stage, combine, ddim};
use crate::diffusion::error::{SampleError, SamplerError};
use crate::diffusion::{Level, NoiseSchedule, Prediction, SampleNoise, Steps};
use crate::dynamics::ScalarSpan;
use crate::real::Real;

/// DDPM (Ho et al. 2020), full or on fewer timesteps, in one of its variants; `Ddpm::default()` is the
/// ancestral step.
///
/// Cost of a step: one network call; a normal for each component, even in the last step, whose noise is
/// 0. Work: 2 vectors.
///
/// ```
/// use poisson_midpoint::diffusion::{
///     Ddpm, Error, NoiseSchedule, Prediction, Sampler, ScheduleTable, Timesteps, Variant, standard_normal,
/// };
/// use poisson_midpoint::random::Stream;
/// let schedule = ScheduleTable::<f32, 1000>::linear(1e-4, 0.02)?;
/// let timesteps = Timesteps::<1000>::uniform(1000, &schedule)?;
/// let solver = Ddpm { variant: Variant::FixedLarge };
/// let sampler = Sampler::new(&schedule, &timesteps, Prediction::Epsilon, solver)?;
/// let (mut x, mut work, mut stream) = ([0.0; 2], [0.0; 4], Stream::new(42, 0));
/// standard_normal(&mut x, &mut stream);
/// // Standard normal data: the noise in x is √(1 − ᾱ) x.
/// let mut network = |step, x: &[f32], epsilon: &mut [f32]| {
///     let level = schedule.level(step);
///     for (epsilon, x) in epsilon.iter_mut().zip(x) {
///         *epsilon = level.noise * x;
///     }
/// };
/// let calls = sampler.sample(&mut x, &mut network, &mut stream, &mut work)?;
/// assert_eq!((calls, stream.word_position()), (1000, 2002));
/// # Ok::<(), Error<f32>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Ddpm<T> {
    /// Its coefficients.
    pub variant: Variant<T>,
}

impl<T: Real> Solver<T> for Ddpm<T> {
    fn vectors(&self) -> usize {
        1
    }

    fn prepare(
        &mut self,
        _schedule: &impl NoiseSchedule<T>,
        _steps: Steps<'_>,
    ) -> Result<(), SamplerError<T>> {
        self.variant.check()
    }

    fn keeps(&self, _stage: &Stage<'_>) -> (Prediction, usize) {
        (Prediction::Sample, 0)
    }

    fn advance(
        &self,
        schedule: &impl NoiseSchedule<T>,
        stage: &Stage<'_>,
        _x: &[T],
        position: &mut [T],
        sample: &mut [T],
        noise: &mut (impl SampleNoise<T> + ?Sized),
    ) -> Result<Advance, SampleError> {
        if stage.told == 0 {
            return Ok(Advance::Ask(stage.from));
        }
        let (from, to) = (schedule.level(stage.from), schedule.level(stage.to));
        let span = self.variant.coefficients(&from, &to);
        combine(position, span.decay, (span.drift, sample), []);
        noise.add(position, span.noise, stage.from, stage.to);
        Ok(Advance::Arrive)
    }
}

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
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub enum Variant<T> {
    /// The exponential integrator of the reverse diffusion, with the score held. The paper's 1a, 1b, 1c and 1d have
    /// `correction` −1 (the integrator's own variance β/α), 0, 1 and 2: the larger it is, the less Gaussian noise there
    /// is, to make up for the noise that the choice of midpoints adds.
    Exponential {
        /// i, at least −1.
        correction: T,
    },
    /// The ancestral step, with the posterior variance: DDIM with η = 1, and SDE-DPM-Solver++ of order 1. The default.
    #[default]
    FixedSmall,
    /// The same with less noise.
    Reduced,
    /// The same with more noise.
    FixedLarge,
}

impl<T: Real> Variant<T> {
    pub(crate) fn check(&self) -> Result<(), SamplerError<T>> {
        match *self {
            // β/(1 + iβ) must be in [0, ∞) for all β < 1.
            Self::Exponential { correction }
                if !(correction.is_finite() && correction >= -T::ONE) =>
            {
                Err(SamplerError::Correction(correction))
            }
            _ => Ok(()),
        }
    }

    /// x_s = decay · x_t + drift · x₀ + noise · Z.
    pub(crate) fn coefficients(&self, from: &Level<T>, to: &Level<T>) -> ScalarSpan<T> {
        let beta = from.lost_since(to);
        let deviation = |variance: T| {
            if to.is_clean() {
                T::ZERO
            } else {
                variance.sqrt()
            }
        };
        let ancestral = || ddim::coefficients(T::ONE, from, to);
        match *self {
            Self::FixedSmall => ancestral(),
            Self::Reduced => ScalarSpan {
                noise: deviation(beta * to.noise * to.noise),
                ..ancestral()
            },
            Self::FixedLarge => ScalarSpan {
                noise: deviation(beta),
                ..ancestral()
            },
            // (x + 2(1 − √α) · score)/√α, with the score in terms of x and x₀.
            Self::Exponential { correction } => {
                let half = (from.exponent - to.exponent) / T::TWO;
                let twice = -(T::TWO * (-half).exp_m1());
                let variance = from.noise * from.noise;
                ScalarSpan {
                    decay: half.exp() * ((variance - twice) / variance),
                    drift: to.signal * (twice / variance),
                    noise: deviation(beta / (T::ONE + correction * beta)),
                }
            }
        }
    }
}
