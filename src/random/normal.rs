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
//! precision. The polynomials below are minimax in the relative error of g, fitted in 50-digit
//! arithmetic in powers of w − c, c the middle of the segment (`tests/reference/normal_fit.py`).
//!
//! # Error
//! Over all 2³² words the f32 form is within 2.88 ulp of the exact quantile and never falls by more
//! than one ulp from a word to the next; the f64 form is within 2.1 ulp on the words tested
//! (`tests/normal.rs`).

#![allow(
    clippy::excessive_precision,
    reason = "coefficients as the fit printed them"
)]
#![allow(
    clippy::unreadable_literal,
    reason = "coefficients as the fit printed them"
)]

use core::ops::{Add, Mul, Sub};

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

impl<const N: usize> Segment<f32, N> {
    /// The segment for a q in units of 2⁻³², with the same bits: powers of two change no rounding.
    const fn in_units_of_words(mut self) -> Self {
        const UNIT: f32 = 1.0 / 4_294_967_296.0;
        self.start_value *= UNIT;
        let mut rest = self.coefficients.as_mut_slice();
        while let Some((coefficient, others)) = rest.split_first_mut() {
            *coefficient *= UNIT;
            rest = others;
        }
        self
    }
}

/// (ln(1 + f) − f)/f² for 1 + f in [√½, √2]; ln is then right to 3.8e-8.
const LOG_F32: [f32; 7] = [
    -0.50000584,
    0.33335254,
    -0.24961445,
    0.19888547,
    -0.17326576,
    0.16333441,
    -0.10029727,
];

/// g in units of words on [0, 5.75], relative error 4.4e-8.
const CENTRE_F32: Segment<f32, 9> = Segment {
    start: 0.0,
    start_value: 2.5066282746310007,
    middle: 2.875,
    coefficients: [
        0.6955701,
        -0.00285008,
        -0.004327448,
        0.00058479037,
        -3.800478e-6,
        -9.770837e-6,
        1.1680303e-6,
        5.7539634e-8,
        -1.8934427e-8,
    ],
}
.in_units_of_words();

/// g in units of words on [5.75, 21.5], relative error 2.3e-8.
const TAIL_F32: Segment<f32, 11> = Segment {
    start: 5.75,
    start_value: 6.3245687,
    middle: 13.625,
    coefficients: [
        0.4640899,
        -0.009870788,
        0.0003683568,
        -1.557124e-5,
        6.305404e-7,
        -1.7905636e-8,
        -1.884953e-10,
        8.75727e-11,
        -1.6876351e-11,
        2.0582668e-12,
        -9.336353e-14,
    ],
}
.in_units_of_words();

/// g on [0, 2.75], relative error below 7e-18.
const SEGMENT_0_F64: Segment<f64, 17> = Segment {
    start: 0.0,
    start_value: 2.5066282746310007,
    middle: 1.375,
    coefficients: [
        0.6882015434490125,
        0.013837855619534314,
        -0.006606899380560972,
        0.0003261988596649399,
        9.57196094288156e-5,
        -1.349144758892016e-5,
        -1.0147610407341592e-6,
        3.5467894449399266e-7,
        -2.20643163824408e-9,
        -7.567058785207708e-9,
        5.502683368814759e-10,
        1.313360260140924e-10,
        -2.0883991075949152e-11,
        -1.5870071370592671e-12,
        5.627224973094829e-13,
        3.111592702924856e-15,
        -1.0228105648306124e-14,
    ],
};

/// g on [2.75, 6.25], relative error below 7e-18.
const SEGMENT_1_F64: Segment<f64, 17> = Segment {
    start: 2.75,
    start_value: 4.420236526686814,
    middle: 4.5,
    coefficients: [
        0.659982011381168,
        -0.01988551141979654,
        -0.0005445883475515754,
        0.0003056074853458739,
        -4.120916573952354e-5,
        1.9830953926746773e-6,
        3.135500358536128e-7,
        -7.70706942450286e-8,
        6.635268160493612e-9,
        2.0819048286839937e-10,
        -1.3328058417727774e-10,
        1.6341152818193746e-11,
        -3.150586635473552e-13,
        -2.12527498078273e-13,
        3.50388625911417e-14,
        -1.1697692022162176e-15,
        -2.514393831852663e-16,
    ],
};

