//! The methods on slices, for a dimension known only at run time: images, vectors from C.
//!
//! The words read and the bits of the result are those of a state of fixed dimension. On a 64-bit host, from 256
//! dimensions on, this holds only for sources whose [`Words::fill_words`](crate::random::Words::fill_words) gives the
//! words that [`next_word`](crate::random::Words::next_word) would: streams, `rand_chacha` and your own implementations
//! of the trait, but not every generator of `rand_core`. A state
//! of D dimensions is a slice of all positions, followed by all velocities if the dynamics
//! are underdamped. Nothing is allocated: a step keeps what it must remember
//! in a work slice of the caller's.
//!
//! ```
//! use poisson_midpoint::dynamics::Overdamped;
//! use poisson_midpoint::random::Stream;
//! use poisson_midpoint::{MidpointLaw, PoissonMidpoint, Stepper};
//! let stepper = PoissonMidpoint::new(Overdamped::new(0.2_f32, 1000)?, MidpointLaw::Single);
//! let mut image = vec![3.0; 64];
//! let mut work = vec![0.0; stepper.work_length(image.len())];
//! let mut stream = Stream::new(42, 0);
//! for _ in 0..10 {
//!     let pull = |_time, x: &[f32], drift: &mut [f32]| {
//!         for (drift, x) in drift.iter_mut().zip(x) {
//!             *drift = -x;
//!         }
//!     };
//!     let _ = stepper.step_slice(0.0, &mut image, pull, &mut stream, &mut work)?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use crate::memory::slice::SliceError;
pub use crate::method::{
    OneStageSliceStep, QuicsortSliceStep, SliceMacroStep, SliceQuery, SuspendedStep,
};
