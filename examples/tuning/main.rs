//! Asks the tuner for a bias on five targets, and measures the bias of the step size that it finds: the table of
//! `docs/tuning.md`. With `--friction`, measures what chains of other frictions are worth: the second table there.
//!
//! `cargo run --release --example tuning`; some minutes.

mod friction;
mod target;

use friction::Worth;
use nalgebra::Vector2;
use poisson_midpoint::dynamics::{Dynamics, Overdamped, StateOf, Underdamped};
use poisson_midpoint::random::Streams;
use poisson_midpoint::statistics::Moments;
use poisson_midpoint::tuning::{Coupled, StepSizeTuner, Tuned, TuningError};
use poisson_midpoint::{
    Baoa, EulerMaruyama, MidpointLaw, ParameterError, Phase, PoissonMidpoint, State, StepError,
    Stepper,
};
use target::{TARGETS, Target, statistics};

/// The biases that the tuner is asked for.
const WANTED: [f64; 2] = [0.05, 0.01];
/// The statistics of a position (x, y).
const STATISTICS: [&str; 4] = ["x", "y", "x²", "y²"];
/// Particles of the tuner.
const PARTICLES: usize = 64;
/// Drift evaluations that the tuner may use.
const BUDGET: u64 = 20_000_000;
/// Particles that measure the bias, and drift evaluations that they may use at most.
const WITNESSES: usize = 1024;
const MOST: u64 = 1_000_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match std::env::args().nth(1).as_deref() {
        None => biases(),
        Some("--friction") => frictions(),
        Some(other) => Err(format!("{other}: the only argument is --friction").into()),
    }
}

/// A row for each target: what a thousand steps are worth with each friction.
fn frictions() -> Result<(), Box<dyn std::error::Error>> {
    let factors = friction::FACTORS.map(|factor| format!(" {factor} |"));
    println!("| target | η | critical γ |{}", factors.concat());
    println!("|---|---|---|{}", "---|".repeat(factors.len()));
    for target in &TARGETS {
        let Worth { critical, sizes } = friction::worth(target)?;
        let sizes = sizes.map(|(size, statistic)| format!(" {size:.1} ({statistic}) |"));
        let (name, step) = (target.name, target.step_size);
        println!("| {name} | {step} | {critical:.3} |{}", sizes.concat());
    }
    Ok(())
}

/// A row for each target, method and bias asked for.
fn biases() -> Result<(), Box<dyn std::error::Error>> {
    println!("| target | method | asked | η | estimated | came | drift evaluations |");
    println!("|---|---|---|---|---|---|---|");
    for target in &TARGETS {
        let underdamped = |step, inner| Underdamped::new(step, inner, target.friction);
        let euler = |step, inner| Ok(EulerMaruyama::new(Overdamped::new(step, inner)?));
        let midpoint = |step, inner| {
            let dynamics = underdamped(step, inner)?;
            Ok(PoissonMidpoint::new(dynamics, MidpointLaw::Single))
        };
        let baoa = |step, inner| Baoa::new(underdamped(step, inner)?);
        for wanted in WANTED {
            row(target, "Euler–Maruyama, overdamped", wanted, |x| x, euler)?;
            row(
                target,
                "Poisson midpoint, underdamped",
                wanted,
                Phase::at_rest,
                midpoint,
            )?;
            row(target, "BAOA", wanted, Phase::at_rest, baoa)?;
        }
    }
    Ok(())
}

