//! What the launcher promises beside the kernels' bits.

use anyhow::{Context, Result, bail, ensure};
use nalgebra::SVector;
use poisson_midpoint::batch::{Cpu, Engine, Particles, Status};
use poisson_midpoint::cuda::cust::memory::LockedBuffer;
use poisson_midpoint::cuda::cust::sys::CUresult;
use poisson_midpoint::cuda::{Batch, Gpu, Gpus, LaunchError, Layout, SplitBatch};
use poisson_midpoint::dynamics::{Overdamped, Underdamped};
use poisson_midpoint::kernel::{KernelDrift, Ptx};
use poisson_midpoint::random::Streams;
use poisson_midpoint::target::{DoubleWell, Drift, TableDrift, TableError};
use poisson_midpoint::{EulerMaruyama, MidpointLaw, Phase, PoissonMidpoint, Stepper};

use super::cases::underdamped;
use super::{FIRST, Host, Options, SEED};

type Underdamped2 = Phase<f32, 2>;

pub fn all(gpu: &Gpu, options: &Options) -> Result<()> {
    // Several devices, and batches too small for some of them.
    for count in [0, 1, 5, options.particles(2)] {
        check_engines(gpu, &Host::new(4, count), options.steps)?;
    }
    check_coefficients(gpu, &Host::new(4, options.particles(2)))?;
    check_locked(gpu, &Host::new(4, options.particles(2)), options.steps)?;
    check_threads(gpu, options)?;
    check_compilation(options)?;
    check_errors(gpu)?;
    if gpu.name()?.starts_with("emulated") {
        check_copies(gpu, &Host::new(4, options.particles(2)))?;
        check_waits(gpu)?;
        check_refused_launches(gpu)?;
    }
    Ok(())
}

fn stepper() -> PoissonMidpoint<Underdamped<f32>> {
    PoissonMidpoint::new(underdamped::<f32>(100), MidpointLaw::Bernoulli)
}

const DRIFT: DoubleWell<f32> = DoubleWell {
    steepness: 1.0,
    cap: 2.0,
};

/// One program for each engine.
fn check_engines(gpu: &Gpu, start: &Host<f32>, steps: u32) -> Result<()> {
    let all = Gpus::all()?;
    let mut expected = start.clone();
    let cpu = advance(&Cpu, &mut expected, 0..2 * steps)?;
    for (on_one, stops) in [(true, 1), (false, 1), (true, 2), (false, 2)] {
        let mut found = start.clone();
        let mut calls = 0;
        for stop in 0..stops {
            // Fetched and uploaded again between: a checkpoint.
            let range = stop * 2 * steps / stops..(stop + 1) * 2 * steps / stops;
            calls += if on_one {
                advance(gpu, &mut found, range)?
            } else {
                advance(&all, &mut found, range)?
            };
        }
        found.expect(&expected)?;
        ensure!(calls == cpu, "{calls} drift evaluations, not {cpu}");
    }
    Ok(())
}

fn advance<E>(engine: &E, host: &mut Host<f32>, steps: core::ops::Range<u32>) -> Result<u64>
where
    E: Engine<PoissonMidpoint<Underdamped<f32>>, Underdamped2, DoubleWell<f32>>,
    E::Error: Send + Sync + 'static,
{
    let mut particles = host.particles::<Underdamped2>()?;
    let run = engine.advance(&stepper(), &mut particles, &DRIFT, steps)?;
    ensure!(run.failed == 0, "{} failed", run.failed);
    Ok(run.drift_calls)
}

