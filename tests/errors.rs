//! Bad input is named, in full, before anything changes.

use nalgebra::{SVector, vector};
use poisson_midpoint::MidpointLaw::{Bernoulli, Single};
use poisson_midpoint::dynamics::{AdditiveNoise, Overdamped, Semilinear, Underdamped};
use poisson_midpoint::noise::{BrownianPath, Injected, PathError};
use poisson_midpoint::random::Stream;
use poisson_midpoint::{
    EulerMaruyama, Parameter, ParameterError, Phase, PoissonMidpoint, Real, StepError, Stepper,
};

/// The parameter named, and the message.
fn named<T: Real, S: std::fmt::Debug>(result: Result<S, ParameterError<T>>) -> (Parameter, String) {
    let error = result.unwrap_err();
    (error.parameter, error.to_string())
}

#[test]
fn parameters_outside_their_range_are_named() {
    use Parameter::{
        DiffusionCoefficient, Friction, InnerSteps, LinearRate, Mass, Mobility, StepSize,
        Temperature,
    };
    for (bad, shown) in [
        (0.0, "0"),
        (-0.0, "-0"),
        (-1.5, "-1.5"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "inf"),
        (f64::NEG_INFINITY, "-inf"),
    ] {
        let says = |what: &str| format!("{what} {shown} is not in (0, inf)");
        let good = Overdamped::new(0.1, 10).unwrap();
        assert_eq!(
            named(Overdamped::new(bad, 10)),
            (StepSize, says("step size"))
        );
        assert_eq!(
            named(AdditiveNoise::new(bad, 10, 1.0)),
            (StepSize, says("step size"))
        );
        assert_eq!(
            named(Semilinear::new(bad, 10, 1.0, 1.0)),
            (StepSize, says("step size"))
        );
        assert_eq!(
            named(Underdamped::new(bad, 10, 1.0)),
            (StepSize, says("step size"))
        );
        assert_eq!(
            named(good.with_temperature(bad)),
            (Temperature, says("temperature"))
        );
        assert_eq!(named(good.with_mobility(bad)), (Mobility, says("mobility")));
        assert_eq!(
            named(Underdamped::new(0.1, 10, bad)),
            (Friction, says("friction"))
        );
        let underdamped = Underdamped::new(0.1, 10, 1.0).unwrap();
        assert_eq!(named(underdamped.with_mass(bad)), (Mass, says("mass")));
        assert_eq!(
            named(underdamped.with_temperature(bad)),
            (Temperature, says("temperature"))
        );
        if bad.is_finite() {
            assert!(Semilinear::new(0.1, 10, bad, 1.0).is_ok());
        } else {
            let message = format!("linear rate {shown} is not in (-inf, inf)");
            assert_eq!(
                named(Semilinear::new(0.1, 10, bad, 1.0)),
                (LinearRate, message)
            );
        }
        if bad == 0.0 {
            assert!(AdditiveNoise::new(0.1, 10, bad).is_ok());
        } else {
            let message = format!("diffusion coefficient {shown} is not in [0, inf)");
            let expected = (DiffusionCoefficient, message);
            assert_eq!(named(AdditiveNoise::new(0.1, 10, bad)), expected);
            assert_eq!(named(Semilinear::new(0.1, 10, 1.0, bad)), expected);
        }
    }
    let message = "number of inner steps 0 is not in [1, 4294967295]".to_string();
    assert_eq!(
        named(Overdamped::new(0.1_f32, 0)),
        (InnerSteps, message.clone())
    );
    assert_eq!(
        named(AdditiveNoise::new(0.1_f32, 0, 1.0)),
        (InnerSteps, message.clone())
    );
    assert_eq!(
        named(Semilinear::new(0.1_f32, 0, 1.0, 1.0)),
        (InnerSteps, message.clone())
    );
    assert_eq!(
        named(Underdamped::new(0.1_f32, 0, 1.0)),
        (InnerSteps, message)
    );
    assert!(Overdamped::new(0.1_f32, u32::MAX).is_ok());
}

