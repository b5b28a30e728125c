use super::{Advance, Solver, Stage, check_order, combine, copy, vector};
use crate::diffusion::error::{SampleError, SamplerError};
use crate::diffusion::{Level, NoiseSchedule, Prediction, SampleNoise, Steps};
use crate::real::Real;

/// DPM-Solver of order 2 or 3 (Lu et al. 2022), a single-step method: within each step from t to s it calls
/// the network once or twice more, and takes ε as a polynomial in λ, half the log-SNR.
///
/// The inner calls are at the training steps whose λ is nearest to λ_t + h/2 (order 2), or to
/// λ_t + h/3 and λ_t + 2h/3 (order 3), so a network of discrete time is enough; the formulas use the λ of the training
/// step itself. Order 3 is the form by derivatives ("taylor"), which needs no exact thirds. Where a step has too few
/// training steps inside for its order, or ends at the data where λ is infinite, its order is lower. Deterministic: it
/// draws nothing.
///
/// Cost of a step: as many network calls as its order. Work: 1 vector more than the order.
///
/// ```
/// use poisson_midpoint::diffusion::{DpmSolver, Error, LinearRate, Prediction, Sampler, Timesteps};
/// use poisson_midpoint::random::Stream;
/// let schedule = LinearRate::new(1000, 0.1_f64, 20.0)?;
/// let timesteps = Timesteps::<5>::uniform(5, &schedule)?;
/// let solver = DpmSolver { order: 2 };
/// let sampler = Sampler::new(&schedule, &timesteps, Prediction::Epsilon, solver)?;
/// let (mut x, mut work) = ([0.3, -0.2], [0.0; 6]);
/// let mut network = |_t, _x: &[f64], epsilon: &mut [f64]| epsilon.fill(0.1);
/// assert_eq!(sampler.sample(&mut x, &mut network, &mut Stream::new(42, 0), &mut work)?, 9);
/// # Ok::<(), Error<f64>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct DpmSolver {
    /// The order, 2 or 3.
    pub order: u32,
}

impl<T: Real> Solver<T> for DpmSolver {
    /// ε at the start and at the nodes.
    fn vectors(&self) -> usize {
        self.order as usize
    }

    fn prepare(
        &mut self,
        _schedule: &impl NoiseSchedule<T>,
        _steps: Steps<'_>,
    ) -> Result<(), SamplerError<T>> {
        check_order(self.order, 2, 3)
    }

    fn keeps(&self, stage: &Stage<'_>) -> (Prediction, usize) {
        (Prediction::Epsilon, stage.told as usize)
    }

    fn advance(
        &self,
        schedule: &impl NoiseSchedule<T>,
        stage: &Stage<'_>,
        x: &[T],
        position: &mut [T],
        kept: &mut [T],
        _noise: &mut (impl SampleNoise<T> + ?Sized),
    ) -> Result<Advance, SampleError> {
        if stage.told == 0 {
            return Ok(Advance::Ask(stage.from));
        }
        let nodes = Nodes::new(self.order, schedule, stage);
        let wanted = match stage.told {
            1 => nodes.first,
            2 => nodes.second,
            _ => None,
        };
        let (level, r) = wanted.map_or((nodes.end, T::ONE), |node| (node.level, node.r));
        let [of_x, of_0, of_1, of_2] = nodes.solve(&level, r, stage.told);
        let epsilon = |index| vector(kept, x.len(), index);
        // After the first call the position is x already.
        if stage.told > 1 {
            copy(x, position);
        }
        let others = [of_1, of_2].into_iter().zip(1..stage.told as usize);
        let others = others.map(|(of, index)| (of, epsilon(index)));
        combine(position, of_x, (of_0, epsilon(0)), others);
        Ok(wanted.map_or(Advance::Arrive, |node| Advance::Ask(node.step)))
    }
}

