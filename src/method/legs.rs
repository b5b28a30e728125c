//! Many steps of one particle, leg by leg.

use core::hint::black_box;
use core::ops::Range;

use super::Stepper;
use super::poisson_midpoint::PoissonMidpoint;
use super::walk::{Cursor, Walk};
use crate::batch::advance::{Advance, Positioned};
use crate::dynamics::cell::Cell;
use crate::dynamics::state::State;
use crate::dynamics::{Dynamics, SpanOf, StateOf, start_time};
use crate::error::{StepError, check_drift};
use crate::memory::vector::Vectors;
use crate::noise::Noise;
use crate::random::Midpoints;
use crate::real::Real;

/// Whether a walk of such states is kept in memory, from 16 numbers in `f32` and 8 in `f64` on. In a kernel, whose loops
/// over so few are unrolled, it would otherwise take most registers of a thread, or more than there are.
const fn is_large<X>() -> bool {
    size_of::<X>() >= 64
}

impl<X: State> Walk<X::Real, Vectors<X, true>> {
    /// The walk before its first step, which [`next_step`](Self::next_step) begins: the cursor stands for none yet.
    #[inline(always)]
    fn without_drift(start: &X) -> Self {
        Self {
            cursor: Cursor::new(X::Real::ZERO),
            memory: Vectors::without_drift(start),
        }
    }

    /// Begins the next step, at `time`, with the drift there, which `drift` gives coordinate by coordinate.
    #[inline(always)]
    fn next_step(
        &mut self,
        time: X::Real,
        drift: impl Fn(usize) -> X::Real,
    ) -> Result<(), StepError> {
        check_drift((0..X::DIMENSION).map(&drift), 0)?;
        for d in 0..X::DIMENSION {
            self.memory.set_b0(d, drift(d));
        }
        self.cursor = Cursor::new(time);
        Ok(())
    }
}

