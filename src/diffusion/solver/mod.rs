//! What a solver is: the formula of a step. The driver, [`Sampling`](super::Sampling), does the rest: whose turn it is,
//! what is finite and what a checkpoint holds.

use core::fmt::Debug;

use super::error::{SampleError, SamplerError};
use super::{NoiseSchedule, Prediction, SampleNoise, Steps};
use crate::real::Real;

mod corrected;
mod ddim;
mod ddpm;
mod dpm_solver;
mod dpm_solver_pp;
mod er_sde;
mod exponential;
mod hybrid_multistep;
mod multistep;
mod poisson_midpoint;
mod randomized_midpoint;
mod sa_solver;

pub use ddim::Ddim;
pub use ddpm::{Ddpm, Variant};
pub use dpm_solver::DpmSolver;
pub use dpm_solver_pp::DpmSolverPlusPlus;
pub use er_sde::ErSdeSolver;
pub use hybrid_multistep::HybridMultistep;
pub use poisson_midpoint::PoissonMidpointDdpm;
pub use randomized_midpoint::{MidpointDensity, RandomizedMidpointDdpm};
pub use sa_solver::SaSolver;

/// The formula of a step from training step t to s: where it wants the network, and what it makes of the
/// outputs. A [`Sampler`](super::Sampler) joins it to a schedule, timesteps and a network's prediction.
///
/// A solver has no state. Within a step it keeps what it needs in vectors as long as the sample, and
/// knows from the [`Stage`] how far the step is. Implement it for a solver of your own:
///
/// ```
/// use poisson_midpoint::diffusion::{
///     Advance, Error, LinearRate, NoiseSchedule, Prediction, SampleError, SampleNoise, Sampler, Solver, Stage, Timesteps,
/// };
/// use poisson_midpoint::random::Stream;
///
/// /// Probability-flow ODE in x/signal over noise/signal, by Heun's method: two calls a step.
/// #[derive(Debug)]
/// struct Heun;
///
/// impl Solver<f64> for Heun {
///     fn vectors(&self) -> usize {
///         2 // ε at both ends
///     }
///     fn keeps(&self, stage: &Stage<'_>) -> (Prediction, usize) {
///         (Prediction::Epsilon, stage.told as usize)
///     }
///     fn advance(
///         &self,
///         schedule: &impl NoiseSchedule<f64>,
///         stage: &Stage<'_>,
///         x: &[f64],
///         position: &mut [f64],
///         kept: &mut [f64],
///         _noise: &mut (impl SampleNoise<f64> + ?Sized),
///     ) -> Result<Advance, SampleError> {
///         let (from, to) = (schedule.level(stage.from), schedule.level(stage.to));
///         let step = to.noise / to.signal - from.noise / from.signal;
///         let (at_start, at_end) = kept.split_at(x.len());
///         for (d, moved) in position.iter_mut().enumerate() {
///             let slope = match stage.told {
///                 0 => return Ok(Advance::Ask(stage.from)), // at x
///                 1 => at_start[d],
///                 _ => (at_start[d] + at_end[d]) / 2.0,
///             };
///             *moved = to.signal * (x[d] / from.signal + step * slope);
///         }
///         // No network is asked about the data themselves.
///         Ok(match stage.told {
///             1 if stage.to > 0 => Advance::Ask(stage.to),
///             _ => Advance::Arrive,
///         })
///     }
/// }
/// let schedule = LinearRate::new(1000, 0.1, 20.0)?;
/// let timesteps = Timesteps::<10>::quadratic(10, &schedule)?;
/// let sampler = Sampler::new(&schedule, &timesteps, Prediction::Sample, Heun)?;
/// let (mut x, mut work) = ([0.3, -0.2], [0.0; 6]);
/// let mut network = |_t, _x: &[f64], sample: &mut [f64]| sample.fill(0.5);
/// assert_eq!(sampler.sample(&mut x, &mut network, &mut Stream::new(42, 0), &mut work)?, 19);
/// assert!((x[0] - 0.5).abs() < 1e-12);
/// # Ok::<(), Error<f64>>(())
/// ```
pub trait Solver<T: Real>: Debug {
    /// The number of vectors that the solver keeps from one call of the network to the next.
    fn vectors(&self) -> usize;

