//! Where the midpoints of a macro step fall.

use super::Words;
use super::gap::{GapEstimate, gap_scale, geometric};

/// How the midpoints of a macro step are chosen among its K inner steps.
///
/// The correction of each midpoint carries a weight that makes the step unbiased over the choice.
/// Inner step 0 is never chosen: its midpoint is the start itself and its correction zero, so
/// leaving it out changes nothing and saves a drift evaluation.
///
/// ```
/// use poisson_midpoint::MidpointLaw;
/// // Expected drift evaluations of one macro step, the first included.
/// assert_eq!(MidpointLaw::Bernoulli.expected_drift_calls(10), 1.9);
/// assert_eq!(MidpointLaw::Single.expected_drift_calls(10), 2.0);
/// assert_eq!(MidpointLaw::Single.expected_drift_calls(1), 1.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub enum MidpointLaw {
    /// Every inner step independently with probability 1/K, weight K: option 1 of Kandasamy &
    /// Nagaraj 2024. The number of midpoints is binomial, Poisson as K grows.
    Bernoulli,
    /// Exactly one, uniform on 1..=K−1, weight K − 1: option 2, in the form of its appendix A.1.
    /// As K grows, the randomized midpoint method of Shen & Lee 2019.
    Single,
}

impl MidpointLaw {
    /// Expected drift evaluations of a macro step of `inner_steps` inner steps:
    /// 1 + (K − 1)/K or 2, and 1 where K ≤ 1.
    #[must_use]
    pub fn expected_drift_calls(self, inner_steps: u32) -> f64 {
        let k = f64::from(inner_steps.max(1));
        match self {
            Self::Single if inner_steps > 1 => 2.0,
            _ => 1.0 + (k - 1.0) / k,
        }
    }

    /// The weight of a midpoint's correction.
    pub(crate) fn weight(self, inner_steps: u32) -> u32 {
        match self {
            Self::Bernoulli => inner_steps,
            Self::Single => inner_steps.saturating_sub(1),
        }
    }
}

/// Draws the midpoints of one macro step in increasing order.
///
/// Each draw reads one word, and none once no inner step is left to choose. The distribution
/// function of every draw is right to 2⁻³², the spacing of the words; the logarithm is good
/// to 2⁻³⁵.
///
/// ```
/// use poisson_midpoint::MidpointLaw;
/// use poisson_midpoint::random::{Midpoints, Stream};
/// let midpoints = Midpoints::new(MidpointLaw::Bernoulli, 1_000_000);
/// let mut stream = Stream::new(42, 0);
/// let mut last = None;
/// while let Some(midpoint) = midpoints.next(last, &mut stream) {
///     assert!(midpoint < 1_000_000 && Some(midpoint) > last);
///     last = Some(midpoint);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Midpoints {
    law: MidpointLaw,
    inner_steps: u32,
    /// 1/(−log₂(1 − 1/K)) with 32 fractional bits: a gap is this times −log₂ of a uniform, rounded down.
    scale: u64,
}

impl Midpoints {
    /// The midpoints of a macro step of `inner_steps` inner steps.
    #[must_use]
    pub fn new(law: MidpointLaw, inner_steps: u32) -> Self {
        Self {
            law,
            inner_steps,
            scale: gap_scale(inner_steps),
        }
    }

    /// The midpoints of a macro step, with what [`new`](Self::new) computes from K.
    #[inline]
    pub(crate) fn from_gap_scale(law: MidpointLaw, inner_steps: u32, scale: u64) -> Self {
        Self {
            law,
            inner_steps,
            scale,
        }
    }

    /// What [`from_gap_scale`](Self::from_gap_scale) takes.
    pub(crate) fn gap_scale(&self) -> u64 {
        self.scale
    }

    /// The law that chooses the midpoints.
    #[must_use]
    pub fn law(&self) -> MidpointLaw {
        self.law
    }

    /// The number of words that [`next`](Self::next) reads after `previous`.
    #[cfg(feature = "kernels")]
    #[inline]
    pub(crate) fn words(&self, previous: Option<u32>) -> u64 {
        self.candidate(previous).is_some().into()
    }

