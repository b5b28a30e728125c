use super::super::error::{Quantity, ScheduleError};
use super::{NoiseSchedule, check_training_steps};
use crate::real::Real;

/// A noise schedule in borrowed memory: a slice of −ln ᾱ_t for t = 1, …, T, one element for each training step.
///
/// For a T that is known only at run time; for one that is known at compile time, a
/// [`ScheduleTable`](super::ScheduleTable) brings its own memory.
///
/// ```
/// use poisson_midpoint::diffusion::{NoiseSchedule, ScheduleSlice, ScheduleTable};
/// let mut exponents = vec![0.0_f32; 1000];
/// let schedule = ScheduleSlice::linear(&mut exponents, 1e-4, 0.02)?;
/// let table = ScheduleTable::<f32, 1000>::linear(1e-4, 0.02)?;
/// assert_eq!(schedule.exponent(1000), table.exponent(1000));
/// # Ok::<(), poisson_midpoint::diffusion::ScheduleError<f32>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleSlice<'a, T> {
    exponents: &'a [T],
}

impl<'a, T: Real> ScheduleSlice<'a, T> {
    /// The schedule of exponents −ln ᾱ_1, …, −ln ᾱ_T.
    ///
    /// # Errors
    /// [`ScheduleError`] unless there is at least one, and each is finite and above the one before: a training step
    /// that rounding leaves without noise of its own is not accepted.
    pub fn new(exponents: &'a [T]) -> Result<Self, ScheduleError<T>> {
        check_training_steps(training_steps(exponents))?;
        let mut previous = T::ZERO;
        for (step, &exponent) in (1_u32..).zip(exponents) {
            if !(exponent.is_finite() && exponent > previous) {
                return Err(ScheduleError::new(Quantity::Exponent, step, exponent));
            }
            previous = exponent;
        }
        Ok(Self { exponents })
    }

    /// β from `first` to `last`, linear in t (Ho et al. 2020: 10⁻⁴, 0.02 and T = 1000), written as exponents.
    ///
    /// # Errors
    /// [`ScheduleError`] unless T ≥ 1 and every β is in (0, 1) and large enough to change −ln ᾱ.
    pub fn linear(exponents: &'a mut [T], first: T, last: T) -> Result<Self, ScheduleError<T>> {
        let line = line(exponents, first, last);
        Self::fill(exponents, line)
    }

    /// √β from √`first` to √`last`, linear in t (latent diffusion, Rombach et al. 2022: 0.0015,
    /// 0.0195 and T = 1000; elsewhere called scaled linear), written as exponents.
    ///
    /// # Errors
    /// As for [`linear`](Self::linear).
    pub fn scaled_linear(
        exponents: &'a mut [T],
        first: T,
        last: T,
    ) -> Result<Self, ScheduleError<T>> {
        let line = line(exponents, first.sqrt(), last.sqrt());
        Self::fill(exponents, |step| {
            let root = line(step);
            root * root
        })
    }

    /// β_1, …, β_T as given, written as exponents.
    ///
    /// # Errors
    /// As for [`linear`](Self::linear), and if there are not as many β as exponents.
    pub fn from_betas(exponents: &'a mut [T], betas: &[T]) -> Result<Self, ScheduleError<T>> {
        check_length(betas.len(), exponents.len())?;
        let mut betas = betas.iter();
        Self::fill(exponents, |_| betas.next().copied().unwrap_or(T::ZERO))
    }

    /// ᾱ_1, …, ᾱ_T as given, written as exponents.
    ///
    /// # Errors
    /// [`ScheduleError`] unless there are as many as exponents, at least one, all in (0, 1) and strictly decreasing,
    /// and −ln ᾱ strictly increases as rounded.
    pub fn from_alpha_bars(
        exponents: &'a mut [T],
        alpha_bars: &[T],
    ) -> Result<Self, ScheduleError<T>> {
        check_length(alpha_bars.len(), exponents.len())?;
        let mut previous = T::ONE;
        let places = exponents.iter_mut().zip(alpha_bars);
        for (step, (place, &value)) in (1_u32..).zip(places) {
            if !(value > T::ZERO && value < previous) {
                return Err(ScheduleError::new(Quantity::AlphaBar, step, value));
            }
            *place = -value.ln();
            previous = value;
        }
        Self::new(exponents)
    }

    /// Any other schedule's exponents, written down: faster to read than its formula is to evaluate.
    ///
    /// # Errors
    /// [`ScheduleError`] unless it has as many steps as there are exponents, and its exponents are finite and strictly
    /// increase.
    pub fn from_schedule(
        exponents: &'a mut [T],
        schedule: &impl NoiseSchedule<T>,
    ) -> Result<Self, ScheduleError<T>> {
        check_length(schedule.training_steps() as usize, exponents.len())?;
        for (step, place) in (1_u32..).zip(exponents.iter_mut()) {
            *place = schedule.exponent(step);
        }
        Self::new(exponents)
    }

    /// The exponents from β as a function of t, by a compensated sum (Kahan 1965): as accurate at T as at 1.
    fn fill(
        exponents: &'a mut [T],
        mut beta: impl FnMut(u32) -> T,
    ) -> Result<Self, ScheduleError<T>> {
        let (mut sum, mut lost) = (T::ZERO, T::ZERO);
        for (step, place) in (1_u32..).zip(exponents.iter_mut()) {
            let beta = beta(step);
            if !(beta > T::ZERO && beta < T::ONE) {
                return Err(ScheduleError::new(Quantity::Beta, step, beta));
            }
            let term = -((-beta).ln_1p()) - lost;
            let next = sum + term;
            lost = (next - sum) - term;
            sum = next;
            *place = sum;
        }
        Self::new(exponents)
    }
}

fn check_length<T>(length: usize, needed: usize) -> Result<(), ScheduleError<T>> {
    if length == needed {
        Ok(())
    } else {
        Err(ScheduleError::Length { length, needed })
    }
}

/// The number T of training steps of these exponents.
fn training_steps<T>(exponents: &[T]) -> u32 {
    u32::try_from(exponents.len()).unwrap_or(u32::MAX)
}

/// The straight line from `first` at t = 1 to `last` at t = T.
fn line<T: Real>(exponents: &[T], first: T, last: T) -> impl Fn(u32) -> T + use<T> {
    let intervals = training_steps(exponents).saturating_sub(1).max(1);
    move |step| first + (last - first) * (T::from_u32(step - 1) / T::from_u32(intervals))
}

impl<T: Real> NoiseSchedule<T> for ScheduleSlice<'_, T> {
    fn training_steps(&self) -> u32 {
        training_steps(self.exponents)
    }

    fn exponent(&self, step: u32) -> T {
        exponent(self.exponents, step)
    }
}

/// The exponent of a step; beyond the last step, that of the last.
pub(super) fn exponent<T: Real>(exponents: &[T], step: u32) -> T {
    let index = (step as usize).min(exponents.len()).checked_sub(1);
    index
        .and_then(|index| exponents.get(index))
        .copied()
        .unwrap_or(T::ZERO)
}

/// The first and the last exponent.
#[cfg(feature = "defmt")]
impl<T: Real + defmt::Format> defmt::Format for ScheduleSlice<'_, T> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "ScheduleSlice {{ {}: {}, .., {}: {} }}",
            1,
            self.exponent(1),
            self.training_steps(),
            self.exponent(u32::MAX)
        );
    }
}
