//! Many particles at once, as structure of arrays, on the CPU.
//!
//! Particle p reads stream p, so its path depends on (seed, p) alone: not on the number of
//! particles in the batch, how it is cut, in which order or on how many threads it is stepped.
//! A range of particles can be stepped anywhere, and the ranges joined.
//!
//! [`Particles`] are in memory of yours; with the feature `alloc`, an `Ensemble` owns its memory. An [`Engine`] steps
//! them: [`Cpu`]; with `rayon`, `Parallel`; with `cust`, a GPU.
//!
//! ```
//! use nalgebra::SVector;
//! use poisson_midpoint::batch::{Cpu, Particles, Status};
//! use poisson_midpoint::{EulerMaruyama, dynamics::Overdamped, random::Streams};
//! let stepper = EulerMaruyama::new(Overdamped::new(0.1_f32, 1)?);
//! let drift = |_time: f32, x: &SVector<f32, 1>| -x;
//! let run = |cut: usize| {
//!     let (mut x, mut word_positions, mut status) = ([1.0; 100], [0; 100], [Status::Active; 100]);
//!     let particles: Particles<SVector<f32, 1>> =
//!         Particles::new(Streams::new(42), 0, &mut x, &mut word_positions, &mut status)?;
//!     let (mut some, mut others) = particles.split_at(cut);
//!     let _ = Cpu.run(&stepper, &mut others, drift, 0..50);
//!     let _ = Cpu.run(&stepper, &mut some, drift, 0..50);
//!     drop((some, others));
//!     Ok::<_, Box<dyn std::error::Error>>(x)
//! };
//! assert_eq!(run(0)?, run(37)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Layout
//!
//! Component d of part k of particle p is at `(k·D + d)·N + p` of the state slice of N
//! particles: all first coordinates, then all second ones, …, then the velocities if there are any.

use crate::error::StepError;

pub(crate) mod advance;
#[cfg(not(target_arch = "nvptx64"))]
mod cpu;
#[cfg(not(target_arch = "nvptx64"))]
mod engine;
#[cfg(feature = "alloc")]
mod ensemble;
mod error;
mod lanes;
mod particles;

#[cfg(not(target_arch = "nvptx64"))]
pub use cpu::Cpu;
#[cfg(feature = "rayon")]
pub use cpu::Parallel;
#[cfg(not(target_arch = "nvptx64"))]
pub use engine::Engine;
#[cfg(feature = "alloc")]
pub use ensemble::Ensemble;
pub use error::BatchError;
pub(crate) use error::check_numbers;
pub(crate) use lanes::{LaneDrift, Lanes};
pub use particles::Particles;

/// Whether a particle still moves.
///
/// ```
/// use poisson_midpoint::batch::Status;
/// assert_eq!(Status::default(), Status::Active);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Status {
    /// The particle still moves.
    #[default]
    Active,
    /// A step failed. State and word position are those before that step, and later runs leave
    /// the particle alone until it is made active again.
    Failed {
        /// The macro step that failed.
        step: u32,
        /// Why.
        error: StepError,
    },
}

/// What a run over a batch cost and lost.
///
/// ```
/// use poisson_midpoint::batch::Run;
/// let run = Run { drift_calls: 2000, failed: 0 };
/// assert_eq!(run.failed, 0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
pub struct Run {
    /// Drift evaluations of all completed steps.
    pub drift_calls: u64,
    /// Particles that are not active at the end of the run.
    pub failed: usize,
}

#[cfg(any(feature = "rayon", feature = "cust"))]
impl Run {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            drift_calls: self.drift_calls + other.drift_calls,
            failed: self.failed + other.failed,
        }
    }
}
