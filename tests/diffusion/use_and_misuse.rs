//! Split phase and batches give what one call gives; what is wrong is told, and changes nothing.

use poisson_midpoint::MidpointLaw;
use poisson_midpoint::diffusion::{
    Clip, Ddim, Ddpm, DpmSolver, DpmSolverPlusPlus, Error, LinearRate, Lockstep, Member,
    NoiseSchedule, PoissonMidpointDdpm, Prediction, Progress, Row, SampleError, Sampler,
    SamplerError, Sampling, ScheduleTable, Solver, SquaredCosine, Timesteps, TimestepsError,
    Variant, standard_normal,
};
use poisson_midpoint::random::Stream;

const D: usize = 3;

fn network(step: u32, x: &[f32], output: &mut [f32]) {
    for (output, x) in output.iter_mut().zip(x) {
        *output = x / (1.0 + x * x) + step as f32 / 2000.0;
    }
}

fn begin(particle: u64) -> ([f32; D], Stream) {
    let (mut x, mut stream) = ([0.0; D], Stream::new(9, particle));
    standard_normal(&mut x, &mut stream);
    (x, stream)
}

/// Runs a check with every solver.
fn with_all(mut check: impl FnMut(&str, &dyn Check)) {
    let schedule = ScheduleTable::<f32, 200>::linear(1e-3, 0.08).unwrap();
    let timesteps = Timesteps::<10>::quadratic(10, &schedule).unwrap();
    macro_rules! check {
        ($name:literal, $solver:expr) => {
            let (predicts, solver) = (Prediction::Velocity, $solver);
            let sampler = Sampler::new(&schedule, &timesteps, predicts, solver);
            check($name, &sampler.unwrap());
        };
    }
    for eta in [0.0, 0.5, 1.0] {
        check!("ddim", Ddim { eta });
        for order in 1..=3 {
            check!("multistep", DpmSolverPlusPlus { order, eta });
        }
    }
    for order in 2..=3 {
        check!("single step", DpmSolver { order });
    }
    let variants = [
        Variant::FixedSmall,
        Variant::Exponential { correction: 1.0 },
    ];
    for (variant, law) in variants
        .into_iter()
        .zip([MidpointLaw::Bernoulli, MidpointLaw::Single])
    {
        check!("ddpm", Ddpm { variant });
        for held in Prediction::ALL {
            let mut table = schedule.rows();
            let solver = PoissonMidpointDdpm::new(&mut table).with_variant(variant);
            check!("poisson", solver.with_held(held).with_law(law));
        }
    }
}

/// What is checked of each sampler, whatever its type.
trait Check {
    fn one_call(&self, particle: u64) -> ([f32; D], Stream, u32);
    fn split_phase(&self, particle: u64) -> [f32; D];
    fn lockstep(&self, first: u64, samples: usize) -> Vec<f32>;
    fn refused(&self, bad_call: u32) -> (SampleError, [f32; D], [f32; D]);
    fn recovers(&self) -> [f32; D];
    fn fails_for_good(&self, calls: u32) -> (SampleError, u32);
    fn work_length(&self) -> usize;
}

