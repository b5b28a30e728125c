//! Copies between the host and a device, waited for together.

use core::mem;

use cust::memory::DeviceCopy;

use super::buffer::Buffer;
use super::{Gpu, LaunchError};

/// Copies that have been asked for, of slices that stay borrowed until all are done.
pub(super) struct Copies<'a> {
    gpu: &'a Gpu,
}

impl Gpu {
    /// Asks for copies of this device's arrays and waits once, for all of them and what was launched before, also where
    /// one is refused. What is copied is borrowed for longer than this takes.
    pub(super) fn copies<'a, R>(
        &'a self,
        ask: impl FnOnce(&mut Copies<'a>) -> Result<R, LaunchError>,
    ) -> Result<R, LaunchError> {
        self.enter()?;
        let unwound = Unwound(self);
        let asked = ask(&mut Copies { gpu: self });
        mem::forget(unwound);
        // The thread has entered, and cannot be refused to again.
        let done = self.queue().synchronize();
        let asked = asked?;
        done.map(|()| asked)
    }
}

/// Waits where the one who asks for copies panics.
struct Unwound<'a>(&'a Gpu);

impl Drop for Unwound<'_> {
    fn drop(&mut self) {
        let _ = self.0.queue().synchronize();
    }
}

impl<'a> Copies<'a> {
    /// Writes an array's elements from `offset` on.
    pub(super) fn upload<T: DeviceCopy>(
        &mut self,
        to: &mut Buffer<'_, T>,
        offset: usize,
        from: &'a [T],
    ) -> Result<(), LaunchError> {
        let to = to.part(offset, from.len())?;
        // SAFETY: the part is as long as the slice, which is borrowed until `Gpu::copies` has waited. A device that
        // refuses to be waited for is lost, and its copies with it.
        unsafe { self.gpu.queue().upload(to, from) }
    }

    /// Reads an array's elements from `offset` on.
    pub(super) fn download<T: DeviceCopy>(
        &mut self,
        from: &Buffer<'_, T>,
        offset: usize,
        to: &'a mut [T],
    ) -> Result<(), LaunchError> {
        let from = from.part(offset, to.len())?;
        // SAFETY: as for `upload`.
        unsafe { self.gpu.queue().download(from, to) }
    }
}
