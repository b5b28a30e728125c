//! Jobs on all processors.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};

/// The results of `work` on each of the jobs, in the order of the jobs.
pub fn in_threads<J: Send, R: Send, E: Send>(
    jobs: Vec<J>,
    work: impl Fn(J) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = Mutex::new(jobs.into_iter().enumerate());
    let next = || {
        let mut jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.next()
    };
    let mut done: Vec<(usize, Result<R, E>)> = std::thread::scope(|scope| {
        let spawn = |_| {
            scope.spawn(|| {
                let jobs = std::iter::from_fn(next);
                jobs.map(|(k, job)| (k, work(job))).collect::<Vec<_>>()
            })
        };
        let running: Vec<_> = (0..threads).map(spawn).collect();
        let joined = running.into_iter().map(|thread| thread.join());
        joined
            .flat_map(|done| done.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    });
    done.sort_by_key(|(k, _)| *k);
    done.into_iter().map(|(_, result)| result).collect()
}