/// Parameters in their ranges whose products have no full precision: noise or friction would be lost without a word.
#[test]
fn parameters_out_of_proportion_are_refused() {
    fn blames<D>(made: Result<D, ParameterError<f32>>, parameter: Parameter, because: &str) {
        let error = made.err().unwrap();
        assert_eq!(error.parameter, parameter);
        let message = error.to_string();
        assert!(message.ends_with(&format!(", but {because}")), "{message}");
    }
    let short = "an inner step of it is no normal number";
    blames(Overdamped::new(1e-38, 2), Parameter::StepSize, short);
    blames(Overdamped::new(1e-30, u32::MAX), Parameter::StepSize, short);
    assert!(Overdamped::new(1.2e-38_f32, 1).is_ok());

    let square = "its square is no normal number";
    for sigma in [1e-23, 1e-19, 1.9e19, f32::MAX] {
        let made = AdditiveNoise::new(0.1, 10, sigma);
        blames(made, Parameter::DiffusionCoefficient, square);
        let made = Semilinear::new(0.1, 10, 1.0, sigma);
        blames(made, Parameter::DiffusionCoefficient, square);
    }
    for sigma in [0.0, 1.1e-19, 1.8e19] {
        assert!(AdditiveNoise::new(0.1_f32, 10, sigma).is_ok());
    }

    let damping =
        "times the step size it is no normal number for an inner step, or has no finite cube";
    for (step_size, inner_steps, friction) in [
        (0.1, 10, 1e-36),
        (1e-20, 1, 1e-20),
        (1e-30, 1000, 1e-6),
        (1.0, 10, 1e13),
        (1e20, 10, 1e20),
    ] {
        let made = Underdamped::new(step_size, inner_steps, friction);
        blames(made, Parameter::Friction, damping);
    }

    let cold = Overdamped::new(0.1, 10).unwrap();
    let variance = "a variance that it sets is no normal number";
    blames(
        cold.with_temperature(1e-39),
        Parameter::Temperature,
        variance,
    );
    blames(
        cold.with_temperature(2e38),
        Parameter::Temperature,
        variance,
    );
    let cold = cold.with_temperature(1e-30).unwrap();
    let product = "times twice the temperature it is no normal number";
    blames(cold.with_mobility(1e-9), Parameter::Mobility, product);
    let heavy = Underdamped::new(0.1, 10, 1.0).unwrap();
    blames(
        heavy.with_temperature(1e-39),
        Parameter::Temperature,
        variance,
    );
    let mass = "its inverse, or the temperature over it, is no normal number";
    blames(heavy.with_mass(1e38), Parameter::Mass, mass);
    blames(heavy.with_mass(1e-39), Parameter::Mass, mass);
    // Units of the atoms' own, in kilograms and joules.
    let argon = Underdamped::new(1e-15_f32, 1000, 1e12).unwrap();
    let argon = argon
        .with_mass(6.6e-26)
        .and_then(|x| x.with_temperature(4e-21));
    assert!(argon.is_ok());
}

/// Runs a step that must fail, and checks that the state is as it was.
fn fails(
    stepper: &impl Stepper<Dynamics = Overdamped<f64>>,
    start: SVector<f64, 2>,
    drift: impl Fn(f64, &SVector<f64, 2>) -> SVector<f64, 2>,
) -> StepError {
    let mut state = start;
    let error = stepper
        .step(0.0, &mut state, drift, &mut Stream::new(1, 0))
        .unwrap_err();
    // As bits: a state may hold NaN.
    assert_eq!(state.map(f64::to_bits), start.map(f64::to_bits));
    error
}

