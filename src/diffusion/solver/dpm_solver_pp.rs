use super::ddim::check_eta;
use super::{Advance, Solver, Stage, check_order, combine, vector};
use crate::diffusion::error::{SampleError, SamplerError};
use crate::diffusion::noise::add_noise;
use crate::diffusion::{NoiseSchedule, Prediction, Steps};
use crate::random::Words;
use crate::real::Real;

/// DPM-Solver++ (Lu et al. 2022) as a multistep method of order 1, 2 or 3, and its SDE form: x₀ as a
/// function of λ, half the log-SNR, is extrapolated through the network's last outputs.
///
/// With h the step in λ, η the share of noise (0: the ODE, 1: the SDE) and H = (1 + η)h, the step from
/// t to s solves exactly, for x₀(u) = m₀ + D₁u + D₂u² with u from 0 to 1,
///
/// ```text
/// x_s = (σ_s/σ_t) e^(−ηh) x + √ᾱ_s (φ₁ m₀ + φ₂ D₁ + 2φ₃ D₂) + σ_s √(1 − e^(−2ηh)) Z
/// φ₁ = 1 − e^(−H),  φ₂ = 1 − φ₁/H,  φ₃ = ½ − φ₂/H
/// ```
///
/// D₁ and D₂ being those of the parabola (order 3) or line (order 2) through the last outputs.
/// Published programs of order 3 have φ₃ D₂, half of this, so that their order is 2.
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
        (Prediction::Sample, self.place(stage, 0))
    }

    fn advance(
        &self,
        schedule: &impl NoiseSchedule<T>,
        stage: &Stage<'_>,
        x: &[T],
        position: &mut [T],
        kept: &mut [T],
        words: &mut (impl Words + ?Sized),
    ) -> Result<Advance, SampleError> {
        if stage.told == 0 {
            return Ok(Advance::Ask(stage.from));
        }
        let of = self.coefficients(schedule, stage);
        let [of_0, of_1, of_2] = of.outputs;
        let output = |age| vector(kept, x.len(), self.place(stage, age));
        let terms = [
            (of.x, x),
            (of_0, output(0)),
            (of_1, output(1)),
            (of_2, output(2)),
        ];
        let known = 1 + stage.taken.min(self.order as usize - 1);
        combine(position, terms, 1 + known);
        if self.eta > T::ZERO {
            add_noise(position, of.noise, words);
        }
        Ok(Advance::Arrive)
    }
}

/// Of x, of the outputs from the last backwards, and of Z.
struct Coefficients<T> {
    x: T,
    outputs: [T; 3],
    noise: T,
}

impl<T: Real> DpmSolverPlusPlus<T> {
    /// Where the output of the step under way is kept, or of one `age` steps before it: in turn.
    fn place(&self, stage: &Stage<'_>, age: usize) -> usize {
        let order = self.order.max(1) as usize;
        (stage.taken + 2 * order - age.min(order)) % order
    }

    fn coefficients(&self, schedule: &impl NoiseSchedule<T>, stage: &Stage<'_>) -> Coefficients<T> {
        let (from, to) = (schedule.level(stage.from), schedule.level(stage.to));
        // λ of a step taken before the one under way.
        let earlier = |steps| {
            let (step, _) = stage.steps.get(stage.taken.checked_sub(steps)?)?;
            Some(schedule.level(step).half_log_snr())
        };
        if to.is_clean() {
            return Coefficients {
                x: T::ZERO,
                outputs: [to.signal, T::ZERO, T::ZERO],
                noise: T::ZERO,
            };
        }
        let lambda = from.half_log_snr();
        let h = to.half_log_snr() - lambda;
        let reach = h + self.eta * h;
        let phi_1 = -((-reach).exp_m1());
        let phi_2 = T::ONE - phi_1 / reach;
        let twice_phi_3 = T::ONE - T::TWO * phi_2 / reach;
        // Distances from the last output to the one before and from that to the next, in h.
        let second = earlier(1).filter(|_| self.order > 1);
        let r_0 = second.map(|second| (lambda - second) / h);
        let third = earlier(2).filter(|_| self.order > 2);
        let r_1 = second
            .zip(third)
            .map(|(second, third)| (second - third) / h);
        let scale = |share: T| to.signal * share;
        let outputs = match (r_0, r_1) {
            (None, _) => [phi_1, T::ZERO, T::ZERO],
            (Some(r_0), None) => [phi_1 + phi_2 / r_0, -(phi_2 / r_0), T::ZERO],
            // Newton's form: m₀ + u(m₀ − m₁)/r₀ + u(u + r₀) [(m₀ − m₁)/r₀ − (m₁ − m₂)/r₁]/(r₀ + r₁).
            (Some(r_0), Some(r_1)) => {
                let bend = (twice_phi_3 + r_0 * phi_2) / (r_0 + r_1);
                let first = (phi_2 + bend) / r_0;
                [phi_1 + first, -(first + bend / r_1), bend / r_1]
            }
        };
        Coefficients {
            x: to.noise / from.noise * (-(self.eta * h)).exp(),
            outputs: outputs.map(scale),
            noise: to.noise * (-((-(T::TWO * self.eta * h)).exp_m1())).sqrt(),
        }
    }
}
