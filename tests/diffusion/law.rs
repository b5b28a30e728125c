//! The law of the Poisson midpoint method over DDPM for data N(μ, s²): the first two moments of what it samples,
//! against those that follow from equations 7 and 8 of the paper by linear algebra.
//!
//! A macro step is linear in (1, x, Z₁ … Z_K) for given midpoints, and its vector of coefficients is u + Σ Hᵢ dᵢ: u
//! without corrections, dᵢ that of the i-th, and H its random weight, of mean 1.

use nalgebra::{DMatrix, DVector};
use poisson_midpoint::MidpointLaw;
use poisson_midpoint::diffusion::{
    PoissonMidpointDdpm, Prediction, Sampler, ScheduleTable, Timesteps, standard_normal,
};
use poisson_midpoint::random::Stream;

const STEPS: usize = 60;
const INNER: usize = 10;
const SAMPLES: u64 = 100_000;
const MEAN: f64 = 0.7;
const VARIANCE: f64 = 0.5;

fn beta(t: usize) -> f64 {
    0.02 + (0.1 - 0.02) * (t as f64 - 1.0) / (STEPS as f64 - 1.0)
}

fn alpha_bar(t: usize) -> f64 {
    (1..=t).map(|t| 1.0 - beta(t)).product()
}

/// ε = slope · x + intercept at a training step.
fn epsilon(t: usize) -> (f64, f64) {
    let (signal, noise) = (alpha_bar(t).sqrt(), (1.0 - alpha_bar(t)).sqrt());
    let slope = noise / (signal * signal * VARIANCE + noise * noise);
    (slope, -slope * signal * MEAN)
}

/// Mean and second moment after a macro step from training step `from`, given those before.
fn macro_step(law: MidpointLaw, from: usize, (mean, second): (f64, f64)) -> (f64, f64) {
    let unit = |k| DVector::from_fn(INNER + 2, |i, _| f64::from(u8::from(i == k)));
    let predict = |t, x: &DVector<f64>| {
        let (slope, intercept) = epsilon(t);
        slope * x + intercept * unit(0)
    };
    let at_start = predict(from, &unit(1));
    let (mut path, mut corrections) = (unit(1), Vec::new());
    for i in 0..INNER {
        let t = from - i;
        let (alpha, bar) = (1.0 - beta(t), alpha_bar(t));
        let a = 1.0 / alpha.sqrt();
        let b = -beta(t) / (alpha * (1.0 - bar)).sqrt();
        let sigma = (beta(t) * (1.0 - alpha_bar(t - 1)) / (1.0 - bar)).sqrt();
        for correction in &mut corrections {
            *correction *= a;
        }
        if i > 0 {
            corrections.push(b * (predict(t, &path) - &at_start));
        }
        path = a * path + b * &at_start + sigma * unit(i + 2);
    }
    let mut moments = DMatrix::identity(INNER + 2, INNER + 2);
    moments[(0, 1)] = mean;
    moments[(1, 0)] = mean;
    moments[(1, 1)] = second;
    let expected = |a: &DVector<f64>, b: &DVector<f64>| a.dot(&(&moments * b));
    let sum: DVector<f64> = corrections.iter().sum();
    let squares: f64 = corrections.iter().map(|d| expected(d, d)).sum();
    let k = INNER as f64;
    let weights = match law {
        // Each H is K or 0, independently: E Hᵢ² = K and E Hᵢ Hⱼ = 1.
        MidpointLaw::Bernoulli => expected(&sum, &sum) + (k - 1.0) * squares,
        // One H is K − 1, the others are 0: E Hᵢ² = K − 1 and E Hᵢ Hⱼ = 0.
        MidpointLaw::Single => (k - 1.0) * squares,
    };
    (
        expected(&unit(0), &(&path + &sum)),
        expected(&path, &path) + 2.0 * expected(&path, &sum) + weights,
    )
}

/// The average of the samples' xᵖ, in standard errors from what is expected.
fn deviation(samples: &[f64], power: i32, expected: f64) -> f64 {
    let count = samples.len() as f64;
    let mean = samples.iter().map(|x| x.powi(power)).sum::<f64>() / count;
    let squares = samples.iter().map(|x| (x.powi(power) - mean).powi(2));
    (mean - expected) / (squares.sum::<f64>() / count / count).sqrt()
}

/// Two moments under two laws, each within 5 standard errors: false alarms 2·10⁻⁶.
#[test]
fn samples_have_the_moments_of_their_law() {
    let schedule = ScheduleTable::<f64, STEPS>::linear(beta(1), beta(STEPS)).unwrap();
    let timesteps = Timesteps::<6>::uniform((STEPS / INNER) as u32, &schedule).unwrap();
    let mut network = |step: u32, x: &[f64], output: &mut [f64]| {
        let (slope, intercept) = epsilon(step as usize);
        output[0] = slope * x[0] + intercept;
    };
    for law in [MidpointLaw::Bernoulli, MidpointLaw::Single] {
        let mut table = schedule.rows();
        let solver = PoissonMidpointDdpm::new(&mut table)
            .with_held(Prediction::Epsilon)
            .with_law(law);
        let sampler = Sampler::new(&schedule, &timesteps, Prediction::Epsilon, solver).unwrap();
        let mut work = vec![0.0; sampler.work_length(1)];
        let samples: Vec<f64> = (0..SAMPLES)
            .map(|particle| {
                let (mut x, mut stream) = ([0.0], Stream::new(11, particle));
                standard_normal(&mut x, &mut stream);
                sampler
                    .sample(&mut x, &mut network, &mut stream, &mut work)
                    .unwrap();
                x[0]
            })
            .collect();
        let macro_steps = (INNER..=STEPS).rev().step_by(INNER);
        let (mean, second) =
            macro_steps.fold((0.0, 1.0), |moments, from| macro_step(law, from, moments));
        let found = [deviation(&samples, 1, mean), deviation(&samples, 2, second)];
        println!("{law:?}: mean {mean:.4}, second moment {second:.4}, off by {found:.2?}");
        assert!(found.iter().all(|z| z.abs() < 5.0), "{law:?} {found:?}");
    }
}
