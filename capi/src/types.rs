//! The header's constants and types that the functions share.

use core::ffi::{c_int, c_void};

use core_crate::Real;

/// Law of the midpoints: every inner step with probability 1/K.
pub const PMID_BERNOULLI: u32 = 0;
/// Law of the midpoints: exactly one, so always two drift evaluations. The better law for large steps.
pub const PMID_SINGLE: u32 = 1;

/// Scalars of work for each dimension of a pmid_em step.
#[allow(dead_code, reason = "for the header")]
pub const PMID_EM_WORK: usize = 2;
/// Scalars of work for each dimension of an underdamped pmid_em step, and of a pmid_baoa or pmid_ubu step.
#[allow(dead_code, reason = "for the header")]
pub const PMID_EM_UNDERDAMPED_WORK: usize = 3;
/// Scalars of work for each dimension of a pmid_quicsort step.
#[allow(dead_code, reason = "for the header")]
pub const PMID_QUICSORT_WORK: usize = 5;
/// Scalars of work for each dimension of a pmid_pmm step.
#[allow(dead_code, reason = "for the header")]
pub const PMID_PMM_WORK: usize = 5;
/// Scalars of work for each dimension of an underdamped pmid_pmm step.
#[allow(dead_code, reason = "for the header")]
pub const PMID_PMM_UNDERDAMPED_WORK: usize = 7;

/// 64-bit words of a pmid_em object in single precision.
pub const PMID_EM_F32_WORDS: usize = 5;
/// 64-bit words of an underdamped pmid_em object in single precision.
pub const PMID_EM_UNDERDAMPED_F32_WORDS: usize = 8;
/// 64-bit words of a pmid_pmm object in single precision.
pub const PMID_PMM_F32_WORDS: usize = 7;
/// 64-bit words of an underdamped pmid_pmm object in single precision.
pub const PMID_PMM_UNDERDAMPED_F32_WORDS: usize = 11;
/// 64-bit words of a step under way in single precision.
pub const PMID_STEP_F32_WORDS: usize = 13;
/// 64-bit words of an underdamped step under way in single precision.
pub const PMID_STEP_UNDERDAMPED_F32_WORDS: usize = 17;
/// 64-bit words of a pmid_em object in double precision.
pub const PMID_EM_F64_WORDS: usize = 9;
/// 64-bit words of an underdamped pmid_em object in double precision.
pub const PMID_EM_UNDERDAMPED_F64_WORDS: usize = 16;
/// 64-bit words of a pmid_pmm object in double precision.
pub const PMID_PMM_F64_WORDS: usize = 11;
/// 64-bit words of an underdamped pmid_pmm object in double precision.
pub const PMID_PMM_UNDERDAMPED_F64_WORDS: usize = 18;
/// 64-bit words of a step under way in double precision.
pub const PMID_STEP_F64_WORDS: usize = 17;
/// 64-bit words of an underdamped step under way in double precision.
pub const PMID_STEP_UNDERDAMPED_F64_WORDS: usize = 24;

/// 64-bit words of a pmid_baoa object in single precision.
pub const PMID_BAOA_F32_WORDS: usize = 8;
/// 64-bit words of a pmid_baoa object in double precision.
pub const PMID_BAOA_F64_WORDS: usize = 15;
/// 64-bit words of a pmid_ubu object in single precision.
pub const PMID_UBU_F32_WORDS: usize = 12;
/// 64-bit words of a pmid_ubu object in double precision.
pub const PMID_UBU_F64_WORDS: usize = 23;
/// 64-bit words of a pmid_quicsort object in single precision.
pub const PMID_QUICSORT_F32_WORDS: usize = 18;
/// 64-bit words of a pmid_quicsort object in double precision.
pub const PMID_QUICSORT_F64_WORDS: usize = 34;

/// A drift b(x, t): reads `position`, writes `drift`, both of `dimension` components, and returns 0; any other value
/// fails the step. `context` is what the caller gave with the function. The function must not use the stream and the
/// arrays of the step that calls it: calls with the stream return PMID_BUSY, and if it makes the stream anew, the step
/// fails with PMID_BUSY. A stepper that it makes anew takes effect from the next step. The function must not leave by
/// longjmp either: the stream would stay busy until it is made anew.
pub type pmid_drift_f32_t = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        time: f32,
        position: *const f32,
        drift: *mut f32,
        dimension: usize,
    ) -> c_int,
>;

/// pmid_drift_f32_t in double precision.
pub type pmid_drift_f64_t = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        time: f64,
        position: *const f64,
        drift: *mut f64,
        dimension: usize,
    ) -> c_int,
>;

/// A drift value that a step asks for.
#[repr(C)]
pub struct pmid_query_f32_t {
    /// The position, in the step's work array; null if the step asks for no more drift values.
    pub position: *const f32,
    /// The time.
    pub time: f32,
    /// The inner step of the midpoint.
    pub inner_step: u32,
}

/// A drift value that a step asks for.
#[repr(C)]
pub struct pmid_query_f64_t {
    /// The position, in the step's work array; null if the step asks for no more drift values.
    pub position: *const f64,
    /// The time.
    pub time: f64,
    /// The inner step of the midpoint.
    pub inner_step: u32,
}

/// The C types of a scalar.
pub(crate) trait Scalar: Real {
    const NAN: Self;
    type Query;
    fn query(position: *const Self, time: Self, inner_step: u32) -> Self::Query;
}

impl Scalar for f32 {
    const NAN: Self = Self::NAN;
    type Query = pmid_query_f32_t;
    fn query(position: *const Self, time: Self, inner_step: u32) -> Self::Query {
        pmid_query_f32_t {
            position,
            time,
            inner_step,
        }
    }
}

impl Scalar for f64 {
    const NAN: Self = Self::NAN;
    type Query = pmid_query_f64_t;
    fn query(position: *const Self, time: Self, inner_step: u32) -> Self::Query {
        pmid_query_f64_t {
            position,
            time,
            inner_step,
        }
    }
}

pub(crate) type CDrift<T> = unsafe extern "C" fn(*mut c_void, T, *const T, *mut T, usize) -> c_int;
