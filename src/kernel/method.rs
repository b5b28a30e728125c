//! A stepper's parameters in a form that host and device lay out alike.

use crate::random::{MidpointLaw, Midpoints};
use crate::scheme::{Overdamped, Process, Scheme, Underdamped};
use crate::stepper::RealOf;
use crate::{EulerMaruyama, ParameterError, PoissonMidpoint, Real, Stepper};

mod sealed {
    /// What a launch finds a kernel by: a type that it is not made of must not claim its name.
    pub trait Sealed {}
}

use sealed::Sealed;

impl<T> Sealed for Overdamped<T> {}
impl<T> Sealed for Underdamped<T> {}
impl<S: Scheme> Sealed for EulerMaruyama<S> {}
impl<S: Scheme> Sealed for PoissonMidpoint<S> {}

/// A scheme that a kernel makes from plain numbers: one of this crate, since launches trust its name.
pub trait KernelScheme: Scheme + Sealed {
    /// Its part of a kernel's name.
    const NAME: &'static str;

    /// What it is made of beside step size and K: temperature and mobility, or friction and inverse
    /// mass.
    fn parameters(&self) -> [Self::Real; 2];
    /// The scheme.
    ///
    /// # Errors
    /// [`ParameterError`] if one is out of range.
    fn from_parameters(
        step_size: Self::Real,
        inner_steps: u32,
        parameters: [Self::Real; 2],
    ) -> Result<Self, ParameterError<Self::Real>>;
}

impl<T: Real> KernelScheme for Overdamped<T> {
    const NAME: &'static str = "overdamped";

    fn parameters(&self) -> [T; 2] {
        [self.temperature(), self.mobility()]
    }

    #[inline]
    fn from_parameters(
        step_size: T,
        inner_steps: u32,
        [temperature, mobility]: [T; 2],
    ) -> Result<Self, ParameterError<T>> {
        Self::new(step_size, inner_steps)?
            .with_temperature(temperature)?
            .with_mobility(mobility)
    }
}

impl<T: Real> KernelScheme for Underdamped<T> {
    const NAME: &'static str = "underdamped";

    fn parameters(&self) -> [T; 2] {
        [self.friction(), self.inverse_mass()]
    }

    #[inline]
    fn from_parameters(
        step_size: T,
        inner_steps: u32,
        [friction, inverse_mass]: [T; 2],
    ) -> Result<Self, ParameterError<T>> {
        Self::new(step_size, inner_steps, friction, inverse_mass)
    }
}

/// A stepper that kernels are made of: one of this crate, since launches trust its name.
///
/// ```
/// use poisson_midpoint::EulerMaruyama;
/// use poisson_midpoint::kernel::{KernelScheme, KernelStepper};
/// use poisson_midpoint::scheme::Underdamped;
/// type Scheme = Underdamped<f32>;
/// assert_eq!(<EulerMaruyama<Scheme> as KernelStepper<3>>::NAME, "em");
/// assert_eq!(Scheme::NAME, "underdamped");
/// ```
pub trait KernelStepper<const D: usize>: Stepper<D, Scheme: KernelScheme> + Sealed {
    /// Its part of a kernel's name.
    const NAME: &'static str;

    /// Its parameters.
    fn method(&self) -> Method<RealOf<Self::Scheme>>;
}

impl<S: KernelScheme + Process<D>, const D: usize> KernelStepper<D> for EulerMaruyama<S> {
    const NAME: &'static str = "em";

    fn method(&self) -> Method<S::Real> {
        self.into()
    }
}

impl<S: KernelScheme + Process<D>, const D: usize> KernelStepper<D> for PoissonMidpoint<S> {
    const NAME: &'static str = "pmm";

    fn method(&self) -> Method<S::Real> {
        self.into()
    }
}

/// A stepper's parameters, to be handed to a kernel by value.
///
/// It carries what is dear to make from them, so that a million threads need not each make it.
///
/// ```
/// use poisson_midpoint::kernel::Method;
/// use poisson_midpoint::scheme::Overdamped;
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
    parameters: [T; 2],
    inner_steps: u32,
    /// 0 for Bernoulli, 1 for Single.
    law: u32,
    gap_scale: u64,
}

impl<T: Real> Method<T> {
    fn of<S: KernelScheme<Real = T>>(scheme: &S, midpoints: Midpoints) -> Self {
        Self {
            step_size: scheme.step_size(),
            parameters: scheme.parameters(),
            inner_steps: scheme.inner_steps(),
            law: match midpoints.law() {
                MidpointLaw::Bernoulli => 0,
                MidpointLaw::Single => 1,
            },
            gap_scale: midpoints.gap_scale(),
        }
    }

    /// The scheme.
    #[inline]
    fn scheme<S: KernelScheme<Real = T>>(&self) -> Result<S, ParameterError<T>> {
        S::from_parameters(self.step_size, self.inner_steps, self.parameters)
    }
}

/// The stepper that the method was made from, or one with its step size, K and parameters; an error
/// if these do not suit the scheme.
impl<T: Real, S: KernelScheme<Real = T>> TryFrom<&Method<T>> for EulerMaruyama<S> {
    type Error = ParameterError<T>;

    #[inline]
    fn try_from(method: &Method<T>) -> Result<Self, ParameterError<T>> {
        Ok(Self::new(method.scheme()?))
    }
}

/// The stepper that the method was made from, or one with its step size, K, law and parameters; an
/// error if these do not suit the scheme.
impl<T: Real, S: KernelScheme<Real = T>> TryFrom<&Method<T>> for PoissonMidpoint<S> {
    type Error = ParameterError<T>;

    #[inline]
    fn try_from(method: &Method<T>) -> Result<Self, ParameterError<T>> {
        let law = match method.law {
            0 => MidpointLaw::Bernoulli,
            _ => MidpointLaw::Single,
        };
        let midpoints = Midpoints::from_gap_scale(law, method.inner_steps, method.gap_scale);
        Ok(Self::from_midpoints(method.scheme()?, midpoints))
    }
}

impl<T: Real, S: KernelScheme<Real = T>> From<&EulerMaruyama<S>> for Method<T> {
    fn from(stepper: &EulerMaruyama<S>) -> Self {
        let scheme = stepper.scheme();
        // Read by no kernel of this method.
        let midpoints = Midpoints::from_gap_scale(MidpointLaw::Single, scheme.inner_steps(), 0);
        Self::of(scheme, midpoints)
    }
}

impl<T: Real, S: KernelScheme<Real = T>> From<&PoissonMidpoint<S>> for Method<T> {
    fn from(stepper: &PoissonMidpoint<S>) -> Self {
        Self::of(stepper.scheme(), *stepper.midpoints())
    }
}
