//! A batch as bytes, from which a run resumes on any machine, to the bit.
//!
//! A particle's path depends on (seed, particle) alone, so an ensemble can be cut into ranges, each run anywhere and
//! kept in a file of its own, and joined again, or cut otherwise. A checkpoint of a range says which particles of which
//! seed they are, what moved them and how far, and has their states, word positions and failures.
//!
//! [`write()`] fills a buffer of yours, and needs neither `std` nor a heap; [`Checkpoint::from_bytes`] checks every
//! byte before any is used; [`Checkpoint::restore`] checks that stepper, states and seed are those of the run that
//! resumes. The caller must see to it that the drift is the same, and that shards which are joined are at the same
//! [step](Checkpoint::step). With `std`, `save` replaces a file atomically: whenever the machine stops, the file is the
//! old checkpoint or the new one.
//!
//! ```
//! use nalgebra::SVector;
//! use poisson_midpoint::EulerMaruyama;
//! use poisson_midpoint::batch::{Cpu, Particles, Status};
//! use poisson_midpoint::checkpoint::{self, Checkpoint};
//! use poisson_midpoint::dynamics::Overdamped;
//! use poisson_midpoint::random::Streams;
//! type X = SVector<f32, 2>;
//! let stepper = EulerMaruyama::new(Overdamped::new(0.1_f32, 1)?);
//! let (mut x, mut positions, mut status) = ([1.0; 20], [0; 10], [Status::Active; 10]);
//! let mut particles = Particles::<X>::new(Streams::new(42), 0, &mut x, &mut positions, &mut status)?;
//! Cpu.run(&stepper, &mut particles, |_t, x| -x, 0..50);
//! let mut bytes = [0; 1000];
//! let length = checkpoint::write(&particles, &stepper, 50, &mut bytes)?;
//!
//! // Elsewhere, and later: particles 5 to 9 alone.
//! let checkpoint = Checkpoint::from_bytes(&bytes[..length])?;
//! let (mut y, mut positions, mut status) = ([0.0; 10], [0; 5], [Status::Active; 5]);
//! let streams = checkpoint.streams();
//! let mut resumed = Particles::<X>::new(streams, 5, &mut y, &mut positions, &mut status)?;
//! assert_eq!(checkpoint.restore(&stepper, &mut resumed)?, 5);
//! Cpu.run(&stepper, &mut resumed, |_t, x| -x, checkpoint.step()..100);
//!
//! Cpu.run(&stepper, &mut particles, |_t, x| -x, 50..100);
//! assert_eq!((&x[5..10], &x[15..]), (&y[..5], &y[5..])); // never interrupted, the same bits
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Format 1
//! All numbers are little-endian, and there is no padding.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `PMIDCKPT` |
//! | 2, 2 | version of this format, 1; of the [random-stream contract](crate::random), 1 |
//! | 1, 1, 2 | bytes of a scalar, 4 or 8; parts of a state, 1 or 2 (positions, velocities); 0 |
//! | 4, 4 | dimension D; macro steps taken |
//! | 32 | key of the streams: [`Streams::key`](crate::random::Streams::key) |
//! | 8, 8, 8 | number of the first particle; how many particles there are, n; how many of them failed, f |
//! | 16, 16 | names of the [method](Recorded::name) and of the [dynamics](RecordedDynamics::NAME), then zeros |
//! | 4, 4 | inner steps K; 0 |
//! | 8 | step size η, a scalar's bits, then zeros |
//! | 3 × 8 | [parameters](RecordedDynamics::parameters) of the dynamics, each a scalar's bits, then zeros |
//! | parts × D × n scalars | component by component, as [`Particles::new`](crate::batch::Particles::new) takes them |
//! | n × 8 | word positions, at most 2⁶³ |
//! | f × 32 | failed particles in order: place (8), the five numbers of 4 bytes of a [`FailureRecord`](crate::kernel::FailureRecord), then 0 (4) |
//! | 8 | CRC-64/XZ of all bytes before |

mod error;
#[cfg(feature = "std")]
mod file;
mod format;
mod read;
mod scheme;
mod write;

pub use error::{CheckpointError, Mismatch};
#[cfg(feature = "std")]
pub use file::save;
pub use read::Checkpoint;
pub use scheme::{Name, Recorded, RecordedDynamics};
pub use write::{byte_length, write};
