//! What a checkpoint says about the stepper.

use core::fmt;

use crate::dynamics::{AdditiveNoise, Dynamics, Overdamped, RealOf, Semilinear, Underdamped};
use crate::kernel::KernelDynamics;
use crate::method::{Baoa, EulerMaruyama, PoissonMidpoint, Quicsort, Stepper, Ubu};
use crate::random::MidpointLaw;
use crate::real::Real;

mod sealed {
    /// Sealed: only this crate decides what a name stands for.
    pub trait Sealed {}
}

use sealed::Sealed;

impl<T> Sealed for Overdamped<T> {}
impl<T> Sealed for Underdamped<T> {}
impl<T> Sealed for AdditiveNoise<T> {}
impl<T> Sealed for Semilinear<T> {}
impl<S: Dynamics> Sealed for EulerMaruyama<S> {}
impl<S: Dynamics> Sealed for PoissonMidpoint<S> {}
impl<T> Sealed for Baoa<T> {}
impl<T> Sealed for Ubu<T> {}
impl<T> Sealed for Quicsort<T> {}

/// A stepper that checkpoints know: the methods of this crate.
///
/// ```
/// use poisson_midpoint::checkpoint::Recorded;
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, dynamics::Overdamped};
/// let stepper = PoissonMidpoint::new(Overdamped::new(0.1_f32, 10)?, MidpointLaw::Single);
/// assert_eq!(stepper.name(), "pmm single");
/// # Ok::<(), poisson_midpoint::ParameterError<f32>>(())
/// ```
pub trait Recorded: Stepper<Dynamics: RecordedDynamics> + Sealed {
    /// The method's name, at most 16 bytes of ASCII.
    fn name(&self) -> &'static str;
}

impl<S: RecordedDynamics> Recorded for EulerMaruyama<S> {
    fn name(&self) -> &'static str {
        "euler-maruyama"
    }
}

impl<S: RecordedDynamics> Recorded for PoissonMidpoint<S> {
    fn name(&self) -> &'static str {
        match self.law() {
            MidpointLaw::Bernoulli => "pmm bernoulli",
            MidpointLaw::Single => "pmm single",
        }
    }
}

impl<T: Real> Recorded for Baoa<T> {
    fn name(&self) -> &'static str {
        "baoa"
    }
}

impl<T: Real> Recorded for Ubu<T> {
    fn name(&self) -> &'static str {
        "ubu"
    }
}

impl<T: Real> Recorded for Quicsort<T> {
    fn name(&self) -> &'static str {
        "quicsort"
    }
}

/// Dynamics that checkpoints know: those of this crate.
///
/// ```
/// use poisson_midpoint::checkpoint::RecordedDynamics;
/// use poisson_midpoint::dynamics::Underdamped;
/// assert_eq!(Underdamped::<f32>::PARAMETER_NAMES, ["temperature", "mass", "friction"]);
/// assert_eq!(Underdamped::new(0.1_f32, 10, 2.0)?.parameters(), [1.0, 1.0, 2.0]);
/// # Ok::<(), poisson_midpoint::ParameterError<f32>>(())
/// ```
pub trait RecordedDynamics: Dynamics + Sealed {
    /// The name of the dynamics, at most 16 bytes of ASCII.
    const NAME: &'static str;
    /// The names of the [parameters](Self::parameters); empty beyond the last.
    const PARAMETER_NAMES: [&'static str; 3];

    /// The parameters of the dynamics besides step size and K; 0 beyond the last.
    fn parameters(&self) -> [RealOf<Self>; 3];
}

impl<T: Real> RecordedDynamics for Overdamped<T> {
    const NAME: &'static str = <Self as KernelDynamics>::NAME;
    const PARAMETER_NAMES: [&'static str; 3] = ["temperature", "mobility", ""];

    fn parameters(&self) -> [T; 3] {
        KernelDynamics::parameters(self)
    }
}

impl<T: Real> RecordedDynamics for Underdamped<T> {
    const NAME: &'static str = <Self as KernelDynamics>::NAME;
    const PARAMETER_NAMES: [&'static str; 3] = ["temperature", "mass", "friction"];

    fn parameters(&self) -> [T; 3] {
        KernelDynamics::parameters(self)
    }
}

impl<T: Real> RecordedDynamics for AdditiveNoise<T> {
    const NAME: &'static str = "additive noise";
    const PARAMETER_NAMES: [&'static str; 3] = ["squared diffusion coefficient", "", ""];

    fn parameters(&self) -> [T; 3] {
        [self.variance_rate(), T::ZERO, T::ZERO]
    }
}

impl<T: Real> RecordedDynamics for Semilinear<T> {
    const NAME: &'static str = "semilinear";
    const PARAMETER_NAMES: [&'static str; 3] = ["linear rate", "squared diffusion coefficient", ""];

    fn parameters(&self) -> [T; 3] {
        [self.linear_rate(), self.variance_rate(), T::ZERO]
    }
}

/// A name in a checkpoint: 16 bytes, zeros at the end.
///
/// ```
/// use poisson_midpoint::checkpoint::Name;
/// assert_eq!(Name::new("baoa").to_string(), "baoa");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    pub(super) bytes: [u8; 16],
}

impl Name {
    /// The first 16 bytes of a name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut bytes = [0; 16];
        for (byte, own) in bytes.iter_mut().zip(name.bytes()) {
            *byte = own;
        }
        Self { bytes }
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Name {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=[u8]:a}", self.bytes);
    }
}

/// Bytes that are not ASCII are escaped.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.bytes.iter().rposition(|byte| *byte != 0);
        let name = self.bytes.get(..end.map_or(0, |end| end + 1));
        write!(f, "{}", name.unwrap_or_default().escape_ascii())
    }
}