/// A batch that methods take turns with: each has the table of coefficients that is its own, or none.
fn check_coefficients(gpu: &Gpu, start: &Host<f32>) -> Result<()> {
    let midpoint = |step_size, inner_steps, law| {
        let dynamics = Underdamped::new(step_size, inner_steps, 2.0_f32)?;
        anyhow::Ok(PoissonMidpoint::new(dynamics, law))
    };
    let methods = [
        midpoint(0.1, 100, MidpointLaw::Bernoulli)?,
        midpoint(0.05, 100, MidpointLaw::Bernoulli)?,
        midpoint(0.05, 50, MidpointLaw::Bernoulli)?,
        midpoint(0.05, 50, MidpointLaw::Single)?,
        midpoint(0.05, 4096, MidpointLaw::Single)?,
        midpoint(0.05, 4097, MidpointLaw::Single)?,
        midpoint(0.05, 1, MidpointLaw::Single)?,
        midpoint(0.1, 100, MidpointLaw::Bernoulli)?,
    ];
    let (mut expected, mut found) = (start.clone(), start.clone());
    let mut on_the_host = expected.particles::<Underdamped2>()?;
    let mut particles = found.particles::<Underdamped2>()?;
    let mut batch = gpu.upload(&mut particles)?;
    let mut calls = 0;
    for (method, step) in methods.into_iter().zip(0..) {
        // With the parameters of the method before it, but without midpoints.
        let held = EulerMaruyama::new(*method.dynamics());
        let (first, second) = (4 * step..4 * step + 3, 4 * step + 3..4 * step + 4);
        calls += Cpu
            .advance(&method, &mut on_the_host, &DRIFT, first.clone())?
            .drift_calls;
        batch.run(&method, &DRIFT, first)?;
        calls += Cpu
            .advance(&held, &mut on_the_host, &DRIFT, second.clone())?
            .drift_calls;
        batch.run(&held, &DRIFT, second)?;
    }
    let run = batch.download(&mut particles)?;
    ensure!(
        run.drift_calls == calls,
        "{} drift evaluations, not {calls}",
        run.drift_calls
    );
    drop((batch, particles, on_the_host));
    found.expect(&expected)
}

/// Particles and drifts in page-locked memory, which the driver reads and writes while the program goes on.
fn check_locked(gpu: &Gpu, start: &Host<f32>, steps: u32) -> Result<()> {
    let mut expected = start.clone();
    advance(&Cpu, &mut expected, 0..steps)?;
    // The device is the calling thread's.
    gpu.synchronize()?;
    let mut state = LockedBuffer::from_slice(&start.state)?;
    let mut word_positions = LockedBuffer::from_slice(&start.word_positions)?;
    let mut status = start.status.clone();
    let mut particles: Particles<'_, Underdamped2> = Particles::new(
        Streams::new(SEED),
        FIRST,
        &mut state,
        &mut word_positions,
        &mut status,
    )?;
    for step in 0..steps {
        let run = gpu.advance(&stepper(), &mut particles, &DRIFT, step..step + 1)?;
        ensure!(run.failed == 0, "{} failed", run.failed);
    }
    let found = Host {
        state: state.to_vec(),
        word_positions: word_positions.to_vec(),
        status,
    };
    found.expect(&expected)?;

    let euler = EulerMaruyama::new(Overdamped::new(0.1_f32, 1)?);
    let mut batches = Vec::new();
    let mut drift = LockedBuffer::from_slice(&start.state)?;
    for state in [&*state, &*state.to_vec()] {
        let mut batch: SplitBatch<'_, Overdamped<f32>> =
            gpu.split_phase(Streams::new(SEED), FIRST, 4, Layout::Columns, state)?;
        batch.set_b0(&drift)?;
        // Which the copy no longer reads.
        drift.fill(f32::NAN);
        batch.update(&euler, 0)?;
        batches.push(batch.states()?);
        drift.copy_from_slice(&start.state);
    }
    ensure!(batches[0] == batches[1] && *batches[0] != *state);
    Ok(())
}

/// Threads may share a GPU, and hand batches to each other.
const _: () = {
    const fn is_shared<T: Send + Sync>() {}
    is_shared::<Gpu>();
    is_shared::<Batch<'_, Underdamped2>>();
    is_shared::<SplitBatch<'_, Overdamped<f32>>>();
};

