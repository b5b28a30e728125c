//! What a network predicts, and how one prediction is turned into another.

use super::Level;
use crate::real::Real;

/// What a network predicts of noisy data x = √ᾱ x₀ + √(1 − ᾱ) ε, or what a sampler holds fixed while
/// it takes a step. Each is a linear function of x and of any other; but holding one over a step does not hold another.
///
/// ```
/// use poisson_midpoint::diffusion::{Level, Prediction};
/// let level = Level::new(0.5_f64);
/// let (x, velocity) = (1.2, -0.7);
/// let (of_x, of_velocity) = Prediction::Velocity.to(Prediction::Sample, &level);
/// let sample = of_x * x + of_velocity * velocity;
/// assert_eq!(sample, level.signal * x - level.noise * velocity);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub enum Prediction {
    /// The score ∇ log p(x) = −ε/√(1 − ᾱ).
    Score,
    /// The noise ε (Ho et al. 2020).
    Epsilon,
    /// The data x₀, "denoised".
    Sample,
    /// The velocity v = √ᾱ ε − √(1 − ᾱ) x₀ (Salimans & Ho 2022).
    Velocity,
    /// The direction ε − x₀ of the straight path from data to noise, which flow matching predicts (Lipman et al. 2023);
    /// [`RectifiedFlow`](super::RectifiedFlow) says where its network is called.
    Flow,
}

impl Prediction {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Score,
        Self::Epsilon,
        Self::Sample,
        Self::Velocity,
        Self::Flow,
    ];

    /// The coefficients (of x, of this prediction) that give the other prediction at a level.
    ///
    /// At a level without noise, the score is infinite, and so may be the predictions computed from it.
    #[must_use]
    pub fn to<T: Real>(self, other: Self, level: &Level<T>) -> (T, T) {
        let (s, n) = (level.signal, level.noise);
        // x = s x₀ + n ε and v = s ε − n x₀, with s² + n² = 1, and u = ε − x₀: x₀ is (x − n u)/(s + n) and
        // ε is (x + s u)/(s + n). No pair loses digits.
        match (self, other) {
            (Self::Score, Self::Score)
            | (Self::Epsilon, Self::Epsilon)
            | (Self::Sample, Self::Sample)
            | (Self::Velocity, Self::Velocity)
            | (Self::Flow, Self::Flow) => (T::ZERO, T::ONE),
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
            (Self::Flow, Self::Sample) => (T::ONE / (s + n), -(n / (s + n))),
            (Self::Flow, Self::Epsilon) => (T::ONE / (s + n), s / (s + n)),
            (Self::Flow, Self::Velocity) => ((s - n) / (s + n), T::ONE / (s + n)),
            (Self::Epsilon, Self::Flow) => (-(T::ONE / s), (s + n) / s),
            (Self::Sample, Self::Flow) => (T::ONE / n, -((s + n) / n)),
            (Self::Velocity, Self::Flow) => (n - s, s + n),
        }
    }

    /// Turns values predicted for x at a level into the other prediction.
    pub(crate) fn convert<T: Real>(self, other: Self, level: &Level<T>, x: &[T], values: &mut [T]) {
        if self == other {
            return;
        }
        let (of_x, of_value) = self.to(other, level);
        for (value, &x) in values.iter_mut().zip(x) {
            *value = of_x * x + of_value * *value;
        }
    }
}
