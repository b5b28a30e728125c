//! Making samplers, and a run of one, between calls.

use core_crate::diffusion::{Progress, Row, Sampler, ScheduleSlice, Solver, Steps};

use super::any::AnySampler;
use super::types::{Diffusion, prediction};
use crate::arrays::{array, array_mut, check_apart, region};
use crate::object::{Handle, check, clear, get, get_mut, init, write};
use crate::status::pmid_status_t::{self, PMID_BAD_DIMENSION};
use crate::stream::pmid_stream_t;

/// Makes a sampler of a solver that fills these arrays.
///
/// # Safety
/// The header's introduction.
pub(crate) unsafe fn make<H, T, S>(
    sampler: *mut H,
    settings: *const T::Settings,
    filled: [(usize, usize); 2],
    solver: impl FnOnce() -> Result<S, pmid_status_t>,
) -> Result<(), pmid_status_t>
where
    H: Handle<Value = AnySampler<T>>,
    T: Diffusion,
    S: Solver<T> + 'static,
{
    check(sampler)?;
    check(settings)?;
    // SAFETY: neither null nor misaligned, so valid for reads.
    let common = T::settings(unsafe { &*settings });
    let schedule = region(common.exponents, common.training_steps);
    let timesteps = region(common.timesteps, common.timesteps_length);
    let [table, thresholds] = filled;
    let objects = [region(sampler, 1), region(settings, 1)];
    for constant in [schedule, timesteps, objects[1]] {
        check_apart(&[constant, objects[0], table, thresholds])?;
    }
    let clip = common.clip()?;
    let predicts = prediction(common.predicts)?;
    // SAFETY: as the header's introduction demands.
    let (exponents, list) = unsafe {
        (
            array(common.exponents, common.training_steps)?,
            array(common.timesteps, common.timesteps_length)?,
        )
    };
    let (slice, steps) = (ScheduleSlice::new(exponents)?, Steps::new(list)?);
    if filled.iter().any(|&(_, bytes)| bytes > 0) {
        // Its table may have been what is now filled.
        // SAFETY: as the header's introduction demands.
        unsafe { clear(sampler)? };
    }
    let mut made = Sampler::new(slice, steps, predicts, solver()?)?;
    if let Some(clip) = clip {
        made = made.with_clip(clip);
    }
    let made = AnySampler::new(made, [schedule, timesteps, table, thresholds]);
    // SAFETY: as the header's introduction demands.
    unsafe { init(sampler, || made) }
}

/// A midpoint method's table.
///
/// # Safety
/// The header's introduction.
pub(crate) unsafe fn rows<T: Diffusion>(
    table: *mut T::Row,
    rows: usize,
) -> Result<&'static mut [Row<T>], pmid_status_t> {
    // SAFETY: as the header's introduction demands; a row of C has the size and the alignment of one, and any numbers
    // are one.
    unsafe { array_mut(table.cast::<Row<T>>(), rows) }
}

/// Writes the scalars of work that a run needs.
///
/// # Safety
/// The header's introduction.
pub(crate) unsafe fn work_length<H, T>(
    sampler: *const H,
    dimension: usize,
    length: *mut usize,
) -> Result<(), pmid_status_t>
where
    H: Handle<Value = AnySampler<T>>,
    T: Diffusion,
{
    check(length)?;
    check_apart(&[region(sampler, 1), region(length, 1)])?;
    // SAFETY: as the header's introduction demands.
    let needed = unsafe { get(sampler)? }.driver().work_length(dimension);
    // A length that saturated is that of no array.
    if dimension == 0 || needed == usize::MAX {
        return Err(PMID_BAD_DIMENSION);
    }
    // SAFETY: as the header's introduction demands.
    unsafe { write(length, needed) }
}

/// A run between two calls.
pub struct Run<H, T> {
    sampler: *const H,
    progress: Progress,
    x: *mut T,
    dimension: usize,
    work: *mut T,
    work_length: usize,
}

