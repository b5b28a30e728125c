//! Split phase and batches give what one call gives; errors are reported, and change nothing.

use poisson_midpoint::diffusion::{
    Ddim, DpmSolverPlusPlus, LinearRate, Lockstep, Member, Prediction, SaSolver, SampleError,
    Sampler, Solver, Timesteps,
};
use poisson_midpoint::random::Stream;
#[cfg(feature = "rayon")]
use poisson_midpoint::{
    MidpointLaw,
    diffusion::{PoissonMidpointDdpm, ScheduleTable, standard_normal},
};

use super::every::{Check, D, begin, network_of_rows, with_all};

#[test]
fn split_phase_and_batches_give_the_bits_of_one_call() {
    with_all(|name, sampler| {
        for particle in 0..4 {
            let (x, ..) = sampler.one_call(particle);
            assert_eq!(sampler.split_phase(particle), x, "{name}");
        }
        let batch = sampler.lockstep(2, 5);
        let shifted = sampler.lockstep(4, 2);
        assert_eq!(batch[2 * D..4 * D], shifted, "{name}");
        assert_eq!(batch[..D], sampler.one_call(2).0, "{name}");
        assert_eq!(sampler.recovers(), sampler.one_call(0).0, "{name}");
    });
}

#[test]
fn an_output_that_is_not_finite_is_refused_and_moves_nothing() {
    with_all(|name, sampler| {
        for bad_call in [0, 3, 8] {
            let (error, before, after) = sampler.refused(bad_call);
            let SampleError::NonFiniteOutput { step, component } = error else {
                panic!("{name}: {error}");
            };
            assert_eq!((component, before), (1, after), "{name}");
            let expected = format!(
                "component 1 of the network's output at training step {step} is not finite"
            );
            assert_eq!(error.to_string(), expected);
        }
    });
}

#[test]
fn a_run_that_failed_stays_failed_and_draws_nothing() {
    with_all(|name, sampler| {
        // Whichever part of a step they end in.
        for calls in 1..=8 {
            let (error, asked) = sampler.fails_for_good(calls);
            let SampleError::NonFiniteSample { step } = error else {
                panic!("{name}: {error}");
            };
            assert!(step <= asked, "{name}: {step} {asked}");
            let expected = format!("the sample at training step {step} is not finite");
            assert_eq!(error.to_string(), expected);
        }
    });
}

#[test]
fn work_is_as_documented() {
    with_all(|name, sampler| {
        let vectors = sampler.work_length() / D;
        match name.trim_end_matches(", no noise") {
            "ddpm" | "ddim" => assert_eq!(vectors, 2),
            "multistep" | "extended" => assert!((2..=4).contains(&vectors)),
            "hybrid" => assert!((3..=4).contains(&vectors)),
            "predictor-corrector" => assert!((2..=5).contains(&vectors)),
            "randomized" => assert_eq!(vectors, 3),
            "single step" => assert!((3..=4).contains(&vectors)),
            "poisson, one midpoint" => assert_eq!(vectors, 3),
            "poisson" => assert_eq!(vectors, 4),
            _ => assert!((3..=4).contains(&vectors), "{name}"),
        }
    });
}

/// Without a corrector the two methods are the same, and so is the memory that they need.
#[test]
fn no_output_is_kept_for_a_corrector_that_is_not_there() {
    let same = DpmSolverPlusPlus { order: 2, eta: 1.0 };
    let solver = SaSolver {
        predictor: 2,
        corrector: 0,
        tau: 1.0,
        noisy: [0.0, f64::INFINITY],
    };
    assert_eq!(solver.vectors(), Solver::<f64>::vectors(&same));
}

/// A batch at its start.
fn three_samples() -> (Vec<f32>, Vec<Member<Stream>>) {
    let begun = (0..3)
        .map(begin)
        .map(|(start, stream)| (start, Member::new(stream)));
    let (starts, members): (Vec<_>, Vec<_>) = begun.unzip();
    (starts.concat(), members)
}

#[test]
fn a_sample_that_fails_leaves_the_rest_of_its_batch_alone() {
    let schedule = LinearRate::new(200, 0.1_f32, 16.0).unwrap();
    let timesteps = Timesteps::<10>::uniform(10, &schedule).unwrap();
    let solver = Ddim { eta: 1.0 };
    let sampler = Sampler::new(&schedule, &timesteps, Prediction::Velocity, solver).unwrap();
    let (mut x, mut members) = three_samples();
    let mut work = vec![0.0; sampler.batch_work_length(3, D)];
    let mut steps = [0; 3];
    let mut call = 0;
    Lockstep::new(&sampler, D, &mut members, &mut x, &mut steps, &mut work)
        .unwrap()
        .run(&mut |steps: &[u32], inputs: &[f32], outputs: &mut [f32]| {
            network_of_rows(D, steps, inputs, outputs);
            if call == 4 {
                outputs[D] = f32::NAN;
            }
            assert_eq!(steps.len(), if call > 4 { 2 } else { 3 });
            call += 1;
        });
    let failed: Vec<bool> = members.iter().map(|m| m.failure().is_some()).collect();
    assert_eq!(failed, [false, true, false]);
    for (particle, x) in [0, 2].into_iter().zip([&x[..D], &x[2 * D..]]) {
        assert_eq!(Check::one_call(&sampler, particle).0, x);
    }
    assert!(x.iter().all(|x| x.is_finite()));
}