impl<N: NoiseSchedule<f32>, S: Solver<f32>> Check for Sampler<'_, f32, N, S> {
    fn one_call(&self, particle: u64) -> ([f32; D], Stream, u32) {
        let (mut x, mut stream) = begin(particle);
        let mut work = vec![f32::NAN; Sampler::work_length(self, D)];
        let calls = self
            .sample(&mut x, &mut network, &mut stream, &mut work)
            .unwrap();
        (x, stream, calls)
    }

    /// Asks twice, and resumes from a checkpoint after every call.
    fn split_phase(&self, particle: u64) -> [f32; D] {
        let (mut x, mut stream) = begin(particle);
        let mut work = vec![f32::NAN; Sampler::work_length(self, D)];
        let mut progress = Progress::default();
        loop {
            stream = Stream::clone(&stream);
            let (mut moved, mut memory) = (x, work.clone());
            let mut run = Sampling::resume(self, progress, &mut moved, &mut memory).unwrap();
            let mut output = [0.0; D];
            let Some(query) = run.next(&mut stream).unwrap() else {
                return moved;
            };
            network(query.step, query.position, &mut output);
            let before = stream.clone();
            assert!(run.next(&mut stream).unwrap().is_some());
            assert_eq!(stream, before);
            run.supply(&output).unwrap();
            progress = run.progress();
            (x, work) = (moved, memory);
        }
    }

    fn lockstep(&self, first: u64, samples: usize) -> Vec<f32> {
        let (mut x, mut members) = (Vec::new(), Vec::new());
        for particle in first..first + samples as u64 {
            let (start, stream) = begin(particle);
            x.extend(start);
            members.push(Member::new(stream));
        }
        let mut work = vec![0.0; self.batch_work_length(samples, D)];
        let mut steps = vec![0; samples];
        Lockstep::new(self, D, &mut members, &mut x, &mut steps, &mut work)
            .unwrap()
            .run(&mut |steps: &[u32], inputs: &[f32], outputs: &mut [f32]| {
                let rows = inputs.chunks(D).zip(outputs.chunks_mut(D));
                for (&step, (input, output)) in steps.iter().zip(rows) {
                    network(step, input, output);
                }
            });
        assert!(members.iter().all(|member| member.failure().is_none()));
        x
    }

    /// The error, x when the network's output was not finite, and x before.
    fn refused(&self, bad_call: u32) -> (SampleError, [f32; D], [f32; D]) {
        let (mut x, mut stream) = begin(0);
        let mut work = vec![0.0; Sampler::work_length(self, D)];
        let mut run = Sampling::new(self, &mut x, &mut work).unwrap();
        for _ in 0..bad_call {
            let query = run.next(&mut stream).unwrap().unwrap();
            let mut output = [0.0; D];
            network(query.step, query.position, &mut output);
            run.supply(&output).unwrap();
        }
        let _ = run.next(&mut stream).unwrap();
        let progress = run.progress();
        let before = x;
        let mut run = Sampling::resume(self, progress, &mut x, &mut work).unwrap();
        let error = run.supply(&[0.0, f32::NAN, 0.0]).unwrap_err();
        (error, before, x)
    }

    /// The sample, when at every call wrong outputs are offered first.
    fn recovers(&self) -> [f32; D] {
        let (mut x, mut stream) = begin(0);
        let mut work = vec![0.0; Sampler::work_length(self, D)];
        let mut run = Sampling::new(self, &mut x, &mut work).unwrap();
        assert!(run.supply(&[0.0; D]).is_err());
        while let Some(query) = run.next(&mut stream).unwrap() {
            let mut output = [0.0; D];
            network(query.step, query.position, &mut output);
            let short = SampleError::OutputLength {
                step: query.step,
                length: 2,
                needed: D,
            };
            assert_eq!(run.supply(&output[..2]), Err(short));
            assert!(run.supply(&[f32::INFINITY; D]).is_err());
            run.supply(&output).unwrap();
            assert_eq!(run.supply(&output), Err(SampleError::OutputNotAsked));
        }
        x
    }

    /// The error of a sample that is infinite after some calls, and the training step of the last of them;
    /// the run goes no further however often it is asked.
    fn fails_for_good(&self, calls: u32) -> (SampleError, u32) {
        let (mut x, mut stream) = begin(0);
        let mut work = vec![0.0; Sampler::work_length(self, D)];
        let mut run = Sampling::new(self, &mut x, &mut work).unwrap();
        let mut asked = 0;
        for _ in 0..calls {
            let query = run.next(&mut stream).unwrap().unwrap();
            let mut output = [0.0; D];
            network(query.step, query.position, &mut output);
            asked = query.step;
            run.supply(&output).unwrap();
        }
        let progress = run.progress();
        x[1] = f32::INFINITY;
        let mut run = Sampling::resume(self, progress, &mut x, &mut work).unwrap();
        let error = run.next(&mut stream).unwrap_err();
        let words = stream.position();
        assert_eq!(run.progress().failure(), Some(error));
        for _ in 0..20 {
            assert_eq!(run.next(&mut stream), Err(error));
            assert_eq!(run.supply(&[0.0; D]), Err(error));
        }
        let progress = run.progress();
        let mut run = Sampling::resume(self, progress, &mut x, &mut work).unwrap();
        assert_eq!(run.next(&mut stream), Err(error));
        assert_eq!(stream.position(), words);
        (error, asked)
    }

    fn work_length(&self) -> usize {
        Sampler::work_length(self, D)
    }
}

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
fn an_output_too_large_for_its_solver_is_refused() {
    let schedule = ScheduleTable::<f32, 200>::linear(1e-3, 0.08).unwrap();
    let timesteps = Timesteps::<1>::new(&[1, 0]).unwrap();
    // ε of x₀ at training step 1 is some 30 times as large.
    let (predicts, solver) = (Prediction::Sample, DpmSolver { order: 2 });
    let sampler = Sampler::new(&schedule, &timesteps, predicts, solver).unwrap();
    let (mut x, mut work, mut stream) = ([0.0; 2], [0.0; 6], Stream::new(1, 1));
    let mut run = Sampling::new(&sampler, &mut x, &mut work).unwrap();
    run.next(&mut stream).unwrap();
    let (step, component) = (1, 1);
    let refusal = SampleError::NonFiniteOutput { step, component };
    assert_eq!(run.supply(&[0.0, f32::MAX]), Err(refusal));
    assert_eq!(run.supply(&[0.5, 0.5]), Ok(()));
    assert_eq!(run.next(&mut stream), Ok(None));
    assert!((x[0] - 0.5).abs() < 1e-6);
}

