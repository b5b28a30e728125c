use core::marker::PhantomData;
use core::ops::Range;

use cust::memory::{DeviceCopy, DevicePointer};

use super::buffer::Buffer;
use super::error::check_length;
use super::gpu::Argument;
use super::statuses::Statuses;
use super::{Gpu, KernelName, LaunchError, ptx};
use crate::batch::{Engine, Particles, Run};
use crate::kernel::{Extent, KernelDrift, KernelScheme, KernelStepper, Launch, Ptx};
use crate::random::Streams;
use crate::scheme::Process;
use crate::stepper::{RealOf, StateOf};
use crate::{Real, State, TableDrift};

/// A batch of particles in a GPU's memory, to be moved many times before it is fetched.
///
/// What it is fetched into, a [`Particles`], is a checkpoint: uploaded again, on any device, the run goes on
/// to the bit.
///
/// ```
/// use nalgebra::SVector;
/// use poisson_midpoint::batch::{Particles, Status};
/// use poisson_midpoint::cuda::{Gpu, LaunchError};
/// use poisson_midpoint::scheme::Overdamped;
/// use poisson_midpoint::{DoubleWell, MidpointLaw, PoissonMidpoint, random::Streams};
///
/// let (mut x, mut positions, mut status) = (vec![0.0_f32; 200], vec![0; 100], vec![Status::Active; 100]);
/// let mut particles: Particles<f32, SVector<f32, 2>, 2> =
///     Particles::new(Streams::new(42), 0, &mut x, &mut positions, &mut status)?;
/// let stepper = PoissonMidpoint::new(Overdamped::new(0.1, 1000)?, MidpointLaw::Single);
/// let drift = DoubleWell { steepness: 1.0, cap: 2.0 };
/// match Gpu::new(0) {
///     Ok(gpu) => {
///         let mut batch = gpu.upload(&mut particles)?;
///         for n in 0..10 {
///             batch.run(&stepper, &drift, 10 * n..10 * (n + 1))?; // returns before it is done
///         }
///         let run = batch.download(&mut particles)?;
///         assert_eq!((run.drift_calls, run.failed), (20_000, 0));
///     }
///     Err(LaunchError::NoDriver) => println!("no driver"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Batch<'g, T: Real + DeviceCopy, X, const D: usize> {
    gpu: &'g Gpu,
    streams: Streams,
    first: u64,
    state: Buffer<'g, T>,
    positions: Buffer<'g, u64>,
    statuses: Statuses<'g>,
    drift_calls: Buffer<'g, u64>,
    /// The last launch's parameters of its drift, here and on the device.
    table: (Vec<T>, Buffer<'g, T>),
    of_state: PhantomData<X>,
}

impl Gpu {
    /// A copy of particles on this device.
    ///
    /// # Errors
    /// [`LaunchError::Driver`], if there is too little memory for example.
    pub fn upload<T, X, const D: usize>(
        &self,
        particles: &mut Particles<'_, T, X, D>,
    ) -> Result<Batch<'_, T, X, D>, LaunchError>
    where
        T: Real + DeviceCopy,
        X: State<T, D>,
    {
        let (streams, first) = particles.numbers();
        let count = particles.len();
        let (columns, positions, status) = particles.arrays();
        let mut state = Buffer::unwritten(self, X::PARTS * D * count)?;
        for (index, column) in columns.enumerate() {
            state.upload(index * count, column)?;
        }
        Ok(Batch {
            gpu: self,
            streams,
            first,
            state,
            positions: Buffer::from_slice(self, positions)?,
            statuses: Statuses::new(self, status)?,
            drift_calls: Buffer::filled(self, 0, count)?,
            table: (Vec::new(), Buffer::from_slice(self, &[])?),
            of_state: PhantomData,
        })
    }
}

