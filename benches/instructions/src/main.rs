//! A loop for callgrind to count: `poisson-midpoint-instructions LOOP` does the work that `counted` is called for, and
//! prints how many steps, or numbers, that was.

use std::hint::black_box;

use anyhow::{Result, bail, ensure};
use poisson_midpoint::batch::{Cpu, Ensemble};
use poisson_midpoint::diffusion::standard_normal;
use poisson_midpoint::dynamics::{Dynamics, Overdamped, StateOf, Underdamped};
use poisson_midpoint::nalgebra::SVector;
use poisson_midpoint::random::{Buffered, Stream};
use poisson_midpoint::target::{DoubleWell, Drift};
use poisson_midpoint::{EulerMaruyama, MidpointLaw, Phase, PoissonMidpoint, Real, State, Stepper};

const STEPS: u32 = 256;

fn main() -> Result<()> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let Some((name, count)) = name.rsplit_once('-') else {
        bail!("no loop {name}");
    };
    // As many particles as make a few groups of lanes, or one particle, which has no lanes.
    let particles = match count {
        "lanes" => 64,
        "alone" | "buffered" | "slice" => 1,
        "normals" => return normals(),
        _ => bail!("no loop {name}-{count}"),
    };
    let euler = |inner| Overdamped::<f32>::new(0.01, inner);
    let underdamped = |inner| Underdamped::<f32>::new(0.01, inner, 1.0);
    let midpoint = |law| Ok::<_, anyhow::Error>(PoissonMidpoint::new(euler(1000)?, law));
    let law = if name.starts_with("single") {
        MidpointLaw::Single
    } else {
        MidpointLaw::Bernoulli
    };
    match name {
        "euler" if count == "slice" => slice(&EulerMaruyama::new(euler(1)?), 1),
        "single" if count == "slice" => slice(&midpoint(law)?, 1),
        "single-underdamped" if count == "slice" => {
            slice(&PoissonMidpoint::new(underdamped(1000)?, law), 2)
        }
        "euler" if count == "buffered" => path(&EulerMaruyama::new(euler(1)?)),
        "single" if count == "buffered" => path(&midpoint(law)?),
        "euler" => batch::<f32, SVector<f32, 1>, _, 1>(&EulerMaruyama::new(euler(1)?), particles),
        "euler2" => batch::<f32, SVector<f32, 2>, _, 2>(&EulerMaruyama::new(euler(1)?), particles),
        "euler-f64" => {
            let dynamics = Overdamped::<f64>::new(0.01, 1)?;
            batch::<f64, SVector<f64, 1>, _, 1>(&EulerMaruyama::new(dynamics), particles)
        }
        "single" | "bernoulli" => batch::<f32, SVector<f32, 1>, _, 1>(&midpoint(law)?, particles),
        "euler-underdamped" => {
            batch::<f32, Phase<f32, 1>, _, 1>(&EulerMaruyama::new(underdamped(1)?), particles)
        }
        "single-underdamped" | "bernoulli-underdamped" => {
            let stepper = PoissonMidpoint::new(underdamped(1000)?, law);
            batch::<f32, Phase<f32, 1>, _, 1>(&stepper, particles)
        }
        _ => bail!("no loop {name}-{count}"),
    }
}

/// Does the work that is counted. Not in line, and with a name that no type changes.
#[inline(never)]
fn counted(work: &mut dyn FnMut()) {
    work();
}

/// Does the work once before it is counted, for all that is found or filled at first.
fn count(each: usize, work: &mut dyn FnMut()) {
    work();
    counted(work);
    println!("{each}");
}

fn well<T: Real>() -> DoubleWell<T> {
    DoubleWell {
        steepness: T::ONE,
        cap: T::from_u32(3),
    }
}

/// Steps of a batch.
fn batch<T, X, S, const D: usize>(stepper: &S, particles: usize) -> Result<()>
where
    T: Real,
    X: StateOf<S::Dynamics> + State<Real = T, Position = SVector<T, D>>,
    S: Stepper<Dynamics: Dynamics<Real = T>>,
{
    let (mut ensemble, well) = (
        Ensemble::new(42, vec![X::from_fn(|_, _| T::ZERO); particles]),
        well(),
    );
    let mut failed = 0;
    count(particles * STEPS as usize, &mut || {
        let drift = |time, x: &SVector<T, D>| well.drift(time, x);
        failed += Cpu
            .run(stepper, &mut ensemble.particles(), drift, 0..STEPS)
            .failed;
    });
    ensure!(failed == 0, "{failed} particles failed");
    Ok(())
}

/// Steps of one particle whose stream is read ahead.
fn path<S>(stepper: &S) -> Result<()>
where
    S: Stepper<Dynamics: Dynamics<Real = f32>>,
    SVector<f32, 1>: StateOf<S::Dynamics> + State<Real = f32, Position = SVector<f32, 1>>,
{
    let (mut x, mut words) = (SVector::zeros(), Buffered::new(Stream::new(42, 0)));
    let (mut failed, well) = (0, well());
    count(STEPS as usize * 16, &mut || {
        for _ in 0..STEPS * 16 {
            let drift = |time, x: &SVector<f32, 1>| well.drift(time, x);
            failed += u32::from(stepper.step(0.0, &mut x, drift, &mut words).is_err());
        }
    });
    ensure!(failed == 0, "{failed} steps failed");
    Ok(())
}

/// Steps of a slice, for each of its components.
fn slice<S>(stepper: &S, parts: usize) -> Result<()>
where
    S: Stepper<Dynamics: Dynamics<Real = f32>>,
{
    const DIMENSION: usize = 1 << 12;
    let (mut x, mut stream) = (vec![0.0; DIMENSION * parts], Stream::new(42, 0));
    let mut work = vec![0.0; stepper.work_length(DIMENSION)];
    let mut failed = 0;
    count(4 * DIMENSION, &mut || {
        for _ in 0..4 {
            let drift = |_time, x: &[f32], drift: &mut [f32]| {
                for (drift, x) in drift.iter_mut().zip(x) {
                    *drift = -x;
                }
            };
            let step = stepper.step_slice(0.0, &mut x, drift, &mut stream, &mut work);
            failed += u32::from(step.is_err());
        }
    });
    ensure!(failed == 0, "{failed} steps failed");
    Ok(())
}

/// Normals of a slice.
fn normals() -> Result<()> {
    let (mut values, mut stream) = (vec![0.0_f32; 1 << 14], Stream::new(42, 0));
    count(values.len(), &mut || {
        standard_normal(black_box(&mut values), &mut stream);
    });
    Ok(())
}
