//! Composes the steps of DDPM between the boundaries of macro steps: dynamics for the Poisson midpoint method.

use super::error::SamplerError;
use super::{Level, MacroTransition, NoiseSchedule, Prediction, ScheduleTable, Steps, Variant};
use crate::dynamics::ScalarSpan;
use crate::real::Real;

/// The inner steps from a macro step's start to one training step, composed: a row of an [`InnerSteps`] table.
///
/// ```
/// use poisson_midpoint::diffusion::{Row, ScheduleTable};
/// let schedule = ScheduleTable::<f32, 1000>::linear(1e-4, 0.02)?;
/// let mut table = schedule.rows();
/// assert_eq!(table, [Row::ZERO; 1000]);
/// assert_eq!(size_of_val(&table), 16_000);
/// # Ok::<(), poisson_midpoint::diffusion::ScheduleError<f32>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Row<T> {
    /// A from the macro step's start to here.
    pub(crate) decay: T,
    /// B from the macro step's start to here.
    pub(crate) drift: T,
    /// V from the macro step's start to here.
    pub(crate) variance: T,
    /// The coefficient, at the macro step's end, of the network's output in the inner step that leads here.
    pub(crate) kick: T,
}

/// The T steps of a full DDPM chain, grouped into macro steps over which one prediction is held. For each training
/// step, the table has the inner steps from the macro step's start to it composed, so that no cost of a macro step
/// grows with K (Kandasamy & Nagaraj 2024, appendix A.1).
///
/// The table is the caller's: a row of four scalars for each training step.
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::diffusion::{InnerSteps, Prediction, ScheduleTable, Timesteps, Variant};
/// use poisson_midpoint::random::Stream;
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, Stepper};
///
/// let schedule = ScheduleTable::<f64, 1000>::linear(1e-4, 0.02)?;
/// let timesteps = Timesteps::<25>::quadratic(25, &schedule)?;
/// let (variant, mut table) = (Variant::FixedSmall, schedule.rows());
/// let steps = InnerSteps::new(&schedule, &timesteps, variant, Prediction::Sample, &mut table)?;
/// // Data that are always (1, −1): a network would know.
/// let mut sample = |_t: f64, _x: &SVector<f64, 2>| vector![1.0, -1.0];
/// let (mut x, mut stream) = (vector![0.3, 0.1], Stream::new(42, 0));
/// for macro_step in steps.macro_steps() {
///     let time = f64::from(macro_step.from());
///     let stepper = PoissonMidpoint::new(macro_step, MidpointLaw::Single);
///     let _ = stepper.step(time, &mut x, &mut sample, &mut stream)?;
/// }
/// assert!((x - vector![1.0, -1.0]).amax() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct InnerSteps<'a, T> {
    /// Row s is that of the inner step that ends at s.
    rows: &'a [Row<T>],
    steps: Steps<'a>,
}

impl<T: Real> Row<T> {
    /// A row to be filled, for tables in static memory.
    pub const ZERO: Self = Self {
        decay: T::ZERO,
        drift: T::ZERO,
        variance: T::ZERO,
        kick: T::ZERO,
    };
}

impl<T: Real, const N: usize> ScheduleTable<T, N> {
    /// A table for [`InnerSteps`] or a [`PoissonMidpointDdpm`](super::PoissonMidpointDdpm) with this
    /// schedule, to be filled: a row for each training step.
    #[must_use]
    pub fn rows(&self) -> [Row<T>; N] {
        [Row::ZERO; N]
    }
}

impl<'a, T: Real> InnerSteps<'a, T> {
    /// Fills a table with the inner steps of a DDPM `variant` between `timesteps`, composed. The prediction `held` is
    /// held over a macro step.
    ///
    /// Costs T evaluations of the schedule, and none of the network.
    ///
    /// # Errors
    /// [`SamplerError`] if the timesteps exceed the schedule, if the table has fewer than T rows, or
    /// if a coefficient is not finite.
    pub fn new(
        schedule: &impl NoiseSchedule<T>,
        timesteps: impl Into<Steps<'a>>,
        variant: Variant<T>,
        held: Prediction,
        table: &'a mut [Row<T>],
    ) -> Result<Self, SamplerError<T>> {
        let steps = timesteps.into();
        steps.check(schedule.training_steps())?;
        fill(schedule, steps, variant, held, table)?;
        Ok(Self { rows: table, steps })
    }

