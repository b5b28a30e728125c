//! Noise schedules: how much of the signal is left at each training step.

use super::error::ScheduleError;
use crate::real::Real;

mod formulas;
mod relative;
mod slice;
mod table;

pub use formulas::{LinearRate, SquaredCosine};
pub(crate) use relative::KarrasSpacing;
pub use relative::{KarrasSchedule, RectifiedFlow};
pub use slice::ScheduleSlice;
pub use table::ScheduleTable;

/// How much noise the data carry at training step t = 0, 1, …, T.
///
/// With β_t the variance of the noise that training step t adds and ᾱ_t = Π (1 − β_i), i ≤ t, the
/// noisy data are x_t = √ᾱ_t x₀ + √(1 − ᾱ_t) ε. Step 0 is the data, ᾱ₀ = 1; step T is nearly
/// pure noise. (A library that counts training steps from 0 gives the number t to the step that is t + 1 here.)
///
/// It is implemented by tables, [`ScheduleTable`]; by formulas that need no table, [`LinearRate`] and
/// [`SquaredCosine`]; and, for networks with other scalings of x and time, by [`RectifiedFlow`] and [`KarrasSchedule`].
/// Implement it for a schedule of your own.
///
/// ```
/// use poisson_midpoint::diffusion::NoiseSchedule;
/// #[derive(Debug)]
/// struct Constant;
/// impl NoiseSchedule<f64> for Constant {
///     fn training_steps(&self) -> u32 {
///         500
///     }
///     fn exponent(&self, step: u32) -> f64 {
///         0.02 * f64::from(step)
///     }
/// }
/// let level = Constant.level(50);
/// assert!((level.signal.powi(2) - (-1.0_f64).exp()).abs() < 1e-15);
/// assert!((level.signal.powi(2) + level.noise.powi(2) - 1.0).abs() < 1e-15);
/// ```
pub trait NoiseSchedule<T: Real>: core::fmt::Debug {
    /// The number T of training steps.
    fn training_steps(&self) -> u32;

    /// −ln ᾱ_t of a step from 0 to T: 0 at 0, and strictly increasing. In this form neither ᾱ nor
    /// 1 − ᾱ loses digits.
    fn exponent(&self, step: u32) -> T;

    /// The signal and the noise at a step.
    fn level(&self, step: u32) -> Level<T> {
        Level::new(self.exponent(step))
    }

    /// The step from `least` to `most` whose λ, half the log-SNR, is nearest to `half_log_snr`; of two equally near,
    /// the noisier. It takes about log₂ T + 2 evaluations of the schedule. If an implementation returns a step outside
    /// that range, the samplers take the end nearer to it.
    fn nearest(&self, half_log_snr: T, least: u32, most: u32) -> u32 {
        // λ falls with t. Before `low` it is at least the λ wanted; from `high` on it is at most that.
        let (mut low, mut high) = (least, most);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.level(middle).half_log_snr() > half_log_snr {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if low > least {
            let above = self.level(low - 1).half_log_snr() - half_log_snr;
            let below = half_log_snr - self.level(low).half_log_snr();
            if above < below {
                return low - 1;
            }
        }
        low
    }
}

impl<T: Real, S: NoiseSchedule<T> + ?Sized> NoiseSchedule<T> for &S {
    fn training_steps(&self) -> u32 {
        (**self).training_steps()
    }
    fn exponent(&self, step: u32) -> T {
        (**self).exponent(step)
    }
    fn level(&self, step: u32) -> Level<T> {
        (**self).level(step)
    }
    fn nearest(&self, half_log_snr: T, least: u32, most: u32) -> u32 {
        (**self).nearest(half_log_snr, least, most)
    }
}

/// Checks that a formula has at least one training step.
fn check_training_steps<T>(training_steps: u32) -> Result<(), ScheduleError<T>> {
    match training_steps {
        0 => Err(ScheduleError::Length {
            length: 0,
            needed: 1,
        }),
        _ => Ok(()),
    }
}

/// The signal and the noise at one training step: x_t = signal · x₀ + noise · ε.
///
/// ```
/// use poisson_midpoint::diffusion::Level;
/// let level = Level::new(2.0_f64);
/// assert!((level.signal - (-1.0_f64).exp()).abs() < 1e-15);
/// assert!((level.half_log_snr() - (level.signal / level.noise).ln()).abs() < 1e-15);
/// assert_eq!(Level::new(0.0).noise, 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Level<T> {
    /// −ln ᾱ.
    pub exponent: T,
    /// √ᾱ, α in the papers on DPM-Solver.
    pub signal: T,
    /// √(1 − ᾱ), σ in the papers on DPM-Solver.
    pub noise: T,
}

impl<T: Real> Level<T> {
    /// The level at −ln ᾱ.
    #[must_use]
    pub fn new(exponent: T) -> Self {
        Self {
            exponent,
            signal: (-(exponent / T::TWO)).exp(),
            noise: (-((-exponent).exp_m1())).sqrt(),
        }
    }

    /// λ = ln(signal/noise), half the logarithm of the signal-to-noise ratio; infinite for the data.
    #[must_use]
    pub fn half_log_snr(&self) -> T {
        -(self.exponent / T::TWO) - self.noise.ln()
    }

    /// σ = noise/signal, the noise on data of signal 1: the time of a network by Karras et al. 2022.
    #[must_use]
    pub fn relative_noise(&self) -> T {
        self.noise / self.signal
    }

    /// t = noise/(signal + noise), the time of a network of flow matching: x/[`flow_scale`](Self::flow_scale) is
    /// (1 − t) x₀ + t ε.
    #[must_use]
    pub fn flow_time(&self) -> T {
        self.noise / self.flow_scale()
    }

    /// signal + noise, the factor by which x is larger than on the straight path that a network of flow matching knows.
    #[must_use]
    pub fn flow_scale(&self) -> T {
        self.signal + self.noise
    }

    /// 1 − ᾱ_t/ᾱ_s: the share of the signal's variance that this level t has lost since a level s before it.
    pub(crate) fn lost_since(&self, before: &Self) -> T {
        -((-(self.exponent - before.exponent)).exp_m1())
    }

    /// Whether this is the level of the data, free of noise.
    pub(crate) fn is_clean(&self) -> bool {
        self.exponent == T::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A schedule with every method overridden.
    #[derive(Debug)]
    struct Own;

    impl NoiseSchedule<f64> for Own {
        fn training_steps(&self) -> u32 {
            100
        }
        fn exponent(&self, step: u32) -> f64 {
            0.1 * f64::from(step)
        }
        fn level(&self, _step: u32) -> Level<f64> {
            Level::new(7.0)
        }
        fn nearest(&self, _half_log_snr: f64, _least: u32, _most: u32) -> u32 {
            42
        }
    }

    #[test]
    fn a_reference_is_the_schedule_that_it_refers_to() {
        fn of(schedule: impl NoiseSchedule<f64>) -> (u32, f64, Level<f64>, u32) {
            let (steps, exponent) = (schedule.training_steps(), schedule.exponent(3));
            (
                steps,
                exponent,
                schedule.level(3),
                schedule.nearest(0.0, 1, 9),
            )
        }
        assert_eq!(of(&Own), of(Own));
        assert_eq!(of(&Own).3, 42);
    }
}
