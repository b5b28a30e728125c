//! What the C functions do, for any dynamics and scalar.

use core::ffi::c_void;
use core::ptr;

use core_crate::dynamics::Dynamics;
use core_crate::random::Words;
use core_crate::slices::SuspendedStep;
use core_crate::{MidpointLaw, PoissonMidpoint, State, Stepper};

use crate::arrays::{array, array_mut, check_apart, region};
use crate::object::{Handle, busy, check, get, get_mut, init, is_busy, write};
use crate::status::pmid_status_t::{
    self, PMID_BAD_DIMENSION, PMID_BAD_LAW, PMID_DRIFT_FAILED, PMID_NULL_POINTER,
};
use crate::stream::pmid_stream_t;
use crate::types::{CDrift, PMID_BERNOULLI, PMID_SINGLE, Scalar};

type RealOf<S> = <S as Dynamics>::Real;

/// The length of a state.
fn state_length<S: Dynamics>(dimension: usize) -> Result<usize, pmid_status_t> {
    let parts = S::State::<1>::PARTS;
    dimension.checked_mul(parts).ok_or(PMID_BAD_DIMENSION)
}

pub(crate) fn law(law: u32) -> Result<MidpointLaw, pmid_status_t> {
    match law {
        PMID_BERNOULLI => Ok(MidpointLaw::Bernoulli),
        PMID_SINGLE => Ok(MidpointLaw::Single),
        _ => Err(PMID_BAD_LAW),
    }
}

/// Writes the number of a step's drift evaluations, unless the pointer is null.
///
/// # Safety
/// `drift_calls` is null, misaligned or valid for writes.
unsafe fn report(drift_calls: *mut u32, count: u32) -> Result<(), pmid_status_t> {
    if drift_calls.is_null() {
        return Ok(());
    }
    // SAFETY: as the caller promises.
    unsafe { write(drift_calls, count) }
}

/// Checks, before anything changes, that `report` can write; returns the region that it writes.
fn check_report(drift_calls: *mut u32) -> Result<(usize, usize), pmid_status_t> {
    if !drift_calls.is_null() {
        check(drift_calls)?;
    }
    Ok(region(drift_calls, usize::from(!drift_calls.is_null())))
}

/// One step by any method.
///
/// # Safety
/// As the header's introduction demands.
#[allow(clippy::too_many_arguments, reason = "the C function has as many")]
pub(crate) unsafe fn step<H, S, T>(
    stepper: *const H,
    time: T,
    state: *mut T,
    dimension: usize,
    drift: Option<CDrift<T>>,
    context: *mut c_void,
    stream: *mut pmid_stream_t,
    work: *mut T,
    work_length: usize,
    drift_calls: *mut u32,
) -> Result<(), pmid_status_t>
where
    H: Handle<Value: Stepper<Dynamics = S> + Copy>,
    S: Dynamics<Real = T>,
    T: Scalar,
{
    let drift = drift.ok_or(PMID_NULL_POINTER)?;
    let output = check_report(drift_calls)?;
    let state_length = state_length::<S>(dimension)?;
    check_apart(&[
        region(stepper, 1),
        region(stream, 1),
        region(state, state_length),
        region(work, work_length),
        output,
    ])?;
    // SAFETY: as the header's introduction demands; checked to lie apart. The stepper is copied, since the drift
    // function may make it anew.
    let (stepper, state, work) = unsafe {
        (
            *get(stepper)?,
            array_mut(state, state_length)?,
            array_mut(work, work_length)?,
        )
    };
    let mut failed = false;
    let mut call = |time: T, position: &[T], value: &mut [T]| {
        let (at, drift_of, length) = (position.as_ptr(), value.as_mut_ptr(), value.len());
        // SAFETY: the caller's own function, with arrays of the length that it is told.
        let code = unsafe { drift(context, time, at, drift_of, length) };
        // SAFETY: the stream is valid for reads, since it is busy.
        if code != 0 || unsafe { !is_busy(stream) } {
            // NaN ends the step.
            value.fill(T::NAN);
            failed = true;
        }
    };
    // SAFETY: as the header's introduction demands.
    let result = unsafe {
        busy(stream, |words| {
            stepper.step_slice(time, state, &mut call, words, work)
        })?
    };
    match result {
        Err(_) if failed => Err(PMID_DRIFT_FAILED),
        Err(error) => Err(error.into()),
        // SAFETY: as the header's introduction demands.
        Ok(step) => unsafe { report(drift_calls, step.drift_calls) },
    }
}

/// A macro step between two calls.
pub struct Waiting<S: Dynamics> {
    step: SuspendedStep<S>,
    state: *mut RealOf<S>,
    work: *mut RealOf<S>,
    dimension: usize,
}

