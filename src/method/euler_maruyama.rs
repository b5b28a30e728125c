use core::ops::Range;

use super::Stepper;
use crate::batch::Lanes;
use crate::dynamics::cell::Cell;
use crate::dynamics::segment::Normals;
use crate::dynamics::span::Span;
use crate::dynamics::state::State;
use crate::dynamics::{CellOf, Dynamics, RealOf, SpanOf, StateOf};
use crate::error::{Step, StepError, check_drift, check_drift_slice};
use crate::memory::slice::{self, BlockWork, Cells, SliceError, block_of, in_blocks, take};
use crate::noise::{Noise, check_noise};
use crate::random::Words;

/// The Euler–Maruyama method: one step of size η with the drift held,
/// X′ = A(0,K) X + B(0,K) b(X, t) + V(0,K)^½ Z.
///
/// For overdamped dynamics this is Langevin Monte Carlo, for underdamped ones the exponential
/// integrator. The inner steps play no part but to say which Poisson midpoint
/// step has the same size. Weak order 1. One drift evaluation a step; D normals, or 2D underdamped.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::{EulerMaruyama, Stepper, dynamics::Overdamped, random::Stream};
/// let stepper = EulerMaruyama::new(Overdamped::new(0.1_f64, 1)?);
/// let mut x = vector![1.0, -1.0];
/// let mut stream = Stream::new(42, 0);
/// let step = stepper.step(0.0, &mut x, |_t, x| -x, &mut stream)?;
/// assert_eq!((step.drift_calls, stream.word_position()), (1, 4));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "defmt", defmt(bound(S: defmt::Format, SpanOf<S>: defmt::Format)))]
pub struct EulerMaruyama<S: Dynamics> {
    dynamics: S,
    whole: SpanOf<S>,
}

impl<S: Dynamics> EulerMaruyama<S> {
    /// The method for these dynamics.
    #[must_use]
    pub fn new(dynamics: S) -> Self {
        Self {
            dynamics,
            whole: dynamics.span(0, dynamics.inner_steps()),
        }
    }

    /// The coefficients of a step.
    #[cfg(feature = "kernels")]
    pub(crate) fn whole(&self) -> &SpanOf<S> {
        &self.whole
    }

    /// What is to be said of a result that is not finite.
    pub(crate) fn failure(&self) -> StepError {
        StepError::NonFiniteState {
            inner_step: self.dynamics.inner_steps(),
        }
    }
}

impl<S: Dynamics> Stepper for EulerMaruyama<S> {
    type Dynamics = S;

    fn dynamics(&self) -> &S {
        &self.dynamics
    }

    #[inline]
    fn step<X, F, N>(
        &self,
        time: S::Real,
        state: &mut X,
        mut drift: F,
        noise: &mut N,
    ) -> Result<Step, StepError>
    where
        X: StateOf<S>,
        F: FnMut(S::Real, &X::Position) -> X::Position,
        N: Noise<X> + ?Sized,
    {
        check_noise(noise, self.dynamics.inner_steps())?;
        let b0 = drift(time, state.position());
        let components = (0..X::DIMENSION).map(|d| b0.cell(d).position());
        check_drift(components, 0)?;
        let increment = noise.increment(0, self.dynamics.inner_steps(), &self.whole);
        let moved = X::from_cells(|d| {
            let b0 = b0.cell(d).position();
            self.whole.carry(state.cell(d), b0, increment.cell(d))
        });
        if !moved.is_finite() {
            return Err(self.failure());
        }
        *state = moved;
        Ok(Step { drift_calls: 1 })
    }

    /// The drift, and the state moved to.
    fn work_length(&self, dimension: usize) -> usize {
        dimension.saturating_mul(1 + CellOf::<S, S::Real>::PARTS)
    }

    fn step_slice<F, W>(
        &self,
        time: RealOf<S>,
        state: &mut [RealOf<S>],
        mut drift: F,
        words: &mut W,
        work: &mut [RealOf<S>],
    ) -> Result<Step, SliceError>
    where
        F: FnMut(RealOf<S>, &[RealOf<S>], &mut [RealOf<S>]),
        W: Words + ?Sized,
    {
        let dimension = slice::dimension::<_, CellOf<S, S::Real>>(state)?;
        let work = take(work, self.work_length(dimension))?;
        let (b0, moved) = work.split_at_mut_checked(dimension).unwrap_or_default();
        drift(time, state.get(..dimension).unwrap_or_default(), b0);
        check_drift_slice(b0, 0)?;
        let mut walk = Whole::<S, _> {
            span: &self.whole,
            state,
            b0,
            moved,
            words,
            finite: true,
        };
        in_blocks(dimension, &mut walk);
        if !walk.finite {
            return Err(self.failure().into());
        }
        for (state, &moved) in state.iter_mut().zip(&*moved) {
            *state = moved;
        }
        Ok(Step { drift_calls: 1 })
    }

    #[inline(always)]
    fn run_lanes<X, F>(&self, lanes: &mut Lanes<X>, drift: &mut F, steps: Range<u32>) -> Option<u64>
    where
        X: StateOf<S>,
        F: FnMut(S::Real, &X::Position) -> X::Position,
    {
        lanes.euler_maruyama(self, drift, steps)
    }
}

/// A step of all coordinates of a slice, with the noise from the next words.
struct Whole<'w, S: Dynamics, W: ?Sized> {
    span: &'w SpanOf<S>,
    state: &'w mut [RealOf<S>],
    b0: &'w [RealOf<S>],
    moved: &'w mut [RealOf<S>],
    words: &'w mut W,
    finite: bool,
}

impl<S: Dynamics, W: Words + ?Sized> BlockWork for Whole<'_, S, W> {
    #[inline(always)]
    fn block<const L: usize>(&mut self, at: usize) {
        let dimension = self.b0.len();
        let noise = Normals::<_, L>::next::<SpanOf<S>, _>(self.words);
        if let Some(start) = Cells::<_, _, L>::new(self.state, dimension, at)
            && let Some(b0) = block_of::<_, L>(self.b0, at)
            && let Some(mut moved) = Cells::<_, _, L>::new(self.moved, dimension, at)
        {
            for (d, &b0) in b0.iter().enumerate() {
                let result = self
                    .span
                    .carry(start.get(d), b0, noise.increment(self.span, d));
                self.finite &= result.is_finite();
                moved.set(d, result);
            }
        }
    }
}
