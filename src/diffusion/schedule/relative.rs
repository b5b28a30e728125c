//! Schedules given by noise/signal, for networks of continuous time: those of flow matching and of Karras et al.

use super::super::error::{Quantity, ScheduleError};
use super::{NoiseSchedule, check_training_steps};
use crate::real::Real;

/// The straight paths of flow matching (Lipman et al. 2023, Liu et al. 2023), x_t = (1 − t) x₀ + t ε, at T times from
/// t = 0 to t = T/(T + 1).
///
/// Scaled by [`Level::flow_scale`](super::Level::flow_scale) they are noisy data in the samplers' form, so that every
/// sampler works with a network that predicts the path's direction,
/// [`Prediction::Flow`](super::super::Prediction::Flow): [`Ddim`](super::super::Ddim) without noise is then Euler's
/// method, and with a share η of noise it is a stochastic method that keeps the law at each time. A formula, so a large
/// T costs nothing; up to T = 10⁶, f32 distinguishes every training step from the next.
///
/// The network is called at x/[`flow_scale`](super::Level::flow_scale) and time [`flow_time`](super::Level::flow_time):
///
/// ```
/// use poisson_midpoint::diffusion::{
///     Ddim, Error, NoiseSchedule, Prediction, RectifiedFlow, Sampler, Timesteps, standard_normal,
/// };
/// use poisson_midpoint::random::Stream;
/// let schedule = RectifiedFlow::new(1000, 3.0_f32)?; // the shift of Stable Diffusion 3
/// let timesteps = Timesteps::<28>::uniform(28, &schedule)?;
/// let sampler = Sampler::new(&schedule, &timesteps, Prediction::Flow, Ddim { eta: 0.0 })?;
/// let (mut x, mut work, mut stream) = ([0.0], [0.0; 2], Stream::new(42, 0));
/// standard_normal(&mut x, &mut stream);
/// // For data that are always 0.5.
/// let flow = |t: f32, x: f32| (x - 0.5) / t;
/// let mut network = |step: u32, x: &[f32], u: &mut [f32]| {
///     let level = schedule.level(step);
///     u[0] = flow(level.flow_time(), x[0] / level.flow_scale());
/// };
/// sampler.sample(&mut x, &mut network, &mut stream, &mut work)?;
/// assert!((x[0] - 0.5).abs() < 1e-5);
/// # Ok::<(), Error<f32>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RectifiedFlow<T> {
    training_steps: u32,
    shift: T,
}

impl<T: Real> RectifiedFlow<T> {
    /// T training steps at t = au/(1 + (a − 1)u), u from 0 to T/(T + 1) in equal steps, with a the `shift` (Esser et al.
    /// 2024, equation 23): 1 for none, more for large images, which need more noise.
    ///
    /// # Errors
    /// [`ScheduleError`] unless T ≥ 1 and 0 < `shift` < ∞.
    pub fn new(training_steps: u32, shift: T) -> Result<Self, ScheduleError<T>> {
        check_training_steps(training_steps)?;
        if !(shift.is_finite() && shift > T::ZERO) {
            return Err(ScheduleError::new(Quantity::RelativeNoise, 1, shift));
        }
        Ok(Self {
            training_steps,
            shift,
        })
    }
}

impl<T: Real> NoiseSchedule<T> for RectifiedFlow<T> {
    fn training_steps(&self) -> u32 {
        self.training_steps
    }

    /// t/(1 − t) = a u/(1 − u) with u = step/(T + 1).
    fn exponent(&self, step: u32) -> T {
        let left = T::from_u32(self.training_steps.saturating_sub(step)) + T::ONE;
        exponent(self.shift * (T::from_u32(step) / left))
    }
}

