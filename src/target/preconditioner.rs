//! A linear change of variables that makes a target round.

use core::fmt;

use nalgebra::{SMatrix, SVector};

use super::Drift;
use crate::real::Real;
use crate::scalar::{Row, Scalar};

/// Rows of a square matrix.
type Rows<T, const D: usize> = [[T; D]; D];

/// Coordinates y in which a target is about as wide in every direction: x = μ + L y, where L Lᵀ is about its
/// covariance.
///
/// A step may be no larger than the narrowest direction allows, and a chain takes as long as the widest one needs: the
/// number of steps goes with the condition number of the covariance. In y that is about 1. The chain of y is the chain
/// of x with the matrix M = L Lᵀ for a mobility (overdamped) or an inverse mass (underdamped):
///
/// ```text
/// dY = Lᵀ∇log p(μ + LY) dt + √2 dW,    dX = M ∇log p(X) dt + √2 L dW
/// ```
///
/// Any matrix leaves the target as it is, so a rough estimate of the covariance does. It costs 2 D² multiplications a
/// drift evaluation. Where the coordinates are independent, multiplying them by their widths does as much for 2 D.
///
/// ```
/// use nalgebra::{matrix, vector};
/// use poisson_midpoint::dynamics::Overdamped;
/// use poisson_midpoint::random::Stream;
/// use poisson_midpoint::statistics::Covariance;
/// use poisson_midpoint::target::{Drift, Gaussian, Preconditioner};
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, Stepper};
/// // Widths of 10 and 0.07 along the diagonals; in y a step may be of order 1.
/// let target = Gaussian { mean: vector![3.0, -2.0], precision: matrix![100.0, 99.99; 99.99, 100.0] };
/// let map = Preconditioner::from_precision(target.mean, &target.precision)?;
/// let drift = map.drift(target);
/// let stepper = PoissonMidpoint::new(Overdamped::new(0.25_f64, 1000)?, MidpointLaw::Single);
/// let (mut y, mut stream) = (vector![0.0, 0.0], Stream::new(42, 0));
/// let mut seen = Covariance::new();
/// for _ in 0..20_000 {
///     let _ = stepper.step(0.0, &mut y, |time, y| drift.drift(time, y), &mut stream)?;
///     seen.push(&map.position(&y))?;
/// }
/// let covariance = seen.covariance().unwrap();
/// assert!((covariance[(0, 0)] - 50.0).abs() < 7.5);
/// assert!((covariance[(0, 1)] + 50.0).abs() < 7.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Preconditioner<T, const D: usize> {
    centre: [T; D],
    /// L.
    factor: Rows<T, D>,
    /// L⁻¹.
    inverse: Rows<T, D>,
}

impl<T: Real, const D: usize> Preconditioner<T, D> {
    /// The change of variables with μ and a covariance, such as [`Covariance`](crate::statistics::Covariance) gives
    /// from a first run; L is its lower Cholesky factor. Only the lower triangle of the matrix is read. Costs about D³
    /// multiplications.
    ///
    /// # Errors
    /// [`NotPositiveDefinite`] if the covariance is not positive definite.
    pub fn from_covariance(
        centre: SVector<T, D>,
        covariance: &SMatrix<T, D, D>,
    ) -> Result<Self, NotPositiveDefinite<T>> {
        let factor = cholesky(covariance)?;
        Ok(Self {
            centre: centre.into(),
            factor,
            inverse: inverse_of_lower(&factor),
        })
    }

    /// The change of variables with μ and a precision matrix P, the inverse of the covariance, such as the Hessian of
    /// −log p at the mode; L is R⁻ᵀ, where R Rᵀ = P. Only the lower triangle of the matrix is read. Costs about D³
    /// multiplications.
    ///
    /// # Errors
    /// [`NotPositiveDefinite`] if P is not positive definite.
    pub fn from_precision(
        centre: SVector<T, D>,
        precision: &SMatrix<T, D, D>,
    ) -> Result<Self, NotPositiveDefinite<T>> {
        let factor = cholesky(precision)?;
        Ok(Self {
            centre: centre.into(),
            factor: transposed(&inverse_of_lower(&factor)),
            inverse: transposed(&factor),
        })
    }

