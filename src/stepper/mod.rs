//! The steppers: configurations, `Copy`, that move a state and own nothing.

use core::fmt;
use core::ops::Range;

use crate::batch::Lanes;
use crate::noise::Noise;
use crate::scheme::{Process, Scheme};
use crate::{Drift, Real};

pub(crate) mod cursor;
mod euler_maruyama;
mod macro_step;
mod poisson_midpoint;

pub use euler_maruyama::EulerMaruyama;
pub use macro_step::{MacroStep, Query};
pub use poisson_midpoint::PoissonMidpoint;

/// Why a step failed. The state is as it was before the step.
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::{EulerMaruyama, StepError, Stepper, random::Stream, scheme::Overdamped};
/// let stepper = EulerMaruyama::new(Overdamped::new(0.1_f32, 1)?);
/// let mut x = vector![1.0, 2.0];
/// let mut drift = |_t: f32, x: &SVector<f32, 2>| vector![0.0, (-x.y).sqrt()];
/// let error = stepper.step(0.0, &mut x, &mut drift, &mut Stream::new(42, 0)).unwrap_err();
/// assert_eq!(error, StepError::NonFiniteDrift { inner_step: 0, component: 1 });
/// assert_eq!(x, vector![1.0, 2.0]);
/// # Ok::<(), poisson_midpoint::ParameterError<f32>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StepError {
    /// A drift was infinite or NaN.
    NonFiniteDrift {
        /// The inner step that it was evaluated at.
        inner_step: u32,
        /// Its first offending component.
        component: usize,
    },
    /// The state, or the midpoint before the drift could be asked for, was infinite or NaN: the
    /// step size is too large for this drift, or the state was not finite to begin with.
    NonFiniteState {
        /// The inner step reached.
        inner_step: u32,
    },
    /// A noise source gave a midpoint that does not follow the previous one or is not in 1..K.
    Midpoint {
        /// The midpoint given.
        midpoint: u32,
        /// The least that would have been accepted.
        least: u32,
        /// K.
        inner_steps: u32,
    },
    /// A drift was supplied that had not been asked for.
    DriftNotAsked,
    /// A step was finished before [`MacroStep::next`] had returned `None`.
    Unfinished,
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NonFiniteDrift {
                inner_step,
                component,
            } => write!(
                f,
                "component {component} of the drift at inner step {inner_step} is not finite"
            ),
            Self::NonFiniteState { inner_step } => {
                write!(f, "the state at inner step {inner_step} is not finite")
            }
            Self::Midpoint {
                midpoint,
                least,
                inner_steps,
            } => write!(f, "midpoint {midpoint} is not in [{least}, {inner_steps})"),
            Self::DriftNotAsked => f.write_str("a drift was supplied that was not asked for"),
            Self::Unfinished => f.write_str("the step was finished before its last midpoint"),
        }
    }
}

impl core::error::Error for StepError {}

/// What a step cost.
///
/// ```
/// use poisson_midpoint::Step;
/// assert_eq!(Step { drift_calls: 2 }.drift_calls, 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
pub struct Step {
    /// Drift evaluations made.
    pub drift_calls: u32,
}

/// What the steppers have in common: code written for one runs with the other.
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::random::Stream;
/// use poisson_midpoint::scheme::Overdamped;
/// use poisson_midpoint::{EulerMaruyama, MidpointLaw, PoissonMidpoint, StepError, Stepper};
///
/// fn run(stepper: &impl Stepper<1, Scheme = Overdamped<f64>>) -> Result<f64, StepError> {
///     let (mut x, mut stream) = (vector![1.0], Stream::new(42, 0));
///     for n in 0..10 {
///         let time = 0.1 * f64::from(n);
///         let _ = stepper.step(time, &mut x, &mut |_t, x: &SVector<f64, 1>| -x, &mut stream)?;
///     }
///     Ok(x.x)
/// }
/// let scheme = Overdamped::new(0.1, 16)?;
/// let _ = run(&EulerMaruyama::new(scheme))?;
/// let _ = run(&PoissonMidpoint::new(scheme, MidpointLaw::Single))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Stepper<const D: usize>: Copy + Send + Sync {
    /// The scheme that the stepper moves by.
    type Scheme: Process<D>;

    /// The scheme.
    fn scheme(&self) -> &Self::Scheme;

    /// Moves a state by one macro step from `time`.
    ///
    /// # Errors
    /// [`StepError`] if a drift or the result is not finite; the state is then unchanged, while
    /// the noise has been drawn from.
    fn step<F, N>(
        &self,
        time: RealOf<Self::Scheme>,
        state: &mut StateOf<Self::Scheme, D>,
        drift: &mut F,
        noise: &mut N,
    ) -> Result<Step, StepError>
    where
        F: Drift<RealOf<Self::Scheme>, D> + ?Sized,
        N: Noise<RealOf<Self::Scheme>, SpanOf<Self::Scheme>, D> + ?Sized;

    /// Moves particles together with the bits of [`step`](Self::step), if the stepper knows how;
    /// returns the drift evaluations. On `None` the lanes are void.
    #[doc(hidden)]
    fn run_lanes<F>(
        &self,
        _lanes: &mut Lanes<StateOf<Self::Scheme, D>>,
        _drift: &mut F,
        _steps: Range<u32>,
    ) -> Option<u64>
    where
        F: Drift<RealOf<Self::Scheme>, D> + ?Sized,
    {
        None
    }
}

/// The scalar of a scheme.
pub(crate) type RealOf<S> = <S as Scheme>::Real;
/// The coefficients of a scheme.
pub(crate) type SpanOf<S> = <S as Scheme>::Span;
/// What a scheme moves in D dimensions.
pub(crate) type StateOf<S, const D: usize> = <S as Process<D>>::State;

/// Whether a drift evaluated at an inner step is finite.
#[inline]
pub(crate) fn check_drift<T: Real>(drift: &[T], inner_step: u32) -> Result<(), StepError> {
    match drift.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(component) => Err(StepError::NonFiniteDrift {
            inner_step,
            component,
        }),
    }
}
