//! The C interface against the library that it wraps: the same status, bits and words where a call is right, and an error
//! that changes nothing where it is not: null and misaligned pointers, objects of another type or never initialised,
//! arrays that overlap, lengths of any size. What a caller must promise, that a pointer leads to memory of its size, holds.

#![no_main]
#![allow(
    non_camel_case_types,
    dead_code,
    reason = "the interface's own sources are included, for its archive holds a panic handler"
)]

extern crate poisson_midpoint as core_crate;

use std::ffi::{c_int, c_void};
use std::ptr;

use arbitrary::Arbitrary;
use core_crate::dynamics::{Overdamped, Underdamped};
use core_crate::random::{Stream, Words};
use core_crate::slices::{SliceError, SuspendedStep};
use core_crate::{EulerMaruyama, MidpointLaw, PoissonMidpoint, StepError, Stepper};
use libfuzzer_sys::fuzz_target;

#[path = "../../capi/src/arrays.rs"]
mod arrays;
#[path = "../../capi/src/calls.rs"]
mod calls;
#[path = "../../capi/src/object.rs"]
mod object;
#[path = "../../capi/src/status.rs"]
mod status;
#[path = "../../capi/src/steppers.rs"]
mod steppers;
#[path = "../../capi/src/stream.rs"]
mod stream;
#[path = "../../capi/src/types.rs"]
mod types;

use status::pmid_status_t::{self, *};
use steppers::*;
use stream::*;
use types::*;

#[derive(Arbitrary, Debug)]
struct Input {
    is_underdamped: bool,
    calls: Vec<Call>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Call {
    Stream {
        stream: To,
        seed: u64,
        particle: u64,
    },
    Seek {
        stream: To,
        position: u64,
    },
    Tell {
        stream: To,
        output: To,
    },
    Word {
        stream: To,
        output: To,
    },
    Stepper {
        stepper: To,
        is_euler_maruyama: bool,
        step_size: u8,
        inner_steps: u8,
        law: u8,
        odd: Option<(u8, f64)>,
    },
    Step {
        stepper: To,
        is_euler_maruyama: bool,
        stream: To,
        arrays: Arrays,
        drift: Drift,
        output: To,
    },
    Begin {
        step: To,
        stepper: To,
        arrays: Arrays,
        drift: To,
    },
    Next {
        step: To,
        stream: To,
        output: To,
    },
    Supply {
        step: To,
        dimension: u8,
        drift: To,
        is_finite: bool,
    },
    Finish {
        step: To,
        output: To,
    },
}

/// Where a pointer leads.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    It,
    /// The same, so that most pointers are right.
    ItToo([bool; 2]),
    Null,
    Misaligned,
    /// An object of another type, large enough.
    Another,
}

