//! Coordinates in slices of the caller's, whose dimension is known only at run time.

use core::fmt;
use core::marker::PhantomData;

use super::{Coordinate, Memory};
use crate::dynamics::cell::Cell;
use crate::error::StepError;
use crate::real::Real;

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
        /// Its length.
        length: usize,
        /// What the length must be a positive multiple of.
        parts: usize,
    },
    /// The work slice is too short.
    Work {
        /// Its length.
        length: usize,
        /// The least that would do.
        needed: usize,
    },
    /// A drift has not as many components as the process has dimensions.
    Drift {
        /// Its length.
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

/// Coordinate d of a state in `dimension` dimensions: all positions lie before all velocities.
#[inline]
pub(crate) fn cell<T: Real, C: Cell<T>>(state: &[T], dimension: usize, d: usize) -> C {
    C::from_fn(|part| {
        let value = state.get(part * dimension + d);
        value.copied().unwrap_or_default()
    })
}

/// Writes coordinate d of a state.
#[inline]
pub(crate) fn set_cell<T: Real, C: Cell<T>>(state: &mut [T], dimension: usize, d: usize, cell: C) {
    for (part, &value) in cell.parts().iter().enumerate() {
        if let Some(place) = state.get_mut(part * dimension + d) {
            *place = value;
        }
    }
}

/// The memory of a macro step on slices: the state, and a work slice with the midpoint X̂ followed by a record of
/// b₀, W and the corrections for each dimension.
#[derive(Debug)]
pub(crate) struct Slices<'a, T, C> {
    pub(crate) state: &'a mut [T],
    pub(crate) estimate: &'a mut [T],
    records: &'a mut [T],
    cells: PhantomData<C>,
}

impl<'a, T: Real, C: Cell<T>> Slices<'a, T, C> {
    /// Scalars in a record.
    const RECORD: usize = 1 + 2 * C::PARTS;
    /// Where W and the corrections begin in it.
    const NOISE: usize = 1;
    const CORRECTION: usize = 1 + C::PARTS;

    /// Scalars of work for a state of so many dimensions.
    pub(crate) fn work_length(dimension: usize) -> usize {
        dimension.saturating_mul(2 + Self::RECORD)
    }

    /// The memory, with what its slices hold, and the place for a drift that the work slice begins with.
    pub(crate) fn new(
        state: &'a mut [T],
        work: &'a mut [T],
    ) -> Result<(Self, &'a mut [T]), SliceError> {
        let dimension = dimension::<T, C>(state)?;
        let work = take(work, Self::work_length(dimension))?;
        let (drift, work) = work.split_at_mut_checked(dimension).unwrap_or_default();
        let (estimate, records) = work.split_at_mut_checked(dimension).unwrap_or_default();
        let memory = Self {
            state,
            estimate,
            records,
            cells: PhantomData,
        };
        Ok((memory, drift))
    }

    /// Where the drift of the start is asked for.
    pub(crate) fn position(&self) -> &[T] {
        self.state.get(..self.estimate.len()).unwrap_or_default()
    }

    /// Writes b₀.
    pub(crate) fn set_b0(&mut self, b0: &[T]) -> Result<(), SliceError> {
        check_drift_length(b0.len(), self.estimate.len())?;
        for (record, &b0) in self.records.chunks_exact_mut(Self::RECORD).zip(b0) {
            if let Some(place) = record.first_mut() {
                *place = b0;
            }
        }
        Ok(())
    }

    /// Moves the state to the result.
    pub(crate) fn commit(self) {
        let dimension = self.estimate.len();
        for d in 0..dimension {
            let result = self.result(d);
            set_cell(self.state, dimension, d, result);
        }
    }

    fn get(&self, d: usize, from: usize) -> C {
        cell(self.record(d).get(from..).unwrap_or_default(), 1, 0)
    }

    fn set(&mut self, d: usize, from: usize, value: C) {
        if let Some(record) = self.records.get_mut(d * Self::RECORD + from..) {
            set_cell(record, 1, 0, value);
        }
    }

    fn record(&self, d: usize) -> &[T] {
        let records = self.records.get(d * Self::RECORD..);
        let record = records.and_then(|records| records.get(..Self::RECORD));
        record.unwrap_or_default()
    }
}

impl<T: Real, C: Cell<T>> Memory for Slices<'_, T, C> {
    type Scalar = T;
    type Cell = C;

    fn dimension(&self) -> usize {
        self.estimate.len()
    }
    fn coordinate(&self, d: usize) -> Coordinate<T, C> {
        Coordinate {
            start: cell(self.state, self.estimate.len(), d),
            b0: self.record(d).first().copied().unwrap_or_default(),
            noise: self.get(d, Self::NOISE),
            correction: self.get(d, Self::CORRECTION),
        }
    }
    fn set_noise(&mut self, d: usize, noise: C) {
        self.set(d, Self::NOISE, noise);
    }
    fn set_correction(&mut self, d: usize, correction: C) {
        self.set(d, Self::CORRECTION, correction);
    }
    fn set_estimate(&mut self, d: usize, position: T) {
        if let Some(place) = self.estimate.get_mut(d) {
            *place = position;
        }
    }
    fn set_result(&mut self, d: usize, result: C) {
        self.set_noise(d, result);
    }
    fn result(&self, d: usize) -> C {
        self.get(d, Self::NOISE)
    }
}
