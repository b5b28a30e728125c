//! The Poisson midpoint method over DDPM is the K-step form that it imitates, path by path: equations 7
//! and 8 of the paper, written from (a, b, σ) of each training step as its appendix gives them.

use nalgebra::{SVector, vector};
use poisson_midpoint::diffusion::{
    Ddpm, InnerSteps, MidpointDensity, NoiseSchedule, PoissonMidpointDdpm, Prediction,
    RandomizedMidpointDdpm, Row, Sampler, ScheduleTable, Solver, Timesteps, Variant,
};
use poisson_midpoint::dynamics::{Dynamics, ScalarSpan};
use poisson_midpoint::noise::Injected;
use poisson_midpoint::random::{Midpoints, Stream, Words};
use poisson_midpoint::{MidpointLaw, PoissonMidpoint, Real, Stepper};

type X = SVector<f64, 2>;

/// Any smooth function, as the prediction of whatever is asked for.
fn network(step: f64, x: &X) -> X {
    vector![
        (x.x + 0.3 * x.y) / (1.0 + x.x * x.x) + step / 2000.0,
        x.y / (2.0 + x.y * x.y) - 0.4
    ]
}

/// β of a training step of the linear schedule.
fn beta(t: u32) -> f64 {
    1e-4 + (0.02 - 1e-4) * f64::from(t - 1) / 999.0
}

fn alpha_bar(t: u32) -> f64 {
    (1..=t).map(|t| 1.0 - beta(t)).product()
}

/// a, b, σ of x[t−1] = a x[t] + b ε + σ Z, from the paper's A.5.
fn epsilon_form(variant: Variant<f64>, t: u32) -> (f64, f64, f64) {
    let (alpha, beta) = (1.0 - beta(t), beta(t));
    let (bar, bar_before) = (alpha_bar(t), alpha_bar(t - 1));
    let (b, variance) = match variant {
        Variant::Exponential { correction } => (
            -2.0 * (1.0 - alpha.sqrt()) / (alpha.sqrt() * (1.0 - bar).sqrt()),
            beta / (1.0 + correction * beta),
        ),
        Variant::FixedSmall => (
            -beta / (alpha * (1.0 - bar)).sqrt(),
            beta * (1.0 - bar_before) / (1.0 - bar),
        ),
        Variant::Reduced => (
            -beta / (alpha * (1.0 - bar)).sqrt(),
            beta * (1.0 - bar_before),
        ),
        Variant::FixedLarge => (-beta / (alpha * (1.0 - bar)).sqrt(), beta),
    };
    let sigma = if t == 1 { 0.0 } else { variance.sqrt() };
    (1.0 / alpha.sqrt(), b, sigma)
}

/// The same in terms of another prediction p, of which ε is e x + f p.
fn coefficients(variant: Variant<f64>, held: Prediction, t: u32) -> (f64, f64, f64) {
    let (a, b, sigma) = epsilon_form(variant, t);
    let bar = alpha_bar(t);
    let (e, f) = match held {
        Prediction::Epsilon => (0.0, 1.0),
        Prediction::Score => (0.0, -(1.0 - bar).sqrt()),
        Prediction::Sample => (1.0 / (1.0 - bar).sqrt(), -(bar / (1.0 - bar)).sqrt()),
        Prediction::Velocity => ((1.0 - bar).sqrt(), bar.sqrt()),
        Prediction::Flow => {
            let sum = bar.sqrt() + (1.0 - bar).sqrt();
            (1.0 / sum, bar.sqrt() / sum)
        }
    };
    (a + b * e, b * f, sigma)
}

/// (7) and (8): K steps with the same Z in the interpolation and in the correction.
fn naive(x: X, inner: &[(f64, f64, f64)], from: u32, z: &[X], chosen: &[bool], weight: f64) -> X {
    let b0 = network(f64::from(from), &x);
    let (mut interpolated, mut refined) = (x, x);
    for (i, &(a, b, sigma)) in inner.iter().enumerate() {
        let correction = if chosen[i] {
            weight * (network(f64::from(from) - i as f64, &interpolated) - b0)
        } else {
            vector![0.0, 0.0]
        };
        refined = a * refined + b * (b0 + correction) + sigma * z[i];
        interpolated = a * interpolated + b * b0 + sigma * z[i];
    }
    refined
}

