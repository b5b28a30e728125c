//! Where dimensions lie in memory, and which of them are one thread's.

use super::SplitExtent;
use crate::dynamics::span::Span;
use crate::dynamics::{Dynamics, SpanOf};
use crate::real::Real;

/// Where dimension d of part k of the particle at place p lies: at
/// k·`part` + d·`dimension` + p·`particle`.
///
/// ```
/// use poisson_midpoint::kernel::Strides;
/// // Two particles of three dimensions.
/// assert_eq!(Strides::columns(3, 2), Strides { part: 6, dimension: 2, particle: 1 });
/// assert_eq!(Strides::rows(3, 2), Strides { part: 6, dimension: 1, particle: 3 });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(C)]
pub struct Strides {
    /// From position to velocity.
    pub part: usize,
    /// From a dimension to the next.
    pub dimension: usize,
    /// From a particle to the next.
    pub particle: usize,
}

impl Strides {
    /// All first dimensions, all second ones, …: as in [`batch`](crate::batch).
    #[must_use]
    pub fn columns(dimension: usize, count: usize) -> Self {
        Self {
            part: dimension.saturating_mul(count),
            dimension: count,
            particle: 1,
        }
    }

    /// One particle after another, as networks lay out their batches.
    #[must_use]
    pub fn rows(dimension: usize, count: usize) -> Self {
        Self {
            part: dimension.saturating_mul(count),
            dimension: 1,
            particle: dimension,
        }
    }

    /// The place in an array of dimension `dimension` of part `part` of the particle at `place`. It wraps where it does
    /// not fit: no array in memory is so long.
    ///
    /// ```
    /// use poisson_midpoint::kernel::Strides;
    /// // The velocity in the last of three dimensions of the second of two particles.
    /// assert_eq!(Strides::columns(3, 2).index(1, 2, 1), 6 + 2 * 2 + 1);
    /// assert_eq!(Strides::rows(3, 2).index(1, 2, 1), 6 + 2 + 3);
    /// ```
    #[inline]
    #[must_use]
    pub fn index(&self, part: usize, dimension: usize, place: usize) -> usize {
        let place = place.wrapping_mul(self.particle);
        let of_particle = dimension.wrapping_mul(self.dimension).wrapping_add(place);
        part.wrapping_mul(self.part).wrapping_add(of_particle)
    }
}

/// How the particles of a launch are cut into tiles.
///
/// ```
/// use poisson_midpoint::kernel::Shape;
/// use poisson_midpoint::dynamics::{Overdamped, Underdamped};
/// assert_eq!(Shape::new::<Overdamped<f32>>(2).tiles(), 1);
/// // A megapixel: a block of a stream is 16 words, and a segment need not begin with a block.
/// assert_eq!(Shape::new::<Overdamped<f32>>(1 << 20).tiles(), 65_537);
/// assert_eq!(Shape::new::<Underdamped<f64>>(1 << 20).tiles(), 4 * 65_536 + 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    dimension: usize,
    /// Words of a dimension's normals.
    pub(super) words: usize,
    tiles: usize,
}

/// Words in a block of a stream.
const BLOCK: usize = 16;

impl Shape {
    /// Words of the largest segment that one thread may as well take alone: those of two blocks.
    const LARGEST_ONLY_TILE: usize = 2 * BLOCK;

    /// The shape of particles of so many dimensions under the dynamics S.
    #[inline]
    #[must_use]
    pub fn new<S: Dynamics>(dimension: usize) -> Self {
        let words = SpanOf::<S>::NORMALS * S::Real::WORDS_PER_NORMAL as usize;
        let segment = dimension.saturating_mul(words);
        let tiles = if segment <= Self::LARGEST_ONLY_TILE {
            1
        } else {
            segment.saturating_add(2 * BLOCK - 2) / BLOCK
        };
        Self {
            dimension,
            words,
            tiles,
        }
    }

    /// Tiles of each particle: enough for any place in its stream at which a segment may begin.
    #[inline]
    #[must_use]
    pub fn tiles(&self) -> usize {
        self.tiles
    }

    /// Words of a segment of noise.
    #[inline]
    pub(super) fn segment(&self) -> u64 {
        (self.dimension * self.words) as u64
    }

    /// The tile and the place of unit `index` of all tiles of all particles: neighbouring threads
    /// take what lies side by side.
    #[inline]
    pub(super) fn unit(&self, extent: &SplitExtent, index: usize) -> (usize, usize) {
        if self.tiles == 1 {
            (0, index)
        } else if extent.strides.particle == 1 {
            let (tile, place) = divide(index, extent.count);
            (tile, place)
        } else {
            let (place, tile) = divide(index, self.tiles);
            (tile, place)
        }
    }

    /// The dimensions of a tile of a segment that begins at word `start`: those whose first word is
    /// in the tile's block.
    #[inline]
    pub(super) fn dimensions(&self, tile: usize, start: u64) -> core::ops::Range<usize> {
        if self.tiles == 1 {
            return 0..self.dimension;
        }
        #[allow(clippy::cast_possible_truncation, reason = "below 16")]
        let offset = (start % BLOCK as u64) as usize;
        let before = |block: usize| {
            let words = (BLOCK * block).saturating_sub(offset);
            words.div_ceil(self.words).min(self.dimension)
        };
        before(tile)..before(tile + 1)
    }
}

/// Quotient and remainder; a GPU divides half words in a fifth of the time.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "as tested")]
fn divide(a: usize, b: usize) -> (usize, usize) {
    if (a | b) >> 32 == 0 {
        let (a, b) = (a as u32, (b as u32).max(1));
        ((a / b) as usize, (a % b) as usize)
    } else {
        (a / b.max(1), a % b.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dimension_is_in_one_tile() {
        for (words, dimension) in [(1, 33), (1, 100), (2, 17), (2, 50), (4, 9), (4, 40)] {
            let shape = Shape {
                dimension,
                words,
                tiles: (dimension * words + 30) / 16,
            };
            for start in 0..40 {
                let mut next = 0;
                for tile in 0..shape.tiles {
                    let dimensions = shape.dimensions(tile, start);
                    assert_eq!(dimensions.start, next);
                    next = dimensions.end;
                    // No thread computes another's block.
                    for d in dimensions {
                        let word = start + (d * words) as u64;
                        assert_eq!(word / 16 - start / 16, tile as u64);
                    }
                }
                assert_eq!(next, dimension);
            }
        }
    }
}
