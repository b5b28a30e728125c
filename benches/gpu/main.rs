//! Throughput on a GPU: fused kernels in particle-steps/s, split-phase kernels in GB/s and as a share of what
//! a copy on the device reaches in the same run.
//!
//! The program needs the driver and nothing else: build it with
//! `cargo bench --features cust --bench gpu --no-run` and carry it to the machine; `compare.py` runs it beside
//! PyTorch, JAX and CuPy, and beside kernels that were written by hand.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::Parser;
use poisson_midpoint::MidpointLaw::{Bernoulli, Single};
use poisson_midpoint::batch::{Particles, Status};
use poisson_midpoint::cuda::cust::context::CurrentContext;
use poisson_midpoint::cuda::cust::memory::{CopyDestination, DeviceBuffer};
use poisson_midpoint::cuda::{Gpu, LaunchError, Layout, SplitBatch};
use poisson_midpoint::dynamics::{Overdamped, Underdamped};
use poisson_midpoint::kernel::{KernelDynamics, KernelStepper};
use poisson_midpoint::random::Streams;
use poisson_midpoint::target::DoubleWell;
use poisson_midpoint::{EulerMaruyama, PoissonMidpoint, Real, State, Stepper};

mod counted;
mod plain;

use counted::Bytes;

#[derive(Parser)]
struct Options {
    /// The base-2 logarithm of the scalars in a batch.
    #[arg(long, default_value_t = 25)]
    size: u32,
    /// Launches of each kernel, three times, after one to warm up; the best of the three counts.
    #[arg(long, default_value_t = 20)]
    launches: u32,
    /// Only the rows whose name has this in it: `fused_overdamped_2` or `split_12288_rows`, for example.
    #[arg(long, default_value = "")]
    only: String,
    /// Macro steps in a fused launch.
    #[arg(long, default_value_t = 100)]
    steps: u32,
    /// What has become of `plain.cu`, as PTX: a row beside the fused ones.
    #[arg(long)]
    plain: Option<PathBuf>,
    /// The device.
    #[arg(long, default_value_t = 0)]
    device: u32,
    /// Instead, the one launch of this name whose instructions `count` counts; without a name, all names.
    #[arg(long, num_args = 0..=1, default_missing_value = "")]
    counted: Option<String>,
    /// What `cargo bench` passes to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let counted = options.counted.as_deref();
    if counted == Some("") {
        counted::list();
        return ExitCode::SUCCESS;
    }
    let result = match Gpu::new(options.device) {
        Err(error @ (LaunchError::NoDriver | LaunchError::NoDevice { count: 0, .. })) => {
            println!("SKIPPED: {error}");
            return ExitCode::SUCCESS;
        }
        Err(error) => Err(error.into()),
        Ok(gpu) => match counted {
            Some(name) => counted::launch(&gpu, name),
            None => all(&gpu, &options),
        },
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn all(gpu: &Gpu, options: &Options) -> Result<()> {
    println!("{}", gpu.name()?);
    let copied = copy(options)?;
    println!("copy on the device: {copied:.0} GB/s");

    println!("\nfused, f32, double well, 10^9 particle-steps/s");
    println!("dynamics       D  particles  Euler-Maruyama  Single  Bernoulli");
    fused_row::<_, 1>(gpu, options, overdamped)?;
    fused_row::<_, 2>(gpu, options, overdamped)?;
    if let Some(file) = &options.plain
        && "fused_overdamped_2".contains(&options.only)
    {
        plain::row(gpu, options, file)?;
    }
    fused_row::<_, 3>(gpu, options, overdamped)?;
    fused_row::<_, 8>(gpu, options, overdamped)?;
    fused_row::<_, 16>(gpu, options, overdamped)?;
    fused_row::<_, 64>(gpu, options, overdamped)?;
    fused_row::<_, 1>(gpu, options, underdamped)?;
    fused_row::<_, 3>(gpu, options, underdamped)?;
    fused_row::<_, 8>(gpu, options, underdamped)?;

    println!("\nsplit-phase, f32, overdamped: GB/s, share of a copy");
    println!("particles     D layout         update   midpoint step");
    let scalars = 1_usize << options.size;
    let image = 3 * 64 * 64;
    split_row(gpu, options, copied, 2, scalars / 2, Layout::Columns)?;
    for layout in [Layout::Rows, Layout::Columns] {
        split_row(gpu, options, copied, image, scalars / image, layout)?;
    }
    Ok(())
}

fn overdamped<T: Real>() -> Result<Overdamped<T>> {
    Ok(Overdamped::new(hundredth(), 1000)?)
}

fn underdamped<T: Real>() -> Result<Underdamped<T>> {
    Ok(Underdamped::new(hundredth(), 1000, T::ONE)?)
}

/// The nearest scalar to 0.01.
fn hundredth<T: Real>() -> T {
    T::ONE / T::from_u32(100)
}

/// Seconds that a launch takes, of many in a row: the best of three times, after one to warm up.
fn seconds(launches: u32, mut launch: impl FnMut(u32) -> Result<()>) -> Result<f64> {
    launch(0)?;
    CurrentContext::synchronize()?;
    let (mut best, mut numbers) = (f64::INFINITY, 1..);
    for _ in 0..3 {
        let start = Instant::now();
        for n in numbers.by_ref().take(launches as usize) {
            launch(n)?;
        }
        CurrentContext::synchronize()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best / f64::from(launches.max(1)))
}

/// GB/s of a copy from an array on the device to another, reading and writing counted.
fn copy(options: &Options) -> Result<f64> {
    let length = 1_usize << options.size;
    let from = DeviceBuffer::from_slice(&vec![0.0_f32; length])?;
    let mut to = DeviceBuffer::from_slice(&vec![1.0_f32; length])?;
    let seconds = seconds(options.launches, |_| Ok(to.copy_from(&from)?))?;
    Ok(2.0 * (4 * length) as f64 / seconds / 1e9)
}

fn fused_row<S, const D: usize>(
    gpu: &Gpu,
    options: &Options,
    dynamics: impl Fn() -> Result<S>,
) -> Result<()>
where
    S: KernelDynamics<Real = f32>,
{
    let name = S::NAME;
    if !format!("fused_{name}_{D}").contains(&options.only) {
        return Ok(());
    }
    let dynamics = dynamics()?;
    let (euler, _) = fused::<S, _, D>(gpu, options, &EulerMaruyama::new(dynamics))?;
    let (single, _) = fused::<S, _, D>(gpu, options, &PoissonMidpoint::new(dynamics, Single))?;
    let (bernoulli, _) =
        fused::<S, _, D>(gpu, options, &PoissonMidpoint::new(dynamics, Bernoulli))?;
    let count = particles::<S, D>(options);
    println!("{name:<11} {D:>2}  {count:>9}  {euler:>14.2}  {single:>6.2}  {bernoulli:>9.2}");
    Ok(())
}

/// Particles of a fused batch.
fn particles<S: KernelDynamics, const D: usize>(options: &Options) -> usize {
    (1_usize << options.size) / (S::State::<D>::PARTS * D)
}

/// Where every coordinate of a fused batch starts.
const START: f32 = 0.5;

/// 10⁹ particle-steps/s of a stepper, and the state after it.
fn fused<S, P, const D: usize>(gpu: &Gpu, options: &Options, stepper: &P) -> Result<(f64, Vec<f32>)>
where
    S: KernelDynamics<Real = f32>,
    P: KernelStepper + Stepper<Dynamics = S>,
{
    let components = S::State::<D>::PARTS * D;
    let count = particles::<S, D>(options);
    let (mut state, mut word_positions) = (vec![START; components * count], vec![0; count]);
    let mut status = vec![Status::Active; count];
    let streams = Streams::new(42);
    let mut particles =
        Particles::<S::State<D>>::new(streams, 0, &mut state, &mut word_positions, &mut status)?;
    let mut batch = gpu.upload(&mut particles)?;
    let drift = DoubleWell {
        steepness: 1.0,
        cap: 3.0,
    };
    let steps = options.steps;
    let seconds = seconds(options.launches, |n| {
        batch.run(stepper, &drift, n * steps..(n + 1) * steps)?;
        Ok(())
    })?;
    let run = batch.download(&mut particles)?;
    ensure!(run.failed == 0, "{} particles failed", run.failed);
    drop(particles);
    Ok((count as f64 * f64::from(steps) / seconds / 1e9, state))
}

/// GB/s of each part of a split-phase step, of what [`Bytes`] says.
fn split_row(
    gpu: &Gpu,
    options: &Options,
    copied: f64,
    dimension: usize,
    count: usize,
    layout: Layout,
) -> Result<()> {
    let name = format!("split_{dimension}_{layout:?}").to_lowercase();
    if !name.contains(&options.only) {
        return Ok(());
    }
    let count = count.max(1);
    let state = vec![0.5_f32; dimension * count];
    let dynamics = overdamped()?;
    let (euler, single) = (
        EulerMaruyama::new(dynamics),
        PoissonMidpoint::new(dynamics, Single),
    );
    let mut batch: SplitBatch<'_, Overdamped<f32>> =
        gpu.split_phase(Streams::new(42), 0, dimension, layout, &state)?;
    let launches = options.launches;
    let update = seconds(launches, |n| Ok(batch.update(&euler, n)?))?;
    let step = seconds(launches, |n| {
        batch.begin(&single, n)?;
        batch.midpoint()?;
        Ok(batch.finish()?)
    })?;
    let bytes = |parts: &[&str]| {
        let parts = parts.iter().filter_map(|part| Bytes::of(part));
        parts
            .map(|part| (dimension as f64 * part.of_number + part.of_particle) * count as f64)
            .sum()
    };
    let (bytes_of_update, bytes_of_step) = (bytes(&["update"]), bytes(&["begin", "midpoint"]));
    let show = |bytes: f64, seconds: f64| {
        let rate = bytes / seconds / 1e9;
        format!("{rate:.0} {:.0} %", 100.0 * rate / copied)
    };
    let active = batch.status()?.iter().all(|s| *s == Status::Active);
    ensure!(active, "a particle failed");
    println!(
        "{count:>9} {dimension:>5} {:<8} {:>12} {:>14}",
        format!("{layout:?}"),
        show(bytes_of_update, update),
        show(bytes_of_step, step),
    );
    Ok(())
}
