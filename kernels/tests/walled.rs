//! A drift that is computed elsewhere, for the tests on the host and on a GPU.

#![allow(missing_docs, reason = "a file of a test")]
#![allow(
    unreachable_pub,
    reason = "a program of its own includes this file too"
)]

use super::Real;

/// Couples each dimension to the next and is infinite beyond a wall.
pub fn drift<T: Real>(wall: T) -> impl Fn(T, &[T], &mut [T]) + Copy {
    move |time, x, drift| {
        let next = x.iter().cycle().skip(1);
        for ((drift, &x), &next) in drift.iter_mut().zip(x).zip(next) {
            *drift = if x > wall {
                T::ONE / T::ZERO
            } else {
                time - x - next / T::from_u32(8)
            };
        }
    }
}
