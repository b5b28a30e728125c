//! Reading a batch from bytes.

use core::fmt;
use core::ops::Range;

use super::error::{CheckpointError, Mismatch, check_word_positions};
use super::format::{
    CHECKSUM, CRC, FAILURE, HEADER, Header, MAGIC, STREAM_VERSION, VERSION, WORD_POSITION,
};
use super::scheme::{Name, Recorded, RecordedDynamics};
use crate::batch::{Particles, Status};
use crate::dynamics::{Dynamics, StateOf};
use crate::kernel::FailureRecord;
use crate::random::Streams;
use crate::real::Real;

/// The bytes of a checkpoint, all of them checked. The example is [the module's](super).
#[derive(Clone, Copy, PartialEq)]
pub struct Checkpoint<'a> {
    header: Header,
    state: &'a [u8],
    word_positions: &'a [[u8; WORD_POSITION]],
    failures: &'a [[u8; FAILURE]],
}

/// Shows the header alone.
impl fmt::Debug for Checkpoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoint")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// Shows the header alone.
#[cfg(feature = "defmt")]
impl defmt::Format for Checkpoint<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Checkpoint {{ header: {} }}", self.header);
    }
}

impl<'a> Checkpoint<'a> {
    /// Checks that bytes are a checkpoint, and nothing but one. Costs one pass over them.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, CheckpointError> {
        let found = bytes.len();
        let mut reader = Reader { rest: bytes };
        if reader.take::<8>().is_none_or(|magic| magic != MAGIC) {
            return Err(CheckpointError::Magic);
        }
        let version = |bytes: Option<[u8; 2]>| bytes.map(u16::from_le_bytes);
        match version(reader.take()) {
            Some(VERSION) | None => {}
            Some(found) => return Err(CheckpointError::Version { found }),
        }
        match version(reader.take()) {
            Some(STREAM_VERSION) | None => {}
            Some(found) => return Err(CheckpointError::StreamVersion { found }),
        }
        let length = |expected| CheckpointError::Length { found, expected };
        let least = (HEADER + CHECKSUM) as u64;
        let header = reader.header().ok_or(length(least))?;
        check_header(&header, bytes)?;
        let expected = header.length().unwrap_or(u64::MAX);
        if expected != found as u64 {
            return Err(length(expected));
        }
        let (content, checksum) = bytes.split_last_chunk().ok_or(length(least))?;
        let (found, expected) = (CRC.checksum(content), u64::from_le_bytes(*checksum));
        if found != expected {
            return Err(CheckpointError::Checksum { found, expected });
        }
        // All of these lengths fit in memory, since their sum does.
        let in_memory = |length: u64| usize::try_from(length).unwrap_or(usize::MAX);
        let body = content.get(HEADER..).unwrap_or_default();
        let state_length = in_memory(header.state_length().unwrap_or(u64::MAX));
        let (state, rest) = body.split_at_checked(state_length).unwrap_or_default();
        let positions_length = in_memory(header.count).saturating_mul(WORD_POSITION);
        let (positions, failures) = rest.split_at_checked(positions_length).unwrap_or_default();
        let checkpoint = Self {
            header,
            state,
            word_positions: positions.as_chunks().0,
            failures: failures.as_chunks().0,
        };
        checkpoint.check_particles()?;
        Ok(checkpoint)
    }

    fn check_particles(&self) -> Result<(), CheckpointError> {
        let word_positions = self.word_positions.iter();
        check_word_positions(word_positions.map(|bytes| u64::from_le_bytes(*bytes)))?;
        let mut next = 0;
        for (index, bytes) in (0..).zip(self.failures) {
            let failure = Failure::read(bytes)
                .filter(|failure| (next..self.header.count).contains(&failure.place));
            let failure = failure.ok_or(CheckpointError::Failure { index })?;
            next = failure.place + 1;
        }
        Ok(())
    }

    /// The streams of the seed.
    #[must_use]
    pub fn streams(&self) -> Streams {
        Streams::from_key(self.header.key)
    }

    /// The numbers of the particles.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        // `check_header` has made sure that this does not overflow.
        let Header { first, count, .. } = self.header;
        first..first.saturating_add(count)
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

    /// How many particles have failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.header.failed
    }

    /// Macro steps taken: a run resumes with the step of this number.
    #[must_use]
    pub fn step(&self) -> u32 {
        self.header.step
    }

    /// The dimension of the states.
    #[must_use]
    pub fn dimension(&self) -> u32 {
        self.header.dimension
    }

    /// The name of the method.
    #[must_use]
    pub fn method(&self) -> Name {
        self.header.method
    }

    /// The name of the dynamics.
    #[must_use]
    pub fn dynamics(&self) -> Name {
        self.header.dynamics
    }

    /// Restores states, word positions and statuses of those particles that are in the checkpoint, and leaves the
    /// others alone; returns how many it restored. They are then all at [`step`](Self::step): if several shards are
    /// restored to one run, see to it that their steps are the same.
    ///
    /// # Errors
    /// [`Mismatch`] if the checkpoint was written with another stepper, for other states, or under another seed; no
    /// particle has changed then.
    pub fn restore<X, S>(
        &self,
        stepper: &S,
        particles: &mut Particles<'_, X>,
    ) -> Result<usize, Mismatch<X::Real>>
    where
        S: Recorded,
        X: StateOf<S::Dynamics>,
    {
        self.check_run::<X, S>(stepper)?;
        let (streams, first) = particles.numbers();
        if streams.key() != self.header.key {
            return Err(Mismatch::Seed);
        }
        let own = self.range();
        // The place of the run's first particle in the checkpoint, and of the checkpoint's first particle in the run:
        // one of them is 0.
        let distance =
            |from: u64, to: u64| usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX);
        let (skip, start) = (distance(own.start, first), distance(first, own.start));
        let (columns, word_positions, status) = particles.arrays();
        let all = self.word_positions.len();
        let each = size_of::<X::Real>();
        for (component, column) in columns.iter_mut().enumerate() {
            let saved = self
                .state
                .chunks_exact(each)
                .skip(component * all)
                .take(all)
                .skip(skip);
            for (value, bytes) in column.iter_mut().skip(start).zip(saved) {
                *value = real(bytes);
            }
        }
        let mut restored = 0;
        let saved = self.word_positions.iter().skip(skip);
        let places = word_positions.iter_mut().zip(status.iter_mut()).skip(start);
        for ((position, status), bytes) in places.zip(saved) {
            (*position, *status) = (u64::from_le_bytes(*bytes), Status::Active);
            restored += 1;
        }
        for failure in self.failures.iter().filter_map(Failure::read) {
            let number = own.start.saturating_add(failure.place);
            let place = number
                .checked_sub(first)
                .and_then(|place| usize::try_from(place).ok());
            if let Some(status) = place.and_then(|place| status.get_mut(place)) {
                *status = failure.record.status();
            }
        }
        Ok(restored)
    }

    /// Checks that the checkpoint is of this stepper and of states like `X`.
    pub(crate) fn check_run<X, S>(&self, stepper: &S) -> Result<(), Mismatch<X::Real>>
    where
        S: Recorded,
        X: StateOf<S::Dynamics>,
    {
        let Header {
            scalar,
            parts,
            dimension,
            method,
            dynamics,
            inner_steps,
            step_size,
            parameters,
            ..
        } = self.header;
        let (found, expected) = (usize::from(scalar), size_of::<X::Real>());
        if found != expected {
            return Err(Mismatch::Scalar { found, expected });
        }
        let (found, expected) = (usize::from(parts), X::PARTS);
        if found != expected {
            return Err(Mismatch::Parts { found, expected });
        }
        let (found, expected) = (dimension as usize, X::DIMENSION);
        if found != expected {
            return Err(Mismatch::Dimension { found, expected });
        }
        let (found, expected) = (method, Name::new(stepper.name()));
        if found != expected {
            return Err(Mismatch::Method { found, expected });
        }
        let (found, expected) = (dynamics, Name::new(S::Dynamics::NAME));
        if found != expected {
            return Err(Mismatch::Dynamics { found, expected });
        }
        let of_run = stepper.dynamics();
        let (found, expected) = (inner_steps, of_run.inner_steps());
        if found != expected {
            return Err(Mismatch::InnerSteps { found, expected });
        }
        let (found, expected) = (X::Real::from_bits(step_size), of_run.step_size());
        if found.to_bits() != expected.to_bits() {
            return Err(Mismatch::StepSize { found, expected });
        }
        let numbers = parameters.into_iter().zip(of_run.parameters());
        for (name, (bits, expected)) in S::Dynamics::PARAMETER_NAMES.into_iter().zip(numbers) {
            let found = X::Real::from_bits(bits);
            if found.to_bits() != expected.to_bits() {
                return Err(Mismatch::Parameter {
                    name,
                    found,
                    expected,
                });
            }
        }
        Ok(())
    }
}

