//! Rust values in the caller's memory, marked with their type.

use core::mem::{align_of, size_of};

use core_crate::random::Words;

use crate::status::pmid_status_t::{
    self, PMID_BUSY, PMID_MISALIGNED_POINTER, PMID_NULL_POINTER, PMID_UNINITIALIZED,
};

/// A C struct of opaque words that holds an [`Object`].
///
/// # Safety
/// The struct is `repr(C)`, any bytes are a valid value of it, and no other handle has its `MARK`.
pub(crate) unsafe trait Handle: Sized {
    /// The value that the struct holds.
    type Value;
    /// The first word of an initialised object.
    const MARK: u32;
    /// Refuses to compile a handle that is too small or too little aligned for its object.
    const FITS: () = assert!(
        size_of::<Object<Self::Value>>() <= size_of::<Self>()
            && align_of::<Object<Self::Value>>() <= align_of::<Self>()
    );
}

/// A value and the mark of its type.
#[repr(C)]
pub(crate) struct Object<T> {
    mark: u32,
    value: T,
}

/// The bit of a mark that is flipped while a drift function, which might call back, runs.
const BUSY: u32 = 1 << 31;

/// Whether a pointer is neither null nor misaligned.
pub(crate) fn check<T>(pointer: *const T) -> Result<(), pmid_status_t> {
    if pointer.is_null() {
        Err(PMID_NULL_POINTER)
    } else if !pointer.is_aligned() {
        Err(PMID_MISALIGNED_POINTER)
    } else {
        Ok(())
    }
}

/// Writes an output.
///
/// # Safety
/// `pointer` is null, misaligned or valid for writes.
pub(crate) unsafe fn write<T>(pointer: *mut T, value: T) -> Result<(), pmid_status_t> {
    check(pointer)?;
    // SAFETY: neither null nor misaligned, so valid for writes.
    unsafe { pointer.write(value) };
    Ok(())
}

/// Makes an object, in place.
///
/// # Safety
/// `handle` is null, misaligned or valid for writes.
pub(crate) unsafe fn init<H: Handle>(
    handle: *mut H,
    make: impl FnOnce() -> H::Value,
) -> Result<(), pmid_status_t> {
    const { H::FITS };
    check(handle)?;
    let object = handle.cast::<Object<H::Value>>();
    // SAFETY: neither null nor misaligned, so valid for writes; an object is no larger and no more
    // strictly aligned than its handle.
    unsafe {
        (&raw mut (*object).value).write(make());
        (&raw mut (*object).mark).write(H::MARK);
    }
    Ok(())
}

/// Marks an object as uninitialised.
///
/// # Safety
/// `handle` is null, misaligned or valid for writes.
pub(crate) unsafe fn clear<H: Handle>(handle: *mut H) -> Result<(), pmid_status_t> {
    const { H::FITS };
    // SAFETY: a handle begins with the mark, and is aligned no less strictly.
    unsafe { write(handle.cast::<u32>(), 0) }
}

/// The object in a handle, if it has been made.
///
/// # Safety
/// `handle` is null, misaligned or valid for reads.
unsafe fn object<H: Handle>(handle: *const H) -> Result<*mut Object<H::Value>, pmid_status_t> {
    const { H::FITS };
    check(handle)?;
    let object = handle.cast::<Object<H::Value>>();
    // SAFETY: `handle` is valid for reads and begins with the mark.
    let mark = unsafe { (&raw const (*object).mark).read() };
    if mark == H::MARK {
        Ok(object.cast_mut())
    } else if mark == H::MARK ^ BUSY {
        Err(PMID_BUSY)
    } else {
        Err(PMID_UNINITIALIZED)
    }
}

/// The value in a handle, to read.
///
/// # Safety
/// `handle` is null, misaligned or valid for reads, and nobody writes to it while the
/// reference lives.
pub(crate) unsafe fn get<'a, H: Handle>(handle: *const H) -> Result<&'a H::Value, pmid_status_t> {
    // SAFETY: as for `object`; an object with its mark holds a value that `init` wrote.
    unsafe { Ok(&(*object(handle)?).value) }
}

/// The value in a handle, to change.
///
/// # Safety
/// `handle` is null, misaligned or valid for reads and writes, and nobody else uses it while the
/// reference lives.
pub(crate) unsafe fn get_mut<'a, H: Handle>(
    handle: *mut H,
) -> Result<&'a mut H::Value, pmid_status_t> {
    // SAFETY: as for `object`; an object with its mark holds a value that `init` wrote.
    unsafe { Ok(&mut (*object(handle)?).value) }
}
/// Runs `run` with the words of an object, which is busy meanwhile. The object is not borrowed while one of the
/// caller's functions runs, so that function may make the object anew; `busy` then returns PMID_BUSY.
///
/// # Safety
/// `handle` is null, misaligned or valid for reads and writes, and no other thread uses it.
pub(crate) unsafe fn busy<H, R>(
    handle: *mut H,
    run: impl FnOnce(&mut WordsOf<H::Value>) -> R,
) -> Result<R, pmid_status_t>
where
    H: Handle<Value: Words>,
{
    // SAFETY: as the caller promises.
    unsafe {
        let object = object(handle)?;
        (&raw mut (*object).mark).write(H::MARK ^ BUSY);
        let result = run(&mut WordsOf(&raw mut (*object).value));
        if !is_busy(handle) {
            return Err(PMID_BUSY);
        }
        (&raw mut (*object).mark).write(H::MARK);
        Ok(result)
    }
}

/// Whether an object is busy, and has not been made anew since.
///
/// # Safety
/// `handle` is valid for reads.
pub(crate) unsafe fn is_busy<H: Handle>(handle: *const H) -> bool {
    // SAFETY: as the caller promises; a handle begins with the mark.
    unsafe { handle.cast::<u32>().read() == H::MARK ^ BUSY }
}

/// The words of a busy object.
pub(crate) struct WordsOf<W>(*mut W);

impl<W: Words> Words for WordsOf<W> {
    #[inline]
    fn next_word(&mut self) -> u32 {
        // SAFETY: the pointer is from `busy`, whose caller promises that it is valid; no other reference lives.
        next_word(unsafe { &mut *self.0 })
    }
}

/// In this separate function the compiler knows that the reference is the only one, which saves a copy of a block on
/// the stack.
#[inline(never)]
fn next_word(words: &mut impl Words) -> u32 {
    words.next_word()
}
