//! Logs a value of every public type, error and event through defmt. What the decoder should then
//! print is in `formats.txt`.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use defmt::info;
use defmt_semihosting as _;
use nalgebra::{SVector, matrix, vector};
use poisson_midpoint::batch::{BatchError, Cpu, Particles, Run, Status};
use poisson_midpoint::checkpoint::{Checkpoint, CheckpointError, Mismatch, Name, write};
use poisson_midpoint::diffusion::{
    Advance, BrownianNoise, Clip, Ddim, Ddpm, DpmSolver, DpmSolverPlusPlus, ErSdeSolver, Error,
    HybridMultistep, InnerSteps, KarrasSchedule, Level, LinearRate, Lockstep, Member,
    MidpointDensity, NetworkQuery, PoissonMidpointDdpm, Prediction, Progress, Quantity,
    RandomizedMidpointDdpm, RectifiedFlow, Row, SaSolver, SampleError, Sampler, SamplerError,
    Sampling, ScheduleError, ScheduleSlice, ScheduleTable, Spacing, SquaredCosine, Stage,
    Timesteps, TimestepsError, Variant,
};
use poisson_midpoint::dynamics::{AdditiveNoise, Dynamics, Overdamped, Semilinear, Underdamped};
use poisson_midpoint::kernel::{FailureRecord, KernelDrift, Method, Ptx, Thread};
use poisson_midpoint::noise::{BrownianPath, Injected, PathError};
use poisson_midpoint::random::{Buffered, Midpoints, Stream, Streams};
use poisson_midpoint::slices::SliceError;
use poisson_midpoint::statistics::{Chain, Covariance, Moments, NonFinite};
use poisson_midpoint::step_sizes::{Clock, DecayError, PolynomialDecay};
use poisson_midpoint::target::{
    DoubleWell, Gaussian, GaussianMixture, GaussianTable, LogisticRegression, Preconditioner,
    TableDrift,
};
use poisson_midpoint::tuning::{Coupled, StepSizeTuner, Tuned, TuningError};
use poisson_midpoint::{
    Baoa, EulerMaruyama, MidpointLaw, OneStage, Parameter, Phase, PoissonMidpoint, Quicsort, Step,
    StepError, Trajectory, Ubu,
};
use poisson_midpoint_firmware::outcome::exit;

type State = SVector<f32, 2>;

const STATE: State = vector![1.5, -2.0];
const PHASE: Phase<f32, 2> = Phase {
    position: STATE,
    velocity: vector![0.25, 0.5],
};

/// Why the values could not be made.
#[derive(defmt::Format)]
struct Failure;

impl<E: core::error::Error> From<E> for Failure {
    fn from(_: E) -> Self {
        Self
    }
}

fn randomness() -> Result<(), Failure> {
    info!("{}", Streams::new(42));
    let mut stream = Stream::new(42, 7);
    stream.seek(5)?;
    info!("{}", stream);
    info!("{}", Buffered::new(stream.clone()));
    info!("{}", stream.seek(u64::MAX));
    info!("{} {}", MidpointLaw::Bernoulli, MidpointLaw::Single);
    info!("{}", Midpoints::new(MidpointLaw::Single, 1000));
    info!("{}", Midpoints::new(MidpointLaw::Bernoulli, 1000));
    Ok(())
}

fn dynamics() -> Result<(), Failure> {
    let overdamped = Overdamped::new(0.5_f32, 1000)?;
    let underdamped = Underdamped::new(0.5_f32, 1000, 2.0)?;
    info!("{}", overdamped);
    info!("{}", AdditiveNoise::new(0.5_f64, 1000, 0.75)?);
    info!("{}", Semilinear::new(0.5_f32, 1000, 2.0, 0.75)?);
    info!("{}", underdamped);
    info!("{} {}", overdamped.span(0, 500), overdamped.kick(0));
    info!("{}", underdamped.span(0, 1000));
    info!("{}", underdamped.kick(999));
    info!("{}", EulerMaruyama::new(overdamped));
    info!("{}", Baoa::new(underdamped)?);
    info!("{}", Ubu::new(underdamped)?);
    info!("{}", Quicsort::new(underdamped)?);
    info!("{}", PoissonMidpoint::new(overdamped, MidpointLaw::Single));
    info!("{}", Overdamped::new(-1.0_f32, 1000).err());
    info!("{}", Parameter::InnerSteps);
    Ok(())
}

