//! The parts of a macro step, each as the work of one thread.

use super::failure::{Failure, First};
use super::{Shape, SplitPhase};
use crate::dynamics::CellOf;
use crate::dynamics::cell::Cell;
use crate::dynamics::segment::draw_one;
use crate::dynamics::span::Span;
use crate::kernel::{FailureRecord, KernelDynamics, Thread};
use crate::memory::Coordinate;
use crate::method::{EulerMaruyama, OneStage, PoissonMidpoint, Stepper};
use crate::real::Real;

/// What a coordinate holds.
type CellOn<S> = CellOf<S, <S as crate::dynamics::Dynamics>::Real>;

/// An Euler–Maruyama step of a thread's tiles, the drift at the state being `b0`.
#[inline(always)]
pub fn update<S>(thread: Thread, split: &SplitPhase<S::Real>, stepper: &EulerMaruyama<S>)
where
    S: KernelDynamics,
{
    let extent = &split.extent;
    let shape = Shape::new::<S>(extent.dimension);
    for index in thread.particles(extent.count.saturating_mul(shape.tiles())) {
        let (tile, place) = shape.unit(extent, index);
        let start = split.word_positions.get(place);
        if !split.is_active(place) {
            split.keep::<CellOn<S>>(shape.dimensions(tile, start), place);
            continue;
        }
        let mut stream = split.stream(place);
        let mut first = First::none();
        let dimensions = shape.dimensions(tile, start);
        stream.move_to(start.wrapping_add((dimensions.start * shape.words) as u64));
        for d in dimensions {
            let start = split.cell(split.state, d, place);
            let b0 = split.component(split.b0, d, place);
            first.check(b0.is_finite(), Failure::Drift(0, d));
            let increment = draw_one(stepper.held(), &mut stream);
            let moved = stepper.held().carry(start, b0, increment);
            let steps = stepper.dynamics().inner_steps();
            first.check(moved.is_finite(), Failure::State(steps));
            split.set_cell(split.next, d, place, moved);
        }
        if tile == 0 {
            let end = start.wrapping_add(shape.segment());
            split.next_word_positions.set(place, end);
        }
        first.record(split.keys, place);
    }
}

/// Draws the midpoints of a round, where a particle's tiles are several threads' work.
#[inline(always)]
pub fn choose<S>(thread: Thread, split: &SplitPhase<S::Real>, stepper: &PoissonMidpoint<S>)
where
    S: KernelDynamics,
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
    S: KernelDynamics,
{
    round::<S, true>(thread, split, stepper);
}

/// Goes on with the step of those particles that asked for a drift, which is `drift`: to the next
/// midpoint or to the end.
#[inline(always)]
pub fn midpoint<S>(thread: Thread, split: &SplitPhase<S::Real>, stepper: &PoissonMidpoint<S>)
where
    S: KernelDynamics,
{
    round::<S, false>(thread, split, stepper);
}

#[inline(always)]
fn round<S, const FIRST: bool>(
    thread: Thread,
    split: &SplitPhase<S::Real>,
    stepper: &PoissonMidpoint<S>,
) where
    S: KernelDynamics,
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
                let start = split.word_positions.get(place);
                split.keep::<CellOn<S>>(shape.dimensions(tile, start), place);
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
        let leg = stepper.leg(previous, midpoint);
        let kick = previous.map(|supplied| stepper.weighted_kick(supplied));
        let mut first = First::none();
        let dimensions = shape.dimensions(tile, segment);
        let word = segment.wrapping_add((dimensions.start * shape.words) as u64);
        if word != stream.word_position() {
            stream.move_to(word);
        }
        for d in dimensions {
            // Arrays whose values have no meaning yet are not read.
            let read = |from, is_there: bool| {
                let zero = CellOn::<S>::from_fn(|_| S::Real::ZERO);
                if is_there {
                    split.cell(from, d, place)
                } else {
                    zero
                }
            };
            let mut coordinate = Coordinate {
                start: split.cell(split.state, d, place),
                b0: split.component(split.b0, d, place),
                noise: read(split.noise, previous.is_some()),
                correction: read(split.correction, extent.round > 1),
            };
            if FIRST {
                first.check(coordinate.start.is_finite(), Failure::State(0));
                first.check(coordinate.b0.is_finite(), Failure::Drift(0, d));
            }
            if let (Some(supplied), Some(kick)) = (previous, kick) {
                let drift = split.component(split.drift, d, place);
                first.check(drift.is_finite(), Failure::Drift(supplied, d));
                let correction = coordinate.correction_by(kick, drift);
                coordinate.correction = if extent.round > 1 {
                    coordinate.correction.plus(correction)
                } else {
                    correction
                };
            }
            let increment = draw_one(&leg.span, &mut stream);
            if previous.is_some() {
                coordinate.accumulate(&leg.span, increment);
            } else {
                coordinate.noise = increment;
            }
            if let Some(from_start) = &leg.from_start {
                let estimate = coordinate.estimate(from_start);
                first.check(estimate.is_finite(), Failure::State(leg.to));
                let index = extent.strides.index(0, d, place);
                split.query.set(index, estimate.position());
                split.set_cell(split.noise, d, place, coordinate.noise);
                if previous.is_some() {
                    split.set_cell(split.correction, d, place, coordinate.correction);
                }
            } else {
                let moved = coordinate.result(stepper.whole(), previous.is_some());
                first.check(moved.is_finite(), Failure::State(leg.to));
                split.set_cell(split.next, d, place, moved);
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
    S: KernelDynamics,
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
        split.keep::<CellOn<S>>(0..extent.dimension, place);
    }
}