/// Threads that launch on one GPU at once, each a batch of its own, its kernels not yet loaded.
fn check_threads(gpu: &Gpu, options: &Options) -> Result<()> {
    let fresh = Gpu::new(options.device)?;
    for gpu in [gpu, &fresh] {
        std::thread::scope(|scope| {
            let threads = (1..=4).map(|thread| {
                scope.spawn(move || {
                    let mut found = Host::new(4, options.particles(2).div_ceil(thread));
                    let mut expected = found.clone();
                    for step in 0..options.steps {
                        advance(gpu, &mut found, step..step + 1)?;
                    }
                    advance(&Cpu, &mut expected, 0..options.steps)?;
                    found.expect(&expected)
                })
            });
            let threads: Vec<_> = threads.collect();
            threads
                .into_iter()
                .try_for_each(|thread| thread.join().unwrap_or_else(|_| bail!("a thread panicked")))
        })?;
    }
    Ok(())
}

/// A drift whose kernels no driver compiles.
struct Nonsense;

impl Drift<f32, 2> for Nonsense {
    fn drift(&self, _time: f32, x: &SVector<f32, 2>) -> SVector<f32, 2> {
        *x
    }
}

impl TableDrift<'_, f32, 2> for Nonsense {
    fn from_table(_table: &[f32]) -> Result<Self, TableError> {
        Ok(Self)
    }
}

impl KernelDrift<f32, 2> for Nonsense {
    const NAME: &'static str = "nonsense";
    #[allow(unsafe_code, reason = "a promise of the test's own")]
    // SAFETY: there are no kernels.
    const PTX: Option<Ptx> = Some(unsafe { Ptx::new("this is no PTX") });
    type OnDevice<'t> = Self;

    fn write_table(&self, _write: impl FnMut(&[f32])) {}
}

/// Launches of one module while another is compiled, by a device that has compiled nothing else.
fn check_compilation(options: &Options) -> Result<()> {
    let gpu = Gpu::new(options.device)?;
    gpu.prepare::<_, _, 2>(&stepper(), &DRIFT)?;
    std::thread::scope(|scope| {
        let compiling = scope.spawn(|| gpu.prepare::<_, _, 4>(&stepper(), &DRIFT));
        let (mut found, mut step) = (Host::new(4, 29), 0);
        while !compiling.is_finished() {
            advance(&gpu, &mut found, step..step + 1)?;
            step += 1;
        }
        match compiling.join() {
            Ok(prepared) => Ok(prepared?),
            Err(_) => bail!("a thread panicked"),
        }
    })
}

fn check_errors(gpu: &Gpu) -> Result<()> {
    let count = Gpu::count()?;
    let error = Gpu::new(count).err();
    ensure!(
        error
            == Some(LaunchError::NoDevice {
                ordinal: count,
                count
            }),
        "{error:?}"
    );

    let stepper = PoissonMidpoint::new(Overdamped::new(0.1_f32, 10)?, MidpointLaw::Single);
    let mut host = Host::<f32>::new(5, 10);
    let before = host.clone();
    let mut particles = host.particles::<SVector<f32, 5>>()?;
    let error = gpu.advance(&stepper, &mut particles, &DRIFT, 0..1).err();
    let expected = LaunchError::NoModule {
        scalar: "f32",
        dimension: 5,
    };
    ensure!(error == Some(expected), "{error:?}");
    host.expect(&before)?;

    let error = gpu.prepare(&stepper, &Nonsense).err();
    let Some(LaunchError::Compile { error, log }) = error else {
        bail!("nonsense was compiled: {error:?}");
    };
    ensure!(error == CUresult::CUDA_ERROR_INVALID_PTX, "{error:?}");
    ensure!(!log.is_empty() && log.len() <= 4096, "{log:?}");

    let mut host = Host::<f32>::new(2, 10);
    let mut particles = host.particles::<SVector<f32, 2>>()?;
    let batch = gpu.upload(&mut particles)?;
    let mut other = Host::<f32>::new(2, 9);
    let before = other.clone();
    let error = batch.download(&mut other.particles::<SVector<f32, 2>>()?);
    let expected = LaunchError::Length {
        what: "particles",
        expected: 10,
        found: 9,
    };
    ensure!(error == Err(expected), "{error:?}");
    other.expect(&before)?;

    type Split<'g> = Result<SplitBatch<'g, Overdamped<f32>>, LaunchError>;
    for (dimension, found, expected) in [(3, 7, 9), (3, 2, 3), (0, 2, 0)] {
        let state = vec![0.0; found];
        let split: Split<'_> = gpu.split_phase(Streams::new(1), 0, dimension, Layout::Rows, &state);
        let what = "components of the state";
        let error = LaunchError::Length {
            what,
            expected,
            found,
        };
        ensure!(
            split.err() == Some(error),
            "{found} in {dimension} dimensions"
        );
    }
    // The last that there can be, and one more.
    for (count, fits) in [(1, true), (2, false)] {
        let state = vec![0.0; 3 * count];
        let first = u64::MAX - 1;
        let split: Split<'_> = gpu.split_phase(Streams::new(1), first, 3, Layout::Rows, &state);
        let error = LaunchError::ParticleNumber { first };
        ensure!(
            split.err() == (!fits).then_some(error),
            "{count} particles from {first} on"
        );
    }
    let split: Split<'_> = gpu.split_phase(Streams::new(1), 0, 3, Layout::Rows, &[0.0; 6]);
    let error = split?.set_drift(&[0.0; 5]);
    ensure!(
        error.is_err_and(|error| error.to_string() == "5 components of the drift, not 6"),
        "a drift of 5 for 6"
    );
    Ok(())
}

