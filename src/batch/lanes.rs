//! Particles as lanes: steps of several particles together, in a form that vectorises, with the bits that each
//! particle has alone.

use core::ops::Range;

use crate::dynamics::cell::Cell;
use crate::dynamics::span::Span;
use crate::dynamics::state::State;
use crate::dynamics::{CellOf, Dynamics, StateOf, Underdamped, start_time};
use crate::memory::Coordinate;
use crate::method::quicsort::Node;
use crate::method::{OneStage, PoissonMidpoint, Quicsort, Stepper};
use crate::random::Streams;
use crate::real::Real;
use crate::scalar::{Row, Scalar};
use crate::simd::Work;

mod drifts;
mod legs;
mod words;

pub(crate) use drifts::LaneDrift;
pub(super) use drifts::{ByRows, Function};
use words::{LockstepWords, RowWords, increment};

/// Particles stepped together so that the compiler can use vector instructions.
pub(crate) const LANES: usize = 16;

/// The fewest particles worth stepping together: all lanes cost at most as much as this many particles one by one.
pub(super) const FEWEST: u64 = 4;

/// A number in every lane.
type Numbers<T> = Row<T, LANES>;

/// A number for each component of a state, in every lane.
pub(super) type Rows<X> = <X as State>::Each<Numbers<<X as State>::Real>>;

/// Lanes, and the steps that they are to take.
pub(super) struct Together<'a, S, X: State, F> {
    pub(super) stepper: &'a S,
    pub(super) lanes: &'a mut Lanes<X>,
    pub(super) drift: &'a mut F,
    pub(super) steps: Range<u32>,
}

impl<S, X, F> Work for Together<'_, S, X, F>
where
    S: Stepper,
    X: StateOf<S::Dynamics>,
    F: LaneDrift<X::Position>,
{
    type Output = Option<u64>;

    #[inline(always)]
    fn work(self) -> Option<u64> {
        self.stepper.run_lanes(self.lanes, self.drift, self.steps)
    }
}

/// A choice of lanes: 1 for a chosen lane, 0 for any other.
pub(super) type Choice = [u32; LANES];

/// The number of chosen lanes.
#[inline(always)]
pub(super) fn count(choice: &Choice) -> u64 {
    choice.iter().map(|&lane| u64::from(lane)).sum()
}

/// Particles about to be stepped together.
pub struct Lanes<X: State> {
    pub(super) streams: Streams,
    /// Lanes that have a particle. The others go along from state 0, at the word position of a lane that has one, and
    /// ask for no drift of their own; if one of them overflows, all particles are stepped one by one.
    pub(super) occupied: Choice,
    pub(super) particles: [u64; LANES],
    pub(super) word_positions: [u64; LANES],
    pub(super) rows: Rows<X>,
}

impl<X: State> Lanes<X> {
    /// The words of all lanes, if all lanes are at the same word position.
    fn words(&self) -> Option<LockstepWords> {
        let [position, ..] = self.word_positions;
        let together = self.word_positions.iter().all(|p| *p == position);
        together.then(|| LockstepWords::new(self.streams, self.particles, position))
    }

    /// Steps all lanes by a method of one stage. `None` if they are not at the same word position, or if a step failed
    /// in any lane: the lanes are then invalid.
    #[inline(always)]
    pub(crate) fn one_stage<M, F>(
        &mut self,
        stepper: &M,
        drift: &mut F,
        steps: Range<u32>,
    ) -> Option<u64>
    where
        M: OneStage,
        X: StateOf<M::Of>,
        F: LaneDrift<X::Position>,
    {
        let before = stepper.before_in_lanes::<Numbers<X::Real>>();
        let held = stepper.held_in_lanes::<Numbers<X::Real>>();
        let mut words = self.words()?;
        let calls = steps.len() as u64 * count(&self.occupied);
        for n in steps {
            let mut finite = true;
            if let Some(before) = &before {
                for d in 0..X::DIMENSION {
                    let increment = increment(before, &mut words);
                    let start = cell::<X, CellOf<M::Of, Numbers<X::Real>>>(&self.rows, d);
                    let reached = before.coast(start, increment);
                    finite &= reached.is_finite();
                    set_cell::<X, _>(&mut self.rows, d, reached);
                }
                if !finite {
                    return None;
                }
            }
            let time = stepper.time_of_stage(start_time(stepper.dynamics(), n));
            let b = evaluate::<X, F>(&self.rows, drift, &self.occupied, &[time; LANES]);
            for d in 0..X::DIMENSION {
                let increment = increment(&held, &mut words);
                let start = cell::<X, CellOf<M::Of, Numbers<X::Real>>>(&self.rows, d);
                let b = b.as_ref().get(d).copied()?;
                let moved = held.carry(start, b, increment);
                finite &= moved.is_finite();
                set_cell::<X, _>(&mut self.rows, d, moved);
            }
            if !finite {
                return None;
            }
        }
        self.word_positions = [words.position(); LANES];
        Some(calls)
    }