    /// x = μ + L y.
    #[must_use]
    pub fn position(&self, y: &SVector<T, D>) -> SVector<T, D> {
        self.position_of(&(*y).into()).into()
    }

    #[inline(always)]
    fn position_of<X: Scalar<Real = T>>(&self, y: &[X; D]) -> [X; D] {
        let mut position = *y;
        for ((x, row), &centre) in position.iter_mut().zip(&self.factor).zip(&self.centre) {
            *x = X::splat(centre) + dot(row, y);
        }
        position
    }

    /// y = L⁻¹ (x − μ): the start of a chain that is to begin at x.
    #[must_use]
    pub fn coordinates(&self, x: &SVector<T, D>) -> SVector<T, D> {
        let mut deviation: [T; D] = (*x).into();
        for (x, &centre) in deviation.iter_mut().zip(&self.centre) {
            *x -= centre;
        }
        self.inverse.map(|row| dot(&row, &deviation)).into()
    }

    /// Lᵀ f: the gradient in y of a function whose gradient in x is f.
    #[must_use]
    pub fn gradient(&self, force: &SVector<T, D>) -> SVector<T, D> {
        self.gradient_of(&(*force).into()).into()
    }

    #[inline(always)]
    fn gradient_of<X: Scalar<Real = T>>(&self, force: &[X; D]) -> [X; D] {
        let mut gradient = [X::splat(T::ZERO); D];
        for (row, &force) in self.factor.iter().zip(force) {
            add_multiple(&mut gradient, row, force);
        }
        gradient
    }

    /// The drift of y, Lᵀ b(μ + L y, t).
    pub fn drift<B: Drift<T, D>>(&self, drift: B) -> Preconditioned<'_, T, B, D> {
        Preconditioned { map: self, drift }
    }
}

/// The drift of y where x = μ + L y has the drift b: Lᵀ b(μ + L y, t), made by [`Preconditioner::drift`].
///
/// If b is vectorised ([`Drift::is_vectorised`]), so is this: hand it to an engine as it is, for in a closure it is asked
/// for one particle at a time. Costs one evaluation of b and 2 D² multiplications.
///
/// ```
/// use nalgebra::{matrix, vector};
/// use poisson_midpoint::dynamics::Overdamped;
/// use poisson_midpoint::random::Stream;
/// use poisson_midpoint::target::{Drift, Preconditioner};
/// use poisson_midpoint::{EulerMaruyama, Stepper};
/// let map = Preconditioner::from_covariance(vector![1.0], &matrix![4.0])?; // x = 1 + 2 y
/// let drift = map.drift(|_time: f64, x: &_| -x);
/// assert_eq!(drift.drift(0.0, &vector![3.0]), vector![-14.0]);
/// let stepper = EulerMaruyama::new(Overdamped::new(0.1, 1)?);
/// let mut y = map.coordinates(&vector![7.0]);
/// let _ = stepper.step(0.0, &mut y, |time, y| drift.drift(time, y), &mut Stream::new(42, 0))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Preconditioned<'a, T, B, const D: usize> {
    map: &'a Preconditioner<T, D>,
    drift: B,
}

impl<T: Real, B: Drift<T, D>, const D: usize> Drift<T, D> for Preconditioned<'_, T, B, D> {
    #[inline]
    fn drift(&self, time: T, y: &SVector<T, D>) -> SVector<T, D> {
        let force = self.drift.drift(time, &self.map.position(y));
        self.map.gradient(&force)
    }

    #[inline(always)]
    fn is_vectorised(&self) -> bool {
        self.drift.is_vectorised()
    }

    #[inline(always)]
    fn drifts<const L: usize>(&self, times: &[T; L], positions: &[[T; L]; D]) -> [[T; L]; D] {
        let positions = self.map.position_of(&positions.map(Row));
        let forces = self.drift.drifts(times, &positions.map(|Row(x)| x));
        self.map.gradient_of(&forces.map(Row)).map(|Row(b)| b)
    }
}