/// Copies are waited for once, also where one of them is refused. The emulated driver writes what is copied to the host
/// when that waits.
fn check_copies(gpu: &Gpu, start: &Host<f32>) -> Result<()> {
    let mut found = start.clone();
    let mut particles = found.particles::<Underdamped2>()?;
    let wait = "cuStreamSynchronize";
    let refused = without_call(wait, 1, || Ok(gpu.upload(&mut particles)))?;
    ensure!(refused.is_err(), "an upload does not wait");
    let batch = without_call(wait, 2, || Ok(gpu.upload(&mut particles)))?;
    let batch = batch.context("an upload waits twice")?;

    // While the batch, which waits when it is dropped, is there.
    let mut download = |function, call| {
        found.state.fill(0.0);
        let mut particles = found.particles::<Underdamped2>()?;
        let done = without_call(function, call, || Ok(batch.download(&mut particles)))?;
        anyhow::Ok((done.is_ok(), found.state.clone()))
    };
    let (is_done, state) = download("cuMemcpyDtoHAsync_v2", 2)?;
    let (first, others) = state.split_at(start.status.len());
    ensure!(
        !is_done && start.state.starts_with(first) && others.iter().all(|x| *x == 0.0),
        "a copy before one that was refused was not waited for"
    );
    for call in 1..5 {
        let (is_done, state) = download("cuCtxSetCurrent", call)?;
        ensure!(
            if is_done {
                state == start.state
            } else {
                state.iter().all(|x| *x == 0.0)
            },
            "copies were not waited for"
        );
    }
    Ok(())
}

/// The parts of a split-phase step do not wait for the device: they succeed where every function fails by which they
/// could.
fn check_waits(gpu: &Gpu) -> Result<()> {
    let dynamics = Overdamped::new(0.1_f32, 10)?;
    let euler = EulerMaruyama::new(dynamics);
    let single = PoissonMidpoint::new(dynamics, MidpointLaw::Single);
    let bernoulli = PoissonMidpoint::new(dynamics, MidpointLaw::Bernoulli);
    // Many particles of one tile, and few of several.
    for (dimension, count) in [(2, 100), (40, 5)] {
        let state = vec![0.5; dimension * count];
        let mut batch: SplitBatch<'_, Overdamped<f32>> =
            gpu.split_phase(Streams::new(1), 0, dimension, Layout::Rows, &state)?;
        for waiting in [
            "cuStreamSynchronize",
            "cuCtxSynchronize",
            "cuMemcpyDtoHAsync_v2",
            "cuMemcpyHtoDAsync_v2",
            "cuMemcpyHtoD_v2",
            "cuMemcpyDtoH_v2",
            "cuMemcpyDtoD_v2",
        ] {
            let answer = without(waiting, || {
                batch.update(&euler, 0)?;
                batch.begin(&single, 1)?;
                ensure!(batch.asking()? == count, "not all ask");
                batch.midpoint()?;
                batch.finish()?;
                batch.begin(&bernoulli, 2)?;
                for _ in 0..8 {
                    batch.midpoint()?;
                }
                Ok(batch.asking())
            })?;
            let waits = ["cuStreamSynchronize", "cuMemcpyDtoHAsync_v2"].contains(&waiting);
            ensure!(answer.is_err() == waits, "{waiting}: {answer:?}");
            // After the ninth of nine midpoints it is known that none asks.
            without(waiting, || {
                batch.midpoint()?;
                Ok(batch.finish()?)
            })?;
        }
    }
    Ok(())
}

