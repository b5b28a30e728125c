//! Steps of one stage, and of QUICSORT, whose drift is computed elsewhere, against the step in one call.

use nalgebra::{SVector, vector};
use poisson_midpoint::dynamics::{Dynamics, Overdamped, StateOf, Underdamped};
use poisson_midpoint::noise::{BrownianPath, Injected};
use poisson_midpoint::random::Stream;
use poisson_midpoint::slices::SliceError;
use poisson_midpoint::{
    Baoa, EulerMaruyama, MidpointLaw, OneStage, Phase, PoissonMidpoint, Quicsort, State, StepError,
    Stepper, Ubu,
};

const D: usize = 5;

fn force(time: f64, x: &[f64]) -> Vec<f64> {
    let next = |d: usize| x[(d + 1) % x.len()];
    (0..x.len()).map(|d| time - x[d] + next(d).sin()).collect()
}

/// Steps in one call, in split phase and in split phase on a slice, of particles whose steps wait for each other.
fn same_bits<M, X>(method: &M)
where
    M: OneStage<Of: Dynamics<Real = f64>>,
    X: StateOf<M::Of> + State<Real = f64, Position = SVector<f64, D>>,
{
    let starts = [0.5, -1.5].map(|scale| X::from_fn(|part, d| scale + (part * D + d) as f64));
    let components = |state: &X| {
        let mut all = Vec::new();
        state.for_each(|_, _, value| all.push(value));
        all
    };
    let streams = || [0, 1].map(|particle| Stream::new(7, particle));

    let (mut states, mut expected) = (starts, streams());
    for (state, stream) in states.iter_mut().zip(&mut expected) {
        for n in 0..20 {
            let drift = |time, x: &SVector<f64, D>| SVector::from_vec(force(time, x.as_slice()));
            let _ = method.step(f64::from(n), state, drift, stream).unwrap();
        }
    }

    let (mut waiting, mut read) = (starts, streams());
    for n in 0..20 {
        let mut steps = Vec::new();
        for (state, stream) in waiting.iter().zip(&mut read) {
            steps.push(method.begin(f64::from(n), state, stream).unwrap());
        }
        for (step, (state, stream)) in steps.iter().zip(waiting.iter_mut().zip(&mut read)) {
            let query = step.query();
            let drift = SVector::from_vec(force(query.time, query.position.as_slice()));
            let (moved, report) = step.finish(drift, stream).unwrap();
            assert_eq!(report.drift_calls, 1);
            *state = moved;
        }
    }
    assert_eq!((waiting, &read), (states, &expected));

    let mut read = streams();
    for (particle, stream) in read.iter_mut().enumerate() {
        let mut slice = components(&starts[particle]);
        let mut work = vec![f64::NAN; slice.len()];
        for n in 0..20 {
            let step = method.begin_slice(f64::from(n), &mut slice, stream, &mut work);
            let step = step.unwrap();
            let query = step.query();
            let drift = force(query.time, query.position);
            assert_eq!(step.finish(&drift, stream).unwrap().drift_calls, 1);
        }
        assert_eq!(slice, components(&states[particle]));
    }
    assert_eq!(read, expected);
}

#[test]
fn a_step_in_split_phase_has_the_bits_of_one_call() {
    let underdamped = Underdamped::new(0.2, 6, 1.5).unwrap();
    same_bits::<_, SVector<f64, D>>(&EulerMaruyama::new(Overdamped::new(0.2, 3).unwrap()));
    same_bits::<_, Phase<f64, D>>(&EulerMaruyama::new(underdamped));
    same_bits::<_, Phase<f64, D>>(&Baoa::new(underdamped).unwrap());
    same_bits::<_, Phase<f64, D>>(&Ubu::new(underdamped).unwrap());
}

/// UBU asks for the drift in the middle of the step, BAOA where it begins.
#[test]
fn the_query_says_where_and_when() {
    let dynamics = Underdamped::new(0.5, 6, 1.0).unwrap();
    let start = Phase {
        position: vector![1.0],
        velocity: vector![2.0],
    };
    let mut none = Injected::new(|_| None, |_from, _to| Phase::at_rest(vector![0.0]));

    let query = Baoa::new(dynamics).unwrap().begin(3.0, &start, &mut none);
    let query = query.unwrap().query();
    assert_eq!(
        (query.position, query.time, query.inner_step),
        (start.position, 3.0, 0)
    );

    let query = Ubu::new(dynamics).unwrap().begin(3.0, &start, &mut none);
    let query = query.unwrap().query();
    let travelled = 2.0 * (1.0 - (-0.25_f64).exp());
    assert!((query.position.x - 1.0 - travelled).abs() < 1e-15);
    assert_eq!((query.time, query.inner_step), (3.25, 3));
}

