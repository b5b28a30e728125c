//! Which training steps a sampler visits.

use heapless::Vec;

use super::NoiseSchedule;
use super::error::TimestepsError;
use crate::real::Real;

mod spacing;
mod steps;

pub use spacing::Spacing;
pub use steps::Steps;

/// A strictly decreasing list of training steps t₀ > t₁ > … > tₙ: n steps (t, s), at most N, each from one
/// entry to the next.
///
/// Step 0 is the data, where a sampler for images ends. For the Poisson midpoint method the entries are
/// the boundaries of the macro steps, and t − s is the number K of inner steps of each.
///
/// The builders are those of [`Spacing`].
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
    /// A list of your own, t₀ first.
    ///
    /// # Errors
    /// [`TimestepsError`] unless it has from 2 to N + 1 entries, strictly decreasing.
    pub fn new(list: &[u32]) -> Result<Self, TimestepsError> {
        let Steps { first, ends } = Steps::new(list)?;
        let full = |_| too_many(ends.len(), N);
        let ends = Vec::from_slice(ends).map_err(full)?;
        Ok(Self { first, ends })
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
        let mut ends = Vec::new();
        for &(_, to) in pairs {
            ends.push(to).map_err(|_| too_many(pairs.len(), N))?;
        }
        Steps::decreasing(first, &ends)?;
        Ok(Self { first, ends })
    }

    /// A list of `steps` steps by a [`Spacing`].
    ///
    /// # Errors
    /// [`TimestepsError`] unless 1 ≤ `steps` ≤ T, `steps` ≤ N and the parameter of the [`Spacing`] is in its range.
    pub fn spaced<T: Real>(
        steps: u32,
        spacing: Spacing,
        schedule: &impl NoiseSchedule<T>,
    ) -> Result<Self, TimestepsError> {
        let most = schedule
            .training_steps()
            .min(u32::try_from(N).unwrap_or(u32::MAX));
        let full = || too_many(steps as usize, most as usize);
        if steps > most {
            return Err(full());
        }
        let (mut first, mut ends) = (0, Vec::new());
        ends.resize(steps as usize, 0).map_err(|_| full())?;
        spacing.fill(&mut first, &mut ends, schedule)?;
        Ok(Self { first, ends })
    }

    /// [`Spacing::Uniform`].
    ///
    /// # Errors
    /// [`TimestepsError`] unless 1 ≤ `steps` ≤ T and `steps` ≤ N.
    pub fn uniform<T: Real>(
        steps: u32,
        schedule: &impl NoiseSchedule<T>,
    ) -> Result<Self, TimestepsError> {
        Self::spaced(steps, Spacing::Uniform, schedule)
    }

    /// [`Spacing::Leading`].
    ///
    /// # Errors
    /// [`TimestepsError`] unless 1 ≤ `steps` ≤ T and `steps` ≤ N.
    pub fn leading<T: Real>(
        steps: u32,
        schedule: &impl NoiseSchedule<T>,
    ) -> Result<Self, TimestepsError> {
        Self::spaced(steps, Spacing::Leading, schedule)
    }

    /// [`Spacing::Linspace`].
    ///
    /// # Errors
    /// [`TimestepsError`] unless 1 ≤ `steps` ≤ T and `steps` ≤ N.
    pub fn linspace<T: Real>(
        steps: u32,
        schedule: &impl NoiseSchedule<T>,
    ) -> Result<Self, TimestepsError> {
        Self::spaced(steps, Spacing::Linspace, schedule)
    }

    /// [`Spacing::Quadratic`].
    ///
    /// # Errors
    /// [`TimestepsError`] unless 1 ≤ `steps` ≤ T and `steps` ≤ N.
    pub fn quadratic<T: Real>(
        steps: u32,
        schedule: &impl NoiseSchedule<T>,
    ) -> Result<Self, TimestepsError> {
        Self::spaced(steps, Spacing::Quadratic, schedule)
    }

    /// [`Spacing::LogSnr`].
    ///
    /// # Errors
    /// [`TimestepsError`] unless 1 ≤ `steps` ≤ T and `steps` ≤ N.
    pub fn log_snr<T: Real>(
        steps: u32,
        schedule: &impl NoiseSchedule<T>,
    ) -> Result<Self, TimestepsError> {
        Self::spaced(steps, Spacing::LogSnr, schedule)
    }

    /// [`Spacing::Karras`].
    ///
    /// # Errors
    /// [`TimestepsError`] unless ρ ≥ 1, 1 ≤ `steps` ≤ T and `steps` ≤ N.
    pub fn karras<T: Real>(
        steps: u32,
        rho: u32,
        schedule: &impl NoiseSchedule<T>,
    ) -> Result<Self, TimestepsError> {
        Self::spaced(steps, Spacing::Karras { rho }, schedule)
    }

    /// The same with the last step split into two halves, the longer first. Two steps of one call each then replace a
    /// macro step of two calls: the tail of [`PoissonMidpointDdpm::with_tail`](super::PoissonMidpointDdpm::with_tail).
    /// A last step of one training step stays as it is.
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

    /// The steps (t, s), in the order they are taken.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.steps().pairs()
    }

    /// The steps as [`Steps`], whose type does not depend on N.
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

fn too_many(steps: usize, most: usize) -> TimestepsError {
    TimestepsError::TooMany { steps, most }
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
