//! The functions for diffusion in both scalars: thin functions over those of `run`.

use core::ptr;

use core_crate::diffusion::{
    Ddim, Ddpm, DpmSolver, DpmSolverPlusPlus, ErSdeSolver, HybridMultistep, KarrasSchedule, Level,
    LinearRate, NoiseSchedule, PoissonMidpointDdpm, RandomizedMidpointDdpm, RectifiedFlow,
    SaSolver, ScheduleError, ScheduleSlice, SquaredCosine, Steps, standard_normal,
};

use super::any::AnySampler;
use super::run::{Filled, Run, begin, make, make_over, next, supply, work_length};
use super::types::*;
use crate::arrays::{array, array_mut, check_apart, region};
use crate::calls::law;
use crate::object::{Handle, check, get_mut};
use crate::status::pmid_status_t;
use crate::stream::pmid_stream_t;

/// Fills a schedule's exponents.
///
/// # Safety
/// As the header's introduction demands.
unsafe fn fill<T: Diffusion>(
    exponents: *mut T,
    training_steps: usize,
    by: impl FnOnce(&'static mut [T]) -> Result<ScheduleSlice<'static, T>, ScheduleError<T>>,
) -> Result<(), pmid_status_t> {
    // SAFETY: as the header's introduction demands.
    by(unsafe { array_mut(exponents, training_steps)? })?;
    Ok(())
}

/// Fills a schedule's exponents by a formula for that number of training steps.
///
/// # Safety
/// As the header's introduction demands.
unsafe fn formula<T: Diffusion, N: NoiseSchedule<T>>(
    exponents: *mut T,
    training_steps: usize,
    make: impl FnOnce(u32) -> Result<N, ScheduleError<T>>,
) -> Result<(), pmid_status_t> {
    let by = |exponents| {
        let training_steps = u32::try_from(training_steps).unwrap_or(u32::MAX);
        ScheduleSlice::from_schedule(exponents, &make(training_steps)?)
    };
    // SAFETY: as the header's introduction demands.
    unsafe { fill(exponents, training_steps, by) }
}

/// Fills a schedule's exponents from an array of the same length.
///
/// # Safety
/// As the header's introduction demands.
unsafe fn convert<T: Diffusion>(
    exponents: *mut T,
    given: *const T,
    training_steps: usize,
    by: impl FnOnce(&'static mut [T], &[T]) -> Result<ScheduleSlice<'static, T>, ScheduleError<T>>,
) -> Result<(), pmid_status_t> {
    check_apart(&[
        region(exponents, training_steps),
        region(given, training_steps),
    ])?;
    // SAFETY: as the header's introduction demands; checked to lie apart.
    unsafe {
        let given = array(given, training_steps)?;
        fill(exponents, training_steps, |exponents| by(exponents, given))
    }
}

/// Fills timesteps.
///
/// # Safety
/// As the header's introduction demands.
unsafe fn fill_timesteps<T: Diffusion>(
    timesteps: *mut u32,
    length: usize,
    by: u32,
    rho: u32,
    exponents: *const T,
    training_steps: usize,
) -> Result<(), pmid_status_t> {
    let by = spacing(by, rho)?;
    check_apart(&[region(timesteps, length), region(exponents, training_steps)])?;
    // SAFETY: as the header's introduction demands; checked to lie apart.
    let (timesteps, exponents) = unsafe {
        (
            array_mut(timesteps, length)?,
            array(exponents, training_steps)?,
        )
    };
    Steps::spaced(timesteps, by, &ScheduleSlice::new(exponents)?)?;
    Ok(())
}

/// Writes the signal and the noise at an exponent.
///
/// # Safety
/// As the header's introduction demands.
unsafe fn level<T: Diffusion>(
    exponent: T,
    signal: *mut T,
    noise: *mut T,
) -> Result<(), pmid_status_t> {
    check(signal)?;
    check(noise)?;
    check_apart(&[region(signal, 1), region(noise, 1)])?;
    if !(exponent >= T::ZERO && exponent.is_finite()) {
        return Err(pmid_status_t::PMID_BAD_SCHEDULE);
    }
    let level = Level::new(exponent);
    // SAFETY: neither null nor misaligned, so valid for writes.
    unsafe {
        signal.write(level.signal);
        noise.write(level.noise);
    }
    Ok(())
}

/// Fills an array with normals.
///
/// # Safety
/// As the header's introduction demands.
unsafe fn normals<T: Diffusion>(
    x: *mut T,
    dimension: usize,
    stream: *mut pmid_stream_t,
) -> Result<(), pmid_status_t> {
    check_apart(&[region(x, dimension), region(stream, 1)])?;
    // SAFETY: as the header's introduction demands; checked to lie apart.
    unsafe { standard_normal(array_mut(x, dimension)?, get_mut(stream)?) };
    Ok(())
}

/// All functions in one scalar. Each `init` is one function over `make`.
macro_rules! functions {
    ($real:ident, $mark:expr) => {
        pastey::paste! {
            /// Fills a noise schedule: beta from `first` to `last`, linear over the training steps (DDPM: 1e-4, 0.02
            /// and 1000 steps).
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_schedule_ $real _linear>](
                exponents: *mut $real,
                training_steps: usize,
                first: $real,
                last: $real,
            ) -> pmid_status_t {
                let by = |exponents| ScheduleSlice::linear(exponents, first, last);
                // SAFETY: as the header's introduction demands.
                unsafe { fill(exponents, training_steps, by) }.into()
            }

            /// Fills a noise schedule: sqrt(beta) from sqrt(`first`) to sqrt(`last`), linear over the training steps
            /// (latent diffusion: 0.0015, 0.0195 and 1000 steps).
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_schedule_ $real _scaled_linear>](
                exponents: *mut $real,
                training_steps: usize,
                first: $real,
                last: $real,
            ) -> pmid_status_t {
                let by = |exponents| ScheduleSlice::scaled_linear(exponents, first, last);
                // SAFETY: as the header's introduction demands.
                unsafe { fill(exponents, training_steps, by) }.into()
            }

            /// Fills a noise schedule from the beta of each training step, in (0, 1).
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_schedule_ $real _betas>](
                exponents: *mut $real,
                betas: *const $real,
                training_steps: usize,
            ) -> pmid_status_t {
                // SAFETY: as the header's introduction demands.
                unsafe { convert(exponents, betas, training_steps, ScheduleSlice::from_betas) }.into()
            }

            /// Fills a noise schedule from the alpha-bar of each training step, in (0, 1) and decreasing.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_schedule_ $real _alpha_bars>](
                exponents: *mut $real,
                alpha_bars: *const $real,
                training_steps: usize,
            ) -> pmid_status_t {
                let by = ScheduleSlice::from_alpha_bars;
                // SAFETY: as the header's introduction demands.
                unsafe { convert(exponents, alpha_bars, training_steps, by) }.into()
            }

            /// Fills a noise schedule: a rate linear in continuous time, from `least` to `most`, 0 < least <= most.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_schedule_ $real _linear_rate>](
                exponents: *mut $real,
                training_steps: usize,
                least: $real,
                most: $real,
            ) -> pmid_status_t {
                let by = |steps| LinearRate::new(steps, least, most);
                // SAFETY: as the header's introduction demands.
                unsafe { formula(exponents, training_steps, by) }.into()
            }

            /// Fills a noise schedule: squared cosine (Nichol & Dhariwal 2021).
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_schedule_ $real _squared_cosine>](
                exponents: *mut $real,
                training_steps: usize,
            ) -> pmid_status_t {
                // SAFETY: as the header's introduction demands.
                unsafe { formula(exponents, training_steps, SquaredCosine::new) }.into()
            }

            /// Fills a noise schedule: the straight paths of flow matching, with the `shift` of Esser et al. 2024,
            /// which is 1 for none.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_schedule_ $real _rectified_flow>](
                exponents: *mut $real,
                training_steps: usize,
                shift: $real,
            ) -> pmid_status_t {
                let by = |steps| RectifiedFlow::new(steps, shift);
                // SAFETY: as the header's introduction demands.
                unsafe { formula(exponents, training_steps, by) }.into()
            }

            /// Fills a noise schedule: the levels of Karras et al. 2022 from sigma `least` to `most`, with `rho`, for
            /// which they take 7.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_schedule_ $real _karras>](
                exponents: *mut $real,
                training_steps: usize,
                rho: u32,
                least: $real,
                most: $real,
            ) -> pmid_status_t {
                let by = |steps| KarrasSchedule::new(steps, rho, least, most);
                // SAFETY: as the header's introduction demands.
                unsafe { formula(exponents, training_steps, by) }.into()
            }

            /// Writes the signal sqrt(alpha-bar) and the noise sqrt(1 - alpha-bar) at an exponent. From them follows
            /// what a network may take in place of its training step: sigma = noise/signal, or the time
            /// noise/(signal + noise) of flow matching.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_level_ $real>](
                exponent: $real,
                signal: *mut $real,
                noise: *mut $real,
            ) -> pmid_status_t {
                // SAFETY: as the header's introduction demands.
                unsafe { level(exponent, signal, noise) }.into()
            }

            /// Fills `timesteps` with the boundaries of `length` - 1 steps, the last of them 0, spaced by PMID_UNIFORM
            /// to PMID_KARRAS; only PMID_KARRAS uses `rho`.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_timesteps_ $real>](
                timesteps: *mut u32,
                length: usize,
                spacing: u32,
                rho: u32,
                exponents: *const $real,
                training_steps: usize,
            ) -> pmid_status_t {
                // SAFETY: as the header's introduction demands.
                unsafe { fill_timesteps(timesteps, length, spacing, rho, exponents, training_steps) }
                    .into()
            }

            /// Fills x with standard normals, the noise that a run starts from.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_standard_normal_ $real>](
                x: *mut $real,
                dimension: usize,
                stream: *mut pmid_stream_t,
            ) -> pmid_status_t {
                // SAFETY: as the header's introduction demands.
                unsafe { normals(x, dimension, stream) }.into()
            }

            /// A sampler: a solver on a schedule and timesteps. Constant once initialised: any number of runs and
            /// threads may share it. It keeps the addresses of the arrays of its settings, and of its tables.
            #[repr(C)]
            pub struct [<pmid_sampler_ $real _t>] {
                opaque: [u64; PMID_SAMPLER_WORDS],
            }

            // SAFETY: `repr(C)`, plain words, and the only handle with this mark.
            unsafe impl Handle for [<pmid_sampler_ $real _t>] {
                type Value = AnySampler<$real>;
                const MARK: u32 = $mark;
            }

            /// Makes a sampler by DDPM (Ho et al. 2020), full or on fewer timesteps. A step costs one call of the
            /// network.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_sampler_ $real _init_ddpm>](
                sampler: *mut [<pmid_sampler_ $real _t>],
                settings: *const [<pmid_settings_ $real _t>],
                ddpm_variant: u32,
                correction: $real,
            ) -> pmid_status_t {
                let made = variant(ddpm_variant, correction).and_then(|variant| {
                    // SAFETY: as the header's introduction demands.
                    unsafe { make(sampler, settings, Ddpm { variant }) }
                });
                made.into()
            }

            /// Makes a sampler by DDIM (Song, Meng & Ermon 2021) with a share eta in [0, 1] of DDPM's noise. A step
            /// costs one call of the network.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_sampler_ $real _init_ddim>](
                sampler: *mut [<pmid_sampler_ $real _t>],
                settings: *const [<pmid_settings_ $real _t>],
                eta: $real,
            ) -> pmid_status_t {
                // SAFETY: as the header's introduction demands.
                unsafe { make(sampler, settings, Ddim { eta }) }.into()
            }

            /// Makes a sampler by DPM-Solver (Lu et al. 2022) of order 2 or 3. A step costs as many calls of the
            /// network as its order, or fewer where no training steps are left between its ends.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_sampler_ $real _init_dpm_solver>](
                sampler: *mut [<pmid_sampler_ $real _t>],
                settings: *const [<pmid_settings_ $real _t>],
                order: u32,
            ) -> pmid_status_t {
                // SAFETY: as the header's introduction demands.
                unsafe { make(sampler, settings, DpmSolver { order }) }.into()
            }

            /// Makes a sampler by DPM-Solver++ multistep (Lu et al. 2022) of order 1 to 3; eta is in [0, 1]: 0 for the
            /// ODE, 1 for the SDE. A step costs one call of the network.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_sampler_ $real _init_dpm_solver_pp>](
                sampler: *mut [<pmid_sampler_ $real _t>],
                settings: *const [<pmid_settings_ $real _t>],
                order: u32,
                eta: $real,
            ) -> pmid_status_t {
                let solver = DpmSolverPlusPlus { order, eta };
                // SAFETY: as the header's introduction demands.
                unsafe { make(sampler, settings, solver) }.into()
            }

            /// Makes a sampler by the hybrid multistep method of order 2 or 3, which calls the network within each
            /// step, at a share `node` in [0, 1] of its length in ln(signal/noise). A step costs one call of the
            /// network.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_sampler_ $real _init_hybrid_multistep>](
                sampler: *mut [<pmid_sampler_ $real _t>],
                settings: *const [<pmid_settings_ $real _t>],
                order: u32,
                eta: $real,
                node: $real,
            ) -> pmid_status_t {
                let solver = HybridMultistep { order, eta, node };
                // SAFETY: as the header's introduction demands.
                unsafe { make(sampler, settings, solver) }.into()
            }

            /// Makes a sampler by SA-Solver (Xue et al. 2023) with the orders of its predictor and corrector, and with
            /// `tau` times the noise of the SDE where noise/signal is from `least` to `most`. A step costs one call of
            /// the network.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_sampler_ $real _init_sa_solver>](
                sampler: *mut [<pmid_sampler_ $real _t>],
                settings: *const [<pmid_settings_ $real _t>],
                predictor: u32,
                corrector: u32,
                tau: $real,
                least: $real,
                most: $real,
            ) -> pmid_status_t {
                let noisy = [least, most];
                let solver = SaSolver { predictor, corrector, tau, noisy };
                // SAFETY: as the header's introduction demands.
                unsafe { make(sampler, settings, solver) }.into()
            }

            /// Makes a sampler by ER-SDE-Solver (Cui et al. 2023) of order 1 to 3. A step costs one call of the
            /// network.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_sampler_ $real _init_er_sde>](
                sampler: *mut [<pmid_sampler_ $real _t>],
                settings: *const [<pmid_settings_ $real _t>],
                order: u32,
            ) -> pmid_status_t {
                // SAFETY: as the header's introduction demands.
                unsafe { make(sampler, settings, ErSdeSolver { order }) }.into()
            }

            /// Makes a sampler by the Poisson midpoint method over DDPM (Kandasamy & Nagaraj 2024): a step imitates the
            /// K training steps that it spans, and the last `tail` steps are by DDPM. A step costs two calls of the
            /// network (2 - 1/K on average with PMID_BERNOULLI; one if K is 1, and in the tail). The prediction `held`
            /// is held over a step (PMID_SAMPLE does best with few calls, PMID_EPSILON is the paper's). `table` has at
            /// least one row for each training step, is filled here, and must not change as long as the sampler is
            /// used. If this function fails with PMID_BAD_COEFFICIENT, the sampler is no longer initialised.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_sampler_ $real _init_poisson_midpoint>](
                sampler: *mut [<pmid_sampler_ $real _t>],
                settings: *const [<pmid_settings_ $real _t>],
                ddpm_variant: u32,
                correction: $real,
                held: u32,
                law_of_midpoints: u32,
                tail: usize,
                table: *mut [<pmid_row_ $real _t>],
                length: usize,
            ) -> pmid_status_t {
                let made = || {
                    let (held, law) = (prediction(held)?, law(law_of_midpoints)?);
                    let variant = variant(ddpm_variant, correction)?;
                    let thresholds = ptr::null_mut();
                    let filled = Filled { variant, table, thresholds, length };
                    let solver = |table, _| {
                        PoissonMidpointDdpm::new(table)
                            .with_variant(variant)
                            .with_held(held)
                            .with_law(law)
                            .with_tail(tail)
                    };
                    // SAFETY: as the header's introduction demands.
                    unsafe { make_over(sampler, settings, filled, solver) }
                };
                made().into()
            }

            /// Makes a sampler by a randomized midpoint over DDPM: like the Poisson midpoint method, but with one
            /// midpoint in each step, drawn by the density PMID_DRIFT, which is DDRaM (Zhang et al. 2025), or
            /// PMID_DRIFT_TIMES_DISTANCE. `table` and `thresholds` have at least one element for each training step. If
            /// this function fails with PMID_BAD_COEFFICIENT, the sampler is no longer initialised.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_sampler_ $real _init_randomized_midpoint>](
                sampler: *mut [<pmid_sampler_ $real _t>],
                settings: *const [<pmid_settings_ $real _t>],
                ddpm_variant: u32,
                correction: $real,
                held: u32,
                density_of_midpoints: u32,
                table: *mut [<pmid_row_ $real _t>],
                thresholds: *mut u32,
                length: usize,
            ) -> pmid_status_t {
                let made = || {
                    check(thresholds)?;
                    let (held, density) = (prediction(held)?, density(density_of_midpoints)?);
                    let variant = variant(ddpm_variant, correction)?;
                    let filled = Filled { variant, table, thresholds, length };
                    let solver = |table, thresholds| {
                        RandomizedMidpointDdpm::new(table, thresholds)
                            .with_variant(variant)
                            .with_held(held)
                            .with_density(density)
                    };
                    // SAFETY: as the header's introduction demands.
                    unsafe { make_over(sampler, settings, filled, solver) }
                };
                made().into()
            }

            /// Writes the number of scalars of work that a run needs for a sample of `dimension` components.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_sampler_ $real _work_length>](
                sampler: *const [<pmid_sampler_ $real _t>],
                dimension: usize,
                length: *mut usize,
            ) -> pmid_status_t {
                // SAFETY: as the header's introduction demands.
                unsafe { work_length(sampler, dimension, length) }.into()
            }

            /// A run of one sample. It keeps the addresses of its sampler, its sample and its work array.
            #[repr(C)]
            pub struct [<pmid_run_ $real _t>] {
                opaque: [u64; PMID_RUN_WORDS],
            }

            // SAFETY: `repr(C)`, plain words, and the only handle with this mark.
            unsafe impl Handle for [<pmid_run_ $real _t>] {
                type Value = Run<[<pmid_sampler_ $real _t>], $real>;
                const MARK: u32 = $mark + 1;
            }

            /// Begins a run from x, which holds noise at the sampler's first timestep. Until the run is complete or
            /// given up, nothing else may change x or use `work`, and the sampler must stay where it is.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_run_ $real _begin>](
                run: *mut [<pmid_run_ $real _t>],
                sampler: *const [<pmid_sampler_ $real _t>],
                x: *mut $real,
                dimension: usize,
                work: *mut $real,
                work_length: usize,
            ) -> pmid_status_t {
                // SAFETY: as the header's introduction demands.
                unsafe { begin(run, sampler, x, dimension, work, work_length) }.into()
            }

            /// Takes the run as far as it can go and writes where it needs the network next; the position is null when
            /// x holds the sample. A repeated call writes the same and reads no word. If the run fails with
            /// PMID_NON_FINITE_SAMPLE, x is what it was after the last step that succeeded.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_run_ $real _next>](
                run: *mut [<pmid_run_ $real _t>],
                stream: *mut pmid_stream_t,
                query: *mut [<pmid_network_query_ $real _t>],
            ) -> pmid_status_t {
                // SAFETY: as the header's introduction demands.
                unsafe { next(run, stream, query) }.into()
            }

            /// Gives the run the network's output at the position that it asked for.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn [<pmid_run_ $real _supply>](
                run: *mut [<pmid_run_ $real _t>],
                output: *const $real,
                dimension: usize,
            ) -> pmid_status_t {
                // SAFETY: as the header's introduction demands.
                unsafe { supply(run, output, dimension) }.into()
            }

            /// e^x, with the same bits on every machine: for networks and drifts.
            #[unsafe(no_mangle)]
            pub extern "C" fn [<pmid_exp_ $real>](x: $real) -> $real {
                core_crate::Real::exp(x)
            }
        }
    };
}

functions!(f32, 0x706d_64c0);
functions!(f64, 0x706d_64d0);
