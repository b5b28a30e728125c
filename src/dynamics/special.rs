//! The two functions that small steps would ruin if written as in the textbook.

use crate::real::Real;

/// φ₁(y) = (1 − e⁻ʸ)/y, 1 at 0.
#[inline]
pub(crate) fn phi1<T: Real>(y: T) -> T {
    if y == T::ZERO {
        T::ONE
    } else {
        -((-y).exp_m1()) / y
    }
}

/// e⁻ʸ and 1 − e⁻ʸ, both to full relative precision, for one call of the exponential.
#[inline]
pub(crate) fn decay_and_loss<T: Real>(y: T) -> (T, T) {
    if y < T::LN_2 {
        let loss = -((-y).exp_m1());
        (T::ONE - loss, loss)
    } else {
        let decay = (-y).exp();
        (decay, T::ONE - decay)
    }
}

/// r(z) = (1 − tanh(z)/z)/z² for z ≥ 0, so that z − tanh z = z³ r(z); `tanh` is tanh z, read only
/// where z > 1.
///
/// For z ≤ 1 Lambert's continued fraction tanh z = z/(1 + z²/(3 + z²/(5 + …))) gives
/// r = f/(1 + z²f) with f = 1/(3 + z²/(5 + …)): positive terms only, nothing cancels.
#[inline]
pub(crate) fn tanh_deficit<T: Real>(z: T, tanh: T) -> T {
    let square = z * z;
    if z > T::ONE {
        return (z - tanh) / (z * square);
    }
    let mut below = T::ZERO;
    let mut level = T::TANH_LEVELS;
    while level > 1 {
        below = square / (T::from_u32(2 * level + 1) + below);
        level -= 1;
    }
    let f = T::ONE / (T::from_u32(3) + below);
    f / (T::ONE + square * f)
}
