use nalgebra::SVector;

use super::macro_step::Walk;
use super::{MacroStep, Step, StepError, Stepper};
use crate::noise::Noise;
use crate::random::{MidpointLaw, Midpoints};
use crate::scheme::{Process, Scheme};
use crate::{Drift, State};

/// The Poisson midpoint method: one step of size η that imitates K Euler–Maruyama steps of size
/// η/K with about two drift evaluations (Kandasamy & Nagaraj 2024, equations 7 and 8).
///
/// The method replaces the drift of inner step i by the drift b₀ of the start, and corrects it at
/// randomly chosen steps m₁ < m₂ < …, where it evaluates the drift at an estimate X̂ of the
/// state. Composing the inner steps in closed form gives, with W(m) the noise accumulated up to m,
///
/// ```text
/// X̂[m] = A(0,m) X + B(0,m) b₀ + W(m)
/// X′   = A(0,K) X + B(0,K) b₀ + W(K) + weight·Σ A(m+1,K) G[m] (b(X̂[m], t[m]) − b₀)        (4)
/// ```
///
/// at a cost that does not depend on K. Weak order 2 in η as K grows.
///
/// # Cost
/// Drift evaluations: 1 + (K−1)/K expected under [`MidpointLaw::Bernoulli`], 2 under
/// [`MidpointLaw::Single`], 1 for K = 1, which is [`EulerMaruyama`](super::EulerMaruyama) to
/// the bit. Normal vectors: as many as drift evaluations.
///
/// # Limits
/// The correction is weighted by K, so a drift that is not Lipschitz can be kicked out of the
/// region where it is tame: the step then fails with a [`StepError`] or the state runs away at step
/// sizes that Euler–Maruyama survives. `Single` bounds the number of corrections.
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, Stepper};
/// use poisson_midpoint::{random::Stream, scheme::Overdamped};
/// let stepper = PoissonMidpoint::new(Overdamped::new(0.1_f64, 1000)?, MidpointLaw::Single);
/// let mut x = vector![1.0, -1.0];
/// let mut stream = Stream::new(42, 0);
/// let step = stepper.step(0.0, &mut x, &mut |_t, x: &SVector<f64, 2>| -x, &mut stream)?;
/// assert_eq!(step.drift_calls, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PoissonMidpoint<S: Scheme> {
    scheme: S,
    midpoints: Midpoints,
    whole: S::Span,
}

impl<S: Scheme> PoissonMidpoint<S> {
    /// The method on a scheme, whose K it uses, under a law of midpoints.
    #[must_use]
    pub fn new(scheme: S, law: MidpointLaw) -> Self {
        Self::from_midpoints(scheme, Midpoints::new(law, scheme.inner_steps()))
    }

    /// The method on a scheme and midpoints of the same K.
    #[inline]
    pub(crate) fn from_midpoints(scheme: S, midpoints: Midpoints) -> Self {
        Self {
            scheme,
            midpoints,
            whole: scheme.span(0, scheme.inner_steps()),
        }
    }

    /// The law of the midpoints.
    #[must_use]
    pub fn law(&self) -> MidpointLaw {
        self.midpoints.law()
    }

    pub(crate) fn scheme(&self) -> &S {
        &self.scheme
    }

    pub(crate) fn midpoints(&self) -> &Midpoints {
        &self.midpoints
    }

    /// The coefficients of a whole step.
    pub(crate) fn whole(&self) -> &S::Span {
        &self.whole
    }

    /// Begins a step from a state whose drift `b0` at `time` is known, to be driven by
    /// [`MacroStep`]: for drifts that a closure cannot give, such as a network on another device.
    ///
    /// # Errors
    /// [`StepError`] if the state or the drift is not finite.
    pub fn begin<const D: usize>(
        &self,
        time: S::Real,
        state: &S::State,
        b0: SVector<S::Real, D>,
    ) -> Result<MacroStep<S, D>, StepError>
    where
        S: Process<D>,
    {
        MacroStep::new(*self, time, state, b0)
    }
}

impl<S: Process<D>, const D: usize> Stepper<D> for PoissonMidpoint<S> {
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
        let mut walk = Walk::new(time, state, b0)?;
        while let Some(query) = walk.next(self, noise)? {
            walk.supply(self, &drift.drift(query.time, &query.position))?;
        }
        *state = walk.moved(self)?;
        Ok(walk.cursor.report())
    }
}
