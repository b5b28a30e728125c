//! Writing a checkpoint to a file atomically.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Replaces a file atomically: whenever the machine stops, the file is the whole old one or the whole new one.
///
/// The bytes go to a file beside it, with `.checkpoint-new` appended to its name, which is synchronised with the disk
/// and then renamed. If the path is a symbolic link, its target is replaced. One process at a time may write to a path.
///
/// # Errors
/// Those of the file system. The old file is as it was, unless only the folder cannot be synchronised: the file is
/// then the new one, but may be the old one again after a power failure. A file system that does not synchronise
/// folders at all is no error.
pub fn save(path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
    // A path that cannot be resolved belongs to no file yet, or fails in the next line.
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
        // The first error is the one to report.
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

/// The rename itself is on the disk once the folder has been synchronised.
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

/// Other systems do not open folders.
#[cfg(not(unix))]
fn open_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn sync_folder((): &()) -> io::Result<()> {
    Ok(())
}
