//! Step sizes that decrease like a power of their number.

use core::fmt;

use crate::numeric::count::of_count;
use crate::real::Real;

/// The step sizes ηₙ = a (1 + n/b)^−γ, n = 0, 1, 2, …
///
/// With them the bias vanishes as a chain goes on, whereas a constant step size has a bias that stays: since their sum
/// diverges (γ ≤ 1), the chain gets everywhere, and since ηₙ → 0, it converges to the target (for the Poisson midpoint
/// method, arXiv 2511.13085). Averages along such a chain weight each state by its step size (Lamberton & Pagès 2002).
/// b is the number of steps after which the size has gone down to 2^−γ of a.
///
/// Each step size costs a logarithm and an exponential, and the coefficients of a new stepper besides: on a small
/// machine, hold each step size for many steps.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::dynamics::Overdamped;
/// use poisson_midpoint::random::Stream;
/// use poisson_midpoint::step_sizes::{Clock, PolynomialDecay};
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, Stepper};
/// let sizes = PolynomialDecay::new(0.5_f64, 100.0, 1.0 / 3.0)?;
/// let (mut x, mut stream, mut clock) = (vector![0.0], Stream::new(42, 0), Clock::new(0.0));
/// let mut square = 0.0;
/// for step_size in sizes.iter().take(20_000) {
///     let stepper = PoissonMidpoint::new(Overdamped::new(step_size, 1000)?, MidpointLaw::Single);
///     let _ = stepper.step(clock.time(), &mut x, |_time, x| -x, &mut stream)?;
///     clock.advance(step_size);
///     square += step_size * x[0] * x[0];
/// }
/// assert!((square / clock.time() - 1.0).abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PolynomialDecay<T> {
    first: T,
    scale: T,
    exponent: T,
}

impl<T: Real> PolynomialDecay<T> {
    /// The sizes with first step size a and scale b, positive normal numbers, and exponent γ in (0, 1].
    ///
    /// # Errors
    /// [`DecayError`] if one is out of range.
    pub fn new(first: T, scale: T, exponent: T) -> Result<Self, DecayError<T>> {
        if !first.is_positive_normal() {
            return Err(DecayError::First { value: first });
        }
        if !scale.is_positive_normal() {
            return Err(DecayError::Scale { value: scale });
        }
        if !(exponent > T::ZERO && exponent <= T::ONE) {
            return Err(DecayError::Exponent { value: exponent });
        }
        Ok(Self {
            first,
            scale,
            exponent,
        })
    }

    /// ηₙ.
    #[must_use]
    pub fn at(&self, n: u64) -> T {
        let steps: T = of_count(n);
        self.first * (-self.exponent * (steps / self.scale).ln_1p()).exp()
    }

    /// All step sizes: 2⁶⁴ of them.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<T> {
        let sizes = *self;
        (0..=u64::MAX).map(move |n| sizes.at(n))
    }
}

/// A setting of [`PolynomialDecay`] that is out of range.
///
/// ```
/// use poisson_midpoint::step_sizes::{DecayError, PolynomialDecay};
/// let error = PolynomialDecay::new(0.5, 100.0, 1.5_f32).unwrap_err();
/// assert_eq!(error, DecayError::Exponent { value: 1.5 });
/// assert_eq!(error.to_string(), "exponent 1.5e0 is not in (0, 1]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DecayError<T> {
    /// The first step size.
    First {
        /// What it was.
        value: T,
    },
    /// The scale.
    Scale {
        /// What it was.
        value: T,
    },
    /// The exponent.
    Exponent {
        /// What it was.
        value: T,
    },
}

impl<T: Real> fmt::Display for DecayError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First { value } => {
                write!(
                    f,
                    "first step size {value:e} is no normal number in (0, inf)"
                )
            }
            Self::Scale { value } => write!(f, "scale {value:e} is no normal number in (0, inf)"),
            Self::Exponent { value } => write!(f, "exponent {value:e} is not in (0, 1]"),
        }
    }
}

impl<T: Real> core::error::Error for DecayError<T> {}
