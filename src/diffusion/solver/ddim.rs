use super::{Advance, Solver, Stage, combine};
use crate::diffusion::error::{SampleError, SamplerError};
use crate::diffusion::{Level, NoiseSchedule, Prediction, SampleNoise, Steps};
use crate::dynamics::ScalarSpan;
use crate::real::Real;

/// DDIM (Song, Meng & Ermon 2021) with a share η of the ancestral step's noise.
///
/// With η = 1 it is DDPM of the variant [`FixedSmall`](super::Variant::FixedSmall) and
/// SDE-DPM-Solver++ of order 1; with η = 0 it is DPM-Solver++ of order 1.
///
/// Cost of a step: one network call; a normal for each component unless η = 0, even in the last step,
/// whose noise is 0. Work: 2 vectors.
///
/// ```
/// use poisson_midpoint::diffusion::{Ddim, Error, LinearRate, Prediction, Sampler, Timesteps};
/// use poisson_midpoint::random::Stream;
/// let schedule = LinearRate::new(1000, 0.1_f64, 20.0)?;
/// let timesteps = Timesteps::<20>::uniform(20, &schedule)?;
/// let sampler = Sampler::new(&schedule, &timesteps, Prediction::Sample, Ddim { eta: 0.0 })?;
/// let (mut x, mut work, mut stream) = ([0.3, -0.2], [0.0; 4], Stream::new(42, 0));
/// let mut network = |_t, _x: &[f64], sample: &mut [f64]| sample.fill(0.5);
/// assert_eq!(sampler.sample(&mut x, &mut network, &mut stream, &mut work)?, 20);
/// assert_eq!((x, stream.word_position()), ([0.5, 0.5], 0));
/// # Ok::<(), Error<f64>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Ddim<T> {
    /// η, from 0 (no noise) to 1.
    pub eta: T,
}

impl<T: Real> Solver<T> for Ddim<T> {
    fn vectors(&self) -> usize {
        1
    }

    fn prepare(
        &mut self,
        _schedule: &impl NoiseSchedule<T>,
        _steps: Steps<'_>,
    ) -> Result<(), SamplerError<T>> {
        check_eta(self.eta)
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
        let span = coefficients(self.eta, &from, &to);
        combine(position, span.decay, (span.drift, sample), []);
        if self.eta > T::ZERO {
            noise.add(position, span.noise, stage.from, stage.to);
        }
        Ok(Advance::Arrive)
    }
}

/// Checks that η is a share, in [0, 1].
pub(crate) fn check_eta<T: Real>(eta: T) -> Result<(), SamplerError<T>> {
    if eta >= T::ZERO && eta <= T::ONE {
        Ok(())
    } else {
        Err(SamplerError::Eta(eta))
    }
}

/// x_s = decay · x_t + drift · x₀ + noise · Z, from equation 12 of Song, Meng & Ermon 2021:
/// x_s = √ᾱ_s x₀ + c ε + σ Z with c² = 1 − ᾱ_s − σ² and σ² = η²(1 − ᾱ_s)/(1 − ᾱ_t) · β,
/// β = 1 − ᾱ_t/ᾱ_s.
///
/// With ε in terms of x and x₀, and r = (ᾱ_t/ᾱ_s)(1 − ᾱ_s)/(1 − ᾱ_t) = e^(−2h), h the step in λ,
/// so that 1 − r = β/(1 − ᾱ_t) without cancellation, this is
/// decay = √((1 − ᾱ_s)/(1 − ᾱ_t)) √q, q = 1 − η² + η²r, and
/// drift = √ᾱ_s (1 − √(rq)) = √ᾱ_s (1 − rq)/(1 + √(rq)), 1 − rq = (1 − r)(1 + η²r).
pub(crate) fn coefficients<T: Real>(eta: T, from: &Level<T>, to: &Level<T>) -> ScalarSpan<T> {
    let ratio = to.noise / from.noise;
    let root_alpha = (-((from.exponent - to.exponent) / T::TWO)).exp();
    // Exactly 1 in a step to the data, which then returns x₀ itself.
    let lost = if to.is_clean() {
        T::ONE
    } else {
        from.lost_since(to) / (from.noise * from.noise)
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
