#[cfg(target_pointer_width = "64")]
use core::array::from_fn;
use core::convert::Infallible;

use rand_core::{SeedableRng, TryRng};

#[cfg(target_pointer_width = "64")]
use super::chacha::halves_of;
use super::chacha::{self, halves};
use super::error::PastEnd;
use crate::simd::{Work, widest};

/// All the streams of one seed: stream p belongs to particle p.
///
/// The words of particle p under seed s are those of `rand_chacha::ChaCha8Rng::seed_from_u64(s)`
/// after `set_stream(p)`, read as `u32` in order. A particle's words therefore depend on nothing
/// but (seed, particle). With the feature `rand_chacha`, a generator of that crate that you already hold gives its
/// streams: `Streams::from(&rng)`.
///
/// ```
/// use poisson_midpoint::random::{Streams, Words};
/// let streams = Streams::new(42);
/// let mut first = streams.particle(0);
/// let mut resumed = streams.particle_at(0, 1)?;
/// first.next_word();
/// assert_eq!(first.next_word(), resumed.next_word());
/// # Ok::<(), poisson_midpoint::random::PastEnd>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(transparent)]
pub struct Streams {
    key: [u32; 8],
}

/// Only the key of a generator, to expand a seed as `rand_core` expands it for any generator. The generator of
/// `rand_chacha` itself would bring its checks and their messages into firmware.
struct Key([u32; 8]);

impl SeedableRng for Key {
    type Seed = [u8; 32];

    fn from_seed(seed: Self::Seed) -> Self {
        let mut key = [0; 8];
        for (word, &bytes) in key.iter_mut().zip(seed.as_chunks().0) {
            *word = u32::from_le_bytes(bytes);
        }
        Self(key)
    }
}

impl Streams {
    /// The streams of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let Key(key) = Key::seed_from_u64(seed);
        Self { key }
    }

    /// The streams of a key of ChaCha8.
    ///
    /// ```
    /// use poisson_midpoint::random::Streams;
    /// let streams = Streams::new(42);
    /// assert_eq!(Streams::from_key(streams.key()), streams);
    /// ```
    #[must_use]
    pub fn from_key(key: [u8; 32]) -> Self {
        let Key(key) = Key::from_seed(key);
        Self { key }
    }

    /// The key of ChaCha8 that the seed was expanded to: what a checkpoint keeps.
    #[must_use]
    pub fn key(&self) -> [u8; 32] {
        let mut key = [0; 32];
        for (bytes, word) in key.as_chunks_mut().0.iter_mut().zip(self.key) {
            *bytes = word.to_le_bytes();
        }
        key
    }

    /// The stream of a particle, at its first word.
    #[must_use]
    pub fn particle(&self, particle: u64) -> Stream {
        Stream {
            key: self.key,
            particle,
            position: 0,
            block: [0; 16],
        }
    }

    /// The stream of a particle at a word position read earlier from [`Stream::word_position`].
    ///
    /// # Errors
    /// [`PastEnd`] if `word_position` exceeds [`Stream::END`].
    pub fn particle_at(&self, particle: u64, word_position: u64) -> Result<Stream, PastEnd> {
        let mut stream = self.particle(particle);
        stream.seek(word_position)?;
        Ok(stream)
    }

    /// The 16 words of one block of a particle's stream, for a kernel: it has registers for them, and a loop would take
    /// 5 % more instructions.
    #[inline(always)]
    pub(crate) fn block(&self, counter: u64, particle: u64) -> [u32; 16] {
        chacha::block(&self.key, halves(counter), halves(particle))
    }

    /// The 16 words of one block in each lane, word by word. A lane has a block counter and a particle's number, both
    /// split as [`halves_of`] splits them.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "`lane` numbers lanes")]
    pub(crate) fn blocks<const L: usize>(
        &self,
        counters: [[u32; L]; 2],
        particles: [[u32; L]; 2],
    ) -> [[u32; L]; 16] {
        let mut rows = [[0; L]; 16];
        for lane in 0..L {
            // By reference: copying a half for every lane would keep the compiler from vectorising the loop.
            let counter = counters.each_ref().map(|half| half[lane]);
            let particle = particles.each_ref().map(|half| half[lane]);
            let block = chacha::block(&self.key, counter, particle);
            for (row, word) in rows.iter_mut().zip(block) {
                row[lane] = word;
            }
        }
        rows
    }

    /// [`blocks`](Self::blocks) in the widest vectors, for a caller that is not compiled for them.
    #[inline(always)]
    pub(crate) fn widest_blocks<const L: usize>(
        &self,
        counters: [[u32; L]; 2],
        particles: [[u32; L]; 2],
    ) -> [[u32; L]; 16] {
        widest(Blocks {
            streams: self,
            counters,
            particles,
        })
    }
}

