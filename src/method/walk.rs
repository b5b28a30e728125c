//! A macro step under way, in whatever memory: which inner step comes next, and the loops over coordinates.

use super::poisson_midpoint::PoissonMidpoint;
use super::stepper::Stepper;
use crate::dynamics::cell::Cell;
use crate::dynamics::span::Span;
use crate::dynamics::state::State;
use crate::dynamics::{Dynamics, SpanOf};
use crate::error::{Step, StepError, check_drift};
use crate::memory::{Memory, MemoryOf};
use crate::random::Midpoints;
use crate::real::Real;

/// Where a macro step stands.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum Stage {
    /// The next midpoint is to be drawn.
    Ready,
    /// A drift has been asked for at the last midpoint.
    Asked,
    /// The last segment of noise has been drawn, and the memory holds the result.
    Arrived,
    /// The estimate at the last midpoint, or the result, is not finite: the step cannot go on.
    Failed,
}

/// The midpoints of one macro step, drawn one after another.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Cursor<T> {
    time: T,
    /// The inner step reached: the last midpoint or the end; `None` before the first midpoint.
    previous: Option<u32>,
    stage: Stage,
    drift_calls: u32,
}

/// A run of inner steps from one midpoint, or the start of the macro step, to the next, or to the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leg<P> {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) span: P,
    /// The span (0, `to`), if `to` is a midpoint.
    pub(crate) from_start: Option<P>,
}

impl<T: Real> Cursor<T> {
    /// The cursor before the first midpoint, with the drift at `time` known.
    pub(super) fn new(time: T) -> Self {
        Self {
            time,
            previous: None,
            stage: Stage::Ready,
            drift_calls: 1,
        }
    }

    /// The midpoint whose drift has been asked for.
    #[inline]
    pub(crate) fn asked(&self) -> Option<u32> {
        match self.stage {
            Stage::Asked => self.previous,
            _ => None,
        }
    }

    /// The midpoint whose drift is wanted next, if the step has not failed.
    #[inline]
    pub(super) fn wanted(&self) -> Result<Option<u32>, StepError> {
        match self.stage {
            Stage::Asked => Ok(self.previous),
            Stage::Failed => Err(self.failure()),
            Stage::Ready | Stage::Arrived => Ok(None),
        }
    }

    /// Notes the inner step reached, and whether the state there is finite.
    #[inline(always)]
    fn reach(&mut self, inner_step: u32, finite: bool, stage: Stage) -> Result<(), StepError> {
        self.previous = Some(inner_step);
        if finite {
            self.stage = stage;
            Ok(())
        } else {
            self.stage = Stage::Failed;
            Err(self.failure())
        }
    }

    /// Goes to a midpoint, if the estimate there is finite: its drift is asked for.
    #[inline(always)]
    pub(super) fn ask(&mut self, midpoint: u32, finite: bool) -> Result<Option<u32>, StepError> {
        self.reach(midpoint, finite, Stage::Asked)?;
        Ok(Some(midpoint))
    }

    /// Goes to the end of the step, if the result is finite: no drift is asked for.
    #[inline(always)]
    pub(super) fn end(&mut self, inner_steps: u32, finite: bool) -> Result<Option<u32>, StepError> {
        self.reach(inner_steps, finite, Stage::Arrived)?;
        Ok(None)
    }

    /// What the step cost, if the memory holds its result.
    #[inline]
    pub(super) fn finish(&self) -> Result<Step, StepError> {
        match self.stage {
            Stage::Arrived => Ok(Step {
                drift_calls: self.drift_calls,
            }),
            Stage::Failed => Err(self.failure()),
            Stage::Ready | Stage::Asked => Err(StepError::Unfinished),
        }
    }

    /// Notes that the drift asked for has been supplied.
    #[inline(always)]
    pub(super) fn supplied(&mut self) {
        self.stage = Stage::Ready;
        self.drift_calls += 1;
    }

    /// The error of a step that has failed.
    #[inline]
    fn failure(&self) -> StepError {
        StepError::not_finite(self.reached())
    }

    /// The inner step reached: the last midpoint, or the start or the end of the macro step.
    #[inline(always)]
    pub(super) fn reached(&self) -> u32 {
        self.previous.unwrap_or(0)
    }

    /// Whether the next midpoint is to be drawn.
    pub(crate) fn is_ready(&self) -> bool {
        self.stage == Stage::Ready
    }

    /// Whether no midpoint has been reached.
    pub(super) fn is_first(&self) -> bool {
        self.previous.is_none()
    }

