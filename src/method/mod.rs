//! The methods: configurations, `Copy`, that move a state and own nothing.

mod euler_maruyama;
mod macro_step;
pub(crate) mod poisson_midpoint;
mod slice_step;
mod stepper;
pub(crate) mod walk;

pub use euler_maruyama::EulerMaruyama;
pub use macro_step::{MacroStep, Query};
pub use poisson_midpoint::PoissonMidpoint;
pub use slice_step::{SliceMacroStep, SliceQuery, SuspendedStep};
pub use stepper::Stepper;
