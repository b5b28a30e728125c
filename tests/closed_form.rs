//! The closed form of a macro step equals the paper's K inner steps, its equations (7) and (8), path by path: the fast
//! step is fed the sums of the fine increments of the naive one, and the same midpoints.

mod common;

use common::{Naive, NaiveScalar, NaiveUnderdamped};
use nalgebra::SVector;
use poisson_midpoint::MidpointLaw::{self, Bernoulli, Single};
use poisson_midpoint::dynamics::{AdditiveNoise, Dynamics, Overdamped, Semilinear, Underdamped};
use poisson_midpoint::noise::Injected;
use poisson_midpoint::random::Stream;
use poisson_midpoint::{EulerMaruyama, PoissonMidpoint, Stepper};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

const D: usize = 3;
const STEP: f64 = 0.7;
const TOLERANCE: f64 = 2e-14;

/// A smooth, coupled, time-dependent drift.
fn force(time: f64, x: &SVector<f64, D>) -> SVector<f64, D> {
    SVector::from([
        -x[0] + (2.0 * x[1]).sin() + time,
        -2.0 * x[1] + (x[0] - x[2]).tanh(),
        -0.5 * x[2] + (x[0] * x[1]).cos() * (1.0 + time * time),
    ])
}

/// Compares one macro step under chosen midpoints; returns the distance.
fn compare<S, N>(dynamics: S, naive: &N, law: MidpointLaw, chosen: &[bool], seed: u64) -> f64
where
    S: Dynamics<Real = f64>,
    N: Naive<D, State = S::State<D>>,
{
    let k = dynamics.inner_steps();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let start = N::plus(&naive.noise(&mut rng), &naive.noise(&mut rng));
    let fine = naive.fine(&mut rng);
    let weight = match law {
        Bernoulli => f64::from(k),
        Single => f64::from(k - 1),
    };
    let begin = 0.3;
    let inner = STEP / f64::from(k);
    let exact = naive.macro_step(&start, &fine, chosen, weight, |i, x| {
        force(begin + inner * f64::from(i), x)
    });

    let mut state = start;
    let mut noise = Injected::new(
        |previous: Option<u32>| {
            let first = previous.map_or(1, |m| m + 1);
            (first..k).find(|&m| chosen[m as usize])
        },
        |from, to| naive.compose(&fine, from, to),
    );
    let stepper = PoissonMidpoint::new(dynamics, law);
    let step = stepper
        .step(begin, &mut state, &mut force, &mut noise)
        .unwrap();
    let calls = 1 + chosen.iter().skip(1).filter(|c| **c).count();
    assert_eq!(step.drift_calls as usize, calls);
    N::distance(&state, &exact)
}

/// Every subset for K ≤ 8, 60 random ones beyond; then every single midpoint.
fn check<S, N>(dynamics: impl Fn(u32) -> S, naive: impl Fn(u32) -> N)
where
    S: Dynamics<Real = f64>,
    N: Naive<D, State = S::State<D>>,
{
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for k in (1_u32..=8).chain([64]) {
        let subsets: Vec<u64> = if k <= 8 {
            (0..1 << k).collect()
        } else {
            // Thinned, so that the number of midpoints varies from none to many.
            (0..60)
                .map(|n| (0..n % 6).fold(u64::MAX, |bits, _| bits & rng.next_u64()))
                .collect()
        };
        for (seed, subset) in (1..).zip(subsets) {
            let chosen: Vec<bool> = (0..k).map(|i| subset >> i & 1 == 1).collect();
            let distance = compare(dynamics(k), &naive(k), Bernoulli, &chosen, seed);
            // Corrections of weight K add up: rounding grows with their number.
            let scale = 1.0 + chosen.iter().filter(|c| **c).count() as f64;
            assert!(
                distance < scale * TOLERANCE,
                "K = {k}, subset {subset:b}: {distance:e}"
            );
        }
        for only in 1..k {
            let chosen: Vec<bool> = (0..k).map(|i| i == only).collect();
            let distance = compare(
                dynamics(k),
                &naive(k),
                Single,
                &chosen,
                99 + u64::from(only),
            );
            assert!(
                distance < TOLERANCE,
                "K = {k}, midpoint {only}: {distance:e}"
            );
        }
    }
}

