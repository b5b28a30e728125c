//! Estimates a sensor's bias and scale from readings in flash, and logs through defmt.

#![no_std]
#![no_main]

#[path = "../../../examples/calibration/model.rs"]
mod model;

use cortex_m_rt::entry;
use defmt_semihosting as _;
use model::{Calibration, Failure};
use poisson_midpoint_firmware::outcome::exit;

#[entry]
fn main() -> ! {
    defmt::info!("{=usize} readings", model::SERIES.len());
    match model::calibrate(42, |_draw| ()) {
        Ok(Calibration { bias, scale, words }) => {
            let (b, s) = (bias.standard_deviation(), scale.standard_deviation());
            defmt::info!("bias {=f32} +- {=f32} ppb", bias.mean(), b);
            defmt::info!("scale error {=f32} +- {=f32} per thousand", scale.mean(), s);
            let [a, b, c, d] = [bias.mean(), b, scale.mean(), s].map(f32::to_bits);
            defmt::info!(
                "bits {=u32:08x} {=u32:08x} {=u32:08x} {=u32:08x} after {=u64} words",
                a,
                b,
                c,
                d,
                words
            );
            exit(true)
        }
        Err(Failure::Parameter(error)) => {
            defmt::error!("{}", error);
            exit(false)
        }
        Err(Failure::Step(error)) => {
            defmt::error!("{}", error);
            exit(false)
        }
    }
}
