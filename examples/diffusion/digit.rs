//! One digit by the Poisson midpoint method at 50 calls: the same source on the host and on a
//! microcontroller.

use core::fmt;

use poisson_midpoint::MidpointLaw;
use poisson_midpoint::diffusion::{
    Clip, Denoiser, Parametrization, PoissonMidpointDdpm, Row, SampleError, Sampler, SamplerError,
    ScheduleError, ScheduleTable, Timesteps, TimestepsError, Variant, standard_normal,
};
use poisson_midpoint::random::Stream;

use super::network::{Network, PIXELS, STEPS};

/// What goes in static memory on a microcontroller.
pub struct Memory {
    table: [Row<f32>; STEPS as usize],
    work: [f32; 8 * PIXELS],
}

impl Memory {
    pub const fn new() -> Self {
        Self {
            table: [Row::ZERO; STEPS as usize],
            work: [0.0; 8 * PIXELS],
        }
    }
}

#[derive(Debug)]
pub enum Failure {
    Schedule(ScheduleError<f32>),
    Timesteps(TimestepsError),
    Sampler(SamplerError<f32>),
    Sample(SampleError),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schedule(error) => error.fmt(f),
            Self::Timesteps(error) => error.fmt(f),
            Self::Sampler(error) => error.fmt(f),
            Self::Sample(error) => error.fmt(f),
        }
    }
}

/// The image, and the calls of the network that it took.
pub fn generate(
    network: &Network,
    seed: u64,
    memory: &mut Memory,
) -> Result<([f32; PIXELS], u32), Failure> {
    let schedule =
        ScheduleTable::<f32, { STEPS as usize }>::linear(1e-4, 0.02).map_err(Failure::Schedule)?;
    let timesteps = Timesteps::<26>::quadratic(25, STEPS).map_err(Failure::Timesteps)?;
    let clip = Clip::range(1.0).map_err(Failure::Sampler)?;
    let sampler = PoissonMidpointDdpm::new(
        &schedule,
        &timesteps,
        Denoiser::new(Parametrization::Velocity).clipped(clip),
        Variant::FixedSmall,
        Parametrization::Sample,
        MidpointLaw::Single,
        &mut memory.table,
    )
    .map_err(Failure::Sampler)?;
    let mut stream = Stream::new(seed, 0);
    let mut image = [0.0; PIXELS];
    standard_normal(&mut image, &mut stream);
    let mut velocity = |step, x: &[f32], output: &mut [f32]| network.velocity(step, x, output);
    let calls = sampler
        .sample(&mut image, &mut velocity, &mut stream, &mut memory.work)
        .map_err(Failure::Sample)?;
    Ok((image, calls))
}

/// A pixel from −1 to 1 as a character, two to a pixel for its shape.
pub fn ink(pixel: f32) -> &'static str {
    match pixel {
        p if p > 0.6 => "@@",
        p if p > 0.2 => "##",
        p if p > -0.2 => "++",
        p if p > -0.6 => "..",
        _ => "  ",
    }
}

/// A sum over the bits of an image that tells it from any other.
pub fn fingerprint(image: &[f32]) -> u32 {
    image.iter().fold(0x811c_9dc5, |hash, pixel| {
        (hash ^ pixel.to_bits())
            .wrapping_mul(0x0100_0193)
            .rotate_left(5)
    })
}
