//! The kernels that the crate embeds, as PTX for a driver to compile.
//!
//! A module holds the kernels of one scalar and dimension, each many macro steps of every particle
//! with a built-in drift: [`kernel::fused_body`](crate::kernel::fused_body). Kernel
//! `METHOD_SCHEME_DRIFT_SCALAR_DIMENSION` has for METHOD `em` or `pmm`, for SCHEME `overdamped` or
//! `underdamped`, for DRIFT `gaussian`, `mixture`, `well` or `logistic`. Its
//! parameters are the fields of a [`Launch`](crate::kernel::Launch) in their order, then a
//! [`Method`](crate::kernel::Method) by value; its grid has one dimension and any size.
//!
//! Nothing here needs a GPU, its driver or NVIDIA's tools; to launch a kernel takes the driver. A drift of
//! your own takes a device crate of your own: [`fused_kernel`](crate::fused_kernel).
//!
//! # Where the PTX comes from
//! The build script makes it from the sources if it finds a compiler that can: that of the variable
//! `POISSON_MIDPOINT_PTX_RUSTC`, else the one that builds the crate if it is a nightly one or
//! `RUSTC_BOOTSTRAP` is set, and has the component `rust-src`. Else it takes the copy that comes with the
//! crate, after checking that it was made from the same sources; so it does where that variable is
//! `none`. `POISSON_MIDPOINT_PTX_ARCH` names an architecture other than `sm_80`.

use crate::Real;

/// The architecture that the PTX is for, `sm_80` for example, and every later one.
pub const ARCHITECTURE: &str = env!("POISSON_MIDPOINT_PTX_ARCHITECTURE");

const MODULES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/modules.rs"));

/// Every module: its name, scalar and dimension as in `f32_3`, and its PTX.
///
/// ```
/// use poisson_midpoint::cuda::modules;
/// assert!(modules().all(|(_, ptx)| ptx.contains(".visible .entry em_overdamped_gaussian_")));
/// ```
pub fn modules() -> impl Iterator<Item = (&'static str, &'static str)> {
    MODULES.iter().copied()
}

/// The module of a scalar and a dimension, if the crate embeds one: for `f32` in 1, 2, 3, 4 and 8
/// dimensions, for `f64` in 1, 2 and 3.
///
/// ```
/// use poisson_midpoint::cuda::ptx;
/// assert!(ptx::<f32>(3).is_some_and(|ptx| ptx.contains("pmm_underdamped_mixture_f32_3")));
/// assert_eq!(ptx::<f64>(5), None);
/// ```
#[must_use]
pub fn ptx<T: Real>(dimension: usize) -> Option<&'static str> {
    let mut found = MODULES.iter().filter(|(name, _)| {
        name.split_once('_').is_some_and(|(scalar, digits)| {
            scalar == core::any::type_name::<T>() && digits.parse() == Ok(dimension)
        })
    });
    found.next().map(|(_, ptx)| *ptx)
}
