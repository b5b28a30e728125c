//! The launch of a part's kernel.

use cust::memory::DeviceCopy;

use super::SplitBatch;
use crate::cuda::buffer::Buffer;
use crate::cuda::gpu::Argument;
use crate::cuda::{KernelName, LaunchError, split_phase_ptx};
use crate::kernel::{KernelDynamics, Method, SplitPart, SplitPhase};

/// The module of a part's kernel, and the kernel's name.
pub(super) fn kernel_of<S: KernelDynamics>(
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

impl<S> SplitBatch<'_, S>
where
    S: KernelDynamics<Real: DeviceCopy>,
{
    /// Launches a part of a step in which a particle can have so many midpoints.
    pub(super) fn launch(
        &self,
        part: SplitPart,
        method: &Method<S::Real>,
        most: u32,
        units: usize,
    ) -> Result<(), LaunchError> {
        let (module, name) = kernel_of::<S>(part)?;
        let split = self.columns(part, most)?;
        let arguments = [Argument::of(&split), Argument::of(method)];
        // SAFETY: a kernel of this name was made by `split_kernel` and takes these arrays. Before what follows on the
        // stream, nothing else uses them except for the caller's drift, which keeps to its own arrays. Several may be the
        // state itself: no part writes the state, nor reads or writes what the state stands for.
        unsafe { self.gpu.launch(module, name, units, &arguments) }
    }

    /// The arrays of such a part, of which those are made that it can use and that are not there.
    pub(super) fn columns(
        &self,
        part: SplitPart,
        most: u32,
    ) -> Result<SplitPhase<S::Real>, LaunchError> {
        let is_round = matches!(part, SplitPart::Begin | SplitPart::Midpoint);
        let has_midpoints = is_round && most > 0;
        // The state, at least as long and as well aligned, stands for what the part does not use.
        let column = |used: Option<Result<_, LaunchError>>| {
            used.unwrap_or(Ok(&self.state)).map(Buffer::column)
        };
        Ok(SplitPhase {
            state: self.state.column(),
            next: self.next.column(),
            b0: column((is_round || part == SplitPart::Update).then(|| self.b0.zeros()))?,
            drift: column((part == SplitPart::Midpoint).then(|| self.drift.zeros()))?,
            // Written on the way to a midpoint, and read on the way from it.
            noise: column(has_midpoints.then(|| self.noise.unwritten()))?,
            // Written on the way from a midpoint to the next, and read on the way from that.
            correction: column(
                (part == SplitPart::Midpoint && most > 1).then(|| self.correction.unwritten()),
            )?,
            query: column(has_midpoints.then(|| self.query.zeros()))?,
            times: column(
                (has_midpoints || part == SplitPart::Choose && most > 0)
                    .then(|| self.times.zeros()),
            )?,
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
        })
    }
}
