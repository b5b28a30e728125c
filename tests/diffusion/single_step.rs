//! DPM-Solver against its steps as they are published: equation 4.1 and algorithm 4 of Lu et al. 2022, and order 3 as
//! the authors' program has it by derivatives; and which training steps it calls the network at.

use poisson_midpoint::diffusion::{
    DpmSolver, Level, LinearRate, NoiseSchedule, Prediction, Sampler, Timesteps,
};
use poisson_midpoint::random::Stream;

const START: f64 = -0.8;

fn schedule() -> LinearRate<f64> {
    LinearRate::new(1000, 0.1, 20.0).unwrap()
}

fn lambda(step: u32) -> f64 {
    schedule().level(step).half_log_snr()
}

/// Any smooth function.
fn network(step: u32, x: f64) -> f64 {
    x / (1.0 + x * x) + f64::from(step) / 2000.0
}

/// Of all training steps from `least` to `most`, that whose λ is nearest.
fn nearest(target: f64, least: u32, most: u32) -> u32 {
    let distance = |step: &u32| (lambda(*step) - target).abs();
    (least..=most)
        .min_by(|one, other| distance(one).total_cmp(&distance(other)))
        .unwrap()
}

/// The sample after a step, and the training steps at which the network was called.
fn published(order: u32, t: u32, s: u32) -> (f64, Vec<u32>) {
    let order = match t - s {
        _ if s == 0 => 1,
        inner_steps => order.min(inner_steps),
    };
    let Level { signal, .. } = schedule().level(t);
    let (x, h) = (START, lambda(s) - lambda(t));
    let share = |step| (lambda(step) - lambda(t)) / h;
    // What all steps have in common: the exact solution for a constant ε.
    let held = |step: u32, epsilon: f64| {
        let to = schedule().level(step);
        let moved = to.noise * (lambda(step) - lambda(t)).exp_m1();
        to.signal / signal * x - if step == 0 { 0.0 } else { moved * epsilon }
    };
    let epsilon_t = network(t, x);
    if order == 1 {
        let noise = schedule().level(t).noise;
        return match s {
            // The limit of λ → ∞.
            0 => ((x - noise * epsilon_t) / signal, vec![t]),
            _ => (held(s, epsilon_t), vec![t]),
        };
    }
    let noise = schedule().level(s).noise;
    let part = 1.0 / f64::from(order);
    let s_1 = nearest(lambda(t) + part * h, s + order - 1, t - 1);
    let r_1 = share(s_1);
    let epsilon_1 = network(s_1, held(s_1, epsilon_t));
    if order == 2 {
        let correction = noise / (2.0 * r_1) * h.exp_m1() * (epsilon_1 - epsilon_t);
        return (held(s, epsilon_t) - correction, vec![t, s_1]);
    }
    let s_2 = nearest(lambda(t) + 2.0 * part * h, s + 1, s_1 - 1);
    let (r_2, noise_2) = (share(s_2), schedule().level(s_2).noise);
    let phi_22 = (r_2 * h).exp_m1() / (r_2 * h) - 1.0;
    let u_2 = held(s_2, epsilon_t) - r_2 / r_1 * noise_2 * phi_22 * (epsilon_1 - epsilon_t);
    let epsilon_2 = network(s_2, u_2);
    let phi_2 = h.exp_m1() / h - 1.0;
    let phi_3 = phi_2 / h - 0.5;
    let (slope_1, slope_2) = ((epsilon_1 - epsilon_t) / r_1, (epsilon_2 - epsilon_t) / r_2);
    let first = (r_2 * slope_1 - r_1 * slope_2) / (r_2 - r_1);
    let second = 2.0 * (slope_2 - slope_1) / (r_2 - r_1);
    let sample = held(s, epsilon_t) - noise * (phi_2 * first + phi_3 * second);
    (sample, vec![t, s_1, s_2])
}

#[test]
fn steps_of_every_length_are_the_published_ones() {
    let schedule = schedule();
    let steps = [1, 2, 3, 4, 5, 17, 300]
        .into_iter()
        .flat_map(|length| [1000, 640, length + 30, length + 1, length].map(|t| (t, t - length)));
    for (t, s) in steps {
        for order in [2, 3] {
            let timesteps = Timesteps::<1>::new(&[t, s]).unwrap();
            let (predicts, solver) = (Prediction::Epsilon, DpmSolver { order });
            let sampler = Sampler::new(&schedule, &timesteps, predicts, solver).unwrap();
            let (mut x, mut work) = ([START], vec![f64::NAN; sampler.work_length(1)]);
            let mut called = Vec::new();
            let mut network = |step: u32, x: &[f64], epsilon: &mut [f64]| {
                called.push(step);
                epsilon[0] = network(step, x[0]);
            };
            sampler
                .sample(&mut x, &mut network, &mut Stream::new(1, 1), &mut work)
                .unwrap();
            let (expected, calls) = published(order, t, s);
            assert_eq!(called, calls, "{order}: {t} to {s}");
            // Where a step is short, φ₂ and φ₃ lose digits; they are then small.
            let error = (x[0] - expected).abs() / expected.abs().max(1.0);
            assert!(error < 1e-11, "{order}: {t} to {s}: {error:e}");
        }
    }
}
