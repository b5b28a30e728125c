//! Functions that would lose their digits at small steps if they were written as in the textbook.

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

/// e⁻ʸ and 1 − e⁻ʸ, both to full relative precision, from one call of the exponential.
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

/// [`decay_and_loss`] for 0 ≤ y < ln 2, without branches.
#[inline(always)]
pub(crate) fn decay_and_loss_of_short<T: Real>(y: T) -> (T, T) {
    let loss = -((-y).exp_m1_of_short());
    (T::ONE - loss, loss)
}

/// r(z) = (1 − tanh(z)/z)/z² for z ≥ 0, so that z − tanh z = z³ r(z); `tanh` is tanh z, read only
/// where z > 1.
#[inline]
pub(crate) fn tanh_deficit<T: Real>(z: T, tanh: T) -> T {
    if z > T::ONE {
        (z - tanh) / (z * (z * z))
    } else {
        tanh_deficit_of_short(z)
    }
}

/// [`tanh_deficit`] for 0 ≤ z ≤ 1, without branches.
///
/// Lambert's continued fraction tanh z = z/(1 + z²/(3 + z²/(5 + …))) gives
/// r = f/(1 + z²f) with f = 1/(3 + z²/(5 + …)): positive terms only, nothing cancels.
#[inline(always)]
pub(crate) fn tanh_deficit_of_short<T: Real>(z: T) -> T {
    let square = z * z;
    let mut below = T::ZERO;
    let mut level = T::TANH_LEVELS;
    while level > 1 {
        below = square / (T::from_u32(2 * level + 1) + below);
        level -= 1;
    }
    let f = T::ONE / (T::from_u32(3) + below);
    f / (T::ONE + square * f)
}
