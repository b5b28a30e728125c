//! The status that every call returns.

use core::ffi::{CStr, c_char};

use core_crate::diffusion::{SampleError, SamplerError, ScheduleError, TimestepsError};
use core_crate::random::PastEnd;
use core_crate::slices::SliceError;
use core_crate::{Parameter, ParameterError, StepError};

/// The outcome of a call. Any status except PMID_OK leaves every output, state and object as it was, with these
/// exceptions: a failed step has read from its stream; an array to be filled may hold anything, and the sampler that
/// was to be made over it may no longer be initialised; a run that stops with PMID_NON_FINITE_SAMPLE has gone as far as
/// it could.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum pmid_status_t {
    /// Done.
    PMID_OK = 0,
    /// A pointer is null.
    PMID_NULL_POINTER = 1,
    /// A pointer is not aligned for its type.
    PMID_MISALIGNED_POINTER = 2,
    /// An object was never initialised, or was initialised as another type.
    PMID_UNINITIALIZED = 3,
    /// A drift function called back with the stream of its step, or made that stream anew.
    PMID_BUSY = 4,
    /// Two arrays, or an array and an object, overlap.
    PMID_OVERLAP = 5,
    /// The number of dimensions is 0 or its arrays would not fit in memory.
    PMID_BAD_DIMENSION = 6,
    /// The work array is too short.
    PMID_WORK_TOO_SHORT = 7,
    /// The law is neither PMID_BERNOULLI nor PMID_SINGLE.
    PMID_BAD_LAW = 8,
    /// The step size is not in (0, inf), or what a method makes of it is out of the scalar's range. So it is with the
    /// parameters below: a product or a quotient that overflows or loses digits is refused too.
    PMID_BAD_STEP_SIZE = 9,
    /// The number of inner steps is 0.
    PMID_BAD_INNER_STEPS = 10,
    /// The temperature is not in (0, inf).
    PMID_BAD_TEMPERATURE = 11,
    /// The mobility is not in (0, inf).
    PMID_BAD_MOBILITY = 12,
    /// The friction is not in (0, inf).
    PMID_BAD_FRICTION = 13,
    /// The mass is not in (0, inf).
    PMID_BAD_MASS = 14,
    /// The linear rate is not finite.
    PMID_BAD_LINEAR_RATE = 15,
    /// The diffusion coefficient is not in [0, inf).
    PMID_BAD_DIFFUSION_COEFFICIENT = 16,
    /// A stream position is not in [0, 2^63].
    PMID_PAST_END = 17,
    /// The drift function returned something other than 0.
    PMID_DRIFT_FAILED = 18,
    /// A drift is infinite or NaN.
    PMID_NON_FINITE_DRIFT = 19,
    /// The state is infinite or NaN, or would become so: the step size is too large for the drift.
    PMID_NON_FINITE_STATE = 20,
    /// A drift was supplied that had not been asked for.
    PMID_DRIFT_NOT_ASKED = 21,
    /// A step was finished that still asks for drifts.
    PMID_UNFINISHED = 22,
    /// A noise schedule's parameter is out of range, or its exponents are not finite and increasing.
    PMID_BAD_SCHEDULE = 23,
    /// The timesteps are fewer than two, do not decrease, or exceed the schedule's training steps in number or size.
    PMID_BAD_TIMESTEPS = 24,
    /// The spacing is none of PMID_UNIFORM to PMID_KARRAS, or its rho is 0.
    PMID_BAD_SPACING = 25,
    /// The prediction is none of PMID_SCORE to PMID_FLOW.
    PMID_BAD_PREDICTION = 26,
    /// The limit of a clip is not in (0, inf), or its quantile is not in (0, 1].
    PMID_BAD_CLIP = 27,
    /// The variant is none of PMID_FIXED_SMALL to PMID_EXPONENTIAL, or its correction is not in [-1, inf).
    PMID_BAD_VARIANT = 28,
    /// The density is neither PMID_DRIFT nor PMID_DRIFT_TIMES_DISTANCE.
    PMID_BAD_DENSITY = 29,
    /// The solver has no such order.
    PMID_BAD_ORDER = 30,
    /// A solver's eta or node is not in [0, 1].
    PMID_BAD_ETA = 31,
    /// A solver's tau is not in [0, inf), or the limits of its noise are not in order.
    PMID_BAD_TAU = 32,
    /// A table has fewer rows than the schedule has training steps.
    PMID_TABLE_TOO_SHORT = 33,
    /// A coefficient of the sampler is infinite or NaN, or is 0 and divides: the schedule goes too far for the scalar.
    PMID_BAD_COEFFICIENT = 34,
    /// A network's output is infinite or NaN.
    PMID_NON_FINITE_OUTPUT = 35,
    /// The sample is infinite or NaN, or would become so. The run can go no further.
    PMID_NON_FINITE_SAMPLE = 36,
    /// An output was supplied that had not been asked for.
    PMID_OUTPUT_NOT_ASKED = 37,
    /// An error of a later version of the library.
    PMID_OTHER = 38,
}

use pmid_status_t::*;

impl From<SliceError> for pmid_status_t {
    fn from(error: SliceError) -> Self {
        match error {
            SliceError::Step(StepError::NonFiniteDrift { .. }) => PMID_NON_FINITE_DRIFT,
            SliceError::Step(StepError::NonFiniteState { .. }) => PMID_NON_FINITE_STATE,
            SliceError::Step(StepError::DriftNotAsked) => PMID_DRIFT_NOT_ASKED,
            SliceError::Step(StepError::Unfinished) => PMID_UNFINISHED,
            SliceError::State { .. } | SliceError::Drift { .. } => PMID_BAD_DIMENSION,
            SliceError::Work { .. } => PMID_WORK_TOO_SHORT,
            _ => PMID_OTHER,
        }
    }
}