/// The noise levels of Karras et al. 2022 ("EDM", equation 5), x = x₀ + σ ε: σ^(1/ρ) grows in equal steps from step 1,
/// where σ is σ_min, to step T, where it is σ_max.
///
/// Scaled to variance 1 they are noisy data in the samplers' form. A network that predicts the data is called at
/// x/signal and σ = [`relative_noise`](super::Level::relative_noise), whatever preconditioning is in it; every sampler
/// works with it.
///
/// ```
/// use poisson_midpoint::diffusion::{
///     DpmSolverPlusPlus, Error, KarrasSchedule, NoiseSchedule, Prediction, Sampler, Timesteps, standard_normal,
/// };
/// use poisson_midpoint::random::Stream;
/// let schedule = KarrasSchedule::new(18, 7, 0.002_f32, 80.0)?; // for 32×32 images
/// let timesteps = Timesteps::<18>::uniform(18, &schedule)?;
/// let solver = DpmSolverPlusPlus { order: 2, eta: 0.0 };
/// let sampler = Sampler::new(&schedule, &timesteps, Prediction::Sample, solver)?;
/// let (mut x, mut work, mut stream) = ([0.0], [0.0; 3], Stream::new(42, 0));
/// standard_normal(&mut x, &mut stream);
/// // The mean of N(0, 1) data given x = x₀ + σ ε.
/// let denoised = |sigma: f32, x: f32| x / (1.0 + sigma * sigma);
/// let mut network = |step: u32, x: &[f32], sample: &mut [f32]| {
///     let level = schedule.level(step);
///     sample[0] = denoised(level.relative_noise(), x[0] / level.signal);
/// };
/// sampler.sample(&mut x, &mut network, &mut stream, &mut work)?;
/// assert!(x[0].is_finite());
/// # Ok::<(), Error<f32>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct KarrasSchedule<T> {
    training_steps: u32,
    spacing: KarrasSpacing<T>,
}

impl<T: Real> KarrasSchedule<T> {
    /// T training steps from `least` (σ_min) to `most` (σ_max) with the exponent `rho` (ρ); a single step is at `most`.
    ///
    /// # Errors
    /// [`ScheduleError`] unless T ≥ 1, ρ ≥ 1 and 0 < `least` < `most` < ∞.
    pub fn new(training_steps: u32, rho: u32, least: T, most: T) -> Result<Self, ScheduleError<T>> {
        check_training_steps(training_steps)?;
        if rho == 0 {
            return Err(ScheduleError::Exponent);
        }
        if !(least.is_finite() && least > T::ZERO) {
            return Err(ScheduleError::new(Quantity::RelativeNoise, 1, least));
        }
        if !(most.is_finite() && most > least) {
            let step = training_steps;
            return Err(ScheduleError::new(Quantity::RelativeNoise, step, most));
        }
        Ok(Self {
            training_steps,
            spacing: KarrasSpacing::new(rho, -least.ln(), -most.ln()),
        })
    }
}

impl<T: Real> NoiseSchedule<T> for KarrasSchedule<T> {
    fn training_steps(&self) -> u32 {
        self.training_steps
    }

    fn exponent(&self, step: u32) -> T {
        if step == 0 {
            return T::ZERO;
        }
        let steps = self.training_steps.saturating_sub(1);
        let share = match steps {
            0 => T::ONE,
            _ => T::from_u32(step - 1) / T::from_u32(steps),
        };
        exponent((-self.spacing.half_log_snr(share)).exp())
    }
}

/// Equal steps in (noise/signal)^(1/ρ).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct KarrasSpacing<T> {
    rho: T,
    /// (noise/signal)^(1/ρ) at its ends.
    least: T,
    most: T,
}

impl<T: Real> KarrasSpacing<T> {
    /// The spacing between two λ, the one with less noise first.
    pub(crate) fn new(rho: u32, cleanest: T, noisiest: T) -> Self {
        let rho = T::from_u32(rho);
        // noise/signal is e^(−λ).
        let root = |half_log_snr: T| (-(half_log_snr / rho)).exp();
        Self {
            rho,
            least: root(cleanest),
            most: root(noisiest),
        }
    }

    /// λ at a share of the way from the end with less noise to the one with more.
    pub(crate) fn half_log_snr(&self, share: T) -> T {
        -(self.rho * (self.least + (self.most - self.least) * share).ln())
    }
}

/// −ln ᾱ = ln(1 + σ²) for noise/signal σ.
fn exponent<T: Real>(relative_noise: T) -> T {
    (relative_noise * relative_noise).ln_1p()
}
