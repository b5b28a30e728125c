//! What diffusion samplers do between the calls of the network.
//!
//! The network predicts v = 0, which is right for data that are standard normal: every step should keep them so, except
//! for what the method itself gets wrong.

use anyhow::{Context, Result, bail, ensure};
use poisson_midpoint::diffusion::{
    Ddim, Ddpm, DpmSolverPlusPlus, ErSdeSolver, HybridMultistep, Lockstep, Member,
    PoissonMidpointDdpm, Prediction, Row, SaSolver, Sampler, ScheduleTable, Solver, Timesteps,
    standard_normal,
};
use poisson_midpoint::random::Stream;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

use super::{Contender, mean_square};

/// The most timesteps.
const MOST: usize = 1000;

/// The contender of a method, with `-lockstep` for a batch in lockstep; the shape is samples x components. `poisson`
/// makes as many calls of the network as the others, two a step.
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
    let method = method.trim_end_matches("-lockstep");
    if method == "poisson" {
        return Run::boxed(Poisson, lockstep, samples, dimension, steps / 2);
    }
    macro_rules! boxed {
        ($solver:expr) => {
            Run::boxed(Fixed($solver), lockstep, samples, dimension, steps)
        };
    }
    let sa = |predictor, corrector, tau| {
        let noisy = [0.0, f32::INFINITY];
        SaSolver {
            predictor,
            corrector,
            tau,
            noisy,
        }
    };
    let order = 2;
    match method {
        "ddpm" => boxed!(Ddpm::default()),
        "ddim-0" => boxed!(Ddim { eta: 0.0 }),
        "ddim-1" => boxed!(Ddim { eta: 1.0 }),
        "2m" => boxed!(DpmSolverPlusPlus { order, eta: 0.0 }),
        "sde-2m" => boxed!(DpmSolverPlusPlus { order, eta: 1.0 }),
        "predictor-corrector" => boxed!(sa(3, 3, 0.0)),
        "sa" => boxed!(sa(2, 2, 1.0)),
        "er-sde" => boxed!(ErSdeSolver { order: 3 }),
        "hybrid" => {
            let (eta, node) = (0.0, 0.3);
            boxed!(HybridMultistep { order, eta, node })
        }
        _ => bail!("no method {method}"),
    }
}

/// Makes a method's solver, over a table that may be its own.
trait Method {
    /// The solver.
    type Solver<'a>: Solver<f32> + Sync;

    fn solver<'a>(&self, table: &'a mut [Row<f32>]) -> Self::Solver<'a>;
}

struct Fixed<S>(S);

impl<S: Solver<f32> + Copy + Sync> Method for Fixed<S> {
    type Solver<'a> = S;

    fn solver(&self, _table: &mut [Row<f32>]) -> S {
        self.0
    }
}

struct Poisson;

impl Method for Poisson {
    type Solver<'a> = PoissonMidpointDdpm<'a, f32>;

    fn solver<'a>(&self, table: &'a mut [Row<f32>]) -> PoissonMidpointDdpm<'a, f32> {
        PoissonMidpointDdpm::new(table)
    }
}

struct Run<M> {
    method: M,
    table: Vec<Row<f32>>,
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

impl<M: Method + 'static> Run<M> {
    fn boxed(
        method: M,
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
        let mut table = vec![Row::ZERO; MOST];
        let length = {
            let solver = method.solver(&mut table);
            let sampler = Sampler::new(&schedule, &timesteps, Prediction::Velocity, solver)?;
            if lockstep {
                sampler.batch_work_length(samples, dimension)
            } else {
                samples * sampler.work_length(dimension)
            }
        };
        Ok(Box::new(Self {
            method,
            table,
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

impl<M: Method> Contender for Run<M> {
    fn run(&mut self) -> Result<()> {
        let dimension = self.dimension;
        let predicts = Prediction::Velocity;
        let solver = self.method.solver(&mut self.table);
        let sampler = Sampler::new(&self.schedule, &self.timesteps, predicts, solver)?;
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
