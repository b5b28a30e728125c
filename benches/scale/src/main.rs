//! What a step costs as particles, dimension, K, steps a call and threads grow: `cargo run --release` from here prints
//! tables in Markdown, and with `-- FILE.svg` draws them.
//!
//! f32, the drift −x, one thread except where threads are counted. A number is the least of several runs, since
//! disturbances only make a run longer.

mod plot;

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use poisson_midpoint::batch::{Cpu, Ensemble, Parallel};
use poisson_midpoint::dynamics::Overdamped;
use poisson_midpoint::nalgebra::SVector;
use poisson_midpoint::random::{Buffered, Stream};
use poisson_midpoint::{EulerMaruyama, MidpointLaw, PoissonMidpoint, Stepper};

const STEP_SIZE: f32 = 0.01;
const INNER_STEPS: u32 = 1000;
/// Particle-steps of a run, or of a call if that has more.
const PARTICLE_STEPS: usize = 1 << 20;

/// What is measured against what.
pub(crate) struct Panel {
    pub(crate) title: &'static str,
    pub(crate) variable: &'static str,
    pub(crate) unit: &'static str,
    /// For each value of the variable, nanoseconds by each method.
    pub(crate) rows: Vec<(u64, [f64; 3])>,
}

pub(crate) const METHODS: [&str; 3] = ["Euler–Maruyama", "`Single`", "`Bernoulli`"];

fn main() -> Result<()> {
    let panels = [
        particles()?,
        dimension()?,
        inner_steps()?,
        steps_a_call()?,
        threads()?,
    ];
    for panel in &panels {
        println!("\n## {}\n", panel.title);
        println!("| {} | {} |", panel.variable, METHODS.join(" | "));
        println!("|---|---|---|---|");
        for (value, costs) in &panel.rows {
            let costs = costs.map(|cost| format!("{cost:.1}"));
            println!("| {value} | {} |", costs.join(" | "));
        }
    }
    if let Some(path) = std::env::args_os().nth(1) {
        plot::draw(path.as_ref(), &panels)?;
    }
    Ok(())
}

/// The nanoseconds of the shortest run, divided by what it does.
fn cost(units: usize, mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    run()?;
    let (begun, mut least) = (Instant::now(), Duration::MAX);
    let mut runs = 0;
    while runs < 5 || (begun.elapsed() < Duration::from_millis(300) && runs < 100) {
        let start = Instant::now();
        run()?;
        least = least.min(start.elapsed());
        runs += 1;
    }
    Ok(least.as_secs_f64() * 1e9 / units as f64)
}

/// A measurement of a method, whichever it is.
trait Measure {
    fn of<S>(&self, stepper: &S) -> Result<f64>
    where
        S: Stepper<Dynamics = Overdamped<f32>>;
}

/// The measurement of each method.
fn each(inner_steps: u32, measure: &impl Measure) -> Result<[f64; 3]> {
    let dynamics = Overdamped::new(STEP_SIZE, inner_steps)?;
    let midpoint = |law| PoissonMidpoint::new(dynamics, law);
    Ok([
        measure.of(&EulerMaruyama::new(dynamics))?,
        measure.of(&midpoint(MidpointLaw::Single))?,
        measure.of(&midpoint(MidpointLaw::Bernoulli))?,
    ])
}

/// A batch in D dimensions: the cost of a particle's step.
struct Batch<const D: usize> {
    particles: usize,
    steps_a_call: u32,
    parallel: bool,
}

impl<const D: usize> Measure for Batch<D> {
    fn of<S>(&self, stepper: &S) -> Result<f64>
    where
        S: Stepper<Dynamics = Overdamped<f32>>,
    {
        let steps = self.steps_a_call;
        let mut ensemble =
            Ensemble::<SVector<f32, D>>::new(42, vec![SVector::zeros(); self.particles]);
        let call = self.particles * steps as usize;
        let calls = (PARTICLE_STEPS / D / call).max(1);
        cost(calls * call, || {
            for _ in 0..calls {
                let mut particles = ensemble.particles();
                let drift = |_t, x: &SVector<f32, D>| -x;
                let run = if self.parallel {
                    Parallel.run(stepper, &mut particles, drift, 0..steps)
                } else {
                    Cpu.run(stepper, &mut particles, drift, 0..steps)
                };
                ensure!(run.failed == 0, "{} particles failed", run.failed);
            }
            Ok(())
        })
    }
}

