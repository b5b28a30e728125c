use core::marker::PhantomData;
use core::ops::Range;

use cust::memory::{DeviceCopy, DevicePointer, DeviceSlice};
use nalgebra::SVector;

use super::buffer::Buffer;
use super::error::{check_length, whole_particles};
use super::gpu::Argument;
use super::statuses::{Records, Statuses, set_word_positions};
use super::tables::{Coefficients, DriftParameters};
use super::{Gpu, KernelName, LaunchError, ptx};
use crate::batch::{Engine, Particles, Run, Status};
use crate::dynamics::state::State;
use crate::dynamics::{RealOf, StateOf};
use crate::kernel::{
    Extent, FailureRecord, KernelDrift, KernelDynamics, KernelStepper, Launch, Ptx,
};
use crate::random::Streams;
use crate::real::Real;

/// A batch of particles in a GPU's memory, to be moved many times before it is fetched.
///
/// The [`Particles`] that it is fetched into are a checkpoint: uploaded again, on any device, they go on with
/// the same bits. Dropping it waits for the device.
///
/// ```
/// use nalgebra::SVector;
/// use poisson_midpoint::batch::{Particles, Status};
/// use poisson_midpoint::cuda::{Gpu, LaunchError};
/// use poisson_midpoint::dynamics::Overdamped;
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, random::Streams, target::DoubleWell};
///
/// let (mut x, mut word_positions, mut status) = (vec![0.0_f32; 200], vec![0; 100], vec![Status::Active; 100]);
/// let mut particles: Particles<SVector<f32, 2>> =
///     Particles::new(Streams::new(42), 0, &mut x, &mut word_positions, &mut status)?;
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
///     Err(LaunchError::NoDriver | LaunchError::NoDevice { .. }) => println!("no GPU"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Batch<'g, X: State<Real: DeviceCopy>> {
    gpu: &'g Gpu,
    streams: Streams,
    first: u64,
    state: Buffer<'g, X::Real>,
    word_positions: Buffer<'g, u64>,
    statuses: Statuses<'g>,
    drift_calls: Buffer<'g, u64>,
    parameters: DriftParameters<'g, X::Real>,
    coefficients: Coefficients<'g, X::Real>,
    of_state: PhantomData<X>,
}

