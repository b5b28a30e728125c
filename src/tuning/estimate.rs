//! A bias estimated from the differences of coupled particles.

use crate::numeric::order::absolute;
use crate::real::Real;
use crate::statistics::Moments;

/// Standard errors that must fit between the estimated bias and the wanted one: one false alarm in 740.
const DEVIATIONS: u32 = 3;
/// Independent values of a statistic that each particle goes through, before they count.
const INDEPENDENT: u32 = 8;

/// One statistic of one particle over half a round.
#[derive(Clone, Copy)]
pub(super) struct Half<T> {
    /// The coarse state's value minus the fine one's.
    pub(super) difference: Moments<T>,
    /// The fine state's value.
    pub(super) value: Moments<T>,
}

impl<T: Real> Half<T> {
    pub(super) const fn new() -> Self {
        Self {
            difference: Moments::new(),
            value: Moments::new(),
        }
    }
}

/// One statistic over one round.
#[derive(Clone, Copy)]
pub(super) struct Sums<T> {
    /// Each particle's mean difference of the coarse and the fine state.
    differences: Moments<T>,
    /// Each particle's mean in the fine state.
    averages: Moments<T>,
    /// All values in the fine state.
    values: Moments<T>,
    /// By how much each particle's mean difference, and its mean in the fine state, changed from the first half of the
    /// round to the second.
    changes: [Moments<T>; 2],
}

impl<T: Real> Sums<T> {
    pub(super) const fn new() -> Self {
        Self {
            differences: Moments::new(),
            averages: Moments::new(),
            values: Moments::new(),
            changes: [Moments::new(); 2],
        }
    }

    /// Adds the two halves of one particle; `None` where one of their means is not finite.
    pub(super) fn add(&mut self, (first, second): (&Half<T>, &Half<T>)) -> Option<()> {
        let (mut difference, mut value) = (first.difference, first.value);
        difference.merge(&second.difference);
        value.merge(&second.value);
        self.differences.push(difference.mean()?).ok()?;
        self.averages.push(value.mean()?).ok()?;
        self.values.merge(&value);
        let [of_difference, of_value] = &mut self.changes;
        of_difference
            .push(second.difference.mean()? - first.difference.mean()?)
            .ok()?;
        of_value
            .push(second.value.mean()? - first.value.mean()?)
            .ok()
    }

    /// Bias and standard error in the statistic's standard deviations, by Richardson's extrapolation.
    ///
    /// A statistic that is constant has no bias.
    pub(super) fn estimate(&self, statistic: usize, weak_order: u32) -> Option<Estimate<T>> {
        let variance = self.values.variance()?;
        let (mean, error) = (self.differences.mean()?, self.differences.standard_error()?);
        let remembered = self.averages.variance()? * T::from_u32(INDEPENDENT);
        // The difference does not show the half step's own bias, 2^−p of the whole step's.
        let whole: T = T::from_u32(1 << weak_order);
        let scale = whole / (whole - T::ONE) / variance.sqrt();
        // A transient is common to all particles: a change that they share is not noise.
        let mut is_mixed = remembered <= variance;
        for change in &self.changes {
            let margin = change.standard_error()? * T::from_u32(DEVIATIONS);
            is_mixed &= absolute(change.mean()?) <= margin;
        }
        let varies = variance > T::ZERO;
        let scale = if varies { scale } else { T::ZERO };
        Some(Estimate {
            statistic,
            bias: mean * scale,
            error: error * scale,
            is_mixed,
        })
    }
}

/// The bias of the worst statistic at a step size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Estimate<T> {
    pub(super) statistic: usize,
    pub(super) bias: T,
    pub(super) error: T,
    /// Whether every statistic of every particle went through enough independent values, with nothing left of the
    /// start.
    pub(super) is_mixed: bool,
}

impl<T: Real> Estimate<T> {
    fn margin(&self) -> T {
        self.error * T::from_u32(DEVIATIONS)
    }

    /// An upper bound of the absolute bias.
    pub(super) fn upper(&self) -> T {
        absolute(self.bias) + self.margin()
    }

    /// Whether the states are so far from the target's that a run cannot go on from them.
    pub(super) fn is_astray(&self) -> bool {
        absolute(self.bias) >= T::ONE
    }

    /// The worse of two statistics, and whether both are mixed.
    pub(super) fn or_worse(self, other: Self) -> Self {
        let is_mixed = self.is_mixed && other.is_mixed;
        let worse = if other.upper() > self.upper() {
            other
        } else {
            self
        };
        Self { is_mixed, ..worse }
    }