impl<T> From<ParameterError<T>> for pmid_status_t {
    fn from(error: ParameterError<T>) -> Self {
        match error.parameter {
            Parameter::StepSize => PMID_BAD_STEP_SIZE,
            Parameter::InnerSteps => PMID_BAD_INNER_STEPS,
            Parameter::Temperature => PMID_BAD_TEMPERATURE,
            Parameter::Mobility => PMID_BAD_MOBILITY,
            Parameter::Friction => PMID_BAD_FRICTION,
            Parameter::Mass => PMID_BAD_MASS,
            Parameter::LinearRate => PMID_BAD_LINEAR_RATE,
            Parameter::DiffusionCoefficient => PMID_BAD_DIFFUSION_COEFFICIENT,
            _ => PMID_OTHER,
        }
    }
}

impl<T> From<ScheduleError<T>> for pmid_status_t {
    fn from(_: ScheduleError<T>) -> Self {
        PMID_BAD_SCHEDULE
    }
}

impl From<TimestepsError> for pmid_status_t {
    fn from(error: TimestepsError) -> Self {
        match error {
            TimestepsError::Exponent => PMID_BAD_SPACING,
            _ => PMID_BAD_TIMESTEPS,
        }
    }
}

impl<T> From<SamplerError<T>> for pmid_status_t {
    fn from(error: SamplerError<T>) -> Self {
        match error {
            SamplerError::Eta(_) | SamplerError::Node(_) => PMID_BAD_ETA,
            SamplerError::Limit(_) | SamplerError::Quantile(_) => PMID_BAD_CLIP,
            SamplerError::Correction(_) => PMID_BAD_VARIANT,
            SamplerError::Tau(_) | SamplerError::Noisy { .. } => PMID_BAD_TAU,
            SamplerError::Order { .. } => PMID_BAD_ORDER,
            SamplerError::Timesteps(error) => error.into(),
            SamplerError::Rows { .. } => PMID_TABLE_TOO_SHORT,
            SamplerError::Coefficient { .. } => PMID_BAD_COEFFICIENT,
            _ => PMID_OTHER,
        }
    }
}

impl From<SampleError> for pmid_status_t {
    fn from(error: SampleError) -> Self {
        match error {
            SampleError::Empty | SampleError::OutputLength { .. } => PMID_BAD_DIMENSION,
            SampleError::WorkLength { .. } => PMID_WORK_TOO_SHORT,
            SampleError::OutputNotAsked => PMID_OUTPUT_NOT_ASKED,
            SampleError::NonFiniteOutput { .. } => PMID_NON_FINITE_OUTPUT,
            SampleError::NonFiniteSample { .. } => PMID_NON_FINITE_SAMPLE,
            _ => PMID_OTHER,
        }
    }
}

impl From<PastEnd> for pmid_status_t {
    fn from(_: PastEnd) -> Self {
        PMID_PAST_END
    }
}

impl From<Result<(), Self>> for pmid_status_t {
    fn from(result: Result<(), Self>) -> Self {
        match result {
            Ok(()) => PMID_OK,
            Err(status) => status,
        }
    }
}

/// Returns what a status means, in English, as a static string; `status` may be any number.
#[unsafe(no_mangle)]
pub extern "C" fn pmid_status_text(status: i32) -> *const c_char {
    const TEXTS: [&CStr; 39] = [
        c"done",
        c"a pointer is null",
        c"a pointer is not aligned for its type",
        c"an object was never initialised, or as another type",
        c"a drift function called back with an object that is in use",
        c"two arrays, or an array and an object, overlap",
        c"the number of dimensions is 0 or its arrays would not fit in memory",
        c"the work array is too short",
        c"the law is neither PMID_BERNOULLI nor PMID_SINGLE",
        c"the step size is not in (0, inf)",
        c"the number of inner steps is 0",
        c"the temperature is not in (0, inf)",
        c"the mobility is not in (0, inf)",
        c"the friction is not in (0, inf)",
        c"the mass is not in (0, inf)",
        c"the linear rate is not finite",
        c"the diffusion coefficient is not in [0, inf)",
        c"a stream position is not in [0, 2^63]",
        c"the drift function returned something other than 0",
        c"a drift is infinite or NaN",
        c"the state is infinite or NaN, or would become so",
        c"a drift was supplied that had not been asked for",
        c"a step was finished that still asks for drifts",
        c"a noise schedule's parameter is out of range, or its exponents are not finite and increasing",
        c"the timesteps are fewer than two, not decreasing, or more or larger than the schedule has",
        c"the spacing is none of PMID_UNIFORM to PMID_KARRAS, or its rho is 0",
        c"the prediction is none of PMID_SCORE to PMID_FLOW",
        c"the limit of a clip is not in (0, inf), or its quantile not in (0, 1]",
        c"the variant is none of PMID_FIXED_SMALL to PMID_EXPONENTIAL, or its correction not in [-1, inf)",
        c"the density is neither PMID_DRIFT nor PMID_DRIFT_TIMES_DISTANCE",
        c"the solver has no such order",
        c"a solver's eta or node is not in [0, 1]",
        c"a solver's tau is not in [0, inf), or there is no noise between its limits",
        c"a table has fewer rows than the schedule has training steps",
        c"a coefficient of the sampler came out infinite or zero",
        c"a network's output is infinite or NaN",
        c"the sample is infinite or NaN, or would become so",
        c"an output was supplied that had not been asked for",
        c"an error of a later version of the library",
    ];
    let index = usize::try_from(status).unwrap_or(usize::MAX);
    let text = TEXTS.get(index).copied().unwrap_or(c"no such status");
    text.as_ptr()
}
