//! Both methods on every scheme in both scalars, each a handful of thin functions over generic ones.

use core::ffi::{c_int, c_void};
use core::ptr;

use core_crate::random::Words;
use core_crate::scheme::{AdditiveNoise, Overdamped, Process, Scheme, Semilinear, Underdamped};
use core_crate::slices::{SliceStepper, SuspendedStep};
use core_crate::{EulerMaruyama, MidpointLaw, PoissonMidpoint, Real, State};

use crate::arrays::{array, array_mut, check_apart, region};
use crate::object::{Handle, check, get, get_mut, init, with, write};
use crate::status::pmid_status_t::{
    self, PMID_BAD_DIMENSION, PMID_BAD_LAW, PMID_DRIFT_FAILED, PMID_NULL_POINTER,
};
use crate::stream::pmid_stream_t;

/// Law of the midpoints: every inner step with probability 1/K.
pub const PMID_BERNOULLI: u32 = 0;
/// Law of the midpoints: exactly one. Always two drift evaluations; the better one for large steps.
pub const PMID_SINGLE: u32 = 1;

/// Scalars of work for each dimension of a pmid_em step.
#[allow(dead_code, reason = "for the header")]
pub const PMID_EM_WORK: usize = 2;
/// Scalars of work for each dimension of an underdamped pmid_em step.
#[allow(dead_code, reason = "for the header")]
pub const PMID_EM_UNDERDAMPED_WORK: usize = 3;
/// Scalars of work for each dimension of a pmid_pmm step.
pub const PMID_PMM_WORK: usize = 5;
/// Scalars of work for each dimension of an underdamped pmid_pmm step.
pub const PMID_PMM_UNDERDAMPED_WORK: usize = 7;

/// A drift b(x, t): reads `position`, writes `drift`, both of `dimension` components, and returns 0;
/// anything else fails the step. `context` is what the caller gave along with it. It must not use
/// the objects and arrays of the step that calls it, nor leave by longjmp.
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
    /// Where, in the step's work array; null if no more is asked for.
    pub position: *const f32,
    /// When.
    pub time: f32,
    /// The midpoint: an inner step.
    pub inner_step: u32,
}

/// A drift value that a step asks for.
#[repr(C)]
pub struct pmid_query_f64_t {
    /// Where, in the step's work array; null if no more is asked for.
    pub position: *const f64,
    /// When.
    pub time: f64,
    /// The midpoint: an inner step.
    pub inner_step: u32,
}

/// The C types of a scalar.
trait Scalar: Real {
    type Query;
    fn query(position: *const Self, time: Self, inner_step: u32) -> Self::Query;
}

impl Scalar for f32 {
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
    type Query = pmid_query_f64_t;
    fn query(position: *const Self, time: Self, inner_step: u32) -> Self::Query {
        pmid_query_f64_t {
            position,
            time,
            inner_step,
        }
    }
}

type CDrift<T> = unsafe extern "C" fn(*mut c_void, T, *const T, *mut T, usize) -> c_int;
type RealOf<S> = <S as Scheme>::Real;

/// The length of a state.
fn state_length<S: Process<1>>(dimension: usize) -> Result<usize, pmid_status_t> {
    let parts = <<S as Process<1>>::State as State<RealOf<S>, 1>>::PARTS;
    dimension.checked_mul(parts).ok_or(PMID_BAD_DIMENSION)
}

fn law(law: u32) -> Result<MidpointLaw, pmid_status_t> {
    match law {
        PMID_BERNOULLI => Ok(MidpointLaw::Bernoulli),
        PMID_SINGLE => Ok(MidpointLaw::Single),
        _ => Err(PMID_BAD_LAW),
    }
}

/// Writes the drift evaluations of a step where they are wanted.
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

/// Whether a report can be written, asked before anything moves.
fn check_report(drift_calls: *mut u32) -> Result<(), pmid_status_t> {
    if drift_calls.is_null() {
        Ok(())
    } else {
        check(drift_calls)
    }
}