/// One particle, whose dimension is known when the program runs.
struct Slice {
    dimension: usize,
}

impl Measure for Slice {
    fn of<S>(&self, stepper: &S) -> Result<f64>
    where
        S: Stepper<Dynamics = Overdamped<f32>>,
    {
        let mut x = vec![0.0; self.dimension];
        let mut work = vec![0.0; stepper.work_length(self.dimension)];
        let mut words = Buffered::new(Stream::new(42, 0));
        let steps = (PARTICLE_STEPS / self.dimension).max(1);
        cost(steps, || {
            for _ in 0..steps {
                let drift = |_t, x: &[f32], b: &mut [f32]| {
                    for (b, x) in b.iter_mut().zip(x) {
                        *b = -x;
                    }
                };
                let _ = stepper.step_slice(0.0, &mut x, drift, &mut words, &mut work)?;
            }
            black_box(&x);
            Ok(())
        })
    }
}

fn particles() -> Result<Panel> {
    let mut rows = Vec::new();
    for particles in [
        1, 4, 15, 16, 64, 1000, 10_000, 100_000, 1_000_000, 10_000_000,
    ] {
        let batch = Batch::<2> {
            particles,
            steps_a_call: if particles > 100_000 { 10 } else { 100 },
            parallel: false,
        };
        rows.push((particles as u64, each(INNER_STEPS, &batch)?));
    }
    Ok(Panel {
        title: "Particles",
        variable: "particles",
        unit: "ns a particle's step, D = 2",
        rows,
    })
}

fn dimension() -> Result<Panel> {
    fn batch<const D: usize>() -> Result<(u64, [f64; 3])> {
        let batch = Batch::<D> {
            particles: 1024,
            steps_a_call: 100,
            parallel: false,
        };
        Ok((D as u64, each(INNER_STEPS, &batch)?))
    }
    let mut rows = vec![
        batch::<1>()?,
        batch::<2>()?,
        batch::<3>()?,
        batch::<4>()?,
        batch::<8>()?,
        batch::<16>()?,
        batch::<32>()?,
        batch::<64>()?,
    ];
    for dimension in [65, 128, 256, 512, 1024] {
        rows.push((dimension as u64, each(INNER_STEPS, &Slice { dimension })?));
    }
    for (dimension, costs) in &mut rows {
        *costs = costs.map(|cost| cost / *dimension as f64);
    }
    Ok(Panel {
        title: "Dimension",
        variable: "D",
        unit: "ns a component's step; from 65 on slices",
        rows,
    })
}

fn inner_steps() -> Result<Panel> {
    let batch = Batch::<2> {
        particles: 1024,
        steps_a_call: 100,
        parallel: false,
    };
    let mut rows = Vec::new();
    for inner_steps in [
        1,
        2,
        10,
        100,
        1000,
        10_000,
        100_000,
        1_000_000,
        1_000_000_000,
    ] {
        rows.push((inner_steps.into(), each(inner_steps, &batch)?));
    }
    Ok(Panel {
        title: "Inner steps",
        variable: "K",
        unit: "ns a particle's step, D = 2",
        rows,
    })
}

fn steps_a_call() -> Result<Panel> {
    let mut rows = Vec::new();
    for steps_a_call in [1, 2, 5, 10, 100, 1000] {
        let batch = Batch::<2> {
            particles: 1024,
            steps_a_call,
            parallel: false,
        };
        rows.push((steps_a_call.into(), each(INNER_STEPS, &batch)?));
    }
    Ok(Panel {
        title: "Steps a call",
        variable: "steps a call",
        unit: "ns a particle's step, D = 2, 1024 particles",
        rows,
    })
}

fn threads() -> Result<Panel> {
    let most = std::thread::available_parallelism()?.get();
    let mut rows = Vec::new();
    let mut threads = 1;
    while threads <= most {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        let batch = Batch::<2> {
            particles: 65_536,
            steps_a_call: 100,
            parallel: true,
        };
        rows.push((threads as u64, pool.install(|| each(INNER_STEPS, &batch))?));
        threads *= 2;
    }
    Ok(Panel {
        title: "Threads",
        variable: "threads",
        unit: "ns a particle's step, D = 2, 65,536 particles",
        rows,
    })
}
