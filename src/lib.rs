//! Fixed-size steppers for Langevin dynamics, stochastic differential equations and [diffusion]
//! models, `no_std` and without allocation, whose results are the same bits on a microcontroller, a server and a GPU.
//!
//! The heart is the **Poisson midpoint method** (Kandasamy & Nagaraj, NeurIPS 2024): one step of size η
//! that imitates K Euler–Maruyama steps of size η/K with about two drift evaluations in place
//! of K. Its bias falls with the square of η, and its cost does not grow with K.
//!
//! ```
//! use nalgebra::vector;
//! use poisson_midpoint::dynamics::Overdamped;
//! use poisson_midpoint::random::Stream;
//! use poisson_midpoint::{MidpointLaw, PoissonMidpoint, Stepper};
//!
//! // exp(−f) with f = |x|²/2; the drift is −∇f. Step size 0.2 for 1000 inner steps of 0.0002.
//! let stepper = PoissonMidpoint::new(Overdamped::new(0.2_f32, 1000)?, MidpointLaw::Single);
//! let (mut x, mut stream) = (vector![3.0, -3.0], Stream::new(42, 0));
//! for _ in 0..100 {
//!     let _ = stepper.step(0.0, &mut x, |_time, x| -x, &mut stream)?;
//! }
//! assert!(x.amax() < 5.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The parts
//!
//! ```text
//!  random        words of a particle's stream → normals, midpoints     (pure functions of words)
//!    ↓
//!  dynamics      A, B, V^½, kick of any run of inner steps             (one closed form each)
//!    ↓
//!  methods       EulerMaruyama, PoissonMidpoint, Baoa, Ubu, Quicsort  (config apart from state)
//!    ↓
//!  slices        the methods for a dimension known at run time
//!  batch         many particles
//!  noise         where a step's randomness comes from; one path at many step sizes
//!  target        drifts of known densities
//!  statistics    moments, split R̂ and effective sample size of a run, while it runs
//!  step_sizes    sizes that change along a run, and its time
//!  checkpoint    a batch as bytes
//!  tuning        the largest step size whose bias is as small as you ask for
//!    ↓
//!  diffusion     samplers from noise to data: DDPM, DDIM, DPM-Solver, Poisson midpoint
//!  kernel, cuda  what a GPU's thread does with its particles; the kernels as PTX; their launcher
//! ```
//!
//! | method | weak order | drift evaluations a step | normals a step¹ | source |
//! |---|---|---|---|---|
//! | [`EulerMaruyama`] | 1 | 1 | D | Maruyama 1955 |
//! | [`PoissonMidpoint`], [`Bernoulli`](MidpointLaw::Bernoulli) | 2 | 1 + (K−1)/K expected | as many × D | Kandasamy & Nagaraj 2024, (7)–(8), option 1 |
//! | [`PoissonMidpoint`], [`Single`](MidpointLaw::Single) | 2 | 2 | 2D | the same, option 2, appendix A.1 |
//! | [`Baoa`], underdamped | 2² | 1 | D | Leimkuhler & Matthews 2013 |
//! | [`Ubu`], underdamped | 2 | 1 | 4D | Sanz-Serna & Zygalakis 2021 |
//! | [`Quicsort`], underdamped | 3 | 2 | 3D | Scott, O'Kane, Jelinčič & Foster 2025 |
//!
//! ¹ For the first three methods, twice as many under [`dynamics::Underdamped`]. ² If started from a velocity half a
//! kick back.
//!
//! | dynamics | equation |
//! |---|---|
//! | [`dynamics::Overdamped`] | dX = μ b dt + √(2μT) dB |
//! | [`dynamics::Underdamped`] | dX = V dt, dV = (−γV + b/m) dt + √(2γT/m) dB |
//! | [`dynamics::AdditiveNoise`] | dX = b dt + σ dB |
//! | [`dynamics::Semilinear`] | dX = (−λX + b) dt + σ dB |
//!
//! # Choices
//! - A drift is a closure of time and position; one that a closure cannot express
//!   (a network on another device, an accelerator, a task) drives [`MacroStep`], [`OneStageStep`] or
//!   [`QuicsortStep`] instead.
//! - A particle's path depends on (seed, particle number) alone. [`random`] states the contract,
//!   stream v1; state and word position make a checkpoint.
//! - A step that would not be finite fails with a [`StepError`] and leaves the state as it was.
//!
//! # Features
//! All are additive and off by default; none changes a number.
//!
//! | feature | adds |
//! |---|---|
//! | `alloc` | [`batch`]`::Ensemble`, a batch that owns its memory |
//! | `checkpoint` | `checkpoint`: a batch as bytes; with `alloc`, from and to [`batch`]`::Ensemble`, with `std`, to files |
//! | `rand_chacha` | conversions between [`random::Stream`] and `rand_chacha::ChaCha8Rng`, at any word |
//! | `std` | links `std`, for features that need it; implies `alloc` and `rand_chacha` |
//! | `kernels` | [`kernel`]`::Launch` and the macro `fused_kernel`, of which GPU kernels are made |
//! | `cuda` | `cuda`: the kernels as PTX; implies `kernels`; needs no GPU or tools |
//! | `cust` | `cuda::Gpu` and `cuda::Gpus`, engines like [`batch::Cpu`], through `cust` 0.3; implies `std`, `cuda` |
//! | `simd` | batches, slices and the noise of samples, on a CPU in the widest vectors that it has (AVX2, AVX-512), found when the program runs; implies `std` |
//! | `rayon` | [`batch`]`::Parallel` and `run_parallel` of [`diffusion::Lockstep`], on all processors; implies `std` |
//! | `serde` | `serde::Serialize` and `Deserialize` of settings (laws, solvers, predictions), [`Phase`] and [`statistics::Moments`] |
//! | `defmt` | `defmt::Format` on every type, error and event; logs nothing by itself |
//!
//! # Limits
//! The midpoint corrections are weighted by K. Where the step size times the drift's Lipschitz
//! constant L nears ½, Euler–Maruyama at half the step size, with as many drift evaluations, is
//! as good or better. With a drift that grows faster than linearly the method diverges at step
//! sizes that Euler–Maruyama survives: it then ends in a [`StepError`], never in NaN.

