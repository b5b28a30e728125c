//! Standard normals alone.

use anyhow::{Result, bail};
use poisson_midpoint::diffusion::standard_normal;
use poisson_midpoint::random::Stream;
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

use super::{Contender, mean_square};

/// Normals that a generator makes in a run.
const EACH: usize = 1 << 16;

/// The contender of a method: `ours` or `rand_distr`, and with `-one` on one thread.
pub(crate) fn contender(method: &str, count: usize) -> Result<Box<dyn Contender>> {
    let parallel = !method.ends_with("-one");
    let numbers = 0..count.div_ceil(EACH) as u64;
    Ok(match method.trim_end_matches("-one") {
        "ours" => Box::new(Normals {
            generators: numbers.map(|p| Stream::new(42, p)).collect(),
            values: vec![0.0; count],
            parallel,
            fill: |values, stream| standard_normal(values, stream),
        }),
        "rand_distr" => Box::new(Normals {
            generators: numbers.map(Xoshiro256PlusPlus::seed_from_u64).collect(),
            values: vec![0.0; count],
            parallel,
            fill: |values, generator| {
                for value in values {
                    *value = StandardNormal.sample(generator);
                }
            },
        }),
        _ => bail!("no method {method}"),
    })
}

struct Normals<G> {
    generators: Vec<G>,
    values: Vec<f32>,
    parallel: bool,
    fill: fn(&mut [f32], &mut G),
}

impl<G: Send> Contender for Normals<G> {
    fn run(&mut self) -> Result<()> {
        let fill = self.fill;
        if self.parallel {
            let chunks = self.values.par_chunks_mut(EACH);
            chunks
                .zip(self.generators.par_iter_mut())
                .for_each(|(values, generator)| fill(values, generator));
        } else {
            for (values, generator) in self.values.chunks_mut(EACH).zip(&mut self.generators) {
                fill(values, generator);
            }
        }
        Ok(())
    }

    fn moments(&self) -> Vec<(&'static str, f64)> {
        vec![("x2", mean_square(self.values.iter().copied()))]
    }

    fn threads(&self) -> usize {
        if self.parallel {
            rayon::current_num_threads()
        } else {
            1
        }
    }
}
