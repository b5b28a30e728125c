//! What a network predicts, and how one prediction is turned into another.

use super::{Clip, Level};
use crate::Real;

/// What a network predicts of noisy data x = √ᾱ x₀ + √(1 − ᾱ) ε, or what a sampler holds fixed while
/// it takes a step. Each is a linear function of x and of any other; but to freeze one over a step
/// is not to freeze another.
///
/// ```
/// use poisson_midpoint::diffusion::{Level, Parametrization};
/// let level = Level::new(0.5_f64);
/// let (x, velocity) = (1.2, -0.7);
/// let (of_x, of_velocity) = Parametrization::Velocity.to(Parametrization::Sample, &level);
/// let sample = of_x * x + of_velocity * velocity;
/// assert_eq!(sample, level.signal * x - level.noise * velocity);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Parametrization {
    /// The score ∇ log p(x) = −ε/√(1 − ᾱ).
    Score,
    /// The noise ε (Ho et al. 2020).
    Epsilon,
    /// The data x₀, "denoised".
    Sample,
    /// The velocity v = √ᾱ ε − √(1 − ᾱ) x₀ (Salimans & Ho 2022).
    Velocity,
}

impl Parametrization {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Score, Self::Epsilon, Self::Sample, Self::Velocity];

    /// The coefficients (of x, of this prediction) that make the other prediction at a level.
    ///
    /// At a level without noise, the score is infinite and so may be what is made of it.
    #[must_use]
    pub fn to<T: Real>(self, other: Self, level: &Level<T>) -> (T, T) {
        let (s, n) = (level.signal, level.noise);
        // x = s x₀ + n ε and v = s ε − n x₀, with s² + n² = 1: six pairs that cancel nowhere.
        match (self, other) {
            (Self::Score, Self::Score)
            | (Self::Epsilon, Self::Epsilon)
            | (Self::Sample, Self::Sample)
            | (Self::Velocity, Self::Velocity) => (T::ZERO, T::ONE),
            (Self::Score, _) => {
                let (of_x, of_epsilon) = Self::Epsilon.to(other, level);
                (of_x, -(n * of_epsilon))
            }
            (_, Self::Score) => {
                let (of_x, of_self) = self.to(Self::Epsilon, level);
                (-(of_x / n), -(of_self / n))
            }
            (Self::Epsilon, Self::Sample) => (T::ONE / s, -(n / s)),
            (Self::Epsilon, Self::Velocity) => (-(n / s), T::ONE / s),
            (Self::Sample, Self::Epsilon) => (T::ONE / n, -(s / n)),
            (Self::Sample, Self::Velocity) => (s / n, -(T::ONE / n)),
            (Self::Velocity, Self::Epsilon) => (n, s),
            (Self::Velocity, Self::Sample) => (s, -n),
        }
    }
}

/// How a sampler reads its network: what the network predicts, and what is done to the data x₀ that
/// it predicts. Plain data; the network itself is the caller's.
///
/// ```
/// use poisson_midpoint::diffusion::{Clip, Denoiser, Parametrization};
/// let denoiser = Denoiser::new(Parametrization::Epsilon).clipped(Clip::range(1.0_f32)?);
/// # Ok::<(), poisson_midpoint::diffusion::SamplerError<f32>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Denoiser<T> {
    predicts: Parametrization,
    clip: Option<Clip<T>>,
}

impl<T: Real> Denoiser<T> {
    /// A network's output as it is.
    #[must_use]
    pub fn new(predicts: Parametrization) -> Self {
        Self {
            predicts,
            clip: None,
        }
    }

    /// The same, with the predicted data x₀ clipped.
    #[must_use]
    pub fn clipped(self, clip: Clip<T>) -> Self {
        Self {
            clip: Some(clip),
            ..self
        }
    }

    /// What the network predicts.
    #[must_use]
    pub fn predicts(&self) -> Parametrization {
        self.predicts
    }

    /// Writes to `into` what a network's `output` at x and a level says of `wanted`.
    pub(crate) fn read(
        &self,
        wanted: Parametrization,
        level: &Level<T>,
        x: &[T],
        output: &[T],
        into: &mut [T],
    ) {
        let Some(clip) = &self.clip else {
            return convert(self.predicts, wanted, level, x, output, into);
        };
        convert(
            self.predicts,
            Parametrization::Sample,
            level,
            x,
            output,
            into,
        );
        clip.apply(into);
        if wanted != Parametrization::Sample {
            let (of_x, of_sample) = Parametrization::Sample.to(wanted, level);
            for (into, &x) in into.iter_mut().zip(x) {
                *into = of_x * x + of_sample * *into;
            }
        }
    }
}

fn convert<T: Real>(
    from: Parametrization,
    to: Parametrization,
    level: &Level<T>,
    x: &[T],
    output: &[T],
    into: &mut [T],
) {
    if from == to {
        for (into, &output) in into.iter_mut().zip(output) {
            *into = output;
        }
        return;
    }
    let (of_x, of_output) = from.to(to, level);
    for ((into, &x), &output) in into.iter_mut().zip(x).zip(output) {
        *into = of_x * x + of_output * output;
    }
}