    /// Whether the bias is known well enough to go on to another step size, or to stay.
    pub(super) fn decides(&self, wanted: T) -> bool {
        let is_too_large = absolute(self.bias) - self.margin() > wanted;
        let is_known = self.margin() * T::TWO <= wanted;
        is_too_large || (self.is_mixed && is_known)
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    fn half(differences: &[f64], values: &[f64]) -> Half<f64> {
        let mut half = Half::new();
        for &difference in differences {
            half.difference.push(difference).unwrap();
        }
        for &value in values {
            half.value.push(value).unwrap();
        }
        half
    }

    /// The estimate from two particles, each with this first and second half.
    fn estimate(particles: &[[Half<f64>; 2]; 2], weak_order: u32) -> Estimate<f64> {
        let mut sums = Sums::new();
        for [first, second] in particles {
            sums.add((first, second)).unwrap();
        }
        sums.estimate(5, weak_order).unwrap()
    }

    #[test]
    fn by_hand() {
        let particle = |difference, spread: f64| {
            let half = half(&[difference], &[-spread, spread]);
            [half, half]
        };
        // Differences 0.3 and 0.5, eight values of ±2: variance 32/7.
        let found = estimate(&[particle(0.3, 2.0), particle(0.5, 2.0)], 1);
        let deviation = (32.0_f64 / 7.0).sqrt();
        assert!((found.bias - 0.4 * 2.0 / deviation).abs() < 1e-15);
        assert!((found.error - 0.1 * 2.0 / deviation).abs() < 1e-15);
        assert_eq!((found.statistic, found.is_mixed), (5, true));
        // Order 2: four thirds in place of twice.
        let second = estimate(&[particle(0.3, 2.0), particle(0.5, 2.0)], 2);
        assert!((second.bias / found.bias - 2.0 / 3.0).abs() < 1e-15);
        // A statistic that never changes has no bias.
        let constant = estimate(&[particle(0.0, 0.0), particle(0.0, 0.0)], 1);
        assert_eq!((constant.bias, constant.error), (0.0, 0.0));
        assert!(constant.is_mixed);
    }

    /// If the means of particles vary by more than an eighth of the variance, they have not seen eight values each.
    #[test]
    fn particles_that_stay_apart_are_not_mixed() {
        let particle = |centre: f64| {
            let half = half(&[0.0], &[centre - 1.0, centre + 1.0]);
            [half, half]
        };
        for (centre, is_mixed) in [(0.2, true), (0.3, false), (2.0, false)] {
            // Variance of the means 2 c², of the eight values (8 + 8 c²)/7.
            let found = estimate(&[particle(-centre), particle(centre)], 1);
            assert_eq!(found.is_mixed, is_mixed, "{centre}");
        }
    }

    /// A change that particles share from the first half to the second is a transient.
    #[test]
    fn a_transient_is_told_from_noise() {
        let particle = |changes: [f64; 2]| {
            let [difference, value] = changes;
            [
                half(&[0.0], &[-9.0, 9.0]),
                half(&[difference], &[value - 9.0, value + 9.0]),
            ]
        };
        // Two changes about their mean m by 0.1: the standard error is 0.1.
        for (mean, is_mixed) in [(0.29, true), (0.31, false), (-0.29, true), (-0.31, false)] {
            let changes = [mean - 0.1, mean + 0.1];
            let of_value = estimate(&changes.map(|change| particle([0.0, change])), 1);
            let of_difference = estimate(&changes.map(|change| particle([change, 0.0])), 1);
            assert_eq!(
                (of_value.is_mixed, of_difference.is_mixed),
                (is_mixed, is_mixed)
            );
        }
    }

    #[test]
    fn the_worse_of_two() {
        let with = |statistic, bias, is_mixed| Estimate {
            statistic,
            bias,
            error: 0.1,
            is_mixed,
        };
        let worse = |a: Estimate<f64>, b| {
            let Estimate {
                statistic,
                is_mixed,
                ..
            } = a.or_worse(b);
            (statistic, is_mixed)
        };
        assert_eq!(worse(with(0, 0.2, true), with(1, -0.3, true)), (1, true));
        assert_eq!(worse(with(0, -0.4, true), with(1, 0.3, false)), (0, false));
        assert_eq!(worse(with(0, 0.4, false), with(1, 0.3, true)), (0, false));
        // Of two that are equally bad, the first.
        assert_eq!(worse(with(0, 0.3, true), with(1, 0.3, true)), (0, true));
        assert!(with(0, 1.0, true).is_astray() && with(0, -1.5, true).is_astray());
        assert!(!with(0, 0.9, true).is_astray());
    }

    #[test]
    fn what_decides() {
        let decides = |bias, error, is_mixed| {
            let known = Estimate {
                statistic: 0,
                bias,
                error,
                is_mixed,
            };
            known.decides(0.125)
        };
        // The bias is more than three errors above what is wanted, mixed or not.
        assert!(decides(0.5, 0.0625, false) && decides(-0.5, 0.0625, false));
        assert!(!decides(0.3125, 0.0625, false) && !decides(0.25, 0.0625, true));
        // Six errors fit within what is wanted.
        assert!(decides(0.0, 0.0625 / 3.0, true) && !decides(0.0, 0.0625 / 3.0, false));
        assert!(!decides(0.0, 0.022, true));
    }
}
