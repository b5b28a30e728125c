//! Samples the posterior of a Bayesian logistic regression with Euler–Maruyama and the Poisson midpoint method, overdamped
//! and underdamped, with two splitting methods and with QUICSORT, all at equal numbers of gradient calls, and
//! compares posterior mean and variance with those of the no-U-turn sampler.
//!
//! `cargo run --release -p posterior -- --help`

mod model;
#[path = "../../common/output.rs"]
mod output;
mod plot;
mod reference;
mod sampler;
mod table;

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use model::Posterior;
use nalgebra::SVector;
use output::Output;
use plot::Curve;
use poisson_midpoint::MidpointLaw::Single;
use poisson_midpoint::dynamics::{Dynamics, Overdamped, Underdamped};
use poisson_midpoint::random::Streams;
use poisson_midpoint::tuning::{Coupled, StepSizeTuner, Tuned, TuningError};
use poisson_midpoint::{
    Baoa, EulerMaruyama, ParameterError, PoissonMidpoint, Quicsort, State, StepError, Stepper, Ubu,
};
use reference::Reference;
use sampler::Moments;
use table::Table;

#[derive(Parser)]
#[command(about = "Posterior of a Bayesian logistic regression by Langevin dynamics")]
struct Arguments {
    /// Table to fit: a header, numbers, and one of two classes in the last column
    /// [default: the Wisconsin breast-cancer table]
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Plot to write, as SVG
    #[arg(long, value_name = "FILE", default_value = "posterior.svg")]
    plot: PathBuf,
    /// Chains of each method at each budget
    #[arg(long, default_value_t = 768, value_parser = clap::value_parser!(u32).range(2..))]
    chains: u32,
    /// Seed of the random streams
    #[arg(long, default_value_t = 42)]
    seed: u64,
}

/// Gradient calls per chain.
const BUDGETS: [u32; 6] = [20, 40, 80, 160, 320, 640];
/// Time that every chain covers, whatever its budget, in units of the whitened posterior's
/// relaxation time; and the share of it that is discarded.
const TIME: f64 = 20.0;
const DISCARDED: f64 = 0.25;
/// K of the midpoint methods.
const INNER_STEPS: u32 = 1_000_000;
/// What the tuner is asked for, in standard deviations, and the gradients that it may take for a method.
const BIAS: f64 = 0.02;
const TUNING_CALLS: u64 = 2_000_000;
/// γ of underdamped dynamics.
const FRICTION: f64 = 2.0;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let table = match &arguments.csv {
        Some(path) => table::read(path),
        None => table::parse(include_str!("../wdbc.csv")),
    };
    let table = match table {
        Ok(table) => table,
        Err(error) => {
            match &arguments.csv {
                Some(path) => eprintln!("error: {}: {error}", path.display()),
                None => eprintln!("error: {error}"),
            }
            return ExitCode::from(2);
        }
    };
    // Room for the intercept and the features; the rest is padding.
    let done = Output::open(&arguments.plot, "svg").and_then(|plot| match table.names.len() + 1 {
        0..=8 => compare::<8>(&arguments, &table, plot),
        9..=16 => compare::<16>(&arguments, &table, plot),
        17..=32 => compare::<32>(&arguments, &table, plot),
        _ => compare::<64>(&arguments, &table, plot),
    });
    output::exit(done)
}

/// Distance from the reference, root mean square over the parameters.
struct Errors {
    calls: u64,
    /// Of the means, in posterior standard deviations.
    mean: WithFloor,
    /// Of the variances, relative.
    variance: WithFloor,
}

/// An error, and what it would be for an unbiased sampler: the noise of the chains and of the
/// reference.
type WithFloor = (f64, f64);

