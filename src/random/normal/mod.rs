//! The standard normal by inversion of its distribution function: a pure function of one word
//! (f32) or two (f64), with no rejection, no libm call and no table in the f32 form, so that
//! a loop over lanes vectorises.
//!
//! # Derivation
//! A word w of b bits stands for the probability u = (w + ½)/2ᵇ. With q = |u − ½| and
//! p = ½ − q, both exact to one rounding however small they are, the quantile is
//!
//! ```text
//! |z| = q · g(w),   w = −ln(4p(1 − p)),   g(w) = 2√2 · erf⁻¹(y)/y,   y = √(1 − e⁻ʷ) = 2q
//! ```
//!
//! (the variable is that of Giles 2010, "Approximating the erfinv function"). g is smooth and
//! grows only from √(2π) to about 13 (18 in f64), so near zero z inherits the relative
//! precision of q, and in the tail that of p. The logarithm needs no more than absolute
//! precision. The polynomials are minimax in the relative error of g, fitted in 50-digit
//! arithmetic in powers of w − c, c the middle of the segment (`tests/reference/normal_fit.py`).
//!
//! # Error
//! Over all 2³² words the f32 form is within 2.88 ulp of the exact quantile and never falls by more
//! than one ulp from a word to the next; the f64 form is within 2.1 ulp on the words tested
//! (`tests/normal.rs`).

#![allow(
    clippy::excessive_precision,
    clippy::unreadable_literal,
    reason = "coefficients as the fit printed them"
)]

use core::ops::{Add, Mul, Sub};

mod double;
mod single;

pub use double::normal_f64;
pub(super) use single::negative_log_f32;
pub use single::normal_f32;
pub(crate) use single::normal_lanes_f32;

/// Value of a polynomial with coefficients in ascending order (Horner's scheme, no fused
/// multiply-add).
#[inline(always)]
fn polynomial<T>(coefficients: &[T], x: T) -> T
where
    T: Copy + Default + Add<Output = T> + Mul<Output = T>,
{
    let mut reversed = coefficients.iter().rev();
    let Some(&leading) = reversed.next() else {
        return T::default();
    };
    let mut sum = leading;
    for &coefficient in reversed {
        sum = coefficient + x * sum;
    }
    sum
}

/// g on one segment of w: g(w) = g(a) + (w − a)·R(w − c), a the start and c the middle.
///
/// The value at the start is stored, and w − a vanishes there: so g loses nothing as w → 0, and all
/// its leading terms are positive.
struct Segment<T, const N: usize> {
    start: T,
    start_value: T,
    middle: T,
    coefficients: [T; N],
}

impl<T, const N: usize> Segment<T, N>
where
    T: Copy + Default + Add<Output = T> + Sub<Output = T> + Mul<Output = T>,
{
    /// q·g(w).
    ///
    /// Two products, not q·(g(a) + …): a flip of the last bit of the variable part is then
    /// at most about half an ulp of z, which is what keeps z monotone to one ulp.
    #[inline(always)]
    fn scaled(&self, q: T, w: T) -> T {
        let slope = polynomial(&self.coefficients, w - self.middle);
        q * self.start_value + q * ((w - self.start) * slope)
    }
}