/// A call within a step: its training step, its level, and r, its share of the step in λ, from 0 to 1.
#[derive(Clone, Copy)]
struct Node<T> {
    step: u32,
    level: Level<T>,
    r: T,
}

/// The levels of a step.
struct Nodes<T> {
    start: Level<T>,
    end: Level<T>,
    h: T,
    first: Option<Node<T>>,
    second: Option<Node<T>>,
}

impl<T: Real> Nodes<T> {
    fn new(order: u32, schedule: &impl NoiseSchedule<T>, stage: &Stage<'_>) -> Self {
        let Stage { from, to, .. } = *stage;
        let (start, end) = (schedule.level(from), schedule.level(to));
        let inside = (from - to).saturating_sub(1);
        let order = if to == 0 { 1 } else { order.min(1 + inside) };
        let lambda = start.half_log_snr();
        let h = end.half_log_snr() - lambda;
        let node = |part: u32, least: u32, most: u32| {
            let target = lambda + h * (T::from_u32(part) / T::from_u32(order));
            let step = schedule.nearest(target, least, most);
            let step = step.max(least).min(most);
            let level = schedule.level(step);
            Node {
                step,
                level,
                r: (level.half_log_snr() - lambda) / h,
            }
        };
        // λ grows as t falls: leave a training step for the node after the first.
        let first = (order > 1).then(|| node(1, to + order - 1, from - 1));
        let second = first
            .filter(|_| order > 2)
            .map(|first| node(2, to + 1, first.step - 1));
        Self {
            start,
            end,
            h,
            first,
            second,
        }
    }

    /// The coefficients of x, and of ε at the start and at the first and second node, for the solution at r, whose
    /// level is given. Of the outputs, the first `known` are used.
    ///
    /// With y = rh and ε(u) = ε₀ + D₁u + D₂u², u in units of h:
    /// x′ = (α′/α) x − σ′ (ψ₁ ε₀ + ψ₂ D₁ + ψ₃ D₂), where ψ₁ = e^y − 1, ψ₂ = (ψ₁ − y)/h and
    /// ψ₃ = 2(ψ₂ − y²/(2h))/h are ∫ e^(y − v) (v/h)ᵏ dv over 0..y.
    fn solve(&self, level: &Level<T>, r: T, known: u32) -> [T; 4] {
        let of_x = (-((level.exponent - self.start.exponent) / T::TWO)).exp();
        let n = level.noise;
        if level.is_clean() {
            return [of_x, -(self.start.noise * of_x), T::ZERO, T::ZERO];
        }
        let (h, y) = (self.h, r * self.h);
        let psi_1 = y.exp_m1();
        let psi_2 = (psi_1 - y) / h;
        let psi_3 = T::TWO * (psi_2 - y * y / (T::TWO * h)) / h;
        let nodes = (self.first, self.second);
        let (of_start, of_first, of_second) = match nodes {
            (Some(first), Some(second)) if known > 2 => {
                // D₁ and D₂ of the parabola through 0, r₁ and r₂.
                let (r_1, r_2) = (first.r, second.r);
                let of_first = (r_2 * psi_2 - psi_3) / (r_1 * (r_2 - r_1));
                let of_second = (psi_3 - r_1 * psi_2) / (r_2 * (r_2 - r_1));
                (psi_1 - of_first - of_second, of_first, of_second)
            }
            // At the end of a step of order 2, as in the paper, ψ₁/2 takes the place of ψ₂: the order is the same.
            (Some(first), None) if known > 1 => {
                let of_first = psi_1 / (T::TWO * first.r);
                (psi_1 - of_first, of_first, T::ZERO)
            }
            (Some(first), _) if known > 1 => {
                let of_first = psi_2 / first.r;
                (psi_1 - of_first, of_first, T::ZERO)
            }
            _ => (psi_1, T::ZERO, T::ZERO),
        };
        [of_x, -(n * of_start), -(n * of_first), -(n * of_second)]
    }
}
