//! A segment of noise: the increments of all coordinates over one run of inner steps.

use super::cell::Cell;
use super::span::Span;
use super::state::State;
use crate::random::Words;
use crate::real::Real;

/// Whether the normals of a segment are best drawn one by one: without vector units, lanes only
/// cost memory.
pub(crate) const ONE_BY_ONE: bool = cfg!(any(
    all(target_arch = "arm", not(target_feature = "neon")),
    target_arch = "nvptx64"
));

/// V^½ Z of a state in `D` dimensions from the next words, coordinate by coordinate.
///
/// Where there are vector units, and on a host enough coordinates to fill one, the words are read first and then turned into
/// normals together, to the same bits.
#[inline]
#[allow(
    clippy::indexing_slicing,
    reason = "at most 2 normals of 2 words a coordinate"
)]
pub(crate) fn draw<X, P, W, const D: usize>(span: &P, words: &mut W) -> X
where
    X: State,
    P: Span<X::Real, Cell = X::Cell>,
    W: Words + ?Sized,
{
    const {
        assert!(
            P::NORMALS == 1 || P::NORMALS == 2,
            "a cell takes one or two normals"
        );
    };
    if ONE_BY_ONE || (D < 4 && cfg!(target_pointer_width = "64")) {
        return X::from_cells(|_| draw_one(span, words));
    }
    let reads = P::NORMALS * X::Real::WORDS_PER_NORMAL as usize;
    let mut rows = [[0; D]; 4];
    for d in 0..D {
        for row in rows.iter_mut().take(reads) {
            row[d] = words.next_word();
        }
    }
    let mut rows = rows.iter();
    let normals: [[X::Real; D]; 2] = core::array::from_fn(|normal| {
        if normal < P::NORMALS {
            X::Real::normal_lanes(|| rows.next().copied().unwrap_or([0; D]))
        } else {
            [X::Real::ZERO; D]
        }
    });
    X::from_cells(|d| {
        let mut drawn = 0;
        span.increment(|| {
            let normal = normals[drawn % 2][d];
            drawn += 1;
            normal
        })
    })
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
