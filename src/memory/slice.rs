//! Coordinates in slices of the caller's, whose dimension is known only at run time.

use core::fmt;
use core::marker::PhantomData;

use super::{Coordinate, Memory};
use crate::dynamics::cell::Cell;
use crate::dynamics::segment::MANY;
use crate::error::StepError;
use crate::real::Real;
use crate::simd::{Work, widest};

/// Why a step on slices failed. The state is as it was before the step.
///
/// ```
/// use poisson_midpoint::slices::SliceError;
/// let error = SliceError::Work { length: 9, needed: 10 };
/// assert_eq!(error.to_string(), "the work slice has length 9, not the 10 needed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SliceError {
    /// The step itself failed.
    Step(StepError),
    /// A state is empty or, where it has a velocity for each position, of odd length.
    State {
        /// The length found.
        length: usize,
        /// What the length must be a positive multiple of.
        parts: usize,
    },
    /// The work slice is too short.
    Work {
        /// The length found.
        length: usize,
        /// The least length that would do.
        needed: usize,
    },
    /// A drift does not have as many components as the process has dimensions.
    Drift {
        /// The length found.
        length: usize,
        /// The number of dimensions.
        dimension: usize,
    },
}

impl From<StepError> for SliceError {
    fn from(error: StepError) -> Self {
        Self::Step(error)
    }
}

impl fmt::Display for SliceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(error) => error.fmt(f),
            Self::State { length, parts } => write!(
                f,
                "the state has length {length}, not a positive multiple of {parts}"
            ),
            Self::Work { length, needed } => write!(
                f,
                "the work slice has length {length}, not the {needed} needed"
            ),
            Self::Drift { length, dimension } => {
                write!(f, "the drift has length {length}, not {dimension}")
            }
        }
    }
}

impl core::error::Error for SliceError {}

/// The number of dimensions of a state, if its length is right.
pub(crate) fn dimension<T: Real, C: Cell<T>>(state: &[T]) -> Result<usize, SliceError> {
    let (length, parts) = (state.len(), C::PARTS);
    if length > 0 && length.is_multiple_of(parts) {
        Ok(length / parts)
    } else {
        Err(SliceError::State { length, parts })
    }
}

/// Whether a drift has as many components as there are dimensions.
pub(crate) fn check_drift_length(length: usize, dimension: usize) -> Result<(), SliceError> {
    if length == dimension {
        Ok(())
    } else {
        Err(SliceError::Drift { length, dimension })
    }
}

/// The first `needed` scalars of a work slice.
pub(crate) fn take<T>(work: &mut [T], needed: usize) -> Result<&mut [T], SliceError> {
    let length = work.len();
    work.get_mut(..needed)
        .ok_or(SliceError::Work { length, needed })
}

/// Work on a block of `L` coordinates of a slice: the compiler vectorises a loop whose length it knows.
pub(crate) trait BlockWork {
    /// Does the work on the coordinates from `at` on.
    fn block<const L: usize>(&mut self, at: usize);
}

/// Does the work on all coordinates, one block after another. On 32-bit targets, mostly microcontrollers, a block is
/// one coordinate.
#[inline]
pub(crate) fn in_blocks(dimension: usize, work: &mut impl BlockWork) {
    const FEW: usize = 16;

    let mut at = 0;
    if cfg!(target_pointer_width = "64") {
        while dimension - at >= MANY {
            widest(InBlock::<_, MANY>(work, at));
            at += MANY;
        }
        while dimension - at >= FEW {
            widest(InBlock::<_, FEW>(work, at));
            at += FEW;
        }
    }
    while at < dimension {
        work.block::<1>(at);
        at += 1;
    }
}

/// The work on a block, in vectors.
struct InBlock<'w, B, const L: usize>(&'w mut B, usize);

impl<B: BlockWork, const L: usize> Work for InBlock<'_, B, L> {
    type Output = ();

    #[inline(always)]
    fn work(self) {
        self.0.block::<L>(self.1);
    }
}

/// `L` components of a slice, from `at`.
#[inline]
pub(crate) fn block_of<T, const L: usize>(slice: &[T], at: usize) -> Option<&[T; L]> {
    slice.get(at..)?.first_chunk()
}

/// [`block_of`], mutable.
#[inline]
pub(crate) fn block_of_mut<T, const L: usize>(slice: &mut [T], at: usize) -> Option<&mut [T; L]> {
    slice.get_mut(at..)?.first_chunk_mut()
}

/// A block of the cells of a slice in which all positions lie before all velocities.
pub(crate) struct Cells<'a, T, C, const L: usize> {
    positions: &'a mut [T; L],
    velocities: Option<&'a mut [T; L]>,
    cell: PhantomData<C>,
}

impl<'a, T: Real, C: Cell<T>, const L: usize> Cells<'a, T, C, L> {
    /// The cells of the coordinates from `at` on, in a slice of `dimension` coordinates.
    #[inline]
    pub(crate) fn new(slice: &'a mut [T], dimension: usize, at: usize) -> Option<Self> {
        const { assert!(C::PARTS == 1 || C::PARTS == 2, "with a velocity or without") };
        let (positions, velocities) = if C::PARTS == 1 {
            (slice, None)
        } else {
            let (positions, velocities) = slice.split_at_mut_checked(dimension)?;
            (positions, Some(block_of_mut(velocities, at)?))
        };
        Some(Self {
            positions: block_of_mut(positions, at)?,
            velocities,
            cell: PhantomData,
        })
    }

