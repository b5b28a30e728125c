//! Memory and streams that someone else made.

#![allow(
    unsafe_code,
    reason = "what the driver is given from elsewhere is known to the test alone"
)]

use core::ptr;

use anyhow::{Result, ensure};
use nalgebra::SVector;
use poisson_midpoint::batch::{Cpu, Engine};
use poisson_midpoint::cuda::cust::memory::{DeviceBuffer, DeviceSlice, mem_get_info};
use poisson_midpoint::cuda::cust::sys::{
    CUresult, CUstream, CUstream_flags, cuMemcpyDtoHAsync_v2, cuMemcpyHtoDAsync_v2,
    cuStreamCreateWithPriority, cuStreamDestroy_v2, cuStreamSynchronize,
};
use poisson_midpoint::cuda::{Batch, Gpu, LaunchError, Layout, SplitBatch};
use poisson_midpoint::dynamics::{Overdamped, Underdamped};
use poisson_midpoint::random::Streams;
use poisson_midpoint::target::DoubleWell;
use poisson_midpoint::{EulerMaruyama, MidpointLaw, Phase, PoissonMidpoint};

use super::launcher::without;
use super::{FIRST, Host, Options, SEED};

pub fn all(gpu: &Gpu, options: &Options) -> Result<()> {
    // The test's own calls are for this device.
    gpu.synchronize()?;
    let library = Library::new()?;
    check_fused(gpu, &library, options)?;
    // Where arrays of rows are aligned to be read at once, and where they are not.
    for first in [0, 1] {
        check_split(gpu, &library, options, first)?;
    }
    check_errors(gpu)?;
    if gpu.name()?.starts_with("emulated") {
        check_races(gpu, &library)?;
        check_memory(gpu)?;
    }
    Ok(())
}

/// Another library on the same device, with a stream that waits for none.
struct Library(CUstream);

impl Library {
    fn new() -> Result<Self> {
        let mut stream = ptr::null_mut();
        let flags = CUstream_flags::CU_STREAM_NON_BLOCKING as u32;
        // SAFETY: the stream is written before it is used.
        done(unsafe { cuStreamCreateWithPriority(&raw mut stream, flags, 0) })?;
        Ok(Self(stream))
    }

    /// Writes on its stream, and does not wait.
    fn write(&self, to: &DeviceSlice<f32>, values: &[f32]) -> Result<()> {
        ensure!(to.len() == values.len());
        let (to, from, size) = (
            to.as_device_ptr(),
            values.as_ptr().cast(),
            size_of_val(values),
        );
        // SAFETY: as long as each other. The driver has read the values when it returns, since they can be swapped out.
        done(unsafe { cuMemcpyHtoDAsync_v2(to.as_raw(), from, size, self.0) })
    }

    /// Reads on its stream, and waits for it alone.
    fn read(&self, from: &DeviceSlice<f32>) -> Result<Vec<f32>> {
        let mut values = vec![0.0; from.len()];
        let (to, size) = (values.as_mut_ptr().cast(), size_of_val(&*values));
        // SAFETY: as long as each other, and waited for.
        done(unsafe { cuMemcpyDtoHAsync_v2(to, from.as_device_ptr().as_raw(), size, self.0) })?;
        self.wait()?;
        Ok(values)
    }

    /// Waits for its stream alone.
    fn wait(&self) -> Result<()> {
        // SAFETY: the stream lives.
        done(unsafe { cuStreamSynchronize(self.0) })
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: made by the test, and used nowhere after this.
        let result = unsafe { cuStreamDestroy_v2(self.0) };
        assert_eq!(result, CUresult::CUDA_SUCCESS);
    }
}

fn done(result: CUresult) -> Result<()> {
    ensure!(result == CUresult::CUDA_SUCCESS, "{result:?}");
    Ok(())
}

const DRIFT: DoubleWell<f32> = DoubleWell {
    steepness: 1.0,
    cap: 2.0,
};

