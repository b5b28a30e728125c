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

/// Columns in which the dimensions of particles have the same places.
#[derive(Clone, Copy)]
pub(super) struct Columns<T, const M: usize> {
    all: [Column<T>; M],
    /// From a dimension to the next, and from a particle to the next.
    strides: (usize, usize),
    dimension: usize,
    count: usize,
    /// Whether all dimensions of all particles are there.
    are_whole: bool,
    /// The bits that any of the columns' addresses has.
    addresses: usize,
}

impl<T: Copy + Default, const M: usize> Columns<T, M> {
    /// Of so many dimensions and particles: dimension d of the particle at place p lies at d·s + p·t, where (s, t) are
    /// the strides.
    #[inline(always)]
    pub(super) fn new(
        columns: [Column<T>; M],
        strides: (usize, usize),
        (dimension, count): (usize, usize),
    ) -> Self {
        let (mut length, mut addresses) = (usize::MAX, 0);
        for column in &columns {
            length = length.min(column.length);
            addresses |= column.pointer.addr();
        }
        let last = |count: usize, stride: usize| count.checked_sub(1)?.checked_mul(stride);
        let last = last(dimension, strides.0)
            .zip(last(count, strides.1))
            .and_then(|(d, place)| d.checked_add(place));
        Self {
            all: columns,
            strides,
            dimension,
            count,
            are_whole: last.is_some_and(|last| last < length),
            addresses,
        }
    }

    /// The dimensions of the particle at a place in rows of `count`, a power of two, from dimension `first` on, which may
    /// be below 0. There are none if not all dimensions of all particles are there, or if those of a row lie side by side
    /// and are not aligned to be read and written at once.
    #[inline(always)]
    pub(super) fn rows(&self, place: usize, first: u32, count: u32) -> Option<Rows<T, M>> {
        let (stride, particle) = self.strides;
        let base = place.wrapping_mul(particle);
        let begin = base.wrapping_add(first as usize);
        let addresses = self.addresses | begin.wrapping_mul(size_of::<T>());
        let is_aligned = addresses.is_multiple_of((count as usize).wrapping_mul(size_of::<T>()));
        // Of a number of dimensions beyond 32 bits only the low half is taken: fewer rows, none outside the columns.
        #[allow(clippy::cast_possible_truncation, reason = "as said")]
        let last = (self.dimension as u32).checked_sub(count)?;
        let is_there = self.are_whole && place < self.count;
        (is_there && (stride != 1 || is_aligned)).then_some(Rows {
            all: self.all,
            base,
            stride,
            first,
            last,
            count,
        })
    }
}

/// The dimensions of a particle, `count` at a time.
#[derive(Clone, Copy)]
pub(super) struct Rows<T, const M: usize> {
    all: [Column<T>; M],
    base: usize,
    stride: usize,
    first: u32,
    /// The last dimension that a row can begin with.
    last: u32,
    count: u32,
}

impl<T: Copy + Default, const M: usize> Rows<T, M> {
    /// A row, if all of it is there.
    #[inline(always)]
    pub(super) fn row(&self, number: u32) -> Option<Row<T, M>> {
        let first = self.first.wrapping_add(number.wrapping_mul(self.count));
        let offset = (first as usize).wrapping_mul(self.stride);
        (first <= self.last).then(|| Row {
            all: self.all,
            index: self.base.wrapping_add(offset),
            stride: self.stride,
            count: self.count as usize,
        })
    }
}

/// Neighbouring dimensions of a particle, in all columns.
#[derive(Clone, Copy)]
pub(super) struct Row<T, const M: usize> {
    // Not a reference, which would keep the columns in memory.
    all: [Column<T>; M],
    index: usize,
    stride: usize,
    count: usize,
}

impl<T: Copy + Default, const M: usize> Row<T, M> {
    /// The row, if its elements lie side by side; the compiler then knows the stride.
    #[inline(always)]
    pub(super) fn together(self) -> Option<Self> {
        (self.stride == 1).then_some(Self { stride: 1, ..self })
    }

    /// The elements of a column, N of as many; 0 if there is no such column, or if N is another number.
    #[inline(always)]
    pub(super) fn get<const N: usize>(&self, column: usize) -> [T; N] {
        match self.all.get(column) {
            Some(column) if N == self.count => {
                let pointer = column.pointer.wrapping_add(self.index);
                // SAFETY: N elements are within the array, which `Column::new` was promised, and aligned if side by side,
                // as `Columns::rows` has found of `count`, which is N.
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

#[cfg(test)]
#[path = "tests/columns.rs"]
mod tests;
