//! Instructions, counted by the emulator.
//!
//! Under QEMU's `-icount shift=0` the virtual clock advances by a nanosecond for each instruction.
//! The SysTick timer of the machine mps2-an386 runs on that clock at 25 MHz: a tick is 40
//! instructions.

use core::hint::black_box;

use cortex_m::asm::delay;
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;

const INSTRUCTIONS_PER_TICK: u32 = 40;
const LARGEST: u32 = 0x00ff_ffff;

/// A counter of instructions.
pub struct Counter(SYST);

impl Counter {
    /// Starts the timer. `None` if it does not count instructions: the emulator runs without
    /// `-icount shift=0`, or this is real hardware.
    pub fn new(mut timer: SYST) -> Option<Self> {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(LARGEST);
        timer.clear_current();
        timer.enable_counter();
        let mut counter = Self(timer);
        // A loop of two instructions, the second time twice as often.
        let once = counter.ticks(&mut || delay(100_000));
        let twice = counter.ticks(&mut || delay(200_000));
        let expected = 2 * 100_000 / INSTRUCTIONS_PER_TICK;
        let counts = (twice - once).abs_diff(expected) <= 1;
        counts.then_some(counter)
    }

    fn ticks(&mut self, run: &mut dyn FnMut()) -> u32 {
        let before = SYST::get_current();
        run();
        let after = SYST::get_current();
        // It counts down and wraps.
        before.wrapping_sub(after) & LARGEST
    }

    /// The instructions of one long run, to 40, if they are fewer than 6·10⁸.
    pub fn once(&mut self, run: &mut dyn FnMut()) -> u32 {
        self.ticks(run) * INSTRUCTIONS_PER_TICK
    }

    /// The instructions of a run, as the mean over 1000, without those of calling it.
    pub fn of(&mut self, run: &mut dyn FnMut()) -> u32 {
        const RUNS: u32 = 1000;
        let repeat = |run: &mut dyn FnMut()| {
            for _ in 0..RUNS {
                black_box(&mut *run)();
            }
        };
        let empty = self.ticks(&mut || repeat(&mut || ()));
        let full = self.ticks(&mut || repeat(run));
        (full - empty) * INSTRUCTIONS_PER_TICK / RUNS
    }
}
