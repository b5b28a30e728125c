use core::num::NonZeroUsize;

use super::error::SampleError;
use super::solver::copy;
use super::{NetworkQuery, NoiseSchedule, Progress, SampleNoise, Sampler, Sampling, Solver};
use crate::real::Real;

/// A sample of a [`Lockstep`] batch: its noise, which is a stream or any [`SampleNoise`], and its progress.
///
/// ```
/// use poisson_midpoint::diffusion::Member;
/// use poisson_midpoint::random::Stream;
/// let member = Member::new(Stream::new(42, 7));
/// assert_eq!((member.failure(), member.noise().word_position()), (None, 0));
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Member<Z> {
    progress: Progress,
    noise: Z,
}

impl<Z> Member<Z> {
    /// A sample before its first step, with the noise that it will read.
    pub fn new(noise: Z) -> Self {
        Self {
            progress: Progress::default(),
            noise,
        }
    }

    /// Why the sample stopped, if it did.
    pub fn failure(&self) -> Option<SampleError> {
        self.progress.failure()
    }

    /// The sample's noise.
    pub fn noise(&self) -> &Z {
        &self.noise
    }
}

/// A batch of samples that share a sampler and its timesteps, so that one call of the network serves
/// all that wait for it. Each sample reads its own stream, so its result does not depend on the batch.
///
/// The slices are the caller's: x and the network's inputs and outputs hold sample after sample.
/// Samples wait at the same training step, except at midpoints, which each sample draws for itself; so the network is
/// given a step for each sample. Under [`Single`](crate::random::MidpointLaw::Single) midpoints every sample takes part
/// in every call; under `Bernoulli` only those that wait for it. A sample that fails stops, and the others go on.
///
/// ```
/// use poisson_midpoint::diffusion::{
///     Ddim, Error, LinearRate, Lockstep, Member, Prediction, Sampler, Timesteps, standard_normal,
/// };
/// use poisson_midpoint::random::Stream;
/// let schedule = LinearRate::new(1000, 0.1_f32, 20.0)?;
/// let timesteps = Timesteps::<10>::uniform(10, &schedule)?;
/// let sampler = Sampler::new(&schedule, &timesteps, Prediction::Sample, Ddim { eta: 1.0 })?;
/// const N: usize = 8; // samples of D components
/// const D: usize = 2;
/// let mut x = [0.0; N * D];
/// let mut members = Vec::new();
/// for (p, x) in (0..).zip(x.chunks_exact_mut(D)) {
///     let mut stream = Stream::new(42, p);
///     standard_normal(x, &mut stream);
///     members.push(Member::new(stream));
/// }
/// let (mut steps, mut work) = ([0; N], vec![0.0; sampler.batch_work_length(N, D)]);
/// let mut batch = Lockstep::new(&sampler, D, &mut members, &mut x, &mut steps, &mut work)?;
/// let calls = batch.run(&mut |_steps: &[u32], inputs: &[f32], outputs: &mut [f32]| {
///     assert_eq!(inputs.len(), N * D);
///     outputs.fill(0.25);
/// });
/// assert_eq!(calls, 10);
/// assert!(x.iter().all(|x| *x == 0.25));
/// # Ok::<(), Error<f32>>(())
/// ```
#[derive(Debug)]
pub struct Lockstep<'a, T, N, S, Z> {
    samples: Samples<'a, T, N, S, Z>,
    steps: &'a mut [u32],
    inputs: &'a mut [T],
    outputs: &'a mut [T],
}

/// The samples of a batch, with their slices.
#[derive(Debug)]
struct Samples<'a, T, N, S, Z> {
    sampler: &'a Sampler<'a, T, N, S>,
    dimension: NonZeroUsize,
    members: &'a mut [Member<Z>],
    x: &'a mut [T],
    work: &'a mut [T],
}

