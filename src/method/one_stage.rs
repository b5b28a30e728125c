//! Methods of one stage: the drift is evaluated once a step, and held.

use core::fmt::Debug;
use core::ops::Range;

use super::one_stage_slice::OneStageSliceStep;
use super::one_stage_step::{
    OneStageStep, at_stage, carry, coast, last_noise, move_to_end, move_to_stage,
};
use super::stepper::Stepper;
use super::walk::error_after_drift;
use crate::batch::advance::{Advance, Positioned};
use crate::batch::{LaneDrift, Lanes};
use crate::dynamics::cell::Cell;
use crate::dynamics::span::Span;
use crate::dynamics::{CellOf, Dynamics, RealOf, SpanIn, SpanOf, StateOf, start_time};
use crate::error::{Step, StepError, are_finite};
use crate::memory::slice::{self, SliceError, take};
use crate::noise::Noise;
use crate::random::Words;
use crate::scalar::Scalar;

/// A method of one stage: the state moves without a drift to the point where the drift is asked for, and from there to
/// the end of the step with that drift held,
///
/// ```text
/// X̂  = A₁ X + ξ₁
/// X′ = A₂ X̂ + B b(X̂, t′) + ξ₂
/// ```
///
/// where t′ is the time of X̂ and ξ₁, ξ₂ are Gaussian.
/// [`EulerMaruyama`](super::EulerMaruyama), [`Baoa`](super::Baoa) and [`Ubu`](super::Ubu) are such methods, each with
/// its own coefficients; what a step does with them is written once. Sealed.
pub trait OneStage: sealed::Sealed + Copy + Debug + Send + Sync {
    /// What moves the state.
    type Of: Dynamics;
    /// A₂, B and the noise ξ₂.
    type Held<X: Scalar<Real = RealOf<Self::Of>>>: Span<X, Cell = CellOf<Self::Of, X>>;
    /// [`Stepper::WEAK_ORDER`].
    const ORDER: u32;

    /// The dynamics.
    fn of(&self) -> &Self::Of;
    /// A₁ and the noise ξ₁, with the inner step that they lead to; `None` if the drift is asked for at the start.
    fn before(&self) -> Option<(&SpanOf<Self::Of>, u32)>;
    /// A₂, B and the noise ξ₂.
    fn held(&self) -> &Self::Held<RealOf<Self::Of>>;
    /// [`before`](Self::before) in each lane.
    #[doc(hidden)]
    fn before_in_lanes<X>(&self) -> Option<SpanIn<Self::Of, X>>
    where
        X: Scalar<Real = RealOf<Self::Of>>;
    /// [`held`](Self::held) in each lane.
    #[doc(hidden)]
    fn held_in_lanes<X: Scalar<Real = RealOf<Self::Of>>>(&self) -> Self::Held<X>;

    /// Begins a step at `time` whose drift is computed elsewhere. [`Ubu`](super::Ubu) draws its first noise here.
    ///
    /// # Errors
    /// [`StepError::NonFiniteState`] if the state is not finite, or not where the drift is asked for;
    /// [`StepError::NoiseOfOtherSteps`] if the noise source is for steps of another K.
    #[inline]
    fn begin<X, N>(
        &self,
        time: RealOf<Self::Of>,
        state: &X,
        noise: &mut N,
    ) -> Result<OneStageStep<Self, X>, StepError>
    where
        X: StateOf<Self::Of>,
        N: Noise<X> + ?Sized,
    {
        if !state.is_finite() {
            return Err(StepError::not_finite(0));
        }
        OneStageStep::new(self, time, state, noise)
    }

    /// Begins a step on a slice, at `time`, whose drift is computed elsewhere. `work` is at least as long as the state,
    /// which stays as it is until [`finish`](crate::slices::OneStageSliceStep::finish). A step that is
    /// given up is begun again from the word position before.
    ///
    /// # Errors
    /// [`SliceError`] if a length is wrong, or if the state is not finite, or not where the drift is asked for.
    fn begin_slice<'a, W>(
        &self,
        time: RealOf<Self::Of>,
        state: &'a mut [RealOf<Self::Of>],
        words: &mut W,
        work: &'a mut [RealOf<Self::Of>],
    ) -> Result<OneStageSliceStep<'a, Self>, SliceError>
    where
        W: Words + ?Sized,
    {
        if !are_finite(state) {
            return Err(StepError::not_finite(0).into());
        }
        OneStageSliceStep::new(self, time, state, words, work)
    }

    /// The inner step at which the drift is asked for.
    #[inline(always)]
    #[doc(hidden)]
    fn stage(&self) -> u32 {
        self.before().map_or(0, |(_, stage)| stage)
    }

    /// The time at which the drift is asked for in a step from `time`.
    #[inline(always)]
    #[doc(hidden)]
    fn time_of_stage(&self, time: RealOf<Self::Of>) -> RealOf<Self::Of> {
        self.before()
            .map_or(time, |(_, stage)| time + self.of().time(stage))
    }
}

pub(super) mod sealed {
    pub trait Sealed {}
}

impl<M: OneStage> Stepper for M {
    type Dynamics = M::Of;
    const WEAK_ORDER: u32 = M::ORDER;

