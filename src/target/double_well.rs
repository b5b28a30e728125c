//! The double well.

use nalgebra::SVector;

use super::{Drift, TableDrift, TableError};
use crate::dynamics::state::{State, vector};
use crate::real::Real;

/// The force of the double well f(x) = a Σ (x² − 1)²/4 in every dimension, with a bounded slope.
///
/// The force a(x − x³) grows with the cube of x, which no method of fixed step size survives. Beyond
/// |x| = c it therefore continues along its tangent: its Lipschitz constant is a·max(1, 3c² − 1).
/// As a table: a, c.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::target::{DoubleWell, Drift};
/// let drift = DoubleWell { steepness: 2.0_f64, cap: 2.0 };
/// assert_eq!(drift.drift(0.0, &vector![0.5, 1.0]), vector![0.75, 0.0]);
/// assert_eq!(drift.drift(0.0, &vector![-3.0]), vector![2.0 * (6.0 + 11.0)]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct DoubleWell<T> {
    /// Steepness a.
    pub steepness: T,
    /// Where the force becomes linear, c > 0; nowhere, if it is infinite.
    pub cap: T,
}

impl<T: Real, const D: usize> Drift<T, D> for DoubleWell<T> {
    #[inline]
    fn drift(&self, _time: T, position: &SVector<T, D>) -> SVector<T, D> {
        let component = |d| {
            let [x] = position.cell(d);
            x
        };
        let is_inside = |x: T| x.abs() <= self.cap;
        let cubic = |x: T| x - x * x * x;
        let slope = T::ONE - T::from_u32(3) * self.cap * self.cap;
        // In a kernel one branch for all components, since a warp takes its threads' branches one after another. On a
        // host that would keep particles from being moved together.
        #[cfg(target_arch = "nvptx64")]
        if (0..D).fold(true, |so_far, d| so_far & is_inside(component(d))) {
            return vector(|d| self.steepness * cubic(component(d)));
        }
        vector(|d| {
            let x = component(d);
            let force = if is_inside(x) {
                cubic(x)
            } else {
                let cap = if x > self.cap { self.cap } else { -self.cap };
                cubic(cap) + slope * (x - cap)
            };
            self.steepness * force
        })
    }
}

impl<'a, T: Real, const D: usize> TableDrift<'a, T, D> for DoubleWell<T> {
    #[inline]
    fn from_table(table: &'a [T]) -> Result<Self, TableError> {
        match table {
            &[steepness, cap] => Ok(Self { steepness, cap }),
            _ => Err(TableError {
                length: table.len(),
                fixed: 2,
                row: 0,
            }),
        }
    }
}
