//! The largest step size whose bias is as small as is asked for, found by running the method itself.
//!
//! How large a step may be depends on the drift's curvature, which nobody knows for a new target. [`StepSizeTuner`]
//! runs particles at a step size and, on the same Brownian paths, at half of it. The difference of the two over the
//! long run tells the bias (Richardson's extrapolation), and since they share their noise a few particles measure it
//! well.
//!
//! # Bias
//! The bias of a statistic f is its stationary mean under the method less that under the target, in standard deviations
//! of f under the target: 0.01 for f = x is a hundredth of x's own width. A sampler of N independent draws has a
//! standard error of 1/√N there, so a bias of 0.01 is hidden until 10⁴ are drawn.
//!
//! ```text
//! bias(η) ≈ (⟨f⟩_η − ⟨f⟩_{η/2}) / (1 − 2^−p) / sd f        p the weak order of the method
//! ```

mod coupled;
mod error;
mod estimate;
mod friction;
mod search;

use core::ops::ControlFlow;

use crate::dynamics::{Dynamics, RealOf, StateOf};
use crate::error::ParameterError;
use crate::method::Stepper;
use crate::random::Streams;
use crate::real::Real;

pub use coupled::Coupled;
pub use error::TuningError;
pub use friction::critical_friction;

use coupled::{Run, Spent};
use estimate::Estimate;
use search::Search;

/// A step size, and what is known of it.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::dynamics::Overdamped;
/// use poisson_midpoint::random::Streams;
/// use poisson_midpoint::tuning::{Coupled, StepSizeTuner};
/// use poisson_midpoint::EulerMaruyama;
/// // Of Euler–Maruyama on a standard normal x² has the mean 1/(1 − η/2) and the standard deviation √2.
/// let tuned = StepSizeTuner::new(0.03_f64)?.tune(
///     |step_size, inner_steps| Ok(EulerMaruyama::new(Overdamped::new(step_size, inner_steps)?)),
///     |_time, x| -x,
///     |x| [x[0] * x[0]],
///     &mut [Coupled::new(vector![0.0]); 32],
///     Streams::new(42),
/// )?;
/// let h = tuned.step_size;
/// let bias = (1.0 / (1.0 - h / 2.0) - 1.0) / 2.0_f64.sqrt();
/// assert!(bias < 0.03 && bias > 0.01);
/// # Ok::<(), poisson_midpoint::tuning::TuningError<f64>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Tuned<T> {
    /// η.
    pub step_size: T,
    /// The estimated bias at η of the statistic whose bias and three standard errors together are the largest.
    pub bias: T,
    /// The standard error of this estimate.
    pub error: T,
    /// The index of that statistic.
    pub statistic: usize,
    /// Drift evaluations spent, the fruitless ones included.
    pub drift_calls: u64,
}

/// Finds the largest step size at which no statistic's bias exceeds what is asked for.
///
/// Three standard errors of the estimated bias must fit below it too. The search ends once the bias with these errors
/// is at least two thirds of the bias asked for, or once a step size within a factor of 5/4 is known to be too large.
/// It begins at a step size that may well be too large: a step that fails halves it. Rounds double until every particle
/// has gone through some eight independent values of each statistic and the bias is known well enough; all rounds
/// except for the last are burn-in. Where particles seldom cross from one mode to another, the rounds take as long as
/// that needs, and use the budget up rather than overlook it.
///
/// A shared Brownian path cannot show the bias of the inner steps, of size η/K, which both step sizes have: run a
/// midpoint method with K as large as you like, since there K costs nothing. Here K costs bridges, some log₂ K a
/// midpoint, or areas, and hardly changes what is measured. Nor can the path show a mode that no particle has been to.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::dynamics::Underdamped;
/// use poisson_midpoint::random::Streams;
/// use poisson_midpoint::tuning::{Coupled, StepSizeTuner};
/// use poisson_midpoint::{Baoa, Phase};
/// // Two coordinates of widths 1 and ½; means and second moments to 2 %.
/// let tuned = StepSizeTuner::new(0.02_f32)?.with_largest(4.0)?.tune(
///     |step_size, inner_steps| Baoa::new(Underdamped::new(step_size, inner_steps, 2.0)?),
///     |_time, x| vector![-x[0], -4.0 * (x[1] + x[1].powi(3))],
///     |x| [x[0], x[1], x[0] * x[0], x[1] * x[1]],
///     &mut [Coupled::new(Phase::at_rest(vector![0.0, 0.0])); 64],
///     Streams::new(42),
/// )?;
/// assert!(tuned.step_size > 0.1 && tuned.step_size < 1.0);
/// # Ok::<(), poisson_midpoint::tuning::TuningError<f32>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct StepSizeTuner<T> {
    bias: T,
    largest: T,
    inner_steps: u32,
    budget: u64,
}