fn compare<const D: usize>(
    arguments: &Arguments,
    table: &Table,
    plot: Output,
) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let posterior = Posterior::<D>::new(table)?;
    let [first, second] = &table.classes;
    writeln!(
        out,
        "{} rows, {} features, {first} against {second}: {} parameters",
        table.labels.len(),
        table.names.len(),
        posterior.parameters()
    )?;
    let bar = progress("reference (no-U-turn sampler)", 1000);
    let reference = reference::sample(&posterior, |part| bar.inc((part * 1000.0) as u64))?;
    bar.finish_and_clear();

    let work =
        |budget: &u32| u64::from(*budget) * u64::from(arguments.chains) * METHODS.len() as u64;
    let bar = progress("Langevin chains", BUDGETS.iter().map(work).sum());
    let job = Job {
        posterior: &posterior,
        reference: &reference,
        arguments,
        bar: &bar,
    };
    let mut rows = Vec::new();
    for budget in BUDGETS {
        rows.push(job.row(budget)?);
    }
    bar.finish_and_clear();
    write_table(&mut out, &rows)?;
    let tuned = job.tuned();
    write_tuned(&mut out, &tuned)?;
    let curves = |of: ErrorAndFloor| {
        let curve = |method: usize| Curve {
            name: METHODS[method].0,
            points: rows
                .iter()
                .filter_map(|row| row[method].as_ref().ok())
                .map(|errors| (errors.calls as f64, of(errors).0, of(errors).1))
                .collect(),
            tuned: tuned[method]
                .as_ref()
                .ok()
                .map(|tuned| calls(method, tuned)),
        };
        (0..METHODS.len()).map(curve).collect()
    };
    let picture = plot::draw(
        &format!(
            "Logistic regression, {} parameters: error against gradient calls (dashed: noise floor; triangles: the tuner's choice)",
            posterior.parameters()
        ),
        [
            ("mean, error in posterior sd", curves(|e| e.mean)),
            ("variance, relative error", curves(|e| e.variance)),
        ],
    )?;
    plot.write(picture.as_bytes())?;
    writeln!(out, "plot: {}", arguments.plot.display())?;
    Ok(())
}

fn progress(what: &'static str, length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:32} {wide_bar} {percent:>3} %  {eta:>4} left");
    let bar = ProgressBar::new(length).with_message(what);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// The methods, with the gradients that a step of each takes.
const METHODS: [(&str, u32); 7] = [
    ("Euler–Maruyama", 1),
    ("Poisson midpoint", 2),
    ("underdamped EM", 1),
    ("underdamped midpoint", 2),
    ("UBU", 1),
    ("BAOA(B)", 1),
    ("QUICSORT", 2),
];

/// A method at a step size, with K inner steps.
type Made<S> = Result<S, ParameterError<f64>>;

fn euler(step_size: f64, inner_steps: u32) -> Made<EulerMaruyama<Overdamped<f64>>> {
    Ok(EulerMaruyama::new(Overdamped::new(step_size, inner_steps)?))
}

fn midpoint(step_size: f64, inner_steps: u32) -> Made<PoissonMidpoint<Overdamped<f64>>> {
    let dynamics = Overdamped::new(step_size, inner_steps)?;
    Ok(PoissonMidpoint::new(dynamics, Single))
}

fn underdamped(step_size: f64, inner_steps: u32) -> Made<Underdamped<f64>> {
    Underdamped::new(step_size, inner_steps, FRICTION)
}

fn underdamped_euler(step_size: f64, inner_steps: u32) -> Made<EulerMaruyama<Underdamped<f64>>> {
    Ok(EulerMaruyama::new(underdamped(step_size, inner_steps)?))
}

fn underdamped_midpoint(
    step_size: f64,
    inner_steps: u32,
) -> Made<PoissonMidpoint<Underdamped<f64>>> {
    let dynamics = underdamped(step_size, inner_steps)?;
    Ok(PoissonMidpoint::new(dynamics, Single))
}

fn ubu(step_size: f64, inner_steps: u32) -> Made<Ubu<f64>> {
    Ubu::new(underdamped(step_size, inner_steps)?)
}

fn baoa(step_size: f64, inner_steps: u32) -> Made<Baoa<f64>> {
    Baoa::new(underdamped(step_size, inner_steps)?)
}

fn quicsort(step_size: f64, inner_steps: u32) -> Made<Quicsort<f64>> {
    Quicsort::new(underdamped(step_size, inner_steps)?)
}

/// The result of each method at one budget.
type Row = [Result<Errors, StepError>; METHODS.len()];

/// What every run has in common.
struct Job<'a, const D: usize> {
    posterior: &'a Posterior<D>,
    reference: &'a Reference<D>,
    arguments: &'a Arguments,
    bar: &'a ProgressBar,
}

