//! Diffusion samplers: schedules and timesteps in the caller's arrays, a sampler of any solver, and a run of it.

pub(crate) mod any;
pub(crate) mod functions;
pub(crate) mod run;
pub(crate) mod types;
