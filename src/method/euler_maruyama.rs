use super::one_stage::{OneStage, sealed::Sealed};
use crate::dynamics::{Dynamics, RealOf, SpanOf};
use crate::scalar::Scalar;

/// The Euler–Maruyama method: one step of size η with the drift held,
/// X′ = A(0,K) X + B(0,K) b(X, t) + V(0,K)^½ Z.
///
/// For overdamped dynamics this is Langevin Monte Carlo, for underdamped ones the exponential
/// integrator. The inner steps play no part, except to say which Poisson midpoint
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
}

impl<S: Dynamics> Sealed for EulerMaruyama<S> {}

impl<S: Dynamics> OneStage for EulerMaruyama<S> {
    type Of = S;
    type Held<X: Scalar<Real = RealOf<S>>> = S::Span<X>;
    const ORDER: u32 = 1;

    #[inline]
    fn of(&self) -> &S {
        &self.dynamics
    }
    #[inline(always)]
    fn before(&self) -> Option<(&SpanOf<S>, u32)> {
        None
    }
    #[inline]
    fn held(&self) -> &SpanOf<S> {
        &self.whole
    }
    #[inline(always)]
    fn before_in_lanes<X: Scalar<Real = RealOf<S>>>(&self) -> Option<S::Span<X>> {
        None
    }
    #[inline(always)]
    fn held_in_lanes<X: Scalar<Real = RealOf<S>>>(&self) -> S::Span<X> {
        let (start, end) = (X::count(0), X::count(self.dynamics.inner_steps()));
        self.dynamics.spans(start, end)
    }
}
