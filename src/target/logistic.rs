//! Bayesian logistic regression.

use nalgebra::SVector;

use super::{Drift, TableDrift, TableError};
use crate::dynamics::state::coordinates;
use crate::real::Real;
use crate::scalar::{Row, Scalar};

/// The force ∇ log p of a logistic regression's posterior over its D coefficients w, with the prior
/// N(0, 1/p).
///
/// Its table: the prior precision p, then a row of D scalars for each observation: its features, times
/// 1 or −1 for its class. ∇ log p(w) = −p w + Σ z/(1 + exp(z·w)) over the rows z.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::target::{Drift, LogisticRegression, TableDrift};
/// // An intercept and a feature; one observation of either class.
/// let table = [0.5_f64, 1.0, 2.0, -1.0, -3.0];
/// let drift = LogisticRegression::from_table(&table)?;
/// assert_eq!(drift.drift(0.0, &vector![0.0, 0.0]), vector![0.0, -0.5]);
/// # Ok::<(), poisson_midpoint::target::TableError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LogisticRegression<'a, T, const D: usize> {
    pub(crate) prior: T,
    pub(crate) rows: &'a [T],
}

impl<T: Real, const D: usize> LogisticRegression<'_, T, D> {
    /// The force of the prior alone.
    #[inline(always)]
    fn prior<X: Scalar<Real = T>>(&self, w: X) -> X {
        -(X::splat(self.prior) * w)
    }

    /// 1/(1 + exp(z·w)) of a row z, for one w or several in lanes.
    #[inline(always)]
    fn pull<'x, X: Scalar<Real = T> + 'x>(
        row: &[T],
        coordinates: impl Iterator<Item = &'x X>,
    ) -> X {
        let mut margin = X::splat(T::ZERO);
        for (&z, &w) in row.iter().zip(coordinates) {
            margin = margin + X::splat(z) * w;
        }
        // Where exp overflows to infinity, the pull is 0.
        let one = X::splat(T::ONE);
        one / (one + margin.map_regular(T::is_moderate, T::exp_of_moderate, T::exp))
    }
}

impl<T: Real, const D: usize> Drift<T, D> for LogisticRegression<'_, T, D> {
    #[inline(always)]
    fn is_vectorised(&self) -> bool {
        true
    }

    #[inline]
    fn drift(&self, _time: T, position: &SVector<T, D>) -> SVector<T, D> {
        let coordinates = coordinates(position).iter();
        let mut force = [T::ZERO; D];
        for (force, &w) in force.iter_mut().zip(coordinates.clone()) {
            *force = self.prior(w);
        }
        for row in self.rows.chunks_exact(D.max(1)) {
            let pull = Self::pull(row, coordinates.clone());
            for (force, &z) in force.iter_mut().zip(row) {
                *force += pull * z;
            }
        }
        force.into()
    }

    #[inline(always)]
    fn drifts<const L: usize>(&self, _times: &[T; L], positions: &[[T; L]; D]) -> [[T; L]; D] {
        /// The number of observations that are added while a component of the force stays in a register. It also keeps
        /// the compiler from vectors along D, whose elements would have to be gathered.
        const TOGETHER: usize = 8;

        let positions = positions.map(Row);
        let mut force = positions.map(|w| self.prior(w));
        for rows in self.rows.chunks(TOGETHER * D.max(1)) {
            let mut pulls = [Row([T::ZERO; L]); TOGETHER];
            for (pull, row) in pulls.iter_mut().zip(rows.chunks_exact(D.max(1))) {
                *pull = Self::pull(row, positions.iter());
            }
            for (d, force) in force.iter_mut().enumerate() {
                let column = rows.iter().skip(d).step_by(D.max(1));
                *force = pulls
                    .iter()
                    .zip(column)
                    .fold(*force, |force, (&pull, &z)| force + pull * Row([z; L]));
            }
        }
        force.map(|row| row.0)
    }
}

impl<'a, T: Real, const D: usize> TableDrift<'a, T, D> for LogisticRegression<'a, T, D> {
    #[inline]
    fn from_table(table: &'a [T]) -> Result<Self, TableError> {
        let (head, rows) = TableError::split(table, 1, D.max(1))?;
        let prior = head.first().copied().unwrap_or(T::ZERO);
        Ok(Self { prior, rows })
    }
}
