//! Tables that kernels read, on the device from one launch to the next: an upload waits for the launch before it, so one
//! is made only where a table is another.

use cust::memory::{DeviceCopy, DevicePointer};

use super::buffer::Buffer;
use super::{Gpu, LaunchError};
use crate::dynamics::Dynamics;
use crate::kernel::{KernelDrift, KernelStepper, Method};
use crate::real::Real;
use crate::target::TableDrift;

/// The parameters of the last launch's drift, on the host and on the device.
#[derive(Debug)]
pub(super) struct DriftParameters<'g, T: DeviceCopy> {
    host: Vec<T>,
    /// Never empty, since the pointer must not be null.
    device: Buffer<'g, T>,
}

impl<'g, T: Real + DeviceCopy> DriftParameters<'g, T> {
    pub(super) fn new(gpu: &'g Gpu) -> Result<Self, LaunchError> {
        Ok(Self {
            host: Vec::new(),
            device: Buffer::filled(gpu, 0, 1)?,
        })
    }

    /// The length of this drift's table, which is uploaded unless it is there.
    pub(super) fn prepare<F, const D: usize>(
        &mut self,
        gpu: &'g Gpu,
        drift: &F,
    ) -> Result<usize, LaunchError>
    where
        F: KernelDrift<T, D>,
    {
        let mut table = Vec::new();
        drift.write_table(|part| table.extend_from_slice(part));
        F::OnDevice::from_table(&table).map_err(LaunchError::Table)?;
        if self.host != table {
            if !table.is_empty() {
                self.device = Buffer::from_slice(gpu, &table)?;
            }
            self.host = table;
        }
        Ok(self.host.len())
    }

    pub(super) fn pointer(&self) -> DevicePointer<T> {
        self.device.pointer()
    }
}

/// The table of coefficients of the last launch's method that has one.
#[derive(Debug)]
pub(super) struct Coefficients<'g, T: DeviceCopy> {
    /// The method's name and parameters, which tell the table since the state tells the dynamics; before the first
    /// none.
    of: Option<(&'static str, Method<T>)>,
    entries: usize,
    /// The entries' scalars; never empty, since the pointer must not be null.
    scalars: Buffer<'g, T>,
}

impl<'g, T: Real + DeviceCopy> Coefficients<'g, T> {
    pub(super) fn new(gpu: &'g Gpu) -> Result<Self, LaunchError> {
        Ok(Self {
            of: None,
            entries: 0,
            scalars: Buffer::filled(gpu, 0, 1)?,
        })
    }

    /// The entries of this stepper's table, which is made unless it is there; 0 for a stepper without a table, which
    /// leaves the last one for the next that has one.
    pub(super) fn prepare<S>(
        &mut self,
        gpu: &'g Gpu,
        stepper: &S,
        method: Method<T>,
    ) -> Result<usize, LaunchError>
    where
        S: KernelStepper<Dynamics: Dynamics<Real = T>>,
    {
        let of = Some((S::NAME, method));
        if self.of != of {
            let (mut entries, mut scalars) = (0, Vec::new());
            stepper.write_entries(|entry| {
                entries += 1;
                scalars.extend_from_slice(entry);
            });
            if entries == 0 {
                return Ok(0);
            }
            self.scalars = Buffer::from_slice(gpu, &scalars)?;
            (self.of, self.entries) = (of, entries);
        }
        Ok(self.entries)
    }

    pub(super) fn pointer(&self) -> DevicePointer<T> {
        self.scalars.pointer()
    }
}