/// Blocks to be made.
struct Blocks<'a, const L: usize> {
    streams: &'a Streams,
    counters: [[u32; L]; 2],
    particles: [[u32; L]; 2],
}

impl<const L: usize> Work for Blocks<'_, L> {
    type Output = [[u32; L]; 16];

    #[inline(always)]
    fn work(self) -> [[u32; L]; 16] {
        self.streams.blocks(self.counters, self.particles)
    }
}

/// Blocks of one stream that are made together.
#[cfg(target_pointer_width = "64")]
const TOGETHER: usize = 16;

#[cfg(target_pointer_width = "64")]
impl Streams {
    /// Consecutive blocks of a particle's stream, word by word, from a word position at which a block begins.
    fn consecutive_blocks(&self, position: u64, particle: u64) -> [[u32; TOGETHER]; 16] {
        let counters = from_fn(|lane| position.wrapping_add(16 * lane as u64) >> 4);
        self.widest_blocks(
            halves_of(counters),
            halves(particle).map(|half| [half; TOGETHER]),
        )
    }
}

/// The random words of one particle: ChaCha8, seekable, 112 bytes.
///
/// The word position counts the words read. It and the state are a checkpoint: a run resumed at
/// (state, word position) gives the same bits as one never interrupted. The stream is a `rand_core`
/// generator, so anything that draws from one can draw from it.
///
/// ```
/// use poisson_midpoint::random::{Stream, Words};
/// let mut stream = Stream::new(42, 7);
/// stream.next_word();
/// let word_position = stream.word_position();
/// let word = stream.next_word();
/// stream.seek(word_position)?;
/// assert_eq!(stream.next_word(), word);
/// # Ok::<(), poisson_midpoint::random::PastEnd>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Stream {
    key: [u32; 8],
    particle: u64,
    position: u64,
    /// The block that holds word `position`, unless that word is the first of its block.
    block: [u32; 16],
}

/// Streams are equal if all their words to come are.
impl PartialEq for Stream {
    fn eq(&self, other: &Self) -> bool {
        let of = |stream: &Self| (stream.key, stream.particle, stream.position);
        of(self) == of(other)
    }
}

impl Eq for Stream {}

impl Stream {
    /// The furthest position that [`seek`](Self::seek) accepts, 2⁶³ words. The stream goes on for
    /// as many again before it would repeat.
    pub const END: u64 = 1 << 63;

    /// The stream of a particle under a seed, at its first word.
    #[must_use]
    pub fn new(seed: u64, particle: u64) -> Self {
        Streams::new(seed).particle(particle)
    }

    /// The particle that the stream belongs to.
    #[must_use]
    pub fn particle(&self) -> u64 {
        self.particle
    }

    /// All the streams of the seed.
    #[must_use]
    pub fn streams(&self) -> Streams {
        Streams { key: self.key }
    }

    /// The number of words before the next one.
    #[must_use]
    pub fn word_position(&self) -> u64 {
        self.position
    }

