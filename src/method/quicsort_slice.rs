//! A step of QUICSORT on a slice under way.

use super::quicsort::{Coefficients, Node, Quicsort};
use super::slice_step::SliceQuery;
use super::stepper::Stepper;
use crate::dynamics::Dynamics;
use crate::dynamics::segment::Normals;
use crate::dynamics::span::{PhaseSpan, SplitSpan};
use crate::error::{Step, StepError, are_finite, check_drift_slice};
use crate::memory::slice::{
    self, BlockWork, Cells, SliceError, block_of_mut, check_drift_length, in_blocks, take,
};
use crate::random::Words;
use crate::real::Real;

/// A step on a slice under way: it asks for the drift at two nodes, one after the other, which the caller supplies.
///
/// [`QuicsortStep`](crate::QuicsortStep) for a dimension known at run time; the same words, the same bits.
///
/// ```
/// use poisson_midpoint::{Quicsort, Stepper, dynamics::Underdamped, random::Stream};
/// let stepper = Quicsort::new(Underdamped::new(0.5_f32, 1, 1.0)?)?;
/// let network = |x: &[f32], _time: f32| x.iter().map(|x| -x).collect::<Vec<_>>();
///
/// let mut stream = Stream::new(42, 0);
/// let mut state = [1.0, -1.0, 0.0, 0.0]; // positions, then velocities
/// let mut work = vec![0.0; stepper.work_length(2)];
/// let mut step = stepper.begin_slice(0.0, &mut state, &mut stream, &mut work)?;
/// while let Some(query) = step.query()? {
///     let drift = network(query.position, query.time);
///     step.supply(&drift)?;
/// }
/// let report = step.finish()?;
/// assert_eq!(report.drift_calls, 2);
/// assert_ne!(state, [1.0, -1.0, 0.0, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct QuicsortSliceStep<'a, T: Real> {
    method: Quicsort<T>,
    time: T,
    state: &'a mut [T],
    /// The positions at the nodes, that at the second one without what the first one's drift does.
    nodes: [&'a mut [T]; 2],
    /// The state at the end, without what the drifts do that have not been supplied.
    end: &'a mut [T],
    /// The node whose drift is to be supplied next.
    asked: Option<Node>,
}

impl<'a, T: Real> QuicsortSliceStep<'a, T> {
    /// Goes the whole way without a drift. `work` has room for the positions at both nodes, and for a state.
    pub(super) fn new<W: Words + ?Sized>(
        method: &Quicsort<T>,
        time: T,
        state: &'a mut [T],
        words: &mut W,
        work: &'a mut [T],
    ) -> Result<Self, SliceError> {
        let dimension = slice::dimension::<_, [T; 2]>(state)?;
        let work = take(work, dimension.saturating_mul(4))?;
        let (first, work) = work.split_at_mut_checked(dimension).unwrap_or_default();
        let (second, end) = work.split_at_mut_checked(dimension).unwrap_or_default();
        let coefficients = method.coefficients();
        in_blocks(
            dimension,
            &mut Areas {
                span: &coefficients.areas,
                into: &mut *end,
                words,
            },
        );
        in_blocks(
            dimension,
            &mut Flights {
                coefficients,
                start: state,
                nodes: [&mut *first, &mut *second],
                end: &mut *end,
                words,
            },
        );
        Ok(Self {
            method: *method,
            time,
            state,
            nodes: [first, second],
            end,
            asked: Some(Node::First),
        })
    }

