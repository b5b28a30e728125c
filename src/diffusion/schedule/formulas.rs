use super::super::error::{Quantity, ScheduleError};
use super::{NoiseSchedule, check_training_steps};
use crate::real::Real;

/// The variance-preserving diffusion whose noise rate is linear in time (Song et al. 2021, VP SDE),
/// seen at T equidistant times: −ln ᾱ = β_min u + ½(β_max − β_min)u², u = t/T.
///
/// A formula, so a large T costs nothing. Up to T = 10⁶, f32 distinguishes every training step from the next; beyond
/// that, some add no noise. With rates T times the β of [`ScheduleTable::linear`](super::ScheduleTable::linear), this
/// is the limit of that schedule for large T.
///
/// ```
/// use poisson_midpoint::diffusion::{LinearRate, NoiseSchedule};
/// let schedule = LinearRate::new(1_000_000, 0.1_f64, 20.0)?;
/// assert!((schedule.exponent(1_000_000) - 10.05).abs() < 1e-14);
/// # Ok::<(), poisson_midpoint::diffusion::ScheduleError<f64>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LinearRate<T> {
    training_steps: u32,
    least: T,
    most: T,
}

impl<T: Real> LinearRate<T> {
    /// T training steps over which the rate grows from `least` (β_min) to `most` (β_max).
    ///
    /// # Errors
    /// [`ScheduleError`] unless T ≥ 1 and 0 < `least` ≤ `most` < ∞.
    pub fn new(training_steps: u32, least: T, most: T) -> Result<Self, ScheduleError<T>> {
        check_training_steps(training_steps)?;
        if !(least.is_finite() && least > T::ZERO) {
            return Err(ScheduleError::new(Quantity::Rate, 0, least));
        }
        if !(most.is_finite() && most >= least) {
            return Err(ScheduleError::new(Quantity::Rate, training_steps, most));
        }
        Ok(Self {
            training_steps,
            least,
            most,
        })
    }
}

impl<T: Real> NoiseSchedule<T> for LinearRate<T> {
    fn training_steps(&self) -> u32 {
        self.training_steps
    }

    fn exponent(&self, step: u32) -> T {
        let u = T::from_u32(step) / T::from_u32(self.training_steps);
        u * (self.least + (self.most - self.least) * u / T::TWO)
    }
}

/// The squared-cosine schedule of Nichol & Dhariwal 2021 (equation 17): ᾱ_t = f(t)/f(0),
/// f(t) = cos²(½π(t/T + 0.008)/1.008), with β_t at most 0.999.
///
/// A formula, accurate to a few units in the last place at every t of every T; up to T = 10⁶, f32 distinguishes every
/// training step from the next. Its sine is that of `libm`, which for f32 goes through double precision: for a
/// processor without double precision, make a [`ScheduleTable`](super::ScheduleTable) of it elsewhere.
///
/// ```
/// use poisson_midpoint::diffusion::{NoiseSchedule, SquaredCosine};
/// let schedule = SquaredCosine::<f64>::new(1000)?;
/// let level = schedule.level(500);
/// assert!((level.signal.powi(2) - 0.4937).abs() < 1e-3);
/// # Ok::<(), poisson_midpoint::diffusion::ScheduleError<f64>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SquaredCosine<T> {
    training_steps: u32,
    /// The angle at t = 0: ½π · 0.008/1.008 = ½π/126.
    start: T,
}

impl<T: Real> SquaredCosine<T> {
    /// T training steps.
    ///
    /// # Errors
    /// [`ScheduleError`] unless T ≥ 1.
    pub fn new(training_steps: u32) -> Result<Self, ScheduleError<T>> {
        check_training_steps(training_steps)?;
        Ok(Self {
            training_steps,
            start: T::FRAC_PI_2 / T::from_u32(126),
        })
    }

    /// How far the angle moves in n = `steps` training steps: ½π(n/T)/1.008.
    fn angle(&self, steps: u32) -> T {
        let share = T::from_u32(steps) / T::from_u32(self.training_steps);
        self.start * (T::from_u32(125) * share)
    }

    /// −ln(f(t)/f(0)) for t < T, without a difference of nearly equal numbers. With a₀ and a_t the angles,
    /// 1 − f(t)/f(0) = sin(a_t − a₀) sin(a_t + a₀)/cos² a₀; and near the end, where f is small,
    /// cos a_t is the sine of the angle still to go.
    fn uncapped(&self, step: u32) -> T {
        let cosine = self.start.cos();
        let moved = self.angle(step);
        let lost = moved.sin() * (moved + T::TWO * self.start).sin() / (cosine * cosine);
        if lost < T::ONE / T::TWO {
            -((-lost).ln_1p())
        } else {
            let rest = self.angle(self.training_steps.saturating_sub(step));
            -(T::TWO * (rest.sin() / cosine).ln())
        }
    }
}

impl<T: Real> NoiseSchedule<T> for SquaredCosine<T> {
    fn training_steps(&self) -> u32 {
        self.training_steps
    }

    /// Only the last step has its β capped, since f(T) = 0. With n ≥ 1 steps to go, 1 − β = f(t)/f(t − 1) is at least
    /// (n/(n + 1))² ≥ ¼, since sin(x)/x decreases.
    fn exponent(&self, step: u32) -> T {
        if step < self.training_steps {
            return self.uncapped(step);
        }
        self.uncapped(self.training_steps.saturating_sub(1)) + T::from_u32(1000).ln()
    }
}
