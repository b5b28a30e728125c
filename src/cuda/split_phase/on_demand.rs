//! Arrays that take no memory until they are needed, and none where the caller lends its own.

use std::sync::OnceLock;

use cust::memory::{DeviceCopy, DevicePointer, DeviceSlice};

use crate::cuda::buffer::Buffer;
use crate::cuda::error::check_length;
use crate::cuda::{Gpu, LaunchError};

/// An array of a known length: the caller's, or one that is made when it is first needed.
#[derive(Debug)]
pub(super) struct OnDemand<'g, T: DeviceCopy> {
    gpu: &'g Gpu,
    length: usize,
    array: OnceLock<Buffer<'g, T>>,
}

impl<'g, T: DeviceCopy + Default> OnDemand<'g, T> {
    pub(super) const fn new(gpu: &'g Gpu, length: usize) -> Self {
        Self {
            gpu,
            length,
            array: OnceLock::new(),
        }
    }

    /// The array, which is made of zeros unless there is one, on the stream.
    pub(super) fn zeros(&self) -> Result<&Buffer<'g, T>, LaunchError> {
        self.or_make(|| Buffer::filled(self.gpu, 0, self.length))
    }

    /// The array, which is made unless there is one, to be written before it is read.
    pub(super) fn unwritten(&self) -> Result<&Buffer<'g, T>, LaunchError> {
        self.or_make(|| Buffer::unwritten(self.gpu, self.length))
    }

    fn or_make(
        &self,
        make: impl FnOnce() -> Result<Buffer<'g, T>, LaunchError>,
    ) -> Result<&Buffer<'g, T>, LaunchError> {
        if let Some(array) = self.array.get() {
            return Ok(array);
        }
        let array = make()?;
        // That of another thread, if it was faster.
        Ok(self.array.get_or_init(|| array))
    }

    /// Where the array is, which is made of zeros unless there is one. That waits for the device: whoever is told may
    /// write the array on another stream.
    pub(super) fn pointer(&self) -> Result<DevicePointer<T>, LaunchError> {
        let array = self.or_make(|| {
            let array = Buffer::filled(self.gpu, 0, self.length)?;
            self.gpu.synchronize()?;
            Ok(array)
        })?;
        Ok(array.pointer())
    }

    /// The elements, copied from the device.
    pub(super) fn to_vec(&self) -> Result<Vec<T>, LaunchError> {
        match self.array.get() {
            Some(array) => array.to_vec(),
            None => Ok(vec![T::default(); self.length]),
        }
    }

    /// Writes all elements.
    pub(super) fn set(&mut self, what: &'static str, values: &[T]) -> Result<(), LaunchError> {
        check_length(what, self.length, values.len())?;
        if let Some(array) = self.array.get_mut() {
            return array.upload(values);
        }
        self.array = Buffer::from_slice(self.gpu, values)?.into();
        Ok(())
    }

    /// Puts the caller's array in the place of this one.
    ///
    /// # Safety
    /// As [`Buffer::lent`].
    pub(super) unsafe fn lend(
        &mut self,
        what: &'static str,
        array: DeviceSlice<T>,
    ) -> Result<(), LaunchError> {
        check_length(what, self.length, array.len())?;
        // SAFETY: as the caller promises.
        self.array = unsafe { Buffer::lent(self.gpu, array) }.into();
        Ok(())
    }
}
