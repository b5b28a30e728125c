use core::mem;

use cust::memory::{DeviceCopy, DeviceSlice};

use super::buffer::Buffer;
use super::error::check_length;
use super::gpu::Argument;
use super::statuses::Statuses;
use super::{Gpu, KernelName, LaunchError, split_phase_ptx};
use crate::dynamics::CellOf;
use crate::dynamics::cell::Cell;
use crate::kernel::{KernelDynamics, Method, Shape, SplitExtent, SplitPart, SplitPhase, Strides};
use crate::method::{EulerMaruyama, PoissonMidpoint, Stepper};
use crate::random::{MidpointLaw, Streams};

mod arrays;
mod on_demand;

use on_demand::OnDemand;

/// How the dimensions of many particles lie.
///
/// ```
/// use poisson_midpoint::cuda::Layout;
/// assert_ne!(Layout::Columns, Layout::Rows);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// All first dimensions, then all second ones, …: as in [`batch`](crate::batch).
    Columns,
    /// One particle after another, as networks lay out their batches.
    Rows,
}

/// Particles in a GPU's memory whose drift is computed elsewhere, by a network on the same device for
/// example.
///
/// The caller's drift goes where [`b0`](Self::b0) and [`drift`](Self::drift) point, or stays where it is
/// ([`lend_b0`](Self::lend_b0), [`lend_drift`](Self::lend_drift)), between the parts of a macro step, on
/// [`Gpu::stream`], in order with it, or after [`Gpu::synchronize`]. Euler–Maruyama and the Poisson midpoint method
/// have kernels for this, the other methods have none:
///
/// | method | before | call | waits for the device |
/// |---|---|---|---|
/// | Euler–Maruyama | `b0` = b at [`state`](Self::state) | [`update`](Self::update) | no |
/// | Poisson midpoint | `b0` = b at [`state`](Self::state) | [`begin`](Self::begin) | no |
/// | … while particles ask | `drift` = b at [`query`](Self::query), [`times`](Self::times) | [`midpoint`](Self::midpoint) | no |
/// | … how many do | | [`asking`](Self::asking) | under `Bernoulli`, once a round |
/// | | | [`finish`](Self::finish) | only to ask, if nobody has |
///
/// So do copies to and from the host wait, such as [`states`](Self::states) and [`set_b0`](Self::set_b0); the first
/// launch of all, while the driver compiles the kernels; the first step of a method, which makes the arrays that it
/// needs; an array that is lent in the place of one that was made; and dropping the batch. Everything else only puts
/// work on the stream, where it comes after what was put there before: a drift that is computed on the stream, or in
/// order with it, needs no wait.
///
/// Which particles ask is told on the device by [`mask`](Self::mask), 0 for those that do not, and by
/// [`list`](Self::list); under [`MidpointLaw::Single`] all do, once. Under [`MidpointLaw::Bernoulli`] a network can be
/// called in two ways:
///
/// - for the particles on the list: no evaluation is in vain, and the host asks in every round how long the list is;
/// - for all particles: a drift is read only for those that ask, so the host need not know which these are. It goes
///   through a number of rounds that is nearly always enough, and looks once, by [`asking`](Self::asking) or
///   [`finish`](Self::finish), whether it was; if not, more rounds follow. A round in which no particle asks changes
///   nothing. Where K is large, one particle in 10⁸ asks more than ten times in a step.
///
/// If the driver refuses a launch, the step is given up: the states are those before it, and it can be begun again.
/// A particle has as many dimensions as you like: those of an image are spread over threads.
/// The words read and the bits of the result are those of every other form of the steppers.
///
/// ```
/// use poisson_midpoint::cuda::{Gpu, LaunchError, Layout};
/// use poisson_midpoint::random::Streams;
/// use poisson_midpoint::dynamics::Overdamped;
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint};
///
/// /// Stands for a network on the device: here it is on the host, and the drift is −x.
/// fn network(x: &[f32]) -> Vec<f32> {
///     x.iter().map(|x| -x).collect()
/// }
///
/// fn sample(gpu: &Gpu) -> Result<Vec<f32>, Box<dyn std::error::Error>> {
///     let stepper = PoissonMidpoint::new(Overdamped::new(0.1_f32, 1000)?, MidpointLaw::Bernoulli);
///     let images = vec![0.0; 8 * 28 * 28];
///     let mut batch = gpu.split_phase(Streams::new(42), 0, 28 * 28, Layout::Rows, &images)?;
///     for step in 0..100 {
///         batch.set_b0(&network(&batch.states()?))?;
///         batch.begin(&stepper, step)?;
///         while batch.asking()? > 0 {
///             batch.set_drift(&network(&batch.queries()?))?;
///             batch.midpoint()?;
///         }
///         batch.finish()?;
///     }
///     Ok(batch.states()?)
/// }
///
/// match Gpu::new(0) {
///     Ok(gpu) => println!("{:?}", sample(&gpu)?),
///     Err(LaunchError::NoDriver | LaunchError::NoDevice { .. }) => println!("no GPU"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SplitBatch<'g, S: KernelDynamics<Real: DeviceCopy>> {
    gpu: &'g Gpu,
    state: Buffer<'g, S::Real>,
    next: Buffer<'g, S::Real>,
    b0: OnDemand<'g, S::Real>,
    drift: OnDemand<'g, S::Real>,
    noise: OnDemand<'g, S::Real>,
    correction: OnDemand<'g, S::Real>,
    query: OnDemand<'g, S::Real>,
    times: OnDemand<'g, S::Real>,
    word_positions: Buffer<'g, u64>,
    next_word_positions: Buffer<'g, u64>,
    statuses: Statuses<'g>,
    keys: Buffer<'g, u64>,
    previous: Buffer<'g, u32>,
    current: Buffer<'g, u32>,
    list: Buffer<'g, u32>,
    asked: Buffer<'g, u32>,
    failed: Buffer<'g, u32>,
    extent: SplitExtent,
    step: Step<S>,
}

