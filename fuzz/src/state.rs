//! States, component by component.

use poisson_midpoint::{Real, State};

/// The bits of all components, part by part: what two results must share to be the same.
pub fn bits<X: State>(state: &X) -> Vec<u64> {
    let mut bits = Vec::with_capacity(X::PARTS * X::DIMENSION);
    state.for_each(|_, _, value| bits.push(value.to_bits()));
    bits
}

/// All components, part by part, as a slice of the crate's holds them.
pub fn components<X: State>(state: &X) -> Vec<X::Real> {
    let mut components = Vec::with_capacity(X::PARTS * X::DIMENSION);
    state.for_each(|_, _, value| components.push(value));
    components
}

/// The bits of a slice.
pub fn slice_bits<T: Real>(slice: &[T]) -> Vec<u64> {
    slice.iter().map(|value| value.to_bits()).collect()
}
