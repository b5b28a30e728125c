//! Where things are in a checkpoint.

use super::scheme::Name;

pub(super) const MAGIC: [u8; 8] = *b"PMIDCKPT";
pub(super) const VERSION: u16 = 1;
pub(super) const STREAM_VERSION: u16 = 1;
/// Bytes before the state.
pub(super) const HEADER: usize = 152;
pub(super) const CHECKSUM: usize = 8;
pub(super) const WORD_POSITION: usize = 8;
pub(super) const FAILURE: usize = 32;

/// A table of 2 KB is enough for firmware; one of 32 KB is several times as fast.
#[cfg(target_os = "none")]
type Table = crc::Table<1>;
#[cfg(not(target_os = "none"))]
type Table = crc::Table<16>;

pub(super) static CRC: crc::Crc<u64, Table> = crc::Crc::<u64, Table>::new(&crc::CRC_64_XZ);

/// The fields before the state.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Header {
    pub(super) scalar: u8,
    pub(super) parts: u8,
    pub(super) dimension: u32,
    pub(super) step: u32,
    pub(super) key: [u8; 32],
    pub(super) first: u64,
    pub(super) count: u64,
    pub(super) failed: u64,
    pub(super) method: Name,
    pub(super) dynamics: Name,
    pub(super) inner_steps: u32,
    pub(super) step_size: u64,
    pub(super) parameters: [u64; 3],
}

impl Header {
    /// Bytes of the state's scalars; `None` if a `u64` cannot count them.
    pub(super) fn state_length(&self) -> Option<u64> {
        let components = u64::from(self.parts) * u64::from(self.dimension);
        let scalars = components.checked_mul(self.count)?;
        scalars.checked_mul(u64::from(self.scalar))
    }

    /// Bytes of the whole checkpoint; `None` if a `u64` cannot count them.
    pub(super) fn length(&self) -> Option<u64> {
        let positions = self.count.checked_mul(WORD_POSITION as u64)?;
        let failures = self.failed.checked_mul(FAILURE as u64)?;
        let body = self.state_length()?.checked_add(positions)?;
        let ends = (HEADER + CHECKSUM) as u64;
        body.checked_add(failures)?.checked_add(ends)
    }
}
