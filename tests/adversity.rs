//! What happens at the ends of every range: the rows of `docs/adversity.md`, one by one.

use std::cell::RefCell;

use nalgebra::{SVector, vector};
use poisson_midpoint::MidpointLaw::{Bernoulli, Single};
use poisson_midpoint::batch::{Cpu, Particles, Status};
use poisson_midpoint::dynamics::{
    AdditiveNoise, Dynamics, Overdamped, ScalarSpan, Semilinear, Underdamped,
};
use poisson_midpoint::random::{Stream, Streams};
use poisson_midpoint::slices::SliceError;
use poisson_midpoint::{EulerMaruyama, Phase, PoissonMidpoint, StepError, Stepper};

type One = SVector<f32, 1>;

fn at_rest<const D: usize>(_time: f32, x: &SVector<f32, D>) -> SVector<f32, D> {
    x * 0.0
}

/// One step without a drift from 0: the noise.
fn noise_of(dynamics: Overdamped<f32>) -> f32 {
    let mut x = vector![0.0];
    let stepper = EulerMaruyama::new(dynamics);
    let step = stepper.step(0.0, &mut x, at_rest, &mut Stream::new(42, 0));
    assert!(step.is_ok());
    x[0]
}

/// The same noise with the variance 2.
fn standard() -> f32 {
    noise_of(Overdamped::new(1.0, 1).unwrap())
}

#[test]
fn the_ends_of_the_step_size() {
    let least = f32::MIN_POSITIVE;
    let noise = noise_of(Overdamped::new(least, 1).unwrap());
    assert!((noise / least.sqrt() / standard() - 1.0).abs() < 1e-6);
    assert!(Overdamped::new(least / 2.0, 1).is_err());

    let largest = Overdamped::new(f32::MAX / 2.0, 1).unwrap();
    assert!((noise_of(largest) / (f32::MAX / 2.0).sqrt() / standard() - 1.0).abs() < 1e-6);
    // Twice that step size has an infinite variance.
    let stepper = EulerMaruyama::new(Overdamped::new(f32::MAX, 1).unwrap());
    let mut x = vector![0.5];
    let step = stepper.step(0.0, &mut x, at_rest, &mut Stream::new(42, 0));
    let failure = StepError::NonFiniteState { inner_step: 1 };
    assert_eq!((step, x), (Err(failure), vector![0.5]));
}

#[test]
fn a_step_size_far_too_large_ends_in_an_error() {
    let dynamics = Overdamped::new(1e10_f32, 100).unwrap();
    let mut stream = Stream::new(42, 0);
    let mut x = vector![1.0];
    let stepper = PoissonMidpoint::new(dynamics, Single);
    let failed = (0..10).find_map(|_| {
        let before = x;
        let error = stepper.step(0.0, &mut x, |_, x| -x, &mut stream).err()?;
        assert_eq!(x, before);
        Some(error)
    });
    assert!(matches!(failed, Some(StepError::NonFiniteState { .. })));
    assert!(x[0].is_finite());
}

#[test]
fn the_ends_of_the_temperature() {
    for temperature in [f32::MIN_POSITIVE, 1e-30, 1e30, f32::MAX / 2.0] {
        let dynamics = Overdamped::new(1.0, 1).unwrap();
        let noise = noise_of(dynamics.with_temperature(temperature).unwrap());
        assert!((noise / temperature.sqrt() / standard() - 1.0).abs() < 1e-6);
    }
}

#[test]
fn noise_whose_variance_is_below_the_least_normal_number() {
    let noise = |step_size: f32| {
        let dynamics = Overdamped::new(step_size, 1).unwrap();
        noise_of(dynamics.with_temperature(1e-30).unwrap())
    };
    // 2·10⁻⁴⁰ has 17 bits left, 2·10⁻⁴⁶ none.
    let exact = 1e-20 * standard();
    let error = (noise(1e-10) / exact - 1.0).abs();
    assert!(error > 1e-7 && error < 1e-5, "{error:e}");
    assert_eq!(noise(1e-16), 0.0);
}

#[test]
fn the_ends_of_the_number_of_inner_steps() {
    let mut stream = Stream::new(42, 0);
    let mut x: One = vector![1.0];
    for (law, steps) in [(Single, 1000), (Bernoulli, 1000)] {
        let stepper = PoissonMidpoint::new(Overdamped::new(0.1_f32, u32::MAX).unwrap(), law);
        let calls: u32 = (0..steps)
            .map(|_| {
                let step = stepper.step(0.0, &mut x, |_, x| -x, &mut stream).unwrap();
                step.drift_calls
            })
            .sum();
        assert!(x[0].abs() < 10.0);
        match law {
            Single => assert_eq!(calls, 2 * steps),
            // 1 + Poisson(1): seven standard deviations.
            Bernoulli => assert!((f64::from(calls) - 2000.0).abs() < 7.0 * 1000_f64.sqrt()),
        }
    }
    let one = Overdamped::new(0.1_f32, 1).unwrap();
    let mut ends = [x, x];
    let [euler, midpoint] = &mut ends;
    let [mut a, mut b] = [Stream::new(1, 0), Stream::new(1, 0)];
    for _ in 0..100 {
        let _ = EulerMaruyama::new(one)
            .step(0.0, euler, |_, x| -x, &mut a)
            .unwrap();
        let stepper = PoissonMidpoint::new(one, Bernoulli);
        let _ = stepper.step(0.0, midpoint, |_, x| -x, &mut b).unwrap();
    }
    assert_eq!(ends[0], ends[1]);
}

