//! The multistep methods against the formulas of their papers, path by path, with integrals by quadrature: SA-Solver
//! with its predictor and corrector each from the same x and the same noise, the hybrid method as its two segments.

use poisson_midpoint::diffusion::{
    HybridMultistep, Level, LinearRate, NoiseSchedule, Prediction, SaSolver, Sampler, Solver,
    Timesteps, standard_normal,
};
use poisson_midpoint::random::Stream;

type X = [f64; 2];
const STEPS: usize = 9;

fn schedule() -> LinearRate<f64> {
    LinearRate::new(1000, 0.1, 20.0).unwrap()
}

/// The prediction of x₀: smooth, not linear, and without a meaning.
fn network(step: u32, x: &X) -> X {
    let time = f64::from(step) / 2000.0;
    [
        (x[0] + 0.3 * x[1]) / (1.0 + x[0] * x[0]) + time,
        x[1] / (2.0 + x[1] * x[1]) - 0.4 * time,
    ]
}

fn sum(terms: &[(f64, X)]) -> X {
    [0, 1].map(|d| terms.iter().map(|(weight, x)| weight * x[d]).sum())
}

/// ∫₀ᵃ R e^(−R(a − u)) f(u) du, for f the polynomial through the outputs at their λ less `origin`, by Simpson's rule.
fn integral(eta: f64, distance: f64, outputs: &[(f64, X)], origin: f64) -> X {
    let rate = 1.0 + eta;
    let polynomial = |u: f64| {
        let nodes = outputs.iter().enumerate().map(|(j, &(lambda, output))| {
            let others = outputs.iter().enumerate().filter(|&(k, _)| k != j);
            let basis = others.map(|(_, &(other, _))| (u - (other - origin)) / (lambda - other));
            (basis.product(), output)
        });
        sum(&nodes.collect::<Vec<_>>())
    };
    let panels = 500;
    let h = distance / f64::from(panels);
    let weighted = |u: f64, weight: f64| {
        (
            h / 6.0 * weight * rate * (-rate * (distance - u)).exp(),
            polynomial(u),
        )
    };
    let terms: Vec<_> = (0..panels)
        .flat_map(|panel| {
            let u = f64::from(panel) * h;
            [
                weighted(u, 1.0),
                weighted(u + h / 2.0, 4.0),
                weighted(u + h, 1.0),
            ]
        })
        .collect();
    sum(&terms)
}

/// A step of the diffusion of share η from x, with a normal of its own.
#[derive(Clone, Copy)]
struct Segment {
    eta: f64,
    from: Level<f64>,
    to: Level<f64>,
    x: X,
    z: X,
}

impl Segment {
    fn distance(&self) -> f64 {
        self.to.half_log_snr() - self.from.half_log_snr()
    }

    fn decay(&self) -> f64 {
        self.to.noise / self.from.noise * (-self.eta * self.distance()).exp()
    }

    fn noise(&self) -> X {
        let variance = 1.0 - (-2.0 * self.eta * self.distance()).exp();
        self.z.map(|z| self.to.noise * variance.sqrt() * z)
    }

    /// Its end, with x₀ the polynomial through the outputs.
    fn end(&self, outputs: &[(f64, X)]) -> X {
        let origin = self.from.half_log_snr();
        let moved = integral(self.eta, self.distance(), outputs, origin);
        let signal = self.to.signal;
        sum(&[(self.decay(), self.x), (signal, moved), (1.0, self.noise())])
    }
}

/// The last of the outputs, at most `count`.
fn last(outputs: &[(f64, X)], count: u32) -> &[(f64, X)] {
    &outputs[outputs.len().saturating_sub(count as usize)..]
}

fn normals(is_noisy: bool, stream: &mut Stream) -> X {
    let mut z = [0.0; 2];
    if is_noisy {
        standard_normal(&mut z, stream);
    }
    z
}

fn naive_sa(solver: SaSolver<f64>, timesteps: &Timesteps<STEPS>, stream: &mut Stream) -> X {
    let schedule = schedule();
    let (mut predicted, mut outputs) = (normals(true, stream), Vec::new());
    let mut before: Option<Segment> = None;
    for (start, end) in timesteps.pairs() {
        let (from, to) = (schedule.level(start), schedule.level(end));
        outputs.push((from.half_log_snr(), network(start, &predicted)));
        let corrected = before.filter(|_| solver.corrector > 0);
        let x = corrected.map_or(predicted, |step| step.end(last(&outputs, solver.corrector)));
        if end == 0 {
            return outputs[outputs.len() - 1].1;
        }
        let is_noisy = (solver.noisy[0]..=solver.noisy[1]).contains(&(from.noise / from.signal));
        let eta = if is_noisy { solver.tau.powi(2) } else { 0.0 };
        let z = normals(eta > 0.0, stream);
        let step = Segment {
            eta,
            from,
            to,
            x,
            z,
        };
        predicted = step.end(last(&outputs, solver.predictor));
        before = Some(step);
    }
    predicted
}

