//! The steps of DDPM between the boundaries of macro steps, composed: a scheme for the Poisson
//! midpoint method.

use super::error::SamplerError;
use super::timesteps::check_range;
use super::transition::{Map, in_terms_of};
use super::{NoiseSchedule, Parametrization, Timesteps, Variant};
use crate::Real;
use crate::scheme::{ScalarKick, ScalarSpan, Scheme};

/// What the inner steps of a macro step come to on the way to one training step: a row of an
/// [`InnerSteps`] table.
///
/// ```
/// use poisson_midpoint::diffusion::Row;
/// let table = [Row::<f32>::default(); 1000];
/// assert_eq!(size_of_val(&table), 16_000);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Row<T> {
    /// A from the macro step's start to here.
    decay: T,
    /// B from the macro step's start to here.
    drift: T,
    /// V from the macro step's start to here.
    variance: T,
    /// What the network's output in the inner step that leads here does at the macro step's end.
    kick: T,
}

/// The T steps of a full DDPM chain, grouped into macro steps, in terms of a frozen prediction: for
/// each training step what the inner steps from the macro step's start to it come to, so that no
/// cost of a macro step grows with K (Kandasamy & Nagaraj 2024, appendix A.1).
///
/// The table is the caller's: a row of four scalars for each training step.
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::diffusion::{
///     InnerSteps, NoiseSchedule, Parametrization, Row, ScheduleTable, Timesteps, Variant,
/// };
/// use poisson_midpoint::random::Stream;
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, Stepper};
///
/// let schedule = ScheduleTable::<f64, 1000>::linear(1e-4, 0.02)?;
/// let timesteps = Timesteps::<26>::quadratic(25, 1000)?;
/// let mut table = [Row::default(); 1000];
/// let steps = InnerSteps::new(
///     &schedule, &timesteps, Variant::FixedSmall, Parametrization::Sample, &mut table,
/// )?;
/// // Data that are always (1, −1): a network would know.
/// let mut sample = |_t: f64, _x: &SVector<f64, 2>| vector![1.0, -1.0];
/// let (mut x, mut stream) = (vector![0.3, 0.1], Stream::new(42, 0));
/// for (from, to) in timesteps.pairs() {
///     let stepper = PoissonMidpoint::new(steps.macro_step(from, to), MidpointLaw::Single);
///     let _ = stepper.step(f64::from(from), &mut x, &mut sample, &mut stream)?;
/// }
/// assert!((x - vector![1.0, -1.0]).amax() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct InnerSteps<'a, T> {
    /// Row s is that of the step to s.
    rows: &'a [Row<T>],
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

impl<'a, T: Real> InnerSteps<'a, T> {
    /// Fills a table with what the inner steps of a DDPM `variant` come to between `timesteps`,
    /// the prediction `frozen` being held over a macro step.
    ///
    /// Costs T evaluations of the schedule, and none of the network.
    ///
    /// # Errors
    /// [`SamplerError`] if the timesteps exceed the schedule, if the table has fewer than T rows, or
    /// if a coefficient is not finite.
    pub fn new<const N: usize>(
        schedule: &impl NoiseSchedule<T>,
        timesteps: &Timesteps<N>,
        variant: Variant<T>,
        frozen: Parametrization,
        table: &'a mut [Row<T>],
    ) -> Result<Self, SamplerError<T>> {
        let map = Map::Ddpm(variant);
        map.check()?;
        let training_steps = schedule.training_steps();
        let (length, needed) = (table.len(), training_steps as usize);
        if length < needed {
            return Err(SamplerError::Rows { length, needed });
        }
        for (from, to) in timesteps.pairs() {
            check_range(from, training_steps).map_err(SamplerError::Timesteps)?;
            let rows = table.get_mut(to as usize..from as usize);
            fill(schedule, &map, frozen, from, rows.unwrap_or_default())?;
        }
        Ok(Self { rows: table })
    }