impl<T: Real, N: NoiseSchedule<T>, S: Solver<T>, Z> Samples<'_, T, N, S, Z> {
    /// Resumes each sample's run and visits it.
    fn for_each(&mut self, mut visit: impl FnMut(&mut Sampling<'_, T, N, S>, &mut Z)) {
        let dimension = self.dimension.get();
        let each = self.sampler.work_length(dimension).max(1);
        let x = self.x.chunks_exact_mut(dimension);
        let slices = x.zip(self.work.chunks_exact_mut(each));
        for (member, (x, work)) in self.members.iter_mut().zip(slices) {
            if let Ok(mut run) = Sampling::resume(self.sampler, member.progress, x, work) {
                visit(&mut run, &mut member.noise);
                member.progress = run.progress();
            }
        }
    }

    /// The number of samples that wait for the network.
    fn asking(&self) -> usize {
        let members = self.members.iter();
        members.filter(|member| member.progress.is_asking()).count()
    }

    /// Takes each sample to where it asks the network, or to its end, and gathers the queries of those that ask.
    fn gather(&mut self, steps: &mut [u32], inputs: &mut [T])
    where
        Z: SampleNoise<T>,
    {
        let inputs = inputs.chunks_exact_mut(self.dimension.get());
        let mut places = inputs.zip(steps);
        self.for_each(|run, noise| {
            // A run that fails returns its error when it is asked again.
            if let Ok(Some(NetworkQuery { position, step })) = run.next(noise)
                && let Some((input, at)) = places.next()
            {
                copy(position, input);
                *at = step;
            }
        });
    }

    /// Gives the outputs to the samples that wait for them.
    fn scatter(&mut self, outputs: &[T]) {
        let mut outputs = outputs.chunks_exact(self.dimension.get());
        self.for_each(|run, _| {
            if run.progress().is_asking()
                && let Err(error) = run.supply(outputs.next().unwrap_or_default())
            {
                run.fail(error);
            }
        });
    }
}

#[cfg(feature = "rayon")]
impl<T, N, S, Z> Samples<'_, T, N, S, Z>
where
    T: Real,
    N: NoiseSchedule<T> + Sync,
    S: Solver<T> + Sync,
    Z: SampleNoise<T> + Send,
{
    /// Splits the batch into two halves, unless it is too small to be worth two tasks.
    fn halves(&mut self) -> Option<[Samples<'_, T, N, S, Z>; 2]> {
        /// Fewer components are not worth two tasks.
        const LEAST: usize = 8192;

        let (middle, dimension) = (self.members.len() / 2, self.dimension);
        if middle == 0 || self.x.len() < LEAST {
            return None;
        }
        let sampler = self.sampler;
        let each = sampler.work_length(dimension.get()).max(1);
        let members = self.members.split_at_mut_checked(middle)?;
        let x = self.x.split_at_mut_checked(middle * dimension.get())?;
        let work = self.work.split_at_mut_checked(middle * each)?;
        let samples = |members, x, work| Samples {
            sampler,
            dimension,
            members,
            x,
            work,
        };
        Some([
            samples(members.0, x.0, work.0),
            samples(members.1, x.1, work.1),
        ])
    }

    /// Takes each sample to where it asks the network, or to its end.
    fn advance_parallel(&mut self) {
        if let Some([mut first, mut second]) = self.halves() {
            rayon::join(|| first.advance_parallel(), || second.advance_parallel());
            return;
        }
        self.for_each(|run, noise| {
            // A run that fails returns its error when it is asked again.
            let _ = run.next(noise);
        });
    }

    /// [`gather`](Self::gather), for samples that have been advanced; each half writes to its own places.
    fn gather_parallel(&mut self, steps: &mut [u32], inputs: &mut [T]) {
        let dimension = self.dimension.get();
        if let Some([mut first, mut second]) = self.halves() {
            let asking = first.asking();
            let middle = asking * dimension;
            if let (Some(steps), Some(inputs)) = (
                steps.split_at_mut_checked(asking),
                inputs.split_at_mut_checked(middle),
            ) {
                rayon::join(
                    || first.gather_parallel(steps.0, inputs.0),
                    || second.gather_parallel(steps.1, inputs.1),
                );
                return;
            }
        }
        self.gather(steps, inputs);
    }

    /// [`scatter`](Self::scatter), where each half takes its own outputs.
    fn scatter_parallel(&mut self, outputs: &[T]) {
        let dimension = self.dimension.get();
        if let Some([mut first, mut second]) = self.halves() {
            let middle = outputs.len().min(first.asking() * dimension);
            let (of_first, of_second) = outputs.split_at_checked(middle).unwrap_or_default();
            rayon::join(
                || first.scatter_parallel(of_first),
                || second.scatter_parallel(of_second),
            );
            return;
        }
        self.scatter(outputs);
    }
}

