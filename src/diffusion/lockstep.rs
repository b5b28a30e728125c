use super::error::SampleError;
use super::{NetworkQuery, Sampler};
use crate::Real;
use crate::random::Words;
use crate::slices::{SliceError, take};

/// A sample of a [`Lockstep`] batch: its stream and where it stands.
///
/// ```
/// use poisson_midpoint::diffusion::{Denoiser, LinearRate, Member, OneStep, Parametrization, Timesteps};
/// use poisson_midpoint::random::Stream;
/// let schedule = LinearRate::new(100, 0.1_f64, 20.0)?;
/// let timesteps = Timesteps::<3>::uniform(2, 100)?;
/// let sampler = OneStep::ddim(&schedule, &timesteps, Denoiser::new(Parametrization::Sample), 0.0)?;
/// let member = Member::new(&sampler, Stream::new(42, 7));
/// assert_eq!(member.failure(), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Member<P, W> {
    progress: P,
    words: W,
    asks: bool,
    failure: Option<SampleError>,
}

impl<P, W> Member<P, W> {
    /// A sample before its first step, with the stream that it will read.
    pub fn new<T: Real>(sampler: &impl Sampler<T, Progress = P>, words: W) -> Self {
        Self {
            progress: sampler.begin(),
            words,
            asks: false,
            failure: None,
        }
    }

    /// Why the sample stopped, if it did.
    pub fn failure(&self) -> Option<SampleError> {
        self.failure
    }

    /// The sample's stream.
    pub fn words(&self) -> &W {
        &self.words
    }
}

/// A batch of samples that share a sampler and its timesteps, so that one call of the network serves
/// all that wait for it. Each sample reads its own stream: what becomes of it does not depend
/// on the batch.
///
/// The slices are the caller's: x and the network's inputs and outputs hold sample after sample.
/// Samples wait at the same training step, but for midpoints, which are each sample's own: the
/// network is told a step for each sample. Under
/// [`Single`](crate::MidpointLaw::Single) midpoints every sample takes part in every call; under
/// `Bernoulli` only those that ask do. A sample that fails stops, and the others go on.
///
/// ```
/// use poisson_midpoint::diffusion::{
///     Denoiser, LinearRate, Lockstep, Member, OneStep, Parametrization, Sampler, Timesteps, standard_normal,
/// };
/// use poisson_midpoint::random::Stream;
/// let schedule = LinearRate::new(1000, 0.1_f32, 20.0)?;
/// let timesteps = Timesteps::<11>::uniform(10, 1000)?;
/// let sampler = OneStep::ddim(&schedule, &timesteps, Denoiser::new(Parametrization::Sample), 1.0)?;
/// const N: usize = 8; // samples of D components
/// const D: usize = 2;
/// let mut x = [0.0; N * D];
/// let mut members = Vec::new();
/// for (p, x) in (0..).zip(x.chunks_exact_mut(D)) {
///     let mut stream = Stream::new(42, p);
///     standard_normal(x, &mut stream);
///     members.push(Member::new(&sampler, stream));
/// }
/// let mut work = vec![0.0; Lockstep::<_, _, Stream>::work_length(&sampler, N, D)];
/// let mut steps = [0; N];
/// let mut batch = Lockstep::new(&sampler, D, &mut members, &mut x, &mut steps, &mut work)?;
/// let calls = batch.run(&mut |_steps: &[u32], inputs: &[f32], outputs: &mut [f32]| {
///     assert_eq!(inputs.len(), N * D);
///     outputs.fill(0.25);
/// });
/// assert_eq!(calls, 10);
/// assert!(x.iter().all(|x| *x == 0.25));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Lockstep<'a, T: Real, M: Sampler<T>, W> {
    sampler: &'a M,
    dimension: usize,
    members: &'a mut [Member<M::Progress, W>],
    x: &'a mut [T],
    steps: &'a mut [u32],
    inputs: &'a mut [T],
    outputs: &'a mut [T],
    work: &'a mut [T],
}

impl<'a, T: Real, M: Sampler<T>, W: Words> Lockstep<'a, T, M, W> {
    /// Scalars of work that a batch needs.
    pub fn work_length(sampler: &M, samples: usize, dimension: usize) -> usize {
        let each = sampler.work_length(dimension);
        samples.saturating_mul(each.saturating_add(dimension.saturating_mul(2)))
    }

