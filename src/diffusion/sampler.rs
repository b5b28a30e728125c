//! A sampler: a solver on a schedule and timesteps, for what a network predicts.

use super::error::{SampleError, SamplerError};
use super::{Clip, NoiseSchedule, Prediction, SampleNoise, Sampling, Solver, Steps};
use crate::real::Real;

/// Takes samples from noise to data by a [`Solver`]: a configuration that many samples share. What
/// changes in a run is a [`Progress`](super::Progress), the sample, a work slice and a stream: together they are a
/// checkpoint, from which a run continues with the same bits.
///
/// [`sample`](Self::sample) does all in one call with a closure; [`Sampling`] drives one sample
/// split-phase and [`Lockstep`](super::Lockstep) a batch.
///
/// ```
/// use poisson_midpoint::diffusion::{
///     Clip, Ddim, Error, LinearRate, Prediction, Sampler, Timesteps, standard_normal,
/// };
/// use poisson_midpoint::random::Stream;
/// let schedule = LinearRate::new(1000, 0.1_f64, 20.0)?;
/// let timesteps = Timesteps::<10>::uniform(10, &schedule)?;
/// let sampler = Sampler::new(&schedule, &timesteps, Prediction::Sample, Ddim { eta: 0.5 })?
///     .with_clip(Clip::range(2.0)?);
/// let mut stream = Stream::new(42, 0); // seed 42, sample 0
/// let mut x = [0.0; 3];
/// standard_normal(&mut x, &mut stream);
/// let mut work = [0.0; 6];
/// assert_eq!(sampler.work_length(3), 6);
/// // A network that knows the data, (1, 2, 3).
/// let mut network = |_step, _x: &[f64], sample: &mut [f64]| sample.copy_from_slice(&[1.0, 2.0, 3.0]);
/// let calls = sampler.sample(&mut x, &mut network, &mut stream, &mut work)?;
/// assert_eq!((x, calls), ([1.0, 2.0, 2.0], 10));
/// # Ok::<(), Error<f64>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Sampler<'a, T, N, S> {
    pub(crate) schedule: N,
    pub(crate) steps: Steps<'a>,
    predicts: Prediction,
    clip: Option<Clip<T>>,
    pub(crate) solver: S,
}

impl<'a, T: Real, N: NoiseSchedule<T>, S: Solver<T>> Sampler<'a, T, N, S> {
    /// A sampler that takes a solver's steps between the given timesteps, with a network whose output is the prediction
    /// `predicts`. The schedule is passed by value or by reference; the timesteps are [`Steps`], or a reference to
    /// [`Timesteps`](super::Timesteps).
    ///
    /// # Errors
    /// [`SamplerError`] if the timesteps exceed the schedule, or if a parameter of the solver is out of
    /// its range.
    pub fn new(
        schedule: N,
        timesteps: impl Into<Steps<'a>>,
        predicts: Prediction,
        mut solver: S,
    ) -> Result<Self, SamplerError<T>> {
        let steps = timesteps.into();
        steps.check(schedule.training_steps())?;
        solver.prepare(&schedule, steps)?;
        Ok(Self {
            schedule,
            steps,
            predicts,
            clip: None,
            solver,
        })
    }

    /// The same, with the data x₀ that the network predicts clipped.
    #[must_use]
    pub fn with_clip(self, clip: Clip<T>) -> Self {
        Self {
            clip: Some(clip),
            ..self
        }
    }

    /// The number of scalars of work that a sample of `dimension` components needs. What they hold between the calls of
    /// the network is part of the run.
    #[must_use]
    pub fn work_length(&self, dimension: usize) -> usize {
        // The position, and what the solver keeps.
        dimension.saturating_mul(1 + self.solver.vectors())
    }

    /// The number of scalars of work that a batch needs: those of each sample, and the network's inputs and outputs.
    #[must_use]
    pub fn batch_work_length(&self, samples: usize, dimension: usize) -> usize {
        let each = self.work_length(dimension);
        samples.saturating_mul(each.saturating_add(dimension.saturating_mul(2)))
    }

    /// Takes x from noise at the first timestep to data, calling `network(t, x_t, output)`; returns the
    /// number of calls. The output may hold anything before a call.
    ///
    /// # Errors
    /// [`SampleError`] before the network is called, if x is empty or not finite, the work slice is too short, or the
    /// noise is for another sampler; or later, if an output or the sample is not finite: x is then as it was after the
    /// last step that succeeded.
    pub fn sample<F, Z>(
        &self,
        x: &mut [T],
        network: &mut F,
        noise: &mut Z,
        work: &mut [T],
    ) -> Result<u32, SampleError>
    where
        F: FnMut(u32, &[T], &mut [T]) + ?Sized,
        Z: SampleNoise<T> + ?Sized,
    {
        let mut run = Sampling::new(self, x, work)?;
        let mut calls = 0;
        while run.call(network, noise)? {
            calls += 1;
        }
        Ok(calls)
    }

    /// Turns the network's output at x and a training step into the prediction that a solver wants.
    pub(crate) fn read(&self, wanted: Prediction, step: u32, x: &[T], output: &mut [T]) {
        let level = self.schedule.level(step);
        if let Some(clip) = &self.clip {
            let sample = Prediction::Sample;
            self.predicts.convert(sample, &level, x, output);
            clip.apply(output);
            sample.convert(wanted, &level, x, output);
        } else {
            self.predicts.convert(wanted, &level, x, output);
        }
    }
}
