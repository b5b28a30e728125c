//! Macro steps whose drift is computed elsewhere: by a network on the same device, say.
//!
//! A step is several kernels with the caller's drift between them. Each thread takes one tile of one
//! particle at a time: the dimensions whose first words lie in one block of its stream, so that an
//! image's dimensions are spread over threads and no block is computed twice, but for one that a
//! dimension's words reach into. A particle of few dimensions is one tile. Which threads take which
//! tiles changes no bit.
//!
//! | stepper | kernels of a macro step |
//! |---|---|
//! | [`EulerMaruyama`] | [`update`], [`finish`] |
//! | [`PoissonMidpoint`] | [`choose`], [`begin`], then, while a particle asks for a drift, [`choose`], [`midpoint`]; [`finish`] |
//!
//! [`choose`] is launched only where particles have more than one tile ([`Shape::tiles`]). After each
//! launch of [`begin`] or [`midpoint`], `previous` and `current` are exchanged; after
//! [`finish`], `state` and `next`, and `positions` and `next_positions`. Under
//! [`MidpointLaw::Single`](crate::MidpointLaw::Single) all particles go in lockstep: one [`begin`], one
//! [`midpoint`].

use nalgebra::Vector1;

use super::{Column, FailureRecord, KernelScheme, Thread};
use crate::random::Streams;
use crate::scheme::{Process, Scheme, Span};
use crate::stepper::cursor::Cursor;
use crate::{EulerMaruyama, PoissonMidpoint, Real, State, StepError};

/// Where dimension d of part k of the particle at place p lies: at
/// k·`part` + d·`dimension` + p·`particle`.
///
/// ```
/// use poisson_midpoint::kernel::Strides;
/// // Two particles of three dimensions.
/// assert_eq!(Strides::columns(3, 2), Strides { part: 6, dimension: 2, particle: 1 });
/// assert_eq!(Strides::rows(3, 2), Strides { part: 6, dimension: 1, particle: 3 });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(C)]
pub struct Strides {
    /// From position to velocity.
    pub part: usize,
    /// From a dimension to the next.
    pub dimension: usize,
    /// From a particle to the next.
    pub particle: usize,
}

impl Strides {
    /// All first dimensions, all second ones, …: as in [`batch`](crate::batch).
    #[must_use]
    pub fn columns(dimension: usize, count: usize) -> Self {
        Self {
            part: dimension.saturating_mul(count),
            dimension: count,
            particle: 1,
        }
    }

    /// One particle after another, as networks have their batches.
    #[must_use]
    pub fn rows(dimension: usize, count: usize) -> Self {
        Self {
            part: dimension.saturating_mul(count),
            dimension: 1,
            particle: dimension,
        }
    }

    fn index(&self, part: usize, dimension: usize, place: usize) -> usize {
        part * self.part + dimension * self.dimension + place * self.particle
    }
}

/// Which particles a launch moves, and which part of a macro step it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct SplitExtent {
    /// The number of particles, below 2³².
    pub count: usize,
    /// The number of dimensions D, below 2³¹.
    pub dimension: usize,
    /// The number of the first particle.
    pub first: u64,
    /// Where a state's components lie. Drifts and midpoints lie as its positions.
    pub strides: Strides,
    /// The key of the streams.
    pub streams: Streams,
    /// The macro step n, which begins at time n·η.
    pub step: u32,
    /// How many drifts at midpoints each particle under way has been given.
    pub round: u32,
    /// Whether to count and list those that ask (1), or not (0).
    pub list: u32,
}

/// What the kernels of a split-phase step read and write. N particles, D dimensions.
#[derive(Clone, Copy, Debug)]
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
    /// When it is wanted, N.
    pub times: Column<T>,
    /// Word positions before the step, N.
    pub positions: Column<u64>,
    /// Word positions after it, N.
    pub next_positions: Column<u64>,
    /// As [`FailureRecord::code`], N.
    pub codes: Column<u32>,
    /// Written where a step fails, N.
    pub failures: Column<FailureRecord>,
    /// What fails in this step, N; [`NONE`](Self::NONE) before it.
    pub keys: Column<u64>,
    /// The midpoints that `drift` was evaluated at; 0 for a particle that asked for none. N.
    pub previous: Column<u32>,
    /// The midpoints that a drift is wanted at now; 0 for a particle that wants none. N.
    pub current: Column<u32>,
    /// The places of the particles that want one, in no particular order. N.
    pub list: Column<u32>,
    /// How many these are: one number, 0 before the launch.
    pub asked: Column<u32>,
    /// Which particles, and which part of the step.
    pub extent: SplitExtent,
}

