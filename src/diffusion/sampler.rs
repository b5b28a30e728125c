//! What all samplers have in common: they ask for a network's output and are told it.

use super::error::SampleError;
use crate::Real;
use crate::random::Words;
use crate::slices::{SliceError, take};
use crate::stepper::{StepError, check_drift};

/// Where a sampler wants the network evaluated.
///
/// ```
/// use poisson_midpoint::diffusion::NetworkQuery;
/// let query = NetworkQuery { position: &[0.5_f32, -0.5], step: 1000 };
/// let input = (query.position, query.step - 1); // for a network that counts steps from 0
/// assert_eq!(input.1, 999);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NetworkQuery<'a, T> {
    /// The noisy data x_t.
    pub position: &'a [T],
    /// The training step t, from 1 to T.
    pub step: u32,
}

/// A method that takes samples from noise to data: a configuration that many samples
/// share. What changes is a [`Progress`](Self::Progress), the sample, a work slice and a stream:
/// together a checkpoint, from which a run goes on to the bit.
///
/// [`Sampling`] drives one sample and [`Lockstep`](super::Lockstep) a batch; [`sample`](Self::sample)
/// does all in one call. Implemented by the samplers of this module.
///
/// ```
/// use poisson_midpoint::diffusion::{
///     Denoiser, LinearRate, OneStep, Parametrization, Sampler, Timesteps,
/// };
/// use poisson_midpoint::random::Stream;
/// let schedule = LinearRate::new(1000, 0.1_f64, 20.0)?;
/// let timesteps = Timesteps::<11>::uniform(10, 1000)?;
/// let sampler = OneStep::ddim(&schedule, &timesteps, Denoiser::new(Parametrization::Sample), 0.5)?;
/// let mut stream = Stream::new(42, 0); // seed 42, sample 0
/// let mut x = [0.0; 3];
/// poisson_midpoint::diffusion::standard_normal(&mut x, &mut stream);
/// let mut work = [0.0; 6];
/// assert_eq!(sampler.work_length(3), 6);
/// // A network that knows the data, (1, 2, 3).
/// let mut network = |_step, _x: &[f64], sample: &mut [f64]| sample.copy_from_slice(&[1.0, 2.0, 3.0]);
/// let calls = sampler.sample(&mut x, &mut network, &mut stream, &mut work)?;
/// assert_eq!((x, calls), ([1.0, 2.0, 3.0], 10));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Sampler<T: Real>: core::fmt::Debug {
    /// Where a run stands. Plain data.
    type Progress: Copy + core::fmt::Debug;

    /// Before the first step.
    fn begin(&self) -> Self::Progress;

    /// Scalars of work that a sample of so many components needs; what they hold between calls is
    /// part of the run. The last component for each of x is for the network's output in
    /// [`sample`](Self::sample): the split-phase calls do without.
    fn work_length(&self, dimension: usize) -> usize;

    /// The noise level that a run starts from: the first timestep.
    fn first_step(&self) -> u32;

    /// Completes what the last output allows and tells where the network is wanted next; `None`
    /// when x holds the result. Asked twice, it returns the same and draws nothing.
    ///
    /// # Errors
    /// [`SampleError`] if a length is wrong or a state is not finite; x is then as it was after the
    /// last step that succeeded, and the run can go no further.
    fn next<'a, W: Words + ?Sized>(
        &self,
        progress: &mut Self::Progress,
        x: &'a mut [T],
        work: &'a mut [T],
        words: &mut W,
    ) -> Result<Option<NetworkQuery<'a, T>>, SampleError>;

    /// Tells the output that [`next`](Self::next) asked for.
    ///
    /// # Errors
    /// [`SampleError`] if its length is wrong, if it is not finite or if none was asked for; the run
    /// is then as it was, and another output can be told.
    fn supply(
        &self,
        progress: &mut Self::Progress,
        x: &mut [T],
        work: &mut [T],
        output: &[T],
    ) -> Result<(), SampleError>;

    /// Takes x from noise to data, calling `network(t, x_t, output)`; returns the number of calls.
    ///
    /// # Errors
    /// [`SampleError`], which names the training step; x is then as it was after the last step that
    /// succeeded.
    fn sample<F, W>(
        &self,
        x: &mut [T],
        network: &mut F,
        words: &mut W,
        work: &mut [T],
    ) -> Result<u32, SampleError>
    where
        F: FnMut(u32, &[T], &mut [T]) + ?Sized,
        W: Words + ?Sized,
    {
        let mut progress = self.begin();
        let dimension = x.len();
        let needed = self.work_length(dimension);
        let work = take(work, needed).map_err(|e| SampleError::new(self.first_step(), e))?;
        // The tail, so that the rest is where the split-phase calls have it.
        let rest = needed.saturating_sub(dimension);
        let (work, output) = work.split_at_mut_checked(rest).unwrap_or_default();
        let mut calls = 0;
        while let Some(query) = self.next(&mut progress, x, work, words)? {
            network(query.step, query.position, output);
            calls += 1;
            self.supply(&mut progress, x, work, output)?;
        }
        Ok(calls)
    }
}