#![cfg_attr(not(any(test, feature = "std")), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    target_arch = "nvptx64",
    feature(asm_experimental_arch, core_float_math, stdarch_nvptx)
)]
#![cfg_attr(not(feature = "kernels"), forbid(unsafe_code))]
#![warn(unreachable_pub, clippy::pedantic)]
#![cfg_attr(
    target_arch = "nvptx64",
    allow(
        dead_code,
        unreachable_pub,
        unused_imports,
        reason = "the modules that are left out below use the rest"
    )
)]
#![allow(
    clippy::inline_always,
    reason = "lanes vectorise only when all is inlined"
)]
#![allow(
    clippy::similar_names,
    reason = "the names of a covariance's entries are"
)]
#![cfg_attr(
    not(test),
    warn(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

#[cfg(feature = "alloc")]
extern crate alloc;

// A build for a GPU has only the modules that kernels can reach: `kernels/sources.rs` leaves the same modules out.
pub mod batch;
#[cfg(feature = "checkpoint")]
pub mod checkpoint;
#[cfg(feature = "cuda")]
pub mod cuda;
#[cfg(not(target_arch = "nvptx64"))]
pub mod diffusion;
pub mod dynamics;
mod error;
#[cfg(feature = "defmt")]
mod format;
pub mod kernel;
mod memory;
mod method;
pub mod noise;
#[cfg(not(target_arch = "nvptx64"))]
mod numeric;
pub mod random;
mod real;
mod scalar;
mod simd;
#[cfg(not(target_arch = "nvptx64"))]
pub mod slices;
#[cfg(not(target_arch = "nvptx64"))]
pub mod statistics;
#[cfg(not(target_arch = "nvptx64"))]
pub mod step_sizes;
pub mod target;
#[cfg(not(target_arch = "nvptx64"))]
mod trajectory;
#[cfg(not(target_arch = "nvptx64"))]
pub mod tuning;

#[cfg(all(doctest, feature = "alloc"))]
mod guides {
    #[doc = include_str!("../docs/diffusion.md")]
    mod diffusion {}
    #[doc = include_str!("../docs/langevin.md")]
    mod langevin {}
    #[doc = include_str!("../README.md")]
    mod readme {}
}

/// The linear algebra that states and drifts are made of, in the version this crate uses.
pub use nalgebra;

pub use dynamics::state::{Phase, State};
pub use error::{Parameter, ParameterError, Step, StepError};
pub use method::{
    Baoa, EulerMaruyama, MacroStep, OneStage, OneStageStep, PoissonMidpoint, Query, Quicsort,
    QuicsortStep, Stepper, Ubu,
};
pub use random::MidpointLaw;
pub use real::Real;
#[cfg(not(target_arch = "nvptx64"))]
pub use trajectory::{Trajectory, TrajectoryFull};