fn compare(from: u32, to: u32, table: &mut [Row<f64>]) -> f64 {
    let schedule = ScheduleTable::<f64, 1000>::linear(1e-4, 0.02).unwrap();
    let k = from - to;
    let timesteps = Timesteps::<1>::new(&[from, to]).unwrap();
    let variants = [
        Variant::Exponential { correction: -1.0 },
        Variant::Exponential { correction: 0.0 },
        Variant::Exponential { correction: 1.0 },
        Variant::Exponential { correction: 2.0 },
        Variant::FixedSmall,
        Variant::Reduced,
        Variant::FixedLarge,
    ];
    let mut stream = Stream::new(u64::from(from), k.into());
    let mut worst = 0.0_f64;
    for (variant, held) in variants
        .into_iter()
        .flat_map(|v| Prediction::ALL.map(|p| (v, p)))
    {
        let inner: Vec<_> = (to + 1..=from)
            .rev()
            .map(|t| coefficients(variant, held, t))
            .collect();
        let steps = InnerSteps::new(&schedule, &timesteps, variant, held, table).unwrap();
        for law in [MidpointLaw::Bernoulli, MidpointLaw::Single].repeat(5) {
            let z: Vec<X> = (0..k)
                .map(|_| vector![f64::normal(&mut stream), f64::normal(&mut stream)])
                .collect();
            let x = vector![f64::normal(&mut stream), f64::normal(&mut stream)];
            let midpoints = Midpoints::new(law, k);
            let mut chosen = vec![false; k as usize];
            let mut list = Vec::new();
            while let Some(midpoint) = midpoints.next(list.last().copied(), &mut stream) {
                chosen[midpoint as usize] = true;
                list.push(midpoint);
            }
            let weight = match law {
                MidpointLaw::Bernoulli => f64::from(k),
                MidpointLaw::Single => f64::from(k) - 1.0,
            };
            let expected = naive(x, &inner, from, &z, &chosen, weight);

            let segment = |i: u32, j: u32| {
                let steps = (i as usize..).zip(&inner[i as usize..j as usize]);
                steps.fold(X::zeros(), |w, (l, (a, _, s))| *a * w + *s * z[l])
            };
            let mut list = list.into_iter();
            let mut noise = Injected::new(|_| list.next(), segment);
            let mut found = x;
            let mut drift = |t: f64, x: &X| network(t, x);
            let report = PoissonMidpoint::new(steps.macro_step(0).unwrap(), law)
                .step(f64::from(from), &mut found, &mut drift, &mut noise)
                .unwrap();
            let calls = 1 + chosen.iter().filter(|c| **c).count();
            assert_eq!(report.drift_calls as usize, calls);
            worst = worst.max((found - expected).amax() / expected.amax().max(1.0));
        }
        // The noise of any run of inner steps, which `Injected` passed over.
        let dynamics = steps.macro_step(0).unwrap();
        for (i, j) in [(0, k), (0, k.div_ceil(2)), (k / 2, k), (k / 3, k / 2)] {
            let steps = &inner[i as usize..j as usize];
            let variance = steps.iter().fold(0.0, |v, (a, _, s)| a * a * v + s * s);
            if i < j {
                let noise = dynamics.span(i, j).noise;
                worst = worst.max((noise * noise - variance).abs() / variance.max(1e-6));
            }
        }
    }
    worst
}

#[test]
fn macro_steps_are_their_inner_steps() {
    let mut table = vec![Row::default(); 1000];
    for k in [1, 2, 5, 40] {
        for from in [1000, 999, 500, 100, k] {
            let worst = compare(from, from - k, &mut table);
            assert!(worst < 1e-10, "{from} {k}: {worst:e}");
        }
    }
}

