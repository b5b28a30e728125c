//! Calibrates an ozone monitor: the posterior of its bias and scale from recorded readings.
//!
//! `cargo run --release --example calibration`. The same program as firmware is
//! `firmware/src/bin/calibration.rs`, and in C `capi/examples/calibration.c`; all print the same
//! bits.

mod model;

use model::{Calibration, Moments};

fn bits(moments: &Moments) -> [u32; 2] {
    [moments.mean(), moments.standard_deviation()].map(f32::to_bits)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Calibration { bias, scale, words } = model::calibrate(42)?;
    for (name, moments, unit) in [
        ("bias", bias, "ppb"),
        ("scale error", scale, "per thousand"),
    ] {
        let (mean, deviation) = (moments.mean(), moments.standard_deviation());
        println!("{name} {mean:.3} +- {deviation:.3} {unit}");
    }
    let ([a, b], [c, d]) = (bits(&bias), bits(&scale));
    println!("bits {a:08x} {b:08x} {c:08x} {d:08x} after {words} words");
    Ok(())
}
