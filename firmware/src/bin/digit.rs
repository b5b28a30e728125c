//! Generates a handwritten digit by the Poisson midpoint method at 50 calls of a network in flash, and shows it.
//! To be run under QEMU with `-icount shift=0`.

#![no_std]
#![no_main]

#[path = "../../../examples/diffusion/digit.rs"]
mod digit;
#[path = "../../../examples/diffusion/network.rs"]
mod network;

use core::cell::RefCell;

use critical_section::{Mutex, with};
use poisson_midpoint_firmware::console::Console;
use poisson_midpoint_firmware::instructions::Counter;
use poisson_midpoint_firmware::machine::entry;
use poisson_midpoint_firmware::outcome::exit;
use poisson_midpoint_firmware::stack;
use poisson_midpoint_firmware::text::Text;

static WEIGHTS: &[u8] = include_bytes!("../../../examples/diffusion/denoiser.safetensors");
static MEMORY: Mutex<RefCell<digit::Memory>> = Mutex::new(RefCell::new(digit::Memory::new()));

#[entry]
fn main() -> ! {
    let mut console = Console::open();
    let counter = Counter::new();
    let network = network::Network::from_safetensors(WEIGHTS);
    let (Some(mut counter), Some(network)) = (counter, network) else {
        console.text("no weights, or no counter: run under QEMU with -icount shift=0\n");
        exit(false)
    };
    let mut generated = None;
    let mut run = || {
        generated = with(|section| {
            let mut memory = MEMORY.borrow(section).try_borrow_mut().ok()?;
            digit::generate(&network, 0, &mut memory).ok()
        });
    };
    let instructions = counter.once(&mut run);
    let stack = stack::once(&mut run);
    let (Some((image, calls)), Some(stack)) = (generated, stack) else {
        console.text("no digit\n");
        exit(false)
    };
    for row in image.chunks(8) {
        for pixel in row {
            console.text(digit::ink(*pixel));
        }
        console.text("\n");
    }
    console.text("bits ");
    console.hexadecimal(digit::fingerprint(&image).into());
    console.text(" after ");
    console.decimal(calls.into());
    console.text(" calls\n");
    if let Some(instructions) = instructions {
        console.text("insn=");
        console.decimal(instructions);
        console.text(" ");
    }
    console.text("ram=");
    console.decimal(size_of::<digit::Memory>() as u64);
    console.text(" stack=");
    console.decimal(stack.into());
    console.text("\n");
    exit(true)
}
