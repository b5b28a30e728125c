//! Instructions, counted by the emulator.
//!
//! Under QEMU's `-icount shift=0` the virtual clock advances by a nanosecond for each instruction,
//! so that a timer on that clock, SysTick say, counts them: at 25 MHz a tick is 40 instructions.

use core::hint::black_box;

use crate::machine::{Timer, spin};

/// The rate of the timer, by the board.
const MEGAHERTZ: u64 = match u64::from_str_radix(env!("MEGAHERTZ"), 10) {
    Ok(megahertz) => megahertz,
    Err(_) => panic!("the build script gives a number"),
};

/// A counter of instructions.
pub struct Counter(Timer);

impl Counter {
    /// Starts the timer. `None` if it does not count instructions: the emulator runs without
    /// `-icount shift=0`, or this is real hardware.
    pub fn new() -> Option<Self> {
        let mut counter = Self(Timer::start()?);
        // The second run turns twice as often.
        let once = counter.0.ticks(&mut || spin(100_000))?;
        let twice = counter.0.ticks(&mut || spin(200_000))?;
        let expected = 2 * 100_000 * MEGAHERTZ / 1000;
        let counts = twice.checked_sub(once)?.abs_diff(expected) <= 1;
        counts.then_some(counter)
    }

    /// The instructions of one long run, to a tick. `None` if they are more than the timer holds,
    /// which is 6·10⁸ at 25 MHz.
    pub fn once(&mut self, run: &mut dyn FnMut()) -> Option<u64> {
        Some(self.0.ticks(run)? * 1000 / MEGAHERTZ)
    }

    /// The instructions of a run, as the mean over 1000, without those of calling it. `None` as
    /// for [`once`](Self::once), for all 1000 together.
    pub fn of(&mut self, run: &mut dyn FnMut()) -> Option<u64> {
        const RUNS: u32 = 1000;
        let repeat = |run: &mut dyn FnMut()| {
            for _ in 0..RUNS {
                black_box(&mut *run)();
            }
        };
        let empty = self.0.ticks(&mut || repeat(&mut || ()))?;
        let full = self.0.ticks(&mut || repeat(run))?;
        Some(full.checked_sub(empty)? * 1000 / MEGAHERTZ / u64::from(RUNS))
    }
}
