//! Where a run's noise comes from.

use super::SampleError;
use crate::random::Words;
#[cfg(target_pointer_width = "64")]
use crate::random::in_vectors;
use crate::real::Real;

mod brownian;

pub use brownian::BrownianNoise;

/// What a sampler draws: the normals of its noise, and the words that midpoints are made of.
///
/// Every source of [`Words`] implements this and gives its next normals, whatever they are for; [`BrownianNoise`] gives
/// those of one path, whatever the steps.
///
/// ```
/// use poisson_midpoint::diffusion::SampleNoise;
/// use poisson_midpoint::random::Stream;
/// let (mut x, mut stream) = ([0.5_f32; 3], Stream::new(42, 0));
/// stream.add(&mut x, 0.1, 20, 10);
/// assert_eq!(stream.word_position(), 3);
/// ```
pub trait SampleNoise<T: Real> {
    /// Checks that this noise is for samples of so many components on a schedule of so many training steps.
    ///
    /// # Errors
    /// [`SampleError`] if it is not.
    fn check(&self, _dimension: usize, _training_steps: u32) -> Result<(), SampleError> {
        Ok(())
    }

    /// A word, uniform over 32 bits.
    fn word(&mut self) -> u32;

    /// Adds to x the noise of the way from training step `from` down to `to`, with standard deviation `deviation`. The
    /// noise is drawn even if that is 0.
    fn add(&mut self, x: &mut [T], deviation: T, from: u32, to: u32);
}

impl<T: Real, W: Words + ?Sized> SampleNoise<T> for W {
    #[inline]
    fn word(&mut self) -> u32 {
        self.next_word()
    }

    fn add(&mut self, x: &mut [T], deviation: T, _from: u32, _to: u32) {
        for_each_normal(x, self, |x, normal| *x += deviation * normal);
    }
}

/// Fills x with standard normals, the noise that a run starts from. This reads as many words as a segment of noise.
///
/// ```
/// use poisson_midpoint::{diffusion::standard_normal, random::Stream};
/// let (mut x, mut stream) = ([0.0_f32; 64], Stream::new(42, 0));
/// standard_normal(&mut x, &mut stream);
/// assert_eq!(stream.word_position(), 64);
/// ```
pub fn standard_normal<T: Real, W: Words + ?Sized>(x: &mut [T], words: &mut W) {
    for_each_normal(x, words, |x, normal| *x = normal);
}

/// Visits each component with the next normal.
fn for_each_normal<T, W>(x: &mut [T], words: &mut W, mut visit: impl FnMut(&mut T, T))
where
    T: Real,
    W: Words + ?Sized,
{
    #[cfg(target_pointer_width = "64")]
    if T::WORDS_PER_NORMAL == 1 && x.len() >= TOGETHER {
        return for_each_in_vectors(x, words, visit);
    }
    for x in x {
        visit(x, T::normal(words));
    }
}

/// The number of normals that are calculated together: their words are many blocks of a stream, but a small part of a
/// stack. Normals in f64 are calculated one by one, because their logarithm has no vector form.
#[cfg(target_pointer_width = "64")]
const TOGETHER: usize = 256;

#[cfg(target_pointer_width = "64")]
#[inline(never)]
fn for_each_in_vectors<T, W>(x: &mut [T], words: &mut W, mut visit: impl FnMut(&mut T, T))
where
    T: Real,
    W: Words + ?Sized,
{
    let mut drawn = [0; TOGETHER];
    for x in x.chunks_mut(TOGETHER) {
        words.fill_words(drawn.get_mut(..x.len()).unwrap_or_default());
        for (x, normal) in x.iter_mut().zip(in_vectors(&drawn)) {
            visit(x, normal);
        }
    }
}
