//! One digit by the Poisson midpoint method at 50 calls: the same source on the host and on a
//! microcontroller.

use poisson_midpoint::diffusion::{
    Clip, Error, PoissonMidpointDdpm, Prediction, Row, Sampler, ScheduleTable, Timesteps,
    standard_normal,
};
use poisson_midpoint::random::Stream;

use super::network::{Network, PIXELS, STEPS};

/// The memory that is static on a microcontroller.
pub struct Memory {
    table: [Row<f32>; STEPS as usize],
    work: [f32; 3 * PIXELS],
}

impl Memory {
    pub const fn new() -> Self {
        Self {
            table: [Row::ZERO; STEPS as usize],
            work: [0.0; 3 * PIXELS],
        }
    }
}

/// The image, and the calls of the network that it took.
pub fn generate(
    network: &Network,
    seed: u64,
    memory: &mut Memory,
) -> Result<([f32; PIXELS], u32), Error<f32>> {
    let schedule = ScheduleTable::<f32, { STEPS as usize }>::linear(1e-4, 0.02)?;
    let timesteps = Timesteps::<25>::quadratic(25, &schedule)?;
    let solver = PoissonMidpointDdpm::new(&mut memory.table);
    let sampler = Sampler::new(&schedule, &timesteps, Prediction::Velocity, solver)?
        .with_clip(Clip::range(1.0)?);
    let (mut image, mut stream) = ([0.0; PIXELS], Stream::new(seed, 0));
    standard_normal(&mut image, &mut stream);
    let mut velocity = |step, x: &[f32], output: &mut [f32]| network.velocity(step, x, output);
    let calls = sampler.sample(&mut image, &mut velocity, &mut stream, &mut memory.work)?;
    Ok((image, calls))
}

/// A pixel from −1 to 1 as a character, which is doubled to make the pixel look square.
pub fn ink(pixel: f32) -> &'static str {
    match pixel {
        p if p > 0.6 => "@@",
        p if p > 0.2 => "##",
        p if p > -0.2 => "++",
        p if p > -0.6 => "..",
        _ => "  ",
    }
}

/// A hash of the bits of an image, to tell it from others.
pub fn fingerprint(image: &[f32]) -> u32 {
    image.iter().fold(0x811c_9dc5, |hash, pixel| {
        (hash ^ pixel.to_bits())
            .wrapping_mul(0x0100_0193)
            .rotate_left(5)
    })
}
