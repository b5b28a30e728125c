use super::super::NoiseSchedule;
use super::super::error::TimestepsError;
use super::super::schedule::KarrasSpacing;
use super::too_many;
use crate::real::Real;

/// How a number of steps is spaced from a schedule's last training step T, or from below it, down to 0. Where a formula
/// would put two entries on one training step, they are moved apart by as little as possible.
///
/// ```
/// use poisson_midpoint::diffusion::{Error, LinearRate, Spacing, Timesteps};
/// let schedule = LinearRate::new(1000, 0.1_f32, 20.0)?;
/// let timesteps = Timesteps::<4>::spaced(4, Spacing::Quadratic, &schedule)?;
/// assert_eq!(timesteps, Timesteps::new(&[1000, 563, 250, 63, 0])?);
/// # Ok::<(), Error<f32>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub enum Spacing {
    /// From T down to 0 in equal steps, as nearly as integers allow; the spacing that libraries call
    /// trailing. With T steps, all training steps.
    Uniform,
    /// t = 1 + j·⌊T/n⌋ for n steps and j = n − 1, …, 0, and then 0: the spacing called leading, which starts well below
    /// T.
    Leading,
    /// From T down to 1 in n − 1 equal steps, and on to 0: the spacing called linspace.
    Linspace,
    /// t = T (j/n)² for n steps and j = n, …, 0: short steps near the data, where most changes.
    Quadratic,
    /// From T to 1 with equal steps in λ, half the log-SNR, and on to 0: the spacing that the papers
    /// on DPM-Solver recommend for small images.
    LogSnr,
    /// From T to 1 with equal steps in (noise/signal)^(1/ρ), and on to 0: the spacing of Karras et al. 2022
    /// (equation 5), with their ρ = 7. The larger ρ, the nearer to [`LogSnr`](Self::LogSnr).
    Karras {
        /// ρ, at least 1.
        rho: u32,
    },
}

impl Spacing {
    /// Fills a list: where its first step starts, and where each step ends.
    pub(super) fn fill<T: Real>(
        self,
        first: &mut u32,
        ends: &mut [u32],
        schedule: &impl NoiseSchedule<T>,
    ) -> Result<(), TimestepsError> {
        let training_steps = schedule.training_steps();
        let steps = u32::try_from(ends.len()).unwrap_or(u32::MAX);
        if steps == 0 {
            return Err(TimestepsError::TooFew { length: 1 });
        }
        if steps > training_steps {
            return Err(too_many(ends.len(), training_steps as usize));
        }
        // The training step nearest to the λ at a share of the way from step 1 to T; for a list of one step, T.
        let nearest = |j: u32, half_log_snr: &dyn Fn(T) -> T| {
            if steps == 1 {
                return training_steps;
            }
            let share = T::from_u32(j - 1) / T::from_u32(steps - 1);
            schedule.nearest(half_log_snr(share), 1, training_steps)
        };
        let half_log_snr = |step| schedule.level(step).half_log_snr();
        match self {
            Self::Uniform => place(first, ends, training_steps, |j| {
                round_ratio(training_steps, j, steps)
            }),
            Self::Leading => {
                let stride = training_steps / steps;
                place(first, ends, training_steps, |j| 1 + (j - 1) * stride);
            }
            Self::Linspace => place(first, ends, training_steps, |j| match steps {
                1 => training_steps,
                _ => 1 + round_ratio(training_steps - 1, j - 1, steps - 1),
            }),
            Self::Quadratic => {
                let square = |j: u32| u128::from(j) * u128::from(j);
                place(first, ends, training_steps, |j| {
                    let all = u128::from(training_steps);
                    // At most T.
                    u32::try_from(round_half_up(all * square(j), square(steps))).unwrap_or(u32::MAX)
                });
            }
            Self::LogSnr => {
                let (cleanest, noisiest) = (half_log_snr(1), half_log_snr(training_steps));
                let line = |share| cleanest + (noisiest - cleanest) * share;
                place(first, ends, training_steps, |j| nearest(j, &line));
            }
            Self::Karras { rho: 0 } => return Err(TimestepsError::Exponent),
            Self::Karras { rho } => {
                let (cleanest, noisiest) = (half_log_snr(1), half_log_snr(training_steps));
                let spacing = KarrasSpacing::new(rho, cleanest, noisiest);
                let line = |share| spacing.half_log_snr(share);
                place(first, ends, training_steps, |j| nearest(j, &line));
            }
        }
        Ok(())
    }
}

/// Writes the list at(n), …, at(1), 0 of n steps, with entries moved apart where they coincide.
fn place(first: &mut u32, ends: &mut [u32], training_steps: u32, at: impl Fn(u32) -> u32) {
    let steps = u32::try_from(ends.len()).unwrap_or(u32::MAX);
    let mut last = 0;
    for (j, end) in (1..=steps).zip(ends.iter_mut().rev()) {
        *end = last;
        // This leaves room for the entries below and for those above.
        last = at(j).max(last + 1).min(training_steps - (steps - j));
    }
    *first = last;
}

/// total·part/whole, rounded half up, for part ≤ whole.
fn round_ratio(total: u32, part: u32, whole: u32) -> u32 {
    let rounded = round_half_up(u128::from(total) * u128::from(part), u128::from(whole));
    u32::try_from(rounded).unwrap_or(u32::MAX)
}

fn round_half_up(numerator: u128, denominator: u128) -> u128 {
    (2 * numerator + denominator) / (2 * denominator)
}
