//! Launches whose instructions are counted, on an emulated driver: see `count`.

use anyhow::{Context, Result, ensure};
use poisson_midpoint::MidpointLaw::{Bernoulli, Single};
use poisson_midpoint::batch::{Particles, Status};
use poisson_midpoint::cuda::cust::memory::DeviceCopy;
use poisson_midpoint::cuda::{Gpu, Grid, Layout, SplitBatch};
use poisson_midpoint::dynamics::Overdamped;
use poisson_midpoint::kernel::{KernelDrift, KernelDynamics, KernelStepper};
use poisson_midpoint::random::Streams;
use poisson_midpoint::target::{
    DoubleWell, GaussianMixture, GaussianTable, LogisticRegression, TableDrift,
};
use poisson_midpoint::{Baoa, EulerMaruyama, PoissonMidpoint, Real, State, Stepper};

use super::{overdamped, underdamped};

/// Launches on a device, and tells how many warps' steps that is: of 32 particles each, or, where a particle is an
/// image, of 32 components.
type Launch = fn(&Gpu) -> Result<usize>;

/// What is counted.
struct Row {
    name: &'static str,
    kernel: &'static str,
    /// How many instructions a step of a warp is to take at most.
    aim: Option<u32>,
    /// A particle's dimensions, where what is counted is a part of a split-phase step.
    dimension: Option<usize>,
    launch: Launch,
}

impl Row {
    const fn fused(
        name: &'static str,
        kernel: &'static str,
        aim: Option<u32>,
        launch: Launch,
    ) -> Self {
        Self {
            name,
            kernel,
            aim,
            dimension: None,
            launch,
        }
    }

    const fn split(
        name: &'static str,
        kernel: &'static str,
        dimension: usize,
        launch: Launch,
    ) -> Self {
        Self {
            name,
            kernel,
            aim: None,
            dimension: Some(dimension),
            launch,
        }
    }
}

