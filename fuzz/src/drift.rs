//! Drifts.

use poisson_midpoint::nalgebra::SVector;

use crate::numbers::Scalar;

/// How steep [`smooth`] is: a bound of its Lipschitz constant in x.
pub const STEEPNESS: f64 = 4.0;

/// A smooth drift that couples the coordinates and depends on time; the same function for any scalar, evaluated in f64.
#[must_use]
pub fn smooth<const D: usize>(time: f64, x: [f64; D]) -> [f64; D] {
    std::array::from_fn(|d| {
        let next = x[(d + 1) % D];
        next / (1.0 + next * next) - (1.0 + d as f64 / D as f64) * x[d] + 0.5 * time
    })
}

/// [`smooth`] of a scalar's vectors.
pub fn of_vector<T: Scalar, const D: usize>(time: T, x: &SVector<T, D>) -> SVector<T, D> {
    let x = std::array::from_fn(|d| x[d].wide());
    SVector::from(smooth(time.wide(), x).map(T::of))
}
