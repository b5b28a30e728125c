//! With the feature `cuda`: puts the kernels' PTX where the crate embeds it from.

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
}
