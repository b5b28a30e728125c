//! The stepping loop of the posterior example allocates nothing. Alone in its file: the counting
//! allocator counts every thread.

#[path = "../examples/posterior/src/model.rs"]
mod model;
#[path = "../examples/posterior/src/sampler.rs"]
mod sampler;
#[path = "../examples/posterior/src/table.rs"]
#[allow(dead_code, reason = "the table is parsed from text here")]
mod table;

use model::Posterior;
use nalgebra::SVector;
use poisson_midpoint::batch::{Cpu, Particles, Status};
use poisson_midpoint::dynamics::{Overdamped, Underdamped};
use poisson_midpoint::random::{Stream, Streams};
use poisson_midpoint::{EulerMaruyama, MidpointLaw, PoissonMidpoint, Trajectory};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

#[test]
fn stepping_allocates_nothing() {
    let table = table::parse(include_str!("../examples/posterior/wdbc.csv")).unwrap();
    let posterior = Box::new(Posterior::<32>::new(&table).unwrap());
    assert_eq!(posterior.parameters(), 31);
    let centre = SVector::zeros();
    let _profiler = dhat::Profiler::builder().testing().build();

    // The counter counts.
    drop(Box::new(1_u8));
    assert_eq!(dhat::HeapStats::get().total_blocks, 1);

    let mut stream = Stream::new(42, 0);
    let overdamped = Overdamped::new(0.1, 1000).unwrap();
    let underdamped = Underdamped::new(0.1, 1000, 2.0).unwrap();
    let steps = [10, 50];
    let euler = EulerMaruyama::new(overdamped);
    let single = PoissonMidpoint::new(overdamped, MidpointLaw::Single);
    let bernoulli = PoissonMidpoint::new(underdamped, MidpointLaw::Bernoulli);
    let runs = [
        sampler::run(&euler, &posterior, &centre, &mut stream, steps).unwrap(),
        sampler::run(&single, &posterior, &centre, &mut stream, steps).unwrap(),
        sampler::run(&bernoulli, &posterior, &centre, &mut stream, steps).unwrap(),
    ];
    assert_eq!((runs[0].calls, runs[1].calls), (50, 100));
    assert!(runs.iter().all(|run| run.second[0] > run.first[0].powi(2)));

    let (mut state, mut positions) = ([0.0; 100], [0; 50]);
    let mut status = [Status::Active; 50];
    let mut particles: Particles<SVector<f64, 2>> =
        Particles::new(Streams::new(42), 0, &mut state, &mut positions, &mut status).unwrap();
    let spring = |_t: f64, x: &SVector<f64, 2>| -x;
    let _ = Cpu.run(&euler, &mut particles, &spring, 0..50);
    let mut trajectory: Trajectory<SVector<f64, 2>, 4> = Trajectory::new();
    while !trajectory.is_full() {
        trajectory.push(SVector::zeros()).unwrap();
    }

    assert_eq!(dhat::HeapStats::get().total_blocks, 1);
}