/// Whether an output that was asked for has the right length and is finite.
pub(crate) fn check_output<T: Real>(
    asked: bool,
    dimension: usize,
    output: &[T],
) -> Result<(), SliceError> {
    if !asked {
        return Err(StepError::DriftNotAsked.into());
    }
    let length = output.len();
    if length != dimension {
        return Err(SliceError::Drift { length, dimension });
    }
    Ok(check_drift(output, 0)?)
}

/// The first `N` vectors of a work slice.
pub(crate) fn vectors<T, const N: usize>(
    work: &mut [T],
    dimension: usize,
) -> Result<[&mut [T]; N], SliceError> {
    if dimension == 0 {
        return Err(SliceError::State {
            length: 0,
            parts: 1,
        });
    }
    let work = take(work, N.saturating_mul(dimension))?;
    let mut chunks = work.chunks_exact_mut(dimension);
    Ok(core::array::from_fn(|_| chunks.next().unwrap_or_default()))
}

/// Moves x to what `moved` holds, if all of it is finite.
pub(crate) fn commit<T: Real>(x: &mut [T], moved: &[T]) -> bool {
    let finite = moved.iter().all(|value| value.is_finite());
    if finite {
        for (x, &moved) in x.iter_mut().zip(moved) {
            *x = moved;
        }
    }
    finite
}

/// A run of one sample, with its slices.
///
/// ```
/// use poisson_midpoint::diffusion::{
///     Denoiser, LinearRate, MultiStep, Parametrization, Sampling, Sampler, Timesteps,
/// };
/// use poisson_midpoint::random::Stream;
/// let schedule = LinearRate::new(1000, 0.1_f64, 20.0)?;
/// let timesteps = Timesteps::<11>::log_snr(10, &schedule)?;
/// let sampler = MultiStep::new(&schedule, &timesteps, Denoiser::new(Parametrization::Velocity), 2, 0.0)?;
/// let (mut x, mut work) = ([0.4, -0.8], vec![0.0; sampler.work_length(2)]);
/// let mut stream = Stream::new(42, 0);
/// let mut run = Sampling::new(&sampler, &mut x, &mut work);
/// while let Some(query) = run.next(&mut stream)? {
///     let output = vec![0.0; query.position.len()]; // from wherever the network runs
///     run.supply(&output)?;
/// }
/// assert!(x[0].is_finite());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Sampling<'a, T: Real, M: Sampler<T>> {
    sampler: &'a M,
    progress: M::Progress,
    x: &'a mut [T],
    work: &'a mut [T],
}

impl<'a, T: Real, M: Sampler<T>> Sampling<'a, T, M> {
    /// A run from x, noise at the sampler's first timestep.
    pub fn new(sampler: &'a M, x: &'a mut [T], work: &'a mut [T]) -> Self {
        Self::resume(sampler, sampler.begin(), x, work)
    }

    /// A run from a checkpoint: the progress, x and work that it was left with.
    pub fn resume(
        sampler: &'a M,
        progress: M::Progress,
        x: &'a mut [T],
        work: &'a mut [T],
    ) -> Self {
        Self {
            sampler,
            progress,
            x,
            work,
        }
    }

    /// Where the network is wanted next; `None` when x holds the result.
    ///
    /// # Errors
    /// As for [`Sampler::next`].
    pub fn next<W: Words + ?Sized>(
        &mut self,
        words: &mut W,
    ) -> Result<Option<NetworkQuery<'_, T>>, SampleError> {
        self.sampler
            .next(&mut self.progress, self.x, self.work, words)
    }

    /// Tells the output that [`next`](Self::next) asked for.
    ///
    /// # Errors
    /// As for [`Sampler::supply`].
    pub fn supply(&mut self, output: &[T]) -> Result<(), SampleError> {
        self.sampler
            .supply(&mut self.progress, self.x, self.work, output)
    }

    /// Where the run stands.
    pub fn progress(&self) -> M::Progress {
        self.progress
    }
}

#[cfg(feature = "defmt")]
impl<T, M> defmt::Format for Sampling<'_, T, M>
where
    T: Real + defmt::Format,
    M: Sampler<T, Progress: defmt::Format>,
{
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "Sampling {{ progress: {}, x: {=[?]} }}",
            self.progress,
            &*self.x
        );
    }
}

/// Fills x with standard normals, the noise that a run starts from: as many words as for a
/// segment of noise.
///
/// ```
/// use poisson_midpoint::{diffusion::standard_normal, random::Stream};
/// let (mut x, mut stream) = ([0.0_f32; 64], Stream::new(42, 0));
/// standard_normal(&mut x, &mut stream);
/// assert_eq!(stream.position(), 64);
/// ```
pub fn standard_normal<T: Real, W: Words + ?Sized>(x: &mut [T], words: &mut W) {
    for x in x {
        *x = T::normal(words);
    }
}
