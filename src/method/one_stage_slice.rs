//! A step of one stage on a slice under way.

use super::OneStage;
use super::slice_step::SliceQuery;
use crate::dynamics::cell::Cell;
use crate::dynamics::segment::Normals;
use crate::dynamics::span::Span;
use crate::dynamics::{CellOf, Dynamics, RealOf, SpanOf};
use crate::error::{Step, StepError, check_drift_slice};
use crate::memory::slice::{
    self, BlockWork, Cells, SliceError, block_of, check_drift_length, in_blocks, take,
};
use crate::random::Words;

/// A step on a slice under way: it asks for the drift, which the caller supplies.
///
/// [`OneStageStep`](crate::OneStageStep) for a dimension known at run time; the same words, the same bits.
///
/// ```
/// use poisson_midpoint::{Baoa, OneStage, Stepper, dynamics::Underdamped, random::Stream};
/// let stepper = Baoa::new(Underdamped::new(0.5_f32, 1, 1.0)?)?;
/// let network = |x: &[f32], _time: f32| x.iter().map(|x| -x).collect::<Vec<_>>();
///
/// let mut stream = Stream::new(42, 0);
/// let mut state = [1.0, -1.0, 0.0, 0.0]; // positions, then velocities
/// let mut work = vec![0.0; stepper.work_length(2)];
/// let step = stepper.begin_slice(0.0, &mut state, &mut stream, &mut work)?;
/// let query = step.query();
/// let drift = network(query.position, query.time);
/// let report = step.finish(&drift, &mut stream)?;
/// assert_eq!(report.drift_calls, 1);
/// assert_ne!(state, [1.0, -1.0, 0.0, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct OneStageSliceStep<'a, M: OneStage> {
    method: M,
    time: RealOf<M::Of>,
    dimension: usize,
    state: &'a mut [RealOf<M::Of>],
    /// The state where the drift is asked for, unless that is the state itself; later the result.
    moved: &'a mut [RealOf<M::Of>],
}

impl<'a, M: OneStage> OneStageSliceStep<'a, M> {
    /// Moves a state without a drift to where the drift is asked for. `work` has room for a state.
    pub(super) fn new<W: Words + ?Sized>(
        method: &M,
        time: RealOf<M::Of>,
        state: &'a mut [RealOf<M::Of>],
        words: &mut W,
        work: &'a mut [RealOf<M::Of>],
    ) -> Result<Self, SliceError> {
        let dimension = slice::dimension::<_, CellOf<M::Of, RealOf<M::Of>>>(state)?;
        let moved = take(work, state.len())?;
        if let Some((span, stage)) = method.before() {
            let mut before = Before::<M, _> {
                span,
                start: state,
                moved,
                words,
                finite: true,
            };
            in_blocks(dimension, &mut before);
            if !before.finite {
                return Err(StepError::not_finite(stage).into());
            }
        }
        Ok(Self {
            method: *method,
            time: method.time_of_stage(time),
            dimension,
            state,
            moved,
        })
    }

    /// Whether the drift is asked for at another state than that of the start.
    fn has_moved(&self) -> bool {
        self.method.before().is_some()
    }

    /// The drift value wanted.
    #[must_use]
    pub fn query(&self) -> SliceQuery<'_, RealOf<M::Of>> {
        let state = if self.has_moved() {
            &*self.moved
        } else {
            &*self.state
        };
        SliceQuery {
            position: state.get(..self.dimension).unwrap_or_default(),
            time: self.time,
            inner_step: self.method.stage(),
        }
    }

    /// Moves the state with the drift that [`query`](Self::query) asked for, and returns what the step cost.
    ///
    /// # Errors
    /// [`SliceError`] if the drift has the wrong length or is not finite, before this draws any noise, or if the result is
    /// not finite; the state is then as it was.
    pub fn finish<W: Words + ?Sized>(
        self,
        drift: &[RealOf<M::Of>],
        words: &mut W,
    ) -> Result<Step, SliceError> {
        check_drift_length(drift.len(), self.dimension)?;
        check_drift_slice(drift, self.method.stage())?;
        let has_moved = self.has_moved();
        let mut held = Held::<M, _> {
            span: self.method.held(),
            b: drift,
            start: (!has_moved).then_some(&mut *self.state),
            moved: &mut *self.moved,
            words,
            finite: true,
        };
        in_blocks(self.dimension, &mut held);
        if !held.finite {
            return Err(StepError::not_finite(self.method.of().inner_steps()).into());
        }
        for (state, &moved) in self.state.iter_mut().zip(&*self.moved) {
            *state = moved;
        }
        Ok(Step { drift_calls: 1 })
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

#[cfg(feature = "defmt")]
impl<M> defmt::Format for OneStageSliceStep<'_, M>
where
    M: OneStage + defmt::Format,
    RealOf<M::Of>: defmt::Format,
{
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "OneStageSliceStep {{ method: {}, query: {} }}",
            self.method,
            self.query()
        );
    }
}
