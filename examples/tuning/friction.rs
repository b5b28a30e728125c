//! How the friction changes what a chain is worth.

use nalgebra::Vector2;
use poisson_midpoint::dynamics::Underdamped;
use poisson_midpoint::random::{Streams, Words};
use poisson_midpoint::statistics::Moments;
use poisson_midpoint::tuning::critical_friction;
use poisson_midpoint::{Baoa, Phase, Stepper};

use crate::STATISTICS;
use crate::target::{Target, statistics};

/// Times the critical friction of the target's widest coordinate.
pub const FACTORS: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];
/// Chains, which give a figure the relative error √(2/`CHAINS`), and the steps of each. None of them is burn-in, since
/// they begin at draws from the target.
const CHAINS: usize = 512;
const STEPS: u32 = 10_000;

/// What chains on a target are worth.
pub struct Worth {
    /// The critical friction.
    pub critical: f64,
    /// For each factor, the effective sample size of a thousand steps of BAOA, of the statistic that is worst off, with
    /// its name.
    pub sizes: [(f64, &'static str); FACTORS.len()],
}

/// Runs chains of each friction.
pub fn worth(target: &Target) -> Result<Worth, Box<dyn std::error::Error>> {
    let truth = target.truth();
    let [[_, x], [_, y], ..] = truth;
    let critical = critical_friction(x.max(y), 1.0, 1.0);
    let mut sizes = [(0.0, ""); FACTORS.len()];
    for (size, factor) in sizes.iter_mut().zip(FACTORS) {
        let stepper = Baoa::new(Underdamped::new(target.step_size, 1, factor * critical)?)?;
        let mut averages = [Moments::new(); 4];
        for (position, chain) in target.sample(CHAINS).into_iter().zip(0..) {
            let mut stream = Streams::new(44).particle(chain);
            let velocity = Vector2::from_fn(|_, _| f64::from(stream.next_normal()));
            let mut state = Phase { position, velocity };
            let mut sums = [0.0; 4];
            for _ in 0..STEPS {
                let drift = |_time: f64, x: &Vector2<f64>| (target.force)(x);
                let _ = stepper.step(0.0, &mut state, drift, &mut stream)?;
                for (sum, value) in sums.iter_mut().zip(statistics(&state.position)) {
                    *sum += value / f64::from(STEPS);
                }
            }
            for (moments, sum) in averages.iter_mut().zip(sums) {
                moments.push(sum)?;
            }
        }
        // A chain's average has the variance of as many independent draws as it is worth.
        let thousands = f64::from(STEPS) / 1000.0;
        let worth = averages.iter().zip(truth).map(|(moments, [_, deviation])| {
            let variance = moments.variance().unwrap_or(f64::NAN);
            deviation * deviation / variance / thousands
        });
        *size = worth
            .zip(STATISTICS)
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap_or_default();
    }
    Ok(Worth { critical, sizes })
}
