use nalgebra::Vector1;

use super::{ElementOf, SliceDrift, SliceError, SliceStepper};
use super::{dimension, element, increment, parts, set_element, take};
use crate::random::Words;
use crate::scheme::Process;
use crate::stepper::cursor::Cursor;
use crate::stepper::{RealOf, Step, StepError, check_drift};
use crate::{PoissonMidpoint, Real, State};

/// What a macro step remembers of one dimension: b₀, W and the corrections so far.
///
/// A record of 1 + 2·PARTS scalars of the work slice.
struct Record<'a, S: Process<1>>(&'a mut [RealOf<S>]);

impl<S: Process<1>> Record<'_, S> {
    /// Scalars in a record.
    const LENGTH: usize = 1 + 2 * parts::<S>();
    /// Where W and the corrections begin.
    const NOISE: usize = 1;
    const CORRECTION: usize = 1 + parts::<S>();

    fn b0(&self) -> RealOf<S> {
        self.0.first().copied().unwrap_or(RealOf::<S>::ZERO)
    }

    fn get(&self, from: usize) -> ElementOf<S> {
        element::<S>(self.0.get(from..).unwrap_or_default(), 1, 0)
    }

    fn set(&mut self, from: usize, value: &ElementOf<S>) {
        if let Some(record) = self.0.get_mut(from..) {
            set_element::<S>(record, 1, 0, value);
        }
    }
}

fn records<S: Process<1>>(work: &mut [RealOf<S>]) -> impl Iterator<Item = Record<'_, S>> {
    work.chunks_exact_mut(Record::<S>::LENGTH).map(Record)
}

impl<S: Process<1>> PoissonMidpoint<S> {
    /// Begins a step on a slice from a state whose drift `b0` at `time` is known, to be driven by
    /// [`SliceMacroStep`]. The state stays as it is until [`SliceMacroStep::finish`].
    ///
    /// # Errors
    /// [`SliceError`] if a length is wrong, or if the state or the drift is not finite.
    pub fn begin_slice<'a>(
        &self,
        time: RealOf<S>,
        state: &'a mut [RealOf<S>],
        b0: &[RealOf<S>],
        work: &'a mut [RealOf<S>],
    ) -> Result<SliceMacroStep<'a, S>, SliceError> {
        let (position, records) = split::<S>(state, work)?;
        Ok(SliceMacroStep {
            stepper: *self,
            walk: Walk::new(time, state, b0, position, records)?,
        })
    }
}

impl<S: Process<1>> PoissonMidpoint<S> {
    /// A step that was suspended where it had asked for the drift at a midpoint, after others.
    pub(crate) fn waiting(
        &self,
        time: RealOf<S>,
        midpoint: u32,
        drift_calls: u32,
    ) -> SuspendedStep<S> {
        SuspendedStep {
            stepper: *self,
            cursor: Cursor::asking(time, midpoint, drift_calls),
        }
    }
}

impl<S: Process<1>> SliceStepper for PoissonMidpoint<S> {
    type Scheme = S;

    fn work_length(&self, dimension: usize) -> usize {
        work_length::<S>(dimension)
    }

    fn step_slice<F, W>(
        &self,
        time: RealOf<S>,
        state: &mut [RealOf<S>],
        drift: &mut F,
        words: &mut W,
        work: &mut [RealOf<S>],
    ) -> Result<Step, SliceError>
    where
        F: SliceDrift<RealOf<S>> + ?Sized,
        W: Words + ?Sized,
    {
        let dimension = dimension::<S>(state)?;
        let work = take(work, work_length::<S>(dimension))?;
        let (value, work) = work.split_at_mut_checked(dimension).unwrap_or_default();
        let (position, records) = work.split_at_mut_checked(dimension).unwrap_or_default();
        drift.drift(time, state.get(..dimension).unwrap_or_default(), value);
        let mut walk = Walk::<S>::new(time, state, value, position, records)?;
        while let Some(query) = walk.next(self, words)? {
            drift.drift(query.time, query.position, value);
            walk.supply(self, value)?;
        }
        walk.finish(self)
    }
}

