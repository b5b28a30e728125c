//! Langevin dynamics in a double well: a batch on all processors, and one long path.

use anyhow::{Result, bail, ensure};
use poisson_midpoint::batch::{Cpu, Ensemble};
use poisson_midpoint::dynamics::{Dynamics, Overdamped, StateOf, Underdamped};
use poisson_midpoint::nalgebra::SVector;
use poisson_midpoint::random::{Buffered, Stream};
use poisson_midpoint::target::{DoubleWell, Drift};
use poisson_midpoint::{EulerMaruyama, MidpointLaw, Phase, PoissonMidpoint, State, Stepper};

use super::{Contender, mean_square};

const STEP_SIZE: f32 = 0.01;
const INNER_STEPS: u32 = 1000;
const FRICTION: f32 = 1.0;
const WELL: DoubleWell<f32> = DoubleWell {
    steepness: 1.0,
    cap: 3.0,
};

/// The contender of a method, `euler`, `single` or `bernoulli`.
pub(crate) fn contender(
    method: &str,
    workload: &str,
    count: usize,
    steps: u32,
) -> Result<Box<dyn Contender>> {
    let overdamped = |inner| Overdamped::new(STEP_SIZE, inner);
    let underdamped = |inner| Underdamped::new(STEP_SIZE, inner, FRICTION);
    let law = match method {
        "euler" => None,
        "single" => Some(MidpointLaw::Single),
        "bernoulli" => Some(MidpointLaw::Bernoulli),
        _ => bail!("no method {method}"),
    };
    Ok(match (workload, law) {
        ("overdamped-1", None) => {
            Batch::<_, SVector<f32, 1>>::boxed(EulerMaruyama::new(overdamped(1)?), count, steps)
        }
        ("overdamped-1", Some(law)) => {
            let stepper = PoissonMidpoint::new(overdamped(INNER_STEPS)?, law);
            Batch::<_, SVector<f32, 1>>::boxed(stepper, count, steps)
        }
        ("overdamped-2", None) => {
            Batch::<_, SVector<f32, 2>>::boxed(EulerMaruyama::new(overdamped(1)?), count, steps)
        }
        ("overdamped-2", Some(law)) => {
            let stepper = PoissonMidpoint::new(overdamped(INNER_STEPS)?, law);
            Batch::<_, SVector<f32, 2>>::boxed(stepper, count, steps)
        }
        ("underdamped", None) => {
            Batch::<_, Phase<f32, 1>>::boxed(EulerMaruyama::new(underdamped(1)?), count, steps)
        }
        ("underdamped", Some(law)) => {
            let stepper = PoissonMidpoint::new(underdamped(INNER_STEPS)?, law);
            Batch::<_, Phase<f32, 1>>::boxed(stepper, count, steps)
        }
        ("path", None) => Path::boxed(EulerMaruyama::new(overdamped(1)?), steps),
        ("path", Some(law)) => {
            Path::boxed(PoissonMidpoint::new(overdamped(INNER_STEPS)?, law), steps)
        }
        _ => bail!("no workload {workload}"),
    })
}

/// Particles that begin at 0.
struct Batch<S, X: State> {
    stepper: S,
    ensemble: Ensemble<X>,
    steps: u32,
}

impl<S, X, const D: usize> Batch<S, X>
where
    S: Stepper<Dynamics: Dynamics<Real = f32>> + 'static,
    X: StateOf<S::Dynamics> + State<Real = f32, Position = SVector<f32, D>> + 'static,
{
    fn boxed(stepper: S, count: usize, steps: u32) -> Box<dyn Contender> {
        let states = vec![X::from_fn(|_, _| 0.0); count];
        let ensemble = Ensemble::new(42, states);
        Box::new(Self {
            stepper,
            ensemble,
            steps,
        })
    }
}

impl<S, X, const D: usize> Contender for Batch<S, X>
where
    S: Stepper<Dynamics: Dynamics<Real = f32>>,
    X: StateOf<S::Dynamics> + State<Real = f32, Position = SVector<f32, D>>,
{
    fn run(&mut self) -> Result<()> {
        let (stepper, mut particles) = (&self.stepper, self.ensemble.particles());
        let drift = |time, x: &SVector<f32, D>| WELL.drift(time, x);
        let run = Cpu.run_parallel(stepper, &mut particles, drift, 0..self.steps);
        ensure!(run.failed == 0, "{} particles failed", run.failed);
        Ok(())
    }

    fn moments(&self) -> Vec<(&'static str, f64)> {
        // Positions come first, then velocities.
        let components = self.ensemble.components();
        let parts = components.chunks_exact(D * self.ensemble.len());
        ["x2", "v2"]
            .into_iter()
            .zip(parts.map(|part| mean_square(part.iter().copied())))
            .collect()
    }

    fn threads(&self) -> usize {
        rayon::current_num_threads()
    }
}

/// One particle, and the mean of x² along its path.
struct Path<S> {
    stepper: S,
    x: SVector<f32, 1>,
    words: Buffered,
    steps: u32,
    mean_square: f64,
}

impl<S> Path<S>
where
    S: Stepper<Dynamics: Dynamics<Real = f32>> + 'static,
    SVector<f32, 1>: StateOf<S::Dynamics> + State<Real = f32, Position = SVector<f32, 1>>,
{
    fn boxed(stepper: S, steps: u32) -> Box<dyn Contender> {
        Box::new(Self {
            stepper,
            x: SVector::zeros(),
            words: Buffered::new(Stream::new(42, 0)),
            steps,
            mean_square: 0.0,
        })
    }
}

impl<S> Contender for Path<S>
where
    S: Stepper<Dynamics: Dynamics<Real = f32>>,
    SVector<f32, 1>: StateOf<S::Dynamics> + State<Real = f32, Position = SVector<f32, 1>>,
{
    fn run(&mut self) -> Result<()> {
        let mut sum = 0.0_f64;
        for _ in 0..self.steps {
            let drift = |time, x: &SVector<f32, 1>| WELL.drift(time, x);
            let _ = self
                .stepper
                .step(0.0, &mut self.x, drift, &mut self.words)?;
            sum += f64::from(self.x.x * self.x.x);
        }
        self.mean_square = sum / f64::from(self.steps);
        Ok(())
    }

    fn moments(&self) -> Vec<(&'static str, f64)> {
        vec![("x2", self.mean_square)]
    }

    fn threads(&self) -> usize {
        1
    }
}
