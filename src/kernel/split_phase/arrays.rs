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
        Columns::new([
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
        ])
    }

    #[inline(always)]
    fn column(&self, array: Array) -> Column<T> {
        match array {
            Array::State => self.state,
            Array::Next => self.next,
            Array::Noise => self.noise,
            Array::Correction => self.correction,
            Array::B0 => self.b0,
            Array::Drift => self.drift,
            Array::Query => self.query,
        }
    }

    /// A part of a group's cells, 0 for a position; 0 where there is no dimension.
    #[inline(always)]
    fn part(&self, from: Array, part: usize, group: &Group<T>) -> Four<T> {
        if let Some(rows) = group.rows {
            let column = from as usize + part * (Array::Query as usize + 1);
            match group.len() {
                4 => rows.get::<4>(column),
                2 => {
                    let [first, second] = rows.get::<2>(column);
                    [first, second, T::ZERO, T::ZERO]
                }
                _ => {
                    let [only] = rows.get::<1>(column);
                    [only, T::ZERO, T::ZERO, T::ZERO]
                }
            }
        } else {
            let column = self.column(from);
            let offset = part.wrapping_mul(self.extent.strides.part);
            four!(INDEX => if INDEX < group.len() {
                column.get(group.index(INDEX).wrapping_add(offset))
            } else {
                T::ZERO
            })
        }
    }

    #[inline(always)]
    fn set_part(&self, to: Array, part: usize, group: &Group<T>, values: Four<T>) {
        let [first, second, third, fourth] = values;
        if let Some(rows) = group.rows {
            let column = to as usize + part * (Array::Query as usize + 1);
            match group.len() {
                4 => rows.set(column, values),
                2 => rows.set(column, [first, second]),
                _ => rows.set(column, [first]),
            }
        } else {
            let column = self.column(to);
            let offset = part.wrapping_mul(self.extent.strides.part);
            let set = |index: usize, value| {
                if index < group.len() {
                    column.set(group.index(index).wrapping_add(offset), value);
                }
            };
            set(0, first);
            set(1, second);
            set(2, third);
            set(3, fourth);
        }
    }

    /// The positions of a group, or its drifts.
    #[inline(always)]
    pub(super) fn positions(&self, from: Array, group: &Group<T>) -> Four<T> {
        self.part(from, 0, group)
    }

    #[inline(always)]
    pub(super) fn set_positions(&self, to: Array, group: &Group<T>, positions: Four<T>) {
        self.set_part(to, 0, group, positions);
    }

    /// The cells of a group.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "indices below 4")]
    pub(super) fn cells<C: Cell<T>>(&self, from: Array, group: &Group<T>) -> Four<C> {
        let positions = self.part(from, 0, group);
        let velocities = if C::PARTS > 1 {
            self.part(from, 1, group)
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
    pub(super) fn set_cells<C: Cell<T>>(&self, to: Array, group: &Group<T>, cells: Four<C>) {
        let part = |cell: &C, part: usize| cell.parts().get(part).copied().unwrap_or_default();
        self.set_part(to, 0, group, four!(INDEX => part(&cells[INDEX], 0)));
        if C::PARTS > 1 {
            self.set_part(to, 1, group, four!(INDEX => part(&cells[INDEX], 1)));
        }
    }
}