/// Where state and work lie in an arena, and how long they are said to be.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Arrays {
    state: (To, u8),
    work: (To, u8),
    dimension: Length,
    work_length: Length,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Length {
    /// What is right.
    Fit,
    Less(u8),
    /// More than any memory.
    Vast(u32),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
struct Drift {
    is_null: bool,
    /// At this evaluation it returns an error, or what is not finite.
    fails: Option<(u8, bool)>,
}

impl To {
    fn is_right(self) -> bool {
        matches!(self, Self::It | Self::ItToo(_))
    }

    fn pointer<T, U>(self, it: *mut T, another: *mut U) -> *mut T {
        match self {
            Self::It | Self::ItToo(_) => it,
            Self::Null => ptr::null_mut(),
            Self::Misaligned => it.wrapping_byte_add(1),
            Self::Another => another.cast(),
        }
    }

    /// To numbers, in whose place any other object's words are numbers too: there is no other.
    fn to_numbers<T>(self, it: *mut T) -> *mut T {
        self.pointer(it, it)
    }

    fn leads_to_numbers(self) -> bool {
        !matches!(self, Self::Null | Self::Misaligned)
    }
}

/// Memory for any object, zero until it is initialised.
#[repr(C, align(8))]
#[derive(Clone, Copy, PartialEq)]
struct Object([u64; 32]);

const EMPTY: Object = Object([0; 32]);
const ARENA: usize = 64;

/// Evaluations so far, and which goes wrong.
#[derive(Clone, Copy)]
struct Context {
    evaluations: u8,
    fails: Option<(u8, bool)>,
}

fn of_step_error(error: StepError) -> pmid_status_t {
    match error {
        StepError::NonFiniteDrift { .. } => PMID_NON_FINITE_DRIFT,
        StepError::NonFiniteState { .. } => PMID_NON_FINITE_STATE,
        StepError::DriftNotAsked => PMID_DRIFT_NOT_ASKED,
        StepError::Unfinished => PMID_UNFINISHED,
        other => panic!("{other}"),
    }
}

fn of_slice_error(error: SliceError) -> pmid_status_t {
    match error {
        SliceError::Step(error) => of_step_error(error),
        SliceError::Work { .. } => PMID_WORK_TOO_SHORT,
        SliceError::State { .. } | SliceError::Drift { .. } => PMID_BAD_DIMENSION,
        other => panic!("{other}"),
    }
}

macro_rules! interface {
    (
        $name:ident, $real:ident, $parts:literal, $dynamics:ident, $new:expr,
        $em:ident, $em_init:ident, $em_step:ident, $pmm:ident, $pmm_init:ident, $pmm_step:ident,
        $step:ident, $begin:ident, $next:ident, $supply:ident, $finish:ident, $query:ident, $($parameter:literal),*
    ) => {
        mod $name {
            use super::*;

            /// What the library itself has come to, in step with the interface's objects.
            #[derive(Default)]
            struct Shadow {
                stream: Option<Stream>,
                euler_maruyama: Option<EulerMaruyama<$dynamics<$real>>>,
                midpoint: Option<PoissonMidpoint<$dynamics<$real>>>,
                step: Option<Waiting>,
            }

            struct Waiting {
                step: SuspendedStep<$dynamics<$real>>,
                state: Vec<$real>,
                work: Vec<$real>,
                /// Where the interface's state is, as an index of its arena.
                place: usize,
                is_asked: bool,
            }

            fn value(context: &mut Context, time: $real, position: &[$real], drift: &mut [$real]) -> c_int {
                let failure = context.fails.filter(|(at, _)| *at == context.evaluations);
                context.evaluations = context.evaluations.wrapping_add(1);
                for (drift, x) in drift.iter_mut().zip(position) {
                    *drift = time - x;
                }
                match failure {
                    Some((_, true)) => 3,
                    Some((_, false)) => {
                        drift[0] = $real::INFINITY;
                        0
                    }
                    None => 0,
                }
            }

            unsafe extern "C" fn drift(
                context: *mut c_void, time: $real, position: *const $real, drift: *mut $real, dimension: usize,
            ) -> c_int {
                // SAFETY: the interface hands on the context, and arrays of as many components.
                unsafe {
                    let position = std::slice::from_raw_parts(position, dimension);
                    let drift = std::slice::from_raw_parts_mut(drift, dimension);
                    value(&mut *context.cast(), time, position, drift)
                }
            }

            fn bits(values: &[$real]) -> Vec<u64> {
                values.iter().map(|value| value.to_bits().into()).collect()
            }

            pub(super) fn run(calls: &[Call]) {
                let (mut stream, mut em, mut pmm, mut step) = (EMPTY, EMPTY, EMPTY, EMPTY);
                let mut arena: [$real; ARENA] = std::array::from_fn(|i| i as $real / 16.0 - 1.0);
                let mut shadow = Shadow::default();
                let stream_p: *mut pmid_stream_t = ptr::from_mut(&mut stream).cast();
                let (em_p, pmm_p): (*mut $em, *mut $pmm) = (ptr::from_mut(&mut em).cast(), ptr::from_mut(&mut pmm).cast());
                let step_p: *mut $step = ptr::from_mut(&mut step).cast();
                let arena_p = arena.as_mut_ptr();
                for call in calls.iter().copied().take(16) {
                    // SAFETY: every pointer is null, misaligned or leads to an object or array of its size.
                    unsafe {
                        one(call, stream_p, em_p, pmm_p, step_p, arena_p, &mut shadow);
                        if let Some(expected) = &shadow.stream {
                            let mut position = 0;
                            assert_eq!(pmid_stream_tell(stream_p, &mut position), PMID_OK);
                            assert_eq!(position, expected.word_position());
                        }
                    }
                }
            }

            /// # Safety
            /// The pointers lead to objects, and to an arena.
            unsafe fn one(
                call: Call, stream_p: *mut pmid_stream_t, em_p: *mut $em, pmm_p: *mut $pmm, step_p: *mut $step,
                arena_p: *mut $real, shadow: &mut Shadow,
            ) {
                let arena = || {
                    // SAFETY: as the caller promises.
                    unsafe { *arena_p.cast::<[$real; ARENA]>() }
                };
                let before = arena();
                match call {
                    Call::Stream { stream, seed, particle } if stream != To::Another => {
                        let to = stream.pointer(stream_p, em_p);
                        // SAFETY: as `run` promises.
                        let status = unsafe { pmid_stream_init(to, seed, particle) };
                        assert_eq!(status == PMID_OK, stream.is_right());
                        if stream.is_right() {
                            shadow.stream = Some(Stream::new(seed, particle));
                        }
                    }
                    Call::Stream { .. } => {}
                    Call::Seek { stream, position } => {
                        // SAFETY: as `run` promises.
                        let status = unsafe { pmid_stream_seek(stream.pointer(stream_p, em_p), position) };
                        match shadow.stream.as_mut().filter(|_| stream.is_right()) {
                            Some(stream) => assert_eq!(status == PMID_OK, stream.seek(position).is_ok()),
                            None => assert_ne!(status, PMID_OK),
                        }
                    }
                    Call::Tell { stream, output } => {
                        let mut position = [7_u64; 2];
                        let to = output.to_numbers(position.as_mut_ptr());
                        // SAFETY: as `run` promises.
                        let status = unsafe { pmid_stream_tell(stream.pointer(stream_p, em_p), to) };
                        let is_right = output.leads_to_numbers();
                        match shadow.stream.as_ref().filter(|_| stream.is_right() && is_right) {
                            Some(stream) => assert_eq!((status, position[0]), (PMID_OK, stream.word_position())),
                            None => assert!(status != PMID_OK && position == [7; 2]),
                        }
                    }
                    Call::Word { stream, output } => {
                        let mut word = [7_u32; 2];
                        let to = output.to_numbers(word.as_mut_ptr());
                        // SAFETY: as `run` promises.
                        let status = unsafe { pmid_stream_next_word(stream.pointer(stream_p, em_p), to) };
                        let is_right = output.leads_to_numbers();
                        match shadow.stream.as_mut().filter(|_| stream.is_right() && is_right) {
                            Some(stream) => assert_eq!((status, word[0]), (PMID_OK, stream.next_word())),
                            None => assert!(status != PMID_OK && word == [7; 2]),
                        }
                    }
                    Call::Stepper { stepper, is_euler_maruyama, step_size, inner_steps, law, odd } => {
                        if stepper == To::Another {
                            return;
                        }
                        let mut parameters = [0.02 * $real::from(step_size), $($parameter),*];
                        if let Some((index, value)) = odd {
                            let index = usize::from(index) % parameters.len();
                            parameters[index] = value as $real;
                        }
                        let k = if is_euler_maruyama { 1 } else { u32::from(inner_steps) };
                        let made = ($new)(parameters, k);
                        let mut law = u32::from(law % 8);
                        law = if law < 6 { law % 2 } else { law };
                        let rust_law = [MidpointLaw::Bernoulli, MidpointLaw::Single].get(law as usize).copied();
                        // SAFETY: as `run` promises.
                        let status = unsafe {
                            interface!(@init is_euler_maruyama, stepper, em_p, pmm_p, stream_p, $em_init, $pmm_init, parameters, k, law, $($parameter),*)
                        };
                        let made = made.ok().filter(|_| stepper.is_right());
                        match made {
                            Some(dynamics) if is_euler_maruyama => {
                                assert_eq!(status, PMID_OK);
                                shadow.euler_maruyama = Some(EulerMaruyama::new(dynamics));
                            }
                            Some(dynamics) if rust_law.is_some() => {
                                assert_eq!(status, PMID_OK);
                                shadow.midpoint = rust_law.map(|law| PoissonMidpoint::new(dynamics, law));
                            }
                            _ => assert_ne!(status, PMID_OK),
                        }
                    }
                    Call::Step { stepper, is_euler_maruyama, stream, arrays, drift: failing, output } => {
                        let each = if is_euler_maruyama { 1 + $parts } else { 3 + 2 * $parts };
                        let layout = Layout::new(arrays, each);
                        let mut context = Context { evaluations: 0, fails: failing.fails };
                        let mut mirror = context;
                        let mut drift_calls = [7_u32; 2];
                        let to_calls = output.to_numbers(drift_calls.as_mut_ptr());
                        let function: Option<CDrift<$real>> = if failing.is_null { None } else { Some(drift) };
                        let to_stream = stream.pointer(stream_p, em_p);
                        let context_p = ptr::from_mut(&mut context).cast();
                        let (state_p, work_p) = layout.pointers(arena_p, stream_p);
                        let (dimension, work_length) = (layout.dimension, layout.work_length);
                        // SAFETY: as `run` promises; lengths are those of the arena or of no memory.
                        let status = unsafe {
                            if is_euler_maruyama {
                                let to = stepper.pointer(em_p, pmm_p);
                                $em_step(to, 0.25, state_p, dimension, function, context_p, to_stream, work_p, work_length)
                            } else {
                                let to = stepper.pointer(pmm_p, stream_p);
                                $pmm_step(to, 0.25, state_p, dimension, function, context_p, to_stream, work_p, work_length, to_calls)
                            }
                        };
                        let is_ready = if is_euler_maruyama { shadow.euler_maruyama.is_some() } else { shadow.midpoint.is_some() };
                        let output_is_right = is_euler_maruyama || output != To::Misaligned;
                        let is_right = is_ready && stepper.is_right() && stream.is_right() && !failing.is_null
                            && layout.is_right && output_is_right;
                        let Some(words) = shadow.stream.as_mut().filter(|_| is_right) else {
                            assert_ne!(status, PMID_OK);
                            assert_eq!(bits(&arena()), bits(&before));
                            return;
                        };
                        let (place, length) = (layout.state, layout.dimension * $parts);
                        let mut state = before[place..place + length].to_vec();
                        let mut work = vec![0.0; layout.work_length];
                        let mut failed = false;
                        let call = |time, position: &[$real], drift: &mut [$real]| {
                            if value(&mut mirror, time, position, drift) != 0 {
                                (failed, drift[0]) = (true, $real::NAN);
                            }
                        };
                        let result = match (&shadow.euler_maruyama, &shadow.midpoint) {
                            (Some(stepper), _) if is_euler_maruyama => stepper.step_slice(0.25, &mut state, call, words, &mut work),
                            (_, Some(stepper)) => stepper.step_slice(0.25, &mut state, call, words, &mut work),
                            _ => unreachable!("one is ready"),
                        };
                        match result {
                            Ok(step) => {
                                assert_eq!(status, PMID_OK);
                                let told = !is_euler_maruyama && output != To::Null;
                                assert_eq!(drift_calls[0], if told { step.drift_calls } else { 7 });
                            }
                            Err(_) if failed => assert_eq!(status, PMID_DRIFT_FAILED),
                            Err(error) => assert_eq!(status, of_slice_error(error)),
                        }
                        assert_eq!(mirror.evaluations, context.evaluations);
                        // The state is the library's, and nothing but it and the work has changed.
                        let after = arena();
                        for (index, (after, before)) in bits(&after).into_iter().zip(bits(&before)).enumerate() {
                            if let Some(place) = index.checked_sub(place).filter(|place| *place < length) {
                                assert_eq!(after, u64::from(state[place].to_bits()));
                            } else if !layout.in_work(index) {
                                assert_eq!(after, before);
                            }
                        }
                    }
                    Call::Begin { step, stepper, arrays, drift } => {
                        if step == To::Another {
                            return;
                        }
                        let layout = Layout::new(arrays, 3 + 2 * $parts);
                        let b0 = [0.5 as $real; 8];
                        let to_b0 = drift.pointer(b0.as_ptr().cast_mut(), pmm_p);
                        let (state_p, work_p) = layout.pointers(arena_p, pmm_p);
                        // SAFETY: as `run` promises; lengths are those of the arena or of no memory.
                        let status = unsafe {
                            $begin(step.pointer(step_p, stream_p), stepper.pointer(pmm_p, stream_p), 0.25, state_p,
                                layout.dimension, to_b0, work_p, layout.work_length)
                        };
                        let is_right = step.is_right() && stepper.is_right() && layout.is_right && drift.is_right();
                        let Some(stepper) = shadow.midpoint.filter(|_| is_right) else {
                            assert_ne!(status, PMID_OK);
                            assert_eq!(bits(&arena()), bits(&before));
                            return;
                        };
                        let length = layout.dimension * $parts;
                        let mut state = before[layout.state..layout.state + length].to_vec();
                        let mut work = vec![0.0; layout.work_length];
                        let begun = stepper.begin_slice(0.25, &mut state, &b0[..layout.dimension], &mut work);
                        match begun.map(|step| step.suspend()) {
                            Ok(step) => {
                                assert_eq!(status, PMID_OK);
                                let place = layout.state;
                                shadow.step = Some(Waiting { step, state, work, place, is_asked: false });
                            }
                            Err(error) => assert_eq!(status, of_slice_error(error)),
                        }
                    }
                    Call::Next { step, stream, output } => {
                        let mut query = [(); 2].map(|()| $query { position: ptr::null(), time: 7.0, inner_step: 7 });
                        let to = output.pointer(query.as_mut_ptr(), step_p);
                        let is_output = output.is_right();
                        // SAFETY: as `run` promises.
                        let status = unsafe { $next(step.pointer(step_p, stream_p), stream.pointer(stream_p, em_p), to) };
                        let (Some(waiting), Some(words)) = (&mut shadow.step, &mut shadow.stream) else {
                            return assert_ne!(status, PMID_OK);
                        };
                        if !(step.is_right() && stream.is_right() && is_output) {
                            return assert_ne!(status, PMID_OK);
                        }
                        let mut resumed = waiting.step.resume(&mut waiting.state, &mut waiting.work).unwrap();
                        let asked = resumed.next(words).map(|asked| asked.map(|asked| {
                            (bits(asked.position), asked.time.to_bits(), asked.inner_step)
                        }));
                        waiting.step = resumed.suspend();
                        match asked {
                            Err(error) => assert_eq!(status, of_slice_error(error)),
                            Ok(asked) => {
                                assert_eq!(status, PMID_OK);
                                waiting.is_asked = asked.is_some();
                                let [query, _] = query;
                                assert_eq!(query.position.is_null(), asked.is_none());
                                if let Some(asked) = asked {
                                    let dimension = waiting.state.len() / $parts;
                                    // SAFETY: in the arena, of the step's dimension.
                                    let position = unsafe { std::slice::from_raw_parts(query.position, dimension) };
                                    assert_eq!((bits(position), query.time.to_bits(), query.inner_step), asked);
                                }
                            }
                        }
                    }
                    Call::Supply { step, dimension, drift, is_finite } => {
                        let dimension = usize::from(dimension % 8);
                        let values = [if is_finite { 0.75 } else { $real::NAN }; 8];
                        let to = drift.to_numbers(values.as_ptr().cast_mut());
                        // SAFETY: as `run` promises.
                        let status = unsafe { $supply(step.pointer(step_p, stream_p), to, dimension) };
                        let is_right = step.is_right() && drift.leads_to_numbers() && dimension > 0;
                        let Some(waiting) = shadow.step.as_mut().filter(|_| is_right) else {
                            return assert_ne!(status, PMID_OK);
                        };
                        let mut resumed = waiting.step.resume(&mut waiting.state, &mut waiting.work).unwrap();
                        let result = resumed.supply(&values[..dimension]);
                        waiting.step = resumed.suspend();
                        match result {
                            Ok(()) => assert_eq!(status, PMID_OK),
                            Err(error) => assert_eq!(status, of_slice_error(error)),
                        }
                    }
                    Call::Finish { step, output } => {
                        let mut drift_calls = [7_u32; 2];
                        let to = output.to_numbers(drift_calls.as_mut_ptr());
                        // SAFETY: as `run` promises.
                        let status = unsafe { $finish(step.pointer(step_p, stream_p), to) };
                        let is_right = step.is_right() && output != To::Misaligned;
                        let Some(waiting) = shadow.step.as_mut().filter(|_| is_right) else {
                            return assert_ne!(status, PMID_OK);
                        };
                        let place = waiting.place;
                        let resumed = waiting.step.resume(&mut waiting.state, &mut waiting.work).unwrap();
                        match resumed.finish() {
                            Ok(done) => {
                                assert_eq!(status, PMID_OK);
                                let expected = if output == To::Null { 7 } else { done.drift_calls };
                                assert_eq!(drift_calls[0], expected);
                                let after = arena();
                                assert_eq!(bits(&after[place..place + waiting.state.len()]), bits(&waiting.state));
                                shadow.step = None;
                            }
                            Err(error) => assert_eq!(status, of_slice_error(error)),
                        }
                    }
                }
                // A step under way owns its state and work; calls that may write there give it up.
                if matches!(call, Call::Step { .. }) {
                    shadow.step = None;
                    // SAFETY: set to zero is not initialised.
                    unsafe { step_p.cast::<Object>().write(EMPTY) };
                }
            }

            /// Where the arrays of a call are.
            struct Layout {
                state: usize,
                work: usize,
                dimension: usize,
                work_length: usize,
                to: (To, To),
                /// Whether the arrays can be had, lie apart and are long enough.
                is_right: bool,
            }

            impl Layout {
                fn new(arrays: Arrays, each: usize) -> Self {
                    let Arrays { state: (to_state, state), work: (to_work, work), .. } = arrays;
                    let vast = |less: u32| isize::MAX as usize / size_of::<$real>() + 1 + less as usize;
                    let (dimension, is_real) = match arrays.dimension {
                        Length::Fit => (2, true),
                        Length::Less(less) => (usize::from(less % 4), true),
                        Length::Vast(less) => (vast(less), false),
                    };
                    let needed = if is_real { dimension * each } else { each };
                    let (work_length, work_is_real) = match arrays.work_length {
                        Length::Fit => (needed, true),
                        Length::Less(less) => (needed.saturating_sub(usize::from(less)), true),
                        Length::Vast(less) => (vast(less), false),
                    };
                    // Within the arena, and wherever in it the longest would still be.
                    let (state, work) = (usize::from(state) % 32, usize::from(work) % (ARENA - 28));
                    let state_length = if is_real { dimension * $parts } else { 0 };
                    let apart = state + state_length <= work || work + work_length <= state;
                    let long_enough = dimension > 0 && work_length >= needed;
                    Self {
                        state, work, dimension, work_length,
                        to: (to_state, to_work),
                        is_right: is_real && work_is_real && apart && long_enough && to_state.is_right() && to_work.is_right(),
                    }
                }

                /// The arrays, or in another's place an object of the same call, which they then overlap.
                fn pointers<U>(&self, arena: *mut $real, object: *mut U) -> (*mut $real, *mut $real) {
                    let at = |place| arena.wrapping_add(place);
                    (self.to.0.pointer(at(self.state), object), self.to.1.pointer(at(self.work), object))
                }

                fn in_work(&self, index: usize) -> bool {
                    index >= self.work && index < self.work + self.work_length
                }
            }
        }
    };
    (@init $is_em:ident, $to:ident, $em_p:ident, $pmm_p:ident, $other:ident, $em_init:ident, $pmm_init:ident, $p:ident, $k:ident, $law:ident, $a:literal, $b:literal) => {
        if $is_em {
            $em_init($to.pointer($em_p, $other), $p[0], $p[1], $p[2])
        } else {
            $pmm_init($to.pointer($pmm_p, $other), $p[0], $k, $law, $p[1], $p[2])
        }
    };
    (@init $is_em:ident, $to:ident, $em_p:ident, $pmm_p:ident, $other:ident, $em_init:ident, $pmm_init:ident, $p:ident, $k:ident, $law:ident, $a:literal, $b:literal, $c:literal) => {
        if $is_em {
            $em_init($to.pointer($em_p, $other), $p[0], $p[1], $p[2], $p[3])
        } else {
            $pmm_init($to.pointer($pmm_p, $other), $p[0], $k, $law, $p[1], $p[2], $p[3])
        }
    };
}

interface! {
    overdamped, f32, 1, Overdamped,
    |[step, temperature, mobility]: [f32; 3], k| {
        let made = Overdamped::new(step, k).and_then(|made| made.with_temperature(temperature));
        made.and_then(|made| made.with_mobility(mobility))
    },
    pmid_em_overdamped_f32_t, pmid_em_overdamped_f32_init, pmid_em_overdamped_f32_step,
    pmid_pmm_overdamped_f32_t, pmid_pmm_overdamped_f32_init, pmid_pmm_overdamped_f32_step,
    pmid_pmm_overdamped_f32_step_t, pmid_pmm_overdamped_f32_begin, pmid_pmm_overdamped_f32_next,
    pmid_pmm_overdamped_f32_supply, pmid_pmm_overdamped_f32_finish, pmid_query_f32_t, 1.5, 0.5
}

interface! {
    underdamped, f64, 2, Underdamped,
    |[step, temperature, mass, friction]: [f64; 4], k| {
        let made = Underdamped::new(step, k, friction).and_then(|made| made.with_temperature(temperature));
        made.and_then(|made| made.with_mass(mass))
    },
    pmid_em_underdamped_f64_t, pmid_em_underdamped_f64_init, pmid_em_underdamped_f64_step,
    pmid_pmm_underdamped_f64_t, pmid_pmm_underdamped_f64_init, pmid_pmm_underdamped_f64_step,
    pmid_pmm_underdamped_f64_step_t, pmid_pmm_underdamped_f64_begin, pmid_pmm_underdamped_f64_next,
    pmid_pmm_underdamped_f64_supply, pmid_pmm_underdamped_f64_finish, pmid_query_f64_t, 1.5, 0.5, 2.0
}

fuzz_target!(|input: Input| {
    if input.is_underdamped {
        underdamped::run(&input.calls);
    } else {
        overdamped::run(&input.calls);
    }
});
