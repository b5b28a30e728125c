//! Where in their streams particles on a device are, which of them have failed, and why.

use cust::memory::DeviceCopy;

use super::buffer::Buffer;
use super::copies::Copies;
use super::error::check_length;
use super::{Gpu, LaunchError};
use crate::batch::Status;
use crate::kernel::FailureRecord;
use crate::random::{PastEnd, Stream};

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
    /// Those of so many active particles, whose records are 0.
    pub(super) fn active(gpu: &'g Gpu, count: usize) -> Result<Self, LaunchError> {
        Ok(Self {
            codes: Buffer::filled(gpu, 0, count)?,
            failures: Buffer::filled(gpu, 0, count)?,
        })
    }

    /// Those of so many particles, to be written before they are read.
    pub(super) fn unwritten(gpu: &'g Gpu, count: usize) -> Result<Self, LaunchError> {
        Ok(Self {
            codes: Buffer::unwritten(gpu, count)?,
            failures: Buffer::unwritten(gpu, count)?,
        })
    }

    pub(super) fn set(&mut self, status: &[Status]) -> Result<(), LaunchError> {
        check_length("statuses", self.codes.len(), status.len())?;
        let records = Records::of(status);
        let gpu = self.codes.gpu();
        gpu.copies(|copies| self.upload(copies, &records))
    }

    pub(super) fn upload<'a>(
        &mut self,
        copies: &mut Copies<'a>,
        records: &'a Records,
    ) -> Result<(), LaunchError> {
        copies.upload(&mut self.codes, 0, &records.codes)?;
        copies.upload(&mut self.failures, 0, &records.failures)
    }

    pub(super) fn to_vec(&self) -> Result<Vec<Status>, LaunchError> {
        let failures = self.failures.to_vec()?;
        Ok(failures.iter().map(FailureRecord::status).collect())
    }
}

/// Statuses as kernels have them, on the host.
pub(super) struct Records {
    codes: Vec<u32>,
    failures: Vec<FailureRecord>,
}

impl Records {
    pub(super) fn of(status: &[Status]) -> Self {
        let failures: Vec<FailureRecord> = status.iter().map(FailureRecord::of).collect();
        let codes = failures.iter().map(|record| record.code).collect();
        Self { codes, failures }
    }
}

/// Writes word positions to where a batch has them.
pub(super) fn set_word_positions(
    place: &mut Buffer<'_, u64>,
    word_positions: &[u64],
) -> Result<(), LaunchError> {
    check_length("word positions", place.len(), word_positions.len())?;
    if let Some(&word_position) = word_positions.iter().find(|p| **p > Stream::END) {
        return Err(LaunchError::PastEnd(PastEnd { word_position }));
    }
    place.upload(word_positions)
}
