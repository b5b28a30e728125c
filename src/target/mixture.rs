//! A mixture of Gaussians.

use nalgebra::SVector;

use super::{Drift, TableDrift, TableError};
use crate::dynamics::state::coordinates;
use crate::real::Real;

/// The force ∇ log p of a mixture of Gaussians, each with a covariance that is a multiple of the
/// identity.
///
/// Its table has a row for each component k: the logarithm of its weight (up to a constant common
/// to all: ln wₖ + (D/2) ln pₖ), its precision pₖ, its mean μₖ in D scalars.
/// ∇ log p(x) = Σ rₖ pₖ (μₖ − x), rₖ ∝ exp(ln wₖ + (D/2) ln pₖ − pₖ|x − μₖ|²/2).
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::target::{Drift, GaussianMixture, TableDrift};
/// // Two alike at −1 and 1, of precision 4: halfway between them nothing pulls.
/// let drift = GaussianMixture::from_table(&[0.0_f64, 4.0, -1.0, 0.0, 4.0, 1.0])?;
/// assert_eq!(drift.drift(0.0, &vector![0.0]), vector![0.0]);
/// assert!((drift.drift(0.0, &vector![3.0]).x + 8.0).abs() < 1e-9);
/// # Ok::<(), poisson_midpoint::target::TableError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GaussianMixture<'a, T, const D: usize> {
    pub(crate) rows: &'a [T],
}

impl<T: Real, const D: usize> GaussianMixture<'_, T, D> {
    /// Each component's log responsibility up to a constant, precision and mean.
    #[inline]
    fn components(&self, position: &[T; D]) -> impl Iterator<Item = (T, T, &[T])> {
        self.rows.chunks_exact(D + 2).filter_map(move |row| {
            let [weight, precision, mean @ ..] = row else {
                return None;
            };
            let mut square = T::ZERO;
            for (&x, &mean) in position.iter().zip(mean) {
                square += (x - mean) * (x - mean);
            }
            Some((*weight - *precision * square / T::TWO, *precision, mean))
        })
    }
}

impl<T: Real, const D: usize> Drift<T, D> for GaussianMixture<'_, T, D> {
    /// Two passes, so that the largest exponent is 0.
    #[cfg_attr(target_arch = "nvptx64", inline(never))]
    #[cfg_attr(not(target_arch = "nvptx64"), inline)]
    fn drift(&self, _time: T, position: &SVector<T, D>) -> SVector<T, D> {
        let position = coordinates(position);
        let mut largest = None;
        for (exponent, _, _) in self.components(position) {
            if largest.is_none_or(|largest| exponent > largest) {
                largest = Some(exponent);
            }
        }
        let largest = largest.unwrap_or(T::ZERO);
        let mut sum = T::ZERO;
        let mut force = [T::ZERO; D];
        for (exponent, precision, mean) in self.components(position) {
            let weight = (exponent - largest).exp();
            sum += weight;
            let pull = weight * precision;
            for ((force, &x), &mean) in force.iter_mut().zip(position).zip(mean) {
                *force += pull * (mean - x);
            }
        }
        for force in &mut force {
            *force = *force / sum;
        }
        force.into()
    }
}

impl<'a, T: Real, const D: usize> TableDrift<'a, T, D> for GaussianMixture<'a, T, D> {
    #[inline]
    fn from_table(table: &'a [T]) -> Result<Self, TableError> {
        let (_, rows) = TableError::split(table, 0, D + 2)?;
        Ok(Self { rows })
    }
}
