use super::one_stage::{OneStage, sealed::Sealed};
use crate::dynamics::cell::Cell;
use crate::dynamics::span::PhaseSpan;
use crate::dynamics::{Dynamics, Underdamped};
use crate::error::{Parameter, ParameterError};
use crate::real::Real;
use crate::scalar::Scalar;

/// UBU, the splitting method of strong order 2: half a step of the exact dynamics without a force, a kick, another
/// half.
///
/// ```text
/// U  (x, v) ← A(η/2) (x, v) + V(η/2)^½ Z
/// B  v ← v + (η/m) b(x, t + η/2)
/// U  (x, v) ← A(η/2) (x, v) + V(η/2)^½ Z
/// ```
///
/// (Zapatero 2017; Sanz-Serna & Zygalakis 2021; Chada et al. 2023). Strong and weak order 2, where
/// [`EulerMaruyama`](super::EulerMaruyama) has 1: for coupled paths, and for contraction in a Wasserstein distance.
///
/// One drift evaluation and 4D normals a step.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::{Phase, Stepper, Ubu, dynamics::Underdamped, random::Stream};
/// let stepper = Ubu::new(Underdamped::new(0.5_f32, 2, 1.0)?)?; // two halves
/// let mut state = Phase::at_rest(vector![1.0, -1.0]);
/// let mut stream = Stream::new(42, 0);
/// let step = stepper.step(0.0, &mut state, |_t, x| -x, &mut stream)?;
/// assert_eq!((step.drift_calls, stream.word_position()), (1, 8));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ubu<T> {
    dynamics: Underdamped<T>,
    /// The coefficients of half a step.
    before: PhaseSpan<T>,
    /// The coefficients of a kick and then half a step.
    held: PhaseSpan<T>,
}

impl<T: Real> Ubu<T> {
    /// The method for these dynamics, whose K is even: the drift is asked for at inner step K/2.
    ///
    /// # Errors
    /// [`ParameterError`] if K is odd, or if η/m or the distance that it carries within half a step is not finite.
    pub fn new(dynamics: Underdamped<T>) -> Result<Self, ParameterError<T>> {
        let inner_steps = dynamics.inner_steps();
        Parameter::InnerSteps.check(T::from_u32(inner_steps), |_| inner_steps.is_multiple_of(2))?;
        let before: PhaseSpan<T> = half(&dynamics);
        let held = kicked(&dynamics, before);
        Parameter::StepSize.check(dynamics.step_size(), |_| held.drift.is_finite())?;
        Ok(Self {
            dynamics,
            before,
            held,
        })
    }
}

/// The coefficients of half a step.
#[inline(always)]
fn half<X: Scalar>(dynamics: &Underdamped<X::Real>) -> PhaseSpan<X> {
    dynamics.spans(X::count(0), X::count(dynamics.inner_steps() / 2))
}

/// Half a step, before which the drift of the whole step acts at once.
#[inline(always)]
fn kicked<X: Scalar>(dynamics: &Underdamped<X::Real>, half: PhaseSpan<X>) -> PhaseSpan<X> {
    let impulse = X::splat(dynamics.impulse());
    PhaseSpan {
        drift: [half.travel * impulse, half.decay * impulse],
        ..half
    }
}

impl<T> Sealed for Ubu<T> {}

impl<T: Real> OneStage for Ubu<T> {
    type Of = Underdamped<T>;
    type Held<X: Scalar<Real = T>> = PhaseSpan<X>;
    const ORDER: u32 = 2;

    #[inline]
    fn of(&self) -> &Underdamped<T> {
        &self.dynamics
    }
    #[inline(always)]
    fn before(&self) -> Option<(&PhaseSpan<T>, u32)> {
        Some((&self.before, self.dynamics.inner_steps() / 2))
    }
    #[inline]
    fn held(&self) -> &PhaseSpan<T> {
        &self.held
    }
    #[inline(always)]
    fn before_in_lanes<X: Scalar<Real = T>>(&self) -> Option<PhaseSpan<X>> {
        Some(half(&self.dynamics))
    }
    #[inline(always)]
    fn held_in_lanes<X: Scalar<Real = T>>(&self) -> PhaseSpan<X> {
        kicked(&self.dynamics, half(&self.dynamics))
    }
}
