//! Which training steps a sampler visits.

use heapless::Vec;

use super::NoiseSchedule;
use super::error::TimestepsError;
use crate::Real;

/// A strictly decreasing list of training steps t₀ > t₁ > … > tₙ: n steps (t, s), each from one entry
/// to the next, with room for N entries.
///
/// Step 0 is the data, where a sampler for images ends. For the Poisson midpoint method the entries are
/// the boundaries of the macro steps, and t − s is the number K of inner steps of each.
///
/// The builders space `steps` steps from T, or just below it, down to 0. Where their formula would
/// put two entries on one training step, they are moved apart by as little as will do.
///
/// ```
/// use poisson_midpoint::diffusion::Timesteps;
/// let timesteps = Timesteps::<5>::quadratic(4, 1000)?;
/// let pairs: Vec<_> = timesteps.pairs().collect();
/// assert_eq!(pairs, [(1000, 563), (563, 250), (250, 63), (63, 0)]);
/// # Ok::<(), poisson_midpoint::diffusion::TimestepsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timesteps<const N: usize> {
    list: Vec<u32, N>,
}

impl<const N: usize> Timesteps<N> {
    /// A list of one's own, for a schedule of `training_steps` T.
    ///
    /// # Errors
    /// [`TimestepsError`] unless it has from 2 to N entries, strictly decreasing, the first at most T.
    pub fn new(list: &[u32], training_steps: u32) -> Result<Self, TimestepsError> {
        if let [first, _, ..] = *list {
            check_range(first, training_steps)?;
        } else {
            return Err(TimestepsError::TooFew { length: list.len() });
        }
        for (index, pair) in (1..).zip(list.windows(2)) {
            if let [before, step] = *pair
                && step >= before
            {
                return Err(TimestepsError::NotDecreasing {
                    index,
                    step,
                    before,
                });
            }
        }
        let list =
            Vec::from_slice(list).map_err(|_| too_many(list.len() - 1, N.saturating_sub(1)))?;
        Ok(Self { list })
    }

    /// The list whose steps are the given pairs (t, s).
    ///
    /// # Errors
    /// [`TimestepsError`] as for [`new`](Self::new), or if a pair does not start where the one before
    /// it ended.
    pub fn from_pairs(pairs: &[(u32, u32)], training_steps: u32) -> Result<Self, TimestepsError> {
        let mut list = Vec::<u32, N>::new();
        for (index, &(from, to)) in pairs.iter().enumerate() {
            let full = |_| too_many(pairs.len(), N.saturating_sub(1));
            match list.last() {
                None => list.push(from).map_err(full)?,
                Some(&before) if before != from => {
                    return Err(TimestepsError::Gap {
                        index,
                        from,
                        before,
                    });
                }
                Some(_) => {}
            }
            list.push(to).map_err(full)?;
        }
        Self::new(&list, training_steps)
    }

    /// From T down to 0 in equal steps, as nearly as integers allow; the spacing that libraries call
    /// trailing. With `steps` = T, all training steps.
    ///
    /// # Errors
    /// [`TimestepsError`] unless 1 ≤ `steps` ≤ T and N > `steps`.
    pub fn uniform(steps: u32, training_steps: u32) -> Result<Self, TimestepsError> {
        Self::build(steps, training_steps, |j| {
            round_ratio(training_steps, j, steps)
        })
    }

    /// t = 1 + j·⌊T/`steps`⌋, j = `steps` − 1, …, 0, and 0: the spacing called leading, which starts
    /// well below T.
    ///
    /// # Errors
    /// [`TimestepsError`] unless 1 ≤ `steps` ≤ T and N > `steps`.
    pub fn leading(steps: u32, training_steps: u32) -> Result<Self, TimestepsError> {
        let stride = training_steps.checked_div(steps).unwrap_or(0);
        Self::build(steps, training_steps, |j| 1 + (j - 1) * stride)
    }

    /// From T down to 1 in `steps` − 1 equal steps, and on to 0: the spacing called linspace.
    ///
    /// # Errors
    /// [`TimestepsError`] unless 1 ≤ `steps` ≤ T and N > `steps`.
    pub fn linspace(steps: u32, training_steps: u32) -> Result<Self, TimestepsError> {
        Self::build(steps, training_steps, |j| match steps {
            1 => training_steps,
            _ => 1 + round_ratio(training_steps - 1, j - 1, steps - 1),
        })
    }

