//! How a split-phase batch is made, of states on the host or in memory of the caller's.

use cust::memory::{DeviceCopy, DeviceSlice};

use super::launch::kernel_of;
use super::step::{NO_KEY, Step};
use super::{Layout, OnDemand, SplitBatch};
use crate::cuda::buffer::Buffer;
use crate::cuda::error::{check_length, whole_particles};
use crate::cuda::statuses::Statuses;
use crate::cuda::{Gpu, LaunchError};
use crate::dynamics::CellOf;
use crate::dynamics::cell::Cell;
use crate::kernel::{KernelDynamics, SplitExtent, SplitPart, Strides};
use crate::random::Streams;

impl Gpu {
    /// Particles of `dimension` dimensions, numbered from `first` on, in this device's memory; all at the
    /// beginning of their streams.
    ///
    /// `state` has PARTS·`dimension` components of each particle, all positions before all
    /// velocities, each laid out as `layout` says. Memory for drifts, midpoints and noise is taken when a step first
    /// needs it.
    ///
    /// # Errors
    /// [`LaunchError::Length`] if the state is not that of a whole number of particles,
    /// [`LaunchError::TooMany`] beyond 2³² − 1 particles or 2³¹ − 1 dimensions, [`LaunchError::ParticleNumber`] if the
    /// number after the last particle's exceeds 64 bits, [`LaunchError::Driver`].
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

/// Which particles a state of so many components is of, none of which has moved.
fn extent<S: KernelDynamics>(
    (streams, first): (Streams, u64),
    dimension: usize,
    layout: Layout,
    length: usize,
) -> Result<SplitExtent, LaunchError> {
    let components = CellOf::<S, S::Real>::PARTS.saturating_mul(dimension);
    let count = whole_particles(first, components, length)?;
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
