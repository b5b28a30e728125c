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

#[cfg(test)]
mod tests {
    use super::{absolute, larger, smaller};

    #[test]
    fn comparisons_have_an_answer() {
        let check = |found: f32, expected: f32| assert_eq!(found.to_bits(), expected.to_bits());
        check(absolute(-2.0), 2.0);
        check(absolute(3.0), 3.0);
        check(absolute(-0.0), 0.0);
        for [a, b] in [[1.0, 2.0], [2.0, 1.0]] {
            check(smaller(a, b), 1.0);
            check(larger(a, b), 2.0);
        }
        check(smaller(f32::NAN, 1.0), 1.0);
        check(larger(f32::NAN, 1.0), 1.0);
    }
}
