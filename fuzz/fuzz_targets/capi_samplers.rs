//! The C interface for diffusion against the library that it wraps: the same status, bits and words where a call is right,
//! and an error that changes nothing where it is not, in whatever order samplers and runs are made and used.

#![no_main]
#![allow(
    non_camel_case_types,
    dead_code,
    reason = "the interface's own sources are included, for its archive holds a panic handler"
)]

extern crate poisson_midpoint as core_crate;

use std::ptr;

use arbitrary::Arbitrary;
use core_crate::MidpointLaw;
use core_crate::diffusion::{
    Clip, Ddim, Ddpm, DpmSolver, DpmSolverPlusPlus, ErSdeSolver, HybridMultistep, MidpointDensity,
    PoissonMidpointDdpm, Prediction, Progress, RandomizedMidpointDdpm, Row, SaSolver, SampleError,
    Sampler, Sampling, ScheduleSlice, Solver, Steps, Variant,
};
use core_crate::random::Stream;
use libfuzzer_sys::fuzz_target;

#[path = "../../capi/src/arrays.rs"]
mod arrays;
#[path = "../../capi/src/calls.rs"]
mod calls;
#[path = "../../capi/src/diffusion/mod.rs"]
mod diffusion;
#[path = "../../capi/src/object.rs"]
mod object;
#[path = "../../capi/src/status.rs"]
mod status;
#[path = "../../capi/src/stream.rs"]
mod stream;
#[path = "../../capi/src/types.rs"]
mod types;

use diffusion::functions::*;
use diffusion::types::*;
use status::pmid_status_t::{self, *};
use stream::*;

const TRAINING_STEPS: usize = 12;
/// Scalars in which samples and work lie.
const ARENA: usize = 64;

#[derive(Arbitrary, Debug)]
struct Input {
    is_double: bool,
    /// By how much each exponent is above the one before, and one that is what it likes.
    growth: [u8; TRAINING_STEPS],
    odd: Option<(u8, f64)>,
    /// Which training steps are visited.
    visited: u16,
    seed: u64,
    calls: Vec<Call>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Call {
    Init {
        sampler: To,
        settings: To,
        arrays: [To; 4],
        fewer: [u8; 3],
        predicts: u8,
        clip: Option<(u8, u8)>,
        method: Method,
    },
    WorkLength {
        sampler: To,
        dimension: Length,
        output: To,
    },
    Begin {
        run: To,
        sampler: To,
        x: (To, u8),
        work: (To, u8),
        dimension: Length,
        work_length: Length,
    },
    Next {
        run: To,
        stream: To,
        query: To,
    },
    Supply {
        run: To,
        output: To,
        dimension: Length,
        value: u8,
    },
}

/// A solver, whose numbers may be none of its own.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Method {
    Ddpm(u8, i8),
    Ddim(u8),
    DpmSolver(u8),
    DpmSolverPlusPlus(u8, u8),
    HybridMultistep(u8, u8, u8),
    SaSolver(u8, u8, u8),
    ErSde(u8),
    Poisson(u8, i8, u8, u8, u8),
    Randomized(u8, i8, u8, u8),
}

/// Where a pointer leads: mostly where it should.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    It([bool; 3]),
    ItToo([bool; 3]),
    Null,
    Misaligned,
    /// Another object of the call, large enough.
    Another,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Length {
    /// What is right.
    Fit([bool; 2]),
    Less(u8),
    /// More than any memory.
    Vast(u16),
}

impl To {
    fn is_right(self) -> bool {
        matches!(self, Self::It(_) | Self::ItToo(_))
    }

    fn pointer<T, U>(self, it: *mut T, another: *mut U) -> *mut T {
        match self {
            Self::It(_) | Self::ItToo(_) => it,
            Self::Null => ptr::null_mut(),
            Self::Misaligned => it.wrapping_byte_add(1),
            Self::Another => another.cast(),
        }
    }
}

impl Length {
    /// The length, and whether memory could have it.
    fn of(self, right: usize) -> (usize, bool) {
        match self {
            Self::Fit(_) => (right, true),
            Self::Less(less) => (right.saturating_sub(usize::from(less % 8)), true),
            Self::Vast(less) => (isize::MAX as usize / 2 + usize::from(less), false),
        }
    }
}