/// The macro step under way, if one is.
#[derive(Clone, Copy, Debug)]
enum Step<S: KernelDynamics> {
    None,
    /// A launch was refused in it: it may have been begun in part, of which the keys must not be left.
    GivenUp,
    Midpoint {
        method: Method<S::Real>,
        law: MidpointLaw,
        /// How many midpoints a particle can have.
        most: u32,
        /// How many particles ask, once the host knows.
        asking: Option<usize>,
    },
}

impl Gpu {
    /// Particles of `dimension` dimensions, numbered from `first` on, in this device's memory; all at the
    /// beginning of their streams.
    ///
    /// `state` has PARTS·`dimension` components of each particle, all positions before all
    /// velocities, each laid out as `layout` says.
    ///
    /// # Errors
    /// [`LaunchError::Length`] if the state is not that of a whole number of particles,
    /// [`LaunchError::TooMany`] beyond 2³² − 1 particles or 2³¹ − 1 dimensions, [`LaunchError::Driver`].
    pub fn split_phase<S>(
        &self,
        streams: Streams,
        first: u64,
        dimension: usize,
        layout: Layout,
        state: &[S::Real],
    ) -> Result<SplitBatch<'_, S>, LaunchError>
    where
        S: KernelDynamics<Real: DeviceCopy>,
    {
        let extent = extent::<S>((streams, first), dimension, layout, state.len())?;
        let state = Buffer::from_slice(self, state)?;
        let next = Buffer::unwritten(self, state.len())?;
        SplitBatch::new(self, extent, [state, next])
    }

    /// As [`split_phase`](Self::split_phase), but the states are in memory of the caller's on this device, tensors of
    /// `torch` for example: nothing is copied.
    ///
    /// The states are in the first of the two arrays at the beginning, and in the other one after every step;
    /// [`SplitBatch::state`] tells in which. Other arrays can be [lent](SplitBatch::lend_b0) too, and then the batch
    /// makes none in their place. Those in rows are read and written up to four numbers at once if all arrays of the
    /// batch begin at multiples of 16 bytes, and one by one otherwise.
    ///
    /// # Safety
    /// The arrays are on this device, aligned, apart from each other, and there until the batch is dropped. Until then
    /// nobody else writes the states, nor uses the other array, but in order with [`Gpu::stream`] and between two
    /// steps.
    ///
    /// # Errors
    /// As [`split_phase`](Self::split_phase); [`LaunchError::Length`] too if one is longer than the other.
    pub unsafe fn split_phase_over<S>(
        &self,
        streams: Streams,
        first: u64,
        dimension: usize,
        layout: Layout,
        states: [DeviceSlice<S::Real>; 2],
    ) -> Result<SplitBatch<'_, S>, LaunchError>
    where
        S: KernelDynamics<Real: DeviceCopy>,
    {
        let [length, other] = states.each_ref().map(DeviceSlice::len);
        let extent = extent::<S>((streams, first), dimension, layout, length)?;
        check_length("components of the second state", length, other)?;
        // SAFETY: as the caller promises.
        let states = states.map(|state| unsafe { Buffer::lent(self, state) });
        SplitBatch::new(self, extent, states)
    }

