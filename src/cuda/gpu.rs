use std::ffi::c_void;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use cust::CudaFlags;
use cust::context::{Context, CurrentContext};
use cust::device::Device;
use cust::error::CudaError;
use cust::sys::CUstream;

use super::driver;
use super::modules::{Kernel, Modules, lock};
use super::stream::{Queue, order};
use super::{KernelName, LaunchError};

/// A grid of threads.
///
/// ```
/// use poisson_midpoint::cuda::Grid;
/// assert_eq!(Grid { blocks: 3, threads: 64 }.blocks, 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Blocks.
    pub blocks: u32,
    /// Threads in each, at most 1024 and at most what a kernel's registers allow.
    pub threads: u32,
}

/// One GPU: an [`Engine`](crate::batch::Engine) with the bits of [`Cpu`](crate::batch::Cpu).
///
/// It has a stream of its own, or is given [one that someone else made](Self::on_stream), on which everything happens
/// in order; the device works while the program goes on. Dropping it waits for the device. Threads may share it. What
/// is asked of it makes its device the current one of the calling thread, for CUDA's runtime and what is built on it
/// too. The driver compiles modules when they are first used, or [ahead of that](Self::prepare), which takes from a
/// second to a minute for the widest, and keeps them from program to program.
///
/// ```
/// use nalgebra::SVector;
/// use poisson_midpoint::batch::{Cpu, Engine, Particles, Status};
/// use poisson_midpoint::cuda::{Gpu, LaunchError};
/// use poisson_midpoint::dynamics::Overdamped;
/// use poisson_midpoint::{EulerMaruyama, random::Streams, target::DoubleWell};
///
/// let (mut x, mut word_positions, mut status) = (vec![0.0_f32; 200], vec![0; 100], vec![Status::Active; 100]);
/// let mut particles: Particles<SVector<f32, 2>> =
///     Particles::new(Streams::new(42), 0, &mut x, &mut word_positions, &mut status)?;
/// let stepper = EulerMaruyama::new(Overdamped::new(0.1, 1)?);
/// let drift = DoubleWell { steepness: 1.0, cap: 2.0 };
/// let run = match Gpu::new(0) {
///     Ok(gpu) => gpu.advance(&stepper, &mut particles, &drift, 0..100)?,
///     Err(LaunchError::NoDriver | LaunchError::NoDevice { .. }) => {
///         Cpu.advance(&stepper, &mut particles, &drift, 0..100)?
///     }
///     Err(error) => return Err(error.into()),
/// };
/// assert_eq!((run.drift_calls, run.failed), (10_000, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Gpu {
    // Dropped in this order.
    modules: Modules,
    queue: Queue,
    context: Context,
    device: Device,
    grid: Mutex<Option<Grid>>,
}

impl Gpu {
    /// The number of devices: 0 if the driver finds none.
    ///
    /// # Errors
    /// [`LaunchError::NoDriver`], or [`LaunchError::Driver`].
    pub fn count() -> Result<u32, LaunchError> {
        if !driver::load() {
            return Err(LaunchError::NoDriver);
        }
        match cust::init(CudaFlags::empty()) {
            // Without a device the driver does not start: in a container that is given none, for example.
            Err(CudaError::NoDevice) => return Ok(0),
            started => started.map_err(LaunchError::driver("start"))?,
        }
        Device::num_devices().map_err(LaunchError::driver("count its devices"))
    }

    /// The device of this number, from 0.
    ///
    /// # Errors
    /// [`LaunchError::NoDriver`], [`LaunchError::NoDevice`] or [`LaunchError::Driver`].
    pub fn new(ordinal: u32) -> Result<Self, LaunchError> {
        Self::open(ordinal, Queue::new)
    }

    /// The device of this number, on a stream that someone else made: `torch.cuda.current_stream().cuda_stream`, or
    /// null for the default stream. Everything then happens in order with what else is on that stream.
    ///
    /// The stream is of the device's primary context, in which this crate works, and so do CUDA's runtime and what is
    /// built on it: `torch`, `cupy`, `candle` and `cudarc` for example.
    ///
    /// # Safety
    /// The stream is of that device's primary context, outlives the `Gpu`, and is not captured while that and its
    /// batches are used, or dropped. It is not the handle 2, which stands for another stream in each thread.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    ///
    /// ```
    /// use core::ptr;
    /// use poisson_midpoint::cuda::{Gpu, LaunchError};
    ///
    /// // SAFETY: every device has a default stream.
    /// match unsafe { Gpu::on_stream(0, ptr::null_mut()) } {
    ///     Ok(gpu) => assert!(gpu.stream().is_null()),
    ///     Err(LaunchError::NoDriver | LaunchError::NoDevice { .. }) => println!("no GPU"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok::<(), LaunchError>(())
    /// ```
    pub unsafe fn on_stream(ordinal: u32, stream: CUstream) -> Result<Self, LaunchError> {
        // SAFETY: as the caller promises.
        Self::open(ordinal, || Ok(unsafe { Queue::lent(stream) }))
    }

