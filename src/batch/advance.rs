//! Many macro steps of one particle.

use core::ops::Range;

use super::Status;
use crate::random::Stream;
use crate::scheme::{Process, Scheme};
use crate::{Drift, Real, State, Stepper};

/// What a particle's steps came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Advance {
    /// Drift evaluations of the completed steps.
    pub(crate) drift_calls: u64,
    /// The word position after the last completed step.
    pub(crate) position: u64,
    /// Whether all were completed.
    pub(crate) status: Status,
}

/// Moves a particle by the macro steps `steps`, as far as they are finite; step n begins at n·η.
#[inline]
pub(crate) fn advance<S, T, X, F, const D: usize>(
    stepper: &S,
    state: &mut X,
    stream: &mut Stream,
    drift: &mut F,
    steps: Range<u32>,
) -> Advance
where
    T: Real,
    X: State<T, D>,
    S: Stepper<D, Scheme: Process<D, State = X> + Scheme<Real = T>>,
    F: Drift<T, D>,
{
    let mut advance = Advance {
        drift_calls: 0,
        position: stream.position(),
        status: Status::Active,
    };
    let step_size = stepper.scheme().step_size();
    for n in steps {
        match stepper.step(step_size * T::from_u32(n), state, drift, stream) {
            Ok(step) => {
                advance.drift_calls += u64::from(step.drift_calls);
                advance.position = stream.position();
            }
            Err(error) => {
                advance.status = Status::Failed { step: n, error };
                break;
            }
        }
    }
    advance
}
