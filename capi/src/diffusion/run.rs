//! Makes samplers, and keeps a sampler's run between calls.

use core_crate::diffusion::{
    Clip, Ddpm, NoiseSchedule, Prediction, Progress, Row, Sampler, ScheduleSlice, Solver, Steps,
    Variant,
};

use super::any::{AnySampler, Of};
use super::types::{Diffusion, prediction};
use crate::arrays::{array, array_mut, check_apart, check_array, region};
use crate::object::{Handle, check, clear, get, get_mut, init, write};
use crate::status::pmid_status_t::{self, PMID_BAD_DIMENSION, PMID_TABLE_TOO_SHORT};
use crate::stream::pmid_stream_t;

/// A sampler without its solver.
struct Parts<T: 'static> {
    schedule: ScheduleSlice<'static, T>,
    steps: Steps<'static>,
    predicts: Prediction,
    clip: Option<Clip<T>>,
    arrays: [(usize, usize); 4],
}

impl<T: Diffusion> Parts<T> {
    /// Checks that nothing overlaps and reads the settings.
    ///
    /// # Safety
    /// As the header's introduction demands.
    unsafe fn read<H>(
        sampler: *mut H,
        settings: *const T::Settings,
        filled: [(usize, usize); 2],
    ) -> Result<Self, pmid_status_t> {
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
        Ok(Self {
            schedule: ScheduleSlice::new(exponents)?,
            steps: Steps::new(list)?,
            predicts,
            clip,
            arrays: [schedule, timesteps, table, thresholds],
        })
    }

    fn with<S: Solver<T>>(&self, solver: S) -> Result<Of<T, S>, pmid_status_t> {
        let made = Sampler::new(self.schedule, self.steps, self.predicts, solver)?;
        Ok(match self.clip {
            Some(clip) => made.with_clip(clip),
            None => made,
        })
    }
}

/// Makes a sampler with a solver.
///
/// # Safety
/// As the header's introduction demands.
pub(crate) unsafe fn make<H, T, S>(
    sampler: *mut H,
    settings: *const T::Settings,
    solver: S,
) -> Result<(), pmid_status_t>
where
    H: Handle<Value = AnySampler<T>>,
    T: Diffusion,
    S: Solver<T> + 'static,
{
    // SAFETY: as the header's introduction demands.
    unsafe {
        let parts = Parts::read(sampler, settings, [(0, 0); 2])?;
        let made = AnySampler::new(parts.with(solver)?, parts.arrays);
        init(sampler, || made)
    }
}

/// The arrays that a midpoint method over a variant of DDPM fills.
pub(crate) struct Filled<T: Diffusion> {
    pub variant: Variant<T>,
    pub table: *mut T::Row,
    /// Null for a method without thresholds.
    pub thresholds: *mut u32,
    pub length: usize,
}

impl<T: Diffusion> Filled<T> {
    fn regions(&self) -> [(usize, usize); 2] {
        let thresholds = if self.thresholds.is_null() {
            (0, 0)
        } else {
            region(self.thresholds, self.length)
        };
        [region(self.table, self.length), thresholds]
    }

    /// # Safety
    /// As the header's introduction demands.
    unsafe fn table(&self) -> Result<&'static mut [Row<T>], pmid_status_t> {
        // SAFETY: as the header's introduction demands; a row of C has the size and the alignment of a `Row`, and any
        // numbers make a valid `Row`.
        unsafe { array_mut(self.table.cast::<Row<T>>(), self.length) }
    }

    /// # Safety
    /// As the header's introduction demands.
    unsafe fn thresholds(&self) -> Result<&'static mut [u32], pmid_status_t> {
        if self.thresholds.is_null() {
            return Ok(&mut []);
        }
        // SAFETY: as the header's introduction demands.
        unsafe { array_mut(self.thresholds, self.length) }
    }
}

/// Makes a sampler with a midpoint method, which fills a table.
///
/// # Safety
/// As the header's introduction demands.
pub(crate) unsafe fn make_over<H, T, S>(
    sampler: *mut H,
    settings: *const T::Settings,
    filled: Filled<T>,
    solver: impl FnOnce(&'static mut [Row<T>], &'static mut [u32]) -> S,
) -> Result<(), pmid_status_t>
where
    H: Handle<Value = AnySampler<T>>,
    T: Diffusion,
    S: Solver<T> + 'static,
{
    // SAFETY: as the header's introduction demands.
    unsafe {
        let parts = Parts::read(sampler, settings, filled.regions())?;
        check_array(filled.table, filled.length)?;
        if !filled.thresholds.is_null() {
            check_array(filled.thresholds, filled.length)?;
        }
        // What DDPM refuses must be refused before a table is touched.
        let variant = filled.variant;
        parts.with(Ddpm { variant })?;
        if filled.length < parts.schedule.training_steps() as usize {
            return Err(PMID_TABLE_TOO_SHORT);
        }
        // The sampler that the object already holds may use the table that is about to be filled.
        clear(sampler)?;
        let solver = solver(filled.table()?, filled.thresholds()?);
        let made = AnySampler::new(parts.with(solver)?, parts.arrays);
        init(sampler, || made)
    }
}

/// Writes the number of scalars of work that a run needs.
///
/// # Safety
/// As the header's introduction demands.
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
    let made = unsafe { get(sampler)? };
    for constant in made.arrays {
        check_apart(&[constant, region(length, 1)])?;
    }
    let needed = made.driver().work_length(dimension);
    // A saturated length is too long for any array.
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
    /// The sampler, the sample and the work array, after a check that none of them overlaps the call's other regions.
    ///
    /// # Safety
    /// The sampler and the arrays given to `begin` are still there and nobody else uses them meanwhile.
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
            for &other in others {
                check_apart(&[constant, other])?;
            }
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
/// As the header's introduction demands.
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

/// Writes where the run needs the network next.
///
/// # Safety
/// As the header's introduction demands.
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

/// Gives a run the network's output.
///
/// # Safety
/// As the header's introduction demands.
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
