//! The parts of a macro step, each as the work of one thread.

use super::arrays::Array;
use super::failure::{Failure, Suspect};
use super::tile::{Each, Four, Group, four};
use super::{Shape, SplitPhase};
use crate::dynamics::cell::Cell;
use crate::dynamics::segment::draw_one;
use crate::dynamics::span::Span;
use crate::dynamics::{CellOf, SpanOf};
use crate::kernel::{FailureRecord, KernelDynamics, Thread};
use crate::memory::Coordinate;
use crate::method::{EulerMaruyama, OneStage, PoissonMidpoint, Stepper};
use crate::random::Words;
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
    let columns = split.columns::<CellOn<S>>();
    for index in thread.particles(extent.count.saturating_mul(shape.tiles())) {
        let (tile, place) = shape.unit(extent, index);
        let start = split.word_positions.get(place);
        if !split.is_active(place) {
            split.keep::<CellOn<S>>(shape.dimensions(tile, start), place);
            continue;
        }
        let act = Update {
            split,
            stepper,
            place,
        };
        if shape.tiles() == 1 {
            let mut stream = split.stream(place);
            stream.move_to(start);
            for d in 0..extent.dimension {
                act.one(d, &mut stream);
            }
        } else {
            split.each_dimension(&shape, (tile, place), start, &columns, &act);
        }
        if tile == 0 {
            let end = start.wrapping_add(shape.segment());
            split.next_word_positions.set(place, end);
        }
    }
}

/// An Euler–Maruyama step of a particle.
struct Update<'a, S: KernelDynamics> {
    split: &'a SplitPhase<S::Real>,
    stepper: &'a EulerMaruyama<S>,
    place: usize,
}

impl<S: KernelDynamics> Each<S::Real> for Update<'_, S> {
    #[inline(always)]
    fn one(&self, d: usize, words: &mut impl Words) {
        let (split, place, held) = (self.split, self.place, self.stepper.held());
        let start: CellOn<S> = split.cell(split.state, d, place);
        let b0 = split.component(split.b0, d, place);
        let moved = held.carry(start, b0, draw_one(held, words));
        split.set_cell(split.next, d, place, moved);
        if !moved.is_finite() {
            let end = self.stepper.dynamics().inner_steps();
            split.fail::<CellOn<S>>(Suspect::B0, (place, d), end);
        }
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "indices below 4")]
    fn group(&self, group: &Group<S::Real>) {
        let (split, held) = (self.split, self.stepper.held());
        let starts: Four<CellOn<S>> = SplitPhase::cells(Array::State, group);
        let b0 = SplitPhase::positions(Array::B0, group);
        let moved = four!(I => if I < group.len() {
            let increment = draw_one(held, &mut group.words(I));
            held.carry(starts[I], b0[I], increment)
        } else {
            starts[I]
        });
        SplitPhase::set_cells(Array::Next, group, moved);
        let end = self.stepper.dynamics().inner_steps();
        group.check(
            |i| moved[i].is_finite(),
            |d| split.fail::<CellOn<S>>(Suspect::B0, (self.place, d), end),
        );
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
    let columns = split.columns::<CellOn<S>>();
    for index in thread.particles(extent.count.saturating_mul(shape.tiles())) {
        let (tile, place) = shape.unit(extent, index);
        // What `SplitPhase::supplied` finds in these rounds; which of them it is, the compiler knows.
        let previous = if FIRST {
            Some(None)
        } else {
            let supplied = split.previous.get(place);
            (supplied > 0).then_some(Some(supplied))
        };
        let (true, Some(previous)) = (split.is_active(place), previous) else {
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
        let round = Round {
            split,
            place,
            stepper,
            span: leg.span,
            from_start: leg.from_start,
            kick: previous.map(|supplied| stepper.weighted_kick(supplied)),
            is_corrected: !FIRST && extent.round > 1,
            suspect: previous.map_or(Suspect::Start, Suspect::Drift),
            to: leg.to,
        };
        if shape.tiles() == 1 {
            if segment != stream.word_position() {
                stream.move_to(segment);
            }
            for d in 0..extent.dimension {
                round.one(d, &mut stream);
            }
        } else {
            split.each_dimension(&shape, (tile, place), segment, &columns, &round);
        }
    }
}

/// Before the first noise.
#[inline(always)]
fn no_noise<S: KernelDynamics>() -> CellOn<S> {
    Cell::from_fn(|_| S::Real::ZERO)
}

/// Before the first correction: −0, to which a number can be added without a change of any bit of it.
#[inline(always)]
fn no_correction<S: KernelDynamics>() -> CellOn<S> {
    Cell::from_fn(|_| -S::Real::ZERO)
}

/// A particle's way from its start, or from a midpoint, to the next or to the end.
struct Round<'a, S: KernelDynamics> {
    split: &'a SplitPhase<S::Real>,
    place: usize,
    stepper: &'a PoissonMidpoint<S>,
    span: SpanOf<S>,
    /// From the start to the midpoint, if the round goes to one.
    from_start: Option<SpanOf<S>>,
    /// The factor of the drift's change at the midpoint that it begins at, if it begins at one.
    kick: Option<CellOn<S>>,
    /// Whether there have been corrections before: if not, the array of them has no meaning yet and is not read.
    is_corrected: bool,
    suspect: Suspect,
    /// The inner step that it leads to.
    to: u32,
}

