use super::error::{SampleError, SamplerError};
use super::sampler::{check_output, commit, vectors};
use super::timesteps::check_range;
use super::transition::Map;
use super::{
    Denoiser, NetworkQuery, NoiseSchedule, Parametrization, Progress, Sampler, Timesteps, Variant,
};
use crate::Real;
use crate::random::Words;

/// The samplers that take each step by one call of the network and one affine map
/// x_s = A x_t + C x₀ + σ Z: DDPM, full or respaced, and DDIM.
///
/// DDPM of the variant [`FixedSmall`](Variant::FixedSmall), DDIM with η = 1 and SDE-DPM-Solver++ of
/// order 1 are one and the same; so are DDIM with η = 0 and DPM-Solver++ of order 1.
///
/// Cost of a step: one network call; a segment of noise, a normal for each component, even where
/// σ = 0 at the last step, but none for DDIM with η = 0.
///
/// ```
/// use poisson_midpoint::diffusion::{
///     Denoiser, OneStep, Parametrization, Sampler, ScheduleTable, Timesteps, Variant, standard_normal,
/// };
/// use poisson_midpoint::random::Stream;
/// let schedule = ScheduleTable::<f32, 1000>::linear(1e-4, 0.02)?;
/// let timesteps = Timesteps::<1001>::uniform(1000, 1000)?;
/// let denoiser = Denoiser::new(Parametrization::Epsilon);
/// let ddpm = OneStep::ddpm(&schedule, &timesteps, denoiser, Variant::FixedLarge)?;
/// let (mut x, mut work) = ([0.0; 2], vec![0.0; ddpm.work_length(2)]);
/// let mut stream = Stream::new(42, 0);
/// standard_normal(&mut x, &mut stream);
/// // Standard normal data: the noise in x is √(1 − ᾱ) x.
/// use poisson_midpoint::diffusion::NoiseSchedule;
/// let mut network = |step, x: &[f32], epsilon: &mut [f32]| {
///     let level = schedule.level(step);
///     for (epsilon, x) in epsilon.iter_mut().zip(x) {
///         *epsilon = level.noise * x;
///     }
/// };
/// let calls = ddpm.sample(&mut x, &mut network, &mut stream, &mut work)?;
/// assert_eq!((calls, stream.position()), (1000, 2002));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct OneStep<'a, T, S> {
    schedule: &'a S,
    timesteps: &'a [u32],
    denoiser: Denoiser<T>,
    map: Map<T>,
}

impl<'a, T: Real, S: NoiseSchedule<T>> OneStep<'a, T, S> {
    /// DDPM (Ho et al. 2020) between the given timesteps, in one of its variants.
    ///
    /// # Errors
    /// [`SamplerError`] if the timesteps exceed the schedule or the variant's correction is
    /// below −1.
    pub fn ddpm<const N: usize>(
        schedule: &'a S,
        timesteps: &'a Timesteps<N>,
        denoiser: Denoiser<T>,
        variant: Variant<T>,
    ) -> Result<Self, SamplerError<T>> {
        Self::new(schedule, timesteps.as_slice(), denoiser, Map::Ddpm(variant))
    }

    /// DDIM (Song, Meng & Ermon 2021) with a share η of the ancestral step's noise, from 0, none, to 1.
    ///
    /// # Errors
    /// [`SamplerError`] if the timesteps exceed the schedule or η is not in [0, 1].
    pub fn ddim<const N: usize>(
        schedule: &'a S,
        timesteps: &'a Timesteps<N>,
        denoiser: Denoiser<T>,
        eta: T,
    ) -> Result<Self, SamplerError<T>> {
        Self::new(schedule, timesteps.as_slice(), denoiser, Map::Ddim(eta))
    }

    fn new(
        schedule: &'a S,
        timesteps: &'a [u32],
        denoiser: Denoiser<T>,
        map: Map<T>,
    ) -> Result<Self, SamplerError<T>> {
        map.check()?;
        check_timesteps(schedule, timesteps)?;
        Ok(Self {
            schedule,
            timesteps,
            denoiser,
            map,
        })
    }
}

/// Whether a schedule has the training steps of a list.
pub(crate) fn check_timesteps<T: Real>(
    schedule: &impl NoiseSchedule<T>,
    timesteps: &[u32],
) -> Result<(), SamplerError<T>> {
    let first = timesteps.first().copied().unwrap_or(0);
    check_range(first, schedule.training_steps()).map_err(SamplerError::Timesteps)
}

impl<T: Real, S: NoiseSchedule<T>> Sampler<T> for OneStep<'_, T, S> {
    type Progress = Progress;

    fn begin(&self) -> Progress {
        Progress::START
    }

    /// x₀, and the network's output.
    fn work_length(&self, dimension: usize) -> usize {
        dimension.saturating_mul(2)
    }

    fn first_step(&self) -> u32 {
        Progress::START.step(self.timesteps)
    }

    fn next<'a, W: Words + ?Sized>(
        &self,
        progress: &mut Progress,
        x: &'a mut [T],
        work: &'a mut [T],
        words: &mut W,
    ) -> Result<Option<NetworkQuery<'a, T>>, SampleError> {
        let step = progress.step(self.timesteps);
        if let Some((from, to)) = progress.pair(self.timesteps).filter(|_| progress.stage > 0) {
            let [sample] = vectors(work, x.len()).map_err(|e| SampleError::new(step, e))?;
            let map = self
                .map
                .coefficients(&self.schedule.level(from), &self.schedule.level(to));
            for (sample, &x) in sample.iter_mut().zip(&*x) {
                let mean = map.decay * x + map.drift * *sample;
                *sample = if self.map.is_deterministic() {
                    mean
                } else {
                    mean + map.noise * T::normal(words)
                };
            }
            if !commit(x, sample) {
                return Err(SampleError::state(step, from - to));
            }
            *progress = progress.after();
        }
        Ok(progress.ask(self.timesteps, x))
    }

    fn supply(
        &self,
        progress: &mut Progress,
        x: &mut [T],
        work: &mut [T],
        output: &[T],
    ) -> Result<(), SampleError> {
        let step = progress.step(self.timesteps);
        let fail = |e| SampleError::new(step, e);
        check_output(progress.asked, x.len(), output).map_err(fail)?;
        let [sample] = vectors(work, x.len()).map_err(fail)?;
        let level = self.schedule.level(step);
        self.denoiser
            .read(Parametrization::Sample, &level, x, output, sample);
        progress.told();
        Ok(())
    }
}
