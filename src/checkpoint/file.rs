//! A checkpoint to a file, as one act.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Replaces a file, so that whenever the machine stops, it is the old one or the new one and whole.
///
/// The bytes go to a file beside it, whose name has `.checkpoint-new` at its end, which is synchronised with the disk and then
/// renamed; where the path is a symbolic link, what it leads to is replaced. One process at a time may write to a path.
///
/// # Errors
/// As the file system has it. The old file is as it was, unless it is the folder that cannot be synchronised: the file is
/// then the new one, and may be the old one again after a failure of power. File systems that do not synchronise
/// folders at all are no error.
pub fn save(path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
    // A path that cannot be resolved is that of no file yet, or fails in the next line.
    let path = &fs::canonicalize(&path).unwrap_or_else(|_| path.as_ref().to_owned());
    let folder = open_folder(path)?;
    let beside = beside(path);
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    let written = write();
    if written.is_err() {
        // The first error is the one to be told.
        _ = fs::remove_file(&beside);
        return written;
    }
    sync_folder(&folder)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".checkpoint-new");
    name.into()
}

/// The folder that a file is in.
#[cfg(unix)]
fn open_folder(path: &Path) -> io::Result<File> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    File::open(folder.unwrap_or(Path::new(".")))
}

/// The rename itself is on the disk once its folder is.
#[cfg(unix)]
fn sync_folder(folder: &File) -> io::Result<()> {
    match folder.sync_all() {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::InvalidInput | ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        synchronised => synchronised,
    }
}

/// Other systems open no folders.
#[cfg(not(unix))]
fn open_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn sync_folder((): &()) -> io::Result<()> {
    Ok(())
}
