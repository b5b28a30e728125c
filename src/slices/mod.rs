//! The steppers on slices, for a dimension known only at run time: images, vectors from C.
//!
//! The words read and the bits of the result are those of the fixed-dimension [`Stepper`]. A state
//! of n dimensions is a slice of all positions, followed by all velocities if the dynamics
//! are underdamped: [`State::PARTS`]·n components. Nothing is allocated; what a step must remember
//! it keeps in a work slice of the caller's.
//!
//! [`Stepper`]: crate::Stepper
//!
//! ```
//! use poisson_midpoint::random::Stream;
//! use poisson_midpoint::scheme::Overdamped;
//! use poisson_midpoint::slices::SliceStepper;
//! use poisson_midpoint::{MidpointLaw, PoissonMidpoint};
//! let stepper = PoissonMidpoint::new(Overdamped::new(0.2_f32, 1000)?, MidpointLaw::Single);
//! let mut image = vec![3.0; 64];
//! let mut work = vec![0.0; stepper.work_length(image.len())];
//! let mut pull = |_time, x: &[f32], drift: &mut [f32]| {
//!     for (drift, x) in drift.iter_mut().zip(x) {
//!         *drift = -x;
//!     }
//! };
//! let mut stream = Stream::new(42, 0);
//! for _ in 0..10 {
//!     let _ = stepper.step_slice(0.0, &mut image, &mut pull, &mut stream, &mut work)?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use core::fmt;

use crate::random::Words;
use crate::scheme::{Process, Span};
use crate::stepper::{RealOf, Step, StepError};
use crate::{Real, State};

mod euler_maruyama;
mod poisson_midpoint;

pub use poisson_midpoint::{SliceMacroStep, SliceQuery, SuspendedStep};

/// A drift b(x, t) on slices.
///
/// Every closure `FnMut(time, &position, &mut drift)` is one. Both slices have as many components as
/// the process has dimensions; what the drift slice holds before the call is of no account.
///
/// ```
/// use poisson_midpoint::slices::SliceDrift;
/// let mut falling = |_time: f32, _x: &[f32], drift: &mut [f32]| drift.fill(-9.81);
/// let mut drift = [0.0];
/// falling.drift(0.0, &[2.0], &mut drift);
/// assert_eq!(drift, [-9.81]);
/// ```
pub trait SliceDrift<T: Real> {
    /// Writes b(x, t) at a time and a position.
    fn drift(&mut self, time: T, position: &[T], drift: &mut [T]);
}

impl<T: Real, F: FnMut(T, &[T], &mut [T])> SliceDrift<T> for F {
    #[inline]
    fn drift(&mut self, time: T, position: &[T], drift: &mut [T]) {
        self(time, position, drift);
    }
}

/// Steppers that move slices. Implemented for both steppers on every scheme.
///
/// ```
/// use poisson_midpoint::random::Stream;
/// use poisson_midpoint::scheme::Underdamped;
/// use poisson_midpoint::slices::{SliceError, SliceStepper};
/// use poisson_midpoint::EulerMaruyama;
/// let stepper = EulerMaruyama::new(Underdamped::new(0.1_f64, 1, 2.0, 1.0)?);
/// let mut state = [1.0, 2.0, 0.0, 0.0]; // two positions, two velocities
/// let mut work = [0.0; 6];
/// assert_eq!(stepper.work_length(2), 6);
/// let mut rest = |_time, _x: &[f64], drift: &mut [f64]| drift.fill(0.0);
/// let mut stream = Stream::new(42, 0);
/// let step = stepper.step_slice(0.0, &mut state, &mut rest, &mut stream, &mut work)?;
/// assert_eq!(step.drift_calls, 1);
/// let error = stepper.step_slice(0.0, &mut state, &mut rest, &mut stream, &mut work[..5]);
/// assert_eq!(error, Err(SliceError::Work { length: 5, needed: 6 }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait SliceStepper {
    /// The scheme that the stepper moves by.
    type Scheme: Process<1>;

    /// Scalars that a step of so many dimensions needs to work with.
    fn work_length(&self, dimension: usize) -> usize;

    /// Moves a state by one macro step from `time`. What `work` holds before and after is of no
    /// account.
    ///
    /// Costs the drift evaluations and reads the words of
    /// [`Stepper::step`](crate::Stepper::step).
    ///
    /// # Errors
    /// [`SliceError::State`] or [`SliceError::Work`] before anything is done; [`SliceError::Step`] if
    /// a drift or the result is not finite: the state is then unchanged, while the noise has been
    /// drawn.
    fn step_slice<F, W>(
        &self,
        time: RealOf<Self::Scheme>,
        state: &mut [RealOf<Self::Scheme>],
        drift: &mut F,
        words: &mut W,
        work: &mut [RealOf<Self::Scheme>],
    ) -> Result<Step, SliceError>
    where
        F: SliceDrift<RealOf<Self::Scheme>> + ?Sized,
        W: Words + ?Sized;
}

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

/// The state of one dimension of a process.
type ElementOf<S> = <S as Process<1>>::State;

/// Vectors that make up a state of a process.
const fn parts<S: Process<1>>() -> usize {
    <ElementOf<S> as State<RealOf<S>, 1>>::PARTS
}

/// The number of dimensions of a state, if its length is right.
fn dimension<S: Process<1>>(state: &[RealOf<S>]) -> Result<usize, SliceError> {
    let (length, parts) = (state.len(), parts::<S>());
    if length > 0 && length.is_multiple_of(parts) {
        Ok(length / parts)
    } else {
        Err(SliceError::State { length, parts })
    }
}

/// The first `needed` scalars of a work slice.
pub(crate) fn take<T>(work: &mut [T], needed: usize) -> Result<&mut [T], SliceError> {
    let length = work.len();
    work.get_mut(..needed)
        .ok_or(SliceError::Work { length, needed })
}

/// Dimension d of a state in `dimension` dimensions.
#[inline]
fn element<S: Process<1>>(state: &[RealOf<S>], dimension: usize, d: usize) -> ElementOf<S> {
    State::from_fn(|part, _| {
        let value = state.get(part * dimension + d);
        value.copied().unwrap_or(RealOf::<S>::ZERO)
    })
}

/// Writes dimension d of a state.
#[inline]
fn set_element<S: Process<1>>(
    state: &mut [RealOf<S>],
    dimension: usize,
    d: usize,
    value: &ElementOf<S>,
) {
    value.for_each(|part, _, value| {
        if let Some(place) = state.get_mut(part * dimension + d) {
            *place = value;
        }
    });
}

/// V^½ Z in one dimension, its normals from the next words.
#[inline]
fn increment<S: Process<1>, W: Words + ?Sized>(span: &S::Span, words: &mut W) -> ElementOf<S> {
    span.increment(|| RealOf::<S>::normal(words))
}