/// One step by either method.
///
/// # Safety
/// The header's introduction.
#[allow(clippy::too_many_arguments, reason = "the C function has as many")]
unsafe fn step<H, S, T>(
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
    H: Handle<Value: SliceStepper<Scheme = S>>,
    S: Process<1> + Scheme<Real = T>,
    T: Real,
{
    let drift = drift.ok_or(PMID_NULL_POINTER)?;
    check_report(drift_calls)?;
    let state_length = state_length::<S>(dimension)?;
    check_apart(&[
        region(stepper, 1),
        region(stream, 1),
        region(state, state_length),
        region(work, work_length),
    ])?;
    // SAFETY: as the header's introduction demands; checked to lie apart.
    let (stepper, state, work) = unsafe {
        (
            get(stepper)?,
            array_mut(state, state_length)?,
            array_mut(work, work_length)?,
        )
    };
    let mut failed = false;
    let mut call = |time: T, position: &[T], value: &mut [T]| {
        let (position, drift_of) = (position.as_ptr(), value.as_mut_ptr());
        // SAFETY: the caller's own function, with arrays of the length that it is told.
        let code = unsafe { drift(context, time, position, drift_of, dimension) };
        if code != 0 {
            // Not a number ends the step.
            value.fill(T::ZERO / T::ZERO);
            failed = true;
        }
    };
    // SAFETY: as the header's introduction demands.
    let result = unsafe {
        with(stream, |stream| {
            Ok(stepper.step_slice(time, state, &mut call, stream, work)?)
        })
    };
    match result {
        Err(_) if failed => Err(PMID_DRIFT_FAILED),
        Err(status) => Err(status),
        // SAFETY: as the header's introduction demands.
        Ok(step) => unsafe { report(drift_calls, step.drift_calls) },
    }
}

/// A macro step between two calls.
pub struct Waiting<S: Process<1>> {
    step: SuspendedStep<S>,
    state: *mut RealOf<S>,
    work: *mut RealOf<S>,
    dimension: usize,
}

impl<S: Process<1>> Waiting<S> {
    /// The state and the work array.
    ///
    /// # Safety
    /// The arrays given at the beginning are still there and nobody else uses them meanwhile.
    unsafe fn arrays<'a>(
        &self,
        work_length: usize,
    ) -> Result<(&'a mut [RealOf<S>], &'a mut [RealOf<S>]), pmid_status_t> {
        // SAFETY: checked at the beginning, and as the caller promises.
        unsafe {
            Ok((
                array_mut(self.state, state_length::<S>(self.dimension)?)?,
                array_mut(self.work, work_length)?,
            ))
        }
    }
}

/// Scalars of work of a midpoint step.
fn work_length<S: Process<1>>(dimension: usize) -> usize {
    let parts = <<S as Process<1>>::State as State<RealOf<S>, 1>>::PARTS;
    let each = if parts == 1 {
        PMID_PMM_WORK
    } else {
        PMID_PMM_UNDERDAMPED_WORK
    };
    dimension.saturating_mul(each)
}

/// Begins a step.
///
/// # Safety
/// The header's introduction.
#[allow(clippy::too_many_arguments, reason = "the C function has as many")]
unsafe fn begin<M, H, S, T>(
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
    S: Process<1> + Scheme<Real = T>,
    T: Real,
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
        init(step, waiting)
    }
}

