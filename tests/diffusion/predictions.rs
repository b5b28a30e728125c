//! What a network predicts, turned into what another would have.

use poisson_midpoint::diffusion::{Level, Prediction};

/// Every prediction of every noisy sample, by its definition.
#[test]
fn predictions_turn_into_each_other() {
    let exact = |prediction, [data, epsilon]: [f64; 2], level: &Level<f64>| match prediction {
        Prediction::Score => -epsilon / level.noise,
        Prediction::Epsilon => epsilon,
        Prediction::Sample => data,
        Prediction::Velocity => level.signal * epsilon - level.noise * data,
        Prediction::Flow => epsilon - data,
    };
    for exponent in [1e-4_f64, 0.03, 1.0, 9.0] {
        let level = Level::new(exponent);
        assert!((level.signal.powi(2) + level.noise.powi(2) - 1.0).abs() < 1e-15);
        for (data, epsilon) in [(1.5, -0.25), (-0.75, 2.0), (0.0, 1.0), (1.0, 0.0)] {
            let x = level.signal * data + level.noise * epsilon;
            for from in Prediction::ALL {
                for to in Prediction::ALL {
                    let (of_x, of_value) = from.to(to, &level);
                    let terms = [of_x * x, of_value * exact(from, [data, epsilon], &level)];
                    let expected = exact(to, [data, epsilon], &level);
                    let error = terms[0] + terms[1] - expected;
                    let scale = terms[0].abs() + terms[1].abs();
                    assert!(
                        error.abs() <= 4.0 * f64::EPSILON * (scale + expected.abs()),
                        "{from:?} to {to:?} at {exponent}: {error:e}"
                    );
                }
            }
        }
    }
}