/// A scalar of 4 or 8 bytes.
fn real<T: Real>(bytes: &[u8]) -> T {
    let mut bits = [0; 8];
    for (bit, byte) in bits.iter_mut().zip(bytes) {
        *bit = *byte;
    }
    T::from_bits(u64::from_le_bytes(bits))
}

/// Checks that every number is one that a writer can have written.
fn check_header(header: &Header, bytes: &[u8]) -> Result<(), CheckpointError> {
    let zeros = |offset: usize, length: usize| {
        let zeros = bytes.get(offset..).and_then(|rest| rest.get(..length));
        zeros.is_some_and(|zeros| zeros.iter().all(|byte| *byte == 0))
    };
    // The scalars of the header are as wide as the state's.
    let narrow = |bits: u64| header.scalar == 8 || bits >> 32 == 0;
    let [a, b, c] = header.parameters.map(narrow);
    for (offset, is_right) in [
        (12, matches!(header.scalar, 4 | 8)),
        (13, matches!(header.parts, 1 | 2)),
        (14, zeros(14, 2)),
        (64, header.first.checked_add(header.count).is_some()),
        (72, header.failed <= header.count),
        (112, header.inner_steps > 0),
        (116, zeros(116, 4)),
        (120, narrow(header.step_size)),
        (128, a),
        (136, b),
        (144, c),
    ] {
        if !is_right {
            return Err(CheckpointError::Header { offset });
        }
    }
    Ok(())
}