impl<H: Handle<Value = AnySampler<T>>, T: Diffusion> Run<H, T> {
    /// The sampler, the sample and the work array, once none of them is seen to touch what the call also uses.
    ///
    /// # Safety
    /// The sampler and the arrays given at the beginning are still there and nobody else uses them meanwhile.
    unsafe fn parts<'a>(
        &self,
        others: &[(usize, usize)],
    ) -> Result<(&'a AnySampler<T>, [&'a mut [T]; 2]), pmid_status_t> {
        let (x, work) = (
            region(self.x, self.dimension),
            region(self.work, self.work_length),
        );
        let object = region(self.sampler, 1);
        check_apart(&[x, work, object])?;
        for &other in others {
            check_apart(&[other, x, work])?;
        }
        // SAFETY: as the caller promises.
        let sampler = unsafe { get(self.sampler)? };
        for constant in sampler.arrays {
            check_apart(&[constant, x, work])?;
        }
        // SAFETY: checked to lie apart, and as the caller promises.
        unsafe {
            Ok((
                sampler,
                [
                    array_mut(self.x, self.dimension)?,
                    array_mut(self.work, self.work_length)?,
                ],
            ))
        }
    }
}

/// Begins a run.
///
/// # Safety
/// The header's introduction.
pub(crate) unsafe fn begin<R, H, T>(
    run: *mut R,
    sampler: *const H,
    x: *mut T,
    dimension: usize,
    work: *mut T,
    work_length: usize,
) -> Result<(), pmid_status_t>
where
    R: Handle<Value = Run<H, T>>,
    H: Handle<Value = AnySampler<T>>,
    T: Diffusion,
{
    check(run)?;
    check_apart(&[region(run, 1), region(sampler, 1)])?;
    let begun = Run {
        sampler,
        progress: Progress::default(),
        x,
        dimension,
        work,
        work_length,
    };
    // SAFETY: as the header's introduction demands.
    unsafe {
        let (sampler, [x, work]) = begun.parts(&[region(run, 1)])?;
        sampler.driver().check(x, work)?;
        init(run, || begun)
    }
}

/// Asks where the network is wanted.
///
/// # Safety
/// The header's introduction.
pub(crate) unsafe fn next<R, H, T>(
    run: *mut R,
    stream: *mut pmid_stream_t,
    query: *mut T::NetworkQuery,
) -> Result<(), pmid_status_t>
where
    R: Handle<Value = Run<H, T>>,
    H: Handle<Value = AnySampler<T>>,
    T: Diffusion,
{
    check(query)?;
    // SAFETY: as the header's introduction demands; checked to lie apart.
    unsafe {
        let running = get_mut(run)?;
        let others = [
            region(run, 1),
            region(stream, 1),
            region(query, 1),
            region(running.sampler, 1),
        ];
        check_apart(&others)?;
        let (sampler, [x, work]) = running.parts(&others[..3])?;
        let stream = get_mut(stream)?;
        let asked = sampler
            .driver()
            .next(&mut running.progress, x, work, stream);
        let (position, step) = asked?;
        write(query, T::network_query(position, step))
    }
}

/// Tells the network's output.
///
/// # Safety
/// The header's introduction.
pub(crate) unsafe fn supply<R, H, T>(
    run: *mut R,
    output: *const T,
    dimension: usize,
) -> Result<(), pmid_status_t>
where
    R: Handle<Value = Run<H, T>>,
    H: Handle<Value = AnySampler<T>>,
    T: Diffusion,
{
    // SAFETY: as the header's introduction demands; checked to lie apart.
    unsafe {
        let running = get_mut(run)?;
        let others = [region(run, 1), region(output, dimension)];
        check_apart(&others)?;
        let (sampler, [x, work]) = running.parts(&others)?;
        let output = array(output, dimension)?;
        let driver = sampler.driver();
        driver.supply(&mut running.progress, x, work, output)?;
        Ok(())
    }
}
