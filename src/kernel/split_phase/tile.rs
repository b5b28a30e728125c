//! A tile's dimensions, a few at a time: in a group the number of each word is known when a kernel is compiled.

use super::arrays::ARRAYS;
use super::{Shape, SplitPhase};
use crate::kernel::{Columns, Row};
use crate::random::{Words, choose};
use crate::real::Real;

/// Words that a group of dimensions takes.
const GROUP: usize = 4;
/// Groups in a block of words.
const GROUPS: u32 = 4;

/// One value for each dimension of a group, as many as there may be.
pub(super) type Four<T> = [T; GROUP];

/// A value for each of four places, whose number is a constant. Written out, since an array that a loop indexes would
/// lie in memory, and no closure, which may become a function of its own.
macro_rules! four {
    ($index:ident => $value:expr) => {
        [
            {
                const $index: usize = 0;
                $value
            },
            {
                const $index: usize = 1;
                $value
            },
            {
                const $index: usize = 2;
                $value
            },
            {
                const $index: usize = 3;
                $value
            },
        ]
    };
}
pub(super) use four;

/// Words, those of one dimension first.
pub(super) struct Few(Four<u32>);

impl Words for Few {
    #[inline(always)]
    fn next_word(&mut self) -> u32 {
        let [next, second, third, fourth] = self.0;
        self.0 = [second, third, fourth, 0];
        next
    }
}

/// Dimensions whose words are together in a block, `GROUP` divided by the words of a dimension, all of them there.
pub(super) struct Group<T> {
    words: Four<u32>,
    words_of_one: usize,
    first: usize,
    /// Where they lie in all columns.
    pub(super) row: Row<T, ARRAYS>,
}

impl<T> Group<T> {
    /// How many dimensions a group has.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        GROUP / self.words_of_one
    }

    /// The words of the dimension at a place in the group.
    #[inline(always)]
    pub(super) fn words(&self, index: usize) -> Few {
        let [_, second, third, fourth] = self.words;
        Few(match (self.words_of_one, index) {
            (1, 1) => [second, 0, 0, 0],
            (1, 2) | (2, 1) => [third, fourth, 0, 0],
            (1, 3) => [fourth, 0, 0, 0],
            _ => self.words,
        })
    }

    /// Calls `fail` for those dimensions that are not finite, as `is_finite` tells by their places in the group.
    #[inline(always)]
    pub(super) fn check(&self, is_finite: impl Fn(usize) -> bool, mut fail: impl FnMut(usize)) {
        if is_finite(0) & is_finite(1) & is_finite(2) & is_finite(3) {
            return;
        }
        let bit = |index: usize| u32::from(is_finite(index)) << index;
        let finite = bit(0) | bit(1) | bit(2) | bit(3);
        for index in 0..self.len() {
            if finite >> index & 1 == 0 {
                fail(self.first.wrapping_add(index));
            }
        }
    }
}

/// Words `start` on of the words of two groups; `start` is below 4.
#[inline(always)]
fn between([w0, w1, w2, w3]: Four<u32>, [w4, w5, w6, _]: Four<u32>, start: u32) -> Four<u32> {
    let v0 = choose(start, w0, w1);
    let v1 = choose(start, w1, w2);
    let v2 = choose(start, w2, w3);
    let v3 = choose(start, w3, w4);
    let v4 = choose(start, w4, w5);
    let v5 = choose(start, w5, w6);
    let twos = start >> 1;
    [
        choose(twos, v0, v2),
        choose(twos, v1, v3),
        choose(twos, v2, v4),
        choose(twos, v3, v5),
    ]
}

/// The groups of a block in memory, which a thread can index; aligned, so that a group is read at once. In registers, each
/// group would come to its place only by moving the words after it too.
#[repr(align(16))]
struct Block(Four<Four<u32>>);

/// The words of a block as groups.
#[inline(always)]
fn in_groups(block: [u32; 16]) -> Four<Four<u32>> {
    let [
        w0,
        w1,
        w2,
        w3,
        w4,
        w5,
        w6,
        w7,
        w8,
        w9,
        w10,
        w11,
        w12,
        w13,
        w14,
        w15,
    ] = block;
    [
        [w0, w1, w2, w3],
        [w4, w5, w6, w7],
        [w8, w9, w10, w11],
        [w12, w13, w14, w15],
    ]
}