    /// Has the driver compile the split-phase kernels of a scalar, if it has not yet, so that no step has to wait for
    /// that. Other threads may go on with what is compiled.
    ///
    /// # Errors
    /// [`LaunchError::Compile`], [`LaunchError::Driver`].
    pub fn prepare_split_phase<S: KernelDynamics>(&self) -> Result<(), LaunchError> {
        let (module, name) = kernel_of::<S>(SplitPart::Begin)?;
        self.find(module, name).map(drop)
    }
}

/// Every byte of the key where nothing has failed.
const NO_KEY: u8 = u8::MAX;
const _: () = assert!(SplitPhase::<f32>::NONE == u64::from_ne_bytes([NO_KEY; 8]));

/// Which particles a state of so many components is of, none of which has moved.
fn extent<S: KernelDynamics>(
    (streams, first): (Streams, u64),
    dimension: usize,
    layout: Layout,
    length: usize,
) -> Result<SplitExtent, LaunchError> {
    let components = CellOf::<S, S::Real>::PARTS.saturating_mul(dimension);
    let count = length.checked_div(components).unwrap_or(0);
    if count * components != length {
        return Err(LaunchError::Length {
            what: "components of the state",
            expected: (count + 1).saturating_mul(components),
            found: length,
        });
    }
    for (what, found, most) in [
        ("particles", count, u32::MAX as usize),
        ("dimensions", dimension, i32::MAX as usize),
    ] {
        if found > most {
            return Err(LaunchError::TooMany { what, found, most });
        }
    }
    Ok(SplitExtent {
        count,
        dimension,
        first,
        strides: match layout {
            Layout::Columns => Strides::columns(dimension, count),
            Layout::Rows => Strides::rows(dimension, count),
        },
        streams,
        step: 0,
        round: 0,
        list: 0,
    })
}

/// The module of a part's kernel, and the kernel's name.
fn kernel_of<S: KernelDynamics>(
    part: SplitPart,
) -> Result<(&'static str, KernelName), LaunchError> {
    let scalar = core::any::type_name::<S::Real>();
    let name = KernelName::Split {
        part: part.name(),
        dynamics: S::NAME,
        scalar,
    };
    let module = split_phase_ptx::<S::Real>().ok_or(LaunchError::NoKernel { name })?;
    Ok((module, name))
}

