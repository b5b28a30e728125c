//! What differs between processors: how an image starts, writes and ends, its stack pointer, and a
//! timer.

#[cfg(target_arch = "arm")]
mod cortex_m;
#[cfg(target_arch = "riscv32")]
mod risc_v;

#[cfg(target_arch = "arm")]
pub use cortex_m::*;
#[cfg(target_arch = "riscv32")]
pub use risc_v::*;
