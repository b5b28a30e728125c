use core::fmt;

use super::Stream;

/// A word position beyond [`Stream::END`] was asked for.
///
/// ```
/// use poisson_midpoint::random::{PastEnd, Stream};
/// let mut stream = Stream::new(42, 0);
/// assert_eq!(stream.seek(u64::MAX), Err(PastEnd { word_position: u64::MAX }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PastEnd {
    /// The word position asked for.
    pub word_position: u64,
}

impl fmt::Display for PastEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { word_position } = self;
        write!(
            f,
            "word position {word_position} is not in [0, {}]",
            Stream::END
        )
    }
}

impl core::error::Error for PastEnd {}
