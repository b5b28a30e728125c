//! Schedules against their definitions.

use poisson_midpoint::diffusion::{NoiseSchedule, ScheduleTable, SquaredCosine};

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
