use super::normal_f32;

/// A source of uniform 32-bit words: all that a stepper needs of a random generator.
///
/// Implemented for every infallible `rand_core` generator, the crate's own [`Stream`] among them.
/// Implement it yourself to feed words from anywhere else, a hardware generator for instance.
///
/// ```
/// use poisson_midpoint::random::{Stream, Words};
/// fn first_word(words: &mut impl Words) -> u32 {
///     words.next_word()
/// }
/// assert_eq!(first_word(&mut Stream::new(42, 0)), 0x395d_5ba1);
/// ```
///
/// [`Stream`]: super::Stream
pub trait Words {
    /// The next word.
    fn next_word(&mut self) -> u32;

    /// Tells that so many words are read next, at most 17: see [`Ahead`](super::Ahead).
    #[doc(hidden)]
    #[inline(always)]
    fn prepare(&mut self, _words: u32) {}

    /// The standard normal that the next word stands for, [`normal_f32`]. Overridden where many are calculated at once
    /// ([`Buffered`]), with the same bits.
    ///
    /// [`Buffered`]: super::Buffered
    #[inline]
    fn next_normal(&mut self) -> f32 {
        normal_f32(self.next_word())
    }

    /// Fills a slice with the next words. Generators of `rand_core` fill it as they fill bytes, four to a word;
    /// [`Stream`] and the generators of `rand_chacha` fill it with the words that [`next_word`](Self::next_word) would
    /// give.
    ///
    /// [`Stream`]: super::Stream
    #[inline]
    fn fill_words(&mut self, words: &mut [u32]) {
        for word in words {
            *word = self.next_word();
        }
    }
}

impl<R: rand_core::Rng + ?Sized> Words for R {
    #[inline]
    fn next_word(&mut self) -> u32 {
        self.next_u32()
    }

    #[inline]
    fn fill_words(&mut self, words: &mut [u32]) {
        /// Words filled at once: on a host those of many blocks, on a microcontroller no large part of the stack.
        const TOGETHER: usize = if cfg!(target_pointer_width = "64") {
            256
        } else {
            16
        };

        let mut bytes = [[0; 4]; TOGETHER];
        for words in words.chunks_mut(bytes.len()) {
            let bytes = bytes.get_mut(..words.len()).unwrap_or_default();
            self.fill_bytes(bytes.as_flattened_mut());
            for (word, bytes) in words.iter_mut().zip(bytes) {
                *word = u32::from_le_bytes(*bytes);
            }
        }
    }
}