/// The least of the keys of a particle is what a step of it alone would have met first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// The state at an inner step.
    State(u32),
    /// A component of the drift at an inner step.
    Drift(u32, usize),
}

impl Failure {
    /// The inner step, then the state before the drift, then the component.
    #[inline]
    fn key(self) -> u64 {
        match self {
            Self::State(inner_step) => u64::from(inner_step) << 32,
            Self::Drift(inner_step, component) => {
                let component = component as u64 & 0x7fff_ffff;
                u64::from(inner_step) << 32 | 1 << 31 | component
            }
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "the halves of a word")]
    fn error(key: u64) -> StepError {
        let inner_step = (key >> 32) as u32;
        if key & 1 << 31 == 0 {
            StepError::NonFiniteState { inner_step }
        } else {
            StepError::NonFiniteDrift {
                inner_step,
                component: (key & 0x7fff_ffff) as usize,
            }
        }
    }
}

/// How the particles of a launch are cut into tiles.
///
/// ```
/// use poisson_midpoint::kernel::Shape;
/// use poisson_midpoint::scheme::{Overdamped, Underdamped};
/// assert_eq!(Shape::new::<Overdamped<f32>>(2).tiles(), 1);
/// // A megapixel: a block of a stream is 16 words, and a segment need not begin with a block.
/// assert_eq!(Shape::new::<Overdamped<f32>>(1 << 20).tiles(), 65_537);
/// assert_eq!(Shape::new::<Underdamped<f64>>(1 << 20).tiles(), 4 * 65_536 + 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    dimension: usize,
    /// Of a dimension's normals.
    words: usize,
    tiles: usize,
}

/// Words in a block of a stream.
const BLOCK: usize = 16;

impl Shape {
    /// Two blocks and a bit: what one thread may as well do alone.
    const LARGEST_ONLY_TILE: usize = 2 * BLOCK;

    /// Of particles of so many dimensions under a scheme.
    #[inline]
    #[must_use]
    pub fn new<S: Process<1>>(dimension: usize) -> Self {
        let words = (S::Span::NORMALS * S::Real::WORDS_PER_NORMAL) as usize;
        let segment = dimension.saturating_mul(words);
        let tiles = if segment <= Self::LARGEST_ONLY_TILE {
            1
        } else {
            segment.saturating_add(2 * BLOCK - 2) / BLOCK
        };
        Self {
            dimension,
            words,
            tiles,
        }
    }

    /// Tiles of each particle: no less than any place in its stream makes necessary.
    #[inline]
    #[must_use]
    pub fn tiles(&self) -> usize {
        self.tiles
    }

    /// Words of a segment of noise.
    #[inline]
    fn segment(&self) -> u64 {
        (self.dimension * self.words) as u64
    }

    /// The tile and the place of unit `index` of all tiles of all particles: neighbouring threads
    /// take what lies side by side.
    #[inline]
    fn unit(&self, extent: &SplitExtent, index: usize) -> (usize, usize) {
        if self.tiles == 1 {
            (0, index)
        } else if extent.strides.particle == 1 {
            let (tile, place) = divide(index, extent.count);
            (tile, place)
        } else {
            let (place, tile) = divide(index, self.tiles);
            (tile, place)
        }
    }

    /// The dimensions of a tile of a segment that begins at word `start`: those whose first word is
    /// in the tile's block.
    #[inline]
    fn dimensions(&self, tile: usize, start: u64) -> core::ops::Range<usize> {
        if self.tiles == 1 {
            return 0..self.dimension;
        }
        #[allow(clippy::cast_possible_truncation, reason = "below 16")]
        let offset = (start % BLOCK as u64) as usize;
        let before = |block: usize| {
            let words = (BLOCK * block).saturating_sub(offset);
            words.div_ceil(self.words).min(self.dimension)
        };
        before(tile)..before(tile + 1)
    }
}

