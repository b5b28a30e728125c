//! The order of convergence of the solvers for data N(μ, s²), where all is in closed form, and steps that are
//! the same map.
//!
//! The run ends short of the data, as the step to them is of order 1 by design, and starts with a step of
//! size h^1.5, so that the error of the first, of order 1, does not hide what follows. For the SDE
//! everything is linear in x and in the noise: its mean and its variance follow from runs in which one
//! normal at most is not 0, and are exact.

use poisson_midpoint::Real;
use poisson_midpoint::diffusion::{
    Ddim, Ddpm, DpmSolver, DpmSolverPlusPlus, ErSdeSolver, HybridMultistep, LinearRate,
    NoiseSchedule, Prediction, SaSolver, Sampler, Solver, Timesteps,
};
use poisson_midpoint::random::{Stream, Words};

const TRAINING_STEPS: u32 = 1 << 30;
const MEAN: f64 = 0.7;
const VARIANCE: f64 = 0.09;
const START: f64 = -1.3;
type Schedule = LinearRate<f64>;

fn schedule() -> Schedule {
    LinearRate::new(TRAINING_STEPS, 0.1, 20.0).unwrap()
}

/// Mean and variance of x_t.
fn moments(step: u32) -> (f64, f64) {
    let level = schedule().level(step);
    let variance = level.signal.powi(2) * VARIANCE + level.noise.powi(2);
    (level.signal * MEAN, variance)
}

/// E[ε | x_t] = noise · (x − mean)/variance.
fn network(step: u32, x: &[f64], output: &mut [f64]) {
    let (mean, variance) = moments(step);
    output[0] = schedule().level(step).noise * (x[0] - mean) / variance;
}

/// Normals that are 0, except for one.
struct OneNormal {
    word: u64,
    chosen: Option<u64>,
}

const HIGH: u32 = 0xd000_0000;

impl Words for OneNormal {
    fn next_word(&mut self) -> u32 {
        let (normal, is_low) = (self.word / 2, self.word % 2 == 1);
        self.word += 1;
        match is_low {
            true => 0,
            false if self.chosen == Some(normal) => HIGH,
            false => 0x8000_0000,
        }
    }
}

/// Equal steps in λ, except for the first.
fn timesteps(steps: u32) -> Timesteps<700> {
    let schedule = schedule();
    let (first, last) = (TRAINING_STEPS / 4 * 3, TRAINING_STEPS / 20);
    let lambda = |step| -> f64 { schedule.level(step).half_log_snr() };
    let h = (lambda(last) - lambda(first)) / f64::from(steps);
    let mut list = vec![
        first,
        schedule.nearest(lambda(first) + h.powf(1.5) / 4.0, last, first),
    ];
    for k in 1..=steps {
        list.push(schedule.nearest(lambda(first) + f64::from(k) * h, last, first));
    }
    Timesteps::new(&list).unwrap()
}

/// The first and the last training step.
fn ends(timesteps: &Timesteps<700>) -> (u32, u32) {
    let (first, _) = timesteps.pairs().next().unwrap();
    let (_, last) = timesteps.pairs().last().unwrap();
    (first, last)
}

fn run(solver: impl Solver<f64>, timesteps: &Timesteps<700>, words: &mut impl Words) -> f64 {
    run_from(START, solver, timesteps, words)
}

fn run_from(
    start: f64,
    solver: impl Solver<f64>,
    timesteps: &Timesteps<700>,
    words: &mut impl Words,
) -> f64 {
    let schedule = schedule();
    let sampler = Sampler::new(&schedule, timesteps, Prediction::Epsilon, solver).unwrap();
    let (mut x, mut work) = ([start], vec![0.0; sampler.work_length(1)]);
    sampler
        .sample(&mut x, &mut network, words, &mut work)
        .unwrap();
    x[0]
}

fn normals(chosen: Option<u64>) -> OneNormal {
    OneNormal { word: 0, chosen }
}

/// log₂ of the ratios of errors at successive numbers of steps, each twice the last.
fn orders(errors: &[f64]) -> Vec<f64> {
    errors
        .windows(2)
        .map(|e| (e[0] / e[1]).abs().log2())
        .collect()
}

fn last(orders: &[f64]) -> f64 {
    orders[orders.len() - 1]
}

fn ode(solver: impl Solver<f64> + Copy) -> Vec<f64> {
    let errors = [20, 40, 80, 160, 320].map(|steps| {
        let timesteps = timesteps(steps);
        let (first, last) = ends(&timesteps);
        let (from, to) = (moments(first), moments(last));
        // The flow keeps the quantile.
        let exact = to.0 + (to.1 / from.1).sqrt() * (START - from.0);
        run(solver, &timesteps, &mut normals(None)) - exact
    });
    orders(&errors)
}

