//! Calibrates an ozone monitor: the posterior of its bias and scale from recorded readings.
//!
//! `cargo run --release --example calibration`; `--plot FILE` draws it. The same program as firmware is
//! `firmware/src/bin/calibration.rs`, and in C `capi/examples/calibration.c`; all print the same
//! bits.

mod model;
#[path = "../common/output.rs"]
mod output;
mod plot;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use model::{Calibration, Moments};
use output::Output;

#[derive(Parser)]
#[command(about = "Bias and scale of an ozone monitor, from its readings beside a reference")]
struct Arguments {
    /// Plot to write, as SVG
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Seed of the random stream
    #[arg(long, default_value_t = 42)]
    seed: u64,
}

/// The number of draws from one that is plotted to the next: far beyond the chain's memory.
const EVERY: usize = 200;

fn bits(moments: &Moments) -> [u32; 2] {
    [moments.mean(), moments.standard_deviation()].map(f32::to_bits)
}

fn main() -> ExitCode {
    output::exit(calibrate(&Arguments::parse()))
}

fn calibrate(arguments: &Arguments) -> anyhow::Result<()> {
    let open = |path: &PathBuf| Output::open(path, "svg");
    let plot = arguments.plot.as_ref().map(open).transpose()?;
    let mut draws = Vec::new();
    let Calibration { bias, scale, words } =
        model::calibrate(arguments.seed, |parameters| draws.push(*parameters))?;
    let mut out = io::stdout().lock();
    for (name, moments, unit) in [
        ("bias", bias, "ppb"),
        ("scale error", scale, "per thousand"),
    ] {
        let (mean, deviation) = (moments.mean(), moments.standard_deviation());
        writeln!(out, "{name} {mean:.3} +- {deviation:.3} {unit}")?;
    }
    let ([a, b], [c, d]) = (bits(&bias), bits(&scale));
    writeln!(
        out,
        "bits {a:08x} {b:08x} {c:08x} {d:08x} after {words} words"
    )?;
    if let Some(plot) = plot {
        let apart: Vec<_> = draws.into_iter().step_by(EVERY).collect();
        plot.write(plot::draw(&apart)?.as_bytes())?;
    }
    Ok(())
}