impl<S: Dynamics> PoissonMidpoint<S> {
    /// [`Stepper::advance`] in one loop over the legs of all steps, in which the drift is evaluated at one place.
    ///
    /// In the threads of a warp, steps have different numbers of midpoints. Were there a loop within each step, threads
    /// with fewer midpoints would wait at its end; here they go on with their next step.
    #[inline]
    pub(super) fn advance_by_legs<X, F, W>(
        &self,
        state: &mut X,
        words: &mut W,
        mut drift: F,
        steps: Range<u32>,
    ) -> Advance
    where
        X: StateOf<S>,
        F: FnMut(S::Real, &X::Position) -> X::Position,
        W: Positioned,
    {
        let mut advance = Advance::new(words);
        let Range { start: mut n, end } = steps;
        if n >= end {
            return advance;
        }
        // Once: a step checks the state that it leaves.
        if !state.is_finite() {
            return advance.failed(n, StepError::not_finite(0));
        }
        let start_of = |n| start_time(self.dynamics(), n);
        let mut walk = Walk::without_drift(state);
        if is_large::<X>() {
            black_box(&mut walk);
        }
        let mut asked = None;
        let advance = loop {
            let time = match asked {
                Some(midpoint) => walk.cursor.time(self.dynamics(), midpoint),
                None => start_of(n),
            };
            // Hidden, lest the compiler make a path of its own, with a drift of its own, for either case.
            let is_asked = black_box(asked.is_some());
            let value = drift(time, walk.memory.estimate());
            let component = |d| value.cell(d).position();
            let outcome = if is_asked {
                // By where the step is, not by `asked`, for the same reason.
                let midpoint = walk.cursor.reached();
                self.supply_at(midpoint, &mut walk, component)
            } else {
                // The time anew, lest one be computed at midpoints too for a drift that asks for none.
                walk.next_step(start_of(n), component)
            };
            if let Err(error) = outcome {
                break advance.failed(n, error);
            }
            // The drift has just been supplied, so the next leg is due. Written out, since the compiler of kernels joins
            // the paths of success and failure where a function returns a `Result`.
            Noise::<X>::prepare::<SpanOf<S>>(words, 1, 1);
            let draw = |midpoints: &Midpoints, previous| midpoints.next(previous, words);
            let leg = match self.next_leg(&walk.cursor, draw) {
                Ok(leg) => leg,
                Err(error) => break advance.failed(n, error),
            };
            let increment = X::draw(&leg.span, words);
            asked = match self.go(&mut walk, &leg, |d| increment.cell(d)) {
                Ok(asked) => asked,
                Err(error) => break advance.failed(n, error),
            };
            if asked.is_none() {
                advance.done(walk.cursor.drift_calls(), words);
                n += 1;
                if n >= end {
                    break advance;
                }
            }
            // One way back to the head of the loop, lest the compiler make a loop within it, of the legs of one step.
            black_box(());
        };
        *state = *walk.memory.start();
        advance
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{SVector, vector};

    use super::*;
    use crate::batch::Status;
    use crate::batch::advance::tests::check_advance;
    use crate::dynamics::{Overdamped, Underdamped};
    use crate::random::{Ahead, MidpointLaw, Streams};

    /// As a kernel makes them, and leg by leg.
    fn both<S: Dynamics, const D: usize>(dynamics: S, law: MidpointLaw) {
        let method = PoissonMidpoint::new(dynamics, law);
        check_advance::<_, D>(&method, |state, words, drift, steps| {
            method.advance(state, words, drift, steps)
        });
        check_advance::<_, D>(&method, |state, words, drift, steps| {
            method.advance_by_legs(state, words, drift, steps)
        });
    }

    #[test]
    fn steps_leg_by_leg_and_written_out_have_the_bits_of_steps() {
        for law in [MidpointLaw::Single, MidpointLaw::Bernoulli] {
            for inner_steps in [1, 2, 1000] {
                let overdamped = Overdamped::new(0.1_f32, inner_steps).unwrap();
                both::<_, 1>(overdamped, law);
                both::<_, 2>(overdamped, law);
                // The words of a step with one midpoint can be made at once up to 8 dimensions.
                both::<_, 8>(overdamped, law);
                both::<_, 9>(overdamped, law);
                both::<_, 16>(overdamped, law);
                both::<_, 17>(overdamped, law);
                // Large states.
                both::<_, 32>(overdamped, law);
                let underdamped = Underdamped::new(0.1_f64, inner_steps, 1.0).unwrap();
                both::<_, 1>(underdamped, law);
                both::<_, 2>(underdamped, law);
                both::<_, 4>(underdamped, law);
                both::<_, 5>(underdamped, law);
                both::<_, 8>(underdamped, law);
            }
        }
    }

    #[test]
    fn from_a_state_that_is_not_finite_nothing_is_evaluated_or_drawn() {
        for law in [MidpointLaw::Single, MidpointLaw::Bernoulli] {
            let method = PoissonMidpoint::new(Overdamped::new(0.1_f32, 10).unwrap(), law);
            for leg_by_leg in [true, false] {
                let mut state = vector![1.0, f32::INFINITY];
                let mut words = Ahead::new(Streams::new(42), 7, 3);
                let never = |_, _: &_| -> SVector<f32, 2> { panic!("a drift was evaluated") };
                let found = if leg_by_leg {
                    method.advance_by_legs(&mut state, &mut words, never, 5..9)
                } else {
                    method.advance(&mut state, &mut words, never, 5..9)
                };
                let error = StepError::NonFiniteState { inner_step: 0 };
                let expected = Advance {
                    drift_calls: 0,
                    word_position: 3,
                    status: Status::Failed { step: 5, error },
                };
                assert_eq!(found, expected);
                assert_eq!(
                    (state, words.word_position()),
                    (vector![1.0, f32::INFINITY], 3)
                );
            }
        }
    }
}
