//! A failed step in a form that host and device lay out alike.

use crate::batch::Status;
use crate::error::StepError;

/// Why a particle's step failed, as words.
///
/// ```
/// use poisson_midpoint::StepError;
/// use poisson_midpoint::batch::Status;
/// use poisson_midpoint::kernel::FailureRecord;
/// let error = StepError::NonFiniteDrift { inner_step: 3, component: 1 };
/// assert_eq!(FailureRecord::new(7, error).status(), Status::Failed { step: 7, error });
/// assert_eq!(FailureRecord::default().status(), Status::Active);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(C)]
pub struct FailureRecord {
    /// 0 if the particle is active, else which [`StepError`].
    pub code: u32,
    /// The macro step.
    pub step: u32,
    /// The error's fields in their order; 0 beyond them.
    pub fields: [u32; 3],
}

impl FailureRecord {
    /// The record of macro step `step`.
    #[inline]
    #[must_use]
    pub fn new(step: u32, error: StepError) -> Self {
        let (code, fields) = match error {
            StepError::NonFiniteDrift {
                inner_step,
                component,
            } => {
                // A drift has fewer than 2³² components on any device.
                let component = u32::try_from(component).unwrap_or(u32::MAX);
                (1, [inner_step, component, 0])
            }
            StepError::NonFiniteState { inner_step } => (2, [inner_step, 0, 0]),
            StepError::Midpoint {
                midpoint,
                least,
                inner_steps,
            } => (3, [midpoint, least, inner_steps]),
            StepError::DriftNotAsked => (4, [0; 3]),
            StepError::Unfinished => (5, [0; 3]),
            StepError::NoiseOfOtherSteps {
                inner_steps,
                needed,
            } => (6, [inner_steps, needed, 0]),
            StepError::NoAreas => (7, [0; 3]),
        };
        Self { code, step, fields }
    }

    /// The record of a particle's status.
    #[cfg(any(feature = "cust", feature = "checkpoint"))]
    pub(crate) fn of(status: &Status) -> Self {
        match *status {
            Status::Active => Self::default(),
            Status::Failed { step, error } => Self::new(step, error),
        }
    }

    /// The particle's status.
    #[must_use]
    pub fn status(&self) -> Status {
        let [a, b, c] = self.fields;
        let error = match self.code {
            0 => return Status::Active,
            1 => StepError::NonFiniteDrift {
                inner_step: a,
                component: b as usize,
            },
            2 => StepError::NonFiniteState { inner_step: a },
            3 => StepError::Midpoint {
                midpoint: a,
                least: b,
                inner_steps: c,
            },
            4 => StepError::DriftNotAsked,
            6 => StepError::NoiseOfOtherSteps {
                inner_steps: a,
                needed: b,
            },
            7 => StepError::NoAreas,
            _ => StepError::Unfinished,
        };
        Status::Failed {
            step: self.step,
            error,
        }
    }
}
