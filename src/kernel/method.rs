//! A stepper's parameters in a form that host and device lay out alike.

use super::coefficients::{MOST_INNER_STEPS, Tabulate, Tabulated};
use crate::dynamics::{Dynamics, Overdamped, RealOf, Underdamped};
use crate::error::{Parameter, ParameterError};
use crate::method::{Baoa, EulerMaruyama, PoissonMidpoint, Stepper};
use crate::random::{MidpointLaw, Midpoints};
use crate::real::Real;

mod sealed {
    /// A launch finds a kernel by the names of its types: a type that a kernel is not made of must not claim their
    /// names.
    pub trait Sealed {}
}

use sealed::Sealed;

impl<T> Sealed for Overdamped<T> {}
impl<T> Sealed for Underdamped<T> {}
impl<S: Dynamics> Sealed for EulerMaruyama<S> {}
impl<S: Dynamics> Sealed for PoissonMidpoint<S> {}
impl<T> Sealed for Baoa<T> {}

/// Dynamics that a kernel makes from plain numbers: only those of this crate, since launches trust their name.
pub trait KernelDynamics: Tabulate + Sealed {
    /// Their part of a kernel's name.
    const NAME: &'static str;

    /// Their parameters beside step size and K: temperature and mobility, or temperature, mass and
    /// friction; 0 beyond these.
    fn parameters(&self) -> [Self::Real; 3];
    /// Makes the dynamics.
    ///
    /// # Errors
    /// [`ParameterError`] if one is out of range.
    fn from_parameters(
        step_size: Self::Real,
        inner_steps: u32,
        parameters: [Self::Real; 3],
    ) -> Result<Self, ParameterError<Self::Real>>;
}

impl<T: Real> KernelDynamics for Overdamped<T> {
    const NAME: &'static str = "overdamped";

    fn parameters(&self) -> [T; 3] {
        [self.temperature(), self.mobility(), T::ZERO]
    }

    #[inline]
    fn from_parameters(
        step_size: T,
        inner_steps: u32,
        [temperature, mobility, _]: [T; 3],
    ) -> Result<Self, ParameterError<T>> {
        let new = Self::new(step_size, inner_steps)?;
        new.in_units(Parameter::Temperature, temperature, temperature, mobility)
    }
}

impl<T: Real> KernelDynamics for Underdamped<T> {
    const NAME: &'static str = "underdamped";

    fn parameters(&self) -> [T; 3] {
        [self.temperature(), self.mass(), self.friction()]
    }

    #[inline]
    fn from_parameters(
        step_size: T,
        inner_steps: u32,
        [temperature, mass, friction]: [T; 3],
    ) -> Result<Self, ParameterError<T>> {
        let new = Self::new(step_size, inner_steps, friction)?;
        new.in_units(Parameter::Temperature, temperature, temperature, mass)
    }
}

/// A stepper that kernels are made of: only one of this crate, since launches trust its name.
///
/// ```
/// use poisson_midpoint::EulerMaruyama;
/// use poisson_midpoint::kernel::{KernelDynamics, KernelStepper};
/// use poisson_midpoint::dynamics::Underdamped;
/// type Moves = Underdamped<f32>;
/// assert_eq!(<EulerMaruyama<Moves> as KernelStepper>::NAME, "em");
/// assert_eq!(Moves::NAME, "underdamped");
/// ```
pub trait KernelStepper: Stepper<Dynamics: KernelDynamics> + Sealed {
    /// The stepper's part of a kernel's name.
    const NAME: &'static str;

    /// The stepper as a kernel has it, with its table of coefficients.
    #[doc(hidden)]
    type OnDevice<'t>: Stepper<Dynamics: Dynamics<Real = RealOf<Self::Dynamics>>>;

    /// The stepper's parameters.
    fn method(&self) -> Method<RealOf<Self::Dynamics>>;

    /// Calls `write` with the entries of the stepper's table of coefficients, one after another, if it has one.
    #[doc(hidden)]
    fn write_entries(&self, _write: impl FnMut(&[RealOf<Self::Dynamics>])) {}

    /// The stepper of these parameters, with as many entries of its table as there are.
    #[doc(hidden)]
    fn on_device<'t>(
        method: &Method<RealOf<Self::Dynamics>>,
        entries: &'t [EntryOf<Self>],
    ) -> Result<Self::OnDevice<'t>, ParameterError<RealOf<Self::Dynamics>>>;
}

/// An entry of a stepper's table of coefficients.
pub(crate) type EntryOf<P> = <<P as Stepper>::Dynamics as Tabulate>::Entry;

impl<S: KernelDynamics> KernelStepper for EulerMaruyama<S> {
    const NAME: &'static str = "em";
    type OnDevice<'t> = Self;

    fn method(&self) -> Method<S::Real> {
        self.into()
    }

    #[inline]
    fn on_device(
        method: &Method<S::Real>,
        _entries: &[S::Entry],
    ) -> Result<Self, ParameterError<S::Real>> {
        method.try_into()
    }
}

impl<S: KernelDynamics> KernelStepper for PoissonMidpoint<S> {
    const NAME: &'static str = "pmm";
    type OnDevice<'t> = PoissonMidpoint<Tabulated<'t, S>>;

    fn method(&self) -> Method<S::Real> {
        self.into()
    }

