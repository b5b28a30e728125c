use super::error::{SampleError, SamplerError};
use super::one_step::check_timesteps;
use super::sampler::{check_output, commit, vectors};
use super::transition::Map;
use super::{
    Denoiser, Level, NetworkQuery, NoiseSchedule, Parametrization, Progress, Sampler, Timesteps,
};
use crate::Real;
use crate::random::Words;

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
/// Cost of a step: one network call; a normal for each component unless η = 0.
///
/// ```
/// use poisson_midpoint::diffusion::{
///     Denoiser, LinearRate, MultiStep, Parametrization, Sampler, Timesteps,
/// };
/// use poisson_midpoint::random::Stream;
/// let schedule = LinearRate::new(1000, 0.1_f64, 20.0)?;
/// let timesteps = Timesteps::<21>::log_snr(20, &schedule)?;
/// let sampler = MultiStep::new(&schedule, &timesteps, Denoiser::new(Parametrization::Sample), 3, 1.0)?;
/// let (mut x, mut work) = ([0.3, -0.2], vec![0.0; sampler.work_length(2)]);
/// let mut network = |_t, _x: &[f64], sample: &mut [f64]| sample.fill(0.5);
/// assert_eq!(sampler.sample(&mut x, &mut network, &mut Stream::new(42, 0), &mut work)?, 20);
/// assert_eq!(x, [0.5, 0.5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MultiStep<'a, T, S> {
    schedule: &'a S,
    timesteps: &'a [u32],
    denoiser: Denoiser<T>,
    order: u32,
    eta: T,
}

impl<'a, T: Real, S: NoiseSchedule<T>> MultiStep<'a, T, S> {
    /// The method of an order from 1 to 3 with a share η of noise: 0 for DPM-Solver++, 1 for
    /// SDE-DPM-Solver++.
    ///
    /// # Errors
    /// [`SamplerError`] if the timesteps exceed the schedule, the order is not in \[1, 3\] or η
    /// not in \[0, 1\].
    pub fn new<const N: usize>(
        schedule: &'a S,
        timesteps: &'a Timesteps<N>,
        denoiser: Denoiser<T>,
        order: u32,
        eta: T,
    ) -> Result<Self, SamplerError<T>> {
        let (least, most) = (1, 3);
        if order < least || order > most {
            return Err(SamplerError::Order { order, least, most });
        }
        Map::Ddim(eta).check()?;
        check_timesteps(schedule, timesteps.as_slice())?;
        Ok(Self {
            schedule,
            timesteps: timesteps.as_slice(),
            denoiser,
            order,
            eta,
        })
    }

    /// λ of a step taken before the one under way.
    fn earlier(&self, progress: &Progress, steps: usize) -> Option<T> {
        let step = *self.timesteps.get(progress.taken.checked_sub(steps)?)?;
        Some(self.schedule.level(step).half_log_snr())
    }

    fn coefficients(&self, progress: &Progress, from: &Level<T>, to: &Level<T>) -> Coefficients<T> {
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
        let second = self.earlier(progress, 1).filter(|_| self.order > 1);
        let r_0 = second.map(|second| (lambda - second) / h);
        let third = self.earlier(progress, 2).filter(|_| self.order > 2);
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

/// Of x, of the outputs from the last backwards, and of Z.
struct Coefficients<T> {
    x: T,
    outputs: [T; 3],
    noise: T,
}

impl<T: Real, S: NoiseSchedule<T>> Sampler<T> for MultiStep<'_, T, S> {
    type Progress = Progress;

    fn begin(&self) -> Progress {
        Progress::START
    }

    /// The state moved to, the last three outputs as x₀, and the network's output.
    fn work_length(&self, dimension: usize) -> usize {
        dimension.saturating_mul(5)
    }

    fn first_step(&self) -> u32 {
        Progress::START.step(self.timesteps)
    }

    fn next<'a, W: Words + ?Sized>(
        &self,
        progress: &mut Progress,
        x: &'a mut [T],
        work: &'a mut [T],
        words: &mut W,
    ) -> Result<Option<NetworkQuery<'a, T>>, SampleError> {
        let step = progress.step(self.timesteps);
        if let Some((from, to)) = progress.pair(self.timesteps).filter(|_| progress.stage > 0) {
            let [moved, m_0, m_1, m_2] =
                vectors(work, x.len()).map_err(|e| SampleError::new(step, e))?;
            let (from_level, to_level) = (self.schedule.level(from), self.schedule.level(to));
            let of = self.coefficients(progress, &from_level, &to_level);
            let [of_0, of_1, of_2] = of.outputs;
            let known = progress.taken.min(self.order as usize - 1);
            let outputs = m_0.iter().zip(&*m_1).zip(&*m_2);
            for ((moved, &x), ((&m_0, &m_1), &m_2)) in moved.iter_mut().zip(&*x).zip(outputs) {
                *moved = of.x * x + of_0 * m_0;
                // What has not been told yet may be anything.
                if known > 0 {
                    *moved += of_1 * m_1;
                }
                if known > 1 {
                    *moved += of_2 * m_2;
                }
                if self.eta > T::ZERO {
                    *moved += of.noise * T::normal(words);
                }
            }
            if !commit(x, moved) {
                return Err(SampleError::state(step, from - to));
            }
            m_2.swap_with_slice(m_1);
            m_1.swap_with_slice(m_0);
            *progress = progress.after();
        }
        Ok(progress.ask(self.timesteps, x))
    }

    fn supply(
        &self,
        progress: &mut Progress,
        x: &mut [T],
        work: &mut [T],
        output: &[T],
    ) -> Result<(), SampleError> {
        let step = progress.step(self.timesteps);
        let fail = |e| SampleError::new(step, e);
        check_output(progress.asked, x.len(), output).map_err(fail)?;
        let [_, m_0] = vectors(work, x.len()).map_err(fail)?;
        let level = self.schedule.level(step);
        self.denoiser
            .read(Parametrization::Sample, &level, x, output, m_0);
        progress.told();
        Ok(())
    }
}
