//! The kernels that the crate embeds, as PTX for a driver to compile, and with the feature `cust` what
//! launches them: [`Gpu`], [`Gpus`], [`Batch`], [`SplitBatch`].
//!
//! # Kernels
//! *Fused*: many macro steps of every particle with a built-in drift,
//! [`kernel::fused_body`](crate::kernel::fused_body); a module holds those of one scalar and dimension. Kernel
//! `METHOD_DYNAMICS_DRIFT_SCALAR_DIMENSION` has for METHOD `em`, `pmm` or, underdamped, `baoa`, for DYNAMICS
//! `overdamped` or `underdamped`, for DRIFT `gaussian`, `mixture`, `well` or `logistic`. It takes a
//! [`Launch`](crate::kernel::Launch) and a [`Method`](crate::kernel::Method) by value, and pointers to the drift's
//! table and to the method's table of coefficients; without the latter, `entries` in the launch is 0, and the pointer
//! is any that is aligned to 16 bytes and not null. A drift of your own takes a device crate of your own:
//! [`fused_kernel`](crate::fused_kernel), [`KernelDrift`](crate::kernel::KernelDrift).
//!
//! *Split-phase*: a macro step in parts, the drift being computed elsewhere between them:
//! [`kernel::split_phase`](crate::kernel::split_phase). Kernel `PART_DYNAMICS_SCALAR` has for PART `update`,
//! `choose`, `begin`, `midpoint` or `finish`; it takes a
//! [`SplitPhase`](crate::kernel::SplitPhase) and a method by value.
//!
//! Grids have one dimension and any size. Nothing about the PTX needs a GPU, its driver or NVIDIA's tools.
//!
//! # Without a driver
//! On Linux (x86-64 and aarch64) a program with the feature `cust` starts on any machine: the driver is looked
//! for when a [`Gpu`] is first asked for, and [`LaunchError::NoDriver`] says that there is none;
//! [`LaunchError::NoDevice`], that the driver is there and finds no device. For that the crate defines functions of the
//! driver's names, which are hidden: the program, or a shared library with the crate in it, does not offer them to the
//! libraries beside it, which find the driver's own. Elsewhere the program is linked with the driver, does not start
//! without it, and a code of a driver's that is newer than `cust` is undefined behaviour there. To *build* with `cust`
//! where CUDA is not installed, let the variable `CUDA_LIBRARY_PATH` name a folder that holds an empty folder `lib64`:
//! `cust` insists on one.
//!
//! # Where the PTX comes from
//! The build script makes it from the sources if it finds a compiler that can. That is the one that the variable
//! `POISSON_MIDPOINT_PTX_RUSTC` names, else the one that builds the crate if it is a nightly one or
//! `RUSTC_BOOTSTRAP` is set, and has the component `rust-src`. Otherwise, and where that variable is
//! `none`, the build script takes the copy that comes with the crate, after checking that it was made from the same
//! sources. `POISSON_MIDPOINT_PTX_ARCH` names an architecture other than `sm_80`.

use crate::Real;

#[cfg(feature = "cust")]
#[allow(unsafe_code, reason = "a launch is as safe as its arguments")]
mod batch;
#[cfg(feature = "cust")]
#[allow(unsafe_code, reason = "a device's memory is reached by pointers")]
mod buffer;
#[cfg(feature = "cust")]
#[allow(unsafe_code, reason = "a copy is as safe as what is copied")]
mod copies;
#[cfg(feature = "cust")]
#[allow(unsafe_code, reason = "the driver's functions are reached by pointers")]
mod driver;
#[cfg(feature = "cust")]
mod error;
#[cfg(feature = "cust")]
#[allow(unsafe_code, reason = "a launch is as safe as its arguments")]
mod gpu;
#[cfg(feature = "cust")]
mod gpus;
#[cfg(feature = "cust")]
#[allow(unsafe_code, reason = "the driver's functions know no lifetimes")]
mod modules;
#[cfg(feature = "cust")]
mod name;
#[cfg(feature = "cust")]
#[allow(unsafe_code, reason = "a launch is as safe as its arguments")]
mod split_phase;
#[cfg(feature = "cust")]
#[allow(unsafe_code, reason = "a copy is as safe as what is copied")]
mod statuses;
#[cfg(feature = "cust")]
#[allow(unsafe_code, reason = "the driver's functions know no lifetimes")]
mod stream;
#[cfg(feature = "cust")]
mod tables;

/// The crate through which the driver is reached, in the version this one uses.
#[cfg(feature = "cust")]
pub use cust;

#[cfg(feature = "cust")]
pub use batch::Batch;
#[cfg(feature = "cust")]
pub use error::LaunchError;
#[cfg(feature = "cust")]
pub use gpu::{Gpu, Grid};
#[cfg(feature = "cust")]
pub use gpus::Gpus;
#[cfg(feature = "cust")]
pub use name::KernelName;
#[cfg(feature = "cust")]
pub use split_phase::{Layout, SplitBatch};

/// The architecture that the PTX is for, `sm_80` for example; every later one runs it too.
pub const ARCHITECTURE: &str = env!("POISSON_MIDPOINT_PTX_ARCHITECTURE");

const MODULES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/modules.rs"));

/// Every module: its name, `f32_3` or `f32_split` for example, and its PTX.
///
/// ```
/// use poisson_midpoint::cuda::modules;
/// assert!(modules().all(|(_, ptx)| ptx.contains(".visible .entry ")));
/// ```
pub fn modules() -> impl Iterator<Item = (&'static str, &'static str)> {
    MODULES.iter().copied()
}

/// The fused kernels of a scalar and a dimension, if the crate embeds any: for `f32` in 1, 2, 3, 4, 8, 16, 32
/// and 64 dimensions, for `f64` in 1, 2, 3, 4 and 8.
///
/// ```
/// use poisson_midpoint::cuda::ptx;
/// assert!(ptx::<f32>(3).is_some_and(|ptx| ptx.contains("pmm_underdamped_mixture_f32_3")));
/// assert_eq!(ptx::<f64>(5), None);
/// ```
#[must_use]
pub fn ptx<T: Real>(dimension: usize) -> Option<&'static str> {
    module::<T>(|rest| rest.parse() == Ok(dimension))
}

/// The split-phase kernels of a scalar.
///
/// ```
/// use poisson_midpoint::cuda::split_phase_ptx;
/// assert!(split_phase_ptx::<f64>().is_some_and(|ptx| ptx.contains("begin_overdamped_f64")));
/// ```
#[must_use]
pub fn split_phase_ptx<T: Real>() -> Option<&'static str> {
    module::<T>(|rest| rest == "split")
}

/// The module of a scalar, the rest of whose name is wanted.
fn module<T: Real>(is_wanted: impl Fn(&str) -> bool) -> Option<&'static str> {
    let mut found = MODULES.iter().filter(|(name, _)| {
        name.split_once('_')
            .is_some_and(|(scalar, rest)| scalar == core::any::type_name::<T>() && is_wanted(rest))
    });
    found.next().map(|(_, ptx)| *ptx)
}
