//! The reference: the no-U-turn sampler of `nuts-rs`, which shares nothing with this crate.

use std::collections::HashMap;
use std::convert::Infallible;

use nalgebra::SVector;
use nuts_rs::rand::{Rng, SeedableRng};
use nuts_rs::{
    Chain, CpuLogpFunc, CpuMath, CpuMathError, DiagNutsSettings, HasDims, LogpError, Settings,
};
use rand_chacha::ChaCha8Rng;

use crate::model::Posterior;

/// Posterior mean and variance of each parameter, and the standard errors of both.
pub struct Reference<const D: usize> {
    pub mean: SVector<f64, D>,
    pub variance: SVector<f64, D>,
    pub mean_error: SVector<f64, D>,
    pub variance_error: SVector<f64, D>,
}

struct Density<'a, const D: usize>(&'a Posterior<D>);

/// An error that cannot occur: the density has a value everywhere.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Never(Infallible);

impl LogpError for Never {
    fn is_recoverable(&self) -> bool {
        match self.0 {}
    }
}

impl<const D: usize> HasDims for Density<'_, D> {
    fn dim_sizes(&self) -> HashMap<String, u64> {
        HashMap::from([("unconstrained_parameter".to_string(), D as u64)])
    }
}

impl<const D: usize> CpuLogpFunc for Density<'_, D> {
    type LogpError = Never;
    type ExpandedVector = ();
    type FlowParameters = ();

    fn dim(&self) -> usize {
        D
    }

    fn logp(&mut self, position: &[f64], gradient: &mut [f64]) -> Result<f64, Never> {
        let (value, slope) = self.0.whitened(&SVector::from_column_slice(position));
        gradient.copy_from_slice(slope.as_slice());
        Ok(value)
    }

    fn expand_vector<R: Rng + ?Sized>(&mut self, _: &mut R, _: &[f64]) -> Result<(), CpuMathError> {
        Ok(())
    }
}

const CHAINS: u64 = 4;
const TUNE: u64 = 1000;
const DRAWS: u64 = 10_000;
/// The number of pieces of a chain whose spread gives the standard errors; they are long compared with its memory.
const PIECES: u64 = 20;

/// Samples the posterior; `tick` is called now and then with the fraction done.
pub fn sample<const D: usize>(
    posterior: &Posterior<D>,
    tick: impl Fn(f64) + Sync,
) -> anyhow::Result<Reference<D>> {
    let chain = |chain: u64| -> anyhow::Result<Vec<SVector<f64, D>>> {
        let settings = DiagNutsSettings {
            num_tune: TUNE,
            num_draws: DRAWS,
            ..Default::default()
        };
        let mut rng = ChaCha8Rng::seed_from_u64(chain);
        let math = CpuMath::new(Density(posterior));
        let mut sampler = settings.new_chain(chain, math, &mut rng)?;
        // The start is off the mode, since at the mode the gradient would give the mass matrix no scale.
        sampler.set_position(&[0.5; D])?;
        let mut draws = Vec::new();
        for n in 0..TUNE + DRAWS {
            let (draw, _) = sampler.draw()?;
            if n >= TUNE {
                draws.push(posterior.parameter(&SVector::from_column_slice(&draw)));
            }
            if n % 100 == 0 {
                tick(100.0 / ((TUNE + DRAWS) * CHAINS) as f64);
            }
        }
        Ok(draws)
    };
    let chains = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..CHAINS).map(|n| scope.spawn(move || chain(n))).collect();
        let join =
            |worker: std::thread::ScopedJoinHandle<_>| worker.join().expect("a chain panicked");
        workers
            .into_iter()
            .map(join)
            .collect::<anyhow::Result<Vec<_>>>()
    })?;
    let draws = || chains.iter().flatten();
    let n = (CHAINS * DRAWS) as f64;
    let mean = draws().sum::<SVector<f64, D>>() / n;
    let square = |w: &SVector<f64, D>| (w - mean).map(|x| x * x);
    let variance = draws().map(square).sum::<SVector<f64, D>>() / n;
    let error = |of: &dyn Fn(&SVector<f64, D>) -> SVector<f64, D>, centre: SVector<f64, D>| {
        let length = (DRAWS / PIECES) as usize;
        let pieces = chains.iter().flat_map(|chain| chain.chunks(length));
        let spread = pieces
            .map(|piece| piece.iter().map(of).sum::<SVector<f64, D>>() / length as f64 - centre)
            .map(|off| off.map(|x| x * x))
            .sum::<SVector<f64, D>>();
        let count = (CHAINS * PIECES) as f64;
        (spread / (count * (count - 1.0))).map(f64::sqrt)
    };
    Ok(Reference {
        mean,
        variance,
        mean_error: error(&|w| *w, mean),
        variance_error: error(&square, variance),
    })
}
