//! What goes wrong in a step that several threads make together.

use super::Column;
use crate::error::StepError;

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

/// The first failure that a thread meets in a particle.
pub(super) struct First(u64);

impl First {
    /// The key where nothing has failed.
    pub(super) const NONE: u64 = u64::MAX;

    #[inline]
    pub(super) fn none() -> Self {
        Self(Self::NONE)
    }

    /// Takes note of a failure, unless all is finite.
    #[inline]
    pub(super) fn check(&mut self, is_finite: bool, failure: Failure) {
        if !is_finite {
            self.0 = self.0.min(failure.key());
        }
    }

    /// Tells the particle's other threads of the failure, if there is one.
    #[inline]
    pub(super) fn record(self, keys: Column<u64>, place: usize) {
        if self.0 != Self::NONE {
            keys.least(place, self.0);
        }
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
