//! The driver, which knows whose turn it is in a run, whatever the solver.

use super::error::SampleError;
use super::progress::{Progress, Turn};
use super::solver::copy;
use super::{Advance, NoiseSchedule, SampleNoise, Sampler, Solver, Stage};
use crate::error::are_finite;
use crate::real::Real;

/// Where a run wants the network evaluated.
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

/// A run of one sample, with its slices.
///
/// ```
/// use poisson_midpoint::diffusion::{
///     DpmSolverPlusPlus, Error, LinearRate, Prediction, Sampler, Sampling, Timesteps,
/// };
/// use poisson_midpoint::random::Stream;
/// let schedule = LinearRate::new(1000, 0.1_f64, 20.0)?;
/// let timesteps = Timesteps::<10>::log_snr(10, &schedule)?;
/// let solver = DpmSolverPlusPlus { order: 2, eta: 0.0 };
/// let sampler = Sampler::new(&schedule, &timesteps, Prediction::Velocity, solver)?;
/// let (mut x, mut work) = ([0.4, -0.8], vec![0.0; sampler.work_length(2)]);
/// let mut stream = Stream::new(42, 0);
/// let mut run = Sampling::new(&sampler, &mut x, &mut work)?;
/// while let Some(query) = run.next(&mut stream)? {
///     let output = vec![0.0; query.position.len()]; // from wherever the network runs
///     run.supply(&output)?;
/// }
/// assert!(x[0].is_finite());
/// # Ok::<(), Error<f64>>(())
/// ```
#[derive(Debug)]
pub struct Sampling<'a, T, N, S> {
    sampler: &'a Sampler<'a, T, N, S>,
    progress: Progress,
    x: &'a mut [T],
    /// The position that the network is asked about, and the vectors that the solver keeps.
    work: &'a mut [T],
}

impl<'a, T: Real, N: NoiseSchedule<T>, S: Solver<T>> Sampling<'a, T, N, S> {
    /// A run that starts from x, which is noise at the sampler's first timestep. `work` may hold anything.
    ///
    /// # Errors
    /// [`SampleError`] if x is empty or `work` shorter than [`Sampler::work_length`].
    pub fn new(
        sampler: &'a Sampler<'a, T, N, S>,
        x: &'a mut [T],
        work: &'a mut [T],
    ) -> Result<Self, SampleError> {
        Self::resume(sampler, Progress::default(), x, work)
    }

