//! Every fused kernel.

use std::time::Instant;

use anyhow::{Result, ensure};
use cust::memory::DeviceCopy;
use nalgebra::SVector;
use poisson_midpoint::batch::Parallel;
use poisson_midpoint::cuda::Gpu;
use poisson_midpoint::kernel::{KernelDrift, KernelDynamics, KernelStepper};
use poisson_midpoint::target::{
    DoubleWell, GaussianMixture, GaussianTable, LogisticRegression, TableDrift,
};
use poisson_midpoint::{Baoa, EulerMaruyama, MidpointLaw, PoissonMidpoint, State, Stepper};

use super::cases::*;
use super::{GRIDS, Host, Options, Tally};

pub fn all(gpu: &Gpu, options: &Options) -> Result<Tally> {
    let mut all = Tally::default();
    let mut module;
    macro_rules! check_case {
        ($dimension:literal, $name:expr, $types:tt, $stepper:expr, $drift:expr, $table:expr,) => {
            if $name.contains(&options.only) {
                let result = check::<_, _, _, $dimension>(gpu, options, $stepper, $drift);
                module.count($name, result.map(drop))?;
            }
        };
    }
    macro_rules! check_kernel {
        ($($kernel:tt)*) => {
            with_kernel! { $($kernel)*, check_case }
        };
    }
    macro_rules! check_module {
        ($name:literal, $real:ident, $dimension:literal) => {
            let start = Instant::now();
            module = Tally::default();
            each_kernel! { check_kernel, $real, $dimension }
            all.add($name, start, &module);
        };
    }
    each_module! { check_module }

    // A drift that is infinite: every particle fails at its first step and stays where it was.
    let table = [f32::INFINITY, 0.0, 1.0, 0.0, 0.0, 1.0];
    let drift = GaussianTable::<f32, 2>::from_table(&table)?;
    let stepper = PoissonMidpoint::new(overdamped::<f32>(7), MidpointLaw::Single);
    let failed = check::<_, _, _, 2>(gpu, options, &stepper, &drift)?;
    ensure!(failed == options.particles(2), "{failed} particles failed");
    Ok(all)
}

/// Compares a kernel with the CPU engine on each grid; returns how many particles fail.
fn check<S, P, F, const D: usize>(
    gpu: &Gpu,
    options: &Options,
    stepper: &P,
    drift: &F,
) -> Result<usize>
where
    P: KernelStepper + Stepper<Dynamics = S>,
    S: KernelDynamics<Real: Value + DeviceCopy>,
    F: KernelDrift<S::Real, D> + Sync,
{
    let start = Host::<S::Real>::new(S::State::<D>::PARTS * D, options.particles(D));
    let steps = 3..3 + options.steps;
    let mut expected = start.clone();
    let mut particles = expected.particles::<S::State<D>>()?;
    let force = |time, x: &SVector<S::Real, D>| drift.drift(time, x);
    let on_the_host = Parallel.run(stepper, &mut particles, force, steps.clone());
    drop(particles);
    for grid in GRIDS {
        gpu.set_grid(grid);
        let mut found = start.clone();
        let mut particles = found.particles::<S::State<D>>()?;
        let mut batch = gpu.upload(&mut particles)?;
        batch.run(stepper, drift, steps.clone())?;
        let run = batch.download(&mut particles)?;
        drop((batch, particles));
        found.expect(&expected)?;
        ensure!(
            run.drift_calls == on_the_host.drift_calls,
            "drift evaluations differ"
        );
        ensure!(run.failed == on_the_host.failed, "failures differ");
    }
    gpu.set_grid(None);
    Ok(on_the_host.failed)
}
