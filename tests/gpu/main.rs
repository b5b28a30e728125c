//! The kernels on a GPU, or on an emulated one, against the CPU engine, bit for bit.
//!
//! The program needs the driver and nothing else: build it with
//! `cargo test --release --features cust,rayon --test gpu --no-run` and carry it to the machine.

#![allow(clippy::cast_possible_truncation, reason = "small numbers and sizes")]

use std::fmt;
use std::process::ExitCode;
use std::time::Instant;

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
mod lent;
mod split;

use cases::Value;
// For `cases`.
use poisson_midpoint::dynamics::{Overdamped, Underdamped};

#[derive(Parser)]
struct Options {
    /// Particles in each batch; without it, fewer where they have more dimensions.
    #[arg(long)]
    particles: Option<usize>,
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

impl Options {
    /// Particles in a batch of so many dimensions.
    ///
    /// By default 2¹⁸ coordinates in all. In one dimension those are about as many particles as an H100 has threads
    /// (270 336), so that the grid which the driver suggests fills the card. The grid of 64 threads moves 4096/D
    /// particles on each, one after another, and a particle's work grows with D, if not with D² as that of a matrix:
    /// some 10⁸ cycles of a thread by estimate, a tenth of a second, for any D. That leaves the driver's compiler to take
    /// the most time of a run, minutes.
    fn particles(&self, dimension: usize) -> usize {
        self.particles.unwrap_or((1 << 18) / dimension)
    }
}

/// What has been compared.
#[derive(Default)]
struct Tally {
    same: usize,
    different: usize,
}

impl Tally {
    /// Counts a comparison. Where bits differ that is told at once, and the others go on; after a refusal of the driver
    /// nothing does, since the device may be lost.
    fn count(&mut self, name: &str, result: Result<()>) -> Result<()> {
        match result {
            Ok(()) => self.same += 1,
            Err(error) if error.is::<LaunchError>() => return Err(error.context(name.to_owned())),
            Err(error) => {
                eprintln!("{name}: {error:#}");
                self.different += 1;
            }
        }
        Ok(())
    }

    /// Tells how one part has come out, if any of it was compared, and adds it.
    fn add(&mut self, part: &str, start: Instant, found: &Self) {
        if found.same + found.different > 0 {
            println!("{part}: {found} ({:.1} s)", start.elapsed().as_secs_f64());
        }
        self.same += found.same;
        self.different += found.different;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.different {
            0 => write!(f, "{}, no bit differs", self.same),
            different => write!(f, "{}, {different} DIFFER", self.same + different),
        }
    }
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
    let fused = fused::all(gpu, options).context("fused kernels")?;
    println!("fused kernels and laws: {fused}");
    let split = split::all(gpu, options).context("split-phase kernels")?;
    println!("split-phase dynamics, laws, shapes: {split}");
    gpu.set_grid(None);
    let different = fused.different + split.different;
    ensure!(different == 0, "{different} differ from the CPU engine");
    launcher::all(gpu, options).context("the launcher")?;
    println!("the launcher: checkpoints, ranges of particles, threads, errors");
    lent::all(gpu, options).context("memory and streams of others")?;
    println!("memory and streams of others: particles, tensors, order");
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
