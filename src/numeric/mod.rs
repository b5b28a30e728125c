//! Counts, comparisons and sums that no device needs.

pub(crate) mod count;
pub(crate) mod order;
pub(crate) mod pair;
