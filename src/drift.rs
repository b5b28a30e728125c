//! The drift b(x, t) that a caller supplies.

use nalgebra::{SMatrix, SVector};

use crate::Real;

/// A drift b(x, t) in D dimensions.
///
/// Every closure `FnMut(time, &position) -> drift` is one. For Langevin dynamics the drift is the
/// force −∇f, f the potential (minus the logarithm of the target density).
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::Drift;
/// let mut spring = |_time: f64, x: &SVector<f64, 2>| -x;
/// assert_eq!(spring.drift(0.0, &vector![1.0, 2.0]), vector![-1.0, -2.0]);
/// ```
pub trait Drift<T: Real, const D: usize> {
    /// b(x, t) at a time and a position.
    fn drift(&mut self, time: T, position: &SVector<T, D>) -> SVector<T, D>;
}

impl<T: Real, const D: usize, F> Drift<T, D> for F
where
    F: FnMut(T, &SVector<T, D>) -> SVector<T, D>,
{
    #[inline]
    fn drift(&mut self, time: T, position: &SVector<T, D>) -> SVector<T, D> {
        self(time, position)
    }
}

/// The force −P(x − μ) of a Gaussian target with mean μ and precision matrix P.
///
/// ```
/// use nalgebra::{matrix, vector};
/// use poisson_midpoint::{Drift, Gaussian};
/// let mut drift = Gaussian {
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
    fn drift(&mut self, _time: T, position: &SVector<T, D>) -> SVector<T, D> {
        let mut force: SVector<T, D> = SVector::from_element(T::ZERO);
        let columns = self.precision.column_iter();
        for (column, (&x, &mean)) in columns.zip(position.iter().zip(&self.mean)) {
            for (force, &entry) in force.iter_mut().zip(column.iter()) {
                *force += entry * (mean - x);
            }
        }
        force
    }
}
