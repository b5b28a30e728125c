//! A contender in Rust: `poisson-midpoint-peers METHOD WORKLOAD COUNT STEPS`.
//!
//! It warms up, prints `ready` and what it is, then for each line that it reads does one run and prints its seconds;
//! at the end of input it prints `final` and what its state has become. `compare.py` knows what to expect of that.

mod langevin;
mod normals;
mod sampler;

use std::io::{BufRead, stdin};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Runs before the first that is timed: enough for a batch to forget where it began.
const WARM_UPS: u32 = 3;

/// What is timed.
trait Contender {
    /// One run.
    fn run(&mut self) -> Result<()>;

    /// Names and values of what the state should agree with.
    fn moments(&self) -> Vec<(&'static str, f64)>;

    /// Threads that a run uses.
    fn threads(&self) -> usize;
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [method, workload, count, steps] = arguments.as_slice() else {
        bail!("usage: poisson-midpoint-peers METHOD WORKLOAD COUNT STEPS");
    };
    let (count, steps) = (count.parse()?, steps.parse()?);
    let mut contender = match workload.split_once('-').unwrap_or((workload, "")) {
        ("overdamped" | "underdamped" | "logistic" | "path", _) => {
            langevin::contender(method, workload, count, steps)?
        }
        ("sampler", shape) => sampler::contender(method, shape, count, steps)?,
        ("normals", _) => normals::contender(method, count)?,
        _ => bail!("no workload {workload}"),
    };
    for _ in 0..WARM_UPS {
        contender.run().context("warming up")?;
    }
    let work = count as u64 * u64::from(steps);
    let threads = contender.threads();
    println!(
        "ready {{\"threads\": {threads}, \"work\": {work}, \"moments\": {}}}",
        json(&contender.moments())
    );
    for line in stdin().lock().lines() {
        let _ = line?;
        let start = Instant::now();
        contender.run()?;
        println!("{}", start.elapsed().as_secs_f64());
    }
    println!("final {}", json(&contender.moments()));
    Ok(())
}

fn json(moments: &[(&str, f64)]) -> String {
    let pairs: Vec<_> = moments
        .iter()
        .map(|(name, value)| format!("\"{name}\": {value:?}"))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}

/// The mean square.
fn mean_square(values: impl ExactSizeIterator<Item = f32>) -> f64 {
    let count = values.len();
    values.map(|x| f64::from(x).powi(2)).sum::<f64>() / count as f64
}
