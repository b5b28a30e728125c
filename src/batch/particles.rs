use core::fmt;
use core::ops::Range;

use super::advance::advance;
use super::lanes::{Choice, FEWEST, LANES, LaneDrift, Lanes, Rows, Together, count};
use super::{BatchError, Status, check_numbers};
use crate::dynamics::StateOf;
use crate::dynamics::segment::ONE_BY_ONE;
use crate::dynamics::state::State;
use crate::method::Stepper;
use crate::random::{Stream, Streams};
use crate::real::Real;
use crate::scalar::Row;
use crate::simd::widest;

/// A batch of particles in the caller's memory.
///
/// The slices are the whole state of the batch: kept, they are a checkpoint, from which a run
/// resumes to the bit.
///
/// ```
/// use nalgebra::SVector;
/// use poisson_midpoint::batch::{Cpu, Particles, Status};
/// use poisson_midpoint::dynamics::Overdamped;
/// use poisson_midpoint::random::Streams;
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint};
///
/// const N: usize = 1000;
/// let (mut x, mut word_positions) = ([0.0_f32; 2 * N], [0; N]);
/// let mut status = [Status::Active; N];
/// let mut particles: Particles<SVector<f32, 2>> =
///     Particles::new(Streams::new(42), 0, &mut x, &mut word_positions, &mut status)?;
///
/// let stepper = PoissonMidpoint::new(Overdamped::new(0.1, 100)?, MidpointLaw::Single);
/// let run = Cpu.run(&stepper, &mut particles, |_t, x| -x, 0..50);
/// assert_eq!((run.drift_calls, run.failed), (100_000, 0));
/// let variance = x.iter().map(|x| x * x).sum::<f32>() / (2 * N) as f32;
/// assert!((variance - 1.0).abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Particles<'a, X: State> {
    streams: Streams,
    first: u64,
    /// A column for each component, part by part.
    columns: X::Each<&'a mut [X::Real]>,
    word_positions: &'a mut [u64],
    status: &'a mut [Status],
}

/// Shows which particles these are, not their states.
impl<X: State> fmt::Debug for Particles<'_, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Particles")
            .field("streams", &self.streams)
            .field("first", &self.first)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// The columns of all components, the word positions and the statuses.
#[cfg(any(feature = "cust", feature = "checkpoint"))]
type Arrays<'p, 'a, T> = (&'p mut [&'a mut [T]], &'p mut [u64], &'p mut [Status]);

/// [`Arrays`], read-only.
#[cfg(feature = "checkpoint")]
type View<'p, 'a, T> = (&'p [&'a mut [T]], &'p [u64], &'p [Status]);

impl<'a, X: State> Particles<'a, X> {
    /// Particles numbered from `first` on, as many as there are word positions; the position of a fresh
    /// particle is 0.
    ///
    /// # Errors
    /// [`BatchError`] if the lengths do not agree, a position is beyond [`Stream::END`], or the
    /// numbers exceed 64 bits.
    pub fn new(
        streams: Streams,
        first: u64,
        state: &'a mut [X::Real],
        word_positions: &'a mut [u64],
        status: &'a mut [Status],
    ) -> Result<Self, BatchError> {
        let count = word_positions.len();
        let expected = X::PARTS * X::DIMENSION * count;
        if state.len() != expected {
            let found = state.len();
            return Err(BatchError::StateLength { expected, found });
        }
        if status.len() != count {
            return Err(BatchError::StatusLength {
                expected: count,
                found: status.len(),
            });
        }
        let past_end = word_positions
            .iter()
            .enumerate()
            .find(|(_, p)| **p > Stream::END);
        if let Some((index, &word_position)) = past_end {
            return Err(BatchError::PastEnd {
                index,
                word_position,
            });
        }
        check_numbers(first, count)?;
        Ok(Self::from_parts(
            streams,
            first,
            state,
            word_positions,
            status,
        ))
    }

