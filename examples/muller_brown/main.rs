//! A drift of your own on the processor or on a GPU: how fast a reaction goes over the Müller–Brown potential's
//! barriers, by batches of particles.
//!
//! ```sh
//! cargo run --release --features cuda --example muller_brown -- --plot muller_brown.svg
//! cargo run --release --features cust --example muller_brown -- --engine gpu
//! ```
//!
//! The drift is `drift.rs`. The device crate in `device` makes kernels of it, whose assembly is
//! `muller_brown.ptx`; `firmware/src/bin/muller_brown.rs` runs it on a microcontroller. All print the
//! same bits.

mod drift;
#[path = "../common/output.rs"]
mod output;
mod path;
mod plot;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::{Parser, ValueEnum};
use drift::MullerBrown;
use nalgebra::SVector;
use output::Output;
use poisson_midpoint::PoissonMidpoint;
use poisson_midpoint::batch::{Cpu, Engine, Particles, Status};
use poisson_midpoint::dynamics::Overdamped;
use poisson_midpoint::kernel::Ptx;
use poisson_midpoint::random::Streams;

/// The drift's kernels.
#[allow(unsafe_code, reason = "a program vouches for kernels of its own")]
// SAFETY: the device crate makes each kernel by `fused_kernel`, of the types that its name tells.
const PTX: Option<Ptx> = Some(unsafe { Ptx::new(include_str!("muller_brown.ptx")) });

/// The minima, from reactant to product.
const MINIMA: [[f32; 2]; 3] = [path::START, [-0.050, 0.467], [0.623, 0.028]];

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Which {
    Cpu,
    Gpu,
}

#[derive(Parser)]
#[command(about = "Reactions over the Müller–Brown potential, on the processor or on a GPU")]
struct Options {
    /// What steps the particles.
    #[arg(long, value_enum, default_value_t = Which::Cpu)]
    engine: Which,
    /// Particles, all of which start as reactant.
    #[arg(long, default_value_t = 2000)]
    particles: usize,
    /// Rows of the table, each 200 macro steps after the last.
    #[arg(long, default_value_t = 10)]
    rows: u32,
    /// Picture of where they end, as SVG.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    output::exit(match options.engine {
        Which::Cpu => react(&Cpu, &options),
        Which::Gpu => on_gpu(&options),
    })
}

#[cfg(feature = "cust")]
fn on_gpu(options: &Options) -> Result<()> {
    let gpu = poisson_midpoint::cuda::Gpu::new(0)?;
    // What is timed is the reaction, not the driver's compiler.
    gpu.prepare(&path::stepper()?, &path::DRIFT)?;
    react(&gpu, options)
}

#[cfg(not(feature = "cust"))]
fn on_gpu(_options: &Options) -> Result<()> {
    anyhow::bail!("this program was built without a launcher: build it with --features cust")
}

/// The same program for every engine.
fn react<E>(engine: &E, options: &Options) -> Result<()>
where
    E: Engine<PoissonMidpoint<Overdamped<f32>>, SVector<f32, 2>, MullerBrown>,
    E::Error: Send + Sync + 'static,
{
    let count = options.particles;
    ensure!(count > 0, "--particles must be at least 1");
    let picture = options
        .plot
        .as_deref()
        .map(|path| Output::open(path, "svg"));
    let picture = picture.transpose()?;
    let stepper = path::stepper()?;
    let [x, y] = path::START;
    let mut state = [vec![x; count], vec![y; count]].concat();
    let (mut positions, mut status) = (vec![0; count], vec![Status::Active; count]);
    let start = Instant::now();
    let (mut out, mut bits) = (io::stdout().lock(), None);
    writeln!(out, "  time  reactant  between  product")?;
    for row in 0..options.rows {
        let mut particles: Particles<'_, SVector<f32, 2>> = Particles::new(
            Streams::new(path::SEED),
            0,
            &mut state,
            &mut positions,
            &mut status,
        )?;
        let steps = row * path::STEPS..(row + 1) * path::STEPS;
        let run = engine.advance(&stepper, &mut particles, &path::DRIFT, steps)?;
        ensure!(run.failed == 0, "{} particles failed", run.failed);
        let time = 0.002 * f64::from((row + 1) * path::STEPS);
        let [reactant, between, product] = shares(&state);
        writeln!(
            out,
            "{time:6.1}  {reactant:8.3}  {between:7.3}  {product:7.3}"
        )?;
        if row == 0 {
            // What a microcontroller prints of it too.
            let (alone, words) = path::particle_0(&stepper)?;
            let found = [state[0], state[count]];
            ensure!(
                found == [alone.x, alone.y] && positions[0] == words,
                "particle 0 went another way on its own"
            );
            let [x, y] = found.map(f32::to_bits);
            bits = Some(format!("bits {x:08x} {y:08x} after {words} words"));
        }
    }
    if let Some(bits) = bits {
        writeln!(out, "{bits}")?;
    }
    let seconds = start.elapsed().as_secs_f64();
    writeln!(out, "{:?}: {seconds:.2} s", options.engine)?;
    if let Some(picture) = picture {
        picture.write(plot::draw(&state, &MINIMA)?.as_bytes())?;
    }
    Ok(())
}

/// The shares of the particles by their nearest minimum.
fn shares(state: &[f32]) -> [f64; 3] {
    let (xs, ys) = state.split_at(state.len() / 2);
    let mut counts = [0_u32; 3];
    for (&x, &y) in xs.iter().zip(ys) {
        let distance = |[a, b]: [f32; 2]| (x - a) * (x - a) + (y - b) * (y - b);
        let [a, b, c] = MINIMA.map(distance);
        let nearest = if a <= b && a <= c {
            0
        } else if b <= c {
            1
        } else {
            2
        };
        counts[nearest] += 1;
    }
    counts.map(|n| f64::from(n) / xs.len() as f64)
}
