//! Drifts that there are kernels for.

use crate::real::Real;
use crate::target::{
    DoubleWell, Drift, GaussianMixture, GaussianTable, LogisticRegression, TableDrift,
};

/// A module of kernels, as PTX for a driver to compile.
///
/// With the feature `kernels`, `Ptx::new` makes one from a text; its caller promises that its kernels are
/// what their names tell.
///
/// ```
/// use poisson_midpoint::kernel::{KernelDrift, Ptx};
/// use poisson_midpoint::target::DoubleWell;
/// // The crate's own.
/// let ptx: Option<Ptx> = <DoubleWell<f32> as KernelDrift<f32, 2>>::PTX;
/// assert_eq!(ptx, None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ptx(pub(crate) &'static str);

/// A drift that there are kernels for: written once, it runs on the host and on a GPU.
///
/// A kernel is named `METHOD_DYNAMICS_DRIFT_SCALAR_DIMENSION`, `pmm_overdamped_spring_f32_2` for
/// example, and made by `fused_kernel`. The drift's parameters go to it as a table.
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::kernel::{KernelDrift, Ptx};
/// use poisson_midpoint::target::{Drift, TableDrift, TableError};
///
/// /// −k·x
/// #[derive(Clone, Copy)]
/// struct Spring(f32);
///
/// impl<const D: usize> Drift<f32, D> for Spring {
///     fn drift(&self, _time: f32, x: &SVector<f32, D>) -> SVector<f32, D> {
///         x * -self.0
///     }
/// }
///
/// impl<const D: usize> TableDrift<'_, f32, D> for Spring {
///     fn from_table(table: &[f32]) -> Result<Self, TableError> {
///         match table {
///             &[stiffness] => Ok(Self(stiffness)),
///             _ => Err(TableError { length: table.len(), fixed: 1, row: 0 }),
///         }
///     }
/// }
///
/// impl<const D: usize> KernelDrift<f32, D> for Spring {
///     const NAME: &'static str = "spring";
///     // On a host: Some(unsafe { Ptx::new(include_str!("spring.ptx")) }), the assembly of a device crate.
///     const PTX: Option<Ptx> = None;
///     type OnDevice<'t> = Self;
///
///     fn write_table(&self, mut write: impl FnMut(&[f32])) {
///         write(&[self.0]);
///     }
/// }
/// # let mut spring = Spring(2.0);
/// # assert_eq!(spring.drift(0.0, &vector![1.0]), vector![-2.0]);
/// ```
pub trait KernelDrift<T: Real, const D: usize>: Drift<T, D> {
    /// The drift's part of its kernels' names.
    const NAME: &'static str;
    /// A module with its kernels; `None` for those that the crate embeds.
    const PTX: Option<Ptx> = None;
    /// The drift that its kernels make from the table.
    type OnDevice<'t>: TableDrift<'t, T, D>;

    /// Calls `write` with its table (see [`TableDrift`]), in as many pieces as suit.
    fn write_table(&self, write: impl FnMut(&[T]));
}

impl<T: Real, const D: usize> KernelDrift<T, D> for GaussianTable<'_, T, D> {
    const NAME: &'static str = "gaussian";
    type OnDevice<'t> = GaussianTable<'t, T, D>;

    fn write_table(&self, mut write: impl FnMut(&[T])) {
        write(self.mean);
        write(self.precision.as_flattened());
    }
}

impl<T: Real, const D: usize> KernelDrift<T, D> for GaussianMixture<'_, T, D> {
    const NAME: &'static str = "mixture";
    type OnDevice<'t> = GaussianMixture<'t, T, D>;

    fn write_table(&self, mut write: impl FnMut(&[T])) {
        write(self.rows);
    }
}

impl<T: Real, const D: usize> KernelDrift<T, D> for DoubleWell<T> {
    const NAME: &'static str = "well";
    type OnDevice<'t> = Self;

    fn write_table(&self, mut write: impl FnMut(&[T])) {
        write(&[self.steepness, self.cap]);
    }
}

impl<T: Real, const D: usize> KernelDrift<T, D> for LogisticRegression<'_, T, D> {
    const NAME: &'static str = "logistic";
    type OnDevice<'t> = LogisticRegression<'t, T, D>;

    fn write_table(&self, mut write: impl FnMut(&[T])) {
        write(&[self.prior]);
        write(self.rows);
    }
}
