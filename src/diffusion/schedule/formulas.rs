use super::super::error::{Quantity, ScheduleError};
use super::NoiseSchedule;
use crate::real::Real;

/// The variance-preserving diffusion whose noise rate is linear in time (Song et al. 2021, VP SDE),
/// seen at T equidistant times: −ln ᾱ = β_min u + ½(β_max − β_min)u², u = t/T.
///
/// A formula, so T may be as large as one likes and costs nothing. With rates T times the β of
/// [`ScheduleTable::linear`](super::ScheduleTable::linear), the limit of that.
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
        if training_steps == 0 {
            return Err(ScheduleError::Length {
                length: 0,
                needed: 1,
            });
        }
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
/// A formula. Its cosine is that of `libm`, which for f32 goes through double precision: on a
/// processor that has none, make a [`ScheduleTable`](super::ScheduleTable) of it elsewhere.
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
    /// −ln f(0).
    start: T,
}

impl<T: Real> SquaredCosine<T> {
    /// T training steps.
    ///
    /// # Errors
    /// [`ScheduleError`] unless T ≥ 1.
    pub fn new(training_steps: u32) -> Result<Self, ScheduleError<T>> {
        if training_steps == 0 {
            return Err(ScheduleError::Length {
                length: 0,
                needed: 1,
            });
        }
        Ok(Self {
            training_steps,
            start: minus_log(0, training_steps),
        })
    }
}

/// −ln f(t), from f = 1 − sin² where the cosine is near 1.
fn minus_log<T: Real>(step: u32, training_steps: u32) -> T {
    let offset = T::from_u32(8) / T::from_u32(1000);
    let u = T::from_u32(step) / T::from_u32(training_steps);
    let angle = T::FRAC_PI_2 * ((u + offset) / (T::ONE + offset));
    let sine = angle.sin();
    if sine * sine < T::ONE / T::TWO {
        -((-(sine * sine)).ln_1p())
    } else {
        -(T::TWO * angle.cos().ln())
    }
}

impl<T: Real> NoiseSchedule<T> for SquaredCosine<T> {
    fn training_steps(&self) -> u32 {
        self.training_steps
    }

    fn exponent(&self, step: u32) -> T {
        let minus_log = |step| minus_log::<T>(step, self.training_steps);
        // β is above 0.999 in the last steps alone: how many, for they add up.
        let most = -((-(T::from_u32(999) / T::from_u32(1000))).ln_1p());
        let (mut first, mut capped) = (step.min(self.training_steps), 0);
        while first > 0 && {
            let (above, below) = (minus_log(first), minus_log(first - 1));
            // At t = T the cosine is 0 but for rounding, and its logarithm without meaning.
            !above.is_finite() || above - below > most
        } {
            first -= 1;
            capped += 1;
        }
        (minus_log(first) - self.start) + most * T::from_u32(capped)
    }
}