    /// The drift value wanted, to be given to [`supply`](Self::supply), or `None` when the step can be finished.
    ///
    /// # Errors
    /// [`StepError::NonFiniteState`] if the position where the drift is wanted is not finite: the step can then never be
    /// finished.
    pub fn query(&self) -> Result<Option<SliceQuery<'_, T>>, SliceError> {
        self.asked.map(|node| self.query_at(node)).transpose()
    }

    /// The drift value wanted at a node.
    pub(super) fn query_at(&self, node: Node) -> Result<SliceQuery<'_, T>, SliceError> {
        let position = &**node.of(&self.nodes);
        let inner_step = self.method.inner_step(node);
        if !are_finite(position) {
            return Err(StepError::not_finite(inner_step).into());
        }
        Ok(SliceQuery {
            position,
            time: self.method.time_of(node, self.time),
            inner_step,
        })
    }

    /// Supplies the drift that [`query`](Self::query) asks for.
    ///
    /// # Errors
    /// [`SliceError`] if the drift has the wrong length, is not finite or is not asked for, or the error of
    /// [`query`](Self::query); the step is then as it was.
    pub fn supply(&mut self, drift: &[T]) -> Result<(), SliceError> {
        let node = self.asked.ok_or(StepError::DriftNotAsked)?;
        let [first, _] = &self.nodes;
        check_drift_length(drift.len(), first.len())?;
        _ = self.query_at(node)?;
        self.kick(node, drift)?;
        self.asked = node.following();
        Ok(())
    }

    /// Adds what the drift at a node does.
    pub(super) fn kick(&mut self, node: Node, drift: &[T]) -> Result<(), StepError> {
        check_drift_slice(drift, self.method.inner_step(node))?;
        let coefficients = self.method.coefficients();
        let [_, second] = &mut self.nodes;
        if let Node::First = node {
            for (x, &b) in second.iter_mut().zip(drift) {
                *x = coefficients.second(*x, b);
            }
        }
        let (positions, velocities) = self
            .end
            .split_at_mut_checked(drift.len())
            .unwrap_or_default();
        for ((x, v), &b) in positions.iter_mut().zip(velocities).zip(drift) {
            [*x, *v] = coefficients.kicked([*x, *v], node, b);
        }
        Ok(())
    }

    /// Moves the state, and returns what the step cost.
    ///
    /// # Errors
    /// [`StepError::Unfinished`] unless [`query`](Self::query) returns `None`, or the error that it returns;
    /// [`StepError::NonFiniteState`] if the result is not finite. The state is then as it was.
    pub fn finish(self) -> Result<Step, SliceError> {
        match self.query()? {
            None => Ok(self.commit()?),
            Some(_) => Err(StepError::Unfinished.into()),
        }
    }

    /// Moves the state to the end, if that is finite.
    pub(super) fn commit(self) -> Result<Step, StepError> {
        if !are_finite(self.end) {
            let end = self.method.dynamics().inner_steps();
            return Err(StepError::not_finite(end));
        }
        for (state, &end) in self.state.iter_mut().zip(&*self.end) {
            *state = end;
        }
        Ok(Step { drift_calls: 2 })
    }
}

/// The areas H and W of all coordinates of a slice.
struct Areas<'w, T, W: ?Sized> {
    span: &'w PhaseSpan<T>,
    into: &'w mut [T],
    words: &'w mut W,
}

impl<T: Real, W: Words + ?Sized> BlockWork for Areas<'_, T, W> {
    #[inline(always)]
    fn block<const L: usize>(&mut self, at: usize) {
        let dimension = self.into.len() / 2;
        let noise = Normals::<T, L>::next::<PhaseSpan<T>, _>(self.words);
        if let Some(mut areas) = Cells::<_, [T; 2], L>::new(self.into, dimension, at) {
            for d in 0..L {
                areas.set(d, noise.increment(self.span, d));
            }
        }
    }
}

/// The way of all coordinates of a slice without a drift.
struct Flights<'w, T, W: ?Sized> {
    coefficients: &'w Coefficients<T>,
    start: &'w mut [T],
    nodes: [&'w mut [T]; 2],
    /// The areas H and W, then the end.
    end: &'w mut [T],
    words: &'w mut W,
}

impl<T: Real, W: Words + ?Sized> BlockWork for Flights<'_, T, W> {
    #[inline(always)]
    fn block<const L: usize>(&mut self, at: usize) {
        let dimension = self.end.len() / 2;
        let noise = Normals::<T, L>::next::<SplitSpan<T>, _>(self.words);
        let [first, second] = &mut self.nodes;
        if let Some(start) = Cells::<_, [T; 2], L>::new(self.start, dimension, at)
            && let Some(mut end) = Cells::<_, [T; 2], L>::new(self.end, dimension, at)
            && let Some(first) = block_of_mut::<_, L>(first, at)
            && let Some(second) = block_of_mut::<_, L>(second, at)
        {
            for (d, (first, second)) in first.iter_mut().zip(second).enumerate() {
                let higher = noise.increment(&self.coefficients.higher, d);
                let flight = self.coefficients.fly(start.get(d), end.get(d), higher);
                [*first, *second] = flight.nodes;
                end.set(d, flight.end);
            }
        }
    }
}

#[cfg(feature = "defmt")]
impl<T> defmt::Format for QuicsortSliceStep<'_, T>
where
    T: Real + defmt::Format,
{
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "QuicsortSliceStep {{ method: {}, query: {} }}",
            self.method,
            self.query().ok().flatten()
        );
    }
}
