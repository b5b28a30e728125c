//! The kernels' PTX: built from source by a compiler that can, or the copy in `kernels/ptx`.
//!
//! | variable | means |
//! |---|---|
//! | `POISSON_MIDPOINT_PTX_RUSTC` | the compiler, with `rust-src` and LLVM's NVPTX backend; `none` for the copy |
//! | `POISSON_MIDPOINT_PTX_ARCH` | the architecture, `sm_80` unless told |
//!
//! Without the first variable, the compiler that builds the crate is taken if it is a nightly one or
//! `RUSTC_BOOTSTRAP` is set, and it has `rust-src`; otherwise the copy is taken, if the hash of the
//! sources that is recorded with it (see `sources.rs`) is theirs.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use flate2::read::GzDecoder;

use compile::{DEFAULT_ARCH, build, modules};
use sources::{hash, sources};

mod compile;
mod sources;

const RUSTC: &str = "POISSON_MIDPOINT_PTX_RUSTC";
const ARCH: &str = "POISSON_MIDPOINT_PTX_ARCH";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Writes each module's PTX and the table that the crate includes to `OUT_DIR`.
pub fn provide() -> Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for watched in ["src", "kernels"] {
        println!("cargo:rerun-if-changed={watched}");
    }
    for variable in [RUSTC, ARCH, "RUSTC_BOOTSTRAP"] {
        println!("cargo:rerun-if-env-changed={variable}");
    }
    let arch = env::var(ARCH).unwrap_or_else(|_| DEFAULT_ARCH.into());
    let modules = modules(&fs::read_to_string(root.join("kernels/list.rs"))?);
    let sources = sources(&root)?;
    let hash = hash(&sources)?;
    let compiler = compiler()?;
    // What is there already need not be made again.
    let recipe = out.join("recipe");
    let version = compiler.as_deref().map(version).transpose()?;
    let made_from = format!("{hash} {arch} {compiler:?} {version:?}");
    if fs::read_to_string(&recipe).ok().as_ref() != Some(&made_from) {
        clear(&out)?;
        match compiler {
            Some(rustc) => build(&root, &out, &sources, &rustc, &arch, &modules)?,
            None => unpack(&root, &out, &arch, &modules, &hash)?,
        }
        fs::write(recipe, made_from)?;
    }
    let mut table = String::from("&[\n");
    for module in &modules {
        let path = out.join(format!("{module}.ptx"));
        table += &format!("    ({module:?}, include_str!({path:?})),\n");
    }
    fs::write(out.join("modules.rs"), table + "]\n")?;
    // For whoever renews the copy.
    fs::write(out.join("source-hash"), hash)?;
    println!("cargo:rustc-env=POISSON_MIDPOINT_PTX_ARCHITECTURE={arch}");
    Ok(())
}

/// Removes what an earlier build has made.
fn clear(out: &Path) -> io::Result<()> {
    for entry in fs::read_dir(out)? {
        let path = entry?.path();
        if path.file_name() == Some("recipe".as_ref())
            || path.extension().is_some_and(|extension| extension == "ptx")
        {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// The compiler to build with, if there is one.
fn compiler() -> Result<Option<PathBuf>> {
    if let Some(explicit) = env::var_os(RUSTC) {
        if explicit == "none" {
            return Ok(None);
        }
        let rustc = PathBuf::from(explicit);
        if !has_source(&rustc)? {
            return Err(format!("{RUSTC}={} has no rust-src beside it", rustc.display()).into());
        }
        return Ok(Some(rustc));
    }
    // On docs.rs, crates.io is out of reach.
    if env::var_os("DOCS_RS").is_some() {
        return Ok(None);
    }
    let rustc = PathBuf::from(env::var("RUSTC")?);
    let unstable =
        env::var_os("RUSTC_BOOTSTRAP").is_some() || version(&rustc)?.contains("-nightly");
    Ok((unstable && has_source(&rustc)?).then_some(rustc))
}

fn version(rustc: &Path) -> Result<String> {
    let output = Command::new(rustc).arg("-vV").output()?.stdout;
    Ok(String::from_utf8_lossy(&output).into_owned())
}

fn has_source(rustc: &Path) -> Result<bool> {
    let output = Command::new(rustc).args(["--print", "sysroot"]).output()?;
    let sysroot = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    Ok(sysroot.join("lib/rustlib/src/rust/library/core").is_dir())
}

/// Takes the copy, if it is of these sources and for this architecture.
fn unpack(root: &Path, out: &Path, arch: &str, modules: &[String], hash: &str) -> Result<()> {
    let remedy = format!(
        "To build it from source, set {RUSTC} to a rustc with rust-src (Debian: rustc-web and \
         rust-web-src, /usr/bin/rustc), or use a nightly toolchain after `rustup component add \
         rust-src`."
    );
    if arch != DEFAULT_ARCH {
        return Err(format!("kernels/ptx is for {DEFAULT_ARCH}, not {arch}. {remedy}").into());
    }
    let copies = root.join("kernels/ptx");
    let recorded = fs::read_to_string(copies.join("source-hash"))?;
    if recorded.trim() != hash {
        return Err(format!("kernels/ptx was made from other sources. {remedy}").into());
    }
    for module in modules {
        let packed = fs::File::open(copies.join(format!("{module}.ptx.gz")))?;
        let mut ptx = fs::File::create(out.join(format!("{module}.ptx")))?;
        io::copy(&mut GzDecoder::new(packed), &mut ptx)?;
    }
    Ok(())
}