impl<T, X, const D: usize> Batch<'_, T, X, D>
where
    T: Real + DeviceCopy,
    X: State<T, D>,
{
    /// The number of particles.
    #[must_use]
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The states on the device: PARTS·D columns of [`len`](Self::len) scalars.
    #[must_use]
    pub fn state(&self) -> DevicePointer<T> {
        self.state.pointer()
    }

    /// Moves every active particle by the macro steps `steps`, as
    /// [`Cpu::run`](crate::batch::Cpu::run) does. Returns when the device has been told, not when it is
    /// done.
    ///
    /// # Errors
    /// [`LaunchError`] if there is no kernel for the stepper, drift, scalar and dimension, if the drift's
    /// table does not suit its kernels, or if the driver refuses.
    pub fn run<S, F>(
        &mut self,
        stepper: &S,
        drift: &F,
        steps: Range<u32>,
    ) -> Result<(), LaunchError>
    where
        S: KernelStepper<D>,
        S::Scheme: KernelScheme<Real = T> + Process<D, State = X>,
        F: KernelDrift<T, D>,
    {
        let scalar = core::any::type_name::<T>();
        let module = F::PTX.map(Ptx::text).or_else(|| ptx::<T>(D));
        let module = module.ok_or(LaunchError::NoModule {
            scalar,
            dimension: D,
        })?;
        let mut table = Vec::new();
        drift.write_table(|part| table.extend_from_slice(part));
        F::OnDevice::from_table(&table).map_err(LaunchError::Table)?;
        // An upload would wait for the launch before.
        if self.table.0 != table {
            self.gpu.synchronize()?;
            let on_device = Buffer::from_slice(self.gpu, &table)?;
            self.table = (table, on_device);
        }
        let launch = Launch {
            state: self.state.pointer().as_mut_ptr(),
            positions: self.positions.pointer().as_mut_ptr(),
            codes: self.statuses.codes.pointer().as_mut_ptr(),
            failures: self.statuses.failures.pointer().as_mut_ptr(),
            drift_calls: self.drift_calls.pointer().as_mut_ptr(),
            extent: Extent {
                count: self.len(),
                first: self.first,
                streams: self.streams,
                table_length: self.table.0.len(),
                first_step: steps.start,
                steps: steps.end.saturating_sub(steps.start),
            },
        };
        let name = KernelName::Fused {
            method: S::NAME,
            scheme: <S::Scheme as KernelScheme>::NAME,
            drift: F::NAME,
            scalar,
            dimension: D,
        };
        let (method, table) = (stepper.method(), self.table.1.pointer());
        let arguments = [
            Argument::of(&launch),
            Argument::of(&method),
            Argument::of(&table),
        ];
        // SAFETY: a kernel of such a name is made by `fused_kernel` and takes these, in the crate's own modules
        // and as `Ptx::new` was promised. Nothing else uses the arrays before what follows on the stream, and
        // nothing writes the table. The stepper and the table suit the kernel's types, which the name
        // tells.
        unsafe { self.gpu.launch(module, name, self.len(), &arguments) }
    }

    /// Waits for the device, then writes states, word positions and statuses to particles; the run's
    /// costs are those since the upload.
    ///
    /// # Errors
    /// [`LaunchError::Length`] if these are not as many, [`LaunchError::Driver`] if a launch has failed. The
    /// particles are unchanged, but where the driver fails amid the last copies.
    pub fn download(&self, particles: &mut Particles<'_, T, X, D>) -> Result<Run, LaunchError> {
        let count = self.len();
        check_length("particles", count, particles.len())?;
        self.gpu.synchronize()?;
        let statuses = self.statuses.to_vec()?;
        let drift_calls = self.drift_calls.to_vec()?.into_iter().sum();
        let (columns, positions, status) = particles.arrays();
        for (index, column) in columns.enumerate() {
            self.state.download(index * count, column)?;
        }
        self.positions.download(0, positions)?;
        for (status, &found) in status.iter_mut().zip(&statuses) {
            *status = found;
        }
        Ok(Run {
            drift_calls,
            failed: particles.failed(),
        })
    }
}

impl<S, F, const D: usize> Engine<S, F, D> for Gpu
where
    S: KernelStepper<D>,
    RealOf<S::Scheme>: DeviceCopy,
    F: KernelDrift<RealOf<S::Scheme>, D>,
{
    type Error = LaunchError;

    fn advance(
        &self,
        stepper: &S,
        particles: &mut Particles<'_, RealOf<S::Scheme>, StateOf<S::Scheme, D>, D>,
        drift: &F,
        steps: Range<u32>,
    ) -> Result<Run, LaunchError> {
        let mut batch = self.upload(particles)?;
        batch.run(stepper, drift, steps)?;
        batch.download(particles)
    }
}

/// Several GPUs: an [`Engine`] that gives each a range of the particles.
///
/// All have run, or the particles are unchanged, but where a driver fails amid the last copies.
///
/// ```
/// use poisson_midpoint::cuda::{Gpus, LaunchError};
/// match Gpus::all() {
///     Ok(gpus) => println!("{} devices", gpus.devices().len()),
///     Err(LaunchError::NoDriver) => println!("no driver"),
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

    /// Those devices.
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

impl<S, F, const D: usize> Engine<S, F, D> for Gpus
where
    S: KernelStepper<D>,
    RealOf<S::Scheme>: DeviceCopy,
    F: KernelDrift<RealOf<S::Scheme>, D>,
{
    type Error = LaunchError;

    /// Every device is told what to do before the first is waited for.
    fn advance(
        &self,
        stepper: &S,
        particles: &mut Particles<'_, RealOf<S::Scheme>, StateOf<S::Scheme, D>, D>,
        drift: &F,
        steps: Range<u32>,
    ) -> Result<Run, LaunchError> {
        let each = particles.len().div_ceil(self.devices.len());
        let mut batches = Vec::with_capacity(self.devices.len());
        let mut rest = particles.reborrow();
        for gpu in &self.devices {
            let (mut range, after) = rest.split_at(each);
            rest = after;
            let mut batch = gpu.upload(&mut range)?;
            batch.run(stepper, drift, steps.clone())?;
            batches.push((batch, range));
        }
        // All have run before the first particle changes.
        for gpu in &self.devices {
            gpu.synchronize()?;
        }
        let mut total = Run::default();
        for (batch, range) in &mut batches {
            total = total.plus(batch.download(range)?);
        }
        Ok(total)
    }
}
