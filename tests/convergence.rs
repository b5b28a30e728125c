//! Weak order of the stationary bias: 1 for Euler–Maruyama, 2 for the Poisson midpoint method,
//! against quadrature, on a bimodal target and on a 10-dimensional logistic posterior.
//!
//! # The estimator
//! Let P be one step of the chain, π the target, φ an observable and u the solution of Poisson's
//! equation Lu = φ − π(φ), L = −f′∂ + ∂² the generator. Under the chain's own stationary law
//! E[Pv − v] = 0 for any v, so the bias is
//!
//! ```text
//! E φ(X) − π(φ) = E[ φ(X) − π(φ) − (v(X′) − v(X))/η ]
//! ```
//!
//! With v = u − ηφ/2 the summand is small in itself (of order η² for an exact step), so no
//! difference of two large means is taken. Terms of mean
//! zero given X remove most of what is left of its variance: v(Y) less its Gauss–Hermite mean, Y
//! being the Euler–Maruyama step with the same noise, and the correction's expansion to second
//! order less its mean. In one dimension u′ = e^f ∫(φ − π(φ))e^(−f), a quadrature.

use nalgebra::{SMatrix, SVector};
use poisson_midpoint::MidpointLaw::Bernoulli;
use poisson_midpoint::dynamics::{Overdamped, Span};
use poisson_midpoint::noise::Noise;
use poisson_midpoint::random::{Midpoints, Stream, Streams};
use poisson_midpoint::{EulerMaruyama, PoissonMidpoint, Stepper};

/// A one-dimensional target exp(−f) and the tables of u for the observable x².
struct Target {
    /// b, b′ and b″.
    force: [fn(f64) -> f64; 3],
    /// π(x²).
    exact: f64,
    /// u and u′ on the grid.
    u: Vec<[f64; 2]>,
}

/// K of the Poisson midpoint method: the mean of m/K is ½ to 5e-7.
const INNER_STEPS: u32 = 1_000_000;

const LOW: f64 = -12.0;
const HIGH: f64 = 12.0;
const CELLS: usize = 48_000;
const WIDTH: f64 = (HIGH - LOW) / CELLS as f64;

impl Target {
    fn new(derivatives: [fn(f64) -> f64; 3]) -> Self {
        let [force, ..] = derivatives;
        // −f by integrating the force (Simpson), then the weights exp(−f) at cell ends and middles.
        let point = |half: usize| LOW + WIDTH / 2.0 * half as f64;
        let mut log_density = vec![0.0];
        for half in 0..2 * CELLS {
            let (a, b) = (point(half), point(half + 1));
            let simpson = force(a) + 4.0 * force(f64::midpoint(a, b)) + force(b);
            log_density.push(log_density[half] + (b - a) / 6.0 * simpson);
        }
        let top = log_density.iter().copied().fold(f64::MIN, f64::max);
        let density: Vec<f64> = log_density.iter().map(|l| (l - top).exp()).collect();
        let cell = |n: usize, g: &dyn Fn(f64) -> f64| {
            let at = |half: usize| g(point(half)) * density[half];
            WIDTH / 6.0 * (at(2 * n) + 4.0 * at(2 * n + 1) + at(2 * n + 2))
        };
        let total = |g: &dyn Fn(f64) -> f64| (0..CELLS).map(|n| cell(n, g)).sum::<f64>();
        let exact = total(&|x| x * x) / total(&|_| 1.0);
        // From either side to the middle, where the mass is: no cancellation in the tails.
        let excess = |x: f64| x * x - exact;
        let mut derivative = vec![0.0; CELLS + 1];
        let mut integral = 0.0;
        for n in 0..CELLS / 2 {
            integral += cell(n, &excess);
            derivative[n + 1] = integral / density[2 * n + 2];
        }
        integral = 0.0;
        for n in (CELLS / 2..CELLS).rev() {
            integral += cell(n, &excess);
            derivative[n] = -integral / density[2 * n];
        }
        let mut u = vec![[0.0, derivative[0]]];
        for n in 0..CELLS {
            // Hermite: the second derivative of u is φ − π(φ) − b u′.
            let second = |k: usize| {
                let x = LOW + WIDTH * k as f64;
                excess(x) - force(x) * derivative[k]
            };
            let trapezoid = WIDTH / 2.0 * (derivative[n] + derivative[n + 1]);
            let mend = WIDTH * WIDTH / 12.0 * (second(n) - second(n + 1));
            u.push([u[n][0] + trapezoid + mend, derivative[n + 1]]);
        }
        Self {
            force: derivatives,
            exact,
            u,
        }
    }