/// The module of the kernel of a stepper and a drift, and the kernel's name.
fn kernel_of<S, F, T, const D: usize>() -> Result<(&'static str, KernelName), LaunchError>
where
    S: KernelStepper,
    F: KernelDrift<T, D>,
    T: Real,
{
    let scalar = core::any::type_name::<T>();
    let module = F::PTX.map(Ptx::text).or_else(|| ptx::<T>(D));
    let module = module.ok_or(LaunchError::NoModule {
        scalar,
        dimension: D,
    })?;
    let name = KernelName::Fused {
        method: S::NAME,
        dynamics: <S::Dynamics as KernelDynamics>::NAME,
        drift: F::NAME,
        scalar,
        dimension: D,
    };
    Ok((module, name))
}

impl Gpu {
    /// Has the driver compile the module of a stepper's and a drift's kernel, if it has not yet, so that no run has to
    /// wait for that. Other threads may go on with what is compiled.
    ///
    /// # Errors
    /// As [`Batch::run`].
    ///
    /// ```
    /// use poisson_midpoint::EulerMaruyama;
    /// use poisson_midpoint::cuda::{Gpu, LaunchError};
    /// use poisson_midpoint::dynamics::Overdamped;
    /// use poisson_midpoint::target::DoubleWell;
    ///
    /// let stepper = EulerMaruyama::new(Overdamped::new(0.1_f32, 1)?);
    /// let drift = DoubleWell { steepness: 1.0, cap: 2.0 };
    /// match Gpu::new(0) {
    ///     // A double well has any number of dimensions.
    ///     Ok(gpu) => gpu.prepare::<_, _, 2>(&stepper, &drift)?,
    ///     Err(LaunchError::NoDriver | LaunchError::NoDevice { .. }) => println!("no GPU"),
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn prepare<S, F, const D: usize>(&self, _stepper: &S, _drift: &F) -> Result<(), LaunchError>
    where
        S: KernelStepper,
        F: KernelDrift<RealOf<S::Dynamics>, D>,
    {
        let (module, name) = kernel_of::<S, F, RealOf<S::Dynamics>, D>()?;
        self.find(module, name).map(drop)
    }

    /// A copy of particles on this device. Waits once, for all of their arrays; those in page-locked memory, of a
    /// [`LockedBuffer`](cust::memory::LockedBuffer), are copied without a detour. Such a buffer is made after a `Gpu` of
    /// this device, in a thread that has used that, and dropped before the device's last `Gpu`, with which it goes.
    ///
    /// # Errors
    /// [`LaunchError::Driver`], if there is too little memory for example.
    pub fn upload<X: State<Real: DeviceCopy>>(
        &self,
        particles: &mut Particles<'_, X>,
    ) -> Result<Batch<'_, X>, LaunchError> {
        let (streams, first) = particles.numbers();
        let count = particles.len();
        let (columns, word_positions, status) = particles.arrays();
        let records = Records::of(status);
        self.copies(|copies| {
            let mut state = Buffer::unwritten(self, X::PARTS * X::DIMENSION * count)?;
            for (index, column) in columns.iter().enumerate() {
                copies.upload(&mut state, index * count, column)?;
            }
            let mut positions = Buffer::unwritten(self, count)?;
            copies.upload(&mut positions, 0, word_positions)?;
            let mut statuses = Statuses::unwritten(self, count)?;
            statuses.upload(copies, &records)?;
            Batch::new(self, (streams, first), state, (positions, statuses))
        })
    }

    /// Particles, numbered from `first` on, whose states are in memory of the caller's on this device, a tensor of
    /// `torch` for example: nothing is copied. All are at the beginning of their streams.
    ///
    /// `state` has PARTS·D columns of as many scalars as there are particles: a tensor of the shape (PARTS·D, count). It
    /// may be rewritten between runs.
    ///
    /// # Safety
    /// The array is on this device, aligned, and there until the batch is dropped. Until then nobody else uses it but
    /// in order with [`Gpu::stream`].
    ///
    /// # Errors
    /// [`LaunchError::Length`] if the state is not that of a whole number of particles, [`LaunchError::ParticleNumber`] if
    /// the number after the last one's exceeds 64 bits, [`LaunchError::Driver`].
    ///
    /// ```no_run
    /// use nalgebra::SVector;
    /// use poisson_midpoint::cuda::cust::memory::{DevicePointer, DeviceSlice};
    /// use poisson_midpoint::cuda::cust::sys::CUstream;
    /// use poisson_midpoint::cuda::{Batch, Gpu, LaunchError};
    /// use poisson_midpoint::dynamics::Overdamped;
    /// use poisson_midpoint::{EulerMaruyama, random::Streams, target::DoubleWell};
    ///
    /// /// A hundred steps of the columns of a tensor of the shape (2, `count`): `tensor.data_ptr()`, on
    /// /// `torch.cuda.current_stream().cuda_stream`.
    /// ///
    /// /// # Safety
    /// /// They are what they are said to be, on device 0.
    /// unsafe fn advance(tensor: u64, count: usize, stream: CUstream) -> Result<(), Box<dyn std::error::Error>> {
    ///     let stepper = EulerMaruyama::new(Overdamped::new(0.1, 1)?);
    ///     let drift = DoubleWell { steepness: 1.0, cap: 2.0 };
    ///     let gpu = unsafe { Gpu::on_stream(0, stream)? };
    ///     let state = unsafe { DeviceSlice::from_raw_parts(DevicePointer::from_raw(tensor), 2 * count) };
    ///     let mut batch: Batch<SVector<f32, 2>> = unsafe { gpu.batch_over(Streams::new(42), 0, state)? };
    ///     Ok(batch.run(&stepper, &drift, 0..100)?)
    /// }
    /// ```
    pub unsafe fn batch_over<X: State<Real: DeviceCopy>>(
        &self,
        streams: Streams,
        first: u64,
        state: DeviceSlice<X::Real>,
    ) -> Result<Batch<'_, X>, LaunchError> {
        let count = whole_particles(first, X::PARTS * X::DIMENSION, state.len())?;
        // SAFETY: as the caller promises.
        let state = unsafe { Buffer::lent(self, state) };
        let progress = (
            Buffer::filled(self, 0, count)?,
            Statuses::active(self, count)?,
        );
        Batch::new(self, (streams, first), state, progress)
    }
}

