//! The words of one stream per lane, row by row.

use super::LANES;
use crate::dynamics::span::Span;
use crate::random::{Streams, halves, halves_of};
use crate::real::Real;
use crate::scalar::Row;
use crate::simd::{Work, widest};

/// A source of words for every lane.
pub(super) trait RowWords {
    /// The next word of each lane.
    fn next_row(&mut self) -> [u32; LANES];
}

/// The increment of a coordinate in every lane, from the next words.
#[inline(always)]
#[allow(clippy::indexing_slicing, reason = "a cell takes one or two normals")]
pub(super) fn increment<T, P, W>(span: &P, words: &mut W) -> P::Cell
where
    T: Real,
    P: Span<Row<T, LANES>>,
    W: RowWords,
{
    // Drawn here and not within the closures, which may not be inlined.
    let mut normals = [Row([T::ZERO; LANES]); 2];
    for normal in normals.iter_mut().take(P::NORMALS) {
        let mut rows = [[0; LANES]; 2];
        for row in rows.iter_mut().take(T::WORDS_PER_NORMAL as usize) {
            *row = words.next_row();
        }
        let mut rows = rows.iter();
        normal.0 = T::normal_lanes(|| rows.next().copied().unwrap_or([0; LANES]));
    }
    let mut drawn = 0;
    span.increment(|| {
        let normal = normals[drawn % 2];
        drawn += 1;
        normal
    })
}

/// Words that all lanes read in lockstep, from the same word position on.
pub(super) struct LockstepWords {
    streams: Streams,
    particles: [[u32; LANES]; 2],
    position: u64,
    block: [[u32; LANES]; 16],
}

impl LockstepWords {
    pub(super) fn new(streams: Streams, particles: [u64; LANES], position: u64) -> Self {
        let mut words = Self {
            streams,
            particles: halves_of(particles),
            position,
            block: [[0; LANES]; 16],
        };
        if position & 15 != 0 {
            words.fill();
        }
        words
    }

    /// The number of words before the next one, the same in every lane.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    #[inline(never)]
    fn fill(&mut self) {
        let counters = halves(self.position >> 4).map(|half| [half; LANES]);
        self.block = self.streams.widest_blocks(counters, self.particles);
    }
}

impl RowWords for LockstepWords {
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "an index below 16 into 16 words")]
    fn next_row(&mut self) -> [u32; LANES] {
        let index = (self.position & 15) as usize;
        if index == 0 {
            self.fill();
        }
        self.position = self.position.wrapping_add(1);
        self.block[index]
    }
}

/// Words that each lane reads at a pace of its own.
///
/// For each lane the last blocks made are kept, at most two: block n in the rows from 16·(n mod 2) on. When a lane has
/// read all of its words, another block is made for each lane that has room.
pub(super) struct LaneWords {
    streams: Streams,
    particles: [[u32; LANES]; 2],
    /// The next block of each lane.
    counters: [[u32; LANES]; 2],
    /// The words made but not read; below 0 at the beginning, if the first block is to be read from its middle.
    left: [i32; LANES],
    /// The row of the next word, modulo 32.
    row: [u32; LANES],
    /// A lower bound on the words left in every lane.
    sure: i32,
    rows: [[u32; LANES]; 32],
}

impl LaneWords {
    #[allow(clippy::cast_possible_truncation, reason = "below 32")]
    pub(super) fn new(streams: Streams, particles: [u64; LANES], positions: [u64; LANES]) -> Self {
        Self {
            streams,
            particles: halves_of(particles),
            counters: halves_of(positions.map(|position| position >> 4)),
            left: positions.map(|position| -((position & 15) as i32)),
            row: positions.map(|position| (position & 31) as u32),
            sure: 0,
            rows: [[0; LANES]; 32],
        }
    }

    /// The number of words before the next one, in each lane.
    pub(super) fn positions(&self) -> [u64; LANES] {
        let [low, high] = &self.counters;
        let mut positions = [0; LANES];
        let lanes = low.iter().zip(high).zip(&self.left);
        for (position, ((&low, &high), &left)) in positions.iter_mut().zip(lanes) {
            let made = (u64::from(high) << 32 | u64::from(low)) << 4;
            *position = made.wrapping_sub_signed(left.into());
        }
        positions
    }

    /// Words for the lanes whose `reads` is 1. Lanes where it is 0 read nothing, and what they are given is arbitrary.
    #[inline(always)]
    pub(super) fn of<'a>(&'a mut self, reads: &'a [u32; LANES]) -> WordsOf<'a> {
        WordsOf { words: self, reads }
    }

    /// Makes sure that every lane has a word left.
    #[inline(never)]
    fn provide(&mut self) {
        let least =
            |left: &[i32; LANES]| left.iter().fold(i32::MAX, |least, &left| least.min(left));
        self.sure = least(&self.left);
        if self.sure <= 0 {
            widest(Fill(self));
            self.sure = least(&self.left);
        }
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "`lane` numbers lanes")]
    fn fill(&mut self) {
        // Local copies, which nothing can alias: otherwise the loop does not vectorise.
        let (mut counters, mut left) = (self.counters, self.left);
        let block = self.streams.blocks(counters, self.particles);
        let [mut to_even, mut to_odd] = [[0; LANES]; 2];
        let [low, high] = &mut counters;
        for lane in 0..LANES {
            let room = u32::from(left[lane] <= 16);
            to_odd[lane] = (room & low[lane]).wrapping_neg();
            to_even[lane] = (room & !low[lane]).wrapping_neg();
            left[lane] += 16 * room.cast_signed();
            low[lane] = low[lane].wrapping_add(room);
            high[lane] = high[lane].wrapping_add(room & u32::from(low[lane] == 0));
        }
        let (even, odd) = self.rows.split_at_mut(16);
        for (rows, mask) in [(even, to_even), (odd, to_odd)] {
            for (row, new) in rows.iter_mut().zip(&block) {
                // By masks: the compiler would turn a conditional into a choice between addresses.
                for ((word, &new), mask) in row.iter_mut().zip(new).zip(mask) {
                    *word ^= (*word ^ new) & mask;
                }
            }
        }
        (self.counters, self.left) = (counters, left);
    }
}

struct Fill<'a>(&'a mut LaneWords);

impl Work for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn work(self) {
        self.0.fill();
    }
}

/// Words for some lanes.
pub(super) struct WordsOf<'a> {
    words: &'a mut LaneWords,
    reads: &'a [u32; LANES],
}

impl RowWords for WordsOf<'_> {
    #[inline(always)]
    #[allow(
        clippy::indexing_slicing,
        reason = "`lane` numbers lanes, and 5 bits 32 rows"
    )]
    fn next_row(&mut self) -> [u32; LANES] {
        let words = &mut *self.words;
        if words.sure <= 0 {
            words.provide();
        }
        words.sure -= 1;
        let mut next = [0; LANES];
        for (lane, next) in next.iter_mut().enumerate() {
            *next = words.rows[(words.row[lane] & 31) as usize][lane];
        }
        for lane in 0..LANES {
            words.row[lane] = words.row[lane].wrapping_add(self.reads[lane]);
            words.left[lane] -= self.reads[lane].cast_signed();
        }
        next
    }
}
