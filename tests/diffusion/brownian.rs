//! Noise of one path under steps of any size.

use poisson_midpoint::diffusion::{
    BrownianNoise, Ddim, Ddpm, DpmSolverPlusPlus, ErSdeSolver, HybridMultistep, LinearRate,
    Lockstep, Member, NoiseSchedule, PoissonMidpointDdpm, Prediction, RandomizedMidpointDdpm, Row,
    SaSolver, SampleError, SampleNoise, Sampler, Solver, Timesteps, standard_normal,
};
use poisson_midpoint::random::{Stream, Words};
use poisson_midpoint::{MidpointLaw, Real};

const T: u32 = 100;
const D: usize = 3;

fn schedule() -> LinearRate<f64> {
    LinearRate::new(T, 0.1, 20.0).unwrap()
}

/// A sample from the noise of a seed, by a network of a training step and x.
fn sample(
    solver: impl Solver<f64>,
    list: &[u32],
    seed: u64,
    network: impl Fn(u32, f64) -> f64,
) -> [f64; D] {
    let schedule = schedule();
    let timesteps = Timesteps::<100>::new(list).unwrap();
    let sampler = Sampler::new(&schedule, &timesteps, Prediction::Sample, solver).unwrap();
    let (mut x, mut memory) = ([0.0; D], [0.0; 3 * D]);
    let mut work = vec![0.0; sampler.work_length(D)];
    let mut words = Stream::new(seed, 1);
    standard_normal(&mut x, &mut words);
    let mut noise = BrownianNoise::new(&schedule, Stream::new(seed, 0), words, &mut memory);
    let mut network = |step, x: &[f64], sample: &mut [f64]| {
        for (sample, &x) in sample.iter_mut().zip(x) {
            *sample = network(step, x);
        }
    };
    sampler
        .sample(&mut x, &mut network, &mut noise, &mut work)
        .unwrap();
    x
}

/// The normals of the steps between two training steps, added to 0.
fn normals<T: Real>(
    noise: &mut (impl SampleNoise<T> + ?Sized),
    from: u32,
    to: u32,
    dimension: usize,
) -> Vec<T> {
    let mut x = vec![T::ZERO; dimension];
    noise.add(&mut x, T::ONE, from, to);
    x
}

fn all(steps: u32, end: u32) -> Vec<u32> {
    let mut list = (0..steps)
        .map(|n| T - n * (T - end) / steps)
        .collect::<Vec<_>>();
    list.push(end);
    list
}

/// Ancestral steps with the data known compose: any number of them is the step that spans them.
#[test]
fn noise_composes_to_that_of_longer_steps() {
    let known = |_, _| 0.3;
    let end = 7;
    let ddpm = || Ddpm::default();
    let expected = sample(ddpm(), &all(1, end), 5, known);
    let close = |found: [f64; D]| {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    };
    for steps in [2, 3, 31, T - end] {
        close(sample(ddpm(), &all(steps, end), 5, known));
        close(sample(Ddim { eta: 1.0 }, &all(steps, end), 5, known));
        let solver = DpmSolverPlusPlus { order: 3, eta: 1.0 };
        close(sample(solver, &all(steps, end), 5, known));
        let solver = HybridMultistep {
            order: 2,
            eta: 1.0,
            node: 0.4,
        };
        close(sample(solver, &all(steps, end), 5, known));
        let mut table = [Row::ZERO; T as usize];
        let solver = PoissonMidpointDdpm::new(&mut table);
        close(sample(solver, &all(steps, end), 5, known));
        let solver = PoissonMidpointDdpm::new(&mut table).with_law(MidpointLaw::Bernoulli);
        close(sample(solver, &all(steps, end), 5, known));
        let mut thresholds = [0; T as usize];
        let solver = RandomizedMidpointDdpm::new(&mut table, &mut thresholds);
        close(sample(solver, &all(steps, end), 5, known));
        let solver = SaSolver {
            predictor: 2,
            corrector: 2,
            tau: 1.0,
            noisy: [0.0, f64::INFINITY],
        };
        close(sample(solver, &all(steps, end), 5, known));
    }
    let other = sample(ddpm(), &all(1, end), 6, known);
    assert!(
        other
            .iter()
            .zip(expected)
            .all(|(a, b)| (a - b).abs() > 1e-3)
    );
}

