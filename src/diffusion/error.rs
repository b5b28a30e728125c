//! Why a schedule, a list of timesteps or a sampler cannot be made, and why a sampler stopped.

use core::fmt;

use crate::StepError;
use crate::slices::SliceError;

/// What a [`ScheduleError`] is about.
///
/// ```
/// use poisson_midpoint::diffusion::{Quantity, ScheduleError, ScheduleTable};
/// let error = ScheduleTable::<f32, 1>::from_alpha_bars(&[1.0]).unwrap_err();
/// assert!(matches!(error, ScheduleError::Value { quantity: Quantity::AlphaBar, .. }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Quantity {
    /// β_t, the variance of the noise that a training step adds.
    Beta,
    /// ᾱ_t, what is left of the variance of the data.
    AlphaBar,
    /// −ln ᾱ_t.
    Exponent,
    /// A noise rate of continuous time.
    Rate,
}

/// A noise schedule that is none.
///
/// ```
/// use poisson_midpoint::diffusion::ScheduleTable;
/// let error = ScheduleTable::<f32, 1000>::linear(0.0, 0.02).unwrap_err();
/// assert_eq!(error.to_string(), "beta 0 of training step 1 is not in (0, 1)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ScheduleError<T> {
    /// A value out of range.
    Value {
        /// Of what.
        quantity: Quantity,
        /// The training step it belongs to.
        step: u32,
        /// The value.
        value: T,
    },
    /// Not as many training steps as needed.
    Length {
        /// How many there are.
        length: usize,
        /// How many there should be.
        needed: usize,
    },
}

impl<T> ScheduleError<T> {
    pub(crate) fn new(quantity: Quantity, step: u32, value: T) -> Self {
        Self::Value {
            quantity,
            step,
            value,
        }
    }
}

impl<T: fmt::Display> fmt::Display for ScheduleError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value {
                quantity,
                step,
                value,
            } => {
                let (name, range) = match quantity {
                    Quantity::Beta => ("beta", "in (0, 1)"),
                    Quantity::AlphaBar => ("alpha-bar", "in (0, 1) and below the one before"),
                    Quantity::Exponent => ("exponent", "finite and above the one before"),
                    Quantity::Rate => ("rate", "in (0, inf) and at least the one before"),
                };
                write!(f, "{name} {value} of training step {step} is not {range}")
            }
            Self::Length { length, needed } => {
                write!(f, "there are {length} training steps, not {needed}")
            }
        }
    }
}

impl<T: fmt::Debug + fmt::Display> core::error::Error for ScheduleError<T> {}

/// A list of timesteps that no sampler could follow.
///
/// ```
/// use poisson_midpoint::diffusion::Timesteps;
/// let error = Timesteps::<8>::new(&[1000, 500, 500, 0], 1000).unwrap_err();
/// assert_eq!(error.to_string(), "timestep 500 at index 2 is not below the one before, 500");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TimestepsError {
    /// Fewer than two timesteps: no step at all.
    TooFew {
        /// How many there are.
        length: usize,
    },
    /// More steps than the list can hold, or than there are training steps.
    TooMany {
        /// How many steps.
        steps: usize,
        /// The most there can be.
        most: usize,
    },
    /// A timestep that is not below the one before it.
    NotDecreasing {
        /// Where.
        index: usize,
        /// The timestep.
        step: u32,
        /// The one before.
        before: u32,
    },
    /// A timestep beyond the training steps.
    OutOfRange {
        /// The timestep.
        step: u32,
        /// The number of training steps.
        training_steps: u32,
    },
    /// A pair that does not start where the pair before it ended.
    Gap {
        /// Which pair.
        index: usize,
        /// Where it starts.
        from: u32,
        /// Where the pair before it ended.
        before: u32,
    },
}

impl fmt::Display for TimestepsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { length } => write!(f, "{length} timesteps make no step: two are needed"),
            Self::TooMany { steps, most } => write!(f, "{steps} steps are more than {most}"),
            Self::NotDecreasing {
                index,
                step,
                before,
            } => write!(
                f,
                "timestep {step} at index {index} is not below the one before, {before}"
            ),
            Self::OutOfRange {
                step,
                training_steps,
            } => write!(f, "timestep {step} is not in [0, {training_steps}]"),
            Self::Gap {
                index,
                from,
                before,
            } => write!(
                f,
                "pair {index} starts at timestep {from}, not at {before} where the one before ends"
            ),
        }
    }
}

impl core::error::Error for TimestepsError {}

/// A sampler that cannot be made.
///
/// ```
/// use poisson_midpoint::diffusion::{Denoiser, LinearRate, OneStep, Parametrization, Timesteps};
/// let schedule = LinearRate::new(100, 0.1_f32, 20.0)?;
/// let timesteps = Timesteps::<11>::uniform(10, 100)?;
/// let denoiser = Denoiser::new(Parametrization::Epsilon);
/// let error = OneStep::ddim(&schedule, &timesteps, denoiser, 1.5).unwrap_err();
/// assert_eq!(error.to_string(), "eta 1.5 is not in [0, 1]");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SamplerError<T> {
    /// The share η of the noise outside [0, 1].
    Eta(T),
    /// The limit of a clip, or the least limit of a threshold, outside (0, ∞).
    Limit(T),
    /// The quantile of a threshold outside (0, 1].
    Quantile(T),
    /// A covariance correction that makes a variance negative or infinite.
    Correction(T),
    /// An order that the method does not have.
    Order {
        /// The order.
        order: u32,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// The timesteps start beyond the schedule's training steps.
    Timesteps(TimestepsError),
    /// A table has not as many rows as the schedule has training steps.
    Rows {
        /// Its length.
        length: usize,
        /// The number of training steps.
        needed: usize,
    },
    /// A coefficient came out infinite, NaN or, where it is divided by, zero.
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

/// Why a sampler stopped. The sample is what it was after the last step that succeeded.
///
/// ```
/// use poisson_midpoint::StepError;
/// use poisson_midpoint::diffusion::SampleError;
/// let cause = StepError::NonFiniteDrift { inner_step: 0, component: 3 }.into();
/// let error = SampleError { step: 20, cause };
/// assert_eq!(
///     error.to_string(),
///     "at training step 20: component 3 of the drift at inner step 0 is not finite"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SampleError {
    /// The training step that the sampler was at.
    pub step: u32,
    /// What was wrong; the drift is the network's output.
    pub cause: SliceError,
}

impl fmt::Display for SampleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at training step {}: {}", self.step, self.cause)
    }
}

impl core::error::Error for SampleError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.cause)
    }
}

impl SampleError {
    pub(crate) fn new(step: u32, cause: impl Into<SliceError>) -> Self {
        Self {
            step,
            cause: cause.into(),
        }
    }

    /// The state came out infinite or NaN, `inner_step` training steps further on.
    pub(crate) fn state(step: u32, inner_step: u32) -> Self {
        Self::new(step, StepError::NonFiniteState { inner_step })
    }
}