#[test]
fn a_step_that_is_not_finite_fails_and_leaves_the_state() {
    let dynamics = Overdamped::new(0.1, 10).unwrap();
    let euler = EulerMaruyama::new(dynamics);
    let single = PoissonMidpoint::new(dynamics, Single);
    let start = vector![1.0, 2.0];
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let at_start = StepError::NonFiniteDrift {
            inner_step: 0,
            component: 1,
        };
        assert_eq!(fails(&euler, start, |_, _| vector![0.0, bad]), at_start);
        assert_eq!(fails(&single, start, |_, _| vector![0.0, bad]), at_start);
        // Only the midpoint's drift is bad.
        let late = fails(&single, start, |t, _| {
            vector![if t > 0.0 { bad } else { 0.0 }, 0.0]
        });
        assert!(
            matches!(
                late,
                StepError::NonFiniteDrift {
                    inner_step: 1..10,
                    component: 0
                }
            ),
            "{late}"
        );
        let sick = vector![1.0, bad];
        let quiet = |_: f64, _: &SVector<f64, 2>| vector![0.0, 0.0];
        assert_eq!(
            fails(&euler, sick, quiet),
            StepError::NonFiniteState { inner_step: 10 }
        );
        assert_eq!(
            fails(&single, sick, quiet),
            StepError::NonFiniteState { inner_step: 0 }
        );
    }
    // Finite drifts that overflow the state, at the end and at the midpoint.
    let huge = |_: f64, _: &SVector<f64, 2>| vector![f64::MAX, 0.0];
    let start = vector![f64::MAX, 0.0];
    assert_eq!(
        fails(&euler, start, huge),
        StepError::NonFiniteState { inner_step: 10 }
    );
    let error = fails(&single, start, huge);
    assert!(
        matches!(error, StepError::NonFiniteState { inner_step: 1..10 }),
        "{error}"
    );
}

#[test]
fn a_superlinear_drift_ends_in_an_error_not_in_nan() {
    let stepper = PoissonMidpoint::new(Overdamped::new(0.5, 100).unwrap(), Bernoulli);
    let (mut x, mut stream) = (vector![3.0], Stream::new(1, 0));
    let mut drift = |_t: f64, x: &SVector<f64, 1>| x.map(|x| x - x * x * x);
    let error = (0..1000).find_map(|_| {
        let before = x;
        let error = stepper.step(0.0, &mut x, &mut drift, &mut stream).err()?;
        assert_eq!(x, before);
        Some(error)
    });
    assert!(error.is_some() && x.x.is_finite());
}

#[test]
fn midpoints_that_break_the_promise_are_refused() {
    let stepper = PoissonMidpoint::new(Overdamped::new(0.1, 10).unwrap(), Bernoulli);
    for (given, after, least) in [
        (0, None, 1),
        (10, None, 1),
        (3, Some(5), 6),
        (5, Some(5), 6),
    ] {
        let mut noise = Injected::new(
            |previous: Option<u32>| {
                if previous == after {
                    Some(given)
                } else {
                    after
                }
            },
            |_, _| vector![0.0],
        );
        let mut x = vector![1.0];
        let mut drift = |_t: f64, x: &SVector<f64, 1>| -x;
        let error = stepper
            .step(0.0, &mut x, &mut drift, &mut noise)
            .unwrap_err();
        assert_eq!(
            error,
            StepError::Midpoint {
                midpoint: given,
                least,
                inner_steps: 10
            }
        );
        assert_eq!(
            error.to_string(),
            format!("midpoint {given} is not in [{least}, 10)")
        );
        assert_eq!(x, vector![1.0]);
    }
}

