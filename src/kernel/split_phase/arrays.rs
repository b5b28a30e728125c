//! The arrays of states and drifts, of which dimensions that lie side by side are read and written together.

use super::SplitPhase;
use super::tile::{Four, Group, four};
use crate::dynamics::cell::Cell;
use crate::kernel::{Column, Columns};
use crate::real::Real;

/// The columns of states and drifts.
pub(super) const ARRAYS: usize = 11;

/// One of the columns of states and drifts.
#[derive(Clone, Copy)]
pub(super) enum Array {
    State,
    Next,
    Noise,
    Correction,
    B0,
    Drift,
    Query,
}

impl<T: Real> SplitPhase<T> {
    /// All columns of states and drifts: positions in the order of [`Array`], then velocities, where there are any.
    #[inline(always)]
    pub(super) fn columns<C: Cell<T>>(&self) -> Columns<T, ARRAYS> {
        let velocities = |column: Column<T>| {
            if C::PARTS > 1 {
                column.from(self.extent.strides.part)
            } else {
                column
            }
        };
        let columns = [
            self.state,
            self.next,
            self.noise,
            self.correction,
            self.b0,
            self.drift,
            self.query,
            velocities(self.state),
            velocities(self.next),
            velocities(self.noise),
            velocities(self.correction),
        ];
        let (extent, strides) = (&self.extent, &self.extent.strides);
        Columns::new(
            columns,
            (strides.dimension, strides.particle),
            (extent.dimension, extent.count),
        )
    }

    /// A part of a group's cells, 0 for a position.
    #[inline(always)]
    fn part(from: Array, part: usize, group: &Group<T>) -> Four<T> {
        let column = from as usize + part * (Array::Query as usize + 1);
        match group.len() {
            4 => group.row.get::<4>(column),
            2 => {
                let [first, second] = group.row.get::<2>(column);
                [first, second, T::ZERO, T::ZERO]
            }
            _ => {
                let [only] = group.row.get::<1>(column);
                [only, T::ZERO, T::ZERO, T::ZERO]
            }
        }
    }

    #[inline(always)]
    fn set_part(to: Array, part: usize, group: &Group<T>, values: Four<T>) {
        let [first, second, ..] = values;
        let column = to as usize + part * (Array::Query as usize + 1);
        match group.len() {
            4 => group.row.set(column, values),
            2 => group.row.set(column, [first, second]),
            _ => group.row.set(column, [first]),
        }
    }

    /// The positions of a group, or its drifts.
    #[inline(always)]
    pub(super) fn positions(from: Array, group: &Group<T>) -> Four<T> {
        Self::part(from, 0, group)
    }

    #[inline(always)]
    pub(super) fn set_positions(to: Array, group: &Group<T>, positions: Four<T>) {
        Self::set_part(to, 0, group, positions);
    }

    /// The cells of a group.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "indices below 4")]
    pub(super) fn cells<C: Cell<T>>(from: Array, group: &Group<T>) -> Four<C> {
        let positions = Self::part(from, 0, group);
        let velocities = if C::PARTS > 1 {
            Self::part(from, 1, group)
        } else {
            [T::ZERO; 4]
        };
        four!(INDEX => C::from_fn(|part| {
            if part == 0 {
                positions[INDEX]
            } else {
                velocities[INDEX]
            }
        }))
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "indices below 4")]
    pub(super) fn set_cells<C: Cell<T>>(to: Array, group: &Group<T>, cells: Four<C>) {
        let part = |cell: &C, part: usize| cell.parts().get(part).copied().unwrap_or_default();
        Self::set_part(to, 0, group, four!(INDEX => part(&cells[INDEX], 0)));
        if C::PARTS > 1 {
            Self::set_part(to, 1, group, four!(INDEX => part(&cells[INDEX], 1)));
        }
    }
}
