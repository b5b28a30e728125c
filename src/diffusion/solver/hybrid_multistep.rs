use super::ddim::check_eta;
use super::exponential::{moments, weights, x_and_noise};
use super::multistep::Coefficients;
use super::{Advance, Solver, Stage, check_order};
use crate::diffusion::error::{SampleError, SamplerError};
use crate::diffusion::{NoiseSchedule, Prediction, SampleNoise, Steps};
use crate::real::Real;

/// A midpoint method at one network call a step: a multistep method that asks for x₀ within the step, at a node that is
/// a share c of the way in λ, half the log-SNR.
///
/// Up to the node it takes x₀ to be the polynomial of degree `order` − 2 through the outputs of the steps before; then
/// it takes the whole step with the polynomial of degree `order` − 1 through the output at the node and those earlier
/// ones. With p and q the two polynomials, h the step in λ and R = 1 + η,
///
/// ```text
/// x_c = (σ_c/σ_t) e^(−ηch) x + √ᾱ_c ∫₀^ch R e^(−R(ch − u)) p(u) du + σ_c √(1 − e^(−2ηch)) Z
/// x_s = (σ_s/σ_c) e^(−η(1 − c)h) x_c + σ_s √(1 − e^(−2η(1 − c)h)) Z′
///       + √ᾱ_s [∫₀^h R e^(−R(h − u)) q(u) du − e^(−R(1 − c)h) ∫₀^ch R e^(−R(ch − u)) p(u) du]
/// ```
///
/// so that p affects x_s only through the position where the network was called, and the noise is that of one exact
/// path. The method has its order for the ODE, η = 0, and is exact if x₀ is a polynomial in λ of degree `order` − 1.
/// With a node of 0 it is [`DpmSolverPlusPlus`](super::DpmSolverPlusPlus) of the same order. That method calls the
/// network at a step's start and extrapolates over the whole step; this one extrapolates over the part after the node.
///
/// Such methods are hybrid multistep methods, with a node off the grid (Gragg & Stetter 1964, Butcher 1965, Gear 1965),
/// here in the exponential form of Lu et al. 2022 (DPM-Solver++, section 4); the correction of what was predicted
/// up to the node is that of SA-Solver (Xue et al. 2023).
///
/// The node is at the training step whose λ is nearest, so a network of discrete time is enough; the formulas use the λ
/// of the training step itself. The first step asks at its start, and so does a step to the data, which returns the
/// network's x₀.
///
/// Cost of a step: one network call; two normals for each component unless η = 0, one where the node is at the start; and
/// the schedule's search for the node and, twice, for those of the steps before. Work: 1 vector more than the order.
///
/// ```
/// use poisson_midpoint::diffusion::{Error, HybridMultistep, LinearRate, Prediction, Sampler, Timesteps};
/// use poisson_midpoint::random::Stream;
/// let schedule = LinearRate::new(1000, 0.1_f64, 20.0)?;
/// let timesteps = Timesteps::<12>::log_snr(12, &schedule)?;
/// let solver = HybridMultistep { order: 2, eta: 1.0, node: 0.5 };
/// let sampler = Sampler::new(&schedule, &timesteps, Prediction::Sample, solver)?;
/// let (mut x, mut work) = ([0.3, -0.2], [0.0; 6]);
/// let mut network = |_t, _x: &[f64], sample: &mut [f64]| sample.fill(0.5);
/// assert_eq!(sampler.sample(&mut x, &mut network, &mut Stream::new(42, 0), &mut work)?, 12);
/// assert_eq!(x, [0.5, 0.5]);
/// # Ok::<(), Error<f64>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct HybridMultistep<T> {
    /// The order, 2 or 3.
    pub order: u32,
    /// The share η of noise from 0, the ODE, to 1, the SDE.
    pub eta: T,
    /// c, the share of the step in λ that is before the network's call, from 0 to 1.
    pub node: T,
}

impl<T: Real> Solver<T> for HybridMultistep<T> {
    /// The last outputs as x₀, as many as the order.
    fn vectors(&self) -> usize {
        self.order as usize
    }

