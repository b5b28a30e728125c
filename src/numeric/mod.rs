//! Counts and sums that no device needs.

pub(crate) mod count;
pub(crate) mod pair;