#[test]
fn no_dimension_and_a_thousand() {
    let dynamics = Overdamped::new(0.1_f32, 100).unwrap();
    let stepper = PoissonMidpoint::new(dynamics, Single);
    let mut stream = Stream::new(42, 0);
    let mut nowhere = SVector::<f32, 0>::zeros();
    let step = stepper
        .step(0.0, &mut nowhere, at_rest, &mut stream)
        .unwrap();
    // The midpoint's word, and no normals.
    assert_eq!((step.drift_calls, stream.word_position()), (2, 1));
    let empty = stepper.step_slice(0.0, &mut [], |_, _, _| (), &mut stream, &mut []);
    assert!(matches!(empty, Err(SliceError::State { .. })), "{empty:?}");

    let mut vector = SVector::<f32, 1000>::repeat(1.0);
    let mut slice = vec![1.0; 1000];
    let mut work = vec![0.0; stepper.work_length(1000)];
    let drift = |_: f32, x: &[f32], b: &mut [f32]| {
        for (b, x) in b.iter_mut().zip(x) {
            *b = -x;
        }
    };
    let [mut a, mut b] = [Stream::new(1, 0), Stream::new(1, 0)];
    for _ in 0..10 {
        let _ = stepper.step(0.0, &mut vector, |_, x| -x, &mut a).unwrap();
        let _ = stepper
            .step_slice(0.0, &mut slice, drift, &mut b, &mut work)
            .unwrap();
    }
    assert_eq!(vector.as_slice(), slice);
}

#[test]
fn subnormal_states_are_not_flushed() {
    fn stays<S>(dynamics: S)
    where
        S: Dynamics<Real = f32, State<1> = One, Span<f32> = ScalarSpan<f32>>,
    {
        for bits in [1, 2, 0x1234, 0x007f_ffff, 0x8000_0001] {
            let x = f32::from_bits(bits);
            let mut stream = Stream::new(42, 0);
            let mut ends = [vector![x]; 2];
            let [euler, midpoint] = &mut ends;
            let _ = EulerMaruyama::new(dynamics)
                .step(0.0, euler, at_rest, &mut stream)
                .unwrap();
            let stepper = PoissonMidpoint::new(dynamics, Single);
            let _ = stepper.step(0.0, midpoint, at_rest, &mut stream).unwrap();
            assert_eq!(ends.map(|x| x[0].to_bits()), [bits; 2]);
        }
    }
    stays(AdditiveNoise::new(0.1, 10, 0.0).unwrap());
    stays(Semilinear::new(0.1, 10, 0.0, 0.0).unwrap());
}

#[test]
fn states_that_are_not_finite_fail() {
    let dynamics = Underdamped::new(0.1_f32, 10, 1.0).unwrap();
    for bad in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
        for start in [
            Phase {
                position: vector![1.0, bad],
                velocity: vector![0.0, 0.0],
            },
            Phase {
                position: vector![1.0, 2.0],
                velocity: vector![bad, 0.0],
            },
        ] {
            let bits = |x: &Phase<f32, 2>| {
                [x.position, x.velocity].map(|x| [x[0].to_bits(), x[1].to_bits()])
            };
            let mut x = start;
            let mut stream = Stream::new(42, 0);
            let zero = |_: f32, _: &SVector<f32, 2>| vector![0.0, 0.0];
            let euler = EulerMaruyama::new(dynamics).step(0.0, &mut x, zero, &mut stream);
            assert_eq!(euler, Err(StepError::NonFiniteState { inner_step: 10 }));
            for law in [Single, Bernoulli] {
                let stepper = PoissonMidpoint::new(dynamics, law);
                let midpoint = stepper.step(0.0, &mut x, zero, &mut stream);
                assert_eq!(midpoint, Err(StepError::NonFiniteState { inner_step: 0 }));
            }
            assert_eq!(bits(&x), bits(&start));
        }
    }
}

