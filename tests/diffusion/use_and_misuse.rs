//! Split phase and batches give what one call gives; what is wrong is told, and changes nothing.

use poisson_midpoint::diffusion::{
    Clip, Denoiser, LinearRate, Lockstep, Member, MultiStep, NoiseSchedule, OneStep,
    Parametrization, PoissonMidpointDdpm, Row, SampleError, Sampler, SamplerError, Sampling,
    ScheduleTable, SingleStep, SquaredCosine, Timesteps, TimestepsError, Variant, standard_normal,
};
use poisson_midpoint::random::Stream;
use poisson_midpoint::slices::SliceError;
use poisson_midpoint::{MidpointLaw, StepError};

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

/// Runs a check with every sampler.
fn with_all(mut check: impl FnMut(&str, &dyn Check)) {
    let schedule = ScheduleTable::<f32, 200>::linear(1e-3, 0.08).unwrap();
    let timesteps = Timesteps::<11>::quadratic(10, 200).unwrap();
    let denoiser = Denoiser::new(Parametrization::Velocity);
    for eta in [0.0, 0.5, 1.0] {
        check(
            "ddim",
            &OneStep::ddim(&schedule, &timesteps, denoiser, eta).unwrap(),
        );
        for order in 1..=3 {
            let multi = MultiStep::new(&schedule, &timesteps, denoiser, order, eta);
            check("multistep", &multi.unwrap());
        }
    }
    for order in 2..=3 {
        check(
            "single step",
            &SingleStep::new(&schedule, &timesteps, denoiser, order).unwrap(),
        );
    }
    let variants = [
        Variant::FixedSmall,
        Variant::Exponential { correction: 1.0 },
    ];
    for (variant, law) in variants
        .into_iter()
        .zip([MidpointLaw::Bernoulli, MidpointLaw::Single])
    {
        check(
            "ddpm",
            &OneStep::ddpm(&schedule, &timesteps, denoiser, variant).unwrap(),
        );
        for frozen in Parametrization::ALL {
            let mut table = [Row::default(); 200];
            let sampler = PoissonMidpointDdpm::new(
                &schedule, &timesteps, denoiser, variant, frozen, law, &mut table,
            );
            check("poisson", &sampler.unwrap());
        }
    }
}

/// What is checked of each sampler, whatever its type.
trait Check {
    fn one_call(&self, particle: u64) -> ([f32; D], Stream, u32);
    fn split_phase(&self, particle: u64) -> [f32; D];
    fn lockstep(&self, first: u64, samples: usize) -> Vec<f32>;
    fn failure(&self, bad_call: u32) -> (SampleError, [f32; D], [f32; D]);
    fn recovers(&self) -> [f32; D];
}

impl<M: Sampler<f32>> Check for M {
    fn one_call(&self, particle: u64) -> ([f32; D], Stream, u32) {
        let (mut x, mut stream) = begin(particle);
        let mut work = vec![f32::NAN; self.work_length(D)];
        let calls = self
            .sample(&mut x, &mut network, &mut stream, &mut work)
            .unwrap();
        (x, stream, calls)
    }

