use super::exponential::weights;
use super::multistep::Coefficients;
use super::{Advance, Solver, Stage, check_order};
use crate::diffusion::error::{SampleError, SamplerError};
use crate::diffusion::{Level, NoiseSchedule, Prediction, SampleNoise, Steps};
use crate::real::Real;

/// ER-SDE-Solver of order 1, 2 or 3 (Cui et al. 2023): a multistep method for an extended reverse-time SDE, whose
/// noise is between that of the ODE and that of the SDE and vanishes towards the data.
///
/// With ρ = σ/√ᾱ the noise on data of signal 1, and φ(ρ) = ρ g(ρ), g(ρ) = e^(ρ^0.3) + 10, the paper's noise scale
/// function 5, the step from t to s solves
///
/// ```text
/// x_s = (σ_s/σ_t) (g_s/g_t) x + √ᾱ_s φ_s ∫ φ′/φ² x₀ dρ + σ_s √(1 − (g_s/g_t)²) Z
/// ```
///
/// from ρ_s to ρ_t, for x₀ the polynomial in ρ through the network's last outputs. (The paper's Taylor form of order 3
/// leaves out the term by which the slope of the parabola differs from that of the line, and is of order 2.) The
/// integral is computed by Gauss's rule of three points on four panels in ln ρ.
///
/// The first steps have too few outputs behind them, and are of lower order. A step to the data returns the network's
/// x₀.
///
/// Cost of a step: one network call; a normal for each component. Work: 1 vector more than the order.
///
/// ```
/// use poisson_midpoint::diffusion::{ErSdeSolver, Error, LinearRate, Prediction, Sampler, Timesteps};
/// use poisson_midpoint::random::Stream;
/// let schedule = LinearRate::new(1000, 0.1_f64, 20.0)?;
/// let timesteps = Timesteps::<20>::log_snr(20, &schedule)?;
/// let sampler = Sampler::new(&schedule, &timesteps, Prediction::Sample, ErSdeSolver { order: 3 })?;
/// let (mut x, mut work) = ([0.3, -0.2], [0.0; 8]);
/// let mut network = |_t, _x: &[f64], sample: &mut [f64]| sample.fill(0.5);
/// assert_eq!(sampler.sample(&mut x, &mut network, &mut Stream::new(42, 0), &mut work)?, 20);
/// assert_eq!(x, [0.5, 0.5]);
/// # Ok::<(), Error<f64>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct ErSdeSolver {
    /// The order, from 1 to 3.
    pub order: u32,
}

impl<T: Real> Solver<T> for ErSdeSolver {
    /// The last outputs as x₀, as many as the order.
    fn vectors(&self) -> usize {
        self.order as usize
    }

    fn prepare(
        &mut self,
        _schedule: &impl NoiseSchedule<T>,
        _steps: Steps<'_>,
    ) -> Result<(), SamplerError<T>> {
        check_order(self.order, 1, 3)
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
        let (from, to) = (schedule.level(stage.from), schedule.level(stage.to));
        let known = (1 + stage.taken).min(self.order as usize);
        let of = if to.is_clean() {
            Coefficients::data(&to, known, Some(T::ZERO))
        } else {
            let ratio = |age| {
                stage.before(age).map_or(T::ZERO, |(_, (from, _))| {
                    schedule.level(from).relative_noise()
                })
            };
            coefficients(&from, &to, [ratio(0), ratio(1), ratio(2)], known)
        };
        of.apply(position, kept, |age| stage.place(age, self.order));
        of.add_noise(position, noise, stage.from, stage.to);
        Ok(Advance::Arrive)
    }
}

/// ρ^0.3 and e^(ρ^0.3), given λ = −ln ρ.
fn powers<T: Real>(half_log_snr: T) -> (T, T) {
    let power = (-(half_log_snr * tenths(3))).exp();
    (power, power.exp())
}

fn tenths<T: Real>(count: u32) -> T {
    T::from_u32(count) / T::from_u32(10)
}

/// The coefficients of a step whose outputs are at the ρ in `nodes`, the newest first.
fn coefficients<T: Real>(
    from: &Level<T>,
    to: &Level<T>,
    nodes: [T; 3],
    known: usize,
) -> Coefficients<T, 3> {
    let ten = T::from_u32(10);
    let scale = |half_log_snr| powers(half_log_snr).1 + ten;
    let (start, end) = (from.half_log_snr(), to.half_log_snr());
    let share = scale(end) / scale(start);
    let decay = to.noise / from.noise * share;
    let rho = from.relative_noise();
    // The integral of 1 is the share of the signal that x has lost.
    let mut moments = [T::ONE - decay * (from.signal / to.signal), T::ZERO, T::ZERO];
    // The integrand is φ_s φ′/φ² dρ, with dρ = −ρ dλ and ρφ′ = ρ(g + 0.3 ρ^0.3 e^(ρ^0.3)).
    let phi = to.relative_noise() * scale(end);
    let panels = 4;
    let width = (end - start) / T::from_u32(panels);
    let offset = (tenths::<T>(6)).sqrt() / T::TWO;
    let half = T::ONE / T::TWO;
    let eighteenths = |count| T::from_u32(count) / T::from_u32(18);
    for panel in 0..panels {
        let points = [(half - offset, 5), (half, 8), (half + offset, 5)];
        for (place, weight) in points {
            let half_log_snr = start + (T::from_u32(panel) + place) * width;
            let (power, exponential) = powers(half_log_snr);
            let g = exponential + ten;
            let here = (-half_log_snr).exp();
            let slope = g + tenths::<T>(3) * power * exponential;
            let weight = eighteenths(weight) * width * phi * slope / (here * g * g);
            let [_, first, second] = &mut moments;
            let u = here - rho;
            *first += weight * u;
            *second += weight * u * u;
        }
    }
    let outputs = weights(nodes.map(|node| node - rho), known, moments);
    Coefficients {
        x: decay,
        outputs: outputs.map(|weight| to.signal * weight),
        known,
        noise: Some(to.noise * ((T::ONE - share) * (T::ONE + share)).sqrt()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// φ_s ∫ φ′/φ² (ρ − ρ_t)ᵏ dρ over a step half as long as the whole way, by the trapezoidal rule.
    #[test]
    fn long_steps_are_integrated() {
        let (from, to) = (Level::new(5.0_f64), Level::new(0.01));
        let g = |rho: f64| rho.powf(0.3).exp() + 10.0;
        let (start, end) = (from.relative_noise(), to.relative_noise());
        let integrand = |rho: f64, power: i32| {
            let slope = g(rho) + 0.3 * rho.powf(0.3) * rho.powf(0.3).exp();
            end * g(end) * slope / (rho * g(rho)).powi(2) * (rho - start).powi(power)
        };
        let panels = 400_000;
        let rho = |k: u32| end * (start / end).powf(f64::from(k) / f64::from(panels));
        let integral = |power| -> f64 {
            let each = (0..panels).map(|k| {
                let (a, b) = (rho(k), rho(k + 1));
                (b - a) / 2.0 * (integrand(a, power) + integrand(b, power))
            });
            each.sum()
        };
        let nodes = [start, 2.0 * start, 3.0 * start];
        let exact = weights(nodes.map(|node| node - start), 3, [0, 1, 2].map(integral));
        let found = coefficients(&from, &to, nodes, 3).outputs;
        for (found, exact) in found.into_iter().zip(exact) {
            let exact = to.signal * exact;
            assert!((found - exact).abs() < 1e-5, "{found} {exact}");
        }
    }
}
