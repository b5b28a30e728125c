//! A macro step of DDPM corrected at midpoints, however these are drawn.

use super::{Stage, combine};
use crate::diffusion::{Advance, MacroTransition, SampleNoise};
use crate::real::Real;

/// The number of vectors kept for a macro step with at most `midpoints` midpoints: the outputs at its start and at the
/// last midpoint, and the sum of the other midpoints' corrections.
pub(crate) fn vectors(midpoints: u32) -> usize {
    if midpoints > 1 { 3 } else { 2 }
}

/// Which of the vectors the next output is kept in.
pub(crate) fn place(stage: &Stage<'_>) -> usize {
    usize::from(stage.told > 0)
}

/// The inner step of the last midpoint, once the network's output there is known.
pub(crate) fn last_midpoint(stage: &Stage<'_>) -> Option<u32> {
    (stage.told > 1).then(|| stage.from.saturating_sub(stage.asked))
}

impl<T: Real> MacroTransition<'_, T> {
    /// Goes on, with the first output held, from the start or the last midpoint to the next midpoint or the end. The
    /// difference of the output at the last midpoint from that at the start is weighted by `weight` and by its kick at
    /// the end.
    pub(crate) fn go_on(
        &self,
        stage: &Stage<'_>,
        weight: T,
        next: Option<u32>,
        position: &mut [T],
        kept: &mut [T],
        noise: &mut (impl SampleNoise<T> + ?Sized),
    ) -> Advance {
        let dimension = position.len();
        let (at_start, kept) = kept.split_at_mut_checked(dimension).unwrap_or_default();
        let (newest, earlier) = kept.split_at_mut_checked(dimension).unwrap_or_default();
        let last = last_midpoint(stage);
        let kick = last.map(|midpoint| self.kick(midpoint) * weight);
        let is_first = stage.told <= 2;
        let inner_steps = stage.from.saturating_sub(stage.to);
        let (from, to) = (last.unwrap_or(0), next.unwrap_or(inner_steps));
        let span = self.between(from, to);
        match (kick, next) {
            (Some(kick), None) => {
                let held = (span.drift - kick, &*at_start);
                let corrected = [(kick, &*newest), (T::ONE, &*earlier)];
                let count = if is_first { 1 } else { 2 };
                combine(
                    position,
                    span.decay,
                    held,
                    corrected.into_iter().take(count),
                );
            }
            (Some(kick), Some(_)) => {
                let outputs = newest.iter().zip(&*at_start);
                for (earlier, (&newest, &at_start)) in earlier.iter_mut().zip(outputs) {
                    let before = if is_first { T::ZERO } else { *earlier };
                    *earlier = before + kick * (newest - at_start);
                }
                combine(position, span.decay, (span.drift, at_start), []);
            }
            (None, _) => combine(position, span.decay, (span.drift, at_start), []),
        }
        let reached = stage.from.saturating_sub(to);
        noise.add(
            position,
            span.noise,
            stage.from.saturating_sub(from),
            reached,
        );
        match next {
            Some(_) => Advance::Ask(reached),
            None => Advance::Arrive,
        }
    }
}
