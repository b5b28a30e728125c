//! Puts the linker scripts of the target's board where the linker looks.

use std::env::var;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The machine of QEMU's, and the rate of the timer that counts instructions.
    let (board, megahertz) = match var("TARGET")?.as_str() {
        "thumbv6m-none-eabi" => ("microbit", 16),
        "thumbv7m-none-eabi" | "thumbv7em-none-eabihf" => ("mps2", 25),
        "thumbv8m.main-none-eabihf" => ("an505", 20),
        "riscv32imc-unknown-none-elf" | "riscv32imafc-unknown-none-elf" => ("virt", 1000),
        target => return Err(format!("no board for {target}").into()),
    };
    println!("cargo:rustc-env=MEGAHERTZ={megahertz}");
    let (script, out) = (format!("boards/{board}.x"), var("OUT_DIR")?);
    std::fs::copy(&script, Path::new(&out).join("memory.x"))?;
    println!("cargo:rustc-link-search={out}");
    println!("cargo:rerun-if-changed={script}");
    for logging in ["calibration", "formats", "muller_brown"] {
        println!("cargo:rustc-link-arg-bin={logging}=-Tdefmt.x");
    }
    Ok(())
}
