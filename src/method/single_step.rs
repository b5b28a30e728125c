//! A step with one midpoint, written out: the walk of [`MidpointLaw::Single`](crate::MidpointLaw::Single) on a host, and
//! in kernels for small states.
//!
//! As straight code it keeps its numbers in registers, where the loop of [`walk`](super::walk) keeps them in memory.

use core::ops::Range;

use super::walk::{
    accumulate, check_drift_vector, check_midpoint, correct, error_after_drift, write_estimate,
    write_result,
};
use super::{PoissonMidpoint, Stepper};
use crate::batch::advance::{Advance, Positioned};
use crate::dynamics::cell::Cell;
use crate::dynamics::segment::words_together;
use crate::dynamics::span::Span;
use crate::dynamics::state::State;
use crate::dynamics::{Dynamics, SpanOf, StateOf, start_time};
use crate::error::{Step, StepError};
use crate::memory::vector::Vectors;
use crate::noise::Noise;

/// Whether [`Stepper::step`] is written out. Not on a microcontroller or in a kernel, where size matters more, nor for
/// dynamics of second order: their coefficients take longer than that saves, and of twice their code the compiler makes
/// calls.
pub(super) const fn is_written_out<S: Dynamics>() -> bool {
    cfg!(all(
        target_pointer_width = "64",
        not(target_arch = "nvptx64")
    )) && <SpanOf<S> as Span<S::Real>>::NORMALS == 1
}

/// Whether the words of a step with one midpoint, 1 and those of two increments, can be made at once. Then the state is
/// also small enough for a kernel that writes the step out to keep it in registers.
#[inline(always)]
pub(super) fn is_made_at_once<S: Dynamics, X: State>() -> bool {
    words_together::<S::Real, SpanOf<S>>(2 * X::DIMENSION).is_some()
}

impl<S: Dynamics> PoissonMidpoint<S> {
    /// The rest of a step with one midpoint whose memory holds the state and its drift.
    #[inline(always)]
    pub(super) fn single_step<X, F, N>(
        &self,
        time: S::Real,
        mut memory: Vectors<X>,
        midpoint: u32,
        mut drift: F,
        noise: &mut N,
    ) -> Result<(X, Step), StepError>
    where
        X: StateOf<S>,
        F: FnMut(S::Real, &X::Position) -> X::Position,
        N: Noise<X> + ?Sized,
    {
        let dynamics = self.dynamics();
        let inner_steps = dynamics.inner_steps();

        check_midpoint(midpoint, 1, inner_steps)?;
        if !self.go_to_midpoint(midpoint, &mut memory, noise) {
            return Err(StepError::not_finite(midpoint));
        }
        let drift = drift(time + dynamics.time(midpoint), memory.estimate());
        check_drift_vector(&drift, midpoint)?;
        if !self.go_to_end(midpoint, &mut memory, &drift, noise) {
            return Err(StepError::not_finite(inner_steps));
        }
        Ok((memory.moved(), Step { drift_calls: 2 }))
    }

    /// Goes to the midpoint, and tells whether the estimate there is finite.
    #[inline(always)]
    fn go_to_midpoint<X, N>(&self, midpoint: u32, memory: &mut Vectors<X>, noise: &mut N) -> bool
    where
        X: StateOf<S>,
        N: Noise<X> + ?Sized,
    {
        let span = self.dynamics().span(0, midpoint);
        let increment = noise.increment(0, midpoint, &span);
        accumulate(&span, true, memory, |d| increment.cell(d));
        write_estimate(&span, memory)
    }

    /// Goes from the midpoint to the end, and tells whether the result is finite.
    #[inline(always)]
    fn go_to_end<X, N>(
        &self,
        midpoint: u32,
        memory: &mut Vectors<X>,
        drift: &X::Position,
        noise: &mut N,
    ) -> bool
    where
        X: StateOf<S>,
        N: Noise<X> + ?Sized,
    {
        let drift = |d| drift.cell(d).position();
        correct(self.weighted_kick(midpoint), false, memory, drift);
        let inner_steps = self.dynamics().inner_steps();
        let span = self.dynamics().span(midpoint, inner_steps);
        let increment = noise.increment(midpoint, inner_steps, &span);
        accumulate(&span, false, memory, |d| increment.cell(d));
        write_result(self.whole(), true, memory)
    }

    /// [`Stepper::advance`] where every step has exactly one midpoint and its words are [made at
    /// once](is_made_at_once): written out.
    #[inline]
    pub(super) fn advance_by_single_midpoints<X, F, W>(
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
        // Once: a step checks the state that it leaves.
        if !steps.is_empty() && !state.is_finite() {
            return advance.failed(steps.start, StepError::not_finite(0));
        }
        for n in steps.clone() {
            let time = start_time(self.dynamics(), n);
            let b0 = drift(time, state.position());
            let mut memory = Vectors::new(state, b0);
            Noise::<X>::prepare::<SpanOf<S>>(words, 1, 2);
            let midpoint = self.midpoints().single(words.next_word());
            if !self.go_to_midpoint(midpoint, &mut memory, words) {
                let error = error_after_drift(&b0, 0, midpoint);
                return advance.failed_in(&steps, 2, n, error);
            }
            let time = time + self.dynamics().time(midpoint);
            let b = drift(time, memory.estimate());
            if !self.go_to_end(midpoint, &mut memory, &b, words) {
                let error = error_after_drift(&b, midpoint, self.dynamics().inner_steps());
                return advance.failed_in(&steps, 2, n, error);
            }
            *state = memory.moved();
            advance.word_position = words.word_position();
        }
        advance.evaluated(2, &steps)
    }
}
