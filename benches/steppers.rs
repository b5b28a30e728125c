//! Ratios: steppers against each other, and the batch engine against the
//! same loop written with other crates' generators.
//!
//! `cargo bench`; for the processor's own vector width `cargo bench --features simd`, which finds it when it runs, or
//! `RUSTFLAGS=-Ctarget-cpu=native cargo bench --features std`, where without `std` square roots would not vectorise.

#![allow(
    missing_docs,
    reason = "criterion's macros make undocumented functions"
)]

use std::hint::black_box;
use std::ops::Neg;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use nalgebra::{SVector, vector};
use poisson_midpoint::MidpointLaw::{Bernoulli, Single};
use poisson_midpoint::batch::{Cpu, Particles, Status};
use poisson_midpoint::dynamics::{Dynamics, Overdamped, StateOf, Underdamped};
use poisson_midpoint::random::{Stream, Streams};
use poisson_midpoint::{EulerMaruyama, Phase, PoissonMidpoint, State, Stepper};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

type X = SVector<f32, 2>;
type Group<'a> = BenchmarkGroup<'a, WallTime>;

const STEP: f32 = 0.1;

fn spring(_time: f32, x: &X) -> X {
    -x
}

/// One particle, D = 2, f32: a step of each method, and the K-step form that the midpoint method
/// imitates.
fn one_particle(c: &mut Criterion) {
    let mut group = c.benchmark_group("one particle, D = 2, f32");
    group.measurement_time(Duration::from_secs(3));
    let mut run = |name: &str, stepper: &dyn Fn(&mut X, &mut Stream)| {
        let (mut x, mut stream) = (vector![0.0, 0.0], Stream::new(42, 0));
        group.bench_function(name, |b| b.iter(|| stepper(&mut x, &mut stream)));
    };
    let euler = EulerMaruyama::new(Overdamped::new(STEP, 1).unwrap());
    run("Euler–Maruyama", &|x, stream| {
        let _ = euler.step(0.0, x, &mut spring, stream).unwrap();
    });
    for k in [10, 1000, 1_000_000] {
        for law in [Bernoulli, Single] {
            let stepper = PoissonMidpoint::new(Overdamped::new(STEP, k).unwrap(), law);
            run(&format!("{law:?}, K = {k}"), &|x, stream| {
                let _ = stepper.step(0.0, x, &mut spring, stream).unwrap();
            });
        }
    }
    run("K-step form, K = 1000", &|x, stream| naive(1000, x, stream));
    group.finish();
}

/// Equations (2)–(3) of the paper as they stand: K normals per dimension, and the drift where
/// Hᵢ = 1.
fn naive(k: u32, x: &mut X, stream: &mut Stream) {
    let h = STEP / k as f32;
    let amplitude = (2.0 * h).sqrt();
    let b0 = spring(0.0, x);
    let mut frozen = *x;
    for i in 0..k {
        let mut b = b0;
        if u64::from(stream.next_u32()) * u64::from(k) < 1 << 32 {
            b += (spring(h * i as f32, &frozen) - b0) * k as f32;
        }
        let mut normal = || <f32 as poisson_midpoint::Real>::normal(stream);
        let noise = vector![normal(), normal()] * amplitude;
        *x += b * h + noise;
        frozen += b0 * h + noise;
    }
}

/// One particle, D = 16, f32.
fn one_larger_particle(c: &mut Criterion) {
    type Y = SVector<f32, 16>;
    let mut group = c.benchmark_group("one particle, D = 16, f32");
    let mut drift = |_time: f32, x: &Y| -x;
    let (mut x, mut stream) = (Y::zeros(), Stream::new(42, 0));
    let euler = EulerMaruyama::new(Overdamped::new(STEP, 1).unwrap());
    group.bench_function("Euler–Maruyama", |b| {
        b.iter(|| euler.step(0.0, &mut x, &mut drift, &mut stream).unwrap());
    });
    for law in [Bernoulli, Single] {
        let stepper = PoissonMidpoint::new(Overdamped::new(STEP, 1000).unwrap(), law);
        group.bench_function(format!("{law:?}, K = 1000"), |b| {
            b.iter(|| stepper.step(0.0, &mut x, &mut drift, &mut stream).unwrap());
        });
    }
    group.finish();
}

const PARTICLES: usize = 100_000;
const STEPS: u32 = 64;