impl<'a, T: Real, N: NoiseSchedule<T>, S: Solver<T>, Z: SampleNoise<T>> Lockstep<'a, T, N, S, Z> {
    /// The batch of `members`. x has a sample of `dimension` components for each, and `steps` an entry for each.
    /// `steps` and `work` may hold anything.
    ///
    /// # Errors
    /// [`SampleError`] if `dimension` is 0, if x does not have `dimension` components for each member, if `steps` or
    /// `work` is too short, or if a member's noise is for another sampler.
    pub fn new(
        sampler: &'a Sampler<'a, T, N, S>,
        dimension: usize,
        members: &'a mut [Member<Z>],
        x: &'a mut [T],
        steps: &'a mut [u32],
        work: &'a mut [T],
    ) -> Result<Self, SampleError> {
        let nonzero = NonZeroUsize::new(dimension).ok_or(SampleError::Empty)?;
        let samples = members.len();
        let (length, needed) = (x.len(), samples.saturating_mul(dimension));
        if length != needed {
            return Err(SampleError::BatchLength { length, needed });
        }
        let training_steps = sampler.schedule.training_steps();
        for member in members.iter() {
            member.noise.check(dimension, training_steps)?;
        }
        let (length, needed) = (steps.len(), samples);
        let steps = steps
            .get_mut(..needed)
            .ok_or(SampleError::StepsLength { length, needed })?;
        let length = work.len();
        let needed = sampler.batch_work_length(samples, dimension);
        let work = work
            .get_mut(..needed)
            .ok_or(SampleError::WorkLength { length, needed })?;
        let (inputs, work) = work.split_at_mut_checked(x.len()).unwrap_or_default();
        let (outputs, work) = work.split_at_mut_checked(x.len()).unwrap_or_default();
        let samples = Samples {
            sampler,
            dimension: nonzero,
            members,
            x,
            work,
        };
        Ok(Self {
            samples,
            steps,
            inputs,
            outputs,
        })
    }

    /// Gathers what the network is to be called with: for each sample that asks, its training step and its input of
    /// `dimension` components. `None` when all samples are done.
    pub fn gather(&mut self) -> Option<(&[u32], &[T])> {
        self.samples.gather(self.steps, self.inputs);
        let dimension = self.samples.dimension.get();
        let asking = self.samples.asking();
        let inputs = self.inputs.get(..asking * dimension)?;
        Some((self.steps.get(..asking)?, inputs)).filter(|_| asking > 0)
    }

    /// Gives the samples the network's outputs for what [`gather`](Self::gather) returned, in the same order. A sample
    /// whose output is not finite, or missing, fails.
    pub fn scatter(&mut self, outputs: &[T]) {
        self.samples.scatter(outputs);
    }

    /// Takes all samples to their end, calling `network(steps, inputs, outputs)`; returns the number of
    /// calls. [`Member::failure`] tells which samples failed.
    pub fn run<F>(&mut self, network: &mut F) -> u32
    where
        F: FnMut(&[u32], &[T], &mut [T]) + ?Sized,
    {
        self.run_by(network, Samples::gather, Samples::scatter)
    }

    /// [`run`](Self::run) with the updates on rayon's threads; the network is called on the caller's thread. The bits
    /// are the same for any number of threads.
    #[cfg(feature = "rayon")]
    pub fn run_parallel<F>(&mut self, network: &mut F) -> u32
    where
        N: Sync,
        S: Sync,
        Z: Send,
        F: FnMut(&[u32], &[T], &mut [T]) + ?Sized,
    {
        let gather =
            |samples: &mut Samples<'a, T, N, S, Z>, steps: &mut [u32], inputs: &mut [T]| {
                samples.advance_parallel();
                samples.gather_parallel(steps, inputs);
            };
        self.run_by(network, gather, Samples::scatter_parallel)
    }

    /// Runs with a function that gathers the samples' queries and one that gives them their outputs.
    fn run_by<F>(
        &mut self,
        network: &mut F,
        gather: impl Fn(&mut Samples<'a, T, N, S, Z>, &mut [u32], &mut [T]),
        scatter: impl Fn(&mut Samples<'a, T, N, S, Z>, &[T]),
    ) -> u32
    where
        F: FnMut(&[u32], &[T], &mut [T]) + ?Sized,
    {
        let mut calls = 0;
        loop {
            gather(&mut self.samples, self.steps, self.inputs);
            let asking = self.samples.asking();
            if asking == 0 {
                return calls;
            }
            let filled = asking * self.samples.dimension.get();
            if let (Some(steps), Some(inputs), Some(outputs)) = (
                self.steps.get(..asking),
                self.inputs.get(..filled),
                self.outputs.get_mut(..filled),
            ) {
                network(steps, inputs, outputs);
                scatter(&mut self.samples, outputs);
            }
            calls += 1;
        }
    }
}

/// Logs the batch's size: a batch is too much to log.
#[cfg(feature = "defmt")]
impl<T, N, S, Z> defmt::Format for Lockstep<'_, T, N, S, Z> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let (samples, dimension) = (self.samples.members.len(), self.samples.dimension.get());
        defmt::write!(
            f,
            "Lockstep {{ samples: {}, dimension: {} }}",
            samples,
            dimension
        );
    }
}
