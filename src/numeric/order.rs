//! Comparisons that have an answer for NaN too.

use crate::real::Real;

/// |x|, which is never −0.
pub(crate) fn absolute<T: Real>(x: T) -> T {
    if x > T::ZERO { x } else { T::ZERO - x }
}

/// The larger of two numbers, or the second if either is NaN.
pub(crate) fn larger<T: Real>(a: T, b: T) -> T {
    if a > b { a } else { b }
}

/// The smaller of two numbers, or the second if either is NaN.
pub(crate) fn smaller<T: Real>(a: T, b: T) -> T {
    if a < b { a } else { b }
}
