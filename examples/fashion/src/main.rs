//! Clothes from noise by latent diffusion: the samplers at equal numbers of network calls, with a network that candle
//! evaluates for a whole batch at each call.
//!
//! ```sh
//! cargo run --release                                # table and fashion.png, about two minutes
//! cargo run --release -- --method hybrid --calls 12  # one of them
//! cargo run --release -- --evaluate                  # the table of the documentation, an hour
//! ```
//!
//! `train.py` made the weights.

#[path = "../../diffusion/grid.rs"]
mod grid;
#[path = "../../diffusion/measure.rs"]
mod measure;
mod method;
mod model;
#[path = "../../common/output.rs"]
mod output;
#[path = "../../diffusion/threads.rs"]
mod threads;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use grid::{Grid, IMAGES};
use indicatif::{ProgressBar, ProgressStyle};
use measure::{Estimate, Moments, frechet, same_distribution, sliced_wasserstein};
use method::{Method, Run, Schedule};
use model::{Denoiser, Eye, HeldOut, LATENTS, STEPS};
use nalgebra::{DMatrix, DVector};
use output::Output;
use threads::in_threads;

#[derive(Parser)]
#[command(about = "Latent diffusion of clothes: samplers at equal numbers of network calls")]
struct Options {
    /// The method; may be given more than once. If none is given, all that the documentation compares.
    #[arg(long, value_enum)]
    method: Vec<Method>,
    /// Network calls a sample; may be given more than once. A method of two calls a step rounds down to what it can
    /// spend, which the table shows.
    #[arg(long, value_parser = clap::value_parser!(u32).range(4..=i64::from(STEPS)))]
    calls: Vec<u32>,
    /// Seed of the first of the runs that the standard errors are over.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Runs of each method, of consecutive seeds.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(2..))]
    seeds: u64,
    /// Samples a run.
    #[arg(long, default_value_t = 300, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(100..=1250))]
    count: usize,
    /// Five runs of 1,000 samples at 10 to 80 calls, with seeds by which nothing was chosen.
    #[arg(long)]
    evaluate: bool,
    /// Leaves out DDPM of 1000 calls, which takes longer than all others.
    #[arg(long)]
    no_reference: bool,
    /// The folder of the weights.
    #[arg(long, default_value = env!("CARGO_MANIFEST_DIR"))]
    weights: PathBuf,
    /// Where the grid of images goes.
    #[arg(long, default_value = "target/fashion.png")]
    grid: PathBuf,
}

/// Flips a seed into one that no run has.
const OTHER_SEEDS: u64 = 1 << 63;
/// The number of samples that are advanced together.
const TOGETHER: usize = 500;
const FEATURES: usize = 64;

/// A run's samples, and the moments of their features.
struct Drawn {
    latents: Vec<f32>,
    features: Moments,
}

/// What is measured of the runs of a method.
struct Distances {
    features: Estimate,
    latents: Estimate,
    sliced: Estimate,
    /// The distance, in features, to samples of DDPM with 1000 calls, of other seeds; and the p-value of being
    /// distributed as they are.
    reference: Option<(Estimate, f64)>,
}

/// What samples are measured against.
struct Truth {
    features: Moments,
    latents: Moments,
    some: Vec<f32>,
    /// DDPM with 1000 calls: its moments in features, and its latents.
    reference: Option<(Moments, Vec<f32>)>,
}

impl Truth {
    fn load(folder: &Path) -> Result<Self> {
        let held_out = HeldOut::load(folder)?;
        let moments = |name: &str, dimension| -> Result<Moments> {
            let values = |part: &str| -> Result<Vec<f64>> {
                let values = held_out.values(&format!("{name}.{part}"))?;
                Ok(values.into_iter().map(f64::from).collect())
            };
            Ok(Moments {
                mean: DVector::from_vec(values("mean")?),
                covariance: DMatrix::from_vec(dimension, dimension, values("covariance")?),
            })
        };
        Ok(Self {
            features: moments("features", FEATURES)?,
            latents: moments("latents", LATENTS)?,
            some: held_out.values("latents")?,
            reference: None,
        })
    }

    fn measure(&self, runs: &[Drawn]) -> Distances {
        let over = |distance: &dyn Fn(&Drawn) -> f64| {
            Estimate::new(&runs.iter().map(distance).collect::<Vec<_>>())
        };
        let all = || -> Vec<f32> { runs.iter().flat_map(|run| run.latents.clone()).collect() };
        Distances {
            features: over(&|run| frechet(&run.features, &self.features)),
            latents: over(&|run| frechet(&Moments::of(&run.latents, LATENTS), &self.latents)),
            sliced: over(&|run| {
                let truth = &self.some[..run.latents.len()];
                sliced_wasserstein(&run.latents, truth, LATENTS)
            }),
            reference: self.reference.as_ref().map(|(features, latents)| {
                (
                    over(&|run| frechet(&run.features, features)),
                    same_distribution(&all(), latents, LATENTS),
                )
            }),
        }
    }
}

fn main() -> ExitCode {
    output::exit(compare(Options::parse()))
}

