//! A step of QUICSORT under way.

use super::macro_step::Query;
use super::quicsort::{Node, Quicsort};
use super::stepper::Stepper;
use super::walk::check_drift_vector;
use crate::dynamics::cell::Cell;
use crate::dynamics::state::State;
use crate::dynamics::{Dynamics, StateOf, Underdamped};
use crate::error::{Step, StepError};
use crate::noise::{Noise, check_noise};
use crate::real::Real;

/// A step of [`Quicsort`] under way: it asks for the drift at two nodes, one after the other, which the caller
/// supplies.
///
/// Plain data without a reference to anything, as [`OneStageStep`](crate::OneStageStep) is. All noise is drawn when the
/// step begins; the words it reads, and its results, are those of [`Stepper::step`](super::Stepper::step).
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::{Phase, Quicsort, dynamics::Underdamped, random::Stream};
/// let stepper = Quicsort::new(Underdamped::new(0.5_f32, 1, 1.0)?)?;
/// let network = |x: SVector<f32, 2>, _time: f32| -x;
///
/// let mut state = Phase::at_rest(vector![1.0, -1.0]);
/// let mut stream = Stream::new(42, 0);
/// let mut step = stepper.begin(0.0, &state, &mut stream)?;
/// while let Some(query) = step.query()? {
///     step.supply(network(query.position, query.time))?;
/// }
/// let report;
/// (state, report) = step.finish()?;
/// assert_eq!(report.drift_calls, 2);
/// assert_ne!(state.position, vector![1.0, -1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct QuicsortStep<T: Real, X: State> {
    method: Quicsort<T>,
    time: T,
    /// The positions at the nodes, that at the second one without what the first one's drift does.
    nodes: [X::Position; 2],
    /// The state at the end, without what the drifts do that have not been supplied.
    end: X,
    /// The node whose drift is to be supplied next.
    asked: Option<Node>,
}

impl<T, X> QuicsortStep<T, X>
where
    T: Real,
    X: StateOf<Underdamped<T>>,
{
    /// Goes the whole way without a drift.
    #[inline(always)]
    pub(super) fn new<N>(
        method: &Quicsort<T>,
        time: T,
        state: &X,
        noise: &mut N,
    ) -> Result<Self, StepError>
    where
        N: Noise<X> + ?Sized,
    {
        let inner_steps = method.dynamics().inner_steps();
        check_noise(noise, inner_steps)?;
        let coefficients = method.coefficients();
        let Some([areas, higher]) =
            noise.areas(inner_steps, &coefficients.areas, &coefficients.higher)
        else {
            return Err(StepError::NoAreas);
        };
        let mut end = *state;
        let mut nodes = [X::Position::zero(); 2];
        for d in 0..X::DIMENSION {
            let flight = coefficients.fly(state.cell(d), areas.cell(d), higher.cell(d));
            end.set_cell(d, flight.end);
            for (position, x) in nodes.iter_mut().zip(flight.nodes) {
                position.set_cell(d, [x]);
            }
        }
        Ok(Self {
            method: *method,
            time,
            nodes,
            end,
            asked: Some(Node::First),
        })
    }

    /// The drift value wanted, to be given to [`supply`](Self::supply), or `None` when the step can be finished.
    ///
    /// # Errors
    /// [`StepError::NonFiniteState`] if the position where the drift is wanted is not finite: the step can then never be
    /// finished.
    pub fn query(&self) -> Result<Option<Query<X>>, StepError> {
        let query = |node| {
            Ok(Query {
                position: *self.position(node)?,
                time: self.method.time_of(node, self.time),
                inner_step: self.method.inner_step(node),
            })
        };
        self.asked.map(query).transpose()
    }

    /// Supplies the drift that [`query`](Self::query) asks for.
    ///
    /// # Errors
    /// [`StepError::NonFiniteDrift`] if it is not finite, [`StepError::DriftNotAsked`] if none is asked for, or the error
    /// of [`query`](Self::query); the step is then as it was.
    pub fn supply(&mut self, drift: X::Position) -> Result<(), StepError> {
        let node = self.asked.ok_or(StepError::DriftNotAsked)?;
        _ = self.position(node)?;
        self.kick(node, &drift)?;
        self.asked = node.following();
        Ok(())
    }

    /// The state after the step, and what it cost.
    ///
    /// # Errors
    /// [`StepError::Unfinished`] unless [`query`](Self::query) returns `None`, or the error that it returns;
    /// [`StepError::NonFiniteState`] if the result is not finite.
    pub fn finish(self) -> Result<(X, Step), StepError> {
        match self.query()? {
            None => self.result(),
            Some(_) => Err(StepError::Unfinished),
        }
    }

    /// The position at a node, if it is finite.
    #[inline(always)]
    pub(super) fn position(&self, node: Node) -> Result<&X::Position, StepError> {
        let position = node.of(&self.nodes);
        if position.is_finite() {
            Ok(position)
        } else {
            Err(StepError::not_finite(self.method.inner_step(node)))
        }
    }

    /// Adds what the drift at a node does.
    #[inline(always)]
    pub(super) fn kick(&mut self, node: Node, drift: &X::Position) -> Result<(), StepError> {
        check_drift_vector(drift, self.method.inner_step(node))?;
        let drift = |d| drift.cell(d).position();
        let coefficients = self.method.coefficients();
        let [_, second] = &mut self.nodes;
        for d in 0..X::DIMENSION {
            let b = drift(d);
            if let Node::First = node {
                second.set_cell(d, [coefficients.second(second.cell(d).position(), b)]);
            }
            let kicked = coefficients.kicked(self.end.cell(d), node, b);
            self.end.set_cell(d, kicked);
        }
        Ok(())
    }

    /// The state at the end, if it is finite, with what the step cost.
    #[inline(always)]
    pub(super) fn result(self) -> Result<(X, Step), StepError> {
        if !self.end.is_finite() {
            let end = self.method.dynamics().inner_steps();
            return Err(StepError::not_finite(end));
        }
        Ok((self.end, Step { drift_calls: 2 }))
    }
}

#[cfg(feature = "defmt")]
impl<T, X> defmt::Format for QuicsortStep<T, X>
where
    T: Real + defmt::Format,
    X: StateOf<Underdamped<T>>,
    Query<X>: defmt::Format,
{
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "QuicsortStep {{ method: {}, query: {} }}",
            self.method,
            self.query().ok().flatten()
        );
    }
}