#[test]
fn slices_are_checked_before_the_network_is_called() {
    let schedule = LinearRate::new(200, 0.1_f32, 16.0).unwrap();
    let timesteps = Timesteps::<10>::uniform(10, &schedule).unwrap();
    let solver = Ddim { eta: 1.0 };
    let sampler = Sampler::new(&schedule, &timesteps, Prediction::Velocity, solver).unwrap();
    let mut never = |_: u32, _: &[f32], _: &mut [f32]| panic!("the network was called");
    let mut sample = |x: &mut [f32], work: &mut [f32]| {
        let mut stream = Stream::new(1, 1);
        let result = sampler.sample(x, &mut never, &mut stream, work);
        assert_eq!(stream.position(), 0);
        result.unwrap_err()
    };
    assert_eq!(sample(&mut [], &mut [0.0; 9]), SampleError::Empty);
    let (length, needed) = (5, 6);
    let short = SampleError::WorkLength { length, needed };
    assert_eq!(sample(&mut [0.0; D], &mut [0.0; 5]), short);
    assert_eq!(
        short.to_string(),
        "the work slice has length 5, not the 6 needed"
    );
    let infinite = SampleError::NonFiniteSample { step: 200 };
    let mut x = [0.0, f32::INFINITY, 0.0];
    assert_eq!(sample(&mut x, &mut [0.0; 6]), infinite);

    let (mut x, mut work) = ([0.0; D], [0.0; 5]);
    assert_eq!(
        Sampling::new(&sampler, &mut x, &mut work).unwrap_err(),
        short
    );
    let resumed = Sampling::resume(&sampler, Progress::default(), &mut [], &mut work);
    assert_eq!(resumed.unwrap_err(), SampleError::Empty);

    let lockstep = |dimension, x, steps, work| {
        let mut members = [0, 1].map(|particle| Member::new(Stream::new(1, particle)));
        let (mut x, mut steps, mut work) = (vec![0.0; x], vec![0; steps], vec![0.0; work]);
        let (members, x) = (&mut members, &mut x);
        Lockstep::new(&sampler, dimension, members, x, &mut steps, &mut work)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(sampler.batch_work_length(2, D), 24);
    let refused = |dimension, x, steps, work, expected: &str| {
        assert_eq!(lockstep(dimension, x, steps, work), Err(expected.into()));
    };
    refused(0, 0, 2, 24, "the sample has no components");
    let few = "the samples have length 5, not the 6 of all together";
    refused(D, 5, 2, 24, few);
    let few = "the slice of training steps has length 1, not the 2 needed";
    refused(D, 6, 1, 24, few);
    let few = "the work slice has length 23, not the 24 needed";
    refused(D, 6, 2, 23, few);
}

#[test]
fn work_is_as_documented() {
    with_all(|name, sampler| {
        let vectors = sampler.work_length() / D;
        match name {
            "ddpm" | "ddim" => assert_eq!(vectors, 2),
            "multistep" => assert!((2..=4).contains(&vectors)),
            "single step" => assert!((3..=4).contains(&vectors)),
            _ => assert_eq!(vectors, 7),
        }
    });
}

#[test]
fn errors_go_together() {
    fn run(eta: f64) -> Result<f64, Error<f64>> {
        let schedule = SquaredCosine::new(100)?;
        let timesteps = Timesteps::<10>::uniform(10, &schedule)?;
        let sampler = Sampler::new(&schedule, &timesteps, Prediction::Sample, Ddim { eta })?
            .with_clip(Clip::range(1.0)?);
        let mut x = [0.5];
        let mut network = |_: u32, _: &[f64], sample: &mut [f64]| sample.fill(2.0);
        sampler.sample(&mut x, &mut network, &mut Stream::new(1, 1), &mut [0.0; 2])?;
        Ok(x[0])
    }
    assert_eq!(run(0.5), Ok(1.0));
    assert_eq!(run(1.5), Err(Error::Sampler(SamplerError::Eta(1.5))));
}

#[test]
fn a_sample_that_fails_leaves_the_rest_of_its_batch_alone() {
    let schedule = LinearRate::new(200, 0.1_f32, 16.0).unwrap();
    let timesteps = Timesteps::<10>::uniform(10, &schedule).unwrap();
    let solver = Ddim { eta: 1.0 };
    let sampler = Sampler::new(&schedule, &timesteps, Prediction::Velocity, solver).unwrap();
    let (mut x, mut members) = (Vec::new(), Vec::new());
    for particle in 0..3 {
        let (start, stream) = begin(particle);
        x.extend(start);
        members.push(Member::new(stream));
    }
    let mut work = vec![0.0; sampler.batch_work_length(3, D)];
    let mut steps = [0; 3];
    let mut call = 0;
    Lockstep::new(&sampler, D, &mut members, &mut x, &mut steps, &mut work)
        .unwrap()
        .run(&mut |steps: &[u32], inputs: &[f32], outputs: &mut [f32]| {
            let rows = inputs.chunks(D).zip(outputs.chunks_mut(D));
            for (&step, (input, output)) in steps.iter().zip(rows) {
                network(step, input, output);
            }
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

#[test]
fn words_and_calls_are_as_documented() {
    with_all(|name, sampler| {
        let (_, stream, calls) = sampler.one_call(0);
        let words = stream.position() - D as u64;
        match name {
            "ddim" | "multistep" => assert!(calls == 10 && (words == 0 || words == 30)),
            "single step" => assert!(calls > 10 && words == 0),
            "ddpm" => assert_eq!((calls, words), (10, 30)),
            _ => assert!(calls > 10 && words >= u64::from(calls) * D as u64),
        }
    });
}

#[test]
fn bad_configurations_are_refused() {
    let schedule = LinearRate::new(100, 0.1_f64, 20.0).unwrap();
    let good = Timesteps::<2>::uniform(2, &schedule).unwrap();
    fn refusal(timesteps: &Timesteps<2>, solver: impl Solver<f64>) -> SamplerError<f64> {
        let schedule = LinearRate::new(100, 0.1_f64, 20.0).unwrap();
        Sampler::new(&schedule, timesteps, Prediction::Epsilon, solver).unwrap_err()
    }
    let long = Timesteps::<2>::new(&[200, 100, 0]).unwrap();
    let range = TimestepsError::OutOfRange {
        step: 200,
        training_steps: 100,
    };
    let error = refusal(&long, Ddim { eta: 0.0 });
    assert_eq!(error, SamplerError::Timesteps(range));
    let error = refusal(&good, Ddim { eta: f64::NAN });
    assert!(matches!(error, SamplerError::Eta(eta) if eta.is_nan()));
    for order in [0, 4] {
        let error = refusal(&good, DpmSolverPlusPlus { order, eta: 0.0 });
        assert_eq!(error.to_string(), format!("order {order} is not in [1, 3]"));
    }
    let error = refusal(&good, DpmSolver { order: 1 });
    assert_eq!(error.to_string(), "order 1 is not in [2, 3]");
    let variant = Variant::Exponential { correction: -1.5 };
    let message = "covariance correction -1.5 is not in [-1, inf)";
    assert_eq!(refusal(&good, Ddpm { variant }).to_string(), message);
    let mut table = [Row::default(); 100];
    let solver = PoissonMidpointDdpm::new(&mut table).with_variant(variant);
    assert_eq!(refusal(&good, solver).to_string(), message);
    let rows = SamplerError::Rows {
        length: 99,
        needed: 100,
    };
    let solver = PoissonMidpointDdpm::new(&mut table[..99]);
    assert_eq!(refusal(&good, solver), rows);
    assert_eq!(Clip::range(-1.0).unwrap_err(), SamplerError::Limit(-1.0));
    assert_eq!(
        Clip::dynamic(0.0, 1.0).unwrap_err(),
        SamplerError::Quantile(0.0)
    );

    let two = LinearRate::new(2, 0.1_f64, 20.0).unwrap();
    let refused = [
        (
            Timesteps::<3>::new(&[5]),
            TimestepsError::TooFew { length: 1 },
        ),
        (
            Timesteps::new(&[9, 8, 7, 6, 5]),
            TimestepsError::TooMany { steps: 4, most: 3 },
        ),
        (
            Timesteps::uniform(4, &schedule),
            TimestepsError::TooMany { steps: 4, most: 3 },
        ),
        (
            Timesteps::uniform(3, &two),
            TimestepsError::TooMany { steps: 3, most: 2 },
        ),
        (
            Timesteps::uniform(0, &two),
            TimestepsError::TooFew { length: 1 },
        ),
        (
            Timesteps::from_pairs(&[(9, 5), (4, 0)]),
            TimestepsError::Gap {
                index: 1,
                from: 4,
                before: 5,
            },
        ),
        (
            Timesteps::new(&[5, 7]),
            TimestepsError::NotDecreasing {
                index: 1,
                step: 7,
                before: 5,
            },
        ),
    ];
    for (found, expected) in refused {
        assert_eq!(found, Err(expected));
    }
}

#[test]
fn schedules_are_their_definitions() {
    let betas: Vec<f64> = (0..50_u32).map(|t| 1e-4 + 4e-4 * f64::from(t)).collect();
    let bars: Vec<f64> = betas
        .iter()
        .scan(1.0, |bar, beta| {
            *bar *= 1.0 - beta;
            Some(*bar)
        })
        .collect();
    let linear = ScheduleTable::<f64, 50>::linear(1e-4, 0.0197).unwrap();
    let given = ScheduleTable::<f64, 50>::from_betas(&betas).unwrap();
    let by_bars = ScheduleTable::<f64, 50>::from_alpha_bars(&bars).unwrap();
    let scaled = ScheduleTable::<f64, 50>::scaled_linear(1e-4, 0.0197).unwrap();
    assert!((scaled.exponent(1) + (-1e-4_f64).ln_1p()).abs() < 1e-15);
    let single = ScheduleTable::<f32, 50>::linear(1e-4, 0.0197).unwrap();
    for (t, bar) in (1..).zip(bars) {
        for schedule in [linear, given, by_bars] {
            assert!((schedule.exponent(t) + bar.ln()).abs() < 2e-14, "{t}");
        }
        let relative = f64::from(single.exponent(t)) / linear.exponent(t) - 1.0;
        assert!(relative.abs() < 3e-7, "{t}: {relative:e}");
    }
    // Nichol & Dhariwal's ᾱ, with β capped.
    let cosine = SquaredCosine::<f64>::new(100).unwrap();
    let f = |t: f64| {
        ((t / 100.0 + 0.008) / 1.008 * core::f64::consts::FRAC_PI_2)
            .cos()
            .powi(2)
    };
    let mut bar = 1.0;
    for t in 1..=100_u32 {
        bar *= 1.0 - (1.0 - f(t.into()) / f(f64::from(t) - 1.0)).min(0.999);
        let exponent = cosine.exponent(t);
        assert!((exponent / -bar.ln() - 1.0).abs() < 1e-11, "{t}");
    }
    let table = ScheduleTable::<f64, 100>::from_schedule(&cosine).unwrap();
    assert_eq!(table.exponent(37), cosine.exponent(37));
}

/// A schedule whose `nearest` answers whatever it likes.
#[derive(Debug)]
struct Stray(LinearRate<f32>, u32);

impl NoiseSchedule<f32> for Stray {
    fn training_steps(&self) -> u32 {
        self.0.training_steps()
    }
    fn exponent(&self, step: u32) -> f32 {
        self.0.exponent(step)
    }
    fn nearest(&self, _half_log_snr: f32, _least: u32, _most: u32) -> u32 {
        self.1
    }
}

#[test]
fn a_schedule_whose_nearest_step_is_out_of_range_does_no_harm() {
    for answer in [0, 1, 150, u32::MAX] {
        let schedule = Stray(LinearRate::new(200, 0.1, 16.0).unwrap(), answer);
        let timesteps = Timesteps::<10>::log_snr(10, &schedule).unwrap();
        for order in [2, 3] {
            let (predicts, solver) = (Prediction::Velocity, DpmSolver { order });
            let sampler = Sampler::new(&schedule, &timesteps, predicts, solver).unwrap();
            let (x, _, calls) = sampler.one_call(0);
            assert!(x.iter().all(|x| x.is_finite()) && calls >= 10);
        }
    }
}