#[inline(always)]
fn dot<X: Scalar, const D: usize>(a: &[X::Real; D], b: &[X; D]) -> X {
    let mut sum = X::splat(X::Real::ZERO);
    for (&a, &b) in a.iter().zip(b) {
        sum = sum + X::splat(a) * b;
    }
    sum
}

#[inline(always)]
fn add_multiple<X: Scalar, const D: usize>(sum: &mut [X; D], row: &[X::Real; D], factor: X) {
    for (sum, &entry) in sum.iter_mut().zip(row) {
        *sum = *sum + factor * X::splat(entry);
    }
}

fn transposed<T: Real, const D: usize>(rows: &Rows<T, D>) -> Rows<T, D> {
    // nalgebra takes an array of rows for one of columns.
    let columns: SMatrix<T, D, D> = (*rows).into();
    columns.transpose().into()
}

/// The lower triangular L with positive diagonal for which L Lᵀ is the matrix.
fn cholesky<T: Real, const D: usize>(
    matrix: &SMatrix<T, D, D>,
) -> Result<Rows<T, D>, NotPositiveDefinite<T>> {
    let rows: Rows<T, D> = matrix.transpose().into();
    let mut factor = [[T::ZERO; D]; D];
    for (i, entries) in rows.iter().enumerate() {
        let mut own = [T::ZERO; D];
        for (j, (before, &entry)) in factor.iter().zip(entries).enumerate().take(i) {
            // From j on, one of the two rows is zero, so the product ends before j.
            let rest = entry - dot(&own, before);
            if let (Some(own), Some(&pivot)) = (own.get_mut(j), before.get(j)) {
                *own = rest / pivot;
            }
        }
        let square = dot(&own, &own);
        if let (Some(own), Some(&entry)) = (own.get_mut(i), entries.get(i)) {
            let pivot = entry - square;
            if !pivot.is_positive_normal() {
                return Err(NotPositiveDefinite { row: i, pivot });
            }
            *own = pivot.sqrt();
        }
        if let Some(row) = factor.get_mut(i) {
            *row = own;
        }
    }
    Ok(factor)
}

/// The inverse of a lower triangular matrix.
fn inverse_of_lower<T: Real, const D: usize>(lower: &Rows<T, D>) -> Rows<T, D> {
    let mut inverse = [[T::ZERO; D]; D];
    for (i, entries) in lower.iter().enumerate() {
        let mut own = [T::ZERO; D];
        for (before, &entry) in inverse.iter().zip(entries).take(i) {
            add_multiple(&mut own, before, -entry);
        }
        if let (Some(unit), Some(&pivot)) = (own.get_mut(i), entries.get(i)) {
            *unit = T::ONE;
            let own = own.map(|entry| entry / pivot);
            if let Some(row) = inverse.get_mut(i) {
                *row = own;
            }
        }
    }
    inverse
}

/// A matrix that is not positive definite: the pivot of a row is not a positive normal number.
///
/// ```
/// use nalgebra::{matrix, vector};
/// use poisson_midpoint::target::{NotPositiveDefinite, Preconditioner};
/// let refused = Preconditioner::from_covariance(vector![0.0, 0.0], &matrix![1.0_f32, 2.0; 2.0, 1.0]);
/// assert_eq!(refused, Err(NotPositiveDefinite { row: 1, pivot: -3.0 }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NotPositiveDefinite<T> {
    /// The row, from 0.
    pub row: usize,
    /// The square of the Cholesky factor's diagonal entry there.
    pub pivot: T,
}

impl<T: Real> fmt::Display for NotPositiveDefinite<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, pivot } = self;
        write!(
            f,
            "pivot {pivot:e} of row {row} is no normal number in (0, inf): the matrix is not positive definite"
        )
    }
}

impl<T: Real> core::error::Error for NotPositiveDefinite<T> {}