const COUNTED: [Row; 35] = [
    Row::fused(
        "em-overdamped-well-2",
        "em_overdamped_well_f32_2",
        Some(240),
        |gpu| well::<_, f32, 2>(gpu, &EulerMaruyama::new(overdamped()?)),
    ),
    Row::fused(
        "single-overdamped-well-2",
        "pmm_overdamped_well_f32_2",
        Some(550),
        |gpu| well::<_, f32, 2>(gpu, &PoissonMidpoint::new(overdamped()?, Single)),
    ),
    Row::fused(
        "bernoulli-overdamped-well-2",
        "pmm_overdamped_well_f32_2",
        Some(1500),
        |gpu| well::<_, f32, 2>(gpu, &PoissonMidpoint::new(overdamped()?, Bernoulli)),
    ),
    Row::fused(
        "em-underdamped-gaussian-2",
        "em_underdamped_gaussian_f32_2",
        Some(500),
        |gpu| gaussian::<_, f32, 2>(gpu, &EulerMaruyama::new(underdamped()?)),
    ),
    Row::fused(
        "single-underdamped-gaussian-2",
        "pmm_underdamped_gaussian_f32_2",
        Some(1300),
        |gpu| gaussian::<_, f32, 2>(gpu, &PoissonMidpoint::new(underdamped()?, Single)),
    ),
    Row::fused(
        "bernoulli-underdamped-gaussian-2",
        "pmm_underdamped_gaussian_f32_2",
        Some(3500),
        |gpu| gaussian::<_, f32, 2>(gpu, &PoissonMidpoint::new(underdamped()?, Bernoulli)),
    ),
    Row::fused(
        "em-overdamped-gaussian-2",
        "em_overdamped_gaussian_f32_2",
        Some(240),
        |gpu| gaussian::<_, f32, 2>(gpu, &EulerMaruyama::new(overdamped()?)),
    ),
    Row::fused(
        "baoa-underdamped-well-2",
        "baoa_underdamped_well_f32_2",
        None,
        |gpu| well::<_, f32, 2>(gpu, &Baoa::new(underdamped()?)?),
    ),
    Row::fused(
        "em-overdamped-gaussian-3",
        "em_overdamped_gaussian_f32_3",
        None,
        |gpu| gaussian::<_, f32, 3>(gpu, &EulerMaruyama::new(overdamped()?)),
    ),
    Row::fused(
        "single-underdamped-gaussian-3",
        "pmm_underdamped_gaussian_f32_3",
        None,
        |gpu| gaussian::<_, f32, 3>(gpu, &PoissonMidpoint::new(underdamped()?, Single)),
    ),
    Row::fused(
        "em-overdamped-gaussian-16",
        "em_overdamped_gaussian_f32_16",
        None,
        |gpu| gaussian::<_, f32, 16>(gpu, &EulerMaruyama::new(overdamped()?)),
    ),
    Row::fused(
        "single-overdamped-gaussian-16",
        "pmm_overdamped_gaussian_f32_16",
        None,
        |gpu| gaussian::<_, f32, 16>(gpu, &PoissonMidpoint::new(overdamped()?, Single)),
    ),
    Row::fused(
        "em-overdamped-well-16",
        "em_overdamped_well_f32_16",
        None,
        |gpu| well::<_, f32, 16>(gpu, &EulerMaruyama::new(overdamped()?)),
    ),
    Row::fused(
        "single-overdamped-well-16",
        "pmm_overdamped_well_f32_16",
        None,
        |gpu| well::<_, f32, 16>(gpu, &PoissonMidpoint::new(overdamped()?, Single)),
    ),
    Row::fused(
        "em-overdamped-logistic-16",
        "em_overdamped_logistic_f32_16",
        None,
        |gpu| logistic::<_, f32, 16>(gpu, &EulerMaruyama::new(overdamped()?)),
    ),
    Row::fused(
        "em-overdamped-mixture-16",
        "em_overdamped_mixture_f32_16",
        None,
        |gpu| mixture::<_, f32, 16>(gpu, &EulerMaruyama::new(overdamped()?)),
    ),
    Row::fused(
        "em-overdamped-gaussian-32",
        "em_overdamped_gaussian_f32_32",
        None,
        |gpu| gaussian::<_, f32, 32>(gpu, &EulerMaruyama::new(overdamped()?)),
    ),
    Row::fused(
        "single-overdamped-gaussian-32",
        "pmm_overdamped_gaussian_f32_32",
        None,
        |gpu| gaussian::<_, f32, 32>(gpu, &PoissonMidpoint::new(overdamped()?, Single)),
    ),
    Row::fused(
        "em-overdamped-well-32",
        "em_overdamped_well_f32_32",
        None,
        |gpu| well::<_, f32, 32>(gpu, &EulerMaruyama::new(overdamped()?)),
    ),
    Row::fused(
        "single-underdamped-well-32",
        "pmm_underdamped_well_f32_32",
        None,
        |gpu| well::<_, f32, 32>(gpu, &PoissonMidpoint::new(underdamped()?, Single)),
    ),
    Row::fused(
        "em-overdamped-gaussian-64",
        "em_overdamped_gaussian_f32_64",
        None,
        |gpu| gaussian::<_, f32, 64>(gpu, &EulerMaruyama::new(overdamped()?)),
    ),
    Row::fused(
        "single-overdamped-well-64",
        "pmm_overdamped_well_f32_64",
        None,
        |gpu| well::<_, f32, 64>(gpu, &PoissonMidpoint::new(overdamped()?, Single)),
    ),
    Row::fused(
        "em-overdamped-gaussian-8-f64",
        "em_overdamped_gaussian_f64_8",
        None,
        |gpu| gaussian::<_, f64, 8>(gpu, &EulerMaruyama::new(overdamped()?)),
    ),
    Row::fused(
        "single-overdamped-gaussian-8-f64",
        "pmm_overdamped_gaussian_f64_8",
        None,
        |gpu| gaussian::<_, f64, 8>(gpu, &PoissonMidpoint::new(overdamped()?, Single)),
    ),
    Row::fused(
        "single-underdamped-well-8-f64",
        "pmm_underdamped_well_f64_8",
        None,
        |gpu| well::<_, f64, 8>(gpu, &PoissonMidpoint::new(underdamped()?, Single)),
    ),
    Row::split("update-images", "update_overdamped_f32", IMAGE, images),
    Row::split("begin-images", "begin_overdamped_f32", IMAGE, images),
    Row::split("midpoint-images", "midpoint_overdamped_f32", IMAGE, images),
    Row::split("update-columns", "update_overdamped_f32", IMAGE, columns),
    Row::split("begin-columns", "begin_overdamped_f32", IMAGE, columns),
    Row::split(
        "midpoint-columns",
        "midpoint_overdamped_f32",
        IMAGE,
        columns,
    ),
    Row::split("update-columns-2", "update_overdamped_f32", 2, columns_2),
    Row::split("begin-columns-2", "begin_overdamped_f32", 2, columns_2),
    Row::split(
        "midpoint-columns-2",
        "midpoint_overdamped_f32",
        2,
        columns_2,
    ),
    Row::split("finish-columns-2", "finish_overdamped_f32", 2, columns_2),
];

