//! Digits from noise: the samplers at equal numbers of network calls, on a learned denoiser and on exact scores.
//!
//! ```sh
//! cargo run --release --example diffusion                        # table, digits.png, quality.svg: a minute
//! cargo run --release --example diffusion -- --target ring       # eight modes, exact score
//! cargo run --release --example diffusion -- --digit             # one digit, as on a microcontroller
//! ```
//!
//! `train.py` made the weights. `network.rs` and `digit.rs` run on a microcontroller as they are here:
//! `firmware/src/bin/digit.rs`.

mod digit;
mod grid;
mod measure;
mod method;
mod network;
#[path = "../common/output.rs"]
mod output;
mod picture;
mod target;
mod threads;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{Parser, ValueEnum};
use grid::Grid;
use indicatif::{ProgressBar, ProgressStyle};
use measure::{Estimate, Moments, frechet, same_distribution, sliced_wasserstein};
use method::Method;
use network::{Network, PIXELS, STEPS};
use output::Output;
use target::{HELD_OUT, Schedule, Target};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Which {
    /// 8×8 digits through the learned network.
    Digits,
    /// Eight narrow modes in the plane.
    Ring,
    /// One Gaussian in the plane.
    Gaussian,
    /// Ten modes in 64 dimensions.
    Mixture,
}

#[derive(Parser)]
#[command(about = "Diffusion samplers at equal numbers of network calls")]
struct Options {
    /// What is sampled.
    #[arg(long, value_enum, default_value_t = Which::Digits)]
    target: Which,
    /// The denoiser's weights, a safetensors file such as train.py writes.
    #[arg(long, default_value = "examples/diffusion/denoiser.safetensors")]
    weights: PathBuf,
    /// Network calls a sample, for each method; may be given more than once. A method of several calls a step spends as
    /// many of them as it can; the table shows how many.
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..=1000))]
    calls: Vec<u32>,
    /// The method; may be given more than once. A short list if none is.
    #[arg(long, value_enum)]
    method: Vec<Method>,
    /// All methods.
    #[arg(long, conflicts_with = "method")]
    all_methods: bool,
    /// Seed of the first of the runs that the standard errors are over.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Runs of each method, of consecutive seeds.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(2..))]
    seeds: u64,
    /// Samples a run; of digits at most the 450 images held out.
    #[arg(long, default_value_t = HELD_OUT, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(100..))]
    count: usize,
    /// Standard deviation of noise added to the network's output.
    #[arg(long, default_value_t = 0.0)]
    noise: f32,
    /// Where the grid of samples goes.
    #[arg(long, default_value = "target/digits.png")]
    grid: PathBuf,
    /// Where the plot of quality against calls goes.
    #[arg(long, default_value = "target/quality.svg")]
    plot: PathBuf,
    /// Generates one digit of a seed as on a microcontroller, and nothing else.
    #[arg(long, conflicts_with_all = ["target", "calls", "method", "all_methods", "seeds", "count", "noise", "grid", "plot"])]
    digit: bool,
}

/// Flips a seed into one that no run has.
const OTHER_SEEDS: u64 = 1 << 63;

/// What is measured of samples.
struct Distances {
    /// Sliced Wasserstein distance to the truth.
    truth: Estimate,
    /// The same to samples of DDPM with 1000 calls, of other seeds.
    ddpm: Estimate,
    /// The p-value of all these samples being from one distribution.
    same: f64,
    /// Fréchet distances to the truth in pixels and in features, for digits only.
    frechet: Option<[Estimate; 2]>,
}

/// A method at a number of calls.
pub struct Row {
    method: Method,
    calls: f64,
    distances: Distances,
    /// Some samples.
    samples: Vec<f32>,
}

fn main() -> ExitCode {
    output::exit(run(&Options::parse()))
}