    /// Asks twice, and resumes from a checkpoint after every call.
    fn split_phase(&self, particle: u64) -> [f32; D] {
        let (mut x, mut stream) = begin(particle);
        let mut work = vec![f32::NAN; self.work_length(D)];
        let mut progress = self.begin();
        loop {
            stream = Stream::clone(&stream);
            let (mut moved, mut memory) = (x, work.clone());
            let mut run = Sampling::resume(self, progress, &mut moved, &mut memory);
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
            members.push(Member::new(self, stream));
        }
        let mut work = vec![0.0; Lockstep::<_, _, Stream>::work_length(self, samples, D)];
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

    /// x when the network's output was not finite, and at its last call with a finite one.
    fn failure(&self, bad_call: u32) -> (SampleError, [f32; D], [f32; D]) {
        let (mut x, mut stream) = begin(0);
        let mut work = vec![0.0; self.work_length(D)];
        let mut run = Sampling::new(self, &mut x, &mut work);
        for _ in 0..bad_call {
            let query = run.next(&mut stream).unwrap().unwrap();
            let mut output = [0.0; D];
            network(query.step, query.position, &mut output);
            run.supply(&output).unwrap();
        }
        let _ = run.next(&mut stream).unwrap();
        let progress = run.progress();
        let before = x;
        let mut run = Sampling::resume(self, progress, &mut x, &mut work);
        let error = run.supply(&[0.0, f32::NAN, 0.0]).unwrap_err();
        (error, before, x)
    }

    /// The sample, when at every call wrong outputs are offered first.
    fn recovers(&self) -> [f32; D] {
        let (mut x, mut stream) = begin(0);
        let mut work = vec![0.0; self.work_length(D)];
        let mut run = Sampling::new(self, &mut x, &mut work);
        assert!(run.supply(&[0.0; D]).is_err());
        while let Some(query) = run.next(&mut stream).unwrap() {
            let mut output = [0.0; D];
            network(query.step, query.position, &mut output);
            let short = run.supply(&output[..2]).unwrap_err().cause;
            assert_eq!(
                short,
                SliceError::Drift {
                    length: 2,
                    dimension: D
                }
            );
            assert!(run.supply(&[f32::INFINITY; D]).is_err());
            run.supply(&output).unwrap();
            let again = run.supply(&output).unwrap_err().cause;
            assert_eq!(again, StepError::DriftNotAsked.into());
        }
        x
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
fn an_output_that_is_not_finite_stops_the_run_and_moves_nothing() {
    with_all(|name, sampler| {
        for bad_call in [0, 3, 8] {
            let (error, before, after) = sampler.failure(bad_call);
            let StepError::NonFiniteDrift { component, .. } = (match error.cause {
                SliceError::Step(cause) => cause,
                cause => panic!("{name}: {cause}"),
            }) else {
                panic!("{name}: {error}");
            };
            assert_eq!((component, before), (1, after), "{name}");
        }
    });
}

#[test]
fn a_sample_that_fails_leaves_the_rest_of_its_batch_alone() {
    let schedule = LinearRate::new(200, 0.1_f32, 16.0).unwrap();
    let timesteps = Timesteps::<11>::uniform(10, 200).unwrap();
    let denoiser = Denoiser::new(Parametrization::Velocity);
    let sampler = OneStep::ddim(&schedule, &timesteps, denoiser, 1.0).unwrap();
    let (mut x, mut members) = (Vec::new(), Vec::new());
    for particle in 0..3 {
        let (start, stream) = begin(particle);
        x.extend(start);
        members.push(Member::new(&sampler, stream));
    }
    let mut work = vec![0.0; Lockstep::<_, _, Stream>::work_length(&sampler, 3, D)];
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
    let long = Timesteps::<3>::new(&[200, 100, 0], 200).unwrap();
    let good = Timesteps::<3>::uniform(2, 100).unwrap();
    let denoiser = Denoiser::new(Parametrization::Epsilon);
    let range = TimestepsError::OutOfRange {
        step: 200,
        training_steps: 100,
    };
    let error = OneStep::ddim(&schedule, &long, denoiser, 0.0).unwrap_err();
    assert_eq!(error, SamplerError::Timesteps(range));
    let error = OneStep::ddim(&schedule, &good, denoiser, f64::NAN).unwrap_err();
    assert!(matches!(error, SamplerError::Eta(eta) if eta.is_nan()));
    let error = MultiStep::new(&schedule, &good, denoiser, 4, 0.0).unwrap_err();
    assert_eq!(error.to_string(), "order 4 is not in [1, 3]");
    let error = SingleStep::new(&schedule, &good, denoiser, 1).unwrap_err();
    assert_eq!(error.to_string(), "order 1 is not in [2, 3]");
    let variant = Variant::Exponential { correction: -1.5 };
    let error = OneStep::ddpm(&schedule, &good, denoiser, variant).unwrap_err();
    assert_eq!(
        error.to_string(),
        "covariance correction -1.5 is not in [-1, inf)"
    );
    let mut table = [Row::default(); 99];
    let (frozen, law) = (Parametrization::Sample, MidpointLaw::Single);
    let error = PoissonMidpointDdpm::new(
        &schedule,
        &good,
        denoiser,
        Variant::FixedSmall,
        frozen,
        law,
        &mut table,
    );
    assert_eq!(
        error.unwrap_err(),
        SamplerError::Rows {
            length: 99,
            needed: 100
        }
    );
    assert_eq!(Clip::range(-1.0).unwrap_err(), SamplerError::Limit(-1.0));
    assert_eq!(
        Clip::dynamic(0.0, 1.0).unwrap_err(),
        SamplerError::Quantile(0.0)
    );

    let refused = [
        (
            Timesteps::<4>::new(&[5], 10),
            TimestepsError::TooFew { length: 1 },
        ),
        (
            Timesteps::new(&[9, 8, 7, 6, 5], 10),
            TimestepsError::TooMany { steps: 4, most: 3 },
        ),
        (
            Timesteps::uniform(4, 10),
            TimestepsError::TooMany { steps: 4, most: 3 },
        ),
        (
            Timesteps::uniform(3, 2),
            TimestepsError::TooMany { steps: 3, most: 2 },
        ),
        (
            Timesteps::uniform(0, 2),
            TimestepsError::TooFew { length: 1 },
        ),
        (
            Timesteps::from_pairs(&[(9, 5), (4, 0)], 10),
            TimestepsError::Gap {
                index: 1,
                from: 4,
                before: 5,
            },
        ),
        (
            Timesteps::new(&[5, 7], 10),
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
        let timesteps = Timesteps::<11>::log_snr(10, &schedule).unwrap();
        for order in [2, 3] {
            let denoiser = Denoiser::new(Parametrization::Velocity);
            let sampler = SingleStep::new(&schedule, &timesteps, denoiser, order).unwrap();
            let (x, _, calls) = sampler.one_call(0);
            assert!(x.iter().all(|x| x.is_finite()) && calls >= 10);
        }
    }
}
