//! The drift b(x, t) that a caller supplies.
//!
//! A closure is a [`Drift`]; so are the built-in ones, which have kernels for a GPU too. Most keep their parameters in a
//! table of plain scalars, in flash or in a GPU's memory ([`TableDrift`]). A [`Preconditioner`] makes a target about as
//! wide in one direction as in another, and with it a step size fit for all of them.
//!
//! ```
//! use nalgebra::{matrix, vector};
//! use poisson_midpoint::target::{Drift, Gaussian, Preconditioner};
//! // Standard deviations of 1 and 1000.
//! let target = Gaussian { mean: vector![0.0_f64, 0.0], precision: matrix![1.0, 0.0; 0.0, 1e-6] };
//! let map = Preconditioner::from_precision(target.mean, &target.precision)?;
//! // In its coordinates y the target is a standard normal: the drift is −y.
//! let drift = map.drift(target);
//! assert_eq!(drift.drift(0.0, &vector![1.0, 2.0]), vector![-1.0, -2.0]);
//! assert_eq!(map.position(&vector![1.0, 2.0]), vector![1.0, 2000.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use core::fmt;

use nalgebra::SVector;

use crate::real::Real;

mod double_well;
mod gaussian;
mod logistic;
mod mixture;
mod preconditioner;

pub use double_well::DoubleWell;
pub use gaussian::{Gaussian, GaussianTable};
pub use logistic::LogisticRegression;
pub use mixture::GaussianMixture;
pub use preconditioner::{NotPositiveDefinite, Preconditioned, Preconditioner};

/// A drift b(x, t) in D dimensions.
///
/// Every closure `Fn(time, &position) -> drift` is one. For Langevin dynamics the drift is the
/// force −∇f, f the potential (minus the logarithm of the target density).
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::target::Drift;
/// let spring = |_time: f64, x: &SVector<f64, 2>| -x;
/// assert_eq!(spring.drift(0.0, &vector![1.0, 2.0]), vector![-1.0, -2.0]);
/// ```
pub trait Drift<T: Real, const D: usize> {
    /// b(x, t) at a time and a position.
    fn drift(&self, time: T, position: &SVector<T, D>) -> SVector<T, D>;

    /// Whether [`drifts`](Self::drifts) takes less than a quarter of the time of as many calls of
    /// [`drift`](Self::drift). Then it is called for fewer particles too, with the positions of others repeated.
    #[inline(always)]
    fn is_vectorised(&self) -> bool {
        false
    }

    /// b(x, t) of `L` particles: particle l is at `times[l]` and in dimension d at `positions[d][l]`.
    ///
    /// The engines of a processor call it for 16 particles that they step together. By default each particle is asked for
    /// alone, which is right where [`drift`](Self::drift) is short. A drift that goes through much data for each position
    /// is several times as fast when it goes through the data once, in loops over particles, which the compiler turns into
    /// vectors: into the widest, with the feature `simd`, if all is `#[inline(always)]`. It must give the bits of
    /// [`drift`](Self::drift), to which the engines return where particles cannot be stepped together: where their states
    /// are large (beyond 512 scalars in `f64`, twice as many in `f32`; with `Bernoulli` midpoints a quarter of that), where
    /// particles of one batch have read different numbers of words, and where a step fails.
    ///
    /// ```
    /// use nalgebra::SVector;
    /// use poisson_midpoint::target::Drift;
    /// /// −x/s², a scale s for each dimension.
    /// struct Springs<const D: usize>([f32; D]);
    /// impl<const D: usize> Drift<f32, D> for Springs<D> {
    ///     fn drift(&self, time: f32, position: &SVector<f32, D>) -> SVector<f32, D> {
    ///         self.drifts(&[time], &position.data.0[0].map(|x| [x])).map(|[b]| b).into()
    ///     }
    ///     fn is_vectorised(&self) -> bool {
    ///         true
    ///     }
    ///     #[inline(always)]
    ///     fn drifts<const L: usize>(&self, _: &[f32; L], positions: &[[f32; L]; D]) -> [[f32; L]; D] {
    ///         let mut drifts = *positions;
    ///         for (row, scale) in drifts.iter_mut().zip(&self.0) {
    ///             for x in row {
    ///                 *x = -*x / (scale * scale);
    ///             }
    ///         }
    ///         drifts
    ///     }
    /// }
    /// let springs = Springs([1.0, 2.0]);
    /// assert_eq!(springs.drifts(&[0.0; 3], &[[1.0, 2.0, 3.0], [4.0; 3]]), [[-1.0, -2.0, -3.0], [-1.0; 3]]);
    /// ```
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "lanes are L, and dimensions D")]
    fn drifts<const L: usize>(&self, times: &[T; L], positions: &[[T; L]; D]) -> [[T; L]; D]
    where
        Self: Sized,
    {
        let mut drifts = [[T::ZERO; L]; D];
        for (lane, &time) in times.iter().enumerate() {
            let position = SVector::from_fn(|d, _| positions[d][lane]);
            let drift = self.drift(time, &position);
            for (row, &value) in drifts.iter_mut().zip(&drift) {
                row[lane] = value;
            }
        }
        drifts
    }
}