    /// Steps all lanes by the Runge–Kutta method QUICSORT. `None` as for [`one_stage`](Self::one_stage).
    #[inline(always)]
    pub(crate) fn quicsort<T, F>(
        &mut self,
        stepper: &Quicsort<T>,
        drift: &mut F,
        steps: Range<u32>,
    ) -> Option<u64>
    where
        T: Real,
        X: StateOf<Underdamped<T>>,
        F: LaneDrift<X::Position>,
    {
        let coefficients = stepper.in_lanes::<Numbers<T>>();
        let mut words = self.words()?;
        let calls = 2 * steps.len() as u64 * count(&self.occupied);
        let mut areas = X::each(|_| Row([T::ZERO; LANES]));
        let mut nodes = [(); 2].map(|()| X::Position::each(|_| Row([T::ZERO; LANES])));
        for n in steps {
            let time = start_time(stepper.dynamics(), n);
            for d in 0..X::DIMENSION {
                set_cell::<X, _>(&mut areas, d, increment(&coefficients.areas, &mut words));
            }
            for d in 0..X::DIMENSION {
                let higher = increment(&coefficients.higher, &mut words);
                let start = cell::<X, _>(&self.rows, d);
                let flight = coefficients.fly(start, cell::<X, _>(&areas, d), higher);
                for (node, x) in nodes.iter_mut().zip(flight.nodes) {
                    set_cell::<X::Position, _>(node, d, [x]);
                }
                set_cell::<X, _>(&mut self.rows, d, flight.end);
            }
            for node in [Node::First, Node::Second] {
                let [first, second] = &mut nodes;
                let asked = match node {
                    Node::First => &*first,
                    Node::Second => &*second,
                };
                if !asked.as_ref().iter().all(|row| row.all_finite()) {
                    return None;
                }
                let times = [stepper.time_of(node, time); LANES];
                let drifts = evaluate::<X::Position, F>(asked, drift, &self.occupied, &times);
                for (d, &b) in drifts.as_ref().iter().enumerate() {
                    if let Node::First = node {
                        let [x] = cell::<X::Position, [Numbers<T>; 1]>(second, d);
                        set_cell::<X::Position, _>(second, d, [coefficients.second(x, b)]);
                    }
                    let end = cell::<X, _>(&self.rows, d);
                    set_cell::<X, _>(&mut self.rows, d, coefficients.kicked(end, node, b));
                }
            }
            if !self.rows.as_ref().iter().all(|row| row.all_finite()) {
                return None;
            }
        }
        self.word_positions = [words.position(); LANES];
        Some(calls)
    }