/// g on [6.25, 11.5], relative error below 7e-18.
const SEGMENT_2_F64: Segment<f64, 17> = Segment {
    start: 6.25,
    start_value: 6.607051228927551,
    middle: 8.875,
    coefficients: [
        0.5129898692888282,
        -0.014352103569948087,
        0.0006685351774895222,
        -2.575897386121061e-5,
        -5.374173767433158e-7,
        2.884656913441214e-7,
        -4.135256664237303e-8,
        4.0330537731416145e-9,
        -2.722417409901413e-10,
        7.665800766321335e-12,
        1.0869897026486225e-12,
        -2.2237617091716352e-13,
        2.3943983039331897e-14,
        -1.7465877700712468e-15,
        5.4349740261391707e-17,
        8.781754755721079e-18,
        -1.2084575782500062e-18,
    ],
};

/// g on [11.5, 21.5], relative error below 7e-18.
const SEGMENT_3_F64: Segment<f64, 17> = Segment {
    start: 11.5,
    start_value: 9.12419580370626,
    middle: 16.5,
    coefficients: [
        0.3826896090288796,
        -0.006235630388902262,
        0.00019141338156438933,
        -7.12870038415238e-6,
        2.893267009186463e-7,
        -1.2038910188226405e-8,
        4.783957244298541e-10,
        -1.558923587238986e-11,
        1.5717569365635724e-13,
        3.7382269884869477e-14,
        -4.881794534521315e-15,
        4.215097406107397e-16,
        -2.995930242898369e-17,
        1.853248371887688e-18,
        -1.0043750794075698e-19,
        4.302629594081652e-21,
        -1.0150296173871103e-22,
    ],
};

/// g on [21.5, 43.75], relative error below 7e-18.
const SEGMENT_4_F64: Segment<f64, 19> = Segment {
    start: 21.5,
    start_value: 12.679748508314983,
    middle: 32.625,
    coefficients: [
        0.2760974307579164,
        -0.0023425809317126753,
        3.752037271840288e-5,
        -7.329509767587153e-7,
        1.5823317198928888e-8,
        -3.6296079594769977e-10,
        8.672585826467717e-12,
        -2.1339682565626375e-13,
        5.368124925506164e-15,
        -1.373684697496976e-16,
        3.5625956926341066e-18,
        -9.335556056251612e-20,
        2.4613581562224255e-21,
        -6.469494299111845e-23,
        1.6978947871522727e-24,
        -4.6130587283388286e-26,
        1.1780324610194243e-27,
        -1.7487145903231625e-29,
        -7.182489410910295e-33,
    ],
};

/// −ln(y/2ᴱ) for y/2ᴱ in [2⁻³¹, 1]. The logarithm of the mantissa is right to about 6e-8; beside that, the product with
/// ln 2 and the difference are rounded once each. For 0 it is larger than for any other y.
///
/// Not `libm::logf`: its special cases are branches, and this must vectorise.
#[inline(always)]
pub(super) fn negative_log_f32<const E: u32>(y: f32) -> f32 {
    /// The bits of √½.
    const ROOT_HALF: u32 = 0x3f35_04f3;
    /// The bits of a mantissa.
    const MANTISSA: u32 = 0x007f_ffff;
    const LN_2: f32 = core::f32::consts::LN_2;
    // Of y/2ᴱ over √½: the exponent is on top.
    let bits = y.to_bits().wrapping_sub(ROOT_HALF + (E << 23));
    let f = f32::from_bits((bits & MANTISSA) + ROOT_HALF) - 1.0;
    let log_mantissa = f + f * f * polynomial(&LOG_F32, f);
    #[allow(clippy::cast_precision_loss, reason = "the exponent is in −31..=0")]
    let exponent = (bits.cast_signed() >> 23) as f32;
    -(exponent * LN_2) - log_mantissa
}

/// A word as 2³²q = 2³²|u − ½|, w = −ln(4p(1 − p)) and the sign bit of z.
#[inline(always)]
#[allow(
    clippy::cast_precision_loss,
    reason = "one rounding, counted in the stated error"
)]
fn reduce_f32(word: u32) -> (f32, f32, u32) {
    let from_end = word.cast_signed() ^ (word.cast_signed() >> 31);
    let from_middle = from_end ^ i32::MAX;
    // Both times 2³².
    let (p, q) = (from_end as f32 + 0.5, from_middle as f32 + 0.5);
    // 2⁶²·4p(1 − p), p in units of words. Not as a product of p and 1 − p, whose roundings both count in full: z would
    // fall by two ulp here and there. That of p² counts by p/(1 − p), and near the middle the difference is exact.
    let w = negative_log_f32::<62>(p * 4_294_967_296.0 - p * p);
    (q, w, !word & 0x8000_0000)
}