/// 100,000 particles, D = 2, f32, one core: 64 Euler–Maruyama steps of the harmonic oscillator.
fn batch(c: &mut Criterion) {
    let mut group = c.benchmark_group("batch of 100,000, D = 2, f32, 64 steps");
    group.throughput(Throughput::Elements(PARTICLES as u64 * u64::from(STEPS)));
    group.sample_size(20);
    group.measurement_time(Duration::from_secs(6));

    let mut run = |name: &str, stepper: &dyn Fn(&mut Particles<X>)| {
        let (mut x, mut positions) = (vec![0.0; 2 * PARTICLES], vec![0; PARTICLES]);
        let mut status = vec![Status::Active; PARTICLES];
        let streams = Streams::new(42);
        let mut particles =
            Particles::new(streams, 0, &mut x, &mut positions, &mut status).unwrap();
        group.bench_function(name, |b| b.iter(|| stepper(&mut particles)));
    };
    let euler = EulerMaruyama::new(Overdamped::new(STEP, 1).unwrap());
    run("Euler–Maruyama, a stream a particle", &|particles| {
        assert_eq!(Cpu.run(&euler, particles, spring, 0..STEPS).failed, 0);
    });
    let single = PoissonMidpoint::new(Overdamped::new(STEP, 1000).unwrap(), Single);
    run(
        "Poisson midpoint (Single), a stream a particle",
        &|particles| {
            assert_eq!(Cpu.run(&single, particles, spring, 0..STEPS).failed, 0);
        },
    );

    let mut x = vec![[0.0_f32; 2]; PARTICLES];
    let mut rng = ChaCha8Rng::seed_from_u64(42);
    group.bench_function("loop, rand_distr + ChaCha8, one stream", |b| {
        b.iter(|| plain_loop(&mut x, &mut rng));
    });
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(42);
    group.bench_function("loop, rand_distr + Xoshiro256++, one stream", |b| {
        b.iter(|| plain_loop(&mut x, &mut rng));
    });
    // What the loop costs once each particle has a generator of its own.
    let mut rngs: Vec<_> = (0..PARTICLES as u64)
        .map(Xoshiro256PlusPlus::seed_from_u64)
        .collect();
    group.bench_function(
        "loop, rand_distr + Xoshiro256++, a generator a particle",
        |b| {
            b.iter(|| {
                for _ in 0..STEPS {
                    for (x, rng) in x.iter_mut().zip(&mut rngs) {
                        euler_step(x, rng);
                    }
                }
                black_box(&mut x);
            });
        },
    );
    group.finish();
}

/// 10,000 particles, f32, one core, 64 steps of the harmonic oscillator by every method.
fn batches(c: &mut Criterion) {
    let mut group = c.benchmark_group("batches of 10,000, f32, 64 steps");
    group.throughput(Throughput::Elements(10_000 * u64::from(STEPS)));
    group.sample_size(10);
    methods::<_, SVector<f32, 1>>(&mut group, "overdamped, D = 1", overdamped);
    methods::<_, SVector<f32, 2>>(&mut group, "overdamped, D = 2", overdamped);
    methods::<_, Phase<f32, 1>>(&mut group, "underdamped, D = 1", underdamped);
    methods::<_, Phase<f32, 2>>(&mut group, "underdamped, D = 2", underdamped);
    group.finish();
}

fn overdamped() -> Overdamped<f32> {
    Overdamped::new(STEP, 1000).unwrap()
}

fn underdamped() -> Underdamped<f32> {
    Underdamped::new(STEP, 1000, 1.0).unwrap()
}

fn methods<S, X>(group: &mut Group, name: &str, dynamics: fn() -> S)
where
    S: Dynamics<Real = f32>,
    X: StateOf<S> + State<Real = f32, Position: Neg<Output = X::Position>>,
{
    let dynamics = dynamics();
    let euler = EulerMaruyama::new(dynamics);
    method::<_, X>(group, &format!("{name}, Euler–Maruyama"), &euler);
    for law in [Bernoulli, Single] {
        let stepper = PoissonMidpoint::new(dynamics, law);
        method::<_, X>(group, &format!("{name}, {law:?}"), &stepper);
    }
}

fn method<S, X>(group: &mut Group, name: &str, stepper: &S)
where
    S: Stepper<Dynamics: Dynamics<Real = f32>>,
    X: StateOf<S::Dynamics> + State<Real = f32, Position: Neg<Output = X::Position>>,
{
    let mut ensemble = vec![0.0; 10_000 * X::PARTS * X::DIMENSION];
    let (mut positions, mut status) = (vec![0; 10_000], vec![Status::Active; 10_000]);
    let streams = Streams::new(42);
    let mut particles: Particles<X> =
        Particles::new(streams, 0, &mut ensemble, &mut positions, &mut status).unwrap();
    let force = |_time: f32, x: &X::Position| -*x;
    group.bench_function(name, |b| {
        b.iter(|| assert_eq!(Cpu.run(stepper, &mut particles, force, 0..STEPS).failed, 0));
    });
}

fn plain_loop(x: &mut [[f32; 2]], rng: &mut impl Rng) {
    for _ in 0..STEPS {
        for x in x.iter_mut() {
            euler_step(x, rng);
        }
    }
    black_box(x);
}

#[inline]
fn euler_step(x: &mut [f32; 2], rng: &mut impl Rng) {
    let amplitude = (2.0 * STEP).sqrt();
    for x in x {
        let normal: f32 = StandardNormal.sample(rng);
        *x += -*x * STEP + amplitude * normal;
    }
}

criterion_group!(benches, one_particle, one_larger_particle, batch, batches);
criterion_main!(benches);
