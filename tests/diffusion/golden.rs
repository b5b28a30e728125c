//! Samples by `diffusers` 0.42 in double precision, with the same noise: tests/data/diffusers.csv, made by
//! tests/reference/diffusers_reference.py.
//!
//! Its order 3 is left out: where it has φ₃ D₂ the derivation has 2φ₃ D₂, and its SDE form has the
//! sign of ½ wrong besides; `order` shows which is right.

use poisson_midpoint::Real;
use poisson_midpoint::diffusion::{
    Clip, Ddim, Ddpm, DpmSolverPlusPlus, Prediction, SaSolver, Sampler, ScheduleTable, Solver,
    Timesteps, Variant, standard_normal,
};
use poisson_midpoint::random::Stream;

const D: usize = 4;

fn stream() -> Stream {
    Stream::new(11, 3)
}

/// The network of the script.
fn network(step: u32, x: &[f64], output: &mut [f64]) {
    for ((d, output), x) in (0_u32..).zip(output).zip(x) {
        *output = (x / 2.0 + f64::from(d) / 10.0) / (1.0 + x * x) + f64::from(step) / 2000.0;
    }
}

/// The settings that a group of lines has in common.
struct Setting<'a> {
    timesteps: &'a Timesteps<10>,
    predicts: Prediction,
    clip: Option<Clip<f64>>,
}

impl Setting<'_> {
    fn sample(&self, solver: impl Solver<f64>) -> [f64; D] {
        let schedule = ScheduleTable::<f64, 1000>::linear(1e-4, 0.02).unwrap();
        let mut sampler = Sampler::new(&schedule, self.timesteps, self.predicts, solver).unwrap();
        if let Some(clip) = self.clip {
            sampler = sampler.with_clip(clip);
        }
        let (mut x, mut stream) = ([0.0; D], stream());
        standard_normal(&mut x, &mut stream);
        let mut work = vec![f64::NAN; sampler.work_length(D)];
        sampler
            .sample(&mut x, &mut network, &mut stream, &mut work)
            .unwrap();
        x
    }
}

#[test]
#[ignore = "prints what the script reads"]
fn normals() {
    let mut stream = stream();
    for _ in 0..D * 11 {
        println!("{:?}", f64::normal(&mut stream));
    }
}

#[test]
fn samples_are_those_of_diffusers() {
    let schedule = ScheduleTable::<f64, 1000>::linear(1e-4, 0.02).unwrap();
    let leading = Timesteps::leading(10, &schedule).unwrap();
    let trailing = Timesteps::uniform(10, &schedule).unwrap();
    // SA-Solver's scheduler ends at its last training step, not at the data.
    let mut list: Vec<u32> = trailing.pairs().map(|(from, _)| from).collect();
    list.push(1);
    let noisy = Timesteps::new(&list).unwrap();
    let mut lines = 0;
    for line in include_str!("../data/diffusers.csv").lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let name: Vec<&str> = fields[0].split(' ').collect();
        let expected: Vec<f64> = fields[1..].iter().map(|x| x.parse().unwrap()).collect();
        let predicts = match name[1] {
            "epsilon" => Prediction::Epsilon,
            "sample" => Prediction::Sample,
            _ => Prediction::Velocity,
        };
        let clip = match (name[0], name[3]) {
            ("threshold", _) => Some(Clip::dynamic(0.75, 1.0).unwrap()),
            (_, "True") => Some(Clip::range(1.0).unwrap()),
            _ => None,
        };
        let setting = |timesteps| Setting {
            timesteps,
            predicts,
            clip,
        };
        let found = match (name[0], name[2]) {
            ("ddpm", "fixed_small") => setting(&leading).sample(Ddpm::default()),
            ("ddpm", _) => {
                let variant = Variant::FixedLarge;
                setting(&leading).sample(Ddpm { variant })
            }
            ("ddim", eta) => {
                let eta = eta.parse().unwrap();
                setting(&leading).sample(Ddim { eta })
            }
            ("threshold", _) => setting(&leading).sample(Ddim { eta: 0.0 }),
            ("sa-solver++", tau) => {
                let solver = SaSolver {
                    predictor: 1,
                    corrector: 1,
                    tau: tau.parse().unwrap(),
                    noisy: [0.0, f64::INFINITY],
                };
                setting(&noisy).sample(solver)
            }
            (kind, _) => {
                let eta = f64::from(u8::from(kind.starts_with("sde")));
                setting(&trailing).sample(DpmSolverPlusPlus { order: 2, eta })
            }
        };
        // Its multistep scheduler rounds the state to single precision on every step.
        let tolerance = if fields[0].contains("++") {
            1e-6
        } else {
            1e-10
        };
        for (found, expected) in found.iter().zip(&expected) {
            let error = (found - expected).abs() / expected.abs().max(1.0);
            assert!(error < tolerance, "{}: {found} {expected}", fields[0]);
        }
        lines += 1;
    }
    assert_eq!(lines, 30);
}