/// A drift value that a [`SliceMacroStep`] asks for.
///
/// ```
/// use poisson_midpoint::slices::SliceQuery;
/// let query = SliceQuery { position: &[1.0_f32, 2.0], time: 0.5, inner_step: 3 };
/// assert_eq!(query.position.len(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SliceQuery<'a, T> {
    /// Where: the position of X̂\[m\].
    pub position: &'a [T],
    /// When: t\[m\].
    pub time: T,
    /// The midpoint m.
    pub inner_step: u32,
}

/// A macro step on a slice under way: it asks for drift values and is told them.
///
/// [`MacroStep`](crate::MacroStep) for a dimension known at run time; the same words, the same bits.
///
/// ```
/// use poisson_midpoint::slices::SliceStepper;
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, random::Stream, scheme::Overdamped};
/// let stepper = PoissonMidpoint::new(Overdamped::new(0.1_f64, 1000)?, MidpointLaw::Bernoulli);
/// let mut stream = Stream::new(42, 0);
/// let network = |x: &[f64], _time: f64| x.iter().map(|x| -x).collect::<Vec<_>>();
///
/// let mut x = [1.0, 2.0, 3.0];
/// let mut work = vec![0.0; stepper.work_length(3)];
/// let b0 = network(&x, 0.0);
/// let mut step = stepper.begin_slice(0.0, &mut x, &b0, &mut work)?;
/// while let Some(query) = step.next(&mut stream)? {
///     let drift = network(query.position, query.time);
///     step.supply(&drift)?;
/// }
/// let report = step.finish()?;
/// assert!(report.drift_calls >= 1 && x != [1.0, 2.0, 3.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SliceMacroStep<'a, S: Process<1>> {
    stepper: PoissonMidpoint<S>,
    walk: Walk<'a, S>,
}

impl<S: Process<1>> SliceMacroStep<'_, S> {
    /// The next drift value wanted, to be given to [`supply`](Self::supply), or `None` when the
    /// step can be finished. Asked twice, it returns the same and draws nothing.
    ///
    /// # Errors
    /// [`StepError::NonFiniteState`] if X̂ is not finite: the step can then never be finished.
    pub fn next<W: Words + ?Sized>(
        &mut self,
        words: &mut W,
    ) -> Result<Option<SliceQuery<'_, RealOf<S>>>, SliceError> {
        self.walk.next(&self.stepper, words)
    }

    /// Tells the drift that [`next`](Self::next) asked for.
    ///
    /// # Errors
    /// [`SliceError`] if its length is wrong, if it is not finite or if none was asked for; the step
    /// is then as it was.
    pub fn supply(&mut self, drift: &[RealOf<S>]) -> Result<(), SliceError> {
        self.walk.supply(&self.stepper, drift)
    }

    /// Lets go of the slices: [`SuspendedStep::resume`] takes them up again.
    #[must_use]
    pub fn suspend(self) -> SuspendedStep<S> {
        SuspendedStep {
            stepper: self.stepper,
            cursor: self.walk.cursor,
        }
    }

    /// Moves the state, and tells what the step cost.
    ///
    /// # Errors
    /// [`StepError::NonFiniteState`] if the result is not finite, [`StepError::Unfinished`] unless
    /// [`next`](Self::next) has returned `None`; the state is then as it was.
    pub fn finish(self) -> Result<Step, SliceError> {
        self.walk.finish(&self.stepper)
    }
}

/// A macro step on slices but for its stepper.
#[derive(Debug)]
struct Walk<'a, S: Process<1>> {
    cursor: Cursor<RealOf<S>>,
    state: &'a mut [RealOf<S>],
    position: &'a mut [RealOf<S>],
    records: &'a mut [RealOf<S>],
}