/// What is done with the dimensions of a particle. Not closures, which may become functions of their own.
pub(super) trait Each<T> {
    /// With those of a group.
    fn group(&self, group: &Group<T>);
    /// With dimension d, whose words are the next.
    fn one(&self, d: usize, words: &mut impl Words);
}

impl<T: Real> SplitPhase<T> {
    /// Does something with the dimensions of one of several tiles, those of [`Shape::dimensions`]: in groups, or one
    /// at a time where a group is not whole. The words of the segment begin at `start`.
    #[inline(always)]
    #[allow(
        clippy::cast_possible_truncation,
        reason = "dimensions and numbers of words that are below 2³¹"
    )]
    pub(super) fn each_dimension(
        &self,
        shape: &Shape,
        (tile, place): (usize, usize),
        start: u64,
        columns: &Columns<T, ARRAYS>,
        act: &impl Each<T>,
    ) {
        let words_of_one = shape.words.max(1);
        let (of_one, of_group) = (words_of_one as u32, (GROUP / words_of_one) as u32);
        let offset = (start % 16) as u32;
        let split = offset % of_one;
        // The dimension whose words begin the block, or `split` words after that; in the first tile it may be below 0.
        let first = (tile as u32).wrapping_mul(GROUPS * of_group);
        let first = first.wrapping_sub((offset - split) / of_one);
        let dimension = self.extent.dimension as u32;
        if tile > 0 && first >= dimension {
            return;
        }
        let strides = &self.extent.strides;
        let (base, stride) = (strides.index(0, 0, place), strides.dimension);
        // A group that lies side by side begins where an array of groups would have one: those in the last one's place
        // that are too many go with the first, of which so many belong to the tile before.
        let moved = if stride == 1 {
            (base as u32).wrapping_add(first) % of_group
        } else {
            0
        };
        let number = self.extent.first.wrapping_add(place as u64);
        let counter = (start / 16).wrapping_add(tile as u64);
        let mut words = in_groups(self.extent.streams.block(counter, number));
        if of_one > 1 && split > 0 {
            let next = self.extent.streams.block(counter.wrapping_add(1), number);
            let ([a, b, c, d], [next, ..]) = (words, in_groups(next));
            words = [
                between(a, b, split),
                between(b, c, split),
                between(c, d, split),
                between(d, next, split),
            ];
        }
        if of_group > 1 && moved > 0 {
            let start = (of_group - moved) * of_one;
            let [a, b, c, d] = words;
            words = [
                between(d, a, start),
                between(a, b, start),
                between(b, c, start),
                between(c, d, start),
            ];
        }
        let first = first.wrapping_sub(moved);
        let rows = columns.rows(place, first, of_group);
        let Block(words) = &Block(words);
        for number in 0..GROUPS {
            let mut next = words.get(number as usize).copied().unwrap_or_default();
            let first = first.wrapping_add(number * of_group);
            let moved = if number == 0 { moved } else { 0 };
            let row = rows
                .filter(|_| moved == 0)
                .and_then(|rows| rows.row(number));
            if let Some(row) = row {
                let group = Group {
                    words: next,
                    words_of_one,
                    first: first as usize,
                    row,
                };
                // Compiled twice, so that neither has a branch for the other.
                match row.together() {
                    Some(row) => act.group(&Group { row, ..group }),
                    None => act.group(&group),
                }
                continue;
            }
            for index in 0..of_group {
                let further = if index < moved { GROUPS * of_group } else { 0 };
                let d = first.wrapping_add(index).wrapping_add(further);
                if d < dimension {
                    act.one(d as usize, &mut Few(next));
                }
                let [first, second, third, fourth] = next;
                next = match words_of_one {
                    1 => [second, third, fourth, first],
                    2 => [third, fourth, first, second],
                    _ => next,
                };
            }
        }
    }
}
