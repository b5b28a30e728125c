//! The normal of one word, in `f32`.

use super::{Segment, polynomial};

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
const LOG: [f32; 7] = [
    -0.50000584,
    0.33335254,
    -0.24961445,
    0.19888547,
    -0.17326576,
    0.16333441,
    -0.10029727,
];

/// g in units of words on [0, 5.75], relative error 4.4e-8.
const CENTRE: Segment<f32, 9> = Segment {
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
const TAIL: Segment<f32, 11> = Segment {
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

/// −ln(y/2ᴱ) for y/2ᴱ in [2⁻³¹, 1]. The logarithm of the mantissa is right to about 6e-8; beside that, the product with
/// ln 2 and the difference are rounded once each. For 0 it is larger than for any other y.
///
/// Not `libm::logf`: its special cases are branches, and this must vectorise.
#[inline(always)]
pub(in crate::random) fn negative_log_f32<const E: u32>(y: f32) -> f32 {
    /// The bits of √½.
    const ROOT_HALF: u32 = 0x3f35_04f3;
    /// The bits of a mantissa.
    const MANTISSA: u32 = 0x007f_ffff;
    const LN_2: f32 = core::f32::consts::LN_2;
    // Of y/2ᴱ over √½: the exponent is on top.
    let bits = y.to_bits().wrapping_sub(ROOT_HALF + (E << 23));
    let f = f32::from_bits((bits & MANTISSA) + ROOT_HALF) - 1.0;
    let log_mantissa = f + f * f * polynomial(&LOG, f);
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
    let z = if w < TAIL.start {
        CENTRE.scaled(q, w)
    } else {
        TAIL.scaled(q, w)
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
        *normal = f32::from_bits(CENTRE.scaled(q, w).to_bits() | sign);
        tail |= w >= TAIL.start;
    }
    if tail {
        for (normal, &word) in normals.iter_mut().zip(words) {
            *normal = normal_f32(word);
        }
    }
}
