use core::marker::PhantomData;

use super::{Advance, Ddpm, Solver, Stage, copy};
use crate::diffusion::error::{SampleError, SamplerError};
use crate::diffusion::inner_steps::fill;
use crate::diffusion::{
    MacroTransition, NoiseSchedule, Prediction, Row, SampleNoise, Steps, Variant,
};
use crate::error::StepError;
use crate::memory::slice::SliceError;
use crate::method::{PoissonMidpoint, SliceNoise, Stepper};
use crate::random::{MidpointLaw, Midpoints, Words};
use crate::real::Real;

/// The Poisson midpoint method over DDPM (Kandasamy & Nagaraj 2024, appendix A.1): each macro step
/// from t to s imitates the t − s steps of a full DDPM chain with about two calls of the network.
///
/// What is held over a macro step, and corrected at its midpoints, is a choice. The paper holds what its
/// network predicts, ε; holding x₀, the default, makes the step exact for data that are one point, and
/// lets it be much longer.
///
/// Cost of a macro step: the drift evaluations and words of [`PoissonMidpoint`], the network's
/// calls being the drift's: by default two, and two normals for each component. A macro step of one
/// inner step is the DDPM step, at one call. Work: 7 vectors, and a table with a row for each training
/// step.
///
/// ```
/// use poisson_midpoint::diffusion::{
///     Error, PoissonMidpointDdpm, Prediction, Sampler, ScheduleTable, Timesteps,
/// };
/// use poisson_midpoint::random::Stream;
/// let schedule = ScheduleTable::<f32, 1000>::linear(1e-4, 0.02)?;
/// let timesteps = Timesteps::<25>::quadratic(25, &schedule)?;
/// let mut table = schedule.rows();
/// let solver = PoissonMidpointDdpm::new(&mut table);
/// let sampler = Sampler::new(&schedule, &timesteps, Prediction::Velocity, solver)?;
/// let (mut x, mut work) = ([0.3, -0.2], [0.0; 14]);
/// let mut network = |_t, _x: &[f32], v: &mut [f32]| v.fill(0.0);
/// let calls = sampler.sample(&mut x, &mut network, &mut Stream::new(42, 0), &mut work)?;
/// assert_eq!(calls, 50); // two a macro step
/// # Ok::<(), Error<f32>>(())
/// ```
#[derive(Debug)]
pub struct PoissonMidpointDdpm<'a, T> {
    variant: Variant<T>,
    held: Prediction,
    law: MidpointLaw,
    tail: usize,
    table: &'a mut [Row<T>],
}

impl<'a, T: Real> PoissonMidpointDdpm<'a, T> {
    /// The method over the ancestral step, holding x₀, with a single midpoint: what does best with few
    /// calls. The table has a row for each training step; the [`Sampler`](crate::diffusion::Sampler)
    /// fills it.
    #[must_use]
    pub fn new(table: &'a mut [Row<T>]) -> Self {
        Self {
            variant: Variant::FixedSmall,
            held: Prediction::Sample,
            law: MidpointLaw::Single,
            tail: 0,
            table,
        }
    }

    /// The same over another variant of DDPM.
    #[must_use]
    pub fn with_variant(self, variant: Variant<T>) -> Self {
        Self { variant, ..self }
    }

    /// The same holding another prediction over a macro step.
    #[must_use]
    pub fn with_held(self, held: Prediction) -> Self {
        Self { held, ..self }
    }

    /// The same with midpoints by another law.
    #[must_use]
    pub fn with_law(self, law: MidpointLaw) -> Self {
        Self { law, ..self }
    }

    /// The same with the last `steps` steps by [`Ddpm`], x₀ held, at one call each: a tail.
    ///
    /// Near the data the reverse diffusion is stiff where their spread is small, and a macro step that holds ε is
    /// unstable there; one that holds x₀ is not. A macro step of two calls in exchange for a tail of two steps, by
    /// [`Timesteps::with_last_halved`](crate::diffusion::Timesteps::with_last_halved), costs nothing.
    #[must_use]
    pub fn with_tail(self, steps: usize) -> Self {
        Self {
            tail: steps,
            ..self
        }
    }

    fn is_tail(&self, stage: &Stage<'_>) -> bool {
        let later = stage.taken.saturating_add(self.tail);
        stage.steps.get(later).is_none()
    }

    fn stepper(&self, from: u32, to: u32) -> PoissonMidpoint<MacroTransition<'_, T>> {
        PoissonMidpoint::new(MacroTransition::new(self.table, from, to), self.law)
    }
}

