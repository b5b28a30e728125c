//! Mean and variance of one statistic.

use super::NonFinite;
use crate::numeric::count::of_count;
use crate::numeric::pair::Pair;
use crate::real::Real;

/// Count, mean and variance of the values of one statistic, by Welford's recurrence in [pairs](super#precision).
///
/// For a vector take an array of them, or [`Covariance`](super::Covariance).
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::dynamics::Overdamped;
/// use poisson_midpoint::random::Stream;
/// use poisson_midpoint::statistics::Moments;
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, Stepper};
/// let stepper = PoissonMidpoint::new(Overdamped::new(0.25_f32, 1000)?, MidpointLaw::Single);
/// let (mut x, mut stream) = (vector![0.0, 0.0], Stream::new(42, 0));
/// let mut moments = [Moments::new(); 2];
/// for _ in 0..20_000 {
///     let _ = stepper.step(0.0, &mut x, |_time, x| -x, &mut stream)?;
///     for (moments, &value) in moments.iter_mut().zip(&x) {
///         moments.push(value)?;
///     }
/// }
/// for moments in moments {
///     // 20,000 steps of ¼ are some 2500 independent draws.
///     assert!(moments.mean().unwrap().abs() < 0.1);
///     assert!((moments.variance().unwrap() - 1.0).abs() < 0.15);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Moments<T> {
    count: u64,
    mean: Pair<T>,
    /// Σ (x − mean)².
    squares: Pair<T>,
}

impl<T: Real> Moments<T> {
    /// Moments of no value.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            count: 0,
            mean: Pair::ZERO,
            squares: Pair::ZERO,
        }
    }

    /// The moments that [`parts`](Self::parts) gave.
    #[must_use]
    pub const fn from_parts(count: u64, [mean, more_mean, squares, more_squares]: [T; 4]) -> Self {
        Self {
            count,
            mean: Pair {
                high: mean,
                low: more_mean,
            },
            squares: Pair {
                high: squares,
                low: more_squares,
            },
        }
    }

    /// The whole state, for another machine or a file: the count, then the mean and Σ (x − mean)², each as a sum of two
    /// numbers.
    ///
    /// ```
    /// use poisson_midpoint::statistics::Moments;
    /// let mut moments = Moments::new();
    /// moments.push(1.5_f32)?;
    /// let (count, numbers) = moments.parts();
    /// assert_eq!(Moments::from_parts(count, numbers), moments);
    /// # Ok::<(), poisson_midpoint::statistics::NonFinite<f32>>(())
    /// ```
    #[must_use]
    pub fn parts(&self) -> (u64, [T; 4]) {
        let Self {
            count,
            mean,
            squares,
        } = *self;
        (count, [mean.high, mean.low, squares.high, squares.low])
    }

    /// Adds a value.
    ///
    /// # Errors
    /// [`NonFinite`], with nothing changed, unless the value, its squared distance from the mean and the sum of these
    /// are finite.
    pub fn push(&mut self, value: T) -> Result<(), NonFinite<T>> {
        let count = self.count + 1;
        let deviation = self.mean.below(value);
        let mean = self.mean.plus(deviation / of_count(count));
        let squares = self.squares.plus(deviation * mean.below(value));
        if !squares.value().is_finite() {
            return Err(NonFinite { value });
        }
        *self = Self {
            count,
            mean,
            squares,
        };
        Ok(())
    }

    /// Adds the values of another, as if they had been pushed here (Chan, Golub & `LeVeque` 1983).
    ///
    /// Where the squared distance of the two means is not finite, there is no variance afterwards.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let count = self.count + other.count;
        let deviation = self.mean.below_pair(other.mean);
        let share: T = of_count::<T>(other.count) / of_count(count);
        let between = deviation * (deviation * share) * of_count(self.count);
        *self = Self {
            count,
            mean: self.mean.plus(deviation * share),
            squares: self.squares.plus_pair(other.squares).plus(between),
        };
    }

    /// The number of values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean; `None` if there is no value.
    #[must_use]
    pub fn mean(&self) -> Option<T> {
        let mean = self.mean.value();
        (self.count > 0 && mean.is_finite()).then_some(mean)
    }

    /// The unbiased variance, Σ (x − mean)² / (n − 1); `None` if there are fewer than two values.
    #[must_use]
    pub fn variance(&self) -> Option<T> {
        let freedom = self.count.checked_sub(1)?;
        // One value gives 0/0.
        let variance = self.squares.value() / of_count(freedom);
        variance.is_finite().then_some(variance)
    }

    /// The standard error of the mean of independent values, √(variance / n); `None` if there are fewer than two.
    ///
    /// Values along a chain are not independent: [`effective_sample_size`](super::effective_sample_size) takes n's
    /// place.
    #[must_use]
    pub fn standard_error(&self) -> Option<T> {
        let variance = self.variance()?;
        Some((variance / of_count(self.count)).sqrt())
    }
}
