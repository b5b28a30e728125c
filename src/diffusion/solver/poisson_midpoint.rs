use core::marker::PhantomData;

use super::{Advance, Ddpm, Solver, Stage, corrected};
use crate::diffusion::error::{SampleError, SamplerError};
use crate::diffusion::inner_steps::fill;
use crate::diffusion::{
    MacroTransition, NoiseSchedule, Prediction, Row, SampleNoise, Steps, Variant,
};
use crate::random::{MidpointLaw, Midpoints, Words};
use crate::real::Real;

/// The Poisson midpoint method over DDPM (Kandasamy & Nagaraj 2024, appendix A.1): each macro step
/// from t to s imitates the t − s steps of a full DDPM chain with about two calls of the network.
///
/// The prediction that is held over a macro step, and corrected at its midpoints, is a choice. The paper holds what its
/// network predicts, ε; holding x₀, the default, makes the step exact for data that are one point, and allows it to be
/// much longer.
///
/// Cost of a macro step: the drift evaluations and words of [`PoissonMidpoint`](crate::PoissonMidpoint), with a network
/// call for each drift evaluation: by default two calls, and two normals for each component. A macro step of one inner
/// step is the DDPM step, at one call. Work: 3 vectors, with [`MidpointLaw::Bernoulli`] 4, and a table with a row for
/// each training step.
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
/// let (mut x, mut work) = ([0.3, -0.2], [0.0; 6]);
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
    /// The method over the ancestral step, holding x₀, with a single midpoint: the choice that does best with few
    /// calls. The table has a row for each training step; the [`Sampler`](crate::diffusion::Sampler) fills it.
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

    /// The same with a tail: the last `steps` steps are taken by [`Ddpm`], with x₀ held, at one call each.
    ///
    /// Near the data, the reverse diffusion is stiff where the data's spread is small, and a macro step that holds ε is
    /// unstable there; one that holds x₀ is not. Exchanging a macro step of two calls for a tail of two steps, by
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
}

impl<T: Real> Solver<T> for PoissonMidpointDdpm<'_, T> {
    fn vectors(&self) -> usize {
        corrected::vectors(match self.law {
            MidpointLaw::Single => 1,
            MidpointLaw::Bernoulli => u32::MAX,
        })
    }

    fn prepare(
        &mut self,
        schedule: &impl NoiseSchedule<T>,
        steps: Steps<'_>,
    ) -> Result<(), SamplerError<T>> {
        fill(schedule, steps, self.variant, self.held, self.table)
    }

    fn keeps(&self, stage: &Stage<'_>) -> (Prediction, usize) {
        if self.is_tail(stage) {
            (Prediction::Sample, 0)
        } else {
            (self.held, corrected::place(stage))
        }
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
        let inner_steps = stage.from.saturating_sub(stage.to);
        let midpoints = Midpoints::new(self.law, inner_steps);
        let last = corrected::last_midpoint(stage);
        let next = midpoints.next(last, &mut WordsOf(noise, PhantomData));
        let weight = T::from_u32(self.law.weight(inner_steps));
        let macro_step = MacroTransition::new(self.table, stage.from, stage.to);
        Ok(macro_step.go_on(stage, weight, next, position, kept, noise))
    }
}

/// The words of a sampler's noise.
struct WordsOf<'a, T, N: ?Sized>(&'a mut N, PhantomData<T>);

impl<T: Real, N: SampleNoise<T> + ?Sized> Words for WordsOf<'_, T, N> {
    fn next_word(&mut self) -> u32 {
        self.0.word()
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
