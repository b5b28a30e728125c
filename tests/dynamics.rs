//! The closed forms of the dynamics: spans compose, covariances match quadrature, and the
//! underdamped coefficients keep their digits at every step size.

use nalgebra::{SMatrix, SVector};
use poisson_midpoint::Real;
use poisson_midpoint::dynamics::{
    AdditiveNoise, Bridge, Dynamics, Overdamped, PhaseSpan, Semilinear, Span, Underdamped,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// A span seen as matrices: A, B and V by parts (position, velocity).
struct Matrices<const N: usize> {
    a: SMatrix<f64, N, N>,
    b: SVector<f64, N>,
    v: SMatrix<f64, N, N>,
}

fn unit<const N: usize>(index: usize) -> [f64; N] {
    std::array::from_fn(|part| f64::from(u8::from(part == index)))
}

fn matrices<P, const N: usize>(span: &P) -> Matrices<N>
where
    P: Span<f64, Cell = [f64; N]>,
{
    let zero = [0.0; N];
    let mut a = SMatrix::<f64, N, N>::zeros();
    for k in 0..N {
        a.set_column(k, &span.propagate(unit(k)).into());
        // Propagation is what a run comes to without drift and noise.
        assert_eq!(span.propagate(unit(k)), span.carry(unit(k), 0.0, zero));
        assert_eq!(span.carry(zero, 0.0, unit(k)), unit(k));
    }
    let b = SVector::from(span.carry(zero, 1.0, zero));
    assert_eq!(b, span.of_drift().into());
    let mut root = SMatrix::<f64, N, N>::zeros();
    for k in 0..N {
        let mut drawn = 0;
        let column = span.increment(|| {
            drawn += 1;
            f64::from(u8::from(drawn == k + 1))
        });
        assert_eq!(drawn, P::NORMALS);
        root.set_column(k, &column.into());
    }
    let v = root * root.transpose();
    Matrices { a, b, v }
}

fn close<const R: usize, const C: usize>(
    x: SMatrix<f64, R, C>,
    y: SMatrix<f64, R, C>,
) -> Result<(), TestCaseError> {
    for (x, y) in x.iter().zip(y.iter()) {
        prop_assert!((x - y).abs() <= 2e-13 * y.abs().max(1e-12), "{x:e} {y:e}");
    }
    Ok(())
}

/// (i,j) then (j,k) is (i,k); the kick of an inner step is its drift carried to the end.
fn composes<S, const N: usize>(dynamics: S, [i, j, k]: [u32; 3]) -> Result<(), TestCaseError>
where
    S: Dynamics<Real = f64, Span<f64>: Span<f64, Cell = [f64; N]>>,
{
    let part = |from, to| matrices(&dynamics.span(from, to));
    let (first, second, whole) = (part(i, j), part(j, k), part(i, k));
    close(second.a * first.a, whole.a)?;
    close(second.a * first.b + second.b, whole.b)?;
    close(
        second.a * first.v * second.a.transpose() + second.v,
        whole.v,
    )?;

    let end = dynamics.inner_steps();
    let inner = i.min(end - 1);
    let kick = SVector::from(dynamics.kick(inner));
    close(kick, part(inner + 1, end).a * part(inner, inner + 1).b)
}

prop_compose! {
    /// K and three ordered inner steps, adjoining and coinciding ones included.
    fn inner_steps()(k in prop_oneof![1_u32..20, 1_u32..2_000_000])
        (cuts in prop::array::uniform3(0..=k), k in Just(k)) -> (u32, [u32; 3]) {
        let mut cuts = cuts;
        cuts.sort_unstable();
        (k, cuts)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, rng_seed: RngSeed::Fixed(42), ..Default::default() })]

    #[test]
    fn spans_compose(
        (k, cuts) in inner_steps(),
        log_step in -12.0..1.5_f64,
        mobility in 0.1..5.0_f64,
        temperature in 0.1..5.0_f64,
        rate in -1.0..5.0_f64,
        sigma in 0.0..3.0_f64,
        friction in 0.1..5.0_f64,
    ) {
        let step = log_step.exp();
        let overdamped = Overdamped::new(step, k).unwrap();
        let overdamped = overdamped.with_mobility(mobility).unwrap();
        composes(overdamped.with_temperature(temperature).unwrap(), cuts)?;
        composes(AdditiveNoise::new(step, k, sigma).unwrap(), cuts)?;
        composes(Semilinear::new(step, k, rate, sigma).unwrap(), cuts)?;
        let underdamped = Underdamped::new(step, k, friction).unwrap();
        let underdamped = underdamped.with_mass(mobility).unwrap();
        composes(underdamped.with_temperature(temperature).unwrap(), cuts)?;
    }

    /// V = ∫ e^(Ms) ΓΓᵀ e^(Mᵀs) ds and B = ∫ e^(Ms) g ds, by Simpson's rule with 4000 intervals.
    #[test]
    fn coefficients_match_quadrature(
        step in 0.01..2.0_f64,
        rate in -1.0..4.0_f64,
        sigma in 0.1..3.0_f64,
        friction in 0.1..4.0_f64,
        mass in 0.1..4.0_f64,
        temperature in 0.1..4.0_f64,
    ) {
        let simpson = |f: &dyn Fn(f64) -> f64| {
            let n = 4000;
            let weight = |i| if i == 0 || i == n { 1.0 } else if i % 2 == 1 { 4.0 } else { 2.0 };
            let term = |i: u32| weight(i) * f(step * f64::from(i) / f64::from(n));
            (0..=n).map(term).sum::<f64>() * step / f64::from(n) / 3.0
        };
        let near = |x: f64, y: f64| (x / y - 1.0).abs() < 1e-9;

        let span = AdditiveNoise::new(step, 1, sigma).unwrap().span(0, 1);
        prop_assert!(near(span.drift, step) && near(span.noise.powi(2), sigma * sigma * step));
        let overdamped = Overdamped::new(step, 1).unwrap().with_temperature(sigma).unwrap();
        let span = overdamped.with_mobility(friction).unwrap().span(0, 1);
        prop_assert!(near(span.drift, friction * step));
        prop_assert!(near(span.noise.powi(2), 2.0 * friction * sigma * step));

        let span = Semilinear::new(step, 1, rate, sigma).unwrap().span(0, 1);
        prop_assert!(near(span.drift, simpson(&|s| (-rate * s).exp())));
        prop_assert!(near(span.noise.powi(2), simpson(&|s| (sigma * (-rate * s).exp()).powi(2))));

        let underdamped = Underdamped::new(step, 1, friction).unwrap().with_mass(mass).unwrap();
        let m = matrices(&underdamped.with_temperature(temperature).unwrap().span(0, 1));
        let (velocity, position) = (
            |s: f64| (-friction * s).exp(),
            |s: f64| (1.0 - (-friction * s).exp()) / friction,
        );
        let rate = 2.0 * friction * temperature / mass;
        prop_assert!(near(m.v[(1, 1)], rate * simpson(&|s| velocity(s).powi(2))));
        prop_assert!(near(m.v[(0, 1)], rate * simpson(&|s| velocity(s) * position(s))));
        prop_assert!(near(m.v[(0, 0)], rate * simpson(&|s| position(s).powi(2))));
        prop_assert!(near(m.b[0] * mass, simpson(&position)));
        prop_assert!(near(m.b[1] * mass, simpson(&velocity)));
    }
}