#[test]
fn deterministic_solvers_have_their_order() {
    let check = |name: &str, order: u32, found: Vec<f64>| {
        println!("{name} {found:.2?}");
        let tolerance = if name == "DDIM" { 0.1 } else { 0.15 };
        assert!(
            (last(&found) - f64::from(order)).abs() < tolerance,
            "{name} {order} {found:?}"
        );
    };
    check("DDIM", 1, ode(Ddim { eta: 0.0 }));
    for order in 1..=3 {
        let solver = DpmSolverPlusPlus { order, eta: 0.0 };
        check("DPM-Solver++", order, ode(solver));
    }
    for order in 2..=3 {
        check("DPM-Solver", order, ode(DpmSolver { order }));
        for node in [0.3, 0.6] {
            let (eta, name) = (0.0, "hybrid multistep");
            check(name, order, ode(HybridMultistep { order, eta, node }));
        }
    }
    // The order of the predictor may be one less than that of the corrector.
    for (predictor, corrector, order) in [(1, 0, 1), (1, 2, 2), (2, 3, 3), (3, 3, 3)] {
        check(
            "SA-Solver",
            order,
            ode(sa_solver(predictor, corrector, 0.0)),
        );
    }
}

fn sa_solver(predictor: u32, corrector: u32, tau: f64) -> SaSolver<f64> {
    SaSolver {
        predictor,
        corrector,
        tau,
        noisy: [0.0, f64::INFINITY],
    }
}

/// x after a run without noise, and what each normal of a run moves it by.
fn moved(solver: impl Solver<f64> + Copy, timesteps: &Timesteps<700>) -> (f64, Vec<f64>) {
    let z: f64 = f64::normal(&mut normals(Some(0)));
    let mut words = normals(None);
    let still = run(solver, timesteps, &mut words);
    let each = (0..words.word / 2).map(|k| {
        let sample = run(solver, timesteps, &mut normals(Some(k)));
        (sample - still) / z
    });
    (still, each.collect())
}

fn sum_of_squares(terms: &[f64]) -> f64 {
    terms.iter().map(|term| term * term).sum()
}

fn sde(name: &str, least: f64, solver: impl Solver<f64> + Copy) {
    let schedule = schedule();
    let (mut means, mut variances) = (Vec::new(), Vec::new());
    for steps in [20, 40, 80, 160, 320] {
        let timesteps = timesteps(steps);
        let (first, last) = ends(&timesteps);
        let (from, to) = (moments(first), moments(last));
        // x_t given x_s is √α x_s and noise; so x_s given x_t, by regression.
        let root_alpha = schedule.level(first).signal / schedule.level(last).signal;
        let gain = root_alpha * to.1 / from.1;
        let (mean, each) = moved(solver, &timesteps);
        means.push(mean - (to.0 + gain * (START - from.0)));
        variances.push(sum_of_squares(&each) - (to.1 - gain * root_alpha * to.1));
    }
    let variance = orders(&variances);
    println!("SDE {name}: variance {variance:.2?}");
    // E[x₀ | x_t] is a martingale: in the mean, what is extrapolated does not change.
    assert!(means.iter().all(|mean| mean.abs() < 1e-11), "{means:?}");
    assert!(last(&variance) > least, "{name} {variance:?}");
}

#[test]
fn sde_solvers_are_exact_in_the_mean_and_gain_orders_in_the_variance() {
    for (order, least) in (1..).zip([0.9, 1.8, 2.2]) {
        let eta = 1.0;
        sde("DPM-Solver++", least, DpmSolverPlusPlus { order, eta });
    }
    for (order, least) in (2..).zip([1.9, 1.9]) {
        let (eta, node) = (1.0, 0.5);
        sde("hybrid", least, HybridMultistep { order, eta, node });
    }
    for (predictor, corrector, least) in [(1, 0, 0.9), (2, 2, 1.8), (3, 3, 1.8)] {
        sde("SA-Solver", least, sa_solver(predictor, corrector, 1.0));
    }
}

