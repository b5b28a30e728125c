//! The normal of two words, in `f64`.

use super::Segment;

/// g on [0, 2.75], relative error below 7e-18.
const SEGMENT_0: Segment<f64, 17> = Segment {
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
const SEGMENT_1: Segment<f64, 17> = Segment {
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
const SEGMENT_2: Segment<f64, 17> = Segment {
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
const SEGMENT_3: Segment<f64, 17> = Segment {
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
const SEGMENT_4: Segment<f64, 19> = Segment {
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
    let z = if w < SEGMENT_1.start {
        SEGMENT_0.scaled(q, w)
    } else if w < SEGMENT_2.start {
        SEGMENT_1.scaled(q, w)
    } else if w < SEGMENT_3.start {
        SEGMENT_2.scaled(q, w)
    } else if w < SEGMENT_4.start {
        SEGMENT_3.scaled(q, w)
    } else {
        SEGMENT_4.scaled(q, w)
    };
    let sign = centred.cast_unsigned() & (1 << 63);
    f64::from_bits(z.to_bits() | sign)
}
