//! Diffusion samplers: from noise to data by a network that denoises.
//!
//! Data x₀ are noised over T training steps, x_t = √ᾱ_t x₀ + √(1 − ᾱ_t) ε; a sampler goes back from
//! noise at step T to data at step 0, asking a network at each of its steps what the data or the noise are.
//!
//! ```
//! use poisson_midpoint::diffusion::{
//!     DpmSolverPlusPlus, Error, LinearRate, Prediction, Sampler, Timesteps, standard_normal,
//! };
//! use poisson_midpoint::random::Stream;
//! let schedule = LinearRate::new(1000, 0.1_f32, 20.0)?; // what the network was trained with
//! let timesteps = Timesteps::<20>::log_snr(20, &schedule)?;
//! let solver = DpmSolverPlusPlus { order: 2, eta: 0.0 };
//! let sampler = Sampler::new(&schedule, &timesteps, Prediction::Epsilon, solver)?;
//! let (mut x, mut work) = ([0.0; 2], [0.0; 6]);
//! let mut stream = Stream::new(42, 0);
//! standard_normal(&mut x, &mut stream);
//! // Stands for a network: the noise ε of data that are all (1, −1).
//! let mut network = |t: u32, x: &[f32], epsilon: &mut [f32]| {
//!     use poisson_midpoint::diffusion::NoiseSchedule;
//!     let level = schedule.level(t);
//!     for ((epsilon, x), data) in epsilon.iter_mut().zip(x).zip([1.0, -1.0]) {
//!         *epsilon = (x - level.signal * data) / level.noise;
//!     }
//! };
//! assert_eq!(sampler.sample(&mut x, &mut network, &mut stream, &mut work)?, 20);
//! assert!((x[0] - 1.0).abs() < 1e-3 && (x[1] + 1.0).abs() < 1e-3);
//! # Ok::<(), Error<f32>>(())
//! ```
//!
//! | solver | steps are | network calls a step | normals a step | source |
//! |---|---|---|---|---|
//! | [`Ddpm`] | ancestral, in the paper's [variants](Variant) | 1 | D | Ho et al. 2020 |
//! | [`Ddim`] | with a share η of that noise | 1 | D, 0 for η = 0 | Song, Meng & Ermon 2021 |
//! | [`PoissonMidpointDdpm`] | macro steps that imitate K of DDPM's | 2 − 1/K or 2 | as many × D | Kandasamy & Nagaraj 2024 |
//! | [`RandomizedMidpointDdpm`] | the same, its midpoint drawn by a density | 2 | 2D | Zhang et al. 2025 |
//! | [`DpmSolver`] | DPM-Solver-2, -3 | 2, 3 | 0 | Lu et al. 2022 |
//! | [`DpmSolverPlusPlus`] | DPM-Solver++ 1M, 2M, 3M; their SDE form | 1 | 0; D | Lu et al. 2022 |
//! | [`HybridMultistep`] | the same asking at a midpoint | 1 | 0; 2D | Gear 1965; Lu et al. 2022 |
//! | [`SaSolver`] | the same with a corrector | 1 | 0; D | Xue et al. 2023 |
//! | [`ErSdeSolver`] | of an SDE with less noise near the data | 1 | D | Cui et al. 2023 |
//!
//! # The parts
//! - A [`NoiseSchedule`] gives ᾱ_t; [`Timesteps`] is the list of training steps to visit. If their number is known only
//!   at run time, [`ScheduleSlice`] and [`Steps`] keep them in slices.
//! - A network predicts one [`Prediction`] of five; the data x₀ that it predicts can be [clipped](Clip).
//! - A network of flow matching, or of the noise levels of Karras et al., is called at another scale of x and of time,
//!   which its schedule gives: [`RectifiedFlow`], [`KarrasSchedule`].
//! - A [`Solver`] is the formula of a step, in a file of its name.
//! - A [`Sampler`] joins these into a configuration. [`Sampler::sample`] runs it with a closure, [`Sampling`]
//!   split-phase, [`Lockstep`] for a batch. Samples are slices; for an `SVector` use `as_mut_slice`.
//!
//! # Words
//! From its sample's stream, a run reads a segment of D normals for each step that adds noise; with the Poisson
//! midpoint method, it reads a macro step's words ([`random`](crate::random)). The noise that a run starts from is the
//! caller's; [`standard_normal`] reads D normals for it. Any [`SampleNoise`] can take the place of a stream:
//! [`BrownianNoise`] gives the noise of one path, whatever the steps.

#![allow(
    clippy::doc_markdown,
    reason = "the papers' symbols have underscores: x_t, ᾱ_t"
)]

mod clip;
mod error;
mod inner_steps;
mod lockstep;
mod macro_transition;
mod noise;
mod prediction;
mod progress;
mod sampler;
mod sampling;
mod schedule;
mod solver;
mod timesteps;

pub use clip::Clip;
pub use error::{Error, Quantity, SampleError, SamplerError, ScheduleError, TimestepsError};
pub use inner_steps::{InnerSteps, Row};
pub use lockstep::{Lockstep, Member};
pub use macro_transition::MacroTransition;
pub use noise::{BrownianNoise, SampleNoise, standard_normal};
pub use prediction::Prediction;
pub use progress::Progress;
pub use sampler::Sampler;
pub use sampling::{NetworkQuery, Sampling};
pub use schedule::{
    KarrasSchedule, Level, LinearRate, NoiseSchedule, RectifiedFlow, ScheduleSlice, ScheduleTable,
    SquaredCosine,
};
pub use solver::{
    Advance, Ddim, Ddpm, DpmSolver, DpmSolverPlusPlus, ErSdeSolver, HybridMultistep,
    MidpointDensity, PoissonMidpointDdpm, RandomizedMidpointDdpm, SaSolver, Solver, Stage, Variant,
};
pub use timesteps::{Spacing, Steps, Timesteps};
