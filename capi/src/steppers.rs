//! The methods for each kind of dynamics in both scalars: thin functions over those of `calls`.

use core::ffi::c_void;
use core::ptr;

use core_crate::dynamics::{AdditiveNoise, Overdamped, Semilinear, Underdamped};
use core_crate::{Baoa, EulerMaruyama, PoissonMidpoint, Quicsort, Ubu};

use crate::calls::{Waiting, begin, finish, law, next, step, supply};
use crate::object::{Handle, init};
use crate::status::pmid_status_t;
use crate::stream::pmid_stream_t;
use crate::types::*;

/// A method that has no split phase in C, in one scalar.
macro_rules! method {
    (
        $($doc:expr),+; $real:ty, $drift:ty, $method:ty,
        ($($parameter:ident),*) => |$step_size:ident| $new:expr,
        $stepper:ident[$words:ident]: $init:ident, $step:ident,
        $mark:expr
    ) => {
        $(#[doc = $doc])+
        /// Constant once initialised: any number of states and threads may share it.
        #[repr(C)]
        pub struct $stepper {
            opaque: [u64; $words],
        }

        // SAFETY: `repr(C)`, plain words, and the only handle with this mark.
        unsafe impl Handle for $stepper {
            type Value = $method;
            const MARK: u32 = $mark;
        }

        /// Makes the method with a step size.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $init(
            stepper: *mut $stepper,
            step_size: $real,
            $($parameter: $real),*
        ) -> pmid_status_t {
            let make = |$step_size: $real| -> Result<$method, pmid_status_t> { Ok($new) };
            let made = make(step_size).and_then(|method| {
                // SAFETY: as the header's introduction demands.
                unsafe { init(stepper, || method) }
            });
            made.into()
        }

        /// Moves a state by one step from `time`, with one drift evaluation (pmid_quicsort: two). `work` has
        /// PMID_EM_WORK (underdamped PMID_EM_UNDERDAMPED_WORK, pmid_quicsort PMID_QUICSORT_WORK) times `dimension`
        /// scalars or more.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $step(
            stepper: *const $stepper,
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
    };
}

/// Euler-Maruyama and the Poisson midpoint method for one kind of dynamics in one scalar.
macro_rules! functions {
    (
        $equation:literal, $real:ty, $drift:ty, $query:ty, $dynamics:ty,
        ($($parameter:ident),*) => |$step_size:ident, $inner_steps:ident| $new:expr,
        $em:ident[$em_words:ident]: $em_init:ident, $em_step:ident,
        $pmm:ident[$pmm_words:ident]: $pmm_init:ident, $pmm_step:ident,
        $macro_step:ident[$step_words:ident]: $begin:ident, $next:ident, $supply:ident, $finish:ident,
        $mark:expr
    ) => {
        method! {
            " Euler-Maruyama for", $equation; $real, $drift, EulerMaruyama<$dynamics>,
            ($($parameter),*) => |$step_size| {
                let $inner_steps = 1;
                EulerMaruyama::new($new)
            },
            $em[$em_words]: $em_init, $em_step, $mark
        }

        /// The Poisson midpoint method for
        #[doc = $equation]
        /// Constant once initialised: any number of states and threads may share it.
        #[repr(C)]
        pub struct $pmm {
            opaque: [u64; $pmm_words],
        }

        // SAFETY: `repr(C)`, plain words, and the only handle with this mark.
        unsafe impl Handle for $pmm {
            type Value = PoissonMidpoint<$dynamics>;
            const MARK: u32 = $mark + 1;
        }

        /// Makes the method with a step size and the number K of inner steps that one step
        /// imitates; `law_of_midpoints` is PMID_BERNOULLI or PMID_SINGLE.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $pmm_init(
            stepper: *mut $pmm,
            step_size: $real,
            inner_steps: u32,
            law_of_midpoints: u32,
            $($parameter: $real),*
        ) -> pmid_status_t {
            let make = |$step_size: $real, $inner_steps: u32| -> Result<$dynamics, pmid_status_t> {
                Ok($new)
            };
            let made = make(step_size, inner_steps).and_then(|dynamics| {
                let law = law(law_of_midpoints)?;
                // SAFETY: as the header's introduction demands.
                unsafe { init(stepper, || PoissonMidpoint::new(dynamics, law)) }
            });
            made.into()
        }

        /// Moves a state by one step from `time`; writes the number of drift evaluations, two on
        /// average, unless `drift_calls` is null. `work` has PMID_PMM_WORK (underdamped
        /// PMID_PMM_UNDERDAMPED_WORK) times `dimension` scalars or more.
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
        #[repr(C)]
        pub struct $macro_step {
            opaque: [u64; $step_words],
        }

        // SAFETY: `repr(C)`, plain words, and the only handle with this mark.
        unsafe impl Handle for $macro_step {
            type Value = Waiting<$dynamics>;
            const MARK: u32 = $mark + 2;
        }

        /// Begins a step from a state whose drift `b0` at `time` is known. Until the step is
        /// finished or given up, `state` must not change and nothing else may use `work`, which is
        /// as long as for a step in one call.
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

        /// Writes the query for the drift value that the step needs next; the query's position is
        /// null when the step can be finished. A repeated call writes the same query and reads no
        /// word.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $next(
            step: *mut $macro_step,
            stream: *mut pmid_stream_t,
            query: *mut $query,
        ) -> pmid_status_t {
            // SAFETY: as the header's introduction demands.
            unsafe { next::<_, _, $real>(step, stream, query) }.into()
        }

        /// Gives the step the drift value that it asked for.
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

