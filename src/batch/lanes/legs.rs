//! Bernoulli midpoints in lanes, each lane at a pace of its own.
//!
//! In each round every lane goes along one leg, to a midpoint or to the end of its macro step, and asks for one drift
//! there: that of the midpoint, or b₀ of its next step. So no lane waits for another that has more midpoints until it
//! is done with all its steps.

use core::ops::Range;

use super::words::{LaneWords, RowWords, increment};
use super::{Choice, LANES, LaneDrift, Lanes, Numbers, Rows, cell, count, evaluate, set_cell};
use crate::dynamics::cell::Cell;
use crate::dynamics::state::State;
use crate::dynamics::{CellOf, Dynamics, RealOf, StateOf, start_time};
use crate::memory::Coordinate;
use crate::method::{PoissonMidpoint, Stepper};
use crate::real::Real;
use crate::scalar::Row;

/// A coordinate of each lane.
type Coordinates<S> = Coordinate<Numbers<RealOf<S>>, CellOf<S, Numbers<RealOf<S>>>>;

impl<X: State> Lanes<X> {
    /// Steps all lanes by the Poisson midpoint method with any number of midpoints. `None` if a step failed in any
    /// lane: the lanes are then invalid.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "`lane` numbers lanes")]
    pub(crate) fn legs<S, F>(
        &mut self,
        stepper: &PoissonMidpoint<S>,
        drift: &mut F,
        steps: Range<u32>,
    ) -> Option<u64>
    where
        S: Dynamics,
        X: StateOf<S>,
        F: LaneDrift<X::Position>,
    {
        /// Bytes that fit several times on any stack of a machine with vector units.
        const MOST_BYTES: usize = 1 << 14;

        if steps.is_empty() || size_of::<Rows<X>>() > MOST_BYTES {
            return None;
        }
        let inner_drifts = stepper.inner_drifts::<Numbers<X::Real>>();
        let mut words = LaneWords::new(self.streams, self.particles, self.word_positions);
        let time = start_time(stepper.dynamics(), steps.start);
        let mut calls = count(&self.occupied);
        let zero = Row([X::Real::ZERO; LANES]);
        let mut walks = Walks::<X> {
            b0: evaluate::<X, F>(&self.rows, drift, &self.occupied, &[time; LANES]),
            start: X::each(|component| self.rows.as_ref().get(component).copied().unwrap_or(zero)),
            noise: X::each(|_| zero),
            corrections: X::each(|_| zero),
            reached: X::each(|_| zero),
            // A lane without a particle is done.
            step: self.occupied.map(|occupied| {
                if occupied == 0 {
                    steps.end
                } else {
                    steps.start
                }
            }),
            previous: [0; LANES],
        };
        while let Some(leg) = walks.next(stepper, &mut words, steps.end) {
            if !walks.go(stepper, &leg, &mut words) {
                return None;
            }
            let drifts = evaluate::<X, F>(&walks.reached, drift, &leg.asked, &leg.times);
            calls += count(&leg.asked);
            walks.supply(stepper, inner_drifts, &leg, &drifts);
        }
        self.rows = walks.start;
        self.word_positions = words.positions();
        Some(calls)
    }
}

/// Macro steps under way, one per lane.
struct Walks<X: State> {
    start: Rows<X>,
    b0: Rows<X::Position>,
    noise: Rows<X>,
    corrections: Rows<X>,
    /// X̂ of a midpoint, or the result of a step.
    reached: Rows<X>,
    /// The macro step that the lane is in.
    step: [u32; LANES],
    /// The previous midpoint, 0 if there is none yet.
    previous: [u32; LANES],
}

/// A leg in each lane.
struct Leg<T> {
    /// The previous midpoint, or 0.
    from: [u32; LANES],
    /// A midpoint, or K.
    to: [u32; LANES],
    /// The time at which the drift there is wanted.
    times: [T; LANES],
    /// Lanes that are not done.
    active: Choice,
    /// Lanes whose leg is the first of its step.
    first: Choice,
    /// Lanes whose leg ends its step.
    last: Choice,
    /// Lanes that want the drift.
    asked: Choice,
}

