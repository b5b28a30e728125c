//! A step in split phase, driven by calls in any order, against the step in one call: the same bits, words, cost and
//! errors, and no call out of turn changes anything.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use poisson_midpoint::dynamics::Dynamics;
use poisson_midpoint::nalgebra::SVector;
use poisson_midpoint::random::Stream;
use poisson_midpoint::{MidpointLaw, PoissonMidpoint, State, StepError, Stepper};
use poisson_midpoint_fuzz::dynamics::{Choice, Visit};
use poisson_midpoint_fuzz::numbers::{Scalar, between};
use poisson_midpoint_fuzz::state::{bits, slice_bits};
use poisson_midpoint_fuzz::steps::{InSlices, InVectors, Query, Split};

const D: usize = 2;

#[derive(Arbitrary, Debug)]
struct Input {
    dynamics: Choice,
    inner_steps: u32,
    is_double: bool,
    is_single: bool,
    time: u16,
    start: [u16; 2 * D],
    particle: u64,
    word_position: u32,
    slope: Slope,
    calls: Vec<Call>,
}

/// How steep the drift is, so that steps fail at every place where they can.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Slope {
    Tame(u16),
    /// Any bits at one of the evaluations of the drift.
    Wild {
        evaluation: u8,
        bits: u64,
    },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Call {
    Next,
    Supply,
    SupplyNonFinite { component: bool, bits: u64 },
    SupplyLength(u8),
    Finish,
}

impl Slope {
    fn drift<T: Scalar>(self, evaluation: u32, time: T, x: [T; D]) -> [T; D] {
        let slope = match self {
            Self::Tame(bits) => T::of(between(bits, -4.0, 1.0)),
            Self::Wild {
                evaluation: at,
                bits,
            } if u32::from(at) == evaluation => T::of(f64::from_bits(bits)),
            Self::Wild { .. } => -T::ONE,
        };
        std::array::from_fn(|d| slope * x[(d + 1) % D] + time)
    }
}

/// What the step in one call came to.
struct Reference {
    result: Result<u32, StepError>,
    state: Vec<u64>,
    word_position: u64,
}

/// Drives a step through the calls, then to its end, and checks every answer.
fn drive<T: Scalar>(
    mut step: impl Split<T, D>,
    mut stream: Stream,
    input: &Input,
    reference: &Reference,
) {
    let start = step.state();
    let mut asked: Option<Query<D>> = None;
    let (mut is_done, mut evaluations) = (false, 1);
    let value = |query: &Query<D>, evaluations| {
        let x = query.position.map(T::from_bits);
        input.slope.drift(evaluations, T::from_bits(query.time), x)
    };
    // Beyond the input's calls, whatever leads to the end.
    let mut calls = input.calls.iter().copied().take(24);
    loop {
        let onwards = if is_done {
            Call::Finish
        } else if asked.is_some() {
            Call::Supply
        } else {
            Call::Next
        };
        let (call, is_last) = calls.next().map_or((onwards, true), |call| (call, false));
        let position = stream.word_position();
        match call {
            Call::Next => match step.next(&mut stream) {
                Ok(query) => {
                    if asked.is_some() || is_done {
                        assert_eq!((query, stream.word_position()), (asked, position));
                    }
                    asked = query;
                    is_done |= query.is_none();
                }
                Err(error) => {
                    assert!(asked.is_none() && !is_done);
                    assert_eq!(Err(error), reference.result);
                    assert_eq!(stream.word_position(), reference.word_position);
                    assert_eq!(step.next(&mut stream), Err(error));
                    assert_eq!(stream.word_position(), reference.word_position);
                    assert_eq!(step.finish(), Err(error));
                    break;
                }
            },
            Call::Supply => {
                let query = asked.unwrap_or(Query {
                    position: [0; D],
                    time: 0,
                    inner_step: 0,
                });
                let result = step.supply(&value(&query, evaluations));
                if asked.is_none() {
                    assert_eq!(result, Err(StepError::DriftNotAsked));
                } else if let Err(error) = result {
                    assert_eq!(Err(error), reference.result);
                    assert_eq!(stream.word_position(), reference.word_position);
                    break;
                } else {
                    (asked, evaluations) = (None, evaluations + 1);
                }
            }
            Call::SupplyNonFinite { component, bits } => {
                // The exponent of what is not finite.
                let bad = T::of(f64::from_bits(bits | 0x7ff0_0000_0000_0000));
                let component = usize::from(component);
                let mut drift = [T::ONE; D];
                drift[component] = bad;
                let expected = asked.map_or(StepError::DriftNotAsked, |query| {
                    let inner_step = query.inner_step;
                    StepError::NonFiniteDrift {
                        inner_step,
                        component,
                    }
                });
                assert_eq!(step.supply(&drift), Err(expected));
            }
            Call::SupplyLength(length) => {
                let drift = vec![T::ZERO; usize::from(length)];
                if drift.len() != D {
                    step.supply_wrong_length(&drift, asked.is_some());
                }
            }
            Call::Finish => {
                let result = step.finish();
                if !is_done {
                    assert_eq!(result, Err(StepError::Unfinished));
                } else {
                    assert_eq!(result, reference.result);
                    if is_last {
                        assert_eq!(stream.word_position(), reference.word_position);
                        assert_eq!(slice_bits(&step.finished()), reference.state);
                        return;
                    }
                }
            }
        }
        assert_eq!(slice_bits(&step.state()), slice_bits(&start));
    }
    assert_eq!(slice_bits(&step.state()), reference.state);
}

