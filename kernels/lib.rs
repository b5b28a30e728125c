//! The kernels that the crate embeds: many macro steps of every particle in one launch.
//!
//! A name is `METHOD_SCHEME_DRIFT_SCALAR_DIMENSION`, `pmm_underdamped_mixture_f32_3` for example.
//! A build has those of one scalar and dimension, as `--cfg module="f32_3"` says: a driver compiles
//! a whole module before it runs the first of its kernels.

#![no_std]
#![feature(abi_ptx)]

#[macro_use]
mod list;

use core::panic::PanicInfo;

use poisson_midpoint::scheme::{Overdamped, Underdamped};
use poisson_midpoint::{
    DoubleWell, EulerMaruyama, GaussianMixture, GaussianTable, LogisticRegression, PoissonMidpoint,
    fused_kernel,
};

/// No kernel has a path to it.
#[panic_handler]
fn panic(_info: &PanicInfo<'_>) -> ! {
    loop {}
}

macro_rules! entry {
    (
        $method:ident, $scheme_name:ident, $drift_name:ident,
        $stepper:ty, $drift:ty, $real:ident, $dimension:literal
    ) => {
        pastey::paste! {
            fused_kernel! {
                [<$method _ $scheme_name _ $drift_name _ $real _ $dimension>]:
                $stepper, $drift, $real, $dimension
            }
        }
    };
}

macro_rules! module {
    ($name:literal, $real:ident, $dimension:literal) => {
        #[cfg(module = $name)]
        const _: () = {
            each_kernel! { entry, $real, $dimension }
        };
    };
}

each_module! { module }
