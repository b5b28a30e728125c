//! The hash that tells whether the embedded PTX is of these sources: what changes it and what does not.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../kernels/sources.rs"]
mod sources;

/// A copy of the sources, to be changed.
struct Copy(PathBuf);

impl Copy {
    fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&root);
        for folder in ["src", "kernels"] {
            copy(
                &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
                &root.join(folder),
            );
        }
        Self(root)
    }

    fn hash(&self) -> String {
        sources::hash(&sources::sources(&self.0).unwrap()).unwrap()
    }

    fn change(&self, file: &str, change: impl Fn(&str) -> String) {
        let path = self.0.join(file);
        let before = fs::read_to_string(&path).unwrap();
        let after = change(&before);
        assert_ne!(before, after, "{file}");
        fs::write(path, after).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        let to = to.join(from.file_name().unwrap());
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}

const CHACHA: &str = "src/random/chacha.rs";

#[test]
fn what_no_kernel_reaches_keeps_the_hash() {
    let copy = Copy::new("kept");
    let hash = copy.hash();
    let append = |text: &'static str| move |code: &str| format!("{code}{text}");
    copy.change(CHACHA, append("// A comment.\n"));
    copy.change(CHACHA, |code| {
        format!("//! A line of documentation.\n{code}")
    });
    copy.change(CHACHA, |code| {
        code.replacen("\nfn ", "\n/// One more.\nfn ", 1)
    });
    copy.change(
        CHACHA,
        append("#[cfg(test)]\n#[allow(unused)]\nmod more { fn f() {} }\n"),
    );
    copy.change(CHACHA, |code| {
        code.replace("#[test]\n", "#[test]\n#[ignore]\n")
    });
    copy.change(CHACHA, |code| code.replace('\n', "\r\n"));
    copy.change("kernels/device/kernels.toml", append("# A comment.\n"));
    for file in [
        "src/diffusion/mod.rs",
        "src/cuda/mod.rs",
        "src/slices.rs",
        "src/noise/path.rs",
        "src/random/interchange.rs",
        "src/trajectory.rs",
        "kernels/tests/cases.rs",
        "kernels/build.rs",
    ] {
        copy.change(file, append("fn more() {}\n"));
    }
    assert_eq!(copy.hash(), hash);
}

#[test]
fn what_kernels_reach_changes_the_hash() {
    let copy = Copy::new("changed");
    let mut hash = copy.hash();
    let mut change = |file: &str, change: &dyn Fn(&str) -> String| {
        copy.change(file, change);
        let changed = copy.hash();
        assert_ne!(changed, hash, "{file}");
        hash = changed;
    };
    change(CHACHA, &|code| {
        code.replacen("rotate_left(16)", "rotate_left(15)", 1)
    });
    change(CHACHA, &|code| format!("{code}fn more() {{}}\n"));
    // This is not a test, though it follows a test's attribute.
    change(CHACHA, &|code| {
        format!("{code}#[cfg(test)] use a; mod more {{}}\n")
    });
    change(CHACHA, &|code| {
        code.replacen("mod more", "#[cfg(not(test))] mod more", 1)
    });
    change("src/lib.rs", &|code| {
        code.replacen("pub mod batch", "mod batch", 1)
    });
    change("kernels/list.rs", &|code| {
        code.replacen("f32, 64", "f32, 63", 1)
    });
    change("kernels/compile.rs", &|code| {
        code.replacen("sm_80", "sm_90", 1)
    });
    change("kernels/device/kernels.toml", &|text| {
        text.replace("opt-level = 3", "opt-level = 2")
    });
}
