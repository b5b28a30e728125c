//! What an example leaves behind: files that are opened before the work, and lines whose reader may stop early.

use std::fs::{File, OpenOptions, create_dir_all};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

/// A file that is written when the work is done, but opened at the beginning, so that an error shows early.
pub struct Output {
    file: File,
    path: PathBuf,
}

impl Output {
    /// Opens a file whose name must end in this extension, and makes its folder if there is none. The file keeps its
    /// content until it is written.
    pub fn open(path: &Path, extension: &str) -> Result<Self> {
        let own = path.extension().and_then(|own| own.to_str());
        ensure!(
            own.is_some_and(|own| own.eq_ignore_ascii_case(extension)),
            "{}: this is to be a file whose name ends in .{extension}",
            path.display()
        );
        let open = || {
            if let Some(folder) = path.parent() {
                create_dir_all(folder)?;
            }
            OpenOptions::new().create(true).append(true).open(path)
        };
        Ok(Self {
            file: open().with_context(|| format!("cannot write {}", path.display()))?,
            path: path.to_owned(),
        })
    }

    /// Replaces what is in the file.
    pub fn write(mut self, content: &[u8]) -> Result<()> {
        let written = self
            .file
            .set_len(0)
            .and_then(|()| self.file.write_all(content));
        written.with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// The exit code of a program, after its error has been printed.
pub fn exit(done: Result<()>) -> ExitCode {
    let Err(error) = done else {
        return ExitCode::SUCCESS;
    };
    let io = error.downcast_ref::<std::io::Error>();
    if io.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe) {
        // The reader of the output has stopped reading.
        return ExitCode::SUCCESS;
    }
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}
