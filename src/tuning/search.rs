//! Which step size comes next.

use core::ops::ControlFlow;

use super::estimate::Estimate;
use super::{Tuned, TuningError};
use crate::numeric::order::{larger, smaller};
use crate::real::Real;

/// How far below the largest step size a step that does not fail is looked for: down to 2⁻⁴⁰ of it.
const HALVINGS: u32 = 40;

/// A search between a step size that is small enough and one that is not.
pub(super) struct Search<T> {
    wanted: T,
    step_size: T,
    too_large: Option<T>,
    small_enough: Option<Found<T>>,
    /// The last step size of which something is known.
    last: Option<Found<T>>,
    failures: u32,
}

/// A step size with its bias.
#[derive(Clone, Copy)]
pub(super) struct Found<T> {
    step_size: T,
    estimate: Estimate<T>,
}

impl<T: Real> Found<T> {
    pub(super) fn tuned(&self, drift_calls: u64) -> Tuned<T> {
        let Estimate {
            statistic,
            bias,
            error,
            ..
        } = self.estimate;
        Tuned {
            step_size: self.step_size,
            bias,
            error,
            statistic,
            drift_calls,
        }
    }
}

impl<T: Real> Search<T> {
    pub(super) fn new(wanted: T, largest: T) -> Self {
        Self {
            wanted,
            step_size: largest,
            too_large: None,
            small_enough: None,
            last: None,
            failures: 0,
        }
    }

    /// The step size to try next.
    pub(super) fn step_size(&self) -> T {
        self.step_size
    }

    /// Takes note of the bias at this step size.
    pub(super) fn judged(
        &mut self,
        estimate: Estimate<T>,
        weak_order: u32,
    ) -> ControlFlow<Found<T>> {
        let found = Found {
            step_size: self.step_size,
            estimate,
        };
        self.last = Some(found);
        let upper = estimate.upper();
        if upper <= self.wanted {
            self.small_enough = Some(found);
            if upper >= self.wanted * of(2, 3) {
                return ControlFlow::Break(found);
            }
        } else {
            self.too_large = Some(self.step_size);
        }
        // The bias goes with the step size to the weak order; aim a little below what is wanted.
        let ratio = self.wanted * of(4, 5) / upper;
        self.next((ratio.ln() / T::from_u32(weak_order)).exp())
    }

    /// Takes note that a step of this size has failed, or has gone where a statistic is not finite.
    pub(super) fn failed(
        &mut self,
        error: TuningError<T>,
    ) -> Result<ControlFlow<Found<T>>, TuningError<T>> {
        self.failures += 1;
        self.too_large = Some(self.step_size);
        if self.failures > HALVINGS {
            return Err(error);
        }
        Ok(self.next(of(1, 2)))
    }

    /// The result if the budget is used up.
    pub(super) fn interrupted(&self, drift_calls: u64) -> Result<Tuned<T>, TuningError<T>> {
        match self.small_enough {
            Some(found) => Ok(found.tuned(drift_calls)),
            None => Err(TuningError::Budget {
                step_size: self.step_size,
                drift_calls,
                last: self.last.map(|found| found.tuned(drift_calls)),
            }),
        }
    }

    /// Goes on to this many times the step size, or to the middle of where the answer lies.
    fn next(&mut self, factor: T) -> ControlFlow<Found<T>> {
        // NaN is taken for the least factor.
        let factor = larger(factor, of(1, 4));
        match (self.small_enough, self.too_large) {
            (Some(found), None) => return ControlFlow::Break(found),
            (Some(found), Some(large)) => {
                let small = found.step_size;
                if large <= small * of(5, 4) {
                    return ControlFlow::Break(found);
                }
                let proposed = self.step_size * factor;
                let is_between = proposed >= small * of(11, 10) && proposed <= large * of(10, 11);
                let middle = small * (large / small).sqrt();
                self.step_size = if is_between { proposed } else { middle };
            }
            (None, _) => self.step_size *= smaller(factor, of(9, 10)),
        }
        ControlFlow::Continue(())
    }
}

