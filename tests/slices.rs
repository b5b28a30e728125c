//! The steppers on slices: the words and the bits of the fixed-dimension ones.

use nalgebra::SVector;
use poisson_midpoint::MidpointLaw::{Bernoulli, Single};
use poisson_midpoint::dynamics::{AdditiveNoise, Dynamics, Overdamped, Semilinear, Underdamped};
use poisson_midpoint::random::Stream;
use poisson_midpoint::slices::SliceError;
use poisson_midpoint::{
    Baoa, EulerMaruyama, PoissonMidpoint, Quicsort, Real, State, StepError, Stepper, Ubu,
};

/// A coupled, time-dependent drift, written once for both forms.
fn force<T: Real>(time: T, x: &[T], drift: &mut [T]) {
    let sum = x.iter().fold(T::ZERO, |sum, &x| sum + x);
    let count = T::from_u32(16 + x.len() as u32);
    for (drift, &x) in drift.iter_mut().zip(x) {
        *drift = (time - x) / (T::ONE + x * x) - sum / count;
    }
}

fn same_bits<T, S, const D: usize>(stepper: &S)
where
    T: Real,
    S: Stepper<Dynamics: Dynamics<Real = T>>,
{
    let start =
        |part: usize, d: usize| T::from_u32((3 * part + d) as u32) / T::from_u32(4) - T::ONE;
    let mut fixed = <S::Dynamics as Dynamics>::State::<D>::from_fn(start);
    let mut slice = Vec::new();
    fixed.for_each(|_, _, value| slice.push(value));
    let mut drift = |time: T, x: &SVector<T, D>| {
        let mut drift: SVector<T, D> = SVector::from_element(T::ZERO);
        force(time, x.as_slice(), drift.as_mut_slice());
        drift
    };
    let mut streams = [Stream::new(3, 5), Stream::new(3, 5)];
    // Work that is longer than needed and holds rubbish is as good.
    let rubbish = T::ONE / T::ZERO;
    let mut work = vec![rubbish; stepper.work_length(D) + 3];
    for n in 0..200 {
        let time = T::from_u32(n) / T::from_u32(20);
        let [first, second] = &mut streams;
        let report = stepper.step(time, &mut fixed, &mut drift, first).unwrap();
        let sliced = stepper
            .step_slice(time, &mut slice, &mut force::<T>, second, &mut work)
            .unwrap();
        assert_eq!(report, sliced);
    }
    assert_eq!(streams[0], streams[1]);
    let mut components = slice.iter();
    fixed.for_each(|_, _, value| assert_eq!(components.next(), Some(&value)));
    assert_eq!(components.next(), None);
}

fn dimensions<T, S>(dynamics: S)
where
    T: Real,
    S: Dynamics<Real = T>,
{
    same_bits::<T, _, 1>(&EulerMaruyama::new(dynamics));
    same_bits::<T, _, 17>(&EulerMaruyama::new(dynamics));
    same_bits::<T, _, 289>(&EulerMaruyama::new(dynamics));
    for law in [Bernoulli, Single] {
        let stepper = PoissonMidpoint::new(dynamics, law);
        same_bits::<T, _, 1>(&stepper);
        same_bits::<T, _, 2>(&stepper);
        same_bits::<T, _, 3>(&stepper);
        same_bits::<T, _, 17>(&stepper);
        // Blocks of every length that there is.
        same_bits::<T, _, 289>(&stepper);
    }
}

fn all_dynamics<T: Real>() {
    let n = T::from_u32;
    let step = n(1) / n(20);
    // K = 4 draws several midpoints now and then; K = 1 draws none.
    for k in [1, 4, 1000] {
        dimensions(Overdamped::new(step, k).unwrap());
        dimensions(AdditiveNoise::new(step, k, n(3) / n(4)).unwrap());
        dimensions(Semilinear::new(step, k, n(2), n(1)).unwrap());
        let underdamped = Underdamped::new(step, k, n(2)).unwrap();
        let underdamped = underdamped.with_mass(n(2)).unwrap();
        dimensions(underdamped);
        let baoa = Baoa::new(underdamped).unwrap();
        same_bits::<T, _, 1>(&baoa);
        same_bits::<T, _, 289>(&baoa);
        let quicsort = Quicsort::new(underdamped).unwrap();
        same_bits::<T, _, 1>(&quicsort);
        same_bits::<T, _, 3>(&quicsort);
        same_bits::<T, _, 289>(&quicsort);
        if k % 2 == 0 {
            let ubu = Ubu::new(underdamped).unwrap();
            same_bits::<T, _, 1>(&ubu);
            same_bits::<T, _, 289>(&ubu);
        }
    }
}

#[test]
fn slices_have_the_bits_of_fixed_dimensions() {
    all_dynamics::<f32>();
    all_dynamics::<f64>();
}

#[test]
fn wrong_lengths_are_named_before_anything_moves() {
    let stepper = PoissonMidpoint::new(Underdamped::new(0.1, 9, 1.0).unwrap(), Single);
    let (mut stream, untouched) = (Stream::new(1, 1), Stream::new(1, 1));
    let mut work = [0.0; 7 * 2];
    assert_eq!(stepper.work_length(2), work.len());
    for length in [0, 3] {
        let mut state = vec![1.0; length];
        let error = stepper.step_slice(0.0, &mut state, &mut force, &mut stream, &mut work);
        assert_eq!(error, Err(SliceError::State { length, parts: 2 }));
    }
    let mut state = [1.0; 4];
    let short = &mut work[1..];
    let error = stepper.step_slice(0.0, &mut state, &mut force, &mut stream, short);
    let (length, needed) = (13, 14);
    assert_eq!(error, Err(SliceError::Work { length, needed }));
    let error = stepper.begin_slice(0.0, &mut state, &[0.0], &mut work);
    let (length, dimension) = (1, 2);
    assert_eq!(error.err(), Some(SliceError::Drift { length, dimension }));
    let mut step = stepper
        .begin_slice(0.0, &mut state, &[0.0; 2], &mut work)
        .unwrap();
    step.next(&mut untouched.clone()).unwrap();
    let length = 3;
    assert_eq!(
        step.supply(&[0.0; 3]),
        Err(SliceError::Drift { length, dimension })
    );
    assert_eq!(state, [1.0; 4]);
    assert_eq!(stream, untouched);
}

