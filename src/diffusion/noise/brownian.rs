//! A Brownian path under a run, seen in steps of any size.

use super::{SampleNoise, for_each_normal};
use crate::diffusion::solver::copy;
use crate::diffusion::{NoiseSchedule, SampleError};
use crate::random::{Stream, Words};
use crate::real::Real;

/// The noise of one sample over its whole way from noise to data, fixed once and seen in steps of any size: one seed
/// gives nearly the same picture with 20 steps and with 40.
///
/// The noise from training step t to s is (W(u_s) − W(u_t))/√(u_s − u_t), where W is a Brownian path whose clock u is
/// the signal-to-noise ratio e^{2λ}. With the predicted data held, the reverse diffusion of DDPM is d(x e^λ/noise) =
/// (…) dλ + dW, so that the noises of ancestral steps ([`Ddpm`](super::super::Ddpm), [`Ddim`](super::super::Ddim) with
/// η = 1, the SDE form of [`DpmSolverPlusPlus`](super::super::DpmSolverPlusPlus),
/// [`PoissonMidpointDdpm`](super::super::PoissonMidpointDdpm)) compose exactly to those of longer ones, and samples of
/// one seed converge. With other shares of noise they compose only in part; even so, each is standard normal and
/// independent of the others.
///
/// The path is sampled by Brownian bridges, which halve the range of training steps down to the one wanted. A segment
/// of noise costs up to (2 + log₂ T) D normals, and as many again if it is the first or does not begin where the last
/// one ended; a stream alone costs D normals. Only midpoints are drawn from `words`.
///
/// Memory: 3 vectors as long as the sample.
///
/// ```
/// use core::slice::from_mut;
/// use poisson_midpoint::diffusion::{
///     BrownianNoise, DpmSolverPlusPlus, Error, LinearRate, NoiseSchedule, Prediction, Sampler, Timesteps,
///     standard_normal,
/// };
/// use poisson_midpoint::random::Stream;
/// let schedule = LinearRate::new(1000, 0.1_f64, 20.0)?;
/// let solver = DpmSolverPlusPlus { order: 2, eta: 1.0 };
/// // Standard normal data: the noise in x is noise · x.
/// let mut network = |step, x: &[f64], epsilon: &mut [f64]| epsilon[0] = schedule.level(step).noise * x[0];
/// let mut samples = [0.0; 2];
/// for (x, steps) in samples.iter_mut().zip([40, 80]) {
///     let timesteps = Timesteps::<80>::log_snr(steps, &schedule)?;
///     let sampler = Sampler::new(&schedule, &timesteps, Prediction::Epsilon, solver)?;
///     let (mut memory, mut work) = ([0.0; 3], [0.0; 3]);
///     let (path, mut words) = (Stream::new(1, 7), Stream::new(0, 7)); // sample 7 of two seeds
///     standard_normal(from_mut(x), &mut words);
///     let mut noise = BrownianNoise::new(&schedule, path, words, &mut memory);
///     sampler.sample(from_mut(x), &mut network, &mut noise, &mut work)?;
/// }
/// assert!((samples[0] - samples[1]).abs() < 0.1);
/// # Ok::<(), Error<f64>>(())
/// ```
#[derive(Debug)]
pub struct BrownianNoise<'a, T, N, W> {
    schedule: N,
    path: Stream,
    words: W,
    /// W where the last segment ended, and two vectors in which bridges are sampled.
    memory: &'a mut [T],
    /// The training step where the last segment ended, and the length of its sample.
    last: Option<(u32, usize)>,
}

impl<'a, T: Real, N: NoiseSchedule<T>, W: Words> BrownianNoise<'a, T, N, W> {
    /// The noise of the path that `path`'s words make; they are read from the stream's beginning, whatever its
    /// position. Midpoints are drawn from `words`. The two must have different seeds: the noise that the sample starts
    /// from may be drawn from `words`.
    #[must_use]
    pub fn new(schedule: N, path: Stream, words: W, memory: &'a mut [T]) -> Self {
        Self {
            schedule,
            path,
            words,
            memory,
            last: None,
        }
    }

