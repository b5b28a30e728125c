//! How a host reaches elements of a column.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// # Safety
/// That of [`ptr::read`](core::ptr::read).
#[inline]
pub(super) unsafe fn read<T: Copy>(pointer: *const T) -> T {
    // SAFETY: as the caller promises.
    unsafe { pointer.read() }
}

/// # Safety
/// That of [`ptr::write`](core::ptr::write).
#[inline]
pub(super) unsafe fn write<T: Copy>(pointer: *mut T, value: T) {
    // SAFETY: as the caller promises.
    unsafe { pointer.write(value) }
}

/// # Safety
/// That of [`read`] for each of the elements.
#[inline]
pub(super) unsafe fn read_row<T: Copy, const N: usize>(pointer: *const T) -> [T; N] {
    // SAFETY: as the caller promises; an array is aligned like its elements.
    unsafe { pointer.cast::<[T; N]>().read() }
}

/// # Safety
/// That of [`write`] for each of the elements.
#[inline]
pub(super) unsafe fn write_row<T: Copy, const N: usize>(pointer: *mut T, values: [T; N]) {
    // SAFETY: as above.
    unsafe { pointer.cast::<[T; N]>().write(values) }
}

/// # Safety
/// That of [`AtomicU32::from_ptr`].
#[inline]
pub(super) unsafe fn fetch_add(pointer: *mut u32, summand: u32) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { AtomicU32::from_ptr(pointer) }.fetch_add(summand, Ordering::Relaxed)
}

/// # Safety
/// That of [`AtomicU32::from_ptr`].
#[inline]
pub(super) unsafe fn store(pointer: *mut u32, value: u32) {
    // SAFETY: as the caller promises.
    unsafe { AtomicU32::from_ptr(pointer) }.store(value, Ordering::Relaxed);
}

/// # Safety
/// That of [`AtomicU64::from_ptr`].
#[inline]
pub(super) unsafe fn fetch_min(pointer: *mut u64, value: u64) {
    // SAFETY: as the caller promises.
    unsafe { AtomicU64::from_ptr(pointer) }.fetch_min(value, Ordering::Relaxed);
}
