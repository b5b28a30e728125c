//! What a kernel is told: where the particles lie in a device's memory.

use core::slice;

use crate::kernel::{FailureRecord, Memory, Method, Ptx, Thread, fused};
use crate::random::Streams;
use crate::scheme::Scheme;
use crate::{Real, Stepper, TableDrift};

#[cfg(not(target_pointer_width = "64"))]
compile_error!("the host of a GPU has 64-bit pointers, as the GPU has");

/// Which particles a launch moves, and by which steps. Laid out alike on host and device.
///
/// ```
/// use poisson_midpoint::kernel::Extent;
/// use poisson_midpoint::random::Streams;
/// // Steps 0..100 of particles 0..1000 under seed 42, of a drift with two parameters.
/// let extent = Extent {
///     count: 1000,
///     first: 0,
///     streams: Streams::new(42),
///     table_length: 2,
///     first_step: 0,
///     steps: 100,
/// };
/// assert_eq!(size_of_val(&extent), 64);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Extent {
    /// The number of particles.
    pub count: usize,
    /// The number of the first particle: the one at place p has the number `first` + p.
    pub first: u64,
    /// The key of the streams.
    pub streams: Streams,
    /// The number of the drift's parameters.
    pub table_length: usize,
    /// The first macro step.
    pub first_step: u32,
    /// How many macro steps.
    pub steps: u32,
}

/// A launch as its kernel sees it: what it moves, as pointers that the device can follow.
///
/// The particles lie as in [`batch`](crate::batch): component c of the particle at place p is
/// `state[c·count + p]`.
#[derive(Clone, Copy, Debug)]
pub struct Launch<T> {
    /// PARTS·D·count scalars.
    pub state: *mut T,
    /// `count` word positions.
    pub positions: *mut u64,
    /// `count` codes, as [`FailureRecord::code`].
    pub codes: *mut u32,
    /// `count` records, written where a step fails.
    pub failures: *mut FailureRecord,
    /// `count` numbers of drift evaluations, added to.
    pub drift_calls: *mut u64,
    /// The drift's parameters (see [`TableDrift`](crate::TableDrift)).
    pub table: *const T,
    /// Which particles, and by which steps.
    pub extent: Extent,
}

impl<T: Real> Launch<T> {
    /// The drift's parameters.
    ///
    /// # Safety
    /// `table` points to `extent.table_length` scalars that nobody writes while the slice lives.
    #[inline]
    #[must_use]
    pub unsafe fn table<'a>(&self) -> &'a [T] {
        // SAFETY: as the caller promises.
        unsafe { slice::from_raw_parts(self.table, self.extent.table_length) }
    }

    /// The particles, for threads to share.
    ///
    /// # Safety
    /// Every pointer points to as much as its field says, and while the particles live, nobody but
    /// the threads that share them uses that memory, each its own places.
    #[inline]
    #[must_use]
    pub unsafe fn particles(&self) -> DeviceParticles<'_, T> {
        DeviceParticles(self)
    }
}

/// The particles of a launch in a device's memory.
#[derive(Clone, Copy, Debug)]
pub struct DeviceParticles<'a, T>(&'a Launch<T>);

impl<T: Real> DeviceParticles<'_, T> {
    #[inline]
    fn component_index(self, component: usize, place: usize) -> usize {
        component * self.0.extent.count + place
    }
}

impl<T: Real> Memory<T> for DeviceParticles<'_, T> {
    #[inline]
    fn count(&self) -> usize {
        self.0.extent.count
    }
    #[inline]
    fn component(&self, component: usize, place: usize) -> T {
        // SAFETY: a place below `count`, and a component that a state has.
        unsafe {
            self.0
                .state
                .add(self.component_index(component, place))
                .read()
        }
    }
    #[inline]
    fn set_component(&self, component: usize, place: usize, value: T) {
        // SAFETY: as for `component`; the place is this thread's own.
        unsafe {
            self.0
                .state
                .add(self.component_index(component, place))
                .write(value);
        }
    }
    #[inline]
    fn position(&self, place: usize) -> u64 {
        // SAFETY: a place below `count`.
        unsafe { self.0.positions.add(place).read() }
    }
    #[inline]
    fn set_position(&self, place: usize, position: u64) {
        // SAFETY: a place below `count`, this thread's own.
        unsafe {
            self.0.positions.add(place).write(position);
        }
    }
    #[inline]
    fn is_active(&self, place: usize) -> bool {
        // SAFETY: a place below `count`.
        unsafe { self.0.codes.add(place).read() == 0 }
    }
    #[inline]
    fn fail(&self, place: usize, record: FailureRecord) {
        // SAFETY: a place below `count`, this thread's own.
        unsafe {
            self.0.codes.add(place).write(record.code);
            self.0.failures.add(place).write(record);
        }
    }
    #[inline]
    fn add_drift_calls(&self, place: usize, calls: u64) {
        // SAFETY: a place below `count`, this thread's own.
        unsafe {
            let sum = self.0.drift_calls.add(place);
            sum.write(sum.read().wrapping_add(calls));
        }
    }
}

