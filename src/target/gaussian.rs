//! The Gaussian target.

use nalgebra::{SMatrix, SVector};

use super::{Drift, TableDrift, TableError};
use crate::dynamics::state::coordinates;
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
        force(coordinates(&self.mean), &self.precision.data.0, position)
    }
}

/// P(μ − x), P column by column.
#[inline]
#[allow(clippy::indexing_slicing, reason = "indices below D")]
fn force<T: Real, const D: usize>(
    mean: &[T; D],
    precision: &[[T; D]; D],
    position: &SVector<T, D>,
) -> SVector<T, D> {
    // Arrays, since slices keep the compiler from unrolling.
    let mut force = [T::ZERO; D];
    let position = coordinates(position);
    if D <= 4 {
        // By index, since a kernel does not unroll a loop over zipped iterators. With more dimensions it should not: it would
        // keep the matrix in registers.
        for column in 0..D {
            let away = mean[column] - position[column];
            for row in 0..D {
                force[row] += precision[column][row] * away;
            }
        }
        return force.into();
    }
    for (column, (&x, &mean)) in precision.iter().zip(position.iter().zip(mean)) {
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
    pub(crate) mean: &'a [T; D],
    pub(crate) precision: &'a [[T; D]; D],
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
        let (length, fixed, row) = (table.len(), D * (D + 1), 0);
        let error = TableError { length, fixed, row };
        let (mean, columns) = table.split_first_chunk().ok_or(error)?;
        let (columns, rest) = columns.as_chunks();
        match columns.try_into() {
            Ok(precision) if rest.is_empty() => Ok(Self { mean, precision }),
            _ => Err(error),
        }
    }
}
