//! What a split-phase kernel is told: where its arrays lie in a device's memory.

use super::split_phase::{SplitExtent, SplitPhase, begin, choose, finish, midpoint, update};
use super::{Column, FailureRecord, KernelScheme, Method, Thread};
use crate::scheme::Process;
use crate::{EulerMaruyama, PoissonMidpoint, Real, State};

/// Which part of a macro step a kernel is: see [`split_phase`](super::split_phase).
///
/// ```
/// use poisson_midpoint::kernel::SplitPart;
/// assert_eq!(SplitPart::Begin.name(), "begin");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SplitPart {
    /// [`update`].
    Update,
    /// [`choose`].
    Choose,
    /// [`begin`].
    Begin,
    /// [`midpoint`].
    Midpoint,
    /// [`finish`].
    Finish,
}

impl SplitPart {
    /// The first word of its kernels' names.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Choose => "choose",
            Self::Begin => "begin",
            Self::Midpoint => "midpoint",
            Self::Finish => "finish",
        }
    }
}

/// A split-phase launch as its kernel sees it: pointers that the device can follow, to what the
/// fields of the same names of [`SplitPhase`] tell.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the fields of SplitPhase")]
pub struct SplitLaunch<T> {
    pub state: *mut T,
    pub next: *mut T,
    pub b0: *mut T,
    pub drift: *mut T,
    pub noise: *mut T,
    pub correction: *mut T,
    pub query: *mut T,
    pub times: *mut T,
    pub positions: *mut u64,
    pub next_positions: *mut u64,
    pub codes: *mut u32,
    pub failures: *mut FailureRecord,
    pub keys: *mut u64,
    pub previous: *mut u32,
    pub current: *mut u32,
    pub list: *mut u32,
    pub asked: *mut u32,
    pub extent: SplitExtent,
}

impl<T: Real> SplitLaunch<T> {
    /// The arrays, for threads to share.
    ///
    /// # Safety
    /// Every pointer points to as much as its field says for states of `parts` parts, aligned, and
    /// while the arrays are used, nobody but the threads of this launch uses that memory.
    #[inline(always)]
    #[must_use]
    unsafe fn arrays(&self, parts: usize) -> SplitPhase<T> {
        let extent = self.extent;
        let count = extent.count;
        let vectors = count * extent.dimension;
        let states = parts * vectors;
        // SAFETY: as the caller promises.
        unsafe {
            SplitPhase {
                state: Column::new(self.state, states),
                next: Column::new(self.next, states),
                b0: Column::new(self.b0, vectors),
                drift: Column::new(self.drift, vectors),
                noise: Column::new(self.noise, states),
                correction: Column::new(self.correction, states),
                query: Column::new(self.query, vectors),
                times: Column::new(self.times, count),
                positions: Column::new(self.positions, count),
                next_positions: Column::new(self.next_positions, count),
                codes: Column::new(self.codes, count),
                failures: Column::new(self.failures, count),
                keys: Column::new(self.keys, count),
                previous: Column::new(self.previous, count),
                current: Column::new(self.current, count),
                list: Column::new(self.list, count),
                asked: Column::new(self.asked, 1),
                extent,
            }
        }
    }
}

/// The body of a split-phase kernel: a part of a macro step of a thread's particles under the scheme
/// S.
///
/// Does nothing if `method` was not made from a stepper on such a scheme: whoever launches it
/// checks.
///
/// # Safety
/// Every pointer points to as much as the field of [`SplitPhase`] of its name says, aligned, and
/// during the launch nobody else uses that memory.
#[inline(always)]
pub unsafe fn split_body<S>(
    part: SplitPart,
    thread: Thread,
    launch: &SplitLaunch<S::Real>,
    method: &Method<S::Real>,
) where
    S: KernelScheme + Process<1>,
{
    // SAFETY: as the caller promises.
    let split = unsafe { launch.arrays(S::State::PARTS) };
    match part {
        SplitPart::Update => {
            if let Ok(stepper) = EulerMaruyama::<S>::try_from(method) {
                update(thread, &split, &stepper);
            }
        }
        SplitPart::Finish => finish::<S>(thread, &split),
        SplitPart::Choose | SplitPart::Begin | SplitPart::Midpoint => {
            let Ok(stepper) = PoissonMidpoint::<S>::try_from(method) else {
                return;
            };
            match part {
                SplitPart::Choose => choose(thread, &split, &stepper),
                SplitPart::Begin => begin(thread, &split, &stepper),
                _ => midpoint(thread, &split, &stepper),
            }
        }
    }
}

/// Makes a split-phase kernel. Its parameters are the fields of a [`SplitLaunch`] in their order,
/// [`SplitExtent`] and a [`Method`] by value; it takes a one-dimensional grid of any size.
#[doc(hidden)]
#[macro_export]
macro_rules! split_kernel {
    ($name:ident: $part:ident, $scheme:ty, $real:ty) => {
        /// See the launch's and the method's documentation.
        ///
        /// # Safety
        /// What the launch demands of its pointers.
        #[unsafe(no_mangle)]
        pub unsafe extern "ptx-kernel" fn $name(
            state: *mut $real,
            next: *mut $real,
            b0: *mut $real,
            drift: *mut $real,
            noise: *mut $real,
            correction: *mut $real,
            query: *mut $real,
            times: *mut $real,
            positions: *mut u64,
            next_positions: *mut u64,
            codes: *mut u32,
            failures: *mut $crate::kernel::FailureRecord,
            keys: *mut u64,
            previous: *mut u32,
            current: *mut u32,
            list: *mut u32,
            asked: *mut u32,
            extent: $crate::kernel::SplitExtent,
            method: $crate::kernel::Method<$real>,
        ) {
            let launch = $crate::kernel::SplitLaunch {
                state,
                next,
                b0,
                drift,
                noise,
                correction,
                query,
                times,
                positions,
                next_positions,
                codes,
                failures,
                keys,
                previous,
                current,
                list,
                asked,
                extent,
            };
            let thread = $crate::kernel::this_thread();
            // SAFETY: as the caller promises.
            unsafe {
                $crate::kernel::split_body::<$scheme>(
                    $crate::kernel::SplitPart::$part,
                    thread,
                    &launch,
                    &method,
                );
            }
        }
    };
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "small numbers")]
#[path = "tests/split.rs"]
mod tests;
