//! Many macro steps of one particle.

use core::ops::Range;

use super::Status;
use crate::dynamics::{Dynamics, StateOf};
use crate::method::Stepper;
use crate::random::Stream;
use crate::real::Real;

/// The outcome of a particle's steps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Advance {
    /// Drift evaluations of the completed steps.
    pub(crate) drift_calls: u64,
    /// The word position after the last completed step.
    pub(crate) word_position: u64,
    /// Whether all steps were completed.
    pub(crate) status: Status,
}

/// Moves a particle by the macro steps `steps`, up to the first that fails; step n begins at time n·η.
#[inline]
pub(crate) fn advance<S, X, F>(
    stepper: &S,
    state: &mut X,
    stream: &mut Stream,
    mut drift: F,
    steps: Range<u32>,
) -> Advance
where
    S: Stepper,
    X: StateOf<S::Dynamics>,
    F: FnMut(X::Real, &X::Position) -> X::Position,
{
    let mut advance = Advance {
        drift_calls: 0,
        word_position: stream.word_position(),
        status: Status::Active,
    };
    let step_size = stepper.dynamics().step_size();
    for n in steps {
        let time = step_size * X::Real::from_u32(n);
        match stepper.step(time, state, &mut drift, stream) {
            Ok(step) => {
                advance.drift_calls += u64::from(step.drift_calls);
                advance.word_position = stream.word_position();
            }
            Err(error) => {
                advance.status = Status::Failed { step: n, error };
                break;
            }
        }
    }
    advance
}
