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
    use super::*;
    use crate::batch::advance::tests::check_advance;
    use crate::dynamics::{Overdamped, Underdamped};
    use crate::random::MidpointLaw;

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
                let underdamped = Underdamped::new(0.1_f64, inner_steps, 1.0).unwrap();
                both::<_, 1>(underdamped, law);
                both::<_, 2>(underdamped, law);
                both::<_, 4>(underdamped, law);
                both::<_, 5>(underdamped, law);
            }
        }
    }
}
