//! The stream on which everything happens: one of the device's own, or one that someone else made.
//!
//! `cust` has no stream that it has not made itself, so its driver's functions are called here by name.

use core::ffi::c_void;
use core::ptr;

use cust::function::Function;
use cust::memory::{DeviceCopy, DevicePointer};
use cust::stream::{Stream, StreamFlags};
use cust::sys::{
    CUevent, CUevent_flags, CUstream, cuEventCreate, cuEventDestroy_v2, cuEventRecord,
    cuLaunchKernel, cuMemcpyDtoHAsync_v2, cuMemcpyHtoDAsync_v2, cuMemsetD8Async,
    cuStreamSynchronize, cuStreamWaitEvent,
};

use super::LaunchError;
use super::error::checked;
use super::gpu::Grid;

/// A stream of a device.
#[derive(Debug)]
pub(super) enum Queue {
    /// Made here.
    Own(Stream),
    /// Someone else's.
    Lent(Handle),
}

/// What the driver knows a stream by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handle(CUstream);

// SAFETY: the driver takes a stream's name from any thread, and it is the same stream for all: `lent` excludes the name
// that is not.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Queue {
    /// A new stream of the device that the calling thread has entered.
    pub(super) fn new() -> Result<Self, LaunchError> {
        // Ordered with the default stream: cust would not make another kind if it were asked to.
        Stream::new(StreamFlags::DEFAULT, None)
            .map(Self::Own)
            .map_err(LaunchError::driver("open the device"))
    }

    /// A stream that someone else made.
    ///
    /// # Safety
    /// It is one of the device that it is used with, lives as long as it is, and is the same for every thread.
    pub(super) const unsafe fn lent(stream: CUstream) -> Self {
        Self::Lent(Handle(stream))
    }

    pub(super) fn raw(&self) -> CUstream {
        match self {
            Self::Own(stream) => stream.as_inner(),
            Self::Lent(Handle(stream)) => *stream,
        }
    }

    /// Waits on the host for all that was asked for.
    pub(super) fn synchronize(&self) -> Result<(), LaunchError> {
        // SAFETY: the stream lives.
        let result = unsafe { cuStreamSynchronize(self.raw()) };
        checked(result, "finish what was launched")
    }

    /// Launches a kernel.
    ///
    /// # Safety
    /// The arguments are those that the kernel takes, by address, and what they point to on the device suits the
    /// kernel.
    pub(super) unsafe fn launch(
        &self,
        function: &Function<'_>,
        grid: Grid,
        arguments: &mut [*mut c_void],
    ) -> Result<(), LaunchError> {
        // SAFETY: as the caller promises. The driver reads the arguments before it returns.
        let result = unsafe {
            cuLaunchKernel(
                function.to_raw(),
                grid.blocks,
                1,
                1,
                grid.threads,
                1,
                1,
                0,
                self.raw(),
                arguments.as_mut_ptr(),
                ptr::null_mut(),
            )
        };
        checked(result, "launch the kernel")
    }

    /// Copies from the host, without waiting.
    ///
    /// # Safety
    /// There is room for as much, and the slice is there and not written until the stream has been waited for.
    pub(super) unsafe fn upload<T: DeviceCopy>(
        &self,
        to: DevicePointer<T>,
        from: &[T],
    ) -> Result<(), LaunchError> {
        if from.is_empty() {
            return Ok(());
        }
        // SAFETY: as the caller promises.
        let result = unsafe {
            cuMemcpyHtoDAsync_v2(
                to.as_raw(),
                from.as_ptr().cast(),
                size_of_val(from),
                self.raw(),
            )
        };
        checked(result, "copy to the device")
    }

    /// Copies to the host, without waiting.
    ///
    /// # Safety
    /// There is as much, and the slice is there and not used until the stream has been waited for.
    pub(super) unsafe fn download<T: DeviceCopy>(
        &self,
        from: DevicePointer<T>,
        to: &mut [T],
    ) -> Result<(), LaunchError> {
        if to.is_empty() {
            return Ok(());
        }
        // SAFETY: as the caller promises.
        let result = unsafe {
            cuMemcpyDtoHAsync_v2(
                to.as_mut_ptr().cast(),
                from.as_raw(),
                size_of_val(to),
                self.raw(),
            )
        };
        checked(result, "copy from the device")
    }

    /// Fills bytes with one value, without waiting.
    ///
    /// # Safety
    /// There are as many.
    pub(super) unsafe fn fill<T: DeviceCopy>(
        &self,
        start: DevicePointer<T>,
        bytes: usize,
        value: u8,
    ) -> Result<(), LaunchError> {
        // SAFETY: as the caller promises.
        let result = unsafe { cuMemsetD8Async(start.as_raw(), value, bytes, self.raw()) };
        checked(result, "fill memory")
    }
}

/// Lets what `later` is asked for from now on wait for what `earlier` has been asked for so far; the host goes on.
///
/// # Safety
/// Both are streams of the device that the calling thread has entered.
pub(super) unsafe fn order(earlier: CUstream, later: CUstream) -> Result<(), LaunchError> {
    let what = "let a stream wait for another";
    let mut event: CUevent = ptr::null_mut();
    // SAFETY: the event is made before it is used, and destroyed after; the driver frees it once it has come to pass.
    unsafe {
        let flags = CUevent_flags::CU_EVENT_DISABLE_TIMING as u32;
        checked(cuEventCreate(&raw mut event, flags), what)?;
        let recorded = checked(cuEventRecord(event, earlier), what);
        let waits = recorded.and_then(|()| checked(cuStreamWaitEvent(later, event, 0), what));
        waits.and(checked(cuEventDestroy_v2(event), what))
    }
}
