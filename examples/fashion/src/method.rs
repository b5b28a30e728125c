//! The methods compared, by name, and how each spends a budget of network calls.

use anyhow::Result;
use clap::ValueEnum;
use poisson_midpoint::diffusion::{
    Ddim, Ddpm, DpmSolverPlusPlus, ErSdeSolver, HybridMultistep, Lockstep, Member, MidpointDensity,
    PoissonMidpointDdpm, Prediction, RandomizedMidpointDdpm, SaSolver, Sampler, ScheduleTable,
    Solver, Timesteps, Variant, standard_normal,
};
use poisson_midpoint::random::Stream;

use crate::model::{Denoiser, LATENTS, STEPS};

pub type Schedule = ScheduleTable<f32, { STEPS as usize }>;
type List = Timesteps<{ STEPS as usize }>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// By the number of calls: `dpmpp-2m` below 14, `hybrid` from there (docs/diffusion.md).
    Auto,
    /// DDPM: ancestral steps, respaced uniformly.
    Ddpm,
    /// DDIM without noise, uniform.
    Ddim,
    /// DPM-Solver++ of order 2, uniform in log-SNR.
    #[value(name = "dpmpp-2m")]
    Dpmpp2m,
    /// Its SDE form, spaced as by Karras et al.
    #[value(name = "sde-dpmpp-2m")]
    SdeDpmpp2m,
    /// UniPC's kind: predictor and corrector of order 3 without noise, uniform in log-SNR.
    PredictorCorrector,
    /// SA-Solver, predictor and corrector of order 2, τ = 1, spaced as by Karras et al.
    SaSolver,
    /// ER-SDE-Solver of order 3, spaced as by Karras et al.
    ErSde,
    /// DDRaM: randomized midpoints, quadratic.
    Ddram,
    /// Poisson midpoint as in the paper: uniform, ε held, variant 1.
    Pmm,
    /// The same with a tail: two steps of DDPM for the last macro step.
    PmmTail,
    /// Poisson midpoint, quadratic, x₀ held.
    PmmBest,
    /// The same with midpoints drawn by importance.
    PmmImportance,
    /// A midpoint at one call a step, of order 2 and without noise, uniform in log-SNR.
    Hybrid,
    /// The same with noise.
    HybridSde,
}

impl Method {
    /// All methods that are compared, without `auto`, which is one of the others.
    pub fn compared() -> Vec<Self> {
        let all = Self::value_variants().iter().copied();
        all.filter(|method| *method != Self::Auto).collect()
    }

    pub fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |v| v.get_name().to_owned())
    }

    /// Draws samples of a seed's particles from `first` on, as many as x has room for; returns the mean number of
    /// calls.
    pub fn sample(
        self,
        run: &Run,
        calls: u32,
        seed: u64,
        first: u64,
        x: &mut [f32],
    ) -> Result<f64> {
        let particles = Particles { seed, first };
        let schedule = run.schedule;
        let uniform = |steps: u32| List::uniform(steps.max(1), schedule);
        let quadratic = |steps: u32| List::quadratic(steps.max(1), schedule);
        let log_snr = || List::log_snr(calls, schedule);
        let karras = || List::karras(calls, 7, schedule);
        let (mut table, mut thresholds) = (
            vec![Default::default(); STEPS as usize],
            vec![0; STEPS as usize],
        );
        let paper = Variant::Exponential { correction: -1.0 };
        let half = calls / 2;
        let adams = |predictor, corrector, tau| SaSolver {
            predictor,
            corrector,
            tau,
            noisy: [0.05, 50.0],
        };
        let hybrid = |eta| HybridMultistep {
            order: 2,
            eta,
            node: 0.3,
        };
        match self {
            Self::Auto if calls < 14 => Self::Dpmpp2m.sample(run, calls, seed, first, x),
            Self::Auto => Self::Hybrid.sample(run, calls, seed, first, x),
            Self::Ddpm => run.all(&uniform(calls)?, Ddpm::default(), particles, x),
            Self::Ddim => run.all(&uniform(calls)?, Ddim { eta: 0.0 }, particles, x),
            Self::Dpmpp2m => {
                let solver = DpmSolverPlusPlus { order: 2, eta: 0.0 };
                run.all(&log_snr()?, solver, particles, x)
            }
            Self::SdeDpmpp2m => {
                let solver = DpmSolverPlusPlus { order: 2, eta: 1.0 };
                run.all(&karras()?, solver, particles, x)
            }
            Self::PredictorCorrector => run.all(&log_snr()?, adams(3, 3, 0.0), particles, x),
            Self::SaSolver => run.all(&karras()?, adams(2, 2, 1.0), particles, x),
            Self::ErSde => run.all(&karras()?, ErSdeSolver { order: 3 }, particles, x),
            Self::Ddram => {
                let solver = RandomizedMidpointDdpm::new(&mut table, &mut thresholds);
                run.all(&quadratic(half)?, solver, particles, x)
            }
            Self::Pmm => {
                let solver = PoissonMidpointDdpm::new(&mut table)
                    .with_variant(paper)
                    .with_held(Prediction::Epsilon);
                run.all(&uniform(half)?, solver, particles, x)
            }
            Self::PmmTail => {
                let solver = PoissonMidpointDdpm::new(&mut table)
                    .with_variant(paper)
                    .with_held(Prediction::Epsilon)
                    .with_tail(2);
                run.all(&uniform(half)?.with_last_halved()?, solver, particles, x)
            }
            Self::PmmBest => {
                let solver = PoissonMidpointDdpm::new(&mut table);
                run.all(&quadratic(half)?, solver, particles, x)
            }
            Self::PmmImportance => {
                let solver = RandomizedMidpointDdpm::new(&mut table, &mut thresholds)
                    .with_density(MidpointDensity::DriftTimesDistance);
                run.all(&quadratic(half)?, solver, particles, x)
            }
            Self::Hybrid => run.all(&log_snr()?, hybrid(0.0), particles, x),
            Self::HybridSde => run.all(&log_snr()?, hybrid(1.0), particles, x),
        }
    }
}

/// The particles whose samples are drawn.
struct Particles {
    seed: u64,
    first: u64,
}

/// What samples are drawn with.
pub struct Run<'a> {
    pub denoiser: &'a Denoiser,
    pub schedule: &'a Schedule,
}

impl Run<'_> {
    fn all(
        &self,
        timesteps: &List,
        solver: impl Solver<f32> + Sync,
        Particles { seed, first }: Particles,
        x: &mut [f32],
    ) -> Result<f64> {
        let sampler = Sampler::new(self.schedule, timesteps, Prediction::Velocity, solver)?;
        let count = x.len() / LATENTS;
        let mut members = Vec::new();
        for (particle, x) in (first..).zip(x.chunks_exact_mut(LATENTS)) {
            let mut stream = Stream::new(seed, particle);
            standard_normal(x, &mut stream);
            members.push(Member::new(stream));
        }
        let (mut steps, mut work) = (
            vec![0; count],
            vec![0.0; sampler.batch_work_length(count, LATENTS)],
        );
        let mut batch = Lockstep::new(&sampler, LATENTS, &mut members, x, &mut steps, &mut work)?;
        let mut calls = 0;
        // `Lockstep::run` is this loop for a network that cannot fail.
        while let Some((steps, inputs)) = batch.gather() {
            let outputs = self.denoiser.velocity(steps, inputs)?;
            calls += steps.len();
            batch.scatter(&outputs);
        }
        for member in &members {
            member.failure().map_or(Ok(()), Err)?;
        }
        Ok(calls as f64 / count as f64)
    }
}