/// Asks for the next drift.
///
/// # Safety
/// The header's introduction.
unsafe fn next<M, S, T>(
    step: *mut M,
    stream: *mut pmid_stream_t,
    query: *mut T::Query,
) -> Result<(), pmid_status_t>
where
    M: Handle<Value = Waiting<S>>,
    S: Process<1> + Scheme<Real = T>,
    T: Scalar,
{
    check(query)?;
    check_apart(&[region(step, 1), region(stream, 1), region(query, 1)])?;
    // SAFETY: as the header's introduction demands; checked to lie apart.
    unsafe {
        let (waiting, stream) = (get_mut(step)?, get_mut(stream)?);
        let (state, work) = waiting.arrays(work_length::<S>(waiting.dimension))?;
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

/// Tells the drift asked for.
///
/// # Safety
/// The header's introduction.
unsafe fn supply<M, S, T>(
    step: *mut M,
    drift: *const T,
    dimension: usize,
) -> Result<(), pmid_status_t>
where
    M: Handle<Value = Waiting<S>>,
    S: Process<1> + Scheme<Real = T>,
    T: Scalar,
{
    // SAFETY: as the header's introduction demands; checked to lie apart.
    unsafe {
        let waiting = get_mut(step)?;
        let length = work_length::<S>(waiting.dimension);
        check_apart(&[region(waiting.work, length), region(drift, dimension)])?;
        let drift = array(drift, dimension)?;
        let (state, work) = waiting.arrays(length)?;
        let mut step = waiting.step.resume(state, work)?;
        step.supply(drift)?;
        waiting.step = step.suspend();
        Ok(())
    }
}

/// Moves the state.
///
/// # Safety
/// The header's introduction.
unsafe fn finish<M, S, T>(step: *mut M, drift_calls: *mut u32) -> Result<(), pmid_status_t>
where
    M: Handle<Value = Waiting<S>>,
    S: Process<1> + Scheme<Real = T>,
    T: Scalar,
{
    check_report(drift_calls)?;
    // SAFETY: as the header's introduction demands.
    unsafe {
        let waiting = get_mut(step)?;
        let (state, work) = waiting.arrays(work_length::<S>(waiting.dimension))?;
        let done = waiting.step.resume(state, work)?.finish()?;
        // A step is finished once.
        step.cast::<u32>().write(0);
        report(drift_calls, done.drift_calls)
    }
}

/// Both methods on one scheme in one scalar.
macro_rules! steppers {
    (
        $real:ty, $drift:ty, $query:ty, $scheme:ty,
        ($($parameter:ident),*) => |$step_size:ident, $inner_steps:ident| $new:expr,
        $em:ident[$em_words:literal]: $em_init:ident, $em_step:ident,
        $pmm:ident[$pmm_words:literal]: $pmm_init:ident, $pmm_step:ident,
        $macro_step:ident[$step_words:literal]: $begin:ident, $next:ident, $supply:ident, $finish:ident,
        $mark:literal
    ) => {
        /// Euler–Maruyama. Constant once initialised: any number of states and threads may share it.
        #[repr(C, align(8))]
        pub struct $em {
            opaque: [u64; $em_words],
        }

        // SAFETY: `repr(C)`, plain words, and the only handle with this mark.
        unsafe impl Handle for $em {
            type Value = EulerMaruyama<$scheme>;
            const MARK: u32 = $mark;
        }

        /// Makes the method of a step size.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $em_init(
            stepper: *mut $em,
            step_size: $real,
            $($parameter: $real),*
        ) -> pmid_status_t {
            let make = |$step_size: $real, $inner_steps: u32| -> Result<$scheme, pmid_status_t> {
                Ok($new)
            };
            let stepper = make(step_size, 1).and_then(|scheme| {
                // SAFETY: as the header's introduction demands.
                unsafe { init(stepper, EulerMaruyama::new(scheme)) }
            });
            stepper.into()
        }

        /// Moves a state by one step from `time`, with one drift evaluation.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $em_step(
            stepper: *const $em,
            time: $real,
            state: *mut $real,
            dimension: usize,
            drift: $drift,
            context: *mut c_void,
            stream: *mut pmid_stream_t,
            work: *mut $real,
            work_length: usize,
        ) -> pmid_status_t {
            let calls = ptr::null_mut();
            // SAFETY: as the header's introduction demands.
            unsafe {
                step(
                    stepper, time, state, dimension, drift, context, stream, work, work_length, calls,
                )
            }
            .into()
        }

        /// The Poisson midpoint method. Constant once initialised: any number of states and threads
        /// may share it.
        #[repr(C, align(8))]
        pub struct $pmm {
            opaque: [u64; $pmm_words],
        }

        // SAFETY: `repr(C)`, plain words, and the only handle with this mark.
        unsafe impl Handle for $pmm {
            type Value = PoissonMidpoint<$scheme>;
            const MARK: u32 = $mark + 1;
        }

        /// Makes the method of a step size and a number K of inner steps that one step imitates;
        /// `law` is PMID_BERNOULLI or PMID_SINGLE.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $pmm_init(
            stepper: *mut $pmm,
            step_size: $real,
            inner_steps: u32,
            law_of_midpoints: u32,
            $($parameter: $real),*
        ) -> pmid_status_t {
            let make = |$step_size: $real, $inner_steps: u32| -> Result<$scheme, pmid_status_t> {
                Ok($new)
            };
            let stepper = make(step_size, inner_steps).and_then(|scheme| {
                let method = PoissonMidpoint::new(scheme, law(law_of_midpoints)?);
                // SAFETY: as the header's introduction demands.
                unsafe { init(stepper, method) }
            });
            stepper.into()
        }

        /// Moves a state by one step from `time`; writes the number of drift evaluations, two on
        /// average, unless `drift_calls` is null.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $pmm_step(
            stepper: *const $pmm,
            time: $real,
            state: *mut $real,
            dimension: usize,
            drift: $drift,
            context: *mut c_void,
            stream: *mut pmid_stream_t,
            work: *mut $real,
            work_length: usize,
            drift_calls: *mut u32,
        ) -> pmid_status_t {
            // SAFETY: as the header's introduction demands.
            unsafe {
                step(
                    stepper, time, state, dimension, drift, context, stream, work, work_length,
                    drift_calls,
                )
            }
            .into()
        }

        /// A step of the Poisson midpoint method under way. It keeps the addresses of its state and
        /// work arrays.
        #[repr(C, align(8))]
        pub struct $macro_step {
            opaque: [u64; $step_words],
        }

        // SAFETY: `repr(C)`, plain words, and the only handle with this mark.
        unsafe impl Handle for $macro_step {
            type Value = Waiting<$scheme>;
            const MARK: u32 = $mark + 2;
        }

        /// Begins a step from a state whose drift `b0` at `time` is known. Until it is finished or
        /// given up, `state` must not change and `work` is the step's own.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $begin(
            step: *mut $macro_step,
            stepper: *const $pmm,
            time: $real,
            state: *mut $real,
            dimension: usize,
            b0: *const $real,
            work: *mut $real,
            work_length: usize,
        ) -> pmid_status_t {
            // SAFETY: as the header's introduction demands.
            unsafe { begin(step, stepper, time, state, dimension, b0, work, work_length) }.into()
        }

        /// Writes the drift value that the step wants next; its position is null when the step can
        /// be finished. Asked twice, it writes the same and reads no word.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $next(
            step: *mut $macro_step,
            stream: *mut pmid_stream_t,
            query: *mut $query,
        ) -> pmid_status_t {
            // SAFETY: as the header's introduction demands.
            unsafe { next::<_, _, $real>(step, stream, query) }.into()
        }

        /// Tells the step the drift value that it asked for.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $supply(
            step: *mut $macro_step,
            drift: *const $real,
            dimension: usize,
        ) -> pmid_status_t {
            // SAFETY: as the header's introduction demands.
            unsafe { supply(step, drift, dimension) }.into()
        }

        /// Moves the state; writes the number of drift evaluations unless `drift_calls` is null.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $finish(
            step: *mut $macro_step,
            drift_calls: *mut u32,
        ) -> pmid_status_t {
            // SAFETY: as the header's introduction demands.
            unsafe { finish(step, drift_calls) }.into()
        }
    };
}

