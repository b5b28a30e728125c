use super::super::NoiseSchedule;
use super::super::error::TimestepsError;
use super::{Spacing, Timesteps};
use crate::real::Real;

/// The steps of a list in borrowed memory: that of [`Timesteps`], as a [`Solver`](super::super::Solver) sees them, or a
/// slice whose length is known only at run time.
///
/// ```
/// use poisson_midpoint::diffusion::{Error, LinearRate, Spacing, Steps};
/// let schedule = LinearRate::new(1000, 0.1_f32, 20.0)?;
/// let mut list = vec![0; 5]; // for 4 steps
/// let steps = Steps::spaced(&mut list, Spacing::Quadratic, &schedule)?;
/// assert_eq!((steps.get(0), steps.get(3), steps.get(4)), (Some((1000, 563)), Some((63, 0)), None));
/// assert_eq!(list, [1000, 563, 250, 63, 0]);
/// # Ok::<(), Error<f32>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Steps<'a> {
    pub(super) first: u32,
    pub(super) ends: &'a [u32],
}

impl<'a> Steps<'a> {
    /// The steps of a list t₀ > t₁ > … > tₙ, t₀ first.
    ///
    /// # Errors
    /// [`TimestepsError`] unless it has at least two entries, strictly decreasing.
    pub fn new(list: &'a [u32]) -> Result<Self, TimestepsError> {
        let [first, ends @ ..] = list else {
            return Err(TimestepsError::TooFew { length: 0 });
        };
        Self::decreasing(*first, ends)
    }

    /// The steps that start at `first` and end at `ends`, if these decrease.
    pub(super) fn decreasing(first: u32, ends: &'a [u32]) -> Result<Self, TimestepsError> {
        if ends.is_empty() {
            return Err(TimestepsError::TooFew { length: 1 });
        }
        let mut before = first;
        for (index, &step) in (1..).zip(ends) {
            if step >= before {
                return Err(TimestepsError::NotDecreasing {
                    index,
                    step,
                    before,
                });
            }
            before = step;
        }
        Ok(Self { first, ends })
    }

    /// Fills a list of n + 1 entries with n steps by a [`Spacing`].
    ///
    /// # Errors
    /// [`TimestepsError`] unless 1 ≤ n ≤ T and the parameter of the [`Spacing`] is in its range.
    pub fn spaced<T: Real>(
        list: &'a mut [u32],
        spacing: Spacing,
        schedule: &impl NoiseSchedule<T>,
    ) -> Result<Self, TimestepsError> {
        let [first, ends @ ..] = list else {
            return Err(TimestepsError::TooFew { length: 0 });
        };
        spacing.fill(first, ends, schedule)?;
        Ok(Self {
            first: *first,
            ends,
        })
    }

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

    /// Checks that a schedule of so many training steps has all of the steps.
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

impl<'a, const N: usize> From<&'a Timesteps<N>> for Steps<'a> {
    fn from(timesteps: &'a Timesteps<N>) -> Self {
        timesteps.steps()
    }
}
