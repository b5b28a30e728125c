use super::ddim::check_eta;
use super::exponential::{moments, weights, x_and_noise};
use super::multistep::Coefficients;
use super::{Advance, Solver, Stage, check_order};
use crate::diffusion::error::{SampleError, SamplerError};
use crate::diffusion::{NoiseSchedule, Prediction, SampleNoise, Steps};
use crate::real::Real;

/// DPM-Solver++ (Lu et al. 2022) as a multistep method of order 1, 2 or 3, and its SDE form: x₀ as a
/// function of λ, half the log-SNR, is extrapolated through the network's last outputs.
///
/// With h the step in λ, η the share of noise (0: the ODE, 1: the SDE) and R = 1 + η, the step from
/// t to s solves exactly, for x₀(u) the polynomial of degree `order` − 1 through the last outputs,
///
/// ```text
/// x_s = (σ_s/σ_t) e^(−ηh) x + √ᾱ_s ∫₀^h R e^(−R(h − u)) x₀(u) du + σ_s √(1 − e^(−2ηh)) Z
/// ```
///
/// Published implementations of order 3 use half of the parabola's curvature, so that their order is 2.
///
/// The first steps have too few outputs behind them, and are of lower order. A step to the data is of
/// order 1, as λ is infinite there: it returns the network's x₀.
///
/// Cost of a step: one network call; a normal for each component unless η = 0. Work: 1 vector more than
/// the order.
///
/// ```
/// use poisson_midpoint::diffusion::{
///     DpmSolverPlusPlus, Error, LinearRate, Prediction, Sampler, Timesteps,
/// };
/// use poisson_midpoint::random::Stream;
/// let schedule = LinearRate::new(1000, 0.1_f64, 20.0)?;
/// let timesteps = Timesteps::<20>::log_snr(20, &schedule)?;
/// let solver = DpmSolverPlusPlus { order: 3, eta: 1.0 };
/// let sampler = Sampler::new(&schedule, &timesteps, Prediction::Sample, solver)?;
/// let (mut x, mut work) = ([0.3, -0.2], [0.0; 8]);
/// let mut network = |_t, _x: &[f64], sample: &mut [f64]| sample.fill(0.5);
/// assert_eq!(sampler.sample(&mut x, &mut network, &mut Stream::new(42, 0), &mut work)?, 20);
/// assert_eq!(x, [0.5, 0.5]);
/// # Ok::<(), Error<f64>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct DpmSolverPlusPlus<T> {
    /// The order, from 1 to 3.
    pub order: u32,
    /// The share η of noise from 0, DPM-Solver++, to 1, SDE-DPM-Solver++.
    pub eta: T,
}

impl<T: Real> Solver<T> for DpmSolverPlusPlus<T> {
    /// The last outputs as x₀, as many as the order.
    fn vectors(&self) -> usize {
        self.order as usize
    }

    fn prepare(
        &mut self,
        _schedule: &impl NoiseSchedule<T>,
        _steps: Steps<'_>,
    ) -> Result<(), SamplerError<T>> {
        check_order(self.order, 1, 3)?;
        check_eta(self.eta)
    }

    fn keeps(&self, stage: &Stage<'_>) -> (Prediction, usize) {
        (Prediction::Sample, stage.place(0, self.order))
    }

    fn advance(
        &self,
        schedule: &impl NoiseSchedule<T>,
        stage: &Stage<'_>,
        _x: &[T],
        position: &mut [T],
        kept: &mut [T],
        noise: &mut (impl SampleNoise<T> + ?Sized),
    ) -> Result<Advance, SampleError> {
        if stage.told == 0 {
            return Ok(Advance::Ask(stage.from));
        }
        let of = self.coefficients(schedule, stage);
        of.apply(position, kept, |age| stage.place(age, self.order));
        of.add_noise(position, noise, stage.from, stage.to);
        Ok(Advance::Arrive)
    }
}

impl<T: Real> DpmSolverPlusPlus<T> {
    fn coefficients(
        &self,
        schedule: &impl NoiseSchedule<T>,
        stage: &Stage<'_>,
    ) -> Coefficients<T, 3> {
        let (from, to) = (schedule.level(stage.from), schedule.level(stage.to));
        let known = (1 + stage.taken).min(self.order as usize);
        let drawn = |noise| (self.eta > T::ZERO).then_some(noise);
        if to.is_clean() {
            return Coefficients::data(&to, known, drawn(T::ZERO));
        }
        let lambda = from.half_log_snr();
        let h = to.half_log_snr() - lambda;
        // Where the earlier outputs are in λ, relative to the newest.
        let node = |age| {
            stage.before(age).map_or(T::ZERO, |(_, (step, _))| {
                schedule.level(step).half_log_snr() - lambda
            })
        };
        let moments = moments(T::ONE + self.eta, h);
        let (x, noise) = x_and_noise(self.eta, h, &from, &to);
        Coefficients {
            x,
            outputs: weights([T::ZERO, node(1), node(2)], known, moments)
                .map(|weight| to.signal * weight),
            known,
            noise: drawn(noise),
        }
    }
}
