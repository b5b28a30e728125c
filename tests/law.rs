//! With its own stream the fast step has the law of the naive one, and at stationarity the moments
//! that the harmonic oscillator's closed forms give.

mod common;

use common::{Naive, NaiveScalar, NaiveUnderdamped};
use nalgebra::{SVector, vector};
use poisson_midpoint::MidpointLaw::{self, Bernoulli, Single};
use poisson_midpoint::batch::{Cpu, Particles, Status};
use poisson_midpoint::dynamics::{Dynamics, Overdamped, StateOf, Underdamped};
use poisson_midpoint::random::{Stream, Streams};
use poisson_midpoint::statistics::Moments;
use poisson_midpoint::{EulerMaruyama, Phase, PoissonMidpoint, State, Stepper};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// A drift with curvature, so that the corrections are far from linear.
fn force(_time: f64, x: &SVector<f64, 2>) -> SVector<f64, 2> {
    vector![
        -x[0] + 2.0 * (1.5 * x[0]).tanh(),
        -x[1] + (2.0 * x[0]).sin()
    ]
}

const SAMPLES: usize = 200_000;
const STEP: f64 = 0.6;

/// One scalar to compare per sample: several linear functionals, one after another.
fn samples<X>(state: &X, functional: usize) -> f64
where
    X: State<Real = f64>,
{
    let weights = [[1.0, 0.0], [0.0, 1.0], [0.6, -0.8]][functional % 3];
    let mut sum = 0.0;
    state.for_each(|part, d, value| {
        if part == functional / 3 {
            sum += weights[d] * value;
        }
    });
    sum
}

/// The two-sample Kolmogorov–Smirnov statistic √(n/2)·sup|F − G| for n samples each.
fn kolmogorov_smirnov(mut a: Vec<f64>, mut b: Vec<f64>) -> f64 {
    a.sort_unstable_by(f64::total_cmp);
    b.sort_unstable_by(f64::total_cmp);
    let n = a.len() as f64;
    let (mut i, mut j, mut largest) = (0, 0, 0.0_f64);
    while i < a.len() && j < b.len() {
        if a[i] <= b[j] {
            i += 1;
        } else {
            j += 1;
        }
        largest = largest.max((i as f64 - j as f64).abs() / n);
    }
    largest * (n / 2.0).sqrt()
}

/// Standard score of the difference of the mean k-th powers.
fn moment_score(a: &[f64], b: &[f64], power: i32) -> f64 {
    let n = a.len() as f64;
    let mean = |x: &[f64], p: i32| x.iter().map(|x| x.powi(p)).sum::<f64>() / n;
    let variance = |x: &[f64]| mean(x, 2 * power) - mean(x, power).powi(2);
    (mean(a, power) - mean(b, power)) / ((variance(a) + variance(b)) / n).sqrt()
}

/// 24 comparisons for dynamics and law (4 moments and a KS statistic per functional), 4.9 standard
/// errors each: 1e-6; KS beyond 2.8: 2·exp(−2·2.8²) = 3e-7. Over the whole file the false-alarm
/// probability is below 2e-4.
fn same_law<S, N>(dynamics: S, naive: &N, law: MidpointLaw, start: S::State<2>, functionals: usize)
where
    S: Dynamics<Real = f64>,
    N: Naive<2, State = S::State<2>>,
{
    let k = dynamics.inner_steps();
    let mut rng = ChaCha8Rng::seed_from_u64(2024);
    let stepper = PoissonMidpoint::new(dynamics, law);
    let streams = Streams::new(42);
    let (mut fast, mut slow) = (Vec::new(), Vec::new());
    for n in 0..SAMPLES {
        let mut state = start;
        let mut stream = streams.particle(n as u64);
        let _ = stepper
            .step(0.0, &mut state, &mut force, &mut stream)
            .unwrap();
        fast.push(state);

        let only = 1 + rng.next_u32() % (k - 1);
        let chosen: Vec<bool> = (0..k)
            .map(|i| match law {
                Bernoulli => f64::from(rng.next_u32()) * f64::from(k) < 4_294_967_296.0,
                Single => i == only,
            })
            .collect();
        let weight = if law == Single { k - 1 } else { k };
        let fine = naive.fine(&mut rng);
        slow.push(naive.macro_step(&start, &fine, &chosen, weight.into(), |_, x| force(0.0, x)));
    }
    for functional in 0..functionals {
        let take = |states: &[S::State<2>]| -> Vec<f64> {
            states
                .iter()
                .map(|state| samples(state, functional))
                .collect()
        };
        let (a, b) = (take(&fast), take(&slow));
        for power in 1..=4 {
            let score = moment_score(&a, &b, power);
            assert!(
                score.abs() < 4.9,
                "{law:?}, functional {functional}, moment {power}: {score}"
            );
        }
        let statistic = kolmogorov_smirnov(a, b);
        assert!(
            statistic < 2.8,
            "{law:?}, functional {functional}: KS {statistic}"
        );
    }
}

