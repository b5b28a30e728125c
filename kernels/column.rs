//! Arrays in a device's memory, for threads to share.

use core::mem::offset_of;

use super::FailureRecord;
use access::{fetch_add, fetch_min, read, write};

#[cfg_attr(target_arch = "nvptx64", path = "global.rs")]
#[cfg_attr(not(target_arch = "nvptx64"), path = "host.rs")]
mod access;

/// An array in a device's memory. Reading beyond its end gives 0, writing there does nothing. Laid out
/// alike on host and device.
///
/// ```
/// use poisson_midpoint::kernel::Column;
/// let mut numbers = [1_u32, 2];
/// // SAFETY: the array is two long and nobody else uses it.
/// let column = unsafe { Column::new(numbers.as_mut_ptr(), 2) };
/// column.set(1, 5);
/// column.set(2, 6);
/// assert_eq!((column.get(0), column.get(1), column.get(2)), (1, 5, 0));
/// ```
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Column<T> {
    pointer: *mut T,
    length: usize,
}

const _: () = {
    assert!(size_of::<Column<f32>>() == 16 && size_of::<Column<FailureRecord>>() == 16);
    assert!(offset_of!(Column<f32>, length) == 8);
};

impl<T> Column<T> {
    /// The `length` elements from `pointer` on.
    ///
    /// # Safety
    /// While the column is used, on the machine whose memory it is in, there are that many elements,
    /// initialised and aligned. Whoever else uses them keeps away from the elements that are written,
    /// or uses them only through [`add`](Column::add) and [`least`](Column::least), as the column's
    /// users do.
    #[inline]
    #[must_use]
    pub const unsafe fn new(pointer: *mut T, length: usize) -> Self {
        Self { pointer, length }
    }
}

impl<T: Copy + Default> Column<T> {
    /// The element at an index.
    #[inline]
    #[must_use]
    pub fn get(self, index: usize) -> T {
        if index < self.length {
            // SAFETY: within the array, which `new` was promised.
            unsafe { read(self.pointer.add(index)) }
        } else {
            T::default()
        }
    }

    /// Writes the element at an index.
    #[inline]
    pub fn set(self, index: usize, value: T) {
        if index < self.length {
            // SAFETY: within the array, which `new` was promised; the element is this thread's own.
            unsafe { write(self.pointer.add(index), value) }
        }
    }
}

impl Column<u32> {
    /// Adds to an element that threads share, and returns what it was.
    #[inline]
    #[must_use]
    pub fn add(self, index: usize, summand: u32) -> u32 {
        if index >= self.length {
            return 0;
        }
        // SAFETY: within the array, which `new` was promised; it is aligned, and other threads use
        // this element in this way alone.
        unsafe { fetch_add(self.pointer.add(index), summand) }
    }
}

impl Column<u64> {
    /// Lowers an element that threads share to a value, if that is less.
    #[inline]
    pub fn least(self, index: usize, value: u64) {
        if index < self.length {
            // SAFETY: as for `add`.
            unsafe { fetch_min(self.pointer.add(index), value) };
        }
    }
}