    /// The drift evaluations so far.
    pub(super) fn drift_calls(&self) -> u32 {
        self.drift_calls
    }

    /// Whether any drift has been supplied.
    pub(super) fn is_corrected(&self) -> bool {
        self.drift_calls > 1
    }

    /// The time at which the drift is wanted at a midpoint.
    #[inline]
    pub(crate) fn time<S: Dynamics<Real = T>>(&self, dynamics: &S, midpoint: u32) -> T {
        self.time + dynamics.time(midpoint)
    }
}

/// A macro step without its stepper: where it stands, and its coordinates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk<T, M> {
    pub(crate) cursor: Cursor<T>,
    pub(crate) memory: M,
}

impl<T: Real, M: Memory<Scalar = T>> Walk<T, M> {
    /// A macro step before its first midpoint; the memory holds the state and the drift at `time`.
    #[inline]
    pub(crate) fn begin(time: T, memory: M) -> Result<Self, StepError> {
        let mut finite = true;
        for d in 0..memory.dimension() {
            finite &= memory.coordinate(d).start.is_finite();
        }
        if !finite {
            return Err(StepError::NonFiniteState { inner_step: 0 });
        }
        let dimensions = 0..memory.dimension();
        check_drift(dimensions.map(|d| memory.coordinate(d).b0), 0)?;
        Ok(Self {
            cursor: Cursor::new(time),
            memory,
        })
    }
}

/// Refuses a midpoint outside `least`..K.
#[inline(always)]
pub(super) fn check_midpoint(midpoint: u32, least: u32, inner_steps: u32) -> Result<(), StepError> {
    if midpoint < least || midpoint >= inner_steps {
        return Err(StepError::Midpoint {
            midpoint,
            least,
            inner_steps,
        });
    }
    Ok(())
}

/// Refuses a drift evaluated at an inner step if it is not finite.
#[inline(always)]
pub(super) fn check_drift_vector<X: State>(drift: &X, inner_step: u32) -> Result<(), StepError> {
    let component = |d| drift.cell(d).position();
    check_drift((0..X::DIMENSION).map(component), inner_step)
}

/// Why a state is not finite at the inner step `reached`, where a drift evaluated at `inner_step` has moved it: because of
/// the drift, if that is not finite either.
///
/// Whoever looks at the state need not have looked at the drift: every part of a state is moved by a product with it, and
/// products and sums make an infinity or a NaN of one, 0 times infinity being NaN.
#[inline]
pub(super) fn error_after_drift<X: State>(drift: &X, inner_step: u32, reached: u32) -> StepError {
    let error = check_drift_vector(drift, inner_step).err();
    error.unwrap_or(StepError::not_finite(reached))
}

/// The loops over coordinates.
impl<S: Dynamics> PoissonMidpoint<S> {
    /// The leg from the previous midpoint, or from the start, to the next midpoint, or to the end of the step.
    #[inline]
    pub(crate) fn leg(&self, previous: Option<u32>, midpoint: Option<u32>) -> Leg<SpanOf<S>> {
        let dynamics = self.dynamics();
        let from = previous.unwrap_or(0);
        let to = midpoint.unwrap_or(dynamics.inner_steps());
        let span = match (previous, midpoint) {
            (None, None) => *self.whole(),
            _ => dynamics.span(from, to),
        };
        let from_start = midpoint.map(|midpoint| match previous {
            None => span,
            Some(_) => dynamics.span(0, midpoint),
        });
        Leg {
            from,
            to,
            span,
            from_start,
        }
    }

    /// The next leg, with the midpoint that `draw` chooses after the previous one.
    #[inline]
    pub(super) fn next_leg(
        &self,
        cursor: &Cursor<S::Real>,
        draw: impl FnOnce(&Midpoints, Option<u32>) -> Option<u32>,
    ) -> Result<Leg<SpanOf<S>>, StepError> {
        let inner_steps = self.dynamics().inner_steps();
        let midpoint = draw(self.midpoints(), cursor.previous);
        if let Some(midpoint) = midpoint {
            let least = cursor.previous.unwrap_or(0).saturating_add(1);
            check_midpoint(midpoint, least, inner_steps)?;
        }
        Ok(self.leg(cursor.previous, midpoint))
    }