#[test]
fn overdamped_law_is_the_naive_law() {
    let naive = NaiveScalar {
        step_size: STEP,
        inner_steps: 8,
        rate: 0.0,
        mobility: 1.0,
        sigma: 2.0_f64.sqrt(),
    };
    for law in [Bernoulli, Single] {
        same_law(
            Overdamped::new(STEP, 8).unwrap(),
            &naive,
            law,
            vector![0.3, -0.5],
            3,
        );
    }
}

#[test]
fn underdamped_law_is_the_naive_law() {
    let naive = NaiveUnderdamped {
        step_size: STEP,
        inner_steps: 8,
        friction: 1.5,
        inverse_mass: 2.0,
    };
    let start = Phase {
        position: vector![0.3, -0.5],
        velocity: vector![1.0, 0.2],
    };
    for law in [Bernoulli, Single] {
        same_law(
            Underdamped::new(STEP, 8, 1.5)
                .and_then(|dynamics| dynamics.with_mass(0.5))
                .unwrap(),
            &naive,
            law,
            start,
            6,
        );
    }
}

const CENTRE: f64 = 0.7;

/// Mean and variance over independent particles long after their start, and the standard errors
/// of both.
fn stationary(stepper: &impl Stepper<Dynamics = Overdamped<f64>>, steps: u32) -> [f64; 4] {
    const N: usize = 400_000;
    let (mut x, mut positions) = (vec![0.0; N], vec![0; N]);
    let mut status = vec![Status::Active; N];
    let mut particles: Particles<SVector<f64, 1>> =
        Particles::new(Streams::new(5), 0, &mut x, &mut positions, &mut status).unwrap();
    let spring = |_t: f64, x: &SVector<f64, 1>| vector![CENTRE - x.x];
    let run = Cpu.run(stepper, &mut particles, &spring, 0..steps);
    assert_eq!(run.failed, 0);
    let n = N as f64;
    let mean = x.iter().sum::<f64>() / n;
    let central = |p: i32| x.iter().map(|x| (x - mean).powi(p)).sum::<f64>() / n;
    let variance = central(2);
    let of_variance = ((central(4) - variance * variance) / n).sqrt();
    [mean, (variance / n).sqrt(), variance, of_variance]
}

/// With unit stiffness and step η, X′ = (1 − η)X + … + √(2η)Z: the mean is the target's, the
/// variance 2η/(1 − (1 − η)²) = 1/(1 − η/2), the target's being 1.
fn euler_variance(step: f64) -> f64 {
    1.0 / (1.0 - step / 2.0)
}