    /// The batch of `members`, each of whose samples of `dimension` components is in x. `steps` has
    /// an entry for each.
    ///
    /// # Errors
    /// [`SliceError`] if x has not `dimension` components for each member, or `steps` or `work` is too
    /// short.
    pub fn new(
        sampler: &'a M,
        dimension: usize,
        members: &'a mut [Member<M::Progress, W>],
        x: &'a mut [T],
        steps: &'a mut [u32],
        work: &'a mut [T],
    ) -> Result<Self, SliceError> {
        let samples = members.len();
        let total = samples.saturating_mul(dimension);
        if total == 0 || x.len() != total {
            return Err(SliceError::State {
                length: x.len(),
                parts: total,
            });
        }
        let steps = take(steps, samples)?;
        let work = take(work, Self::work_length(sampler, samples, dimension))?;
        let (inputs, work) = work.split_at_mut_checked(total).unwrap_or_default();
        let (outputs, work) = work.split_at_mut_checked(total).unwrap_or_default();
        Ok(Self {
            sampler,
            dimension,
            members,
            x,
            steps,
            inputs,
            outputs,
            work,
        })
    }

    /// Gathers what the network is wanted for: the training steps and, as many times
    /// `dimension`, the inputs of the samples that ask; `None` when all are done.
    pub fn gather(&mut self) -> Option<(&[u32], &[T])> {
        let each = self.sampler.work_length(self.dimension);
        let samples = self.x.chunks_exact_mut(self.dimension);
        let works = self.work.chunks_exact_mut(each);
        let mut places = self
            .inputs
            .chunks_exact_mut(self.dimension)
            .zip(&mut *self.steps);
        let mut asking = 0;
        for ((member, x), work) in self.members.iter_mut().zip(samples).zip(works) {
            member.asks = false;
            if member.failure.is_some() {
                continue;
            }
            match self
                .sampler
                .next(&mut member.progress, x, work, &mut member.words)
            {
                Ok(None) => {}
                Ok(Some(NetworkQuery { position, step })) => {
                    if let Some((place, at)) = places.next() {
                        place.copy_from_slice(position);
                        *at = step;
                        member.asks = true;
                        asking += 1;
                    }
                }
                Err(failure) => member.failure = Some(failure),
            }
        }
        let inputs = self.inputs.get(..asking * self.dimension)?;
        Some((self.steps.get(..asking)?, inputs)).filter(|_| asking > 0)
    }

    /// Gives the outputs for what [`gather`](Self::gather) gathered, in its order. A sample whose output
    /// is not finite, or missing, fails.
    pub fn scatter(&mut self, outputs: &[T]) {
        let mut outputs = outputs.chunks_exact(self.dimension);
        let each = self.sampler.work_length(self.dimension);
        let samples = self.x.chunks_exact_mut(self.dimension);
        let works = self.work.chunks_exact_mut(each);
        for ((member, x), work) in self.members.iter_mut().zip(samples).zip(works) {
            if member.asks {
                let output = outputs.next().unwrap_or_default();
                let told = self.sampler.supply(&mut member.progress, x, work, output);
                member.failure = told.err();
                member.asks = false;
            }
        }
    }

    /// Takes all samples to their end, calling `network(steps, inputs, outputs)`; returns the number of
    /// calls. [`Member::failure`] tells of samples that failed.
    pub fn run<F>(&mut self, network: &mut F) -> u32
    where
        F: FnMut(&[u32], &[T], &mut [T]) + ?Sized,
    {
        let mut calls = 0;
        while self.gather().is_some() {
            let asking = self.members.iter().filter(|member| member.asks).count();
            let outputs = core::mem::take(&mut self.outputs);
            let filled = asking * self.dimension;
            if let (Some(steps), Some(inputs), Some(outputs)) = (
                self.steps.get(..asking),
                self.inputs.get(..filled),
                outputs.get_mut(..filled),
            ) {
                network(steps, inputs, outputs);
            }
            self.scatter(outputs.get(..filled).unwrap_or_default());
            self.outputs = outputs;
            calls += 1;
        }
        calls
    }
}

/// Its size: a batch is too much to log.
#[cfg(feature = "defmt")]
impl<T: Real, M: Sampler<T>, W> defmt::Format for Lockstep<'_, T, M, W> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let (samples, dimension) = (self.members.len(), self.dimension);
        defmt::write!(
            f,
            "Lockstep {{ samples: {}, dimension: {} }}",
            samples,
            dimension
        );
    }
}
