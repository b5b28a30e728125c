//! Schedules against their definitions.

use poisson_midpoint::diffusion::{
    LinearRate, NoiseSchedule, Quantity, ScheduleError, ScheduleTable, SquaredCosine,
};

#[test]
fn schedules_are_their_definitions() {
    let betas: Vec<f64> = (0..50_u32).map(|t| 1e-4 + 4e-4 * f64::from(t)).collect();
    let bars: Vec<f64> = betas
        .iter()
        .scan(1.0, |bar, beta| {
            *bar *= 1.0 - beta;
            Some(*bar)
        })
        .collect();
    let linear = ScheduleTable::<f64, 50>::linear(1e-4, 0.0197).unwrap();
    let given = ScheduleTable::<f64, 50>::from_betas(&betas).unwrap();
    let by_bars = ScheduleTable::<f64, 50>::from_alpha_bars(&bars).unwrap();
    let scaled = ScheduleTable::<f64, 50>::scaled_linear(1e-4, 0.0197).unwrap();
    assert!((scaled.exponent(1) + (-1e-4_f64).ln_1p()).abs() < 1e-15);
    let single = ScheduleTable::<f32, 50>::linear(1e-4, 0.0197).unwrap();
    for (t, bar) in (1..).zip(bars) {
        for schedule in [linear, given, by_bars] {
            assert!((schedule.exponent(t) + bar.ln()).abs() < 2e-14, "{t}");
        }
        let relative = f64::from(single.exponent(t)) / linear.exponent(t) - 1.0;
        assert!(relative.abs() < 3e-7, "{t}: {relative:e}");
    }
    // Nichol & Dhariwal's ᾱ, with β capped.
    let cosine = SquaredCosine::<f64>::new(100).unwrap();
    let f = |t: f64| {
        ((t / 100.0 + 0.008) / 1.008 * core::f64::consts::FRAC_PI_2)
            .cos()
            .powi(2)
    };
    let mut bar = 1.0;
    for t in 1..=100_u32 {
        bar *= 1.0 - (1.0 - f(t.into()) / f(f64::from(t) - 1.0)).min(0.999);
        let exponent = cosine.exponent(t);
        assert!((exponent / -bar.ln() - 1.0).abs() < 1e-11, "{t}");
    }
    let table = ScheduleTable::<f64, 100>::from_schedule(&cosine).unwrap();
    assert_eq!(table.exponent(37), cosine.exponent(37));
}

/// The formula as it is written down, in double precision, against the schedule in single. The difference of
/// logarithms of numbers next to 1 costs the former up to 4e-16.
#[test]
fn the_squared_cosine_keeps_its_digits_at_any_length() {
    for training_steps in [1_u32, 2, 10, 1000, 100_000, u32::MAX] {
        let minus_log = |t: u32| {
            let u = (f64::from(t) / f64::from(training_steps) + 0.008) / 1.008;
            -2.0 * (u * core::f64::consts::FRAC_PI_2).cos().ln()
        };
        let schedule = SquaredCosine::<f32>::new(training_steps).unwrap();
        let share = |n: u32| (u64::from(training_steps) * u64::from(n) / 16) as u32;
        let ends = [0, 1, 2, 3, training_steps - 1];
        for t in ends.into_iter().chain((0..16).map(share)) {
            if t >= training_steps {
                continue;
            }
            let expected = minus_log(t) - minus_log(0);
            let error = (f64::from(schedule.exponent(t)) - expected).abs();
            assert!(
                error <= 1e-6 * expected + 4e-16,
                "{t} of {training_steps}: {error}"
            );
        }
        let capped = minus_log(training_steps - 1) - minus_log(0) - 0.001_f64.ln();
        let error = (f64::from(schedule.exponent(training_steps)) - capped).abs();
        assert!(error < 1e-6 * capped, "{training_steps}: {error}");
    }
}

#[test]
fn formulas_tell_a_million_training_steps_apart() {
    fn increases(schedule: impl NoiseSchedule<f32>) {
        let exponents = (0..=schedule.training_steps()).map(|t| schedule.exponent(t));
        assert!(exponents.is_sorted_by(|before, after| before < after));
    }
    increases(LinearRate::new(1_000_000, 0.1, 20.0).unwrap());
    increases(SquaredCosine::new(1_000_000).unwrap());
}

#[test]
fn a_table_by_alpha_bars_keeps_its_digits() {
    let bars = [0.999_9_f32, 0.6, 0.4, 1e-3, 1e-7, 1e-30, 1e-44];
    let table = ScheduleTable::<f32, 7>::from_alpha_bars(&bars).unwrap();
    for (t, bar) in (1..).zip(bars) {
        let expected = -f64::from(bar).ln();
        let error = (f64::from(table.exponent(t)) - expected).abs();
        assert!(error <= 2e-7 * expected, "{bar}: {error}");
    }
}

/// 1e-9 beside a sum of 2 is nothing in f32, and so is a step of one place in ᾱ where −ln ᾱ is large.
#[test]
fn a_training_step_that_rounding_hides_is_refused() {
    let hidden = |step| move |error| matches!(error, ScheduleError::Value { quantity: Quantity::Exponent, step: s, .. } if s == step);
    let by_betas = ScheduleTable::<f32, 3>::from_betas(&[0.6, 0.6, 1e-9]);
    assert!(by_betas.is_err_and(hidden(3)));
    let small = 1e-30_f32;
    let by_bars = ScheduleTable::<f32, 2>::from_alpha_bars(&[small, small.next_down()]);
    assert!(by_bars.is_err_and(hidden(2)));
}
