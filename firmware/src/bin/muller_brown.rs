//! A drift that a GPU's kernels are made of too, on a microcontroller.

#![no_std]
#![no_main]

#[path = "../../../examples/muller_brown/drift.rs"]
mod drift;
#[path = "../../../examples/muller_brown/path.rs"]
mod path;

use cortex_m_rt::entry;
use defmt_semihosting as _;
use poisson_midpoint::kernel::Ptx;
use poisson_midpoint_firmware::outcome::exit;

/// No kernels here.
const PTX: Option<Ptx> = None;

#[entry]
fn main() -> ! {
    let stepper = match path::stepper() {
        Ok(stepper) => stepper,
        Err(error) => {
            defmt::error!("{}", error);
            exit(false)
        }
    };
    match path::particle_0(&stepper) {
        Ok((x, words)) => {
            let [x, y] = [x.x, x.y].map(f32::to_bits);
            defmt::info!("bits {=u32:08x} {=u32:08x} after {=u64} words", x, y, words);
            exit(true)
        }
        Err(error) => {
            defmt::error!("{}", error);
            exit(false)
        }
    }
}
