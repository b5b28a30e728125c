//! Numbers below the smallest normal one are calculated with like any others. A processor's vectors of f32 may have
//! arithmetic that takes them for zero, and the golden vectors hold none.

use nalgebra::SVector;
use poisson_midpoint::dynamics::AdditiveNoise;
use poisson_midpoint::random::Stream;
use poisson_midpoint::{EulerMaruyama, Stepper};

/// So many that a compiler makes vectors of them.
const D: usize = 64;

#[test]
fn a_step_keeps_them() {
    let stepper = EulerMaruyama::new(AdditiveNoise::new(0.5_f32, 10, 0.0).unwrap());
    let mut stream = Stream::new(1, 2);
    let mut x = SVector::<f32, D>::from_fn(|d, _| (d as f32 + 1.0) * 1e-39);
    for _ in 0..4 {
        let expected = x.map(|x| {
            // Exact in f64 before each rounding to f32.
            let drift = (-0.5 * f64::from(x)) as f32;
            (f64::from(x) + f64::from(drift)) as f32
        });
        let _ = stepper
            .step(0.0, &mut x, |_time, x: &SVector<f32, D>| -x, &mut stream)
            .unwrap();
        assert_eq!(x.map(f32::to_bits), expected.map(f32::to_bits));
    }
    assert!(x.iter().any(|x| x.is_subnormal()));
}