    fn write_entries(&self, mut write: impl FnMut(&[S::Real])) {
        let inner_steps = self.dynamics().inner_steps();
        if inner_steps <= MOST_INNER_STEPS {
            for n in 0..=inner_steps {
                write(self.dynamics().entry(n).as_ref());
            }
        }
    }

    #[inline]
    fn on_device<'t>(
        method: &Method<S::Real>,
        entries: &'t [S::Entry],
    ) -> Result<Self::OnDevice<'t>, ParameterError<S::Real>> {
        let dynamics = Tabulated::new(method.dynamics::<S>()?, entries);
        Ok(PoissonMidpoint::from_midpoints(
            dynamics,
            method.midpoints(),
        ))
    }
}

impl<T: Real> KernelStepper for Baoa<T> {
    const NAME: &'static str = "baoa";
    type OnDevice<'t> = Self;

    fn method(&self) -> Method<T> {
        self.into()
    }

    #[inline]
    fn on_device(
        method: &Method<T>,
        _entries: &[EntryOf<Self>],
    ) -> Result<Self, ParameterError<T>> {
        method.try_into()
    }
}

/// A stepper's parameters, to be handed to a kernel by value.
///
/// It also carries what is expensive to compute from them, so that a million threads need not each compute it.
///
/// ```
/// use poisson_midpoint::kernel::Method;
/// use poisson_midpoint::dynamics::Overdamped;
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint};
/// let stepper = PoissonMidpoint::new(Overdamped::new(0.1_f32, 1000)?, MidpointLaw::Single);
/// let method = Method::from(&stepper);
/// assert_eq!(PoissonMidpoint::<Overdamped<f32>>::try_from(&method)?, stepper);
/// # Ok::<(), poisson_midpoint::ParameterError<f32>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(C)]
pub struct Method<T> {
    step_size: T,
    parameters: [T; 3],
    inner_steps: u32,
    /// 0 for Bernoulli, 1 for Single.
    law: u32,
    gap_scale: u64,
}

impl<T: Real> Method<T> {
    /// The parameters of a method whose kernels read no midpoints.
    fn without_midpoints<S: KernelDynamics<Real = T>>(dynamics: &S) -> Self {
        let midpoints = Midpoints::from_gap_scale(MidpointLaw::Single, dynamics.inner_steps(), 0);
        Self::of(dynamics, midpoints)
    }

    fn of<S: KernelDynamics<Real = T>>(dynamics: &S, midpoints: Midpoints) -> Self {
        Self {
            step_size: dynamics.step_size(),
            parameters: dynamics.parameters(),
            inner_steps: dynamics.inner_steps(),
            law: match midpoints.law() {
                MidpointLaw::Bernoulli => 0,
                MidpointLaw::Single => 1,
            },
            gap_scale: midpoints.gap_scale(),
        }
    }

    /// The dynamics.
    #[inline]
    fn dynamics<S: KernelDynamics<Real = T>>(&self) -> Result<S, ParameterError<T>> {
        S::from_parameters(self.step_size, self.inner_steps, self.parameters)
    }

    /// The midpoints.
    #[inline]
    fn midpoints(&self) -> Midpoints {
        let law = match self.law {
            0 => MidpointLaw::Bernoulli,
            _ => MidpointLaw::Single,
        };
        Midpoints::from_gap_scale(law, self.inner_steps, self.gap_scale)
    }
}

/// The stepper that the method was made from, or one with its step size, K and parameters; an error
/// if these do not suit the dynamics.
impl<T: Real, S: KernelDynamics<Real = T>> TryFrom<&Method<T>> for EulerMaruyama<S> {
    type Error = ParameterError<T>;

    #[inline]
    fn try_from(method: &Method<T>) -> Result<Self, ParameterError<T>> {
        Ok(Self::new(method.dynamics()?))
    }
}

/// The stepper that the method was made from, or one with its step size, K and parameters; an error
/// if these do not suit it.
impl<T: Real> TryFrom<&Method<T>> for Baoa<T> {
    type Error = ParameterError<T>;

    #[inline]
    fn try_from(method: &Method<T>) -> Result<Self, ParameterError<T>> {
        Self::new(method.dynamics()?)
    }
}

/// The stepper that the method was made from, or one with its step size, K, law and parameters; an
/// error if these do not suit the dynamics.
impl<T: Real, S: KernelDynamics<Real = T>> TryFrom<&Method<T>> for PoissonMidpoint<S> {
    type Error = ParameterError<T>;

    #[inline]
    fn try_from(method: &Method<T>) -> Result<Self, ParameterError<T>> {
        Ok(Self::from_midpoints(method.dynamics()?, method.midpoints()))
    }
}

impl<T: Real, S: KernelDynamics<Real = T>> From<&EulerMaruyama<S>> for Method<T> {
    fn from(stepper: &EulerMaruyama<S>) -> Self {
        Self::without_midpoints(stepper.dynamics())
    }
}

impl<T: Real> From<&Baoa<T>> for Method<T> {
    fn from(stepper: &Baoa<T>) -> Self {
        Self::without_midpoints(stepper.dynamics())
    }
}

impl<T: Real, S: KernelDynamics<Real = T>> From<&PoissonMidpoint<S>> for Method<T> {
    fn from(stepper: &PoissonMidpoint<S>) -> Self {
        Self::of(stepper.dynamics(), *stepper.midpoints())
    }
}
