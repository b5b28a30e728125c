//! A split-phase batch's arrays: where they are on the device, copies of them, and the caller's in their place.

use cust::memory::{DeviceCopy, DevicePointer, DeviceSlice};

use super::SplitBatch;
use crate::batch::Status;
use crate::cuda::LaunchError;
use crate::cuda::statuses::set_word_positions;
use crate::kernel::KernelDynamics;

impl<S> SplitBatch<'_, S>
where
    S: KernelDynamics<Real: DeviceCopy>,
{
    /// The states on the device, which stay at this address until the next step is over.
    #[must_use]
    pub fn state(&self) -> DevicePointer<S::Real> {
        self.state.pointer()
    }

    /// Where the drift at [`state`](Self::state) goes, laid out like positions.
    ///
    /// This array and the next three are made, of zeros, when their pointer is first asked for, they are first written
    /// or a part of a step first uses them; one that is lent before that takes no memory. To ask for a pointer waits
    /// for the device if that makes the array.
    ///
    /// # Errors
    /// [`LaunchError::Driver`], if there is too little memory for example.
    pub fn b0(&self) -> Result<DevicePointer<S::Real>, LaunchError> {
        self.b0.pointer()
    }

    /// The midpoints where a drift is asked for, laid out like positions. Those of a particle that does not ask have no
    /// meaning.
    ///
    /// # Errors
    /// As [`b0`](Self::b0).
    pub fn query(&self) -> Result<DevicePointer<S::Real>, LaunchError> {
        self.query.pointer()
    }

    /// The times at which a drift is asked for, one for each particle.
    ///
    /// # Errors
    /// As [`b0`](Self::b0).
    pub fn times(&self) -> Result<DevicePointer<S::Real>, LaunchError> {
        self.times.pointer()
    }

    /// Where the drift at [`query`](Self::query) goes, laid out like positions.
    ///
    /// # Errors
    /// As [`b0`](Self::b0).
    pub fn drift(&self) -> Result<DevicePointer<S::Real>, LaunchError> {
        self.drift.pointer()
    }

    /// For each particle the inner step at which it asks, or 0.
    ///
    /// Two arrays take turns: after a [`midpoint`](Self::midpoint) it is the other one, and a pointer that was kept
    /// leads to where the particles asked before. Ask again for the pointer, which does not wait.
    #[must_use]
    pub fn mask(&self) -> DevicePointer<u32> {
        self.current.pointer()
    }

    /// The places of the particles that ask, [`asking`](Self::asking) of them in no particular order;
    /// not written under [`MidpointLaw::Single`](crate::MidpointLaw::Single).
    #[must_use]
    pub fn list(&self) -> DevicePointer<u32> {
        self.list.pointer()
    }

    /// The states, copied from the device.
    ///
    /// # Errors
    /// [`LaunchError::Driver`].
    pub fn states(&self) -> Result<Vec<S::Real>, LaunchError> {
        self.state.to_vec()
    }

    /// The midpoints where a drift is asked for, copied from the device.
    ///
    /// # Errors
    /// [`LaunchError::Driver`].
    pub fn queries(&self) -> Result<Vec<S::Real>, LaunchError> {
        self.query.to_vec()
    }

    /// The times at which a drift is asked for, copied from the device.
    ///
    /// # Errors
    /// [`LaunchError::Driver`].
    pub fn query_times(&self) -> Result<Vec<S::Real>, LaunchError> {
        self.times.to_vec()
    }

    /// Copies the drift at the states to the device: into the array that was [lent](Self::lend_b0), if one was.
    ///
    /// # Errors
    /// [`LaunchError::Length`], [`LaunchError::Order`] amid a step, [`LaunchError::Driver`].
    pub fn set_b0(&mut self, b0: &[S::Real]) -> Result<(), LaunchError> {
        self.expect_none("set_b0")?;
        self.b0.set("components of the drift", b0)
    }

    /// Copies the drift at the midpoints to the device: into the array that was [lent](Self::lend_drift), if one was.
    ///
    /// # Errors
    /// [`LaunchError::Length`], [`LaunchError::Driver`].
    pub fn set_drift(&mut self, drift: &[S::Real]) -> Result<(), LaunchError> {
        self.drift.set("components of the drift", drift)
    }

    /// Takes the drift at the states from an array of the caller's, a network's result for example, from the next step
    /// on. If there was one that the batch had made, this waits for the device and frees it.
    ///
    /// # Safety
    /// The array is on this device, aligned, apart from all other arrays of the batch, and there until the batch is
    /// dropped or, after another has been lent, what was launched before that is done. What writes it is in order with
    /// [`Gpu::stream`](crate::cuda::Gpu::stream), and does not write it during a step.
    ///
    /// # Errors
    /// [`LaunchError::Length`], [`LaunchError::Order`] amid a step.
    pub unsafe fn lend_b0(&mut self, b0: DeviceSlice<S::Real>) -> Result<(), LaunchError> {
        self.expect_none("lend_b0")?;
        // SAFETY: as the caller promises.
        unsafe { self.b0.lend("components of the drift", b0) }
    }

    /// As [`lend_b0`](Self::lend_b0) for the drift at the midpoints, from the next [`midpoint`](Self::midpoint) on.
    ///
    /// # Safety
    /// As [`lend_b0`](Self::lend_b0), but the array may be written between two launches of a step.
    ///
    /// # Errors
    /// [`LaunchError::Length`].
    pub unsafe fn lend_drift(&mut self, drift: DeviceSlice<S::Real>) -> Result<(), LaunchError> {
        // SAFETY: as the caller promises.
        unsafe { self.drift.lend("components of the drift", drift) }
    }

    /// Writes the midpoints where a drift is asked for to an array of the caller's, a network's argument for example,
    /// from the next step on. Waits as [`lend_b0`](Self::lend_b0) does.
    ///
    /// # Safety
    /// The array is on this device, aligned, apart from all other arrays of the batch, and there until the batch is
    /// dropped or, after another has been lent, what was launched before that is done. What uses it is in order with
    /// [`Gpu::stream`](crate::cuda::Gpu::stream).
    ///
    /// # Errors
    /// [`LaunchError::Length`], [`LaunchError::Order`] amid a step.
    pub unsafe fn lend_query(&mut self, query: DeviceSlice<S::Real>) -> Result<(), LaunchError> {
        self.expect_none("lend_query")?;
        // SAFETY: as the caller promises.
        unsafe { self.query.lend("components of the midpoints", query) }
    }

    /// As [`lend_query`](Self::lend_query) for the times at which a drift is asked for.
    ///
    /// # Safety
    /// As [`lend_query`](Self::lend_query).
    ///
    /// # Errors
    /// [`LaunchError::Length`], [`LaunchError::Order`] amid a step.
    pub unsafe fn lend_times(&mut self, times: DeviceSlice<S::Real>) -> Result<(), LaunchError> {
        self.expect_none("lend_times")?;
        // SAFETY: as the caller promises.
        unsafe { self.times.lend("times", times) }
    }

    /// The word positions, copied from the device: with states and statuses, a checkpoint.
    ///
    /// # Errors
    /// [`LaunchError::Driver`].
    pub fn word_positions(&self) -> Result<Vec<u64>, LaunchError> {
        self.word_positions.to_vec()
    }

    /// Goes on from a checkpoint's word positions.
    ///
    /// # Errors
    /// [`LaunchError::Length`], [`LaunchError::PastEnd`] for one beyond [`Stream::END`](crate::random::Stream::END),
    /// [`LaunchError::Order`] amid a step, [`LaunchError::Driver`].
    pub fn set_word_positions(&mut self, word_positions: &[u64]) -> Result<(), LaunchError> {
        self.expect_none("set_word_positions")?;
        set_word_positions(&mut self.word_positions, word_positions)
    }

    /// Which particles have failed, copied from the device.
    ///
    /// # Errors
    /// [`LaunchError::Driver`].
    pub fn status(&self) -> Result<Vec<Status>, LaunchError> {
        self.statuses.to_vec()
    }

    /// Goes on from a checkpoint's statuses.
    ///
    /// # Errors
    /// [`LaunchError::Length`], [`LaunchError::Order`] amid a step, [`LaunchError::Driver`].
    pub fn set_status(&mut self, status: &[Status]) -> Result<(), LaunchError> {
        self.expect_none("set_status")?;
        self.statuses.set(status)
    }
}