/// Largest relative errors of (covariance, drift and propagation) over y = γh in [1e-8, 50].
fn underdamped_errors<T: Real>(from: impl Fn(f64) -> T, to: impl Fn(T) -> f64) -> (f64, f64) {
    let mut worst = (0.0_f64, 0.0_f64);
    let table = include_str!("data/underdamped.csv");
    for line in table.lines().skip(1) {
        let row: Vec<f64> = line.split(',').map(|x| x.parse().unwrap()).collect();
        let [y, vv, xv, xx, conditional, drift_x, drift_v, decay, travel] = row[..] else {
            panic!("{line}")
        };
        // Unit friction, mass and temperature; the time is y, through K = 1 and through K = 2²⁰.
        for k in [1, 1 << 20] {
            let time = from(y * f64::from(k));
            let dynamics = Underdamped::new(time, k, T::ONE).unwrap();
            let span: PhaseSpan<T> = dynamics.span(0, 1);
            let (noise, shared) = (to(span.velocity_noise), to(span.position_noise_shared));
            let own = to(span.position_noise_own);
            assert!(
                own > 0.0,
                "the covariance is not positive definite at y = {y:e}"
            );
            let relative = |value: f64, exact: f64| (value / exact - 1.0).abs();
            for (value, exact) in [
                (noise * noise, vv),
                (noise * shared, xv),
                (shared * shared + own * own, xx),
                // xx − xv²/vv, the variance of the position given the velocity.
                (own * own, conditional),
            ] {
                worst.0 = worst.0.max(relative(value, exact));
            }
            for (value, exact) in [
                (span.drift[0], drift_x),
                (span.drift[1], drift_v),
                (span.decay, decay),
                (span.travel, travel),
            ] {
                worst.1 = worst.1.max(relative(to(value), exact));
            }
        }
    }
    worst
}

#[test]
fn underdamped_coefficients_are_accurate_in_f64() {
    let (covariance, mean) = underdamped_errors(|x| x, |x: f64| x);
    println!("f64: covariance {covariance:.1e}, mean {mean:.1e}");
    assert!(
        covariance < 1e-14 && mean < 1e-14,
        "{covariance:e} {mean:e}"
    );
}