fn compare(mut options: Options) -> Result<()> {
    let (denoiser, eye) = (
        Denoiser::load(&options.weights)?,
        Eye::load(&options.weights)?,
    );
    let mut truth = Truth::load(&options.weights)?;
    let grid = Output::open(&options.grid, "png")?;
    let schedule = Schedule::scaled_linear(0.0015, 0.0195)?;
    let run = Run {
        denoiser: &denoiser,
        schedule: &schedule,
    };
    if options.evaluate {
        (options.seed, options.seeds, options.count) = (1_000_000, 5, 1000);
    }
    let all = Method::compared();
    let methods = match &options.method[..] {
        [] => &all[..],
        some => some,
    };
    let budgets = match (&options.calls[..], options.evaluate) {
        ([], false) => &[10, 20][..],
        ([], true) => &[10, 14, 20, 30, 50, 80],
        (some, _) => some,
    };
    let spent: u32 = budgets.iter().sum::<u32>() * methods.len() as u32;
    let references = if options.no_reference { 0 } else { 2 * STEPS };
    let samples = options.seeds * options.count as u64;
    let bar = ProgressBar::new(samples * u64::from(spent + references));
    bar.set_style(ProgressStyle::with_template(
        "{msg:24} {wide_bar} {percent}%, {eta} left",
    )?);
    let draw = |method: Method, calls: u32, other: u64| -> Result<(Vec<Drawn>, f64)> {
        bar.set_message(format!("{} of {calls} calls", method.name()));
        let mut all = vec![vec![0.0; options.count * LATENTS]; options.seeds as usize];
        let seeds = (0..).map(|k| options.seed.wrapping_add(k) ^ other);
        let parts = seeds.zip(&mut all).flat_map(|(seed, latents)| {
            let parts = latents.chunks_mut(TOGETHER * LATENTS);
            let firsts = (0..).step_by(TOGETHER);
            firsts.zip(parts).map(move |(first, x)| (seed, first, x))
        });
        let made = in_threads(parts.collect(), |(seed, first, x)| {
            let made = method.sample(&run, calls, seed, first, x)?;
            let count = x.len() / LATENTS;
            bar.inc(u64::from(calls) * count as u64);
            anyhow::Ok(made * count as f64)
        })?;
        let mean = made.iter().sum::<f64>() / (options.seeds as usize * options.count) as f64;
        let runs = in_threads(all, |latents| {
            let features = Moments::of(&eye.features(&latents)?, FEATURES);
            anyhow::Ok(Drawn { latents, features })
        })?;
        Ok((runs, mean))
    };
    let mut out = io::stdout().lock();
    write_header(&mut out)?;
    let mut row = |name: &str, calls: &str, truth: &Truth, runs: &[Drawn]| {
        let distances = truth.measure(runs);
        bar.suspend(|| write_line(&mut out, name, calls, &distances))
    };
    // Not the held-out images that distances are measured to.
    let some = &truth.some[truth.some.len() - options.count * LATENTS..];
    let held_out = Drawn {
        latents: some.to_vec(),
        features: Moments::of(&eye.features(some)?, FEATURES),
    };
    row("held-out images", "", &truth, &[held_out])?;
    if !options.no_reference {
        let (runs, _) = draw(Method::Ddpm, STEPS, OTHER_SEEDS)?;
        let latents: Vec<f32> = runs.into_iter().flat_map(|run| run.latents).collect();
        let features = Moments::of(&eye.features(&latents)?, FEATURES);
        truth.reference = Some((features, latents));
    }
    if !options.no_reference {
        let (runs, calls) = draw(Method::Ddpm, STEPS, 0)?;
        row(&Method::Ddpm.name(), &format!("{calls:.1}"), &truth, &runs)?;
    }
    let mut lines = Vec::new();
    for &method in methods {
        let mut blocks = Vec::new();
        for &calls in budgets {
            let (runs, mean) = draw(method, calls, 0)?;
            row(&method.name(), &format!("{mean:.1}"), &truth, &runs)?;
            let first = runs.first().map_or(&[][..], |run| &run.latents);
            blocks.push(eye.images(&first[..IMAGES * LATENTS])?);
        }
        lines.push((method.name(), blocks));
    }
    bar.finish_and_clear();
    let images = &truth.some[..IMAGES * LATENTS];
    lines.push(("held out".into(), vec![eye.images(images)?]));
    let columns: Vec<String> = budgets
        .iter()
        .map(|calls| format!("{calls} calls"))
        .collect();
    let (side, scale) = (28, 1);
    grid.write(&Grid { side, scale }.picture(&columns, &lines)?)?;
    writeln!(out, "\nimages: {}", options.grid.display())?;
    Ok(())
}

fn write_header(out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "FD: Fréchet distance, squared; W2: sliced Wasserstein distance; ± standard error over seeds."
    )?;
    writeln!(
        out,
        "DDPM: of 1000 calls, other samples; p: of being distributed as they are.\n"
    )?;
    writeln!(
        out,
        "| method | calls | FD features | FD latents | W2 latents | FD features to DDPM | p |\n\
         |---|---|---|---|---|---|---|"
    )
}

fn write_line(
    out: &mut impl Write,
    name: &str,
    calls: &str,
    distances: &Distances,
) -> io::Result<()> {
    let Distances {
        features,
        latents,
        sliced,
        reference,
    } = distances;
    let (reference, p) = reference.map_or_else(Default::default, |(reference, p)| {
        (reference.to_string(), format!("{p:.3}"))
    });
    writeln!(
        out,
        "| {name} | {calls} | {features} | {latents} | {sliced} | {reference} | {p} |"
    )
}