    /// Goes along a leg, with the noise that `increment` gives coordinate by coordinate: to a midpoint, which is
    /// returned and whose drift is then asked for, or to the end.
    #[cfg_attr(target_arch = "nvptx64", inline(always))]
    #[cfg_attr(not(target_arch = "nvptx64"), inline)]
    pub(super) fn go<M: MemoryOf<S>>(
        &self,
        Walk { cursor, memory }: &mut Walk<S::Real, M>,
        leg: &Leg<SpanOf<S>>,
        increment: impl FnMut(usize) -> M::Cell,
    ) -> Result<Option<u32>, StepError> {
        accumulate(&leg.span, cursor.is_first(), memory, increment);
        if let Some(from_start) = &leg.from_start {
            cursor.ask(leg.to, write_estimate(from_start, memory))
        } else {
            let finite = write_result(self.whole(), cursor.is_corrected(), memory);
            cursor.end(leg.to, finite)
        }
    }

    /// Adds the correction by the drift that was asked for, which `drift` gives coordinate by coordinate.
    #[inline]
    pub(super) fn supply<M: MemoryOf<S>>(
        &self,
        walk: &mut Walk<S::Real, M>,
        drift: impl Fn(usize) -> S::Real,
    ) -> Result<(), StepError> {
        let Some(midpoint) = walk.cursor.asked() else {
            return Err(StepError::DriftNotAsked);
        };
        self.supply_at(midpoint, walk, drift)
    }

    /// [`supply`](Self::supply) at the midpoint that the drift was asked for at.
    #[inline(always)]
    pub(super) fn supply_at<M: MemoryOf<S>>(
        &self,
        midpoint: u32,
        Walk { cursor, memory }: &mut Walk<S::Real, M>,
        drift: impl Fn(usize) -> S::Real,
    ) -> Result<(), StepError> {
        check_drift((0..memory.dimension()).map(&drift), midpoint)?;
        let is_corrected = cursor.is_corrected();
        correct(self.weighted_kick(midpoint), is_corrected, memory, drift);
        cursor.supplied();
        Ok(())
    }
}

/// Adds the noise of a leg, which `increment` gives coordinate by coordinate, to the noise of the legs before.
#[inline(always)]
pub(super) fn accumulate<M, P>(
    segment: &P,
    is_first: bool,
    memory: &mut M,
    mut increment: impl FnMut(usize) -> M::Cell,
) where
    M: Memory,
    P: Span<M::Scalar, Cell = M::Cell>,
{
    let dimensions = 0..memory.dimension();
    // One loop for each case: a single loop would test `is_first` for every coordinate.
    if is_first {
        for d in dimensions {
            memory.set_noise(d, increment(d));
        }
    } else {
        for d in dimensions {
            let mut coordinate = memory.coordinate(d);
            coordinate.accumulate(segment, increment(d));
            memory.set_noise(d, coordinate.noise);
        }
    }
}

/// Writes X̂ at a midpoint, and tells whether all of it is finite.
#[inline(always)]
pub(super) fn write_estimate<M, P>(from_start: &P, memory: &mut M) -> bool
where
    M: Memory,
    P: Span<M::Scalar, Cell = M::Cell>,
{
    let mut finite = true;
    for d in 0..memory.dimension() {
        let estimate = memory.coordinate(d).estimate(from_start);
        finite &= estimate.is_finite();
        memory.set_estimate(d, estimate.position());
    }
    finite
}

/// Writes the state after the step, and tells whether all of it is finite. In place, it is not written unless it is.
#[inline(always)]
pub(super) fn write_result<M, P>(whole: &P, is_corrected: bool, memory: &mut M) -> bool
where
    M: Memory,
    P: Span<M::Scalar, Cell = M::Cell>,
{
    let result = |memory: &M, d| memory.coordinate(d).result(whole, is_corrected);
    let mut finite = true;
    for d in 0..memory.dimension() {
        let result = result(memory, d);
        finite &= result.is_finite();
        if !M::IN_PLACE {
            memory.set_result(d, result);
        }
    }
    if M::IN_PLACE && finite {
        for d in 0..memory.dimension() {
            memory.set_result(d, result(memory, d));
        }
    }
    finite
}

/// Adds the correction by a drift in all coordinates to the corrections by earlier drifts, if there are any.
#[inline(always)]
pub(super) fn correct<M: Memory>(
    kick: M::Cell,
    is_corrected: bool,
    memory: &mut M,
    drift: impl Fn(usize) -> M::Scalar,
) {
    let dimensions = 0..memory.dimension();
    if is_corrected {
        for d in dimensions {
            let coordinate = memory.coordinate(d);
            let correction = coordinate.correction_by(kick, drift(d));
            memory.set_correction(d, coordinate.correction.plus(correction));
        }
    } else {
        for d in dimensions {
            let correction = memory.coordinate(d).correction_by(kick, drift(d));
            memory.set_correction(d, correction);
        }
    }
}
