//! Schedules against their definitions.

use poisson_midpoint::diffusion::{
    Ddim, ErSdeSolver, HybridMultistep, KarrasSchedule, LinearRate, NoiseSchedule,
    PoissonMidpointDdpm, Prediction, Quantity, RectifiedFlow, Row, Sampler, ScheduleError,
    ScheduleSlice, ScheduleTable, Solver, SquaredCosine, Timesteps, standard_normal,
};
use poisson_midpoint::random::Stream;

/// A schedule in a slice is the table of its length, to the bit, and refuses what the table does.
#[test]
fn a_slice_is_a_table_of_any_length() {
    const N: usize = 40;
    type Table = ScheduleTable<f32, N>;
    let mut memory = [0.0; N];
    let slice = &mut memory;
    let exponents = |schedule: &dyn NoiseSchedule<f32>| {
        let steps = 0..=schedule.training_steps() + 1;
        steps
            .map(|step| schedule.exponent(step).to_bits())
            .collect::<Vec<_>>()
    };
    let (first, last) = (1e-3, 0.08);
    let table = exponents(&Table::linear(first, last).unwrap());
    assert_eq!(
        exponents(&ScheduleSlice::linear(slice, first, last).unwrap()),
        table
    );
    let table = exponents(&Table::scaled_linear(first, last).unwrap());
    assert_eq!(
        exponents(&ScheduleSlice::scaled_linear(slice, first, last).unwrap()),
        table
    );
    let betas = core::array::from_fn::<f32, N, _>(|t| 0.01 + 0.01 * t as f32);
    let table = exponents(&Table::from_betas(&betas).unwrap());
    assert_eq!(
        exponents(&ScheduleSlice::from_betas(slice, &betas).unwrap()),
        table
    );
    let bars = betas.map(|beta| 1.0 - beta);
    let table = exponents(&Table::from_alpha_bars(&bars).unwrap());
    assert_eq!(
        exponents(&ScheduleSlice::from_alpha_bars(slice, &bars).unwrap()),
        table
    );
    let cosine = SquaredCosine::new(N as u32).unwrap();
    let table = exponents(&Table::from_schedule(&cosine).unwrap());
    assert_eq!(
        exponents(&ScheduleSlice::from_schedule(slice, &cosine).unwrap()),
        table
    );
    assert_eq!(exponents(&ScheduleSlice::new(&memory).unwrap()), table);

    let none = ScheduleError::Length {
        length: 0,
        needed: 1,
    };
    assert_eq!(ScheduleSlice::new(&[0.0_f32; 0]), Err(none));
    assert_eq!(ScheduleSlice::linear(&mut [0.0; 0], first, last), Err(none));
    assert_eq!(ScheduleSlice::from_betas(&mut [0.0_f32; 0], &[]), Err(none));
    assert_eq!(
        ScheduleSlice::from_alpha_bars(&mut [0.0_f32; 0], &[]),
        Err(none)
    );
    let equal = ScheduleError::Value {
        quantity: Quantity::Exponent,
        step: 3,
        value: 0.5,
    };
    assert_eq!(ScheduleSlice::new(&[0.25, 0.5, 0.5]), Err(equal));
    let many = ScheduleError::Length {
        length: 40,
        needed: 41,
    };
    let longer = &mut [0.0; N + 1];
    assert_eq!(ScheduleSlice::from_betas(longer, &betas), Err(many));
    assert_eq!(ScheduleSlice::from_alpha_bars(longer, &bars), Err(many));
    assert_eq!(ScheduleSlice::from_schedule(longer, &cosine), Err(many));
}

