//! Macro steps whose drift is computed elsewhere: by a network on the same device, say.
//!
//! A step is several kernels with the caller's drift between them. Each thread takes one tile of one
//! particle at a time: the dimensions whose first words lie in one block of its stream. So an
//! image's dimensions are spread over threads and no block is computed twice, except for a block that a
//! dimension's words reach into. A particle of few dimensions is one tile. Which threads take which
//! tiles changes no bit.
//!
//! | stepper | kernels of a macro step |
//! |---|---|
//! | [`EulerMaruyama`](crate::EulerMaruyama) | [`update`], [`finish`] |
//! | [`PoissonMidpoint`] | [`choose`], [`begin`], then, while a particle asks for a drift, [`choose`], [`midpoint`]; [`finish`] |
//!
//! [`choose`] is launched only where particles have more than one tile ([`Shape::tiles`]). After each
//! launch of [`begin`] or [`midpoint`], `previous` and `current` are exchanged; after
//! [`finish`], `state` and `next`, and `word_positions` and `next_word_positions`. Under
//! [`MidpointLaw::Single`](crate::MidpointLaw::Single) all particles go in lockstep: one [`begin`], one
//! [`midpoint`].

use core::mem::offset_of;
use core::ops::Range;

use super::{Column, FailureRecord};
use crate::dynamics::cell::Cell;
use crate::dynamics::{Dynamics, start_time};
use crate::method::{PoissonMidpoint, Stepper};
use crate::random::{Stream, Streams};
use crate::real::Real;

mod arrays;
mod failure;
mod shape;
mod steps;
mod tile;

pub use shape::{Shape, Strides};
pub use steps::{begin, choose, finish, midpoint, update};

/// Which particles a launch moves, and which part of a macro step it is. Laid out alike on host and
/// device.
///
/// ```
/// use poisson_midpoint::kernel::{SplitExtent, Strides};
/// use poisson_midpoint::random::Streams;
/// // The beginning of step 7 of 1000 images of 28 by 28.
/// let extent = SplitExtent {
///     count: 1000,
///     dimension: 28 * 28,
///     first: 0,
///     strides: Strides::rows(28 * 28, 1000),
///     streams: Streams::new(42),
///     step: 7,
///     round: 0,
///     list: 1,
/// };
/// assert_eq!(size_of_val(&extent), 96);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct SplitExtent {
    /// The number of particles, below 2³².
    pub count: usize,
    /// The number of dimensions D, below 2³¹.
    pub dimension: usize,
    /// The number of the first particle.
    pub first: u64,
    /// Where a state's components lie. Drifts and midpoints lie like its positions.
    pub strides: Strides,
    /// The key of the streams.
    pub streams: Streams,
    /// The macro step n, which begins at time n·η.
    pub step: u32,
    /// How many drifts at midpoints each particle under way has been given.
    pub round: u32,
    /// Whether to count and list the particles that ask for a drift (1), or not (0).
    pub list: u32,
}

/// The argument of a split-phase kernel, by value: the columns that it reads and writes, for N particles in D
/// dimensions. Laid out alike on host and device; the columns are in the device's memory.
///
/// ```
/// use poisson_midpoint::kernel::SplitPhase;
/// // What `keys` is filled with before the first step.
/// assert_eq!(SplitPhase::<f32>::NONE, u64::MAX);
/// ```
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct SplitPhase<T> {
    /// The state before the step, PARTS·D·N.
    pub state: Column<T>,
    /// The state after it, PARTS·D·N.
    pub next: Column<T>,
    /// The drift at the beginning, b₀, D·N.
    pub b0: Column<T>,
    /// The drift at the midpoints, D·N.
    pub drift: Column<T>,
    /// W at the last midpoint, PARTS·D·N.
    pub noise: Column<T>,
    /// The corrections so far, PARTS·D·N.
    pub correction: Column<T>,
    /// The midpoints X̂ where the drift is wanted, D·N.
    pub query: Column<T>,
    /// The times at which it is wanted, N.
    pub times: Column<T>,
    /// Word positions before the step, N.
    pub word_positions: Column<u64>,
    /// Word positions after it, N.
    pub next_word_positions: Column<u64>,
    /// As [`FailureRecord::code`], N.
    pub codes: Column<u32>,
    /// Written where a step fails, N.
    pub failures: Column<FailureRecord>,
    /// The keys of what fails in this step, N; [`NONE`](Self::NONE) before it.
    pub keys: Column<u64>,
    /// The midpoints that `drift` was evaluated at; 0 for a particle that asked for none. N.
    pub previous: Column<u32>,
    /// The midpoints that a drift is wanted at now; 0 for a particle that wants none. N.
    pub current: Column<u32>,
    /// The places of the particles that want one, in no particular order. N.
    pub list: Column<u32>,
    /// How many these are: one number, 0 before the launch.
    pub asked: Column<u32>,
    /// The last macro step in which a particle has failed: one number, any before the first. Where it is not this step,
    /// [`finish`] looks at no particle.
    pub failed: Column<u32>,
    /// Which particles, and which part of the step.
    pub extent: SplitExtent,
}

