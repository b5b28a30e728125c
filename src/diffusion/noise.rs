//! Where a run's normals are drawn.

use crate::random::Words;
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
    for x in x {
        *x = T::normal(words);
    }
}

/// Adds a segment of noise of a standard deviation, drawn even if that is 0.
pub(crate) fn add_noise<T: Real, W: Words + ?Sized>(x: &mut [T], deviation: T, words: &mut W) {
    for x in x {
        *x += deviation * T::normal(words);
    }
}