/// The more steps, the nearer the samples of a seed come to each other, to first order; those of a stream come no
/// nearer to each other than any two.
#[test]
fn samples_of_a_seed_converge() {
    const SEEDS: u64 = 100;
    let schedule = LinearRate::new(1000, 0.1_f64, 20.0).unwrap();
    // Data of standard deviation ½ about 1.
    let mut network = |step, x: &[f64], sample: &mut [f64]| {
        let level = schedule.level(step);
        let gain = level.signal * 0.25 / (level.signal.powi(2) * 0.25 + level.noise.powi(2));
        sample[0] = 1.0 + gain * (x[0] - level.signal);
    };
    let mut sample = |steps: u32, seed: u64, shared: bool| {
        let timesteps = Timesteps::<160>::log_snr(steps, &schedule).unwrap();
        let solver = DpmSolverPlusPlus { order: 2, eta: 1.0 };
        let sampler = Sampler::new(&schedule, &timesteps, Prediction::Sample, solver).unwrap();
        let (mut x, mut memory, mut work) = ([0.0], [0.0; 3], [0.0; 3]);
        let mut words = Stream::new(seed, 1);
        standard_normal(&mut x, &mut words);
        let mut noise =
            BrownianNoise::new(&schedule, Stream::new(seed, 0), words.clone(), &mut memory);
        let noise: &mut dyn SampleNoise<f64> = if shared { &mut noise } else { &mut words };
        sampler
            .sample(&mut x, &mut network, noise, &mut work)
            .unwrap();
        x[0]
    };
    let mut distance = |steps: u32, shared: bool| {
        let squares = (0..SEEDS)
            .map(|seed| (sample(steps, seed, shared) - sample(2 * steps, seed, shared)).powi(2));
        (squares.sum::<f64>() / SEEDS as f64).sqrt()
    };
    let distances = [10, 20, 40, 80].map(|steps| distance(steps, true));
    for pair in distances.windows(2) {
        assert!(pair[1] < 0.6 * pair[0], "{distances:?}");
    }
    assert!(distances[3] < 0.1 * distance(80, false), "{distances:?}");
}

/// Each segment's noise is standard normal and independent of the others', whatever their lengths.
#[test]
fn segments_are_independent_standard_normals() {
    const RUNS: u32 = 20_000;
    let cuts = [100, 83, 82, 40, 9, 2, 1, 0];
    let schedule = schedule();
    let segments = cuts.len() - 1;
    let mut second = vec![vec![0.0; segments]; segments];
    let mut sums = vec![0.0; segments];
    let mut fourth = vec![0.0; segments];
    let mut memory = [0.0_f64; 3];
    for run in 0..RUNS {
        let (path, words) = (Stream::new(3, run.into()), Stream::new(4, 0));
        let mut noise = BrownianNoise::new(&schedule, path, words, &mut memory);
        let normals: Vec<f64> = cuts
            .windows(2)
            .map(|cut| normals(&mut noise, cut[0], cut[1], 1)[0])
            .collect();
        for (i, a) in normals.iter().enumerate() {
            sums[i] += a;
            fourth[i] += a.powi(4);
            for (j, b) in normals.iter().enumerate() {
                second[i][j] += a * b;
            }
        }
    }
    // 63 bounds of 5 standard errors: a false alarm of 4e-5.
    let root = f64::from(RUNS).sqrt();
    let n = f64::from(RUNS);
    for (i, row) in second.iter().enumerate() {
        assert!((sums[i] / n).abs() < 5.0 / root);
        assert!((fourth[i] / n - 3.0).abs() < 5.0 * 96_f64.sqrt() / root);
        for (j, sum) in row.iter().enumerate() {
            let (expected, deviation) = if i == j {
                (1.0, 2_f64.sqrt())
            } else {
                (0.0, 1.0)
            };
            let found = sum / n - expected;
            assert!(found.abs() < 5.0 * deviation / root, "{i} {j} {found}");
        }
    }
}