impl<'a, S: Process<1>> Walk<'a, S> {
    fn new(
        time: RealOf<S>,
        state: &'a mut [RealOf<S>],
        b0: &[RealOf<S>],
        position: &'a mut [RealOf<S>],
        work: &'a mut [RealOf<S>],
    ) -> Result<Self, SliceError> {
        check_length(b0.len(), position.len())?;
        if !state.iter().all(|x| x.is_finite()) {
            return Err(StepError::NonFiniteState { inner_step: 0 }.into());
        }
        check_drift(b0, 0)?;
        for (record, &b0) in records::<S>(work).zip(b0) {
            if let Some(place) = record.0.first_mut() {
                *place = b0;
            }
        }
        Ok(Self {
            cursor: Cursor::new(time),
            state,
            position,
            records: work,
        })
    }

    /// Goes to the next midpoint, unless the drift at the last is still wanted.
    fn next<W: Words + ?Sized>(
        &mut self,
        stepper: &PoissonMidpoint<S>,
        words: &mut W,
    ) -> Result<Option<SliceQuery<'_, RealOf<S>>>, SliceError> {
        if self.cursor.is_ready() {
            let leg = self.cursor.leg(stepper, |midpoints, previous| {
                midpoints.next(previous, words)
            })?;
            let dimension = self.position.len();
            let first = self.cursor.is_first();
            let mut finite = true;
            let places = self.position.iter_mut().enumerate();
            for (mut record, (d, position)) in records::<S>(self.records).zip(places) {
                let increment = increment::<S, W>(leg.span(), words);
                let before = (!first).then(|| record.get(Record::<S>::NOISE));
                let noise = leg.accumulate(before.as_ref(), &increment);
                record.set(Record::<S>::NOISE, &noise);
                let start = element::<S>(self.state, dimension, d);
                if let Some(estimate) = leg.estimate(&start, &Vector1::new(record.b0()), &noise) {
                    finite &= estimate.is_finite();
                    *position = estimate.position().x;
                }
            }
            if !finite {
                return Err(self.cursor.fail(&leg).into());
            }
            self.cursor.arrive(&leg);
        }
        Ok(self.cursor.asked().map(|midpoint| SliceQuery {
            position: self.position,
            time: self.cursor.time(stepper.scheme(), midpoint),
            inner_step: midpoint,
        }))
    }

    fn supply(
        &mut self,
        stepper: &PoissonMidpoint<S>,
        drift: &[RealOf<S>],
    ) -> Result<(), SliceError> {
        let Some(midpoint) = self.cursor.asked() else {
            return Err(StepError::DriftNotAsked.into());
        };
        check_length(drift.len(), self.position.len())?;
        check_drift(drift, midpoint)?;
        let correct = stepper.correction(midpoint);
        let first = !self.cursor.is_corrected();
        for (mut record, &drift) in records::<S>(self.records).zip(drift) {
            let mut correction = correct(&Vector1::new(drift), &Vector1::new(record.b0()));
            if !first {
                correction = record.get(Record::<S>::CORRECTION).plus(&correction);
            }
            record.set(Record::<S>::CORRECTION, &correction);
        }
        self.cursor.supplied();
        Ok(())
    }

    fn finish(self, stepper: &PoissonMidpoint<S>) -> Result<Step, SliceError> {
        if !self.cursor.is_drawn() {
            return Err(StepError::Unfinished.into());
        }
        let dimension = self.position.len();
        let mut finite = true;
        for (d, mut record) in records::<S>(self.records).enumerate() {
            let noise = record.get(Record::<S>::NOISE);
            let corrected = self.cursor.is_corrected();
            let correction = corrected.then(|| record.get(Record::<S>::CORRECTION));
            let start = element::<S>(self.state, dimension, d);
            let b0 = Vector1::new(record.b0());
            let moved = stepper.moved(&start, &b0, &noise, correction.as_ref());
            finite &= moved.is_finite();
            record.set(Record::<S>::NOISE, &moved);
        }
        if !finite {
            let inner_step = stepper.scheme().inner_steps();
            return Err(StepError::NonFiniteState { inner_step }.into());
        }
        for (d, record) in records::<S>(self.records).enumerate() {
            let moved = record.get(Record::<S>::NOISE);
            set_element::<S>(self.state, dimension, d, &moved);
        }
        Ok(self.cursor.report())
    }
}

