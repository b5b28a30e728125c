//! Every sampler of diffusion models: in one call, split phase under calls in any order, and in lockstep, to the same
//! bits; finite or an error that stays.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use poisson_midpoint::MidpointLaw;
use poisson_midpoint::diffusion::{
    Clip, Ddim, Ddpm, DpmSolver, DpmSolverPlusPlus, ErSdeSolver, HybridMultistep, LinearRate,
    Lockstep, Member, MidpointDensity, NoiseSchedule, PoissonMidpointDdpm, Prediction, Progress,
    RandomizedMidpointDdpm, Row, SaSolver, SampleError, Sampler, SamplerError, Sampling, Solver,
    Timesteps, Variant, standard_normal,
};
use poisson_midpoint::random::Stream;
use poisson_midpoint_fuzz::numbers::{Scalar, between, integer_between, log_between};
use poisson_midpoint_fuzz::state::slice_bits;

const D: usize = 2;
/// The most training steps, and the most of them that a sampler visits.
const STEPS: usize = 40;
const VISITED: usize = 6;
const SAMPLES: usize = 3;

#[derive(Arbitrary, Debug)]
struct Input {
    is_double: bool,
    training_steps: u8,
    rates: [u16; 2],
    visited: u64,
    predicts: Predicted,
    solver: Choice,
    clip: Option<(Option<u16>, u16)>,
    network: Network,
    particle: u64,
    calls: Vec<Call>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Predicted {
    Score,
    Epsilon,
    Sample,
    Velocity,
    Flow,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Choice {
    Ddpm(Coefficients),
    Ddim {
        eta: Share,
    },
    DpmSolver {
        order: u8,
    },
    DpmSolverPlusPlus {
        order: u8,
        eta: Share,
    },
    PoissonMidpoint {
        variant: Coefficients,
        held: Predicted,
        is_single: bool,
        rows: u8,
        tail: u8,
    },
    RandomizedMidpoint {
        variant: Coefficients,
        held: Predicted,
        is_drift: bool,
        thresholds: u8,
    },
    HybridMultistep {
        order: u8,
        eta: Share,
        node: Share,
    },
    SaSolver {
        predictor: u8,
        corrector: u8,
        tau: Share,
        noisy: [Share; 2],
    },
    ErSdeSolver {
        order: u8,
    },
}

/// All of a table, or fewer rows.
fn rows_of(choice: u8) -> usize {
    usize::from(choice.checked_sub(250).unwrap_or(STEPS as u8))
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Coefficients {
    Exponential(u16),
    AnyExponential(f64),
    FixedSmall,
    Reduced,
    FixedLarge,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Share {
    None,
    All,
    Some(u16),
    Any(f64),
}

/// A network that knows little, and at one of its calls may answer with any bits.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Network {
    scale: u16,
    odd: Option<(u8, u64)>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Call {
    Next,
    Supply,
    SupplyNonFinite(bool),
    SupplyLength(u8),
}

impl Predicted {
    fn prediction(self) -> Prediction {
        match self {
            Self::Score => Prediction::Score,
            Self::Epsilon => Prediction::Epsilon,
            Self::Sample => Prediction::Sample,
            Self::Velocity => Prediction::Velocity,
            Self::Flow => Prediction::Flow,
        }
    }
}

impl Coefficients {
    fn variant<T: Scalar>(self) -> Variant<T> {
        let exponential = |correction| Variant::Exponential {
            correction: T::of(correction),
        };
        match self {
            Self::Exponential(bits) => exponential(between(bits, -1.0, 2.0)),
            Self::AnyExponential(correction) => exponential(correction),
            Self::FixedSmall => Variant::FixedSmall,
            Self::Reduced => Variant::Reduced,
            Self::FixedLarge => Variant::FixedLarge,
        }
    }
}

impl Share {
    fn eta<T: Scalar>(self) -> T {
        T::of(match self {
            Self::None => 0.0,
            Self::All => 1.0,
            Self::Some(bits) => between(bits, 0.0, 1.0),
            Self::Any(eta) => eta,
        })
    }
}

impl Network {
    fn answer<T: Scalar>(self, call: u32, step: u32, x: &[T], output: &mut [T]) {
        let scale = between(self.scale, -1.0, 1.0);
        let odd = self.odd.filter(|(at, _)| u32::from(*at) == call);
        for (output, x) in output.iter_mut().zip(x) {
            let x = x.wide();
            let tame = scale * x / (1.0 + x * x) + f64::from(step) / 100.0;
            *output = T::of(odd.map_or(tame, |(_, bits)| f64::from_bits(bits)));
        }
    }
}

/// What a run of one sample came to.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    result: Result<u32, SampleError>,
    x: Vec<u64>,
    word_position: u64,
}

fn begin<T: Scalar>(particle: u64) -> ([T; D], Stream) {
    let (mut x, mut stream) = ([T::ZERO; D], Stream::new(7, particle));
    standard_normal(&mut x, &mut stream);
    (x, stream)
}

/// In one call. What the work slice holds before is of no account: it is filled with NaN.
fn one_call<T, N, S>(sampler: &Sampler<'_, T, N, S>, input: &Input, particle: u64) -> Outcome
where
    T: Scalar,
    N: NoiseSchedule<T>,
    S: Solver<T>,
{
    let (mut x, mut stream) = begin::<T>(particle);
    let mut work = vec![T::of(f64::NAN); sampler.work_length(D)];
    let mut call = 0;
    let mut network = |step, x: &[T], output: &mut [T]| {
        input.network.answer(call, step, x, output);
        call += 1;
    };
    let result = sampler.sample(&mut x, &mut network, &mut stream, &mut work);
    if let Ok(calls) = result {
        assert_eq!(calls, call);
    }
    assert!(x.iter().all(|x| x.is_finite()));
    Outcome {
        result,
        x: slice_bits(&x),
        word_position: stream.word_position(),
    }
}

/// Split phase, by the input's calls and then whatever leads to the end, taken up anew from a checkpoint each time.
fn split_phase<T, N, S>(sampler: &Sampler<'_, T, N, S>, input: &Input) -> Outcome
where
    T: Scalar,
    N: NoiseSchedule<T>,
    S: Solver<T>,
{
    let (mut x, mut stream) = begin::<T>(input.particle);
    let mut work = vec![T::of(f64::NAN); sampler.work_length(D)];
    let mut progress = Progress::default();
    let mut asked: Option<(u32, [T; D])> = None;
    let (mut told, mut is_done) = (0, false);
    let mut calls = input.calls.iter().copied().take(16);
    let result = loop {
        let onwards = if asked.is_some() {
            Call::Supply
        } else {
            Call::Next
        };
        let call = calls.next().unwrap_or(onwards);
        if is_done && calls.len() == 0 {
            break Ok(told);
        }
        let (before, position) = (slice_bits(&x), stream.word_position());
        let mut run = Sampling::resume(sampler, progress, &mut x, &mut work).unwrap();
        let in_turn = asked.is_some();
        let supplied = match call {
            Call::Next => {
                let query = match run.next(&mut stream) {
                    Ok(query) => {
                        query.map(|query| (query.step, query.position.try_into().unwrap()))
                    }
                    Err(error) => {
                        // For good: asked again, it says the same and reads nothing.
                        let position = stream.word_position();
                        assert_eq!(run.next(&mut stream).err(), Some(error));
                        assert_eq!(run.supply(&[T::ZERO; D]), Err(error));
                        assert_eq!(run.progress().failure(), Some(error));
                        assert_eq!(stream.word_position(), position);
                        break Err(error);
                    }
                };
                if in_turn || is_done {
                    assert_eq!((query, stream.word_position()), (asked, position));
                }
                asked = query;
                is_done = query.is_none();
                progress = run.progress();
                continue;
            }
            Call::Supply => {
                let mut output = [T::ZERO; D];
                if let Some((step, position)) = &asked {
                    input.network.answer(told, *step, position, &mut output);
                }
                run.supply(&output)
            }
            Call::SupplyNonFinite(component) => {
                let mut output = [T::ZERO; D];
                output[usize::from(component)] = T::of(f64::NAN);
                let result = run.supply(&output);
                assert!(result.is_err());
                result
            }
            Call::SupplyLength(length) => {
                // Any but the right one.
                let length = [0, 1, 3, 100][usize::from(length % 4)];
                let result = run.supply(&vec![T::ZERO; length]);
                if let Some((step, _)) = &asked {
                    let (step, needed) = (*step, D);
                    assert_eq!(
                        result,
                        Err(SampleError::OutputLength {
                            step,
                            length,
                            needed
                        })
                    );
                }
                result
            }
        };
        if !in_turn {
            assert_eq!(supplied, Err(SampleError::OutputNotAsked));
        }
        match (supplied, call) {
            (Ok(()), _) => {
                progress = run.progress();
                asked = None;
                told += 1;
            }
            // In one call there is no other answer.
            (Err(error), Call::Supply) if in_turn => break Err(error),
            (Err(_), _) => assert_eq!(run.progress(), progress),
        }
        assert_eq!((slice_bits(&x), stream.word_position()), (before, position));
    };
    Outcome {
        result,
        x: slice_bits(&x),
        word_position: stream.word_position(),
    }
}

/// Three samples together, the input's first: what each came to.
fn lockstep<T, N, S>(sampler: &Sampler<'_, T, N, S>, input: &Input) -> [Outcome; SAMPLES]
where
    T: Scalar,
    N: NoiseSchedule<T>,
    S: Solver<T>,
{
    let mut x = [[T::ZERO; D]; SAMPLES];
    let mut p = input.particle;
    let mut members = [(); SAMPLES].map(|()| Member::new(Stream::new(0, 0)));
    for (x, member) in x.iter_mut().zip(&mut members) {
        let stream;
        (*x, stream) = begin(p);
        *member = Member::new(stream);
        p = p.wrapping_add(1);
    }
    let mut steps = [0; SAMPLES];
    let mut work = vec![T::of(f64::NAN); sampler.batch_work_length(SAMPLES, D)];
    let mut batch = Lockstep::new(
        sampler,
        D,
        &mut members,
        x.as_flattened_mut(),
        &mut steps,
        &mut work,
    )
    .unwrap();
    let mut rounds = 0_u32;
    while let Some((steps, inputs)) = batch.gather() {
        assert_eq!(steps.len() * D, inputs.len());
        let mut outputs = vec![T::ZERO; inputs.len()];
        for ((step, input_x), output) in steps
            .iter()
            .zip(inputs.chunks(D))
            .zip(outputs.chunks_mut(D))
        {
            input.network.answer(rounds, *step, input_x, output);
        }
        batch.scatter(&outputs);
        rounds += 1;
        assert!(rounds < 10_000);
    }
    std::array::from_fn(|index| Outcome {
        result: members[index].failure().map_or(Ok(rounds), Err),
        x: slice_bits(&x[index]),
        word_position: members[index].noise().word_position(),
    })
}

fn check<T, N, S>(sampler: Result<Sampler<'_, T, N, S>, SamplerError<T>>, input: &Input)
where
    T: Scalar,
    N: NoiseSchedule<T>,
    S: Solver<T>,
{
    let Ok(mut sampler) = sampler else {
        return;
    };
    if let Some((quantile, limit)) = input.clip {
        let limit = T::of(log_between(limit, 0.1, 100.0));
        let clip = match quantile {
            None => Clip::range(limit),
            Some(quantile) => Clip::dynamic(T::of(between(quantile, 1e-3, 1.0)), limit),
        };
        sampler = sampler.with_clip(clip.unwrap());
    }
    let alone = one_call(&sampler, input, input.particle);
    assert_eq!(split_phase(&sampler, input), alone);
    // Rounds of a batch are calls of each sample only where all take part in all.
    let is_even = !matches!(
        input.solver,
        Choice::PoissonMidpoint {
            is_single: false,
            ..
        } | Choice::RandomizedMidpoint { .. }
    );
    if is_even || input.network.odd.is_none() {
        let mut p = input.particle;
        for outcome in lockstep(&sampler, input) {
            let expected = one_call(&sampler, input, p);
            match (outcome.result, expected.result) {
                (Ok(rounds), Ok(calls)) => assert!(if is_even {
                    rounds == calls
                } else {
                    rounds >= calls
                }),
                (found, expected) => assert_eq!(found, expected),
            }
            assert_eq!(
                (outcome.x, outcome.word_position),
                (expected.x, expected.word_position)
            );
            p = p.wrapping_add(1);
        }
    }
}

fn run<T: Scalar>(input: &Input) {
    let training_steps = integer_between(input.training_steps.into(), 1, STEPS as u32);
    let least = log_between(input.rates[0], 1e-3, 1.0);
    let most = least + log_between(input.rates[1], 1e-3, 50.0);
    let schedule = LinearRate::new(training_steps, T::of(least), T::of(most)).unwrap();
    // The training steps whose bits are set, the topmost few.
    let list: Vec<u32> = (0..=training_steps)
        .rev()
        .filter(|t| input.visited >> t & 1 == 1)
        .take(VISITED + 1)
        .collect();
    let Ok(timesteps) = Timesteps::<VISITED>::new(&list) else {
        assert!(list.len() < 2);
        return;
    };
    let predicts = input.predicts.prediction();
    match input.solver {
        Choice::Ddpm(variant) => {
            let solver = Ddpm {
                variant: variant.variant(),
            };
            check(Sampler::new(&schedule, &timesteps, predicts, solver), input);
        }
        Choice::Ddim { eta } => {
            check(
                Sampler::new(&schedule, &timesteps, predicts, Ddim { eta: eta.eta() }),
                input,
            );
        }
        Choice::DpmSolver { order } => {
            let solver = DpmSolver {
                order: u32::from(order % 5),
            };
            let sampler = Sampler::<T, _, _>::new(&schedule, &timesteps, predicts, solver);
            assert_eq!(sampler.is_ok(), (2..=3).contains(&solver.order));
            check(sampler, input);
        }
        Choice::DpmSolverPlusPlus { order, eta } => {
            let (order, eta) = (u32::from(order % 5), eta.eta::<T>());
            let sampler = Sampler::new(
                &schedule,
                &timesteps,
                predicts,
                DpmSolverPlusPlus { order, eta },
            );
            assert_eq!(
                sampler.is_ok(),
                (1..=3).contains(&order) && eta >= T::ZERO && eta <= T::ONE
            );
            check(sampler, input);
        }
        Choice::PoissonMidpoint {
            variant,
            held,
            is_single,
            rows,
            tail,
        } => {
            let mut table = [Row::ZERO; STEPS];
            let length = rows_of(rows);
            let law = if is_single {
                MidpointLaw::Single
            } else {
                MidpointLaw::Bernoulli
            };
            let solver = PoissonMidpointDdpm::new(&mut table[..length]);
            let solver = solver
                .with_variant(variant.variant())
                .with_held(held.prediction())
                .with_law(law)
                .with_tail(usize::from(tail % 8));
            check(Sampler::new(&schedule, &timesteps, predicts, solver), input);
        }
        Choice::RandomizedMidpoint {
            variant,
            held,
            is_drift,
            thresholds,
        } => {
            let (mut table, mut places) = ([Row::ZERO; STEPS], [0; STEPS]);
            let places = &mut places[..rows_of(thresholds)];
            let density = if is_drift {
                MidpointDensity::Drift
            } else {
                MidpointDensity::DriftTimesDistance
            };
            let solver = RandomizedMidpointDdpm::new(&mut table, places)
                .with_variant(variant.variant())
                .with_held(held.prediction())
                .with_density(density);
            check(Sampler::new(&schedule, &timesteps, predicts, solver), input);
        }
        Choice::HybridMultistep { order, eta, node } => {
            let (order, eta, node) = (u32::from(order % 5), eta.eta::<T>(), node.eta::<T>());
            let solver = HybridMultistep { order, eta, node };
            let sampler = Sampler::new(&schedule, &timesteps, predicts, solver);
            let is_share = |value| value >= T::ZERO && value <= T::ONE;
            let is_good = (2..=3).contains(&order) && is_share(eta) && is_share(node);
            assert_eq!(sampler.is_ok(), is_good);
            check(sampler, input);
        }
        Choice::SaSolver {
            predictor,
            corrector,
            tau,
            noisy,
        } => {
            let solver = SaSolver {
                predictor: u32::from(predictor % 5),
                corrector: u32::from(corrector % 5),
                tau: tau.eta::<T>(),
                noisy: noisy.map(Share::eta::<T>),
            };
            let sampler = Sampler::new(&schedule, &timesteps, predicts, solver);
            let is_good = (1..=3).contains(&solver.predictor)
                && solver.corrector <= 3
                && solver.tau.is_finite()
                && solver.tau >= T::ZERO
                && solver.noisy[0] >= T::ZERO
                && solver.noisy[0] <= solver.noisy[1];
            assert_eq!(sampler.is_ok(), is_good);
            check(sampler, input);
        }
        Choice::ErSdeSolver { order } => {
            let solver = ErSdeSolver {
                order: u32::from(order % 5),
            };
            let sampler = Sampler::<T, _, _>::new(&schedule, &timesteps, predicts, solver);
            assert_eq!(sampler.is_ok(), (1..=3).contains(&solver.order));
            check(sampler, input);
        }
    }
}

fuzz_target!(|input: Input| {
    if input.is_double {
        run::<f64>(&input);
    } else {
        run::<f32>(&input);
    }
});