const _: () = {
    assert!(size_of::<SplitExtent>() == 96);
    assert!(offset_of!(SplitPhase<f32>, extent) == 18 * 16);
    assert!(offset_of!(SplitPhase<f64>, extent) == 18 * 16);
    assert!(size_of::<SplitPhase<f32>>() == 384 && size_of::<SplitPhase<f64>>() == 384);
};

impl<T: Real> SplitPhase<T> {
    #[inline]
    fn cell<C: Cell<T>>(&self, from: Column<T>, dimension: usize, place: usize) -> C {
        C::from_fn(|part| from.get(self.extent.strides.index(part, dimension, place)))
    }

    #[inline]
    fn set_cell<C: Cell<T>>(&self, to: Column<T>, dimension: usize, place: usize, cell: C) {
        for (part, &value) in cell.parts().iter().enumerate() {
            to.set(self.extent.strides.index(part, dimension, place), value);
        }
    }

    #[inline]
    fn component(&self, from: Column<T>, dimension: usize, place: usize) -> T {
        from.get(self.extent.strides.index(0, dimension, place))
    }

    #[inline]
    fn is_active(&self, place: usize) -> bool {
        self.codes.get(place) == 0
    }

    /// The time at which the macro step begins.
    #[inline]
    fn time<S: Dynamics<Real = T>>(&self, dynamics: &S) -> T {
        start_time(dynamics, self.extent.step)
    }

    /// The stream of a particle, at its first word.
    #[inline]
    fn stream(&self, place: usize) -> Stream {
        let number = self.extent.first.wrapping_add(place as u64);
        self.extent.streams.particle(number)
    }

    /// Leaves some dimensions of a particle as they are, and also where its words begin.
    #[inline]
    fn keep<C: Cell<T>>(&self, dimensions: Range<usize>, place: usize) {
        let is_first = dimensions.start == 0;
        for d in dimensions {
            self.set_cell::<C>(self.next, d, place, self.cell(self.state, d, place));
        }
        if is_first {
            self.next_word_positions
                .set(place, self.word_positions.get(place));
        }
    }

    /// Where the words of this round's leg begin: each leg before it read a gap and a segment.
    #[inline]
    fn leg_start(&self, shape: &Shape, place: usize) -> u64 {
        let read = u64::from(self.extent.round).wrapping_mul(1 + shape.segment());
        self.word_positions.get(place).wrapping_add(read)
    }

    /// The midpoint whose drift is being supplied; `None` if it is b₀ that is being supplied.
    /// `Err` for a particle whose step is over.
    #[inline]
    fn supplied(&self, place: usize) -> Result<Option<u32>, ()> {
        if self.extent.round == 0 {
            return Ok(None);
        }
        match self.previous.get(place) {
            0 => Err(()),
            midpoint => Ok(Some(midpoint)),
        }
    }

    /// Draws the midpoint after `previous` from the words of this round's leg, and tells the caller whether a drift
    /// is wanted there; returns the midpoint and where the words of the segment begin.
    #[inline]
    fn draw<S: Dynamics<Real = T>>(
        &self,
        stepper: &PoissonMidpoint<S>,
        shape: &Shape,
        stream: &mut Stream,
        (place, previous): (usize, Option<u32>),
    ) -> (Option<u32>, u64) {
        stream.move_to(self.leg_start(shape, place));
        let midpoint = stepper.midpoints().next(previous, stream);
        let segment = stream.word_position();
        self.current.set(place, midpoint.unwrap_or(0));
        if let Some(midpoint) = midpoint {
            let dynamics = stepper.dynamics();
            let time = self.time(dynamics) + dynamics.time(midpoint);
            self.times.set(place, time);
            if self.extent.list != 0 {
                // The assembler makes one addition of those of a warp.
                let index = self.asked.add(0, 1);
                #[allow(clippy::cast_possible_truncation, reason = "a place below 2³²")]
                self.list.set(index as usize, place as u32);
            }
        } else {
            let end = segment.wrapping_add(shape.segment());
            self.next_word_positions.set(place, end);
        }
        (midpoint, segment)
    }
}
