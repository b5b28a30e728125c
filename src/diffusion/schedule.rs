//! Noise schedules: how much of the signal is left at each training step.

use super::error::{Quantity, ScheduleError};
use crate::Real;

/// How much noise the data carry at training step t = 0, 1, …, T.
///
/// With β_t the variance of the noise that training step t adds and ᾱ_t = Π (1 − β_i), i ≤ t, the
/// noisy data are x_t = √ᾱ_t x₀ + √(1 − ᾱ_t) ε. Step 0 is the data, ᾱ₀ = 1; step T is nearly
/// pure noise. (A library that counts training steps from 0 calls t what is t + 1 here.)
///
/// Implemented by tables, [`ScheduleTable`], and by formulas that need none, [`LinearRate`]
/// and [`SquaredCosine`]. Implement it for a schedule of your own.
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

    /// The step from `least` to `most` whose log-SNR λ is nearest to `half_log_snr`, a tie going to
    /// the noisier. About 2 log₂ T evaluations of the schedule.
    fn nearest(&self, half_log_snr: T, least: u32, most: u32) -> u32 {
        // λ falls with t. Below `low` it is at least the λ wanted, from `high` on it is not more.
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

    /// Whether these are the data, free of noise.
    pub(crate) fn is_clean(&self) -> bool {
        self.exponent == T::ZERO
    }
}

/// A noise schedule of N training steps as a table of N scalars.
///
/// ```
/// use poisson_midpoint::diffusion::{NoiseSchedule, ScheduleTable};
/// let schedule = ScheduleTable::<f64, 1000>::linear(1e-4, 0.02)?;
/// assert!((schedule.exponent(1000) - 10.1).abs() < 0.05);
/// let error = ScheduleTable::<f64, 2>::from_betas(&[0.1, 1.5]).unwrap_err();
/// assert_eq!(error.to_string(), "beta 1.5 of training step 2 is not in (0, 1)");
/// # Ok::<(), poisson_midpoint::diffusion::ScheduleError<f64>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleTable<T, const N: usize> {
    /// −ln ᾱ_t of t = 1..=N.
    exponents: [T; N],
}

impl<T: Real, const N: usize> ScheduleTable<T, N> {
    /// β from `first` to `last`, linear in t (Ho et al. 2020: 10⁻⁴, 0.02 and N = 1000).
    ///
    /// # Errors
    /// [`ScheduleError`] unless every β is in (0, 1).
    pub fn linear(first: T, last: T) -> Result<Self, ScheduleError<T>> {
        Self::from_fn(|step| Ok(interpolate::<T, N>(first, last, step)))
    }

    /// √β from √`first` to √`last`, linear in t (latent diffusion, Rombach et al. 2022: 0.0015,
    /// 0.0195 and N = 1000; elsewhere called scaled linear).
    ///
    /// # Errors
    /// [`ScheduleError`] unless every β is in (0, 1).
    pub fn scaled_linear(first: T, last: T) -> Result<Self, ScheduleError<T>> {
        let (first, last) = (first.sqrt(), last.sqrt());
        Self::from_fn(|step| {
            let root = interpolate::<T, N>(first, last, step);
            Ok(root * root)
        })
    }

    /// β_1, …, β_N as given.
    ///
    /// # Errors
    /// [`ScheduleError`] unless there are N and every β is in (0, 1).
    pub fn from_betas(betas: &[T]) -> Result<Self, ScheduleError<T>> {
        check_length(betas.len(), N)?;
        let mut betas = betas.iter();
        Self::from_fn(|_| Ok(betas.next().copied().unwrap_or(T::ZERO)))
    }

    /// ᾱ_1, …, ᾱ_N as given.
    ///
    /// # Errors
    /// [`ScheduleError`] unless there are N, in (0, 1) and strictly decreasing.
    pub fn from_alpha_bars(alpha_bars: &[T]) -> Result<Self, ScheduleError<T>> {
        check_length(alpha_bars.len(), N)?;
        let mut exponents = [T::ZERO; N];
        let mut previous = T::ONE;
        let places = exponents.iter_mut().zip(alpha_bars);
        for (step, (place, &value)) in (1_u32..).zip(places) {
            if !(value > T::ZERO && value < previous) {
                return Err(ScheduleError::new(Quantity::AlphaBar, step, value));
            }
            // ln ᾱ = ln(1 + (ᾱ − 1)): ᾱ − 1 is exact from ½ up.
            *place = -((value - T::ONE).ln_1p());
            previous = value;
        }
        Ok(Self { exponents })
    }

    /// A table of any other schedule, read more quickly than its formula is evaluated.
    ///
    /// # Errors
    /// [`ScheduleError`] unless it has N steps and its exponents are finite and strictly increase.
    pub fn from_schedule(schedule: &impl NoiseSchedule<T>) -> Result<Self, ScheduleError<T>> {
        check_length(schedule.training_steps() as usize, N)?;
        let mut exponents = [T::ZERO; N];
        let mut previous = T::ZERO;
        for (step, place) in (1_u32..).zip(&mut exponents) {
            *place = schedule.exponent(step);
            if !(place.is_finite() && *place > previous) {
                return Err(ScheduleError::new(Quantity::Exponent, step, *place));
            }
            previous = *place;
        }
        Ok(Self { exponents })
    }

