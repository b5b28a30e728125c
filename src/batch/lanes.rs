//! Particles as lanes: steps of several particles together, in a form that vectorises, with the bits of a
//! particle alone.

use core::ops::Range;

use crate::dynamics::cell::Cell;
use crate::dynamics::span::Span;
use crate::dynamics::state::State;
use crate::dynamics::{CellOf, Dynamics, StateOf};
use crate::memory::Coordinate;
use crate::method::{EulerMaruyama, PoissonMidpoint, Stepper};
use crate::random::{Streams, halves};
use crate::real::Real;
use crate::scalar::Row;
use crate::simd::Work;

/// Particles stepped together so that the compiler can use vector instructions.
pub(crate) const LANES: usize = 16;

/// Something for each component of a state, in every lane.
type Rows<X> = <X as State>::Each<Row<<X as State>::Real, LANES>>;

/// Lanes, and what they are to do.
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
    F: FnMut(X::Real, &X::Position) -> X::Position,
{
    type Output = Option<u64>;

    #[inline(always)]
    fn work(self) -> Option<u64> {
        self.stepper.run_lanes(self.lanes, self.drift, self.steps)
    }
}

/// Particles at the same word of their streams, about to be stepped together.
pub struct Lanes<X: State> {
    pub(super) streams: Streams,
    pub(super) particles: [u64; LANES],
    pub(super) word_position: u64,
    pub(super) rows: Rows<X>,
}

impl<X: State> Lanes<X> {
    /// Steps all lanes by Euler–Maruyama. `None` if a step failed in any: the lanes are then void.
    #[inline(always)]
    pub(crate) fn euler_maruyama<S, F>(
        &mut self,
        stepper: &EulerMaruyama<S>,
        drift: &mut F,
        steps: Range<u32>,
    ) -> Option<u64>
    where
        S: Dynamics,
        X: StateOf<S>,
        F: FnMut(X::Real, &X::Position) -> X::Position,
    {
        let dynamics = stepper.dynamics();
        let (step_size, inner_steps) = (dynamics.step_size(), dynamics.inner_steps());
        let whole = dynamics.spans::<Row<X::Real, LANES>>([0; LANES], [inner_steps; LANES]);
        let mut words = LaneWords::new(self.streams, self.particles, self.word_position);
        let calls = steps.len() as u64 * LANES as u64;
        for n in steps {
            let time = step_size * X::Real::from_u32(n);
            let b0 = evaluate::<X, F>(&self.rows, drift, |_| time);
            let mut finite = true;
            for d in 0..X::DIMENSION {
                let increment = words.increment(&whole);
                let start = cell::<X, CellOf<S, Row<X::Real, LANES>>>(&self.rows, d);
                let b0 = b0.as_ref().get(d).copied()?;
                let moved = whole.carry(start, b0, increment);
                finite &= moved.is_finite();
                set_cell::<X, _>(&mut self.rows, d, moved);
            }
            if !finite {
                return None;
            }
        }
        self.word_position = words.position;
        Some(calls)
    }

    /// Steps all lanes by the Poisson midpoint method with one midpoint each: every lane reads the same number of
    /// words and asks for its drift when the others do. `None` as for
    /// [`euler_maruyama`](Self::euler_maruyama), and where there is no midpoint.
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
        F: FnMut(X::Real, &X::Position) -> X::Position,
    {
        let dynamics = stepper.dynamics();
        let (step_size, inner_steps) = (dynamics.step_size(), dynamics.inner_steps());
        if inner_steps < 2 {
            return None;
        }
        let end = [inner_steps; LANES];
        let whole = dynamics.spans::<Row<X::Real, LANES>>([0; LANES], end);
        let inner_drifts = stepper.inner_drifts::<Row<X::Real, LANES>>();
        let mut words = LaneWords::new(self.streams, self.particles, self.word_position);
        let calls = 2 * steps.len() as u64 * LANES as u64;
        let mut noise = X::each(|_| Row([X::Real::ZERO; LANES]));
        let mut estimates = X::Position::each(|_| Row([X::Real::ZERO; LANES]));
        for n in steps {
            let time = step_size * X::Real::from_u32(n);
            let b0 = evaluate::<X, F>(&self.rows, drift, |_| time);
            let coordinate = |rows: &Rows<X>, noise: &Rows<X>, d: usize| {
                let noise = cell::<X, CellOf<S, Row<X::Real, LANES>>>(noise, d);
                Some(Coordinate {
                    start: cell::<X, _>(rows, d),
                    b0: b0.as_ref().get(d).copied()?,
                    noise,
                    // Of no meaning before the only one.
                    correction: noise,
                })
            };
            let midpoints = words.next().map(|word| stepper.midpoints().single(word));
            let before = dynamics.spans::<Row<X::Real, LANES>>([0; LANES], midpoints);
            let mut finite = true;
            for d in 0..X::DIMENSION {
                set_cell::<X, _>(&mut noise, d, words.increment(&before));
                let estimate = coordinate(&self.rows, &noise, d)?.estimate(&before);
                finite &= estimate.is_finite();
                set_cell::<X::Position, _>(&mut estimates, d, [estimate.position()]);
            }
            if !finite {
                return None;
            }
            let after = dynamics.spans::<Row<X::Real, LANES>>(midpoints, end);
            let kick = stepper.weighted_kicks(inner_drifts, midpoints);
            let at = |lane: usize| {
                let midpoint = midpoints.get(lane).copied().unwrap_or(0);
                time + dynamics.time(midpoint)
            };
            let drifts = evaluate::<X::Position, F>(&estimates, drift, at);
            for d in 0..X::DIMENSION {
                let mut coordinate = coordinate(&self.rows, &noise, d)?;
                coordinate.correction =
                    coordinate.correction_by(kick, drifts.as_ref().get(d).copied()?);
                coordinate.accumulate(&after, words.increment(&after));
                let moved = coordinate.result(&whole, true);
                finite &= moved.is_finite();
                set_cell::<X, _>(&mut self.rows, d, moved);
            }
            if !finite {
                return None;
            }
        }
        self.word_position = words.position;
        Some(calls)
    }
}