    /// Moves to a word position. Costs at most one ChaCha8 block.
    ///
    /// # Errors
    /// [`PastEnd`] if `word_position` exceeds [`END`](Self::END); the stream stays where it was.
    pub fn seek(&mut self, word_position: u64) -> Result<(), PastEnd> {
        if word_position > Self::END {
            return Err(PastEnd { word_position });
        }
        self.move_to(word_position);
        Ok(())
    }

    /// [`seek`](Self::seek) for a position known to be in range.
    pub(crate) fn move_to(&mut self, position: u64) {
        self.position = position;
        if position & 15 != 0 {
            self.fill();
        }
    }

    /// This stream at the beginning of a node of a tree that begins at word `first`, where each node has `words` words in
    /// whole blocks of its own.
    #[cfg(not(target_arch = "nvptx64"))]
    pub(crate) fn node(&self, first: u64, node: u32, words: u64) -> Self {
        let each = words.div_ceil(16).saturating_mul(16);
        let mut stream = self.clone();
        stream.move_to(first.wrapping_add(u64::from(node).wrapping_mul(each)));
        stream
    }

    #[cfg_attr(target_arch = "nvptx64", inline(always))]
    fn fill(&mut self) {
        chacha::fill(
            &mut self.block,
            &self.key,
            self.position >> 4,
            self.particle,
        );
    }

    #[inline]
    #[allow(clippy::indexing_slicing, reason = "an index below 16 into 16 words")]
    #[allow(clippy::cast_possible_truncation, reason = "the index is below 16")]
    fn next(&mut self) -> u32 {
        let index = (self.position & 15) as u32;
        if index == 0 {
            self.fill();
        }
        self.position = self.position.wrapping_add(1);
        if cfg!(target_arch = "nvptx64") {
            chacha::pick(&self.block, index)
        } else {
            self.block[index as usize]
        }
    }
}

/// Bytes, four to a word; where the last word is wanted only in part, the rest of it is lost.
impl Stream {
    fn fill_words(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(4) {
            for (byte, word) in chunk.iter_mut().zip(self.next().to_le_bytes()) {
                *byte = word;
            }
        }
    }

    /// If enough bytes are wanted, fills the words before the next block and then whole blocks, many at once; returns
    /// the bytes that are left to fill.
    #[cfg(target_pointer_width = "64")]
    #[allow(
        clippy::indexing_slicing,
        reason = "lanes are counted, which the compiler sees: no panic is linked"
    )]
    fn fill_blocks<'b>(&mut self, bytes: &'b mut [u8]) -> &'b mut [u8] {
        /// From so many bytes on, blocks made in vectors cost no more than blocks made one by one.
        const ENOUGH: usize = 256;

        let begun = 4 * (self.position.wrapping_neg() & 15) as usize;
        if bytes.len().saturating_sub(begun) < ENOUGH {
            return bytes;
        }
        let (begun, bytes) = bytes.split_at_mut_checked(begun).unwrap_or_default();
        self.fill_words(begun);
        let (blocks, rest) = bytes.as_chunks_mut::<64>();
        let streams = Streams { key: self.key };
        for blocks in blocks.chunks_mut(TOGETHER) {
            let rows = streams.consecutive_blocks(self.position, self.particle);
            for (lane, bytes) in (0..TOGETHER).zip(blocks.iter_mut()) {
                let bytes = bytes.as_chunks_mut::<4>().0.iter_mut();
                for (bytes, row) in bytes.zip(&rows) {
                    *bytes = row[lane].to_le_bytes();
                }
            }
            self.position = self.position.wrapping_add(16 * blocks.len() as u64);
        }
        rest
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.next())
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let low = u64::from(self.next());
        Ok(low | u64::from(self.next()) << 32)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        #[cfg(target_pointer_width = "64")]
        let bytes = self.fill_blocks(bytes);
        self.fill_words(bytes);
        Ok(())
    }
}