/// A drift that fails at its n-th evaluation, whichever that is: the step fails, the state is as before, and from
/// the word position before the step the run goes on as if nothing had been.
#[test]
fn a_drift_that_fails_once_costs_nothing_but_the_step() {
    let stepper = PoissonMidpoint::new(Underdamped::new(0.2, 10, 1.0).unwrap(), Bernoulli);
    let run = |failing: u32| {
        let mut evaluations = 0;
        let mut x = Phase::at_rest(vector![1.0, -1.0]);
        let mut stream = Stream::new(42, 0);
        let mut failures = 0;
        let mut steps = 0;
        while steps < 20 {
            let (before, position) = (x, stream.word_position());
            let mut drift = |_: f64, x: &SVector<f64, 2>| {
                evaluations += 1;
                if evaluations == failing {
                    x * f64::NAN
                } else {
                    -x
                }
            };
            match stepper.step(0.0, &mut x, &mut drift, &mut stream) {
                Ok(_) => steps += 1,
                Err(StepError::NonFiniteDrift { component: 0, .. }) => {
                    assert_eq!(x, before);
                    stream.seek(position).unwrap();
                    failures += 1;
                }
                Err(error) => panic!("{error}"),
            }
        }
        (x, evaluations, failures)
    };
    let (undisturbed, evaluations, _) = run(0);
    for failing in 1..=evaluations {
        let (x, _, failures) = run(failing);
        assert_eq!((x, failures), (undisturbed, 1), "{failing}");
    }
}

/// A batch of one particle, from a word position.
fn batch_of_one(
    position: u64,
    steps: std::ops::Range<u32>,
    drift: impl Fn(f32, &One) -> One,
) -> (f32, u64) {
    let (mut state, mut positions, mut status) = ([1.0], [position], [Status::Active]);
    let streams = Streams::new(42);
    let mut particles: Particles<One> =
        Particles::new(streams, 0, &mut state, &mut positions, &mut status).unwrap();
    let stepper = EulerMaruyama::new(Overdamped::new(0.5, 1).unwrap());
    assert_eq!(Cpu.run(&stepper, &mut particles, drift, steps).failed, 0);
    (state[0], positions[0])
}

#[test]
fn time_in_f32_beyond_the_integers_that_it_holds() {
    let times = RefCell::new(Vec::new());
    let note = |time: f32, x: &One| {
        times.borrow_mut().push(time);
        -x
    };
    let first = 1 << 24;
    batch_of_one(0, first..first + 5, note);
    batch_of_one(0, u32::MAX - 3..u32::MAX, note);
    let times = times.into_inner();
    let half = |n: u32| n as f32 / 2.0;
    // Each rounds to the nearest number, and halfway to the even neighbour.
    let rounded = [0, 0, 2, 4, 4].map(|n| half(first + n));
    assert_eq!(times[..5], rounded);
    assert_eq!(times[5..], [half(u32::MAX); 3]);
}

#[test]
fn batches_at_the_end_of_their_streams() {
    let end = Stream::END;
    let (x, position) = batch_of_one(end, 0..100, |_, x| -x);
    assert!(x.is_finite());
    // The run went on past the end, but it cannot be resumed from where it is now.
    assert_eq!(position, end + 100);
    let (mut state, mut positions, mut status) = ([x], [position], [Status::Active]);
    let again: Result<Particles<One>, _> =
        Particles::new(Streams::new(42), 0, &mut state, &mut positions, &mut status);
    let message = again.unwrap_err().to_string();
    assert!(
        message.contains("9223372036854775908 of particle 0"),
        "{message}"
    );
}

/// In f32: the stationary variance is that of the method, and a run resumed half-way ends in the same bits.
#[test]
#[ignore = "minutes: cargo test --release --test adversity -- --ignored"]
fn a_billion_steps() {
    let stepper = EulerMaruyama::new(Overdamped::new(0.5_f32, 1).unwrap());
    let run = |mut x: One, from: u64, steps: u32| {
        let mut stream = Streams::new(42).particle_at(0, from).unwrap();
        let mut squares = 0.0;
        for _ in 0..steps {
            let _ = stepper.step(0.0, &mut x, |_, x| -x, &mut stream).unwrap();
            squares += f64::from(x[0] * x[0]);
        }
        (x, stream.word_position(), squares)
    };
    let half = 500_000_000;
    let (middle, position, first) = run(vector![0.0], 0, half);
    assert_eq!(position, u64::from(half));
    let (end, position, second) = run(middle, position, half);
    assert_eq!(position, 2 * u64::from(half));
    // 1/(1 − η/2); neighbours are correlated by ½, their squares by ¼: six relative errors of √(2·(5/3)/10⁹).
    let variance = (first + second) / f64::from(2 * half);
    assert!((variance * 0.75 - 1.0).abs() < 3.5e-4, "{variance}");
    let (whole, _, _) = run(vector![0.0], 0, 2 * half);
    assert_eq!(whole, end);
}

/// Every test that the table names exists.
#[test]
fn the_table_names_tests_that_are() {
    let table = include_str!("../docs/adversity.md");
    let rows = || {
        table
            .lines()
            .filter(|line| line.starts_with("| ") && line.contains("::"))
    };
    assert!(rows().count() >= 18);
    for row in rows() {
        let cell = row.split('`').rev().nth(1).unwrap();
        let (file, test) = cell.split_once("::").unwrap();
        let path = format!("{}/tests/{file}.rs", env!("CARGO_MANIFEST_DIR"));
        let code = std::fs::read_to_string(&path).unwrap();
        assert!(code.contains(&format!("\nfn {test}() {{")), "{cell}");
    }
}