#[test]
fn overdamped() {
    let naive = |inner_steps| NaiveScalar {
        step_size: STEP,
        inner_steps,
        rate: 0.0,
        mobility: 0.8,
        sigma: (2.0_f64 * 0.8 * 1.7).sqrt(),
    };
    let dynamics = |k| {
        let dynamics = Overdamped::new(STEP, k).unwrap();
        dynamics
            .with_temperature(1.7)
            .unwrap()
            .with_mobility(0.8)
            .unwrap()
    };
    check(dynamics, naive);
}

#[test]
fn additive_noise() {
    let naive = |inner_steps| NaiveScalar {
        step_size: STEP,
        inner_steps,
        rate: 0.0,
        mobility: 1.0,
        sigma: 0.9,
    };
    check(|k| AdditiveNoise::new(STEP, k, 0.9).unwrap(), naive);
}

#[test]
fn semilinear_with_either_sign() {
    for rate in [2.5, -1.0] {
        let naive = |inner_steps| NaiveScalar {
            step_size: STEP,
            inner_steps,
            rate,
            mobility: 1.0,
            sigma: 0.9,
        };
        check(|k| Semilinear::new(STEP, k, rate, 0.9).unwrap(), naive);
    }
}

#[test]
fn underdamped() {
    let naive = |inner_steps| NaiveUnderdamped {
        step_size: STEP,
        inner_steps,
        friction: 1.3,
        inverse_mass: 0.6,
    };
    let dynamics = |k| {
        let dynamics = Underdamped::new(STEP, k, 1.3).unwrap();
        dynamics.with_mass(1.0 / 0.6).unwrap()
    };
    check(dynamics, naive);
}

/// With K = 1 the method is Euler–Maruyama: same words read, same bits, one drift evaluation.
#[test]
fn one_inner_step_is_euler_maruyama_to_the_bit() {
    fn check<S: Dynamics<Real = f64>>(dynamics: S, start: S::State<D>) {
        for law in [Bernoulli, Single] {
            let (mut a, mut b) = (start, start);
            let (mut words_a, mut words_b) = (Stream::new(42, 1), Stream::new(42, 1));
            let (euler, midpoint) = (
                EulerMaruyama::new(dynamics),
                PoissonMidpoint::new(dynamics, law),
            );
            for n in 0..500 {
                let time = STEP * f64::from(n);
                let x = euler.step(time, &mut a, &mut force, &mut words_a).unwrap();
                let y = midpoint
                    .step(time, &mut b, &mut force, &mut words_b)
                    .unwrap();
                assert_eq!((x.drift_calls, y.drift_calls), (1, 1));
                assert_eq!(a, b);
                assert_eq!(words_a, words_b);
            }
        }
    }
    let x = SVector::from([1.0, -1.0, 0.5]);
    check(Overdamped::new(0.1, 1).unwrap(), x);
    check(AdditiveNoise::new(0.1, 1, 0.5).unwrap(), x);
    check(Semilinear::new(0.1, 1, 0.5, 0.5).unwrap(), x);
    check(
        Underdamped::new(0.1, 1, 1.0).unwrap(),
        poisson_midpoint::Phase::at_rest(x),
    );
}

/// Means over 200,000 steps; the number of midpoints has variance below 1, so five standard
/// errors are 0.012: one false alarm in two million runs.
#[test]
fn drift_evaluations_are_those_of_the_law() {
    for k in [1_u32, 2, 10, 1_000_000_000] {
        for law in [Bernoulli, Single] {
            let stepper = PoissonMidpoint::new(Overdamped::new(0.01, k).unwrap(), law);
            let (mut x, mut stream) = (SVector::<f64, 1>::zeros(), Stream::new(42, 0));
            let (steps, mut calls) = (200_000_u32, 0.0);
            for _ in 0..steps {
                let mut drift = |_t: f64, x: &SVector<f64, 1>| -x;
                let step = stepper.step(0.0, &mut x, &mut drift, &mut stream).unwrap();
                if law == Single || k == 1 {
                    assert_eq!(step.drift_calls, if k == 1 { 1 } else { 2 });
                }
                calls += f64::from(step.drift_calls);
            }
            let mean = calls / f64::from(steps);
            let exact = law.expected_drift_calls(k);
            assert!(
                (mean - exact).abs() < 0.012,
                "{law:?}, K = {k}: {mean} {exact}"
            );
        }
    }
}
