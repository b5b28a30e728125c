//! Measures instructions and stack of steps and normals in f32. To be run under QEMU with
//! `-icount shift=0`; see `instructions` and `stack` for how.

#![no_std]
#![no_main]

use core::hint::black_box;

use nalgebra::SVector;
use poisson_midpoint::dynamics::{Dynamics, Overdamped};
use poisson_midpoint::random::{Stream, Words, normal_f32};
use poisson_midpoint::{EulerMaruyama, MidpointLaw, ParameterError, PoissonMidpoint, Stepper};
use poisson_midpoint_firmware::console::Console;
use poisson_midpoint_firmware::instructions::Counter;
use poisson_midpoint_firmware::machine::entry;
use poisson_midpoint_firmware::outcome::exit;
use poisson_midpoint_firmware::stack;
use poisson_midpoint_firmware::text::Text;

struct Report {
    console: Console,
    counter: Counter,
    well: bool,
}

impl Report {
    /// Writes `what insn=… stack=…`.
    fn line(&mut self, what: &str, run: &mut dyn FnMut()) {
        let instructions = self.counter.of(run);
        self.console.text(what);
        self.number(" insn=", instructions);
        self.number(" stack=", stack::used(run).map(u64::from));
        self.console.text("\n");
    }

    fn number(&mut self, name: &str, number: Option<u64>) {
        self.console.text(name);
        match number {
            Some(number) => self.console.decimal(number),
            None => self.well = false,
        }
    }

    /// A step of a method from a state that it keeps moving.
    fn step<S, const D: usize>(&mut self, what: &str, stepper: &S)
    where
        S: Stepper<Dynamics = Overdamped<f32>>,
    {
        let mut state = SVector::<f32, D>::repeat(1.0);
        let mut stream = Stream::new(42, 0);
        let mut drift = |_time: f32, x: &SVector<f32, D>| -x;
        let mut well = true;
        self.line(what, &mut || {
            let step = stepper.step(0.0, black_box(&mut state), &mut drift, &mut stream);
            well &= step.is_ok();
        });
        self.well &= well;
    }
}

fn measure(report: &mut Report) -> Result<(), ParameterError<f32>> {
    let mut stream = Stream::new(42, 0);
    report.line("word", &mut || {
        black_box(stream.next_word());
    });
    let mut word = 0_u32;
    report.line("normal", &mut || {
        word = word.wrapping_add(0x9e37_79b9);
        black_box(normal_f32(word));
    });
    let dynamics = Overdamped::new(0.1_f32, 1000)?;
    let euler = EulerMaruyama::new(Overdamped::new(dynamics.step_size() / 2.0, 1)?);
    let single = PoissonMidpoint::new(dynamics, MidpointLaw::Single);
    let bernoulli = PoissonMidpoint::new(dynamics, MidpointLaw::Bernoulli);
    report.step::<_, 3>("D=3 EM", &euler);
    report.step::<_, 3>("D=3 PMM-Single", &single);
    report.step::<_, 3>("D=3 PMM-Bernoulli", &bernoulli);
    report.step::<_, 16>("D=16 EM", &euler);
    report.step::<_, 16>("D=16 PMM-Single", &single);
    report.step::<_, 16>("D=16 PMM-Bernoulli", &bernoulli);
    Ok(())
}

#[entry]
fn main() -> ! {
    let mut console = Console::open();
    let Some(counter) = Counter::new() else {
        console
            .text("the timer does not count instructions: run under QEMU with -icount shift=0\n");
        exit(false)
    };
    let mut report = Report {
        console,
        counter,
        well: true,
    };
    let measured = measure(&mut report);
    exit(measured.is_ok() && report.well)
}
