//! Errors of construction, shared by every configuration.

use core::fmt;

use crate::real::Real;

/// A parameter of dynamics.
///
/// ```
/// use poisson_midpoint::{Parameter, dynamics::Underdamped};
/// let error = Underdamped::new(0.1_f32, 10, 0.0).unwrap_err();
/// assert_eq!(error.parameter, Parameter::Friction);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Parameter {
    /// Step size η of a macro step.
    StepSize,
    /// Inner steps K of a macro step.
    InnerSteps,
    /// Temperature.
    Temperature,
    /// Mobility.
    Mobility,
    /// Friction γ.
    Friction,
    /// Mass m.
    Mass,
    /// Linear rate λ.
    LinearRate,
    /// Diffusion coefficient σ.
    DiffusionCoefficient,
}

impl Parameter {
    const fn name(self) -> &'static str {
        match self {
            Self::StepSize => "step size",
            Self::InnerSteps => "number of inner steps",
            Self::Temperature => "temperature",
            Self::Mobility => "mobility",
            Self::Friction => "friction",
            Self::Mass => "mass",
            Self::LinearRate => "linear rate",
            Self::DiffusionCoefficient => "diffusion coefficient",
        }
    }

    const fn range(self) -> &'static str {
        match self {
            Self::InnerSteps => "[1, 4294967295]",
            Self::LinearRate => "(-inf, inf)",
            Self::DiffusionCoefficient => "[0, inf)",
            _ => "(0, inf)",
        }
    }

    /// What is wrong with a value that is in its range, but out of proportion to another parameter.
    const fn disproportion(self) -> &'static str {
        match self {
            Self::StepSize => "an inner step of it is no normal number",
            Self::Temperature => "a variance that it sets is no normal number",
            Self::Mobility => "times twice the temperature it is no normal number",
            Self::Friction => {
                "times the step size it is no normal number for an inner step, or has no finite cube"
            }
            Self::Mass => "its inverse, or the temperature over it, is no normal number",
            Self::DiffusionCoefficient => "its square is no normal number",
            Self::InnerSteps | Self::LinearRate => "it fits no other parameter",
        }
    }
}

/// A parameter outside its range, or out of proportion to another.
///
/// ```
/// use poisson_midpoint::{Parameter, ParameterError, dynamics::Overdamped};
/// let error = Overdamped::new(-0.5_f32, 10).unwrap_err();
/// assert_eq!(error, ParameterError { parameter: Parameter::StepSize, value: -0.5 });
/// assert_eq!(error.to_string(), "step size -0.5 is not in (0, inf)");
/// let error = Overdamped::new(1e-38_f32, 10).unwrap_err();
/// let because = "an inner step of it is no normal number";
/// assert_eq!(error.to_string(), format!("step size {} is in (0, inf), but {because}", 1e-38_f32));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ParameterError<T> {
    /// Which parameter.
    pub parameter: Parameter,
    /// Its value.
    pub value: T,
}

impl<T: Real> fmt::Display for ParameterError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parameter, value } = *self;
        let (name, range) = (parameter.name(), parameter.range());
        if value > T::ZERO && value.is_finite() {
            let because = parameter.disproportion();
            write!(f, "{name} {value} is in {range}, but {because}")
        } else {
            write!(f, "{name} {value} is not in {range}")
        }
    }
}

impl<T: Real> core::error::Error for ParameterError<T> {}

impl Parameter {
    /// The value if it is finite and `accepts` it.
    pub(crate) fn check<T: Real>(
        self,
        value: T,
        accepts: impl FnOnce(T) -> bool,
    ) -> Result<T, ParameterError<T>> {
        if value.is_finite() && accepts(value) {
            Ok(value)
        } else {
            Err(ParameterError {
                parameter: self,
                value,
            })
        }
    }

    /// The value if it is in (0, ∞).
    pub(crate) fn positive<T: Real>(self, value: T) -> Result<T, ParameterError<T>> {
        self.check(value, |value| value > T::ZERO)
    }
}
