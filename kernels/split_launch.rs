//! The split-phase kernels.

use super::split_phase::{SplitPhase, begin, choose, finish, midpoint, update};
use super::{KernelDynamics, Method, Thread};
use crate::method::{EulerMaruyama, PoissonMidpoint};

/// Which part of a macro step a kernel is: see [`split_phase`](super::split_phase).
///
/// ```
/// use poisson_midpoint::kernel::SplitPart;
/// assert_eq!(SplitPart::Begin.name(), "begin");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SplitPart {
    /// [`update`].
    Update,
    /// [`choose`].
    Choose,
    /// [`begin`].
    Begin,
    /// [`midpoint`].
    Midpoint,
    /// [`finish`].
    Finish,
}

impl SplitPart {
    /// The first word of its kernels' names.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Choose => "choose",
            Self::Begin => "begin",
            Self::Midpoint => "midpoint",
            Self::Finish => "finish",
        }
    }
}

/// The body of a split-phase kernel: a part of a macro step of a thread's particles under the dynamics
/// S.
///
/// Does nothing if `method` was not made from a stepper for such dynamics: whoever launches it checks.
#[inline(always)]
pub fn split_body<S>(
    part: SplitPart,
    thread: Thread,
    split: &SplitPhase<S::Real>,
    method: &Method<S::Real>,
) where
    S: KernelDynamics,
{
    match part {
        SplitPart::Update => {
            if let Ok(stepper) = EulerMaruyama::<S>::try_from(method) {
                update(thread, split, &stepper);
            }
        }
        SplitPart::Finish => finish::<S>(thread, split),
        SplitPart::Choose | SplitPart::Begin | SplitPart::Midpoint => {
            let Ok(stepper) = PoissonMidpoint::<S>::try_from(method) else {
                return;
            };
            match part {
                SplitPart::Choose => choose(thread, split, &stepper),
                SplitPart::Begin => begin(thread, split, &stepper),
                _ => midpoint(thread, split, &stepper),
            }
        }
    }
}

/// Makes a split-phase kernel. It takes a [`SplitPhase`] and a [`Method`] by value, and a
/// one-dimensional grid of any size.
#[doc(hidden)]
#[macro_export]
macro_rules! split_kernel {
    ($name:ident: $part:ident, $dynamics:ty, $real:ty) => {
        /// See the launch's documentation.
        #[unsafe(no_mangle)]
        pub extern "ptx-kernel" fn $name(
            split: $crate::kernel::SplitPhase<$real>,
            method: $crate::kernel::Method<$real>,
        ) {
            let thread = $crate::kernel::this_thread();
            let part = $crate::kernel::SplitPart::$part;
            $crate::kernel::split_body::<$dynamics>(part, thread, &split, &method);
        }
    };
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "small numbers")]
#[path = "tests/split.rs"]
mod tests;
