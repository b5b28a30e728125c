//! One ensemble on many machines: each rank of MPI advances a range of the particles. States, statistics and hash are
//! the same bits on any number of ranks, even if a run was killed and goes on with another number.
//!
//! `mpirun -n 4 poisson-midpoint-mpi FOLDER --particles 1000000 --to 500`; docs/clusters.md.

#[path = "../../ensemble/model.rs"]
mod model;
mod shards;

use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Parser;
use model::{BLOCK, Course, Digest, WELL, X, stepper};
use mpi::datatype::PartitionMut;
use mpi::traits::{Communicator, CommunicatorCollectives, Root};
use mpi::{Count, Threading};
use poisson_midpoint::batch::{Engine, Ensemble};
use poisson_midpoint::statistics::Moments;

#[derive(Parser)]
#[command(about = "An ensemble in a double well, on all ranks of an MPI program")]
struct Options {
    /// Where the checkpoints are; a run whose checkpoints are there goes on from them
    folder: PathBuf,
    /// Particles in all
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    particles: u64,
    #[command(flatten)]
    course: Course,
}

fn main() -> Result<()> {
    // Of a rank's threads, only this one communicates with the other ranks.
    let universe = mpi::initialize_with_threading(Threading::Funneled);
    let (universe, _) = universe.context("MPI has been started before")?;
    let world = universe.world();
    run(&world, &Options::parse()).inspect_err(|error| {
        eprintln!("rank {}: {error:#}", world.rank());
        // Otherwise the other ranks would wait for this one.
        world.abort(1)
    })
}

fn run(world: &impl Communicator, options: &Options) -> Result<()> {
    let (rank, ranks) = (world.rank() as u64, world.size() as u64);
    let (root, is_root) = (world.process_at_rank(0), rank == 0);
    let Options {
        folder,
        particles,
        course,
    } = options;

    let (stepper, engine) = (stepper()?, engine(world)?);
    let mut step = 0;
    if is_root {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        step = shards::newest(folder, *particles)?;
    }
    root.broadcast_into(&mut step);
    let own = range(*particles, rank, ranks);
    let mut ensemble = shards::load(folder, step, &own, &stepper, course.seed)?;

    let (begun, first) = (Instant::now(), step);
    while let Some(next) = course.next(step) {
        _ = engine.advance(&stepper, &mut ensemble.particles(), &WELL, step..next)?;
        step = next;
        shards::save(folder, step, &own, &ensemble.checkpoint(&stepper, step)?)?;
        // From here on no rank needs an older checkpoint.
        world.barrier();
        if is_root {
            shards::forget_before(folder, step)?;
            let steps = *particles as f64 * f64::from(step - first);
            let rate = steps / begun.elapsed().as_secs_f64() / 1e6;
            eprintln!(
                "step {step} of {}: {rate:.1} million particle-steps a second, checkpoints included",
                course.to
            );
        }
    }
    report(world, &ensemble, &own, options, step)
}

/// The particles of a rank: whole blocks.
fn range(particles: u64, rank: u64, ranks: u64) -> Range<u64> {
    let blocks = u128::from(particles.div_ceil(BLOCK));
    let end = |rank: u64| {
        let block = blocks * u128::from(rank) / u128::from(ranks);
        particles.min(block as u64 * BLOCK)
    };
    end(rank)..end(rank + 1)
}

/// The number of `u64`s that a digest is sent as over MPI.
const NUMBERS: usize = 7;

/// Brings the digests of all blocks to rank 0, which merges them in the order of the particles, and prints the result.
fn report(
    world: &impl Communicator,
    ensemble: &Ensemble<X>,
    own: &Range<u64>,
    options: &Options,
    step: u32,
) -> Result<()> {
    let particles = ensemble.states().zip(ensemble.word_positions());
    let particles = particles.zip(ensemble.status());
    let particles = particles.map(|((state, position), status)| (state, *position, *status));
    let blocks = Digest::of_blocks(own.start, particles)?;
    let numbers: Vec<u64> = blocks.iter().flat_map(to_numbers).collect();

    let root = world.process_at_rank(0);
    if world.rank() > 0 {
        root.gather_varcount_into(&numbers);
        return Ok(());
    }
    let ranks = world.size() as u64;
    let ends = (0..=ranks).map(|rank| range(options.particles, rank, ranks).start.div_ceil(BLOCK));
    let ends = ends.map(|blocks| Count::try_from(blocks * NUMBERS as u64));
    let ends: Vec<Count> = ends
        .collect::<Result<_, _>>()
        .context("blocks for one message")?;
    let counts: Vec<Count> = ends.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mut all = vec![0; ends[ends.len() - 1] as usize];
    let displacements = &ends[..counts.len()];
    root.gather_varcount_into_root(
        &numbers,
        &mut PartitionMut::new(&mut all, counts.as_slice(), displacements),
    );
    let mut whole = Digest::NONE;
    for numbers in all.as_chunks().0 {
        whole.merge(&from_numbers(numbers));
    }
    whole.report(&(0..options.particles), step)?;
    Ok(())
}

fn to_numbers(digest: &Digest) -> [u64; NUMBERS] {
    let (count, parts) = digest.moments.parts();
    let [a, b, c, d] = parts.map(|part| part.to_bits().into());
    [count, a, b, c, d, digest.hash, digest.failed]
}

fn from_numbers(&[count, a, b, c, d, hash, failed]: &[u64; NUMBERS]) -> Digest {
    let parts = [a, b, c, d].map(|bits| f32::from_bits(bits as u32));
    Digest {
        moments: Moments::from_parts(count, parts),
        hash,
        failed,
    }
}

/// What a rank calculates on: the processors of its machine, or one of its GPUs, which the ranks on the machine divide
/// among themselves.
#[cfg(not(feature = "cust"))]
fn engine(_world: &impl Communicator) -> Result<poisson_midpoint::batch::Parallel> {
    Ok(poisson_midpoint::batch::Parallel)
}

#[cfg(feature = "cust")]
fn engine(world: &impl Communicator) -> Result<poisson_midpoint::cuda::Gpu> {
    use poisson_midpoint::cuda::Gpu;

    let on_machine = world.split_shared(world.rank());
    let count = Gpu::count()?.max(1);
    Ok(Gpu::new(on_machine.rank() as u32 % count)?)
}
