//! Why bytes are no checkpoint, and why a checkpoint is of another run.

use core::fmt;

use super::scheme::Name;
use crate::random::Stream;
use crate::real::Real;

/// Bytes that are no checkpoint of this version, or a buffer that is too short for one.
///
/// ```
/// use poisson_midpoint::checkpoint::{Checkpoint, CheckpointError};
/// let error = Checkpoint::from_bytes(b"PMIDCKPT").unwrap_err();
/// assert_eq!(error, CheckpointError::Length { found: 8, expected: 160 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum CheckpointError {
    /// The bytes do not begin as a checkpoint does.
    Magic,
    /// Another version of the format.
    Version {
        /// The version found.
        found: u16,
    },
    /// Another version of the random-stream contract: the words would be different.
    StreamVersion {
        /// The version found.
        found: u16,
    },
    /// Too few or too many bytes.
    Length {
        /// The number of bytes.
        found: usize,
        /// The number of bytes that the header implies, at least 160; `u64::MAX` if it implies more than there can be.
        expected: u64,
    },
    /// The checksum is not that of the bytes before it.
    Checksum {
        /// The checksum of the bytes.
        found: u64,
        /// The checksum that the checkpoint states.
        expected: u64,
    },
    /// The header has a number that no writer would have written: see [the format](super#format-1).
    Header {
        /// The byte where the number begins.
        offset: usize,
    },
    /// A word position is beyond 2⁶³.
    WordPosition {
        /// The particle's place.
        index: u64,
        /// The word position.
        word_position: u64,
    },
    /// A failure that no writer would have written: of an absent particle, out of order, or of an unknown kind.
    Failure {
        /// The failure's place among the failures.
        index: u64,
    },
    /// The buffer is too short to write to.
    Buffer {
        /// The buffer's length.
        found: usize,
        /// The length that is needed.
        needed: usize,
    },
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => {
                f.write_str("these bytes are no checkpoint: they do not begin with PMIDCKPT")
            }
            Self::Version { found } => write!(f, "the checkpoint is of format {found}, not 1"),
            Self::StreamVersion { found } => write!(
                f,
                "the checkpoint is of version {found} of the random-stream contract, not 1"
            ),
            Self::Length { found, expected } => {
                write!(f, "the checkpoint has {found} bytes, not {expected}")
            }
            Self::Checksum { found, expected } => write!(
                f,
                "the checkpoint is damaged: its bytes have the checksum {found:#018x}, not {expected:#018x}"
            ),
            Self::Header { offset } => {
                write!(
                    f,
                    "the checkpoint has a number out of range at byte {offset}"
                )
            }
            Self::WordPosition {
                index,
                word_position,
            } => write!(
                f,
                "word position {word_position} of particle {index} of the checkpoint is beyond 2^63"
            ),
            Self::Failure { index } => {
                write!(f, "failure {index} of the checkpoint is invalid")
            }
            Self::Buffer { found, needed } => {
                write!(
                    f,
                    "the buffer has {found} bytes, and the checkpoint {needed}"
                )
            }
        }
    }
}

impl core::error::Error for CheckpointError {}

/// Checks that all particles can be resumed, both when writing and when reading.
pub(super) fn check_word_positions(
    word_positions: impl Iterator<Item = u64>,
) -> Result<(), CheckpointError> {
    let mut numbered = (0..).zip(word_positions);
    match numbered.find(|(_, position)| *position > Stream::END) {
        None => Ok(()),
        Some((index, word_position)) => Err(CheckpointError::WordPosition {
            index,
            word_position,
        }),
    }
}

/// Why a checkpoint is not of the run that is to resume from it.
///
/// ```
/// use poisson_midpoint::checkpoint::Mismatch;
/// let mismatch = Mismatch::StepSize { found: 0.2, expected: 0.1_f32 };
/// assert_eq!(mismatch.to_string(), "the checkpoint is of step size 0.2, not 0.1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Mismatch<T> {
    /// Scalars of another size.
    Scalar {
        /// Bytes of a scalar of the checkpoint.
        found: usize,
        /// Bytes of a scalar of the run.
        expected: usize,
    },
    /// One has states of positions alone, the other states with velocities.
    Parts {
        /// Parts of a state of the checkpoint.
        found: usize,
        /// Parts of a state of the run.
        expected: usize,
    },
    /// Another dimension.
    Dimension {
        /// The checkpoint's.
        found: usize,
        /// The run's.
        expected: usize,
    },
    /// Streams of another seed.
    Seed,
    /// Another method.
    Method {
        /// The checkpoint's.
        found: Name,
        /// The run's.
        expected: Name,
    },
    /// Other dynamics.
    Dynamics {
        /// The checkpoint's.
        found: Name,
        /// The run's.
        expected: Name,
    },
    /// Another K.
    InnerSteps {
        /// The checkpoint's.
        found: u32,
        /// The run's.
        expected: u32,
    },
    /// Another step size.
    StepSize {
        /// The checkpoint's.
        found: T,
        /// The run's.
        expected: T,
    },
    /// Another parameter of the dynamics.
    Parameter {
        /// The parameter's name.
        name: &'static str,
        /// The checkpoint's.
        found: T,
        /// The run's.
        expected: T,
    },
}

impl<T: Real> fmt::Display for Mismatch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the checkpoint is of ")?;
        match self {
            Self::Scalar { found, expected } => {
                write!(f, "scalars of {found} bytes, not {expected}")
            }
            Self::Parts { found, expected } => write!(f, "states of {found} parts, not {expected}"),
            Self::Dimension { found, expected } => write!(f, "dimension {found}, not {expected}"),
            Self::Seed => f.write_str("another seed"),
            Self::Method { found, expected } => write!(f, "the method {found}, not {expected}"),
            Self::Dynamics { found, expected } => write!(f, "the dynamics {found}, not {expected}"),
            Self::InnerSteps { found, expected } => {
                write!(f, "{found} inner steps, not {expected}")
            }
            Self::StepSize { found, expected } => write!(f, "step size {found}, not {expected}"),
            Self::Parameter {
                name,
                found,
                expected,
            } => write!(f, "{name} {found}, not {expected}"),
        }
    }
}

impl<T: Real> core::error::Error for Mismatch<T> {}
