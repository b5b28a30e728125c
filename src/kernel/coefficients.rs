//! The coefficients of the midpoint method's legs from a table, which the host makes once for all threads.

use core::fmt::Debug;

use crate::dynamics::cell::Cell;
use crate::dynamics::span::{PhaseSpan, ScalarSpan};
use crate::dynamics::{CellOf, Dynamics, Overdamped, SpanOf, Underdamped};
use crate::real::Real;
use crate::scalar::Scalar;

/// The most inner steps of a step whose coefficients are in a table. Beyond, threads calculate them: a table that no
/// cache holds would not be quicker.
pub(super) const MOST_INNER_STEPS: u32 = 4096;

/// An entry of a table, as scalars: aligned, so that a thread reads two or four of them at once.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(16))]
pub struct Entry<T, const N: usize>([T; N]);

impl<T, const N: usize> AsRef<[T]> for Entry<T, N> {
    fn as_ref(&self) -> &[T] {
        &self.0
    }
}

/// Dynamics whose coefficients of a run of inner steps depend on the number of inner steps alone, so that a table has
/// all of them: entry n is about n inner steps.
pub trait Tabulate: Dynamics {
    /// What a table has for a number of inner steps n: of the span (0, n) and of the kick of inner step n, what is not
    /// the same for all n.
    type Entry: AsRef<[Self::Real]> + Copy + Debug + Send + Sync + 'static;

    /// The entry of a span and a kick.
    fn pack(span: SpanOf<Self>, kick: CellOf<Self, Self::Real>) -> Self::Entry;
    /// The span of an entry.
    fn span_of(entry: &Self::Entry) -> SpanOf<Self>;
    /// The kick of an entry.
    fn kick_of(&self, entry: &Self::Entry) -> CellOf<Self, Self::Real>;

    /// Entry n.
    fn entry(&self, inner_steps: u32) -> Self::Entry {
        Self::pack(self.span(0, inner_steps), self.kick(inner_steps))
    }
}

impl<T: Real> Tabulate for Overdamped<T> {
    type Entry = Entry<T, 4>;

    #[inline(always)]
    fn pack(span: ScalarSpan<T>, [_]: [T; 1]) -> Entry<T, 4> {
        let none = T::ZERO;
        Entry([span.drift, span.noise, none, none])
    }
    #[inline(always)]
    fn span_of(&Entry([drift, noise, ..]): &Entry<T, 4>) -> ScalarSpan<T> {
        ScalarSpan {
            decay: T::ONE,
            drift,
            noise,
        }
    }
    #[inline(always)]
    fn kick_of(&self, _entry: &Entry<T, 4>) -> [T; 1] {
        self.kick(0)
    }
}

impl<T: Real> Tabulate for Underdamped<T> {
    type Entry = Entry<T, 12>;

    #[inline(always)]
    fn pack(span: PhaseSpan<T>, [kick_x, kick_v]: [T; 2]) -> Entry<T, 12> {
        let PhaseSpan {
            decay,
            travel,
            drift: [x, v],
            velocity_noise: noise,
            position_noise_shared: shared,
            position_noise_own: own,
        } = span;
        let none = T::ZERO;
        Entry([
            decay, travel, x, v, noise, shared, own, none, kick_x, kick_v, none, none,
        ])
    }
    #[inline(always)]
    fn span_of(entry: &Entry<T, 12>) -> PhaseSpan<T> {
        let &Entry([decay, travel, x, v, noise, shared, own, ..]) = entry;
        PhaseSpan {
            decay,
            travel,
            drift: [x, v],
            velocity_noise: noise,
            position_noise_shared: shared,
            position_noise_own: own,
        }
    }
    #[inline(always)]
    fn kick_of(&self, &Entry([.., x, v, _, _]): &Entry<T, 12>) -> [T; 2] {
        [x, v]
    }
}

/// Dynamics that look up what their table has, and calculate the rest: the same bits.
#[derive(Clone, Copy, Debug)]
pub struct Tabulated<'t, S: Tabulate> {
    dynamics: S,
    entries: &'t [S::Entry],
}

impl<'t, S: Tabulate> Tabulated<'t, S> {
    /// The dynamics with their table from its first entry on, however many it has.
    #[inline]
    pub(super) fn new(dynamics: S, entries: &'t [S::Entry]) -> Self {
        Self { dynamics, entries }
    }
}