impl<T: Real> Solver<T> for PoissonMidpointDdpm<'_, T> {
    /// The network's output, and what [`PoissonMidpoint`] needs.
    fn vectors(&self) -> usize {
        1 + self.stepper(1, 0).work_length(1)
    }

    fn prepare(
        &mut self,
        schedule: &impl NoiseSchedule<T>,
        steps: Steps<'_>,
    ) -> Result<(), SamplerError<T>> {
        fill(schedule, steps, self.variant, self.held, self.table)
    }

    fn keeps(&self, stage: &Stage<'_>) -> (Prediction, usize) {
        let is_tail = self.is_tail(stage);
        (
            if is_tail {
                Prediction::Sample
            } else {
                self.held
            },
            0,
        )
    }

    fn advance(
        &self,
        schedule: &impl NoiseSchedule<T>,
        stage: &Stage<'_>,
        x: &[T],
        position: &mut [T],
        kept: &mut [T],
        noise: &mut (impl SampleNoise<T> + ?Sized),
    ) -> Result<Advance, SampleError> {
        if self.is_tail(stage) {
            let variant = self.variant;
            return Ddpm { variant }.advance(schedule, stage, x, position, kept, noise);
        }
        if stage.told == 0 {
            return Ok(Advance::Ask(stage.from));
        }
        let stepper = self.stepper(stage.from, stage.to);
        // The macro step's state is a copy of x, and in the end its result.
        copy(x, position);
        let (output, work) = kept.split_at_mut_checked(x.len()).unwrap_or_default();
        advance(&stepper, stage, position, output, work, noise).map_err(|error| {
            let inner_step = match error {
                SliceError::Step(StepError::NonFiniteState { inner_step }) => inner_step,
                _ => 0,
            };
            let step = stage.from.saturating_sub(inner_step);
            SampleError::NonFiniteSample { step }
        })
    }
}

/// Takes a macro step from its start, or from the midpoint that the last output is for, to the next
/// midpoint or to its end.
fn advance<T: Real>(
    stepper: &PoissonMidpoint<MacroTransition<'_, T>>,
    stage: &Stage<'_>,
    position: &mut [T],
    output: &[T],
    work: &mut [T],
    noise: &mut (impl SampleNoise<T> + ?Sized),
) -> Result<Advance, SliceError> {
    let mut step = if stage.told == 1 {
        stepper.begin_slice(T::ZERO, position, output, work)?
    } else {
        let midpoint = stage.from.saturating_sub(stage.asked);
        let waiting = stepper.waiting(T::ZERO, midpoint, stage.told - 1);
        let mut step = waiting.resume(position, work)?;
        step.supply(output)?;
        step
    };
    let Some(midpoint) = step
        .next_by(&mut OfMacroStep {
            noise,
            from: stage.from,
        })?
        .map(|query| query.inner_step)
    else {
        let _ = step.finish()?;
        return Ok(Advance::Arrive);
    };
    let waiting = step.suspend();
    copy(waiting.position(position.len(), work)?, position);
    Ok(Advance::Ask(stage.from.saturating_sub(midpoint)))
}

/// The words of a sampler's noise.
struct WordsOf<'a, T, N: ?Sized>(&'a mut N, PhantomData<T>);

impl<T: Real, N: SampleNoise<T> + ?Sized> Words for WordsOf<'_, T, N> {
    fn next_word(&mut self) -> u32 {
        self.0.word()
    }
}

/// A sampler's noise as that of the inner steps of a macro step.
struct OfMacroStep<'a, N: ?Sized> {
    noise: &'a mut N,
    from: u32,
}

impl<T: Real, N: SampleNoise<T> + ?Sized> SliceNoise<T> for OfMacroStep<'_, N> {
    fn midpoint(&mut self, midpoints: &Midpoints, previous: Option<u32>) -> Option<u32> {
        midpoints.next(previous, &mut WordsOf(self.noise, PhantomData::<T>))
    }

    fn begin(&mut self, from: u32, to: u32, dimension: usize) {
        let step = |inner_step| self.from.saturating_sub(inner_step);
        self.noise.begin(step(from), step(to), dimension);
    }

    fn normal(&mut self) -> T {
        self.noise.normal()
    }
}

/// Without its table.
#[cfg(feature = "defmt")]
impl<T: defmt::Format> defmt::Format for PoissonMidpointDdpm<'_, T> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let Self {
            variant,
            held,
            law,
            tail,
            ..
        } = self;
        defmt::write!(
            f,
            "PoissonMidpointDdpm {{ variant: {}, held: {}, law: {}, tail: {=usize} }}",
            variant,
            held,
            law,
            tail
        );
    }
}
