//! Methods of one stage: the drift is evaluated once a step, and held.

use core::fmt::Debug;
use core::ops::Range;

use super::Stepper;
use crate::batch::{LaneDrift, Lanes};
use crate::dynamics::cell::Cell;
use crate::dynamics::segment::Normals;
use crate::dynamics::span::Span;
use crate::dynamics::state::State;
use crate::dynamics::{CellOf, Dynamics, RealOf, SpanIn, SpanOf, StateOf};
use crate::error::{Step, StepError, check_drift, check_drift_slice};
use crate::memory::slice::{self, BlockWork, Cells, SliceError, block_of, in_blocks, take};
use crate::noise::{Noise, check_noise};
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

/// The error for a state that is not finite at an inner step.
fn not_finite(inner_step: u32) -> StepError {
    StepError::NonFiniteState { inner_step }
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
        let (stage, end) = (self.stage(), self.of().inner_steps());
        check_noise(noise, end)?;
        let mut start = *state;
        if let Some((before, _)) = self.before() {
            let increment = noise.increment(0, stage, before);
            start = X::from_cells(|d| before.coast(start.cell(d), increment.cell(d)));
            if !start.is_finite() {
                return Err(not_finite(stage));
            }
        }
        let b = drift(self.time_of_stage(time), start.position());
        check_drift((0..X::DIMENSION).map(|d| b.cell(d).position()), stage)?;
        let held = self.held();
        let increment = noise.increment(stage, end, held);
        let moved = X::from_cells(|d| {
            let b = b.cell(d).position();
            held.carry(start.cell(d), b, increment.cell(d))
        });
        if !moved.is_finite() {
            return Err(not_finite(end));
        }
        *state = moved;
        Ok(Step { drift_calls: 1 })
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
        let (b, moved) = work.split_at_mut_checked(dimension).unwrap_or_default();
        if let Some((span, stage)) = self.before() {
            let mut before = Before::<M, _> {
                span,
                start: state,
                moved,
                words,
                finite: true,
            };
            in_blocks(dimension, &mut before);
            if !before.finite {
                return Err(not_finite(stage).into());
            }
        }
        let has_moved = self.before().is_some();
        let asked = if has_moved { &*moved } else { &*state };
        let time = self.time_of_stage(time);
        drift(time, asked.get(..dimension).unwrap_or_default(), b);
        check_drift_slice(b, self.stage())?;
        let mut held = Held::<M, _> {
            span: self.held(),
            b,
            start: (!has_moved).then_some(&mut *state),
            moved,
            words,
            finite: true,
        };
        in_blocks(dimension, &mut held);
        if !held.finite {
            return Err(not_finite(self.of().inner_steps()).into());
        }
        for (state, &moved) in state.iter_mut().zip(&*moved) {
            *state = moved;
        }
        Ok(Step { drift_calls: 1 })
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

/// The move to the point where the drift is asked for, of all coordinates of a slice.
struct Before<'w, M: OneStage, W: ?Sized> {
    span: &'w SpanOf<M::Of>,
    start: &'w mut [RealOf<M::Of>],
    moved: &'w mut [RealOf<M::Of>],
    words: &'w mut W,
    finite: bool,
}

impl<M: OneStage, W: Words + ?Sized> BlockWork for Before<'_, M, W> {
    #[inline(always)]
    fn block<const L: usize>(&mut self, at: usize) {
        let dimension = self.moved.len() / CellOf::<M::Of, RealOf<M::Of>>::PARTS;
        let noise = Normals::<_, L>::next::<SpanOf<M::Of>, _>(self.words);
        if let Some(start) = Cells::<_, _, L>::new(self.start, dimension, at)
            && let Some(mut moved) = Cells::<_, _, L>::new(self.moved, dimension, at)
        {
            for d in 0..L {
                let increment = noise.increment(self.span, d);
                let reached = self.span.coast(start.get(d), increment);
                self.finite &= reached.is_finite();
                moved.set(d, reached);
            }
        }
    }
}

/// The move to the end of the step, of all coordinates of a slice.
struct Held<'w, M: OneStage, W: ?Sized> {
    span: &'w M::Held<RealOf<M::Of>>,
    b: &'w [RealOf<M::Of>],
    /// The state at which the drift was asked for, unless `moved` holds it.
    start: Option<&'w mut [RealOf<M::Of>]>,
    moved: &'w mut [RealOf<M::Of>],
    words: &'w mut W,
    finite: bool,
}

impl<M: OneStage, W: Words + ?Sized> BlockWork for Held<'_, M, W> {
    #[inline(always)]
    fn block<const L: usize>(&mut self, at: usize) {
        let dimension = self.b.len();
        let noise = Normals::<_, L>::next::<M::Held<RealOf<M::Of>>, _>(self.words);
        if let Some(b) = block_of::<_, L>(self.b, at)
            && let Some(mut moved) = Cells::<_, _, L>::new(self.moved, dimension, at)
        {
            let start = self.start.as_deref_mut();
            let start = start.and_then(|start| Cells::<_, _, L>::new(start, dimension, at));
            for (d, &b) in b.iter().enumerate() {
                let increment = noise.increment(self.span, d);
                let start = start.as_ref().unwrap_or(&moved).get(d);
                let result = self.span.carry(start, b, increment);
                self.finite &= result.is_finite();
                moved.set(d, result);
            }
        }
    }
}
