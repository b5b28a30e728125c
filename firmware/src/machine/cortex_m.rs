//! A Cortex-M.

pub use cortex_m_rt::entry;

use cortex_m::Peripherals;
use cortex_m::asm::delay;
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::register::msp;
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hio::{HostStream, hstdout};

/// The host's standard output.
pub struct Output(HostStream);

impl Output {
    /// Opens it. `None` where there is none.
    pub fn open() -> Option<Self> {
        hstdout().ok().map(Self)
    }

    /// Writes what can be written: an image ends with an exit code, so no result is lost with its
    /// text.
    pub fn write(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes);
    }
}

/// Asks the host to end the image.
pub fn end(well: bool) {
    debug::exit(if well { EXIT_SUCCESS } else { EXIT_FAILURE });
}

/// The address that the stack has grown down to.
#[inline(always)]
pub fn stack_pointer() -> u32 {
    msp::read()
}

/// Runs a loop of two instructions so many times.
pub fn spin(times: u32) {
    delay(times);
}

const LARGEST: u32 = 0x00ff_ffff;

/// SysTick, on the processor's clock.
pub struct Timer(SYST);

impl Timer {
    /// Starts it, once.
    pub fn start() -> Option<Self> {
        let mut timer = Peripherals::take()?.SYST;
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(LARGEST);
        timer.clear_current();
        timer.enable_counter();
        Some(Self(timer))
    }

    /// The ticks of a run. `None` if they are more than 24 bits hold.
    pub fn ticks(&mut self, run: &mut dyn FnMut()) -> Option<u64> {
        self.0.clear_current();
        // It starts again from the largest value at the next tick.
        spin(1000);
        let _ = self.0.has_wrapped();
        let before = SYST::get_current();
        run();
        let after = SYST::get_current();
        // It counts down.
        (!self.0.has_wrapped()).then(|| (before - after).into())
    }
}