#[test]
fn errors_say_what_is_wrong() {
    let (length, needed, dimension, parts) = (3, 14, 2, 2);
    let unfinished = StepError::Unfinished;
    for (error, expected) in [
        (SliceError::Step(unfinished), &*unfinished.to_string()),
        (
            SliceError::State { length, parts },
            "the state has length 3, not a positive multiple of 2",
        ),
        (
            SliceError::Work { length, needed },
            "the work slice has length 3, not the 14 needed",
        ),
        (
            SliceError::Drift { length, dimension },
            "the drift has length 3, not 2",
        ),
    ] {
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_step_that_is_not_finite_leaves_the_slice() {
    let dynamics = Overdamped::new(0.1_f32, 100).unwrap();
    let stepper = PoissonMidpoint::new(dynamics, Single);
    let mut work = [0.0; 10];
    let mut calls = 0;
    let mut worse = |_time: f32, _x: &[f32], drift: &mut [f32]| {
        calls += 1;
        drift.fill(0.0);
        drift[1] = if calls == 2 { f32::NAN } else { 1.0 };
    };
    let mut stream = Stream::new(1, 1);
    let mut state = [1.0, 2.0];
    let error = stepper.step_slice(0.0, &mut state, &mut worse, &mut stream, &mut work);
    assert!(matches!(
        error,
        Err(SliceError::Step(StepError::NonFiniteDrift {
            component: 1,
            inner_step: 1..
        }))
    ));
    assert_eq!(state, [1.0, 2.0]);

    let mut huge = |_time: f32, _x: &[f32], drift: &mut [f32]| drift.fill(f32::MAX);
    let mut state = [f32::MAX, 0.0];
    let late = StepError::NonFiniteState { inner_step: 100 };
    let euler = EulerMaruyama::new(Overdamped::new(10.0_f32, 100).unwrap());
    let error = euler.step_slice(0.0, &mut state, &mut huge, &mut stream, &mut work);
    assert_eq!(error, Err(SliceError::Step(late)));
    assert_eq!(state, [f32::MAX, 0.0]);
    let stepper = PoissonMidpoint::new(Overdamped::new(10.0_f32, 100).unwrap(), Bernoulli);
    let error = stepper.step_slice(0.0, &mut state, &mut huge, &mut stream, &mut work);
    assert!(matches!(
        error,
        Err(SliceError::Step(StepError::NonFiniteState { .. }))
    ));
    assert_eq!(state, [f32::MAX, 0.0]);

    // Of two inner steps, the midpoint is within the range, and the end is not.
    let mut outwards = |_time: f32, _x: &[f32], drift: &mut [f32]| drift.fill(f32::MAX / 8.0);
    let mut state = [0.9 * f32::MAX, 0.0];
    let stepper = PoissonMidpoint::new(Overdamped::new(1.0_f32, 2).unwrap(), Single);
    let error = stepper.step_slice(0.0, &mut state, &mut outwards, &mut stream, &mut work);
    let at_end = StepError::NonFiniteState { inner_step: 2 };
    assert_eq!(error, Err(SliceError::Step(at_end)));
    assert_eq!(state, [0.9 * f32::MAX, 0.0]);
}

#[test]
fn the_split_phase_step_refuses_calls_out_of_order() {
    let stepper = PoissonMidpoint::new(Overdamped::new(0.1_f32, 100).unwrap(), Single);
    let mut stream = Stream::new(1, 1);
    let (mut state, mut work) = ([1.0], [0.0; 5]);
    let mut step = stepper
        .begin_slice(0.0, &mut state, &[0.0], &mut work)
        .unwrap();
    let not_asked = Err(SliceError::Step(StepError::DriftNotAsked));
    assert_eq!(step.supply(&[1.0]), not_asked);
    let query = step.next(&mut stream).unwrap().unwrap();
    let (position, inner_step) = (query.position[0], query.inner_step);
    let read = stream.word_position();
    let again = step.next(&mut stream).unwrap().unwrap();
    assert_eq!(
        (again.position[0], again.inner_step),
        (position, inner_step)
    );
    assert_eq!(stream.word_position(), read);
    assert_eq!(step.finish(), Err(SliceError::Step(StepError::Unfinished)));
    assert_eq!(state, [1.0]);
}

#[test]
fn a_suspended_step_needs_the_work_of_its_method() {
    let stepper = PoissonMidpoint::new(Underdamped::new(0.1_f32, 9, 1.0).unwrap(), Single);
    let (mut state, mut work) = ([1.0; 4], [0.0; 14]);
    let step = stepper.begin_slice(0.0, &mut state, &[0.0; 2], &mut work);
    let suspended = step.unwrap().suspend();
    assert_eq!(suspended.work_length(2), 14);
    let short = suspended.resume(&mut state, &mut work[1..]).err();
    let (length, needed) = (13, 14);
    assert_eq!(short, Some(SliceError::Work { length, needed }));
    assert!(suspended.resume(&mut state, &mut work).is_ok());
}
