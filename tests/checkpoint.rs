//! Checkpoints: the same bits after an interruption, every wrong byte refused, and the format byte by byte.
#![cfg(all(feature = "alloc", feature = "checkpoint"))]

use nalgebra::{SVector, vector};
use poisson_midpoint::batch::{Cpu, Ensemble, Particles, Status};
use poisson_midpoint::checkpoint::{self, Checkpoint, CheckpointError, Mismatch, Name, Recorded};
use poisson_midpoint::dynamics::{
    AdditiveNoise, Dynamics, Overdamped, Semilinear, StateOf, Underdamped,
};
use poisson_midpoint::random::Streams;
use poisson_midpoint::{
    Baoa, EulerMaruyama, MidpointLaw, Phase, PoissonMidpoint, Quicsort, Real, State, StepError,
    Stepper, Ubu,
};

type Plane = SVector<f32, 2>;

fn euler() -> EulerMaruyama<Overdamped<f32>> {
    EulerMaruyama::new(Overdamped::new(0.25, 1).unwrap())
}

/// Runs 13 particles, of which some fail, with and without an interruption after 7 of 20 steps.
fn resumes<S, X, T, const D: usize>(stepper: &S, method: &str, dynamics: &str)
where
    T: Real,
    S: Recorded<Dynamics: Dynamics<Real = T>>,
    X: StateOf<S::Dynamics> + State<Real = T, Position = SVector<T, D>> + PartialEq,
{
    let start = |p: u32| X::from_fn(|part, d| T::from_u32(p + (part + d) as u32) / T::from_u32(8));
    // No particle goes beyond 1 and comes back.
    let drift =
        |_time: T, x: &SVector<T, D>| x.map(|x| if x > T::ONE { T::ONE / T::ZERO } else { -x });
    let mut whole = Ensemble::<X>::new(42, (0..13).map(start))
        .numbered_from(1 << 40)
        .unwrap();
    _ = Cpu.run(stepper, &mut whole.particles(), drift, 0..7);
    let bytes = whole.checkpoint(stepper, 7).unwrap();
    _ = Cpu.run(stepper, &mut whole.particles(), drift, 7..20);

    let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
    let failed = checkpoint.failed();
    assert!(
        (1..13).contains(&failed),
        "{}: {failed} failed",
        stepper.name()
    );
    assert_eq!((checkpoint.len(), checkpoint.is_empty()), (13, false));
    assert_eq!(checkpoint.range(), 1 << 40..(1 << 40) + 13);
    assert_eq!(checkpoint.method().to_string(), method);
    assert_eq!(checkpoint.dynamics().to_string(), dynamics);
    assert_eq!((checkpoint.dimension(), checkpoint.step()), (D as u32, 7));
    let mut resumed = Ensemble::<X>::from_checkpoint(&checkpoint, stepper).unwrap();
    assert_eq!(resumed.checkpoint(stepper, 7).unwrap(), bytes);
    _ = Cpu.run(stepper, &mut resumed.particles(), drift, 7..20);
    assert!(resumed == whole, "{}", stepper.name());
}

#[test]
fn every_method_resumes_to_the_bit() {
    fn scalar<T: Real>() {
        let part = |n: u32| T::from_u32(n) / T::from_u32(16);
        let overdamped = Overdamped::new(part(1), 8).unwrap();
        let underdamped = Underdamped::new(part(1), 8, T::TWO).unwrap();
        let additive = AdditiveNoise::new(part(1), 8, T::ONE).unwrap();
        let semilinear = Semilinear::new(part(1), 8, T::ONE, T::ONE).unwrap();
        let euler = "euler-maruyama";
        resumes::<_, SVector<T, 2>, T, 2>(&EulerMaruyama::new(overdamped), euler, "overdamped");
        resumes::<_, SVector<T, 1>, T, 1>(&EulerMaruyama::new(additive), euler, "additive noise");
        resumes::<_, SVector<T, 3>, T, 3>(&EulerMaruyama::new(semilinear), euler, "semilinear");
        for (law, name) in [
            (MidpointLaw::Bernoulli, "pmm bernoulli"),
            (MidpointLaw::Single, "pmm single"),
        ] {
            let (plain, moving) = (
                PoissonMidpoint::new(overdamped, law),
                PoissonMidpoint::new(underdamped, law),
            );
            resumes::<_, SVector<T, 2>, T, 2>(&plain, name, "overdamped");
            resumes::<_, Phase<T, 2>, T, 2>(&moving, name, "underdamped");
        }
        resumes::<_, Phase<T, 1>, T, 1>(&EulerMaruyama::new(underdamped), euler, "underdamped");
        resumes::<_, Phase<T, 3>, T, 3>(&Baoa::new(underdamped).unwrap(), "baoa", "underdamped");
        resumes::<_, Phase<T, 2>, T, 2>(&Ubu::new(underdamped).unwrap(), "ubu", "underdamped");
        let quicsort = Quicsort::new(underdamped).unwrap();
        resumes::<_, Phase<T, 2>, T, 2>(&quicsort, "quicsort", "underdamped");
    }
    scalar::<f32>();
    scalar::<f64>();
}