#[test]
fn a_bad_drift_draws_nothing_and_another_may_follow() {
    let method = Ubu::new(Underdamped::new(0.5, 6, 1.0).unwrap()).unwrap();
    let start = Phase::at_rest(vector![1.0, 2.0]);
    let mut stream = Stream::new(1, 1);
    let step = method.begin(0.0, &start, &mut stream).unwrap();
    let read = stream.word_position();
    let (inner_step, component) = (3, 1);
    let error = StepError::NonFiniteDrift {
        inner_step,
        component,
    };
    let bad = step.finish(vector![0.0, f64::NAN], &mut stream);
    assert_eq!((bad, stream.word_position()), (Err(error), read));
    let (moved, _) = step.finish(vector![-1.0, -2.0], &mut stream).unwrap();
    assert!(moved.is_finite() && stream.word_position() > read);

    for state in [
        Phase::at_rest(vector![0.0, f64::NAN]),
        Phase::at_rest(vector![f64::INFINITY, 0.0]),
    ] {
        let error = StepError::NonFiniteState { inner_step: 0 };
        let baoa = Baoa::new(*method.of()).unwrap();
        assert_eq!(baoa.begin(0.0, &state, &mut stream).err(), Some(error));
        let [x, y] = state.position.into();
        let (mut slice, mut work) = ([x, y, 0.0, 0.0], [0.0; 4]);
        let begun = baoa.begin_slice(0.0, &mut slice, &mut stream, &mut work);
        assert_eq!(begun.err(), Some(SliceError::Step(error)));
    }
    let far = Phase {
        position: vector![f64::MAX, 0.0],
        velocity: vector![f64::MAX, 0.0],
    };
    let error = StepError::NonFiniteState { inner_step };
    assert_eq!(method.begin(0.0, &far, &mut stream).err(), Some(error));
}

#[test]
fn a_slice_stays_as_it_was_if_its_drift_is_bad() {
    let method = Ubu::new(Underdamped::new(0.5, 6, 1.0).unwrap()).unwrap();
    let (mut state, mut work) = ([1.0, 2.0, 0.0, 0.0], [0.0; 4]);
    let mut stream = Stream::new(1, 1);
    let finished = |state: &mut [f64; 4], work: &mut [f64], drift: &[f64], stream: &mut Stream| {
        let step = method.begin_slice(0.0, state, stream, work)?;
        step.finish(drift, stream)
    };

    let result = finished(&mut state, &mut work[..3], &[0.0; 2], &mut stream);
    let (length, needed) = (3, 4);
    assert_eq!(result, Err(SliceError::Work { length, needed }));
    assert_eq!(stream.word_position(), 0);

    let result = finished(&mut state, &mut work, &[0.0; 3], &mut stream);
    assert!(
        matches!(result, Err(SliceError::Drift { .. })),
        "{result:?}"
    );
    let (inner_step, component) = (3, 1);
    let error = StepError::NonFiniteDrift {
        inner_step,
        component,
    };
    let result = finished(&mut state, &mut work, &[0.0, f64::INFINITY], &mut stream);
    assert_eq!(result, Err(SliceError::Step(error)));
    assert_eq!(state, [1.0, 2.0, 0.0, 0.0]);

    let method = EulerMaruyama::new(Overdamped::new(4.0, 6).unwrap());
    let step = method.begin_slice(0.0, &mut state, &mut stream, &mut work);
    let result = step.unwrap().finish(&[f64::MAX; 4], &mut stream);
    let inner_step = 6;
    let error = StepError::NonFiniteState { inner_step };
    assert_eq!(result, Err(SliceError::Step(error)));
    assert_eq!(state, [1.0, 2.0, 0.0, 0.0]);
}

#[test]
fn a_path_of_other_steps_is_refused_in_both_phases() {
    let path = BrownianPath::new(Overdamped::new(1.0, 8).unwrap(), Stream::new(1, 1));
    let method = EulerMaruyama::new(Overdamped::new(0.5, 4).unwrap());
    let mut unused = Stream::new(1, 2);
    let error = StepError::NoiseOfOtherSteps {
        inner_steps: 4,
        needed: 2,
    };
    let mut wrong = path.noise(0, 2, &mut unused).unwrap();
    let begun = method.begin(0.0, &vector![1.0], &mut wrong);
    assert_eq!(begun.err(), Some(error));
    let mut stream = Stream::new(1, 3);
    let step = method.begin(0.0, &vector![1.0], &mut stream).unwrap();
    assert_eq!(step.finish(vector![0.0], &mut wrong), Err(error));
}