fn steps() -> Result<(), Failure> {
    info!("{}", PHASE);
    let gaussian = Gaussian {
        mean: STATE,
        precision: matrix![2.0, 0.5; 0.5, 1.0],
    };
    info!("{}", gaussian);
    let stepper = PoissonMidpoint::new(Overdamped::new(0.5_f32, 1000)?, MidpointLaw::Single);
    let mut stream = Stream::new(42, 0);
    let mut step = stepper.begin(0.0, &STATE, -STATE)?;
    info!("{}", step);
    info!("{}", step.next(&mut stream)?);
    info!("{}", step);
    info!("{}", step.finish().err());
    let mut state: [f32; 2] = STATE.into();
    let mut work = [0.0; 10];
    let mut step = stepper.begin_slice(0.0, &mut state, &[-1.5, 2.0], &mut work)?;
    info!("{}", step.next(&mut stream)?);
    info!("{}", step);
    info!("{}", step.suspend());
    let method = EulerMaruyama::new(Overdamped::new(0.5_f32, 1)?);
    info!("{}", method.begin(0.0, &STATE, &mut stream)?);
    let step = method.begin_slice(0.0, &mut state, &mut stream, &mut work)?;
    info!("{}", step);
    let method = Quicsort::new(Underdamped::new(0.5_f32, 1000, 2.0)?)?;
    info!("{}", method.begin(0.0, &PHASE, &mut stream)?);
    let mut state: [f32; 4] = [1.5, -2.0, 0.0, 0.0];
    info!(
        "{}",
        method.begin_slice(0.0, &mut state, &mut stream, &mut work)?
    );
    info!("{}", Step { drift_calls: 2 });
    info!("{}", StepError::NonFiniteState { inner_step: 3 });
    info!(
        "{}",
        SliceError::Work {
            length: 9,
            needed: 10
        }
    );
    info!("{}", SliceError::Step(StepError::Unfinished));
    Ok(())
}

fn drifts() -> Result<(), Failure> {
    let table = [2.0_f32, 0.5, 1.0];
    info!(
        "{}",
        GaussianTable::<f32, 1>::from_table(table.get(..2).unwrap_or_default())?
    );
    info!("{}", GaussianMixture::<f32, 1>::from_table(&table)?);
    info!("{}", LogisticRegression::<f32, 2>::from_table(&table)?);
    let well = DoubleWell {
        steepness: 1.0_f32,
        cap: 2.0,
    };
    info!("{}", well);
    info!(
        "{}",
        <DoubleWell<f32> as TableDrift<f32, 1>>::from_table(&table).err()
    );
    let refused = Preconditioner::from_covariance(STATE, &matrix![1.0, 0.0; 0.0, -2.0]);
    info!("{}", refused);
    let map = Preconditioner::from_precision(STATE, &matrix![0.25, 0.0; 0.0, 0.25]).ok();
    info!("{}", map);
    info!("{}", map.as_ref().map(|map| map.drift(well)));
    Ok(())
}

fn statistics() {
    info!("{}", Moments::<f32>::new());
    info!("{}", Covariance::<f32, 1>::new());
    info!("{}", Chain::<f32, 4>::new());
    info!("{}", NonFinite { value: 1.5_f32 });
}