impl<const D: usize> Job<'_, D> {
    /// Runs all methods at one budget: steps of two gradients are twice as long.
    fn row(&self, budget: u32) -> Result<Row, ParameterError<f64>> {
        let (short, long) = (TIME / f64::from(budget), 2.0 * TIME / f64::from(budget));
        Ok([
            self.run(&euler(short, 1)?, budget),
            self.run(&midpoint(long, INNER_STEPS)?, budget / 2),
            self.run(&underdamped_euler(short, 1)?, budget),
            self.run(&underdamped_midpoint(long, INNER_STEPS)?, budget / 2),
            self.run(&ubu(short, 2)?, budget),
            self.run(&baoa(short, 1)?, budget),
            self.run(&quicsort(long, 1)?, budget / 2),
        ])
    }

    /// The tuner's step size for each method, on all processors.
    fn tuned(&self) -> [Result<Tuned<f64>, TuningError<f64>>; METHODS.len()] {
        std::thread::scope(|scope| {
            [
                scope.spawn(|| self.tune(euler)),
                scope.spawn(|| self.tune(midpoint)),
                scope.spawn(|| self.tune(underdamped_euler)),
                scope.spawn(|| self.tune(underdamped_midpoint)),
                scope.spawn(|| self.tune(ubu)),
                scope.spawn(|| self.tune(baoa)),
                scope.spawn(|| self.tune(quicsort)),
            ]
            .map(|worker| worker.join().expect("a tuner panicked"))
        })
    }

    /// The largest step size at which no whitened parameter's square has a bias above [`BIAS`].
    fn tune<S>(&self, make: fn(f64, u32) -> Made<S>) -> Result<Tuned<f64>, TuningError<f64>>
    where
        S: Stepper<Dynamics: Dynamics<Real = f64>>,
    {
        let origin = <S::Dynamics as Dynamics>::State::<D>::from_fn(|_, _| 0.0);
        let mut particles = vec![Coupled::new(origin); 64];
        StepSizeTuner::new(BIAS)?.with_budget(TUNING_CALLS).tune(
            make,
            |_time, v: &SVector<f64, D>| self.posterior.whitened(v).1,
            |v: &SVector<f64, D>| (*v).map(|v| v * v).into(),
            &mut particles,
            Streams::new(self.arguments.seed ^ u64::MAX),
        )
    }

    /// Runs all chains of one stepper, on all processors.
    fn run<S>(&self, stepper: &S, steps: u32) -> Result<Errors, StepError>
    where
        S: Stepper<Dynamics: Dynamics<Real = f64>>,
    {
        let discard = (DISCARDED * f64::from(steps)) as u32;
        let streams = Streams::new(self.arguments.seed);
        let chain = |p: u32| {
            let mut stream = streams.particle(p.into());
            let centre = &self.reference.mean;
            let result = sampler::run(
                stepper,
                self.posterior,
                centre,
                &mut stream,
                [discard, steps],
            );
            let calls = result
                .as_ref()
                .map_or(u64::from(steps), |moments| moments.calls);
            self.bar.inc(calls);
            result
        };
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
        let chains = self.arguments.chains;
        let moments: Result<Vec<Moments<D>>, StepError> = std::thread::scope(|scope| {
            let chain = &chain;
            let share = move |t: u32| (t..chains).step_by(threads as usize).map(chain);
            let workers: Vec<_> = (0..threads)
                .map(|t| scope.spawn(move || share(t).collect::<Result<Vec<_>, _>>()))
                .collect();
            let results = workers
                .into_iter()
                .map(|w| w.join().expect("a chain panicked"));
            Ok(results.collect::<Result<Vec<_>, _>>()?.concat())
        });
        Ok(self.errors(&moments?))
    }

    fn errors(&self, moments: &[Moments<D>]) -> Errors {
        let n = moments.len() as f64;
        let summary = |of: fn(&Moments<D>) -> SVector<f64, D>| {
            let mean = moments.iter().map(of).sum::<SVector<f64, D>>() / n;
            let square = |m: &Moments<D>| (of(m) - mean).map(|x| x * x);
            let spread = moments.iter().map(square).sum::<SVector<f64, D>>() / (n - 1.0);
            (mean, spread / n)
        };
        let reference = self.reference;
        let (mean, mean_noise) = summary(|m| m.first);
        let (variance, variance_noise) = summary(|m| m.second);
        // Root mean square over the parameters, the padding left out.
        let parameters = self.posterior.parameters();
        let rms = |of: &dyn Fn(usize) -> f64| {
            ((0..parameters).map(of).sum::<f64>() / parameters as f64).sqrt()
        };
        let scale = &reference.variance;
        Errors {
            calls: moments.iter().map(|m| m.calls).sum::<u64>() / moments.len() as u64,
            mean: (
                rms(&|j| (mean[j] - reference.mean[j]).powi(2) / scale[j]),
                rms(&|j| (mean_noise[j] + reference.mean_error[j].powi(2)) / scale[j]),
            ),
            variance: (
                rms(&|j| (variance[j] / scale[j] - 1.0).powi(2)),
                rms(&|j| {
                    (variance_noise[j] + reference.variance_error[j].powi(2)) / scale[j].powi(2)
                }),
            ),
        }
    }
}