/// By `gather` and `scatter`, the caller's own loop is that of `run`, which makes as many calls of the network.
#[test]
fn a_batch_by_hand_is_a_batch() {
    let schedule = LinearRate::new(200, 0.1_f32, 16.0).unwrap();
    let timesteps = Timesteps::<10>::uniform(10, &schedule).unwrap();
    let solver = Ddim { eta: 1.0 };
    let sampler = Sampler::new(&schedule, &timesteps, Prediction::Velocity, solver).unwrap();
    let run = |by_hand: bool| {
        let (mut x, mut members) = three_samples();
        let mut work = vec![0.0; sampler.batch_work_length(3, D)];
        let mut steps = [0; 3];
        let mut batch =
            Lockstep::new(&sampler, D, &mut members, &mut x, &mut steps, &mut work).unwrap();
        let mut network = |steps: &[u32], inputs: &[f32], outputs: &mut [f32]| {
            network_of_rows(D, steps, inputs, outputs);
        };
        let mut calls = 0;
        if by_hand {
            while let Some((steps, inputs)) = batch.gather() {
                let mut outputs = [0.0; 3 * D];
                network(steps, inputs, &mut outputs);
                batch.scatter(&outputs);
                calls += 1;
            }
            assert!(batch.gather().is_none());
        } else {
            calls = batch.run(&mut network);
        }
        assert_eq!(calls, 10);
        x
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn words_and_calls_are_as_documented() {
    with_all(|name, sampler| {
        let (_, stream, calls) = sampler.one_call(0);
        let words = stream.word_position() - D as u64;
        match name {
            _ if name.ends_with(", no noise") => assert_eq!((calls, words), (10, 0)),
            "single step" => assert!(calls > 10 && words == 0),
            "ddim" | "multistep" | "ddpm" | "extended" => assert_eq!((calls, words), (10, 30)),
            // The first and the last step ask at their start.
            "hybrid" => assert_eq!((calls, words), (10, 54)),
            "predictor-corrector" => assert!(calls == 10 && (3..30).contains(&words)),
            // A word for each midpoint, and as many segments as calls.
            "randomized" => {
                assert!((10..=20).contains(&calls) && words == 10 + 3 * u64::from(calls));
            }
            _ => assert!(calls > 10 && words >= u64::from(calls) * D as u64),
        }
    });
}

/// Enough samples for several threads, with midpoints of their own, some of which fail: the same numbers, failures,
/// words and calls of the network as on one thread.
#[cfg(feature = "rayon")]
#[test]
fn threads_change_no_bit_of_a_batch() {
    const SAMPLES: usize = 701;
    const D: usize = 37;
    let schedule = ScheduleTable::<f32, 200>::linear(1e-3, 0.08).unwrap();
    let timesteps = Timesteps::<10>::uniform(10, &schedule).unwrap();
    let run = |parallel: bool| {
        let mut table = schedule.rows();
        let solver = PoissonMidpointDdpm::new(&mut table).with_law(MidpointLaw::Bernoulli);
        let sampler = Sampler::new(&schedule, &timesteps, Prediction::Velocity, solver).unwrap();
        let (mut x, mut members) = (vec![0.0; SAMPLES * D], Vec::new());
        for (particle, x) in (0..).zip(x.chunks_mut(D)) {
            let mut stream = Stream::new(9, particle);
            standard_normal(x, &mut stream);
            members.push(Member::new(stream));
        }
        let mut work = vec![0.0; sampler.batch_work_length(SAMPLES, D)];
        let mut steps = vec![0; SAMPLES];
        let mut batch =
            Lockstep::new(&sampler, D, &mut members, &mut x, &mut steps, &mut work).unwrap();
        let mut network = |steps: &[u32], inputs: &[f32], outputs: &mut [f32]| {
            network_of_rows(D, steps, inputs, outputs);
            for (input, output) in inputs.chunks(D).zip(outputs.chunks_mut(D)) {
                // One sample in many strays so far.
                if input[0] > 2.5 {
                    output[1] = f32::NAN;
                }
            }
        };
        let calls = if parallel {
            batch.run_parallel(&mut network)
        } else {
            batch.run(&mut network)
        };
        let ends: Vec<_> = members
            .iter()
            .map(|member| (member.failure(), member.noise().word_position()))
            .collect();
        let bits: Vec<u32> = x.iter().map(|x| x.to_bits()).collect();
        (bits, ends, calls)
    };
    let expected = run(false);
    let failed = expected.1.iter().filter(|(failure, _)| failure.is_some());
    assert!((1..SAMPLES).contains(&failed.count()));
    assert_eq!(run(true), expected);
}