fn checkpoints() {
    info!("{}", CheckpointError::Header { offset: 12 });
    let (found, expected) = (Name::new("ubu"), Name::new("baoa"));
    info!("{}", Mismatch::<f32>::Method { found, expected });
    // A batch of no particle at all.
    let (mut state, mut positions, mut status) = ([0.0_f32; 0], [0; 0], [Status::Active; 0]);
    let streams = Streams::new(42);
    let particles =
        Particles::<SVector<f32, 1>>::new(streams, 7, &mut state, &mut positions, &mut status);
    let stepper = Overdamped::new(0.5_f32, 1).map(EulerMaruyama::new);
    let mut bytes = [0; 160];
    if let (Ok(particles), Ok(stepper)) = (particles, stepper) {
        info!("{}", write(&particles, &stepper, 3, &mut bytes));
    }
    info!("{}", Checkpoint::from_bytes(&bytes));
}

fn step_sizes() {
    info!("{}", PolynomialDecay::new(0.5_f32, 100.0, 0.25).ok());
    info!("{}", DecayError::Exponent { value: 1.5_f32 });
    info!("{}", Clock::new(2.5_f32));
}

fn tuning() {
    let tuner = StepSizeTuner::new(0.25_f32);
    info!("{}", tuner);
    info!("{}", Coupled::new(STATE));
    let tuned = Tuned {
        step_size: 0.5_f32,
        bias: 0.25,
        error: 0.125,
        statistic: 3,
        drift_calls: 90,
    };
    info!("{}", tuned);
    let (step_size, drift_calls, last) = (0.25, 100, Some(tuned));
    info!(
        "{}",
        TuningError::Budget {
            step_size,
            drift_calls,
            last
        }
    );
}

fn records() -> Result<(), Failure> {
    let mut trajectory = Trajectory::<State, 2>::default();
    trajectory.push(STATE)?;
    trajectory.push(-STATE)?;
    info!("{}", trajectory);
    info!("{}", trajectory.push(STATE).err());
    let mut phases = Trajectory::<Phase<f32, 2>, 1>::default();
    phases.push(PHASE)?;
    info!("{}", phases);
    let path = BrownianPath::new(Overdamped::new(1.0_f32, 64)?, Stream::new(42, 0));
    info!("{}", path);
    info!("{}", path.noise(16, 4, &mut Stream::new(43, 0))?);
    info!(
        "{}",
        PathError {
            from: 60,
            to: 70,
            inner_steps: 64
        }
    );
    info!(
        "{}",
        Injected::new(|previous: Option<u32>| previous, |_: u32, _: u32| STATE)
    );
    Ok(())
}

fn batches() -> Result<(), Failure> {
    let (mut state, mut positions) = ([0.0_f32; 4], [0, 5]);
    let error = StepError::NonFiniteDrift {
        inner_step: 0,
        component: 1,
    };
    let mut status = [Status::Active, Status::Failed { step: 3, error }];
    info!("{}", status);
    let particles: Particles<State> =
        Particles::new(Streams::new(42), 0, &mut state, &mut positions, &mut status)?;
    info!("{}", particles);
    info!("{}", Thread { index: 2, count: 4 });
    info!("{}", FailureRecord::new(3, error));
    let stepper = EulerMaruyama::new(Overdamped::new(0.5_f32, 1)?);
    info!("{}", Method::from(&stepper));
    let ptx: Option<Ptx> = <DoubleWell<f32> as KernelDrift<f32, 1>>::PTX;
    info!("{}", ptx);
    info!(
        "{} {}",
        Cpu,
        Run {
            drift_calls: 2000,
            failed: 1
        }
    );
    info!(
        "{}",
        BatchError::StateLength {
            expected: 6,
            found: 5
        }
    );
    Ok(())
}