fn of<T: Real>(numerator: u32, denominator: u32) -> T {
    T::from_u32(numerator) / T::from_u32(denominator)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    /// A bias that is known without error.
    fn known(bias: f64) -> Estimate<f64> {
        Estimate {
            statistic: 0,
            bias,
            error: 0.0,
            is_mixed: true,
        }
    }

    /// Tells a search for a bias of 0.1, from a step size of 1 on, this bias; returns whether it has ended.
    fn judge(search: &mut Search<f64>, bias: f64, weak_order: u32) -> bool {
        let before = search.step_size();
        match search.judged(known(bias), weak_order) {
            ControlFlow::Break(found) => {
                assert_eq!(search.step_size(), before);
                found.step_size == before
            }
            ControlFlow::Continue(()) => false,
        }
    }

    /// The step size that follows a step size of 1 with this bias.
    fn second(bias: f64, weak_order: u32) -> f64 {
        let mut search = Search::new(0.1, 1.0);
        assert!(!judge(&mut search, bias, weak_order));
        search.step_size()
    }

    #[test]
    fn a_bias_goes_with_the_step_size_to_the_weak_order() {
        for (bias, weak_order, expected) in [
            (0.2, 1, 0.4),
            (-0.2, 1, 0.4),
            (0.2, 2, 0.4_f64.sqrt()),
            // Never less than a quarter, nor more than nine tenths.
            (100.0, 1, 0.25),
            (f64::INFINITY, 1, 0.25),
            (0.1001, 3, 0.9),
        ] {
            assert!((second(bias, weak_order) - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn what_is_small_enough_ends_the_search() {
        // It ends at the largest step size of all, however small the bias, and where the bias is between two thirds of
        // what is wanted and the whole of it.
        for bias in [0.0, 0.05, 0.07, 0.0999] {
            assert!(judge(&mut Search::new(0.1, 1.0), bias, 1), "{bias}");
        }
        let mut search = Search::new(0.1, 1.0);
        assert!(!judge(&mut search, 0.3, 1));
        assert!(judge(&mut search, 0.068, 1));
    }

    #[test]
    fn between_two_step_sizes_it_goes_where_the_bias_is_expected() {
        let mut search = Search::new(0.1, 1.0);
        // The rule gives a fifth; a quarter is the least.
        assert!(!judge(&mut search, 0.4, 1));
        assert_eq!(search.step_size(), 0.25);
        // 0.08/0.04: twice the step size.
        assert!(!judge(&mut search, 0.04, 1));
        assert!((search.step_size() - 0.5).abs() < 1e-12);
        // Now 0.08/0.16 leads to where the search has been, so it takes the middle.
        assert!(!judge(&mut search, 0.16, 1));
        assert!((search.step_size() - 0.125_f64.sqrt()).abs() < 1e-12);
        // The rule leads beyond what is too large: the middle again.
        assert!(!judge(&mut search, 0.01, 1));
        let small = 0.125_f64.sqrt();
        assert!((search.step_size() - (small * 0.5).sqrt()).abs() < 1e-12);
        // A factor of 1.19 apart, they are close enough.
        assert!(!judge(&mut search, 0.2, 1));
        let found = search.interrupted(0).unwrap();
        assert!((found.step_size - small).abs() < 1e-12 && found.bias == 0.01);
    }

    #[test]
    fn close_enough_is_a_quarter() {
        for (small, ends) in [(0.79, false), (0.81, true)] {
            let mut search = Search::new(0.1, 1.0);
            assert!(!judge(&mut search, 0.2, 1));
            search.step_size = small;
            let ended = search.judged(known(0.01), 1).is_break();
            assert_eq!(ended, ends, "{small}");
        }
        // A proposal within a tenth of either end is not taken, but the middle: of 0.5 and 1, with order 1.
        for (bias, expected) in [
            (0.066, 0.5 * 0.08 / 0.066),
            (0.08 / 1.8, 0.5 * 1.8),
            (0.08 / 1.83, 0.5_f64.sqrt()),
            (0.0001, 0.5_f64.sqrt()),
        ] {
            let mut search = Search::new(0.1, 1.0);
            assert!(!judge(&mut search, 0.2, 1));
            search.step_size = 0.5;
            assert!(!judge(&mut search, bias, 1));
            assert!((search.step_size() - expected).abs() < 1e-12, "{bias}");
        }
        let mut search = Search::new(0.1, 1.0);
        assert!(!judge(&mut search, 0.2, 1));
        search.step_size = 0.5;
        assert!(!judge(&mut search, 0.066, 8));
        assert!((search.step_size() - 0.5_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn failures_halve_the_step_size_to_an_end() {
        let error = TuningError::Particles { count: 0 };
        let mut search = Search::new(0.1, 1.0);
        for n in 1..=40 {
            assert!(search.failed(error).unwrap().is_continue());
            assert_eq!(search.step_size(), 0.5_f64.powi(n));
        }
        assert_eq!(search.failed(error).err(), Some(error));
        // A step size that fails is too large.
        let mut search = Search::new(0.1, 1.0);
        assert!(search.failed(error).is_ok());
        assert!(!judge(&mut search, 0.04, 1));
        assert!((search.step_size() - 0.5_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn interrupted_it_has_what_it_found() {
        let mut search = Search::new(0.1, 1.0);
        let nothing = TuningError::Budget {
            step_size: 1.0,
            drift_calls: 7,
            last: None,
        };
        assert_eq!(search.interrupted(7), Err(nothing));
        assert!(!judge(&mut search, 0.2, 1));
        let last = Tuned {
            step_size: 1.0,
            bias: 0.2,
            error: 0.0,
            statistic: 0,
            drift_calls: 8,
        };
        let too_large = TuningError::Budget {
            step_size: search.step_size(),
            drift_calls: 8,
            last: Some(last),
        };
        assert_eq!(search.interrupted(8), Err(too_large));
    }
}