/// Memory for any object, zero until it is initialised.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Object([u64; 40]);

const EMPTY: Object = Object([0; 40]);

/// A share, at times of more than all.
fn share(value: u8) -> f64 {
    f64::from(value) / 200.0
}

fn order(value: u8) -> u32 {
    u32::from(value % 5)
}

fn of_variant<T>(variant: u8, correction: T) -> Option<Variant<T>> {
    Some(match variant % 5 {
        0 => Variant::FixedSmall,
        1 => Variant::Reduced,
        2 => Variant::FixedLarge,
        3 => Variant::Exponential { correction },
        _ => return None,
    })
}

/// In the order of the header's constants.
fn of_prediction(prediction: u8) -> Option<Prediction> {
    Prediction::ALL.get(usize::from(prediction % 6)).copied()
}

macro_rules! interface {
    ($real:ident) => {
        pastey::paste! {
            mod [<in_ $real>] {
                use super::*;

                type Settings = [<pmid_settings_ $real _t>];
                type CSampler = [<pmid_sampler_ $real _t>];
                type CRun = [<pmid_run_ $real _t>];
                type CRow = [<pmid_row_ $real _t>];
                type Query = [<pmid_network_query_ $real _t>];

                /// What a sampler was made of.
                #[derive(Clone)]
                struct Plan {
                    exponents: Vec<$real>,
                    timesteps: Vec<u32>,
                    predicts: Prediction,
                    clip: Option<(u8, u8)>,
                    method: Method,
                    rows: usize,
                }

                struct Running {
                    progress: Progress,
                    x: Vec<$real>,
                    work: Vec<$real>,
                    /// Where they are in the arena.
                    places: [usize; 2],
                }

                #[derive(Default)]
                struct Shadow {
                    sampler: Option<Plan>,
                    run: Option<Running>,
                }

                /// What is asked of a sampler, whichever its solver.
                trait Ask {
                    fn length(&self, dimension: usize) -> usize;
                    fn next(&self, run: &mut Running, stream: &mut Stream)
                        -> Result<Option<(Vec<$real>, u32)>, SampleError>;
                    fn supply(&self, run: &mut Running, output: &[$real]) -> Result<(), SampleError>;
                }

                impl<S: Solver<$real>> Ask for Sampler<'_, $real, ScheduleSlice<'_, $real>, S> {
                    fn length(&self, dimension: usize) -> usize {
                        self.work_length(dimension)
                    }
                    fn next(&self, run: &mut Running, stream: &mut Stream)
                        -> Result<Option<(Vec<$real>, u32)>, SampleError> {
                        let mut sampling = Sampling::resume(self, run.progress, &mut run.x, &mut run.work)?;
                        let asked = sampling.next(stream);
                        let asked = asked.map(|query| query.map(|query| (query.position.to_vec(), query.step)));
                        run.progress = sampling.progress();
                        asked
                    }
                    fn supply(&self, run: &mut Running, output: &[$real]) -> Result<(), SampleError> {
                        let mut sampling = Sampling::resume(self, run.progress, &mut run.x, &mut run.work)?;
                        sampling.supply(output)?;
                        run.progress = sampling.progress();
                        Ok(())
                    }
                }

                impl Plan {
                    /// Asks the sampler, if there is one.
                    fn ask<R>(&self, question: impl FnOnce(&dyn Ask) -> R) -> Option<R> {
                        let schedule = ScheduleSlice::new(&self.exponents).ok()?;
                        let steps = Steps::new(&self.timesteps).ok()?;
                        let clip = match self.clip {
                            Some((limit, quantile)) => self.clip(limit, quantile)?,
                            None => None,
                        };
                        macro_rules! with {
                            ($solver:expr) => {{
                                let sampler = Sampler::new(schedule, steps, self.predicts, $solver).ok()?;
                                Some(match clip {
                                    Some(clip) => question(&sampler.with_clip(clip)),
                                    None => question(&sampler),
                                })
                            }};
                        }
                        let real = |value: f64| value as $real;
                        let mut table = vec![Row::ZERO; self.rows];
                        let mut thresholds = vec![0; self.rows];
                        match self.method {
                            Method::Ddpm(variant, correction) => {
                                with!(Ddpm { variant: of_variant(variant, $real::from(correction))? })
                            }
                            Method::Ddim(eta) => with!(Ddim { eta: real(share(eta)) }),
                            Method::DpmSolver(n) => with!(DpmSolver { order: order(n) }),
                            Method::DpmSolverPlusPlus(n, eta) => {
                                with!(DpmSolverPlusPlus { order: order(n), eta: real(share(eta)) })
                            }
                            Method::HybridMultistep(n, eta, node) => with!(HybridMultistep {
                                order: order(n), eta: real(share(eta)), node: real(share(node))
                            }),
                            Method::SaSolver(predictor, corrector, tau) => with!(SaSolver {
                                predictor: order(predictor),
                                corrector: order(corrector),
                                tau: real(share(tau)),
                                noisy: [0.125, 4.0],
                            }),
                            Method::ErSde(n) => with!(ErSdeSolver { order: order(n) }),
                            Method::Poisson(variant, correction, held, law, tail) => {
                                if table.is_empty() {
                                    return None;
                                }
                                let law = [MidpointLaw::Bernoulli, MidpointLaw::Single].get(usize::from(law % 3));
                                with!(PoissonMidpointDdpm::new(&mut table)
                                    .with_variant(of_variant(variant, $real::from(correction))?)
                                    .with_held(of_prediction(held)?)
                                    .with_law(*law?)
                                    .with_tail(usize::from(tail)))
                            }
                            Method::Randomized(variant, correction, held, density) => {
                                if table.is_empty() {
                                    return None;
                                }
                                let densities = [MidpointDensity::Drift, MidpointDensity::DriftTimesDistance];
                                let density = densities.get(usize::from(density % 3));
                                with!(RandomizedMidpointDdpm::new(&mut table, &mut thresholds)
                                    .with_variant(of_variant(variant, $real::from(correction))?)
                                    .with_held(of_prediction(held)?)
                                    .with_density(*density?))
                            }
                        }
                    }

                    /// No clip of a limit 0, one to a range of a quantile 0.
                    fn clip(&self, limit: u8, quantile: u8) -> Option<Option<Clip<$real>>> {
                        let (limit, quantile) = (share(limit) as $real, share(quantile) as $real);
                        if limit == 0.0 {
                            return Some(None);
                        }
                        let clip = if quantile == 0.0 { Clip::range(limit) } else { Clip::dynamic(quantile, limit) };
                        clip.ok().map(Some)
                    }
                }

                fn bits(values: &[$real]) -> Vec<u64> {
                    values.iter().map(|value| value.to_bits().into()).collect()
                }

                /// All that calls lead to.
                struct World {
                    exponents: [$real; TRAINING_STEPS],
                    timesteps: [u32; TRAINING_STEPS + 1],
                    visited: usize,
                    table: [CRow; TRAINING_STEPS],
                    thresholds: [u32; TRAINING_STEPS],
                    arena: [$real; ARENA],
                    sampler: Object,
                    run: Object,
                    stream: Object,
                    output: [$real; 8],
                }

                pub(super) fn run(input: &Input) {
                    let mut total = 0.0;
                    let mut exponents = input.growth.map(|growth| {
                        total += (f64::from(growth) + 1.0) / 64.0;
                        total as $real
                    });
                    if let Some((index, value)) = input.odd {
                        exponents[usize::from(index) % TRAINING_STEPS] = value as $real;
                    }
                    let mut timesteps = [0; TRAINING_STEPS + 1];
                    let visited = (0..=TRAINING_STEPS as u32).rev().filter(|step| input.visited & 1 << step != 0);
                    let visited = timesteps.iter_mut().zip(visited).map(|(place, step)| *place = step).count();
                    let mut world = World {
                        exponents,
                        timesteps,
                        visited,
                        // SAFETY: plain numbers.
                        table: unsafe { std::mem::zeroed() },
                        thresholds: [0; TRAINING_STEPS],
                        arena: std::array::from_fn(|i| i as $real / 16.0 - 1.0),
                        sampler: EMPTY,
                        run: EMPTY,
                        stream: EMPTY,
                        output: [0.0; 8],
                    };
                    let stream_p: *mut pmid_stream_t = ptr::from_mut(&mut world.stream).cast();
                    // SAFETY: an object of its size.
                    assert_eq!(unsafe { pmid_stream_init(stream_p, input.seed, 7) }, PMID_OK);
                    let mut stream = Stream::new(input.seed, 7);
                    let mut shadow = Shadow::default();
                    let world = &raw mut world;
                    for call in input.calls.iter().copied().take(64) {
                        // SAFETY: the world lives on, and every pointer is null, misaligned or leads to a part of its size.
                        unsafe {
                            let before = (*world).arena;
                            let changed = one(call, world, &mut shadow, &mut stream);
                            let mut position = 0;
                            let stream_p: *mut pmid_stream_t = (&raw mut (*world).stream).cast();
                            assert_eq!(pmid_stream_tell(stream_p, &mut position), PMID_OK);
                            assert_eq!(position, stream.word_position());
                            let Some(changed) = changed else {
                                return;
                            };
                            // Nothing has changed but x and the work of the run.
                            let after = (*world).arena;
                            match shadow.run.as_ref().filter(|_| changed) {
                                None => assert_eq!(bits(&after), bits(&before)),
                                Some(run) => {
                                    let [x, work] = run.places;
                                    for (index, (&after, &before)) in after.iter().zip(&before).enumerate() {
                                        if let Some(mine) = index.checked_sub(x).and_then(|d| run.x.get(d)) {
                                            assert_eq!(after.to_bits(), mine.to_bits());
                                        } else if !(work..work + run.work.len()).contains(&index) {
                                            assert_eq!(after.to_bits(), before.to_bits());
                                        }
                                    }
                                }
                            }
                        }
                    }
                }

                /// Whether the arena may have changed; nothing if what comes after can no longer be known.
                ///
                /// # Safety
                /// The pointer leads to a world.
                unsafe fn one(call: Call, world: *mut World, shadow: &mut Shadow, stream: &mut Stream) -> Option<bool> {
                    // SAFETY: as the caller promises.
                    let (sampler_p, run_p, stream_p, arena_p, output_p) = unsafe {
                        (
                            (&raw mut (*world).sampler).cast::<CSampler>(),
                            (&raw mut (*world).run).cast::<CRun>(),
                            (&raw mut (*world).stream).cast::<pmid_stream_t>(),
                            (&raw mut (*world).arena).cast::<$real>(),
                            (&raw mut (*world).output).cast::<$real>(),
                        )
                    };
                    match call {
                        Call::Init { sampler, settings, arrays, fewer, predicts, clip, method } => {
                            if sampler == To::Another || settings == To::Another {
                                return Some(false);
                            }
                            // SAFETY: as the caller promises.
                            let (exponents, timesteps, table, thresholds, visited) = unsafe {
                                (
                                    (&raw mut (*world).exponents).cast::<$real>(),
                                    (&raw mut (*world).timesteps).cast::<u32>(),
                                    (&raw mut (*world).table).cast::<CRow>(),
                                    (&raw mut (*world).thresholds).cast::<u32>(),
                                    (*world).visited,
                                )
                            };
                            let training_steps = TRAINING_STEPS.saturating_sub(usize::from(fewer[0] % 16));
                            let length = visited.saturating_sub(usize::from(fewer[1] % 4));
                            let rows = TRAINING_STEPS.saturating_sub(usize::from(fewer[2] % 16));
                            let [limit, quantile] = clip.map_or([0.0; 2], |(limit, quantile)| {
                                [share(limit), share(quantile)].map(|x| x as $real)
                            });
                            let mut given = Settings {
                                exponents: arrays[0].pointer(exponents, sampler_p),
                                training_steps,
                                timesteps: arrays[1].pointer(timesteps, sampler_p),
                                timesteps_length: length,
                                predicts: u32::from(predicts % 6),
                                clip_limit: limit,
                                clip_quantile: quantile,
                            };
                            let table = arrays[2].pointer(table, exponents);
                            let thresholds = arrays[3].pointer(thresholds, timesteps);
                            let has_table = matches!(method, Method::Poisson(..) | Method::Randomized(..));
                            let has_thresholds = matches!(method, Method::Randomized(..));
                            let right = sampler.is_right() && settings.is_right()
                                && arrays[0].is_right() && arrays[1].is_right()
                                && (!has_table || arrays[2].is_right())
                                && (!has_thresholds || arrays[3].is_right());
                            let to = sampler.pointer(sampler_p, run_p);
                            let from = settings.pointer(&raw mut given, run_p);
                            let real = |value: f64| value as $real;
                            // SAFETY: lengths are those of the arrays or less.
                            let status = unsafe {
                                match method {
                                    Method::Ddpm(variant, correction) => {
                                        [<pmid_sampler_ $real _init_ddpm>](to, from, u32::from(variant % 5), correction.into())
                                    }
                                    Method::Ddim(eta) => [<pmid_sampler_ $real _init_ddim>](to, from, real(share(eta))),
                                    Method::DpmSolver(n) => [<pmid_sampler_ $real _init_dpm_solver>](to, from, order(n)),
                                    Method::DpmSolverPlusPlus(n, eta) => {
                                        [<pmid_sampler_ $real _init_dpm_solver_pp>](to, from, order(n), real(share(eta)))
                                    }
                                    Method::HybridMultistep(n, eta, node) => [<pmid_sampler_ $real _init_hybrid_multistep>](
                                        to, from, order(n), real(share(eta)), real(share(node)),
                                    ),
                                    Method::SaSolver(predictor, corrector, tau) => [<pmid_sampler_ $real _init_sa_solver>](
                                        to, from, order(predictor), order(corrector), real(share(tau)), 0.125, 4.0,
                                    ),
                                    Method::ErSde(n) => [<pmid_sampler_ $real _init_er_sde>](to, from, order(n)),
                                    Method::Poisson(variant, correction, held, law, tail) => {
                                        [<pmid_sampler_ $real _init_poisson_midpoint>](
                                            to, from, u32::from(variant % 5), correction.into(), u32::from(held % 6),
                                            u32::from(law % 3), tail.into(), table, rows,
                                        )
                                    }
                                    Method::Randomized(variant, correction, held, density) => {
                                        [<pmid_sampler_ $real _init_randomized_midpoint>](
                                            to, from, u32::from(variant % 5), correction.into(), u32::from(held % 6),
                                            u32::from(density % 3), table, thresholds, rows,
                                        )
                                    }
                                }
                            };
                            // SAFETY: as the caller promises.
                            let (exponents, list) = unsafe { ((*world).exponents, (*world).timesteps) };
                            let plan = of_prediction(predicts).map(|predicts| Plan {
                                exponents: exponents[..training_steps].to_vec(),
                                timesteps: list[..length].to_vec(),
                                predicts,
                                clip,
                                method,
                                rows,
                            });
                            let plan = plan.filter(|plan| right && plan.ask(|_| ()).is_some());
                            assert_eq!(status == PMID_OK, plan.is_some(), "{status:?}");
                            if plan.is_some() {
                                shadow.sampler = plan;
                            } else if status == PMID_BAD_COEFFICIENT {
                                shadow.sampler = None;
                            }
                            Some(false)
                        }
                        Call::WorkLength { sampler, dimension, output } => {
                            let (dimension, _) = dimension.of(5);
                            let mut length = [7_usize; 2];
                            let to = output.pointer(length.as_mut_ptr(), sampler_p);
                            // SAFETY: as the caller promises.
                            let status = unsafe {
                                [<pmid_sampler_ $real _work_length>](sampler.pointer(sampler_p, run_p), dimension, to)
                            };
                            let plan = shadow.sampler.as_ref().filter(|_| sampler.is_right() && output.is_right());
                            let expected = plan.and_then(|plan| plan.ask(|sampler| sampler.length(dimension)));
                            match expected.filter(|&length| dimension > 0 && length < usize::MAX) {
                                Some(expected) => assert_eq!((status, length[0]), (PMID_OK, expected)),
                                None => assert!(status != PMID_OK && length == [7; 2]),
                            }
                            Some(false)
                        }
                        Call::Begin { run, sampler, x: (to_x, x), work: (to_work, work), dimension, work_length } => {
                            if run == To::Another {
                                return Some(false);
                            }
                            let (dimension, is_real) = dimension.of(3);
                            let plan = shadow.sampler.as_ref().filter(|_| sampler.is_right());
                            let needed = plan.and_then(|plan| plan.ask(|sampler| sampler.length(dimension.min(3))));
                            let needed = needed.unwrap_or(12);
                            let (work_length, work_is_real) = work_length.of(needed);
                            let (x, work) = (usize::from(x) % 32, usize::from(work) % 32);
                            let (x_p, work_p) = (
                                to_x.pointer(arena_p.wrapping_add(x), sampler_p),
                                to_work.pointer(arena_p.wrapping_add(work), run_p),
                            );
                            // SAFETY: lengths are those of the arena or of no memory.
                            let status = unsafe {
                                let (run, sampler) = (run.pointer(run_p, sampler_p), sampler.pointer(sampler_p, run_p));
                                [<pmid_run_ $real _begin>](run, sampler, x_p, dimension, work_p, work_length)
                            };
                            let apart = x + dimension <= work || work + work_length <= x;
                            let right = run.is_right() && is_real && work_is_real && to_x.is_right() && to_work.is_right()
                                && dimension > 0 && work_length > 0 && apart && work_length >= needed;
                            if plan.is_some() && right {
                                assert_eq!(status, PMID_OK);
                                // SAFETY: as the caller promises.
                                let arena = unsafe { (*world).arena };
                                shadow.run = Some(Running {
                                    progress: Progress::default(),
                                    x: arena[x..x + dimension].to_vec(),
                                    work: arena[work..work + work_length].to_vec(),
                                    places: [x, work],
                                });
                            } else {
                                assert_ne!(status, PMID_OK);
                            }
                            Some(false)
                        }
                        Call::Next { run, stream: to_stream, query } => {
                            let mut asked = [(); 2].map(|()| Query { position: ptr::null(), step: 7 });
                            let to = query.pointer(asked.as_mut_ptr(), run_p);
                            // SAFETY: as the caller promises.
                            let status = unsafe {
                                let run = run.pointer(run_p, sampler_p);
                                [<pmid_run_ $real _next>](run, to_stream.pointer(stream_p, sampler_p), to)
                            };
                            let right = run.is_right() && to_stream.is_right() && query.is_right();
                            let (Some(plan), Some(running)) = (&shadow.sampler, shadow.run.as_mut().filter(|_| right)) else {
                                assert_ne!(status, PMID_OK);
                                return Some(false);
                            };
                            match plan.ask(|sampler| sampler.next(running, stream))? {
                                Ok(None) => {
                                    assert_eq!(status, PMID_OK);
                                    assert!(asked[0].position.is_null());
                                }
                                Ok(Some((position, step))) => {
                                    assert_eq!((status, asked[0].step), (PMID_OK, step));
                                    // SAFETY: in the arena, as many as the sample has.
                                    let found = unsafe { std::slice::from_raw_parts(asked[0].position, position.len()) };
                                    assert_eq!(bits(found), bits(&position));
                                }
                                Err(error) => assert_eq!(status, pmid_status_t::from(error)),
                            }
                            Some(true)
                        }
                        Call::Supply { run, output, dimension, value } => {
                            let right_length = shadow.run.as_ref().map_or(3, |run| run.x.len());
                            let (dimension, is_real) = dimension.of(right_length);
                            let value = if value == 255 { $real::NAN } else { $real::from(value) / 64.0 - 2.0 };
                            // SAFETY: as the caller promises.
                            unsafe { output_p.cast::<[$real; 8]>().write([value; 8]) };
                            // SAFETY: lengths are within the output or of no memory.
                            let status = unsafe {
                                let run = run.pointer(run_p, sampler_p);
                                [<pmid_run_ $real _supply>](run, output.pointer(output_p, run_p), dimension)
                            };
                            let right = run.is_right() && output.is_right() && is_real && dimension > 0;
                            let (Some(plan), Some(running)) = (&shadow.sampler, shadow.run.as_mut().filter(|_| right)) else {
                                assert_ne!(status, PMID_OK);
                                return Some(false);
                            };
                            let told = plan.ask(|sampler| sampler.supply(running, &[value; 8][..dimension]))?;
                            assert_eq!(status, told.map_or_else(pmid_status_t::from, |()| PMID_OK));
                            Some(true)
                        }
                    }
                }
            }
        }
    };
}

interface!(f32);
interface!(f64);

fuzz_target!(|input: Input| {
    if input.is_double {
        in_f64::run(&input);
    } else {
        in_f32::run(&input);
    }
});
