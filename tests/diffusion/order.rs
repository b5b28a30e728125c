//! The order of convergence of the solvers for data N(μ, s²), where all is in closed form, and steps that are
//! the same map.
//!
//! The run ends short of the data, as the step to them is of order 1 by design, and starts with a step of
//! size h^1.5, so that the error of the first, of order 1, does not hide what follows. For the SDE
//! everything is linear in x and in the noise: its mean and its variance follow from runs in which one
//! normal at most is not 0, and are exact.

use poisson_midpoint::Real;
use poisson_midpoint::diffusion::{
    Ddim, Ddpm, DpmSolver, DpmSolverPlusPlus, LinearRate, NoiseSchedule, Prediction, Sampler,
    Solver, Timesteps,
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

/// Normals that are 0, but for one.
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

/// Equal steps in λ, but for the first.
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

/// The first and the last.
fn ends(timesteps: &Timesteps<700>) -> (u32, u32) {
    let (first, _) = timesteps.pairs().next().unwrap();
    let (_, last) = timesteps.pairs().last().unwrap();
    (first, last)
}

fn run(solver: impl Solver<f64>, timesteps: &Timesteps<700>, words: &mut impl Words) -> f64 {
    let schedule = schedule();
    let sampler = Sampler::new(&schedule, timesteps, Prediction::Epsilon, solver).unwrap();
    let (mut x, mut work) = ([START], vec![0.0; sampler.work_length(1)]);
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
    }
}

#[test]
fn the_sde_solver_is_exact_in_the_mean_and_gains_orders_in_the_variance() {
    let schedule = schedule();
    let z: f64 = f64::normal(&mut normals(Some(0)));
    for order in 1..=3 {
        let (mut means, mut variances) = (Vec::new(), Vec::new());
        for steps in [20, 40, 80, 160, 320] {
            let timesteps = timesteps(steps);
            let (first, last) = ends(&timesteps);
            let (from, to) = (moments(first), moments(last));
            // x_t given x_s is √α x_s and noise; so x_s given x_t, by regression.
            let root_alpha = schedule.level(first).signal / schedule.level(last).signal;
            let gain = root_alpha * to.1 / from.1;
            let solver = DpmSolverPlusPlus { order, eta: 1.0 };
            let mean = run(solver, &timesteps, &mut normals(None));
            let variance: f64 = (0..u64::from(steps) + 1)
                .map(|k| {
                    let sample = run(solver, &timesteps, &mut normals(Some(k)));
                    ((sample - mean) / z).powi(2)
                })
                .sum();
            means.push(mean - (to.0 + gain * (START - from.0)));
            variances.push(variance - (to.1 - gain * root_alpha * to.1));
        }
        let variance = orders(&variances);
        println!("SDE {order}: variance {variance:.2?}");
        // E[x₀ | x_t] is a martingale: in the mean, what is extrapolated does not change.
        assert!(means.iter().all(|mean| mean.abs() < 1e-11), "{means:?}");
        let least = [0.9, 1.8, 2.2][order as usize - 1];
        assert!(last(&variance) > least, "{order} {variance:?}");
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
}
