//! A step of one stage under way: the state has moved to where the drift is asked for.

use super::OneStage;
use super::macro_step::Query;
use super::walk::check_drift_vector;
use crate::dynamics::cell::Cell;
use crate::dynamics::span::Span;
use crate::dynamics::state::State;
use crate::dynamics::{Dynamics, RealOf, SpanOf, StateOf};
use crate::error::{Step, StepError};
use crate::noise::{Noise, check_noise};

/// A step of [`EulerMaruyama`](crate::EulerMaruyama), [`Baoa`](crate::Baoa) or [`Ubu`](crate::Ubu) under way: it asks
/// for the drift, which the caller supplies, from a network on another device or from another task.
///
/// Plain data without a reference to anything, so that the steps of many particles can wait in an array while their
/// drifts are computed. The words it reads, and its results, are those of [`Stepper::step`](super::Stepper::step). For
/// the Poisson midpoint method there is [`MacroStep`](crate::MacroStep).
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::{Baoa, OneStage, Phase, dynamics::Underdamped, random::Stream};
/// let stepper = Baoa::new(Underdamped::new(0.5_f32, 1, 1.0)?)?;
/// let network = |x: SVector<f32, 2>, _time: f32| -x;
///
/// let mut state = Phase::at_rest(vector![1.0, -1.0]);
/// let mut stream = Stream::new(42, 0);
/// let step = stepper.begin(0.0, &state, &mut stream)?;
/// let query = step.query();
/// let report;
/// (state, report) = step.finish(network(query.position, query.time), &mut stream)?;
/// assert_eq!(report.drift_calls, 1);
/// assert_ne!(state.position, vector![1.0, -1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct OneStageStep<M: OneStage, X> {
    method: M,
    time: RealOf<M::Of>,
    start: X,
}

impl<M, X> OneStageStep<M, X>
where
    M: OneStage,
    X: StateOf<M::Of>,
{
    /// The step from a state and a time, moved to where the drift is asked for.
    #[inline(always)]
    pub(super) fn new<N>(
        method: &M,
        time: RealOf<M::Of>,
        state: &X,
        noise: &mut N,
    ) -> Result<Self, StepError>
    where
        N: Noise<X> + ?Sized,
    {
        Ok(Self {
            method: *method,
            time: method.time_of_stage(time),
            start: move_to_stage(method, state, noise)?,
        })
    }

    /// The drift value wanted.
    #[must_use]
    pub fn query(&self) -> Query<X> {
        Query {
            position: *self.start.position(),
            time: self.time,
            inner_step: self.method.stage(),
        }
    }

    /// The state after the step with the drift that [`query`](Self::query) asked for, and what the step cost.
    ///
    /// # Errors
    /// [`StepError::NonFiniteDrift`] if the drift is not finite, before any noise is drawn;
    /// [`StepError::NonFiniteState`] if the result is not; [`StepError::NoiseOfOtherSteps`] if the noise source is for
    /// steps of another K.
    #[inline(always)]
    pub fn finish<N>(self, drift: X::Position, noise: &mut N) -> Result<(X, Step), StepError>
    where
        N: Noise<X> + ?Sized,
    {
        let moved = move_to_end(&self.method, &self.start, &drift, noise)?;
        Ok((moved, Step { drift_calls: 1 }))
    }
}

/// Moves a state without a drift to where the drift is asked for.
#[inline(always)]
pub(super) fn move_to_stage<M, X, N>(method: &M, state: &X, noise: &mut N) -> Result<X, StepError>
where
    M: OneStage,
    X: StateOf<M::Of>,
    N: Noise<X> + ?Sized,
{
    check_noise(noise, method.of().inner_steps())?;
    let mut moved = *state;
    if !coast(method, state, noise, &mut moved) {
        return Err(StepError::not_finite(method.stage()));
    }
    Ok(moved)
}

/// Moves a state from where the drift was asked for to the end of the step.
#[inline(always)]
pub(super) fn move_to_end<M, X, N>(
    method: &M,
    start: &X,
    drift: &X::Position,
    noise: &mut N,
) -> Result<X, StepError>
where
    M: OneStage,
    X: StateOf<M::Of>,
    N: Noise<X> + ?Sized,
{
    check_drift_vector(drift, method.stage())?;
    let end = method.of().inner_steps();
    check_noise(noise, end)?;
    let noise = last_noise(method, noise);
    let moved = X::from_cells(|d| carry(method, d, start.cell(d), drift, &noise));
    if !moved.is_finite() {
        return Err(StepError::not_finite(end));
    }
    Ok(moved)
}

/// Writes to `moved` the state where the drift is asked for, and tells whether it is finite; `moved` is left alone if
/// that is the state itself. The noise source is not checked.
#[inline(always)]
pub(super) fn coast<M, X, N>(method: &M, state: &X, noise: &mut N, moved: &mut X) -> bool
where
    M: OneStage,
    X: StateOf<M::Of>,
    N: Noise<X> + ?Sized,
{
    let Some((before, stage)) = method.before() else {
        return true;
    };
    noise.prepare::<SpanOf<M::Of>>(0, 1);
    let increment = noise.increment(0, stage, before);
    let mut finite = true;
    for d in 0..X::DIMENSION {
        let cell = before.coast(state.cell(d), increment.cell(d));
        finite &= cell.is_finite();
        moved.set_cell(d, cell);
    }
    finite
}

/// The state where the drift is asked for, if [`coast`] has written to `moved`.
#[inline(always)]
pub(super) fn at_stage<'a, M: OneStage, X>(method: &M, state: &'a X, moved: &'a X) -> &'a X {
    match method.before() {
        Some(_) => moved,
        None => state,
    }
}

/// ξ₂; the noise source is not checked.
#[inline(always)]
pub(super) fn last_noise<M, X, N>(method: &M, noise: &mut N) -> X
where
    M: OneStage,
    X: StateOf<M::Of>,
    N: Noise<X> + ?Sized,
{
    noise.prepare::<M::Held<RealOf<M::Of>>>(0, 1);
    noise.increment(method.stage(), method.of().inner_steps(), method.held())
}

/// Coordinate d of the state that [`move_to_end`] moves to, from that of where the drift was asked for, and with
/// [`last_noise`].
#[inline(always)]
pub(super) fn carry<M, X>(
    method: &M,
    d: usize,
    start: X::Cell,
    drift: &X::Position,
    noise: &X,
) -> X::Cell
where
    M: OneStage,
    X: StateOf<M::Of>,
{
    let held = method.held();
    held.carry(start, drift.cell(d).position(), noise.cell(d))
}

#[cfg(feature = "defmt")]
impl<M, X> defmt::Format for OneStageStep<M, X>
where
    M: OneStage + defmt::Format,
    X: StateOf<M::Of>,
    Query<X>: defmt::Format,
{
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "OneStageStep {{ method: {}, query: {} }}",
            self.method,
            self.query()
        );
    }
}
