//! The outcome of a step: its cost, or why it failed.

use core::fmt;

use crate::real::Real;

/// Why a step failed. The state is as it was before the step.
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::{EulerMaruyama, StepError, Stepper, dynamics::Overdamped, random::Stream};
/// let stepper = EulerMaruyama::new(Overdamped::new(0.1_f32, 1)?);
/// let mut x = vector![1.0, 2.0];
/// let drift = |_t, x: &SVector<f32, 2>| vector![0.0, (-x.y).sqrt()];
/// let error = stepper.step(0.0, &mut x, drift, &mut Stream::new(42, 0)).unwrap_err();
/// assert_eq!(error, StepError::NonFiniteDrift { inner_step: 0, component: 1 });
/// assert_eq!(x, vector![1.0, 2.0]);
/// # Ok::<(), poisson_midpoint::ParameterError<f32>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StepError {
    /// A drift was infinite or NaN.
    NonFiniteDrift {
        /// The inner step that it was evaluated at.
        inner_step: u32,
        /// Its first offending component.
        component: usize,
    },
    /// The state, or the estimate at which a drift was to be evaluated, was infinite or NaN: the
    /// step size is too large for this drift, or the state was not finite to begin with.
    NonFiniteState {
        /// The inner step reached.
        inner_step: u32,
    },
    /// A noise source gave a midpoint that does not follow the previous one or is not in 1..K.
    Midpoint {
        /// The midpoint given.
        midpoint: u32,
        /// The least that would have been accepted.
        least: u32,
        /// K.
        inner_steps: u32,
    },
    /// The noise source is for steps of another K.
    NoiseOfOtherSteps {
        /// K of the step.
        inner_steps: u32,
        /// K of the steps that the noise is for.
        needed: u32,
    },
    /// The noise source does not know the Lévy areas of its path, which [`Quicsort`](crate::Quicsort) needs.
    NoAreas,
    /// A drift was supplied that had not been asked for.
    DriftNotAsked,
    /// A step in split phase was finished while it still asked for a drift.
    Unfinished,
}

impl StepError {
    /// The error for a state that is not finite at an inner step.
    #[inline(always)]
    pub(crate) fn not_finite(inner_step: u32) -> Self {
        Self::NonFiniteState { inner_step }
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NonFiniteDrift {
                inner_step,
                component,
            } => write!(
                f,
                "component {component} of the drift at inner step {inner_step} is not finite"
            ),
            Self::NonFiniteState { inner_step } => {
                write!(f, "the state at inner step {inner_step} is not finite")
            }
            Self::Midpoint {
                midpoint,
                least,
                inner_steps,
            } => write!(f, "midpoint {midpoint} is not in [{least}, {inner_steps})"),
            Self::NoiseOfOtherSteps {
                inner_steps,
                needed,
            } => write!(
                f,
                "a step of {inner_steps} inner steps was given noise for steps of {needed}"
            ),
            Self::NoAreas => f.write_str("the noise source does not know its Lévy areas"),
            Self::DriftNotAsked => f.write_str("a drift was supplied that was not asked for"),
            Self::Unfinished => {
                f.write_str("the step was finished before its last drift was supplied")
            }
        }
    }
}

impl core::error::Error for StepError {}

/// What a step cost.
///
/// ```
/// use poisson_midpoint::Step;
/// assert_eq!(Step { drift_calls: 2 }.drift_calls, 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
pub struct Step {
    /// Drift evaluations made.
    pub drift_calls: u32,
}

/// Whether a drift evaluated at an inner step is finite.
#[inline]
pub(crate) fn check_drift<T: Real>(
    components: impl IntoIterator<Item = T>,
    inner_step: u32,
) -> Result<(), StepError> {
    match components.into_iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(component) => Err(StepError::NonFiniteDrift {
            inner_step,
            component,
        }),
    }
}

/// Whether all values are finite.
#[inline(never)]
pub(crate) fn are_finite<T: Real>(values: &[T]) -> bool {
    if cfg!(target_pointer_width = "64") {
        // Without an early exit, the loop takes many values at once.
        values
            .iter()
            .fold(true, |so_far, value| so_far & value.is_finite())
    } else {
        values.iter().all(|value| value.is_finite())
    }
}

/// [`check_drift`] of many components: a host searches for the offending one only if there is one.
pub(crate) fn check_drift_slice<T: Real>(drift: &[T], inner_step: u32) -> Result<(), StepError> {
    if cfg!(target_pointer_width = "64") && are_finite(drift) {
        return Ok(());
    }
    check_drift(drift.iter().copied(), inner_step)
}
