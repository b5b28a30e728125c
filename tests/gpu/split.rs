//! Every split-phase kernel.

use std::time::Instant;

use anyhow::{Result, ensure};
use cust::memory::DeviceCopy;
use nalgebra::SVector;
use poisson_midpoint::batch::Parallel;
use poisson_midpoint::cuda::{Gpu, LaunchError, Layout, SplitBatch};
use poisson_midpoint::kernel::{KernelDynamics, Strides};
use poisson_midpoint::random::Streams;
use poisson_midpoint::{EulerMaruyama, MidpointLaw, PoissonMidpoint, Real, State};

use super::cases::{Value, overdamped, underdamped};
use super::{FIRST, GRIDS, Host, Options, SEED, Tally};

#[path = "../../kernels/tests/walled.rs"]
mod walled;

/// How the host learns that a step can be finished.
#[derive(Clone, Copy, PartialEq)]
enum Ask {
    /// It asks how many particles ask for a drift.
    EveryRound,
    /// It goes through one round more than there can be.
    Once,
    /// It tries to finish the step.
    ByFinishing,
}

const ASK: [Ask; 3] = [Ask::EveryRound, Ask::Once, Ask::ByFinishing];

pub fn all(gpu: &Gpu, options: &Options) -> Result<Tally> {
    let mut all = Tally::default();
    dimension::<2>(gpu, options, &mut all)?;
    dimension::<40>(gpu, options, &mut all)?;
    // Rows of which every other begins where two numbers are not read at once, and so may velocities.
    dynamics::<_, 41>(gpu, options, underdamped::<f32>, &mut all)?;
    Ok(all)
}

fn dimension<const D: usize>(gpu: &Gpu, options: &Options, all: &mut Tally) -> Result<()> {
    dynamics::<_, D>(gpu, options, overdamped::<f32>, all)?;
    dynamics::<_, D>(gpu, options, underdamped::<f32>, all)?;
    dynamics::<_, D>(gpu, options, overdamped::<f64>, all)?;
    dynamics::<_, D>(gpu, options, underdamped::<f64>, all)
}

fn dynamics<S, const D: usize>(
    gpu: &Gpu,
    options: &Options,
    dynamics: impl Fn(u32) -> S,
    all: &mut Tally,
) -> Result<()>
where
    S: KernelDynamics<Real: Value + DeviceCopy>,
{
    let (start, mut found) = (Instant::now(), Tally::default());
    let part = format!("{}_{}, D = {D}", S::NAME, core::any::type_name::<S::Real>());
    let mut check = |method: Option<MidpointLaw>, inner_steps: u32| -> Result<()> {
        let name = format!("{part}, {method:?}");
        if !name.contains(&options.only) {
            return Ok(());
        }
        let mut walls = [63, 1000].into_iter();
        let result = walls
            .try_for_each(|wall| check::<S, D>(gpu, options, dynamics(inner_steps), method, wall));
        found.count(&name, result)
    };
    check(None, 1)?;
    check(Some(MidpointLaw::Bernoulli), 7)?;
    check(Some(MidpointLaw::Single), 7)?;
    all.add(&part, start, &found);
    Ok(())
}

/// The drift of every particle, as a network elsewhere would compute it.
fn evaluate<T: Real>(
    strides: Strides,
    dimension: usize,
    x: &[T],
    times: impl Fn(usize) -> T,
    drift: impl Fn(T, &[T], &mut [T]),
) -> Vec<T> {
    let count = x.len() / dimension;
    let mut values = vec![T::ZERO; x.len()];
    let (mut from, mut to) = (vec![T::ZERO; dimension], vec![T::ZERO; dimension]);
    for place in 0..count {
        for (d, from) in from.iter_mut().enumerate() {
            *from = x[strides.index(0, d, place)];
        }
        drift(times(place), &from, &mut to);
        for (d, &to) in to.iter().enumerate() {
            values[strides.index(0, d, place)] = to;
        }
    }
    values
}

/// A state that is given as columns, one component after another, in another layout.
fn in_layout<T: Real>(strides: Strides, columns: &[T], dimension: usize, count: usize) -> Vec<T> {
    let mut state = vec![T::ZERO; columns.len()];
    for (component, column) in columns.chunks(count).enumerate() {
        for (place, &value) in column.iter().enumerate() {
            state[strides.index(component / dimension, component % dimension, place)] = value;
        }
    }
    state
}

