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
}

impl<R: rand_core::Rng + ?Sized> Words for R {
    #[inline]
    fn next_word(&mut self) -> u32 {
        self.next_u32()
    }
}
