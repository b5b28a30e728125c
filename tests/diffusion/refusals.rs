//! What is refused, and in which words.

use poisson_midpoint::diffusion::{
    Clip, Ddim, Ddpm, DpmSolver, DpmSolverPlusPlus, ErSdeSolver, Error, HybridMultistep,
    InnerSteps, LinearRate, Lockstep, Member, NoiseSchedule, PoissonMidpointDdpm, Prediction,
    Progress, Quantity, RandomizedMidpointDdpm, Row, SaSolver, SampleError, Sampler, SamplerError,
    Sampling, ScheduleError, ScheduleSlice, ScheduleTable, Solver, SquaredCosine, Steps, Timesteps,
    TimestepsError, Variant,
};
use poisson_midpoint::random::Stream;

use super::every::{Check, D};

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
        assert_eq!(stream.word_position(), 0);
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
    for order in [1, 4] {
        let (eta, node) = (0.0, 0.5);
        let error = refusal(&good, HybridMultistep { order, eta, node });
        assert_eq!(error.to_string(), format!("order {order} is not in [2, 3]"));
    }
    for (eta, node, message) in [
        (-0.5, 0.5, "eta -0.5 is not in [0, 1]"),
        (0.0, 1.5, "node 1.5 is not in [0, 1]"),
        (0.0, f64::NAN, "node NaN is not in [0, 1]"),
    ] {
        let order = 2;
        let error = refusal(&good, HybridMultistep { order, eta, node });
        assert_eq!(error.to_string(), message);
    }
    for (predictor, corrector, tau, noisy, message) in [
        (0, 2, 1.0, [0.0, 1.0], "order 0 is not in [1, 3]"),
        (2, 4, 1.0, [0.0, 1.0], "order 4 is not in [0, 3]"),
        (
            2,
            2,
            f64::INFINITY,
            [0.0, 1.0],
            "tau inf is not in [0, inf)",
        ),
        (2, 2, -1.0, [0.0, 1.0], "tau -1 is not in [0, inf)"),
        (
            2,
            2,
            1.0,
            [2.0, 1.0],
            "there is no noise/signal from 2 to 1",
        ),
        (
            2,
            2,
            1.0,
            [-1.0, 1.0],
            "there is no noise/signal from -1 to 1",
        ),
        (
            2,
            2,
            1.0,
            [0.0, f64::NAN],
            "there is no noise/signal from 0 to NaN",
        ),
    ] {
        let solver = SaSolver {
            predictor,
            corrector,
            tau,
            noisy,
        };
        assert_eq!(refusal(&good, solver).to_string(), message);
    }
    let error = refusal(&good, ErSdeSolver { order: 4 });
    assert_eq!(error.to_string(), "order 4 is not in [1, 3]");
    let (mut table, mut thresholds) = ([Row::default(); 100], [0; 99]);
    let solver = RandomizedMidpointDdpm::new(&mut table, &mut thresholds);
    let (length, needed) = (99, 100);
    assert_eq!(
        refusal(&good, solver),
        SamplerError::Rows { length, needed }
    );
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
    for limit in [-1.0, 0.0, f64::INFINITY] {
        let refused = SamplerError::Limit(limit);
        assert_eq!(Clip::range(limit).unwrap_err(), refused);
        assert_eq!(Clip::dynamic(0.5, limit).unwrap_err(), refused);
    }
    for quantile in [-0.5, 0.0, 1.0_f64.next_up()] {
        let refused = SamplerError::Quantile(quantile);
        assert_eq!(Clip::dynamic(quantile, 1.0).unwrap_err(), refused);
    }
    assert!(Clip::dynamic(1.0, f64::MIN_POSITIVE).is_ok());

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
        // All entries want to be where the answer is, and have room in the order that they are in.
        let lowest = answer.clamp(1, 191);
        let expected: Vec<_> = (lowest..lowest + 10).rev().chain([0]).collect();
        assert_eq!(timesteps, Timesteps::new(&expected).unwrap());
        for order in [2, 3] {
            let (predicts, solver) = (Prediction::Velocity, DpmSolver { order });
            let sampler = Sampler::new(&schedule, &timesteps, predicts, solver).unwrap();
            let (x, _, calls) = sampler.one_call(0);
            assert!(x.iter().all(|x| x.is_finite()) && calls >= 10);
        }
        let timesteps = Timesteps::<3>::new(&[200, 120, 60, 0]).unwrap();
        let (order, eta, node) = (2, 0.0, 0.5);
        let solver = HybridMultistep { order, eta, node };
        let sampler = Sampler::new(&schedule, &timesteps, Prediction::Sample, solver).unwrap();
        let (mut x, mut asked) = ([1.0], Vec::new());
        let mut network = |step: u32, _x: &[f32], sample: &mut [f32]| {
            asked.push(step);
            sample.fill(0.5);
        };
        let mut work = vec![0.0; sampler.work_length(1)];
        sampler
            .sample(&mut x, &mut network, &mut Stream::new(1, 0), &mut work)
            .unwrap();
        assert_eq!(asked, [200, answer.clamp(61, 120), 60]);
    }
}

