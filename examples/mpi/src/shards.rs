//! Checkpoints in a folder: a folder for each step that is kept, and in it a file for each range of particles.
//!
//! A rank that is killed may leave a step without some of its files, and a run with another number of ranks may leave
//! files of other ranges beside them. Particles do not depend on how they are cut, so any files that together have all
//! particles are enough.

use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use poisson_midpoint::batch::Ensemble;
use poisson_midpoint::checkpoint::{self, Checkpoint};

use crate::model::{Method, X, start};

/// Writes the file of a range of particles at a step.
pub fn save(folder: &Path, step: u32, particles: &Range<u64>, bytes: &[u8]) -> Result<()> {
    let path = path(folder, step, particles);
    fs::create_dir_all(folder_of(folder, step))
        .and_then(|()| checkpoint::save(&path, bytes))
        .with_context(|| path.display().to_string())
}

fn path(folder: &Path, step: u32, particles: &Range<u64>) -> PathBuf {
    folder_of(folder, step).join(format!("{}-{}", particles.start, particles.end))
}

fn folder_of(folder: &Path, step: u32) -> PathBuf {
    folder.join(format!("step-{step}"))
}

/// The last step at which the checkpoints have all particles; 0 if there is none.
pub fn newest(folder: &Path, particles: u64) -> Result<u32> {
    let mut steps = steps(folder)?;
    steps.sort_unstable_by(|one, other| other.cmp(one));
    for step in steps {
        let mut ranges = ranges(folder, step)?;
        ranges.sort_unstable_by_key(|range| range.start);
        let mut reached = 0;
        for range in ranges {
            if range.start <= reached {
                reached = reached.max(range.end);
            }
        }
        if reached >= particles {
            return Ok(step);
        }
    }
    Ok(0)
}

/// A range of particles at a step; at step 0, their initial states.
pub fn load(
    folder: &Path,
    step: u32,
    own: &Range<u64>,
    stepper: &Method,
    seed: u64,
) -> Result<Ensemble<X>> {
    let ensemble = Ensemble::new(seed, own.clone().map(start));
    let mut ensemble = ensemble.numbered_from(own.start)?;
    if step == 0 {
        return Ok(ensemble);
    }
    for range in ranges(folder, step)? {
        if range.start < own.end && own.start < range.end {
            let path = path(folder, step, &range);
            let restore = |ensemble: &mut Ensemble<X>| {
                let bytes = fs::read(&path)?;
                let checkpoint = Checkpoint::from_bytes(&bytes)?;
                ensure!(
                    (checkpoint.range(), checkpoint.step()) == (range, step),
                    "the file is not what its name says"
                );
                checkpoint.restore(stepper, &mut ensemble.particles())?;
                Ok(())
            };
            restore(&mut ensemble).with_context(|| path.display().to_string())?;
        }
    }
    Ok(ensemble)
}

/// Removes the checkpoints before a step.
pub fn forget_before(folder: &Path, step: u32) -> Result<()> {
    for old in steps(folder)?.into_iter().filter(|&old| old < step) {
        let old = folder_of(folder, old);
        fs::remove_dir_all(&old).with_context(|| old.display().to_string())?;
    }
    Ok(())
}

/// The steps for which there is a folder.
fn steps(folder: &Path) -> Result<Vec<u32>> {
    names(folder, |name| name.strip_prefix("step-")?.parse().ok())
}

/// The ranges for which there is a file at a step. A file that is still being written has another name.
fn ranges(folder: &Path, step: u32) -> Result<Vec<Range<u64>>> {
    names(&folder_of(folder, step), |name| {
        let (start, end) = name.split_once('-')?;
        Some(start.parse().ok()?..end.parse().ok()?)
    })
}

/// What `read` makes of the names in a folder.
fn names<T>(folder: &Path, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
    let list = || {
        let mut found = Vec::new();
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(found),
            entries => entries?,
        };
        for entry in entries {
            found.extend(entry?.file_name().to_str().and_then(&read));
        }
        anyhow::Ok(found)
    };
    list().with_context(|| folder.display().to_string())
}
