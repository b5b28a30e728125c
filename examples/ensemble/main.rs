//! One ensemble in many processes or on many machines: each advances a range of particles in a file of its own, and any
//! of them may be stopped at any time and started again by the same command.
//!
//! `cargo run --release --features checkpoint,rayon --example ensemble -- --help`; docs/clusters.md.

mod model;
#[allow(dead_code, reason = "checkpoints are all that is written")]
#[path = "../common/output.rs"]
mod output;

use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Parser};
use model::{Course, Digest, WELL, X, start, stepper};
use poisson_midpoint::batch::{Engine, Ensemble, Parallel};
use poisson_midpoint::checkpoint::{self, Checkpoint};
use poisson_midpoint::random::Streams;

#[derive(Parser)]
#[command(
    about = "An ensemble in a double well, in files that any process or machine can take further"
)]
enum Command {
    /// Takes a range of particles further, from its file if there is one, and keeps it there
    Advance(Advance),
    /// Joins files to one ensemble: its mean, variance and a hash of states and word positions
    Join {
        /// Files of particles that follow each other, in any order
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

#[derive(Args)]
struct Advance {
    /// The shard's file
    file: PathBuf,
    /// Particles, FIRST..END
    #[arg(long, value_parser = range)]
    particles: Range<u64>,
    #[command(flatten)]
    course: Course,
}

fn range(text: &str) -> Result<Range<u64>> {
    let (start, end) = text.split_once("..").context("write it as FIRST..END")?;
    let range = start.parse()?..end.parse()?;
    ensure!(range.start < range.end, "there is no particle in it");
    Ok(range)
}

fn main() -> ExitCode {
    output::exit(match Command::parse() {
        Command::Advance(advance) => run(&advance),
        Command::Join { files } => join(&files),
    })
}

fn run(command: &Advance) -> Result<()> {
    let (stepper, path) = (stepper()?, &command.file);
    let (mut ensemble, mut step) = match fs::read(path) {
        Ok(bytes) => resume(&bytes, command).with_context(|| path.display().to_string())?,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let first = command.particles.start;
            let states = command.particles.clone().map(start);
            (
                Ensemble::new(command.course.seed, states).numbered_from(first)?,
                0,
            )
        }
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    while let Some(next) = command.course.next(step) {
        _ = Parallel.advance(&stepper, &mut ensemble.particles(), &WELL, step..next)?;
        step = next;
        let bytes = ensemble.checkpoint(&stepper, step)?;
        checkpoint::save(path, &bytes).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// The ensemble and the step in a file, if the file has the particles that are asked for.
fn resume(bytes: &[u8], command: &Advance) -> Result<(Ensemble<X>, u32)> {
    let checkpoint = Checkpoint::from_bytes(bytes)?;
    let (found, expected) = (checkpoint.range(), &command.particles);
    ensure!(
        found == *expected,
        "the file has particles {found:?}, not {expected:?}"
    );
    let ensemble = Ensemble::from_checkpoint(&checkpoint, &stepper()?)?;
    let streams = Streams::new(command.course.seed);
    ensure!(
        checkpoint.streams() == streams,
        "the file is of another seed"
    );
    Ok((ensemble, checkpoint.step()))
}

fn join(files: &[PathBuf]) -> Result<()> {
    let mut shards = Vec::new();
    for path in files {
        let shard = || {
            let bytes = fs::read(path)?;
            let checkpoint = Checkpoint::from_bytes(&bytes)?;
            let ensemble = Ensemble::<X>::from_checkpoint(&checkpoint, &stepper()?)?;
            let run = (checkpoint.streams(), checkpoint.step());
            anyhow::Ok((checkpoint.range(), run, ensemble))
        };
        shards.push(shard().with_context(|| path.display().to_string())?);
    }
    shards.sort_by_key(|(particles, ..)| particles.start);
    for pair in shards.windows(2) {
        let [(one, run, _), (other, other_run, _)] = pair else {
            unreachable!("windows of two");
        };
        if one.end != other.start {
            bail!("particles {one:?} and {other:?} do not follow each other");
        }
        ensure!(
            run == other_run,
            "particles {other:?} are of another seed, or at another step"
        );
    }
    let particles = shards.iter().flat_map(|(_, _, shard)| {
        let particles = shard.states().zip(shard.word_positions());
        let particles = particles.zip(shard.status());
        particles.map(|((state, position), status)| (state, *position, *status))
    });
    let (first, last) = (&shards[0], &shards[shards.len() - 1]);
    let (range, (_, step)) = (first.0.start..last.0.end, first.1);
    let mut all = Digest::NONE;
    for block in Digest::of_blocks(range.start, particles)? {
        all.merge(&block);
    }
    all.report(&range, step)?;
    Ok(())
}
