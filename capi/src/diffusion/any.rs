//! A sampler with any solver, which moves as any C struct does. The code for one solver is reached through a function
//! that only that solver's `init` names, so that a linker drops the solvers that a program does not use.

use core::mem::{MaybeUninit, needs_drop};
use core::ptr;

use core_crate::diffusion::{Progress, SampleError, Sampler, Sampling, ScheduleSlice, Solver};
use core_crate::random::Stream;

use super::types::{Diffusion, PMID_SAMPLER_WORDS};

/// A sampler over the caller's arrays, which the caller keeps for as long as it uses the sampler.
pub(crate) type Of<T, S> = Sampler<'static, T, ScheduleSlice<'static, T>, S>;

/// Words for a sampler, without those that [`AnySampler`] itself needs.
const WORDS: usize = PMID_SAMPLER_WORDS - 10;

/// A sampler with a solver whose type only `driver` knows.
pub struct AnySampler<T> {
    memory: MaybeUninit<[u64; WORDS]>,
    driver: fn(*const ()) -> *const dyn Driver<T>,
    /// The caller's arrays: the schedule, the timesteps, and those that the solver fills.
    pub(crate) arrays: [(usize, usize); 4],
}

/// What a run asks of a sampler.
pub(crate) trait Driver<T> {
    fn work_length(&self, dimension: usize) -> usize;

    /// Whether a run can have this sample and this work array.
    fn check(&self, x: &mut [T], work: &mut [T]) -> Result<(), SampleError>;

    /// The position and the training step at which the network is wanted.
    fn next(
        &self,
        progress: &mut Progress,
        x: &mut [T],
        work: &mut [T],
        stream: &mut Stream,
    ) -> Result<(*const T, u32), SampleError>;

    fn supply(
        &self,
        progress: &mut Progress,
        x: &mut [T],
        work: &mut [T],
        output: &[T],
    ) -> Result<(), SampleError>;
}

impl<T: Diffusion, S: Solver<T>> Driver<T> for Of<T, S> {
    fn work_length(&self, dimension: usize) -> usize {
        Sampler::work_length(self, dimension)
    }

    fn check(&self, x: &mut [T], work: &mut [T]) -> Result<(), SampleError> {
        Sampling::new(self, x, work).map(|_| ())
    }

    fn next(
        &self,
        progress: &mut Progress,
        x: &mut [T],
        work: &mut [T],
        stream: &mut Stream,
    ) -> Result<(*const T, u32), SampleError> {
        let mut run = Sampling::resume(self, *progress, x, work)?;
        let asked = run.next(stream);
        let asked = asked.map(|asked| match asked {
            None => (ptr::null(), 0),
            Some(query) => (query.position.as_ptr(), query.step),
        });
        *progress = run.progress();
        asked
    }

    fn supply(
        &self,
        progress: &mut Progress,
        x: &mut [T],
        work: &mut [T],
        output: &[T],
    ) -> Result<(), SampleError> {
        let mut run = Sampling::resume(self, *progress, x, work)?;
        run.supply(output)?;
        *progress = run.progress();
        Ok(())
    }
}

impl<T: Diffusion> AnySampler<T> {
    pub(crate) fn new<S: Solver<T> + 'static>(
        sampler: Of<T, S>,
        arrays: [(usize, usize); 4],
    ) -> Self {
        const {
            assert!(size_of::<Of<T, S>>() <= size_of::<[u64; WORDS]>());
            assert!(align_of::<Of<T, S>>() <= align_of::<u64>());
            assert!(!needs_drop::<Of<T, S>>());
        }
        let mut memory = MaybeUninit::<[u64; WORDS]>::uninit();
        // SAFETY: the memory is large enough and aligned for the sampler.
        unsafe { memory.as_mut_ptr().cast::<Of<T, S>>().write(sampler) };
        Self {
            memory,
            driver: |memory| memory.cast::<Of<T, S>>() as *const dyn Driver<T>,
            arrays,
        }
    }

    pub(crate) fn driver(&self) -> &dyn Driver<T> {
        let driver = (self.driver)(self.memory.as_ptr().cast());
        // SAFETY: `new` wrote the sampler that the pointer points to, which lives as long as `self`.
        unsafe { &*driver }
    }
}
