//! What all samplers have in common: they ask for a network's output and are told it.

use super::error::SampleError;
use crate::Real;
use crate::random::Words;
use crate::slices::SliceError;
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

/// A method that takes samples from noise to data: a configuration, `Copy`, that many samples
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
pub trait Sampler<T: Real>: Copy + core::fmt::Debug {
    /// Where a run stands. Plain data.
    type Progress: Copy + core::fmt::Debug;

    /// Before the first step.
    fn begin(&self) -> Self::Progress;

    /// Scalars of work that a sample of so many components needs; what they hold between calls is
    /// part of the run.
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
        let needed = self.work_length(dimension).saturating_add(dimension);
        check_work(work.len(), needed).map_err(|e| SampleError::new(self.first_step(), e))?;
        let (output, work) = work.split_at_mut_checked(dimension).unwrap_or_default();
        let mut calls = 0;
        while let Some(query) = self.next(&mut progress, x, work, words)? {
            network(query.step, query.position, output);
            calls += 1;
            self.supply(&mut progress, x, work, output)?;
        }
        Ok(calls)
    }
}
