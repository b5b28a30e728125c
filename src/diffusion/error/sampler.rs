use core::fmt;

use super::TimestepsError;

/// Why a sampler cannot be made.
///
/// ```
/// use poisson_midpoint::diffusion::{Ddim, Error, LinearRate, Prediction, Sampler, Timesteps};
/// let schedule = LinearRate::new(100, 0.1_f32, 20.0)?;
/// let timesteps = Timesteps::<10>::uniform(10, &schedule)?;
/// let solver = Ddim { eta: 1.5 };
/// let error = Sampler::new(&schedule, &timesteps, Prediction::Epsilon, solver).unwrap_err();
/// assert_eq!(error.to_string(), "eta 1.5 is not in [0, 1]");
/// # Ok::<(), Error<f32>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SamplerError<T> {
    /// The share η of the noise is outside [0, 1].
    Eta(T),
    /// The limit of a clip, or the least limit of a threshold, is outside (0, ∞).
    Limit(T),
    /// The quantile of a threshold is outside (0, 1].
    Quantile(T),
    /// A covariance correction makes a variance negative or infinite.
    Correction(T),
    /// The place of a node in its step is outside [0, 1].
    Node(T),
    /// The scale τ of the noise is negative or not finite.
    Tau(T),
    /// Of the limits of noise/signal between which noise is added, the lower is negative or above the upper.
    Noisy {
        /// The lower limit of noise/signal.
        least: T,
        /// The upper limit.
        most: T,
    },
    /// The method does not have this order.
    Order {
        /// The order.
        order: u32,
        /// The lowest order of the method.
        least: u32,
        /// The highest order of the method.
        most: u32,
    },
    /// The timesteps start beyond the schedule's training steps.
    Timesteps(TimestepsError),
    /// A table has fewer rows than the schedule has training steps.
    Rows {
        /// The number of rows.
        length: usize,
        /// The number of training steps.
        needed: usize,
    },
    /// A coefficient is infinite or NaN, or it is zero and a divisor.
    Coefficient {
        /// The training step.
        step: u32,
    },
}

impl<T: fmt::Display> fmt::Display for SamplerError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eta(value) => write!(f, "eta {value} is not in [0, 1]"),
            Self::Limit(value) => write!(f, "limit {value} is not in (0, inf)"),
            Self::Quantile(value) => write!(f, "quantile {value} is not in (0, 1]"),
            Self::Correction(value) => {
                write!(f, "covariance correction {value} is not in [-1, inf)")
            }
            Self::Node(value) => write!(f, "node {value} is not in [0, 1]"),
            Self::Tau(value) => write!(f, "tau {value} is not in [0, inf)"),
            Self::Noisy { least, most } => {
                write!(f, "there is no noise/signal from {least} to {most}")
            }
            Self::Order { order, least, most } => {
                write!(f, "order {order} is not in [{least}, {most}]")
            }
            Self::Timesteps(error) => error.fmt(f),
            Self::Rows { length, needed } => {
                write!(f, "the table has {length} rows, not the {needed} needed")
            }
            Self::Coefficient { step } => {
                write!(f, "no finite coefficients at training step {step}")
            }
        }
    }
}

impl<T: fmt::Debug + fmt::Display> core::error::Error for SamplerError<T> {}

impl<T> From<TimestepsError> for SamplerError<T> {
    fn from(error: TimestepsError) -> Self {
        Self::Timesteps(error)
    }
}