    /// The first inner step that may be the midpoint after `previous`, if there is one.
    #[inline]
    fn candidate(&self, previous: Option<u32>) -> Option<u32> {
        let candidate = match (self.law, previous) {
            (_, None) => 1,
            (MidpointLaw::Bernoulli, Some(midpoint)) => midpoint.checked_add(1)?,
            (MidpointLaw::Single, Some(_)) => return None,
        };
        (candidate < self.inner_steps).then_some(candidate)
    }

    /// The first midpoint, or the one after `previous`; `None` when there is no more.
    #[inline]
    pub fn next<W: Words + ?Sized>(&self, previous: Option<u32>, words: &mut W) -> Option<u32> {
        let candidate = self.candidate(previous)?;
        match self.law {
            MidpointLaw::Bernoulli => candidate
                .checked_add(geometric(words.next_word(), self.scale))
                .filter(|&midpoint| midpoint < self.inner_steps),
            MidpointLaw::Single => Some(self.single(words.next_word())),
        }
    }

    /// Each lane's next midpoint under [`MidpointLaw::Bernoulli`] after its previous one, where 0 means that there was
    /// none; K if there is no next one.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "`lane` numbers lanes")]
    pub(crate) fn next_in_lanes<const L: usize>(
        &self,
        previous: &[u32; L],
        words: &[u32; L],
    ) -> [u32; L] {
        let after = |lane: usize, gap: u32| {
            let candidate = previous[lane].saturating_add(1);
            candidate.saturating_add(gap).min(self.inner_steps)
        };
        let mut next = [0; L];
        let mut doubtful = [1; L];
        if self.inner_steps <= GapEstimate::MOST_INNER_STEPS {
            let estimate = GapEstimate::new(self.inner_steps, self.scale);
            let mut doubt = 0;
            for lane in 0..L {
                let (least, most) = estimate.bounds(words[lane]);
                next[lane] = after(lane, least);
                doubtful[lane] = least ^ most;
                doubt |= doubtful[lane];
            }
            if doubt == 0 {
                return next;
            }
        }
        for lane in 0..L {
            if doubtful[lane] != 0 {
                next[lane] = after(lane, geometric(words[lane], self.scale));
            }
        }
        next
    }

    /// Whether a step has exactly one midpoint.
    #[inline(always)]
    pub(crate) fn is_single(&self) -> bool {
        self.law == MidpointLaw::Single && self.inner_steps > 1
    }

    /// The midpoint, where there is [exactly one](Self::is_single).
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "a product's high half")]
    pub(crate) fn single(&self, word: u32) -> u32 {
        let choices = u64::from(self.inner_steps.saturating_sub(1));
        1 + ((u64::from(word) * choices) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::super::Stream;
    use super::*;

    #[test]
    fn midpoints_in_lanes_are_those_of_single_words() {
        for k in [1, 2, 3, 10, 1000, 1_000_000, u32::MAX] {
            let midpoints = Midpoints::new(MidpointLaw::Bernoulli, k);
            let mut words = Stream::new(k.into(), 0);
            for round in 0..1000 {
                let row: [u32; 4] = core::array::from_fn(|_| words.next_word());
                let previous = [0, 1, k / 3, k - 1].map(|m| if round % 2 == 0 { 0 } else { m });
                let expected = core::array::from_fn(|lane| {
                    let previous = (previous[lane] != 0).then_some(previous[lane]);
                    midpoints.next(previous, &mut One(row[lane])).unwrap_or(k)
                });
                assert_eq!(midpoints.next_in_lanes(&previous, &row), expected, "{k}");
            }
        }
    }

    /// Where a word's midpoint is not that of the next word, the two bounds of the gap differ.
    #[test]
    fn midpoints_in_lanes_change_at_the_same_words() {
        let midpoints = Midpoints::new(MidpointLaw::Bernoulli, 1000);
        let alone = |word| midpoints.next(None, &mut One(word)).unwrap_or(1000);
        for midpoint in 1..500 {
            let is_before = |word| (alone(word) <= midpoint) == (alone(0) <= midpoint);
            let (mut before, mut after) = (0, u32::MAX);
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                if is_before(middle) {
                    before = middle;
                } else {
                    after = middle;
                }
            }
            let row = [before - 1, before, after, after + 1];
            let found = midpoints.next_in_lanes(&[0; 4], &row);
            assert_eq!(found, row.map(alone), "{midpoint}");
        }
    }

    struct One(u32);

    impl Words for One {
        fn next_word(&mut self) -> u32 {
            self.0
        }
    }
}
