//! Sequences of step sizes against their formula, and the clock against exact sums.

use poisson_midpoint::step_sizes::{Clock, DecayError, PolynomialDecay};

#[test]
fn sizes_are_those_of_the_formula() {
    for (first, scale, exponent) in [(0.5, 100.0, 1.0 / 3.0), (2.0, 1.0, 1.0), (1e-3, 1e6, 0.01)] {
        let sizes = PolynomialDecay::new(first, scale, exponent).unwrap();
        assert_eq!(sizes.iter().take(1000).count(), 1000);
        let single = PolynomialDecay::new(first as f32, scale as f32, exponent as f32).unwrap();
        for (n, (size, of_single)) in sizes.iter().zip(single.iter()).take(1000).enumerate() {
            let expected = first * (1.0 + n as f64 / scale).powf(-exponent);
            assert!((size / expected - 1.0).abs() < 1e-14);
            assert_eq!(size, sizes.at(n as u64));
            // The exponent's own rounding, times a logarithm of up to 7, is most of it.
            assert!((f64::from(of_single) / expected - 1.0).abs() < 1e-6);
        }
        let far = first * (1.0 + 1e18 / scale).powf(-exponent);
        assert!((sizes.at(10_u64.pow(18)) / far - 1.0).abs() < 1e-13);
    }
    let sizes = PolynomialDecay::new(1.0, 8.0, 0.5).unwrap();
    assert_eq!(sizes.at(0), 1.0);
    assert!((sizes.at(24) - 0.5_f64).abs() < 1e-15);
}

#[test]
fn settings_have_ranges() {
    let refused =
        |first: f32, scale, exponent| PolynomialDecay::new(first, scale, exponent).unwrap_err();
    for value in [0.0, -1.0, f32::INFINITY, 1e-39] {
        assert_eq!(refused(value, 1.0, 1.0), DecayError::First { value });
        assert_eq!(refused(1.0, value, 1.0), DecayError::Scale { value });
    }
    for value in [0.0, -0.5, 1.001, f32::INFINITY] {
        assert_eq!(refused(1.0, 1.0, value), DecayError::Exponent { value });
    }
    for first in [f32::NAN, 1.0] {
        assert!(PolynomialDecay::new(first, 1.0, f32::NAN).is_err());
    }
    assert!(PolynomialDecay::new(1.0_f32, 1.0, 1.0).is_ok());
    assert_eq!(
        DecayError::First { value: -1.0_f32 }.to_string(),
        "first step size -1e0 is no normal number in (0, inf)"
    );
    assert_eq!(
        DecayError::Scale { value: 0.0_f32 }.to_string(),
        "scale 0e0 is no normal number in (0, inf)"
    );
}

#[test]
fn the_clock_goes_on() {
    let mut clock = Clock::new(0.25_f32);
    assert_eq!(clock.time(), 0.25);
    // A single f32 would stop at 2²¹, after a third of these steps.
    let steps = 1_u32 << 26;
    for _ in 0..steps {
        clock.advance(0.1);
    }
    let exact = 0.25 + f64::from(steps) * f64::from(0.1_f32);
    let error = (f64::from(clock.time()) / exact - 1.0).abs();
    assert!(
        error < 2.0_f64.powi(-24) + f64::from(steps) * 2.0_f64.powi(-48),
        "{error}"
    );
    // Steps of many sizes, forth and back.
    let mut clock = Clock::new(1e6_f32);
    for n in 0..1000 {
        clock.advance(1.0 / (1.0 + n as f32));
    }
    for n in 0..1000 {
        clock.advance(-1.0 / (1.0 + n as f32));
    }
    assert_eq!(clock.time(), 1e6);
}