fn run(options: &Options) -> Result<()> {
    ensure!(
        options.noise.is_finite() && options.noise >= 0.0,
        "noise {} is not in [0, inf)",
        options.noise
    );
    let weights = match options.target {
        Which::Digits => target::read_weights(&options.weights)?,
        _ => Vec::new(),
    };
    if options.digit {
        return one_digit(&weights, options.seed);
    }
    let schedule = Schedule::linear(1e-4, 0.02)?;
    let target = match options.target {
        Which::Digits => Target::digits(&weights)?,
        Which::Ring => Target::ring(&schedule),
        Which::Gaussian => Target::gaussian(&schedule),
        Which::Mixture => Target::mixture(&schedule),
    };
    let count = match options.target {
        Which::Digits => options.count.min(HELD_OUT),
        _ => options.count,
    };
    compare(options, &target, &schedule, count)
}

fn one_digit(weights: &[u8], seed: u64) -> Result<()> {
    let network = Network::from_safetensors(weights).context("no weights of digits")?;
    let mut memory = Box::new(digit::Memory::new());
    let (image, calls) = digit::generate(&network, seed, &mut memory)?;
    let mut out = io::stdout().lock();
    for row in image.chunks(8) {
        writeln!(
            out,
            "{}",
            row.iter()
                .map(|p| digit::ink(*p))
                .collect::<String>()
                .trim_end()
        )?;
    }
    let bits = digit::fingerprint(&image);
    writeln!(out, "bits {bits:x} after {calls} calls")?;
    Ok(())
}

fn compare(options: &Options, target: &Target, schedule: &Schedule, count: usize) -> Result<()> {
    let dimension = target.dimension();
    let all = Method::compared();
    let methods = match &options.method[..] {
        [] if options.all_methods => &all[..],
        [] => &Method::SHORT_LIST,
        some => some,
    };
    let budgets = match &options.calls[..] {
        [] => &[10, 20, 30, 50][..],
        some => some,
    };
    let has_images = matches!(target, Target::Digits { .. });
    let open_grid = || Output::open(&options.grid, "png");
    let grid = has_images.then(open_grid).transpose()?;
    let plot = Output::open(&options.plot, "svg")?;
    let seeds = || (0..options.seeds).map(|k| options.seed.wrapping_add(k));
    let bar = ProgressBar::new(
        options.seeds * (2000 + methods.len() as u64 * u64::from(budgets.iter().sum::<u32>())),
    );
    bar.set_style(ProgressStyle::with_template(
        "{msg:28} {wide_bar} {percent}%, {eta} left",
    )?);
    let sample = |method: Method, calls: u32, other: u64| -> Result<(Vec<Vec<f32>>, f64)> {
        bar.set_message(format!("{} of {calls} calls", method.name()));
        let mut all = Vec::new();
        let mut mean = 0.0;
        for seed in seeds() {
            let (samples, made) =
                method.samples(target, schedule, calls, seed ^ other, count, options.noise)?;
            all.push(samples);
            mean += made / options.seeds as f64;
            bar.inc(calls.into());
        }
        Ok((all, mean))
    };
    let truth: Vec<Vec<f32>> = seeds().map(|seed| target.truth(count, seed)).collect();
    // The reference has other seeds: the same noise would make its samples like the methods' samples.
    let (reference, _) = sample(Method::DdpmSmall, STEPS, OTHER_SEEDS)?;
    let all_of_reference = reference.concat();
    let measure = |samples: &[Vec<f32>]| {
        let over = |distance: &dyn Fn(usize) -> f64| {
            Estimate::new(&(0..samples.len()).map(distance).collect::<Vec<_>>())
        };
        let frechet = match target {
            Target::Mixture { .. } => None,
            Target::Digits { classifier, .. } => {
                let features = |images: &[f32]| -> Vec<f32> {
                    let images = images.chunks(PIXELS);
                    images.flat_map(|x| classifier.features(x)).collect()
                };
                let pixels = |images: &[f32]| Moments::of(images, PIXELS);
                let seen = |images: &[f32]| {
                    let features = features(images);
                    Moments::of(&features, features.len() / count)
                };
                Some([
                    over(&|k| frechet(&pixels(&samples[k]), &pixels(&truth[k]))),
                    over(&|k| frechet(&seen(&samples[k]), &seen(&truth[k]))),
                ])
            }
        };
        Distances {
            truth: over(&|k| sliced_wasserstein(&samples[k], &truth[k], dimension)),
            ddpm: over(&|k| sliced_wasserstein(&samples[k], &reference[k], dimension)),
            same: same_distribution(&samples.concat(), &all_of_reference, dimension),
            frechet,
        }
    };
    let row = |method, calls, samples: &[Vec<f32>]| Row {
        method,
        calls,
        distances: measure(samples),
        samples: samples[0][..10 * dimension].to_vec(),
    };
    let (ddpm, _) = sample(Method::DdpmSmall, STEPS, 0)?;
    let mut rows = vec![row(Method::DdpmSmall, 1000.0, &ddpm)];
    for &method in methods {
        for &calls in budgets {
            let (samples, mean) = sample(method, calls, 0)?;
            rows.push(row(method, mean, &samples));
        }
    }
    bar.finish_and_clear();
    let truth_again: Vec<Vec<f32>> = seeds()
        .map(|seed| target.truth_again(count, seed))
        .collect();
    let floor = measure(&truth_again);
    let mut out = io::stdout().lock();
    write_table(&mut out, &rows, &floor)?;
    if let Some(grid) = grid {
        let columns: Vec<String> = budgets.iter().map(|c| format!("{c} calls")).collect();
        let (side, scale) = (8, 4);
        let picture = Grid { side, scale }.picture(&columns, &lines(&rows))?;
        grid.write(&picture)?;
        writeln!(out, "samples: {}", options.grid.display())?;
    }
    plot.write(picture::plot(&rows, floor.truth)?.as_bytes())?;
    writeln!(out, "distance against calls: {}", options.plot.display())?;
    Ok(())
}

