use super::error::{SampleError, SamplerError};
use super::one_step::check_timesteps;
use super::sampler::{check_output, vectors};
use super::{
    Denoiser, InnerSteps, MacroTransition, NetworkQuery, NoiseSchedule, Parametrization, Progress,
    Row, Sampler, Timesteps, Variant,
};
use crate::random::{MidpointLaw, Words};
use crate::slices::{SliceError, SliceStepper, SuspendedStep};
use crate::{PoissonMidpoint, Real, StepError};

/// The Poisson midpoint method over DDPM (Kandasamy & Nagaraj 2024, appendix A.1): each macro step
/// from t to s imitates the t − s steps of a full DDPM chain with about two calls of the network.
///
/// What is held over a macro step, and corrected at its midpoints, is a choice. The paper holds what its
/// network predicts, ε; holding x₀ makes the step exact for data that are one point, and lets it be
/// much longer.
///
/// Cost of a macro step: the drift evaluations and words of [`PoissonMidpoint`], the network's
/// calls being the drift's. A macro step of one inner step is the DDPM step, at one call.
///
/// ```
/// use poisson_midpoint::MidpointLaw;
/// use poisson_midpoint::diffusion::{
///     Denoiser, InnerSteps, Parametrization, PoissonMidpointDdpm, Row, Sampler, ScheduleTable, Timesteps,
///     Variant,
/// };
/// use poisson_midpoint::random::Stream;
/// let schedule = ScheduleTable::<f32, 1000>::linear(1e-4, 0.02)?;
/// let timesteps = Timesteps::<26>::quadratic(25, 1000)?;
/// let mut table = [Row::default(); 1000];
/// let sampler = PoissonMidpointDdpm::new(
///     &schedule,
///     &timesteps,
///     Denoiser::new(Parametrization::Velocity), // what the network predicts
///     Variant::FixedSmall,
///     Parametrization::Sample, // what is frozen
///     MidpointLaw::Single,
///     &mut table,
/// )?;
/// let (mut x, mut work) = ([0.3, -0.2], vec![0.0; sampler.work_length(2)]);
/// let mut network = |_t, _x: &[f32], v: &mut [f32]| v.fill(0.0);
/// let calls = sampler.sample(&mut x, &mut network, &mut Stream::new(42, 0), &mut work)?;
/// assert_eq!(calls, 50); // two a macro step
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PoissonMidpointDdpm<'a, T, S> {
    schedule: &'a S,
    timesteps: &'a [u32],
    denoiser: Denoiser<T>,
    frozen: Parametrization,
    law: MidpointLaw,
    steps: InnerSteps<'a, T>,
}

impl<'a, T: Real, S: NoiseSchedule<T>> PoissonMidpointDdpm<'a, T, S> {
    /// The method with macro steps between `timesteps`, over a `variant` of DDPM, holding `frozen`,
    /// with midpoints by `law`. The table has a row for each training step.
    ///
    /// # Errors
    /// [`SamplerError`] as for [`InnerSteps::new`].
    pub fn new<const N: usize>(
        schedule: &'a S,
        timesteps: &'a Timesteps<N>,
        denoiser: Denoiser<T>,
        variant: Variant<T>,
        frozen: Parametrization,
        law: MidpointLaw,
        table: &'a mut [Row<T>],
    ) -> Result<Self, SamplerError<T>> {
        check_timesteps(schedule, timesteps.as_slice())?;
        Ok(Self {
            schedule,
            timesteps: timesteps.as_slice(),
            denoiser,
            frozen,
            law,
            steps: InnerSteps::new(schedule, timesteps, variant, frozen, table)?,
        })
    }

    fn stepper(&self, from: u32, to: u32) -> PoissonMidpoint<MacroTransition<'a, T>> {
        PoissonMidpoint::new(self.steps.macro_step(from, to), self.law)
    }
}

