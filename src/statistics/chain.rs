//! One statistic along a chain, in batches: whether chains have converged, and how many independent values they are
//! worth.

use super::{Moments, NonFinite};
use crate::numeric::count::of_count;
use crate::real::Real;

/// The values of one statistic along a chain of any length, in at most B batches of equal length.
///
/// When the last batch is full, neighbours merge and the batches are twice as long from there on, so at least B/2 are
/// full once B values have come. B must be even and at least 4, which the compiler checks; 32 suits most. Batches
/// must be longer than the chain's memory, and their number sets how well [`effective_sample_size`] is known: from one
/// chain, to between √(2/B) and √(4/B).
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::dynamics::Underdamped;
/// use poisson_midpoint::random::Stream;
/// use poisson_midpoint::statistics::{Chain, effective_sample_size, split_r_hat};
/// use poisson_midpoint::{Baoa, Phase, Stepper};
/// let stepper = Baoa::new(Underdamped::new(0.25_f32, 1, 2.0)?)?;
/// let mut chains = [Chain::<f32, 32>::new(); 4];
/// for (particle, chain) in chains.iter_mut().enumerate() {
///     let mut x = Phase::at_rest(vector![particle as f32 - 1.5]);
///     let mut stream = Stream::new(42, particle as u64);
///     for _ in 0..4000 {
///         let _ = stepper.step(0.0, &mut x, |_time, x| -x, &mut stream)?;
///         chain.push(x.position[0])?;
///     }
/// }
/// assert!(split_r_hat(&chains).unwrap() < 1.05);
/// let size = effective_sample_size(&chains).unwrap();
/// assert!(size > 500.0 && size < 4000.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Chain<T, const B: usize> {
    batches: [Moments<T>; B],
    /// How many batches are full.
    full: usize,
    /// Values of a full batch.
    length: u64,
}

impl<T: Real, const B: usize> Default for Chain<T, B> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Real, const B: usize> Chain<T, B> {
    /// A chain without a value.
    #[must_use]
    pub const fn new() -> Self {
        const {
            assert!(
                B >= 4 && B.is_multiple_of(2),
                "B must be even and at least 4"
            );
        };
        Self {
            batches: [Moments::new(); B],
            full: 0,
            length: 1,
        }
    }

    /// Adds the next value of the chain.
    ///
    /// # Errors
    /// [`NonFinite`], with nothing changed, unless the value, its squared distance from the mean and the sum of these
    /// are finite.
    pub fn push(&mut self, value: T) -> Result<(), NonFinite<T>> {
        // There is always a batch that is not full.
        if let Some(batch) = self.batches.get_mut(self.full) {
            batch.push(value)?;
            self.full += usize::from(batch.count() == self.length);
        }
        if self.full == B {
            self.halve();
        }
        Ok(())
    }

    /// Merges each batch with its neighbour.
    fn halve(&mut self) {
        let mut merged = [Moments::new(); B];
        for (merged, pair) in merged.iter_mut().zip(self.batches.chunks_exact(2)) {
            for batch in pair {
                merged.merge(batch);
            }
        }
        self.batches = merged;
        self.full = B / 2;
        self.length *= 2;
    }

    /// The moments of all values.
    #[must_use]
    pub fn moments(&self) -> Moments<T> {
        merged(&self.batches)
    }

    fn full_batches(&self) -> &[Moments<T>] {
        self.batches.get(..self.full).unwrap_or_default()
    }

    /// The first and the second half of the full batches, without the oldest batch if their number is odd.
    fn halves(&self) -> [Moments<T>; 2] {
        let full = self.full_batches();
        let (_, even) = full.split_at_checked(self.full % 2).unwrap_or_default();
        let (first, second) = even.split_at_checked(even.len() / 2).unwrap_or_default();
        [merged(first), merged(second)]
    }
}

fn merged<T: Real>(batches: &[Moments<T>]) -> Moments<T> {
    let mut all = Moments::new();
    for batch in batches {
        all.merge(batch);
    }
    all
}

/// Mean over `samples` of their variances, and the variance of their means.
///
/// `None` unless there are two and all have as many values, two or more.
fn within_and_between<T: Real>(samples: impl Iterator<Item = Moments<T>>) -> Option<(T, T, u64)> {
    let (mut within, mut means) = (Moments::new(), Moments::new());
    let mut count = None;
    for sample in samples {
        if *count.get_or_insert(sample.count()) != sample.count() {
            return None;
        }
        within.push(sample.variance()?).ok()?;
        means.push(sample.mean()?).ok()?;
    }
    Some((within.mean()?, means.variance()?, count?))
}

/// Split R̂: how much wider the halves of all chains are together than each half is alone; 1 for chains that have
/// forgotten where they began.
///
/// ```text
/// R̂ = √(((n − 1)/n · W + S) / W)
/// ```
///
/// for halves of n values, W the mean of their variances and S the variance of their means (Gelman et al. 2013,
/// "Bayesian Data Analysis", 11.4; not rank-normalised). Below 1.01 is the usual demand.
///
/// `None` where a chain has fewer than four values, the full batches of two chains differ in number or length, or no
/// half varies. Values of the batch that is not full are left out, and so is the oldest full batch if their number is
/// odd.
pub fn split_r_hat<'a, T: Real, const B: usize>(
    chains: impl IntoIterator<Item = &'a Chain<T, B>>,
) -> Option<T> {
    let halves = chains.into_iter().flat_map(Chain::halves);
    let (within, between, n) = within_and_between(halves)?;
    let n: T = of_count(n);
    (within > T::ZERO).then(|| ((n - T::ONE) / n + between / within).sqrt())
}

/// How many independent values would give the mean of all chains as accurately, by batch means:
///
/// ```text
/// ESS = N s² / (b S)
/// ```
///
/// of N values with variance s² in batches of b values, S being the variance of their means over all chains (Flegal &
/// Jones 2010). It is above N where successive values are anticorrelated. The mean's standard error is √(s² / ESS).
///
/// `None` where there are fewer than two full batches, the full batches of two chains differ in number or length, or
/// the means do not vary. Values of the batch that is not full are left out.
pub fn effective_sample_size<'a, T: Real, const B: usize>(
    chains: impl IntoIterator<Item = &'a Chain<T, B>>,
) -> Option<T> {
    let (mut all, mut means) = (Moments::new(), Moments::new());
    let mut length = None;
    for chain in chains {
        let first = *length.get_or_insert((chain.length, chain.full));
        if first != (chain.length, chain.full) {
            return None;
        }
        for batch in chain.full_batches() {
            all.merge(batch);
            means.push(batch.mean()?).ok()?;
        }
    }
    let (length, _) = length?;
    let between = means.variance().filter(|between| *between > T::ZERO)?;
    let (count, length): (T, T) = (of_count(all.count()), of_count(length));
    Some(count / length * (all.variance()? / between))
}