#[test]
fn schedules_are_their_definitions() {
    let betas: Vec<f64> = (0..50_u32).map(|t| 1e-4 + 4e-4 * f64::from(t)).collect();
    let bars: Vec<f64> = betas
        .iter()
        .scan(1.0, |bar, beta| {
            *bar *= 1.0 - beta;
            Some(*bar)
        })
        .collect();
    let linear = ScheduleTable::<f64, 50>::linear(1e-4, 0.0197).unwrap();
    let given = ScheduleTable::<f64, 50>::from_betas(&betas).unwrap();
    let by_bars = ScheduleTable::<f64, 50>::from_alpha_bars(&bars).unwrap();
    let scaled = ScheduleTable::<f64, 50>::scaled_linear(1e-4, 0.0197).unwrap();
    assert!((scaled.exponent(1) + (-1e-4_f64).ln_1p()).abs() < 1e-15);
    let single = ScheduleTable::<f32, 50>::linear(1e-4, 0.0197).unwrap();
    for (t, bar) in (1..).zip(bars) {
        for schedule in [linear, given, by_bars] {
            assert!((schedule.exponent(t) + bar.ln()).abs() < 2e-14, "{t}");
        }
        let relative = f64::from(single.exponent(t)) / linear.exponent(t) - 1.0;
        assert!(relative.abs() < 3e-7, "{t}: {relative:e}");
    }
    // Nichol & Dhariwal's ᾱ, with β capped.
    let cosine = SquaredCosine::<f64>::new(100).unwrap();
    let f = |t: f64| {
        ((t / 100.0 + 0.008) / 1.008 * core::f64::consts::FRAC_PI_2)
            .cos()
            .powi(2)
    };
    let mut bar = 1.0;
    for t in 1..=100_u32 {
        bar *= 1.0 - (1.0 - f(t.into()) / f(f64::from(t) - 1.0)).min(0.999);
        let exponent = cosine.exponent(t);
        assert!((exponent / -bar.ln() - 1.0).abs() < 1e-11, "{t}");
    }
    let table = ScheduleTable::<f64, 100>::from_schedule(&cosine).unwrap();
    assert_eq!(table.exponent(37), cosine.exponent(37));
}

/// The formula as it is written down, in double precision, against the schedule in single. The difference of
/// logarithms of numbers next to 1 costs the former up to 4e-16.
#[test]
fn the_squared_cosine_keeps_its_digits_at_any_length() {
    for training_steps in [1_u32, 2, 10, 1000, 100_000, u32::MAX] {
        let minus_log = |t: u32| {
            let u = (f64::from(t) / f64::from(training_steps) + 0.008) / 1.008;
            -2.0 * (u * core::f64::consts::FRAC_PI_2).cos().ln()
        };
        let schedule = SquaredCosine::<f32>::new(training_steps).unwrap();
        let share = |n: u32| (u64::from(training_steps) * u64::from(n) / 16) as u32;
        let ends = [0, 1, 2, 3, training_steps - 1];
        for t in ends.into_iter().chain((0..16).map(share)) {
            if t >= training_steps {
                continue;
            }
            let expected = minus_log(t) - minus_log(0);
            let error = (f64::from(schedule.exponent(t)) - expected).abs();
            assert!(
                error <= 1e-6 * expected + 4e-16,
                "{t} of {training_steps}: {error}"
            );
        }
        let capped = minus_log(training_steps - 1) - minus_log(0) - 0.001_f64.ln();
        let error = (f64::from(schedule.exponent(training_steps)) - capped).abs();
        assert!(error < 1e-6 * capped, "{training_steps}: {error}");
    }
}

#[test]
fn formulas_tell_a_million_training_steps_apart() {
    fn increases(schedule: impl NoiseSchedule<f32>) {
        let exponents = (0..=schedule.training_steps()).map(|t| schedule.exponent(t));
        assert!(exponents.is_sorted_by(|before, after| before < after));
    }
    increases(LinearRate::new(1_000_000, 0.1, 20.0).unwrap());
    increases(SquaredCosine::new(1_000_000).unwrap());
    increases(RectifiedFlow::new(1_000_000, 1.0).unwrap());
    increases(RectifiedFlow::new(1_000_000, 3.0).unwrap());
    increases(KarrasSchedule::new(10_000, 7, 0.002, 80.0).unwrap());
}

#[test]
fn a_table_by_alpha_bars_keeps_its_digits() {
    let bars = [0.999_9_f32, 0.6, 0.4, 1e-3, 1e-7, 1e-30, 1e-44];
    let table = ScheduleTable::<f32, 7>::from_alpha_bars(&bars).unwrap();
    for (t, bar) in (1..).zip(bars) {
        let expected = -f64::from(bar).ln();
        let error = (f64::from(table.exponent(t)) - expected).abs();
        assert!(error <= 2e-7 * expected, "{bar}: {error}");
    }
}

