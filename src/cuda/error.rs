use core::fmt;

use cust::error::CudaError;
use cust::sys::CUresult;

use super::KernelName;
use crate::batch::{BatchError, check_numbers};
use crate::random::PastEnd;
use crate::target::TableError;

/// Why a GPU did not do what it was asked to.
///
/// ```
/// use poisson_midpoint::cuda::{Gpu, LaunchError};
/// match Gpu::new(0) {
///     Ok(gpu) => println!("{}", gpu.name()?),
///     Err(LaunchError::NoDriver | LaunchError::NoDevice { .. }) => println!("the processor will do"),
///     Err(error) => println!("{error}"),
/// }
/// # Ok::<(), LaunchError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LaunchError {
    /// NVIDIA's driver is not installed: there is no `libcuda.so.1`.
    NoDriver,
    /// No device has this number. There is a driver, but it may find no device at all.
    NoDevice {
        /// The number asked for.
        ordinal: u32,
        /// How many devices there are.
        count: u32,
    },
    /// The driver refused.
    Driver {
        /// What it was to do.
        what: &'static str,
        /// The driver's error.
        error: CudaError,
    },
    /// The driver refused to compile or to load a module, because it is older than the PTX for example.
    Compile {
        /// The driver's error.
        error: CUresult,
        /// What its compiler says, 4096 bytes at most; empty if it says nothing.
        log: Box<str>,
    },
    /// The crate embeds no module for the scalar and the dimension, and the drift brings none.
    NoModule {
        /// The scalar.
        scalar: &'static str,
        /// The dimension.
        dimension: usize,
    },
    /// The module has no kernel of this stepper, dynamics and drift.
    NoKernel {
        /// The kernel's name.
        name: KernelName,
    },
    /// The table that the drift writes is not one that its kernels read.
    Table(TableError),
    /// A slice or a batch has another number of elements than there is room for.
    Length {
        /// What the elements are.
        what: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// Too many particles or dimensions for a launch.
    TooMany {
        /// Of what there are too many.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be at most.
        most: usize,
    },
    /// A word position is beyond the end of a stream.
    PastEnd(PastEnd),
    /// The number after the last particle's exceeds `u64::MAX`.
    ParticleNumber {
        /// The first particle's number.
        first: u64,
    },
    /// A part of a macro step was asked for that does not come next.
    Order {
        /// What was asked for.
        asked: &'static str,
        /// What comes next.
        next: &'static str,
    },
}

impl LaunchError {
    /// Turns a driver's error into one of these.
    pub(super) fn driver(what: &'static str) -> impl FnOnce(CudaError) -> Self {
        move |error| Self::Driver { what, error }
    }
}

/// A driver's answer as a result: what `cust` does with the answers to its own calls, and keeps to itself.
pub(super) fn checked(result: CUresult, what: &'static str) -> Result<(), LaunchError> {
    if result == CUresult::CUDA_SUCCESS {
        return Ok(());
    }
    let known = ERRORS.iter().find(|error| **error as u32 == result as u32);
    let error = known.copied().unwrap_or(CudaError::UnknownError);
    Err(LaunchError::Driver { what, error })
}