/// A step in which the driver refuses a launch can be begun again, and has the bits of one without.
fn check_refused_launches(gpu: &Gpu) -> Result<()> {
    let dynamics = Overdamped::new(0.1_f32, 10)?;
    let euler = EulerMaruyama::new(dynamics);
    let bernoulli = PoissonMidpoint::new(dynamics, MidpointLaw::Bernoulli);
    for (dimension, count) in [(2, 100), (40, 5)] {
        let state = vec![0.5; dimension * count];
        let batch = || gpu.split_phase(Streams::new(1), 0, dimension, Layout::Rows, &state);
        let (mut batch, mut expected): (SplitBatch<'_, Overdamped<f32>>, _) = (batch()?, batch()?);
        let finish = |batch: &mut SplitBatch<'_, Overdamped<f32>>| -> Result<()> {
            while batch.asking()? > 0 {
                batch.midpoint()?;
            }
            Ok(batch.finish()?)
        };
        // Refused in this part, after a particle has failed in the part before: that is not left.
        let mut bad = vec![0.0; dimension * count];
        bad[0] = f32::INFINITY;
        for (part, step) in ["update", "begin", "midpoint", "finish"]
            .into_iter()
            .zip(0..)
        {
            let refused = match part {
                "update" => without("cuLaunchKernel", || Ok(batch.update(&euler, step))),
                "begin" => without("cuLaunchKernel", || Ok(batch.begin(&bernoulli, step))),
                "midpoint" => {
                    batch.set_b0(&bad)?;
                    batch.begin(&bernoulli, step)?;
                    without("cuLaunchKernel", || Ok(batch.midpoint()))
                }
                _ => {
                    batch.set_b0(&bad)?;
                    batch.begin(&bernoulli, step)?;
                    while batch.asking()? > 0 {
                        batch.midpoint()?;
                    }
                    without("cuLaunchKernel", || Ok(batch.finish()))
                }
            }?;
            ensure!(
                matches!(refused, Err(LaunchError::Driver { .. })),
                "{part}: {refused:?}"
            );
            for late in [batch.midpoint(), batch.finish()] {
                ensure!(
                    matches!(late, Err(LaunchError::Order { .. })),
                    "{part}: {late:?}"
                );
            }
            for batch in [&mut batch, &mut expected] {
                batch.set_b0(&vec![0.0; dimension * count])?;
                batch.begin(&bernoulli, step)?;
                finish(batch)?;
            }
        }
        ensure!(batch.states()? == expected.states()?, "states differ");
        ensure!(batch.word_positions()? == expected.word_positions()?);
        ensure!(
            batch.status()? == vec![Status::Active; count],
            "a failure is left"
        );
    }
    Ok(())
}

/// Does something while a function of the emulated driver fails.
pub fn without<T>(function: &str, act: impl FnOnce() -> Result<T>) -> Result<T> {
    with_error(&format!("{function}=719"), act)
}

/// Does something of which one call of a function of the emulated driver fails, counted from 1.
fn without_call<T>(function: &str, call: u32, act: impl FnOnce() -> Result<T>) -> Result<T> {
    // Any call without an error lets the driver count anew.
    Gpu::count()?;
    with_error(&format!("{function}=719@{call}"), act)
}

#[allow(unsafe_code, reason = "the environment is the emulated driver's input")]
fn with_error<T>(error: &str, act: impl FnOnce() -> Result<T>) -> Result<T> {
    // SAFETY: the program's other threads by now are rayon's, which wait for work and read no environment.
    unsafe { std::env::set_var("EMULATE_AN_ERROR", error) };
    let result = act();
    // SAFETY: as above.
    unsafe { std::env::remove_var("EMULATE_AN_ERROR") };
    result
}
