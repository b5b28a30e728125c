use core::ops::Range;

use super::lanes::LANES;
use super::{Particles, Run};
use crate::dynamics::StateOf;
use crate::method::Stepper;

/// The engine that steps batches on this machine's processor.
///
/// ```
/// use poisson_midpoint::batch::{Cpu, Particles, Status};
/// use poisson_midpoint::{EulerMaruyama, Phase, dynamics::Underdamped, random::Streams};
/// // Ten particles of one dimension: positions, then velocities.
/// let (mut state, mut word_positions, mut status) = ([0.0; 20], [0; 10], [Status::Active; 10]);
/// let mut particles: Particles<Phase<f64, 1>> =
///     Particles::new(Streams::new(42), 0, &mut state, &mut word_positions, &mut status)?;
/// let stepper = EulerMaruyama::new(Underdamped::new(0.1, 1, 1.0)?);
/// let run = Cpu.run(&stepper, &mut particles, |_t, x| -x, 0..100);
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
    pub fn run<S, X, F>(
        &self,
        stepper: &S,
        particles: &mut Particles<'_, X>,
        mut drift: F,
        steps: Range<u32>,
    ) -> Run
    where
        S: Stepper,
        X: StateOf<S::Dynamics>,
        F: FnMut(X::Real, &X::Position) -> X::Position,
    {
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
    pub fn run_parallel<S, X, F>(
        &self,
        stepper: &S,
        particles: &mut Particles<'_, X>,
        drift: F,
        steps: Range<u32>,
    ) -> Run
    where
        S: Stepper,
        X: StateOf<S::Dynamics>,
        F: FnMut(X::Real, &X::Position) -> X::Position + Clone + Sync,
    {
        /// Enough work for a task; a multiple of the lanes.
        const PARTICLES_PER_TASK: usize = 16 * LANES;

        if particles.len() <= PARTICLES_PER_TASK {
            return self.run(stepper, particles, drift, steps);
        }
        let middle = (particles.len() / 2).next_multiple_of(LANES);
        let (mut before, mut after) = particles.reborrow().split_at(middle);
        let (before, after) = rayon::join(
            || self.run_parallel(stepper, &mut before, drift.clone(), steps.clone()),
            || self.run_parallel(stepper, &mut after, drift.clone(), steps.clone()),
        );
        before.plus(after)
    }
}
