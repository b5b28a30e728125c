use super::super::error::{Quantity, ScheduleError};
use super::NoiseSchedule;
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
    /// β from `first` to `last`, linear in t (Ho et al. 2020: 10⁻⁴, 0.02 and N = 1000).
    ///
    /// # Errors
    /// [`ScheduleError`] unless every β is in (0, 1) and large enough to be seen in −ln ᾱ.
    pub fn linear(first: T, last: T) -> Result<Self, ScheduleError<T>> {
        Self::from_fn(|step| Ok(interpolate::<T, N>(first, last, step)))
    }

    /// √β from √`first` to √`last`, linear in t (latent diffusion, Rombach et al. 2022: 0.0015,
    /// 0.0195 and N = 1000; elsewhere called scaled linear).
    ///
    /// # Errors
    /// [`ScheduleError`] unless every β is in (0, 1) and large enough to be seen in −ln ᾱ.
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
    /// [`ScheduleError`] unless there are N, and every β is in (0, 1) and large enough to be seen in −ln ᾱ.
    pub fn from_betas(betas: &[T]) -> Result<Self, ScheduleError<T>> {
        check_length(betas.len(), N)?;
        let mut betas = betas.iter();
        Self::from_fn(|_| Ok(betas.next().copied().unwrap_or(T::ZERO)))
    }

    /// ᾱ_1, …, ᾱ_N as given.
    ///
    /// # Errors
    /// [`ScheduleError`] unless there are N, in (0, 1), strictly decreasing, and so is −ln ᾱ increasing.
    pub fn from_alpha_bars(alpha_bars: &[T]) -> Result<Self, ScheduleError<T>> {
        check_length(alpha_bars.len(), N)?;
        let mut exponents = [T::ZERO; N];
        let mut previous = T::ONE;
        let places = exponents.iter_mut().zip(alpha_bars);
        for (step, (place, &value)) in (1_u32..).zip(places) {
            if !(value > T::ZERO && value < previous) {
                return Err(ScheduleError::new(Quantity::AlphaBar, step, value));
            }
            // From ½ up ᾱ − 1 is exact, and ln(1 + (ᾱ − 1)) keeps what it has; below, ln ᾱ itself does.
            *place = -if value < T::ONE / T::TWO {
                value.ln()
            } else {
                (value - T::ONE).ln_1p()
            };
            previous = value;
        }
        Self::from_exponents(exponents)
    }

    /// A table of any other schedule, read more quickly than its formula is evaluated.
    ///
    /// # Errors
    /// [`ScheduleError`] unless it has N steps and its exponents are finite and strictly increase.
    pub fn from_schedule(schedule: &impl NoiseSchedule<T>) -> Result<Self, ScheduleError<T>> {
        check_length(schedule.training_steps() as usize, N)?;
        let mut exponents = [T::ZERO; N];
        for (step, place) in (1_u32..).zip(&mut exponents) {
            *place = schedule.exponent(step);
        }
        Self::from_exponents(exponents)
    }

    /// The table, if every exponent can be told from the one before: a training step without noise of its own, as
    /// rounding may leave it, is none.
    fn from_exponents(exponents: [T; N]) -> Result<Self, ScheduleError<T>> {
        let mut previous = T::ZERO;
        for (step, exponent) in (1_u32..).zip(exponents) {
            if !(exponent.is_finite() && exponent > previous) {
                return Err(ScheduleError::new(Quantity::Exponent, step, exponent));
            }
            previous = exponent;
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
        Self::from_exponents(exponents)
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
