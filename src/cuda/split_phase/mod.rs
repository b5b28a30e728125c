use cust::memory::DeviceCopy;

use super::Gpu;
use super::buffer::Buffer;
use super::statuses::Statuses;
use crate::kernel::{KernelDynamics, SplitExtent};

mod arrays;
mod launch;
mod make;
mod on_demand;
mod step;

use on_demand::OnDemand;
use step::Step;

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
/// launch of all, while the driver compiles the kernels; a call like [`b0`](Self::b0), if it makes the array; an array
/// that is lent in the place of one that was made; and dropping the batch. Everything else only puts
/// work on the stream, where it comes after what was put there before: a drift that is computed on the stream, or in
/// order with it, needs no wait.
///
/// Which particles ask is told on the device by [`mask`](Self::mask), 0 for those that do not, and by
/// [`list`](Self::list); under [`MidpointLaw::Single`](crate::MidpointLaw::Single) all do, once. Under
/// [`MidpointLaw::Bernoulli`](crate::MidpointLaw::Bernoulli) a network can be called in two ways:
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
