//! Puts the linker scripts where the linker looks.

use std::path::Path;

fn main() {
    let here = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    println!("cargo:rustc-link-search={here}");
    println!(
        "cargo:rerun-if-changed={}",
        Path::new(&here).join("memory.x").display()
    );
    for logging in ["calibration", "formats", "muller_brown"] {
        println!("cargo:rustc-link-arg-bin={logging}=-Tdefmt.x");
    }
}
