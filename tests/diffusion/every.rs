//! What is checked of every sampler.

use poisson_midpoint::MidpointLaw;
use poisson_midpoint::diffusion::{
    Ddim, Ddpm, DpmSolver, DpmSolverPlusPlus, ErSdeSolver, HybridMultistep, Lockstep, Member,
    MidpointDensity, NoiseSchedule, PoissonMidpointDdpm, Prediction, Progress,
    RandomizedMidpointDdpm, SaSolver, SampleError, Sampler, Sampling, ScheduleTable, Solver,
    Timesteps, Variant, standard_normal,
};
use poisson_midpoint::random::Stream;

pub const D: usize = 3;

pub fn network(step: u32, x: &[f32], output: &mut [f32]) {
    for (output, x) in output.iter_mut().zip(x) {
        *output = x / (1.0 + x * x) + step as f32 / 2000.0;
    }
}

/// [`network`] for the rows of a batch.
pub fn network_of_rows(dimension: usize, steps: &[u32], inputs: &[f32], outputs: &mut [f32]) {
    let rows = inputs.chunks(dimension).zip(outputs.chunks_mut(dimension));
    for (&step, (input, output)) in steps.iter().zip(rows) {
        network(step, input, output);
    }
}

pub fn begin(particle: u64) -> ([f32; D], Stream) {
    let (mut x, mut stream) = ([0.0; D], Stream::new(9, particle));
    standard_normal(&mut x, &mut stream);
    (x, stream)
}

/// Runs a check with every solver.
pub fn with_all(mut check: impl FnMut(&str, &dyn Check)) {
    let schedule = ScheduleTable::<f32, 200>::linear(1e-3, 0.08).unwrap();
    let timesteps = Timesteps::<10>::quadratic(10, &schedule).unwrap();
    macro_rules! check {
        ($name:expr, $solver:expr) => {
            let (predicts, solver) = (Prediction::Velocity, $solver);
            let sampler = Sampler::new(&schedule, &timesteps, predicts, solver);
            check($name, &sampler.unwrap());
        };
    }
    for eta in [0.0, 0.5, 1.0] {
        let name = |noisy, noiseless| if eta > 0.0 { noisy } else { noiseless };
        check!(name("ddim", "ddim, no noise"), Ddim { eta });
        for order in 1..=3 {
            let solver = DpmSolverPlusPlus { order, eta };
            check!(name("multistep", "multistep, no noise"), solver);
        }
        for order in 2..=3 {
            let node = 0.5;
            let solver = HybridMultistep { order, eta, node };
            check!(name("hybrid", "hybrid, no noise"), solver);
        }
    }
    for (predictor, corrector) in [(1, 0), (2, 2), (3, 3), (1, 3)] {
        let (tau, noisy) = (1.0, [0.05, 1.0]);
        let solver = SaSolver {
            predictor,
            corrector,
            tau,
            noisy,
        };
        check!("predictor-corrector", solver);
    }
    for order in 1..=3 {
        check!("extended", ErSdeSolver { order });
    }
    for density in [MidpointDensity::Drift, MidpointDensity::DriftTimesDistance] {
        let (mut table, mut thresholds) = (schedule.rows(), [0; 200]);
        let solver = RandomizedMidpointDdpm::new(&mut table, &mut thresholds);
        check!("randomized", solver.with_density(density));
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
            let name = match law {
                MidpointLaw::Single => "poisson, one midpoint",
                MidpointLaw::Bernoulli => "poisson",
            };
            check!(name, solver.with_held(held).with_law(law));
        }
        let mut table = schedule.rows();
        let solver = PoissonMidpointDdpm::new(&mut table).with_variant(variant);
        check!(
            "tail",
            solver
                .with_held(Prediction::Epsilon)
                .with_law(law)
                .with_tail(2)
        );
    }
}

/// What is checked of each sampler, whatever its type.
pub trait Check {
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
                network_of_rows(D, steps, inputs, outputs);
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

    /// The sample if wrong outputs are offered first at every call.
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

    /// The error of a sample that becomes infinite after some calls, and the training step of the last of them;
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
        // A step goes on from x, or from the position that the network was asked about, the first of its work.
        (x[1], work[1]) = (f32::INFINITY, f32::INFINITY);
        let mut run = Sampling::resume(self, progress, &mut x, &mut work).unwrap();
        let error = run.next(&mut stream).unwrap_err();
        let words = stream.word_position();
        assert_eq!(run.progress().failure(), Some(error));
        for _ in 0..20 {
            assert_eq!(run.next(&mut stream), Err(error));
            assert_eq!(run.supply(&[0.0; D]), Err(error));
        }
        let progress = run.progress();
        let mut run = Sampling::resume(self, progress, &mut x, &mut work).unwrap();
        assert_eq!(run.next(&mut stream), Err(error));
        assert_eq!(stream.word_position(), words);
        (error, asked)
    }

    fn work_length(&self) -> usize {
        Sampler::work_length(self, D)
    }
}
