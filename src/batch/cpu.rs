use core::ops::Range;

use super::lanes::LANES;
use super::{Particles, Run};
use crate::scheme::{Process, Scheme};
use crate::{Drift, Real, State, Stepper};

/// The engine that steps batches on this machine's processor.
///
/// ```
/// use nalgebra::SVector;
/// use poisson_midpoint::batch::{Cpu, Particles, Status};
/// use poisson_midpoint::{EulerMaruyama, Phase, random::Streams, scheme::Underdamped};
/// // Ten particles of one dimension: positions, then velocities.
/// let (mut state, mut positions, mut status) = ([0.0; 20], [0; 10], [Status::Active; 10]);
/// let mut particles: Particles<f64, Phase<f64, 1>, 1> =
///     Particles::new(Streams::new(42), 0, &mut state, &mut positions, &mut status)?;
/// let stepper = EulerMaruyama::new(Underdamped::new(0.1, 1, 1.0, 1.0)?);
/// let run = Cpu.run(&stepper, &mut particles, &|_t, x: &SVector<f64, 1>| -x, 0..100);
/// assert_eq!(run.failed, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Cpu;

impl Cpu {
    /// Moves every active particle by the macro steps `steps`, step n beginning at time n·η.
    ///
    /// The drift is a function of time and position; one whose value depends on how often it was
    /// called has no defined result. A particle whose step fails stops there (see [`Status`](super::Status)).
    pub fn run<S, T, X, F, const D: usize>(
        &self,
        stepper: &S,
        particles: &mut Particles<'_, T, X, D>,
        drift: &F,
        steps: Range<u32>,
    ) -> Run
    where
        T: Real,
        X: State<T, D>,
        S: Stepper<D, Scheme: Process<D, State = X> + Scheme<Real = T>>,
        F: Drift<T, D> + Clone,
    {
        let mut drift = drift.clone();
        let mut run = Run::default();
        let count = particles.len();
        for start in (0..count).step_by(LANES) {
            match particles.run_together(stepper, start, &mut drift, steps.clone()) {
                Some(calls) => run.drift_calls += calls,
                None => {
                    for index in start..count.min(start + LANES) {
                        let steps = steps.clone();
                        run.drift_calls += particles.run_one(stepper, index, &mut drift, steps);
                    }
                }
            }
        }
        run.failed = particles.failed();
        run
    }

    /// [`run`](Self::run) on rayon's threads, with the same bits.
    #[cfg(feature = "rayon")]
    pub fn run_parallel<S, T, X, F, const D: usize>(
        &self,
        stepper: &S,
        particles: &mut Particles<'_, T, X, D>,
        drift: &F,
        steps: Range<u32>,
    ) -> Run
    where
        T: Real,
        X: State<T, D>,
        S: Stepper<D, Scheme: Process<D, State = X> + Scheme<Real = T>>,
        F: Drift<T, D> + Clone + Sync,
    {
        /// Enough work for a task; a multiple of the lanes.
        const PARTICLES_PER_TASK: usize = 16 * LANES;

        if particles.len() <= PARTICLES_PER_TASK {
            return self.run(stepper, particles, drift, steps);
        }
        let middle = (particles.len() / 2).next_multiple_of(LANES);
        let (mut before, mut after) = particles.reborrow().split_at(middle);
        let (before, after) = rayon::join(
            || self.run_parallel(stepper, &mut before, drift, steps.clone()),
            || self.run_parallel(stepper, &mut after, drift, steps.clone()),
        );
        before.plus(after)
    }
}