#[test]
fn an_error_of_any_kind_says_what_that_kind_says() {
    let schedule = LinearRate::new(0, 0.1_f64, 20.0).unwrap_err();
    let timesteps = TimestepsError::TooFew { length: 1 };
    let sampler = SamplerError::Correction(-2.0);
    let sample = SampleError::Empty;
    let pairs: [(Error<f64>, String); 4] = [
        (schedule.into(), schedule.to_string()),
        (timesteps.into(), timesteps.to_string()),
        (sampler.into(), sampler.to_string()),
        (sample.into(), sample.to_string()),
    ];
    for (error, text) in pairs {
        assert!(!text.is_empty());
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn a_density_that_is_nothing_is_refused() {
    // Down there a network's output does not matter: the data's signal is 0 in f32.
    let schedule = ScheduleSlice::new(&[1.0_f32, 300.0, 310.0, 320.0]).unwrap();
    let steps = Steps::new(&[4, 2]).unwrap();
    let (mut table, mut thresholds) = ([Row::ZERO; 4], [0; 4]);
    let solver = RandomizedMidpointDdpm::new(&mut table, &mut thresholds);
    let found = Sampler::new(schedule, steps, Prediction::Sample, solver);
    assert_eq!(found.err(), Some(SamplerError::Coefficient { step: 3 }));
}

/// Inner steps whose composition leaves the range of f32 are refused at the step that does: the variance overflows before
/// the decay, and the decay may underflow.
#[test]
fn inner_steps_that_do_not_compose_are_refused() {
    for (exponents, held) in [
        // The second decay is e⁴⁶, and e⁹² times the variance before it is too much.
        ([1.0_f32, 93.0, 94.0], Prediction::Epsilon),
        // The first decay is e⁻¹⁴⁹, by which nothing can be divided.
        ([1.0, 2.0, 300.0], Prediction::Sample),
    ] {
        let schedule = ScheduleSlice::new(&exponents).unwrap();
        let steps = Steps::new(&[3, 0]).unwrap();
        let mut table = [Row::ZERO; 3];
        let found = InnerSteps::new(&schedule, steps, Variant::FixedSmall, held, &mut table);
        assert_eq!(found.err(), Some(SamplerError::Coefficient { step: 1 }));
    }
}

#[test]
fn what_is_no_alpha_bar_is_named() {
    for (given, step) in [
        ([0.0, 0.1], 1),
        ([1.0, 0.5], 1),
        ([-0.5, -0.7], 1),
        ([0.5, 0.5], 2),
        ([0.5, -0.1], 2),
    ] {
        let value = given[step as usize - 1];
        let quantity = Quantity::AlphaBar;
        let error = ScheduleError::Value {
            quantity,
            step,
            value,
        };
        let found = ScheduleTable::<f64, 2>::from_alpha_bars(&given);
        assert_eq!(found, Err(error));
    }
}

#[test]
fn what_is_no_beta_is_named() {
    for value in [0.0, -0.1, 1.0, 1.5] {
        let error = ScheduleError::Value {
            quantity: Quantity::Beta,
            step: 2,
            value,
        };
        let found = ScheduleTable::<f64, 2>::from_betas(&[0.5, value]);
        assert_eq!(found, Err(error));
    }
}
