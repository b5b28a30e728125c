//! One particle's path, for every machine: all print its end as the same line of bits.

use poisson_midpoint::dynamics::Overdamped;
use poisson_midpoint::nalgebra::SVector;
use poisson_midpoint::random::Stream;
use poisson_midpoint::target::Drift;
use poisson_midpoint::{MidpointLaw, ParameterError, PoissonMidpoint, StepError, Stepper};

use super::drift::MullerBrown;

pub const SEED: u64 = 42;
/// The deepest minimum, V = −146.7.
pub const START: [f32; 2] = [-0.558, 1.442];
pub const DRIFT: MullerBrown = MullerBrown { beta: 0.05 };
pub const STEPS: u32 = 200;

/// η = 0.002 for 1000 inner steps.
pub fn stepper() -> Result<PoissonMidpoint<Overdamped<f32>>, ParameterError<f32>> {
    let dynamics = Overdamped::new(0.002, 1000)?;
    Ok(PoissonMidpoint::new(dynamics, MidpointLaw::Single))
}

/// Where particle 0 is after [`STEPS`] macro steps, and its word position.
pub fn particle_0(
    stepper: &PoissonMidpoint<Overdamped<f32>>,
) -> Result<(SVector<f32, 2>, u64), StepError> {
    let (mut x, mut stream) = (SVector::from(START), Stream::new(SEED, 0));
    for _ in 0..STEPS {
        let _ = stepper.step(0.0, &mut x, |time, x| DRIFT.drift(time, x), &mut stream)?;
    }
    Ok((x, stream.word_position()))
}