/// A path is a function of its stream's seed, wherever it was looked at before.
#[test]
fn a_path_does_not_depend_on_what_was_asked_before() {
    let schedule = LinearRate::new(1000, 0.1_f32, 20.0).unwrap();
    let (mut memory, mut other) = ([0.0; 900], [7.0; 900]);
    let mut path = Stream::new(1, 2);
    let mut noise = BrownianNoise::new(&schedule, path.clone(), Stream::new(0, 0), &mut memory);
    path.seek(33).unwrap();
    let mut again = BrownianNoise::new(&schedule, path, Stream::new(0, 0), &mut other);
    let draw = |noise: &mut dyn SampleNoise<f32>, from, to, dimension| {
        normals(noise, from, to, dimension)
            .into_iter()
            .map(f32::to_bits)
            .collect::<Vec<_>>()
    };
    let mut expected = Vec::new();
    for (from, to) in [(1000, 700), (700, 699), (699, 3), (3, 0)] {
        expected.push((from, to, draw(&mut noise, from, to, 300)));
    }
    for (from, to, expected) in expected.into_iter().rev() {
        draw(&mut again, from, to, 5);
        assert_eq!(draw(&mut again, from, to, 300), expected);
        // Added, they are the same.
        let mut x = [0.25; 300];
        again.add(&mut x, 0.5, from, to);
        for (x, normal) in x.iter().zip(&expected) {
            assert_eq!(*x, 0.25 + 0.5 * f32::from_bits(*normal));
        }
    }
}

/// The words of a path's nodes are as fixed as those of a stream.
#[test]
fn a_path_has_its_bits() {
    let schedule = LinearRate::new(1000, 0.1_f32, 20.0).unwrap();
    let mut memory = [0.0; 51];
    let mut noise =
        BrownianNoise::new(&schedule, Stream::new(1, 2), Stream::new(0, 0), &mut memory);
    let bits = [(1000, 700), (700, 699), (699, 1), (1, 0)].map(|(from, to)| {
        let normals: Vec<f32> = normals(&mut noise, from, to, 17);
        normals
            .iter()
            .fold(0_u32, |hash, normal| hash.rotate_left(5) ^ normal.to_bits())
    });
    assert_eq!(
        bits,
        [0x2e39_5c79, 0xd7ef_ee1c, 0x30ad_322c, 0x1559_3ead],
        "{bits:#x?}"
    );
}

/// From pure noise to the data in one step, the normals are those of the path's root, whatever the schedule.
#[test]
fn the_noise_of_a_whole_path_is_its_roots() {
    let whole = |rate| {
        let schedule = LinearRate::new(T, rate, rate).unwrap();
        let (path, mut memory) = (Stream::new(3, 0), [0.0; 3]);
        let mut noise = BrownianNoise::new(&schedule, path, words_of(2), &mut memory);
        normals(&mut noise, T, 0, 1)[0]
    };
    // The first schedule keeps most of the signal, the second nothing.
    let (kept, lost): (f64, f64) = (whole(0.1), whole(20.0));
    assert!((kept - lost).abs() < 1e-12, "{kept} {lost}");
}

/// Midpoints are drawn from the words that the caller gave for them.
#[test]
fn words_of_midpoints_are_the_callers() {
    let (schedule, mut memory, mut words) = (schedule(), [0.0; 3], words_of(2));
    let path = Stream::new(3, 0);
    let mut noise = BrownianNoise::new(&schedule, path, words_of(2), &mut memory);
    for _ in 0..3 {
        assert_eq!(noise.word(), words.next_word());
    }
}

