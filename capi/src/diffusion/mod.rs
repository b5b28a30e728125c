//! Diffusion samplers: schedules and timesteps in the caller's arrays, samplers with any solver, and their runs.

pub(crate) mod any;
pub(crate) mod functions;
pub(crate) mod run;
pub(crate) mod types;
