//! Arrays in a device's memory, for threads to share.

use core::mem::offset_of;

use super::FailureRecord;
use access::{fetch_add, fetch_min, read, read_row, store, write, write_row};

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
    /// While the column is used, on the machine whose memory it is in, there are that many elements, initialised and
    /// aligned. Whoever else uses them keeps away from the elements that are written, or uses them only through
    /// [`add`](Column::add), [`replace`](Column::replace) and [`least`](Column::least), as the column's users do.
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

    /// The elements from an index on.
    #[inline(always)]
    pub(super) fn from(self, index: usize) -> Self {
        let skipped = index.min(self.length);
        Self {
            // Within the array or at its end.
            pointer: self.pointer.wrapping_add(skipped),
            length: self.length - skipped,
        }
    }
}

/// Columns that are used at the same indices.
#[derive(Clone, Copy)]
pub(super) struct Columns<T, const M: usize> {
    all: [Column<T>; M],
    /// The length of the shortest.
    length: usize,
    /// The bits that any of their addresses has.
    addresses: usize,
}

impl<T: Copy + Default, const M: usize> Columns<T, M> {
    #[inline(always)]
    pub(super) fn new(columns: [Column<T>; M]) -> Self {
        let (mut length, mut addresses) = (usize::MAX, 0);
        for column in &columns {
            length = length.min(column.length);
            addresses |= column.pointer.addr();
        }
        Self {
            all: columns,
            length,
            addresses,
        }
    }

    /// Every `stride`th element from an index on of every column, so many, if all are there. Those side by side must
    /// also be aligned so that they can be read and written at once.
    #[inline(always)]
    pub(super) fn rows(&self, index: usize, stride: usize, count: usize) -> Option<Rows<T, M>> {
        let span = stride.checked_mul(count.checked_sub(1)?)?;
        let last = self.length.checked_sub(1)?.checked_sub(span)?;
        let addresses = self.addresses | index.wrapping_mul(size_of::<T>());
        let is_aligned = addresses.is_multiple_of(count.wrapping_mul(size_of::<T>()));
        (index <= last && (stride != 1 || is_aligned)).then_some(Rows {
            all: self.all,
            index,
            stride,
            count,
        })
    }
}

/// Elements at equal distances, the same ones of several columns.
#[derive(Clone, Copy)]
pub(super) struct Rows<T, const M: usize> {
    // Not a reference, which would keep the columns in memory.
    all: [Column<T>; M],
    index: usize,
    stride: usize,
    count: usize,
}

impl<T: Copy + Default, const M: usize> Rows<T, M> {
    /// The elements of a column, N of as many.
    #[inline(always)]
    pub(super) fn get<const N: usize>(&self, column: usize) -> [T; N] {
        match self.all.get(column) {
            Some(column) if N == self.count => {
                let pointer = column.pointer.wrapping_add(self.index);
                // SAFETY: within the array, which `new` was promised, and aligned if side by side, as `rows` has found.
                unsafe {
                    if self.stride == 1 {
                        read_row(pointer)
                    } else {
                        read_apart(pointer, self.stride)
                    }
                }
            }
            _ => [T::default(); N],
        }
    }

    /// Writes the elements of a column, N of as many.
    #[inline(always)]
    pub(super) fn set<const N: usize>(&self, column: usize, values: [T; N]) {
        if let Some(column) = self.all.get(column)
            && N == self.count
        {
            let pointer = column.pointer.wrapping_add(self.index);
            // SAFETY: as for `get`; the elements are this thread's own.
            unsafe {
                if self.stride == 1 {
                    write_row(pointer, values);
                } else {
                    write_apart(pointer, self.stride, values);
                }
            }
        }
    }
}

/// Every `stride`th element from a pointer on.
///
/// # Safety
/// That of [`ptr::read`](core::ptr::read) for each of them.
#[inline(always)]
unsafe fn read_apart<T: Copy + Default, const N: usize>(
    pointer: *const T,
    stride: usize,
) -> [T; N] {
    let mut values = [T::default(); N];
    for (index, value) in values.iter_mut().enumerate() {
        // SAFETY: as the caller promises.
        *value = unsafe { read(pointer.add(index * stride)) };
    }
    values
}

/// Writes every `stride`th element from a pointer on.
///
/// # Safety
/// That of [`ptr::write`](core::ptr::write) for each of them.
#[inline(always)]
unsafe fn write_apart<T: Copy, const N: usize>(pointer: *mut T, stride: usize, values: [T; N]) {
    for (index, value) in values.into_iter().enumerate() {
        // SAFETY: as the caller promises.
        unsafe { write(pointer.add(index * stride), value) };
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

    /// Writes an element that threads share; one of the values that they write stays.
    #[inline]
    pub fn replace(self, index: usize, value: u32) {
        if index < self.length {
            // SAFETY: as for `add`.
            unsafe { store(self.pointer.add(index), value) };
        }
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
