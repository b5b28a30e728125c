//! One chain: steps, and the moments along it. Allocates nothing.

use nalgebra::SVector;
use poisson_midpoint::dynamics::Dynamics;
use poisson_midpoint::random::Stream;
use poisson_midpoint::{State, StepError, Stepper};

use crate::model::Posterior;

/// Averages of w and of (w − centre)² along a chain.
#[derive(Clone, Copy, Debug)]
pub struct Moments<const D: usize> {
    pub first: SVector<f64, D>,
    pub second: SVector<f64, D>,
    /// Gradients evaluated, the discarded part included.
    pub calls: u64,
}

/// Runs a chain from the mode for `steps` macro steps, of which the first `discard` do not count.
///
/// # Errors
/// [`StepError`] once a step is not finite: the step size is too large.
pub fn run<S, const D: usize>(
    stepper: &S,
    posterior: &Posterior<D>,
    centre: &SVector<f64, D>,
    stream: &mut Stream,
    [discard, steps]: [u32; 2],
) -> Result<Moments<D>, StepError>
where
    S: Stepper<Dynamics: Dynamics<Real = f64>>,
{
    let mut state = <S::Dynamics as Dynamics>::State::<D>::from_fn(|_, _| 0.0);
    let mut moments = Moments {
        first: SVector::zeros(),
        second: SVector::zeros(),
        calls: 0,
    };
    let weight = 1.0 / f64::from(steps - discard);
    for n in 0..steps {
        let step = stepper.step(0.0, &mut state, |_time, v| posterior.whitened(v).1, stream)?;
        moments.calls += u64::from(step.drift_calls);
        if n >= discard {
            let w = posterior.parameter(state.position());
            moments.first += w * weight;
            moments.second += (w - centre).map(|x| x * x) * weight;
        }
    }
    Ok(moments)
}