impl<T: Real> StepSizeTuner<T> {
    /// A tuner for a bias of at most `bias` standard deviations of each statistic, in (0, 1). It begins at a step size
    /// of 1 with 64 inner steps, and uses at most 10⁸ drift evaluations.
    ///
    /// # Errors
    /// [`TuningError::Bias`] if it is out of range.
    pub fn new(bias: T) -> Result<Self, TuningError<T>> {
        if !(bias > T::ZERO && bias < T::ONE) {
            return Err(TuningError::Bias { value: bias });
        }
        Ok(Self {
            bias,
            largest: T::ONE,
            inner_steps: 64,
            budget: 100_000_000,
        })
    }

    /// Begins at this step size, which is the largest that is tried: a positive normal number.
    ///
    /// # Errors
    /// [`TuningError::Largest`] if it is out of range.
    pub fn with_largest(self, largest: T) -> Result<Self, TuningError<T>> {
        if !largest.is_positive_normal() {
            return Err(TuningError::Largest { value: largest });
        }
        Ok(Self { largest, ..self })
    }

    /// With K inner steps in a step, a multiple of 4.
    ///
    /// # Errors
    /// [`TuningError::InnerSteps`] if it is 0 or no multiple of 4.
    pub fn with_inner_steps(self, inner_steps: u32) -> Result<Self, TuningError<T>> {
        if inner_steps == 0 || !inner_steps.is_multiple_of(4) {
            return Err(TuningError::InnerSteps { value: inner_steps });
        }
        Ok(Self {
            inner_steps,
            ..self
        })
    }

    /// Allows about so many drift evaluations at most: a round that has begun is not cut short.
    #[must_use]
    pub fn with_budget(self, drift_calls: u64) -> Self {
        Self {
            budget: drift_calls,
            ..self
        }
    }

    /// Finds the step size.
    ///
    /// `make` makes the method for a step size and a number of inner steps. `statistics` gives the M values
    /// whose bias matters at a position. `particles`, two or more, some 30 to 100 for a good estimate, begin where they
    /// are and end about stationary. The noise comes from `streams`: each step of a particle uses two of them, which no
    /// other step uses. Time goes on from 0 at each step size.
    ///
    /// Costs, for a coarse step of every particle, the drift evaluations of three steps and the normals of about five.
    ///
    /// # Errors
    /// - [`TuningError::Particles`] if there are fewer than two particles.
    /// - [`TuningError::Parameter`] if `make` fails; [`TuningError::MadeStepSize`] or [`TuningError::MadeInnerSteps`]
    ///   if what it makes is not what it was asked for.
    /// - [`TuningError::Step`] or [`TuningError::Statistic`] once a step has failed, or a statistic was not finite, at
    ///   41 step sizes; after each, the next is half of it.
    /// - [`TuningError::Budget`], with what was tried last, if the drift evaluations were used up first.
    ///
    /// After an error the particles are where they began.
    pub fn tune<S, X, F, G, const M: usize>(
        &self,
        make: impl Fn(T, u32) -> Result<S, ParameterError<T>>,
        drift: F,
        statistics: G,
        particles: &mut [Coupled<X>],
        streams: Streams,
    ) -> Result<Tuned<T>, TuningError<T>>
    where
        S: Stepper<Dynamics: Dynamics<Real = T>>,
        X: StateOf<S::Dynamics>,
        F: FnMut(T, &X::Position) -> X::Position,
        G: Fn(&X::Position) -> [T; M],
    {
        const { assert!(M > 0, "there must be a statistic whose bias matters") };
        if particles.len() < 2 {
            let count = particles.len();
            return Err(TuningError::Particles { count });
        }
        rejoin(particles, false);
        let tuned = self.search(make, drift, statistics, particles, streams);
        rejoin(particles, tuned.is_err());
        tuned
    }