/// 1e-9 beside a sum of 2 is nothing in f32, and so is a step of one place in ᾱ where −ln ᾱ is large.
#[test]
fn a_training_step_that_rounding_hides_is_refused() {
    let hidden = |step| move |error| matches!(error, ScheduleError::Value { quantity: Quantity::Exponent, step: s, .. } if s == step);
    let by_betas = ScheduleTable::<f32, 3>::from_betas(&[0.6, 0.6, 1e-9]);
    assert!(by_betas.is_err_and(hidden(3)));
    let small = 1e-30_f32;
    let by_bars = ScheduleTable::<f32, 2>::from_alpha_bars(&[small, small.next_down()]);
    assert!(by_bars.is_err_and(hidden(2)));
}

/// Euler's method for the flow, written in its own variables.
#[test]
fn flow_matching_without_noise_is_eulers_method() {
    for shift in [1.0, 3.0] {
        let (steps, u) = (40_u32, |t: f64, x: f64| (x - 0.3).tanh() / (0.2 + t));
        let schedule = RectifiedFlow::new(steps, shift).unwrap();
        let time = |step: u32| {
            let even = f64::from(step) / f64::from(steps + 1);
            shift * even / (1.0 + (shift - 1.0) * even)
        };
        let timesteps = Timesteps::<8>::uniform(8, &schedule).unwrap();
        let solver = Ddim { eta: 0.0 };
        let sampler = Sampler::new(&schedule, &timesteps, Prediction::Flow, solver).unwrap();
        let start = schedule.level(steps).flow_scale();
        let (mut x, mut work) = ([0.8 * start], [0.0; 2]);
        let mut network = |step: u32, x: &[f64], output: &mut [f64]| {
            let level = schedule.level(step);
            assert!((level.flow_time() - time(step)).abs() < 1e-14);
            output[0] = u(level.flow_time(), x[0] / level.flow_scale());
        };
        let mut stream = Stream::new(1, 1);
        sampler
            .sample(&mut x, &mut network, &mut stream, &mut work)
            .unwrap();
        let expected = timesteps.pairs().fold(0.8, |x, (from, to)| {
            x + (time(to) - time(from)) * u(time(from), x)
        });
        assert!((x[0] - expected).abs() < 1e-12, "{} {expected}", x[0]);
    }
}

/// Euler's method of Karras et al. 2022, algorithm 1 without its correction, in their variables.
#[test]
fn ddim_over_karras_noise_is_eulers_method() {
    let (steps, least, most) = (30_u32, 0.002_f64, 80.0_f64);
    let denoised = |sigma: f64, x: f64| 0.4 + (x - 0.4) / (1.0 + sigma * sigma);
    for rho in [1, 7] {
        let schedule = KarrasSchedule::new(steps, rho, least, most).unwrap();
        let sigma = |step: u32| {
            let root = |sigma: f64| sigma.powf(1.0 / f64::from(rho));
            let share = (f64::from(step) - 1.0) / f64::from(steps - 1);
            let mixed = root(least) + share * (root(most) - root(least));
            if step == 0 {
                0.0
            } else {
                mixed.powi(rho as i32)
            }
        };
        let timesteps = Timesteps::<30>::uniform(steps, &schedule).unwrap();
        let solver = Ddim { eta: 0.0 };
        let sampler = Sampler::new(&schedule, &timesteps, Prediction::Sample, solver).unwrap();
        let (mut x, mut work) = ([40.0 * schedule.level(steps).signal], [0.0; 2]);
        let mut network = |step: u32, x: &[f64], output: &mut [f64]| {
            let level = schedule.level(step);
            assert!((level.relative_noise() / sigma(step) - 1.0).abs() < 1e-9);
            output[0] = denoised(level.relative_noise(), x[0] / level.signal);
        };
        let mut stream = Stream::new(1, 1);
        sampler
            .sample(&mut x, &mut network, &mut stream, &mut work)
            .unwrap();
        let expected = timesteps.pairs().fold(40.0, |x, (from, to)| {
            let slope = (x - denoised(sigma(from), x)) / sigma(from);
            x + (sigma(to) - sigma(from)) * slope
        });
        assert!((x[0] - expected).abs() < 1e-9, "{} {expected}", x[0]);
    }
    let single = KarrasSchedule::new(1, 7, least, most).unwrap();
    assert!((single.level(1).relative_noise() - most).abs() < 1e-9);
}

