//! Threads over particles; a particle's sample depends on its number alone.

use std::panic::resume_unwind;

use poisson_midpoint::diffusion::SampleError;

pub fn in_threads(
    samples: &mut [f32],
    dimension: usize,
    work: impl Fn(u64, &mut [f32]) -> Result<u32, SampleError> + Sync,
) -> Result<u64, SampleError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let each = (samples.len() / dimension).div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let running: Vec<_> = samples
            .chunks_mut(each * dimension)
            .enumerate()
            .map(|(part, samples)| {
                let work = &work;
                scope.spawn(move || {
                    let mut calls = 0;
                    for (k, x) in samples.chunks_mut(dimension).enumerate() {
                        calls += u64::from(work((part * each + k) as u64, x)?);
                    }
                    Ok(calls)
                })
            })
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .sum()
    })
}