/// A batch in another library's memory and on its stream, which is interrupted once.
fn check_fused(gpu: &Gpu, library: &Library, options: &Options) -> Result<()> {
    let dynamics = Underdamped::new(0.1_f32, 100, 1.0)?;
    let stepper = PoissonMidpoint::new(dynamics, MidpointLaw::Bernoulli);
    let mut expected = Host::<f32>::new(4, options.particles(2));
    let mut found = expected.clone();
    let run = Cpu.advance(
        &stepper,
        &mut expected.particles::<Phase<f32, 2>>()?,
        &DRIFT,
        0..2 * options.steps,
    )?;
    let tensor = DeviceBuffer::<f32>::from_slice(&vec![0.0; found.state.len()])?;
    // SAFETY: the stream is the device's and lives longer.
    let on_stream = unsafe { Gpu::on_stream(options.device, library.0)? };
    ensure!(on_stream.stream() == library.0);
    ensure!(gpu.stream() != library.0);
    let mut drift_calls = 0;
    for part in 0..2 {
        library.write(&tensor, &found.state)?;
        // SAFETY: the tensor is used on this stream alone, and lives longer.
        let mut batch: Batch<'_, Phase<f32, 2>> =
            unsafe { on_stream.batch_over(Streams::new(SEED), FIRST, *tensor)? };
        ensure!(batch.state().as_raw() == tensor.as_device_ptr().as_raw());
        batch.set_word_positions(&found.word_positions)?;
        batch.set_status(&found.status)?;
        batch.run(
            &stepper,
            &DRIFT,
            part * options.steps..(part + 1) * options.steps,
        )?;
        found.state = library.read(&tensor)?;
        found.word_positions = batch.word_positions()?;
        found.status = batch.status()?;
        drift_calls += batch.drift_calls()?;
    }
    found.expect(&expected)?;
    // Dropped, and given another table, while a launch may be under way.
    // SAFETY: as above.
    let mut batch: Batch<'_, Phase<f32, 2>> =
        unsafe { on_stream.batch_over(Streams::new(SEED), FIRST, *tensor)? };
    batch.run(&stepper, &DRIFT, 0..1)?;
    batch.run(
        &PoissonMidpoint::new(dynamics, MidpointLaw::Single),
        &DRIFT,
        1..2,
    )?;
    drop(batch);
    ensure!(
        drift_calls == run.drift_calls,
        "{drift_calls} drift evaluations, not {}",
        run.drift_calls
    );
    Ok(())
}

/// −x, in tensors of another library, on its own stream, against copies through the host. What is lent of a tensor are its
/// numbers from the first one named on, as of a view.
fn check_split(gpu: &Gpu, library: &Library, options: &Options, first: usize) -> Result<()> {
    const D: usize = 40;
    let network = |x: &[f32]| -> Vec<f32> { x.iter().map(|x| -x).collect() };
    let dynamics = Overdamped::new(0.1_f32, 100)?;
    let stepper = PoissonMidpoint::new(dynamics, MidpointLaw::Single);
    let start = Host::<f32>::new(D, options.particles(D)).state;
    let streams = Streams::new(SEED);
    let mut expected: SplitBatch<'_, Overdamped<f32>> =
        gpu.split_phase(streams, FIRST, D, Layout::Rows, &start)?;

    let tensor = || DeviceBuffer::<f32>::from_slice(&vec![0.0; start.len() + first]);
    let view = |tensor: &DeviceBuffer<f32>| {
        let begin = tensor.as_device_ptr().wrapping_add(first);
        // SAFETY: the tensor has so many numbers.
        unsafe { DeviceSlice::from_raw_parts(begin, start.len()) }
    };
    let tensors = [tensor()?, tensor()?, tensor()?, tensor()?];
    let [state, next, b0, query] = tensors.each_ref().map(view);
    let states = [state, next];
    let times = DeviceBuffer::<f32>::from_slice(&vec![0.0; start.len() / D])?;
    // A result of each round, as a network's are.
    let results = [tensor()?, tensor()?];
    library.write(&state, &start)?;
    // SAFETY: the tensors live longer, and between two launches the streams wait for each other.
    unsafe {
        let mut batch: SplitBatch<'_, Overdamped<f32>> =
            gpu.split_phase_over(streams, FIRST, D, Layout::Rows, states)?;
        batch.lend_query(query)?;
        batch.lend_times(*times)?;
        for step in 0..options.steps {
            let state = &states[step as usize % 2];
            ensure!(batch.state().as_raw() == state.as_device_ptr().as_raw());
            gpu.make_wait(library.0)?;
            library.write(&b0, &network(&library.read(state)?))?;
            gpu.wait_for(library.0)?;
            batch.lend_b0(b0)?;
            batch.begin(&stepper, step)?;
            let early = [
                batch.set_b0(&start),
                batch.lend_b0(b0),
                batch.lend_query(query),
                batch.lend_times(*times),
            ];
            for early in early {
                ensure!(matches!(early, Err(LaunchError::Order { .. })), "{early:?}");
            }
            expected.set_b0(&network(&expected.states()?))?;
            expected.begin(&stepper, step)?;
            gpu.make_wait(library.0)?;
            ensure!(library.read(&times)? == expected.query_times()?);
            let result = view(&results[step as usize % 2]);
            library.write(&result, &network(&library.read(&query)?))?;
            gpu.wait_for(library.0)?;
            batch.lend_drift(result)?;
            batch.midpoint()?;
            batch.finish()?;

            expected.set_drift(&network(&expected.queries()?))?;
            expected.midpoint()?;
            expected.finish()?;
        }
        ensure!(batch.states()? == expected.states()?, "states differ");
        ensure!(batch.word_positions()? == expected.word_positions()?);
    }
    Ok(())
}