#[test]
fn noise_that_does_not_grow_is_refused() {
    let text = |error: ScheduleError<f64>| error.to_string();
    let flow = |steps, shift| text(RectifiedFlow::new(steps, shift).unwrap_err());
    assert_eq!(flow(0, 1.0), "there are 0 training steps, not 1");
    for shift in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let range = "of training step 1 is not in (0, inf) and above the one before";
        assert_eq!(flow(9, shift), format!("noise/signal {shift} {range}"));
    }
    let karras =
        |steps, rho, least, most| text(KarrasSchedule::new(steps, rho, least, most).unwrap_err());
    assert_eq!(karras(0, 7, 0.1, 1.0), "there are 0 training steps, not 1");
    assert_eq!(karras(9, 0, 0.1, 1.0), "rho 0 is not at least 1");
    let range = "is not in (0, inf) and above the one before";
    let of =
        |value: f64, step: u32| format!("noise/signal {value} of training step {step} {range}");
    assert_eq!(karras(9, 7, 0.0, 1.0), of(0.0, 1));
    assert_eq!(karras(9, 7, 0.1, 0.1), of(0.1, 9));
    assert_eq!(karras(9, 7, 0.1, f64::INFINITY), of(f64::INFINITY, 9));
}

/// 4,000 samples of N(μ, s²) data by networks that know the data, over both schedules: mean and deviation are within 5
/// standard errors (false alarms 5·10⁻⁶ in all) and a bias of the steps of 1 %.
#[test]
fn samplers_draw_from_networks_of_other_scales() {
    const MEAN: f64 = 0.7;
    const DEVIATION: f64 = 0.3;
    const SAMPLES: u64 = 4000;
    fn check(
        name: &str,
        schedule: &impl NoiseSchedule<f64>,
        predicts: Prediction,
        solver: impl Solver<f64>,
    ) {
        let timesteps = Timesteps::<40>::log_snr(40, schedule).unwrap();
        let sampler = Sampler::new(schedule, &timesteps, predicts, solver).unwrap();
        // As a network of the schedule's own scale and time.
        let mut network = |step: u32, x: &[f64], output: &mut [f64]| {
            let level = schedule.level(step);
            let sample = |noise: f64, x: f64| {
                let gain = DEVIATION.powi(2) / (DEVIATION.powi(2) + noise * noise);
                MEAN + gain * (x - MEAN)
            };
            output[0] = if predicts == Prediction::Flow {
                let (t, x) = (level.flow_time(), x[0] / level.flow_scale());
                // x = (1 − t) x₀ + t ε.
                (x - sample(t / (1.0 - t), x / (1.0 - t))) / t
            } else {
                sample(level.relative_noise(), x[0] / level.signal)
            };
        };
        let (mut sum, mut squares) = (0.0, 0.0);
        let mut work = vec![0.0; sampler.work_length(1)];
        for particle in 0..SAMPLES {
            let (mut x, mut stream) = ([0.0], Stream::new(13, particle));
            standard_normal(&mut x, &mut stream);
            sampler
                .sample(&mut x, &mut network, &mut stream, &mut work)
                .unwrap();
            sum += x[0];
            squares += (x[0] - MEAN).powi(2);
        }
        let count = SAMPLES as f64;
        let (mean, deviation) = (sum / count, (squares / count).sqrt());
        let error = 5.0 * DEVIATION / count.sqrt() + 0.01 * DEVIATION;
        println!("{name}: {mean:.4} {deviation:.4}");
        assert!((mean - MEAN).abs() < error, "{name}: {mean}");
        assert!((deviation - DEVIATION).abs() < error, "{name}: {deviation}");
    }
    fn all(name: &str, schedule: &impl NoiseSchedule<f64>, predicts: Prediction) {
        let (order, eta, node) = (2, 1.0, 0.3);
        let hybrid = HybridMultistep { order, eta, node };
        check(&format!("{name}, hybrid"), schedule, predicts, hybrid);
        let extended = ErSdeSolver { order: 3 };
        check(&format!("{name}, extended"), schedule, predicts, extended);
        let mut table = vec![Row::ZERO; schedule.training_steps() as usize];
        let poisson = PoissonMidpointDdpm::new(&mut table);
        check(&format!("{name}, Poisson"), schedule, predicts, poisson);
    }
    let flow = RectifiedFlow::new(1000, 3.0).unwrap();
    all("flow", &flow, Prediction::Flow);
    let karras = KarrasSchedule::new(1000, 7, 0.002, 80.0).unwrap();
    all("Karras", &karras, Prediction::Sample);
}