/// A particle's path depends on its number alone: shards can be cut in any way and joined in any order.
#[test]
fn shards_join_in_any_cut() {
    let stepper = euler();
    let drift = |_time: f32, x: &Plane| -x;
    let starts: Vec<Plane> = (0..30).map(|p| vector![p as f32, -1.0]).collect();
    let mut whole = Ensemble::new(7, starts.iter().copied());
    _ = Cpu.run(&stepper, &mut whole.particles(), drift, 0..40);
    let shard = |range: std::ops::Range<usize>| {
        let first = range.start as u64;
        let own = starts[range].iter().copied();
        let mut shard = Ensemble::new(7, own).numbered_from(first).unwrap();
        _ = Cpu.run(&stepper, &mut shard.particles(), drift, 0..25);
        shard.checkpoint(&stepper, 25).unwrap()
    };
    let shards = [shard(20..30), shard(0..3), shard(3..3), shard(3..20)];
    // Joined into all particles, and into a range that cuts through three of the shards.
    for range in [0..30, 2..25] {
        let count = range.len();
        let (mut x, mut positions) = (vec![0.0; 2 * count], vec![0; count]);
        let mut status = vec![Status::Active; count];
        let first = range.start as u64;
        let mut particles =
            Particles::<Plane>::new(Streams::new(7), first, &mut x, &mut positions, &mut status)
                .unwrap();
        let mut restored = 0;
        for bytes in &shards {
            let checkpoint = Checkpoint::from_bytes(bytes).unwrap();
            assert_eq!(checkpoint.failed(), 0);
            assert_eq!(checkpoint.is_empty(), checkpoint.range() == (3..3));
            restored += checkpoint.restore(&stepper, &mut particles).unwrap();
        }
        assert_eq!(restored, count);
        _ = Cpu.run(&stepper, &mut particles, drift, 25..40);
        for d in 0..2 {
            let own = &x[d * count..][..count];
            assert_eq!(own, &whole.components()[d * 30..][range.clone()]);
        }
        assert_eq!(positions, whole.word_positions()[range]);
    }
    // What is in no checkpoint stays as it is.
    let (mut x, mut positions) = ([9.0; 4], [5; 2]);
    let failed = Status::Failed {
        step: 1,
        error: StepError::Unfinished,
    };
    let mut status = [failed; 2];
    let mut beyond =
        Particles::<Plane>::new(Streams::new(7), 29, &mut x, &mut positions, &mut status).unwrap();
    let last = Checkpoint::from_bytes(&shards[0]).unwrap();
    assert_eq!(last.restore(&stepper, &mut beyond), Ok(1));
    assert_eq!(
        (x[1], x[3], positions[1], status),
        (9.0, 9.0, 5, [Status::Active, failed])
    );
}

/// A particle past the end of its stream cannot be written: it could not be resumed.
#[test]
fn what_cannot_be_read_is_not_written() {
    let (mut x, mut positions) = ([0.5_f32; 4], [0, 1 << 63]);
    let mut status = [Status::Active; 2];
    let mut particles =
        Particles::<Plane>::new(Streams::new(1), 0, &mut x, &mut positions, &mut status).unwrap();
    _ = Cpu.run(&euler(), &mut particles, |_t, x| -x, 0..1);
    let mut bytes = vec![0xee; checkpoint::byte_length(&particles)];
    let refused = checkpoint::write(&particles, &euler(), 1, &mut bytes);
    let (index, word_position) = (1, (1 << 63) + 2);
    let expected = CheckpointError::WordPosition {
        index,
        word_position,
    };
    assert_eq!(refused, Err(expected));
    assert!(bytes.iter().all(|byte| *byte == 0xee));
}

