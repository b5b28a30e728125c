use super::exponential::{moments, weights, x_and_noise};
use super::multistep::Coefficients;
use super::{Advance, Solver, Stage, check_order};
use crate::diffusion::error::{SampleError, SamplerError};
use crate::diffusion::{Level, NoiseSchedule, Prediction, SampleNoise, Steps};
use crate::real::Real;

/// SA-Solver (Xue et al. 2023): stochastic Adams methods, an Adams–Bashforth predictor and an Adams–Moulton corrector
/// in exponential form, for the diffusion with noise of scale τ(t).
///
/// The network is called at the predicted position; then the step that led there is corrected, with the same noise, and
/// the next is predicted from the corrected x and the same output: one call a step. With η = τ² the predictor of order
/// k is [`DpmSolverPlusPlus`](super::DpmSolverPlusPlus) of order k and share η, and without a corrector the two methods
/// are the same. With τ = 0 it is a deterministic predictor–corrector method, like UniPC (Zhao et al. 2023).
///
/// Since predictor and corrector have x and the noise in common, the correction is a sum of outputs only: √ᾱ_t times
/// the difference of the corrector's and the predictor's integrals over the step before.
///
/// The first steps have too few outputs behind them, and are of lower order. A step to the data returns the network's
/// x₀.
///
/// Cost of a step: one network call; a normal for each component in a step with τ > 0. Work: 1 vector more
/// than [`vectors`](Solver::vectors).
///
/// ```
/// use poisson_midpoint::diffusion::{Error, LinearRate, Prediction, SaSolver, Sampler, Timesteps};
/// use poisson_midpoint::random::Stream;
/// let schedule = LinearRate::new(1000, 0.1_f64, 20.0)?;
/// let timesteps = Timesteps::<20>::log_snr(20, &schedule)?;
/// let solver = SaSolver { predictor: 2, corrector: 2, tau: 1.0, noisy: [0.05, 1.0] };
/// let sampler = Sampler::new(&schedule, &timesteps, Prediction::Sample, solver)?;
/// let (mut x, mut work) = ([0.3, -0.2], vec![0.0; sampler.work_length(2)]);
/// let mut network = |_t, _x: &[f64], sample: &mut [f64]| sample.fill(0.5);
/// assert_eq!(sampler.sample(&mut x, &mut network, &mut Stream::new(42, 0), &mut work)?, 20);
/// assert_eq!(x, [0.5, 0.5]);
/// # Ok::<(), Error<f64>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct SaSolver<T> {
    /// The predictor's order, from 1 to 3.
    pub predictor: u32,
    /// The corrector's order, from 1 to 3, counting the output at the predicted position; 0 for none.
    pub corrector: u32,
    /// τ, the scale of the noise in steps with noise.
    pub tau: T,
    /// The least and the most of noise/signal at the start of a step with noise; other steps have τ = 0. The paper
    /// takes \[0.05, 1\] for small images and \[0.05, 50\] for large.
    pub noisy: [T; 2],
}

/// The most outputs that count: the predictor's three of the step before, and the newest.
const MOST: usize = 4;

impl<T: Real> Solver<T> for SaSolver<T> {
    /// The last outputs as x₀: those of the predictor, and those of the last prediction, which the corrector takes
    /// back.
    fn vectors(&self) -> usize {
        self.outputs() as usize
    }

    fn prepare(
        &mut self,
        _schedule: &impl NoiseSchedule<T>,
        _steps: Steps<'_>,
    ) -> Result<(), SamplerError<T>> {
        check_order(self.predictor, 1, 3)?;
        check_order(self.corrector, 0, 3)?;
        if !(self.tau >= T::ZERO && self.tau.is_finite()) {
            return Err(SamplerError::Tau(self.tau));
        }
        let [least, most] = self.noisy;
        // An infinite `most` means that there is no upper limit.
        if least >= T::ZERO && least <= most {
            Ok(())
        } else {
            Err(SamplerError::Noisy { least, most })
        }
    }

    fn keeps(&self, stage: &Stage<'_>) -> (Prediction, usize) {
        (Prediction::Sample, stage.place(0, self.outputs()))
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
        of.apply(position, kept, |age| stage.place(age, self.outputs()));
        of.add_noise(position, noise, stage.from, stage.to);
        Ok(Advance::Arrive)
    }
}

impl<T: Real> SaSolver<T> {
    fn outputs(&self) -> u32 {
        let corrected = u32::from(self.corrector > 0);
        self.predictor.saturating_add(corrected).max(self.corrector)
    }

    /// τ² in a step from this level.
    fn share(&self, from: &Level<T>) -> T {
        let [least, most] = self.noisy;
        let ratio = from.relative_noise();
        if ratio >= least && ratio <= most {
            self.tau * self.tau
        } else {
            T::ZERO
        }
    }

    fn coefficients(
        &self,
        schedule: &impl NoiseSchedule<T>,
        stage: &Stage<'_>,
    ) -> Coefficients<T, MOST> {
        let (from, to) = (schedule.level(stage.from), schedule.level(stage.to));
        let outputs_known = (1 + stage.taken).min(self.outputs() as usize);
        if to.is_clean() {
            return Coefficients::data(&to, outputs_known, None);
        }
        // The levels of the outputs of the steps before; before the first step there are none, and their weight is 0.
        let before = |age| Some(schedule.level(stage.before(age)?.1.0));
        let lambda = from.half_log_snr();
        let node = |age| before(age).map_or(T::ZERO, |level: Level<T>| level.half_log_snr());
        let nodes = [lambda, node(1), node(2), node(3)];
        let known = |order: u32, outputs: usize| outputs.min(order as usize);

        let distance = to.half_log_snr() - lambda;
        let eta = self.share(&from);
        let [first, second, third, fourth] = nodes;
        let here = |node: T| node - lambda;
        let predicted = weights(
            [first, second, third].map(here),
            known(self.predictor, 1 + stage.taken),
            moments(T::ONE + eta, distance),
        );
        let (x, noise) = x_and_noise(eta, distance, &from, &to);
        let [p_0, p_1, p_2] = predicted.map(|weight| to.signal * weight);
        let mut outputs = [p_0, p_1, p_2, T::ZERO];
        if let Some(start) = before(1).filter(|_| self.corrector > 0) {
            let there = |node: T| node - second;
            let moments = moments(T::ONE + self.share(&start), lambda - second);
            let corrector = known(self.corrector, 1 + stage.taken);
            let [q_0, q_1, q_2] = weights([first, second, third].map(there), corrector, moments);
            let predictor = known(self.predictor, stage.taken);
            let [r_1, r_2, r_3] = weights([second, third, fourth].map(there), predictor, moments);
            let correction = [q_0, q_1 - r_1, q_2 - r_2, -r_3];
            for (output, correction) in outputs.iter_mut().zip(correction) {
                *output += x * from.signal * correction;
            }
        }
        Coefficients {
            x,
            outputs,
            known: outputs_known,
            noise: (eta > T::ZERO).then_some(noise),
        }
    }
}