/// Quotient and remainder; a GPU divides half words in a fifth of the time.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "as tested")]
fn divide(a: usize, b: usize) -> (usize, usize) {
    if (a | b) >> 32 == 0 {
        let (a, b) = (a as u32, (b as u32).max(1));
        ((a / b) as usize, (a % b) as usize)
    } else {
        (a / b.max(1), a % b.max(1))
    }
}

impl<T: Real> SplitPhase<T> {
    /// Nothing has failed.
    pub const NONE: u64 = u64::MAX;

    #[inline]
    fn element<S: Process<1, Real = T>>(
        &self,
        from: Column<T>,
        dimension: usize,
        place: usize,
    ) -> S::State {
        S::State::from_fn(|part, _| from.get(self.extent.strides.index(part, dimension, place)))
    }

    #[inline]
    fn set_element<S: Process<1, Real = T>>(
        &self,
        to: Column<T>,
        dimension: usize,
        place: usize,
        value: &S::State,
    ) {
        let strides = &self.extent.strides;
        value.for_each(|part, _, value| to.set(strides.index(part, dimension, place), value));
    }

    #[inline]
    fn vector(&self, from: Column<T>, dimension: usize, place: usize) -> Vector1<T> {
        Vector1::new(from.get(self.extent.strides.index(0, dimension, place)))
    }

    #[inline]
    fn is_active(&self, place: usize) -> bool {
        self.codes.get(place) == 0
    }

    /// The time at which the macro step begins.
    #[inline]
    fn time<S: Scheme<Real = T>>(&self, scheme: &S) -> T {
        scheme.step_size() * T::from_u32(self.extent.step)
    }

    /// A failed particle's dimensions of a tile stay as they are.
    #[inline]
    fn keep<S: Process<1, Real = T>>(&self, shape: &Shape, tile: usize, place: usize) {
        let start = self.positions.get(place);
        for d in shape.dimensions(tile, start) {
            let element = self.element::<S>(self.state, d, place);
            self.set_element::<S>(self.next, d, place, &element);
        }
        if tile == 0 {
            self.next_positions.set(place, start);
        }
    }

    /// Where the words of the leg of this round begin: those before it each read a gap and a segment.
    #[inline]
    fn leg_start(&self, shape: &Shape, place: usize) -> u64 {
        let read = u64::from(self.extent.round).wrapping_mul(1 + shape.segment());
        self.positions.get(place).wrapping_add(read)
    }

    /// The midpoint whose drift is being supplied: `None` if it is none but b₀ that is.
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

    /// Draws the midpoint after `previous` from the words at `leg`, and tells the caller that its
    /// drift is wanted or that none is; returns it and where the words of the segment begin.
    #[inline]
    fn draw<S: Scheme<Real = T>>(
        &self,
        stepper: &PoissonMidpoint<S>,
        shape: &Shape,
        stream: &mut crate::random::Stream,
        (place, previous): (usize, Option<u32>),
    ) -> (Option<u32>, u64) {
        stream.move_to(self.leg_start(shape, place));
        let midpoint = stepper.midpoints().next(previous, stream);
        let segment = stream.position();
        self.current.set(place, midpoint.unwrap_or(0));
        if let Some(midpoint) = midpoint {
            let scheme = stepper.scheme();
            let time = self.time(scheme) + scheme.time(midpoint);
            self.times.set(place, time);
            if self.extent.list != 0 {
                let index = self.asked.add(0, 1);
                #[allow(clippy::cast_possible_truncation, reason = "a place below 2³²")]
                self.list.set(index as usize, place as u32);
            }
        } else {
            let end = segment.wrapping_add(shape.segment());
            self.next_positions.set(place, end);
        }
        (midpoint, segment)
    }
}