    /// u and u′ at a point, by cubic and linear interpolation.
    fn u(&self, x: f64) -> [f64; 2] {
        let place = ((x - LOW) / WIDTH).clamp(0.0, CELLS as f64 - 1.0);
        let (n, t) = (place as usize, place.fract());
        let ([u0, d0], [u1, d1]) = (self.u[n], self.u[n + 1]);
        let rise = u1 - u0;
        let (a, b) = (WIDTH * d0 - rise, rise - WIDTH * d1);
        let value = u0 + t * rise + t * (1.0 - t) * ((1.0 - t) * a + t * b);
        [value, d0 + t * (d1 - d0)]
    }

    /// The estimator's summand for a step from x to `next` with noise `whole`; `midpoints` are the
    /// (m/K, W(m)) of the step, `expected_parts` the mean of Σ m/K.
    fn summand(
        &self,
        step: f64,
        x: f64,
        next: f64,
        whole: f64,
        midpoints: impl Iterator<Item = (f64, f64)>,
        expected_parts: f64,
    ) -> f64 {
        let [drift, slope, curvature] = self.force.map(|derivative| derivative(x));
        let v = |x: f64| self.u(x)[0] - 0.5 * step * x * x;
        let first = self.u(x)[1] - step * x;
        let second = x * x - self.exact - drift * self.u(x)[1] - step;
        let euler = x + step * drift;
        let mean: f64 = GAUSS_HERMITE
            .iter()
            .map(|(z, weight)| weight * v(euler + (2.0 * step).sqrt() * z))
            .sum();
        // v(X′) − v(Y) ≈ v′(Y) η Σ (b′(W + ηb m/K) + b″W²/2), v′(Y) ≈ v′ + v″W(K). Each term
        // less its mean given X and m, and the mean less its own over m.
        let at_mean = step * (first * slope * drift + 2.0 * second * slope + first * curvature);
        let mut centred = -expected_parts * at_mean;
        for (part, w) in midpoints {
            centred += first * slope * w
                + second * slope * (whole * w - 2.0 * step * part)
                + 0.5 * first * curvature * (w * w - 2.0 * step * part)
                + at_mean * part;
        }
        (x * x - self.exact) - (mean - v(x)) / step - (v(next) - v(euler + whole)) / step + centred
    }
}

/// Nodes and weights for the standard normal, ten points.
const GAUSS_HERMITE: [(f64, f64); 10] = [
    (-4.859_462_828_332_312, 4.310_652_630_718_288e-6),
    (-3.581_823_483_551_927, 7.580_709_343_122_18e-4),
    (-2.484_325_841_638_955, 1.911_158_050_077_029e-2),
    (-1.465_989_094_391_158, 1.354_837_029_802_677e-1),
    (-0.484_935_707_515_497_6, 3.446_423_349_320_191e-1),
    (0.484_935_707_515_497_6, 3.446_423_349_320_191e-1),
    (1.465_989_094_391_158, 1.354_837_029_802_677e-1),
    (2.484_325_841_638_955, 1.911_158_050_077_029e-2),
    (3.581_823_483_551_927, 7.580_709_343_122_18e-4),
    (4.859_462_828_332_312, 4.310_652_630_718_288e-6),
];

/// A stream that remembers the noise it gave: W at each midpoint, and W at the end.
struct Recording<const D: usize> {
    stream: Stream,
    last: SVector<f64, D>,
    midpoints: Vec<(f64, SVector<f64, D>)>,
}

impl<const D: usize> Noise<SVector<f64, D>> for Recording<D> {
    fn midpoint(&mut self, midpoints: &Midpoints, previous: Option<u32>) -> Option<u32> {
        if let Some(midpoint) = previous {
            self.midpoints
                .push((f64::from(midpoint) / f64::from(INNER_STEPS), self.last));
        }
        midpoints.next(previous, &mut self.stream)
    }