impl<S: Dynamics> Waiting<S> {
    /// The state and the work array, after a check that they overlap none of the call's other regions.
    ///
    /// # Safety
    /// The arrays given to `begin` are still there and nobody else uses them meanwhile.
    unsafe fn arrays<'a>(
        &self,
        others: &[(usize, usize)],
    ) -> Result<[&'a mut [RealOf<S>]; 2], pmid_status_t> {
        let state_length = state_length::<S>(self.dimension)?;
        let work_length = self.step.work_length(self.dimension);
        let (state, work) = (
            region(self.state, state_length),
            region(self.work, work_length),
        );
        for &other in others {
            check_apart(&[other, state, work])?;
        }
        // SAFETY: checked by `begin`, and as the caller promises.
        unsafe {
            Ok([
                array_mut(self.state, state_length)?,
                array_mut(self.work, work_length)?,
            ])
        }
    }
}

/// Begins a step.
///
/// # Safety
/// As the header's introduction demands.
#[allow(clippy::too_many_arguments, reason = "the C function has as many")]
pub(crate) unsafe fn begin<M, H, S, T>(
    step: *mut M,
    stepper: *const H,
    time: T,
    state: *mut T,
    dimension: usize,
    b0: *const T,
    work: *mut T,
    work_length: usize,
) -> Result<(), pmid_status_t>
where
    M: Handle<Value = Waiting<S>>,
    H: Handle<Value = PoissonMidpoint<S>>,
    S: Dynamics<Real = T>,
    T: Scalar,
{
    check(step)?;
    let state_length = state_length::<S>(dimension)?;
    check_apart(&[
        region(step, 1),
        region(stepper, 1),
        region(state, state_length),
        region(b0, dimension),
        region(work, work_length),
    ])?;
    // SAFETY: as the header's introduction demands; checked to lie apart.
    unsafe {
        let stepper = get(stepper)?;
        let (state_slice, b0) = (array_mut(state, state_length)?, array(b0, dimension)?);
        let work_slice = array_mut(work, work_length)?;
        let begun = stepper.begin_slice(time, state_slice, b0, work_slice)?;
        let waiting = Waiting {
            step: begun.suspend(),
            state,
            work,
            dimension,
        };
        init(step, || waiting)
    }
}

/// Writes the query for the drift value that a step needs next.
///
/// # Safety
/// As the header's introduction demands.
pub(crate) unsafe fn next<M, S, T>(
    step: *mut M,
    stream: *mut pmid_stream_t,
    query: *mut T::Query,
) -> Result<(), pmid_status_t>
where
    M: Handle<Value = Waiting<S>>,
    S: Dynamics<Real = T>,
    T: Scalar,
{
    check(query)?;
    let others = [region(step, 1), region(stream, 1), region(query, 1)];
    check_apart(&others)?;
    // SAFETY: as the header's introduction demands; checked to lie apart.
    unsafe {
        let waiting = get_mut(step)?;
        let [state, work] = waiting.arrays(&others)?;
        let stream = get_mut(stream)?;
        let mut step = waiting.step.resume(state, work)?;
        let asked = step.next::<dyn Words>(stream);
        let asked = asked.map(|asked| match asked {
            None => T::query(ptr::null(), T::ZERO, 0),
            Some(asked) => T::query(asked.position.as_ptr(), asked.time, asked.inner_step),
        });
        waiting.step = step.suspend();
        write(query, asked?)
    }
}

/// Gives a step the drift value that it asked for.
///
/// # Safety
/// As the header's introduction demands.
pub(crate) unsafe fn supply<M, S, T>(
    step: *mut M,
    drift: *const T,
    dimension: usize,
) -> Result<(), pmid_status_t>
where
    M: Handle<Value = Waiting<S>>,
    S: Dynamics<Real = T>,
    T: Scalar,
{
    // SAFETY: as the header's introduction demands; checked to lie apart.
    unsafe {
        let waiting = get_mut(step)?;
        let others = [region(step, 1), region(drift, dimension)];
        check_apart(&others)?;
        let [state, work] = waiting.arrays(&others)?;
        let drift = array(drift, dimension)?;
        let mut step = waiting.step.resume(state, work)?;
        step.supply(drift)?;
        waiting.step = step.suspend();
        Ok(())
    }
}

/// Finishes a step: moves its state.
///
/// # Safety
/// As the header's introduction demands.
pub(crate) unsafe fn finish<M, S, T>(
    step: *mut M,
    drift_calls: *mut u32,
) -> Result<(), pmid_status_t>
where
    M: Handle<Value = Waiting<S>>,
    S: Dynamics<Real = T>,
    T: Scalar,
{
    let output = check_report(drift_calls)?;
    // SAFETY: as the header's introduction demands; checked to lie apart.
    unsafe {
        let waiting = get_mut(step)?;
        let others = [region(step, 1), output];
        check_apart(&others)?;
        let [state, work] = waiting.arrays(&others)?;
        let done = waiting.step.resume(state, work)?.finish()?;
        // The mark is cleared: a step can be finished only once.
        step.cast::<u32>().write(0);
        report(drift_calls, done.drift_calls)
    }
}