fn check<S, const D: usize>(
    gpu: &Gpu,
    options: &Options,
    dynamics: S,
    law: Option<MidpointLaw>,
    wall: u32,
) -> Result<()>
where
    S: KernelDynamics<Real: Value + DeviceCopy>,
{
    let parts = S::State::<D>::PARTS;
    let euler = EulerMaruyama::new(dynamics);
    let midpoint = PoissonMidpoint::new(dynamics, law.unwrap_or(MidpointLaw::Single));
    // Some particles begin beyond the nearer wall, others run into it.
    let drift = walled::drift(S::Real::from_u32(wall) / S::Real::from_u32(32));
    let in_vectors = |time: S::Real, x: &SVector<S::Real, D>| {
        let mut value = SVector::<S::Real, D>::from_element(S::Real::ZERO);
        drift(time, x.as_slice(), value.as_mut_slice());
        value
    };
    // Enough that some run into the nearer wall.
    let particles = options.particles(D).max(29);
    let mut start = Host::<S::Real>::new(parts * D, particles);
    // The split-phase batch starts at the beginning of its streams.
    start.word_positions.fill(0);
    let mut expected = start.clone();
    let mut on_the_host = expected.particles::<S::State<D>>()?;
    let steps = 0..options.steps;
    let run = match law {
        None => Parallel.run(&euler, &mut on_the_host, in_vectors, steps),
        Some(_) => Parallel.run(&midpoint, &mut on_the_host, in_vectors, steps),
    };
    drop(on_the_host);
    let failed = run.failed;
    if wall == 63 {
        ensure!(0 < failed && failed < particles, "{failed} fail");
    } else {
        ensure!(failed == 0, "{failed} fail");
    }
    for ((layout, grid), ask) in [Layout::Columns, Layout::Rows, Layout::Columns]
        .into_iter()
        .zip(GRIDS)
        .zip(ASK)
    {
        gpu.set_grid(grid);
        let strides = match layout {
            Layout::Columns => Strides::columns(D, particles),
            Layout::Rows => Strides::rows(D, particles),
        };
        let state = in_layout(strides, &start.state, D, particles);
        let mut batch: SplitBatch<'_, S> =
            gpu.split_phase(Streams::new(SEED), FIRST, D, layout, &state)?;
        for step in 0..options.steps {
            // A run that is interrupted goes on with the same bits.
            if step == 1 {
                let (states, word_positions) = (batch.states()?, batch.word_positions()?);
                let status = batch.status()?;
                batch = gpu.split_phase(Streams::new(SEED), FIRST, D, layout, &states)?;
                batch.set_word_positions(&word_positions)?;
                batch.set_status(&status)?;
            }
            let time = dynamics.step_size() * S::Real::from_u32(step);
            let states = batch.states()?;
            let b0 = evaluate(strides, D, &states[..states.len() / parts], |_| time, drift);
            batch.set_b0(&b0)?;
            let early = batch.midpoint();
            ensure!(matches!(early, Err(LaunchError::Order { .. })), "{early:?}");
            if law.is_none() {
                batch.update(&euler, step)?;
                continue;
            }
            batch.begin(&midpoint, step)?;
            let most = dynamics.inner_steps() - 1;
            for round in 0.. {
                let done = match ask {
                    Ask::EveryRound => batch.asking()? == 0,
                    Ask::Once => round == most + 1,
                    // Some particles go on after one round under `Bernoulli`, and none after six rounds.
                    Ask::ByFinishing if round == 1 || round == most => match batch.finish() {
                        Ok(()) => break,
                        Err(LaunchError::Order { .. }) => false,
                        Err(error) => return Err(error.into()),
                    },
                    Ask::ByFinishing => false,
                };
                if done {
                    batch.finish()?;
                    break;
                }
                if ask == Ask::EveryRound {
                    let early = batch.finish();
                    ensure!(matches!(early, Err(LaunchError::Order { .. })), "{early:?}");
                }
                let times = batch.query_times()?;
                let value = evaluate(strides, D, &batch.queries()?, |place| times[place], drift);
                batch.set_drift(&value)?;
                batch.midpoint()?;
            }
            ensure!(batch.asking()? == 0, "particles ask after a step");
        }
        let found = batch.states()?;
        let wanted = in_layout(strides, &expected.state, D, particles);
        let pairs = found.iter().zip(&wanted);
        let bits = pairs.filter(|(a, b)| a.bits() != b.bits()).count();
        ensure!(
            bits == 0,
            "{layout:?}: {bits} of {} scalars differ",
            found.len()
        );
        ensure!(
            batch.word_positions()? == expected.word_positions,
            "{layout:?}: word positions differ"
        );
        ensure!(
            batch.status()? == expected.status,
            "{layout:?}: statuses differ"
        );
    }
    gpu.set_grid(None);
    Ok(())
}
