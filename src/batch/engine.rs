use core::convert::Infallible;
use core::error::Error;
use core::ops::Range;

use nalgebra::SVector;

use super::cpu::run;
use super::lanes::ByRows;
use super::{Cpu, Particles, Run};
#[cfg(feature = "rayon")]
use super::{Parallel, cpu::run_parallel};
use crate::dynamics::state::State;
use crate::dynamics::{CellOf, Dynamics};
use crate::method::Stepper;
use crate::real::Real;
use crate::target::Drift;

/// What steps batches: this machine's processor ([`Cpu`]), with the feature `rayon` all of its processors (`Parallel`)
/// or, with the feature `cust`, one GPU or several, to the same bits. A program picks its engine in one line.
///
/// ```
/// use nalgebra::SVector;
/// use poisson_midpoint::batch::{Cpu, Engine, Particles, Status};
/// use poisson_midpoint::dynamics::Overdamped;
/// use poisson_midpoint::{EulerMaruyama, random::Streams, target::DoubleWell};
/// let (mut x, mut word_positions, mut status) = ([0.1_f32; 20], [0; 10], [Status::Active; 10]);
/// let mut particles: Particles<SVector<f32, 2>> =
///     Particles::new(Streams::new(42), 0, &mut x, &mut word_positions, &mut status)?;
/// let stepper = EulerMaruyama::new(Overdamped::new(0.1, 1)?);
/// let drift = DoubleWell { steepness: 1.0, cap: 2.0 };
///
/// let engine = Cpu; // or Gpu::new(0)?
/// let run = engine.advance(&stepper, &mut particles, &drift, 0..100)?;
/// assert_eq!((run.drift_calls, run.failed), (1000, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Engine<S: Stepper, X: State, F> {
    /// What can go wrong apart from a particle's steps.
    type Error: Error;

    /// Moves every active particle by the macro steps `steps`, step n beginning at time n·η: see
    /// [`Cpu::run`].
    ///
    /// # Errors
    /// If the engine cannot run; the particles are then as they were. A particle whose step fails is no error:
    /// its [`Status`](super::Status) says so.
    fn advance(
        &self,
        stepper: &S,
        particles: &mut Particles<'_, X>,
        drift: &F,
        steps: Range<u32>,
    ) -> Result<Run, Self::Error>;
}

impl<S, X, F, T, const D: usize> Engine<S, X, F> for Cpu
where
    T: Real,
    S: Stepper<Dynamics: Dynamics<Real = T>>,
    X: State<Real = T, Position = SVector<T, D>, Cell = CellOf<S::Dynamics, T>>,
    F: Drift<T, D>,
{
    type Error = Infallible;

    fn advance(
        &self,
        stepper: &S,
        particles: &mut Particles<'_, X>,
        drift: &F,
        steps: Range<u32>,
    ) -> Result<Run, Infallible> {
        Ok(run(stepper, particles, ByRows(drift), steps))
    }
}

#[cfg(feature = "rayon")]
impl<S, X, F, T, const D: usize> Engine<S, X, F> for Parallel
where
    T: Real,
    S: Stepper<Dynamics: Dynamics<Real = T>>,
    X: State<Real = T, Position = SVector<T, D>, Cell = CellOf<S::Dynamics, T>>,
    F: Drift<T, D> + Sync,
{
    type Error = Infallible;

    fn advance(
        &self,
        stepper: &S,
        particles: &mut Particles<'_, X>,
        drift: &F,
        steps: Range<u32>,
    ) -> Result<Run, Infallible> {
        Ok(run_parallel(stepper, particles, &ByRows(drift), steps))
    }
}