/// CRC-64/XZ, bit by bit.
fn crc(bytes: &[u8]) -> u64 {
    !bytes.iter().fold(!0_u64, |crc, byte| {
        (0..8).fold(crc ^ u64::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xc96c_5795_d787_0f42 * (crc & 1))
        })
    })
}

fn with_checksum(mut content: Vec<u8>) -> Vec<u8> {
    let checksum = crc(&content);
    content.extend(checksum.to_le_bytes());
    content
}

/// Two particles, the second failed, of a Poisson midpoint method on the plane.
fn sample() -> (PoissonMidpoint<Underdamped<f32>>, Vec<u8>) {
    let dynamics = Underdamped::new(0.5, 1000, 2.0).unwrap();
    let dynamics = dynamics
        .with_temperature(3.0)
        .unwrap()
        .with_mass(0.25)
        .unwrap();
    let stepper = PoissonMidpoint::new(dynamics, MidpointLaw::Single);
    let (mut state, mut positions) = ([1.5, -2.0, 0.25, f32::MAX], [40, 1 << 63]);
    let error = StepError::NonFiniteDrift {
        inner_step: 17,
        component: 0,
    };
    let mut status = [Status::Active, Status::Failed { step: 8, error }];
    let particles = Particles::<Phase<f32, 1>>::new(
        Streams::new(42),
        100,
        &mut state,
        &mut positions,
        &mut status,
    )
    .unwrap();
    let mut bytes = vec![0xee; checkpoint::byte_length(&particles) + 3];
    let written = checkpoint::write(&particles, &stepper, 9, &mut bytes).unwrap();
    assert_eq!(bytes.split_off(written), [0xee; 3]);
    for length in [0, 8, written - 1] {
        let mut short = vec![0xee; length];
        let refused = checkpoint::write(&particles, &stepper, 9, &mut short);
        let (found, needed) = (length, written);
        assert_eq!(refused, Err(CheckpointError::Buffer { found, needed }));
        assert!(short.iter().all(|byte| *byte == 0xee));
    }
    (stepper, bytes)
}

#[test]
fn the_format_byte_by_byte() {
    assert_eq!(crc(b"123456789"), 0x995d_c9bb_df19_39fa);
    let (_, bytes) = sample();
    let mut expected = b"PMIDCKPT".to_vec();
    expected.extend([1, 0, 1, 0, 4, 2, 0, 0]);
    expected.extend([1, 0, 0, 0, 9, 0, 0, 0]);
    expected.extend(Streams::new(42).key());
    for number in [100_u64, 2, 1] {
        expected.extend(number.to_le_bytes());
    }
    expected.extend(b"pmm single\0\0\0\0\0\0underdamped\0\0\0\0\0");
    expected.extend([232, 3, 0, 0, 0, 0, 0, 0]);
    // Step size, temperature, mass and friction.
    for number in [0.5_f32, 3.0, 0.25, 2.0] {
        expected.extend(number.to_le_bytes());
        expected.extend([0; 4]);
    }
    for number in [1.5, -2.0, 0.25, f32::MAX] {
        expected.extend(number.to_le_bytes());
    }
    expected.extend([40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80]);
    for number in [1_u32, 0, 1, 8, 17, 0, 0, 0] {
        expected.extend(number.to_le_bytes());
    }
    assert_eq!(bytes, with_checksum(expected));
    // The key is that of the stream contract.
    let words = Streams::new(42).key();
    assert_eq!(Streams::from_key(words), Streams::new(42));
}