impl<T: Real, const D: usize, F> Drift<T, D> for F
where
    F: Fn(T, &SVector<T, D>) -> SVector<T, D>,
{
    #[inline]
    fn drift(&self, time: T, position: &SVector<T, D>) -> SVector<T, D> {
        self(time, position)
    }
}

/// A drift whose parameters are one table of scalars, which many particles share, in flash or in a
/// GPU's memory.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::target::{Drift, GaussianTable, TableDrift, TableError};
/// // Mean 3 and precision 2.
/// let drift = GaussianTable::from_table(&[3.0_f32, 2.0])?;
/// assert_eq!(drift.drift(0.0, &vector![2.5]), vector![1.0]);
/// let error = GaussianTable::<f32, 2>::from_table(&[3.0, 2.0]).unwrap_err();
/// assert_eq!(error, TableError { length: 2, fixed: 6, row: 0 });
/// # Ok::<(), TableError>(())
/// ```
pub trait TableDrift<'a, T: Real, const D: usize>: Drift<T, D> + Sized {
    /// The drift with the parameters in a table, laid out as its type documents. The parameters are not
    /// checked to be finite: if they are not, steps fail.
    ///
    /// # Errors
    /// [`TableError`] if the table's length is wrong.
    fn from_table(table: &'a [T]) -> Result<Self, TableError>;
}

/// A table of parameters that is too short or too long for its drift.
///
/// ```
/// use poisson_midpoint::target::TableError;
/// let error = TableError { length: 9, fixed: 1, row: 3 };
/// assert_eq!(error.to_string(), "the table has length 9, not 1 and a positive multiple of 3");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TableError {
    /// The table's length.
    pub length: usize,
    /// The number of scalars that every such table has.
    pub fixed: usize,
    /// The number of scalars in a row, of which a table has one or more; 0 if there are no rows.
    pub row: usize,
}

impl TableError {
    /// The fixed part and the rows of a table.
    fn split<T>(table: &[T], fixed: usize, row: usize) -> Result<(&[T], &[T]), Self> {
        let length = table.len();
        let error = Self { length, fixed, row };
        let (head, rows) = table.split_at_checked(fixed).ok_or(error)?;
        let fits = match rows.len().checked_rem(row) {
            None => rows.is_empty(),
            Some(rest) => rest == 0 && !rows.is_empty(),
        };
        if fits { Ok((head, rows)) } else { Err(error) }
    }
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { length, fixed, row } = self;
        write!(f, "the table has length {length}, not {fixed}")?;
        if *row > 0 {
            write!(f, " and a positive multiple of {row}")?;
        }
        Ok(())
    }
}

impl core::error::Error for TableError {}
