use super::{Advance, Solver, Stage, corrected};
use crate::diffusion::error::{SampleError, SamplerError};
use crate::diffusion::inner_steps::fill;
use crate::diffusion::{
    MacroTransition, NoiseSchedule, Prediction, Row, SampleNoise, Steps, Variant,
};
use crate::real::Real;

/// The randomized midpoint method over DDPM: each macro step from t to s is corrected at one midpoint, drawn by a
/// density over its inner steps and weighted by the inverse of its probability.
///
/// With the density [`MidpointDensity::Drift`] it is DDRaM (Zhang et al. 2025, arXiv 2511.04844), the randomized
/// midpoint of Shen & Lee 2019 inside DDPM: the output at the midpoint stands for all of the macro step.
/// [`MidpointDensity::DriftTimesDistance`] also takes into account how far an output is expected to have moved from
/// that at the start, which lowers the correction's variance; it is the [`Single`](crate::MidpointLaw::Single) law of
/// [`PoissonMidpointDdpm`](super::PoissonMidpointDdpm), which is uniform there, with importance sampling. On average
/// over midpoints, all three make the same correction.
///
/// Cost of a macro step: two network calls, one if it has one inner step or the midpoint is its start; a word for
/// the midpoint, and a normal for each component before it and after it. Work: 3 vectors, a table with a row for each
/// training step, and a threshold for each.
///
/// ```
/// use poisson_midpoint::diffusion::{
///     Error, MidpointDensity, Prediction, RandomizedMidpointDdpm, Sampler, ScheduleTable, Timesteps,
/// };
/// use poisson_midpoint::random::Stream;
/// let schedule = ScheduleTable::<f32, 1000>::linear(1e-4, 0.02)?;
/// let timesteps = Timesteps::<10>::quadratic(10, &schedule)?;
/// let (mut table, mut thresholds) = (schedule.rows(), [0; 1000]);
/// let solver = RandomizedMidpointDdpm::new(&mut table, &mut thresholds)
///     .with_density(MidpointDensity::DriftTimesDistance);
/// let sampler = Sampler::new(&schedule, &timesteps, Prediction::Velocity, solver)?;
/// let (mut x, mut work) = ([0.3, -0.2], [0.0; 6]);
/// let mut network = |_t, _x: &[f32], v: &mut [f32]| v.fill(0.0);
/// let calls = sampler.sample(&mut x, &mut network, &mut Stream::new(42, 0), &mut work)?;
/// assert_eq!(calls, 20);
/// # Ok::<(), Error<f32>>(())
/// ```
#[derive(Debug)]
pub struct RandomizedMidpointDdpm<'a, T> {
    variant: Variant<T>,
    held: Prediction,
    density: MidpointDensity,
    table: &'a mut [Row<T>],
    /// For the inner step to each training step, the probability in units of 2⁻³² that the midpoint is not after it.
    thresholds: &'a mut [u32],
}

/// The density by which a midpoint's inner step is drawn.
///
/// ```
/// use poisson_midpoint::diffusion::MidpointDensity;
/// assert_ne!(MidpointDensity::Drift, MidpointDensity::DriftTimesDistance);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub enum MidpointDensity {
    /// In proportion to the absolute value of the coefficient, at the macro step's end, of the network's output in the
    /// inner step.
    Drift,
    /// The same times the distance in λ, half the log-SNR, from the macro step's start.
    DriftTimesDistance,
}