    fn dynamics(&self) -> &M::Of {
        self.of()
    }

    #[inline]
    fn step<X, F, N>(
        &self,
        time: RealOf<M::Of>,
        state: &mut X,
        mut drift: F,
        noise: &mut N,
    ) -> Result<Step, StepError>
    where
        X: StateOf<M::Of>,
        F: FnMut(RealOf<M::Of>, &X::Position) -> X::Position,
        N: Noise<X> + ?Sized,
    {
        // Without an `OneStageStep`, which would copy the method.
        let start = move_to_stage(self, state, noise)?;
        let drift = drift(self.time_of_stage(time), start.position());
        *state = move_to_end(self, &start, &drift, noise)?;
        Ok(Step { drift_calls: 1 })
    }

    /// Written out: at a step's `Result` the compiler of kernels joins the paths of success and failure, moves what either
    /// returns, and splits them again.
    #[inline]
    fn advance<X, F, W>(
        &self,
        state: &mut X,
        words: &mut W,
        mut drift: F,
        steps: Range<u32>,
    ) -> Advance
    where
        X: StateOf<M::Of>,
        F: FnMut(RealOf<M::Of>, &X::Position) -> X::Position,
        W: Positioned,
    {
        let mut advance = Advance::new(words);
        let mut moved = X::zero();
        for n in steps.clone() {
            if !coast(self, state, words, &mut moved) {
                let error = StepError::not_finite(self.stage());
                return advance.failed_in(&steps, 1, n, error);
            }
            let time = self.time_of_stage(start_time(self.of(), n));
            let b = drift(time, at_stage(self, state, &moved).position());
            let noise = last_noise(self, words);
            let result = |state: &X, d| {
                let start = at_stage(self, state, &moved).cell(d);
                carry::<M, X>(self, d, start, &b, &noise)
            };
            // All of the result is found to be finite before any of it is written, rather than kept beside the state and
            // copied: kernels copy a large state byte by byte.
            let dimensions = 0..X::DIMENSION;
            let finite = |so_far, d| so_far & result(state, d).is_finite();
            if !dimensions.clone().fold(true, finite) {
                let error = error_after_drift(&b, self.stage(), self.of().inner_steps());
                return advance.failed_in(&steps, 1, n, error);
            }
            for d in dimensions {
                state.set_cell(d, result(state, d));
            }
            advance.word_position = words.word_position();
        }
        advance.evaluated(1, &steps)
    }

    /// Room for the drift, and for the state moved to.
    fn work_length(&self, dimension: usize) -> usize {
        dimension.saturating_mul(1 + CellOf::<M::Of, RealOf<M::Of>>::PARTS)
    }

    fn step_slice<F, W>(
        &self,
        time: RealOf<M::Of>,
        state: &mut [RealOf<M::Of>],
        mut drift: F,
        words: &mut W,
        work: &mut [RealOf<M::Of>],
    ) -> Result<Step, SliceError>
    where
        F: FnMut(RealOf<M::Of>, &[RealOf<M::Of>], &mut [RealOf<M::Of>]),
        W: Words + ?Sized,
    {
        let dimension = slice::dimension::<_, CellOf<M::Of, RealOf<M::Of>>>(state)?;
        let work = take(work, self.work_length(dimension))?;
        let (b, work) = work.split_at_mut_checked(dimension).unwrap_or_default();
        let step = OneStageSliceStep::new(self, time, state, words, work)?;
        let query = step.query();
        drift(query.time, query.position, b);
        step.finish(b, words)
    }

    #[inline(always)]
    fn run_lanes<X, F>(&self, lanes: &mut Lanes<X>, drift: &mut F, steps: Range<u32>) -> Option<u64>
    where
        X: StateOf<M::Of>,
        F: LaneDrift<X::Position>,
    {
        lanes.one_stage(self, drift, steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::advance::tests::check_advance;
    use crate::dynamics::{AdditiveNoise, Overdamped, Semilinear, Underdamped};
    use crate::{Baoa, EulerMaruyama, Ubu};

    #[test]
    fn steps_written_out_have_the_bits_of_steps() {
        fn of_three_dimensions<M: OneStage>(method: &M) {
            check_advance::<_, 3>(method, |state, words, drift, steps| {
                method.advance(state, words, drift, steps)
            });
        }
        of_three_dimensions(&EulerMaruyama::new(Overdamped::new(0.1_f32, 1000).unwrap()));
        let additive = AdditiveNoise::new(0.1_f32, 2, 0.5).unwrap();
        of_three_dimensions(&EulerMaruyama::new(additive));
        let semilinear = Semilinear::new(0.1_f64, 2, -0.5, 1.0).unwrap();
        of_three_dimensions(&EulerMaruyama::new(semilinear));
        let underdamped = Underdamped::new(0.1_f64, 2, 1.0).unwrap();
        of_three_dimensions(&EulerMaruyama::new(underdamped));
        of_three_dimensions(&Baoa::new(underdamped).unwrap());
        of_three_dimensions(&Ubu::new(underdamped).unwrap());
    }
}
