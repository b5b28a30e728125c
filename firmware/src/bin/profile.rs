//! x
#![no_std]
#![no_main]
use core::hint::black_box;
use cortex_m_rt::entry;
use nalgebra::SVector;
use poisson_midpoint::random::Stream;
use poisson_midpoint::scheme::Overdamped;
use poisson_midpoint::{MidpointLaw, PoissonMidpoint, Stepper};
use poisson_midpoint_firmware::outcome::exit;
#[inline(never)]
fn stepit(stepper: &PoissonMidpoint<Overdamped<f32>>, state: &mut SVector<f32,3>, stream: &mut Stream) {
    let mut drift = |_time: f32, x: &SVector<f32, 3>| -x;
    let _ = stepper.step(0.0, black_box(state), &mut drift, stream);
}
#[entry]
fn main() -> ! {
    let stepper = PoissonMidpoint::new(Overdamped::new(0.1_f32, 1000).unwrap(), black_box(MidpointLaw::Single));
    let mut state = SVector::<f32, 3>::repeat(1.0);
    let mut stream = Stream::new(42, 0);
    for _ in 0..64 { stepit(&stepper, &mut state, &mut stream); }
    exit(true)
}
