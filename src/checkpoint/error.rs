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
    /// They do not begin as a checkpoint does.
    Magic,
    /// Another version of the format.
    Version {
        /// Which.
        found: u16,
    },
    /// Another version of the random-stream contract: the words would be others.
    StreamVersion {
        /// Which.
        found: u16,
    },
    /// Too few or too many bytes.
    Length {
        /// How many there are.
        found: usize,
        /// How many the header asks for, and 160 at least; `u64::MAX` if it asks for more than there can be.
        expected: u64,
    },
    /// The checksum is not that of the bytes before.
    Checksum {
        /// Of the bytes.
        found: u64,
        /// The one that is written.
        expected: u64,
    },
    /// A number of the header that no writer would have written: see [the format](super#format-1).
    Header {
        /// Where it begins.
        offset: usize,
    },
    /// A word position is beyond 2⁶³.
    WordPosition {
        /// The particle's place.
        index: u64,
        /// The position.
        word_position: u64,
    },
    /// A failure that no writer would have written: of no particle, out of order, or of no kind that there is.
    Failure {
        /// Its place among the failures.
        index: u64,
    },
    /// The buffer is too short to write to.
    Buffer {
        /// Its length.
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

/// That all particles can be resumed, which is as true of what is written as of what is read.
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

/// What a checkpoint has that is not the run's.
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
        /// Bytes of the checkpoint's.
        found: usize,
        /// Bytes of the run's.
        expected: usize,
    },
    /// States of positions alone, or with velocities.
    Parts {
        /// Parts of the checkpoint's.
        found: usize,
        /// Parts of the run's.
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
        /// What it is called.
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