struct Failure {
    /// The particle's place.
    place: u64,
    record: FailureRecord,
}

impl Failure {
    /// `None` if no writer would have written these bytes.
    fn read(bytes: &[u8; FAILURE]) -> Option<Self> {
        let mut reader = Reader { rest: bytes };
        let place = u64::from_le_bytes(reader.take()?);
        let mut number = || reader.take().map(u32::from_le_bytes);
        let (code, step) = (number()?, number()?);
        let (fields, zero) = ([number()?, number()?, number()?], number()?);
        let record = FailureRecord { code, step, fields };
        let status = record.status();
        let is_written = status != Status::Active && FailureRecord::of(&status) == record;
        (is_written && zero == 0).then_some(Self { place, record })
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    /// The fields of the header that follow the versions.
    fn header(&mut self) -> Option<Header> {
        let [scalar, parts, _, _] = self.take()?;
        let dimension = u32::from_le_bytes(self.take()?);
        let step = u32::from_le_bytes(self.take()?);
        let key = self.take()?;
        let mut long = || self.take().map(u64::from_le_bytes);
        let (first, count, failed) = (long()?, long()?, long()?);
        let [method, dynamics] = [self.take()?, self.take()?].map(|bytes| Name { bytes });
        let inner_steps = u32::from_le_bytes(self.take()?);
        let [_, _, _, _] = self.take()?;
        let mut long = || self.take().map(u64::from_le_bytes);
        Some(Header {
            scalar,
            parts,
            dimension,
            step,
            key,
            first,
            count,
            failed,
            method,
            dynamics,
            inner_steps,
            step_size: long()?,
            parameters: [long()?, long()?, long()?],
        })
    }
}