impl<'g, S> SplitBatch<'g, S>
where
    S: KernelDynamics<Real: DeviceCopy>,
{
    /// Particles whose states are in the first of two arrays.
    fn new(
        gpu: &'g Gpu,
        extent: SplitExtent,
        [state, next]: [Buffer<'g, S::Real>; 2],
    ) -> Result<Self, LaunchError> {
        let SplitExtent {
            count, dimension, ..
        } = extent;
        let vector = || OnDemand::new(gpu, dimension * count);
        let words = || Buffer::filled(gpu, 0, count);
        Ok(Self {
            gpu,
            b0: vector(),
            drift: vector(),
            noise: OnDemand::new(gpu, state.len()),
            correction: OnDemand::new(gpu, state.len()),
            query: vector(),
            times: OnDemand::new(gpu, count),
            word_positions: Buffer::filled(gpu, 0, count)?,
            next_word_positions: Buffer::filled(gpu, 0, count)?,
            statuses: Statuses::active(gpu, count)?,
            keys: Buffer::filled(gpu, NO_KEY, count)?,
            previous: words()?,
            current: words()?,
            list: words()?,
            asked: Buffer::filled(gpu, 0, 1)?,
            failed: Buffer::filled(gpu, u8::MAX, 1)?,
            state,
            next,
            extent,
            step: Step::None,
        })
    }
}

impl<S> SplitBatch<'_, S>
where
    S: KernelDynamics<Real: DeviceCopy>,
{
    /// The number of particles.
    #[must_use]
    pub fn len(&self) -> usize {
        self.extent.count
    }

    /// Whether there are no particles.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Moves the particles by macro step `step` of Euler–Maruyama, their drift being
    /// [`b0`](Self::b0).
    ///
    /// # Errors
    /// [`LaunchError::Order`] amid a midpoint step; [`LaunchError::Compile`] and [`LaunchError::Driver`], by which the
    /// step is given up.
    pub fn update(&mut self, stepper: &EulerMaruyama<S>, step: u32) -> Result<(), LaunchError> {
        self.start("update")?;
        self.extent.step = step;
        self.extent.round = 0;
        let method = Method::from(stepper);
        let updated = self.launch(SplitPart::Update, &method, self.tiles());
        let ended = updated.and_then(|()| self.end(&method));
        self.or_give_up(ended)
    }

    /// Begins macro step `step` of the Poisson midpoint method, the particles' drift being
    /// [`b0`](Self::b0).
    ///
    /// # Errors
    /// [`LaunchError::Order`] amid another step; [`LaunchError::Compile`] and [`LaunchError::Driver`], by which the
    /// step is given up.
    pub fn begin(&mut self, stepper: &PoissonMidpoint<S>, step: u32) -> Result<(), LaunchError> {
        self.start("begin")?;
        self.extent.step = step;
        self.extent.round = 0;
        let law = stepper.law();
        let midpoints = stepper.dynamics().inner_steps().saturating_sub(1);
        let most = match law {
            MidpointLaw::Single => midpoints.min(1),
            MidpointLaw::Bernoulli => midpoints,
        };
        let begun = self.round(SplitPart::Begin, Method::from(stepper), law, most);
        self.or_give_up(begun)
    }

    /// How many particles ask for a drift: 0 if the step can be finished, or none is under way.
    ///
    /// Under [`MidpointLaw::Bernoulli`] it waits for the device, once a round: it keeps the answer until the next
    /// [`midpoint`](Self::midpoint). Under [`MidpointLaw::Single`] it does not wait, and a particle that has failed
    /// before the step is counted, although it does not ask.
    ///
    /// # Errors
    /// [`LaunchError::Driver`].
    pub fn asking(&mut self) -> Result<usize, LaunchError> {
        let Step::Midpoint { asking, .. } = &mut self.step else {
            return Ok(0);
        };
        if let Some(known) = *asking {
            return Ok(known);
        }
        let mut found = [0];
        self.asked.download(&mut found)?;
        let [found] = found;
        *asking = Some(found as usize);
        Ok(found as usize)
    }

    /// Goes on with the particles that ask for a drift, which is now at [`drift`](Self::drift). Where none asks any
    /// more it changes nothing.
    ///
    /// # Errors
    /// [`LaunchError::Order`] if no step is under way; [`LaunchError::Compile`] and [`LaunchError::Driver`], by which
    /// the step is given up.
    pub fn midpoint(&mut self) -> Result<(), LaunchError> {
        match self.step {
            Step::None | Step::GivenUp => Err(self.out_of_order("midpoint")),
            Step::Midpoint {
                asking: Some(0), ..
            } => Ok(()),
            Step::Midpoint {
                method, law, most, ..
            } => {
                mem::swap(&mut self.previous, &mut self.current);
                self.extent.round += 1;
                let gone = self.round(SplitPart::Midpoint, method, law, most);
                self.or_give_up(gone)
            }
        }
    }

    /// Ends the macro step. A particle that has failed in it is where it was before.
    ///
    /// Calls [`asking`](Self::asking), which waits for the device under [`MidpointLaw::Bernoulli`] unless it has been
    /// called since the last [`midpoint`](Self::midpoint).
    ///
    /// # Errors
    /// [`LaunchError::Order`] if no step is under way, or if a particle asks: then the step still is, and goes on with
    /// [`midpoint`](Self::midpoint); [`LaunchError::Compile`] and [`LaunchError::Driver`], by which the step is given
    /// up if it is a launch that was refused.
    pub fn finish(&mut self) -> Result<(), LaunchError> {
        let asking = self.asking()?;
        match self.step {
            Step::Midpoint { method, .. } if asking == 0 => {
                let ended = self.end(&method);
                self.or_give_up(ended)
            }
            _ => Err(self.out_of_order("finish")),
        }
    }

    fn tiles(&self) -> usize {
        let shape = Shape::new::<S>(self.extent.dimension);
        self.len().saturating_mul(shape.tiles())
    }

    /// Draws midpoints and goes to them.
    fn round(
        &mut self,
        part: SplitPart,
        method: Method<S::Real>,
        law: MidpointLaw,
        most: u32,
    ) -> Result<(), LaunchError> {
        let may_ask = self.extent.round < most;
        let must_count = may_ask && law == MidpointLaw::Bernoulli;
        self.extent.list = u32::from(must_count);
        if must_count {
            self.asked.fill(0)?;
        }
        let tiles = self.tiles();
        if tiles > self.len() {
            self.launch(SplitPart::Choose, &method, self.len())?;
        }
        self.launch(part, &method, tiles)?;
        let known = if may_ask { self.len() } else { 0 };
        self.step = Step::Midpoint {
            method,
            law,
            most,
            asking: (!must_count).then_some(known),
        };
        Ok(())
    }

    fn end(&mut self, method: &Method<S::Real>) -> Result<(), LaunchError> {
        self.launch(SplitPart::Finish, method, self.len())?;
        mem::swap(&mut self.state, &mut self.next);
        mem::swap(&mut self.word_positions, &mut self.next_word_positions);
        self.step = Step::None;
        Ok(())
    }

    fn expect_none(&self, asked: &'static str) -> Result<(), LaunchError> {
        match self.step {
            Step::None | Step::GivenUp => Ok(()),
            Step::Midpoint { .. } => Err(self.out_of_order(asked)),
        }
    }

    /// Makes sure that no step is under way, and that nothing is left of one that was given up.
    fn start(&mut self, asked: &'static str) -> Result<(), LaunchError> {
        self.expect_none(asked)?;
        if let Step::GivenUp = self.step {
            self.keys.fill(NO_KEY)?;
            self.step = Step::None;
        }
        Ok(())
    }

    /// Gives the step up if a launch was refused. The states and word positions are still those before it.
    fn or_give_up(&mut self, launched: Result<(), LaunchError>) -> Result<(), LaunchError> {
        if launched.is_err() {
            self.step = Step::GivenUp;
        }
        launched
    }

    /// The error where what is asked for is not what comes next.
    fn out_of_order(&self, asked: &'static str) -> LaunchError {
        let next = match self.step {
            Step::None | Step::GivenUp => "begin or update",
            Step::Midpoint {
                asking: Some(0), ..
            } => "finish",
            Step::Midpoint { asking: None, .. } => "midpoint or finish",
            Step::Midpoint { .. } => "midpoint",
        };
        LaunchError::Order { asked, next }
    }

    fn launch(
        &self,
        part: SplitPart,
        method: &Method<S::Real>,
        units: usize,
    ) -> Result<(), LaunchError> {
        let (module, name) = kernel_of::<S>(part)?;
        let is_round = matches!(part, SplitPart::Begin | SplitPart::Midpoint);
        // The states, as long and as well aligned, stand for what the part does not use, which need not be there.
        let column = |array: &OnDemand<'_, S::Real>, is_used: bool| {
            if is_used {
                array.made().map(Buffer::column)
            } else {
                Ok(self.state.column())
            }
        };
        let split = SplitPhase {
            state: self.state.column(),
            next: self.next.column(),
            b0: column(&self.b0, is_round || part == SplitPart::Update)?,
            drift: column(&self.drift, part == SplitPart::Midpoint)?,
            noise: column(&self.noise, is_round)?,
            correction: column(&self.correction, is_round)?,
            query: column(&self.query, is_round)?,
            times: column(&self.times, is_round || part == SplitPart::Choose)?,
            word_positions: self.word_positions.column(),
            next_word_positions: self.next_word_positions.column(),
            codes: self.statuses.codes.column(),
            failures: self.statuses.failures.column(),
            keys: self.keys.column(),
            previous: self.previous.column(),
            current: self.current.column(),
            list: self.list.column(),
            asked: self.asked.column(),
            failed: self.failed.column(),
            extent: self.extent,
        };
        let arguments = [Argument::of(&split), Argument::of(method)];
        // SAFETY: a kernel of this name was made by `split_kernel` and takes these arrays. Before what follows on the
        // stream, nothing else uses them except for the caller's drift, which keeps to its own arrays.
        unsafe { self.gpu.launch(module, name, units, &arguments) }
    }
}