    /// Cell d of the block.
    #[inline(always)]
    pub(crate) fn get(&self, d: usize) -> C {
        C::from_fn(|part| {
            let values = match part {
                0 => Some(&*self.positions),
                _ => self.velocities.as_deref(),
            };
            let value = values.and_then(|values| values.get(d));
            value.copied().unwrap_or_default()
        })
    }

    /// Writes cell d of the block.
    #[inline(always)]
    pub(crate) fn set(&mut self, d: usize, cell: C) {
        for (part, &value) in cell.parts().iter().enumerate() {
            let values = match part {
                0 => Some(&mut *self.positions),
                _ => self.velocities.as_deref_mut(),
            };
            if let Some(place) = values.and_then(|values| values.get_mut(d)) {
                *place = value;
            }
        }
    }
}

/// The memory of a macro step on slices: the state, and a work slice with the estimate X̂, b₀, W and the corrections.
#[derive(Debug)]
pub(crate) struct Slices<'a, T, C> {
    pub(crate) state: &'a mut [T],
    pub(crate) estimate: &'a mut [T],
    /// b₀; W, later the result; the corrections. All in one slice, to save stack on a microcontroller.
    kept: &'a mut [T],
    cells: PhantomData<C>,
}

impl<'a, T: Real, C: Cell<T>> Slices<'a, T, C> {
    /// Scalars of work for a state of so many dimensions: a drift, X̂, b₀, W and the corrections.
    pub(crate) fn work_length(dimension: usize) -> usize {
        dimension.saturating_mul(3 + 2 * C::PARTS)
    }

    /// The memory, with the contents of its slices as they are, and the place for a drift, where the work slice begins.
    pub(crate) fn new(
        state: &'a mut [T],
        work: &'a mut [T],
    ) -> Result<(Self, &'a mut [T]), SliceError> {
        let dimension = dimension::<T, C>(state)?;
        let work = take(work, Self::work_length(dimension))?;
        let (drift, work) = work.split_at_mut_checked(dimension).unwrap_or_default();
        let (estimate, kept) = work.split_at_mut_checked(dimension).unwrap_or_default();
        let memory = Self {
            state,
            estimate,
            kept,
            cells: PhantomData,
        };
        Ok((memory, drift))
    }

    pub(crate) fn dimension(&self) -> usize {
        self.estimate.len()
    }

    /// The position of the start, and the place for the drift there, b₀.
    pub(crate) fn start(&mut self) -> (&[T], &mut [T]) {
        let dimension = self.dimension();
        let position = self.state.get(..dimension).unwrap_or_default();
        let b0 = self.kept.get_mut(..dimension).unwrap_or_default();
        (position, b0)
    }

    /// The memory of the coordinates from `at`.
    #[inline]
    pub(crate) fn block<const L: usize>(&mut self, at: usize) -> Option<Block<'_, T, C, L>> {
        let dimension = self.dimension();
        let (b0, sums) = self.kept.split_at_mut_checked(dimension)?;
        let (noise, correction) = sums.split_at_mut_checked(self.state.len())?;
        Some(Block {
            start: Cells::new(self.state, dimension, at)?,
            estimate: block_of_mut(self.estimate, at)?,
            b0: block_of(b0, at)?,
            noise: Cells::new(noise, dimension, at)?,
            correction: Cells::new(correction, dimension, at)?,
        })
    }

    /// Moves the state to the result.
    pub(crate) fn commit(self) {
        let moved = self.kept.get(self.estimate.len()..).unwrap_or_default();
        for (place, &moved) in self.state.iter_mut().zip(moved) {
            *place = moved;
        }
    }
}

/// The memory of a block of coordinates of [`Slices`].
pub(crate) struct Block<'a, T, C, const L: usize> {
    start: Cells<'a, T, C, L>,
    estimate: &'a mut [T; L],
    b0: &'a [T; L],
    noise: Cells<'a, T, C, L>,
    correction: Cells<'a, T, C, L>,
}

impl<T: Real, C: Cell<T>, const L: usize> Memory for Block<'_, T, C, L> {
    type Scalar = T;
    type Cell = C;

    #[inline(always)]
    fn dimension(&self) -> usize {
        L
    }
    #[inline(always)]
    fn coordinate(&self, d: usize) -> Coordinate<T, C> {
        Coordinate {
            start: self.start.get(d),
            b0: self.b0.get(d).copied().unwrap_or_default(),
            noise: self.noise.get(d),
            correction: self.correction.get(d),
        }
    }
    #[inline(always)]
    fn set_noise(&mut self, d: usize, noise: C) {
        self.noise.set(d, noise);
    }
    #[inline(always)]
    fn set_correction(&mut self, d: usize, correction: C) {
        self.correction.set(d, correction);
    }
    #[inline(always)]
    fn set_estimate(&mut self, d: usize, position: T) {
        if let Some(place) = self.estimate.get_mut(d) {
            *place = position;
        }
    }
    #[inline(always)]
    fn set_result(&mut self, d: usize, result: C) {
        self.noise.set(d, result);
    }
}
