//! What diffusion samplers do between the calls of the network.
//!
//! The network predicts v = 0, which is right for data that are standard normal: every step should keep them so, but
//! for what the method itself gets wrong.

use anyhow::{Context, Result, bail, ensure};
use poisson_midpoint::diffusion::{
    Ddim, Ddpm, DpmSolverPlusPlus, Lockstep, Member, Prediction, Sampler, ScheduleTable, Solver,
    Timesteps, standard_normal,
};
use poisson_midpoint::random::Stream;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

use super::{Contender, mean_square};

/// The most timesteps.
const MOST: usize = 1000;

/// The contender of a method, `ddpm`, `ddim-0`, `ddim-1`, `2m` or `sde-2m`, with `-lockstep` for a batch in lockstep;
/// the shape is samples x components.
pub(crate) fn contender(
    method: &str,
    shape: &str,
    count: usize,
    steps: u32,
) -> Result<Box<dyn Contender>> {
    let (samples, dimension) = shape.split_once('x').context("no shape")?;
    let (samples, dimension) = (samples.parse::<usize>()?, dimension.parse::<usize>()?);
    ensure!(samples * dimension == count, "{shape} is not {count}");
    let lockstep = method.ends_with("-lockstep");
    let order = 2;
    Ok(match method.trim_end_matches("-lockstep") {
        "ddpm" => Run::boxed(Ddpm::default(), lockstep, samples, dimension, steps)?,
        "ddim-0" => Run::boxed(Ddim { eta: 0.0 }, lockstep, samples, dimension, steps)?,
        "ddim-1" => Run::boxed(Ddim { eta: 1.0 }, lockstep, samples, dimension, steps)?,
        "2m" => {
            let solver = DpmSolverPlusPlus { order, eta: 0.0 };
            Run::boxed(solver, lockstep, samples, dimension, steps)?
        }
        "sde-2m" => {
            let solver = DpmSolverPlusPlus { order, eta: 1.0 };
            Run::boxed(solver, lockstep, samples, dimension, steps)?
        }
        _ => bail!("no method {method}"),
    })
}

struct Run<S> {
    solver: S,
    schedule: ScheduleTable<f32, MOST>,
    timesteps: Timesteps<MOST>,
    lockstep: bool,
    dimension: usize,
    /// The noise that every run starts from.
    start: Vec<f32>,
    x: Vec<f32>,
    work: Vec<f32>,
    streams: Vec<Stream>,
}

impl<S: Solver<f32> + Copy + Send + Sync + 'static> Run<S> {
    fn boxed(
        solver: S,
        lockstep: bool,
        samples: usize,
        dimension: usize,
        steps: u32,
    ) -> Result<Box<dyn Contender>> {
        let schedule = ScheduleTable::linear(1e-4, 0.02)?;
        let timesteps = Timesteps::uniform(steps, &schedule)?;
        let mut streams: Vec<_> = (0..samples as u64).map(|p| Stream::new(42, p)).collect();
        let mut start = vec![0.0; samples * dimension];
        for (x, stream) in start.chunks_exact_mut(dimension).zip(&mut streams) {
            standard_normal(x, stream);
        }
        let sampler = Sampler::new(&schedule, &timesteps, Prediction::Velocity, solver)?;
        let length = if lockstep {
            sampler.batch_work_length(samples, dimension)
        } else {
            samples * sampler.work_length(dimension)
        };
        Ok(Box::new(Self {
            solver,
            schedule,
            timesteps,
            lockstep,
            dimension,
            x: start.clone(),
            start,
            work: vec![0.0; length],
            streams,
        }))
    }
}

impl<S: Solver<f32> + Copy + Send + Sync + 'static> Contender for Run<S> {
    fn run(&mut self) -> Result<()> {
        let dimension = self.dimension;
        let predicts = Prediction::Velocity;
        let sampler = Sampler::new(&self.schedule, &self.timesteps, predicts, self.solver)?;
        self.x.copy_from_slice(&self.start);
        if self.lockstep {
            let mut members: Vec<_> = self.streams.iter().cloned().map(Member::new).collect();
            let mut steps = vec![0; members.len()];
            let (x, work) = (&mut self.x, &mut self.work);
            let mut batch = Lockstep::new(&sampler, dimension, &mut members, x, &mut steps, work)?;
            batch.run_parallel(&mut |_steps: &[u32], _x: &[f32], v: &mut [f32]| v.fill(0.0));
            for (stream, member) in self.streams.iter_mut().zip(&members) {
                if let Some(error) = member.failure() {
                    return Err(error.into());
                }
                stream.clone_from(member.noise());
            }
            return Ok(());
        }
        let each = sampler.work_length(dimension);
        let x = self.x.par_chunks_exact_mut(dimension);
        x.zip(self.work.par_chunks_exact_mut(each))
            .zip(self.streams.par_iter_mut())
            .try_for_each(|((x, work), stream)| {
                let mut network = |_step: u32, _x: &[f32], v: &mut [f32]| v.fill(0.0);
                sampler.sample(x, &mut network, stream, work).map(|_| ())
            })?;
        Ok(())
    }

    fn moments(&self) -> Vec<(&'static str, f64)> {
        vec![("x2", mean_square(self.x.iter().copied()))]
    }

    fn threads(&self) -> usize {
        rayon::current_num_threads().min(self.streams.len())
    }
}
