use super::super::error::ScheduleError;
use super::slice::exponent;
use super::{NoiseSchedule, ScheduleSlice};
use crate::real::Real;

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
    /// [`ScheduleSlice::linear`]: with 10⁻⁴, 0.02 and N = 1000, the schedule of Ho et al. 2020.
    ///
    /// # Errors
    /// [`ScheduleError`] unless every β is in (0, 1) and large enough to change −ln ᾱ.
    pub fn linear(first: T, last: T) -> Result<Self, ScheduleError<T>> {
        Self::filled(|exponents| ScheduleSlice::linear(exponents, first, last))
    }

    /// [`ScheduleSlice::scaled_linear`]: with 0.0015, 0.0195 and N = 1000, that of latent diffusion (Rombach et al.
    /// 2022).
    ///
    /// # Errors
    /// [`ScheduleError`] unless every β is in (0, 1) and large enough to change −ln ᾱ.
    pub fn scaled_linear(first: T, last: T) -> Result<Self, ScheduleError<T>> {
        Self::filled(|exponents| ScheduleSlice::scaled_linear(exponents, first, last))
    }

    /// β_1, …, β_N as given.
    ///
    /// # Errors
    /// [`ScheduleError`] unless there are N of them, and every β is in (0, 1) and large enough to change −ln ᾱ.
    pub fn from_betas(betas: &[T]) -> Result<Self, ScheduleError<T>> {
        Self::filled(|exponents| ScheduleSlice::from_betas(exponents, betas))
    }

    /// ᾱ_1, …, ᾱ_N as given.
    ///
    /// # Errors
    /// [`ScheduleError`] unless there are N of them, all in (0, 1) and strictly decreasing, and −ln ᾱ strictly
    /// increases as rounded.
    pub fn from_alpha_bars(alpha_bars: &[T]) -> Result<Self, ScheduleError<T>> {
        Self::filled(|exponents| ScheduleSlice::from_alpha_bars(exponents, alpha_bars))
    }

    /// A table of any other schedule: faster to read than its formula is to evaluate.
    ///
    /// # Errors
    /// [`ScheduleError`] unless it has N steps and its exponents are finite and strictly increase.
    pub fn from_schedule(schedule: &impl NoiseSchedule<T>) -> Result<Self, ScheduleError<T>> {
        Self::filled(|exponents| ScheduleSlice::from_schedule(exponents, schedule))
    }

    fn filled(
        fill: impl FnOnce(&mut [T]) -> Result<ScheduleSlice<'_, T>, ScheduleError<T>>,
    ) -> Result<Self, ScheduleError<T>> {
        const { assert!(N > 0, "a schedule has at least one training step") };
        let mut exponents = [T::ZERO; N];
        fill(&mut exponents)?;
        Ok(Self { exponents })
    }
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
        exponent(&self.exponents, step)
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
