//! The Poisson midpoint method on slices: the loops of [`walk`](super::walk) over blocks of [`Slices`].

use super::poisson_midpoint::PoissonMidpoint;
use super::stepper::Stepper;
use super::walk::{Cursor, Walk, accumulate, correct, write_estimate, write_result};
use crate::dynamics::cell::Cell;
use crate::dynamics::segment::Normals;
use crate::dynamics::{CellOf, Dynamics, RealOf, SpanOf};
use crate::error::{Step, StepError, are_finite, check_drift_slice};
use crate::memory::slice::{
    BlockWork, SliceError, Slices, block_of, check_drift_length, in_blocks,
};
use crate::random::{Midpoints, Words};
use crate::real::Real;

/// A step under way.
type WalkOf<'a, S> = Walk<RealOf<S>, SlicesOf<'a, S>>;

/// The memory of a step under way.
type SlicesOf<'a, S> = Slices<'a, RealOf<S>, CellOf<S, RealOf<S>>>;

pub(super) fn work_length<S: Dynamics>(dimension: usize) -> usize {
    SlicesOf::<S>::work_length(dimension)
}

/// One step in one call.
pub(super) fn step<S, F, W>(
    stepper: &PoissonMidpoint<S>,
    time: RealOf<S>,
    state: &mut [RealOf<S>],
    mut drift: F,
    words: &mut W,
    work: &mut [RealOf<S>],
) -> Result<Step, SliceError>
where
    S: Dynamics,
    F: FnMut(RealOf<S>, &[RealOf<S>], &mut [RealOf<S>]),
    W: Words + ?Sized,
{
    let (mut memory, value) = SlicesOf::<S>::new(state, work)?;
    let (position, b0) = memory.start();
    drift(time, position, b0);
    let mut walk = begin::<S>(time, memory)?;
    while let Some(query) = stepper.next_in_slices(&mut walk, words)? {
        drift(query.time, query.position, value);
        stepper.supply_slice(&mut walk, value)?;
    }
    finish::<S>(walk)
}

/// A step before its first midpoint; the memory holds b₀.
fn begin<S: Dynamics>(
    time: RealOf<S>,
    mut memory: SlicesOf<'_, S>,
) -> Result<WalkOf<'_, S>, SliceError> {
    if !are_finite(memory.state) {
        return Err(StepError::NonFiniteState { inner_step: 0 }.into());
    }
    check_drift_slice(memory.start().1, 0)?;
    Ok(Walk {
        cursor: Cursor::new(time),
        memory,
    })
}

/// Moves the state to the result.
fn finish<S: Dynamics>(walk: WalkOf<'_, S>) -> Result<Step, SliceError> {
    let step = walk.cursor.finish()?;
    walk.memory.commit();
    Ok(step)
}

/// A drift value that a step on a slice in split phase asks for.
///
/// ```
/// use poisson_midpoint::slices::SliceQuery;
/// let query = SliceQuery { position: &[1.0_f32, 2.0], time: 0.5, inner_step: 3 };
/// assert_eq!(query.position.len(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SliceQuery<'a, T> {
    /// Where: the position of X̂.
    pub position: &'a [T],
    /// When: the time of X̂.
    pub time: T,
    /// The inner step that it falls into: the midpoint m of the Poisson midpoint method, which begins there.
    pub inner_step: u32,
}

/// A macro step on a slice under way: it asks for drift values, which the caller supplies.
///
/// [`MacroStep`](crate::MacroStep) for a dimension known at run time; the same words, the same bits.
///
/// ```
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, Stepper, dynamics::Overdamped, random::Stream};
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
pub struct SliceMacroStep<'a, S: Dynamics> {
    stepper: PoissonMidpoint<S>,
    walk: WalkOf<'a, S>,
}

impl<'a, S: Dynamics> SliceMacroStep<'a, S> {
    pub(super) fn new(
        stepper: PoissonMidpoint<S>,
        time: RealOf<S>,
        state: &'a mut [RealOf<S>],
        b0: &[RealOf<S>],
        work: &'a mut [RealOf<S>],
    ) -> Result<Self, SliceError> {
        let (mut memory, _) = SlicesOf::<S>::new(state, work)?;
        check_drift_length(b0.len(), memory.dimension())?;
        for (place, &b0) in memory.start().1.iter_mut().zip(b0) {
            *place = b0;
        }
        let walk = begin::<S>(time, memory)?;
        Ok(Self { stepper, walk })
    }