/// A drift that fails at any of its calls, or that throws the state out of range, under the law with one midpoint: one
/// call and split phase have the same error, the same state and read the same words.
#[test]
fn a_step_with_one_midpoint_fails_as_in_split_phase() {
    let stepper = PoissonMidpoint::new(Overdamped::new(4.0, 10).unwrap(), MidpointLaw::Single);
    let start = vector![1.0, -0.5];
    for (call, bad) in [
        (0, f64::NAN),
        (1, f64::NAN),
        (0, f64::MAX),
        (1, f64::MAX),
        (9, 0.0),
    ] {
        let drifts = || {
            let mut calls = 0;
            move |x: &SVector<f64, 2>| {
                let drift = if calls == call { vector![0.5, bad] } else { -x };
                calls += 1;
                drift
            }
        };
        let (mut x, mut stream) = (start, Stream::new(3, 1));
        let mut drift = drifts();
        let result = stepper.step(0.0, &mut x, |_, x| drift(x), &mut stream);

        let mut words = Stream::new(3, 1);
        let mut drift = drifts();
        let mut split = || {
            let mut step = stepper.begin(0.0, &start, drift(&start))?;
            while let Some(query) = step.next(&mut words)? {
                step.supply(drift(&query.position))?;
            }
            step.finish()
        };
        let expected = split();
        assert_eq!(result, expected.map(|(_, report)| report));
        assert_eq!(x, expected.map_or(start, |(moved, _)| moved));
        assert_eq!(stream.word_position(), words.word_position());
        assert_eq!(result.is_err(), call < 9, "{call} {bad}");
    }
}

/// Steps of QUICSORT in one call, in split phase and in split phase on a slice, of particles whose steps wait for each
/// other.
#[test]
fn a_step_of_quicsort_in_split_phase_has_the_bits_of_one_call() {
    let method = Quicsort::new(Underdamped::new(0.2, 6, 1.5).unwrap()).unwrap();
    let mut states = [0.5, -1.5].map(|x| Phase::at_rest(SVector::<f64, D>::repeat(x)));
    let streams = || [0, 1].map(|particle| Stream::new(7, particle));
    let (mut waiting, mut slices) = (states, [vec![0.5; D], vec![-1.5; D]]);
    for slice in &mut slices {
        slice.resize(2 * D, 0.0);
    }
    let (mut expected, mut read, mut read_by_slices) = (streams(), streams(), streams());
    for n in 0..20 {
        let time = f64::from(n);
        for (state, stream) in states.iter_mut().zip(&mut expected) {
            let drift = |time, x: &SVector<f64, D>| SVector::from_vec(force(time, x.as_slice()));
            let _ = method.step(time, state, drift, stream).unwrap();
        }

        let steps = waiting.iter().zip(&mut read);
        let steps = steps.map(|(state, stream)| method.begin(time, state, stream).unwrap());
        let mut steps: Vec<_> = steps.collect();
        for _ in 0..2 {
            for step in &mut steps {
                let query = step.query().unwrap().unwrap();
                let drift = force(query.time, query.position.as_slice());
                step.supply(SVector::from_vec(drift)).unwrap();
            }
        }
        for (state, step) in waiting.iter_mut().zip(steps) {
            assert_eq!(step.query(), Ok(None));
            let (moved, report) = step.finish().unwrap();
            assert_eq!(report.drift_calls, 2);
            *state = moved;
        }

        let mut work = vec![f64::NAN; 4 * D];
        for (slice, stream) in slices.iter_mut().zip(&mut read_by_slices) {
            let mut step = method.begin_slice(time, slice, stream, &mut work).unwrap();
            while let Some(query) = step.query().unwrap() {
                let drift = force(query.time, query.position);
                step.supply(&drift).unwrap();
            }
            assert_eq!(step.finish().unwrap().drift_calls, 2);
        }
    }
    assert_eq!((waiting, &read), (states, &expected));
    assert_eq!(read_by_slices, expected);
    for (slice, Phase { position, velocity }) in slices.iter().zip(states) {
        assert_eq!(*slice, [position.as_slice(), velocity.as_slice()].concat());
    }
}

