use core::marker::PhantomData;
use core::ops::Range;

use super::advance::advance;
use super::lanes::{LANES, Lanes};
use super::{BatchError, Status};
use crate::random::{Stream, Streams};
use crate::scheme::{Process, Scheme};
use crate::{Drift, Real, State, Stepper};

/// A batch of particles in the caller's memory.
///
/// The slices are the whole state of the batch: kept, they are a checkpoint, from which a run
/// resumes to the bit.
///
/// ```
/// use nalgebra::SVector;
/// use poisson_midpoint::batch::{Cpu, Particles, Status};
/// use poisson_midpoint::random::Streams;
/// use poisson_midpoint::scheme::Overdamped;
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint};
///
/// const N: usize = 1000;
/// let (mut x, mut positions) = ([0.0_f32; 2 * N], [0; N]);
/// let mut status = [Status::Active; N];
/// let mut particles: Particles<f32, SVector<f32, 2>, 2> =
///     Particles::new(Streams::new(42), 0, &mut x, &mut positions, &mut status)?;
///
/// let stepper = PoissonMidpoint::new(Overdamped::new(0.1, 100)?, MidpointLaw::Single);
/// let run = Cpu.run(&stepper, &mut particles, &|_t, x: &SVector<f32, 2>| -x, 0..50);
/// assert_eq!((run.drift_calls, run.failed), (100_000, 0));
/// let variance = x.iter().map(|x| x * x).sum::<f32>() / (2 * N) as f32;
/// assert!((variance - 1.0).abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Particles<'a, T, X, const D: usize> {
    streams: Streams,
    first: u64,
    /// Part by part; the second part is empty slices for a state of one part.
    components: [[&'a mut [T]; D]; 2],
    positions: &'a mut [u64],
    status: &'a mut [Status],
    state: PhantomData<X>,
}

impl<'a, T: Real, X: State<T, D>, const D: usize> Particles<'a, T, X, D> {
    /// Particles numbered from `first` on; as many as there are word positions, 0 for a fresh
    /// particle.
    ///
    /// # Errors
    /// [`BatchError`] if the lengths do not agree, a position is beyond [`Stream::END`], or the
    /// numbers exceed 64 bits.
    pub fn new(
        streams: Streams,
        first: u64,
        state: &'a mut [T],
        positions: &'a mut [u64],
        status: &'a mut [Status],
    ) -> Result<Self, BatchError> {
        let count = positions.len();
        let expected = X::PARTS * D * count;
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
        let past_end = positions
            .iter()
            .enumerate()
            .find(|(_, p)| **p > Stream::END);
        if let Some((index, &position)) = past_end {
            return Err(BatchError::PastEnd { index, position });
        }
        if first.checked_add(count as u64).is_none() {
            return Err(BatchError::ParticleNumber { first });
        }
        let mut columns = state.chunks_exact_mut(count.max(1));
        let mut part = || core::array::from_fn(|_| columns.next().unwrap_or_default());
        Ok(Self {
            streams,
            first,
            components: [part(), part()],
            positions,
            status,
            state: PhantomData,
        })
    }

    /// The number of particles.
    #[must_use]
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// The streams, and the number of the first particle.
    #[cfg(feature = "cust")]
    pub(crate) fn numbers(&self) -> (Streams, u64) {
        (self.streams, self.first)
    }

    /// The components' columns, part by part; the word positions; the statuses.
    #[cfg(feature = "cust")]
    pub(crate) fn arrays(
        &mut self,
    ) -> (
        impl Iterator<Item = &mut [T]> + use<'_, 'a, T, X, D>,
        &mut [u64],
        &mut [Status],
    ) {
        let columns = self.components.iter_mut().take(X::PARTS).flatten();
        (
            columns.map(|column| &mut **column),
            self.positions,
            self.status,
        )
    }

    /// How many particles are not active.
    pub(crate) fn failed(&self) -> usize {
        let active = self.status.iter().filter(|s| **s == Status::Active);
        self.status.len() - active.count()
    }

    /// The particles before `middle` and the others, to be stepped apart; all before if there are
    /// fewer.
    #[must_use]
    pub fn split_at(self, middle: usize) -> (Self, Self) {
        let middle = middle.min(self.len());
        let [one, two] = self.components;
        let (one, one_after) = split_columns(one, middle);
        let (two, two_after) = split_columns(two, middle);
        let (positions, positions_after) = self.positions.split_at_mut(middle);
        let (status, status_after) = self.status.split_at_mut(middle);
        let half = |first, components, positions, status| Self {
            streams: self.streams,
            first,
            components,
            positions,
            status,
            state: PhantomData,
        };
        let first_after = self.first + middle as u64;
        (
            half(self.first, [one, two], positions, status),
            half(
                first_after,
                [one_after, two_after],
                positions_after,
                status_after,
            ),
        )
    }

    #[cfg(any(feature = "rayon", feature = "cust"))]
    pub(crate) fn reborrow(&mut self) -> Particles<'_, T, X, D> {
        Particles {
            streams: self.streams,
            first: self.first,
            components: self
                .components
                .each_mut()
                .map(|part| part.each_mut().map(|c| &mut **c)),
            positions: self.positions,
            status: self.status,
            state: PhantomData,
        }
    }

    #[inline]
    #[allow(
        clippy::indexing_slicing,
        reason = "part < 2, d < D, and every index is below len"
    )]
    fn load(&self, index: usize) -> X {
        X::from_fn(|part, d| self.components[part][d][index])
    }

    #[inline]
    #[allow(
        clippy::indexing_slicing,
        reason = "part < 2, d < D, and every index is below len"
    )]
    fn store(&mut self, index: usize, state: &X) {
        state.for_each(|part, d, value| self.components[part][d][index] = value);
    }

    /// Steps the particle at `index` on its own; returns its drift evaluations.
    #[allow(clippy::indexing_slicing, reason = "every index is below len")]
    pub(super) fn run_one<S, F>(
        &mut self,
        stepper: &S,
        index: usize,
        drift: &mut F,
        steps: Range<u32>,
    ) -> u64
    where
        S: Stepper<D, Scheme: Process<D, State = X> + Scheme<Real = T>>,
        F: Drift<T, D>,
    {
        if self.status[index] != Status::Active {
            return 0;
        }
        let mut state = self.load(index);
        let mut stream = self.streams.particle(self.first + index as u64);
        stream.move_to(self.positions[index]);
        let advance = advance(stepper, &mut state, &mut stream, drift, steps);
        self.store(index, &state);
        self.positions[index] = advance.position;
        self.status[index] = advance.status;
        advance.drift_calls
    }

    /// Steps the [`LANES`] particles from `start` on together, if they stand at the same word
    /// and the stepper can; returns their drift evaluations. Nothing has changed otherwise.
    #[allow(clippy::indexing_slicing, reason = "every index is below len")]
    pub(super) fn run_together<S, F>(
        &mut self,
        stepper: &S,
        start: usize,
        drift: &mut F,
        steps: Range<u32>,
    ) -> Option<u64>
    where
        S: Stepper<D, Scheme: Process<D, State = X> + Scheme<Real = T>>,
        F: Drift<T, D>,
    {
        let range = start..start + LANES;
        let position = *self.positions.get(start)?;
        let together = self
            .positions
            .get(range.clone())?
            .iter()
            .all(|p| *p == position)
            && self
                .status
                .get(range.clone())?
                .iter()
                .all(|s| *s == Status::Active);
        if !together {
            return None;
        }
        let mut lanes = Lanes {
            streams: self.streams,
            particles: core::array::from_fn(|l| self.first + (start + l) as u64),
            position,
            states: core::array::from_fn(|l| self.load(start + l)),
        };
        let calls = stepper.run_lanes(&mut lanes, drift, steps)?;
        for (index, state) in range.zip(&lanes.states) {
            self.store(index, state);
            self.positions[index] = lanes.position;
        }
        Some(calls)
    }
}

fn split_columns<T, const D: usize>(
    columns: [&mut [T]; D],
    middle: usize,
) -> ([&mut [T]; D], [&mut [T]; D]) {
    let mut after = core::array::from_fn(|_| Default::default());
    let mut rests = after.iter_mut();
    let before = columns.map(|column| {
        let (before, rest) = column.split_at_mut(middle.min(column.len()));
        if let Some(after) = rests.next() {
            *after = rest;
        }
        before
    });
    (before, after)
}

/// Which particles they are, not their states.
#[cfg(feature = "defmt")]
impl<T, X, const D: usize> defmt::Format for Particles<'_, T, X, D> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let (streams, first, count) = (&self.streams, self.first, self.positions.len());
        defmt::write!(
            f,
            "Particles {{ streams: {}, first: {}, count: {} }}",
            streams,
            first,
            count
        );
    }
}
