//! Statistics of a run, gathered while it runs: moments, convergence across chains, effective sample size.
//!
//! The values themselves are not kept: [`Moments`] of one statistic, [`Covariance`] of a vector and [`Chain`] of a
//! statistic along a chain have a fixed size, and need no heap.
//!
//! # Precision
//! Sums are pairs of numbers, the second holding what the first has no room for. In `f32` alone a mean stands
//! still after some 2²⁴ values, and so does the sum of squares; a pair goes on, also on machines without `f64`.
//!
//! # The same bits whatever the threads
//! A merge rounds, so the order of merges counts, as that of additions does. Give every particle, or every block of
//! particles whose size you fix, statistics of its own, and merge them in the order of the particles: the result then
//! depends on neither threads nor machines.
//!
//! ```
//! use poisson_midpoint::statistics::Moments;
//! let particles = [[1.0_f32, 2.0], [4.0, 9.0]];
//! let mut all = Moments::new();
//! for path in particles {
//!     // This part may run anywhere, at any time.
//!     let mut own = Moments::new();
//!     for value in path {
//!         own.push(value)?;
//!     }
//!     // This part runs in the order of the particles.
//!     all.merge(&own);
//! }
//! assert_eq!((all.count(), all.mean()), (4, Some(4.0)));
//! # Ok::<(), poisson_midpoint::statistics::NonFinite<f32>>(())
//! ```

mod chain;
mod covariance;
mod moments;

use core::fmt;

use crate::real::Real;

pub use chain::{Chain, effective_sample_size, split_r_hat};
pub use covariance::Covariance;
pub use moments::Moments;

/// A value that is not finite, or that would make a sum of squares not finite.
///
/// ```
/// use poisson_midpoint::statistics::{Moments, NonFinite};
/// let mut moments = Moments::new();
/// moments.push(1.0_f32)?;
/// assert_eq!(moments.push(f32::INFINITY), Err(NonFinite { value: f32::INFINITY }));
/// assert_eq!(moments.count(), 1); // as it was
/// # Ok::<(), NonFinite<f32>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NonFinite<T> {
    /// The value.
    pub value: T,
}

impl<T: Real> fmt::Display for NonFinite<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { value } = self;
        write!(
            f,
            "{value:e} is not in (-inf, inf), or the sum of squared distances from the mean is not"
        )
    }
}

impl<T: Real> core::error::Error for NonFinite<T> {}
