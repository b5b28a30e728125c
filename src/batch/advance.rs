//! Many macro steps of one particle.

use core::ops::Range;

use super::Status;
use crate::dynamics::{StateOf, start_time};
use crate::error::StepError;
use crate::method::Stepper;
use crate::random::{Ahead, Stream, Words};

/// Words that know their position.
pub trait Positioned: Words {
    /// The number of words before the next one.
    fn word_position(&self) -> u64;
}

impl Positioned for Stream {
    #[inline]
    fn word_position(&self) -> u64 {
        self.word_position()
    }
}

impl Positioned for Ahead {
    #[inline]
    fn word_position(&self) -> u64 {
        self.word_position()
    }
}

/// The outcome of a particle's steps.
#[derive(Clone, Copy, Debug)]
pub struct Advance {
    /// Drift evaluations of the completed steps.
    pub(crate) drift_calls: u64,
    /// The word position after the last completed step.
    pub(crate) word_position: u64,
    /// Whether all steps were completed.
    pub(crate) status: Status,
}

impl Advance {
    /// No step.
    #[inline]
    pub(crate) fn new(words: &impl Positioned) -> Self {
        Self {
            drift_calls: 0,
            word_position: words.word_position(),
            status: Status::Active,
        }
    }

    /// Notes a completed step.
    #[inline]
    pub(crate) fn done(&mut self, drift_calls: u32, words: &impl Positioned) {
        self.drift_calls += u64::from(drift_calls);
        self.word_position = words.word_position();
    }

    /// The outcome if step `step` has failed.
    #[inline]
    pub(crate) fn failed(self, step: u32, error: StepError) -> Self {
        Self {
            status: Status::Failed { step, error },
            ..self
        }
    }
}

/// Moves a particle by the macro steps `steps`, up to the first that fails; step n begins at time n·η.
#[inline]
pub(crate) fn advance<S, X, F, W>(
    stepper: &S,
    state: &mut X,
    words: &mut W,
    mut drift: F,
    steps: Range<u32>,
) -> Advance
where
    S: Stepper,
    X: StateOf<S::Dynamics>,
    F: FnMut(X::Real, &X::Position) -> X::Position,
    W: Positioned,
{
    let mut advance = Advance::new(words);
    for n in steps {
        let time = start_time(stepper.dynamics(), n);
        match stepper.step(time, state, &mut drift, words) {
            Ok(step) => advance.done(step.drift_calls, words),
            Err(error) => return advance.failed(n, error),
        }
    }
    advance
}
