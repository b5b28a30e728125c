//! Nothing but steps of the Poisson midpoint method, to see what they take of a flash memory.

#![no_std]
#![no_main]

use core::hint::spin_loop;

use nalgebra::SVector;
use poisson_midpoint::dynamics::Overdamped;
use poisson_midpoint::random::Stream;
use poisson_midpoint::{MidpointLaw, PoissonMidpoint, Stepper};
use poisson_midpoint_firmware::machine::entry;

#[entry]
fn main() -> ! {
    let (mut x, mut stream) = (SVector::<f32, 3>::repeat(1.0), Stream::new(42, 0));
    if let Ok(dynamics) = Overdamped::new(0.1, 1000) {
        let stepper = PoissonMidpoint::new(dynamics, MidpointLaw::Single);
        while stepper
            .step(0.0, &mut x, |_time, x| -x, &mut stream)
            .is_ok()
        {}
    }
    loop {
        spin_loop();
    }
}