    fn increment<P>(&mut self, from: u32, to: u32, span: &P) -> SVector<f64, D>
    where
        P: Span<f64, Cell = [f64; 1]>,
    {
        let increment: SVector<f64, D> = self.stream.increment(from, to, span);
        self.last += increment;
        increment
    }
}

/// Bias and its standard error, from independent chains: D coordinates of a target whose
/// coordinates after the rotation are independent and alike.
fn bias<const D: usize>(
    target: &Target,
    rotation: &SMatrix<f64, D, D>,
    stepper: &impl Stepper<Dynamics = Overdamped<f64>>,
    step: f64,
    steps: u32,
    expected_parts: f64,
) -> (f64, f64) {
    const CHAINS: u64 = 64;
    let chain = |p: u64| {
        let mut noise = Recording {
            stream: Streams::new(11).particle(p),
            last: SVector::zeros(),
            midpoints: Vec::new(),
        };
        let mut x = SVector::<f64, D>::from_element(if p.is_multiple_of(2) { 1.0 } else { -1.0 });
        let mut drift = |_t: f64, x: &SVector<f64, D>| {
            rotation.transpose() * (rotation * x).map(target.force[0])
        };
        let burn_in = (20.0 / step) as u32;
        let mut sum = 0.0;
        for n in 0..burn_in + steps {
            let before = rotation * x;
            noise.last = SVector::zeros();
            noise.midpoints.clear();
            let _ = stepper.step(0.0, &mut x, &mut drift, &mut noise).unwrap();
            if n >= burn_in {
                let after = rotation * x;
                let whole = rotation * noise.last;
                for (_, w) in &mut noise.midpoints {
                    *w = rotation * *w;
                }
                for d in 0..D {
                    let midpoints = noise.midpoints.iter().map(|(part, w)| (*part, w[d]));
                    let (x, next) = (before[d], after[d]);
                    let summand =
                        target.summand(step, x, next, whole[d], midpoints, expected_parts);
                    sum += summand / D as f64;
                }
            }
        }
        sum / f64::from(steps)
    };
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let mut means = Vec::new();
    std::thread::scope(|scope| {
        let chain = &chain;
        let work = move |t| {
            (0..CHAINS)
                .filter(|p| p % threads == t)
                .map(chain)
                .collect::<Vec<_>>()
        };
        let workers: Vec<_> = (0..threads).map(|t| scope.spawn(move || work(t))).collect();
        for worker in workers {
            means.extend(worker.join().unwrap());
        }
    });
    let n = CHAINS as f64;
    let mean = means.iter().sum::<f64>() / n;
    let variance = means.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// The least-squares slope of log |bias| on log η, and its standard error.
fn order(points: &[(f64, f64, f64)]) -> (f64, f64) {
    let n = points.len() as f64;
    let centre = points.iter().map(|p| p.0.ln()).sum::<f64>() / n;
    let spread: f64 = points.iter().map(|p| (p.0.ln() - centre).powi(2)).sum();
    let weight = |p: &(f64, f64, f64)| (p.0.ln() - centre) / spread;
    let slope = points.iter().map(|p| weight(p) * p.1.abs().ln()).sum();
    let variance: f64 = points.iter().map(|p| (weight(p) * p.2 / p.1).powi(2)).sum();
    (slope, variance.sqrt())
}

/// Orders of Euler–Maruyama and of the Poisson midpoint method, K = 10⁶, and how many times fewer drift evaluations, at
/// least, the latter needs at relative biases of 1e-3 and 1e-4.
fn check<const D: usize>(
    name: &str,
    target: &Target,
    rotation: &SMatrix<f64, D, D>,
    sizes: [f64; 3],
    steps: u32,
    times_fewer: [f64; 2],
) {
    println!("{name}: E x² = {:.9} by quadrature", target.exact);
    let euler = sizes.map(|step| {
        let stepper = EulerMaruyama::new(Overdamped::new(step, 1).unwrap());
        let (bias, error) = bias(target, rotation, &stepper, step, steps, 0.0);
        println!("  EM   η = {step:<5}: bias {bias:+.3e} ± {error:.1e}");
        (step, bias, error)
    });
    let midpoint = sizes.map(|step| {
        let dynamics = Overdamped::new(step, INNER_STEPS).unwrap();
        let stepper = PoissonMidpoint::new(dynamics, Bernoulli);
        let (bias, error) = bias(target, rotation, &stepper, step, steps, 0.5);
        println!("  PMM  η = {step:<5}: bias {bias:+.3e} ± {error:.1e}");
        (step, bias, error)
    });
    let (slope, error) = order(&euler);
    println!("  EM   order {slope:.3} ± {error:.3}");
    assert!(
        error < 0.03 && (slope - 1.0).abs() < 0.15,
        "{slope} ± {error}"
    );
    let (slope, error) = order(&midpoint);
    println!("  PMM  order {slope:.3} ± {error:.3}");
    assert!(
        error < 0.08 && (slope - 2.0).abs() < 0.25,
        "{slope} ± {error}"
    );
    // Drift evaluations that a unit of time costs at a relative bias, by each method's order from its smallest step on.
    for (relative, least) in [1e-3, 1e-4].into_iter().zip(times_fewer) {
        let cost = |(step, bias, _): (f64, f64, f64), order: f64, calls: f64| {
            calls / (step * (relative * target.exact / bias.abs()).powf(1.0 / order))
        };
        let (euler, midpoint) = (cost(euler[0], 1.0, 1.0), cost(midpoint[0], 2.0, 2.0));
        let ratio = euler / midpoint;
        println!(
            "  relative bias {relative:e}: EM {euler:.0} evaluations, PMM {midpoint:.0}: {ratio:.1} times fewer"
        );
        assert!(ratio > least, "{ratio}");
    }
}

#[test]
fn bimodal_target() {
    // f = x²/2 − ln cosh(3x/2): two unit Gaussians at ±3/2.
    let target = Target::new([
        |x| -x + 1.5 * (1.5 * x).tanh(),
        |x| -1.0 + 2.25 / (1.5 * x).cosh().powi(2),
        |x| -6.75 * (1.5 * x).tanh() / (1.5 * x).cosh().powi(2),
    ]);
    // E x² = 1 + (3/2)² exactly: the quadrature is right.
    assert!((target.exact - 3.25).abs() < 1e-9, "{}", target.exact);
    check(
        "bimodal",
        &target,
        &SMatrix::<f64, 1, 1>::identity(),
        [0.05, 0.1, 0.2],
        60_000,
        [2.7, 8.5],
    );
}

#[test]
fn logistic_posterior_in_ten_dimensions() {
    // Five observations of label 1 at each row of a rotation, prior variance 4: the log posterior
    // is Σ −s²/8 − 5·ln(1 + e^(−s)) over the coordinates s of the rotated parameter.
    let target = Target::new([
        |s| -s / 4.0 + 5.0 / (1.0 + s.exp()),
        |s| -0.25 - 5.0 * s.exp() / (1.0 + s.exp()).powi(2),
        |s| 5.0 * s.exp() * (s.exp() - 1.0) / (1.0 + s.exp()).powi(3),
    ]);
    // A rotation that mixes all coordinates: I − 2vvᵀ/|v|².
    let v = SVector::<f64, 10>::from_fn(|i, _| 1.0 + i as f64);
    let rotation = SMatrix::<f64, 10, 10>::identity() - v * v.transpose() * (2.0 / v.dot(&v));
    check(
        "logistic",
        &target,
        &rotation,
        [0.05, 0.1, 0.2],
        10_000,
        [6.0, 19.0],
    );
}

/// The machinery itself: on a Gaussian target the estimator gives Euler–Maruyama's known bias.
#[test]
fn the_estimator_gives_a_known_bias() {
    let target = Target::new([|x| -x, |_| -1.0, |_| 0.0]);
    let step = 0.2;
    let stepper = EulerMaruyama::new(Overdamped::new(step, 1).unwrap());
    let (bias, error) = bias(
        &target,
        &SMatrix::<f64, 1, 1>::identity(),
        &stepper,
        step,
        10_000,
        0.0,
    );
    let exact = 1.0 / (1.0 - step / 2.0) - 1.0;
    assert!(
        (bias - exact).abs() < 5.0 * error + 1e-9,
        "{bias} ± {error}, exact {exact}"
    );
}
