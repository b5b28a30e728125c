//! Where a run's normals are drawn.

use crate::random::Words;
#[cfg(target_pointer_width = "64")]
use crate::random::in_vectors;
use crate::real::Real;

/// Fills x with standard normals, the noise that a run starts from: as many words as for a
/// segment of noise.
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

/// Adds a segment of noise of a standard deviation, drawn even if that is 0.
pub(crate) fn add_noise<T: Real, W: Words + ?Sized>(x: &mut [T], deviation: T, words: &mut W) {
    for_each_normal(x, words, |x, normal| *x += deviation * normal);
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

/// Normals that are calculated together: their words are many blocks of a stream, and no large part of a stack. Those of
/// f64 are not, for whose logarithm there are no vectors.
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
