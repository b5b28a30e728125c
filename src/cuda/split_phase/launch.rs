//! The launch of a part's kernel.

use cust::memory::DeviceCopy;

use super::{OnDemand, SplitBatch};
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
    pub(super) fn launch(
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
