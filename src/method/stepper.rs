use core::ops::Range;

use crate::batch::advance::{Advance, Positioned, advance};
use crate::batch::{LaneDrift, Lanes};
use crate::dynamics::{Dynamics, RealOf, StateOf};
use crate::error::{Step, StepError};
use crate::memory::slice::SliceError;
use crate::noise::Noise;
use crate::random::Words;

/// What the methods have in common: code written for one runs with the others.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::random::Stream;
/// use poisson_midpoint::dynamics::Overdamped;
/// use poisson_midpoint::{EulerMaruyama, MidpointLaw, PoissonMidpoint, StepError, Stepper};
///
/// fn run(stepper: &impl Stepper<Dynamics = Overdamped<f64>>) -> Result<f64, StepError> {
///     let (mut x, mut stream) = (vector![1.0], Stream::new(42, 0));
///     for n in 0..10 {
///         let _ = stepper.step(0.1 * f64::from(n), &mut x, |_t, x| -x, &mut stream)?;
///     }
///     Ok(x.x)
/// }
/// let dynamics = Overdamped::new(0.1, 16)?;
/// let _ = run(&EulerMaruyama::new(dynamics))?;
/// let _ = run(&PoissonMidpoint::new(dynamics, MidpointLaw::Single))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Stepper: Copy + Send + Sync {
    /// What moves the state.
    type Dynamics: Dynamics;
    /// The power of the step size with which the bias of averages falls.
    const WEAK_ORDER: u32;

    /// The dynamics.
    fn dynamics(&self) -> &Self::Dynamics;

    /// Moves a state by one macro step from `time`; `drift` is the function b(t, x).
    ///
    /// # Errors
    /// [`StepError`] if a drift, the state at which it is asked for, or the result is not finite, or if the noise does not
    /// fit the stepper. The state is then unchanged; noise may have been drawn.
    fn step<X, F, N>(
        &self,
        time: RealOf<Self::Dynamics>,
        state: &mut X,
        drift: F,
        noise: &mut N,
    ) -> Result<Step, StepError>
    where
        X: StateOf<Self::Dynamics>,
        F: FnMut(RealOf<Self::Dynamics>, &X::Position) -> X::Position,
        N: Noise<X> + ?Sized;

    /// The length of the work slice that [`step_slice`](Self::step_slice) needs in so many dimensions.
    fn work_length(&self, dimension: usize) -> usize;

    /// [`step`](Self::step) for a dimension known only at run time: see [`slices`](crate::slices). `drift` writes
    /// b(t, x) to its third argument, whatever that holds before. The contents of `work` before and after do not
    /// matter.
    ///
    /// # Errors
    /// [`SliceError::State`] or [`SliceError::Work`] before anything is done; [`SliceError::Step`] as
    /// [`step`](Self::step) fails: the state is then unchanged; noise may have been drawn.
    fn step_slice<F, W>(
        &self,
        time: RealOf<Self::Dynamics>,
        state: &mut [RealOf<Self::Dynamics>],
        drift: F,
        words: &mut W,
        work: &mut [RealOf<Self::Dynamics>],
    ) -> Result<Step, SliceError>
    where
        F: FnMut(RealOf<Self::Dynamics>, &[RealOf<Self::Dynamics>], &mut [RealOf<Self::Dynamics>]),
        W: Words + ?Sized;

    /// What [`advance`](crate::batch::advance::advance) does, perhaps in another way to the same bits.
    #[doc(hidden)]
    #[inline]
    fn advance<X, F, W>(&self, state: &mut X, words: &mut W, drift: F, steps: Range<u32>) -> Advance
    where
        X: StateOf<Self::Dynamics>,
        F: FnMut(RealOf<Self::Dynamics>, &X::Position) -> X::Position,
        W: Positioned,
    {
        advance(self, state, words, drift, steps)
    }

    /// Moves particles together, with the bits of [`step`](Self::step), if the method knows how;
    /// returns the drift evaluations. On `None` the lanes are invalid.
    #[doc(hidden)]
    fn run_lanes<X, F>(
        &self,
        _lanes: &mut Lanes<X>,
        _drift: &mut F,
        _steps: Range<u32>,
    ) -> Option<u64>
    where
        X: StateOf<Self::Dynamics>,
        F: LaneDrift<X::Position>,
    {
        None
    }
}