impl Ptx {
    /// The module of a text.
    ///
    /// # Safety
    /// Every kernel in it whose name is that of a stepper, scheme, drift, scalar and dimension (see
    /// [`KernelDrift`](crate::kernel::KernelDrift)) was made by [`fused_kernel`](crate::fused_kernel) of these,
    /// with this version of the crate.
    #[must_use]
    pub const unsafe fn new(text: &'static str) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub const fn text(self) -> &'static str {
        self.0
    }
}

/// The body of a kernel: many macro steps of a thread's particles by the stepper S.
///
/// Does nothing if `method` was not made from such a stepper, or the table does not fit the drift F:
/// whoever launches it checks both.
///
/// # Safety
/// What [`Launch::table`] and [`Launch::particles`] demand.
#[inline]
pub unsafe fn fused_body<'a, S, F, const D: usize>(
    thread: Thread,
    launch: &Launch<RealOf<S, D>>,
    method: &Method<RealOf<S, D>>,
) where
    S: Stepper<D> + for<'m> TryFrom<&'m Method<RealOf<S, D>>>,
    F: TableDrift<'a, RealOf<S, D>, D>,
    RealOf<S, D>: 'a,
{
    // SAFETY: as the caller promises.
    let (table, particles) = unsafe { (launch.table(), launch.particles()) };
    if let (Ok(stepper), Ok(mut drift)) = (S::try_from(method), F::from_table(table)) {
        let extent = &launch.extent;
        let numbers = (&extent.streams, extent.first);
        let steps = extent.first_step..extent.first_step.saturating_add(extent.steps);
        fused(thread, &particles, numbers, &stepper, &mut drift, steps);
    }
}

type RealOf<S, const D: usize> = <<S as Stepper<D>>::Scheme as Scheme>::Real;

/// Which thread of a one-dimensional grid this is.
#[cfg(target_arch = "nvptx64")]
#[inline]
#[must_use]
pub fn this_thread() -> Thread {
    use core::arch::nvptx::{_block_dim_x, _block_idx_x, _grid_dim_x, _thread_idx_x};
    // SAFETY: they read registers that every thread has.
    let [thread, block, threads, blocks] = unsafe {
        [
            _thread_idx_x(),
            _block_idx_x(),
            _block_dim_x(),
            _grid_dim_x(),
        ]
        .map(|x| x as usize)
    };
    Thread {
        index: block * threads + thread,
        count: blocks * threads,
    }
}

/// Makes a kernel of a drift: many macro steps of every particle in one launch.
///
/// For a device crate of your own, which is `no_std`, has the feature `abi_ptx` and
/// is compiled for `nvptx64-nvidia-cuda`. It is given the stepper's type, that of the drift, which
/// implements [`TableDrift`](crate::TableDrift), the scalar and the dimension. The kernel's parameters
/// are the fields of a [`Launch`] in their order, [`Extent`] by value, then a [`Method`] by value; it
/// takes a one-dimensional grid of any size, and no shared memory.
///
/// ```ignore
/// poisson_midpoint::fused_kernel! {
///     pendulum_step: PoissonMidpoint<Underdamped<f32>>, Pendulum, f32, 1
/// }
/// ```
#[macro_export]
macro_rules! fused_kernel {
    ($name:ident: $stepper:ty, $drift:ty, $real:ty, $dimension:literal) => {
        /// See the launch's and the method's documentation.
        ///
        /// # Safety
        /// What the launch demands of its pointers, for every thread of the grid.
        #[unsafe(no_mangle)]
        pub unsafe extern "ptx-kernel" fn $name(
            state: *mut $real,
            positions: *mut u64,
            codes: *mut u32,
            failures: *mut $crate::kernel::FailureRecord,
            drift_calls: *mut u64,
            table: *const $real,
            extent: $crate::kernel::Extent,
            method: $crate::kernel::Method<$real>,
        ) {
            let thread = $crate::kernel::this_thread();
            let launch = $crate::kernel::Launch {
                state,
                positions,
                codes,
                failures,
                drift_calls,
                table,
                extent,
            };
            // SAFETY: as the caller promises.
            unsafe {
                $crate::kernel::fused_body::<$stepper, $drift, $dimension>(
                    thread, &launch, &method,
                );
            }
        }
    };
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "small numbers")]
#[path = "tests/fused.rs"]
mod tests;