#[cfg(feature = "defmt")]
impl<S> defmt::Format for SliceMacroStep<'_, S>
where
    S: Process<1, Real: defmt::Format, Span: defmt::Format> + defmt::Format,
{
    fn format(&self, f: defmt::Formatter<'_>) {
        let Self { stepper, walk } = self;
        defmt::write!(
            f,
            "SliceMacroStep {{ stepper: {}, cursor: {}, state: {=[?]} }}",
            stepper,
            walk.cursor,
            &*walk.state
        );
    }
}

/// A macro step on a slice without its slices: plain data that borrows nothing, so a step can wait in
/// a static or a message while the drift is computed.
///
/// ```
/// use poisson_midpoint::slices::SliceStepper;
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, random::Stream, scheme::Overdamped};
/// let stepper = PoissonMidpoint::new(Overdamped::new(0.1_f64, 1000)?, MidpointLaw::Single);
/// let (mut x, mut work, mut stream) = ([1.0, 2.0], [0.0; 10], Stream::new(42, 0));
/// let mut step = stepper.begin_slice(0.0, &mut x, &[-1.0, -2.0], &mut work)?;
/// step.next(&mut stream)?;
/// let suspended = step.suspend();
/// assert_eq!(x, [1.0, 2.0]);
/// let mut step = suspended.resume(&mut x, &mut work)?;
/// step.supply(&[-0.9, -1.9])?;
/// step.next(&mut stream)?;
/// let _ = step.finish()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "defmt", defmt(bound(S: defmt::Format, S::Real: defmt::Format, S::Span: defmt::Format)))]
pub struct SuspendedStep<S: Process<1>> {
    stepper: PoissonMidpoint<S>,
    cursor: Cursor<RealOf<S>>,
}

impl<S: Process<1>> SuspendedStep<S> {
    /// The length of the work slice that a step of so many dimensions is resumed with, or more.
    #[must_use]
    pub fn work_length(&self, dimension: usize) -> usize {
        self.stepper.work_length(dimension)
    }

    /// Where the step asks for the drift, in the work slice that it was suspended with.
    pub(crate) fn position<'a>(
        &self,
        dimension: usize,
        work: &'a [RealOf<S>],
    ) -> Result<&'a [RealOf<S>], SliceError> {
        let (length, needed) = (work.len(), self.work_length(dimension));
        let position = work.get(dimension..dimension.saturating_mul(2));
        position.ok_or(SliceError::Work { length, needed })
    }

    /// The step with its slices, which hold what they held when it was suspended.
    ///
    /// # Errors
    /// [`SliceError::State`] or [`SliceError::Work`] if a length is wrong.
    pub fn resume<'a>(
        &self,
        state: &'a mut [RealOf<S>],
        work: &'a mut [RealOf<S>],
    ) -> Result<SliceMacroStep<'a, S>, SliceError> {
        let (position, records) = split::<S>(state, work)?;
        let walk = Walk {
            cursor: self.cursor,
            state,
            position,
            records,
        };
        Ok(SliceMacroStep {
            stepper: self.stepper,
            walk,
        })
    }
}

type Values<'a, S> = &'a mut [RealOf<S>];

/// The midpoint and the records in a work slice long enough for one-call steps too.
fn split<'a, S: Process<1>>(
    state: &[RealOf<S>],
    work: &'a mut [RealOf<S>],
) -> Result<(Values<'a, S>, Values<'a, S>), SliceError> {
    let dimension = dimension::<S>(state)?;
    let work = take(work, work_length::<S>(dimension))?;
    let (_, work) = work.split_at_mut_checked(dimension).unwrap_or_default();
    Ok(work.split_at_mut_checked(dimension).unwrap_or_default())
}

/// The midpoint X̂ and the drift there; b₀, W and the corrections.
fn work_length<S: Process<1>>(dimension: usize) -> usize {
    dimension.saturating_mul(2 + Record::<S>::LENGTH)
}

/// Whether a drift has as many components as the process has dimensions.
fn check_length(length: usize, dimension: usize) -> Result<(), SliceError> {
    if length == dimension {
        Ok(())
    } else {
        Err(SliceError::Drift { length, dimension })
    }
}
