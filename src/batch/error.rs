use core::fmt;

use crate::random::Stream;

/// Why a batch could not be formed.
///
/// ```
/// use nalgebra::SVector;
/// use poisson_midpoint::batch::{BatchError, Particles, Status};
/// use poisson_midpoint::random::Streams;
/// let (mut state, mut word_positions, mut status) = ([0.0; 5], [0; 3], [Status::Active; 3]);
/// let batch: Result<Particles<SVector<f32, 2>>, _> =
///     Particles::new(Streams::new(42), 0, &mut state, &mut word_positions, &mut status);
/// assert_eq!(batch.unwrap_err(), BatchError::StateLength { expected: 6, found: 5 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum BatchError {
    /// The length of the state slice is not components × particles.
    StateLength {
        /// Components times particles.
        expected: usize,
        /// The slice's length.
        found: usize,
    },
    /// The status slice is not as long as the word positions.
    StatusLength {
        /// The number of particles.
        expected: usize,
        /// The slice's length.
        found: usize,
    },
    /// A word position is beyond [`Stream::END`].
    PastEnd {
        /// The particle's place in the slices.
        index: usize,
        /// The word position.
        word_position: u64,
    },
    /// The number after the last particle's exceeds `u64::MAX`.
    ParticleNumber {
        /// The first particle's number.
        first: u64,
    },
}

/// Refuses particles numbered from `first` on if the number after the last one exceeds 64 bits.
pub(crate) fn check_numbers(first: u64, count: usize) -> Result<(), BatchError> {
    if first.checked_add(count as u64).is_none() {
        return Err(BatchError::ParticleNumber { first });
    }
    Ok(())
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StateLength { expected, found } => {
                write!(f, "the state slice holds {found} scalars, not {expected}")
            }
            Self::StatusLength { expected, found } => {
                write!(
                    f,
                    "the status slice holds {found} particles, not {expected}"
                )
            }
            Self::PastEnd {
                index,
                word_position,
            } => write!(
                f,
                "word position {word_position} of particle {index} is not in [0, {}]",
                Stream::END
            ),
            Self::ParticleNumber { first } => {
                write!(f, "particle numbers from {first} on exceed {}", u64::MAX)
            }
        }
    }
}

impl core::error::Error for BatchError {}