/// The drift in every lane, at the positions of `rows`.
#[inline(always)]
#[allow(
    clippy::indexing_slicing,
    reason = "`lane` numbers lanes, and rows are as many as components"
)]
fn evaluate<X, F>(
    rows: &Rows<X>,
    drift: &mut F,
    time: impl Fn(usize) -> X::Real,
) -> Rows<X::Position>
where
    X: State,
    F: FnMut(X::Real, &X::Position) -> X::Position,
{
    let rows = rows.as_ref();
    let mut drifts = X::Position::each(|_| Row([X::Real::ZERO; LANES]));
    for lane in 0..LANES {
        let position = X::Position::from_fn(|_, d| rows[d].0[lane]);
        let value = drift(time(lane), &position);
        let drifts = drifts.as_mut();
        value.for_each(|_, d, value| drifts[d].0[lane] = value);
    }
    drifts
}

/// Coordinate d in every lane.
#[inline(always)]
#[allow(clippy::indexing_slicing, reason = "rows are as many as components")]
fn cell<X: State, C: Cell<Row<X::Real, LANES>>>(rows: &Rows<X>, d: usize) -> C {
    C::from_fn(|part| rows.as_ref()[part * X::DIMENSION + d])
}

/// Writes coordinate d in every lane.
#[inline(always)]
#[allow(clippy::indexing_slicing, reason = "rows are as many as components")]
fn set_cell<X: State, C: Cell<Row<X::Real, LANES>>>(rows: &mut Rows<X>, d: usize, cell: C) {
    for (part, &row) in cell.parts().iter().enumerate() {
        rows.as_mut()[part * X::DIMENSION + d] = row;
    }
}

/// The words of one stream a lane, all read in step.
struct LaneWords {
    streams: Streams,
    /// Low and high halves.
    particles: [[u32; LANES]; 2],
    position: u64,
    block: [[u32; LANES]; 16],
}

impl LaneWords {
    fn new(streams: Streams, particles: [u64; LANES], position: u64) -> Self {
        let mut words = Self {
            streams,
            particles: lane_halves(particles),
            position,
            block: [[0; LANES]; 16],
        };
        if position & 15 != 0 {
            words.fill();
        }
        words
    }

    /// The increment of a coordinate in every lane, from the next words.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "a cell takes one or two normals")]
    fn increment<T: Real, P: Span<Row<T, LANES>>>(&mut self, span: &P) -> P::Cell {
        // Not within the closure, which may not be inlined.
        let mut normals = [Row([T::ZERO; LANES]); 2];
        for normal in normals.iter_mut().take(P::NORMALS) {
            normal.0 = T::normal_lanes(|| self.next());
        }
        let mut drawn = 0;
        span.increment(|| {
            let normal = normals[drawn % 2];
            drawn += 1;
            normal
        })
    }

    #[inline(never)]
    fn fill(&mut self) {
        let counter = halves(self.position >> 4).map(|half| [half; LANES]);
        self.block = self.streams.blocks(counter, self.particles);
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "an index below 16 into 16 words")]
    fn next(&mut self) -> [u32; LANES] {
        let index = (self.position & 15) as usize;
        if index == 0 {
            self.fill();
        }
        self.position = self.position.wrapping_add(1);
        self.block[index]
    }
}

/// Low and high halves.
#[inline(always)]
fn lane_halves(words: [u64; LANES]) -> [[u32; LANES]; 2] {
    let halves = words.map(halves);
    [halves.map(|[low, _]| low), halves.map(|[_, high]| high)]
}
