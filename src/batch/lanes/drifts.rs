//! How lanes ask for drifts.

use nalgebra::SVector;

use super::{LANES, Rows};
use crate::dynamics::state::State;
use crate::real::Real;
use crate::scalar::Row;
use crate::target::Drift;

/// A drift at the positions `P` of particles.
pub trait LaneDrift<P: State> {
    /// As [`Drift`] has it.
    #[inline(always)]
    fn is_vectorised(&self) -> bool {
        false
    }

    /// That of one particle.
    fn drift(&mut self, time: P::Real, position: &P) -> P;

    /// Those of a particle in every lane: to the bit, what each has alone. `positions` has a row for each dimension.
    #[inline(always)]
    fn drifts(&mut self, times: &[P::Real; LANES], positions: &[Row<P::Real, LANES>]) -> Rows<P> {
        self.drifts_in(0..LANES, times, positions)
    }

    /// Those in some lanes, one by one; 0 in the others.
    #[inline(always)]
    #[allow(
        clippy::indexing_slicing,
        reason = "`lane` numbers lanes, and rows are as many as dimensions"
    )]
    fn drifts_in(
        &mut self,
        lanes: impl Iterator<Item = usize>,
        times: &[P::Real; LANES],
        positions: &[Row<P::Real, LANES>],
    ) -> Rows<P> {
        let mut drifts = P::each(|_| Row([P::Real::ZERO; LANES]));
        for lane in lanes {
            let position = P::from_fn(|_, d| positions[d].0[lane]);
            let value = self.drift(times[lane], &position);
            let drifts = drifts.as_mut();
            value.for_each(|_, d, value| drifts[d].0[lane] = value);
        }
        drifts
    }
}

/// A function of time and position.
#[derive(Clone)]
pub(in crate::batch) struct Function<F>(pub(in crate::batch) F);

impl<P, F> LaneDrift<P> for Function<F>
where
    P: State,
    F: FnMut(P::Real, &P) -> P,
{
    #[inline(always)]
    fn drift(&mut self, time: P::Real, position: &P) -> P {
        self.0(time, position)
    }
}

/// A [`Drift`], which may know how to evaluate a whole row at once.
pub(in crate::batch) struct ByRows<'a, F>(pub(in crate::batch) &'a F);

impl<F> Clone for ByRows<'_, F> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl<T, F, const D: usize> LaneDrift<SVector<T, D>> for ByRows<'_, F>
where
    T: Real,
    F: Drift<T, D>,
{
    #[inline(always)]
    fn is_vectorised(&self) -> bool {
        self.0.is_vectorised()
    }

    #[inline(always)]
    fn drift(&mut self, time: T, position: &SVector<T, D>) -> SVector<T, D> {
        self.0.drift(time, position)
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "rows are as many as dimensions")]
    fn drifts(&mut self, times: &[T; LANES], positions: &[Row<T, LANES>]) -> [Row<T, LANES>; D] {
        let positions = core::array::from_fn(|d| positions[d].0);
        self.0.drifts(times, &positions).map(Row)
    }
}
