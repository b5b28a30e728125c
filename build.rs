//! With the feature `cuda`: puts the kernels' PTX where the crate embeds it from. With `cust`: lets programs
//! link without CUDA.

#[cfg(feature = "cuda")]
#[path = "kernels/build.rs"]
mod ptx;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "cuda")]
    if let Err(error) = ptx::provide() {
        eprintln!("{error}");
        std::process::exit(1);
    }
    #[cfg(feature = "cust")]
    if let Err(error) = driver() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

/// `cust` links the driver's library, of which nothing is taken, since `src/cuda/driver.rs` defines what
/// it calls: an empty one will do where there is none.
#[cfg(feature = "cust")]
fn driver() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::path::PathBuf::from(std::env::var("OUT_DIR")?);
    if std::env::var("CARGO_CFG_TARGET_OS")? == "linux" {
        std::fs::write(folder.join("libcuda.a"), "!<arch>\n")?;
        println!("cargo:rustc-link-search=native={}", folder.display());
    }
    Ok(())
}