/// Every run of inner steps of the one macro step that is the whole chain. Variances are differences of sums over the
/// chain, carried to the run's end: late runs of few steps lose the digits that the sums have before them.
#[test]
fn all_runs_of_a_thousand_inner_steps_are_their_steps() {
    let schedule = ScheduleTable::<f64, 1000>::linear(1e-4, 0.02).unwrap();
    let timesteps = Timesteps::<1>::new(&[1000, 0]).unwrap();
    let mut table = schedule.rows();
    let (variant, held) = (Variant::FixedSmall, Prediction::Epsilon);
    let inner: Vec<_> = (1..=1000)
        .rev()
        .map(|t| coefficients(variant, held, t))
        .collect();
    let steps = InnerSteps::new(&schedule, &timesteps, variant, held, &mut table).unwrap();
    let dynamics = steps.macro_step(0).unwrap();
    assert_eq!(
        (dynamics.step_size(), dynamics.inner_steps()),
        (1000.0, 1000)
    );
    let near =
        |found: f64, exact: f64, lost: f64| (found - exact).abs() <= 1e-10 * exact.abs() + lost;
    for i in 0..1000 {
        let none: ScalarSpan<f64> = dynamics.span(i, i);
        assert_eq!((none.decay, none.drift, none.noise), (1.0, 0.0, 0.0), "{i}");
        let (mut decay, mut drift, mut variance) = (1.0, 0.0, 0.0);
        for j in i + 1..=1000 {
            let (a, b, sigma) = inner[j as usize - 1];
            (decay, drift) = (a * decay, a * drift + b);
            variance = a * a * variance + sigma * sigma;
            let span: ScalarSpan<f64> = dynamics.span(i, j);
            let from_start: ScalarSpan<f64> = dynamics.span(0, j);
            let lost = 64.0 * f64::EPSILON * from_start.decay.powi(2);
            assert!(
                near(span.decay, decay, 0.0)
                    && near(span.drift, drift, 0.0)
                    && near(span.noise * span.noise, variance, lost),
                "{i}..{j}: {span:?}, not {decay} {drift} {variance}"
            );
        }
    }
}

/// Macro steps are found by their number: any other pair of training steps has no coefficients in the table.
#[test]
fn macro_steps_are_those_of_the_timesteps() {
    let schedule = ScheduleTable::<f64, 1000>::linear(1e-4, 0.02).unwrap();
    let list = [1000, 900, 800];
    let span = |list: &[u32], index: usize| {
        let timesteps = Timesteps::<3>::new(list).unwrap();
        let mut table = schedule.rows();
        let (variant, held) = (Variant::FixedSmall, Prediction::Epsilon);
        let steps = InnerSteps::new(&schedule, &timesteps, variant, held, &mut table).unwrap();
        let step = steps.macro_step(index)?;
        let dynamics = (step.from(), step.to(), step.span(0, step.inner_steps()));
        assert_eq!(steps.macro_steps().count(), list.len() - 1);
        Some(dynamics)
    };
    for (index, pair) in list.windows(2).enumerate() {
        let (from, to, found) = span(&list, index).unwrap();
        assert_eq!([from, to], pair);
        // a of ε held is 1/√α of each step.
        let expected = (alpha_bar(to) / alpha_bar(from)).sqrt();
        assert!((found.decay / expected - 1.0).abs() < 1e-12);
        // The same step alone.
        assert_eq!(span(pair, 0).unwrap(), (from, to, found));
    }
    assert_eq!(span(&list, 2), None);
}

#[test]
fn a_step_of_the_full_chain_is_the_papers() {
    let schedule = ScheduleTable::<f64, 1000>::linear(1e-4, 0.02).unwrap();
    assert!((schedule.exponent(1000) + alpha_bar(1000).ln()).abs() < 1e-13);
}

/// What a solver makes of x, with a network that predicts this.
fn sample(
    solver: impl Solver<f64>,
    predicts: Prediction,
    list: &[u32],
    mut x: X,
    stream: &mut Stream,
) -> X {
    let schedule = ScheduleTable::<f64, 1000>::linear(1e-4, 0.02).unwrap();
    let timesteps = Timesteps::<8>::new(list).unwrap();
    let sampler = Sampler::new(&schedule, &timesteps, predicts, solver).unwrap();
    let mut work = vec![f64::NAN; sampler.work_length(2)];
    let mut network = |step: u32, x: &[f64], output: &mut [f64]| {
        output.copy_from_slice(network(f64::from(step), &vector![x[0], x[1]]).as_slice());
    };
    sampler
        .sample(x.as_mut_slice(), &mut network, stream, &mut work)
        .unwrap();
    x
}

/// The normals of inner steps whose sum is that of a segment with this normal.
fn spread(inner: &[(f64, f64, f64)], z: X) -> Vec<X> {
    let mut weights: Vec<f64> = Vec::new();
    for &(a, _, sigma) in inner {
        weights.iter_mut().for_each(|weight| *weight *= a);
        weights.push(sigma);
    }
    let norm = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
    let part = |weight: f64| if norm > 0.0 { weight / norm } else { 0.0 };
    weights.iter().map(|weight| part(*weight) * z).collect()
}