impl<X: State> Walks<X> {
    /// The next leg of every lane that is not done with the steps before `end`; moves each lane's step and previous
    /// midpoint to those after that leg. `None` if all lanes are done.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "`lane` numbers lanes")]
    fn next<S>(
        &mut self,
        stepper: &PoissonMidpoint<S>,
        words: &mut LaneWords,
        end: u32,
    ) -> Option<Leg<X::Real>>
    where
        S: Dynamics,
        X: StateOf<S>,
    {
        let dynamics = stepper.dynamics();
        let inner_steps = dynamics.inner_steps();
        let [mut active, mut first, mut last, mut asked, mut may_be_more] = [[0; LANES]; 5];
        let from = self.previous;
        for lane in 0..LANES {
            active[lane] = u32::from(self.step[lane] < end);
            may_be_more[lane] = active[lane] & u32::from(inner_steps - from[lane] > 1);
            first[lane] = u32::from(from[lane] == 0);
        }
        if active == [0; LANES] {
            return None;
        }
        let word = words.of(&may_be_more).next_row();
        let to = stepper.midpoints().next_in_lanes(&from, &word);
        let mut times = [X::Real::ZERO; LANES];
        for lane in 0..LANES {
            last[lane] = u32::from(to[lane] == inner_steps);
            let step = self.step[lane] + (active[lane] & last[lane]);
            asked[lane] = active[lane] & u32::from(step < end);
            let begun = start_time(dynamics, step);
            let later = begun + dynamics.time(to[lane]);
            times[lane] = if last[lane] == 0 { later } else { begun };
            self.step[lane] = step;
            self.previous[lane] = to[lane] * (1 - last[lane]);
        }
        Some(Leg {
            from,
            to,
            times,
            active,
            first,
            last,
            asked,
        })
    }

    #[inline(always)]
    fn coordinate<S>(&self, d: usize) -> Coordinates<S>
    where
        S: Dynamics,
        X: StateOf<S>,
    {
        let [b0] = cell::<X::Position, _>(&self.b0, d);
        Coordinate {
            start: cell::<X, _>(&self.start, d),
            b0,
            noise: cell::<X, _>(&self.noise, d),
            correction: cell::<X, _>(&self.corrections, d),
        }
    }

    /// Goes along a leg; tells whether every lane that is not done reached a finite state.
    #[inline(always)]
    fn go<S>(
        &mut self,
        stepper: &PoissonMidpoint<S>,
        leg: &Leg<X::Real>,
        words: &mut LaneWords,
    ) -> bool
    where
        S: Dynamics,
        X: StateOf<S>,
    {
        let dynamics = stepper.dynamics();
        let span = dynamics.spans::<Numbers<X::Real>>(leg.from, leg.to);
        // Where the step ends, this is the span of the whole step.
        let from_start = dynamics.spans::<Numbers<X::Real>>([0; LANES], leg.to);
        let mut failed = 0;
        for d in 0..X::DIMENSION {
            let mut coordinate = self.coordinate::<S>(d);
            let increment = increment(&span, &mut words.of(&leg.active));
            coordinate.accumulate(&span, increment);
            coordinate.noise = select(&leg.first, increment, coordinate.noise);
            let without = coordinate.estimate(&from_start);
            let corrected = select(&leg.first, without, coordinate.result(&from_start, true));
            let reached = select(&leg.last, corrected, without);
            for part in reached.parts() {
                for (x, active) in part.0.iter().zip(leg.active) {
                    failed |= active & u32::from(!x.is_finite());
                }
            }
            set_cell::<X, _>(&mut self.noise, d, coordinate.noise);
            set_cell::<X, _>(&mut self.reached, d, reached);
        }
        failed == 0
    }

    /// Adds the corrections by the drifts at midpoints, and begins the next step where one has ended.
    #[inline(always)]
    fn supply<S>(
        &mut self,
        stepper: &PoissonMidpoint<S>,
        inner_drifts: CellOf<S, Numbers<X::Real>>,
        leg: &Leg<X::Real>,
        drifts: &Rows<X::Position>,
    ) where
        S: Dynamics,
        X: StateOf<S>,
    {
        let kick = stepper.weighted_kicks(inner_drifts, leg.to);
        for d in 0..X::DIMENSION {
            let coordinate = self.coordinate::<S>(d);
            let [drift] = cell::<X::Position, _>(drifts, d);
            let correction = coordinate.correction_by(kick, drift);
            let sum = coordinate.correction.plus(correction);
            set_cell::<X, _>(
                &mut self.corrections,
                d,
                select(&leg.first, correction, sum),
            );
            let reached = select(&leg.last, cell::<X, _>(&self.reached, d), coordinate.start);
            let start = select(&leg.active, reached, coordinate.start);
            set_cell::<X, _>(&mut self.start, d, start);
            set_cell::<X::Position, _>(&mut self.b0, d, [drift.or(&leg.last, coordinate.b0)]);
        }
    }
}

/// One cell in the chosen lanes, another in the rest.
#[inline(always)]
#[allow(clippy::indexing_slicing, reason = "both have the same parts")]
fn select<T: Real, C: Cell<Row<T, LANES>>>(choice: &Choice, chosen: C, other: C) -> C {
    C::from_fn(|part| chosen.parts()[part].or(choice, other.parts()[part]))
}
