//! Which particles on a device have failed, and why.

use cust::memory::DeviceCopy;

use super::buffer::Buffer;
use super::{Gpu, LaunchError};
use crate::batch::Status;
use crate::kernel::FailureRecord;

// SAFETY: plain words, any of which may be there.
unsafe impl DeviceCopy for FailureRecord {}

/// The statuses of particles as kernels have them.
#[derive(Debug)]
pub(super) struct Statuses<'g> {
    /// What every step asks for, apart from the rest.
    pub(super) codes: Buffer<'g, u32>,
    pub(super) failures: Buffer<'g, FailureRecord>,
}

impl<'g> Statuses<'g> {
    pub(super) fn new(gpu: &'g Gpu, status: &[Status]) -> Result<Self, LaunchError> {
        let failures: Vec<FailureRecord> = status.iter().map(FailureRecord::of).collect();
        let codes: Vec<u32> = failures.iter().map(|record| record.code).collect();
        Ok(Self {
            codes: Buffer::from_slice(gpu, &codes)?,
            failures: Buffer::from_slice(gpu, &failures)?,
        })
    }

    pub(super) fn to_vec(&self) -> Result<Vec<Status>, LaunchError> {
        let failures = self.failures.to_vec()?;
        Ok(failures.iter().map(FailureRecord::status).collect())
    }
}
