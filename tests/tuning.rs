//! The tuner against targets whose bias is known in closed form, and its refusals.

use nalgebra::{Vector1, vector};
use poisson_midpoint::dynamics::{Overdamped, Underdamped};
use poisson_midpoint::random::Streams;
use poisson_midpoint::tuning::{Coupled, StepSizeTuner, Tuned, TuningError};
use poisson_midpoint::{
    Baoa, EulerMaruyama, MidpointLaw, ParameterError, Phase, PoissonMidpoint, StepError, Ubu,
};

fn square(x: &Vector1<f64>) -> [f64; 1] {
    [x[0] * x[0]]
}

fn force(_time: f64, x: &Vector1<f64>) -> Vector1<f64> {
    -x
}

fn euler(step: f64, inner: u32) -> Result<EulerMaruyama<Overdamped<f64>>, ParameterError<f64>> {
    Ok(EulerMaruyama::new(Overdamped::new(step, inner)?))
}

/// Bias of x² on a standard normal, in its standard deviations √2, of a variance.
fn bias(variance: f64) -> f64 {
    (variance - 1.0) / 2.0_f64.sqrt()
}

/// Checks what was found for a bias of x² of at most `wanted`, where Richardson's extrapolation without noise gives
/// `estimated` and the bias at the step size found is `came`.
fn check(wanted: f64, tuned: &Tuned<f64>, estimated: f64, came: f64) {
    // False alarms below 1e-5.
    let noise = 4.5 * tuned.error;
    assert!(
        (tuned.bias - estimated).abs() < noise,
        "{tuned:?} {estimated}"
    );
    assert!(came.abs() < wanted, "{tuned:?} {came}");
    assert!(tuned.bias.abs() + 3.0 * tuned.error <= wanted);
    assert_eq!(tuned.statistic, 0);
    assert!(tuned.drift_calls > 1000);
}

/// Euler–Maruyama has the variance 1/(1 − η/2), and weak order 1.
#[test]
fn what_was_asked_for_comes_of_euler_maruyama() {
    for wanted in [0.1, 0.03] {
        let mut particles = [Coupled::new(vector![0.0]); 64];
        let tuner = StepSizeTuner::new(wanted).unwrap();
        let tune = |particles: &mut [Coupled<_>]| {
            tuner.tune(euler, force, square, particles, Streams::new(1))
        };
        let tuned = tune(&mut particles).unwrap();
        let at = |h: f64| bias(1.0 / (1.0 - h / 2.0));
        let h = tuned.step_size;
        check(wanted, &tuned, (at(h) - at(h / 2.0)) * 2.0, at(h));
        // The step size is not much smaller than it needs to be.
        let largest = 2.0 * (1.0 - 1.0 / (1.0 + wanted * 2.0_f64.sqrt()));
        assert!(h > 0.3 * largest && h < largest);
        // The particles end about stationary, each at a place of its own: a χ² of 64 degrees.
        let spread: f64 = particles.iter().map(|p| p.state().x.powi(2)).sum();
        assert!(spread > 25.0 && spread < 130.0);
        // The same particles with the same noise find the same.
        assert_eq!(tune(&mut [Coupled::new(vector![0.0]); 64]), Ok(tuned));
    }
}

/// With its midpoint at a uniform time the Poisson midpoint method has the variance 1/(1 − η³/(3 (2 − 2η + η²))): there
/// the bias goes with η³, and Richardson's factor for order 2 exaggerates it by a sixth.
#[test]
fn what_was_asked_for_comes_of_the_poisson_midpoint_method() {
    let wanted = 0.05;
    let make = |step, inner| {
        let dynamics = Overdamped::new(step, inner)?;
        Ok(PoissonMidpoint::new(dynamics, MidpointLaw::Single))
    };
    let tuner = StepSizeTuner::new(wanted)
        .unwrap()
        .with_largest(1.5)
        .unwrap();
    let mut particles = [Coupled::new(vector![0.0]); 64];
    let tuned = tuner.tune(make, force, square, &mut particles, Streams::new(2));
    let tuned = tuned.unwrap();
    let at = |h: f64| bias(1.0 / (1.0 - h.powi(3) / (3.0 * (2.0 - 2.0 * h + h * h))));
    let h = tuned.step_size;
    check(wanted, &tuned, (at(h) - at(h / 2.0)) * 4.0 / 3.0, at(h));
    assert!(h > 0.4, "{tuned:?}");
}