/// No call out of turn, and nothing that is not finite, changes a step of QUICSORT under way.
#[test]
fn a_step_of_quicsort_goes_on_after_a_bad_call() {
    let method = Quicsort::new(Underdamped::new(0.5, 6, 1.0).unwrap()).unwrap();
    let start = Phase::at_rest(vector![1.0, 2.0]);
    let mut stream = Stream::new(1, 1);
    let mut expected = start;
    let _ = method.step(3.0, &mut expected, |_, x| -x, &mut stream.clone());

    // λ = 0.211 and μ = 0.789 of a step of six.
    let shares = [(3.0_f64.sqrt(), 1), (-3.0_f64.sqrt(), 4)];
    let mut step = method.begin(3.0, &start, &mut stream).unwrap();
    for (root, inner_step) in shares {
        let query = step.query().unwrap().unwrap();
        let time = 3.0 + 0.5 * (3.0 - root) / 6.0;
        assert!((query.time - time).abs() < 1e-15);
        assert_eq!(query.inner_step, inner_step);
        assert_eq!(step.query(), Ok(Some(query)));
        let component = 1;
        let bad = StepError::NonFiniteDrift {
            inner_step,
            component,
        };
        assert_eq!(step.supply(vector![0.0, f64::NAN]), Err(bad));
        assert_eq!(step.finish().err(), Some(StepError::Unfinished));
        step.supply(-query.position).unwrap();
    }
    let position = vector![0.0, 0.0];
    assert_eq!(step.supply(position), Err(StepError::DriftNotAsked));
    assert_eq!(step.finish().map(|(state, _)| state), Ok(expected));

    // On a slice.
    let (mut state, mut work, mut words) = ([1.0, 2.0, 0.0, 0.0], [0.0; 8], Stream::new(1, 1));
    let begun = method.begin_slice(3.0, &mut state, &mut words, &mut work[..7]);
    let (length, needed) = (7, 8);
    assert_eq!(begun.err(), Some(SliceError::Work { length, needed }));
    let begun = method.begin_slice(3.0, &mut state[..3], &mut words, &mut work);
    assert!(matches!(begun.err(), Some(SliceError::State { .. })));
    assert_eq!(words.word_position(), 0);
    let step = method.begin_slice(3.0, &mut state, &mut words, &mut work);
    let unfinished = step.unwrap().finish();
    assert_eq!(unfinished, Err(SliceError::Step(StepError::Unfinished)));
    assert_eq!(state, [1.0, 2.0, 0.0, 0.0]);
    words.seek(0).unwrap();
    let mut step = method
        .begin_slice(3.0, &mut state, &mut words, &mut work)
        .unwrap();
    for (_, inner_step) in shares {
        let (length, dimension) = (3, 2);
        let wrong = SliceError::Drift { length, dimension };
        assert_eq!(step.supply(&[0.0; 3]), Err(wrong));
        let component = 0;
        let bad = StepError::NonFiniteDrift {
            inner_step,
            component,
        };
        assert_eq!(step.supply(&[f64::INFINITY, 0.0]), Err(bad.into()));
        let position = step.query().unwrap().unwrap().position;
        let drift = [-position[0], -position[1]];
        step.supply(&drift).unwrap();
    }
    let not_asked = StepError::DriftNotAsked;
    assert_eq!(step.supply(&[0.0; 3]), Err(not_asked.into()));
    assert!(step.query().unwrap().is_none());
    assert_eq!(step.finish().unwrap().drift_calls, 2);
    let Phase { position, velocity } = expected;
    assert_eq!(state, [position.x, position.y, velocity.x, velocity.y]);
}

/// A state, a node or a result that is not finite ends a step of QUICSORT, alike in vectors and on slices.
#[test]
fn a_step_of_quicsort_fails_where_it_is_not_finite() {
    let method = Quicsort::new(Underdamped::new(4.0, 6, 1.0).unwrap()).unwrap();
    let at = |inner_step| StepError::NonFiniteState { inner_step };
    let mut stream = Stream::new(1, 1);
    for (position, velocity, first, expected) in [
        (f64::NAN, 0.0, 0.0, at(0)),
        (0.0, f64::INFINITY, 0.0, at(0)),
        (f64::MAX, f64::MAX, 0.0, at(1)),
        (0.0, 0.0, f64::MAX, at(4)),
        (0.0, 0.0, f64::MAX / 4.0, at(6)),
    ] {
        let start = Phase {
            position: vector![position],
            velocity: vector![velocity],
        };
        let drift = |inner_step| if inner_step == 1 { first } else { f64::MAX };
        let mut vectors = || {
            let mut step = method.begin(0.0, &start, &mut stream)?;
            while let Some(query) = step.query()? {
                step.supply(vector![drift(query.inner_step)])?;
            }
            step.finish()
        };
        assert_eq!(vectors().err(), Some(expected));
        let (mut state, mut work) = ([position, velocity], [0.0; 4]);
        let before = state.map(f64::to_bits);
        let mut slices = || {
            let mut step = method.begin_slice(0.0, &mut state, &mut stream, &mut work)?;
            while let Some(query) = step.query()? {
                let drift = drift(query.inner_step);
                step.supply(&[drift])?;
            }
            step.finish()
        };
        assert_eq!(slices(), Err(SliceError::Step(expected)));
        assert_eq!(state.map(f64::to_bits), before);
    }
    // Nothing is supplied where the position is not finite.
    let far = Phase {
        position: vector![f64::MAX],
        velocity: vector![f64::MAX],
    };
    let mut step = method.begin(0.0, &far, &mut stream).unwrap();
    assert_eq!(step.supply(vector![0.0]), Err(at(1)));
    assert_eq!(step.finish().err(), Some(at(1)));
}