#[test]
fn no_bit_may_be_wrong() {
    let (_, bytes) = sample();
    for byte in 0..bytes.len() {
        for bit in 0..8 {
            let mut wrong = bytes.clone();
            wrong[byte] ^= 1 << bit;
            assert!(
                Checkpoint::from_bytes(&wrong).is_err(),
                "bit {bit} of byte {byte}"
            );
        }
        // Before the header is complete, all that is known is that there has to be one.
        let expected = if byte < 152 { 160 } else { bytes.len() as u64 };
        let error = match byte {
            0..8 => CheckpointError::Magic,
            found => CheckpointError::Length { found, expected },
        };
        assert_eq!(Checkpoint::from_bytes(&bytes[..byte]), Err(error));
    }
    let long = [&bytes[..], &[0]].concat();
    let (found, expected) = (long.len(), bytes.len() as u64);
    assert_eq!(
        Checkpoint::from_bytes(&long),
        Err(CheckpointError::Length { found, expected })
    );
    let mut damaged = bytes.clone();
    damaged[160] ^= 1;
    let expected = u64::from_le_bytes(bytes[bytes.len() - 8..].try_into().unwrap());
    let found = crc(&damaged[..damaged.len() - 8]);
    let error = Checkpoint::from_bytes(&damaged).unwrap_err();
    assert_eq!(error, CheckpointError::Checksum { found, expected });
    assert_eq!(
        error.to_string(),
        format!(
            "the checkpoint is damaged: its bytes have the checksum {found:#018x}, not {expected:#018x}"
        )
    );
}

/// The sample with some of its bytes replaced, and a checksum that is right.
fn with(offset: usize, new: &[u8]) -> CheckpointError {
    let (_, mut bytes) = sample();
    bytes.truncate(bytes.len() - 8);
    bytes[offset..][..new.len()].copy_from_slice(new);
    Checkpoint::from_bytes(&with_checksum(bytes)).unwrap_err()
}

#[test]
fn numbers_that_no_writer_writes_are_refused() {
    assert_eq!(with(0, b"Q"), CheckpointError::Magic);
    assert_eq!(with(8, &[2]), CheckpointError::Version { found: 2 });
    assert_eq!(
        with(10, &[0, 1]),
        CheckpointError::StreamVersion { found: 256 }
    );
    for (offset, byte) in [
        (12, &[6][..]),
        (13, &[0]),
        (13, &[3]),
        (14, &[0, 1]),
        (64, &[0xff; 8]),
        (112, &[0; 4]),
        (116, &[0, 0, 0, 1]),
        (120, &[0, 0, 0, 0, 1]),
        (128, &[0, 0, 0, 0, 0, 0, 0, 1]),
        (136, &[0, 0, 0, 0, 1]),
        (144, &[0, 0, 0, 0, 1]),
    ] {
        let at = if offset == 64 { 64 } else { offset };
        assert_eq!(with(offset, byte), CheckpointError::Header { offset: at });
    }
    // Three failures among two particles; then as many particles as there are numbers, from 0 on.
    assert_eq!(with(72, &[3]), CheckpointError::Header { offset: 72 });
    let (_, bytes) = sample();
    let found = bytes.len();
    let all = [[0; 8], [0xff; 8]].concat();
    let expected = u64::MAX;
    assert_eq!(with(56, &all), CheckpointError::Length { found, expected });
    let expected = found as u64 + 16;
    assert_eq!(with(64, &[3]), CheckpointError::Length { found, expected });
    let (index, word_position) = (0, (1 << 63) + 40);
    let expected = CheckpointError::WordPosition {
        index,
        word_position,
    };
    assert_eq!(with(168, &[40, 0, 0, 0, 0, 0, 0, 0x80]), expected);
    // The failure's particle, code, unused field and last number.
    for (offset, new) in [(184, 2), (192, 0), (192, 7), (208, 1), (212, 1)] {
        assert_eq!(with(offset, &[new]), CheckpointError::Failure { index: 0 });
    }
}

#[test]
fn failures_come_in_order_and_once() {
    let stepper = euler();
    let (mut x, mut positions) = ([0.0; 6], [0; 3]);
    let error = StepError::Unfinished;
    let mut status = [2, 3, 4].map(|step| Status::Failed { step, error });
    let particles =
        Particles::<Plane>::new(Streams::new(1), 0, &mut x, &mut positions, &mut status).unwrap();
    let mut bytes = vec![0; checkpoint::byte_length(&particles)];
    checkpoint::write(&particles, &stepper, 5, &mut bytes).unwrap();
    assert!(Checkpoint::from_bytes(&bytes).is_ok());
    let failures = 152 + 24 + 24;
    for (second, index) in [(0, 1), (2, 2), (3, 1)] {
        let mut wrong = bytes[..bytes.len() - 8].to_vec();
        wrong[failures + 32] = second;
        let wrong = with_checksum(wrong);
        let refused = Checkpoint::from_bytes(&wrong);
        assert_eq!(refused, Err(CheckpointError::Failure { index }), "{second}");
    }
}

