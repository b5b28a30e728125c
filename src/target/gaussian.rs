//! The Gaussian target.

use nalgebra::{SMatrix, SVector};

use super::{Drift, TableDrift, TableError};
use crate::real::Real;

/// The force −P(x − μ) of a Gaussian target with mean μ and precision matrix P.
///
/// ```
/// use nalgebra::{matrix, vector};
/// use poisson_midpoint::target::{Drift, Gaussian};
/// let drift = Gaussian {
///     mean: vector![1.0_f32, 0.0],
///     precision: matrix![2.0, 0.0; 0.0, 3.0],
/// };
/// assert_eq!(drift.drift(0.0, &vector![0.0, 1.0]), vector![2.0, -3.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gaussian<T: Real, const D: usize> {
    /// Mean μ.
    pub mean: SVector<T, D>,
    /// Precision matrix P, the inverse of the covariance.
    pub precision: SMatrix<T, D, D>,
}

impl<T: Real, const D: usize> Drift<T, D> for Gaussian<T, D> {
    #[inline]
    fn drift(&self, _time: T, position: &SVector<T, D>) -> SVector<T, D> {
        force(self.mean.as_slice(), self.precision.as_slice(), position)
    }
}

/// P(μ − x), P column by column.
#[inline]
fn force<T: Real, const D: usize>(
    mean: &[T],
    precision: &[T],
    position: &SVector<T, D>,
) -> SVector<T, D> {
    // An array, since nalgebra's own iterators keep the compiler from using vectors.
    let mut force = [T::ZERO; D];
    let columns = precision.chunks_exact(D.max(1));
    for (column, (&x, &mean)) in columns.zip(position.iter().zip(mean)) {
        for (force, &entry) in force.iter_mut().zip(column) {
            *force += entry * (mean - x);
        }
    }
    force.into()
}

/// [`Gaussian`] on a table: the mean, then the precision matrix column by column.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::target::{Drift, GaussianTable, TableDrift};
/// let drift = GaussianTable::from_table(&[1.0_f32, 0.0, 2.0, 0.0, 0.0, 3.0])?;
/// assert_eq!(drift.drift(0.0, &vector![0.0, 1.0]), vector![2.0, -3.0]);
/// # Ok::<(), poisson_midpoint::target::TableError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GaussianTable<'a, T, const D: usize> {
    pub(crate) mean: &'a [T],
    pub(crate) precision: &'a [T],
}

impl<T: Real, const D: usize> Drift<T, D> for GaussianTable<'_, T, D> {
    #[inline]
    fn drift(&self, _time: T, position: &SVector<T, D>) -> SVector<T, D> {
        force(self.mean, self.precision, position)
    }
}

impl<'a, T: Real, const D: usize> TableDrift<'a, T, D> for GaussianTable<'a, T, D> {
    #[inline]
    fn from_table(table: &'a [T]) -> Result<Self, TableError> {
        let (table, _) = TableError::split(table, D * (D + 1), 0)?;
        let (mean, precision) = table.split_at_checked(D).unwrap_or_default();
        Ok(Self { mean, precision })
    }
}
