//! Writing a batch as bytes.

use super::error::{CheckpointError, check_word_positions};
use super::format::{CRC, Header, MAGIC, STREAM_VERSION, VERSION};
use super::scheme::{Name, Recorded, RecordedDynamics};
use crate::batch::{Particles, Status};
use crate::dynamics::state::State;
use crate::dynamics::{Dynamics, StateOf};
use crate::kernel::FailureRecord;
use crate::real::Real;

/// The bytes that a checkpoint of these particles takes.
#[must_use]
pub fn byte_length<X: State>(particles: &Particles<'_, X>) -> usize {
    needed(&of_particles(particles))
}

/// Writes a checkpoint of particles that `stepper` has moved by the macro steps `0..step`; returns its length.
///
/// # Errors
/// [`CheckpointError::Buffer`] if the buffer is shorter than [`byte_length`], and [`CheckpointError::WordPosition`] if
/// a particle has read beyond [`Stream::END`](crate::random::Stream::END); the buffer is unchanged then.
pub fn write<X, S>(
    particles: &Particles<'_, X>,
    stepper: &S,
    step: u32,
    buffer: &mut [u8],
) -> Result<usize, CheckpointError>
where
    S: Recorded,
    X: StateOf<S::Dynamics>,
{
    let (columns, word_positions, status) = particles.view();
    check_word_positions(word_positions.iter().copied())?;
    let dynamics = stepper.dynamics();
    let header = Header {
        step,
        method: Name::new(stepper.name()),
        dynamics: Name::new(S::Dynamics::NAME),
        inner_steps: dynamics.inner_steps(),
        step_size: dynamics.step_size().to_bits(),
        parameters: dynamics.parameters().map(Real::to_bits),
        ..of_particles(particles)
    };
    let (found, needed) = (buffer.len(), needed(&header));
    let Some(buffer) = buffer.get_mut(..needed) else {
        return Err(CheckpointError::Buffer { found, needed });
    };
    let mut writer = Writer { buffer, written: 0 };
    writer.header(&header);
    for value in columns.iter().flat_map(|column| column.iter()) {
        let bytes = value.to_bits().to_le_bytes();
        writer.put(bytes.get(..size_of::<X::Real>()).unwrap_or_default());
    }
    for position in word_positions {
        writer.put(&position.to_le_bytes());
    }
    for (index, status) in (0_u64..).zip(status) {
        if *status != Status::Active {
            let FailureRecord { code, step, fields } = FailureRecord::of(status);
            writer.put(&index.to_le_bytes());
            let [a, b, c] = fields;
            for number in [code, step, a, b, c, 0] {
                writer.put(&number.to_le_bytes());
            }
        }
    }
    let checksum = CRC.checksum(writer.buffer.get(..writer.written).unwrap_or_default());
    writer.put(&checksum.to_le_bytes());
    Ok(needed)
}

fn needed(header: &Header) -> usize {
    let length = header
        .length()
        .and_then(|length| usize::try_from(length).ok());
    length.unwrap_or(usize::MAX)
}

/// The fields that the particles themselves determine; those of the stepper are left empty.
fn of_particles<X: State>(particles: &Particles<'_, X>) -> Header {
    let (streams, first) = particles.numbers();
    let nameless = Name::new("");
    #[allow(clippy::cast_possible_truncation, reason = "4 or 8; 1 or 2")]
    let (scalar, parts) = (size_of::<X::Real>() as u8, X::PARTS as u8);
    Header {
        scalar,
        parts,
        dimension: u32::try_from(X::DIMENSION).unwrap_or(u32::MAX),
        step: 0,
        key: streams.key(),
        first,
        count: particles.len() as u64,
        failed: particles.failed() as u64,
        method: nameless,
        dynamics: nameless,
        inner_steps: 0,
        step_size: 0,
        parameters: [0; 3],
    }
}

struct Writer<'a> {
    buffer: &'a mut [u8],
    written: usize,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) {
        let end = self.written + bytes.len();
        if let Some(place) = self.buffer.get_mut(self.written..end) {
            place.copy_from_slice(bytes);
        }
        self.written = end;
    }

    fn header(&mut self, header: &Header) {
        self.put(&MAGIC);
        self.put(&VERSION.to_le_bytes());
        self.put(&STREAM_VERSION.to_le_bytes());
        self.put(&[header.scalar, header.parts, 0, 0]);
        self.put(&header.dimension.to_le_bytes());
        self.put(&header.step.to_le_bytes());
        self.put(&header.key);
        for number in [header.first, header.count, header.failed] {
            self.put(&number.to_le_bytes());
        }
        self.put(&header.method.bytes);
        self.put(&header.dynamics.bytes);
        self.put(&header.inner_steps.to_le_bytes());
        self.put(&[0; 4]);
        self.put(&header.step_size.to_le_bytes());
        for parameter in header.parameters {
            self.put(&parameter.to_le_bytes());
        }
    }
}