    fn prepare(
        &mut self,
        _schedule: &impl NoiseSchedule<T>,
        _steps: Steps<'_>,
    ) -> Result<(), SamplerError<T>> {
        check_order(self.order, 2, 3)?;
        check_eta(self.eta)?;
        if self.node >= T::ZERO && self.node <= T::ONE {
            Ok(())
        } else {
            Err(SamplerError::Node(self.node))
        }
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
        let asked = match stage.told {
            0 => self.asked(schedule, stage.from, stage.to, stage.taken),
            _ => stage.asked,
        };
        // Up to the node the newest output is that of the step before.
        let (of, newest, advance) = match stage.told {
            0 if asked == stage.from => return Ok(Advance::Ask(asked)),
            0 => (
                self.up_to_node(schedule, stage, asked),
                1,
                Advance::Ask(asked),
            ),
            _ => (self.after_node(schedule, stage, asked), 0, Advance::Arrive),
        };
        let place = |age| stage.place(newest + age, self.order);
        of.apply(position, kept, place);
        let (start, end) = match advance {
            Advance::Ask(node) => (stage.from, node),
            Advance::Arrive => (asked, stage.to),
        };
        of.add_noise(position, noise, start, end);
        Ok(advance)
    }
}

impl<T: Real> HybridMultistep<T> {
    fn drawn(&self, noise: T) -> Option<T> {
        (self.eta > T::ZERO).then_some(noise)
    }

    fn rate(&self) -> T {
        T::ONE + self.eta
    }

    /// The training step at which step `index`, from t to s, calls the network.
    fn asked(&self, schedule: &impl NoiseSchedule<T>, from: u32, to: u32, index: usize) -> u32 {
        if index == 0 || to == 0 {
            return from;
        }
        let lambda = |step| schedule.level(step).half_log_snr();
        let (start, end, least) = (lambda(from), lambda(to), to + 1);
        let step = schedule.nearest(start + self.node * (end - start), least, from);
        // A schedule of a caller's own may answer anything.
        step.max(least).min(from)
    }

    /// The number of outputs of earlier steps that count.
    fn earlier(&self, stage: &Stage<'_>) -> usize {
        stage.taken.min(self.order as usize - 1)
    }

    /// Where the outputs of the two steps before this one are in λ, relative to the start of this step, which is after
    /// them.
    fn earlier_nodes(&self, schedule: &impl NoiseSchedule<T>, stage: &Stage<'_>) -> [T; 2] {
        let lambda = |step| schedule.level(step).half_log_snr();
        let start = lambda(stage.from);
        [1, 2].map(|age| {
            stage.before(age).map_or(T::ZERO, |(index, (from, to))| {
                lambda(self.asked(schedule, from, to, index)) - start
            })
        })
    }

    /// The weights of the earlier outputs in the integral of p over a distance from the start of the step.
    fn predicted(&self, stage: &Stage<'_>, [first, second]: [T; 2], distance: T) -> [T; 3] {
        let moments = moments(self.rate(), distance);
        weights([first, second, T::ZERO], self.earlier(stage), moments)
    }

    /// The coefficients from the start of a step to its node; the outputs are the earlier ones.
    fn up_to_node(
        &self,
        schedule: &impl NoiseSchedule<T>,
        stage: &Stage<'_>,
        asked: u32,
    ) -> Coefficients<T, 3> {
        let (from, node) = (schedule.level(stage.from), schedule.level(asked));
        let distance = node.half_log_snr() - from.half_log_snr();
        let outputs = self.predicted(stage, self.earlier_nodes(schedule, stage), distance);
        let (x, noise) = x_and_noise(self.eta, distance, &from, &node);
        Coefficients {
            x,
            outputs: outputs.map(|weight| node.signal * weight),
            known: self.earlier(stage),
            noise: self.drawn(noise),
        }
    }

    /// The coefficients from the node of a step to its end; the outputs are the one at the node and the earlier ones.
    fn after_node(
        &self,
        schedule: &impl NoiseSchedule<T>,
        stage: &Stage<'_>,
        asked: u32,
    ) -> Coefficients<T, 3> {
        let (node, to) = (schedule.level(asked), schedule.level(stage.to));
        if to.is_clean() {
            return Coefficients::data(&to, 1, self.drawn(T::ZERO));
        }
        let start = schedule.level(stage.from).half_log_snr();
        let (before, after) = (
            node.half_log_snr() - start,
            to.half_log_snr() - node.half_log_snr(),
        );
        let nodes = self.earlier_nodes(schedule, stage);
        let known = 1 + self.earlier(stage);
        let [instead_of_1, instead_of_2, _] = self.predicted(stage, nodes, before);
        let [first, second] = nodes;
        let moments = moments(self.rate(), before + after);
        let [of_0, of_1, of_2] = weights([before, first, second], known, moments);
        let left = (-(self.rate() * after)).exp();
        let outputs = [of_0, of_1 - left * instead_of_1, of_2 - left * instead_of_2];
        let (x, noise) = x_and_noise(self.eta, after, &node, &to);
        Coefficients {
            x,
            outputs: outputs.map(|weight| to.signal * weight),
            known,
            noise: self.drawn(noise),
        }
    }
}