/// Both methods for one kind of dynamics in both scalars: `functions!` with names made from that of the dynamics, and
/// with the constants for the words of its objects, whose names contain `kind` if the dynamics has constants of its
/// own.
macro_rules! steppers {
    (
        $name:ident $([$kind:ident])?, $equation:literal, $dynamics:ident,
        $parameters:tt => |$step_size:ident, $inner_steps:ident| $new:expr,
        $mark:literal
    ) => {
        steppers! {
            @f32, $name $([$kind])?, $equation, $dynamics,
            $parameters => |$step_size, $inner_steps| $new, $mark
        }
        steppers! {
            @f64, $name $([$kind])?, $equation, $dynamics,
            $parameters => |$step_size, $inner_steps| $new, $mark + 0x40
        }
    };
    (
        @$real:ident, $name:ident $([$kind:ident])?, $equation:literal, $dynamics:ident,
        $parameters:tt => |$step_size:ident, $inner_steps:ident| $new:expr,
        $mark:expr
    ) => {
        pastey::paste! {
            functions! {
                $equation, $real, [<pmid_drift_ $real _t>], [<pmid_query_ $real _t>], $dynamics<$real>,
                $parameters => |$step_size, $inner_steps| $new,
                [<pmid_em_ $name _ $real _t>][[<PMID_EM $(_ $kind)? _ $real:upper _WORDS>]]:
                    [<pmid_em_ $name _ $real _init>],
                    [<pmid_em_ $name _ $real _step>],
                [<pmid_pmm_ $name _ $real _t>][[<PMID_PMM $(_ $kind)? _ $real:upper _WORDS>]]:
                    [<pmid_pmm_ $name _ $real _init>],
                    [<pmid_pmm_ $name _ $real _step>],
                [<pmid_pmm_ $name _ $real _step_t>][[<PMID_STEP $(_ $kind)? _ $real:upper _WORDS>]]:
                    [<pmid_pmm_ $name _ $real _begin>],
                    [<pmid_pmm_ $name _ $real _next>],
                    [<pmid_pmm_ $name _ $real _supply>],
                    [<pmid_pmm_ $name _ $real _finish>],
                $mark
            }
        }
    };
}

steppers! {
    overdamped,
    " dX = mobility b(X, t) dt + sqrt(2 mobility temperature) dB; temperature and mobility in (0, inf).",
    Overdamped,
    (temperature, mobility) => |step_size, inner_steps| {
        Overdamped::new(step_size, inner_steps)?
            .with_temperature(temperature)?
            .with_mobility(mobility)?
    },
    0x706d_6410
}

steppers! {
    additive,
    " dX = b(X, t) dt + diffusion_coefficient dB; diffusion_coefficient in [0, inf).",
    AdditiveNoise,
    (diffusion_coefficient) => |step_size, inner_steps| {
        AdditiveNoise::new(step_size, inner_steps, diffusion_coefficient)?
    },
    0x706d_6420
}

steppers! {
    semilinear,
    " dX = (-linear_rate X + b(X, t)) dt + diffusion_coefficient dB; linear_rate finite,\n diffusion_coefficient in [0, inf).",
    Semilinear,
    (linear_rate, diffusion_coefficient) => |step_size, inner_steps| {
        Semilinear::new(step_size, inner_steps, linear_rate, diffusion_coefficient)?
    },
    0x706d_6430
}

steppers! {
    underdamped[UNDERDAMPED],
    " dX = V dt, dV = (-friction V + b(X, t)/mass) dt + sqrt(2 friction temperature/mass) dB;\n temperature, mass, friction and temperature/mass in (0, inf).\n A state is the positions, then the velocities, so 2 dimension scalars; the drift is a function of the positions.",
    Underdamped,
    (temperature, mass, friction) => |step_size, inner_steps| {
        Underdamped::new(step_size, inner_steps, friction)?
            .with_temperature(temperature)?
            .with_mass(mass)?
    },
    0x706d_6440
}

/// A method for underdamped dynamics alone in both scalars, of `inner_steps` inner steps.
macro_rules! underdamped {
    ($name:ident, $method:ident, $inner_steps:literal, $doc:literal, $mark:literal) => {
        underdamped! { @f32, $name, $method, $inner_steps, $doc, $mark }
        underdamped! { @f64, $name, $method, $inner_steps, $doc, $mark + 1 }
    };
    (@$real:ident, $name:ident, $method:ident, $inner_steps:literal, $doc:literal, $mark:expr) => {
        pastey::paste! {
            method! {
                $doc,
                " dX = V dt, dV = (-friction V + b(X, t)/mass) dt + sqrt(2 friction temperature/mass) dB;",
                " temperature, mass, friction and temperature/mass in (0, inf), step_size/mass and what it carries in a step finite.",
                " States are those of pmid_em_underdamped.";
                $real, [<pmid_drift_ $real _t>], $method<$real>,
                (temperature, mass, friction) => |step_size| {
                    let dynamics = Underdamped::new(step_size, $inner_steps, friction)?
                        .with_temperature(temperature)?
                        .with_mass(mass)?;
                    $method::new(dynamics)?
                },
                [<pmid_ $name _ $real _t>][[<PMID_ $name:upper _ $real:upper _WORDS>]]:
                    [<pmid_ $name _ $real _init>], [<pmid_ $name _ $real _step>],
                $mark
            }
        }
    };
}

underdamped! {
    baoa, Baoa, 1,
    " BAOA, the splitting method that visits the positions of BAOAB if started from velocities half a kick back, for",
    0x706d_6490
}

underdamped! {
    ubu, Ubu, 2,
    " UBU, the splitting method of strong order 2, which asks for the drift at time + step_size/2, for",
    0x706d_64a0
}

underdamped! {
    quicsort, Quicsort, 1,
    " QUICSORT, the Runge-Kutta method of strong order 3, which asks for the drift at time + (3 -/+ sqrt 3)/6 step_size, for",
    0x706d_64b0
}
