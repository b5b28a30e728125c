//! What goes wrong in a step that several threads make together.

use super::SplitPhase;
use crate::dynamics::cell::Cell;
use crate::error::StepError;
use crate::real::Real;

/// A failure in a particle's step. The least of the particle's keys is that of the failure which one thread alone
/// would have met first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The state at an inner step is not finite.
    State(u32),
    /// A component of the drift at an inner step is not finite.
    Drift(u32, usize),
}

impl Failure {
    /// Orders by the inner step, then the state before the drift, then the component.
    #[inline]
    pub(super) fn key(self) -> u64 {
        match self {
            Self::State(inner_step) => u64::from(inner_step) << 32,
            Self::Drift(inner_step, component) => {
                let component = component as u64 & 0x7fff_ffff;
                u64::from(inner_step) << 32 | 1 << 31 | component
            }
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "the halves of a word")]
    pub(super) fn error(key: u64) -> StepError {
        let inner_step = (key >> 32) as u32;
        if key & 1 << 31 == 0 {
            StepError::NonFiniteState { inner_step }
        } else {
            StepError::NonFiniteDrift {
                inner_step,
                component: (key & 0x7fff_ffff) as usize,
            }
        }
    }
}

/// What may have made a number that is not finite, beside a number too large: the least of these is to blame.
#[derive(Clone, Copy)]
pub(super) enum Suspect {
    /// The drift at the state.
    B0,
    /// The state, then the drift there.
    Start,
    /// The drift at this midpoint.
    Drift(u32),
}

impl<T: Real> SplitPhase<T> {
    /// The key where nothing has failed.
    pub const NONE: u64 = u64::MAX;

    /// Records that something is not finite in a dimension: a suspect, or else the state at inner step `to`.
    #[cold]
    #[inline(always)]
    pub(super) fn fail<C: Cell<T>>(&self, suspect: Suspect, (place, d): (usize, usize), to: u32) {
        let is_finite = |from| self.component(from, d, place).is_finite();
        let failure = match suspect {
            Suspect::Start if !self.cell::<C>(self.state, d, place).is_finite() => {
                Failure::State(0)
            }
            Suspect::Start | Suspect::B0 if !is_finite(self.b0) => Failure::Drift(0, d),
            Suspect::Drift(midpoint) if !is_finite(self.drift) => Failure::Drift(midpoint, d),
            _ => Failure::State(to),
        };
        self.keys.least(place, failure.key());
        self.failed.replace(0, self.extent.step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_its_key() {
        let failures = [
            Failure::State(0),
            Failure::Drift(0, 0),
            Failure::Drift(0, 7),
            Failure::State(3),
            Failure::Drift(3, 2),
            Failure::State(u32::MAX),
        ];
        assert!(failures.is_sorted_by_key(|failure| failure.key()));
        let errors = failures.map(|failure| Failure::error(failure.key()));
        let component = 7;
        let inner_step = 0;
        let expected = StepError::NonFiniteDrift {
            inner_step,
            component,
        };
        assert_eq!(errors[2], expected);
        let inner_step = u32::MAX;
        assert_eq!(errors[5], StepError::NonFiniteState { inner_step });
    }
}
