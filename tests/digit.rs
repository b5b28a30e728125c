//! The bits of digits that the samplers draw from the learned network: the same however the program is compiled.

#[path = "../examples/diffusion/digit.rs"]
#[expect(dead_code, reason = "a test draws nothing on a console")]
mod digit;
#[path = "../examples/diffusion/network.rs"]
mod network;

use network::{Network, PIXELS, STEPS};
use poisson_midpoint::MidpointLaw::Bernoulli;
use poisson_midpoint::diffusion::{
    Clip, Ddim, Ddpm, DpmSolver, DpmSolverPlusPlus, ErSdeSolver, HybridMultistep, MidpointDensity,
    PoissonMidpointDdpm, Prediction, RandomizedMidpointDdpm, SaSolver, Sampler, ScheduleTable,
    Solver, Timesteps, Variant, standard_normal,
};
use poisson_midpoint::random::Stream;

static WEIGHTS: &[u8] = include_bytes!("../examples/diffusion/denoiser.safetensors");

#[test]
fn the_digit_of_a_microcontroller_has_the_bits_that_it_has_there() {
    let network = Network::from_safetensors(WEIGHTS).unwrap();
    let (image, calls) = digit::generate(&network, 0, &mut digit::Memory::new()).unwrap();
    assert_eq!((digit::fingerprint(&image), calls), (0x6ae9_013d, 50));
}

type Schedule = ScheduleTable<f32, { STEPS as usize }>;

fn bits(timesteps: &Timesteps<10>, clip: Clip<f32>, solver: impl Solver<f32>) -> u32 {
    let network = Network::from_safetensors(WEIGHTS).unwrap();
    let schedule = Schedule::linear(1e-4, 0.02).unwrap();
    let sampler = Sampler::new(&schedule, timesteps, Prediction::Velocity, solver)
        .unwrap()
        .with_clip(clip);
    let (mut image, mut stream) = ([0.0; PIXELS], Stream::new(1, 2));
    standard_normal(&mut image, &mut stream);
    let mut work = vec![0.0; sampler.work_length(PIXELS)];
    let mut velocity = |step, x: &[f32], output: &mut [f32]| network.velocity(step, x, output);
    sampler
        .sample(&mut image, &mut velocity, &mut stream, &mut work)
        .unwrap();
    digit::fingerprint(&image)
}

/// The bits of the samplers' digits, in the order of the test.
const GOLDEN: [u32; 21] = [
    0x44b8_86a7,
    0x4c2a_89f1,
    0x35a0_9c53,
    0xf1f2_d9bf,
    0x82de_71d5,
    0x42c4_ca8c,
    0x214f_911a,
    0x52e7_566e,
    0x83a3_7347,
    0xcbdd_f788,
    0x9afc_d810,
    0xf3ee_a960,
    0xa076_8196,
    0x8419_dd7f,
    0xbfdc_52ed,
    0x0292_e7c7,
    0x931b_aacb,
    0x693a_831e,
    0x2b65_bf74,
    0xf991_4bd8,
    0xf65f_f577,
];

#[test]
fn every_sampler_has_its_bits() {
    let schedule = Schedule::linear(1e-4, 0.02).unwrap();
    let quadratic = Timesteps::quadratic(10, &schedule).unwrap();
    let log_snr = Timesteps::log_snr(10, &schedule).unwrap();
    let range = Clip::range(1.0).unwrap();
    let dynamic = Clip::dynamic(0.995, 1.0).unwrap();
    let ddpm = |variant| bits(&quadratic, range, Ddpm { variant });
    let ddim = |eta| bits(&log_snr, dynamic, Ddim { eta });
    let multi = |order, eta| bits(&log_snr, range, DpmSolverPlusPlus { order, eta });
    let single = |order| bits(&log_snr, range, DpmSolver { order });
    let poisson = |variant, held| {
        let mut table = schedule.rows();
        let solver = PoissonMidpointDdpm::new(&mut table).with_variant(variant);
        let solver = solver.with_held(held).with_law(Bernoulli);
        bits(&quadratic, range, solver)
    };
    let karras = Timesteps::karras(10, 7, &schedule).unwrap();
    let hybrid = |order, eta| {
        let node = 0.5;
        bits(&karras, range, HybridMultistep { order, eta, node })
    };
    let adams = |predictor, corrector, tau| {
        let noisy = [0.05, 1.0];
        let solver = SaSolver {
            predictor,
            corrector,
            tau,
            noisy,
        };
        bits(&karras, range, solver)
    };
    let randomized = |density| {
        let (mut table, mut thresholds) = (schedule.rows(), [0; STEPS as usize]);
        let solver = RandomizedMidpointDdpm::new(&mut table, &mut thresholds);
        bits(&quadratic, range, solver.with_density(density))
    };
    let tail = || {
        let mut table = schedule.rows();
        let solver = PoissonMidpointDdpm::new(&mut table).with_held(Prediction::Epsilon);
        bits(&quadratic, range, solver.with_tail(2))
    };
    let exponential = Variant::Exponential { correction: 1.0 };
    let found = [
        ddpm(Variant::FixedSmall),
        ddpm(Variant::FixedLarge),
        ddpm(Variant::Reduced),
        ddpm(exponential),
        ddim(0.0),
        ddim(0.5),
        multi(2, 0.0),
        multi(3, 0.0),
        multi(3, 1.0),
        single(2),
        single(3),
        poisson(Variant::FixedSmall, Prediction::Sample),
        poisson(exponential, Prediction::Velocity),
        hybrid(2, 1.0),
        hybrid(3, 0.0),
        adams(2, 2, 1.0),
        adams(3, 3, 0.0),
        bits(&karras, range, ErSdeSolver { order: 3 }),
        randomized(MidpointDensity::Drift),
        randomized(MidpointDensity::DriftTimesDistance),
        tail(),
    ];
    assert_eq!(found, GOLDEN, "{found:#010x?}");
}