/// An Euler–Maruyama step of a thread's tiles, the drift at the state being `b0`.
#[inline(always)]
pub fn update<S>(thread: Thread, split: &SplitPhase<S::Real>, stepper: &EulerMaruyama<S>)
where
    S: KernelScheme + Process<1>,
{
    let extent = &split.extent;
    let shape = Shape::new::<S>(extent.dimension);
    for index in thread.particles(extent.count.saturating_mul(shape.tiles)) {
        let (tile, place) = shape.unit(extent, index);
        if !split.is_active(place) {
            split.keep::<S>(&shape, tile, place);
            continue;
        }
        let start = split.positions.get(place);
        let mut stream = extent.streams.particle(particle(extent, place));
        let mut least = SplitPhase::<S::Real>::NONE;
        let dimensions = shape.dimensions(tile, start);
        stream.move_to(start.wrapping_add((dimensions.start * shape.words) as u64));
        for d in dimensions {
            let state = split.element::<S>(split.state, d, place);
            let b0 = split.vector(split.b0, d, place);
            if !b0.x.is_finite() {
                least = least.min(Failure::Drift(0, d).key());
            }
            let whole = stepper.whole();
            let increment = whole.increment(|| S::Real::normal(&mut stream));
            let moved = whole.mean(&state, &b0).plus(&increment);
            if !moved.is_finite() {
                let steps = stepper.scheme().inner_steps();
                least = least.min(Failure::State(steps).key());
            }
            split.set_element::<S>(split.next, d, place, &moved);
        }
        if tile == 0 {
            let end = start.wrapping_add(shape.segment());
            split.next_positions.set(place, end);
        }
        if least != SplitPhase::<S::Real>::NONE {
            split.keys.least(place, least);
        }
    }
}

/// Draws the midpoints of a round, where a particle's tiles are several threads' work.
#[inline(always)]
pub fn choose<S>(thread: Thread, split: &SplitPhase<S::Real>, stepper: &PoissonMidpoint<S>)
where
    S: KernelScheme + Process<1>,
{
    let extent = &split.extent;
    let shape = Shape::new::<S>(extent.dimension);
    for place in thread.particles(extent.count) {
        match (split.is_active(place), split.supplied(place)) {
            (true, Ok(previous)) => {
                let mut stream = extent.streams.particle(particle(extent, place));
                split.draw(stepper, &shape, &mut stream, (place, previous));
            }
            _ => split.current.set(place, 0),
        }
    }
}

/// Begins the Poisson midpoint step of a thread's tiles, the drift at the state being `b0`: goes to
/// the first midpoint or, if there is none, to the end.
#[inline(always)]
pub fn begin<S>(thread: Thread, split: &SplitPhase<S::Real>, stepper: &PoissonMidpoint<S>)
where
    S: KernelScheme + Process<1>,
{
    round::<S, true>(thread, split, stepper);
}

/// Goes on with the step of those particles that asked for a drift, which is `drift`: to the next
/// midpoint or to the end.
#[inline(always)]
pub fn midpoint<S>(thread: Thread, split: &SplitPhase<S::Real>, stepper: &PoissonMidpoint<S>)
where
    S: KernelScheme + Process<1>,
{
    round::<S, false>(thread, split, stepper);
}

