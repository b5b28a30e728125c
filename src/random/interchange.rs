//! Streams made from generators of `rand_chacha`, the crate that the stream contract names, and generators made from
//! streams: both give the same words, since a stream is a place in the stream of a generator.

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use super::error::PastEnd;
use super::stream::{Stream, Streams};

/// The streams of a generator's key, whatever its own stream and position.
///
/// ```
/// use poisson_midpoint::random::Streams;
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
/// assert_eq!(Streams::from(&ChaCha8Rng::seed_from_u64(42)), Streams::new(42));
/// ```
impl From<&ChaCha8Rng> for Streams {
    fn from(rng: &ChaCha8Rng) -> Self {
        Self::from_key(rng.get_seed())
    }
}

/// The stream that the generator is on, at its next word: its particle is the generator's stream.
///
/// Fails with [`PastEnd`] beyond [`Stream::END`]; a word position that does not fit in 64 bits is reported as
/// `u64::MAX`.
///
/// ```
/// use poisson_midpoint::random::{PastEnd, Stream, Words};
/// use rand_chacha::{ChaCha8Rng, rand_core::{Rng, SeedableRng}};
/// let mut rng = ChaCha8Rng::seed_from_u64(42);
/// rng.set_stream(7);
/// rng.next_u32(); // used before, by others
/// let mut stream = Stream::try_from(&rng)?;
/// assert_eq!((stream.particle(), stream.word_position()), (7, 1));
/// assert_eq!(stream.next_word(), rng.next_u32());
/// # Ok::<(), PastEnd>(())
/// ```
impl TryFrom<&ChaCha8Rng> for Stream {
    type Error = PastEnd;

    fn try_from(rng: &ChaCha8Rng) -> Result<Self, PastEnd> {
        let word_position = u64::try_from(rng.get_word_pos()).unwrap_or(u64::MAX);
        Streams::from(rng).particle_at(rng.get_stream(), word_position)
    }
}

/// The generator whose next word is the stream's: for code that takes a `ChaCha8Rng` and no other generator.
///
/// ```
/// use poisson_midpoint::random::{Stream, Words};
/// use rand_chacha::{ChaCha8Rng, rand_core::Rng};
/// let mut stream = Stream::new(42, 7);
/// stream.next_word();
/// let mut rng = ChaCha8Rng::from(&stream);
/// assert_eq!(rng.next_u32(), stream.next_word());
/// ```
impl From<&Stream> for ChaCha8Rng {
    fn from(stream: &Stream) -> Self {
        let mut rng = Self::from_seed(stream.streams().key());
        rng.set_stream(stream.particle());
        rng.set_word_pos(stream.word_position().into());
        rng
    }
}