fn naive_hybrid(
    solver: HybridMultistep<f64>,
    timesteps: &Timesteps<STEPS>,
    stream: &mut Stream,
) -> X {
    let schedule = schedule();
    let lambda = |step| -> f64 { schedule.level(step).half_log_snr() };
    let HybridMultistep { order, eta, node } = solver;
    let (mut x, mut outputs) = (normals(true, stream), Vec::new());
    for (start, end) in timesteps.pairs() {
        let asked = if outputs.is_empty() || end == 0 {
            start
        } else {
            let place = lambda(start) + node * (lambda(end) - lambda(start));
            let distance = |step: &u32| (lambda(*step) - place).abs();
            let steps = end + 1..=start;
            steps
                .min_by(|a, b| distance(a).total_cmp(&distance(b)))
                .unwrap()
        };
        let level = |step| schedule.level(step);
        let segment = |(from, to), x, z| Segment {
            eta,
            from: level(from),
            to: level(to),
            x,
            z,
        };
        let (mut noise, mut path) = ([0.0; 2], x);
        if asked < start {
            let before = segment((start, asked), x, normals(eta > 0.0, stream));
            (noise, path) = (before.noise(), before.end(last(&outputs, order - 1)));
        }
        outputs.push((lambda(asked), network(asked, &path)));
        let z = normals(eta > 0.0, stream);
        if end == 0 {
            return outputs[outputs.len() - 1].1;
        }
        // The whole step without noise, and the noise of both parts.
        let whole = segment((start, end), x, [0.0; 2]).end(last(&outputs, order));
        let after = segment((asked, end), x, z);
        x = sum(&[(1.0, whole), (after.decay(), noise), (1.0, after.noise())]);
    }
    x
}

fn run(solver: impl Solver<f64>, timesteps: &Timesteps<STEPS>, stream: &mut Stream) -> X {
    let schedule = schedule();
    let sampler = Sampler::new(&schedule, timesteps, Prediction::Sample, solver).unwrap();
    let (mut x, mut work) = (normals(true, stream), vec![0.0; sampler.work_length(2)]);
    let mut network = |step: u32, x: &[f64], output: &mut [f64]| {
        output.copy_from_slice(&network(step, &[x[0], x[1]]));
    };
    sampler
        .sample(&mut x, &mut network, stream, &mut work)
        .unwrap();
    x
}

fn check(name: &str, found: X, expected: X) {
    let error = (0..2)
        .map(|d| (found[d] - expected[d]).abs())
        .fold(0.0, f64::max);
    assert!(error < 1e-9, "{name}: {found:?} {expected:?}");
}

/// Timesteps whose last step before the data is long, so that its result can be seen, and those to the data.
fn lists() -> [Timesteps<STEPS>; 2] {
    let list = Timesteps::new(&[1000, 870, 640, 500, 370, 180, 120, 50]).unwrap();
    [list, Timesteps::log_snr(9, &schedule()).unwrap()]
}

#[test]
fn predictors_and_correctors_are_their_integrals() {
    for (timesteps, particle) in lists().iter().zip(0..) {
        for (predictor, corrector) in (1..=3).flat_map(|p| (0..=3).map(move |c| (p, c))) {
            for (tau, noisy) in [(0.0, [0.0, 1.0]), (1.0, [0.0, 1e9]), (1.3, [0.3, 2.0])] {
                let solver = SaSolver {
                    predictor,
                    corrector,
                    tau,
                    noisy,
                };
                let (mut one, mut other) = (Stream::new(3, particle), Stream::new(3, particle));
                let found = run(solver, timesteps, &mut one);
                let expected = naive_sa(solver, timesteps, &mut other);
                check(&format!("{solver:?}"), found, expected);
                assert_eq!(one.word_position(), other.word_position());
            }
        }
    }
}

#[test]
fn nodes_within_steps_are_asked_on_the_path() {
    for (timesteps, particle) in lists().iter().zip(0..) {
        for order in 2..=3 {
            for (eta, node) in [(0.0, 0.5), (1.0, 0.0), (1.0, 0.3), (0.5, 0.6), (1.0, 1.0)] {
                let solver = HybridMultistep { order, eta, node };
                let (mut one, mut other) = (Stream::new(4, particle), Stream::new(4, particle));
                let found = run(solver, timesteps, &mut one);
                let expected = naive_hybrid(solver, timesteps, &mut other);
                check(&format!("{solver:?}"), found, expected);
                assert_eq!(one.word_position(), other.word_position());
            }
        }
    }
}