/// Arrays of wrong lengths.
fn check_errors(gpu: &Gpu) -> Result<()> {
    let streams = Streams::new(SEED);
    let (six, seven) = (
        DeviceBuffer::<f32>::from_slice(&[0.0; 6])?,
        DeviceBuffer::<f32>::from_slice(&[0.0; 7])?,
    );
    // SAFETY: the arrays are used nowhere else, and live longer than the batches.
    unsafe {
        let batch: Result<Batch<'_, SVector<f32, 2>>, _> = gpu.batch_over(streams, 0, *seven);
        let error = batch.err().map(|error| error.to_string());
        ensure!(
            error.as_deref() == Some("7 components of the state, not 8"),
            "{error:?}"
        );
        let first = u64::MAX - 2;
        let batch: Result<Batch<'_, SVector<f32, 2>>, _> = gpu.batch_over(streams, first, *six);
        let error = batch.err();
        ensure!(
            error == Some(LaunchError::ParticleNumber { first }),
            "{error:?}"
        );
        let states = [*six, *seven];
        let batch: Result<SplitBatch<'_, Overdamped<f32>>, _> =
            gpu.split_phase_over(streams, 0, 3, Layout::Rows, states);
        let error = batch.err().map(|error| error.to_string());
        let expected = "7 components of the second state, not 6";
        ensure!(error.as_deref() == Some(expected), "{error:?}");
        let mut batch: SplitBatch<'_, Overdamped<f32>> =
            gpu.split_phase(streams, 0, 3, Layout::Rows, &[0.0; 6])?;
        let errors = [
            batch.lend_b0(*seven),
            batch.lend_drift(*seven),
            batch.lend_query(*seven),
            batch.lend_times(*seven),
        ];
        for error in errors {
            ensure!(
                matches!(error, Err(LaunchError::Length { found: 7, .. })),
                "{error:?}"
            );
        }
    }
    Ok(())
}

/// The emulated driver refuses memory that two streams use without an order, so that a forgotten wait is seen.
fn check_races(gpu: &Gpu, library: &Library) -> Result<()> {
    let stepper = EulerMaruyama::new(Overdamped::new(0.1_f32, 1)?);
    let (b0, x) = (DeviceBuffer::<f32>::from_slice(&[0.0; 6])?, [1.0; 6]);
    for waits in [false, true] {
        let mut batch: SplitBatch<'_, Overdamped<f32>> =
            gpu.split_phase(Streams::new(SEED), 0, 3, Layout::Rows, &[0.0; 6])?;
        library.write(&b0, &x)?;
        // SAFETY: the array lives longer than the batch, and the driver is emulated.
        unsafe {
            if waits {
                gpu.wait_for(library.0)?;
            }
            batch.lend_b0(*b0)?;
        }
        let updated = batch.update(&stepper, 0);
        ensure!(updated.is_ok() == waits, "{updated:?}");
        let early = library.write(&b0, &x);
        ensure!(
            early.is_err() == waits,
            "what a kernel reads was overwritten: {early:?}"
        );
        // SAFETY: as above.
        unsafe { gpu.make_wait(library.0)? };
        library.write(&b0, &x)?;
        library.wait()?;
    }
    // An array that has just been made can be written on any stream.
    let batch: SplitBatch<'_, Overdamped<f32>> =
        gpu.split_phase(Streams::new(SEED), 0, 3, Layout::Rows, &[0.0; 6])?;
    for made in [batch.b0()?, batch.query()?, batch.drift()?] {
        // SAFETY: it has as many numbers as the states, and the batch lives longer.
        library.write(&unsafe { DeviceSlice::from_raw_parts(made, 6) }, &x)?;
    }
    library.wait()
}

