//! Langevin dynamics in a double well, a batch on all processors and one long path; and of a logistic regression.

use anyhow::{Context, Result, bail, ensure};
use poisson_midpoint::batch::{Engine, Ensemble, Parallel};
use poisson_midpoint::dynamics::{Dynamics, Overdamped, StateOf, Underdamped};
use poisson_midpoint::nalgebra::SVector;
use poisson_midpoint::random::{Buffered, Stream};
use poisson_midpoint::target::{DoubleWell, Drift, LogisticRegression, TableDrift};
use poisson_midpoint::{
    Baoa, EulerMaruyama, MidpointLaw, Phase, PoissonMidpoint, Quicsort, State, Stepper, Ubu,
};

use super::{Contender, mean_square};

const STEP_SIZE: f32 = 0.01;
const INNER_STEPS: u32 = 1000;
const FRICTION: f32 = 1.0;
const WELL: DoubleWell<f32> = DoubleWell {
    steepness: 1.0,
    cap: 3.0,
};

/// Coefficients of the logistic regression, and its step size.
const COEFFICIENTS: usize = 31;
const LOGISTIC_STEP_SIZE: f32 = 0.1;

/// The contender of a method, `euler`, `single`, `bernoulli`, `baoa`, `ubu` or `quicsort`.
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
        "baoa" if workload == "underdamped" => {
            return Ok(well::<_, Phase<f32, 1>, 1>(
                Baoa::new(underdamped(1)?)?,
                count,
                steps,
            ));
        }
        "ubu" if workload == "underdamped" => {
            return Ok(well::<_, Phase<f32, 1>, 1>(
                Ubu::new(underdamped(2)?)?,
                count,
                steps,
            ));
        }
        "quicsort" if workload == "underdamped" => {
            return Ok(well::<_, Phase<f32, 1>, 1>(
                Quicsort::new(underdamped(1)?)?,
                count,
                steps,
            ));
        }
        "single" => Some(MidpointLaw::Single),
        "bernoulli" => Some(MidpointLaw::Bernoulli),
        _ => bail!("no method {method}"),
    };
    Ok(match (workload, law) {
        ("overdamped-1", None) => {
            well::<_, SVector<f32, 1>, 1>(EulerMaruyama::new(overdamped(1)?), count, steps)
        }
        ("overdamped-1", Some(law)) => {
            let stepper = PoissonMidpoint::new(overdamped(INNER_STEPS)?, law);
            well::<_, SVector<f32, 1>, 1>(stepper, count, steps)
        }
        ("overdamped-2", None) => {
            well::<_, SVector<f32, 2>, 2>(EulerMaruyama::new(overdamped(1)?), count, steps)
        }
        ("overdamped-2", Some(law)) => {
            let stepper = PoissonMidpoint::new(overdamped(INNER_STEPS)?, law);
            well::<_, SVector<f32, 2>, 2>(stepper, count, steps)
        }
        ("underdamped", None) => {
            well::<_, Phase<f32, 1>, 1>(EulerMaruyama::new(underdamped(1)?), count, steps)
        }
        ("underdamped", Some(law)) => {
            let stepper = PoissonMidpoint::new(underdamped(INNER_STEPS)?, law);
            well::<_, Phase<f32, 1>, 1>(stepper, count, steps)
        }
        ("logistic", law) => {
            let dynamics = |inner| Overdamped::new(LOGISTIC_STEP_SIZE, inner);
            let table = table()?;
            match law {
                None => logistic(EulerMaruyama::new(dynamics(1)?), table, count, steps)?,
                Some(law) => {
                    let stepper = PoissonMidpoint::new(dynamics(INNER_STEPS)?, law);
                    logistic(stepper, table, count, steps)?
                }
            }
        }
        ("path", None) => Path::boxed(EulerMaruyama::new(overdamped(1)?), steps),
        ("path", Some(law)) => {
            Path::boxed(PoissonMidpoint::new(overdamped(INNER_STEPS)?, law), steps)
        }
        _ => bail!("no workload {workload}"),
    })
}

/// Particles in the double well.
fn well<S, X, const D: usize>(stepper: S, count: usize, steps: u32) -> Box<dyn Contender>
where
    S: Stepper<Dynamics: Dynamics<Real = f32>> + 'static,
    X: StateOf<S::Dynamics> + State<Real = f32, Position = SVector<f32, D>> + 'static,
{
    Batch::<S, X, _>::boxed(stepper, WELL, count, steps)
}

/// Particles in the posterior of a logistic regression.
fn logistic<S>(
    stepper: S,
    table: &'static [f32],
    count: usize,
    steps: u32,
) -> Result<Box<dyn Contender>>
where
    S: Stepper<Dynamics: Dynamics<Real = f32>> + 'static,
    SVector<f32, COEFFICIENTS>:
        StateOf<S::Dynamics> + State<Real = f32, Position = SVector<f32, COEFFICIENTS>>,
{
    let drift = LogisticRegression::<f32, COEFFICIENTS>::from_table(table)?;
    Ok(Batch::<S, SVector<f32, COEFFICIENTS>, _>::boxed(
        stepper, drift, count, steps,
    ))
}

/// The table that `compare.py` has written, kept as long as the program runs.
fn table() -> Result<&'static [f32]> {
    let path = std::env::var("PEERS_TABLE").context("PEERS_TABLE names the table's file")?;
    let bytes = std::fs::read(&path).with_context(|| path.clone())?;
    let scalars: Vec<f32> = bytes
        .as_chunks()
        .0
        .iter()
        .map(|&scalar| f32::from_le_bytes(scalar))
        .collect();
    Ok(scalars.leak())
}

/// Particles that begin at 0.
struct Batch<S, X: State, B> {
    stepper: S,
    drift: B,
    ensemble: Ensemble<X>,
    steps: u32,
}

impl<S, X, B, const D: usize> Batch<S, X, B>
where
    S: Stepper<Dynamics: Dynamics<Real = f32>> + 'static,
    X: StateOf<S::Dynamics> + State<Real = f32, Position = SVector<f32, D>> + 'static,
    B: Drift<f32, D> + Sync + 'static,
{
    fn boxed(stepper: S, drift: B, count: usize, steps: u32) -> Box<dyn Contender> {
        let states = vec![X::from_fn(|_, _| 0.0); count];
        let ensemble = Ensemble::new(42, states);
        Box::new(Self {
            stepper,
            drift,
            ensemble,
            steps,
        })
    }
}

impl<S, X, B, const D: usize> Contender for Batch<S, X, B>
where
    S: Stepper<Dynamics: Dynamics<Real = f32>>,
    X: StateOf<S::Dynamics> + State<Real = f32, Position = SVector<f32, D>>,
    B: Drift<f32, D> + Sync,
{
    fn run(&mut self) -> Result<()> {
        let (stepper, mut particles) = (&self.stepper, self.ensemble.particles());
        let run = Parallel.advance(stepper, &mut particles, &self.drift, 0..self.steps)?;
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
