//! Replays the host's golden vectors and compares every byte.

#![no_std]
#![no_main]

#[path = "../../../tests/golden/vectors.rs"]
mod vectors;

use core::str::Bytes;

use poisson_midpoint_firmware::console::Console;
use poisson_midpoint_firmware::machine::entry;
use poisson_midpoint_firmware::outcome::exit;
use poisson_midpoint_firmware::text::{self, Text};

const GOLDEN: &str = include_str!("../../../tests/data/golden.txt");

/// Compares what is written with the golden text, line by line.
struct Comparison {
    golden: Bytes<'static>,
    /// Whether the golden line has ended before the written one.
    ended: bool,
    same: bool,
    lines: u64,
    same_lines: u64,
    console: Console,
}

impl Comparison {
    fn end_line(&mut self) {
        while !self.ended {
            match self.golden.next() {
                None | Some(b'\n') => self.ended = true,
                Some(_) => self.same = false,
            }
        }
        self.lines += 1;
        if self.same {
            self.same_lines += 1;
        } else {
            self.console.text("other bits than golden.txt, line ");
            self.console.decimal(self.lines);
            self.console.text("\n");
        }
        (self.ended, self.same) = (false, true);
    }
}

impl Text for Comparison {
    fn byte(&mut self, byte: u8) {
        if byte == b'\n' {
            self.end_line();
        } else if self.ended {
            self.same = false;
        } else {
            let golden = self.golden.next();
            self.ended = golden.is_none_or(|golden| golden == b'\n');
            self.same &= golden == Some(byte);
        }
    }
}

#[entry]
fn main() -> ! {
    let mut comparison = Comparison {
        golden: GOLDEN.bytes(),
        ended: false,
        same: true,
        lines: 0,
        same_lines: 0,
        console: Console::open(),
    };
    let written = vectors::write(&mut comparison);
    let expected = GOLDEN.bytes().filter(|byte| *byte == b'\n').count() as u64;
    let Comparison {
        mut console,
        lines,
        same_lines,
        ..
    } = comparison;
    console.text("golden=");
    console.decimal(same_lines);
    console.text("/");
    console.decimal(expected);
    console.text("\n");
    exit(written.is_ok() && lines == expected && same_lines == expected)
}
