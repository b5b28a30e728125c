//! The kernels on a GPU, or on an emulated one, against the CPU engine, bit for bit.
//!
//! The program needs the driver and nothing else: build it with
//! `cargo test --release --features cust,rayon --test gpu --no-run` and carry it to the machine.

#![allow(clippy::cast_possible_truncation, reason = "small numbers and sizes")]

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use poisson_midpoint::batch::{Particles, Status};
use poisson_midpoint::cuda::{Gpu, Grid, LaunchError};
use poisson_midpoint::random::Streams;
use poisson_midpoint::{Real, State};

#[path = "../../kernels/tests/cases.rs"]
#[macro_use]
mod cases;
#[path = "../../kernels/list.rs"]
#[macro_use]
mod list;

// After the macros, which they use.
mod fused;
mod launcher;
mod split;

use cases::Value;
// For `cases`.
use poisson_midpoint::dynamics::{Overdamped, Underdamped};

#[derive(Parser)]
struct Options {
    /// Particles in each batch.
    #[arg(long, default_value_t = 1_000_000)]
    particles: usize,
    /// Macro steps.
    #[arg(long, default_value_t = 3)]
    steps: u32,
    /// Fail, rather than be skipped, where there is no driver or no device.
    #[arg(long)]
    require_gpu: bool,
    /// The device.
    #[arg(long, default_value_t = 0)]
    device: u32,
    /// Only the kernels whose name has this in it.
    #[arg(long, default_value = "")]
    only: String,
    /// What `cargo test NAME` passes to every test program.
    #[arg(hide = true)]
    names: Vec<String>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if !options.names.is_empty() && !options.names.iter().any(|name| "gpu".contains(&**name)) {
        return ExitCode::SUCCESS;
    }
    let gpu = match Gpu::new(options.device) {
        Ok(gpu) => gpu,
        Err(error @ (LaunchError::NoDriver | LaunchError::NoDevice { count: 0, .. }))
            if !options.require_gpu =>
        {
            println!("SKIPPED: {error}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    match run(&gpu, &options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(gpu: &Gpu, options: &Options) -> Result<()> {
    println!("{}", gpu.name()?);
    let kernels = fused::all(gpu, options).context("fused kernels")?;
    println!("{kernels} fused kernels and laws: no bit differs");
    let kernels = split::all(gpu, options).context("split-phase kernels")?;
    println!("{kernels} split-phase dynamics, laws, shapes: no bit differs");
    launcher::all(gpu, options).context("the launcher")?;
    println!("the launcher: checkpoints, ranges of particles, threads, errors");
    Ok(())
}

const SEED: u64 = 5;
const FIRST: u64 = u64::MAX - 100_000_000;

/// Grids that particles are spread over: one that the driver suggests, one that leaves threads with many
/// particles each, one of odd sizes.
const GRIDS: [Option<Grid>; 3] = [
    None,
    Some(Grid {
        blocks: 2,
        threads: 32,
    }),
    Some(Grid {
        blocks: 7,
        threads: 33,
    }),
];

/// A batch in the host's memory.
#[derive(Clone, PartialEq)]
struct Host<T> {
    state: Vec<T>,
    word_positions: Vec<u64>,
    status: Vec<Status>,
}

impl<T: Value> Host<T> {
    /// Particles spread about 0, every fifth twice as far, at word positions of their own.
    fn new(components: usize, count: usize) -> Self {
        let value = |i: usize| {
            let (component, place) = (i / count, i % count);
            let x = T::from_u32(((5 * component + place) % 13) as u32) / T::from_u32(8);
            let x = x - T::ONE / T::TWO;
            if place.is_multiple_of(5) { x + x } else { x }
        };
        Self {
            state: (0..components * count).map(value).collect(),
            word_positions: (0..count as u64).map(|p| p % 20).collect(),
            status: vec![Status::Active; count],
        }
    }

    fn particles<X: State<Real = T>>(&mut self) -> Result<Particles<'_, X>> {
        let streams = Streams::new(SEED);
        let Self {
            state,
            word_positions,
            status,
        } = self;
        Ok(Particles::new(
            streams,
            FIRST,
            state,
            word_positions,
            status,
        )?)
    }

    fn expect(&self, expected: &Self) -> Result<()> {
        let different = |a: &T, b: &T| a.bits() != b.bits();
        let pairs = self.state.iter().zip(&expected.state);
        let bits = pairs.filter(|(a, b)| different(a, b)).count();
        ensure!(bits == 0, "{bits} of {} scalars differ", self.state.len());
        ensure!(
            self.word_positions == expected.word_positions,
            "word positions differ"
        );
        ensure!(self.status == expected.status, "statuses differ");
        Ok(())
    }
}
