//! Mean and covariance of a vector.

use nalgebra::{SMatrix, SVector};

use super::NonFinite;
use crate::numeric::count::of_count;
use crate::numeric::pair::Pair;
use crate::real::Real;

/// Count, mean and full covariance of vectors of D components, by the recurrence of
/// [`Moments`](super::Moments): D + D² pairs of numbers, 2 D² multiplications a vector.
///
/// ```
/// use nalgebra::{matrix, vector};
/// use poisson_midpoint::statistics::Covariance;
/// let mut covariance = Covariance::new();
/// for x in [vector![1.0_f32, 0.0], vector![3.0, 4.0], vector![2.0, 2.0]] {
///     covariance.push(&x)?;
/// }
/// assert_eq!(covariance.mean(), Some(vector![2.0, 2.0]));
/// assert_eq!(covariance.covariance(), Some(matrix![1.0, 2.0; 2.0, 4.0]));
/// # Ok::<(), poisson_midpoint::statistics::NonFinite<f32>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Covariance<T, const D: usize> {
    count: u64,
    mean: [Pair<T>; D],
    /// Σ (x − mean)(x − mean)ᵀ.
    products: [[Pair<T>; D]; D],
}

impl<T: Real, const D: usize> Default for Covariance<T, D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Real, const D: usize> Covariance<T, D> {
    /// Statistics of no vector.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            count: 0,
            mean: [Pair::ZERO; D],
            products: [[Pair::ZERO; D]; D],
        }
    }

    /// Adds a vector.
    ///
    /// # Errors
    /// [`NonFinite`] of the first component that is not finite, or whose sum of squared distances from the mean is not;
    /// nothing is changed then.
    pub fn push(&mut self, vector: &SVector<T, D>) -> Result<(), NonFinite<T>> {
        let count = self.count + 1;
        let n: T = of_count(count);
        let mut moved = *self;
        moved.count = count;
        let mut deviation: [T; D] = (*vector).into();
        for (deviation, mean) in deviation.iter_mut().zip(&mut moved.mean) {
            *deviation = mean.below(*deviation);
            *mean = mean.plus(*deviation / n);
        }
        // (x − old mean)(x − new mean)ᵀ is this symmetric product. The first vector is its own mean.
        if self.count > 0 {
            moved.add_products(&deviation, (n - T::ONE) / n);
        }
        let rows = moved.products.iter().enumerate();
        let squares = rows.filter_map(|(i, row)| row.get(i));
        for (&value, (mean, square)) in vector.iter().zip(moved.mean.iter().zip(squares)) {
            if !(mean.value().is_finite() && square.value().is_finite()) {
                return Err(NonFinite { value });
            }
        }
        *self = moved;
        Ok(())
    }

    /// Adds the vectors of another, as if they had been pushed here.
    ///
    /// Where the squared distance of the two means is not finite, there is no covariance afterwards.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let count = self.count + other.count;
        let share: T = of_count::<T>(other.count) / of_count(count);
        let weight = share * of_count(self.count);
        let mut deviation = [T::ZERO; D];
        let means = self.mean.iter_mut().zip(&other.mean);
        for (deviation, (mean, other)) in deviation.iter_mut().zip(means) {
            *deviation = mean.below_pair(*other);
            *mean = mean.plus(*deviation * share);
        }
        for (row, other) in self.products.iter_mut().zip(&other.products) {
            for (product, other) in row.iter_mut().zip(other) {
                *product = product.plus_pair(*other);
            }
        }
        self.add_products(&deviation, weight);
        self.count = count;
    }

    /// Adds the products of a deviation's components, in an order of factors that leaves them symmetric.
    fn add_products(&mut self, deviation: &[T; D], weight: T) {
        for (row, &of_row) in self.products.iter_mut().zip(deviation) {
            for (product, &of_column) in row.iter_mut().zip(deviation) {
                *product = product.plus(of_row * of_column * weight);
            }
        }
    }

    /// The number of vectors.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean; `None` if there is no vector.
    #[must_use]
    pub fn mean(&self) -> Option<SVector<T, D>> {
        let mean: SVector<T, D> = self.mean.map(Pair::value).into();
        (self.count > 0 && mean.iter().all(|x| x.is_finite())).then_some(mean)
    }

    /// The unbiased covariance, symmetric to the bit; `None` if there are fewer than two vectors.
    #[must_use]
    pub fn covariance(&self) -> Option<SMatrix<T, D, D>> {
        // One vector gives 0/0.
        let freedom: T = of_count(self.count.checked_sub(1)?);
        let columns = self
            .products
            .map(|row| row.map(|product| product.value() / freedom));
        let covariance: SMatrix<T, D, D> = columns.into();
        covariance
            .iter()
            .all(|x| x.is_finite())
            .then_some(covariance)
    }
}
