//! The kernels of `plain.cu` beside this crate's: the same workload, written by hand for speed alone.

#![allow(
    unsafe_code,
    reason = "kernels that this crate does not know are launched by their arguments"
)]

use std::path::Path;

use anyhow::{Context, Result, ensure};
use poisson_midpoint::MidpointLaw::Single;
use poisson_midpoint::cuda::Gpu;
use poisson_midpoint::cuda::cust::launch;
use poisson_midpoint::cuda::cust::memory::{CopyDestination, DeviceBuffer};
use poisson_midpoint::cuda::cust::module::Module;
use poisson_midpoint::cuda::cust::stream::{Stream, StreamFlags};
use poisson_midpoint::dynamics::{Dynamics, Overdamped};
use poisson_midpoint::statistics::Moments;
use poisson_midpoint::{EulerMaruyama, PoissonMidpoint};

use super::{Options, START, fused, overdamped, particles, seconds};

/// A row of the table of fused kernels, for two dimensions, from the PTX in a file.
///
/// It must be the same work: after the launches that are timed the mean virial, which tells the temperature, is that of
/// this crate's particles, but for five standard errors and a thousandth, since functions there are approximate.
pub fn row(gpu: &Gpu, options: &Options, file: &Path) -> Result<()> {
    gpu.synchronize()?;
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let module = Module::from_ptx(text, &[]).context("the driver refuses plain.cu's PTX")?;
    let dynamics = overdamped()?;
    let (euler, virials) = run(options, &module, "euler_maruyama", dynamics)?;
    let (_, ours) = fused::<_, _, 2>(gpu, options, &EulerMaruyama::new(dynamics))?;
    expect_same("euler_maruyama", &virials, &virials_of(&ours)?)?;
    let (single, virials) = run(options, &module, "single", dynamics)?;
    let (_, ours) = fused::<_, _, 2>(gpu, options, &PoissonMidpoint::new(dynamics, Single))?;
    expect_same("single", &virials, &virials_of(&ours)?)?;
    let count = particles::<Overdamped<f32>, 2>(options);
    println!("by hand      2  {count:>9}  {euler:>14.2}  {single:>6.2}");
    Ok(())
}

/// 10⁹ particle-steps/s of a kernel, and the virials of the coordinates after it.
fn run(
    options: &Options,
    module: &Module,
    kernel: &str,
    dynamics: Overdamped<f32>,
) -> Result<(f64, Moments<f64>)> {
    const THREADS: u32 = 256;
    let stream = Stream::new(StreamFlags::DEFAULT, None)?;
    let function = module.get_function(kernel)?;
    let particles = particles::<Overdamped<f32>, 2>(options);
    let state = DeviceBuffer::from_slice(&vec![START; 2 * particles])?;
    let (x, count, steps) = (state.as_device_ptr(), particles as u64, options.steps);
    let blocks = u32::try_from(particles)?.div_ceil(THREADS);
    let (step_size, inner_steps) = (dynamics.step_size(), dynamics.inner_steps());
    let seconds = seconds(options.launches, |n| {
        // Every launch has two keys.
        let seed = 2 * u64::from(n);
        // SAFETY: the arguments are those of plain.cu, and the array has two scalars for each particle.
        let launched = unsafe {
            if kernel == "single" {
                launch!(function<<<blocks, THREADS, 0, stream>>>(x, count, seed, steps, step_size, inner_steps))
            } else {
                launch!(function<<<blocks, THREADS, 0, stream>>>(x, count, seed, steps, step_size))
            }
        };
        Ok(launched?)
    })?;
    let mut found = vec![0.0; 2 * particles];
    state.copy_to(&mut found)?;
    let rate = particles as f64 * f64::from(steps) / seconds / 1e9;
    Ok((rate, virials_of(&found)?))
}

/// −x·force, within the wells: its mean is the temperature.
fn virials_of(coordinates: &[f32]) -> Result<Moments<f64>> {
    let mut virials = Moments::new();
    for &x in coordinates {
        let square = f64::from(x) * f64::from(x);
        virials.push(square * square - square)?;
    }
    Ok(virials)
}

fn expect_same(kernel: &str, found: &Moments<f64>, ours: &Moments<f64>) -> Result<()> {
    /// The mean, and its variance.
    fn mean(moments: &Moments<f64>) -> Result<(f64, f64)> {
        let few = || "too few particles";
        let variance = moments.variance().with_context(few)? / moments.count() as f64;
        Ok((moments.mean().with_context(few)?, variance))
    }
    let ((found, variance), (ours, of_ours)) = (mean(found)?, mean(ours)?);
    let error = (variance + of_ours).sqrt();
    ensure!(
        (found - ours).abs() <= 5.0 * error + 1e-3 * ours,
        "{kernel}: the mean virial is {found}, not {ours} (standard error {error})"
    );
    Ok(())
}