    /// Checks the solver's parameters and makes what it needs for a schedule and for steps that are within the
    /// schedule.
    ///
    /// # Errors
    /// [`SamplerError`] that names the parameter.
    fn prepare(
        &mut self,
        _schedule: &impl NoiseSchedule<T>,
        _steps: Steps<'_>,
    ) -> Result<(), SamplerError<T>> {
        Ok(())
    }

    /// The prediction as which the network's next output is kept, and the index of the vector that keeps it.
    fn keeps(&self, stage: &Stage<'_>) -> (Prediction, usize);

    /// Goes on in a step from x, given the kept [`vectors`](Self::vectors), one after another. At the first stage of a
    /// step `position` is x; at others it is what the last [`Advance::Ask`] left.
    ///
    /// # Errors
    /// [`SampleError`] if a result is not finite; the driver checks `position` itself.
    fn advance(
        &self,
        schedule: &impl NoiseSchedule<T>,
        stage: &Stage<'_>,
        x: &[T],
        position: &mut [T],
        kept: &mut [T],
        noise: &mut (impl SampleNoise<T> + ?Sized),
    ) -> Result<Advance, SampleError>;
}

/// How far a step is.
///
/// ```
/// use poisson_midpoint::diffusion::{Stage, Timesteps};
/// let timesteps = Timesteps::<2>::new(&[100, 40, 0])?;
/// let stage = Stage { steps: timesteps.steps(), taken: 1, from: 40, to: 0, told: 0, asked: 0 };
/// assert_eq!(stage.steps.get(stage.taken), Some((stage.from, stage.to)));
/// # Ok::<(), poisson_midpoint::diffusion::TimestepsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Stage<'a> {
    /// All steps.
    pub steps: Steps<'a>,
    /// Steps taken before this one.
    pub taken: usize,
    /// The training step t where the step starts.
    pub from: u32,
    /// The training step s where it ends.
    pub to: u32,
    /// The number of network outputs supplied in this step.
    pub told: u32,
    /// The training step that the last of them was asked for.
    pub asked: u32,
}

/// How a solver goes on in a step.
///
/// ```
/// use poisson_midpoint::diffusion::Advance;
/// assert_ne!(Advance::Ask(1000), Advance::Arrive);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Advance {
    /// The network is wanted at the position, at this training step.
    Ask(u32),
    /// The position is the result of the step.
    Arrive,
}

/// Checks that a solver has this order.
pub(crate) fn check_order<T>(order: u32, least: u32, most: u32) -> Result<(), SamplerError<T>> {
    if (least..=most).contains(&order) {
        Ok(())
    } else {
        Err(SamplerError::Order { order, least, most })
    }
}

/// Copies a vector.
pub(crate) fn copy<T: Copy>(from: &[T], to: &mut [T]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = from;
    }
}

/// One of the vectors that a solver keeps.
pub(crate) fn vector<T>(kept: &[T], dimension: usize, index: usize) -> &[T] {
    let start = index.saturating_mul(dimension);
    kept.get(start..start.saturating_add(dimension))
        .unwrap_or_default()
}

/// Replaces `sum` by factor · sum plus the terms, each a coefficient times a vector. The first term is added in the
/// same pass, because passes over an image are what a step costs.
pub(crate) fn combine<'a, T: Real>(
    sum: &mut [T],
    factor: T,
    (coefficient, vector): (T, &[T]),
    others: impl IntoIterator<Item = (T, &'a [T])>,
) {
    for (sum, &value) in sum.iter_mut().zip(vector) {
        *sum = factor * *sum + coefficient * value;
    }
    for (coefficient, vector) in others {
        for (sum, &value) in sum.iter_mut().zip(vector) {
            *sum += coefficient * value;
        }
    }
}
