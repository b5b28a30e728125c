//! Why parameters are refused, and why a step fails.

mod parameter;
mod step;

pub use parameter::{Parameter, ParameterError};
pub use step::{Step, StepError};
pub(crate) use step::{are_finite, check_drift, check_drift_slice};