/// The numbers of an image.
const IMAGE: usize = 3 * 32 * 32;

/// Macro steps of a fused launch: enough for what precedes the first to weigh little.
const STEPS: u32 = 40;
const WARP: usize = 32;

/// Prints what is counted, its kernel, its aim, and how many bytes a split-phase kernel must move for a number: a line
/// each.
pub fn list() {
    for row in &COUNTED {
        let Row { name, kernel, .. } = row;
        let aim = row.aim.map_or("–".into(), |aim| aim.to_string());
        let bytes = row.dimension.and_then(|dimension| {
            let part = name.split('-').next()?;
            let bytes = Bytes::of(part)?;
            Some(bytes.of_number + bytes.of_particle / dimension as f64)
        });
        let bytes = bytes.map_or("–".into(), |bytes| format!("{bytes:.2}"));
        println!("{name} {kernel} {aim} {bytes}");
    }
}

/// What a part of a split-phase step must read and write: of states, drifts, midpoints and accounts, but not what is
/// computed from them.
pub struct Bytes {
    pub of_number: f64,
    pub of_particle: f64,
}

impl Bytes {
    /// Of overdamped particles in f32. Under the midpoint method the particles have one midpoint each.
    pub fn of(part: &str) -> Option<Self> {
        let (numbers, of_particle) = match part {
            // x and b₀ read, x written; word positions and codes read, positions written.
            "update" => (3.0, 8.0 + 4.0 + 8.0),
            // x and b₀ read, X̂ and W written; positions and codes read, midpoints and times written.
            "begin" => (4.0, 8.0 + 4.0 + 4.0 + 4.0),
            // x, b₀, b̂ and W read, x written; positions, codes and midpoints read, positions and midpoints written.
            "midpoint" => (5.0, 8.0 + 4.0 + 4.0 + 8.0 + 4.0),
            _ => return None,
        };
        Some(Self {
            of_number: 4.0 * numbers,
            of_particle,
        })
    }
}

/// Launches what has this name, and prints how many steps of warps that is.
pub fn launch(gpu: &Gpu, name: &str) -> Result<()> {
    let found = COUNTED.iter().find(|row| row.name == name);
    let row = found.with_context(|| format!("{name}: nothing of this name is counted"))?;
    println!("{}", (row.launch)(gpu).with_context(|| name.to_string())?);
    Ok(())
}

fn well<P, T, const D: usize>(gpu: &Gpu, stepper: &P) -> Result<usize>
where
    P: KernelStepper<Dynamics: KernelDynamics<Real = T>>,
    T: Real + DeviceCopy,
{
    let drift = DoubleWell {
        steepness: T::ONE,
        cap: T::from_u32(3),
    };
    fused::<_, _, _, _, D>(gpu, stepper, &drift)
}

fn gaussian<P, T, const D: usize>(gpu: &Gpu, stepper: &P) -> Result<usize>
where
    P: KernelStepper<Dynamics: KernelDynamics<Real = T>>,
    T: Real + DeviceCopy,
{
    let table = standard_normal::<T, D>();
    fused::<_, _, _, _, D>(gpu, stepper, &GaussianTable::from_table(&table)?)
}

