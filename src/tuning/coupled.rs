//! Two states of a particle on one Brownian path, in steps of η and of η/2.

use core::ops::Range;

use crate::dynamics::{Dynamics, StateOf, start_time};
use crate::error::StepError;
use crate::method::Stepper;
use crate::noise::BrownianPath;
use crate::random::Streams;
use crate::real::Real;
use crate::statistics::NonFinite;

use super::TuningError;
use super::estimate::{Estimate, Half, Sums};

/// A particle of a [`StepSizeTuner`](super::StepSizeTuner): where it begins, and where it has come to in steps of η and
/// of η/2.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::tuning::Coupled;
/// let particle = Coupled::new(vector![1.0_f32, 2.0]);
/// assert_eq!(particle.state(), vector![1.0, 2.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coupled<X> {
    start: X,
    coarse: X,
    fine: X,
}

impl<X: Copy> Coupled<X> {
    /// A particle that begins at a state.
    #[must_use]
    pub const fn new(start: X) -> Self {
        Self {
            start,
            coarse: start,
            fine: start,
        }
    }

    /// The state that it has come to in the shorter steps, to begin a run from.
    #[must_use]
    pub fn state(&self) -> X {
        self.fine
    }

    /// Puts both states at the same place: where the particle began, if they have gone astray.
    pub(super) fn rejoin(&mut self, is_astray: bool) {
        if is_astray {
            self.fine = self.start;
        }
        self.coarse = self.fine;
    }
}

/// Without its states.
#[cfg(feature = "defmt")]
impl<X> defmt::Format for Coupled<X> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Coupled {{ .. }}");
    }
}

/// What the whole search has used.
#[derive(Default)]
pub(super) struct Spent {
    pub(super) drift_calls: u64,
    /// Streams read: two for each particle's coarse step.
    pub(super) streams: u64,
}

/// Particles at one step size.
pub(super) struct Run<'a, S, F, G> {
    pub(super) coarse: S,
    pub(super) fine: S,
    pub(super) drift: &'a mut F,
    pub(super) statistics: &'a G,
    pub(super) streams: Streams,
    pub(super) spent: &'a mut Spent,
    /// Coarse steps that every particle has taken.
    pub(super) steps: u32,
}

impl<S: Stepper, F, G> Run<'_, S, F, G> {
    /// Moves all particles by 2·`half` coarse steps; returns the estimate of the worst statistic.
    pub(super) fn round<T, X, const M: usize>(
        &mut self,
        particles: &mut [Coupled<X>],
        half: u32,
    ) -> Result<Estimate<T>, TuningError<T>>
    where
        T: Real,
        S::Dynamics: Dynamics<Real = T>,
        X: StateOf<S::Dynamics>,
        F: FnMut(T, &X::Position) -> X::Position,
        G: Fn(&X::Position) -> [T; M],
    {
        let mut sums = [Sums::new(); M];
        for particle in particles {
            let first: [_; M] = self.half(particle, 0..half)?;
            let second = self.half(particle, half..2 * half)?;
            for (sums, halves) in sums.iter_mut().zip(first.iter().zip(&second)) {
                sums.add(halves).ok_or_else(overflow)?;
            }
        }
        self.steps = self.steps.saturating_add(2 * half);
        let estimates = sums.iter().enumerate();
        let mut estimates = estimates.map(|(index, sums)| sums.estimate(index, S::WEAK_ORDER));
        let first = estimates.next().flatten();
        let worst = estimates.fold(first, |worst, next| Some(worst?.or_worse(next?)));
        worst.ok_or_else(overflow)
    }

    /// Moves a particle by these coarse steps of a round; returns each statistic's values.
    fn half<T, X, const M: usize>(
        &mut self,
        particle: &mut Coupled<X>,
        steps: Range<u32>,
    ) -> Result<[Half<T>; M], TuningError<T>>
    where
        T: Real,
        S::Dynamics: Dynamics<Real = T>,
        X: StateOf<S::Dynamics>,
        F: FnMut(T, &X::Position) -> X::Position,
        G: Fn(&X::Position) -> [T; M],
    {
        let mut halves = [Half::new(); M];
        for n in steps {
            let time = start_time(self.coarse.dynamics(), self.steps.saturating_add(n));
            self.step(time, particle)?;
            let coarse = (self.statistics)(particle.coarse.position());
            let fine = (self.statistics)(particle.fine.position());
            for (half, (coarse, fine)) in halves.iter_mut().zip(coarse.into_iter().zip(fine)) {
                half.difference.push(coarse - fine)?;
                half.value.push(fine)?;
            }
        }
        Ok(halves)
    }

    /// A coarse step and two fine ones on the same path; a midpoint method draws midpoints of its own for each.
    fn step<T, X>(&mut self, time: T, particle: &mut Coupled<X>) -> Result<(), StepError>
    where
        T: Real,
        S::Dynamics: Dynamics<Real = T>,
        X: StateOf<S::Dynamics>,
        F: FnMut(T, &X::Position) -> X::Position,
    {
        let [of_path, of_midpoints] = [0, 1].map(|i| self.spent.streams.wrapping_add(i));
        self.spent.streams = self.spent.streams.wrapping_add(2);
        let (whole, half) = (self.coarse.dynamics(), self.fine.dynamics());
        let path = BrownianPath::new(*whole, self.streams.particle(of_path));
        let mut midpoints = self.streams.particle(of_midpoints);
        let (k, half_k) = (whole.inner_steps(), half.inner_steps());
        let middle = time + half.step_size();
        let mut noise = path.noise_within(0, k, &mut midpoints);
        let mut done = self
            .coarse
            .step(time, &mut particle.coarse, &mut *self.drift, &mut noise)?
            .drift_calls;
        for (time, start) in [(time, 0), (middle, half_k)] {
            let mut noise = path.noise_within(start, half_k, &mut midpoints);
            done += self
                .fine
                .step(time, &mut particle.fine, &mut *self.drift, &mut noise)?
                .drift_calls;
        }
        self.spent.drift_calls += u64::from(done);
        Ok(())
    }
}

/// The error of an overflow: all values are finite, so a mean or variance that is missing has overflowed.
fn overflow<T: Real>() -> TuningError<T> {
    let value = T::ONE / T::ZERO;
    TuningError::Statistic(NonFinite { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overflow_is_infinite() {
        let value = f64::INFINITY;
        assert_eq!(overflow(), TuningError::Statistic(NonFinite { value }));
    }
}
