//! One face for the two ways of taking a step in split phase: on vectors, and on slices between whose every two calls
//! the step is suspended.

use poisson_midpoint::dynamics::Dynamics;
use poisson_midpoint::nalgebra::SVector;
use poisson_midpoint::random::Stream;
use poisson_midpoint::slices::{SliceError, SliceMacroStep, SuspendedStep};
use poisson_midpoint::{MacroStep, PoissonMidpoint, State, StepError, Stepper};

use crate::numbers::Scalar;
use crate::state::components;

/// What a step asks for, in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<const D: usize> {
    /// X̂.
    pub position: [u64; D],
    /// t.
    pub time: u64,
    /// m.
    pub inner_step: u32,
}

/// A step in split phase.
pub trait Split<T: Scalar, const D: usize> {
    /// The next drift wanted.
    ///
    /// # Errors
    /// The step's own.
    fn next(&mut self, stream: &mut Stream) -> Result<Option<Query<D>>, StepError>;
    /// Tells the drift.
    ///
    /// # Errors
    /// The step's own.
    fn supply(&mut self, drift: &[T; D]) -> Result<(), StepError>;
    /// Tries to tell a drift of another length than D.
    fn supply_wrong_length(&mut self, drift: &[T], is_asked: bool);
    /// What finishing now would give; the step stays as it is.
    ///
    /// # Errors
    /// The step's own.
    fn finish(&self) -> Result<u32, StepError>;
    /// The components of the state that the caller still has.
    fn state(&self) -> Vec<T>;
    /// The components of the state after the step, or of the one before if it failed.
    fn finished(self) -> Vec<T>;
}

/// On vectors.
#[derive(Debug)]
pub struct InVectors<S: Dynamics, const D: usize> {
    start: S::State<D>,
    step: MacroStep<S, S::State<D>>,
}

impl<S: Dynamics, const D: usize> InVectors<S, D> {
    /// Begins a step.
    ///
    /// # Errors
    /// The step's own.
    pub fn begin(
        stepper: PoissonMidpoint<S>,
        time: S::Real,
        start: S::State<D>,
        b0: SVector<S::Real, D>,
    ) -> Result<Self, StepError> {
        let step = stepper.begin(time, &start, b0)?;
        Ok(Self { start, step })
    }
}

impl<T: Scalar, S: Dynamics<Real = T>, const D: usize> Split<T, D> for InVectors<S, D> {
    fn next(&mut self, stream: &mut Stream) -> Result<Option<Query<D>>, StepError> {
        let query = self.step.next(stream)?;
        Ok(query.map(|query| Query {
            position: std::array::from_fn(|d| query.position[d].to_bits()),
            time: query.time.to_bits(),
            inner_step: query.inner_step,
        }))
    }

    fn supply(&mut self, drift: &[T; D]) -> Result<(), StepError> {
        self.step.supply(SVector::from(*drift))
    }

    fn supply_wrong_length(&mut self, _drift: &[T], _is_asked: bool) {}

    fn finish(&self) -> Result<u32, StepError> {
        self.step.finish().map(|(_, step)| step.drift_calls)
    }

    fn state(&self) -> Vec<T> {
        components(&self.start)
    }

    fn finished(self) -> Vec<T> {
        let state = self.step.finish().map_or(self.start, |(state, _)| state);
        components(&state)
    }
}

/// On slices.
#[derive(Debug)]
pub struct InSlices<S: Dynamics> {
    state: Vec<S::Real>,
    work: Vec<S::Real>,
    step: SuspendedStep<S>,
}

/// The step's error in one on slices whose lengths are right.
fn step_error(error: SliceError) -> StepError {
    match error {
        SliceError::Step(error) => error,
        other => panic!("{other}"),
    }
}

/// Work slices hold anything before a step; this tells when that is read.
fn work<T: Scalar>(length: usize) -> Vec<T> {
    vec![T::of(f64::NAN); length]
}

