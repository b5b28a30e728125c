//! Which training steps a sampler visits.

use heapless::Vec;

use super::NoiseSchedule;
use super::error::TimestepsError;
use super::schedule::KarrasSpacing;
use crate::real::Real;

/// A strictly decreasing list of training steps t₀ > t₁ > … > tₙ: n steps (t, s), at most N, each from one
/// entry to the next.
///
/// Step 0 is the data, where a sampler for images ends. For the Poisson midpoint method the entries are
/// the boundaries of the macro steps, and t − s is the number K of inner steps of each.
///
/// The builders space `steps` steps from the schedule's last training step T, or just below it, down
/// to 0. Where their formula would put two entries on one training step, they are moved apart by as
/// little as will do.
///
/// ```
/// use poisson_midpoint::diffusion::{LinearRate, Timesteps};
/// let schedule = LinearRate::new(1000, 0.1_f32, 20.0)?;
/// let timesteps = Timesteps::<4>::quadratic(4, &schedule)?;
/// let pairs: Vec<_> = timesteps.pairs().collect();
/// assert_eq!(pairs, [(1000, 563), (563, 250), (250, 63), (63, 0)]);
/// assert_eq!(timesteps, Timesteps::new(&[1000, 563, 250, 63, 0])?);
/// # Ok::<(), poisson_midpoint::diffusion::Error<f32>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timesteps<const N: usize> {
    first: u32,
    /// Where each step ends.
    ends: Vec<u32, N>,
}

impl<const N: usize> Timesteps<N> {
    /// A list of one's own, t₀ first.
    ///
    /// # Errors
    /// [`TimestepsError`] unless it has from 2 to N + 1 entries, strictly decreasing.
    pub fn new(list: &[u32]) -> Result<Self, TimestepsError> {
        match list {
            [] => Err(TimestepsError::TooFew { length: 0 }),
            [first, ends @ ..] => Self::collect(*first, ends.iter().copied()),
        }
    }

    /// The list whose steps are the given pairs (t, s).
    ///
    /// # Errors
    /// [`TimestepsError`] unless there are from 1 to N pairs with t > s, each starting where the one
    /// before it ended.
    pub fn from_pairs(pairs: &[(u32, u32)]) -> Result<Self, TimestepsError> {
        let [(first, _), ..] = *pairs else {
            return Err(TimestepsError::TooFew { length: 0 });
        };
        for (index, pair) in (1..).zip(pairs.windows(2)) {
            if let [(_, before), (from, _)] = *pair
                && from != before
            {
                return Err(TimestepsError::Gap {
                    index,
                    from,
                    before,
                });
            }
        }
        Self::collect(first, pairs.iter().map(|&(_, to)| to))
    }

    fn collect(
        first: u32,
        ends: impl ExactSizeIterator<Item = u32>,
    ) -> Result<Self, TimestepsError> {
        let steps = ends.len();
        if steps == 0 {
            return Err(TimestepsError::TooFew { length: 1 });
        }
        let (mut before, mut list) = (first, Vec::new());
        for (index, step) in (1..).zip(ends) {
            if step >= before {
                return Err(TimestepsError::NotDecreasing {
                    index,
                    step,
                    before,
                });
            }
            list.push(step).map_err(|_| too_many(steps, N))?;
            before = step;
        }
        Ok(Self { first, ends: list })
    }

    /// From T down to 0 in equal steps, as nearly as integers allow; the spacing that libraries call
    /// trailing. With `steps` = T, all training steps.
    ///
    /// # Errors
    /// [`TimestepsError`] unless 1 ≤ `steps` ≤ T and `steps` ≤ N.
    pub fn uniform<T: Real>(
        steps: u32,
        schedule: &impl NoiseSchedule<T>,
    ) -> Result<Self, TimestepsError> {
        let training_steps = schedule.training_steps();
        Self::build(steps, training_steps, |j| {
            round_ratio(training_steps, j, steps)
        })
    }

    /// t = 1 + j·⌊T/`steps`⌋, j = `steps` − 1, …, 0, and 0: the spacing called leading, which starts
    /// well below T.
    ///
    /// # Errors
    /// [`TimestepsError`] unless 1 ≤ `steps` ≤ T and `steps` ≤ N.
    pub fn leading<T: Real>(
        steps: u32,
        schedule: &impl NoiseSchedule<T>,
    ) -> Result<Self, TimestepsError> {
        let training_steps = schedule.training_steps();
        let stride = training_steps.checked_div(steps).unwrap_or(0);
        Self::build(steps, training_steps, |j| 1 + (j - 1) * stride)
    }

