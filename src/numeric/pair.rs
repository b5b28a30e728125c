//! A sum that is kept in two numbers.

use crate::real::Real;

/// A sum that keeps in `low` what `high` has no room for, with about twice the digits of one number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub(crate) struct Pair<T> {
    pub(crate) high: T,
    pub(crate) low: T,
}

impl<T: Real> Pair<T> {
    pub(crate) const ZERO: Self = Self {
        high: T::ZERO,
        low: T::ZERO,
    };

    /// This sum with a number added: the error of the large sum is found exactly (Knuth's two-sum) and kept.
    #[must_use]
    pub(crate) fn plus(self, value: T) -> Self {
        let sum = self.high + value;
        let part = sum - self.high;
        let error = (self.high - (sum - part)) + (value - part);
        let low = self.low + error;
        // Keeps the low part below half a unit in the last place of the high part, which is then the nearest number.
        let high = sum + low;
        Self {
            high,
            low: low - (high - sum),
        }
    }

    /// This sum with another sum added.
    #[must_use]
    pub(crate) fn plus_pair(self, other: Self) -> Self {
        self.plus(other.low).plus(other.high)
    }

    /// By how much a number exceeds this sum.
    pub(crate) fn below(self, value: T) -> T {
        (value - self.high) - self.low
    }

    /// By how much another sum exceeds this one.
    pub(crate) fn below_pair(self, other: Self) -> T {
        (other.high - self.high) + (other.low - self.low)
    }

    /// The number nearest to the sum.
    pub(crate) fn value(self) -> T {
        self.high
    }
}

#[cfg(test)]
mod tests {
    use super::Pair;

    #[test]
    fn what_has_no_room_is_kept() {
        let sum = [1.0_f32, 1e-9, 1e-9, -1.0]
            .into_iter()
            .fold(Pair::ZERO, Pair::plus);
        assert!((sum.value() / 2e-9 - 1.0).abs() < 1e-6);
        // The other way round: the first is the smaller one.
        let sum = [1e-9_f32, 1.0, 1e-9, -1.0]
            .into_iter()
            .fold(Pair::ZERO, Pair::plus);
        assert!((sum.value() / 2e-9 - 1.0).abs() < 1e-6);
        let most = Pair::ZERO.plus(f32::MAX);
        assert_eq!(most.plus(f32::MIN), Pair::ZERO);
    }

    /// A thousand numbers of all sizes, against a sum in f64.
    #[test]
    fn a_sum_has_twice_the_digits() {
        let (mut sum, mut exact) = (Pair::ZERO, 0.0);
        for n in 1..=1000_u16 {
            let value = (f32::from(n) * 0.37).sin() * f32::from(n % 17).exp();
            sum = sum.plus(value);
            exact += f64::from(value);
        }
        let found = f64::from(sum.high) + f64::from(sum.low);
        assert!((found / exact - 1.0).abs() < 1e-11, "{found} {exact}");
    }

    #[test]
    fn differences_are_of_both_parts() {
        let of = |values: [f32; 2]| values.into_iter().fold(Pair::ZERO, Pair::plus);
        let (a, b) = (of([1e6, 0.01]), of([1e6 + 0.125, 0.02]));
        assert!((a.below_pair(b) - 0.135).abs() < 1e-6 && (b.below_pair(a) + 0.135).abs() < 1e-6);
        assert!((a.below(1e6) + 0.01).abs() < 1e-6 && (a.below(1e6 + 0.125) - 0.115).abs() < 1e-6);
        let both = a.plus_pair(b);
        assert!((both.below(2e6 + 0.125) + 0.03).abs() < 1e-6);
    }
}