    /// The clock u at a training step: the signal-to-noise ratio; for the data, whose ratio is infinite, some larger
    /// number. Where no signal is left and the ratio is 0, the term added to it keeps the clock going.
    fn clock(&self, step: u32) -> T {
        let ratio = |step| T::ONE / self.schedule.exponent(step).exp_m1();
        let ratio = match step {
            0 => T::TWO * ratio(1),
            _ => ratio(step),
        };
        let passed = self.schedule.training_steps().saturating_sub(step);
        ratio + T::LEAST_NORMAL * T::from_u32(1 << 26) * T::from_u32(passed)
    }

    /// Samples W at a training step, in one of two vectors; returns whether it is the second.
    fn sample(&mut self, step: u32, dimension: usize) -> bool {
        // The step is between the training steps `start` > `end`, at which W is known.
        let (mut start, mut end) = (self.schedule.training_steps(), 0);
        let (mut at_start, mut at_end) = (self.clock(start), self.clock(end));
        let mut stream = self.node(0, dimension);
        let (_, first, second) = parts(self.memory, dimension);
        first.fill(T::ZERO);
        let deviation = (at_end - at_start).sqrt();
        for_each_normal(second, &mut stream, |w, normal| *w = deviation * normal);
        while step != start && step != end {
            let middle = start - (start - end) / 2;
            let at_middle = self.clock(middle);
            let whole = at_end - at_start;
            let share = (at_middle - at_start) / whole;
            let deviation = (share * (at_end - at_middle)).sqrt();
            let mut stream = self.node(middle, dimension);
            let (_, first, second) = parts(self.memory, dimension);
            let moved = if step >= middle {
                for (end, &start) in second.iter_mut().zip(&*first) {
                    *end = start + share * (*end - start);
                }
                (end, at_end) = (middle, at_middle);
                second
            } else {
                for (start, &end) in first.iter_mut().zip(&*second) {
                    *start += share * (end - *start);
                }
                (start, at_start) = (middle, at_middle);
                first
            };
            for_each_normal(moved, &mut stream, |w, normal| *w += deviation * normal);
        }
        step == end
    }

    /// The stream of the bridge's node that splits at a training step; 0 stands for the root. No two nodes split at the
    /// same step.
    fn node(&self, split: u32, dimension: usize) -> Stream {
        let words = (dimension as u64).saturating_mul(u64::from(T::WORDS_PER_NORMAL));
        self.path.node(0, split, words)
    }
}

/// Splits the memory into three vectors.
fn parts<T>(memory: &mut [T], dimension: usize) -> (&mut [T], &mut [T], &mut [T]) {
    let (last, rest) = memory.split_at_mut_checked(dimension).unwrap_or_default();
    let (first, rest) = rest.split_at_mut_checked(dimension).unwrap_or_default();
    let second = rest.get_mut(..dimension).unwrap_or_default();
    (last, first, second)
}

impl<T: Real, N: NoiseSchedule<T>, W: Words> SampleNoise<T> for BrownianNoise<'_, T, N, W> {
    fn check(&self, dimension: usize, training_steps: u32) -> Result<(), SampleError> {
        let found = self.schedule.training_steps();
        if found != training_steps {
            return Err(SampleError::NoiseOfOtherSchedule {
                training_steps: found,
                needed: training_steps,
            });
        }
        let (length, needed) = (self.memory.len(), dimension.saturating_mul(3));
        if length < needed {
            return Err(SampleError::NoiseLength { length, needed });
        }
        Ok(())
    }

    fn word(&mut self) -> u32 {
        self.words.next_word()
    }

    fn add(&mut self, x: &mut [T], deviation: T, from: u32, to: u32) {
        let dimension = x.len();
        if self.last != Some((from, dimension)) {
            let is_second = self.sample(from, dimension);
            let (last, first, second) = parts(self.memory, dimension);
            copy(if is_second { second } else { first }, last);
        }
        let is_second = self.sample(to, dimension);
        let scale = T::ONE / (self.clock(to) - self.clock(from)).sqrt();
        let (last, first, second) = parts(self.memory, dimension);
        let reached = if is_second { second } else { first };
        for ((x, last), &reached) in x.iter_mut().zip(&mut *last).zip(&*reached) {
            *x += deviation * ((reached - *last) * scale);
            *last = reached;
        }
        self.last = Some((to, dimension));
    }
}

#[cfg(feature = "defmt")]
impl<T, N, W> defmt::Format for BrownianNoise<'_, T, N, W> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "BrownianNoise {{ path: {}, last: {} }}",
            self.path,
            self.last
        );
    }
}