impl<'a, T: Real> RandomizedMidpointDdpm<'a, T> {
    /// The method over the ancestral step, holding x₀, by the density [`MidpointDensity::Drift`]. The table and the
    /// thresholds, an element for each training step, are filled by the [`Sampler`](crate::diffusion::Sampler).
    #[must_use]
    pub fn new(table: &'a mut [Row<T>], thresholds: &'a mut [u32]) -> Self {
        Self {
            variant: Variant::FixedSmall,
            held: Prediction::Sample,
            density: MidpointDensity::Drift,
            table,
            thresholds,
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

    /// The same with midpoints by another density.
    #[must_use]
    pub fn with_density(self, density: MidpointDensity) -> Self {
        Self { density, ..self }
    }

    /// The threshold of an inner step, except for the last, whose threshold is 2³².
    fn threshold(&self, from: u32, inner_step: u32) -> u32 {
        let row = from.saturating_sub(inner_step + 1) as usize;
        self.thresholds.get(row).copied().unwrap_or_default()
    }

    /// The first inner step whose threshold is above the word.
    fn midpoint(&self, from: u32, inner_steps: u32, word: u32) -> u32 {
        let (mut low, mut high) = (0, inner_steps.saturating_sub(1));
        while low < high {
            let middle = low + (high - low) / 2;
            if word < self.threshold(from, middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }

    /// One over the probability of a midpoint that can be drawn.
    fn inverse_probability(&self, from: u32, inner_steps: u32, midpoint: u32) -> T {
        let below = match midpoint {
            0 => 0,
            _ => self.threshold(from, midpoint - 1),
        };
        let above = if midpoint + 1 < inner_steps {
            self.threshold(from, midpoint)
        } else {
            0
        };
        let half_of_all = T::from_u32(1 << 31);
        // The whole of 2³² wraps to 0.
        match above.wrapping_sub(below) {
            0 => T::ONE,
            units => half_of_all / T::from_u32(units) * T::TWO,
        }
    }
}

impl<T: Real> Solver<T> for RandomizedMidpointDdpm<'_, T> {
    fn vectors(&self) -> usize {
        corrected::vectors(1)
    }

    fn prepare(
        &mut self,
        schedule: &impl NoiseSchedule<T>,
        steps: Steps<'_>,
    ) -> Result<(), SamplerError<T>> {
        fill(schedule, steps, self.variant, self.held, self.table)?;
        let (length, needed) = (self.thresholds.len(), schedule.training_steps() as usize);
        if length < needed {
            return Err(SamplerError::Rows { length, needed });
        }
        for (from, to) in steps.pairs() {
            let macro_step = MacroTransition::new(self.table, from, to);
            let rows = self.thresholds.get_mut(to as usize..from as usize);
            fill_thresholds(
                schedule,
                self.density,
                &macro_step,
                rows.unwrap_or_default(),
            )?;
        }
        Ok(())
    }

    fn keeps(&self, stage: &Stage<'_>) -> (Prediction, usize) {
        (self.held, corrected::place(stage))
    }

    fn advance(
        &self,
        _schedule: &impl NoiseSchedule<T>,
        stage: &Stage<'_>,
        _x: &[T],
        position: &mut [T],
        kept: &mut [T],
        noise: &mut (impl SampleNoise<T> + ?Sized),
    ) -> Result<Advance, SampleError> {
        if stage.told == 0 {
            return Ok(Advance::Ask(stage.from));
        }
        let inner_steps = stage.from.saturating_sub(stage.to);
        let (weight, next) = match corrected::last_midpoint(stage) {
            Some(last) => (
                self.inverse_probability(stage.from, inner_steps, last),
                None,
            ),
            None if inner_steps == 1 => (T::ONE, None),
            None => {
                let midpoint = self.midpoint(stage.from, inner_steps, noise.word());
                // A midpoint at the start has no correction: its output is the one held.
                (T::ONE, (midpoint > 0).then_some(midpoint))
            }
        };
        let macro_step = MacroTransition::new(self.table, stage.from, stage.to);
        Ok(macro_step.go_on(stage, weight, next, position, kept, noise))
    }
}

/// Fills the thresholds of one macro step; the threshold of its end is the first.
fn fill_thresholds<T: Real>(
    schedule: &impl NoiseSchedule<T>,
    density: MidpointDensity,
    macro_step: &MacroTransition<'_, T>,
    thresholds: &mut [u32],
) -> Result<(), SamplerError<T>> {
    let start = schedule.level(macro_step.from()).half_log_snr();
    let weight = |inner_step: u32| {
        let step = macro_step.from().saturating_sub(inner_step);
        let kick = macro_step.kick(inner_step);
        // The kick may be negative in an inner step so near to the data that x changes its sign.
        let kick = if kick < T::ZERO { -kick } else { kick };
        match density {
            MidpointDensity::Drift => kick,
            MidpointDensity::DriftTimesDistance => {
                kick * (schedule.level(step).half_log_snr() - start)
            }
        }
    };
    let steps = macro_step.from().saturating_sub(macro_step.to());
    let total = (0..steps).fold(T::ZERO, |sum, step| sum + weight(step));
    let mut so_far = T::ZERO;
    for (inner_step, threshold) in (0..steps).zip(thresholds.iter_mut().rev()) {
        so_far += weight(inner_step);
        let share = so_far / total;
        // A macro step of one inner step has no midpoint.
        if steps > 1 && !share.is_finite() {
            let step = macro_step.from().saturating_sub(inner_step + 1);
            return Err(SamplerError::Coefficient { step });
        }
        *threshold = units(share);
    }
    Ok(())
}

/// A share of 1 in units of 2⁻³², rounded down; 2³² − 1 for a share of 1 or more.
fn units<T: Real>(share: T) -> u32 {
    if share >= T::ONE {
        return u32::MAX;
    }
    let (mut rest, mut units) = (share, 0);
    for _ in 0..u32::BITS {
        rest *= T::TWO;
        units <<= 1;
        if rest >= T::ONE {
            rest -= T::ONE;
            units |= 1;
        }
    }
    units
}

/// Without its tables.
#[cfg(feature = "defmt")]
impl<T: defmt::Format> defmt::Format for RandomizedMidpointDdpm<'_, T> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let Self {
            variant,
            held,
            density,
            ..
        } = self;
        defmt::write!(
            f,
            "RandomizedMidpointDdpm {{ variant: {}, held: {}, density: {} }}",
            variant,
            held,
            density
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_down_to_units() {
        assert_eq!(units(0.0_f64), 0);
        assert_eq!(units(0.5_f32), 1 << 31);
        assert_eq!(units(0.75_f64), 3 << 30);
        assert_eq!(units(1.0_f32), u32::MAX);
        assert_eq!(units(2.0_f64.powi(-32)), 1);
        assert_eq!(units(2.0_f64.powi(-33)), 0);
    }

    /// Macro step (5, 1) of four inner steps, of probabilities ¼, 0, ½ and ¼.
    #[test]
    fn a_midpoint_is_where_the_word_falls() {
        let mut table = [Row::<f64>::ZERO; 5];
        let mut thresholds = [0, u32::MAX, 3 << 30, 1 << 30, 1 << 30];
        let solver = RandomizedMidpointDdpm::new(&mut table, &mut thresholds);
        let drawn = |word| solver.midpoint(5, 4, word);
        let quarter = 1 << 30;
        assert_eq!([0, quarter - 1].map(drawn), [0, 0]);
        assert_eq!([quarter, 2 * quarter, 3 * quarter - 1].map(drawn), [2; 3]);
        assert_eq!([3 * quarter, u32::MAX].map(drawn), [3; 2]);
        let inverse = |midpoint| solver.inverse_probability(5, 4, midpoint).to_bits();
        assert_eq!(
            [0, 2, 3].map(inverse),
            [4.0_f64, 2.0, 4.0].map(f64::to_bits)
        );
        // Of two inner steps, only the second can be drawn.
        assert_eq!(solver.midpoint(1, 2, u32::MAX), 1);
        let certain = solver.inverse_probability(1, 2, 1);
        assert_eq!(certain.to_bits(), 1.0_f64.to_bits());
    }
}