/// An error and its noise floor, or why there is none.
struct Cell<'a>(&'a Result<Errors, StepError>, ErrorAndFloor);

/// Picks an error and its noise floor.
type ErrorAndFloor = fn(&Errors) -> WithFloor;

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Ok(errors) => {
                let (error, floor) = self.1(errors);
                if error < 100.0 {
                    f.pad(&format!("{error:.4} ({floor:.4})"))
                } else {
                    f.pad(&format!("{error:.1e} ({floor:.1e})"))
                }
            }
            Err(_) => f.pad("diverged"),
        }
    }
}

/// Gradient calls of a chain at the tuner's step size.
fn calls(method: usize, tuned: &Tuned<f64>) -> f64 {
    f64::from(METHODS[method].1) * TIME / tuned.step_size
}

fn write_tuned(
    out: &mut impl Write,
    tuned: &[Result<Tuned<f64>, TuningError<f64>>],
) -> io::Result<()> {
    writeln!(
        out,
        "step size that the tuner finds for a bias of {BIAS} sd of each square (triangles)"
    )?;
    for (method, tuned) in tuned.iter().enumerate() {
        let (name, _) = METHODS[method];
        match tuned {
            Ok(found) => {
                let (size, calls) = (found.step_size, calls(method, found));
                let spent = found.drift_calls as f64;
                writeln!(
                    out,
                    "{name:>22} {size:.3}: {calls:.0} calls, found with {spent:.1e}"
                )?;
            }
            Err(error) => writeln!(out, "{name:>22} {error}")?,
        }
    }
    writeln!(out)
}

fn write_table(out: &mut impl Write, rows: &[Row]) -> io::Result<()> {
    let columns: [(&str, ErrorAndFloor); 2] = [
        ("error in posterior mean, in posterior sd", |e| e.mean),
        ("relative error in posterior variance", |e| e.variance),
    ];
    for (title, of) in columns {
        writeln!(out, "\n{title} (in brackets: the noise floor)")?;
        writeln!(
            out,
            "{:>6}{}",
            "calls",
            METHODS.map(|(name, _)| format!("{name:>22}")).concat()
        )?;
        for (budget, row) in BUDGETS.iter().zip(rows) {
            let cells = row
                .each_ref()
                .map(|errors| format!("{:>22}", Cell(errors, of)));
            writeln!(out, "{budget:>6}{}", cells.concat())?;
        }
    }
    writeln!(out)
}
