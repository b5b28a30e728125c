use core::ops::Range;

use super::{Step, StepError, Stepper, check_drift};
use crate::batch::Lanes;
use crate::noise::Noise;
use crate::scheme::{Process, Scheme, Span};
use crate::{Drift, State};

/// The Euler–Maruyama method: one step of size η with the drift held,
/// X′ = A(0,K) X + B(0,K) b(X, t) + V(0,K)^½ Z.
///
/// For the overdamped scheme this is Langevin Monte Carlo, for the underdamped one the exponential
/// integrator. The inner steps of the scheme play no part but to say which Poisson midpoint
/// step has the same size. Weak order 1. One drift evaluation a step; D normals, or 2D underdamped.
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::{EulerMaruyama, Stepper, random::Stream, scheme::Overdamped};
/// let stepper = EulerMaruyama::new(Overdamped::new(0.1_f64, 1)?);
/// let mut x = vector![1.0, -1.0];
/// let mut stream = Stream::new(42, 0);
/// let step = stepper.step(0.0, &mut x, &mut |_t, x: &SVector<f64, 2>| -x, &mut stream)?;
/// assert_eq!((step.drift_calls, stream.position()), (1, 4));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EulerMaruyama<S: Scheme> {
    scheme: S,
    whole: S::Span,
}

impl<S: Scheme> EulerMaruyama<S> {
    /// The method on a scheme.
    #[must_use]
    pub fn new(scheme: S) -> Self {
        Self {
            scheme,
            whole: scheme.span(0, scheme.inner_steps()),
        }
    }

    pub(crate) fn scheme(&self) -> &S {
        &self.scheme
    }

    /// The coefficients of a step.
    pub(crate) fn whole(&self) -> &S::Span {
        &self.whole
    }
}

impl<S: Process<D>, const D: usize> Stepper<D> for EulerMaruyama<S> {
    type Scheme = S;

    fn scheme(&self) -> &S {
        &self.scheme
    }

    #[inline]
    fn step<F, N>(
        &self,
        time: S::Real,
        state: &mut S::State,
        drift: &mut F,
        noise: &mut N,
    ) -> Result<Step, StepError>
    where
        F: Drift<S::Real, D> + ?Sized,
        N: Noise<S::Real, S::Span, D> + ?Sized,
    {
        let b0 = drift.drift(time, state.position());
        check_drift(b0.as_slice(), 0)?;
        let steps = self.scheme.inner_steps();
        let increment = noise.increment(0, steps, &self.whole);
        let moved = self.whole.mean(state, &b0).plus(&increment);
        if !moved.is_finite() {
            return Err(StepError::NonFiniteState { inner_step: steps });
        }
        *state = moved;
        Ok(Step { drift_calls: 1 })
    }

    fn run_lanes<F>(
        &self,
        lanes: &mut Lanes<S::State>,
        drift: &mut F,
        steps: Range<u32>,
    ) -> Option<u64>
    where
        F: Drift<S::Real, D> + ?Sized,
    {
        lanes.euler_maruyama(self, drift, steps)
    }
}