#[inline(always)]
fn round<S, const FIRST: bool>(
    thread: Thread,
    split: &SplitPhase<S::Real>,
    stepper: &PoissonMidpoint<S>,
) where
    S: KernelScheme + Process<1>,
{
    let extent = &split.extent;
    let shape = Shape::new::<S>(extent.dimension);
    for index in thread.particles(extent.count.saturating_mul(shape.tiles)) {
        let (tile, place) = shape.unit(extent, index);
        let (true, Ok(previous)) = (split.is_active(place), split.supplied(place)) else {
            if shape.tiles == 1 {
                split.current.set(place, 0);
            }
            if FIRST {
                split.keep::<S>(&shape, tile, place);
            }
            continue;
        };
        let mut stream = extent.streams.particle(particle(extent, place));
        let (midpoint, segment) = if shape.tiles == 1 {
            split.draw(stepper, &shape, &mut stream, (place, previous))
        } else {
            let chosen = Some(split.current.get(place)).filter(|&midpoint| midpoint > 0);
            let gap = stepper.midpoints().words(previous);
            (chosen, split.leg_start(&shape, place).wrapping_add(gap))
        };
        let leg = Cursor::resumed(split.time(stepper.scheme()), previous).leg_to(stepper, midpoint);
        let mut least = SplitPhase::<S::Real>::NONE;
        let mut check = |finite: bool, failure: Failure| {
            if !finite {
                least = least.min(failure.key());
            }
        };
        let dimensions = shape.dimensions(tile, segment);
        let word = segment.wrapping_add((dimensions.start * shape.words) as u64);
        if word != stream.position() {
            stream.move_to(word);
        }
        for d in dimensions {
            let state = split.element::<S>(split.state, d, place);
            let b0 = split.vector(split.b0, d, place);
            if FIRST {
                check(state.is_finite(), Failure::State(0));
                check(b0.x.is_finite(), Failure::Drift(0, d));
            }
            let correction = previous.map(|supplied| {
                let drift = split.vector(split.drift, d, place);
                check(drift.x.is_finite(), Failure::Drift(supplied, d));
                let correction = stepper.correction(supplied)(&drift, &b0);
                if extent.round > 1 {
                    split
                        .element::<S>(split.correction, d, place)
                        .plus(&correction)
                } else {
                    correction
                }
            });
            let before = previous.map(|_| split.element::<S>(split.noise, d, place));
            let increment = leg.span().increment(|| S::Real::normal(&mut stream));
            let noise = leg.accumulate(before.as_ref(), &increment);
            if let Some(estimate) = leg.estimate(&state, &b0, &noise) {
                check(estimate.is_finite(), Failure::State(leg.to));
                let index = extent.strides.index(0, d, place);
                split.query.set(index, estimate.position().x);
                split.set_element::<S>(split.noise, d, place, &noise);
                if let Some(correction) = correction {
                    split.set_element::<S>(split.correction, d, place, &correction);
                }
            } else {
                let moved = stepper.moved(&state, &b0, &noise, correction.as_ref());
                check(moved.is_finite(), Failure::State(leg.to));
                split.set_element::<S>(split.next, d, place, &moved);
            }
        }
        if least != SplitPhase::<S::Real>::NONE {
            split.keys.least(place, least);
        }
    }
}

/// Ends a macro step: a particle that failed in it is put back to where it was, and its failure
/// recorded.
#[inline(always)]
pub fn finish<S>(thread: Thread, split: &SplitPhase<S::Real>)
where
    S: KernelScheme + Process<1>,
{
    let extent = &split.extent;
    for place in thread.particles(extent.count) {
        let key = split.keys.get(place);
        if key == SplitPhase::<S::Real>::NONE {
            continue;
        }
        let record = FailureRecord::new(extent.step, Failure::error(key));
        split.codes.set(place, record.code);
        split.failures.set(place, record);
        split.keys.set(place, SplitPhase::<S::Real>::NONE);
        let position = split.positions.get(place);
        split.next_positions.set(place, position);
        for d in 0..extent.dimension {
            let element = split.element::<S>(split.state, d, place);
            split.set_element::<S>(split.next, d, place, &element);
        }
    }
}

#[inline]
fn particle(extent: &SplitExtent, place: usize) -> u64 {
    extent.first.wrapping_add(place as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_its_key() {
        let failures = [
            Failure::State(0),
            Failure::Drift(0, 0),
            Failure::Drift(0, 7),
            Failure::State(3),
            Failure::Drift(3, 2),
            Failure::State(u32::MAX),
        ];
        assert!(failures.is_sorted_by_key(|failure| failure.key()));
        let errors = failures.map(|failure| Failure::error(failure.key()));
        let component = 7;
        let inner_step = 0;
        let expected = StepError::NonFiniteDrift {
            inner_step,
            component,
        };
        assert_eq!(errors[2], expected);
        let inner_step = u32::MAX;
        assert_eq!(errors[5], StepError::NonFiniteState { inner_step });
    }

    #[test]
    fn every_dimension_is_in_one_tile() {
        for (words, dimension) in [(1, 33), (1, 100), (2, 17), (2, 50), (4, 9), (4, 40)] {
            let shape = Shape {
                dimension,
                words,
                tiles: (dimension * words + 30) / 16,
            };
            for start in 0..40 {
                let mut next = 0;
                for tile in 0..shape.tiles {
                    let dimensions = shape.dimensions(tile, start);
                    assert_eq!(dimensions.start, next);
                    next = dimensions.end;
                    // No thread computes another's block.
                    for d in dimensions {
                        let word = start + (d * words) as u64;
                        assert_eq!(word / 16 - start / 16, tile as u64);
                    }
                }
                assert_eq!(next, dimension);
            }
        }
    }
}