/// BAOA's positions have no bias at all below its limit of stability, 2.
#[test]
fn what_has_no_bias_is_limited_by_stability() {
    let make = |step, inner| Baoa::new(Underdamped::new(step, inner, 1.0)?);
    let tuner = StepSizeTuner::new(0.05).unwrap().with_largest(7.0).unwrap();
    let mut particles = [Coupled::new(Phase::at_rest(vector![0.5])); 64];
    let tuned = tuner.tune(make, force, square, &mut particles, Streams::new(3));
    let tuned = tuned.unwrap();
    check(0.05, &tuned, 0.0, 0.0);
    assert!(tuned.step_size > 0.9 && tuned.step_size < 2.0, "{tuned:?}");
}

/// Both step sizes go through the same time, and every evaluation counts.
#[test]
fn time_goes_on_in_steps_of_either_size() {
    let mut times = Vec::new();
    let tuner = StepSizeTuner::new(0.9).unwrap();
    let tuner = tuner
        .with_largest(0.5)
        .unwrap()
        .with_inner_steps(16)
        .unwrap();
    let made = std::cell::RefCell::new(Vec::new());
    let euler = |step, inner| {
        made.borrow_mut().push((step, inner));
        euler(step, inner)
    };
    let drift = |time: f64, x: &Vector1<f64>| {
        times.push(time);
        -x
    };
    let mut particles = [Coupled::new(vector![0.0]); 3];
    let tuned = tuner.tune(euler, drift, square, &mut particles, Streams::new(9));
    assert_eq!(tuned.unwrap().drift_calls, times.len() as u64);
    // Two rounds of 16 steps, three particles each, in a coarse step and two fine ones.
    let rounds = [0, 16].map(|first| (0..3).flat_map(move |_| first..first + 16));
    let starts = rounds.into_iter().flatten().map(|n| f64::from(n) * 0.5);
    let expected: Vec<f64> = starts.flat_map(|t| [t, t, t + 0.25]).collect();
    assert_eq!(times[..expected.len()], expected);
    assert_eq!(made.borrow()[..2], [(0.5, 16), (0.25, 8)]);
}

/// Of two coordinates and a statistic that never changes, the worst one is named.
#[test]
fn the_worst_statistic_is_named() {
    let make = |step, inner| Ubu::new(Underdamped::new(step, inner, 2.0)?);
    let tuner = StepSizeTuner::new(0.05).unwrap();
    let statistics = |x: &nalgebra::Vector2<f64>| [1.0, x[0] * x[0], x[1] * x[1]];
    let drift = |_time, x: &nalgebra::Vector2<f64>| vector![-x[0], -9.0 * x[1]];
    let mut particles = [Coupled::new(Phase::at_rest(vector![0.0, 0.0])); 64];
    let tuned = tuner.tune(make, drift, statistics, &mut particles, Streams::new(4));
    assert_eq!(tuned.unwrap().statistic, 2);
}

fn tune(
    tuner: StepSizeTuner<f64>,
    drift: impl FnMut(f64, &Vector1<f64>) -> Vector1<f64>,
    statistic: impl Fn(f64) -> f64,
) -> TuningError<f64> {
    let mut particles = [Coupled::new(vector![0.5]); 16];
    let statistics = |x: &Vector1<f64>| [statistic(x[0])];
    let tuned = tuner.tune(euler, drift, statistics, &mut particles, Streams::new(5));
    tuned.unwrap_err()
}

#[test]
fn settings_have_ranges() {
    for value in [0.0, -0.1, 1.0, f64::INFINITY] {
        assert_eq!(StepSizeTuner::new(value), Err(TuningError::Bias { value }));
    }
    assert!(StepSizeTuner::new(f64::NAN).is_err());
    let tuner = StepSizeTuner::new(0.5).unwrap();
    for value in [0.0, -1.0, f64::INFINITY, 1e-310] {
        assert_eq!(
            tuner.with_largest(value),
            Err(TuningError::Largest { value })
        );
    }
    for value in [0, 2, 6] {
        assert_eq!(
            tuner.with_inner_steps(value),
            Err(TuningError::InnerSteps { value })
        );
    }
    assert!(tuner.with_inner_steps(4).is_ok());
    let mut one = [Coupled::new(vector![0.0])];
    let alone = tuner.tune(euler, force, square, &mut one, Streams::new(6));
    assert_eq!(alone, Err(TuningError::Particles { count: 1 }));
}

