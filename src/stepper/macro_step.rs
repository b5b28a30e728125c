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
    cursor: Cursor<S>,
    start: S::State,
    b0: SVector<S::Real, D>,
    /// W at the previous midpoint, or at K once drawn.
    noise: Option<S::State>,
    /// The sum of (4) so far.
    correction: Option<S::State>,
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
        if !state.is_finite() {
            return Err(StepError::NonFiniteState { inner_step: 0 });
        }
        check_drift(b0.as_slice(), 0)?;
        Ok(Self {
            cursor: Cursor::new(stepper, time),
            start: *state,
            b0,
            noise: None,
            correction: None,
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
        if !self.cursor.is_ready() {
            return Ok(self.query);
        }
        let leg = self
            .cursor
            .leg(|midpoints, previous| noise.midpoint(midpoints, previous))?;
        let increment = noise.increment(leg.from, leg.to, leg.span());
        let accumulated = leg.accumulate(self.noise.as_ref(), &increment);
        self.noise = Some(accumulated);
        if let Some(estimate) = leg.estimate(&self.start, &self.b0, &accumulated) {
            if !estimate.is_finite() {
                return Err(self.cursor.fail(&leg));
            }
            self.query = Some(Query {
                position: *estimate.position(),
                time: self.cursor.time(leg.to),
                inner_step: leg.to,
            });
        }
        self.cursor.arrive(&leg);
        Ok(self.query)
    }

    /// Tells the drift that [`next`](Self::next) asked for.
    ///
    /// # Errors
    /// [`StepError::NonFiniteDrift`] if it is not finite, [`StepError::DriftNotAsked`] if none was
    /// asked for; the step is then as it was.
    #[inline]
    pub fn supply(&mut self, drift: SVector<S::Real, D>) -> Result<(), StepError> {
        let Some(midpoint) = self.cursor.asked() else {
            return Err(StepError::DriftNotAsked);
        };
        check_drift(drift.as_slice(), midpoint)?;
        let correction = self.cursor.correction(midpoint)(&drift, &self.b0);
        self.correction = Some(match &self.correction {
            None => correction,
            Some(before) => before.plus(&correction),
        });
        self.query = None;
        self.cursor.supplied();
        Ok(())
    }

    /// The state after the step, and what it cost.
    ///
    /// # Errors
    /// [`StepError::NonFiniteState`] if it is not finite, [`StepError::Unfinished`] unless
    /// [`next`](Self::next) has returned `None`.
    #[inline]
    pub fn finish(self) -> Result<(S::State, Step), StepError> {
        let (true, Some(noise)) = (self.cursor.is_drawn(), &self.noise) else {
            return Err(StepError::Unfinished);
        };
        let correction = self.correction.as_ref();
        let moved = self.cursor.moved(&self.start, &self.b0, noise, correction);
        if !moved.is_finite() {
            return Err(StepError::NonFiniteState {
                inner_step: self.cursor.inner_steps(),
            });
        }
        Ok((moved, self.cursor.report()))
    }
}

#[cfg(feature = "defmt")]
impl<S, const D: usize> defmt::Format for MacroStep<S, D>
where
    S: Process<D, Real: defmt::Format, Span: defmt::Format> + defmt::Format,
{
    fn format(&self, f: defmt::Formatter<'_>) {
        let (cursor, query) = (&self.cursor, &self.query);
        defmt::write!(f, "MacroStep {{ cursor: {}, query: {} }}", cursor, query);
    }
}