#[test]
fn another_run_is_refused_by_what_differs() {
    fn refused<S, X>(stepper: &S, seed: u64) -> (Mismatch<X::Real>, String)
    where
        S: Recorded,
        X: StateOf<S::Dynamics>,
    {
        let bytes = sample().1;
        let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
        let mut x = vec![X::Real::TWO; 2 * X::PARTS * X::DIMENSION];
        let (mut positions, mut status) = ([3; 2], [Status::Active; 2]);
        let mut particles =
            Particles::<X>::new(Streams::new(seed), 100, &mut x, &mut positions, &mut status)
                .unwrap();
        let mismatch = checkpoint.restore(stepper, &mut particles).unwrap_err();
        drop(particles);
        assert!(x.iter().all(|x| *x == X::Real::TWO) && positions == [3; 2]);
        (mismatch, mismatch.to_string())
    }
    type One = Phase<f32, 1>;
    let (right, _) = sample();
    let single = |dynamics| PoissonMidpoint::new(dynamics, MidpointLaw::Single);
    let dynamics = |step, inner, friction| Underdamped::new(step, inner, friction).unwrap();
    let checks = [
        (
            refused::<_, One>(&right, 43),
            Mismatch::Seed,
            "another seed",
        ),
        (
            refused::<_, SVector<f32, 1>>(&euler(), 42),
            Mismatch::Parts {
                found: 2,
                expected: 1,
            },
            "states of 2 parts, not 1",
        ),
        (
            refused::<_, Phase<f32, 2>>(&right, 42),
            Mismatch::Dimension {
                found: 1,
                expected: 2,
            },
            "dimension 1, not 2",
        ),
        (
            refused::<_, One>(
                &PoissonMidpoint::new(*right.dynamics(), MidpointLaw::Bernoulli),
                42,
            ),
            Mismatch::Method {
                found: Name::new("pmm single"),
                expected: Name::new("pmm bernoulli"),
            },
            "the method pmm single, not pmm bernoulli",
        ),
        (
            refused::<_, One>(&single(dynamics(0.5, 999, 2.0)), 42),
            Mismatch::InnerSteps {
                found: 1000,
                expected: 999,
            },
            "1000 inner steps, not 999",
        ),
        (
            refused::<_, One>(&single(dynamics(0.25, 1000, 2.0)), 42),
            Mismatch::StepSize {
                found: 0.5,
                expected: 0.25,
            },
            "step size 0.5, not 0.25",
        ),
        (
            refused::<_, One>(&single(dynamics(0.5, 1000, 2.0)), 42),
            Mismatch::Parameter {
                name: "temperature",
                found: 3.0,
                expected: 1.0,
            },
            "temperature 3, not 1",
        ),
        (
            refused::<_, One>(
                &single(dynamics(0.5, 1000, 2.0).with_temperature(3.0).unwrap()),
                42,
            ),
            Mismatch::Parameter {
                name: "mass",
                found: 0.25,
                expected: 1.0,
            },
            "mass 0.25, not 1",
        ),
    ];
    for ((mismatch, text), expected, words) in checks {
        assert_eq!(mismatch, expected);
        assert_eq!(text, format!("the checkpoint is of {words}"));
    }
    let wide = single_of_f64();
    let (mismatch, text) = refused::<_, Phase<f64, 1>>(&wide, 42);
    assert_eq!(
        mismatch,
        Mismatch::Scalar {
            found: 4,
            expected: 8
        }
    );
    assert_eq!(text, "the checkpoint is of scalars of 4 bytes, not 8");
    // Overdamped dynamics under the same method, and positions alone.
    let mut ensemble = Ensemble::new(1, [vector![0.0_f32]]);
    let (step, inner) = (0.5, 4);
    let semilinear = EulerMaruyama::new(Semilinear::new(step, inner, 1.0, 1.0).unwrap());
    let bytes = ensemble.checkpoint(&semilinear, 0).unwrap();
    let overdamped = EulerMaruyama::new(Overdamped::new(step, inner).unwrap());
    let mismatch = Checkpoint::from_bytes(&bytes)
        .unwrap()
        .restore(&overdamped, &mut ensemble.particles());
    let (found, expected) = (Name::new("semilinear"), Name::new("overdamped"));
    assert_eq!(mismatch, Err(Mismatch::Dynamics { found, expected }));
    let parameter = |name, found, expected| Mismatch::Parameter {
        name,
        found,
        expected,
    };
    let sigma = "squared diffusion coefficient";
    let read = Checkpoint::from_bytes(&bytes).unwrap();
    for (rate, noise, expected) in [
        (1.0, 2.0, parameter(sigma, 1.0, 4.0)),
        (2.0, 1.0, parameter("linear rate", 1.0, 2.0)),
    ] {
        let other = EulerMaruyama::new(Semilinear::new(step, inner, rate, noise).unwrap());
        let mismatch = Ensemble::<SVector<f32, 1>>::from_checkpoint(&read, &other);
        assert_eq!(mismatch, Err(expected));
    }
    let additive = |sigma| EulerMaruyama::new(AdditiveNoise::new(step, inner, sigma).unwrap());
    let bytes = ensemble.checkpoint(&additive(3.0), 0).unwrap();
    let mismatch = Checkpoint::from_bytes(&bytes)
        .unwrap()
        .restore(&additive(1.0), &mut ensemble.particles());
    assert_eq!(mismatch, Err(parameter(sigma, 9.0, 1.0)));
    let warmer = Overdamped::new(step, inner).unwrap();
    let warmer = EulerMaruyama::new(warmer.with_temperature(2.0).unwrap());
    let bytes = ensemble.checkpoint(&warmer, 0).unwrap();
    let mismatch = Checkpoint::from_bytes(&bytes)
        .unwrap()
        .restore(&overdamped, &mut ensemble.particles());
    assert_eq!(mismatch, Err(parameter("temperature", 2.0, 1.0)));
}

