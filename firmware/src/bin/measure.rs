//! x
#![no_std]
#![no_main]
use poisson_midpoint_firmware as _;
#[cortex_m_rt::entry]
fn main() -> ! {
    loop {}
}