    /// The next drift value wanted, to be given to [`supply`](Self::supply), or `None` when the
    /// step can be finished. If called twice, it returns the same and draws nothing.
    ///
    /// # Errors
    /// [`StepError::NonFiniteState`](crate::StepError::NonFiniteState) if X̂ or the result is not finite: the step can
    /// then never be finished, and later calls return the same error.
    pub fn next<W: Words + ?Sized>(
        &mut self,
        words: &mut W,
    ) -> Result<Option<SliceQuery<'_, RealOf<S>>>, SliceError> {
        self.stepper.next_in_slices(&mut self.walk, words)
    }

    /// Supplies the drift that [`next`](Self::next) asked for.
    ///
    /// # Errors
    /// [`SliceError`] if the drift has the wrong length, is not finite or was not asked for; the step
    /// is then as it was.
    pub fn supply(&mut self, drift: &[RealOf<S>]) -> Result<(), SliceError> {
        self.stepper.supply_slice(&mut self.walk, drift)
    }

    /// Releases the slices: [`SuspendedStep::resume`] takes them again.
    #[must_use]
    pub fn suspend(self) -> SuspendedStep<S> {
        SuspendedStep {
            stepper: self.stepper,
            cursor: self.walk.cursor,
        }
    }

    /// Moves the state, and returns what the step cost.
    ///
    /// # Errors
    /// [`StepError::Unfinished`](crate::StepError::Unfinished) unless [`next`](Self::next) has returned `None`, or the
    /// error that `next` returned; the state is then as it was.
    pub fn finish(self) -> Result<Step, SliceError> {
        finish::<S>(self.walk)
    }
}

/// The loops of [`walk`](super::walk) over slices.
impl<S: Dynamics> PoissonMidpoint<S> {
    /// Goes to the next midpoint, unless the drift at the last one is still wanted.
    fn next_in_slices<'w, W: Words + ?Sized>(
        &self,
        Walk { cursor, memory }: &'w mut WalkOf<'_, S>,
        words: &mut W,
    ) -> Result<Option<SliceQuery<'w, RealOf<S>>>, SliceError> {
        let asked = if cursor.is_ready() {
            let draw = |midpoints: &Midpoints, previous| midpoints.next(previous, words);
            let leg = self.next_leg(cursor, draw)?;
            let dimension = memory.dimension();
            let mut noise = Accumulation::<S, _> {
                span: &leg.span,
                is_first: cursor.is_first(),
                memory,
                words,
            };
            in_blocks(dimension, &mut noise);
            let mut arrival = Arrival::<S> {
                from_start: leg.from_start.as_ref(),
                whole: self.whole(),
                is_corrected: cursor.is_corrected(),
                memory,
                finite: true,
            };
            in_blocks(dimension, &mut arrival);
            let finite = arrival.finite;
            if leg.from_start.is_some() {
                cursor.ask(leg.to, finite)?
            } else {
                cursor.end(leg.to, finite)?
            }
        } else {
            cursor.wanted()?
        };
        Ok(asked.map(|midpoint| SliceQuery {
            position: &*memory.estimate,
            time: cursor.time(self.dynamics(), midpoint),
            inner_step: midpoint,
        }))
    }

    /// Adds the correction by the drift asked for. Inlined: a call would cost a microcontroller 32 bytes of stack.
    #[inline(always)]
    fn supply_slice(
        &self,
        Walk { cursor, memory }: &mut WalkOf<'_, S>,
        drift: &[RealOf<S>],
    ) -> Result<(), SliceError> {
        let Some(midpoint) = cursor.asked() else {
            return Err(StepError::DriftNotAsked.into());
        };
        check_drift_length(drift.len(), memory.dimension())?;
        check_drift_slice(drift, midpoint)?;
        let mut correction = Correction {
            kick: self.weighted_kick(midpoint),
            is_corrected: cursor.is_corrected(),
            memory,
            drift,
        };
        in_blocks(drift.len(), &mut correction);
        cursor.supplied();
        Ok(())
    }
}

