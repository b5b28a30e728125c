use super::one_stage::{OneStage, sealed::Sealed};
use crate::dynamics::cell::Cell;
use crate::dynamics::span::{PhaseSpan, SplitSpan};
use crate::dynamics::{Dynamics, Underdamped};
use crate::error::{Parameter, ParameterError};
use crate::real::Real;
use crate::scalar::Scalar;

/// BAOA, the splitting method whose positions are those of BAOAB: kick, half a free flight, Ornstein–Uhlenbeck, half a
/// free flight.
///
/// ```text
/// B  v ← v + (η/m) b(x, t)
/// A  x ← x + (η/2) v
/// O  v ← E v + √(T/m·(1 − E²)) Z,   E = e^(−γη)
/// A  x ← x + (η/2) v
/// ```
///
/// The integrators `sd` of Gromacs and `LangevinMiddleIntegrator` of `OpenMM` take the same step. Started from a
/// velocity half a kick back, v − (η/2m) b(x), it visits the positions of BAOAB (Leimkuhler & Matthews 2013), whose
/// velocities are v + (η/2m) b(x) (Kieninger & Keller 2022). Weak order 2 from there, strong order 1, with an unusually
/// small stationary bias of positions: none for a quadratic potential, and of order 4 as γ → ∞. Stable for a frequency
/// ω if ηω < 2. Inner steps K play no part. An [`Injected`](crate::noise::Injected) increment is ((η/2) w, w), w being
/// the noise of O.
///
/// One drift evaluation and D normals a step.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::{Baoa, Phase, Stepper, dynamics::Underdamped, random::Stream};
/// let stepper = Baoa::new(Underdamped::new(0.5_f32, 1, 1.0)?)?;
/// let mut state = Phase::at_rest(vector![1.0, -1.0]);
/// let mut stream = Stream::new(42, 0);
/// let step = stepper.step(0.0, &mut state, |_t, x| -x, &mut stream)?;
/// assert_eq!((step.drift_calls, stream.word_position()), (1, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Baoa<T> {
    dynamics: Underdamped<T>,
    held: SplitSpan<T>,
}

impl<T: Real> Baoa<T> {
    /// The method for these dynamics.
    ///
    /// # Errors
    /// [`ParameterError`] unless η/m and the distance that it carries within a step are finite.
    pub fn new(dynamics: Underdamped<T>) -> Result<Self, ParameterError<T>> {
        let held: SplitSpan<T> = coefficients(&dynamics);
        Parameter::StepSize.check(dynamics.step_size(), |_| held.drift.is_finite())?;
        Ok(Self { dynamics, held })
    }
}

/// The four substeps as one map, from the exact coefficients of the whole step, whose decay and velocity noise are
/// those of O.
#[inline(always)]
fn coefficients<X: Scalar>(dynamics: &Underdamped<X::Real>) -> SplitSpan<X> {
    let exact: PhaseSpan<X> = dynamics.spans(X::count(0), X::count(dynamics.inner_steps()));
    let lever = X::splat(dynamics.step_size() / X::Real::TWO);
    let impulse = X::splat(dynamics.impulse());
    let travel = lever + lever * exact.decay;
    SplitSpan {
        decay: exact.decay,
        travel,
        drift: [travel * impulse, exact.decay * impulse],
        velocity_noise: exact.velocity_noise,
        lever,
    }
}

impl<T> Sealed for Baoa<T> {}

impl<T: Real> OneStage for Baoa<T> {
    type Of = Underdamped<T>;
    type Held<X: Scalar<Real = T>> = SplitSpan<X>;
    const ORDER: u32 = 2;

    #[inline]
    fn of(&self) -> &Underdamped<T> {
        &self.dynamics
    }
    #[inline(always)]
    fn before(&self) -> Option<(&PhaseSpan<T>, u32)> {
        None
    }
    #[inline]
    fn held(&self) -> &SplitSpan<T> {
        &self.held
    }
    #[inline(always)]
    fn before_in_lanes<X: Scalar<Real = T>>(&self) -> Option<PhaseSpan<X>> {
        None
    }
    #[inline(always)]
    fn held_in_lanes<X: Scalar<Real = T>>(&self) -> SplitSpan<X> {
        coefficients(&self.dynamics)
    }
}
