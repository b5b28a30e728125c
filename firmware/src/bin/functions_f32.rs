//! Every public function in f32: whatever is not linked here, no public function has a path to.

#![no_std]
#![no_main]

use poisson_midpoint_firmware::functions::call_all;
use poisson_midpoint_firmware::machine::entry;
use poisson_midpoint_firmware::outcome::exit;

#[entry]
fn main() -> ! {
    call_all::<f32>();
    exit(true)
}
