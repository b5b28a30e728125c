//! The caller's arrays as slices.

use core::slice;

use crate::object::check;
use crate::status::pmid_status_t::{self, PMID_BAD_DIMENSION, PMID_OVERLAP};

/// An array to read.
///
/// # Safety
/// `pointer` is null, misaligned or valid for reads of `length` elements, which nobody writes while
/// the slice lives.
pub(crate) unsafe fn array<'a, T>(
    pointer: *const T,
    length: usize,
) -> Result<&'a [T], pmid_status_t> {
    check_array(pointer, length)?;
    // SAFETY: checked, and as the caller promises.
    Ok(unsafe { slice::from_raw_parts(pointer, length) })
}

/// An array to change.
///
/// # Safety
/// `pointer` is null, misaligned or valid for reads and writes of `length` elements, which nobody
/// else uses while the slice lives.
pub(crate) unsafe fn array_mut<'a, T>(
    pointer: *mut T,
    length: usize,
) -> Result<&'a mut [T], pmid_status_t> {
    check_array(pointer, length)?;
    // SAFETY: checked, and as the caller promises.
    Ok(unsafe { slice::from_raw_parts_mut(pointer, length) })
}

/// Whether a pointer and a length make an array.
pub(crate) fn check_array<T>(pointer: *const T, length: usize) -> Result<(), pmid_status_t> {
    check(pointer)?;
    check_length::<T>(length)
}

/// Whether an array of a length can exist: no object is larger than half the address space.
fn check_length<T>(length: usize) -> Result<(), pmid_status_t> {
    match length.checked_mul(size_of::<T>()) {
        Some(bytes) if length > 0 && isize::try_from(bytes).is_ok() => Ok(()),
        _ => Err(PMID_BAD_DIMENSION),
    }
}

/// Whether no two regions, each an address and a number of bytes, share a byte.
pub(crate) fn check_apart(regions: &[(usize, usize)]) -> Result<(), pmid_status_t> {
    let mut rest = regions.iter();
    while let Some(&(first, length)) = rest.next() {
        for &(second, other_length) in rest.clone() {
            let apart = first.saturating_add(length) <= second
                || second.saturating_add(other_length) <= first;
            if !apart {
                return Err(PMID_OVERLAP);
            }
        }
    }
    Ok(())
}

/// The region of an array.
pub(crate) fn region<T>(pointer: *const T, length: usize) -> (usize, usize) {
    (pointer.addr(), length.saturating_mul(size_of::<T>()))
}
