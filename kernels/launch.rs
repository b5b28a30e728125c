//! What a kernel is told: where the particles lie in a device's memory.

use core::mem::offset_of;
use core::slice;

use crate::dynamics::cell::Cell;
use crate::dynamics::{CellOf, RealOf};
use crate::kernel::method::EntryOf;
use crate::kernel::{Column, FailureRecord, KernelStepper, Memory, Method, Ptx, Thread, fused};
use crate::random::Streams;
use crate::real::Real;
use crate::target::TableDrift;

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
///     entries: 0,
///     first_step: 0,
///     steps: 100,
/// };
/// assert_eq!(size_of_val(&extent), 72);
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
    /// The number of entries of the method's table of coefficients; 0 if the threads calculate them.
    pub entries: usize,
    /// The first macro step.
    pub first_step: u32,
    /// How many macro steps.
    pub steps: u32,
}

/// The argument of a kernel, by value: the particles that it moves. Laid out alike on host and device; the
/// pointers lead to the device's memory.
///
/// The particles lie as in [`batch`](crate::batch): component c of the particle at place p is
/// `state[c·count + p]`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Launch<T> {
    /// PARTS·D·count scalars.
    pub state: *mut T,
    /// `count` word positions.
    pub word_positions: *mut u64,
    /// `count` codes, as [`FailureRecord::code`].
    pub codes: *mut u32,
    /// `count` records, written where a step fails.
    pub failures: *mut FailureRecord,
    /// `count` numbers of drift evaluations, which the launch adds to.
    pub drift_calls: *mut u64,
    /// Which particles, and by which steps.
    pub extent: Extent,
}

const _: () = {
    assert!(size_of::<Extent>() == 72 && size_of::<FailureRecord>() == 20);
    assert!(size_of::<Launch<f32>>() == 112 && size_of::<Launch<f64>>() == 112);
    assert!(offset_of!(Launch<f32>, extent) == 40 && offset_of!(Launch<f64>, extent) == 40);
};

impl<T: Real> Launch<T> {
    /// The drift's parameters (see [`TableDrift`]).
    ///
    /// # Safety
    /// The pointer is aligned and not null, and leads to `extent.table_length` scalars that nobody writes while the slice
    /// lives.
    #[inline]
    #[must_use]
    pub unsafe fn table<'a>(&self, pointer: *const T) -> &'a [T] {
        // SAFETY: as the caller promises.
        unsafe { slice::from_raw_parts(pointer, self.extent.table_length) }
    }

    /// The method's table of coefficients, of entries E made of scalars alone.
    ///
    /// # Safety
    /// The pointer is not null, is aligned for E, and leads to `extent.entries` of them that nobody writes while the
    /// slice lives.
    #[inline]
    unsafe fn entries<'a, E>(&self, pointer: *const T) -> &'a [E] {
        // SAFETY: as the caller promises.
        unsafe { slice::from_raw_parts(pointer.cast(), self.extent.entries) }
    }

    /// The particles, of states with so many components, for threads to share.
    ///
    /// # Safety
    /// Every pointer leads to as much as its field says, and while the particles live, nobody but the
    /// threads that share them uses that memory, each its own places.
    #[inline]
    #[must_use]
    pub unsafe fn particles(&self, components: usize) -> DeviceParticles<'_, T> {
        DeviceParticles {
            launch: self,
            components,
        }
    }
}

/// The particles of a launch. Where there is no particle, reading gives 0 and writing does nothing.
#[derive(Clone, Copy, Debug)]
pub struct DeviceParticles<'a, T> {
    launch: &'a Launch<T>,
    components: usize,
}

impl<T: Real> DeviceParticles<'_, T> {
    /// One of the arrays with an element for each particle.
    #[inline]
    fn column<U>(&self, pointer: *mut U) -> Column<U> {
        // SAFETY: `particles` was promised that there are as many, and that each thread keeps to its own.
        unsafe { Column::new(pointer, self.launch.extent.count) }
    }

    /// The column of a component of the state, an empty one if there is no such component.
    #[inline]
    fn components(&self, component: usize) -> Column<T> {
        let count = self.launch.extent.count;
        let length = if component < self.components {
            count
        } else {
            0
        };
        let start = component.wrapping_mul(count);
        // SAFETY: as for `column`.
        unsafe { Column::new(self.launch.state.wrapping_add(start), length) }
    }
}