impl<S: KernelDynamics> Round<'_, S> {
    /// The coordinate with this round's correction and noise.
    #[inline(always)]
    fn go(
        &self,
        mut coordinate: Coordinate<S::Real, CellOn<S>>,
        drift: S::Real,
        words: &mut impl Words,
    ) -> Coordinate<S::Real, CellOn<S>> {
        let increment = draw_one(&self.span, words);
        if let Some(kick) = self.kick {
            let correction = coordinate.correction_by(kick, drift);
            coordinate.correction = coordinate.correction.plus(correction);
            coordinate.accumulate(&self.span, increment);
        } else {
            coordinate.noise = increment;
        }
        coordinate
    }

    /// X̂ at the midpoint, or the state at the end.
    #[inline(always)]
    fn reached(&self, coordinate: &Coordinate<S::Real, CellOn<S>>) -> CellOn<S> {
        match &self.from_start {
            Some(from_start) => coordinate.estimate(from_start),
            None => coordinate.result(self.stepper.whole(), self.kick.is_some()),
        }
    }
}

impl<S: KernelDynamics> Each<S::Real> for Round<'_, S> {
    #[inline(always)]
    fn one(&self, d: usize, words: &mut impl Words) {
        let (split, place) = (self.split, self.place);
        let mut coordinate = Coordinate {
            start: split.cell(split.state, d, place),
            b0: split.component(split.b0, d, place),
            noise: no_noise::<S>(),
            correction: no_correction::<S>(),
        };
        let mut drift = S::Real::ZERO;
        if self.kick.is_some() {
            coordinate.noise = split.cell(split.noise, d, place);
            drift = split.component(split.drift, d, place);
        }
        if self.is_corrected {
            coordinate.correction = split.cell(split.correction, d, place);
        }
        let coordinate = self.go(coordinate, drift, words);
        let reached = self.reached(&coordinate);
        if self.from_start.is_some() {
            let index = split.extent.strides.index(0, d, place);
            split.query.set(index, reached.position());
            split.set_cell(split.noise, d, place, coordinate.noise);
            if self.kick.is_some() {
                split.set_cell(split.correction, d, place, coordinate.correction);
            }
        } else {
            split.set_cell(split.next, d, place, reached);
        }
        if !(reached.is_finite() & drift.is_finite()) {
            split.fail::<CellOn<S>>(self.suspect, (place, d), self.to);
        }
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "indices below 4")]
    fn group(&self, group: &Group<S::Real>) {
        let (split, place) = (self.split, self.place);
        let starts = SplitPhase::cells(Array::State, group);
        let b0 = SplitPhase::positions(Array::B0, group);
        let mut noise = [no_noise::<S>(); 4];
        let mut corrections = [no_correction::<S>(); 4];
        let mut drift = [S::Real::ZERO; 4];
        if self.kick.is_some() {
            noise = SplitPhase::cells(Array::Noise, group);
            drift = SplitPhase::positions(Array::Drift, group);
        }
        if self.is_corrected {
            corrections = SplitPhase::cells(Array::Correction, group);
        }
        let coordinates = four!(I => {
            let coordinate = Coordinate {
                start: starts[I],
                b0: b0[I],
                noise: noise[I],
                correction: corrections[I],
            };
            if I < group.len() {
                self.go(coordinate, drift[I], &mut group.words(I))
            } else {
                coordinate
            }
        });
        // A branch for the group, and not one for each dimension.
        let reached = if self.from_start.is_some() {
            let estimates = four!(I => self.reached(&coordinates[I]));
            SplitPhase::set_positions(Array::Query, group, four!(I => estimates[I].position()));
            SplitPhase::set_cells(Array::Noise, group, four!(I => coordinates[I].noise));
            if self.kick.is_some() {
                let corrections = four!(I => coordinates[I].correction);
                SplitPhase::set_cells(Array::Correction, group, corrections);
            }
            estimates
        } else {
            let results = four!(I => self.reached(&coordinates[I]));
            SplitPhase::set_cells(Array::Next, group, results);
            results
        };
        let is_finite = |i: usize| reached[i].is_finite() & drift[i].is_finite();
        group.check(is_finite, |d| {
            split.fail::<CellOn<S>>(self.suspect, (place, d), self.to);
        });
    }
}

/// Ends a macro step: a particle that failed in it is put back to where it was, and its failure
/// recorded. Where no particle has failed, it reads one number.
#[inline(always)]
pub fn finish<S>(thread: Thread, split: &SplitPhase<S::Real>)
where
    S: KernelDynamics,
{
    let extent = &split.extent;
    if split.failed.get(0) != extent.step {
        return;
    }
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
