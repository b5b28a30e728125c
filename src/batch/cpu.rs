use core::ops::Range;

use super::lanes::{Function, LANES, LaneDrift};
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
    ///
    /// A [`Drift`](crate::target::Drift) that can be evaluated for several particles together is best passed to
    /// [`Engine::advance`](super::Engine::advance).
    pub fn run<S, X, F>(
        &self,
        stepper: &S,
        particles: &mut Particles<'_, X>,
        drift: F,
        steps: Range<u32>,
    ) -> Run
    where
        S: Stepper,
        X: StateOf<S::Dynamics>,
        F: FnMut(X::Real, &X::Position) -> X::Position,
    {
        run(stepper, particles, Function(drift), steps)
    }
}

/// The engine that steps batches on all of this machine's processors, by rayon's threads, with the bits of [`Cpu`].
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::batch::{Cpu, Engine, Ensemble, Parallel};
/// use poisson_midpoint::{EulerMaruyama, dynamics::Overdamped, target::DoubleWell};
/// let stepper = EulerMaruyama::new(Overdamped::new(0.1, 1)?);
/// let drift = DoubleWell { steepness: 1.0, cap: 2.0 };
/// let mut alone = Ensemble::new(42, vec![vector![0.1_f32]; 1000]); // seed 42
/// let mut shared = alone.clone();
/// let run = Parallel.advance(&stepper, &mut shared.particles(), &drift, 0..100)?;
/// assert_eq!(run, Cpu.advance(&stepper, &mut alone.particles(), &drift, 0..100)?);
/// assert_eq!(shared, alone);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(feature = "rayon")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Parallel;

#[cfg(feature = "rayon")]
impl Parallel {
    /// [`Cpu::run`] on all processors, with the same bits.
    pub fn run<S, X, F>(
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
        run_parallel(stepper, particles, &Function(drift), steps)
    }
}

/// Moves every active particle.
pub(super) fn run<S, X, F>(
    stepper: &S,
    particles: &mut Particles<'_, X>,
    mut drift: F,
    steps: Range<u32>,
) -> Run
where
    S: Stepper,
    X: StateOf<S::Dynamics>,
    F: LaneDrift<X::Position>,
{
    let mut run = Run::default();
    let count = particles.len();
    for start in (0..count).step_by(LANES) {
        if let Some(calls) = particles.run_together(stepper, start, &mut drift, steps.clone()) {
            run.drift_calls += calls;
            continue;
        }
        let mut drift = |time, position: &X::Position| drift.drift(time, position);
        for index in start..count.min(start + LANES) {
            run.drift_calls += particles.run_one(stepper, index, &mut drift, steps.clone());
        }
    }
    run.failed = particles.failed();
    run
}

/// [`run`] on rayon's threads.
#[cfg(feature = "rayon")]
pub(super) fn run_parallel<S, X, F>(
    stepper: &S,
    particles: &mut Particles<'_, X>,
    drift: &F,
    steps: Range<u32>,
) -> Run
where
    S: Stepper,
    X: StateOf<S::Dynamics>,
    F: LaneDrift<X::Position> + Clone + Sync,
{
    /// Enough work for a task; a multiple of the lanes.
    const PARTICLES_PER_TASK: usize = 16 * LANES;

    if particles.len() <= PARTICLES_PER_TASK {
        return run(stepper, particles, drift.clone(), steps);
    }
    let middle = (particles.len() / 2).next_multiple_of(LANES);
    let (mut before, mut after) = particles.reborrow().split_at(middle);
    let (before, after) = rayon::join(
        || run_parallel(stepper, &mut before, drift, steps.clone()),
        || run_parallel(stepper, &mut after, drift, steps.clone()),
    );
    before.plus(after)
}
