use super::error::{SampleError, SamplerError};
use super::one_step::check_timesteps;
use super::sampler::{check_output, commit, vectors};
use super::{
    Denoiser, Level, NetworkQuery, NoiseSchedule, Parametrization, Progress, Sampler, Timesteps,
};
use crate::Real;
use crate::random::Words;

/// DPM-Solver of order 2 or 3 (Lu et al. 2022), a single-step method: within each step from t to s it calls
/// the network once or twice more, and takes ε as a polynomial in λ, half the log-SNR.
///
/// The inner calls are at the training steps whose λ is nearest to λ_t + h/2 (order 2), or to
/// λ_t + h/3 and λ_t + 2h/3 (order 3), so a network of discrete time will do; the formulas take λ
/// where it is. Order 3 is the form by derivatives ("taylor"), which needs no exact thirds. Where a step
/// has too few training steps inside for its order, or ends at the data where λ is infinite, its order is
/// lower. Deterministic: it draws nothing.
///
/// Cost of a step: as many network calls as its order.
///
/// ```
/// use poisson_midpoint::diffusion::{
///     Denoiser, LinearRate, Parametrization, Sampler, SingleStep, Timesteps,
/// };
/// use poisson_midpoint::random::Stream;
/// let schedule = LinearRate::new(1000, 0.1_f64, 20.0)?;
/// let timesteps = Timesteps::<6>::uniform(5, 1000)?;
/// let sampler = SingleStep::new(&schedule, &timesteps, Denoiser::new(Parametrization::Epsilon), 2)?;
/// let (mut x, mut work) = ([0.3, -0.2], vec![0.0; sampler.work_length(2)]);
/// let mut network = |_t, _x: &[f64], epsilon: &mut [f64]| epsilon.fill(0.1);
/// assert_eq!(sampler.sample(&mut x, &mut network, &mut Stream::new(42, 0), &mut work)?, 9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SingleStep<'a, T, S> {
    schedule: &'a S,
    timesteps: &'a [u32],
    denoiser: Denoiser<T>,
    order: u32,
}

impl<'a, T: Real, S: NoiseSchedule<T>> SingleStep<'a, T, S> {
    /// The method of order 2 or 3.
    ///
    /// # Errors
    /// [`SamplerError`] if the timesteps exceed the schedule or the order is neither 2 nor 3.
    pub fn new<const N: usize>(
        schedule: &'a S,
        timesteps: &'a Timesteps<N>,
        denoiser: Denoiser<T>,
        order: u32,
    ) -> Result<Self, SamplerError<T>> {
        let (least, most) = (2, 3);
        if order < least || order > most {
            return Err(SamplerError::Order { order, least, most });
        }
        check_timesteps(schedule, timesteps.as_slice())?;
        Ok(Self {
            schedule,
            timesteps: timesteps.as_slice(),
            denoiser,
            order,
        })
    }

    fn nodes(&self, from: u32, to: u32) -> Nodes<T> {
        let (start, end) = (self.schedule.level(from), self.schedule.level(to));
        let inside = (from - to).saturating_sub(1);
        let order = if to == 0 {
            1
        } else {
            self.order.min(1 + inside)
        };
        let lambda = start.half_log_snr();
        let h = end.half_log_snr() - lambda;
        let node = |part: u32, least: u32, most: u32| {
            let target = lambda + h * (T::from_u32(part) / T::from_u32(order));
            let step = self.schedule.nearest(target, least, most);
            let step = step.max(least).min(most);
            let level = self.schedule.level(step);
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
        Nodes {
            start,
            end,
            h,
            first,
            second,
        }
    }
}

/// A call within a step: its training step, its level, and how far on it is in λ, from 0 to 1.
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
    /// The coefficients of x and of ε at the start, first and second node that solve the step up to r,
    /// whose level is given, from as many nodes as are known.
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
            // At the end of a step of order 2, as in the paper, ψ₁/2 in place of ψ₂: of the same order.
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

impl<T: Real, S: NoiseSchedule<T>> Sampler<T> for SingleStep<'_, T, S> {
    type Progress = Progress;

    fn begin(&self) -> Progress {
        Progress::START
    }

    /// The state at a node or moved to, ε at the start and at both nodes, and the network's output.
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
        _words: &mut W,
    ) -> Result<Option<NetworkQuery<'a, T>>, SampleError> {
        let at = progress.step(self.timesteps);
        if let Some((from, to)) = progress.pair(self.timesteps).filter(|_| progress.stage > 0) {
            let nodes = self.nodes(from, to);
            let wanted = match progress.stage {
                1 => nodes.first,
                2 => nodes.second,
                _ => None,
            };
            let (level, r) = wanted.map_or((nodes.end, T::ONE), |node| (node.level, node.r));
            let [of_x, of_0, of_1, of_2] = nodes.solve(&level, r, progress.stage);
            let [moved, e_0, e_1, e_2] =
                vectors(work, x.len()).map_err(|e| SampleError::new(at, e))?;
            let epsilons = e_0.iter().zip(&*e_1).zip(&*e_2);
            for ((moved, &x), ((&e_0, &e_1), &e_2)) in moved.iter_mut().zip(&*x).zip(epsilons) {
                *moved = of_x * x + of_0 * e_0;
                if progress.stage > 1 {
                    *moved += of_1 * e_1;
                }
                if progress.stage > 2 {
                    *moved += of_2 * e_2;
                }
            }
            if let Some(node) = wanted {
                if !moved.iter().all(|value| value.is_finite()) {
                    return Err(SampleError::state(at, from - node.step));
                }
                progress.asked = true;
                return Ok(Some(NetworkQuery {
                    position: moved,
                    step: node.step,
                }));
            }
            if !commit(x, moved) {
                return Err(SampleError::state(at, from - to));
            }
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
        let at = progress.step(self.timesteps);
        let fail = |e| SampleError::new(at, e);
        check_output(progress.asked, x.len(), output).map_err(fail)?;
        let Some((from, to)) = progress.pair(self.timesteps) else {
            return Ok(());
        };
        let [position, e_0, e_1, e_2] = vectors(work, x.len()).map_err(fail)?;
        let read = |level: &Level<T>, x: &[T], into: &mut [T]| {
            self.denoiser
                .read(Parametrization::Epsilon, level, x, output, into);
        };
        let nodes = self.nodes(from, to);
        match (progress.stage, nodes.first, nodes.second) {
            (1, Some(node), _) => read(&node.level, position, e_1),
            (2, _, Some(node)) => read(&node.level, position, e_2),
            _ => read(&nodes.start, x, e_0),
        }
        progress.told();
        Ok(())
    }
}
