//! Step sizes that change along a run.
//!
//! A stepper's coefficients are computed when it is made, so a sequence of step sizes is a sequence of steppers: made
//! once for each size, and taken from any iterator. [`Clock`] keeps the time meanwhile.
//!
//! ```
//! use nalgebra::vector;
//! use poisson_midpoint::dynamics::{Dynamics, Overdamped};
//! use poisson_midpoint::random::Stream;
//! use poisson_midpoint::step_sizes::Clock;
//! use poisson_midpoint::{EulerMaruyama, Stepper};
//! // Three sizes in a cycle, a large one to explore and small ones for accuracy.
//! let cycle = [
//!     EulerMaruyama::new(Overdamped::new(0.5_f32, 10)?),
//!     EulerMaruyama::new(Overdamped::new(0.1, 10)?),
//!     EulerMaruyama::new(Overdamped::new(0.02, 10)?),
//! ];
//! let (mut x, mut stream, mut clock) = (vector![0.0], Stream::new(42, 0), Clock::new(0.0));
//! for stepper in cycle.iter().cycle().take(300) {
//!     // Pulled towards where time is.
//!     let _ = stepper.step(clock.time(), &mut x, |time, x| vector![time] - x, &mut stream)?;
//!     clock.advance(stepper.dynamics().step_size());
//! }
//! assert_eq!(clock.time(), 62.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A batch takes one stepper for a whole run, and the time of a run begins at 0: run the batch a step at a time, with a
//! drift that adds the clock's time.

mod clock;
mod decay;

pub use clock::Clock;
pub use decay::{DecayError, PolynomialDecay};