/// Tunes one method on one target, and measures the bias.
fn row<S, X>(
    target: &Target,
    method: &str,
    wanted: f64,
    begin: impl Fn(Vector2<f64>) -> X,
    make: impl Fn(f64, u32) -> Result<S, ParameterError<f64>>,
) -> Result<(), Box<dyn std::error::Error>>
where
    S: Stepper<Dynamics: Dynamics<Real = f64>>,
    X: StateOf<S::Dynamics> + State<Real = f64, Position = Vector2<f64>>,
{
    let tuner = StepSizeTuner::new(wanted)?.with_budget(BUDGET);
    let mut particles = [Coupled::new(begin(target.start)); PARTICLES];
    let drift = |_time: f64, x: &Vector2<f64>| (target.force)(x);
    let tuned = tuner.tune(&make, drift, statistics, &mut particles, Streams::new(42));
    print!("| {} | {method} | {wanted} ", target.name);
    match tuned {
        Ok(Tuned {
            step_size,
            bias,
            error,
            statistic,
            drift_calls,
        }) => {
            let of = STATISTICS[statistic];
            print!("| {step_size:.2e} | {of}: {bias:.4} ± {error:.4} ");
            let stepper = make(step_size, 1 << 20)?;
            match measure(target, &stepper, wanted, statistic, begin) {
                Ok((bias, error)) => print!("| {bias:.4} ± {error:.4} "),
                Err(failure) => print!("| {failure} "),
            }
            println!("| {drift_calls:.1e} |");
        }
        Err(TuningError::Budget { .. }) => println!("| | budget used up | | |"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// The bias of a statistic in its standard deviations, with its standard error.
fn measure<S, X>(
    target: &Target,
    stepper: &S,
    wanted: f64,
    statistic: usize,
    begin: impl Fn(Vector2<f64>) -> X,
) -> Result<(f64, f64), StepError>
where
    S: Stepper<Dynamics: Dynamics<Real = f64>>,
    X: StateOf<S::Dynamics> + State<Real = f64, Position = Vector2<f64>>,
{
    let [mean, deviation] = target.truth()[statistic];
    let streams = Streams::new(43);
    // With starts from the target itself, what is left of the start is of the order of the bias, and fades during
    // burn-in.
    let starts = target.sample(WITNESSES).into_iter();
    let mut witnesses: Vec<_> = starts
        .zip(0..)
        .map(|(x, p)| (begin(x), streams.particle(p)))
        .collect();
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let (mut steps, mut calls) = (1000, 0);
    loop {
        // The rounds before the last one are its burn-in.
        let mut moments = Moments::new();
        let averages = std::thread::scope(|scope| {
            let share = WITNESSES.div_ceil(threads);
            let workers: Vec<_> = witnesses
                .chunks_mut(share)
                .map(|witnesses| {
                    scope.spawn(move || averages(target, stepper, witnesses, steps, statistic))
                })
                .collect();
            let joined = workers
                .into_iter()
                .map(|w| w.join().expect("a worker panicked"));
            joined.collect::<Result<Vec<_>, StepError>>()
        })?;
        for (average, done) in averages.concat() {
            calls += done;
            moments.push(average).expect("averages are finite");
        }
        let (found, error) = (moments.mean(), moments.standard_error());
        let bias = (found.expect("there are witnesses") - mean) / deviation;
        let error = error.expect("there are two") / deviation;
        if error < wanted / 8.0 || calls > MOST {
            return Ok((bias, error));
        }
        steps *= 2;
    }
}

/// Each witness's average over so many steps, and its drift evaluations.
type Averages = Vec<(f64, u64)>;

fn averages<S, X>(
    target: &Target,
    stepper: &S,
    witnesses: &mut [(X, poisson_midpoint::random::Stream)],
    steps: u32,
    statistic: usize,
) -> Result<Averages, StepError>
where
    S: Stepper<Dynamics: Dynamics<Real = f64>>,
    X: StateOf<S::Dynamics> + State<Real = f64, Position = Vector2<f64>>,
{
    let one = |(state, stream): &mut (X, _)| {
        let (mut sum, mut calls) = (0.0, 0);
        for _ in 0..steps {
            let step = stepper.step(0.0, state, |_time, x| (target.force)(x), stream)?;
            calls += u64::from(step.drift_calls);
            sum += statistics(state.position())[statistic] / f64::from(steps);
        }
        Ok((sum, calls))
    };
    witnesses.iter_mut().map(one).collect()
}