/// The law of x_t does not depend on how much noise a diffusion has: that of a run from x_T of the right law is right
/// at the end too.
#[test]
fn whatever_the_noise_the_law_at_each_time_is_the_same() {
    fn check(name: &str, least: f64, solver: impl Solver<f64> + Copy) {
        let mut errors = Vec::new();
        for steps in [20, 40, 80, 160] {
            let timesteps = timesteps(steps);
            let (first, last) = ends(&timesteps);
            let (from, to) = (moments(first), moments(last));
            let (still, each) = moved(solver, &timesteps);
            let shifted = run_from(START + 1.0, solver, &timesteps, &mut normals(None));
            let gain = shifted - still;
            let mean = still + gain * (from.0 - START) - to.0;
            let variance = gain * gain * from.1 + sum_of_squares(&each) - to.1;
            errors.push(mean.abs() + variance.abs());
        }
        let orders = orders(&errors);
        println!("{name}: {errors:?} {orders:.2?}");
        assert!(last(&orders) > least, "{name} {orders:?}");
    }
    for eta in [0.4, 1.0] {
        let (order, node) = (2, 0.5);
        check("hybrid", 1.7, HybridMultistep { order, eta, node });
    }
    for tau in [0.5, 1.4] {
        check("SA-Solver", 1.7, sa_solver(2, 2, tau));
    }
    let noisy = [0.5, 1.0];
    let partly = SaSolver {
        noisy,
        ..sa_solver(2, 2, 1.0)
    };
    check("SA-Solver in part", 0.9, partly);
    for (order, least) in (1..).zip([0.9, 1.7, 1.7]) {
        check("ER-SDE-Solver", least, ErSdeSolver { order });
    }
}

/// The mean of ER-SDE-Solver's diffusion for signal 1, y = x/signal and ρ = noise/signal: dy/dρ = (φ′/φ)(y − x₀), by
/// the Runge–Kutta method.
#[test]
fn the_extended_sde_has_its_order_in_the_mean() {
    fn scale(rho: f64) -> f64 {
        rho * (rho.powf(0.3).exp() + 10.0)
    }
    fn slope(rho: f64, y: f64) -> f64 {
        let change = 1e-5 * rho;
        let derivative = (scale(rho + change) - scale(rho - change)) / (2.0 * change);
        // E[x₀ | x] of N(μ, s²) data with noise ρ.
        let sample = MEAN + VARIANCE / (VARIANCE + rho * rho) * (y - MEAN);
        derivative / scale(rho) * (y - sample)
    }
    let schedule = schedule();
    for order in 1..=3 {
        let errors = [20, 40, 80, 160, 320].map(|steps| {
            let timesteps = timesteps(steps);
            let (first, last) = ends(&timesteps);
            let (from, to) = (schedule.level(first), schedule.level(last));
            let (begin, end) = (from.noise / from.signal, to.noise / to.signal);
            let (panels, mut y) = (20_000, START / from.signal);
            for panel in 0..panels {
                // Equal steps in ln ρ.
                let rho = |k: f64| begin * (end / begin).powf(k / f64::from(panels));
                let k = f64::from(panel);
                let (a, b) = (rho(k), rho(k + 1.0));
                let (middle, h) = ((a + b) / 2.0, b - a);
                let one = slope(a, y);
                let two = slope(middle, y + h / 2.0 * one);
                let three = slope(middle, y + h / 2.0 * two);
                let four = slope(b, y + h * three);
                y += h / 6.0 * (one + 2.0 * (two + three) + four);
            }
            run(ErSdeSolver { order }, &timesteps, &mut normals(None)) - y * to.signal
        });
        let orders = orders(&errors);
        println!("ER-SDE-Solver {order}: {errors:?} {orders:.2?}");
        assert!(
            (last(&orders) - f64::from(order)).abs() < 0.15,
            "{order} {orders:?}"
        );
    }
}

#[test]
fn what_is_the_same_map_gives_the_same_sample() {
    let timesteps = Timesteps::<700>::log_snr(20, &schedule()).unwrap();
    let stream = || Stream::new(5, 1);
    let ddim = |eta| run(Ddim { eta }, &timesteps, &mut stream());
    let multi = |eta| {
        let solver = DpmSolverPlusPlus { order: 1, eta };
        run(solver, &timesteps, &mut stream())
    };
    let ancestral = run(Ddpm::default(), &timesteps, &mut stream());
    assert_eq!(ancestral, ddim(1.0));
    for eta in [0.0, 1.0] {
        let (one, other) = (ddim(eta), multi(eta));
        assert!((one - other).abs() < 1e-12, "{one} {other}");
    }
    // A node at the start, and no corrector, are the multistep method to the bit.
    for (order, eta) in [(2, 0.0), (3, 0.0), (2, 0.25), (3, 1.0)] {
        let multi = run(DpmSolverPlusPlus { order, eta }, &timesteps, &mut stream());
        let node = 0.0;
        let hybrid = run(
            HybridMultistep { order, eta, node },
            &timesteps,
            &mut stream(),
        );
        let predicted = run(sa_solver(order, 0, eta.sqrt()), &timesteps, &mut stream());
        assert_eq!((hybrid, predicted), (multi, multi));
    }
}
