//! The methods: configurations, `Copy`, that move a state and own nothing.

mod baoa;
mod euler_maruyama;
mod legs;
mod macro_step;
mod one_stage;
mod one_stage_slice;
mod one_stage_step;
pub(crate) mod poisson_midpoint;
pub(crate) mod quicsort;
mod quicsort_slice;
mod quicsort_step;
mod single_step;
mod slice_step;
mod stepper;
mod ubu;
pub(crate) mod walk;

pub use baoa::Baoa;
pub use euler_maruyama::EulerMaruyama;
pub use macro_step::{MacroStep, Query};
pub use one_stage::OneStage;
pub use one_stage_slice::OneStageSliceStep;
pub use one_stage_step::OneStageStep;
pub use poisson_midpoint::PoissonMidpoint;
pub use quicsort::Quicsort;
pub use quicsort_slice::QuicsortSliceStep;
pub use quicsort_step::QuicsortStep;
pub use slice_step::{SliceMacroStep, SliceQuery, SuspendedStep};
pub use stepper::Stepper;
pub use ubu::Ubu;
