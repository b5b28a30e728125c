//! Why parameters are refused, and why a step fails.

mod parameter;
mod step;

pub use parameter::{Parameter, ParameterError};
pub(crate) use step::check_drift;
pub use step::{Step, StepError};
