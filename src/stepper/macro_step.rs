use nalgebra::SVector;

use super::cursor::Cursor;
use super::{PoissonMidpoint, Step, StepError, check_drift};
use crate::noise::Noise;
use crate::scheme::Process;
use crate::{Real, State};

/// A drift value that a [`MacroStep`] asks for.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::Query;
/// let query = Query { position: vector![1.0_f32], time: 0.5, inner_step: 3 };
/// let drift = -query.position * query.time;
/// assert_eq!(drift, vector![-0.5]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Query<T: Real, const D: usize> {
    /// Where: the position of X̂\[m\].
    pub position: SVector<T, D>,
    /// When: t\[m\].
    pub time: T,
    /// The midpoint m.
    pub inner_step: u32,
}

/// A macro step under way: it asks for drift values and is told them.
///
/// Plain data without a reference to anything, so a step can wait in an array, an interrupt handler
/// or a message while the drift is computed. The words it reads are those of
/// [`Stepper::step`](super::Stepper::step).
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, random::Stream, scheme::Overdamped};
/// let stepper = PoissonMidpoint::new(Overdamped::new(0.1_f64, 1000)?, MidpointLaw::Bernoulli);
/// let mut stream = Stream::new(42, 0);
/// let network = |x: &SVector<f64, 1>, _time: f64| -x;
///
/// let x = vector![1.0];
/// let mut step = stepper.begin(0.0, &x, network(&x, 0.0))?;
/// while let Some(query) = step.next(&mut stream)? {
///     step.supply(network(&query.position, query.time))?;
/// }
/// let (moved, report) = step.finish()?;
/// assert!(report.drift_calls >= 1 && moved != x);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MacroStep<S: Process<D>, const D: usize> {
    stepper: PoissonMidpoint<S>,
    walk: Walk<S, D>,
    /// What has been asked last.
    query: Option<Query<S::Real, D>>,
}

impl<S: Process<D>, const D: usize> MacroStep<S, D> {
    pub(super) fn new(
        stepper: PoissonMidpoint<S>,
        time: S::Real,
        state: &S::State,
        b0: SVector<S::Real, D>,
    ) -> Result<Self, StepError> {
        Ok(Self {
            stepper,
            walk: Walk::new(time, state, b0)?,
            query: None,
        })
    }

    /// The next drift value wanted, to be given to [`supply`](Self::supply), or `None` when the
    /// step can be finished. Asked twice, it returns the same and draws nothing.
    ///
    /// # Errors
    /// [`StepError::NonFiniteState`] if X̂ is not finite: the step can then never be finished.
    /// [`StepError::Midpoint`] if the noise source breaks its promise.
    #[inline]
    pub fn next<N>(&mut self, noise: &mut N) -> Result<Option<Query<S::Real, D>>, StepError>
    where
        N: Noise<S::Real, S::Span, D> + ?Sized,
    {
        if self.walk.cursor.is_ready() {
            self.query = self.walk.next(&self.stepper, noise)?;
        }
        Ok(self.query)
    }

    /// Tells the drift that [`next`](Self::next) asked for.
    ///
    /// # Errors
    /// [`StepError::NonFiniteDrift`] if it is not finite, [`StepError::DriftNotAsked`] if none was
    /// asked for; the step is then as it was.
    #[inline]
    pub fn supply(&mut self, drift: SVector<S::Real, D>) -> Result<(), StepError> {
        self.walk.supply(&self.stepper, &drift)?;
        self.query = None;
        Ok(())
    }

    /// The state after the step, and what it cost.
    ///
    /// # Errors
    /// [`StepError::NonFiniteState`] if it is not finite, [`StepError::Unfinished`] unless
    /// [`next`](Self::next) has returned `None`.
    #[inline]
    pub fn finish(self) -> Result<(S::State, Step), StepError> {
        let moved = self.walk.moved(&self.stepper)?;
        Ok((moved, self.walk.cursor.report()))
    }
}

