//! x
#![cfg_attr(not(test), no_std)]
pub mod batch;
mod drift;
mod error;
pub mod noise;
mod path;
pub mod random;
mod real;
pub mod scheme;
mod state;
mod stepper;
mod trajectory;

pub use drift::{Drift, Gaussian};
pub use error::{Parameter, ParameterError};
pub use path::{BrownianPath, PathError, PathNoise};
pub use random::MidpointLaw;
pub use real::Real;
pub use state::{Phase, State};
pub use stepper::{EulerMaruyama, MacroStep, PoissonMidpoint, Query, Step, StepError, Stepper};
pub use trajectory::{Trajectory, TrajectoryFull};
