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
    let (moved, finite) = coast(method, state, noise);
    if !finite {
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
    let moved = carry(method, start, drift, noise);
    if !moved.is_finite() {
        return Err(StepError::not_finite(end));
    }
    Ok(moved)
}

/// The state that [`move_to_stage`] moves to, and whether it is finite; the noise source is not checked. A state that does
/// not move is not looked at.
#[inline(always)]
pub(super) fn coast<M, X, N>(method: &M, state: &X, noise: &mut N) -> (X, bool)
where
    M: OneStage,
    X: StateOf<M::Of>,
    N: Noise<X> + ?Sized,
{
    let Some((before, stage)) = method.before() else {
        return (*state, true);
    };
    noise.prepare::<SpanOf<M::Of>>(0, 1);
    let increment = noise.increment(0, stage, before);
    let moved = X::from_cells(|d| before.coast(state.cell(d), increment.cell(d)));
    (moved, moved.is_finite())
}

/// The state that [`move_to_end`] moves to, finite or not; neither the drift nor the noise source is checked.
#[inline(always)]
pub(super) fn carry<M, X, N>(method: &M, start: &X, drift: &X::Position, noise: &mut N) -> X
where
    M: OneStage,
    X: StateOf<M::Of>,
    N: Noise<X> + ?Sized,
{
    let held = method.held();
    noise.prepare::<M::Held<RealOf<M::Of>>>(0, 1);
    let increment = noise.increment(method.stage(), method.of().inner_steps(), held);
    X::from_cells(|d| held.carry(start.cell(d), drift.cell(d).position(), increment.cell(d)))
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
