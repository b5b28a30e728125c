//! How the kernels' PTX is made from a copy of the sources.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use super::Result;
use super::sources::Source;

/// The oldest architecture that the copies in `kernels/ptx` run on.
pub(super) const DEFAULT_ARCH: &str = "sm_80";
const TARGET: &str = "nvptx64-nvidia-cuda";

/// The modules that the text of `list.rs` names.
pub(super) fn modules(list: &str) -> Vec<String> {
    let modules = list.lines().filter_map(|line| {
        let (name, _) = line.trim().strip_prefix("$call! { \"")?.split_once('"')?;
        Some(name.to_owned())
    });
    modules.collect()
}

/// Builds every module from a copy of the sources.
pub(super) fn build(
    root: &Path,
    out: &Path,
    sources: &[Source],
    rustc: &Path,
    arch: &str,
    modules: &[String],
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
    for module in modules {
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
            .env("RUSTC", rustc)
            .env("RUSTC_BOOTSTRAP", "1");
        // Flags for the host's build are not for the device.
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
