//! A RISC-V of 32 bits, in machine mode.

pub use riscv_rt::entry;

use core::arch::asm;

use riscv::asm::delay;
use riscv::register::minstret;

/// A call of the debugger or emulator by the specification "RISC-V Semihosting".
fn call(operation: usize, argument: *const usize) -> usize {
    let result;
    // SAFETY: the three instructions are the call, uncompressed and within one page. It reads what
    // the argument points to, which the callers below give as the operation wants it, and changes
    // no memory of Rust's.
    unsafe {
        asm!(
            ".balign 16",
            ".option push",
            ".option norvc",
            "slli x0, x0, 0x1f",
            "ebreak",
            "srai x0, x0, 7",
            ".option pop",
            inlateout("a0") operation => result,
            in("a1") argument,
            options(nostack),
        );
    }
    result
}

const OPEN: usize = 1;
const WRITE: usize = 5;
const EXIT: usize = 0x18;

/// The host's standard output: a handle.
pub struct Output(usize);

impl Output {
    /// Opens it. `None` where there is none.
    pub fn open() -> Option<Self> {
        const NAME: &[u8] = b":tt\0";
        const TO_WRITE: usize = 4;
        let arguments = [NAME.as_ptr().expose_provenance(), TO_WRITE, NAME.len() - 1];
        let handle = call(OPEN, arguments.as_ptr());
        (handle != usize::MAX).then_some(Self(handle))
    }

    /// Writes what can be written: an image ends with an exit code, so no result is lost with its
    /// text.
    pub fn write(&mut self, bytes: &[u8]) {
        let arguments = [self.0, bytes.as_ptr().expose_provenance(), bytes.len()];
        let _ = call(WRITE, arguments.as_ptr());
    }
}

/// Asks the host to end the image.
pub fn end(well: bool) {
    const APPLICATION_EXIT: usize = 0x20026;
    const RUN_TIME_ERROR: usize = 0x20023;
    let reason = if well {
        APPLICATION_EXIT
    } else {
        RUN_TIME_ERROR
    };
    // On 32 bits the reason is the argument itself.
    let _ = call(EXIT, core::ptr::without_provenance(reason));
}

/// The address that the stack has grown down to.
#[inline(always)]
pub fn stack_pointer() -> u32 {
    let address;
    // SAFETY: reads a register.
    unsafe { asm!("mv {}, sp", out(reg) address, options(nomem, nostack, preserves_flags)) };
    address
}

/// Runs a loop of two instructions so many times.
pub fn spin(times: u32) {
    delay(2 * times);
}

/// The counter of retired instructions.
pub struct Timer(());

impl Timer {
    /// It runs from the reset on.
    pub fn start() -> Option<Self> {
        Some(Self(()))
    }

    /// The ticks of a run.
    pub fn ticks(&mut self, run: &mut dyn FnMut()) -> Option<u64> {
        let before = minstret::read64();
        run();
        Some(minstret::read64() - before)
    }
}