    /// t = T (j/`steps`)², j = `steps`, …, 0: short steps near the data, where most changes.
    ///
    /// # Errors
    /// [`TimestepsError`] unless 1 ≤ `steps` ≤ T and N > `steps`.
    pub fn quadratic(steps: u32, training_steps: u32) -> Result<Self, TimestepsError> {
        let square = |j: u32| u128::from(j) * u128::from(j);
        Self::build(steps, training_steps, |j| {
            let (numerator, denominator) = (u128::from(training_steps) * square(j), square(steps));
            // At most T.
            u32::try_from((2 * numerator + denominator) / (2 * denominator)).unwrap_or(u32::MAX)
        })
    }

    /// From T to 1 with equal steps in λ, half the log-SNR, and on to 0: the spacing that the papers
    /// on DPM-Solver recommend for small images.
    ///
    /// # Errors
    /// [`TimestepsError`] unless 1 ≤ `steps` ≤ T and N > `steps`.
    pub fn log_snr<T: Real>(
        steps: u32,
        schedule: &impl NoiseSchedule<T>,
    ) -> Result<Self, TimestepsError> {
        let training_steps = schedule.training_steps();
        let last = schedule.level(1).half_log_snr();
        let first = schedule.level(training_steps).half_log_snr();
        Self::build(steps, training_steps, |j| {
            let share = T::from_u32(j - 1) / T::from_u32(steps.max(2) - 1);
            match steps {
                1 => training_steps,
                _ => schedule.nearest(last + (first - last) * share, 1, training_steps),
            }
        })
    }

    /// The list of place(`steps`), …, place(1), 0, with entries moved apart where they coincide.
    fn build(
        steps: u32,
        training_steps: u32,
        place: impl Fn(u32) -> u32,
    ) -> Result<Self, TimestepsError> {
        let most = training_steps.min(u32::try_from(N.saturating_sub(1)).unwrap_or(u32::MAX));
        if steps == 0 {
            return Err(TimestepsError::TooFew { length: 1 });
        }
        if steps > most {
            return Err(too_many(steps as usize, most as usize));
        }
        let mut list = Vec::<u32, N>::new();
        let full = |_| too_many(steps as usize, most as usize);
        list.push(0).map_err(full)?;
        let mut below = 0;
        for j in 1..=steps {
            // Room for the entries below and for those above.
            below = place(j).max(below + 1).min(training_steps - (steps - j));
            list.push(below).map_err(full)?;
        }
        list.reverse();
        Self::new(&list, training_steps)
    }

    /// The entries, t₀ first.
    #[must_use]
    pub fn as_slice(&self) -> &[u32] {
        &self.list
    }

    /// The steps (t, s), in the order they are taken.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.list.windows(2).filter_map(|pair| match *pair {
            [from, to] => Some((from, to)),
            _ => None,
        })
    }
}

#[cfg(feature = "defmt")]
impl<const N: usize> defmt::Format for Timesteps<N> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Timesteps {=[?]}", self.as_slice());
    }
}

/// Whether a schedule has the training step that a list starts at.
pub(crate) fn check_range(step: u32, training_steps: u32) -> Result<(), TimestepsError> {
    if step <= training_steps {
        Ok(())
    } else {
        Err(TimestepsError::OutOfRange {
            step,
            training_steps,
        })
    }
}

fn too_many(steps: usize, most: usize) -> TimestepsError {
    TimestepsError::TooMany { steps, most }
}

/// total·part/whole, rounded half up, for part ≤ whole.
fn round_ratio(total: u32, part: u32, whole: u32) -> u32 {
    let (product, whole) = (u64::from(total) * u64::from(part), u64::from(whole));
    u32::try_from((2 * product + whole) / (2 * whole)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builder_makes_a_list_from_one_step_to_all() {
        for training_steps in [1, 2, 3, 10, 97, 200] {
            let schedule = super::super::LinearRate::new(training_steps, 0.1_f64, 20.0).unwrap();
            for steps in (1..=training_steps).filter(|s| *s < 40 || *s > 190 || *s == 97) {
                let lists = [
                    Timesteps::<201>::uniform(steps, training_steps),
                    Timesteps::leading(steps, training_steps),
                    Timesteps::linspace(steps, training_steps),
                    Timesteps::quadratic(steps, training_steps),
                    Timesteps::log_snr(steps, &schedule),
                ];
                for list in lists {
                    let list = list.unwrap();
                    assert_eq!(list.pairs().count(), steps as usize);
                    assert_eq!(list.as_slice().last(), Some(&0));
                }
            }
        }
    }

    #[test]
    fn a_list_that_holds_nothing_refuses() {
        let too_many = TimestepsError::TooMany { steps: 1, most: 0 };
        assert_eq!(Timesteps::<0>::new(&[1, 0], 1), Err(too_many));
        assert_eq!(Timesteps::<1>::new(&[1, 0], 1), Err(too_many));
        assert_eq!(Timesteps::<0>::uniform(1, 1), Err(too_many));
    }
}