impl<S: Tabulate> Dynamics for Tabulated<'_, S> {
    type Real = S::Real;
    type State<const D: usize> = S::State<D>;
    type Span<X: Scalar<Real = S::Real>> = S::Span<X>;

    #[inline(always)]
    fn step_size(&self) -> S::Real {
        self.dynamics.step_size()
    }
    #[inline(always)]
    fn inner_steps(&self) -> u32 {
        self.dynamics.inner_steps()
    }
    #[inline(always)]
    fn time(&self, inner_step: u32) -> S::Real {
        self.dynamics.time(inner_step)
    }
    #[inline(always)]
    fn spans<X: Scalar<Real = S::Real>>(&self, from: X::Count, to: X::Count) -> S::Span<X> {
        self.dynamics.spans::<X>(from, to)
    }
    #[inline(always)]
    fn inner_drift(&self) -> CellOf<S, S::Real> {
        self.dynamics.inner_drift()
    }
    #[inline(always)]
    fn kicks<X: Scalar<Real = S::Real>>(
        &self,
        inner_drift: CellOf<S, X>,
        inner_step: X::Count,
    ) -> CellOf<S, X> {
        self.dynamics.kicks::<X>(inner_drift, inner_step)
    }
    #[inline(always)]
    fn span(&self, from: u32, to: u32) -> SpanOf<S> {
        if let Some(entry) = self.entries.get(to.saturating_sub(from) as usize) {
            return S::span_of(entry);
        }
        // As an entry, lest the compiler keep every span in memory, where the function that calculates one writes it.
        let kick = Cell::from_fn(|_| S::Real::ZERO);
        S::span_of(&S::pack(self.dynamics.span(from, to), kick))
    }
    #[inline(always)]
    fn kick(&self, inner_step: u32) -> CellOf<S, S::Real> {
        match self.entries.get(inner_step as usize) {
            Some(entry) => self.dynamics.kick_of(entry),
            None => self.dynamics.kick(inner_step),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dynamics' table, of as many entries as there are.
    fn table<S: Tabulate>(dynamics: &S) -> Vec<S::Entry> {
        let all = 0..=dynamics.inner_steps();
        all.map(|n| dynamics.entry(n)).collect()
    }

    /// Compares the digits, which tell the bits, of all spans and kicks.
    fn same_bits<S: Tabulate>(dynamics: S) {
        let steps = dynamics.inner_steps();
        let entries = table(&dynamics);
        for length in [entries.len(), entries.len() / 2, 1, 0] {
            let tabulated = Tabulated::new(dynamics, &entries[..length]);
            assert_eq!(tabulated.inner_steps(), steps);
            for from in (0..=steps).step_by(1 + steps as usize / 11) {
                for to in (from..=steps)
                    .step_by(1 + steps as usize / 7)
                    .chain([steps])
                {
                    let (found, expected) = (tabulated.span(from, to), dynamics.span(from, to));
                    assert_eq!(format!("{found:?}"), format!("{expected:?}"));
                }
                if from < steps {
                    let (found, expected) = (tabulated.kick(from), dynamics.kick(from));
                    assert_eq!(format!("{found:?}"), format!("{expected:?}"));
                }
            }
        }
    }

    #[test]
    fn a_table_of_any_length_gives_the_calculated_bits() {
        for steps in [1, 2, 7, 1000] {
            let overdamped = Overdamped::new(0.3_f32, steps).unwrap();
            same_bits(overdamped.with_temperature(0.7).unwrap());
            let underdamped = Underdamped::new(0.3_f32, steps, 1.7).unwrap();
            same_bits(underdamped.with_mass(0.3).unwrap());
            // Spans with z beyond 1, where the formulas are others.
            same_bits(Underdamped::new(5.0_f32, steps, 1.7).unwrap());
            let overdamped = Overdamped::new(0.3_f64, steps).unwrap();
            same_bits(overdamped.with_mobility(0.7).unwrap());
            let underdamped = Underdamped::new(0.3_f64, steps, 1.7).unwrap();
            same_bits(underdamped.with_temperature(0.3).unwrap());
        }
    }

    #[test]
    fn what_a_table_has_is_read() {
        let dynamics = Underdamped::new(0.1_f32, 10, 1.0).unwrap();
        let others = table(&Underdamped::new(0.2_f32, 10, 1.0).unwrap());
        let tabulated = Tabulated::new(dynamics, &others[..5]);
        assert_ne!(tabulated.span(3, 7), dynamics.span(3, 7));
        assert_ne!(
            tabulated.kick(4).map(f32::to_bits),
            dynamics.kick(4).map(f32::to_bits)
        );
        assert_eq!(tabulated.span(3, 8), dynamics.span(3, 8));
        assert_eq!(
            tabulated.kick(5).map(f32::to_bits),
            dynamics.kick(5).map(f32::to_bits)
        );
        // Lanes calculate.
        assert_eq!(tabulated.spans::<f32>(3, 7), dynamics.span(3, 7));
    }
}