    /// The exponents from β as a function of t, by a compensated sum (Kahan 1965): as good at T
    /// as at 1.
    fn from_fn(
        mut beta: impl FnMut(u32) -> Result<T, ScheduleError<T>>,
    ) -> Result<Self, ScheduleError<T>> {
        const { assert!(N > 0, "a schedule has at least one training step") };
        let mut exponents = [T::ZERO; N];
        let (mut sum, mut lost) = (T::ZERO, T::ZERO);
        for (step, place) in (1_u32..).zip(&mut exponents) {
            let beta = beta(step)?;
            if !(beta > T::ZERO && beta < T::ONE) {
                return Err(ScheduleError::new(Quantity::Beta, step, beta));
            }
            let term = -((-beta).ln_1p()) - lost;
            let next = sum + term;
            lost = (next - sum) - term;
            sum = next;
            *place = sum;
        }
        Ok(Self { exponents })
    }
}

fn check_length<T>(length: usize, needed: usize) -> Result<(), ScheduleError<T>> {
    if length == needed {
        Ok(())
    } else {
        Err(ScheduleError::Length { length, needed })
    }
}

/// From `first` at t = 1 to `last` at t = N.
#[allow(
    clippy::cast_possible_truncation,
    reason = "a table is shorter than 2³²"
)]
fn interpolate<T: Real, const N: usize>(first: T, last: T, step: u32) -> T {
    let intervals = (N as u32).saturating_sub(1).max(1);
    first + (last - first) * (T::from_u32(step - 1) / T::from_u32(intervals))
}

impl<T: Real, const N: usize> NoiseSchedule<T> for ScheduleTable<T, N> {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a table is shorter than 2³²"
    )]
    fn training_steps(&self) -> u32 {
        N as u32
    }

    fn exponent(&self, step: u32) -> T {
        let index = (step as usize).min(N).checked_sub(1);
        index
            .and_then(|index| self.exponents.get(index))
            .copied()
            .unwrap_or(T::ZERO)
    }
}

/// The first and the last exponent.
#[cfg(feature = "defmt")]
impl<T: Real + defmt::Format, const N: usize> defmt::Format for ScheduleTable<T, N> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let (first, last) = (self.exponent(1), self.exponent(u32::MAX));
        defmt::write!(
            f,
            "ScheduleTable {{ {}: {}, .., {}: {} }}",
            1,
            first,
            N,
            last
        );
    }
}

/// The variance-preserving diffusion whose noise rate is linear in time (Song et al. 2021, VP SDE),
/// seen at T equidistant times: −ln ᾱ = β_min u + ½(β_max − β_min)u², u = t/T.
///
/// A formula, so T may be as large as one likes and costs nothing. With rates T times the β of
/// [`ScheduleTable::linear`], the limit of that.
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
/// processor that has none, make a [`ScheduleTable`] of it elsewhere.
///
/// ```
/// use poisson_midpoint::diffusion::{NoiseSchedule, SquaredCosine};
/// let schedule = SquaredCosine::new(1000)?;
/// let level: poisson_midpoint::diffusion::Level<f64> = schedule.level(500);
/// assert!((level.signal.powi(2) - 0.4937).abs() < 1e-3);
/// # Ok::<(), poisson_midpoint::diffusion::ScheduleError<u32>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SquaredCosine {
    training_steps: u32,
}

impl SquaredCosine {
    /// T training steps.
    ///
    /// # Errors
    /// [`ScheduleError`] unless T ≥ 1.
    pub fn new(training_steps: u32) -> Result<Self, ScheduleError<u32>> {
        if training_steps == 0 {
            return Err(ScheduleError::Length {
                length: 0,
                needed: 1,
            });
        }
        Ok(Self { training_steps })
    }

    /// −ln f(t), from f = 1 − sin² where the cosine is near 1.
    fn minus_log<T: Real>(self, step: u32) -> T {
        let offset = T::from_u32(8) / T::from_u32(1000);
        let u = T::from_u32(step) / T::from_u32(self.training_steps);
        let angle = T::FRAC_PI_2 * ((u + offset) / (T::ONE + offset));
        let sine = angle.sin();
        if sine * sine < T::ONE / T::TWO {
            -((-(sine * sine)).ln_1p())
        } else {
            -(T::TWO * angle.cos().ln())
        }
    }
}

impl<T: Real> NoiseSchedule<T> for SquaredCosine {
    fn training_steps(&self) -> u32 {
        self.training_steps
    }

    fn exponent(&self, step: u32) -> T {
        let start: T = self.minus_log(0);
        // β is above 0.999 in the last steps alone: how many, for they add up.
        let most = -((-(T::from_u32(999) / T::from_u32(1000))).ln_1p());
        let (mut first, mut capped) = (step.min(self.training_steps), 0);
        while first > 0 && {
            let (above, below): (T, T) = (self.minus_log(first), self.minus_log(first - 1));
            // At t = T the cosine is 0 but for rounding, and its logarithm without meaning.
            !above.is_finite() || above - below > most
        } {
            first -= 1;
            capped += 1;
        }
        let uncapped: T = self.minus_log(first);
        (uncapped - start) + most * T::from_u32(capped)
    }
}
