//! The kernels' PTX: built from source by a compiler that can, or the copy in `kernels/ptx`.
//!
//! | variable | means |
//! |---|---|
//! | `POISSON_MIDPOINT_PTX_RUSTC` | the compiler, with `rust-src` and LLVM's NVPTX backend; `none` for the copy |
//! | `POISSON_MIDPOINT_PTX_ARCH` | the architecture, `sm_80` unless told |
//!
//! Without the first, the compiler that builds the crate is taken if it is a nightly one or
//! `RUSTC_BOOTSTRAP` is set, and it has `rust-src`; else the copy, if its recorded hash of the
//! sources is theirs.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use flate2::read::GzDecoder;

const RUSTC: &str = "POISSON_MIDPOINT_PTX_RUSTC";
const ARCH: &str = "POISSON_MIDPOINT_PTX_ARCH";
const DEFAULT_ARCH: &str = "sm_80";
const TARGET: &str = "nvptx64-nvidia-cuda";

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
    for Module { name: module, .. } in &modules {
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

/// A module in the list of kernels.
struct Module {
    name: String,
    compact: bool,
}

fn modules(list: &str) -> Vec<Module> {
    let modules = list.lines().filter_map(|line| {
        let (name, rest) = line.trim().strip_prefix("$call! { \"")?.split_once('"')?;
        Some(Module {
            name: name.to_owned(),
            compact: rest.contains("compact"),
        })
    });
    modules.collect()
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
    // There, crates.io is out of reach.
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

/// Builds every module from a copy of the sources.
fn build(
    root: &Path,
    out: &Path,
    sources: &[Source],
    rustc: &Path,
    arch: &str,
    modules: &[Module],
) -> Result<()> {
    let device = out.join("device");
    let library = device.join("library");
    if library.exists() {
        fs::remove_dir_all(&library)?;
    }
    for Source { name, path } in sources {
        let target = library.join(name);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(path, target)?;
    }
    let templates = root.join("kernels/device");
    fs::copy(templates.join("kernels.toml"), device.join("Cargo.toml"))?;
    fs::copy(templates.join("kernels.lock"), device.join("Cargo.lock"))?;
    fs::copy(templates.join("library.toml"), library.join("Cargo.toml"))?;
    for Module {
        name: module,
        compact,
    } in modules
    {
        let assembly = device.join(format!("{module}.s"));
        let mut cargo = Command::new(env::var("CARGO")?);
        cargo
            .current_dir(&device)
            .args(["rustc", "--release", "--locked", "-Zbuild-std=core"])
            .args(["--target", TARGET, "--target-dir", "target", "--"])
            .arg(format!("-Ctarget-cpu={arch}"))
            .args(["--cfg", &format!("module={module:?}")])
            .arg("--check-cfg=cfg(module, values(any()))")
            .arg(format!("--emit=asm={}", assembly.display()))
            .args(compact.then_some("-Copt-level=z"))
            .env("RUSTC", rustc)
            .env("RUSTC_BOOTSTRAP", "1");
        // What the host's build is told is not for the device.
        for variable in [
            "CARGO_ENCODED_RUSTFLAGS",
            "RUSTFLAGS",
            "RUSTC_WRAPPER",
            "RUSTC_WORKSPACE_WRAPPER",
            "CARGO_BUILD_TARGET",
            "CARGO_TARGET_DIR",
        ] {
            cargo.env_remove(variable);
        }
        let output = cargo.output()?;
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr);
            return Err(format!("the kernels {module} do not build:\n{message}").into());
        }
        let ptx = with_short_names(&fs::read_to_string(assembly)?);
        fs::write(out.join(format!("{module}.ptx")), ptx)?;
    }
    Ok(())
}

/// Numbers the mangled names, which are long and hold hashes of the compiler's version.
fn with_short_names(ptx: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let mut names: Vec<&str> = Vec::new();
    let mut short = String::with_capacity(ptx.len());
    let mut rest = ptx;
    while let Some(start) = rest.find("_R") {
        let starts = !rest[..start].ends_with(is_name);
        let length = rest[start..]
            .find(|c| !is_name(c))
            .unwrap_or(rest.len() - start);
        let (before, name) = (&rest[..start], &rest[start..start + length]);
        short += before;
        // The parameters of function N are N_param_0, …
        let (base, suffix) = match name.find("_param_") {
            Some(at) => name.split_at(at),
            None => (name, ""),
        };
        if starts {
            let index = names.iter().position(|known| *known == base);
            let index = index.unwrap_or_else(|| {
                names.push(base);
                names.len() - 1
            });
            short += &format!("rust_{index}{suffix}");
        } else {
            short += name;
        }
        rest = &rest[start + length..];
    }
    short + rest
}

/// Takes the copy, if it is of these sources and for this architecture.
fn unpack(root: &Path, out: &Path, arch: &str, modules: &[Module], hash: &str) -> Result<()> {
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
    for Module { name: module, .. } in modules {
        let packed = fs::File::open(copies.join(format!("{module}.ptx.gz")))?;
        let mut ptx = fs::File::create(out.join(format!("{module}.ptx")))?;
        io::copy(&mut GzDecoder::new(packed), &mut ptx)?;
    }
    Ok(())
}

/// A file that the PTX is made from, or that says how.
struct Source {
    /// Its path from the root, with `/` between folders.
    name: String,
    path: PathBuf,
}

/// All of them, in the order of their names.
fn sources(root: &Path) -> Result<Vec<Source>> {
    let mut files = Vec::new();
    for folder in ["src", "kernels"] {
        list(&root.join(folder), &mut files)?;
    }
    let mut sources = Vec::new();
    for path in files {
        let parts: Vec<_> = path
            .strip_prefix(root)?
            .iter()
            .map(|part| part.to_string_lossy())
            .collect();
        let name = parts.join("/");
        // Copies, tests, and what is for the host alone.
        let is_other = ["kernels/ptx/", "kernels/tests/", "src/cuda/"]
            .iter()
            .any(|folder| name.starts_with(folder));
        if !is_other {
            sources.push(Source { name, path });
        }
    }
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(sources)
}

/// FNV-1a of the names and contents of the sources, in 16 digits. Against mistakes, not against malice.
fn hash(sources: &[Source]) -> Result<String> {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for Source { name, path } in sources {
        // However a version-control system ends lines.
        let content = fs::read(path)?.into_iter().filter(|byte| *byte != b'\r');
        let name = name.bytes();
        for byte in name.chain([0]).chain(content).chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    Ok(format!("{hash:016x}"))
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
