//! Counts, comparisons and sums that GPU kernels do not need.

pub(crate) mod count;
pub(crate) mod order;
pub(crate) mod pair;
