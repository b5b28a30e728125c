//! The diffusion samplers against `diffusers`, against the steps that they imitate, and in their order of convergence.

#[path = "diffusion/brownian.rs"]
mod brownian;
#[path = "diffusion/every.rs"]
mod every;
#[path = "diffusion/golden.rs"]
mod golden;
#[path = "diffusion/law.rs"]
mod law;
#[path = "diffusion/multistep.rs"]
mod multistep;
#[path = "diffusion/naive.rs"]
mod naive;
#[path = "diffusion/order.rs"]
mod order;
#[path = "diffusion/predictions.rs"]
mod predictions;
#[path = "diffusion/refusals.rs"]
mod refusals;
#[path = "diffusion/schedules.rs"]
mod schedules;
#[path = "diffusion/single_step.rs"]
mod single_step;
#[path = "diffusion/timesteps.rs"]
mod timesteps;
#[path = "diffusion/use_and_misuse.rs"]
mod use_and_misuse;
