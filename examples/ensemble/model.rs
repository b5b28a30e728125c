//! The ensemble, a double well in four dimensions, and what is asked about it at the end.

use std::io::{self, Write};
use std::ops::Range;

use clap::Args;
use nalgebra::SVector;
use poisson_midpoint::batch::Status;
use poisson_midpoint::dynamics::Overdamped;
use poisson_midpoint::statistics::{Moments, NonFinite};
use poisson_midpoint::target::DoubleWell;
use poisson_midpoint::{MidpointLaw, ParameterError, PoissonMidpoint};

/// The state of a particle.
pub type X = SVector<f32, 4>;

/// The drift.
pub const WELL: DoubleWell<f32> = DoubleWell {
    steepness: 1.0,
    cap: 2.0,
};

/// How far to go, and with which seed.
#[derive(Args)]
pub struct Course {
    /// Macro steps in all
    #[arg(long)]
    pub to: u32,
    /// Macro steps between two checkpoints
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    every: u32,
    /// Seed of the ensemble
    #[arg(long, default_value_t = 42)]
    pub seed: u64,
}

impl Course {
    /// The step of the next checkpoint after `step`; `None` at the end.
    pub fn next(&self, step: u32) -> Option<u32> {
        (step < self.to).then(|| self.to.min(step.saturating_add(self.every)))
    }
}

/// The method.
pub type Method = PoissonMidpoint<Overdamped<f32>>;

/// The method at its step size.
pub fn stepper() -> Result<Method, ParameterError<f32>> {
    let dynamics = Overdamped::new(0.05, 1000)?.with_temperature(0.25)?;
    Ok(PoissonMidpoint::new(dynamics, MidpointLaw::Single))
}

/// Where a particle begins: every other one in the other well.
pub fn start(particle: u64) -> X {
    X::repeat(if particle.is_multiple_of(2) {
        1.0
    } else {
        -1.0
    })
}

/// Particles in a block: those whose numbers have the same quotient by this. Results of blocks are merged in order, so
/// the bits are the same however the ensemble was cut.
pub const BLOCK: u64 = 1000;

/// Mean and variance of all coordinates, a hash of states and word positions, and how many particles failed.
#[derive(Clone, Copy)]
pub struct Digest {
    pub moments: Moments<f32>,
    pub hash: u64,
    pub failed: u64,
}

impl Digest {
    /// The digest of no particle.
    pub const NONE: Self = Self {
        moments: Moments::new(),
        hash: 0xcbf2_9ce4_8422_2325,
        failed: 0,
    };

    /// The digest of each block of particles, which are numbered from `first`.
    pub fn of_blocks(
        first: u64,
        particles: impl IntoIterator<Item = (X, u64, Status)>,
    ) -> Result<Vec<Self>, NonFinite<f32>> {
        let mut blocks = Vec::new();
        let mut block = None;
        for (number, (state, position, status)) in (first..).zip(particles) {
            if block.replace(number / BLOCK) != Some(number / BLOCK) {
                blocks.push(Self::NONE);
            }
            if let Some(digest) = blocks.last_mut() {
                digest.push(&state, position, status)?;
            }
        }
        Ok(blocks)
    }

    fn push(&mut self, state: &X, position: u64, status: Status) -> Result<(), NonFinite<f32>> {
        for &value in state {
            self.add(&value.to_le_bytes());
            self.moments.push(value)?;
        }
        self.add(&position.to_le_bytes());
        self.failed += u64::from(status != Status::Active);
        Ok(())
    }

    /// Merges the digest of the block after this.
    pub fn merge(&mut self, later: &Self) {
        self.moments.merge(&later.moments);
        self.add(&later.hash.to_le_bytes());
        self.failed += later.failed;
    }

    /// Adds bytes to the hash, which is that by Fowler, Noll and Vo.
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    /// Prints the digest of all particles at a step.
    pub fn report(&self, particles: &Range<u64>, step: u32) -> io::Result<()> {
        let (mean, variance) = (self.moments.mean(), self.moments.variance());
        let (mean, variance) = (mean.unwrap_or(f32::NAN), variance.unwrap_or(f32::NAN));
        let mut out = io::stdout().lock();
        let failed = self.failed;
        writeln!(
            out,
            "particles {particles:?} at step {step}, {failed} of them failed"
        )?;
        writeln!(out, "mean {mean:.6}, variance {variance:.6}")?;
        writeln!(out, "hash {:016x}", self.hash)
    }
}
