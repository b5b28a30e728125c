use core::ops::Range;
use std::panic::resume_unwind;
use std::thread;

use cust::memory::DeviceCopy;
use nalgebra::SVector;

use super::{Gpu, LaunchError};
use crate::batch::{Engine, Particles, Run};
use crate::dynamics::StateOf;
use crate::dynamics::state::State;
use crate::kernel::{KernelDrift, KernelStepper};

/// Several GPUs: an [`Engine`] that gives each a range of the particles.
///
/// Either all devices have run or the particles are unchanged, except where a driver fails amid the last copies.
///
/// ```
/// use poisson_midpoint::cuda::{Gpus, LaunchError};
/// match Gpus::all() {
///     Ok(gpus) => println!("{} devices", gpus.devices().len()),
///     Err(LaunchError::NoDriver | LaunchError::NoDevice { .. }) => println!("no GPU"),
///     Err(error) => return Err(error),
/// }
/// # Ok::<(), LaunchError>(())
/// ```
#[derive(Debug)]
pub struct Gpus {
    devices: Vec<Gpu>,
}

impl Gpus {
    /// Every device of this machine.
    ///
    /// # Errors
    /// As [`Gpu::new`]; [`LaunchError::NoDevice`] if there is none.
    pub fn all() -> Result<Self, LaunchError> {
        let count = Gpu::count()?;
        Self::new((0..count.max(1)).map(Gpu::new).collect::<Result<_, _>>()?)
    }

    /// An engine of these devices.
    ///
    /// # Errors
    /// [`LaunchError::NoDevice`] if there is none.
    pub fn new(devices: Vec<Gpu>) -> Result<Self, LaunchError> {
        if devices.is_empty() {
            return Err(LaunchError::NoDevice {
                ordinal: 0,
                count: 0,
            });
        }
        Ok(Self { devices })
    }

    /// The devices.
    #[must_use]
    pub fn devices(&self) -> &[Gpu] {
        &self.devices
    }
}

impl<S, X, F, const D: usize> Engine<S, X, F> for Gpus
where
    S: KernelStepper,
    X: StateOf<S::Dynamics> + State<Position = SVector<<X as State>::Real, D>, Real: DeviceCopy>,
    F: KernelDrift<X::Real, D> + Sync,
{
    type Error = LaunchError;

    /// Each device has a thread, so that none waits while another is given its particles.
    fn advance(
        &self,
        stepper: &S,
        particles: &mut Particles<'_, X>,
        drift: &F,
        steps: Range<u32>,
    ) -> Result<Run, LaunchError> {
        let each = particles.len().div_ceil(self.devices.len());
        let mut ranges = Vec::with_capacity(self.devices.len());
        let mut rest = particles.reborrow();
        for gpu in &self.devices {
            let (range, after) = rest.split_at(each);
            rest = after;
            ranges.push((gpu, range));
        }
        let batches = in_threads(ranges, |(gpu, mut range)| {
            let mut batch = gpu.upload(&mut range)?;
            batch.run(stepper, drift, steps.clone())?;
            gpu.synchronize()?;
            Ok((batch, range))
        });
        // All have run before the first particle changes.
        let runs = in_threads(batches?, |(batch, mut range)| batch.download(&mut range))?;
        Ok(runs.into_iter().fold(Run::default(), Run::plus))
    }
}

/// What becomes of each item in a thread of its own; if several fail, the first one's error.
fn in_threads<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> Result<R, LaunchError> + Sync,
) -> Result<Vec<R>, LaunchError> {
    let work = &work;
    thread::scope(|scope| {
        let items = items.into_iter();
        let threads: Vec<_> = items.map(|item| scope.spawn(move || work(item))).collect();
        let results = threads.into_iter().map(|thread| {
            let result = thread.join();
            result.unwrap_or_else(|panic| resume_unwind(panic))
        });
        results.collect()
    })
}
