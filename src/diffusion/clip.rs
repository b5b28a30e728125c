//! Keeps the data that a network predicts within the range of real data.

use super::error::SamplerError;
use crate::numeric::order::{absolute, larger};
use crate::real::Real;

/// A bound on the predicted data x₀, for data of known range.
///
/// ```
/// use poisson_midpoint::diffusion::Clip;
/// let clip = Clip::range(1.0_f32)?;
/// assert!(Clip::dynamic(1.5_f32, 1.0).is_err());
/// # Ok::<(), poisson_midpoint::diffusion::SamplerError<f32>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Clip<T> {
    quantile: Option<T>,
    limit: T,
}

impl<T: Real> Clip<T> {
    /// Clips each component to \[−`limit`, `limit`\].
    ///
    /// # Errors
    /// [`SamplerError::Limit`] unless `limit` is in (0, ∞).
    pub fn range(limit: T) -> Result<Self, SamplerError<T>> {
        let clip = Self {
            quantile: None,
            limit,
        };
        clip.check().map(|()| clip)
    }

    /// Dynamic thresholding (Saharia et al. 2022). Let q be the `quantile` of the components' absolute values,
    /// interpolated linearly between them. If q > `limit`, each component is clipped to \[−q, q\] and scaled by
    /// `limit`/q; otherwise it is clipped to \[−`limit`, `limit`\].
    ///
    /// Costs up to 64 passes over the components for `f32` and 128 for `f64`: it sorts nothing and needs no
    /// memory.
    ///
    /// # Errors
    /// [`SamplerError`] unless `quantile` is in (0, 1] and `limit` in (0, ∞).
    pub fn dynamic(quantile: T, limit: T) -> Result<Self, SamplerError<T>> {
        let clip = Self {
            quantile: Some(quantile),
            limit,
        };
        clip.check().map(|()| clip)
    }

    fn check(&self) -> Result<(), SamplerError<T>> {
        if !(self.limit.is_finite() && self.limit > T::ZERO) {
            return Err(SamplerError::Limit(self.limit));
        }
        match self.quantile {
            Some(quantile) if !(quantile > T::ZERO && quantile <= T::ONE) => {
                Err(SamplerError::Quantile(quantile))
            }
            _ => Ok(()),
        }
    }

    /// Clips. A sample that is not finite stays as it is, or the failure would be hidden.
    pub(crate) fn apply(&self, sample: &mut [T]) {
        if !sample.iter().all(|x| x.is_finite()) {
            return;
        }
        let reach = match self.quantile {
            None => self.limit,
            Some(quantile) => larger(quantile_of_absolute(sample, quantile), self.limit),
        };
        let scale = self.limit / reach;
        for x in sample {
            let clipped = if *x > reach {
                reach
            } else if *x < -reach {
                -reach
            } else {
                *x
            };
            *x = clipped * scale;
        }
    }
}

/// The quantile of the absolute values, interpolated between the two next to it. All values are finite.
fn quantile_of_absolute<T: Real>(sample: &[T], quantile: T) -> T {
    let last = u32::try_from(sample.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let place = quantile * T::from_u32(last);
    let below = (0..32).rev().fold(0, |below: u32, bit| {
        let next = below | 1 << bit;
        if T::from_u32(next) <= place {
            next
        } else {
            below
        }
    });
    let low = order_statistic(sample, below);
    let high = order_statistic(sample, below.saturating_add(1).min(last));
    low + (high - low) * (place - T::from_u32(below))
}

/// The absolute value with exactly `rank` others below it, up to ties. Bisects the bits, which have the order of the
/// values: the result is exact, in as many passes as a scalar has bits, however far apart the values are. Not inlined,
/// so that a program's image holds it once.
#[inline(never)]
fn order_statistic<T: Real>(sample: &[T], rank: u32) -> T {
    let bits = || sample.iter().map(|&x| absolute(x).to_bits());
    // More than `rank` values are at most `high`; no more than `rank` are below `low`.
    let (mut low, mut high) = (0, bits().max().unwrap_or(0));
    while low < high {
        let middle = low + (high - low) / 2;
        if bits().filter(|&x| x <= middle).count() > rank as usize {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    T::from_bits(low)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_sorted_values() {
        let values: Vec<f64> = (0..37_u32)
            .map(|k| f64::from((k * k * 31) % 101) - 50.0)
            .collect();
        let mut sorted: Vec<f64> = values.iter().map(|x| x.abs()).collect();
        sorted.sort_by(f64::total_cmp);
        for rank in 0..37 {
            let found = order_statistic(&values, rank);
            assert_eq!(found, sorted[rank as usize], "{rank}");
        }
        // 0.995 · 36 = 35.82
        let expected = sorted[35] + 0.82 * (sorted[36] - sorted[35]);
        assert!((quantile_of_absolute(&values, 0.995) - expected).abs() < 1e-12);
        assert_eq!(quantile_of_absolute(&[-3.0], 0.5), 3.0);
        assert_eq!(quantile_of_absolute(&[0.0, 0.0, 1.0], 0.5), 0.0);
    }

    #[test]
    fn an_outlier_does_not_spoil_the_quantile() {
        let mut sample = [0.5_f64; 100];
        for outlier in [1e21, -1e300, f64::MAX] {
            sample[17] = outlier;
            assert_eq!(quantile_of_absolute(&sample, 0.5), 0.5);
        }
        let small = f32::from_bits(1);
        let sample = [small, 0.0, -0.0, -f32::MAX, 3.0 * small, -2.0 * small];
        let sorted = [0.0, 0.0, small, 2.0 * small, 3.0 * small, f32::MAX];
        for (rank, expected) in (0..).zip(sorted) {
            assert_eq!(order_statistic(&sample, rank), expected, "{rank}");
        }
    }

    #[test]
    fn a_threshold_scales_and_a_range_does_not() {
        let mut sample = [0.5, -4.0, 2.0];
        Clip::dynamic(0.5, 1.0).unwrap().apply(&mut sample);
        assert_eq!(sample, [0.25, -1.0, 1.0]);
        let mut sample = [0.5, -4.0, 2.0];
        Clip::range(1.0).unwrap().apply(&mut sample);
        assert_eq!(sample, [0.5, -1.0, 1.0]);
        let mut sample = [f64::NAN, 5.0];
        Clip::range(1.0).unwrap().apply(&mut sample);
        assert!(sample[0].is_nan());
    }
}