    /// The macro step from one training step to another, an entry of the timesteps and the next.
    #[must_use]
    pub fn macro_step(&self, from: u32, to: u32) -> MacroTransition<'a, T> {
        MacroTransition {
            rows: self.rows,
            from,
            to: to.min(from.saturating_sub(1)),
        }
    }
}

/// Fills the rows of one macro step, that of its end first.
fn fill<T: Real>(
    schedule: &impl NoiseSchedule<T>,
    map: &Map<T>,
    frozen: Parametrization,
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
        let inner = in_terms_of(frozen, &level, map.coefficients(&level, &next));
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
    // The decay from each inner step's end to the macro step's end.
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

/// One macro step of [`InnerSteps`] as a [`Scheme`]: K = t − s inner steps of one training step
/// each. Time is the training step, so a stepper begins it at time t and goes down.
///
/// ```
/// use poisson_midpoint::diffusion::{InnerSteps, LinearRate, Parametrization, Row, Timesteps, Variant};
/// use poisson_midpoint::scheme::Scheme;
/// let schedule = LinearRate::new(100, 0.1_f64, 20.0)?;
/// let timesteps = Timesteps::<3>::new(&[100, 40, 0], 100)?;
/// let mut table = [Row::default(); 100];
/// let steps = InnerSteps::new(
///     &schedule, &timesteps, Variant::FixedLarge, Parametrization::Epsilon, &mut table,
/// )?;
/// let scheme = steps.macro_step(100, 40);
/// assert_eq!((scheme.inner_steps(), scheme.time(7)), (60, -7.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MacroTransition<'a, T> {
    rows: &'a [Row<T>],
    from: u32,
    to: u32,
}

impl<T: Real> MacroTransition<'_, T> {
    /// What the inner steps before inner step `inner_step` come to.
    fn row(&self, inner_step: u32) -> Row<T> {
        let start = Row {
            decay: T::ONE,
            ..Row::default()
        };
        if inner_step == 0 {
            return start;
        }
        let step = self.from.saturating_sub(inner_step).max(self.to);
        self.rows.get(step as usize).copied().unwrap_or(start)
    }
}

impl<T: Real> Scheme for MacroTransition<'_, T> {
    type Real = T;
    type Span = ScalarSpan<T>;
    type Kick = ScalarKick<T>;

    fn step_size(&self) -> T {
        T::from_u32(self.inner_steps())
    }

    fn inner_steps(&self) -> u32 {
        self.from.saturating_sub(self.to).max(1)
    }

    /// −i: training steps are counted down.
    fn time(&self, inner_step: u32) -> T {
        -T::from_u32(inner_step)
    }

    fn span(&self, from: u32, to: u32) -> ScalarSpan<T> {
        let end = self.row(to);
        if from == 0 {
            return ScalarSpan {
                decay: end.decay,
                drift: end.drift,
                noise: end.variance.sqrt(),
            };
        }
        let start = self.row(from);
        let decay = end.decay / start.decay;
        let variance = end.variance - decay * decay * start.variance;
        ScalarSpan {
            decay,
            drift: end.drift - decay * start.drift,
            // Of one step, and small beside what it is the difference of: rounding may sink it.
            noise: if variance > T::ZERO {
                variance.sqrt()
            } else {
                T::ZERO
            },
        }
    }

    fn kick(&self, inner_step: u32) -> ScalarKick<T> {
        ScalarKick(self.row(inner_step.saturating_add(1)).kick)
    }
}

/// How many rows: a table is too much to log.
#[cfg(feature = "defmt")]
impl<T> defmt::Format for InnerSteps<'_, T> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "InnerSteps {{ rows: {} }}", self.rows.len());
    }
}

/// Without its table.
#[cfg(feature = "defmt")]
impl<T> defmt::Format for MacroTransition<'_, T> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let Self { from, to, .. } = self;
        defmt::write!(f, "MacroTransition {{ from: {}, to: {} }}", from, to);
    }
}