    /// From T down to 1 in `steps` − 1 equal steps, and on to 0: the spacing called linspace.
    ///
    /// # Errors
    /// [`TimestepsError`] unless 1 ≤ `steps` ≤ T and `steps` ≤ N.
    pub fn linspace<T: Real>(
        steps: u32,
        schedule: &impl NoiseSchedule<T>,
    ) -> Result<Self, TimestepsError> {
        let training_steps = schedule.training_steps();
        Self::build(steps, training_steps, |j| match steps {
            1 => training_steps,
            _ => 1 + round_ratio(training_steps - 1, j - 1, steps - 1),
        })
    }

    /// t = T (j/`steps`)², j = `steps`, …, 0: short steps near the data, where most changes.
    ///
    /// # Errors
    /// [`TimestepsError`] unless 1 ≤ `steps` ≤ T and `steps` ≤ N.
    pub fn quadratic<T: Real>(
        steps: u32,
        schedule: &impl NoiseSchedule<T>,
    ) -> Result<Self, TimestepsError> {
        let training_steps = schedule.training_steps();
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
    /// [`TimestepsError`] unless 1 ≤ `steps` ≤ T and `steps` ≤ N.
    pub fn log_snr<T: Real>(
        steps: u32,
        schedule: &impl NoiseSchedule<T>,
    ) -> Result<Self, TimestepsError> {
        let (last, first) = ends(schedule);
        Self::by_half_log_snr(steps, schedule, |share| last + (first - last) * share)
    }

    /// From T to 1 with equal steps in (noise/signal)^(1/ρ), and on to 0: the spacing of Karras et al. 2022
    /// (equation 5), with their ρ = 7. The larger ρ, the nearer to [`log_snr`](Self::log_snr).
    ///
    /// # Errors
    /// [`TimestepsError`] unless ρ ≥ 1, 1 ≤ `steps` ≤ T and `steps` ≤ N.
    pub fn karras<T: Real>(
        steps: u32,
        rho: u32,
        schedule: &impl NoiseSchedule<T>,
    ) -> Result<Self, TimestepsError> {
        if rho == 0 {
            return Err(TimestepsError::Exponent);
        }
        let (last, first) = ends(schedule);
        let spacing = KarrasSpacing::new(rho, last, first);
        Self::by_half_log_snr(steps, schedule, |share| spacing.half_log_snr(share))
    }

    /// From T to 1 with the training steps nearest to λ at equal shares of the way from 1 to T, and on to 0; of one step,
    /// T.
    fn by_half_log_snr<T: Real>(
        steps: u32,
        schedule: &impl NoiseSchedule<T>,
        half_log_snr: impl Fn(T) -> T,
    ) -> Result<Self, TimestepsError> {
        let training_steps = schedule.training_steps();
        Self::build(steps, training_steps, |j| {
            let share = T::from_u32(j - 1) / T::from_u32(steps.max(2) - 1);
            match steps {
                1 => training_steps,
                _ => schedule.nearest(half_log_snr(share), 1, training_steps),
            }
        })
    }

    /// The same with the last step in two halves, the longer first: two steps of one call each for a macro step of two, the
    /// tail of [`PoissonMidpointDdpm::with_tail`](super::PoissonMidpointDdpm::with_tail). A last step of one training step
    /// stays as it is.
    ///
    /// # Errors
    /// [`TimestepsError`] if there are N steps already.
    ///
    /// ```
    /// use poisson_midpoint::diffusion::Timesteps;
    /// let timesteps = Timesteps::<3>::new(&[1000, 25, 0])?.with_last_halved()?;
    /// assert_eq!(timesteps, Timesteps::new(&[1000, 25, 12, 0])?);
    /// # Ok::<(), poisson_midpoint::diffusion::TimestepsError>(())
    /// ```
    pub fn with_last_halved(mut self) -> Result<Self, TimestepsError> {
        let steps = self.ends.len();
        let last = steps.checked_sub(1).and_then(|last| self.steps().get(last));
        if let Some((from, to)) = last.filter(|(from, to)| from - to > 1) {
            let _ = self.ends.pop();
            for end in [to + (from - to) / 2, to] {
                let full = |_| too_many(steps + 1, N);
                self.ends.push(end).map_err(full)?;
            }
        }
        Ok(self)
    }

    /// The list of place(`steps`), …, place(1), 0, with entries moved apart where they coincide.
    fn build(
        steps: u32,
        training_steps: u32,
        place: impl Fn(u32) -> u32,
    ) -> Result<Self, TimestepsError> {
        let most = training_steps.min(u32::try_from(N).unwrap_or(u32::MAX));
        if steps == 0 {
            return Err(TimestepsError::TooFew { length: 1 });
        }
        let full = || too_many(steps as usize, most as usize);
        if steps > most {
            return Err(full());
        }
        let (mut first, mut ends) = (0, Vec::<u32, N>::new());
        for j in 1..=steps {
            ends.push(first).map_err(|_| full())?;
            // Room for the entries below and for those above.
            first = place(j).max(first + 1).min(training_steps - (steps - j));
        }
        ends.reverse();
        Ok(Self { first, ends })
    }

    /// The steps (t, s), in the order they are taken.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.steps().pairs()
    }

