//! Arrays on a device, each with the device that it is on.

use core::mem::ManuallyDrop;

use cust::memory::{AsyncCopyDestination, DeviceBuffer, DeviceCopy, DevicePointer, DeviceSlice};

use super::{Gpu, LaunchError};
use crate::kernel::Column;

/// An array on a device.
#[derive(Debug)]
pub(super) struct Buffer<'g, T: DeviceCopy> {
    gpu: &'g Gpu,
    array: ManuallyDrop<DeviceBuffer<T>>,
}

impl<'g, T: DeviceCopy> Buffer<'g, T> {
    /// An array of so many elements, all alike.
    pub(super) fn filled(gpu: &'g Gpu, value: T, length: usize) -> Result<Self, LaunchError> {
        Self::from_slice(gpu, &vec![value; length])
    }

    /// An array with the elements of a slice.
    pub(super) fn from_slice(gpu: &'g Gpu, values: &[T]) -> Result<Self, LaunchError> {
        let mut buffer = Self::unwritten(gpu, values.len())?;
        buffer.upload(0, values)?;
        Ok(buffer)
    }

    /// An array that holds what the memory held, to be written before it is read.
    pub(super) fn unwritten(gpu: &'g Gpu, length: usize) -> Result<Self, LaunchError> {
        gpu.enter()?;
        // SAFETY: the elements are plain words, and any bits are a valid one.
        let array = unsafe { DeviceBuffer::uninitialized(length) };
        let array = array.map_err(LaunchError::driver("allocate memory"))?;
        Ok(Self {
            gpu,
            array: ManuallyDrop::new(array),
        })
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

    /// The `length` elements from `offset` on, if the array has as many.
    fn part(&self, offset: usize, length: usize) -> Result<DeviceSlice<T>, LaunchError> {
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
        // SAFETY: within the array, as just checked.
        Ok(unsafe { DeviceSlice::from_raw_parts(self.pointer().wrapping_add(offset), length) })
    }

    /// Writes elements from `offset` on.
    pub(super) fn upload(&mut self, offset: usize, values: &[T]) -> Result<(), LaunchError> {
        if values.is_empty() {
            return Ok(());
        }
        let mut part = self.part(offset, values.len())?;
        self.gpu.enter()?;
        // SAFETY: the slice outlives the copy, since this waits until it is made.
        unsafe { part.async_copy_from(values, self.gpu.stream()) }
            .map_err(LaunchError::driver("copy to the device"))?;
        self.gpu.wait()
    }

    /// Reads elements from `offset` on.
    pub(super) fn download(&self, offset: usize, values: &mut [T]) -> Result<(), LaunchError> {
        if values.is_empty() {
            return Ok(());
        }
        let part = self.part(offset, values.len())?;
        self.gpu.enter()?;
        // SAFETY: as for `upload`.
        unsafe { part.async_copy_to(values, self.gpu.stream()) }
            .map_err(LaunchError::driver("copy from the device"))?;
        self.gpu.wait()
    }

    /// All elements.
    pub(super) fn to_vec(&self) -> Result<Vec<T>, LaunchError>
    where
        T: Default,
    {
        let mut values = vec![T::default(); self.len()];
        self.download(0, &mut values)?;
        Ok(values)
    }
}

impl<T: DeviceCopy> Drop for Buffer<'_, T> {
    fn drop(&mut self) {
        // If the driver refuses, it will refuse to free the array too, and nothing is left to be done.
        let _ = self.gpu.enter();
        // SAFETY: the array is used nowhere after this.
        unsafe { ManuallyDrop::drop(&mut self.array) }
    }
}