fn diffusion() -> Result<(), Failure> {
    let schedule = LinearRate::new(4, 0.25_f32, 8.0)?;
    let timesteps = Timesteps::<2>::uniform(2, &schedule)?;
    info!("{}", schedule);
    info!("{}", ScheduleTable::<f32, 2>::from_betas(&[0.25, 0.5])?);
    info!("{}", ScheduleSlice::new(&[0.25_f32, 0.5])?);
    info!("{}", SquaredCosine::<f32>::new(4)?);
    info!("{}", RectifiedFlow::new(4, 3.0_f32)?);
    info!("{}", KarrasSchedule::new(4, 1, 0.25_f32, 8.0)?);
    let level = Level {
        exponent: 2.0_f32,
        signal: 0.5,
        noise: 0.75,
    };
    info!("{}", level);
    let (velocity, steps) = (Prediction::Velocity, timesteps.steps());
    info!("{} {} {}", timesteps, velocity, Clip::range(1.0_f32)?);
    info!("{}", Spacing::Karras { rho: 7 });
    let variant = Variant::Exponential {
        correction: 1.0_f32,
    };
    info!("{} {}", Ddpm { variant }, DpmSolver { order: 2 });
    let (order, eta) = (3, 1.0_f32);
    info!("{}", DpmSolverPlusPlus { order, eta });
    let node = 0.5_f32;
    info!(
        "{} {}",
        HybridMultistep { order, eta, node },
        ErSdeSolver { order }
    );
    let (predictor, corrector, tau, noisy) = (order, 2, eta, [0.25, 1.0]);
    let adams = SaSolver {
        predictor,
        corrector,
        tau,
        noisy,
    };
    info!("{}", adams);
    let mut table = [Row::ZERO; 4];
    info!("{}", table[0]);
    let (small, held) = (Variant::FixedSmall, Prediction::Sample);
    let inner = InnerSteps::new(&schedule, &timesteps, small, held, &mut table)?;
    info!("{} {}", inner, inner.macro_step(0));
    info!("{}", PoissonMidpointDdpm::new(&mut table));
    let (mut thresholds, density) = ([0; 4], MidpointDensity::DriftTimesDistance);
    let randomized = RandomizedMidpointDdpm::new(&mut table, &mut thresholds);
    info!("{}", randomized.with_density(density));
    let sampler = Sampler::new(&schedule, &timesteps, velocity, Ddim { eta: 0.5 })?;
    info!("{}", sampler.with_clip(Clip::dynamic(0.5, 1.0)?));
    let stage = Stage {
        steps,
        taken: 0,
        from: 4,
        to: 2,
        told: 1,
        asked: 4,
    };
    info!("{} {} {}", stage, Advance::Ask(3), Advance::Arrive);
    let (mut x, mut work, mut at) = ([1.5, -2.0], [0.0; 8], [0; 1]);
    let mut run = Sampling::new(&sampler, &mut x, &mut work)?;
    info!("{}", run);
    let _ = run.next(&mut Stream::new(42, 7))?;
    let progress: Progress = run.progress();
    info!("{}", progress);
    let mut members = [Member::new(Stream::new(42, 7))];
    info!("{}", members[0]);
    let (path, words) = (Stream::new(42, 7), Stream::new(43, 7));
    let mut memory = [0.0; 6];
    info!(
        "{}",
        BrownianNoise::new(&schedule, path, words, &mut memory)
    );
    info!(
        "{}",
        Lockstep::new(&sampler, 2, &mut members, &mut x, &mut at, &mut work)
    );
    info!(
        "{}",
        NetworkQuery {
            position: &x,
            step: 3
        }
    );
    let (quantity, step, value) = (Quantity::Beta, 3, 1.5_f32);
    info!(
        "{}",
        ScheduleError::Value {
            quantity,
            step,
            value
        }
    );
    info!("{}", TimestepsError::TooFew { length: 1 });
    info!("{}", SamplerError::Eta(1.5_f32));
    let component = 1;
    let error = SampleError::NonFiniteOutput { step, component };
    info!("{}", Error::<f32>::Sample(error));
    Ok(())
}

#[entry]
fn main() -> ! {
    let logged = randomness()
        .and_then(|()| dynamics())
        .and_then(|()| steps())
        .and_then(|()| drifts())
        .and_then(|()| records())
        .map(|()| statistics())
        .map(|()| tuning())
        .map(|()| step_sizes())
        .map(|()| checkpoints())
        .and_then(|()| batches())
        .and_then(|()| diffusion());
    info!("{}", logged);
    exit(logged.is_ok())
}
