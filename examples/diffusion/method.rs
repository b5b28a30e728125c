//! The methods compared, by name, and how each spends a budget of network calls.

use clap::ValueEnum;
use poisson_midpoint::MidpointLaw::{Bernoulli, Single};
use poisson_midpoint::diffusion::{
    Clip, Ddim, Ddpm, DpmSolver, DpmSolverPlusPlus, ErSdeSolver, HybridMultistep, MidpointDensity,
    PoissonMidpointDdpm, Prediction, RandomizedMidpointDdpm, SaSolver, Sampler, Solver, Timesteps,
    Variant, standard_normal,
};
use poisson_midpoint::random::Stream;

use crate::network::STEPS;
use crate::target::{Schedule, Target};
use crate::threads::in_threads;

type List = Timesteps<{ STEPS as usize }>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// By the number of calls: `dpmpp2m` below 14, `hybrid` from there (docs/diffusion.md).
    Auto,
    /// DDPM, respaced uniformly, variant 1: the exponential integrator.
    Ddpm1,
    /// The same, fixed small (variant 2).
    DdpmSmall,
    /// The same, variant 3.
    Ddpm3,
    /// The same, fixed large.
    DdpmLarge,
    /// Fixed small, quadratic spacing.
    DdpmQuadratic,
    /// DDIM, η = 0, uniform.
    Ddim,
    /// DDIM, η = 0, quadratic.
    DdimQuadratic,
    /// DPM-Solver-2, uniform in log-SNR.
    DpmSolver2,
    /// DPM-Solver-3, uniform in log-SNR.
    DpmSolver3,
    /// DPM-Solver++ of order 2, uniform in log-SNR.
    Dpmpp2m,
    /// DPM-Solver++ of order 3, uniform in log-SNR.
    Dpmpp3m,
    /// Its SDE form of order 2.
    SdeDpmpp2m,
    /// Its SDE form of order 3.
    SdeDpmpp3m,
    /// The SDE form of order 2, spaced as by Karras et al.
    SdeDpmpp2mKarras,
    /// SA-Solver, predictor and corrector of order 2, τ = 1, spaced as by Karras et al.
    SaSolver,
    /// Its predictor and corrector of order 3 without noise, UniPC's kind, uniform in log-SNR.
    PredictorCorrector,
    /// ER-SDE-Solver of order 3, spaced as by Karras et al.
    ErSde,
    /// DDRaM: randomized midpoints, quadratic.
    Ddram,
    /// A midpoint at one call a step, of order 2 and without noise, uniform in log-SNR.
    Hybrid,
    /// The same with noise.
    HybridSde,
    /// Poisson midpoint as in the paper: uniform, ε held, fixed small, single midpoints.
    Pmm,
    /// The same, Bernoulli midpoints.
    PmmBernoulli,
    /// `pmm` with the coefficients of variant 1a.
    Pmm1a,
    /// Variant 1b.
    Pmm1b,
    /// Variant 1c.
    Pmm1c,
    /// Variant 1d.
    Pmm1d,
    /// Poisson midpoint, quadratic boundaries, ε held.
    PmmQuadratic,
    /// Poisson midpoint, uniform, x₀ held.
    PmmSample,
    /// Poisson midpoint, quadratic boundaries, x₀ held: our choice.
    PmmBest,
    /// The same with midpoints drawn by importance.
    PmmImportance,
    /// `pmm` with a tail: two steps of DDPM for the last macro step.
    PmmTail,
}

impl Method {
    /// The methods that a picture has room for: one of each kind, and the paper's.
    pub const SHORT_LIST: [Self; 8] = [
        Self::DdpmSmall,
        Self::Ddim,
        Self::Dpmpp2m,
        Self::SdeDpmpp2m,
        Self::ErSde,
        Self::Pmm,
        Self::PmmBest,
        Self::Hybrid,
    ];

    /// All methods that are compared, without `auto`, which is one of the others.
    pub fn compared() -> Vec<Self> {
        let all = Self::value_variants().iter().copied();
        all.filter(|method| *method != Self::Auto).collect()
    }

