//! Random streams, and every random primitive as a pure function of words.
//!
//! Each particle has a [`Stream`] of its own, found by seed and particle number, that can be wound to any word. A
//! [`Buffered`] one reads ahead, which is faster on a host where one particle takes many steps.
//!
//! ```
//! use poisson_midpoint::random::{Stream, Words};
//! let mut stream = Stream::new(42, 7); // seed 42, particle 7
//! let (first, second) = (stream.next_normal(), stream.next_normal());
//! let mut again = Stream::new(42, 7);
//! again.seek(1)?;
//! assert_eq!((again.next_normal(), again.word_position()), (second, 2));
//! assert_ne!(first, second);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Stream v1
//! What follows is a contract. It does not change within a major version, and golden vectors in
//! `tests/golden` hold it to the bit on every target.
//!
//! *Words.* Particle p under seed s reads the 32-bit words of
//! `rand_chacha::ChaCha8Rng::seed_from_u64(s)` after `set_stream(p)`, in order: [`Stream`].
//!
//! *Primitives.* A normal is [`normal_f32`] of one word or [`normal_f64`] of two, high word first.
//! A gap between midpoints, or the one midpoint, is [`Midpoints::next`] of one word.
//!
//! *A segment* of noise in D dimensions reads, dimension by dimension, c normals: c = 1 for first-order
//! dynamics; c = 2 for underdamped dynamics, the velocity's first, unless the table says otherwise. So dimension d of a
//! segment starts d·c·([1 or 2 words](crate::Real::WORDS_PER_NORMAL)) after its beginning.
//!
//! *A macro step* reads:
//!
//! | stepper | words |
//! |---|---|
//! | [`EulerMaruyama`](crate::EulerMaruyama) | segment (0, K) |
//! | [`Baoa`](crate::Baoa) | segment (0, K), c = 1 |
//! | [`Ubu`](crate::Ubu) | segment (0, K/2), segment (K/2, K) |
//! | [`Quicsort`](crate::Quicsort) | W and H of each coordinate, c = 2; L of each coordinate, c = 1 |
//! | [`PoissonMidpoint`](crate::PoissonMidpoint), `Bernoulli` | gap, segment (0, m₁), gap, segment (m₁, m₂), …, gap, segment (mₙ, K) |
//! | [`PoissonMidpoint`](crate::PoissonMidpoint), `Single` | midpoint, segment (0, m), segment (m, K); for K = 1 the segment (0, 1) alone |
//!
//! The first gap counts from inner step 1, each further one from the step after the last midpoint; the
//! gap that reaches K or beyond ends the list, and no gap is read where none could fall
//! before K. With K = 1 the Poisson midpoint method therefore reads what Euler–Maruyama reads.
//!
//! *Arithmetic* is +, −, ×, ÷, comparisons, integer operations and conversions in source order, never
//! fused, with elementary functions from `libm`: x86-64, Cortex-M and GPU give the same bits.

mod ahead;
mod buffered;
mod chacha;
mod error;
mod gap;
#[cfg(feature = "rand_chacha")]
mod interchange;
mod midpoint;
mod normal;
mod stream;
mod vectors;
mod words;

pub(crate) use ahead::{Ahead, MOST_AHEAD};
pub use buffered::Buffered;
#[cfg(feature = "kernels")]
pub(crate) use chacha::choose;
pub(crate) use chacha::{halves, halves_of};
pub use error::PastEnd;
pub use midpoint::{MidpointLaw, Midpoints};
pub(crate) use normal::normal_lanes_f32;
pub use normal::{normal_f32, normal_f64};
pub use stream::{Stream, Streams};
#[cfg(target_pointer_width = "64")]
pub(crate) use vectors::in_vectors;
pub use words::Words;

/// The version of the [contract](self) that the streams of this release follow.
///
/// ```
/// assert_eq!(poisson_midpoint::random::STREAM_VERSION, 1);
/// ```
pub const STREAM_VERSION: u32 = 1;