    fn open(
        ordinal: u32,
        queue: impl FnOnce() -> Result<Queue, LaunchError>,
    ) -> Result<Self, LaunchError> {
        let count = Self::count()?;
        if ordinal >= count {
            return Err(LaunchError::NoDevice { ordinal, count });
        }
        let what = "open the device";
        let device = Device::get_device(ordinal).map_err(LaunchError::driver(what))?;
        let context = Context::new(device).map_err(LaunchError::driver(what))?;
        Ok(Self {
            modules: Modules::default(),
            queue: queue()?,
            context,
            device,
            grid: Mutex::default(),
        })
    }

    /// The device's name.
    ///
    /// # Errors
    /// [`LaunchError::Driver`].
    pub fn name(&self) -> Result<String, LaunchError> {
        self.device
            .name()
            .map_err(LaunchError::driver("tell the device's name"))
    }

    /// Uses this grid for every launch or, for `None`, one that suits each launch. No bit depends on it.
    pub fn set_grid(&self, grid: Option<Grid>) {
        *lock(&self.grid) = grid;
    }

    /// The stream that everything happens on, as the driver knows it; it lives as long as the `Gpu`.
    ///
    /// Work on the device's default stream, that of `torch` and `cupy` unless they are told otherwise, is in order with
    /// the stream that [`new`](Self::new) makes. Another stream is not, be it one of `torch.cuda.Stream`, of a thread,
    /// or of a library with streams of its own such as JAX. Then either everything here happens on [that
    /// stream](Self::on_stream), or one side waits for the other: on the host ([`synchronize`](Self::synchronize)
    /// here), or on the device, [`wait_for`](Self::wait_for) and [`make_wait`](Self::make_wait).
    #[must_use]
    pub fn stream(&self) -> CUstream {
        self.queue.raw()
    }

    /// Lets what is asked of this `Gpu` from now on wait for what the other stream has been asked for so far. The host
    /// does not wait.
    ///
    /// # Safety
    /// The other stream is one of the same device's primary context, and lives during the call.
    ///
    /// # Errors
    /// [`LaunchError::Driver`].
    pub unsafe fn wait_for(&self, other: CUstream) -> Result<(), LaunchError> {
        self.enter()?;
        // SAFETY: as the caller promises.
        unsafe { order(other, self.stream()) }
    }

    /// Lets what the other stream is asked for from now on wait for what has been asked of this `Gpu` so far. The host
    /// does not wait.
    ///
    /// # Safety
    /// As [`wait_for`](Self::wait_for).
    ///
    /// # Errors
    /// [`LaunchError::Driver`].
    pub unsafe fn make_wait(&self, other: CUstream) -> Result<(), LaunchError> {
        self.enter()?;
        // SAFETY: as the caller promises.
        unsafe { order(self.stream(), other) }
    }

    /// Waits until all that was asked of the device is done.
    ///
    /// # Errors
    /// [`LaunchError::Driver`], of anything that was asked for since the last call.
    pub fn synchronize(&self) -> Result<(), LaunchError> {
        // Waited for even where the thread cannot enter: what is freed or handed back next may be in use.
        let entered = self.enter();
        let done = self.queue.synchronize();
        entered.and(done)
    }

    /// The stream, for a thread that has entered.
    pub(super) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Makes this device the one that the calling thread's calls are for.
    pub(super) fn enter(&self) -> Result<(), LaunchError> {
        CurrentContext::set_current(&self.context).map_err(LaunchError::driver("change the device"))
    }

    /// A kernel of a module, which is compiled if it has not been.
    pub(super) fn find(
        &self,
        ptx: &'static str,
        name: KernelName,
    ) -> Result<Arc<Kernel>, LaunchError> {
        self.enter()?;
        self.modules.kernel(ptx, name)
    }

    /// Launches a kernel on enough threads for `units` units of work.
    ///
    /// # Safety
    /// The arguments are those that the kernel of that name takes, by address, and what they point to on
    /// the device suits the kernel.
    pub(super) unsafe fn launch(
        &self,
        ptx: &'static str,
        name: KernelName,
        units: usize,
        arguments: &[Argument<'_>],
    ) -> Result<(), LaunchError> {
        if units == 0 {
            return Ok(());
        }
        let kernel = self.find(ptx, name)?;
        let grid = *lock(&self.grid);
        let grid = grid.unwrap_or_else(|| kernel.grid(units));
        let mut arguments: Vec<*mut c_void> = arguments.iter().map(|argument| argument.0).collect();
        // SAFETY: as the caller promises.
        unsafe { self.queue.launch(kernel.function(), grid, &mut arguments) }
    }
}

/// Where an argument of a launch lies. The driver reads it before the launch returns.
#[derive(Clone, Copy)]
pub(super) struct Argument<'a>(*mut c_void, PhantomData<&'a ()>);

impl<'a> Argument<'a> {
    pub(super) fn of<T>(value: &'a T) -> Self {
        Self(core::ptr::from_ref(value).cast_mut().cast(), PhantomData)
    }
}

impl Drop for Gpu {
    fn drop(&mut self) {
        // What is dropped after this belongs to this device, and what was launched may use it. If the driver refuses
        // here, it will refuse to free that too, and has freed it with the device.
        let _ = self.synchronize();
    }
}