#[test]
fn a_drawn_midpoint_corrects_by_the_inverse_of_its_probability() {
    let variants = [
        Variant::FixedSmall,
        Variant::Exponential { correction: 0.0 },
    ];
    let densities = [MidpointDensity::Drift, MidpointDensity::DriftTimesDistance];
    let lambda = |t| {
        let bar: f64 = alpha_bar(t);
        (bar / (1.0 - bar)).ln() / 2.0
    };
    for (variant, density) in variants.into_iter().flat_map(|v| densities.map(|d| (v, d))) {
        for held in Prediction::ALL {
            for (from, k) in [(1000, 40), (500, 7), (12, 2), (40, 40), (1, 1)] {
                let inner: Vec<_> = (from - k + 1..=from)
                    .rev()
                    .map(|t| coefficients(variant, held, t))
                    .collect();
                let mut weights: Vec<f64> = Vec::new();
                for &(a, b, _) in &inner {
                    weights.iter_mut().for_each(|weight| *weight *= a);
                    weights.push(b);
                }
                if density == MidpointDensity::DriftTimesDistance {
                    for (t, weight) in (from - k + 1..=from).rev().zip(&mut weights) {
                        *weight *= lambda(t) - lambda(from);
                    }
                }
                let total: f64 = weights.iter().map(|weight| weight.abs()).sum();
                for particle in 0..20 {
                    let (mut one, mut other) = (Stream::new(7, particle), Stream::new(7, particle));
                    let x = vector![0.3, -1.1];
                    let (mut table, mut thresholds) = ([Row::ZERO; 1000], [0; 1000]);
                    let solver = RandomizedMidpointDdpm::new(&mut table, &mut thresholds)
                        .with_variant(variant)
                        .with_held(held)
                        .with_density(density);
                    let found = sample(solver, held, &[from, from - k], x, &mut one);

                    let (mut so_far, mut midpoint) = (0.0, 0);
                    if k > 1 {
                        let u = f64::from(other.next_word()) / 2.0_f64.powi(32);
                        let below = weights.iter().take_while(|weight| {
                            so_far += weight.abs() / total;
                            u >= so_far
                        });
                        midpoint = below.count();
                    }
                    let mut normal = || vector![f64::normal(&mut other), f64::normal(&mut other)];
                    let (before, after) = inner.split_at(midpoint);
                    let mut z = Vec::new();
                    if midpoint > 0 {
                        z.extend(spread(before, normal()));
                    }
                    z.extend(spread(after, normal()));
                    let mut chosen = vec![false; k as usize];
                    chosen[midpoint] = midpoint > 0;
                    let weight = total / weights[midpoint].abs();
                    let expected = naive(x, &inner, from, &z, &chosen, weight);
                    assert_eq!(one.word_position(), other.word_position());
                    let error = (found - expected).amax() / expected.amax().max(1.0);
                    // Probabilities are in units of 2⁻³².
                    assert!(
                        error < 1e-6,
                        "{variant:?} {density:?} {held:?} {from} {k}: {error:e}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_tail_is_steps_of_ddpm_after_the_macro_steps() {
    let (variant, held, list) = (
        Variant::Reduced,
        Prediction::Epsilon,
        [900, 600, 300, 100, 0],
    );
    let x = vector![0.3, -1.1];
    for tail in 0..=5 {
        let (mut one, mut other) = (Stream::new(8, 1), Stream::new(8, 1));
        let poisson = |list: &[u32], x: X, steps: usize, stream: &mut Stream| {
            let mut table = [Row::ZERO; 1000];
            let solver = PoissonMidpointDdpm::new(&mut table)
                .with_variant(variant)
                .with_held(held)
                .with_tail(steps);
            sample(solver, held, list, x, stream)
        };
        let found = poisson(&list, x, tail, &mut one);
        let split = (list.len() - 1).saturating_sub(tail);
        let mut expected = x;
        if split > 0 {
            expected = poisson(&list[..=split], expected, 0, &mut other);
        }
        if tail > 0 {
            expected = sample(Ddpm { variant }, held, &list[split..], expected, &mut other);
        }
        assert_eq!(
            (found, one.word_position()),
            (expected, other.word_position())
        );
    }
}
