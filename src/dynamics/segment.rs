//! A segment of noise: the increments of all coordinates over one run of inner steps.

use super::cell::Cell;
use super::span::Span;
use super::state::State;
use crate::random::{MOST_AHEAD, Words};
use crate::real::Real;

/// Whether the normals of a segment are best drawn one by one: without vector units, lanes only
/// cost memory.
pub(crate) const ONE_BY_ONE: bool = cfg!(any(
    all(target_arch = "arm", not(target_feature = "neon")),
    target_arch = "nvptx64"
));

/// V^½ Z of a state in `D` dimensions from the next words, coordinate by coordinate.
///
/// Where there are vector units, and on a host enough coordinates to fill one, the words are read first and then turned
/// into normals together, to the same bits.
#[inline]
pub(crate) fn draw<X, P, W, const D: usize>(span: &P, words: &mut W) -> X
where
    X: State,
    P: Span<X::Real, Cell = X::Cell>,
    W: Words + ?Sized,
{
    if ONE_BY_ONE || (D < 4 && cfg!(target_pointer_width = "64")) {
        return X::from_cells(|_| {
            if words_together::<X::Real, P>(D).is_none() {
                words.prepare(words_of_cell::<X::Real, P>());
            }
            draw_one(span, words)
        });
    }
    let normals = Normals::<X::Real, D>::read::<P, W>(words);
    X::from_cells(|d| normals.increment(span, d))
}

/// The words of one coordinate's increment.
#[allow(clippy::cast_possible_truncation, reason = "one or two normals")]
const fn words_of_cell<T: Real, P: Span<T>>() -> u32 {
    P::NORMALS as u32 * T::WORDS_PER_NORMAL
}

/// The words of the noise of so many coordinates, in one increment or more, unless they are more than can be prepared
/// together with that of a midpoint.
#[inline(always)]
pub(crate) fn words_together<T: Real, P: Span<T>>(coordinates: usize) -> Option<u32> {
    let words = u32::try_from(coordinates).ok()?;
    let words = words.checked_mul(words_of_cell::<T, P>())?;
    (words < MOST_AHEAD).then_some(words)
}

/// From so many dimensions on, the words are asked for together: they fill many blocks of a stream.
pub(crate) const MANY: usize = 256;

/// The normals of a segment in `D` dimensions: those of the velocities first, if there are any.
pub(crate) struct Normals<T, const D: usize>([[T; D]; 2]);

impl<T: Real, const D: usize> Normals<T, D> {
    /// The normals from the next words, read in the way that is best for D dimensions.
    #[inline(always)]
    pub(crate) fn next<P: Span<T>, W: Words + ?Sized>(words: &mut W) -> Self {
        if D == 1 {
            Self::one_by_one::<P, W>(words)
        } else if D < MANY {
            Self::read::<P, W>(words)
        } else {
            Self::read_together::<P, W>(words)
        }
    }

    /// The normals from the next words, which are asked for one by one.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "`d` is below D")]
    fn read<P: Span<T>, W: Words + ?Sized>(words: &mut W) -> Self {
        let mut rows = [[0; D]; 4];
        for d in 0..D {
            if words_together::<T, P>(D).is_none() {
                words.prepare(words_of_cell::<T, P>());
            }
            for row in rows.iter_mut().take(Self::words::<P>()) {
                row[d] = words.next_word();
            }
        }
        Self::of::<P>(&rows)
    }

    /// The normals from the next words, which are asked for together.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "`d` is below D")]
    fn read_together<P: Span<T>, W: Words + ?Sized>(words: &mut W) -> Self {
        let of_one = Self::words::<P>();
        let mut rows = [[0; D]; 4];
        if of_one == 1 {
            words.fill_words(&mut rows[0]);
        } else {
            let mut read = [[0; D]; 4];
            let read = read.as_flattened_mut().get_mut(..D * of_one);
            let read = read.unwrap_or_default();
            words.fill_words(read);
            for (d, read) in read.chunks_exact(of_one).enumerate() {
                for (row, &word) in rows.iter_mut().zip(read) {
                    row[d] = word;
                }
            }
        }
        Self::of::<P>(&rows)
    }

    /// The normals from the next words, made one after another.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "`d` is below D")]
    fn one_by_one<P: Span<T>, W: Words + ?Sized>(words: &mut W) -> Self {
        let mut normals = [[T::ZERO; D]; 2];
        for d in 0..D {
            for normal in normals.iter_mut().take(P::NORMALS) {
                normal[d] = T::normal(words);
            }
        }
        Self(normals)
    }

    /// Words that one dimension takes.
    const fn words<P: Span<T>>() -> usize {
        const {
            assert!(
                P::NORMALS == 1 || P::NORMALS == 2,
                "a cell takes one or two normals"
            );
        };
        words_of_cell::<T, P>() as usize
    }

    /// The normals of these words; each row has one word of every dimension.
    #[inline(always)]
    fn of<P: Span<T>>(rows: &[[u32; D]; 4]) -> Self {
        let mut rows = rows.iter();
        let mut normals = [[T::ZERO; D]; 2];
        for normals in normals.iter_mut().take(P::NORMALS) {
            *normals = T::normal_lanes(|| rows.next().copied().unwrap_or([0; D]));
        }
        Self(normals)
    }

    /// V^½ Z of coordinate d.
    #[inline(always)]
    pub(crate) fn increment<P: Span<T>>(&self, span: &P, d: usize) -> P::Cell {
        let mut normals = self.0.iter();
        span.increment(|| {
            let normal = normals.next().and_then(|normals| normals.get(d));
            normal.copied().unwrap_or_default()
        })
    }
}

/// The increment of one coordinate from the next words.
#[inline]
pub(crate) fn draw_one<T, P, W>(span: &P, words: &mut W) -> P::Cell
where
    T: Real,
    P: Span<T, Cell: Cell<T>>,
    W: Words + ?Sized,
{
    span.increment(|| T::normal(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::{PhaseSpan, ScalarSpan};
    use crate::random::Stream;

    /// The normals of a segment are those of the stream, one after another.
    fn in_order<T: Real, P: Span<T>, const D: usize>() {
        let mut streams = [(); 3].map(|()| Stream::new(5, 8));
        // Enough segments for some normals in the tail.
        for _ in 0..20 {
            let expected = Normals::<T, D>::one_by_one::<P, _>(&mut streams[0]);
            let read = Normals::read::<P, _>(&mut streams[1]);
            let together = Normals::read_together::<P, _>(&mut streams[2]);
            assert_eq!([read.0, together.0], [expected.0; 2]);
            assert_eq!(streams[0], streams[1]);
            assert_eq!(streams[0], streams[2]);
        }
    }

    fn in_all_dimensions<T: Real, P: Span<T>>() {
        in_order::<T, P, 1>();
        in_order::<T, P, 2>();
        in_order::<T, P, 5>();
        in_order::<T, P, 16>();
        in_order::<T, P, 77>();
        in_order::<T, P, 256>();
    }

    #[test]
    fn normals_read_together_are_those_read_one_by_one() {
        in_all_dimensions::<f32, ScalarSpan<f32>>();
        in_all_dimensions::<f32, PhaseSpan<f32>>();
        in_all_dimensions::<f64, ScalarSpan<f64>>();
        in_all_dimensions::<f64, PhaseSpan<f64>>();
    }
}
