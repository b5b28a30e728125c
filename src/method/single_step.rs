//! A step with one midpoint, written out: the walk of [`MidpointLaw::Single`](crate::MidpointLaw::Single) on a host.
//!
//! As straight code it keeps its numbers in registers, where the loop of [`walk`](super::walk) keeps them in memory.

use super::walk::{accumulate, check_midpoint, correct, write_estimate, write_result};
use super::{PoissonMidpoint, Stepper};
use crate::dynamics::cell::Cell;
use crate::dynamics::span::Span;
use crate::dynamics::state::State;
use crate::dynamics::{Dynamics, SpanOf, StateOf};
use crate::error::{Step, StepError, check_drift};
use crate::memory::vector::Vectors;
use crate::noise::Noise;

/// Whether steps are written out. Not on a microcontroller or in a kernel, where size matters more, nor for dynamics of
/// second order: their coefficients take longer than that saves, and of twice their code the compiler makes calls.
pub(super) const fn is_written_out<S: Dynamics>() -> bool {
    cfg!(all(
        target_pointer_width = "64",
        not(target_arch = "nvptx64")
    )) && <SpanOf<S> as Span<S::Real>>::NORMALS == 1
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
        let to_midpoint = dynamics.span(0, midpoint);
        let increment = noise.increment(0, midpoint, &to_midpoint);
        accumulate(&to_midpoint, true, &mut memory, |d| increment.cell(d));
        if !write_estimate(&to_midpoint, &mut memory) {
            return Err(StepError::not_finite(midpoint));
        }

        let drift = drift(time + dynamics.time(midpoint), memory.estimate());
        let drift = |d| drift.cell(d).position();
        check_drift((0..X::DIMENSION).map(drift), midpoint)?;
        correct(self.weighted_kick(midpoint), false, &mut memory, drift);

        let to_end = dynamics.span(midpoint, inner_steps);
        let increment = noise.increment(midpoint, inner_steps, &to_end);
        accumulate(&to_end, false, &mut memory, |d| increment.cell(d));
        if !write_result(self.whole(), true, &mut memory) {
            return Err(StepError::not_finite(inner_steps));
        }
        Ok((memory.moved(), Step { drift_calls: 2 }))
    }
}