impl<T: Real> Memory<T> for DeviceParticles<'_, T> {
    #[inline]
    fn count(&self) -> usize {
        self.launch.extent.count
    }
    #[inline]
    fn component(&self, component: usize, place: usize) -> T {
        self.components(component).get(place)
    }
    #[inline]
    fn set_component(&self, component: usize, place: usize, value: T) {
        self.components(component).set(place, value);
    }
    #[inline]
    fn word_position(&self, place: usize) -> u64 {
        self.column(self.launch.word_positions).get(place)
    }
    #[inline]
    fn set_word_position(&self, place: usize, position: u64) {
        self.column(self.launch.word_positions).set(place, position);
    }
    #[inline]
    fn is_active(&self, place: usize) -> bool {
        self.column(self.launch.codes).get(place) == 0
    }
    #[inline]
    fn fail(&self, place: usize, record: FailureRecord) {
        self.column(self.launch.codes).set(place, record.code);
        self.column(self.launch.failures).set(place, record);
    }
    #[inline]
    fn add_drift_calls(&self, place: usize, calls: u64) {
        let sums = self.column(self.launch.drift_calls);
        sums.set(place, sums.get(place).wrapping_add(calls));
    }
}

impl Ptx {
    /// The module of a text.
    ///
    /// # Safety
    /// Every kernel in it whose name is that of a stepper, dynamics, drift, scalar and dimension (see
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
/// What [`Launch::table`] demands of the pointer `table`, and [`Launch::particles`] for the stepper's states. The pointer
/// `coefficients` is not null and aligned to 16 bytes, and leads to the `extent.entries` first entries of the table that
/// a stepper of these parameters writes, which nobody writes meanwhile.
#[inline]
pub unsafe fn fused_body<'a, S, F, const D: usize>(
    thread: Thread,
    launch: &Launch<RealOf<S::Dynamics>>,
    method: &Method<RealOf<S::Dynamics>>,
    table: *const RealOf<S::Dynamics>,
    coefficients: *const RealOf<S::Dynamics>,
) where
    S: KernelStepper,
    F: TableDrift<'a, RealOf<S::Dynamics>, D>,
    RealOf<S::Dynamics>: 'a,
{
    let components = CellOf::<S::Dynamics, RealOf<S::Dynamics>>::PARTS * D;
    // SAFETY: as the caller promises.
    let (table, particles) = unsafe { (launch.table(table), launch.particles(components)) };
    // SAFETY: as the caller promises; an entry is an array of scalars that is aligned to 16 bytes.
    let entries = unsafe { launch.entries::<EntryOf<S>>(coefficients) };
    if let (Ok(stepper), Ok(drift)) = (S::on_device(method, entries), F::from_table(table)) {
        let extent = &launch.extent;
        let numbers = (&extent.streams, extent.first);
        let steps = extent.first_step..extent.first_step.saturating_add(extent.steps);
        fused(thread, &particles, numbers, &stepper, &drift, steps);
    }
}

/// Which thread of a one-dimensional grid this is.
#[cfg(target_arch = "nvptx64")]
#[inline]
#[must_use]
pub fn this_thread() -> Thread {
    use core::arch::nvptx::{_block_dim_x, _block_idx_x, _grid_dim_x, _thread_idx_x};
    // SAFETY: these functions read registers that every thread has.
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
/// implements [`TableDrift`](crate::target::TableDrift), the scalar and the dimension. The kernel's parameters
/// are a [`Launch`] and a [`Method`] by value, and pointers to the drift's table and to the method's table of
/// coefficients. These pointers are not in a struct, since there the compiler would not know that they lead to global
/// memory. The kernel takes a one-dimensional
/// grid of any size, and no shared memory.
///
/// ```ignore
/// poisson_midpoint::fused_kernel! {
///     pendulum_step: PoissonMidpoint<Underdamped<f32>>, Pendulum, f32, 1
/// }
/// ```
#[macro_export]
macro_rules! fused_kernel {
    ($name:ident: $stepper:ty, $drift:ty, $real:ty, $dimension:literal) => {
        /// See the launch's documentation.
        ///
        /// # Safety
        /// What `kernel::fused_body` demands, for every thread of the grid.
        #[unsafe(no_mangle)]
        pub unsafe extern "ptx-kernel" fn $name(
            launch: $crate::kernel::Launch<$real>,
            method: $crate::kernel::Method<$real>,
            table: *const $real,
            coefficients: *const $real,
        ) {
            let thread = $crate::kernel::this_thread();
            // SAFETY: as the caller promises.
            unsafe {
                $crate::kernel::fused_body::<$stepper, $drift, $dimension>(
                    thread,
                    &launch,
                    &method,
                    table,
                    coefficients,
                );
            }
        }
    };
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "small numbers")]
#[path = "tests/fused.rs"]
mod tests;