/// One by one, added, or as the start of a run: the normals of a stream are its next ones, be they few or many.
#[test]
fn a_stream_is_noise_too() {
    fn check<T: Real>(dimension: usize) {
        let mut streams = [(); 3].map(|()| Stream::new(1, 2));
        let [one_by_one, added, start] = &mut streams;
        let (mut x, mut y) = (vec![T::ZERO; dimension], vec![T::ZERO; dimension]);
        standard_normal(&mut x, start);
        added.add(&mut y, T::ONE, 9, 8);
        let normals: Vec<T> = (0..dimension).map(|_| T::normal(one_by_one)).collect();
        assert!(normals == x && normals == y);
        assert!(normals.iter().all(|normal| *normal != T::ZERO));
        let words = streams.map(|stream| stream.word_position());
        assert_eq!(
            words,
            [dimension as u64 * u64::from(T::WORDS_PER_NORMAL); 3]
        );
        assert_eq!(SampleNoise::<T>::check(&words_of(7), dimension, 1), Ok(()));
    }
    for dimension in [3, 255, 256, 600] {
        check::<f32>(dimension);
        check::<f64>(dimension);
    }
    let (mut first, mut words) = (words_of(2), words_of(2));
    let word = SampleNoise::<f64>::word(&mut first);
    assert_eq!(word, words.next_word());
    assert_eq!(first.word_position(), 1);
}

fn words_of(particle: u64) -> Stream {
    Stream::new(1, particle)
}

#[test]
fn noise_of_another_sampler_is_refused() {
    let (mine, others) = (schedule(), LinearRate::new(T + 1, 0.1, 20.0).unwrap());
    let timesteps = Timesteps::<4>::uniform(4, &mine).unwrap();
    let solver = ErSdeSolver { order: 1 };
    let sampler = Sampler::new(&mine, &timesteps, Prediction::Sample, solver).unwrap();
    let mut network = |_, _: &[f64], _: &mut [f64]| panic!("asked");
    let (mut x, mut memory, mut work) = ([0.5; D], [0.0; 3 * D], [0.0; 9]);
    let (path, words) = (Stream::new(1, 0), Stream::new(2, 0));
    let mut noise = BrownianNoise::new(&others, path.clone(), words.clone(), &mut memory);
    let error = SampleError::NoiseOfOtherSchedule {
        training_steps: T + 1,
        needed: T,
    };
    let found = sampler.sample(&mut x, &mut network, &mut noise, &mut work);
    assert_eq!(found, Err(error));
    assert_eq!(
        error.to_string(),
        "the noise is for a schedule of 101 training steps, not 100"
    );
    let mut noise = BrownianNoise::new(&mine, path, words, &mut memory[1..]);
    let (length, needed) = (3 * D - 1, 3 * D);
    let error = SampleError::NoiseLength { length, needed };
    let found = sampler.sample(&mut x, &mut network, &mut noise, &mut work);
    assert_eq!((found, x), (Err(error), [0.5; D]));
    assert_eq!(
        error.to_string(),
        "the noise's memory has length 8, not the 9 needed"
    );
    let (mut steps, mut batch_work) = ([0], [0.0; 30]);
    let mut members = [Member::new(noise)];
    let batch = Lockstep::new(
        &sampler,
        D,
        &mut members,
        &mut x,
        &mut steps,
        &mut batch_work,
    );
    assert_eq!(batch.err(), Some(error));
}

/// A schedule may lose all of the signal, down to a ratio that is 0 in its scalar.
#[test]
fn a_path_goes_on_where_nothing_of_the_signal_is_left() {
    let schedule = LinearRate::new(1000, 0.1_f32, 400.0).unwrap();
    let (mut sum, runs) = (0.0, 2_000);
    for run in 0..runs {
        let mut memory = [0.0; 3];
        let (path, words) = (Stream::new(3, run), Stream::new(4, 0));
        let mut noise = BrownianNoise::new(&schedule, path, words, &mut memory);
        for (from, to) in [(1000, 950), (950, 949), (949, 700), (700, 0)] {
            let normal: f32 = normals(&mut noise, from, to, 1)[0];
            sum += f64::from(normal).powi(2);
        }
    }
    // 5 standard errors: a false alarm of 6e-7.
    let n = 4.0 * runs as f64;
    assert!(
        (sum / n - 1.0).abs() < 5.0 * (2.0 / n).sqrt(),
        "{}",
        sum / n
    );
}
