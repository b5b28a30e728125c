//! How a device reaches elements of a column: by instructions for global memory.
//!
//! The compiler knows that a pointer that is a kernel's parameter leads there. Of a pointer within a struct that is a
//! parameter it knows nothing, and would make the device find out at every access.

use core::arch::asm;
use core::mem::{MaybeUninit, transmute_copy};

/// # Safety
/// That of [`ptr::read`](core::ptr::read).
#[inline(always)]
pub(super) unsafe fn read<T: Copy>(pointer: *const T) -> T {
    // SAFETY: as the caller promises; a word is read that is as long as the element.
    unsafe {
        match size_of::<T>() {
            4 => {
                let word: MaybeUninit<u32>;
                asm!(
                    "ld.global.b32 {}, [{}];", out(reg32) word, in(reg64) pointer,
                    options(pure, readonly, nostack, preserves_flags)
                );
                transmute_copy(&word)
            }
            8 => {
                let word: MaybeUninit<u64>;
                asm!(
                    "ld.global.b64 {}, [{}];", out(reg64) word, in(reg64) pointer,
                    options(pure, readonly, nostack, preserves_flags)
                );
                transmute_copy(&word)
            }
            _ => pointer.read(),
        }
    }
}

/// # Safety
/// That of [`ptr::write`](core::ptr::write).
#[inline(always)]
pub(super) unsafe fn write<T: Copy>(pointer: *mut T, value: T) {
    // SAFETY: as the caller promises; a word is written that is as long as the element.
    unsafe {
        match size_of::<T>() {
            4 => {
                let word: MaybeUninit<u32> = transmute_copy(&value);
                asm!(
                    "st.global.b32 [{}], {};", in(reg64) pointer, in(reg32) word,
                    options(nostack, preserves_flags)
                );
            }
            8 => {
                let word: MaybeUninit<u64> = transmute_copy(&value);
                asm!(
                    "st.global.b64 [{}], {};", in(reg64) pointer, in(reg64) word,
                    options(nostack, preserves_flags)
                );
            }
            _ => pointer.write(value),
        }
    }
}

/// # Safety
/// That of [`read`] for each of the elements, which have no padding, and the pointer is aligned like a word as long as
/// all of them.
#[inline(always)]
pub(super) unsafe fn read_row<T: Copy, const N: usize>(pointer: *const T) -> [T; N] {
    // SAFETY: as the caller promises; words are read together that are as long as the elements.
    unsafe {
        match (size_of::<T>(), N) {
            (4, 4) => {
                let (a, b, c, d): (u32, u32, u32, u32);
                asm!(
                    "ld.global.v4.b32 {{{}, {}, {}, {}}}, [{}];",
                    out(reg32) a, out(reg32) b, out(reg32) c, out(reg32) d, in(reg64) pointer,
                    options(pure, readonly, nostack, preserves_flags)
                );
                transmute_copy(&[a, b, c, d])
            }
            (4, 2) => {
                let (a, b): (u32, u32);
                asm!(
                    "ld.global.v2.b32 {{{}, {}}}, [{}];",
                    out(reg32) a, out(reg32) b, in(reg64) pointer,
                    options(pure, readonly, nostack, preserves_flags)
                );
                transmute_copy(&[a, b])
            }
            (8, 2) => {
                let (a, b): (u64, u64);
                asm!(
                    "ld.global.v2.b64 {{{}, {}}}, [{}];",
                    out(reg64) a, out(reg64) b, in(reg64) pointer,
                    options(pure, readonly, nostack, preserves_flags)
                );
                transmute_copy(&[a, b])
            }
            _ => {
                let mut row = [read(pointer); N];
                for (index, element) in row.iter_mut().enumerate().skip(1) {
                    *element = read(pointer.add(index));
                }
                row
            }
        }
    }
}

/// # Safety
/// That of [`write`] for each of the elements, which have no padding, and the pointer is aligned like a word as long as
/// all of them.
#[inline(always)]
pub(super) unsafe fn write_row<T: Copy, const N: usize>(pointer: *mut T, values: [T; N]) {
    // SAFETY: as the caller promises; words are written together that are as long as the elements.
    unsafe {
        match (size_of::<T>(), N) {
            (4, 4) => {
                let [a, b, c, d]: [u32; 4] = transmute_copy(&values);
                asm!(
                    "st.global.v4.b32 [{}], {{{}, {}, {}, {}}};",
                    in(reg64) pointer, in(reg32) a, in(reg32) b, in(reg32) c, in(reg32) d,
                    options(nostack, preserves_flags)
                );
            }
            (4, 2) => {
                let [a, b]: [u32; 2] = transmute_copy(&values);
                asm!(
                    "st.global.v2.b32 [{}], {{{}, {}}};",
                    in(reg64) pointer, in(reg32) a, in(reg32) b,
                    options(nostack, preserves_flags)
                );
            }
            (8, 2) => {
                let [a, b]: [u64; 2] = transmute_copy(&values);
                asm!(
                    "st.global.v2.b64 [{}], {{{}, {}}};",
                    in(reg64) pointer, in(reg64) a, in(reg64) b,
                    options(nostack, preserves_flags)
                );
            }
            _ => {
                for (index, value) in values.into_iter().enumerate() {
                    write(pointer.add(index), value);
                }
            }
        }
    }
}

/// # Safety
/// That of [`AtomicU32::from_ptr`](core::sync::atomic::AtomicU32::from_ptr).
#[inline(always)]
pub(super) unsafe fn fetch_add(pointer: *mut u32, summand: u32) -> u32 {
    let before: u32;
    // SAFETY: as the caller promises.
    unsafe {
        asm!(
            "atom.global.add.u32 {}, [{}], {};", out(reg32) before, in(reg64) pointer, in(reg32) summand,
            options(nostack, preserves_flags)
        );
    }
    before
}

/// # Safety
/// That of [`AtomicU32::from_ptr`](core::sync::atomic::AtomicU32::from_ptr).
#[inline(always)]
pub(super) unsafe fn store(pointer: *mut u32, value: u32) {
    // SAFETY: as the caller promises.
    unsafe {
        asm!(
            "st.relaxed.gpu.global.u32 [{}], {};", in(reg64) pointer, in(reg32) value,
            options(nostack, preserves_flags)
        );
    }
}

/// # Safety
/// That of [`AtomicU64::from_ptr`](core::sync::atomic::AtomicU64::from_ptr).
#[inline(always)]
pub(super) unsafe fn fetch_min(pointer: *mut u64, value: u64) {
    // SAFETY: as the caller promises.
    unsafe {
        asm!(
            "red.global.min.u64 [{}], {};", in(reg64) pointer, in(reg64) value,
            options(nostack, preserves_flags)
        );
    }
}