/// Stationary variance of the Bernoulli method on the unit spring. With Y = X − μ, h = η/K,
/// S = Σ Hᵢ i and Wᵢ the noise up to inner step i,
/// Y′ = (1 − η + η²S/K) Y + W_K − η Σ Hᵢ Wᵢ, whence the variance v = n/(1 − r) with
///   r = (1 − η + η²(K−1)/2K)² + η⁴/K²·Var S,   Var S = (K−1)(2K−1)/6·(1 − 1/K),
///   n = 2η − 2ηh(K−1) + η²[h(K−1) + (2h/3K)(K−1)(K−2)].
fn bernoulli_variance(step: f64, k: u32) -> f64 {
    let k = f64::from(k);
    let h = step / k;
    let variance_s = (k - 1.0) * (2.0 * k - 1.0) / 6.0 * (1.0 - 1.0 / k);
    let mean_factor = 1.0 - step + step.powi(2) * (k - 1.0) / (2.0 * k);
    let r = mean_factor.powi(2) + step.powi(4) / (k * k) * variance_s;
    let pairs = 2.0 * h / (3.0 * k) * (k - 1.0) * (k - 2.0);
    let n = 2.0 * step - 2.0 * step * h * (k - 1.0) + step.powi(2) * (h * (k - 1.0) + pairs);
    n / (1.0 - r)
}

/// The same with one midpoint u uniform on 1..K−1 and weight K − 1:
/// Y′ = (1 − η + η²cu/K) Y + W_K − ηc W_u, c = (K−1)/K, so with E u = K/2, E u² = K(2K−1)/6
///   r = (1 − η)² + 2(1 − η)η²c/2 + η⁴c²(2K−1)/(6K),   n = 2η − 4ηc·η/2 + η²c²·η.
fn single_variance(step: f64, k: u32) -> f64 {
    let k = f64::from(k);
    let c = (k - 1.0) / k;
    let r = (1.0 - step).powi(2)
        + (1.0 - step) * step.powi(2) * c
        + step.powi(4) * c * c * (2.0 * k - 1.0) / (6.0 * k);
    let n = 2.0 * step - 2.0 * step.powi(2) * c + step.powi(3) * c * c;
    n / (1.0 - r)
}

/// Five standard errors, 14 comparisons: one false alarm in 100,000.
#[test]
fn harmonic_stationary_moments_are_the_closed_forms() {
    let check = |name: &str, [mean, mean_error, variance, variance_error]: [f64; 4], exact: f64| {
        println!("{name}: {variance:.5} ± {variance_error:.5}, exact {exact:.5}");
        assert!(
            (mean - CENTRE).abs() < 5.0 * mean_error,
            "{name}: mean {mean}"
        );
        assert!(
            (variance - exact).abs() < 5.0 * variance_error,
            "{name}: variance {variance}"
        );
    };
    let step = 0.5;
    let euler = EulerMaruyama::new(Overdamped::new(step, 1).unwrap());
    check("EM", stationary(&euler, 40), euler_variance(step));
    for k in [2, 5, 1000] {
        let dynamics = Overdamped::new(step, k).unwrap();
        let stepper = PoissonMidpoint::new(dynamics, Bernoulli);
        check(
            "Bernoulli",
            stationary(&stepper, 60),
            bernoulli_variance(step, k),
        );
        let stepper = PoissonMidpoint::new(dynamics, Single);
        check("Single", stationary(&stepper, 60), single_variance(step, k));
    }
    // K = 1 is Euler–Maruyama in the closed forms too.
    assert!((bernoulli_variance(step, 1) - euler_variance(step)).abs() < 1e-12);
    assert!((single_variance(step, 1) - euler_variance(step)).abs() < 1e-12);
}

/// The stream of one particle drawn by one, two and many steps at once has no seams: means of
/// products of successive increments vanish.
#[test]
fn increments_of_successive_steps_are_uncorrelated() {
    let stepper = PoissonMidpoint::new(Overdamped::new(0.5_f64, 100).unwrap(), Bernoulli);
    let mut stream = Stream::new(42, 0);
    let (mut previous, mut sum) = (0.0, 0.0);
    let steps = 1_000_000;
    for _ in 0..steps {
        let mut x = vector![0.0];
        let mut free = |_t: f64, _x: &SVector<f64, 1>| vector![0.0];
        let _ = stepper.step(0.0, &mut x, &mut free, &mut stream).unwrap();
        sum += x.x * previous;
        previous = x.x;
    }
    // Products of independent N(0, 2η) = N(0, 1): five standard errors.
    let mean: f64 = sum / f64::from(steps);
    assert!(mean.abs() < 5.0 / f64::from(steps).sqrt(), "{mean}");
}