/// A macro step but for its stepper: what changes from call to call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk<S: Process<D>, const D: usize> {
    pub(super) cursor: Cursor<S::Real>,
    start: S::State,
    b0: SVector<S::Real, D>,
    /// W at the previous midpoint, or at K once drawn.
    noise: Option<S::State>,
    /// The sum of (4) so far.
    correction: Option<S::State>,
}

impl<S: Process<D>, const D: usize> Walk<S, D> {
    #[inline]
    pub(super) fn new(
        time: S::Real,
        state: &S::State,
        b0: SVector<S::Real, D>,
    ) -> Result<Self, StepError> {
        if !state.is_finite() {
            return Err(StepError::NonFiniteState { inner_step: 0 });
        }
        check_drift(b0.as_slice(), 0)?;
        Ok(Self {
            cursor: Cursor::new(time),
            start: *state,
            b0,
            noise: None,
            correction: None,
        })
    }

    /// Goes to the next midpoint and asks for the drift there, or to the end.
    #[inline]
    pub(super) fn next<N>(
        &mut self,
        stepper: &PoissonMidpoint<S>,
        noise: &mut N,
    ) -> Result<Option<Query<S::Real, D>>, StepError>
    where
        N: Noise<S::Real, S::Span, D> + ?Sized,
    {
        let draw = |midpoints: &_, previous| noise.midpoint(midpoints, previous);
        let leg = self.cursor.leg(stepper, draw)?;
        let increment = noise.increment(leg.from, leg.to, leg.span());
        let accumulated = leg.accumulate(self.noise.as_ref(), &increment);
        self.noise = Some(accumulated);
        let Some(estimate) = leg.estimate(&self.start, &self.b0, &accumulated) else {
            self.cursor.arrive(&leg);
            return Ok(None);
        };
        if !estimate.is_finite() {
            return Err(self.cursor.fail(&leg));
        }
        self.cursor.arrive(&leg);
        Ok(Some(Query {
            position: *estimate.position(),
            time: self.cursor.time(stepper.scheme(), leg.to),
            inner_step: leg.to,
        }))
    }

    /// Adds what the drift asked for corrects.
    #[inline]
    pub(super) fn supply(
        &mut self,
        stepper: &PoissonMidpoint<S>,
        drift: &SVector<S::Real, D>,
    ) -> Result<(), StepError> {
        let Some(midpoint) = self.cursor.asked() else {
            return Err(StepError::DriftNotAsked);
        };
        check_drift(drift.as_slice(), midpoint)?;
        let correction = stepper.correction(midpoint)(drift, &self.b0);
        self.correction = Some(match &self.correction {
            None => correction,
            Some(before) => before.plus(&correction),
        });
        self.cursor.supplied();
        Ok(())
    }

    /// The state after the step.
    #[inline]
    pub(super) fn moved(&self, stepper: &PoissonMidpoint<S>) -> Result<S::State, StepError> {
        let (true, Some(noise)) = (self.cursor.is_drawn(), &self.noise) else {
            return Err(StepError::Unfinished);
        };
        let moved = stepper.moved(&self.start, &self.b0, noise, self.correction.as_ref());
        if !moved.is_finite() {
            return Err(StepError::NonFiniteState {
                inner_step: stepper.scheme().inner_steps(),
            });
        }
        Ok(moved)
    }
}

#[cfg(feature = "defmt")]
impl<S, const D: usize> defmt::Format for MacroStep<S, D>
where
    S: Process<D, Real: defmt::Format, Span: defmt::Format> + defmt::Format,
{
    fn format(&self, f: defmt::Formatter<'_>) {
        let Self {
            stepper,
            walk,
            query,
        } = self;
        defmt::write!(
            f,
            "MacroStep {{ stepper: {}, cursor: {}, query: {} }}",
            stepper,
            walk.cursor,
            query
        );
    }
}
