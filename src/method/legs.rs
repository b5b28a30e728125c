//! Many steps of one particle, leg by leg.

use core::hint::black_box;
use core::ops::Range;

use super::Stepper;
use super::poisson_midpoint::PoissonMidpoint;
use super::walk::Walk;
use crate::batch::advance::{Advance, Positioned};
use crate::dynamics::cell::Cell;
use crate::dynamics::state::State;
use crate::dynamics::{Dynamics, StateOf, start_time};
use crate::memory::vector::Vectors;

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
        let start_of = |n| start_time(self.dynamics(), n);
        let b0 = drift(start_of(n), state.position());
        let mut walk = match Walk::begin(start_of(n), Vectors::new(state, b0)) {
            Ok(walk) => walk,
            Err(error) => return advance.failed(n, error),
        };
        loop {
            // Where the step stands need not be asked: no drift is wanted here, and one is below.
            let asked = match self.leave_in_vectors(&mut walk, words) {
                Ok(asked) => asked,
                Err(error) => return advance.failed(n, error),
            };
            let (time, position) = if let Some(midpoint) = asked {
                let time = walk.cursor.time(self.dynamics(), midpoint);
                (time, *walk.memory.estimate())
            } else {
                *state = walk.memory.moved();
                advance.done(walk.cursor.drift_calls(), words);
                n += 1;
                if n >= end {
                    return advance;
                }
                (start_of(n), *state.position())
            };
            // Hidden, lest the compiler make a path of its own, with a drift of its own, for either case.
            let is_asked = black_box(asked.is_some());
            let value = drift(time, &position);
            let outcome = if is_asked {
                // By where the step is, not by `asked`, for the same reason.
                let midpoint = walk.cursor.reached();
                self.supply_at(midpoint, &mut walk, |d| value.cell(d).position())
            } else {
                // The time anew, lest one be computed at midpoints too for a drift that asks for none.
                Walk::begin_at_finite(start_of(n), Vectors::new(state, value))
                    .map(|next| walk = next)
            };
            if let Err(error) = outcome {
                return advance.failed(n, error);
            }
            // One way back to the head of the loop, lest the compiler make a loop within it, of the legs of one step.
            black_box(());
        }
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::SVector;

    use super::*;
    use crate::batch::Status;
    use crate::batch::advance::advance;
    use crate::dynamics::state::State;
    use crate::dynamics::{Overdamped, Underdamped};
    use crate::error::StepError;
    use crate::random::{Ahead, MidpointLaw, Streams};
    use crate::real::Real;

    /// Twenty steps of a drift that is not finite at one of its evaluations, if it gets there: as a kernel makes them,
    /// and leg by leg, on words made ahead, and step by step on a stream, from the same word.
    fn same_bits<S, const D: usize>(dynamics: S, law: MidpointLaw, bad: u32)
    where
        S: Dynamics<Real: Real>,
        S::State<D>: StateOf<S, Position = SVector<S::Real, D>> + PartialEq,
    {
        let method = PoissonMidpoint::new(dynamics, law);
        let streams = Streams::new(42);
        for particle in 0..8 {
            let begin = 5 * particle;
            let start =
                S::State::<D>::from_fn(|part, d| S::Real::from_u32(if d == part { 1 } else { 2 }));
            let drifts = || {
                let mut evaluation = 0;
                move |time, x: &SVector<S::Real, D>| {
                    evaluation += 1;
                    let slope = if evaluation == bad {
                        S::Real::ONE / S::Real::ZERO
                    } else {
                        time - S::Real::ONE
                    };
                    x * slope
                }
            };
            let mut expected = start;
            let mut stream = streams.particle_at(particle, begin).unwrap();
            let by_steps = advance(&method, &mut expected, &mut stream, drifts(), 3..23);
            for as_a_kernel in [true, false] {
                let go = |state: &mut _, words: &mut _, steps| {
                    if as_a_kernel {
                        method.advance(state, words, drifts(), steps)
                    } else {
                        method.advance_by_legs(state, words, drifts(), steps)
                    }
                };
                let mut moved = start;
                let mut words = Ahead::new(streams, particle, begin);
                let found = go(&mut moved, &mut words, 3..23);
                assert_eq!(moved, expected);
                assert_eq!(found.drift_calls, by_steps.drift_calls);
                assert_eq!(found.word_position, by_steps.word_position);
                assert_eq!(found.status, by_steps.status);
                assert_eq!(moved != start, found.drift_calls > 0);

                let none = go(&mut moved, &mut words, 7..7);
                assert_eq!((none.drift_calls, moved), (0, expected));

                // From a state whose last scalar is not finite, if there is a step.
                let last = (S::State::<D>::PARTS - 1, D - 1);
                let scalar = |place| {
                    if place == last {
                        S::Real::ONE / S::Real::ZERO
                    } else {
                        S::Real::ONE
                    }
                };
                let before = S::State::<D>::from_fn(|part, d| scalar((part, d)));
                let mut broken = before;
                let position = words.word_position();
                let error = StepError::NonFiniteState { inner_step: 0 };
                let failure = Status::Failed { step: 5, error };
                for (steps, status) in [(5..5, Status::Active), (5..6, failure)] {
                    let found = go(&mut broken, &mut words, steps);
                    assert_eq!((found.status, found.drift_calls), (status, 0));
                    assert_eq!((found.word_position, broken), (position, before));
                }
            }
        }
    }

    #[test]
    fn steps_leg_by_leg_and_written_out_have_the_bits_of_steps() {
        for law in [MidpointLaw::Single, MidpointLaw::Bernoulli] {
            for bad in [1, 2, 17, 18, 1000] {
                for inner_steps in [1, 2, 1000] {
                    let overdamped = Overdamped::new(0.02_f32, inner_steps).unwrap();
                    same_bits::<_, 1>(overdamped, law, bad);
                    same_bits::<_, 2>(overdamped, law, bad);
                    // The words of a step with one midpoint can be made at once up to 8 dimensions.
                    same_bits::<_, 8>(overdamped, law, bad);
                    same_bits::<_, 9>(overdamped, law, bad);
                    same_bits::<_, 16>(overdamped, law, bad);
                    same_bits::<_, 17>(overdamped, law, bad);
                    let underdamped = Underdamped::new(0.02_f64, inner_steps, 1.0).unwrap();
                    same_bits::<_, 1>(underdamped, law, bad);
                    same_bits::<_, 2>(underdamped, law, bad);
                    same_bits::<_, 4>(underdamped, law, bad);
                    same_bits::<_, 5>(underdamped, law, bad);
                }
            }
        }
    }
}
