//! The calibration example: its series against the line that NIST certifies, its posterior against quadrature.

#[path = "../examples/calibration/model.rs"]
mod model;

use model::{Calibration, Moments, SERIES};
use nalgebra::vector;

/// Ordinary least squares: slope, intercept and residual standard deviation, as certified for the
/// Norris series in the Statistical Reference Datasets.
#[test]
fn the_series_is_the_certified_one() {
    let series = SERIES.map(|(reading, reference)| {
        // The decimal numbers, not the nearest f32.
        let decimal = |x: f32| (f64::from(x) * 10.0).round() / 10.0;
        (decimal(reading), decimal(reference))
    });
    let n = series.len() as f64;
    let mean_x = series.iter().map(|(_, x)| x).sum::<f64>() / n;
    let mean_y = series.iter().map(|(y, _)| y).sum::<f64>() / n;
    let sxy: f64 = series
        .iter()
        .map(|(y, x)| (x - mean_x) * (y - mean_y))
        .sum();
    let sxx: f64 = series.iter().map(|(_, x)| (x - mean_x).powi(2)).sum();
    let slope = sxy / sxx;
    let intercept = mean_y - slope * mean_x;
    let squares: f64 = series
        .iter()
        .map(|(y, x)| (y - intercept - slope * x).powi(2))
        .sum();
    assert!((slope - 1.002_116_818_020_45).abs() < 1e-12, "{slope}");
    assert!(
        (intercept + 0.262_323_073_774_029).abs() < 1e-10,
        "{intercept}"
    );
    let residual = (squares / (n - 2.0)).sqrt();
    assert!(
        (residual - 0.884_796_396_144_373).abs() < 1e-11,
        "{residual}"
    );
}

/// Minus the log posterior, written anew from the model.
fn energy(middle: f64, gain: f64) -> f64 {
    let of_reading = |(reading, reference): (f32, f32)| {
        let place = (f64::from(reference) - 500.0) / 500.0;
        let residual = f64::from(reading) - f64::from(reference) - middle - gain * place;
        2.5 * (1.0 + residual * residual / (4.0 * 0.36)).ln()
    };
    SERIES.map(of_reading).iter().sum::<f64>() + (middle * middle + gain * gain) / 200.0
}

/// Mean and standard deviation of bias and scale error: the trapezoidal rule, spectrally accurate
/// for a smooth density that has vanished at the edges of the grid.
fn quadrature() -> [(f64, f64); 2] {
    let step = 0.02;
    let (mut mass, mut first, mut second) = (0.0, [0.0; 2], [0.0; 2]);
    let least = energy(0.75, 1.0);
    for i in -100..=200 {
        for j in -100..=200 {
            let (middle, gain) = (f64::from(i) * step, f64::from(j) * step);
            let weight = (least - energy(middle, gain)).exp();
            mass += weight;
            for (k, value) in [middle - gain, 2.0 * gain].into_iter().enumerate() {
                first[k] += weight * value;
                second[k] += weight * value * value;
            }
        }
    }
    [0, 1].map(|k| {
        let mean = first[k] / mass;
        (mean, (second[k] / mass - mean * mean).sqrt())
    })
}

#[test]
fn the_drift_is_the_gradient() {
    for (middle, gain) in [(0.0, 0.0), (0.7, 1.1), (-3.0, 5.0)] {
        let drift = model::drift(0.0, &vector![middle as f32, gain as f32]);
        let h = 1e-5;
        let of_middle = (energy(middle - h, gain) - energy(middle + h, gain)) / (2.0 * h);
        let of_gain = (energy(middle, gain - h) - energy(middle, gain + h)) / (2.0 * h);
        assert!(
            (f64::from(drift.x) - of_middle).abs() < 2e-3,
            "{drift} {of_middle}"
        );
        assert!(
            (f64::from(drift.y) - of_gain).abs() < 2e-3,
            "{drift} {of_gain}"
        );
    }
}

/// Mean and standard error of independent numbers.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    (mean, (squares / (n * (n - 1.0))).sqrt())
}

/// 64 runs. The method's step adds 1 % of a standard deviation at most. Beyond it 4.5 standard
/// errors, of 0.5 % each, are allowed, which chance exceeds once in 40,000 times for each of four numbers
/// (Student's t, 63 degrees of freedom).
#[test]
fn the_posterior_is_that_of_quadrature() {
    let runs: Vec<Calibration> = (0..64)
        .map(|seed| model::calibrate(seed, |_draw| ()).unwrap())
        .collect();
    let moments = [|run: &Calibration| run.bias, |run: &Calibration| run.scale];
    for (moments, (mean, deviation)) in moments.iter().zip(quadrature()) {
        let of = |number: fn(&Moments) -> f32| {
            let values: Vec<f64> = runs
                .iter()
                .map(|run| number(&moments(run)).into())
                .collect();
            mean_and_error(&values)
        };
        for ((found, error), expected) in [
            (of(Moments::mean), mean),
            (of(Moments::standard_deviation), deviation),
        ] {
            println!("{found} {error} {expected}");
            assert!(error < 0.01 * deviation);
            let allowed = 4.5 * error + 0.01 * deviation;
            assert!((found - expected).abs() < allowed, "{found} {expected}");
        }
    }
}

/// Five words a step: one for the midpoint, and two normals in two dimensions.
#[test]
fn a_run_reads_five_words_a_step() {
    assert_eq!(model::calibrate(42, |_draw| ()).unwrap().words, 5 * 20_500);
}