#[test]
fn underdamped_coefficients_are_accurate_in_f32() {
    let (covariance, mean) = underdamped_errors(|x| x as f32, |x: f32| f64::from(x));
    println!("f32: covariance {covariance:.1e}, mean {mean:.1e}");
    assert!(covariance < 1e-6 && mean < 1e-6, "{covariance:e} {mean:e}");
}

/// As small and as large as friction may be, the noise is that of the leading order.
#[test]
fn the_ends_of_friction_have_their_noise() {
    let near = |found: f32, exact: f64| (f64::from(found) / exact - 1.0).abs() < 1e-6;
    for exponent in (-126..-30).chain(30..=42) {
        let y = f64::from(exponent).exp2();
        let span: PhaseSpan<f32> = Underdamped::new(1.0, 1, y as f32).unwrap().span(0, 1);
        // Over a unit of time: vv, √vv tanh(y/2)/y, and (2y − 4 tanh(y/2))/y², to the lowest order in y or in 1/y.
        let [velocity, shared, own] = if exponent < 0 {
            [(2.0 * y).sqrt(), (y / 2.0).sqrt(), (y / 6.0).sqrt()]
        } else {
            [1.0, 1.0 / y, (2.0 / y * (1.0 - 2.0 / y)).sqrt()]
        };
        assert!(near(span.velocity_noise, velocity), "{y:e}: {span:?}");
        assert!(near(span.position_noise_shared, shared), "{y:e}: {span:?}");
        assert!(near(span.position_noise_own, own), "{y:e}: {span:?}");
    }
}

/// Far below any useful step the coefficients still make sense, and an empty span does nothing.
#[test]
fn the_limits_are_clean() {
    let dynamics = Underdamped::new(1e-3_f32, u32::MAX, 1.0).unwrap();
    let span = dynamics.span(0, 1);
    for value in [
        span.velocity_noise,
        span.position_noise_shared,
        span.position_noise_own,
    ] {
        assert!(value.is_finite() && value > 0.0, "{span:?}");
    }
    let nothing = dynamics.span(7, 7);
    assert_eq!(nothing.carry([1.5, -2.0], 3.0, [0.0; 2]), [1.5, -2.0]);
    assert_eq!(nothing.increment(|| 1.0), [0.0; 2]);
    let semilinear = Semilinear::new(1.0_f32, 10, 2.0, 1.0).unwrap().span(4, 4);
    assert_eq!(
        (semilinear.decay, semilinear.drift, semilinear.noise),
        (1.0, 0.0, 0.0)
    );
}

#[test]
fn settings_are_those_that_were_set() {
    let dynamics = Overdamped::new(0.1_f64, 9).unwrap();
    let set = dynamics.with_temperature(0.5).unwrap();
    let set = set.with_mobility(3.0).unwrap();
    assert_eq!((dynamics.temperature(), dynamics.mobility()), (1.0, 1.0));
    assert_eq!((set.temperature(), set.mobility()), (0.5, 3.0));
}

/// The mean of a run's noise, given that of this and the next run together: V A′ᵀ (A′ V A′ᵀ + V′)⁻¹ by matrices. For a
/// run of no length it is 0.
fn bridges<S, const N: usize>(whole: S, tolerance: f64)
where
    S: Dynamics<Real = f64, Span<f64>: Bridge<f64, Cell = [f64; N]>>,
{
    let inner_steps = whole.inner_steps();
    for middle in [1, inner_steps / 3, inner_steps / 2, inner_steps - 1] {
        let (first, next) = (whole.spans(0, middle), whole.spans(middle, inner_steps));
        let (one, other) = (matrices(&first), matrices(&next));
        let shared = one.v * other.a.transpose();
        let gain = shared * (other.a * shared + other.v).try_inverse().unwrap();
        for k in 0..N {
            let part = SVector::from(first.expected_part(&next, unit(k)));
            let exact = gain.column(k);
            assert!(
                (part - exact).amax() <= tolerance * gain.amax(),
                "{middle}: {part} {exact}"
            );
            let nothing = whole.spans(middle, middle);
            assert_eq!(nothing.expected_part(&first, unit(k)), [0.0; N]);
        }
    }
}

/// From runs that hardly feel the friction to ones that forget their start; the matrices lose digits where they are
/// nearly singular.
#[test]
fn a_part_of_a_run_is_expected_as_by_matrices() {
    for time in [0.1, 1.0, 8.0] {
        bridges(Overdamped::new(time, 12).unwrap(), 1e-14);
        bridges(AdditiveNoise::new(time, 12, 0.7).unwrap(), 1e-14);
        bridges(Semilinear::new(time, 12, 0.8, 0.7).unwrap(), 1e-12);
        bridges(Underdamped::new(time, 12, 1.3).unwrap(), 1e-9);
    }
}