struct Check<'a>(&'a Input);

impl<T: Scalar> Visit<T> for Check<'_> {
    type Output = ();

    fn visit<S: Dynamics<Real = T>>(self, dynamics: S) {
        let input = self.0;
        let law = match input.is_single {
            true => MidpointLaw::Single,
            false => MidpointLaw::Bernoulli,
        };
        let stepper = PoissonMidpoint::new(dynamics, law);
        let time = T::of(between(input.time, -1.0, 1.0));
        let start =
            S::State::<D>::from_fn(|part, d| T::of(between(input.start[part * D + d], -3.0, 3.0)));
        let mut stream = Stream::new(42, input.particle);
        stream.seek(input.word_position.into()).unwrap();

        let mut evaluation = 0;
        let mut drift = |time: T, x: [T; D]| {
            evaluation += 1;
            input.slope.drift(evaluation - 1, time, x)
        };
        let (mut state, mut words) = (start, stream.clone());
        let vector = |time, x: &SVector<T, D>| SVector::from(drift(time, [x[0], x[1]]));
        let result = stepper.step(time, &mut state, vector, &mut words);
        let reference = Reference {
            result: result.map(|step| step.drift_calls),
            state: bits(&state),
            word_position: words.word_position(),
        };
        if result.is_err() {
            assert_eq!(reference.state, bits(&start));
        }
        assert!(state.is_finite());

        let x = *start.position();
        let b0 = input.slope.drift(0, time, [x[0], x[1]]);
        match InVectors::begin(stepper, time, start, SVector::from(b0)) {
            Ok(step) => drive(step, stream.clone(), input, &reference),
            Err(error) => assert_eq!(Err(error), reference.result),
        }
        match InSlices::begin(stepper, time, &start, &b0) {
            Ok(step) => drive(step, stream.clone(), input, &reference),
            Err(error) => assert_eq!(Err(error), reference.result),
        }
        InSlices::one_call(
            &stepper,
            time,
            &start,
            stream,
            |evaluation, time, x| input.slope.drift(evaluation, time, x),
            |result, state, word_position| {
                assert_eq!(result, reference.result);
                assert_eq!(
                    (slice_bits(state), word_position),
                    (reference.state.clone(), reference.word_position)
                );
            },
        );
    }
}

fuzz_target!(|input: Input| {
    let inner_steps = input.inner_steps.max(1);
    if input.is_double {
        input
            .dynamics
            .parameters::<f64>(inner_steps, 1e-3, 2.0)
            .visit(Check(&input));
    } else {
        input
            .dynamics
            .parameters::<f32>(inner_steps, 1e-3, 2.0)
            .visit(Check(&input));
    }
});