/// What a batch takes of the device's memory beside what it is lent: an array when a step can use it and it is not lent,
/// and none in the place of one that is.
fn check_memory(gpu: &Gpu) -> Result<()> {
    const D: usize = 40;
    const COUNT: usize = 5;
    let dynamics = Overdamped::new(0.1_f32, 100)?;
    let euler = EulerMaruyama::new(dynamics);
    let single = PoissonMidpoint::new(dynamics, MidpointLaw::Single);
    let bernoulli = PoissonMidpoint::new(dynamics, MidpointLaw::Bernoulli);
    let without_midpoints =
        PoissonMidpoint::new(Overdamped::new(0.1_f32, 1)?, MidpointLaw::Bernoulli);
    let tensor = |length| DeviceBuffer::<f32>::from_slice(&vec![0.5; length]);
    let (of_times, of_state) = (COUNT * size_of::<f32>(), D * COUNT * size_of::<f32>());
    let [state, next, b0, drift, query] = [(); 5].map(|()| tensor(D * COUNT));
    let (state, next, b0, drift, query) = (state?, next?, b0?, drift?, query?);
    let times = tensor(COUNT)?;
    let (free, _) = mem_get_info()?;
    let taken = || anyhow::Ok(free - mem_get_info()?.0);
    let over = || {
        // SAFETY: the tensors live longer than the batches, of which one at a time uses them.
        unsafe { gpu.split_phase_over(Streams::new(SEED), 0, D, Layout::Rows, [*state, *next]) }
    };

    let mut batch: SplitBatch<'_, Overdamped<f32>> = over()?;
    let of_particles = taken()?;
    ensure!(of_particles < 64 * (COUNT + 1), "{of_particles} B");
    // SAFETY: as above.
    unsafe {
        batch.lend_b0(*b0)?;
        batch.update(&euler, 0)?;
        ensure!(
            state.as_host_vec()? == [0.5; D * COUNT],
            "the state stands for arrays that are not used, and was written"
        );
        batch.begin(&without_midpoints, 1)?;
        batch.finish()?;
        ensure!(
            taken()? == of_particles,
            "an array that a step does not use"
        );
        batch.lend_query(*query)?;
        batch.lend_times(*times)?;
        batch.lend_drift(*drift)?;
    }
    // The noise, which nobody can lend, and after one midpoint of several the corrections.
    batch.begin(&single, 2)?;
    batch.midpoint()?;
    batch.finish()?;
    ensure!(taken()? == of_particles + of_state, "{} B", taken()?);
    batch.begin(&bernoulli, 3)?;
    ensure!(taken()? == of_particles + of_state, "{} B", taken()?);
    while batch.asking()? > 0 {
        batch.midpoint()?;
        ensure!(taken()? == of_particles + 2 * of_state, "{} B", taken()?);
    }
    batch.finish()?;
    drop(batch);
    ensure!(taken()? == 0, "{} B are left", taken()?);

    let mut batch: SplitBatch<'_, Overdamped<f32>> = over()?;
    let refused = without("cuMemAlloc_v2", || {
        Ok((batch.b0(), batch.update(&euler, 0)))
    })?;
    ensure!(
        matches!(
            refused,
            (
                Err(LaunchError::Driver { .. }),
                Err(LaunchError::Driver { .. })
            )
        ),
        "{refused:?}"
    );
    let made = batch.b0()?;
    ensure!(!made.is_null() && made == batch.b0()?);
    ensure!(taken()? == of_particles + of_state, "{} B", taken()?);
    batch.update(&euler, 0)?;
    // SAFETY: as above.
    unsafe { batch.lend_b0(*b0)? };
    ensure!(batch.b0()? == b0.as_device_ptr());
    batch.set_b0(&[0.25; D * COUNT])?;
    ensure!(b0.as_host_vec()? == [0.25; D * COUNT]);
    ensure!(taken()? == of_particles, "{} B", taken()?);
    batch.set_drift(&[0.0; D * COUNT])?;
    ensure!(taken()? == of_particles + of_state, "{} B", taken()?);
    // The noise, the midpoints and their times.
    batch.begin(&single, 1)?;
    let of_begun = of_particles + 3 * of_state + of_times;
    ensure!(taken()? == of_begun, "{} B", taken()?);
    drop(batch);

    // Memory that is missing amid a step leaves the step as it is.
    let mut batch: SplitBatch<'_, Overdamped<f32>> = over()?;
    batch.begin(&bernoulli, 0)?;
    let refused = without("cuMemAlloc_v2", || Ok(batch.midpoint()))?;
    ensure!(
        matches!(refused, Err(LaunchError::Driver { .. })),
        "{refused:?}"
    );
    while batch.asking()? > 0 {
        batch.midpoint()?;
    }
    batch.finish()?;
    // The drift and the corrections too.
    let of_all = of_begun + 2 * of_state;
    ensure!(taken()? == of_all, "{} B", taken()?);
    Ok(())
}