fn single_of_f64() -> PoissonMidpoint<Underdamped<f64>> {
    PoissonMidpoint::new(
        Underdamped::new(0.5, 1000, 2.0).unwrap(),
        MidpointLaw::Single,
    )
}

#[test]
fn errors_say_what_is_wrong() {
    for (error, text) in [
        (
            CheckpointError::Magic,
            "these bytes are no checkpoint: they do not begin with PMIDCKPT",
        ),
        (
            CheckpointError::Version { found: 2 },
            "the checkpoint is of format 2, not 1",
        ),
        (
            CheckpointError::StreamVersion { found: 3 },
            "the checkpoint is of version 3 of the random-stream contract, not 1",
        ),
        (
            CheckpointError::Length {
                found: 8,
                expected: 160,
            },
            "the checkpoint has 8 bytes, not 160",
        ),
        (
            CheckpointError::Header { offset: 12 },
            "the checkpoint has a number out of range at byte 12",
        ),
        (
            CheckpointError::WordPosition {
                index: 4,
                word_position: u64::MAX,
            },
            "word position 18446744073709551615 of particle 4 of the checkpoint is beyond 2^63",
        ),
        (
            CheckpointError::Failure { index: 1 },
            "failure 1 of the checkpoint is invalid",
        ),
        (
            CheckpointError::Buffer {
                found: 1,
                needed: 160,
            },
            "the buffer has 1 bytes, and the checkpoint 160",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
    assert_eq!(
        Name::new("an overlong name of a method").to_string(),
        "an overlong name"
    );
}

#[cfg(feature = "std")]
#[test]
fn a_file_is_replaced_as_one_act() {
    let folder = std::env::temp_dir().join(format!("poisson-midpoint-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("shard");
    for bytes in [&b"old"[..], b"and new"] {
        checkpoint::save(&path, bytes).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }
    #[cfg(unix)]
    {
        let link = folder.join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        checkpoint::save(&link, b"linked").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"linked");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        std::fs::remove_file(&link).unwrap();
    }
    // A folder cannot be replaced by a file; nothing is left beside it.
    let taken = folder.join("taken");
    std::fs::create_dir_all(taken.join("full")).unwrap();
    assert!(checkpoint::save(&taken, b"new").is_err());
    assert!(taken.join("full").exists());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
    assert!(checkpoint::save(folder.join("none/shard"), b"new").is_err());
    std::fs::remove_dir_all(&folder).unwrap();
}
