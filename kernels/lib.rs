//! The kernels that the crate embeds: many macro steps of every particle in one launch, and the parts
//! of a macro step whose drift is computed elsewhere.
//!
//! A name is `METHOD_DYNAMICS_DRIFT_SCALAR_DIMENSION` or `PART_DYNAMICS_SCALAR`,
//! `pmm_underdamped_mixture_f32_3` or `begin_overdamped_f64` for example. A build has the kernels of
//! one module, which `--cfg module="f32_3"` names: a driver compiles a whole module before it runs the
//! first of its kernels.

#![no_std]
#![feature(abi_ptx)]

#[macro_use]
mod list;

use core::panic::PanicInfo;

// A build uses only those of its module.
#[allow(unused_imports)]
use poisson_midpoint::{
    Baoa, EulerMaruyama, PoissonMidpoint,
    dynamics::{Overdamped, Underdamped},
    fused_kernel, split_kernel,
    target::{DoubleWell, GaussianMixture, GaussianTable, LogisticRegression},
};

/// No kernel has a path to it.
#[panic_handler]
fn panic(_info: &PanicInfo<'_>) -> ! {
    loop {}
}

macro_rules! entry {
    (
        $method:ident, $dynamics_name:ident, $drift_name:ident,
        $stepper:ty, $drift:ty, $real:ident, $dimension:literal
    ) => {
        pastey::paste! {
            fused_kernel! {
                [<$method _ $dynamics_name _ $drift_name _ $real _ $dimension>]:
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

macro_rules! split_entries {
    ($real:ident, $dynamics_name:ident, $dynamics:ty: $($part_name:ident $part:ident),*) => {
        pastey::paste! {
            $(split_kernel! { [<$part_name _ $dynamics_name _ $real>]: $part, $dynamics, $real })*
        }
    };
    ($real:ident, $dynamics_name:ident, $dynamics:ty) => {
        split_entries! {
            $real, $dynamics_name, $dynamics:
            update Update, choose Choose, begin Begin, midpoint Midpoint, finish Finish
        }
    };
}

macro_rules! split_module {
    ($name:literal, $real:ident) => {
        #[cfg(module = $name)]
        const _: () = {
            split_entries! { $real, overdamped, Overdamped<$real> }
            split_entries! { $real, underdamped, Underdamped<$real> }
        };
    };
}

each_split_module! { split_module }
