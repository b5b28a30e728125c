//! Five densities in two dimensions, about which everything is known.

use nalgebra::{Vector2, vector};
use poisson_midpoint::target::{Drift, LogisticRegression, TableDrift, TableError};

/// A density, up to a factor, with its force ∇ log p.
pub struct Target {
    pub name: &'static str,
    pub log_density: fn(&Vector2<f64>) -> f64,
    pub force: fn(&Vector2<f64>) -> Vector2<f64>,
    pub start: Vector2<f64>,
    /// Friction γ of underdamped dynamics.
    pub friction: f64,
    /// A step size at which BAOA is all but exact.
    pub step_size: f64,
    /// A box outside which the density vanishes, and the number of points along each side that resolves the density.
    pub range: [[f64; 2]; 2],
    pub points: [usize; 2],
}

pub const TARGETS: [Target; 5] = [
    Target {
        name: "Gaussian, condition number 1000",
        log_density: |x| -0.5 * (x[0] * x[0] + 1000.0 * x[1] * x[1]),
        force: |x| vector![-x[0], -1000.0 * x[1]],
        start: vector![0.0, 0.0],
        friction: 2.0,
        step_size: 0.02,
        range: [[-8.0, 8.0], [-0.25, 0.25]],
        points: [400, 400],
    },
    Target {
        name: "bimodal",
        log_density: |x| {
            let [near, far] = modes(x);
            near.max(far) + (-(near - far).abs()).exp().ln_1p()
        },
        force: |x| {
            let [left, right] = modes(x);
            let share = 1.0 / (1.0 + (left - right).exp());
            4.0 * vector![2.0 * share - 1.0 - x[0], -x[1]]
        },
        start: vector![1.0, 0.0],
        friction: 2.0,
        step_size: 0.2,
        range: [[-6.0, 6.0], [-5.0, 5.0]],
        points: [400, 400],
    },
    Target {
        name: "logistic posterior",
        log_density: |w| {
            let prior = -0.5 * w.norm_squared();
            let terms = OBSERVATIONS.map(|[a, b]| -(-(a * w[0] + b * w[1])).exp().ln_1p());
            prior + terms.iter().sum::<f64>()
        },
        force: |w| logistic().map_or(Vector2::repeat(f64::NAN), |drift| drift.drift(0.0, w)),
        start: vector![0.0, 0.0],
        friction: 2.0,
        step_size: 0.2,
        range: [[-9.0, 9.0], [-9.0, 9.0]],
        points: [600, 600],
    },
    Target {
        name: "Müller–Brown",
        log_density: |x| -BETA * muller_brown(x).0,
        force: |x| -BETA * muller_brown(x).1,
        start: vector![-0.5, 1.5],
        friction: 10.0,
        step_size: 0.05,
        range: [[-5.0, 4.5], [-4.0, 5.5]],
        points: [1200, 1200],
    },
    Target {
        name: "funnel",
        log_density: |x| {
            let (log_variance, _) = funnel(x[0]);
            -x[0] * x[0] / 18.0 - 0.5 * log_variance - 0.5 * x[1] * x[1] * (-log_variance).exp()
        },
        force: |x| {
            let (log_variance, slope) = funnel(x[0]);
            let pull = x[1] * (-log_variance).exp();
            vector![-x[0] / 9.0 + 0.5 * slope * (x[1] * pull - 1.0), -pull]
        },
        start: vector![0.0, 0.0],
        friction: 1.0,
        step_size: 0.2,
        range: [[-27.0, 27.0], [-60.0, 60.0]],
        points: [800, 4000],
    },
];

/// The logarithms of two Gaussians of width ½ about −1 and 1.
fn modes(x: &Vector2<f64>) -> [f64; 2] {
    [-1.0, 1.0].map(|centre| -2.0 * ((x[0] - centre).powi(2) + x[1] * x[1]))
}

