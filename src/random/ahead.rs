//! The words of a particle in a kernel.

use core::hint::black_box;

use super::Words;
use super::stream::Streams;

/// The most words that can be asked for ahead: as many as two blocks hold from any place in the first one on.
pub(crate) const MOST_AHEAD: u32 = 17;

/// The words of one particle's [`Stream`](super::Stream), of which a block is made only where a step tells how many
/// words it reads next.
///
/// A stream makes a block wherever a word may be the first of one. In a warp, whose threads have read different numbers
/// of words, some thread does so at nearly every word, while the others wait. Here all of them do it at the same place,
/// and, being told at the same time of equally many words, at the same time. The blocks lie in memory, since a thread
/// cannot index its registers.
///
/// Whoever reads them says so first: the methods that have kernels do.
#[derive(Debug)]
pub(crate) struct Ahead {
    streams: Streams,
    particle: u64,
    position: u64,
    /// The number of the first block that has not been made.
    next_block: u64,
    /// How many of the words that have been made no step has been told of.
    left: u32,
    /// The last two blocks made, the one of an even number first.
    blocks: [[u32; 16]; 2],
}

impl Ahead {
    /// The words of a particle from a word position on.
    #[inline]
    pub(crate) fn new(streams: Streams, particle: u64, position: u64) -> Self {
        Self {
            streams,
            particle,
            position,
            next_block: position >> 4,
            left: 0,
            // Hidden, lest a kernel write the zeros byte by byte.
            blocks: [[black_box(0); 16]; 2],
        }
    }

    /// The number of words before the next one.
    #[inline]
    pub(crate) fn word_position(&self) -> u64 {
        self.position
    }
}

impl Words for Ahead {
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "an index below 32 into 32 words")]
    fn next_word(&mut self) -> u32 {
        debug_assert!(
            self.position >> 4 < self.next_block,
            "the word was prepared"
        );
        let word = self.blocks.as_flattened()[(self.position & 31) as usize];
        self.position = self.position.wrapping_add(1);
        word
    }

    #[inline(always)]
    fn prepare(&mut self, words: u32) {
        debug_assert!(words <= MOST_AHEAD, "two blocks hold the words");
        if words > self.left {
            // One block serves so many such steps.
            let most = (words * (16 / words.max(1))).max(words);
            self.make(most);
            self.left = most;
        }
        self.left -= words;
    }
}

impl Ahead {
    /// Makes the blocks of so many words.
    #[inline(always)]
    fn make(&mut self, words: u32) {
        let begun = (self.position & 15) as u32;
        let end = (self.position >> 4) + u64::from((begun + words).div_ceil(16));
        while self.next_block < end {
            let block = self.streams.block(self.next_block, self.particle);
            let [even, odd] = &mut self.blocks;
            let half = if self.next_block & 1 == 0 { even } else { odd };
            *half = block;
            self.next_block += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Stream;
    use super::*;

    /// From every place in a block, in portions of every size.
    #[test]
    fn the_words_are_those_of_the_stream() {
        let streams = Streams::new(42);
        for begin in (0..40).chain([(1 << 36) - 3, Stream::END - 1]) {
            for portion in 1..=MOST_AHEAD {
                let mut expected = streams.particle_at(7, begin).unwrap();
                let mut words = Ahead::new(streams, 7, begin);
                for _ in 0..5 {
                    words.prepare(portion);
                    for _ in 0..portion {
                        assert_eq!(words.next_word(), expected.next_word());
                    }
                    assert_eq!(words.word_position(), expected.word_position());
                }
            }
        }
    }

    /// Portions of different sizes, of which some are not read to their end.
    #[test]
    fn portions_may_differ() {
        for begin in 0..17 {
            let mut expected = Stream::new(42, 7);
            expected.seek(begin).unwrap();
            let mut words = Ahead::new(Streams::new(42), 7, begin);
            for n in 0..300 {
                let portion = [1, 5, 17, 2, 16, 3, 9][n % 7];
                words.prepare(portion);
                for _ in 0..portion - u32::from(n % 3 == 0) {
                    assert_eq!(words.next_word(), expected.next_word());
                }
            }
        }
    }

    /// More may be asked for than is read.
    #[test]
    fn what_was_not_read_is_still_there() {
        let mut expected = Stream::new(42, 7);
        let mut words = Ahead::new(Streams::new(42), 7, 0);
        for n in 0..200 {
            words.prepare(MOST_AHEAD);
            for _ in 0..n % 5 {
                assert_eq!(words.next_word(), expected.next_word());
            }
        }
    }
}
