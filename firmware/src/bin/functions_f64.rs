//! Every public function in f64: whatever is not linked here, no public function has a path to.

#![no_std]
#![no_main]

use core::hint::black_box;

use poisson_midpoint::MidpointLaw;
use poisson_midpoint::random::normal_f64;
use poisson_midpoint_firmware::functions::call_all;
use poisson_midpoint_firmware::machine::entry;
use poisson_midpoint_firmware::outcome::exit;

#[entry]
fn main() -> ! {
    call_all::<f64>();
    black_box(normal_f64(black_box([7, 8])));
    for law in [MidpointLaw::Single, MidpointLaw::Bernoulli] {
        black_box(black_box(law).expected_drift_calls(black_box(1000)));
    }
    exit(true)
}