/// The mean square of what a step tells of the change of a drift b = −λx, against its closed form: with t the time of
/// the midpoint, b(X̂) − b₀ = λ(μλt x − W(t)). 40,000 steps in two dimensions, 5 standard errors: a false alarm in 2e6
/// runs for each of two methods.
#[test]
fn the_change_of_a_drift_has_its_mean_square() {
    const LAMBDA: f64 = 1.5;
    let (inner_steps, mobility, temperature) = (10, 2.0, 3.0);
    let overdamped = Overdamped::new(0.3, inner_steps).unwrap();
    let overdamped = overdamped.with_mobility(mobility).unwrap();
    let overdamped = overdamped.with_temperature(temperature).unwrap();
    let start = vector![1.0, -2.0];
    let unit = 0.3 * mobility / (2.0 * temperature);
    let mean_square = |midpoint: u32| {
        let time = overdamped.time(midpoint);
        let pull = mobility * LAMBDA * time;
        let moved = pull * pull * start.norm_squared() + 2.0 * 2.0 * mobility * temperature * time;
        unit * LAMBDA * LAMBDA * moved / f64::from(inner_steps - 1)
    };
    let expected: f64 = (1..inner_steps).map(mean_square).sum();
    let found = squares(overdamped, start, LAMBDA);
    check_mean(&found, expected, 0.0);

    // The velocity's kick η(b − b₀) and its noise of variance 2γη are those of short steps: γη = 1e-3.
    let (step, friction) = (1e-3, 1.0);
    let underdamped = Underdamped::new(step, inner_steps, friction).unwrap();
    let velocity = vector![2.0, 1.0];
    let state = Phase {
        position: start,
        velocity,
    };
    let mean_square = |midpoint: u32| {
        let travelled = underdamped.time(midpoint) * LAMBDA;
        let kicks = step * travelled;
        kicks * kicks * velocity.norm_squared()
            / (2.0 * friction * step)
            / f64::from(inner_steps - 1)
    };
    let expected: f64 = (1..inner_steps).map(mean_square).sum();
    let found = squares(underdamped, state, LAMBDA);
    check_mean(&found, expected, 1e-2);
}

/// The squares of the changes of a drift b = −λx in steps from one state.
fn squares<S, X>(dynamics: S, start: X, lambda: f64) -> Vec<f64>
where
    S: Dynamics<Real = f64>,
    X: StateOf<S> + State<Real = f64, Position = SVector<f64, 2>>,
{
    let stepper = PoissonMidpoint::new(dynamics, Single);
    let mut stream = Stream::new(42, 0);
    let b0 = -lambda * start.position();
    let square = |_| {
        let mut step = stepper.begin(0.0, &start, b0).unwrap();
        let query = step.next(&mut stream).unwrap().unwrap();
        let b = -lambda * query.position;
        stepper.drift_change(b0.as_slice(), b.as_slice()).powi(2)
    };
    (0..40_000).map(square).collect()
}

/// Holds the mean to within 5 standard errors and a share of the expected value.
fn check_mean(values: &[f64], expected: f64, share: f64) {
    let mut moments = Moments::new();
    for &value in values {
        moments.push(value).unwrap();
    }
    let (mean, error) = (moments.mean().unwrap(), moments.standard_error().unwrap());
    let allowed = 5.0 * error + share * expected;
    assert!(
        (mean - expected).abs() < allowed,
        "{mean} ± {error}: {expected}"
    );
}
