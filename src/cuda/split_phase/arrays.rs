//! A split-phase batch's arrays: where they are on the device, and copies of them.

use cust::memory::{DeviceCopy, DevicePointer};

use super::SplitBatch;
use crate::batch::Status;
use crate::cuda::LaunchError;
use crate::cuda::error::check_length;
use crate::cuda::statuses::Statuses;
use crate::kernel::KernelDynamics;
use crate::random::{PastEnd, Stream};

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
    #[must_use]
    pub fn b0(&self) -> DevicePointer<S::Real> {
        self.b0.pointer()
    }

    /// The midpoints where a drift is asked for, laid out like positions. Those of a particle that does
    /// not ask have no meaning.
    #[must_use]
    pub fn query(&self) -> DevicePointer<S::Real> {
        self.query.pointer()
    }

    /// The times at which a drift is asked for, one for each particle.
    #[must_use]
    pub fn times(&self) -> DevicePointer<S::Real> {
        self.times.pointer()
    }

    /// Where the drift at [`query`](Self::query) goes, laid out like positions.
    #[must_use]
    pub fn drift(&self) -> DevicePointer<S::Real> {
        self.drift.pointer()
    }

    /// For each particle the inner step at which it asks, or 0.
    ///
    /// Two arrays take turns: after each [`midpoint`](Self::midpoint) it is the other one, and a pointer that was kept
    /// leads to where the particles asked before. Ask again for the pointer.
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

    /// Copies the drift at the states to the device.
    ///
    /// # Errors
    /// [`LaunchError::Length`], [`LaunchError::Driver`].
    pub fn set_b0(&mut self, b0: &[S::Real]) -> Result<(), LaunchError> {
        check_length("components of the drift", self.b0.len(), b0.len())?;
        self.b0.upload(0, b0)
    }

    /// Copies the drift at the midpoints to the device.
    ///
    /// # Errors
    /// [`LaunchError::Length`], [`LaunchError::Driver`].
    pub fn set_drift(&mut self, drift: &[S::Real]) -> Result<(), LaunchError> {
        check_length("components of the drift", self.drift.len(), drift.len())?;
        self.drift.upload(0, drift)
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
    /// [`LaunchError::Length`], [`LaunchError::PastEnd`] for one beyond [`Stream::END`],
    /// [`LaunchError::Order`] amid a step, [`LaunchError::Driver`].
    pub fn set_word_positions(&mut self, word_positions: &[u64]) -> Result<(), LaunchError> {
        self.expect_none("set_word_positions")?;
        check_length("word positions", self.len(), word_positions.len())?;
        if let Some(&position) = word_positions.iter().find(|p| **p > Stream::END) {
            return Err(LaunchError::PastEnd(PastEnd {
                word_position: position,
            }));
        }
        self.word_positions.upload(0, word_positions)
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
        check_length("statuses", self.len(), status.len())?;
        self.statuses = Statuses::new(self.gpu, status)?;
        Ok(())
    }
}