impl<T: Scalar, S: Dynamics<Real = T>> InSlices<S> {
    /// Begins a step, after those that the lengths of its slices forbid.
    ///
    /// # Errors
    /// The step's own.
    pub fn begin<const D: usize>(
        stepper: PoissonMidpoint<S>,
        time: T,
        start: &S::State<D>,
        b0: &[T; D],
    ) -> Result<Self, StepError> {
        let mut state = components(start);
        let mut work = work(stepper.work_length(D));
        let (length, needed) = (work.len() - 1, work.len());
        let short = stepper.begin_slice(time, &mut state, b0, &mut work[1..]);
        assert_eq!(short.err(), Some(SliceError::Work { length, needed }));
        let empty = stepper.begin_slice(time, &mut [], b0, &mut work).err();
        let parts = S::State::<D>::PARTS;
        assert_eq!(empty, Some(SliceError::State { length: 0, parts }));
        let long = stepper.begin_slice(time, &mut state, &[T::ZERO; 9], &mut work);
        let (length, dimension) = (9, D);
        assert_eq!(long.err(), Some(SliceError::Drift { length, dimension }));
        let step = stepper.begin_slice(time, &mut state, b0, &mut work);
        let step = step.map_err(step_error)?.suspend();
        Ok(Self { state, work, step })
    }

    /// Takes up the step, and suspends it again.
    fn resumed<R>(&mut self, run: impl FnOnce(&mut SliceMacroStep<'_, S>) -> R) -> R {
        let mut step = self.step.resume(&mut self.state, &mut self.work).unwrap();
        let result = run(&mut step);
        self.step = step.suspend();
        result
    }

    /// The step in one call, shown to `check` as its drift calls, state and word position. `drift` is told the number
    /// of the evaluation first.
    pub fn one_call<const D: usize>(
        stepper: &PoissonMidpoint<S>,
        time: T,
        start: &S::State<D>,
        mut stream: Stream,
        drift: impl Fn(u32, T, [T; D]) -> [T; D],
        check: impl FnOnce(Result<u32, StepError>, &[T], u64),
    ) {
        let (mut state, mut evaluation) = (components(start), 0);
        let mut work = work(stepper.work_length(D));
        let write = |time: T, x: &[T], value: &mut [T]| {
            value.copy_from_slice(&drift(evaluation, time, x.try_into().unwrap()));
            evaluation += 1;
        };
        let result = stepper.step_slice(time, &mut state, write, &mut stream, &mut work);
        let result = result.map(|step| step.drift_calls).map_err(step_error);
        check(result, &state, stream.word_position());
    }
}

impl<T: Scalar, S: Dynamics<Real = T>, const D: usize> Split<T, D> for InSlices<S> {
    fn next(&mut self, stream: &mut Stream) -> Result<Option<Query<D>>, StepError> {
        self.resumed(|step| {
            let query = step.next(stream).map_err(step_error)?;
            Ok(query.map(|query| Query {
                position: std::array::from_fn(|d| query.position[d].to_bits()),
                time: query.time.to_bits(),
                inner_step: query.inner_step,
            }))
        })
    }

    fn supply(&mut self, drift: &[T; D]) -> Result<(), StepError> {
        self.resumed(|step| step.supply(drift)).map_err(step_error)
    }

    fn supply_wrong_length(&mut self, drift: &[T], is_asked: bool) {
        let (length, dimension) = (drift.len(), D);
        let expected = match is_asked {
            true => SliceError::Drift { length, dimension },
            false => SliceError::Step(StepError::DriftNotAsked),
        };
        assert_eq!(self.resumed(|step| step.supply(drift)), Err(expected));
    }

    fn finish(&self) -> Result<u32, StepError> {
        let (mut state, mut work) = (self.state.clone(), self.work.clone());
        let step = self.step.resume(&mut state, &mut work).unwrap();
        let result = step
            .finish()
            .map(|step| step.drift_calls)
            .map_err(step_error);
        if result.is_err() {
            let bits = crate::state::slice_bits;
            assert_eq!(bits(&state), bits(&self.state));
        }
        result
    }

    fn state(&self) -> Vec<T> {
        self.state.clone()
    }

    fn finished(mut self) -> Vec<T> {
        let step = self.step.resume(&mut self.state, &mut self.work).unwrap();
        let _ = step.finish();
        self.state
    }
}