    /// Steps all lanes by the Poisson midpoint method with one midpoint each: every lane reads the same number of
    /// words and asks for its drift when the others do. `None` as for
    /// [`one_stage`](Self::one_stage), and if K leaves no room for a midpoint.
    #[inline(always)]
    pub(crate) fn single_midpoint<S, F>(
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
        let dynamics = stepper.dynamics();
        let inner_steps = dynamics.inner_steps();
        if inner_steps < 2 {
            return None;
        }
        let end = [inner_steps; LANES];
        let whole = dynamics.spans::<Numbers<X::Real>>([0; LANES], end);
        let inner_drifts = stepper.inner_drifts::<Numbers<X::Real>>();
        let mut words = self.words()?;
        let calls = 2 * steps.len() as u64 * count(&self.occupied);
        let mut noise = X::each(|_| Row([X::Real::ZERO; LANES]));
        let mut estimates = X::Position::each(|_| Row([X::Real::ZERO; LANES]));
        for n in steps {
            let time = start_time(dynamics, n);
            let b0 = evaluate::<X, F>(&self.rows, drift, &self.occupied, &[time; LANES]);
            let coordinate = |rows: &Rows<X>, noise: &Rows<X>, d: usize| {
                let noise = cell::<X, CellOf<S, Numbers<X::Real>>>(noise, d);
                Some(Coordinate {
                    start: cell::<X, _>(rows, d),
                    b0: b0.as_ref().get(d).copied()?,
                    noise,
                    // A placeholder until the only correction is known.
                    correction: noise,
                })
            };
            let mut midpoints = words.next_row();
            for word in &mut midpoints {
                *word = stepper.midpoints().single(*word);
            }
            let before = dynamics.spans::<Numbers<X::Real>>([0; LANES], midpoints);
            let mut finite = true;
            for d in 0..X::DIMENSION {
                set_cell::<X, _>(&mut noise, d, increment(&before, &mut words));
                let estimate = coordinate(&self.rows, &noise, d)?.estimate(&before);
                finite &= estimate.is_finite();
                set_cell::<X::Position, _>(&mut estimates, d, [estimate.position()]);
            }
            if !finite {
                return None;
            }
            let after = dynamics.spans::<Numbers<X::Real>>(midpoints, end);
            let kick = stepper.weighted_kicks(inner_drifts, midpoints);
            let times = midpoints.map(|midpoint| time + dynamics.time(midpoint));
            let drifts = evaluate::<X::Position, F>(&estimates, drift, &self.occupied, &times);
            for d in 0..X::DIMENSION {
                let mut coordinate = coordinate(&self.rows, &noise, d)?;
                coordinate.correction =
                    coordinate.correction_by(kick, drifts.as_ref().get(d).copied()?);
                coordinate.accumulate(&after, increment(&after, &mut words));
                let moved = coordinate.result(&whole, true);
                finite &= moved.is_finite();
                set_cell::<X, _>(&mut self.rows, d, moved);
            }
            if !finite {
                return None;
            }
        }
        self.word_positions = [words.position(); LANES];
        Some(calls)
    }
}

/// The drift at the positions of `rows` in the lanes that ask for it; the values in the other lanes do not matter.
#[inline(always)]
#[allow(
    clippy::indexing_slicing,
    reason = "`lane` numbers lanes, and rows are as many as components"
)]
fn evaluate<X, F>(
    rows: &Rows<X>,
    drift: &mut F,
    asked: &Choice,
    times: &[X::Real; LANES],
) -> Rows<X::Position>
where
    X: State,
    F: LaneDrift<X::Position>,
{
    // The position's rows come first.
    let rows = rows.as_ref();
    // As a rule all do, and a loop over all is unrolled.
    if *asked == [1; LANES] {
        return drift.drifts(times, rows);
    }
    if drift.is_vectorised() && count(asked) >= FEWEST {
        let first = asked.iter().position(|&lane| lane != 0).unwrap_or(0);
        let fill = |row: Row<X::Real, LANES>| row.or(asked, Row([row.0[first]; LANES]));
        let positions = X::Position::each(|d| fill(rows[d]));
        return drift.drifts(&fill(Row(*times)).0, positions.as_ref());
    }
    let lanes = (0..LANES).filter(|&lane| asked[lane] != 0);
    drift.drifts_in(lanes, times, rows)
}

/// Coordinate d in every lane.
#[inline(always)]
#[allow(clippy::indexing_slicing, reason = "rows are as many as components")]
fn cell<X: State, C: Cell<Numbers<X::Real>>>(rows: &Rows<X>, d: usize) -> C {
    C::from_fn(|part| rows.as_ref()[part * X::DIMENSION + d])
}

/// Writes coordinate d in every lane.
#[inline(always)]
#[allow(clippy::indexing_slicing, reason = "rows are as many as components")]
fn set_cell<X: State, C: Cell<Numbers<X::Real>>>(rows: &mut Rows<X>, d: usize, cell: C) {
    for (part, &row) in cell.parts().iter().enumerate() {
        rows.as_mut()[part * X::DIMENSION + d] = row;
    }
}
