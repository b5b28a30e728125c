//! The kernels of the drift. `../muller_brown.ptx` is the assembly of this crate, made by
//!
//! ```sh
//! cargo +nightly rustc --release -Zbuild-std=core --target nvptx64-nvidia-cuda -- \
//!     -Ctarget-cpu=sm_80 --emit=asm=../muller_brown.ptx
//! ```
//!
//! with a nightly toolchain and its component `rust-src`, or with any other that has LLVM's backend for
//! NVPTX.

#![no_std]
#![feature(abi_ptx)]

use core::panic::PanicInfo;

use poisson_midpoint::dynamics::{Overdamped, Underdamped};
use poisson_midpoint::kernel::Ptx;
use poisson_midpoint::{EulerMaruyama, PoissonMidpoint, fused_kernel};

#[path = "../drift.rs"]
mod drift;

use drift::MullerBrown;

/// A kernel needs no PTX.
const PTX: Option<Ptx> = None;

/// No kernel has a path to this panic handler.
#[panic_handler]
fn panic(_info: &PanicInfo<'_>) -> ! {
    loop {}
}

fused_kernel! { em_overdamped_muller_brown_f32_2: EulerMaruyama<Overdamped<f32>>, MullerBrown, f32, 2 }
fused_kernel! { pmm_overdamped_muller_brown_f32_2: PoissonMidpoint<Overdamped<f32>>, MullerBrown, f32, 2 }
fused_kernel! { em_underdamped_muller_brown_f32_2: EulerMaruyama<Underdamped<f32>>, MullerBrown, f32, 2 }
fused_kernel! { pmm_underdamped_muller_brown_f32_2: PoissonMidpoint<Underdamped<f32>>, MullerBrown, f32, 2 }