/// A midpoint that is not finite ends the step for good, however often it is asked.
#[test]
fn a_step_that_has_failed_says_so_again() {
    let stepper = PoissonMidpoint::new(Overdamped::new(1.0, 4).unwrap(), Single);
    let mut stream = Stream::new(1, 0);
    let mut step = stepper
        .begin(0.0, &vector![1e308], vector![f64::MAX])
        .unwrap();
    let error = step.next(&mut stream).unwrap_err();
    assert!(matches!(
        error,
        StepError::NonFiniteState { inner_step: 1..4 }
    ));
    let position = stream.word_position();
    assert_eq!(step.next(&mut stream), Err(error));
    assert_eq!(stream.word_position(), position);
    assert_eq!(step.supply(vector![0.0]), Err(StepError::DriftNotAsked));
    assert_eq!(step.finish(), Err(error));

    let mut stream = Stream::new(1, 0);
    let (mut x, mut work) = ([1e308], vec![0.0; stepper.work_length(1)]);
    let mut step = stepper
        .begin_slice(0.0, &mut x, &[f64::MAX], &mut work)
        .unwrap();
    for _ in 0..2 {
        assert_eq!(step.next(&mut stream), Err(error.into()));
    }
    assert_eq!(step.finish(), Err(error.into()));
}

#[test]
fn the_split_phase_step_refuses_calls_out_of_order() {
    let stepper = PoissonMidpoint::new(Underdamped::new(0.1, 10, 1.0).unwrap(), Single);
    let start = Phase::at_rest(vector![1.0]);
    let mut stream = Stream::new(1, 0);
    let mut step = stepper.begin(0.0, &start, vector![-1.0]).unwrap();
    assert_eq!(step.supply(vector![0.0]), Err(StepError::DriftNotAsked));
    assert_eq!(step.finish().unwrap_err(), StepError::Unfinished);

    // Asked again, it asks for the same and draws nothing.
    let query = step.next(&mut stream).unwrap().unwrap();
    let position = stream.word_position();
    assert_eq!(step.next(&mut stream).unwrap(), Some(query));
    assert_eq!(stream.word_position(), position);
    assert_eq!(step.finish().unwrap_err(), StepError::Unfinished);

    // A drift that is not finite can be supplied again.
    let inner_step = query.inner_step;
    let bad = StepError::NonFiniteDrift {
        inner_step,
        component: 0,
    };
    assert_eq!(step.supply(vector![f64::NAN]), Err(bad));
    step.supply(vector![-0.9]).unwrap();
    assert_eq!(step.supply(vector![-0.9]), Err(StepError::DriftNotAsked));
    assert_eq!(step.next(&mut stream).unwrap(), None);
    let position = stream.word_position();
    assert_eq!(step.next(&mut stream).unwrap(), None);
    assert_eq!(stream.word_position(), position);

    // And the result is that of the one-call step.
    let mut once = start;
    let mut calls = 0;
    let mut drift = |_t: f64, _x: &SVector<f64, 1>| {
        calls += 1;
        vector![if calls == 1 { -1.0 } else { -0.9 }]
    };
    let report = stepper
        .step(0.0, &mut once, &mut drift, &mut Stream::new(1, 0))
        .unwrap();
    assert_eq!(step.finish().unwrap(), (once, report));

    let bad = StepError::NonFiniteDrift {
        inner_step: 0,
        component: 0,
    };
    assert_eq!(
        stepper
            .begin(0.0, &start, vector![f64::INFINITY])
            .unwrap_err(),
        bad
    );
}

#[test]
fn a_path_is_not_read_beyond_its_ends() {
    let path = BrownianPath::new(Overdamped::new(1.0_f64, 64).unwrap(), Stream::new(1, 0));
    let refused = |from, to| {
        let increment: Result<SVector<f64, 1>, _> = path.increment(from, to);
        assert_eq!(
            increment,
            Err(PathError {
                from,
                to,
                inner_steps: 64
            })
        );
    };
    refused(0, 65);
    refused(33, 32);
    refused(u32::MAX, u32::MAX);
    let mut words = Stream::new(2, 0);
    assert!(path.noise(0, 64, &mut words).is_ok());
    for (start, steps) in [(1, 64), (64, 1), (u32::MAX, 1), (1, u32::MAX)] {
        let error = path.noise(start, steps, &mut words).unwrap_err();
        assert_eq!((error.from, error.inner_steps), (start, 64));
    }
}