/// An intercept and a feature, with the sign of the class.
const OBSERVATIONS: [[f64; 2]; 8] = [
    [1.0, 0.3],
    [1.0, 1.8],
    [1.0, 2.5],
    [1.0, -0.4],
    [1.0, 3.1],
    [-1.0, 1.9],
    [-1.0, 0.2],
    [-1.0, 2.7],
];

fn logistic() -> Result<LogisticRegression<'static, f64, 2>, TableError> {
    const TABLE: [f64; 17] = {
        let mut table = [1.0; 17];
        let mut i = 0;
        while i < 16 {
            table[1 + i] = OBSERVATIONS[i / 2][i % 2];
            i += 1;
        }
        table
    };
    LogisticRegression::from_table(&TABLE)
}

/// Inverse temperature of the Müller–Brown potential: its deepest well is some 2 k T below the pass.
const BETA: f64 = 0.02;

/// The Müller–Brown potential and its gradient (Müller & Brown 1979).
fn muller_brown(position: &Vector2<f64>) -> (f64, Vector2<f64>) {
    let mut sum = (0.0, Vector2::zeros());
    for [amplitude, a, b, c, x0, y0] in [
        [-200.0, -1.0, 0.0, -10.0, 1.0, 0.0],
        [-100.0, -1.0, 0.0, -10.0, 0.0, 0.5],
        [-170.0, -6.5, 11.0, -6.5, -0.5, 1.5],
        [15.0, 0.7, 0.6, 0.7, -1.0, 1.0],
    ] {
        let (dx, dy) = (position[0] - x0, position[1] - y0);
        let term = amplitude * f64::exp(a * dx * dx + b * dx * dy + c * dy * dy);
        sum.0 += term;
        sum.1 += term * vector![2.0 * a * dx + b * dy, b * dx + 2.0 * c * dy];
    }
    sum
}

/// The logarithm of the funnel's variance at v, capped smoothly at ±4, and its slope.
fn funnel(v: f64) -> (f64, f64) {
    let tanh = (v / 4.0).tanh();
    (4.0 * tanh, 1.0 - tanh * tanh)
}

/// The statistics whose bias is asked about: both coordinates and their squares.
pub fn statistics(x: &Vector2<f64>) -> [f64; 4] {
    [x[0], x[1], x[0] * x[0], x[1] * x[1]]
}

impl Target {
    /// Calls `visit` with every point of a grid and the density's weight there.
    fn on_grid(&self, mut visit: impl FnMut(Vector2<f64>, f64)) {
        let at = |side: usize, i: usize| {
            let [from, to] = self.range[side];
            from + (to - from) * i as f64 / self.points[side] as f64
        };
        // The density is relative to that at the start, so that no exponential overflows and not all vanish.
        let offset = (self.log_density)(&self.start);
        for i in 0..=self.points[0] {
            for j in 0..=self.points[1] {
                let x = vector![at(0, i), at(1, j)];
                visit(x, ((self.log_density)(&x) - offset).exp());
            }
        }
    }

    /// Mean and standard deviation of each statistic, by the trapezoidal rule, which for smooth densities that vanish at
    /// the ends converges faster than any power.
    pub fn truth(&self) -> [[f64; 2]; 4] {
        let (mut total, mut sums) = (0.0, [[0.0; 2]; 4]);
        self.on_grid(|x, weight| {
            total += weight;
            for (sum, value) in sums.iter_mut().zip(statistics(&x)) {
                sum[0] += weight * value;
                sum[1] += weight * value * value;
            }
        });
        sums.map(|[first, second]| {
            let mean = first / total;
            [mean, (second / total - mean * mean).sqrt()]
        })
    }

    /// `count` points of the grid, each as often as its weight asks for: a systematic sample.
    pub fn sample(&self, count: usize) -> Vec<Vector2<f64>> {
        let mut total = 0.0;
        self.on_grid(|_, weight| total += weight);
        let (mut below, mut sample) = (0.0, Vec::with_capacity(count));
        self.on_grid(|x, weight| {
            below += weight / total * count as f64;
            while sample.len() as f64 + 0.5 < below {
                sample.push(x);
            }
        });
        sample
    }
}
