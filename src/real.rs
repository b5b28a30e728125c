//! The two scalars, f32 and f64, and every elementary function the crate uses, with the bits of `libm`.

use core::fmt::{Debug, Display, LowerExp};
use core::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use crate::random::{Words, normal_f64, normal_lanes_f32};
use crate::scalar::Scalar;

mod exp;
mod exp_m1;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A scalar of the crate: `f32` or `f64`. Sealed.
///
/// Elementary functions have the bits of `libm` on every target and with every feature, so that no
/// platform's own library can change one. None of them fuses a multiplication with an addition.
///
/// ```
/// use poisson_midpoint::Real;
/// fn half_life<T: Real>(rate: T) -> T {
///     T::LN_2 / rate
/// }
/// assert_eq!(half_life(2.0_f64), 0.5 * core::f64::consts::LN_2);
/// ```
pub trait Real:
    sealed::Sealed
    + Scalar<Real = Self, Count = u32>
    + nalgebra::Scalar
    + Copy
    + Default
    + PartialOrd
    + Debug
    + Display
    + LowerExp
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + SubAssign
    + Mul<Output = Self>
    + MulAssign
    + Div<Output = Self>
    + Neg<Output = Self>
    + Send
    + Sync
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// 2.
    const TWO: Self;
    /// ln 2.
    const LN_2: Self;
    /// π/2.
    const FRAC_PI_2: Self;
    /// Words that one normal reads: 1 for `f32`, 2 for `f64`.
    const WORDS_PER_NORMAL: u32;
    /// The least positive number of full precision.
    #[doc(hidden)]
    const LEAST_NORMAL: Self;
    /// Levels of the continued fraction for tanh that reach full precision on [0, 1].
    #[doc(hidden)]
    const TANH_LEVELS: u32;

    /// The nearest scalar to an integer.
    #[must_use]
    fn from_u32(value: u32) -> Self;
    /// |x|.
    #[must_use]
    fn abs(self) -> Self;
    /// Whether the scalar is neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// Whether the scalar is positive, finite and of full precision.
    #[doc(hidden)]
    #[inline]
    fn is_positive_normal(self) -> bool {
        self >= Self::LEAST_NORMAL && self.is_finite()
    }
    /// The bits. Those of scalars that are not negative have the same order as the scalars.
    #[doc(hidden)]
    fn to_bits(self) -> u64;
    /// The scalar with these bits.
    #[doc(hidden)]
    fn from_bits(bits: u64) -> Self;
    /// √x, correctly rounded.
    #[must_use]
    fn sqrt(self) -> Self;
    /// eˣ.
    #[must_use]
    fn exp(self) -> Self;
    /// Whether neither eˣ nor e⁻ˣ is subnormal, and sums are rounded.
    #[doc(hidden)]
    fn is_moderate(self) -> bool;
    /// [`exp`](Self::exp) of a moderate x, without branches.
    #[doc(hidden)]
    #[must_use]
    fn exp_of_moderate(self) -> Self;
    /// eˣ − 1, with full relative precision near 0.
    #[must_use]
    fn exp_m1(self) -> Self;
    /// [`exp_m1`](Self::exp_m1) for −ln 2 < x ≤ 0, without branches.
    #[doc(hidden)]
    #[must_use]
    fn exp_m1_of_short(self) -> Self;
    /// ln x.
    #[must_use]
    fn ln(self) -> Self;
    /// ln(1 + x), with full relative precision near 0.
    #[must_use]
    fn ln_1p(self) -> Self;
    /// sin x; for `f32` by way of double precision.
    #[must_use]
    fn sin(self) -> Self;
    /// cos x; for `f32` by way of double precision.
    #[must_use]
    fn cos(self) -> Self;
    /// A standard normal from the next [`WORDS_PER_NORMAL`](Self::WORDS_PER_NORMAL) words, the
    /// high word first.
    #[must_use]
    fn normal<W: Words + ?Sized>(words: &mut W) -> Self;
    /// [`normal`](Self::normal) in `L` lanes at once: `next` gives the next word of every lane.
    #[must_use]
    fn normal_lanes<const L: usize>(next: impl FnMut() -> [u32; L]) -> [Self; L];
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const TWO: Self = 2.0;
    const LN_2: Self = core::f32::consts::LN_2;
    const FRAC_PI_2: Self = core::f32::consts::FRAC_PI_2;
    const WORDS_PER_NORMAL: u32 = 1;
    const LEAST_NORMAL: Self = f32::MIN_POSITIVE;
    const TANH_LEVELS: u32 = 6;

    #[inline]
    #[allow(clippy::cast_precision_loss, reason = "nearest is what is promised")]
    fn from_u32(value: u32) -> Self {
        value as Self
    }
    #[inline]
    fn abs(self) -> Self {
        Self::abs(self)
    }
    #[inline]
    fn is_finite(self) -> bool {
        Self::is_finite(self)
    }
    #[inline]
    fn to_bits(self) -> u64 {
        Self::to_bits(self).into()
    }
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "an f32 has 32 bits")]
    fn from_bits(bits: u64) -> Self {
        Self::from_bits(bits as u32)
    }
    #[inline]
    fn sqrt(self) -> Self {
        // One instruction, correctly rounded as libm's is. The compiler cannot vectorise libm's, which is assembly.
        #[cfg(target_arch = "nvptx64")]
        return core::f32::math::sqrt(self);
        #[cfg(all(feature = "std", not(target_arch = "nvptx64")))]
        return f32::sqrt(self);
        #[cfg(not(any(feature = "std", target_arch = "nvptx64")))]
        libm::sqrtf(self)
    }
    #[inline]
    fn exp(self) -> Self {
        libm::expf(self)
    }
    #[inline(always)]
    fn is_moderate(self) -> bool {
        exp::f32::is_moderate(self)
    }
    #[inline(always)]
    fn exp_of_moderate(self) -> Self {
        exp::f32::exp(self)
    }
    #[inline]
    fn exp_m1(self) -> Self {
        libm::expm1f(self)
    }
    #[inline(always)]
    fn exp_m1_of_short(self) -> Self {
        exp_m1::f32(self)
    }
    #[inline]
    fn ln(self) -> Self {
        libm::logf(self)
    }
    #[inline]
    fn ln_1p(self) -> Self {
        libm::log1pf(self)
    }
    #[inline]
    fn sin(self) -> Self {
        libm::sinf(self)
    }
    #[inline]
    fn cos(self) -> Self {
        libm::cosf(self)
    }
    #[inline]
    fn normal<W: Words + ?Sized>(words: &mut W) -> Self {
        words.next_normal()
    }
    #[inline(always)]
    fn normal_lanes<const L: usize>(mut next: impl FnMut() -> [u32; L]) -> [Self; L] {
        normal_lanes_f32(&next())
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const TWO: Self = 2.0;
    const LN_2: Self = core::f64::consts::LN_2;
    const FRAC_PI_2: Self = core::f64::consts::FRAC_PI_2;
    const WORDS_PER_NORMAL: u32 = 2;
    const LEAST_NORMAL: Self = f64::MIN_POSITIVE;
    const TANH_LEVELS: u32 = 10;

    #[inline]
    fn from_u32(value: u32) -> Self {
        Self::from(value)
    }
    #[inline]
    fn abs(self) -> Self {
        Self::abs(self)
    }
    #[inline]
    fn is_finite(self) -> bool {
        Self::is_finite(self)
    }
    #[inline]
    fn to_bits(self) -> u64 {
        Self::to_bits(self)
    }
    #[inline]
    fn from_bits(bits: u64) -> Self {
        Self::from_bits(bits)
    }
    #[inline]
    fn sqrt(self) -> Self {
        #[cfg(target_arch = "nvptx64")]
        return core::f64::math::sqrt(self);
        #[cfg(all(feature = "std", not(target_arch = "nvptx64")))]
        return f64::sqrt(self);
        #[cfg(not(any(feature = "std", target_arch = "nvptx64")))]
        libm::sqrt(self)
    }
    #[inline]
    fn exp(self) -> Self {
        libm::exp(self)
    }
    #[inline(always)]
    fn is_moderate(self) -> bool {
        exp::f64::is_moderate(self)
    }
    #[inline(always)]
    fn exp_of_moderate(self) -> Self {
        exp::f64::exp(self)
    }
    #[inline]
    fn exp_m1(self) -> Self {
        libm::expm1(self)
    }
    #[inline(always)]
    fn exp_m1_of_short(self) -> Self {
        exp_m1::f64(self)
    }
    #[inline]
    fn ln(self) -> Self {
        libm::log(self)
    }
    #[inline]
    fn ln_1p(self) -> Self {
        libm::log1p(self)
    }
    #[inline]
    fn sin(self) -> Self {
        libm::sin(self)
    }
    #[inline]
    fn cos(self) -> Self {
        libm::cos(self)
    }
    #[inline]
    fn normal<W: Words + ?Sized>(words: &mut W) -> Self {
        let high = words.next_word();
        let low = words.next_word();
        normal_f64([high, low])
    }
    #[inline(always)]
    fn normal_lanes<const L: usize>(mut next: impl FnMut() -> [u32; L]) -> [Self; L] {
        let (high, low) = (next(), next());
        let mut output = [0.0; L];
        for ((out, &high), &low) in output.iter_mut().zip(&high).zip(&low) {
            *out = normal_f64([high, low]);
        }
        output
    }
}
