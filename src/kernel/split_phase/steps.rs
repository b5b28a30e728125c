//! The parts of a macro step, each what one thread does.

use super::failure::{Failure, First};
use super::{Shape, SplitPhase};
use crate::kernel::{FailureRecord, KernelScheme, Thread};
use crate::scheme::{Process, Span};
use crate::stepper::cursor::Cursor;
use crate::{EulerMaruyama, PoissonMidpoint, Real, State};

/// An Euler–Maruyama step of a thread's tiles, the drift at the state being `b0`.
#[inline(always)]
pub fn update<S>(thread: Thread, split: &SplitPhase<S::Real>, stepper: &EulerMaruyama<S>)
where
    S: KernelScheme + Process<1>,
{
    let extent = &split.extent;
    let shape = Shape::new::<S>(extent.dimension);
    for index in thread.particles(extent.count.saturating_mul(shape.tiles())) {
        let (tile, place) = shape.unit(extent, index);
        let start = split.positions.get(place);
        if !split.is_active(place) {
            split.keep::<S>(shape.dimensions(tile, start), place);
            continue;
        }
        let mut stream = split.stream(place);
        let mut first = First::none();
        let dimensions = shape.dimensions(tile, start);
        stream.move_to(start.wrapping_add((dimensions.start * shape.words) as u64));
        for d in dimensions {
            let state = split.element::<S>(split.state, d, place);
            let b0 = split.vector(split.b0, d, place);
            first.check(b0.x.is_finite(), Failure::Drift(0, d));
            let whole = stepper.whole();
            let increment = whole.increment(|| S::Real::normal(&mut stream));
            let moved = whole.mean(&state, &b0).plus(&increment);
            let steps = stepper.scheme().inner_steps();
            first.check(moved.is_finite(), Failure::State(steps));
            split.set_element::<S>(split.next, d, place, &moved);
        }
        if tile == 0 {
            let end = start.wrapping_add(shape.segment());
            split.next_positions.set(place, end);
        }
        first.record(split.keys, place);
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
                let mut stream = split.stream(place);
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
    for index in thread.particles(extent.count.saturating_mul(shape.tiles())) {
        let (tile, place) = shape.unit(extent, index);
        let (true, Ok(previous)) = (split.is_active(place), split.supplied(place)) else {
            if shape.tiles() == 1 {
                split.current.set(place, 0);
            }
            if FIRST {
                let start = split.positions.get(place);
                split.keep::<S>(shape.dimensions(tile, start), place);
            }
            continue;
        };
        let mut stream = split.stream(place);
        let (midpoint, segment) = if shape.tiles() == 1 {
            split.draw(stepper, &shape, &mut stream, (place, previous))
        } else {
            let chosen = Some(split.current.get(place)).filter(|&midpoint| midpoint > 0);
            let gap = stepper.midpoints().words(previous);
            (chosen, split.leg_start(&shape, place).wrapping_add(gap))
        };
        let leg = Cursor::resumed(split.time(stepper.scheme()), previous).leg_to(stepper, midpoint);
        let mut first = First::none();
        let dimensions = shape.dimensions(tile, segment);
        let word = segment.wrapping_add((dimensions.start * shape.words) as u64);
        if word != stream.position() {
            stream.move_to(word);
        }
        for d in dimensions {
            let state = split.element::<S>(split.state, d, place);
            let b0 = split.vector(split.b0, d, place);
            if FIRST {
                first.check(state.is_finite(), Failure::State(0));
                first.check(b0.x.is_finite(), Failure::Drift(0, d));
            }
            let correction = previous.map(|supplied| {
                let drift = split.vector(split.drift, d, place);
                first.check(drift.x.is_finite(), Failure::Drift(supplied, d));
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
                first.check(estimate.is_finite(), Failure::State(leg.to));
                let index = extent.strides.index(0, d, place);
                split.query.set(index, estimate.position().x);
                split.set_element::<S>(split.noise, d, place, &noise);
                if let Some(correction) = correction {
                    split.set_element::<S>(split.correction, d, place, &correction);
                }
            } else {
                let moved = stepper.moved(&state, &b0, &noise, correction.as_ref());
                first.check(moved.is_finite(), Failure::State(leg.to));
                split.set_element::<S>(split.next, d, place, &moved);
            }
        }
        first.record(split.keys, place);
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
        split.keep::<S>(0..extent.dimension, place);
    }
}