    /// [`tune`](Self::tune) for enough particles; it may leave the two states of a particle apart.
    fn search<S, X, F, G, const M: usize>(
        &self,
        make: impl Fn(T, u32) -> Result<S, ParameterError<T>>,
        mut drift: F,
        statistics: G,
        particles: &mut [Coupled<X>],
        streams: Streams,
    ) -> Result<Tuned<T>, TuningError<T>>
    where
        S: Stepper<Dynamics: Dynamics<Real = T>>,
        X: StateOf<S::Dynamics>,
        F: FnMut(T, &X::Position) -> X::Position,
        G: Fn(&X::Position) -> [T; M],
    {
        let (whole, half) = (self.inner_steps, self.inner_steps / 2);
        let mut search = Search::new(self.bias, self.largest);
        let mut spent = Spent::default();
        loop {
            let step_size = search.step_size();
            let (coarse, fine) = (make(step_size, whole)?, make(step_size / T::TWO, half)?);
            check(&coarse, step_size, whole)?;
            check(&fine, step_size / T::TWO, half)?;
            let mut run = Run {
                coarse,
                fine,
                drift: &mut drift,
                statistics: &statistics,
                streams,
                spent: &mut spent,
                steps: 0,
            };
            let (found, is_astray) = match self.examine(&mut run, particles) {
                Ok(Some(estimate)) => {
                    let found = search.judged(estimate, S::WEAK_ORDER);
                    (found, estimate.is_astray())
                }
                Ok(None) => return search.interrupted(spent.drift_calls),
                Err(failure) => (search.failed(failure)?, true),
            };
            rejoin(particles, is_astray);
            if let ControlFlow::Break(found) = found {
                return Ok(found.tuned(spent.drift_calls));
            }
        }
    }

    /// The estimate of the worst statistic, once it says on which side of what is wanted the bias lies; `None` if the
    /// budget was used up before.
    fn examine<S, X, F, G, const M: usize>(
        &self,
        run: &mut Run<'_, S, F, G>,
        particles: &mut [Coupled<X>],
    ) -> Result<Option<Estimate<T>>, TuningError<T>>
    where
        S: Stepper<Dynamics: Dynamics<Real = T>>,
        X: StateOf<S::Dynamics>,
        F: FnMut(T, &X::Position) -> X::Position,
        G: Fn(&X::Position) -> [T; M],
    {
        let mut half = FIRST_HALF;
        _ = run.round(particles, half)?;
        while run.spent.drift_calls < self.budget {
            // The rounds before this one were together as long: they are its burn-in.
            let estimate = run.round(particles, half)?;
            if estimate.decides(self.bias) {
                return Ok(Some(estimate));
            }
            half = (2 * half).min(1 << 30);
        }
        Ok(None)
    }
}

/// Puts both states of every particle at the same place: where it began, if they have gone astray.
fn rejoin<X: Copy>(particles: &mut [Coupled<X>], is_astray: bool) {
    for particle in particles {
        particle.rejoin(is_astray);
    }
}

/// Checks that a method is the one that was asked for.
fn check<S: Stepper>(
    method: &S,
    step_size: RealOf<S::Dynamics>,
    inner_steps: u32,
) -> Result<(), TuningError<RealOf<S::Dynamics>>> {
    let (made, asked) = (method.dynamics().step_size(), step_size);
    if made.to_bits() != asked.to_bits() {
        return Err(TuningError::MadeStepSize { made, asked });
    }
    let (made, asked) = (method.dynamics().inner_steps(), inner_steps);
    if made != asked {
        return Err(TuningError::MadeInnerSteps { made, asked });
    }
    Ok(())
}

/// Half the steps of the first round.
const FIRST_HALF: u32 = 8;