steppers! {
    f32, pmid_drift_f32_t, pmid_query_f32_t, Overdamped<f32>,
    (temperature, mobility) => |step_size, inner_steps| {
        Overdamped::new(step_size, inner_steps)?
            .with_temperature(temperature)?
            .with_mobility(mobility)?
    },
    pmid_em_overdamped_f32_t[4]: pmid_em_overdamped_f32_init, pmid_em_overdamped_f32_step,
    pmid_pmm_overdamped_f32_t[7]: pmid_pmm_overdamped_f32_init, pmid_pmm_overdamped_f32_step,
    pmid_pmm_overdamped_f32_step_t[13]: pmid_pmm_overdamped_f32_begin, pmid_pmm_overdamped_f32_next, pmid_pmm_overdamped_f32_supply, pmid_pmm_overdamped_f32_finish,
    0x706d_6410
}

steppers! {
    f32, pmid_drift_f32_t, pmid_query_f32_t, AdditiveNoise<f32>,
    (diffusion_coefficient) => |step_size, inner_steps| {
        AdditiveNoise::new(step_size, inner_steps, diffusion_coefficient)?
    },
    pmid_em_additive_f32_t[4]: pmid_em_additive_f32_init, pmid_em_additive_f32_step,
    pmid_pmm_additive_f32_t[7]: pmid_pmm_additive_f32_init, pmid_pmm_additive_f32_step,
    pmid_pmm_additive_f32_step_t[13]: pmid_pmm_additive_f32_begin, pmid_pmm_additive_f32_next, pmid_pmm_additive_f32_supply, pmid_pmm_additive_f32_finish,
    0x706d_6420
}

steppers! {
    f32, pmid_drift_f32_t, pmid_query_f32_t, Semilinear<f32>,
    (linear_rate, diffusion_coefficient) => |step_size, inner_steps| {
        Semilinear::new(step_size, inner_steps, linear_rate, diffusion_coefficient)?
    },
    pmid_em_semilinear_f32_t[4]: pmid_em_semilinear_f32_init, pmid_em_semilinear_f32_step,
    pmid_pmm_semilinear_f32_t[7]: pmid_pmm_semilinear_f32_init, pmid_pmm_semilinear_f32_step,
    pmid_pmm_semilinear_f32_step_t[13]: pmid_pmm_semilinear_f32_begin, pmid_pmm_semilinear_f32_next, pmid_pmm_semilinear_f32_supply, pmid_pmm_semilinear_f32_finish,
    0x706d_6430
}