/// The standard normal that one 32-bit word stands for: Φ⁻¹((w + ½)/2³²).
///
/// Range ±6.338. Odd in the word: the complement of w gives exactly −z. Monotone up to one ulp.
/// Words read: 1.
///
/// ```
/// use poisson_midpoint::random::normal_f32;
/// let z = normal_f32(0xd762_5e89); // Φ(1)·2³²
/// assert!((z - 1.0).abs() < 3e-7);
/// assert_eq!(normal_f32(!0xd762_5e89), -z);
/// ```
#[inline(always)]
#[must_use]
pub fn normal_f32(word: u32) -> f32 {
    let (q, w, sign) = reduce_f32(word);
    let z = if w < TAIL_F32.start {
        CENTRE_F32.scaled(q, w)
    } else {
        TAIL_F32.scaled(q, w)
    };
    f32::from_bits(z.to_bits() | sign)
}

/// [`normal_f32`] of each lane.
#[inline(always)]
pub(crate) fn normal_lanes_f32<const L: usize>(words: &[u32; L]) -> [f32; L] {
    /// The words of a row: few enough that most rows have no lane in the tail.
    const TOGETHER: usize = 16;

    let mut normals = [0.0; L];
    let (rows, rest) = normals.as_chunks_mut::<TOGETHER>();
    let (rows_of_words, rest_of_words) = words.as_chunks::<TOGETHER>();
    for (row, words) in rows.iter_mut().zip(rows_of_words) {
        normals_together_f32(row, words);
    }
    normals_together_f32(rest, rest_of_words);
    normals
}

/// [`normal_f32`] of each word.
///
/// All words are first treated as central ones, in vectors; if any of them lies in the tail, all are calculated again.
#[inline(always)]
fn normals_together_f32(normals: &mut [f32], words: &[u32]) {
    let mut tail = false;
    for (normal, &word) in normals.iter_mut().zip(words) {
        let (q, w, sign) = reduce_f32(word);
        *normal = f32::from_bits(CENTRE_F32.scaled(q, w).to_bits() | sign);
        tail |= w >= TAIL_F32.start;
    }
    if tail {
        for (normal, &word) in normals.iter_mut().zip(words) {
            *normal = normal_f32(word);
        }
    }
}

/// The standard normal that 64 bits, high word first, stand for: Φ⁻¹((w + ½)/2⁶⁴).
///
/// Range ±9.155. Odd in the words: complementing both gives exactly −z. Words read: 2.
///
/// ```
/// use poisson_midpoint::random::normal_f64;
/// let z = normal_f64([0xd762_5e89, 0x069b_e9a4]); // Φ(1)·2⁶⁴
/// assert!((z - 1.0).abs() < 5e-16);
/// assert_eq!(normal_f64([!0xd762_5e89, !0x069b_e9a4]), -z);
/// ```
// A call would keep the next normal from being begun before this one is done; on other processors inlining would only
// lengthen the code.
#[cfg_attr(any(target_arch = "x86_64", target_arch = "aarch64"), inline(always))]
#[cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), inline)]
#[must_use]
#[allow(
    clippy::cast_precision_loss,
    reason = "one rounding, counted in the stated error"
)]
pub fn normal_f64([high, low]: [u32; 2]) -> f64 {
    const SCALE: f64 = 1.0 / 18_446_744_073_709_551_616.0;
    let word = (u64::from(high) << 32) | u64::from(low);
    let centred = (word ^ (1 << 63)).cast_signed();
    let magnitude = centred ^ (centred >> 63);
    let q = (magnitude as f64 + 0.5) * SCALE;
    let twice_p = ((magnitude ^ i64::MAX) as f64 + 0.5) * (2.0 * SCALE);
    let w = -libm::log((twice_p + twice_p) - twice_p * twice_p);
    let z = if w < SEGMENT_1_F64.start {
        SEGMENT_0_F64.scaled(q, w)
    } else if w < SEGMENT_2_F64.start {
        SEGMENT_1_F64.scaled(q, w)
    } else if w < SEGMENT_3_F64.start {
        SEGMENT_2_F64.scaled(q, w)
    } else if w < SEGMENT_4_F64.start {
        SEGMENT_3_F64.scaled(q, w)
    } else {
        SEGMENT_4_F64.scaled(q, w)
    };
    let sign = centred.cast_unsigned() & (1 << 63);
    f64::from_bits(z.to_bits() | sign)
}
