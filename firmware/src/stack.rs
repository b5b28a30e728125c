//! Peak stack, by painting.

use core::ptr;

use crate::machine::stack_pointer;

const PAINT: u32 = 0x5a5a_c3c3;
/// Bytes below the stack pointer that are painted for one long run: more than any here takes.
const DEEP: u32 = 16384;
/// The same for a run of a few calls, on a board with little memory.
const SHALLOW: u32 = 4096;

/// The number of runs: not every step makes a new block of random words.
const RUNS: u32 = 64;

/// The most bytes of stack that any of 64 runs takes below its caller's frame.
///
/// `None` if it takes more than 4096. Interrupts must be off, and as many bytes of RAM free.
pub fn used(run: &mut dyn FnMut()) -> Option<u32> {
    (0..RUNS).try_fold(0, |most, _| Some(below(SHALLOW, run)?.max(most)))
}

/// The bytes of stack that one run takes, as for [`used`], but up to 16384.
pub fn once(run: &mut dyn FnMut()) -> Option<u32> {
    below(DEEP, run)
}

#[inline(never)]
fn below(depth: u32, run: &mut dyn FnMut()) -> Option<u32> {
    let top = stack_pointer();
    let bottom = top.checked_sub(depth)?;
    for address in (bottom..top).step_by(4) {
        // SAFETY: RAM below the stack pointer, which nothing uses while no function is called
        // and no interrupt comes.
        unsafe { ptr::with_exposed_provenance_mut::<u32>(address as usize).write_volatile(PAINT) };
    }
    run();
    let is_painted = |address: u32| {
        // SAFETY: as above; any bytes are a number.
        unsafe { ptr::with_exposed_provenance::<u32>(address as usize).read_volatile() == PAINT }
    };
    let deepest = (bottom..top).step_by(4).find(|&word| !is_painted(word));
    let used = top - deepest.unwrap_or(top);
    (used < depth).then_some(used)
}
