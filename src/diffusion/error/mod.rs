//! Why a schedule, a list of timesteps or a sampler cannot be made, and why a run stopped.

use core::fmt;

mod sample;
mod sampler;
mod schedule;
mod timesteps;

pub use sample::SampleError;
pub use sampler::SamplerError;
pub use schedule::{Quantity, ScheduleError};
pub use timesteps::TimestepsError;

/// Any error of this module, for programs that pass all of them on.
///
/// ```
/// use poisson_midpoint::diffusion::{Error, ScheduleTable, Timesteps, TimestepsError};
/// fn plan() -> Result<usize, Error<f32>> {
///     let schedule = ScheduleTable::<f32, 1000>::linear(1e-4, 0.02)?;
///     let timesteps = Timesteps::<16>::uniform(20, &schedule)?;
///     Ok(timesteps.pairs().count())
/// }
/// let expected = TimestepsError::TooMany { steps: 20, most: 16 };
/// assert_eq!(plan(), Err(Error::Timesteps(expected)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error<T> {
    /// A schedule cannot be made.
    Schedule(ScheduleError<T>),
    /// A list of timesteps cannot be made.
    Timesteps(TimestepsError),
    /// A sampler cannot be made.
    Sampler(SamplerError<T>),
    /// A run stopped.
    Sample(SampleError),
}

impl<T> From<ScheduleError<T>> for Error<T> {
    fn from(error: ScheduleError<T>) -> Self {
        Self::Schedule(error)
    }
}

impl<T> From<TimestepsError> for Error<T> {
    fn from(error: TimestepsError) -> Self {
        Self::Timesteps(error)
    }
}

impl<T> From<SamplerError<T>> for Error<T> {
    fn from(error: SamplerError<T>) -> Self {
        Self::Sampler(error)
    }
}

impl<T> From<SampleError> for Error<T> {
    fn from(error: SampleError) -> Self {
        Self::Sample(error)
    }
}

impl<T: fmt::Display> fmt::Display for Error<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schedule(error) => error.fmt(f),
            Self::Timesteps(error) => error.fmt(f),
            Self::Sampler(error) => error.fmt(f),
            Self::Sample(error) => error.fmt(f),
        }
    }
}

impl<T: fmt::Debug + fmt::Display> core::error::Error for Error<T> {}
