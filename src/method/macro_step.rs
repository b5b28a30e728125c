use super::poisson_midpoint::PoissonMidpoint;
use super::stepper::Stepper;
use super::walk::Walk;
use crate::dynamics::state::State;
use crate::dynamics::{Dynamics, SpanOf, StateOf};
use crate::error::{Step, StepError};
use crate::memory::vector::Vectors;
use crate::noise::{Noise, check_noise};

/// A drift value that a step in split phase asks for: a [`MacroStep`], a [`OneStageStep`](crate::OneStageStep) or a
/// [`QuicsortStep`](crate::QuicsortStep).
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::Query;
/// let query: Query<SVector<f32, 1>> = Query { position: vector![1.0], time: 0.5, inner_step: 3 };
/// let drift = -query.position * query.time;
/// assert_eq!(drift, vector![-0.5]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Query<X: State> {
    /// Where: the position of X̂.
    pub position: X::Position,
    /// When: the time of X̂.
    pub time: X::Real,
    /// The inner step that it falls into: the midpoint m of the Poisson midpoint method, which begins there.
    pub inner_step: u32,
}

/// A macro step under way: it asks for drift values, which the caller supplies.
///
/// Plain data without a reference to anything, so a step can wait in an array, an interrupt handler
/// or a message while the drift is computed. The words it reads are those of
/// [`Stepper::step`](super::Stepper::step).
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, dynamics::Overdamped, random::Stream};
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
pub struct MacroStep<S: Dynamics, X: State> {
    stepper: PoissonMidpoint<S>,
    walk: Walk<S::Real, Vectors<X>>,
}

impl<S, X> MacroStep<S, X>
where
    S: Dynamics,
    X: StateOf<S>,
{
    pub(super) fn new(
        stepper: PoissonMidpoint<S>,
        time: S::Real,
        state: &X,
        b0: X::Position,
    ) -> Result<Self, StepError> {
        Ok(Self {
            stepper,
            walk: Walk::begin(time, Vectors::new(state, b0))?,
        })
    }

    /// The next drift value wanted, to be given to [`supply`](Self::supply), or `None` when the
    /// step can be finished. If called twice, it returns the same and draws nothing.
    ///
    /// # Errors
    /// [`StepError::NonFiniteState`] if X̂ or the result is not finite: the step can then never be finished, and later
    /// calls return the same error. [`StepError::Midpoint`] if the noise source breaks its promise,
    /// [`StepError::NoiseOfOtherSteps`] if the noise source is for steps of another K.
    #[inline]
    pub fn next<N>(&mut self, noise: &mut N) -> Result<Option<Query<X>>, StepError>
    where
        N: Noise<X> + ?Sized,
    {
        self.stepper.next_in_vectors(&mut self.walk, noise)?;
        Ok(self.query())
    }

    /// The drift value that has been asked for.
    fn query(&self) -> Option<Query<X>> {
        self.walk.cursor.asked().map(|midpoint| Query {
            position: *self.walk.memory.estimate(),
            time: self.walk.cursor.time(self.stepper.dynamics(), midpoint),
            inner_step: midpoint,
        })
    }

    /// Supplies the drift that [`next`](Self::next) asked for.
    ///
    /// # Errors
    /// [`StepError::NonFiniteDrift`] if it is not finite, [`StepError::DriftNotAsked`] if none was
    /// asked for; the step is then as it was.
    #[inline]
    pub fn supply(&mut self, drift: X::Position) -> Result<(), StepError> {
        self.stepper.supply_vector(&mut self.walk, &drift)
    }

    /// The state after the step, and what it cost.
    ///
    /// # Errors
    /// [`StepError::Unfinished`] unless [`next`](Self::next) has returned `None`, or the error that `next` returned.
    #[inline]
    pub fn finish(self) -> Result<(X, Step), StepError> {
        let step = self.walk.cursor.finish()?;
        Ok((self.walk.memory.moved(), step))
    }
}

/// The loops of [`Walk`] over vectors.
impl<S: Dynamics> PoissonMidpoint<S> {
    /// Goes to the next midpoint, unless the drift at the last one is still wanted; returns the midpoint reached.
    #[inline]
    pub(super) fn next_in_vectors<X, N>(
        &self,
        walk: &mut Walk<S::Real, Vectors<X>>,
        noise: &mut N,
    ) -> Result<Option<u32>, StepError>
    where
        X: StateOf<S>,
        N: Noise<X> + ?Sized,
    {
        if !walk.cursor.is_ready() {
            return walk.cursor.wanted();
        }
        check_noise(noise, self.dynamics().inner_steps())?;
        noise.prepare::<SpanOf<S>>(1, 1);
        let draw = |midpoints: &_, previous| noise.midpoint(midpoints, previous);
        let leg = self.next_leg(&walk.cursor, draw)?;
        let increment = noise.increment(leg.from, leg.to, &leg.span);
        self.go(walk, &leg, |d| increment.cell(d))
    }

    /// Adds the correction by the drift that was asked for.
    #[inline]
    pub(super) fn supply_vector<X: StateOf<S>>(
        &self,
        walk: &mut Walk<S::Real, Vectors<X>>,
        drift: &X::Position,
    ) -> Result<(), StepError> {
        self.supply(walk, |d| {
            let [component] = drift.cell(d);
            component
        })
    }
}

#[cfg(feature = "defmt")]
impl<S, X> defmt::Format for MacroStep<S, X>
where
    S: Dynamics<Real: defmt::Format> + defmt::Format,
    crate::dynamics::SpanOf<S>: defmt::Format,
    X: StateOf<S>,
    Query<X>: defmt::Format,
{
    fn format(&self, f: defmt::Formatter<'_>) {
        let Self { stepper, walk } = self;
        defmt::write!(
            f,
            "MacroStep {{ stepper: {}, cursor: {}, query: {} }}",
            stepper,
            walk.cursor,
            self.query()
        );
    }
}