    pub fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |v| v.get_name().to_owned())
    }

    /// Samples of `count` particles of a seed, one after another, and the mean number of calls.
    pub fn samples(
        self,
        target: &Target,
        schedule: &Schedule,
        calls: u32,
        seed: u64,
        count: usize,
        noise: f32,
    ) -> anyhow::Result<(Vec<f32>, f64)> {
        let run = Run {
            target,
            schedule,
            seed,
            count,
            noise,
        };
        let uniform = |steps: u32| List::uniform(steps.max(1), schedule);
        let quadratic = |steps: u32| List::quadratic(steps.max(1), schedule);
        let log_snr = |steps: u32| List::log_snr(steps.max(1), schedule);
        let ddpm = |list: List, variant| run.all(&list, Ddpm { variant });
        let ddim = |list: List| run.all(&list, Ddim { eta: 0.0 });
        let multi = |order, eta| run.all(&log_snr(calls)?, DpmSolverPlusPlus { order, eta });
        // The last step, to the data, is one call.
        let single = |order: u32| run.all(&log_snr((calls - 1) / order + 1)?, DpmSolver { order });
        let pmm = |list: List, variant, held, law| {
            let mut table = schedule.rows();
            let solver = PoissonMidpointDdpm::new(&mut table).with_variant(variant);
            run.all(&list, solver.with_held(held).with_law(law))
        };
        let exponential = |correction| Variant::Exponential { correction };
        let (epsilon, sample) = (Prediction::Epsilon, Prediction::Sample);
        let small = Variant::FixedSmall;
        let half = calls / 2;
        let karras = || List::karras(calls, 7, schedule);
        let hybrid = |eta| {
            let (order, node) = (2, 0.3);
            run.all(&log_snr(calls)?, HybridMultistep { order, eta, node })
        };
        let adams = |predictor, corrector, tau| SaSolver {
            predictor,
            corrector,
            tau,
            noisy: [0.05, 50.0],
        };
        let randomized = |density| {
            let (mut table, mut thresholds) = (schedule.rows(), [0; STEPS as usize]);
            let solver = RandomizedMidpointDdpm::new(&mut table, &mut thresholds);
            run.all(&quadratic(half)?, solver.with_density(density))
        };
        match self {
            Self::Auto if calls < 14 => multi(2, 0.0),
            Self::Auto => hybrid(0.0),
            Self::Ddpm1 => ddpm(uniform(calls)?, exponential(-1.0)),
            Self::DdpmSmall => ddpm(uniform(calls)?, small),
            Self::Ddpm3 => ddpm(uniform(calls)?, Variant::Reduced),
            Self::DdpmLarge => ddpm(uniform(calls)?, Variant::FixedLarge),
            Self::DdpmQuadratic => ddpm(quadratic(calls)?, small),
            Self::Ddim => ddim(uniform(calls)?),
            Self::DdimQuadratic => ddim(quadratic(calls)?),
            Self::DpmSolver2 => single(2),
            Self::DpmSolver3 => single(3),
            Self::Dpmpp2m => multi(2, 0.0),
            Self::Dpmpp3m => multi(3, 0.0),
            Self::SdeDpmpp2m => multi(2, 1.0),
            Self::SdeDpmpp3m => multi(3, 1.0),
            Self::SdeDpmpp2mKarras => run.all(&karras()?, DpmSolverPlusPlus { order: 2, eta: 1.0 }),
            Self::SaSolver => run.all(&karras()?, adams(2, 2, 1.0)),
            Self::PredictorCorrector => run.all(&log_snr(calls)?, adams(3, 3, 0.0)),
            Self::ErSde => run.all(&karras()?, ErSdeSolver { order: 3 }),
            Self::Ddram => randomized(MidpointDensity::Drift),
            Self::Hybrid => hybrid(0.0),
            Self::HybridSde => hybrid(1.0),
            Self::PmmImportance => randomized(MidpointDensity::DriftTimesDistance),
            Self::PmmTail => {
                let mut table = schedule.rows();
                let solver = PoissonMidpointDdpm::new(&mut table).with_held(epsilon);
                let list = uniform(half)?.with_last_halved()?;
                run.all(&list, solver.with_tail(2))
            }
            Self::Pmm => pmm(uniform(half)?, small, epsilon, Single),
            Self::PmmBernoulli => pmm(uniform(half)?, small, epsilon, Bernoulli),
            Self::Pmm1a => pmm(uniform(half)?, exponential(-1.0), epsilon, Single),
            Self::Pmm1b => pmm(uniform(half)?, exponential(0.0), epsilon, Single),
            Self::Pmm1c => pmm(uniform(half)?, exponential(1.0), epsilon, Single),
            Self::Pmm1d => pmm(uniform(half)?, exponential(2.0), epsilon, Single),
            Self::PmmQuadratic => pmm(quadratic(half)?, small, epsilon, Single),
            Self::PmmSample => pmm(uniform(half)?, small, sample, Single),
            Self::PmmBest => pmm(quadratic(half)?, small, sample, Single),
        }
    }
}

struct Run<'a> {
    target: &'a Target<'a>,
    schedule: &'a Schedule,
    seed: u64,
    count: usize,
    /// Standard deviation of the noise that is added to the network's output, of which the sampler knows nothing.
    noise: f32,
}

impl Run<'_> {
    fn all(
        &self,
        timesteps: &List,
        solver: impl Solver<f32> + Sync,
    ) -> anyhow::Result<(Vec<f32>, f64)> {
        let mut sampler = Sampler::new(self.schedule, timesteps, self.target.predicts(), solver)?;
        if let Target::Digits { .. } = self.target {
            sampler = sampler.with_clip(Clip::range(1.0)?);
        }
        let dimension = self.target.dimension();
        let mut samples = vec![0.0; self.count * dimension];
        let particles = (0..).zip(samples.chunks_mut(dimension)).collect();
        let calls = in_threads(particles, |(particle, x): (u64, &mut [f32])| {
            let mut stream = Stream::new(self.seed, particle);
            let mut error = Stream::new(!self.seed, particle);
            standard_normal(x, &mut stream);
            let mut work = vec![0.0; sampler.work_length(dimension)];
            let mut network = |step, x: &[f32], output: &mut [f32]| {
                self.target.evaluate(step, x, output);
                if self.noise > 0.0 {
                    for output in output {
                        *output += self.noise * <f32 as poisson_midpoint::Real>::normal(&mut error);
                    }
                }
            };
            sampler.sample(x, &mut network, &mut stream, &mut work)
        })?;
        let calls: u32 = calls.into_iter().sum();
        Ok((samples, f64::from(calls) / self.count as f64))
    }
}