/// Ten observations.
fn logistic<P, T, const D: usize>(gpu: &Gpu, stepper: &P) -> Result<usize>
where
    P: KernelStepper<Dynamics: KernelDynamics<Real = T>>,
    T: Real + DeviceCopy,
{
    let mut table = vec![T::ONE];
    table.extend(spread::<T>(10 * D));
    fused::<_, _, _, _, D>(gpu, stepper, &LogisticRegression::from_table(&table)?)
}

/// Four components.
fn mixture<P, T, const D: usize>(gpu: &Gpu, stepper: &P) -> Result<usize>
where
    P: KernelStepper<Dynamics: KernelDynamics<Real = T>>,
    T: Real + DeviceCopy,
{
    let means = spread::<T>(4 * D);
    let row = |mean: &[T]| [&[T::ONE; 2], mean].concat();
    let table: Vec<T> = means.chunks(D).flat_map(row).collect();
    fused::<_, _, _, _, D>(gpu, stepper, &GaussianMixture::from_table(&table)?)
}

fn images(gpu: &Gpu) -> Result<usize> {
    split(gpu, IMAGE, 8, Layout::Rows)
}

fn columns(gpu: &Gpu) -> Result<usize> {
    split(gpu, IMAGE, 32, Layout::Columns)
}

fn columns_2(gpu: &Gpu) -> Result<usize> {
    split(gpu, 2, 1024, Layout::Columns)
}

/// The table of a Gaussian about 0 whose precision is the identity.
fn standard_normal<T: Real, const D: usize>() -> Vec<T> {
    let identity = (0..D * D).map(|i| T::from_u32(u32::from(i % (D + 1) == 0)));
    [T::ZERO; D].into_iter().chain(identity).collect()
}

/// Values spread over −1 to 1.
fn spread<T: Real>(length: usize) -> Vec<T> {
    let value = |i: usize| T::from_u32((i * 37 % 64) as u32) / T::from_u32(32) - T::ONE;
    (0..length).map(value).collect()
}

/// Four warps with a particle for each thread.
fn fused<S, P, F, T, const D: usize>(gpu: &Gpu, stepper: &P, drift: &F) -> Result<usize>
where
    S: KernelDynamics<Real = T>,
    P: KernelStepper + Stepper<Dynamics = S>,
    F: KernelDrift<T, D>,
    T: Real + DeviceCopy,
{
    let count = 4 * WARP;
    gpu.set_grid(Some(Grid {
        blocks: 1,
        threads: 128,
    }));
    let parts = S::State::<D>::PARTS;
    let (mut state, mut word_positions) = (spread(parts * D * count), vec![0; count]);
    let mut status = vec![Status::Active; count];
    let streams = Streams::new(42);
    let mut particles =
        Particles::<S::State<D>>::new(streams, 0, &mut state, &mut word_positions, &mut status)?;
    let mut batch = gpu.upload(&mut particles)?;
    batch.run(stepper, drift, 0..STEPS)?;
    let failed = batch.download(&mut particles)?.failed;
    ensure!(failed == 0, "{failed} particles failed");
    Ok(count / WARP * STEPS as usize)
}

/// Particles in four warps, each thread of which has some tiles, as on a card that is full.
fn split(gpu: &Gpu, dimension: usize, count: usize, layout: Layout) -> Result<usize> {
    gpu.set_grid(Some(Grid {
        blocks: 1,
        threads: 128,
    }));
    let dynamics = overdamped()?;
    let state = spread(dimension * count);
    let mut batch: SplitBatch<'_, Overdamped<f32>> =
        gpu.split_phase(Streams::new(42), 0, dimension, layout, &state)?;
    batch.update(&EulerMaruyama::new(dynamics), 0)?;
    batch.begin(&PoissonMidpoint::new(dynamics, Single), 1)?;
    batch.midpoint()?;
    batch.finish()?;
    let active = batch.status()?.iter().all(|s| *s == Status::Active);
    ensure!(active, "a particle failed");
    Ok(dimension * count / WARP)
}
