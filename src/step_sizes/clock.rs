//! The time of a run.

use crate::numeric::pair::Pair;
use crate::real::Real;

/// Time as the sum of step sizes, in a pair of numbers of which the second holds what the first has no room for.
///
/// A single `f32` stands still once the time is 2²⁴ steps, and is wrong by 1 % long before that. The sum of n steps
/// has a relative error of at most n·2⁻⁴⁸ here (n·2⁻¹⁰⁶ in `f64`), beside the rounding to one number.
///
/// ```
/// use poisson_midpoint::step_sizes::Clock;
/// let (mut clock, mut plain) = (Clock::new(0.0_f32), 0.0_f32);
/// for _ in 0..1_000_000 {
///     clock.advance(0.1);
///     plain += 0.1;
/// }
/// assert_eq!((clock.time(), plain), (100_000.0, 100_958.34));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Clock<T> {
    time: Pair<T>,
}

impl<T: Real> Clock<T> {
    /// A clock that stands at a time.
    #[must_use]
    pub fn new(time: T) -> Self {
        Self {
            time: Pair::ZERO.plus(time),
        }
    }

    /// The time, to the nearest number.
    #[must_use]
    pub fn time(&self) -> T {
        self.time.value()
    }

    /// Advances by a step size, once that step has been taken.
    pub fn advance(&mut self, step_size: T) {
        self.time = self.time.plus(step_size);
    }
}