impl<'g, X: State<Real: DeviceCopy>> Batch<'g, X> {
    fn new(
        gpu: &'g Gpu,
        (streams, first): (Streams, u64),
        state: Buffer<'g, X::Real>,
        (word_positions, statuses): (Buffer<'g, u64>, Statuses<'g>),
    ) -> Result<Self, LaunchError> {
        Ok(Self {
            gpu,
            streams,
            first,
            state,
            drift_calls: Buffer::filled(gpu, 0, word_positions.len())?,
            word_positions,
            statuses,
            parameters: DriftParameters::new(gpu)?,
            coefficients: Coefficients::new(gpu)?,
            of_state: PhantomData,
        })
    }
}

impl<X: State<Real: DeviceCopy>> Batch<'_, X> {
    /// The number of particles.
    #[must_use]
    pub fn len(&self) -> usize {
        self.word_positions.len()
    }

    /// Whether there are no particles.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The states on the device: PARTS·D columns of [`len`](Self::len) scalars.
    #[must_use]
    pub fn state(&self) -> DevicePointer<X::Real> {
        self.state.pointer()
    }

    /// Moves every active particle by the macro steps `steps`, as
    /// [`Cpu::run`](crate::batch::Cpu::run) does. Returns when the device has been told, not when it is
    /// done, unless a table is another than in the run before: an upload waits.
    ///
    /// There is one for the drift, and one of the midpoint method's coefficients of up to 4096 inner steps, which a run
    /// with other parameters than the last such method's makes and uploads: 48 bytes an inner step at most in `f32`, 96
    /// in `f64`.
    ///
    /// # Errors
    /// [`LaunchError`] if there is no kernel for the stepper, drift, scalar and dimension, if the drift's
    /// table does not suit its kernels, or if the driver refuses to compile or to launch them.
    pub fn run<S, F, const D: usize>(
        &mut self,
        stepper: &S,
        drift: &F,
        steps: Range<u32>,
    ) -> Result<(), LaunchError>
    where
        S: KernelStepper,
        X: StateOf<S::Dynamics> + State<Position = SVector<<X as State>::Real, D>>,
        F: KernelDrift<X::Real, D>,
    {
        let (module, name) = kernel_of::<S, F, X::Real, D>()?;
        let table_length = self.parameters.prepare(self.gpu, drift)?;
        let method = stepper.method();
        let entries = self.coefficients.prepare(self.gpu, stepper, method)?;
        let launch = Launch {
            state: self.state.pointer().as_mut_ptr(),
            word_positions: self.word_positions.pointer().as_mut_ptr(),
            codes: self.statuses.codes.pointer().as_mut_ptr(),
            failures: self.statuses.failures.pointer().as_mut_ptr(),
            drift_calls: self.drift_calls.pointer().as_mut_ptr(),
            extent: Extent {
                count: self.len(),
                first: self.first,
                streams: self.streams,
                table_length,
                entries,
                first_step: steps.start,
                steps: steps.end.saturating_sub(steps.start),
            },
        };
        let (table, coefficients) = (self.parameters.pointer(), self.coefficients.pointer());
        let arguments = [
            Argument::of(&launch),
            Argument::of(&method),
            Argument::of(&table),
            Argument::of(&coefficients),
        ];
        // SAFETY: a kernel of this name was made by `fused_kernel` and takes these arguments, in the crate's own
        // modules and, as `Ptx::new` was promised, in others. Nothing else uses the arrays before what follows on the
        // stream, and nothing writes the tables. The stepper and the tables suit the kernel's types, which its name
        // tells; a driver's allocation is aligned to 256 bytes.
        unsafe { self.gpu.launch(module, name, self.len(), &arguments) }
    }

    /// The word positions, copied from the device: with states and statuses, a checkpoint.
    ///
    /// # Errors
    /// [`LaunchError::Driver`].
    pub fn word_positions(&self) -> Result<Vec<u64>, LaunchError> {
        self.word_positions.to_vec()
    }

    /// Goes on from a checkpoint's word positions.
    ///
    /// # Errors
    /// [`LaunchError::Length`], [`LaunchError::PastEnd`] for one beyond [`Stream::END`](crate::random::Stream::END),
    /// [`LaunchError::Driver`].
    pub fn set_word_positions(&mut self, word_positions: &[u64]) -> Result<(), LaunchError> {
        set_word_positions(&mut self.word_positions, word_positions)
    }

    /// Which particles have failed, copied from the device.
    ///
    /// # Errors
    /// [`LaunchError::Driver`].
    pub fn status(&self) -> Result<Vec<Status>, LaunchError> {
        self.statuses.to_vec()
    }

    /// Goes on from a checkpoint's statuses.
    ///
    /// # Errors
    /// [`LaunchError::Length`], [`LaunchError::Driver`].
    pub fn set_status(&mut self, status: &[Status]) -> Result<(), LaunchError> {
        self.statuses.set(status)
    }

    /// The drift evaluations since the batch was made, of all particles, counted on the device.
    ///
    /// # Errors
    /// [`LaunchError::Driver`].
    pub fn drift_calls(&self) -> Result<u64, LaunchError> {
        Ok(self.drift_calls.to_vec()?.into_iter().sum())
    }

    /// Waits for the device, then writes states, word positions and statuses to particles; the run's
    /// costs are those since the upload. Waits once more, for all copies; page-locked memory is as good here as for
    /// [`Gpu::upload`].
    ///
    /// # Errors
    /// [`LaunchError::Length`] if there are not as many particles, [`LaunchError::Driver`] if a launch has failed. The
    /// particles are then unchanged, except where the driver fails amid the last copies.
    pub fn download(&self, particles: &mut Particles<'_, X>) -> Result<Run, LaunchError> {
        let count = self.len();
        check_length("particles", count, particles.len())?;
        // If a launch has failed, no copy is begun.
        self.gpu.synchronize()?;
        let (columns, word_positions, status) = particles.arrays();
        let (mut failures, mut drift_calls) =
            (vec![FailureRecord::default(); count], vec![0; count]);
        self.gpu.copies(|copies| {
            for (index, column) in columns.iter_mut().enumerate() {
                copies.download(&self.state, index * count, column)?;
            }
            copies.download(&self.word_positions, 0, word_positions)?;
            copies.download(&self.statuses.failures, 0, &mut failures)?;
            copies.download(&self.drift_calls, 0, &mut drift_calls)
        })?;
        for (status, found) in status.iter_mut().zip(&failures) {
            *status = found.status();
        }
        Ok(Run {
            drift_calls: drift_calls.into_iter().sum(),
            failed: particles.failed(),
        })
    }
}

impl<S, X, F, const D: usize> Engine<S, X, F> for Gpu
where
    S: KernelStepper,
    X: StateOf<S::Dynamics> + State<Position = SVector<<X as State>::Real, D>, Real: DeviceCopy>,
    F: KernelDrift<X::Real, D>,
{
    type Error = LaunchError;

    fn advance(
        &self,
        stepper: &S,
        particles: &mut Particles<'_, X>,
        drift: &F,
        steps: Range<u32>,
    ) -> Result<Run, LaunchError> {
        let mut batch = self.upload(particles)?;
        batch.run(stepper, drift, steps)?;
        batch.download(particles)
    }
}
