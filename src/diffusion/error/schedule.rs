use core::fmt;

/// What a [`ScheduleError`] is about.
///
/// ```
/// use poisson_midpoint::diffusion::{Quantity, ScheduleError, ScheduleTable};
/// let error = ScheduleTable::<f32, 1>::from_alpha_bars(&[1.0]).unwrap_err();
/// assert!(matches!(error, ScheduleError::Value { quantity: Quantity::AlphaBar, .. }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Quantity {
    /// β_t, the variance of the noise that a training step adds.
    Beta,
    /// ᾱ_t, the share that is left of the data's variance.
    AlphaBar,
    /// −ln ᾱ_t.
    Exponent,
    /// A noise rate of continuous time.
    Rate,
    /// noise/signal, or the factor on noise/signal at all training steps.
    RelativeNoise,
}

/// Why numbers do not make a noise schedule.
///
/// ```
/// use poisson_midpoint::diffusion::ScheduleTable;
/// let error = ScheduleTable::<f32, 1000>::linear(0.0, 0.02).unwrap_err();
/// assert_eq!(error.to_string(), "beta 0 of training step 1 is not in (0, 1)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ScheduleError<T> {
    /// A value is out of range.
    Value {
        /// The quantity that the value is of.
        quantity: Quantity,
        /// The training step it belongs to.
        step: u32,
        /// The value.
        value: T,
    },
    /// The exponent ρ of a spacing is 0.
    Exponent,
    /// There are not as many training steps as needed.
    Length {
        /// How many there are.
        length: usize,
        /// How many there should be.
        needed: usize,
    },
}

impl<T> ScheduleError<T> {
    pub(crate) fn new(quantity: Quantity, step: u32, value: T) -> Self {
        Self::Value {
            quantity,
            step,
            value,
        }
    }
}

impl<T: fmt::Display> fmt::Display for ScheduleError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value {
                quantity,
                step,
                value,
            } => {
                let (name, range) = match quantity {
                    Quantity::Beta => ("beta", "in (0, 1)"),
                    Quantity::AlphaBar => ("alpha-bar", "in (0, 1) and below the one before"),
                    Quantity::Exponent => ("exponent", "finite and above the one before"),
                    Quantity::Rate => ("rate", "in (0, inf) and at least the one before"),
                    Quantity::RelativeNoise => {
                        ("noise/signal", "in (0, inf) and above the one before")
                    }
                };
                write!(f, "{name} {value} of training step {step} is not {range}")
            }
            Self::Exponent => write!(f, "rho 0 is not at least 1"),
            Self::Length { length, needed } => {
                write!(f, "there are {length} training steps, not {needed}")
            }
        }
    }
}

impl<T: fmt::Debug + fmt::Display> core::error::Error for ScheduleError<T> {}