/// The samples of each method, by its numbers of calls in the order of the table. The first row is that of DDPM with
/// 1000 calls.
fn lines(rows: &[Row]) -> Vec<(String, Vec<Vec<f32>>)> {
    let (first, others) = rows.split_at(rows.len().min(1));
    let mut lines: Vec<_> = first
        .iter()
        .map(|row| ("DDPM, 1000 calls".to_owned(), vec![row.samples.clone()]))
        .collect();
    for of_method in others.chunk_by(|a, b| a.method == b.method) {
        let samples = of_method.iter().map(|row| row.samples.clone());
        lines.push((of_method[0].method.name(), samples.collect()));
    }
    lines
}

fn write_table(out: &mut impl Write, rows: &[Row], floor: &Distances) -> io::Result<()> {
    writeln!(
        out,
        "W2: sliced 2-Wasserstein distance, FD: squared Fréchet distance, ± standard error over seeds."
    )?;
    writeln!(
        out,
        "DDPM: other samples of it, of 1000 calls; p: that of being distributed as they are."
    )?;
    writeln!(
        out,
        "(truth): other data, the least that a distance can be."
    )?;
    writeln!(
        out,
        "{:<16}{:>7}  {:<19}{:<19}{:<9}{:<19}{:<19}",
        "method", "calls", "W2 to truth", "W2 to DDPM", "p", "FD pixels", "FD features"
    )?;
    write_line(out, "(truth)", "", floor)?;
    for row in rows {
        write_line(
            out,
            &row.method.name(),
            &format!("{:.1}", row.calls),
            &row.distances,
        )?;
    }
    Ok(())
}

fn write_line(
    out: &mut impl Write,
    name: &str,
    calls: &str,
    distances: &Distances,
) -> io::Result<()> {
    let Distances {
        truth, ddpm, same, ..
    } = distances;
    let [pixels, features] = distances
        .frechet
        .map_or_else(Default::default, |both| both.map(|e| e.to_string()));
    writeln!(
        out,
        "{name:<16}{calls:>7}  {truth:<19}{ddpm:<19}{same:<9.3}{pixels:<19}{features:<19}"
    )
}
