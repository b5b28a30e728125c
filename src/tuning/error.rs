//! Why a step size was not found.

use core::fmt;

use super::Tuned;
use crate::error::{ParameterError, StepError};
use crate::real::Real;
use crate::statistics::NonFinite;

/// Why a [`StepSizeTuner`](super::StepSizeTuner) found no step size.
///
/// ```
/// use poisson_midpoint::tuning::{StepSizeTuner, TuningError};
/// let error = StepSizeTuner::new(0.0_f32).unwrap_err();
/// assert_eq!(error, TuningError::Bias { value: 0.0 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TuningError<T> {
    /// The wanted bias is not in (0, 1).
    Bias {
        /// What it was.
        value: T,
    },
    /// The largest step size is no positive normal number.
    Largest {
        /// What it was.
        value: T,
    },
    /// The number of inner steps is 0 or no multiple of 4.
    InnerSteps {
        /// What it was.
        value: u32,
    },
    /// There are fewer than two particles.
    Particles {
        /// How many there are.
        count: usize,
    },
    /// No method can be made for a step size.
    Parameter(ParameterError<T>),
    /// The method that was made has another step size than was asked for.
    MadeStepSize {
        /// The method's.
        made: T,
        /// What was asked for.
        asked: T,
    },
    /// The method that was made has other inner steps than were asked for.
    MadeInnerSteps {
        /// The method's.
        made: u32,
        /// What was asked for.
        asked: u32,
    },
    /// A step fails at every step size.
    Step(StepError),
    /// A statistic is not finite at every step size.
    Statistic(NonFinite<T>),
    /// The drift evaluations were used up before a step size was known to be small enough.
    Budget {
        /// The step size that was tried last.
        step_size: T,
        /// How many were used.
        drift_calls: u64,
        /// The last step size whose bias may be too large, with the statistic whose bias and three standard
        /// errors together are the largest.
        last: Option<Tuned<T>>,
    },
}

impl<T: Real> fmt::Display for TuningError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bias { value } => write!(f, "wanted bias {value:e} is not in (0, 1)"),
            Self::Largest { value } => {
                write!(
                    f,
                    "largest step size {value:e} is no normal number in (0, inf)"
                )
            }
            Self::InnerSteps { value } => write!(
                f,
                "number of inner steps {value} is no multiple of 4 in [4, 4294967292]"
            ),
            Self::Particles { count } => write!(f, "{count} particles are fewer than 2"),
            Self::Parameter(error) => error.fmt(f),
            Self::MadeStepSize { made, asked } => {
                write!(f, "the method made has step size {made:e}, not {asked:e}")
            }
            Self::MadeInnerSteps { made, asked } => {
                write!(f, "the method made has {made} inner steps, not {asked}")
            }
            Self::Step(error) => write!(f, "a step fails at every step size: {error}"),
            Self::Statistic(error) => {
                write!(f, "a statistic is not finite at every step size: {error}")
            }
            Self::Budget {
                step_size,
                drift_calls,
                last,
            } => {
                write!(
                    f,
                    "the bias at step size {step_size:e} is not known well enough after {drift_calls} drift evaluations"
                )?;
                match last {
                    Some(Tuned {
                        step_size,
                        bias,
                        error,
                        statistic,
                        ..
                    }) => write!(
                        f,
                        "; at {step_size:e} it is {bias:e} +- {error:e}, of statistic {statistic}"
                    ),
                    None => Ok(()),
                }
            }
        }
    }
}

impl<T: Real> core::error::Error for TuningError<T> {}

impl<T> From<ParameterError<T>> for TuningError<T> {
    fn from(error: ParameterError<T>) -> Self {
        Self::Parameter(error)
    }
}

impl<T> From<StepError> for TuningError<T> {
    fn from(error: StepError) -> Self {
        Self::Step(error)
    }
}

impl<T> From<NonFinite<T>> for TuningError<T> {
    fn from(error: NonFinite<T>) -> Self {
        Self::Statistic(error)
    }
}
