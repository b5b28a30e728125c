//! What one thread of a GPU does with its particles.
//!
//! A kernel is a thin entry around [`fused`]: it finds out which thread it is, where the particles
//! lie and what moves them. The body knows no pointer, so the same body runs on the host,
//! thread by thread, where tests compare it with the CPU engine [`Cpu`](crate::batch::Cpu).
//!
//! [`KernelDrift`] is a drift with kernels. For one that is computed elsewhere, the feature `kernels` has
//! the module `split_phase`.
//!
//! The particles lie as in [`batch`](crate::batch): structure of arrays. Threads take
//! particles in grid-stride order, so any grid covers any number of particles, and no bit depends on
//! the grid. Which kernels the crate embeds, and how to make others, is told by the feature `cuda`'s
//! module `cuda` and by the macro `fused_kernel`.

use core::hint::black_box;
use core::ops::Range;

use crate::batch::Status;
use crate::dynamics::Dynamics;
use crate::dynamics::state::State;
use crate::method::Stepper;
use crate::random::{Ahead, Streams};
use crate::real::Real;
use crate::target::Drift;

mod coefficients;
#[cfg(feature = "kernels")]
#[path = "../../kernels/column.rs"]
#[allow(unsafe_code, reason = "a device's memory is reached by pointers")]
mod column;
mod drift;
#[cfg(feature = "kernels")]
#[path = "../../kernels/launch.rs"]
#[allow(unsafe_code, reason = "a device's memory is reached by pointers")]
mod launch;
mod method;
#[cfg(feature = "kernels")]
#[path = "../../kernels/split_launch.rs"]
#[allow(unsafe_code, reason = "a device's memory is reached by pointers")]
mod split_launch;
#[cfg(feature = "kernels")]
pub mod split_phase;
mod status;

#[cfg(feature = "kernels")]
pub use column::Column;
#[cfg(feature = "kernels")]
use column::{Columns, Row};
pub use drift::{KernelDrift, Ptx};
#[cfg(all(feature = "kernels", target_arch = "nvptx64"))]
#[doc(hidden)]
pub use launch::this_thread;
#[cfg(feature = "kernels")]
pub use launch::{DeviceParticles, Extent, Launch, fused_body};
pub use method::{KernelDynamics, KernelStepper, Method};
#[cfg(feature = "kernels")]
pub use split_launch::{SplitPart, split_body};
#[cfg(feature = "kernels")]
pub use split_phase::{Shape, SplitExtent, SplitPhase, Strides};
pub use status::FailureRecord;

/// Which thread of a launch, of how many.
///
/// ```
/// use poisson_midpoint::kernel::Thread;
/// let thread = Thread { index: 2, count: 4 };
/// assert!(thread.particles(11).eq([2, 6, 10]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Thread {
    /// Its number, from 0.
    pub index: usize,
    /// The threads of the launch.
    pub count: usize,
}

impl Thread {
    /// The places of this thread's particles, out of `count`: every `self.count`th.
    #[inline]
    pub fn particles(self, count: usize) -> impl Iterator<Item = usize> {
        let mut next = Some(self.index);
        core::iter::from_fn(move || {
            let particle = next.filter(|&particle| particle < count)?;
            next = particle.checked_add(self.count);
            Some(particle)
        })
    }
}

/// Where the particles of a launch lie. Threads share it; each reads and writes its own particles.
///
/// Component c = k·D + d is dimension d of part k of a state. A place is below
/// [`count`](Self::count).
pub trait Memory<T> {
    /// The number of particles.
    fn count(&self) -> usize;
    /// A component of the particle at a place.
    fn component(&self, component: usize, place: usize) -> T;
    /// Writes a component.
    fn set_component(&self, component: usize, place: usize, value: T);
    /// The word position.
    fn word_position(&self, place: usize) -> u64;
    /// Writes the word position.
    fn set_word_position(&self, place: usize, position: u64);
    /// Whether the particle moves.
    fn is_active(&self, place: usize) -> bool;
    /// Records that the particle's step has failed.
    fn fail(&self, place: usize, record: FailureRecord);
    /// Adds to the particle's drift evaluations.
    fn add_drift_calls(&self, place: usize, calls: u64);
}

/// Moves a thread's particles by the macro steps `steps`: what [`Cpu::run`](crate::batch::Cpu::run)
/// does, bit for bit.
///
/// The particle at place p has the number `first` + p. One whose step fails keeps its last good
/// state and is left alone from then on.
#[inline]
pub fn fused<S, T, F, M, const D: usize>(
    thread: Thread,
    memory: &M,
    (streams, first): (&Streams, u64),
    stepper: &S,
    drift: &F,
    steps: Range<u32>,
) where
    T: Real,
    S: Stepper<Dynamics: Dynamics<Real = T>>,
    F: Drift<T, D>,
    M: Memory<T> + ?Sized,
{
    for place in thread.particles(memory.count()) {
        // Hidden here and after the steps, lest the compiler keep the address of every component in a register of its own
        // while the particle moves.
        let place = black_box(place);
        if !memory.is_active(place) {
            continue;
        }
        let mut state = <S::Dynamics as Dynamics>::State::<D>::from_fn(|part, d| {
            memory.component(part * D + d, place)
        });
        let particle = first.wrapping_add(place as u64);
        let mut words = Ahead::new(*streams, particle, memory.word_position(place));
        let drift = |time, position: &_| drift.drift(time, position);
        let advance = stepper.advance(&mut state, &mut words, drift, steps.clone());
        let place = black_box(place);
        state.for_each(|part, d, value| memory.set_component(part * D + d, place, value));
        memory.set_word_position(place, advance.word_position);
        memory.add_drift_calls(place, advance.drift_calls);
        if let Status::Failed { step, error } = advance.status {
            memory.fail(place, FailureRecord::new(step, error));
        }
    }
}