    /// A run from a checkpoint: the progress, x and work that it was left with.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn resume(
        sampler: &'a Sampler<'a, T, N, S>,
        progress: Progress,
        x: &'a mut [T],
        work: &'a mut [T],
    ) -> Result<Self, SampleError> {
        if x.is_empty() {
            return Err(SampleError::Empty);
        }
        let (length, needed) = (work.len(), sampler.work_length(x.len()));
        let work = work
            .get_mut(..needed)
            .ok_or(SampleError::WorkLength { length, needed })?;
        Ok(Self {
            sampler,
            progress,
            x,
            work,
        })
    }

    /// Where the run stands.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// Takes the run as far as the last output allows and returns where the network is to be called next; `None` when x
    /// holds the result. Called twice, it returns the same and draws nothing.
    ///
    /// # Errors
    /// [`SampleError::NonFiniteSample`]; x is then as it was after the last step that succeeded, and the
    /// run can go no further: called again, it returns the same error and draws nothing. Or the error of
    /// [`SampleNoise::check`] if the noise is for another sampler; the run is then as it was.
    pub fn next<Z: SampleNoise<T> + ?Sized>(
        &mut self,
        noise: &mut Z,
    ) -> Result<Option<NetworkQuery<'_, T>>, SampleError> {
        loop {
            match self.progress.turn {
                Turn::Failed(error) => return Err(error),
                Turn::Network => {
                    let step = self.progress.asked;
                    let (position, _) = self.split();
                    return Ok(Some(NetworkQuery { position, step }));
                }
                Turn::Solver => {
                    let training_steps = self.sampler.schedule.training_steps();
                    noise.check(self.x.len(), training_steps)?;
                }
            }
            let Some(stage) = self.stage() else {
                return Ok(None);
            };
            if let Err(error) = self.advance(&stage, noise) {
                self.fail(error);
            }
        }
    }

    /// Supplies the output that [`next`](Self::next) asked for.
    ///
    /// # Errors
    /// [`SampleError`] if its length is wrong, if it is not finite or if none was asked for; the run
    /// is then as it was, and another output can be supplied.
    pub fn supply(&mut self, output: &[T]) -> Result<(), SampleError> {
        let needed = self.x.len();
        self.tell(|step, _, place| {
            let length = output.len();
            if length != needed {
                return Err(SampleError::OutputLength {
                    step,
                    length,
                    needed,
                });
            }
            copy(output, place);
            Ok(())
        })
    }

    /// Calls the network if the run asks for it; returns whether it was called.
    pub(crate) fn call<F, Z>(&mut self, network: &mut F, noise: &mut Z) -> Result<bool, SampleError>
    where
        F: FnMut(u32, &[T], &mut [T]) + ?Sized,
        Z: SampleNoise<T> + ?Sized,
    {
        if self.next(noise)?.is_none() {
            return Ok(false);
        }
        self.tell(|step, position, output| {
            network(step, position, output);
            Ok(())
        })?;
        Ok(true)
    }

    /// Stops the run.
    pub(crate) fn fail(&mut self, error: SampleError) {
        self.progress.turn = Turn::Failed(error);
    }

    /// How far the step under way is; `None` after the last.
    fn stage(&self) -> Option<Stage<'a>> {
        let Progress {
            taken, told, asked, ..
        } = self.progress;
        let steps = self.sampler.steps;
        let (from, to) = steps.get(taken)?;
        Some(Stage {
            steps,
            taken,
            from,
            to,
            told,
            asked,
        })
    }

    /// The position, and what the solver keeps.
    fn split(&mut self) -> (&mut [T], &mut [T]) {
        let dimension = self.x.len();
        self.work
            .split_at_mut_checked(dimension)
            .unwrap_or_default()
    }

    /// Lets the solver go on, and moves x if that completes a step.
    fn advance<Z: SampleNoise<T> + ?Sized>(
        &mut self,
        stage: &Stage<'a>,
        noise: &mut Z,
    ) -> Result<(), SampleError> {
        let Sampler {
            schedule, solver, ..
        } = self.sampler;
        let (position, kept) = self
            .work
            .split_at_mut_checked(self.x.len())
            .unwrap_or_default();
        if stage.told == 0 {
            copy(self.x, position);
        }
        let advance = solver.advance(schedule, stage, self.x, position, kept, noise)?;
        let step = match advance {
            Advance::Ask(step) => step,
            Advance::Arrive => stage.to,
        };
        if !are_finite(position) {
            return Err(SampleError::NonFiniteSample { step });
        }
        match advance {
            Advance::Ask(_) => {
                self.progress.asked = step;
                self.progress.turn = Turn::Network;
            }
            Advance::Arrive => {
                copy(position, self.x);
                self.progress = Progress {
                    taken: stage.taken + 1,
                    ..Progress::default()
                };
            }
        }
        Ok(())
    }

    /// Takes the output that was asked for, once `write(t, x_t, output)` has written it.
    fn tell(
        &mut self,
        write: impl FnOnce(u32, &[T], &mut [T]) -> Result<(), SampleError>,
    ) -> Result<(), SampleError> {
        if let Turn::Failed(error) = self.progress.turn {
            return Err(error);
        }
        let stage = self.stage().filter(|_| self.progress.is_asking());
        let stage = stage.ok_or(SampleError::OutputNotAsked)?;
        let (sampler, step, dimension) = (self.sampler, self.progress.asked, self.x.len());
        let (wanted, index) = sampler.solver.keeps(&stage);
        let (position, kept) = self.split();
        let start = index.saturating_mul(dimension);
        let place = kept.get_mut(start..start.saturating_add(dimension));
        let output = place.unwrap_or_default();
        write(step, position, output)?;
        sampler.read(wanted, step, position, output);
        if !are_finite(output) {
            let mut values = output.iter();
            let component = values.position(|value| !value.is_finite()).unwrap_or(0);
            return Err(SampleError::NonFiniteOutput { step, component });
        }
        self.progress.told += 1;
        self.progress.turn = Turn::Solver;
        Ok(())
    }
}

#[cfg(feature = "defmt")]
impl<T: defmt::Format, N, S> defmt::Format for Sampling<'_, T, N, S> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "Sampling {{ progress: {}, x: {=[?]} }}",
            self.progress,
            &*self.x
        );
    }
}