/// Where a run of a [`PoissonMidpointDdpm`] stands.
///
/// ```
/// # use poisson_midpoint::MidpointLaw;
/// # use poisson_midpoint::diffusion::{Denoiser, LinearRate, Parametrization, PoissonMidpointDdpm, Row, Sampler, Timesteps, Variant};
/// # let schedule = LinearRate::new(100, 0.1_f64, 20.0)?;
/// # let timesteps = Timesteps::<3>::uniform(2, 100)?;
/// # let mut table = [Row::default(); 100];
/// # let sampler = PoissonMidpointDdpm::new(&schedule, &timesteps, Denoiser::new(Parametrization::Sample), Variant::FixedSmall, Parametrization::Sample, MidpointLaw::Single, &mut table)?;
/// let checkpoint = sampler.begin();
/// let resumed = checkpoint; // plain data
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "defmt", defmt(bound(T: defmt::Format)))]
pub struct PoissonMidpointProgress<'a, T: Real> {
    place: Progress,
    /// The macro step under way, and the midpoint it asks for.
    step: Option<(SuspendedStep<MacroTransition<'a, T>>, u32)>,
}

impl<'s, T: Real, S: NoiseSchedule<T>> Sampler<T> for PoissonMidpointDdpm<'s, T, S> {
    type Progress = PoissonMidpointProgress<'s, T>;

    fn begin(&self) -> Self::Progress {
        PoissonMidpointProgress {
            place: Progress::START,
            step: None,
        }
    }

    /// What is frozen, what [`PoissonMidpoint`] needs, and the network's output.
    fn work_length(&self, dimension: usize) -> usize {
        let step = self.stepper(1, 0).work_length(dimension);
        step.saturating_add(dimension.saturating_mul(2))
    }

    fn first_step(&self) -> u32 {
        Progress::START.step(self.timesteps)
    }

    fn next<'a, W: Words + ?Sized>(
        &self,
        progress: &mut Self::Progress,
        x: &'a mut [T],
        work: &'a mut [T],
        words: &mut W,
    ) -> Result<Option<NetworkQuery<'a, T>>, SampleError> {
        let at = progress.place.step(self.timesteps);
        let fail = |e| SampleError::new(at, e);
        if let Some((suspended, _)) = progress.step
            && progress.place.stage > 0
        {
            let (_, work) = split(work, x.len()).map_err(fail)?;
            let mut step = suspended.resume(x, work).map_err(fail)?;
            let asked = step
                .next(words)
                .map_err(fail)?
                .map(|query| query.inner_step);
            if let Some(midpoint) = asked {
                progress.step = Some((step.suspend(), midpoint));
                progress.place.asked = true;
            } else {
                let _ = step.finish().map_err(fail)?;
                *progress = PoissonMidpointProgress {
                    place: progress.place.after(),
                    step: None,
                };
            }
        }
        if let Some((suspended, midpoint)) = &progress.step {
            let (_, work) = split(work, x.len()).map_err(fail)?;
            let position = suspended.position(x.len(), work).map_err(fail)?;
            return Ok(Some(NetworkQuery {
                position,
                step: at - midpoint,
            }));
        }
        Ok(progress.place.ask(self.timesteps, x))
    }

    fn supply(
        &self,
        progress: &mut Self::Progress,
        x: &mut [T],
        work: &mut [T],
        output: &[T],
    ) -> Result<(), SampleError> {
        let place = &mut progress.place;
        let at = place.step(self.timesteps);
        let fail = |e| SampleError::new(at, e);
        check_output(place.asked, x.len(), output).map_err(fail)?;
        let (value, work) = split(work, x.len()).map_err(fail)?;
        match &mut progress.step {
            None => {
                let Some((from, to)) = place.pair(self.timesteps) else {
                    return Err(fail(StepError::DriftNotAsked.into()));
                };
                let level = self.schedule.level(from);
                self.denoiser.read(self.frozen, &level, x, output, value);
                let stepper = self.stepper(from, to);
                let step = stepper.begin_slice(T::ZERO, x, value, work).map_err(fail)?;
                progress.step = Some((step.suspend(), 0));
            }
            Some((suspended, midpoint)) => {
                let level = self.schedule.level(at - *midpoint);
                let position = suspended.position(x.len(), work).map_err(fail)?;
                self.denoiser
                    .read(self.frozen, &level, position, output, value);
                let mut step = suspended.resume(x, work).map_err(fail)?;
                step.supply(value).map_err(fail)?;
                *suspended = step.suspend();
            }
        }
        place.told();
        Ok(())
    }
}

/// What is frozen, and the work of a macro step.
fn split<T>(work: &mut [T], dimension: usize) -> Result<(&mut [T], &mut [T]), SliceError> {
    let [_] = vectors::<T, 1>(work, dimension)?;
    Ok(work.split_at_mut_checked(dimension).unwrap_or_default())
}