    /// [`new`](Self::new) without its checks, for arguments that are known to fit.
    pub(super) fn from_parts(
        streams: Streams,
        first: u64,
        state: &'a mut [X::Real],
        word_positions: &'a mut [u64],
        status: &'a mut [Status],
    ) -> Self {
        let mut columns = state.chunks_exact_mut(word_positions.len().max(1));
        Self {
            streams,
            first,
            columns: X::each(|_| columns.next().unwrap_or_default()),
            word_positions,
            status,
        }
    }

    /// The number of particles.
    #[must_use]
    pub fn len(&self) -> usize {
        self.word_positions.len()
    }

    /// Whether there are no particles.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.word_positions.is_empty()
    }

    /// The streams, and the number of the first particle.
    #[cfg(any(feature = "cust", feature = "checkpoint"))]
    pub(crate) fn numbers(&self) -> (Streams, u64) {
        (self.streams, self.first)
    }

    /// The components' columns, part by part; the word positions; the statuses.
    #[cfg(any(feature = "cust", feature = "checkpoint"))]
    pub(crate) fn arrays(&mut self) -> Arrays<'_, 'a, X::Real> {
        (self.columns.as_mut(), self.word_positions, self.status)
    }

    /// The same, read-only.
    #[cfg(feature = "checkpoint")]
    pub(crate) fn view(&self) -> View<'_, 'a, X::Real> {
        (self.columns.as_ref(), self.word_positions, self.status)
    }

    /// How many particles are not active.
    pub(crate) fn failed(&self) -> usize {
        let active = self.status.iter().filter(|s| **s == Status::Active);
        self.status.len() - active.count()
    }

    /// The particles before `middle` and the others, to be stepped separately; if there are fewer than
    /// `middle`, the second part is empty.
    #[must_use]
    pub fn split_at(self, middle: usize) -> (Self, Self) {
        let middle = middle.min(self.len());
        let mut before = self.columns;
        let mut columns = before.as_mut().iter_mut();
        let after = X::each(|_| {
            let Some(column) = columns.next() else {
                return Default::default();
            };
            let whole = core::mem::take(column);
            let (one, other) = whole.split_at_mut(middle.min(whole.len()));
            *column = one;
            other
        });
        let (positions, positions_after) = self.word_positions.split_at_mut(middle);
        let (status, status_after) = self.status.split_at_mut(middle);
        let half = |first, columns, word_positions, status| Self {
            streams: self.streams,
            first,
            columns,
            word_positions,
            status,
        };
        (
            half(self.first, before, positions, status),
            half(
                self.first + middle as u64,
                after,
                positions_after,
                status_after,
            ),
        )
    }

    #[cfg(any(feature = "rayon", feature = "cust"))]
    pub(crate) fn reborrow(&mut self) -> Particles<'_, X> {
        let mut columns = self.columns.as_mut().iter_mut();
        Particles {
            streams: self.streams,
            first: self.first,
            columns: X::each(|_| columns.next().map(|c| &mut **c).unwrap_or_default()),
            word_positions: self.word_positions,
            status: self.status,
        }
    }

    #[inline]
    fn load(&self, index: usize) -> X {
        let columns = self.columns.as_ref();
        X::from_fn(|part, d| {
            let column = columns.get(part * X::DIMENSION + d);
            let component = column.and_then(|column| column.get(index));
            component.copied().unwrap_or(X::Real::ZERO)
        })
    }

    #[inline]
    fn store(&mut self, index: usize, state: &X) {
        let columns = self.columns.as_mut();
        state.for_each(|part, d, value| {
            let column = columns.get_mut(part * X::DIMENSION + d);
            if let Some(component) = column.and_then(|column| column.get_mut(index)) {
                *component = value;
            }
        });
    }

    /// Steps the particle at `index` on its own; returns its drift evaluations.
    pub(crate) fn run_one<S, F>(
        &mut self,
        stepper: &S,
        index: usize,
        drift: &mut F,
        steps: Range<u32>,
    ) -> u64
    where
        S: Stepper,
        X: StateOf<S::Dynamics>,
        F: FnMut(X::Real, &X::Position) -> X::Position,
    {
        if self.status.get(index) != Some(&Status::Active) {
            return 0;
        }
        let mut state = self.load(index);
        let word_position = self.word_positions.get_mut(index);
        let Some((word_position, status)) = word_position.zip(self.status.get_mut(index)) else {
            return 0;
        };
        let mut stream = self.streams.particle(self.first + index as u64);
        stream.move_to(*word_position);
        let advance = advance(stepper, &mut state, &mut stream, drift, steps);
        *word_position = advance.word_position;
        *status = advance.status;
        self.store(index, &state);
        advance.drift_calls
    }

    /// Steps together the active ones of the [`LANES`] particles from `start` on, if there are enough and the
    /// stepper can; returns their drift evaluations. On `None` nothing has changed.
    pub(super) fn run_together<S, F>(
        &mut self,
        stepper: &S,
        start: usize,
        drift: &mut F,
        steps: Range<u32>,
    ) -> Option<u64>
    where
        S: Stepper,
        X: StateOf<S::Dynamics>,
        F: LaneDrift<X::Position>,
    {
        /// Bytes of a state in every lane. A step keeps some sixteen times as much, for which a thread's stack has room;
        /// that of WebAssembly has less.
        const MOST_BYTES: usize = 1 << if cfg!(target_family = "wasm") { 14 } else { 16 };

        // No microcontroller has vector units, or flash to spare for the code that would fill them.
        if ONE_BY_ONE || cfg!(target_os = "none") || size_of::<Rows<X>>() > MOST_BYTES {
            return None;
        }
        let mut occupied = [0; LANES];
        for (occupied, status) in occupied.iter_mut().zip(self.status.get(start..)?) {
            *occupied = u32::from(*status == Status::Active);
        }
        if count(&occupied) < FEWEST {
            return None;
        }
        // Lanes without a particle take the word position of the first lane that has one.
        let own = self.word_positions.get(start..)?;
        let (_, first) = occupied.iter().zip(own).find(|&(&lane, _)| lane == 1)?;
        let mut word_positions = [*first; LANES];
        copy_where(&occupied, own, &mut word_positions);
        let columns = self.columns.as_ref();
        let mut lanes = Lanes::<X> {
            streams: self.streams,
            occupied,
            particles: core::array::from_fn(|l| self.first.wrapping_add((start + l) as u64)),
            word_positions,
            rows: X::each(|component| {
                let mut row = Row([X::Real::ZERO; LANES]);
                let column = columns
                    .get(component)
                    .and_then(|column| column.get(start..));
                copy_where(&occupied, column.unwrap_or_default(), &mut row.0);
                row
            }),
        };
        let calls = widest(Together {
            stepper,
            lanes: &mut lanes,
            drift,
            steps,
        })?;
        let rows = AsRef::<[Row<X::Real, LANES>]>::as_ref(&lanes.rows);
        for (column, row) in self.columns.as_mut().iter_mut().zip(rows) {
            let column = column.get_mut(start..).unwrap_or_default();
            copy_where(&occupied, &row.0, column);
        }
        let word_positions = self.word_positions.get_mut(start..).unwrap_or_default();
        copy_where(&occupied, &lanes.word_positions, word_positions);
        Some(calls)
    }
}

/// Copies the items of the chosen lanes.
fn copy_where<T: Copy>(chosen: &Choice, from: &[T], to: &mut [T]) {
    for ((&chosen, from), to) in chosen.iter().zip(from).zip(to) {
        if chosen == 1 {
            *to = *from;
        }
    }
}

/// Shows which particles these are, not their states.
#[cfg(feature = "defmt")]
impl<X: State> defmt::Format for Particles<'_, X> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let (streams, first, count) = (&self.streams, self.first, self.len());
        defmt::write!(
            f,
            "Particles {{ streams: {}, first: {}, count: {} }}",
            streams,
            first,
            count
        );
    }
}