    /// The steps, whatever their most.
    #[must_use]
    pub fn steps(&self) -> Steps<'_> {
        Steps {
            first: self.first,
            ends: &self.ends,
        }
    }
}

#[cfg(feature = "defmt")]
impl<const N: usize> defmt::Format for Timesteps<N> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Timesteps({})", self.steps());
    }
}

/// The steps of some [`Timesteps`], as a [`Solver`](super::Solver) sees them.
///
/// ```
/// use poisson_midpoint::diffusion::Timesteps;
/// let timesteps = Timesteps::<2>::new(&[100, 40, 0])?;
/// let steps = timesteps.steps();
/// assert_eq!((steps.get(0), steps.get(1), steps.get(2)), (Some((100, 40)), Some((40, 0)), None));
/// # Ok::<(), poisson_midpoint::diffusion::TimestepsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Steps<'a> {
    first: u32,
    ends: &'a [u32],
}

impl<'a> Steps<'a> {
    /// Step `index` (t, s), counted from 0 in the order they are taken.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<(u32, u32)> {
        let to = *self.ends.get(index)?;
        let from = match index.checked_sub(1) {
            None => self.first,
            Some(before) => *self.ends.get(before)?,
        };
        Some((from, to))
    }

    /// The steps (t, s), in the order they are taken.
    pub fn pairs(self) -> impl Iterator<Item = (u32, u32)> + 'a {
        (0..self.ends.len()).filter_map(move |index| self.get(index))
    }

    /// Whether a schedule of so many training steps has them all.
    pub(crate) fn check(&self, training_steps: u32) -> Result<(), TimestepsError> {
        if self.first <= training_steps {
            Ok(())
        } else {
            Err(TimestepsError::OutOfRange {
                step: self.first,
                training_steps,
            })
        }
    }
}

/// λ of the training steps 1 and T.
fn ends<T: Real>(schedule: &impl NoiseSchedule<T>) -> (T, T) {
    let half_log_snr = |step| schedule.level(step).half_log_snr();
    (half_log_snr(1), half_log_snr(schedule.training_steps()))
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
                    Timesteps::<200>::uniform(steps, &schedule),
                    Timesteps::leading(steps, &schedule),
                    Timesteps::linspace(steps, &schedule),
                    Timesteps::quadratic(steps, &schedule),
                    Timesteps::log_snr(steps, &schedule),
                    Timesteps::karras(steps, 7, &schedule),
                ];
                for list in lists {
                    let list = list.unwrap();
                    assert_eq!(list.pairs().count(), steps as usize);
                    assert_eq!(list.pairs().last().unwrap().1, 0);
                    let pairs: std::vec::Vec<_> = list.pairs().collect();
                    assert_eq!(Timesteps::from_pairs(&pairs), Ok(list));
                }
            }
        }
    }

    #[test]
    fn a_list_that_holds_nothing_refuses() {
        let too_many = TimestepsError::TooMany { steps: 1, most: 0 };
        let schedule = super::super::LinearRate::new(1, 0.1_f64, 20.0).unwrap();
        assert_eq!(Timesteps::<0>::new(&[1, 0]), Err(too_many));
        assert_eq!(Timesteps::<0>::uniform(1, &schedule), Err(too_many));
        assert!(Timesteps::<1>::uniform(1, &schedule).is_ok());
    }
}
