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
#[derive(Clone, Copy, Debug, PartialEq)]
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

    /// With so many drift evaluations for each of the completed steps `steps`.
    #[inline]
    pub(crate) fn evaluated(mut self, drift_calls: u32, steps: &Range<u32>) -> Self {
        let completed = steps.end.saturating_sub(steps.start);
        self.drift_calls = u64::from(drift_calls) * u64::from(completed);
        self
    }

    /// The outcome if step `step` of `steps` has failed, and each before it has asked for so many drifts.
    #[inline]
    pub(crate) fn failed_in(
        self,
        steps: &Range<u32>,
        drift_calls: u32,
        step: u32,
        error: StepError,
    ) -> Self {
        let completed = steps.start..step;
        self.evaluated(drift_calls, &completed).failed(step, error)
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

#[cfg(test)]
pub(crate) mod tests {
    use nalgebra::SVector;

    use super::*;
    use crate::dynamics::state::State;
    use crate::dynamics::{Dynamics, RealOf};
    use crate::random::Streams;
    use crate::real::Real;

    type RealIn<M> = RealOf<<M as Stepper>::Dynamics>;
    type StateIn<M, const D: usize> = <<M as Stepper>::Dynamics as Dynamics>::State<D>;
    /// A drift of any type.
    type AnyDrift<'a, T, const D: usize> = &'a mut dyn FnMut(T, &SVector<T, D>) -> SVector<T, D>;

    /// Checks that `go`, on words made ahead, makes the steps that [`advance`] makes one by one on a stream: to their end
    /// and where a drift is not finite, or the state overflows, or is not finite from the start.
    pub(crate) fn check_advance<M: Stepper, const D: usize>(
        method: &M,
        go: impl Fn(&mut StateIn<M, D>, &mut Ahead, AnyDrift<RealIn<M>, D>, Range<u32>) -> Advance,
    ) {
        let zero = RealIn::<M>::ZERO;
        let infinity = RealIn::<M>::ONE / zero;
        // 0.9 of the largest number.
        let large =
            RealIn::<M>::from_u32(18) / RealIn::<M>::from_u32(5) / RealIn::<M>::LEAST_NORMAL;
        let never = u32::MAX;
        // Which component of the drift has which value, and from which evaluation on.
        for (component, begin, value) in [
            (0, 1, infinity),
            (D - 1, 2, -infinity),
            (0, 17, infinity * zero),
            (D - 1, 18, infinity),
            (D / 2, 9, large),
            (0, never, zero),
        ] {
            let drifts = || {
                let mut evaluation = 0;
                move |time, x: &SVector<RealIn<M>, D>| {
                    evaluation += 1;
                    let mut b = x * (time - RealIn::<M>::ONE);
                    if evaluation >= begin {
                        b[component] = value;
                    }
                    b
                }
            };
            let streams = Streams::new(42);
            for particle in 0..8 {
                let position = 5 * particle;
                let start = StateIn::<M, D>::from_fn(|part, d| {
                    RealIn::<M>::from_u32(if d == part { 1 } else { 2 })
                });
                let (mut expected, mut moved) = (start, start);
                let mut stream = streams.particle_at(particle, position).unwrap();
                let mut words = Ahead::new(streams, particle, position);
                let by_steps = advance(method, &mut expected, &mut stream, drifts(), 3..63);
                let found = go(&mut moved, &mut words, &mut drifts(), 3..63);
                assert_eq!((found, moved), (by_steps, expected));
                assert_eq!(moved != start, found.drift_calls > 0);
                let is_finite = value.is_finite();
                assert!(match found.status {
                    Status::Active => begin == never,
                    Status::Failed { error, .. } => match error {
                        StepError::NonFiniteDrift { component: c, .. } =>
                            c == component && !is_finite,
                        StepError::NonFiniteState { .. } => is_finite && begin != never,
                        _ => false,
                    },
                });
                let (end, beyond) = (7, 8);
                for none in [end..end, beyond..end] {
                    let mut words = Ahead::new(streams, particle, position);
                    let found = go(&mut moved, &mut words, &mut drifts(), none);
                    assert_eq!(found, Advance::new(&words));
                    assert_eq!(moved, expected);
                }
            }
        }

        // From a state whose last scalar is not finite, if there is a step.
        let last = (StateIn::<M, D>::PARTS - 1, D - 1);
        let before = StateIn::<M, D>::from_fn(|part, d| {
            if (part, d) == last {
                infinity
            } else {
                RealIn::<M>::ONE
            }
        });
        for steps in [5..5, 5..6] {
            let (mut expected, mut moved) = (before, before);
            let mut words = Ahead::new(Streams::new(42), 7, 3);
            let mut stream = Streams::new(42).particle_at(7, 3).unwrap();
            let drift = |_, x: &SVector<_, D>| *x;
            let by_steps = advance(method, &mut expected, &mut stream, drift, steps.clone());
            let found = go(&mut moved, &mut words, &mut |_, x| *x, steps.clone());
            assert_eq!((found, moved, expected), (by_steps, before, before));
            assert_eq!(found.status == Status::Active, steps.is_empty());
        }
    }
}