#[test]
fn what_cannot_be_met_is_refused() {
    let tuner = StepSizeTuner::new(1e-4).unwrap().with_budget(100_000);
    let TuningError::Budget {
        drift_calls, last, ..
    } = tune(tuner, force, |x| x * x)
    else {
        panic!("a bias of 1e-4 is not known after 1e5 evaluations");
    };
    assert!((100_000..400_000).contains(&drift_calls));
    assert!(last.unwrap().bias > 1e-4);
    // A first round of 16 coarse steps of 16 particles, three evaluations each, and not another.
    let drift_calls = 16 * 16 * 3;
    let error = tune(tuner.with_budget(drift_calls), force, |x| x * x);
    let (step_size, last) = (1.0, None);
    let expected = TuningError::Budget {
        step_size,
        drift_calls,
        last,
    };
    assert_eq!(error, expected);
    // Two wells between which nothing goes: no particle sees independent values of x.
    let wells = |_time: f64, x: &Vector1<f64>| x.map(|x| 100.0 * (x.signum() - x));
    let mut particles = [-1.0, 1.0].map(|x| Coupled::new(vector![x]));
    let tuner = StepSizeTuner::new(0.2).unwrap().with_budget(1_000_000);
    let apart = tuner.tune(euler, wells, |x| [x[0]], &mut particles, Streams::new(7));
    assert!(
        matches!(apart, Err(TuningError::Budget { .. })),
        "{apart:?}"
    );
}

#[test]
fn what_always_fails_is_said() {
    let tuner = StepSizeTuner::new(0.1).unwrap();
    let error = tune(tuner, |_time, _x| vector![f64::NAN], |x| x);
    let inner_step = 0;
    let first = StepError::NonFiniteDrift {
        inner_step,
        component: 0,
    };
    assert_eq!(error, TuningError::Step(first));
    let error = tune(tuner, force, |_x| f64::INFINITY);
    assert!(matches!(error, TuningError::Statistic(_)), "{error:?}");
    let mut particles = [Coupled::new(vector![0.5]); 2];
    let refused = tuner.tune(
        |_step, inner| euler(-1.0, inner),
        force,
        square,
        &mut particles,
        Streams::new(8),
    );
    let parameter = euler(-1.0, 1).unwrap_err();
    assert_eq!(refused, Err(TuningError::Parameter(parameter)));
    // A maker that ignores what it is asked for is found out by the coarse method or by the fine one.
    for (made, asked) in [(12, 64), (64, 32)] {
        let deaf = |step, _inner| euler(step, made);
        let other = tuner.tune(deaf, force, square, &mut particles, Streams::new(8));
        assert_eq!(other, Err(TuningError::MadeInnerSteps { made, asked }));
    }
    for (made, asked) in [(0.75, 1.0), (1.0, 0.5)] {
        let deaf = |_step, inner| euler(made, inner);
        let other = tuner.tune(deaf, force, square, &mut particles, Streams::new(8));
        assert_eq!(other, Err(TuningError::MadeStepSize { made, asked }));
    }
    // Whatever has failed, the particles are where they began.
    assert_eq!(particles, [Coupled::new(vector![0.5]); 2]);
}

#[test]
fn errors_say_what_is_wrong() {
    let last = Tuned {
        step_size: 0.5,
        bias: 0.25,
        error: 0.125,
        statistic: 3,
        drift_calls: 90,
    };
    let inner_step = 7;
    for (error, text) in [
        (
            TuningError::Bias { value: 2.0 },
            "wanted bias 2e0 is not in (0, 1)",
        ),
        (
            TuningError::Largest { value: 0.0 },
            "largest step size 0e0 is no normal number in (0, inf)",
        ),
        (
            TuningError::InnerSteps { value: 6 },
            "number of inner steps 6 is no multiple of 4 in [4, 4294967292]",
        ),
        (
            TuningError::Particles { count: 1 },
            "1 particles are fewer than 2",
        ),
        (
            TuningError::MadeInnerSteps {
                made: 12,
                asked: 16,
            },
            "the method made has 12 inner steps, not 16",
        ),
        (
            TuningError::MadeStepSize {
                made: 0.5,
                asked: 0.25,
            },
            "the method made has step size 5e-1, not 2.5e-1",
        ),
        (
            TuningError::Step(StepError::NonFiniteState { inner_step }),
            "a step fails at every step size: the state at inner step 7 is not finite",
        ),
        (
            TuningError::Budget {
                step_size: 0.25,
                drift_calls: 100,
                last: Some(last),
            },
            "the bias at step size 2.5e-1 is not known well enough after 100 drift evaluations; at 5e-1 it is 2.5e-1 +- 1.25e-1, of statistic 3",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
}