steppers! {
    f32, pmid_drift_f32_t, pmid_query_f32_t, Underdamped<f32>,
    (friction, inverse_mass) => |step_size, inner_steps| {
        Underdamped::new(step_size, inner_steps, friction, inverse_mass)?
    },
    pmid_em_underdamped_f32_t[6]: pmid_em_underdamped_f32_init, pmid_em_underdamped_f32_step,
    pmid_pmm_underdamped_f32_t[9]: pmid_pmm_underdamped_f32_init, pmid_pmm_underdamped_f32_step,
    pmid_pmm_underdamped_f32_step_t[15]: pmid_pmm_underdamped_f32_begin, pmid_pmm_underdamped_f32_next, pmid_pmm_underdamped_f32_supply, pmid_pmm_underdamped_f32_finish,
    0x706d_6440
}

steppers! {
    f64, pmid_drift_f64_t, pmid_query_f64_t, Overdamped<f64>,
    (temperature, mobility) => |step_size, inner_steps| {
        Overdamped::new(step_size, inner_steps)?
            .with_temperature(temperature)?
            .with_mobility(mobility)?
    },
    pmid_em_overdamped_f64_t[8]: pmid_em_overdamped_f64_init, pmid_em_overdamped_f64_step,
    pmid_pmm_overdamped_f64_t[10]: pmid_pmm_overdamped_f64_init, pmid_pmm_overdamped_f64_step,
    pmid_pmm_overdamped_f64_step_t[17]: pmid_pmm_overdamped_f64_begin, pmid_pmm_overdamped_f64_next, pmid_pmm_overdamped_f64_supply, pmid_pmm_overdamped_f64_finish,
    0x706d_6450
}

steppers! {
    f64, pmid_drift_f64_t, pmid_query_f64_t, AdditiveNoise<f64>,
    (diffusion_coefficient) => |step_size, inner_steps| {
        AdditiveNoise::new(step_size, inner_steps, diffusion_coefficient)?
    },
    pmid_em_additive_f64_t[8]: pmid_em_additive_f64_init, pmid_em_additive_f64_step,
    pmid_pmm_additive_f64_t[10]: pmid_pmm_additive_f64_init, pmid_pmm_additive_f64_step,
    pmid_pmm_additive_f64_step_t[17]: pmid_pmm_additive_f64_begin, pmid_pmm_additive_f64_next, pmid_pmm_additive_f64_supply, pmid_pmm_additive_f64_finish,
    0x706d_6460
}

steppers! {
    f64, pmid_drift_f64_t, pmid_query_f64_t, Semilinear<f64>,
    (linear_rate, diffusion_coefficient) => |step_size, inner_steps| {
        Semilinear::new(step_size, inner_steps, linear_rate, diffusion_coefficient)?
    },
    pmid_em_semilinear_f64_t[8]: pmid_em_semilinear_f64_init, pmid_em_semilinear_f64_step,
    pmid_pmm_semilinear_f64_t[10]: pmid_pmm_semilinear_f64_init, pmid_pmm_semilinear_f64_step,
    pmid_pmm_semilinear_f64_step_t[17]: pmid_pmm_semilinear_f64_begin, pmid_pmm_semilinear_f64_next, pmid_pmm_semilinear_f64_supply, pmid_pmm_semilinear_f64_finish,
    0x706d_6470
}

steppers! {
    f64, pmid_drift_f64_t, pmid_query_f64_t, Underdamped<f64>,
    (friction, inverse_mass) => |step_size, inner_steps| {
        Underdamped::new(step_size, inner_steps, friction, inverse_mass)?
    },
    pmid_em_underdamped_f64_t[12]: pmid_em_underdamped_f64_init, pmid_em_underdamped_f64_step,
    pmid_pmm_underdamped_f64_t[14]: pmid_pmm_underdamped_f64_init, pmid_pmm_underdamped_f64_step,
    pmid_pmm_underdamped_f64_step_t[21]: pmid_pmm_underdamped_f64_begin, pmid_pmm_underdamped_f64_next, pmid_pmm_underdamped_f64_supply, pmid_pmm_underdamped_f64_finish,
    0x706d_6480
}
