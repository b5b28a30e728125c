//! What the multistep methods share: outputs kept in turn, and a step that is a sum of them.

use super::{Stage, combine, vector};
use crate::diffusion::{Level, SampleNoise};
use crate::real::Real;

/// The coefficients of a step.
pub(crate) struct Coefficients<T, const N: usize> {
    /// The coefficient of what the step starts from.
    pub(crate) x: T,
    /// The coefficients of the outputs, from the newest backwards.
    pub(crate) outputs: [T; N],
    /// How many outputs count; the places of the others may hold anything.
    pub(crate) known: usize,
    /// The coefficient of Z, if Z is drawn.
    pub(crate) noise: Option<T>,
}

impl<T: Real, const N: usize> Coefficients<T, N> {
    /// The coefficients of a step to the data, which returns the newest output.
    pub(crate) fn data(to: &Level<T>, known: usize, noise: Option<T>) -> Self {
        let mut outputs = [T::ZERO; N];
        if let Some(newest) = outputs.first_mut() {
            *newest = to.signal;
        }
        Self {
            x: T::ZERO,
            outputs,
            known,
            noise,
        }
    }

    /// Turns the position that the step starts from into its end, except for the noise. `place` tells where the output
    /// of each age is kept.
    pub(crate) fn apply(&self, position: &mut [T], kept: &[T], place: impl Fn(usize) -> usize) {
        let dimension = position.len();
        let outputs = self.outputs.iter().enumerate().take(self.known);
        let term = |(age, &of_output)| (of_output, vector(kept, dimension, place(age)));
        let mut terms = outputs.map(term);
        // There is always a newest output.
        let newest = terms.next().unwrap_or_default();
        combine(position, self.x, newest, terms);
    }

    /// Adds the noise of the way from one training step to another, if it is drawn.
    pub(crate) fn add_noise(
        &self,
        position: &mut [T],
        noise: &mut (impl SampleNoise<T> + ?Sized),
        from: u32,
        to: u32,
    ) {
        if let Some(deviation) = self.noise {
            noise.add(position, deviation, from, to);
        }
    }
}

impl Stage<'_> {
    /// Where a method that keeps its last `outputs` outputs in turn keeps that of the step `age` steps before this one;
    /// at age 0, that of this step.
    pub(crate) fn place(&self, age: usize, outputs: u32) -> usize {
        let outputs = outputs.max(1) as usize;
        (self.taken + outputs - age.min(outputs)) % outputs
    }

    /// The step `age` steps before this one, after its number.
    pub(crate) fn before(&self, age: usize) -> Option<(usize, (u32, u32))> {
        let index = self.taken.checked_sub(age)?;
        Some((index, self.steps.get(index)?))
    }
}