    /// Macro step `index`, counted from 0: it is step `index` of the timesteps.
    #[must_use]
    pub fn macro_step(&self, index: usize) -> Option<MacroTransition<'a, T>> {
        let (from, to) = self.steps.get(index)?;
        Some(MacroTransition::new(self.rows, from, to))
    }

    /// The macro steps, in the order they are taken.
    pub fn macro_steps(&self) -> impl Iterator<Item = MacroTransition<'a, T>> + use<'a, T> {
        let steps = *self;
        (0..).map_while(move |index| steps.macro_step(index))
    }
}

/// Fills a table for steps that are within the schedule.
pub(crate) fn fill<T: Real>(
    schedule: &impl NoiseSchedule<T>,
    steps: Steps<'_>,
    variant: Variant<T>,
    held: Prediction,
    table: &mut [Row<T>],
) -> Result<(), SamplerError<T>> {
    variant.check()?;
    let (length, needed) = (table.len(), schedule.training_steps() as usize);
    if length < needed {
        return Err(SamplerError::Rows { length, needed });
    }
    for (from, to) in steps.pairs() {
        let rows = table.get_mut(to as usize..from as usize);
        fill_macro_step(schedule, variant, held, from, rows.unwrap_or_default())?;
    }
    Ok(())
}

/// Fills the rows of one macro step; the row of its end is the first.
fn fill_macro_step<T: Real>(
    schedule: &impl NoiseSchedule<T>,
    variant: Variant<T>,
    held: Prediction,
    from: u32,
    rows: &mut [Row<T>],
) -> Result<(), SamplerError<T>> {
    let mut so_far = Row {
        decay: T::ONE,
        ..Row::default()
    };
    let mut level = schedule.level(from);
    for (step, row) in (0..from).rev().zip(rows.iter_mut().rev()) {
        let next = schedule.level(step);
        let inner = in_terms_of(held, &level, variant.coefficients(&level, &next));
        *row = Row {
            decay: inner.decay * so_far.decay,
            drift: inner.decay * so_far.drift + inner.drift,
            variance: inner.decay * inner.decay * so_far.variance + inner.noise * inner.noise,
            kick: inner.drift,
        };
        let finite = row.decay.is_finite() && row.drift.is_finite() && row.variance.is_finite();
        // Segments between two midpoints divide by the decay up to the first, never up to the end.
        if !finite || (so_far.decay == T::ZERO) {
            return Err(SamplerError::Coefficient { step });
        }
        (so_far, level) = (*row, next);
    }
    // Multiplies each kick by the decay from its inner step's end to the macro step's end.
    let end = so_far.decay;
    let mut is_end = true;
    for row in rows {
        if !is_end {
            row.kick *= end / row.decay;
        }
        is_end = false;
    }
    Ok(())
}

/// Turns a step's coefficients of x and x₀ into coefficients of x and another prediction.
fn in_terms_of<T: Real>(
    prediction: Prediction,
    from: &Level<T>,
    span: ScalarSpan<T>,
) -> ScalarSpan<T> {
    if prediction == Prediction::Sample {
        return span;
    }
    let (of_x, of_prediction) = prediction.to(Prediction::Sample, from);
    ScalarSpan {
        decay: span.decay + span.drift * of_x,
        drift: span.drift * of_prediction,
        noise: span.noise,
    }
}

/// Logs the number of rows: a table is too much to log.
#[cfg(feature = "defmt")]
impl<T> defmt::Format for InnerSteps<'_, T> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "InnerSteps {{ rows: {} }}", self.rows.len());
    }
}