/// The noise of a leg from the next words, in all coordinates.
struct Accumulation<'w, 'a, S: Dynamics, W: ?Sized> {
    span: &'w SpanOf<S>,
    is_first: bool,
    memory: &'w mut SlicesOf<'a, S>,
    words: &'w mut W,
}

impl<S: Dynamics, W: Words + ?Sized> BlockWork for Accumulation<'_, '_, S, W> {
    #[inline(always)]
    fn block<const L: usize>(&mut self, at: usize) {
        let noise = Normals::<_, L>::next::<SpanOf<S>, _>(self.words);
        if let Some(mut block) = self.memory.block::<L>(at) {
            let increment = |d| noise.increment(self.span, d);
            accumulate(self.span, self.is_first, &mut block, increment);
        }
    }
}

/// The end of a leg, X̂ at a midpoint or the result, in all coordinates. One loop for both: two would be more code.
struct Arrival<'w, 'a, S: Dynamics> {
    from_start: Option<&'w SpanOf<S>>,
    whole: &'w SpanOf<S>,
    is_corrected: bool,
    memory: &'w mut SlicesOf<'a, S>,
    finite: bool,
}

impl<S: Dynamics> BlockWork for Arrival<'_, '_, S> {
    #[inline(always)]
    fn block<const L: usize>(&mut self, at: usize) {
        if let Some(mut block) = self.memory.block::<L>(at) {
            self.finite &= match self.from_start {
                Some(from_start) => write_estimate(from_start, &mut block),
                None => write_result(self.whole, self.is_corrected, &mut block),
            };
        }
    }
}

/// The correction by a drift, in all coordinates.
struct Correction<'w, 'a, T, C> {
    kick: C,
    is_corrected: bool,
    memory: &'w mut Slices<'a, T, C>,
    drift: &'w [T],
}

impl<T: Real, C: Cell<T>> BlockWork for Correction<'_, '_, T, C> {
    #[inline(always)]
    fn block<const L: usize>(&mut self, at: usize) {
        if let Some(drift) = block_of::<_, L>(self.drift, at)
            && let Some(mut block) = self.memory.block::<L>(at)
        {
            let component = |d| drift.get(d).copied().unwrap_or_default();
            correct(self.kick, self.is_corrected, &mut block, component);
        }
    }
}

#[cfg(feature = "defmt")]
impl<S> defmt::Format for SliceMacroStep<'_, S>
where
    S: Dynamics<Real: defmt::Format> + defmt::Format,
    SpanOf<S>: defmt::Format,
{
    fn format(&self, f: defmt::Formatter<'_>) {
        let Self { stepper, walk } = self;
        defmt::write!(
            f,
            "SliceMacroStep {{ stepper: {}, cursor: {}, state: {=[?]} }}",
            stepper,
            walk.cursor,
            &*walk.memory.state
        );
    }
}

/// A macro step on a slice without its slices: plain data that borrows nothing, so a step can wait in
/// a static or a message while the drift is computed.
///
/// ```
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, dynamics::Overdamped, random::Stream};
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
#[cfg_attr(feature = "defmt", defmt(bound(S: defmt::Format, S::Real: defmt::Format, SpanOf<S>: defmt::Format)))]
pub struct SuspendedStep<S: Dynamics> {
    stepper: PoissonMidpoint<S>,
    cursor: Cursor<S::Real>,
}

impl<S: Dynamics> SuspendedStep<S> {
    /// The least length of the work slice with which a step of so many dimensions is resumed.
    #[must_use]
    pub fn work_length(&self, dimension: usize) -> usize {
        self.stepper.work_length(dimension)
    }

    /// The step with its slices, which must hold what they held when it was suspended.
    ///
    /// # Errors
    /// [`SliceError::State`] or [`SliceError::Work`] if a length is wrong.
    pub fn resume<'a>(
        &self,
        state: &'a mut [RealOf<S>],
        work: &'a mut [RealOf<S>],
    ) -> Result<SliceMacroStep<'a, S>, SliceError> {
        let (memory, _) = SlicesOf::<S>::new(state, work)?;
        Ok(SliceMacroStep {
            stepper: self.stepper,
            walk: Walk {
                cursor: self.cursor,
                memory,
            },
        })
    }
}