/// The errors of a driver that `cust` 0.3.2 has a name for.
const ERRORS: [CudaError; 58] = [
    CudaError::InvalidValue,
    CudaError::OutOfMemory,
    CudaError::NotInitialized,
    CudaError::Deinitialized,
    CudaError::ProfilerDisabled,
    CudaError::ProfilerNotInitialized,
    CudaError::ProfilerAlreadyStarted,
    CudaError::ProfilerAlreadyStopped,
    CudaError::NoDevice,
    CudaError::InvalidDevice,
    CudaError::InvalidImage,
    CudaError::InvalidContext,
    CudaError::ContextAlreadyCurrent,
    CudaError::MapFailed,
    CudaError::UnmapFailed,
    CudaError::ArrayIsMapped,
    CudaError::AlreadyMapped,
    CudaError::NoBinaryForGpu,
    CudaError::AlreadyAcquired,
    CudaError::NotMapped,
    CudaError::NotMappedAsArray,
    CudaError::NotMappedAsPointer,
    CudaError::EccUncorrectable,
    CudaError::UnsupportedLimit,
    CudaError::ContextAlreadyInUse,
    CudaError::PeerAccessUnsupported,
    CudaError::InvalidPtx,
    CudaError::InvalidGraphicsContext,
    CudaError::NvlinkUncorrectable,
    CudaError::InvalidSource,
    CudaError::FileNotFound,
    CudaError::SharedObjectSymbolNotFound,
    CudaError::SharedObjectInitFailed,
    CudaError::OperatingSystemError,
    CudaError::InvalidHandle,
    CudaError::NotFound,
    CudaError::NotReady,
    CudaError::IllegalAddress,
    CudaError::LaunchOutOfResources,
    CudaError::LaunchTimeout,
    CudaError::LaunchIncompatibleTexturing,
    CudaError::PeerAccessAlreadyEnabled,
    CudaError::PeerAccessNotEnabled,
    CudaError::PrimaryContextActive,
    CudaError::ContextIsDestroyed,
    CudaError::AssertError,
    CudaError::TooManyPeers,
    CudaError::HostMemoryAlreadyRegistered,
    CudaError::HostMemoryNotRegistered,
    CudaError::HardwareStackError,
    CudaError::IllegalInstruction,
    CudaError::MisalignedAddress,
    CudaError::InvalidAddressSpace,
    CudaError::InvalidProgramCounter,
    CudaError::LaunchFailed,
    CudaError::NotPermitted,
    CudaError::NotSupported,
    CudaError::UnknownError,
];

/// Whether there are as many of something as there should be.
pub(super) fn check_length(
    what: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), LaunchError> {
    if expected == found {
        Ok(())
    } else {
        Err(LaunchError::Length {
            what,
            expected,
            found,
        })
    }
}

/// How many particles of so many components each a state of `found` components is of, if that is a whole number and they
/// can be numbered from `first` on.
pub(super) fn whole_particles(
    first: u64,
    of_particle: usize,
    found: usize,
) -> Result<usize, LaunchError> {
    // Particles without components have none together.
    let expected = found.checked_next_multiple_of(of_particle).unwrap_or(0);
    check_length("components of the state", expected, found)?;
    let count = found.checked_div(of_particle).unwrap_or(0);
    check_numbers(first, count).map_err(|_| LaunchError::ParticleNumber { first })?;
    Ok(count)
}

impl fmt::Display for LaunchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDriver => f.write_str(
                "there is no NVIDIA driver: libcuda.so.1 was not found in the system's library folders",
            ),
            Self::NoDevice { count: 0, .. } => f.write_str("NVIDIA's driver finds no device"),
            Self::NoDevice { ordinal, count } => {
                write!(f, "there is no device {ordinal}: it is not in [0, {count})")
            }
            // Not displayed: `CudaError` asks the driver for a text, and fails to be displayed if the driver has none.
            Self::Driver { what, error } => {
                write!(f, "the driver did not {what}: {error:?} ({})", *error as u32)
            }
            Self::Compile { error, log } => {
                let colon = if log.is_empty() { "" } else { ": " };
                let code = *error as u32;
                write!(f, "the driver did not compile the kernels: {error:?} ({code}){colon}{log}")
            }
            Self::NoModule { scalar, dimension } => {
                write!(f, "no kernels are embedded for {scalar} in {dimension} dimensions")
            }
            Self::NoKernel { name } => write!(f, "the module has no kernel {name}"),
            Self::Table(error) => error.fmt(f),
            Self::PastEnd(error) => error.fmt(f),
            Self::ParticleNumber { first } => BatchError::ParticleNumber { first: *first }.fmt(f),
            Self::Length {
                what,
                expected,
                found,
            } => write!(f, "{found} {what}, not {expected}"),
            Self::TooMany { what, found, most } => {
                write!(f, "{found} {what} are too many: at most {most}")
            }
            Self::Order { asked, next } => {
                write!(f, "{asked} was asked for where {next} comes next")
            }
        }
    }
}

impl core::error::Error for LaunchError {}
