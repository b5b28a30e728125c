//! Arrays on a device, each with the device that it is on.

use core::mem::ManuallyDrop;

use cust::memory::{DeviceBuffer, DeviceCopy, DevicePointer, DeviceSlice};

use super::error::check_length;
use super::{Gpu, LaunchError};
use crate::kernel::Column;

/// An array on a device.
#[derive(Debug)]
pub(super) struct Buffer<'g, T: DeviceCopy> {
    gpu: &'g Gpu,
    array: DeviceSlice<T>,
    /// Whether it was allocated here, and is to be freed.
    is_own: bool,
}

impl<'g, T: DeviceCopy> Buffer<'g, T> {
    /// An array of so many elements whose bytes are all alike, [`fill`](Self::fill)ed.
    pub(super) fn filled(gpu: &'g Gpu, byte: u8, length: usize) -> Result<Self, LaunchError> {
        let mut buffer = Self::unwritten(gpu, length)?;
        buffer.fill(byte)?;
        Ok(buffer)
    }

    /// An array with the elements of a slice.
    pub(super) fn from_slice(gpu: &'g Gpu, values: &[T]) -> Result<Self, LaunchError> {
        let mut buffer = Self::unwritten(gpu, values.len())?;
        buffer.upload(values)?;
        Ok(buffer)
    }

    /// An array that holds what the memory held, to be written before it is read.
    pub(super) fn unwritten(gpu: &'g Gpu, length: usize) -> Result<Self, LaunchError> {
        gpu.enter()?;
        // SAFETY: the elements are plain words, and any bits are a valid one.
        let array = unsafe { DeviceBuffer::uninitialized(length) };
        let array = ManuallyDrop::new(array.map_err(LaunchError::driver("allocate memory"))?);
        Ok(Self {
            gpu,
            array: **array,
            is_own: true,
        })
    }

    /// Someone else's array.
    ///
    /// # Safety
    /// It is on this device, aligned, and there as long as the buffer. Nobody else uses it while something that was
    /// asked of the device may use it.
    pub(super) const unsafe fn lent(gpu: &'g Gpu, array: DeviceSlice<T>) -> Self {
        Self {
            gpu,
            array,
            is_own: false,
        }
    }

    pub(super) fn gpu(&self) -> &'g Gpu {
        self.gpu
    }

    pub(super) fn len(&self) -> usize {
        self.array.len()
    }

    pub(super) fn pointer(&self) -> DevicePointer<T> {
        self.array.as_device_ptr()
    }

    /// The array, for kernels alone.
    pub(super) fn column(&self) -> Column<T> {
        // SAFETY: the elements are plain words, aligned, on the device; here only launches are given the column,
        // and they follow one another on the stream.
        unsafe { Column::new(self.pointer().as_mut_ptr(), self.len()) }
    }

    /// Where the `length` elements from `offset` on lie, if the array has as many.
    pub(super) fn part(
        &self,
        offset: usize,
        length: usize,
    ) -> Result<DevicePointer<T>, LaunchError> {
        let within = offset
            .checked_add(length)
            .is_some_and(|end| end <= self.len());
        if !within {
            return Err(LaunchError::Length {
                what: "elements",
                expected: self.len(),
                found: offset.saturating_add(length),
            });
        }
        Ok(self.pointer().wrapping_add(offset))
    }

    /// Makes every byte this one when what was launched before is done, for which it does not wait.
    pub(super) fn fill(&mut self, byte: u8) -> Result<(), LaunchError> {
        if self.len() == 0 {
            return Ok(());
        }
        self.gpu.enter()?;
        let bytes = self.len() * size_of::<T>();
        // SAFETY: the array is as long, and any bits are a valid element.
        unsafe { self.gpu.queue().fill(self.pointer(), bytes, byte) }
    }

    /// Writes all elements, and waits.
    pub(super) fn upload(&mut self, values: &[T]) -> Result<(), LaunchError> {
        check_length("elements", self.len(), values.len())?;
        self.gpu.copies(|copies| copies.upload(self, 0, values))
    }

    /// Reads all elements, and waits.
    pub(super) fn download(&self, values: &mut [T]) -> Result<(), LaunchError> {
        check_length("elements", self.len(), values.len())?;
        self.gpu.copies(|copies| copies.download(self, 0, values))
    }

    /// All elements.
    pub(super) fn to_vec(&self) -> Result<Vec<T>, LaunchError>
    where
        T: Default,
    {
        let mut values = vec![T::default(); self.len()];
        self.download(&mut values)?;
        Ok(values)
    }
}

impl<T: DeviceCopy> Drop for Buffer<'_, T> {
    fn drop(&mut self) {
        if self.is_own {
            // What was launched may use it. If the driver refuses, it will refuse to free the array too, and nothing is
            // left to be done.
            let _ = self.gpu.synchronize();
            // SAFETY: the array was allocated as such a buffer, and nothing uses it after the wait.
            drop(unsafe { DeviceBuffer::from_raw_parts(self.pointer(), self.len()) });
        }
    }
}
