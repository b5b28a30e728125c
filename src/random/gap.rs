//! Gaps between midpoints by inversion, in integers, so that f32 and f64 (and any device) find them alike.

use super::normal::negative_log_f32;

/// Failures before the first success in trials of probability 1/K: ⌊ln u / ln(1 − 1/K)⌋ with
/// u = (word + ½)/2³². `scale` is [`gap_scale`]`(K)`.
#[inline]
pub(super) fn geometric(word: u32, scale: u64) -> u32 {
    // 58 and 32 fractional bits.
    let gap = (u128::from(negative_log2(word)) * u128::from(scale)) >> 90;
    u32::try_from(gap).unwrap_or(u32::MAX)
}

/// Bounds of [`geometric`] in single precision, without branches or tables, so that a loop over lanes vectorises: they
/// almost always agree, and then `geometric` need not be called.
pub(super) struct GapEstimate {
    /// 1/(−ln(1 − 1/K)), the mean of a gap before it is rounded down.
    mean: f32,
    /// K: gaps beyond it all count alike.
    limit: f32,
}

impl GapEstimate {
    /// The largest K for which the bounds are worth finding.
    pub(super) const MOST_INNER_STEPS: u32 = 16_384;
    /// Bound of the error of −ln u, absolute and relative, which makes up for the roundings of the mean and of the
    /// product too: over 1.5 times the sum of all of them wherever a gap falls short of K, that is, where
    /// u > (1 − 1/K)ᴷ ≥ ¼.
    const ERROR: f32 = 4e-7;

    #[inline(always)]
    #[allow(clippy::cast_precision_loss, reason = "counted in the error")]
    pub(super) fn new(inner_steps: u32, scale: u64) -> Self {
        /// 2⁻³²/ln 2.
        const UNIT: f32 = core::f32::consts::LOG2_E / 4_294_967_296.0;
        Self {
            mean: scale as f32 * UNIT,
            limit: inner_steps as f32,
        }
    }

    /// The least and the most that the gap may be, at most K.
    #[inline(always)]
    #[allow(clippy::cast_precision_loss, reason = "counted in the error")]
    pub(super) fn bounds(&self, word: u32) -> (u32, u32) {
        let centred = (word ^ 0x8000_0000).cast_signed();
        // Of 2³²u to a rounding, which makes 0 of the least words: a gap beyond K in any case.
        let log = negative_log_f32::<32>(centred as f32 + 2_147_483_648.0);
        let (gap, error) = (log * self.mean, (log + 1.0) * (self.mean * Self::ERROR));
        (self.floor(gap - error), self.floor(gap + error))
    }

    /// The greatest integer that is not above the gap, from 0 to K.
    #[inline(always)]
    fn floor(&self, gap: f32) -> u32 {
        /// 2²³: a number added to it loses its fraction, and the lowest bits of the sum are then an integer.
        const INTEGERS: f32 = 8_388_608.0;
        // Not by `max` and `min`, which check for NaN, nor by a conversion, which checks for values out of range.
        let gap = if gap < self.limit { gap } else { self.limit };
        let gap = if gap > 0.0 { gap } else { 0.0 };
        let nearest = gap + INTEGERS;
        let above = nearest - INTEGERS > gap;
        nearest.to_bits() - INTEGERS.to_bits() - u32::from(above)
    }
}

/// 1 in fixed point with 62 fractional bits, the format of everything below except for −log₂ itself.
const ONE: u64 = 1 << 62;
/// ln 2.
const LN_2: u64 = 0x2c5c_85fd_f473_de6b;
/// 1/ln 2.
const INVERSE_LN_2: u64 = 0x5c55_1d94_ae0b_f85e;

#[inline]
#[allow(
    clippy::cast_possible_truncation,
    reason = "every product here is below 4"
)]
const fn product(a: u64, b: u64) -> u64 {
    ((a as u128 * b as u128) >> 62) as u64
}

/// ⌊a/b⌋. A 32-bit processor's own routine is a kilobyte of flash, too much for one constant.
#[inline]
const fn quotient(a: u64, b: u64) -> u64 {
    if cfg!(target_pointer_width = "32") {
        long_division(a, b)
    } else {
        a / b
    }
}

/// ⌊a/b⌋ bit by bit, for b < 2⁶³.
#[inline(never)]
const fn long_division(a: u64, b: u64) -> u64 {
    let (mut rest, mut quotient) = (0, a);
    let mut bit = 0;
    while bit < 64 {
        rest = (rest << 1) | (quotient >> 63);
        quotient <<= 1;
        if rest >= b {
            rest -= b;
            quotient |= 1;
        }
        bit += 1;
    }
    quotient
}

/// atanh(y)/y = 1 + y²/3 + y⁴/5 + … of y² ≤ 1/9.
const fn atanh_ratio(y_squared: u64) -> u64 {
    let mut sum = ONE;
    let mut power = y_squared;
    let mut divisor = 3;
    while power >= divisor {
        sum += quotient(power, divisor);
        power = product(power, y_squared);
        divisor += 2;
    }
    sum
}

/// 1/(−log₂(1 − 1/K)) with 32 fractional bits.
///
/// −ln(1 − 1/K) = 2 atanh(y) with y = 1/(2K − 1), so the result is ln 2 · (2K − 1)/2 over
/// atanh(y)/y: no cancellation however large K is.
#[allow(
    clippy::cast_possible_truncation,
    reason = "below 2³² · ln 2 in 32 fractional bits"
)]
pub(super) fn gap_scale(inner_steps: u32) -> u64 {
    if inner_steps < 2 {
        return 0;
    }
    let inverse_y = 2 * u64::from(inner_steps) - 1;
    let y_squared = quotient(quotient(ONE, inverse_y), inverse_y);
    let ratio = atanh_ratio(y_squared);
    // Newton's iteration for 1/ratio; ratio ≤ 1.04 makes the first guess good to 2⁻⁹ and each
    // round squares that. There is no 128-bit division on some targets.
    let mut inverse = 2 * ONE - ratio;
    for _ in 0..3 {
        inverse = product(inverse, 2 * ONE - product(ratio, inverse));
    }
    ((u128::from(product(LN_2, inverse)) * u128::from(inverse_y)) >> 31) as u64
}

/// One thirty-second of the range of m: its first 5 bits decide which.
#[derive(Clone, Copy)]
struct Slice {
    /// c with 9 fractional bits: 1/m at the slice's low end, rounded up, so 1 ≤ m·c < 1 + 1/28.
    reciprocal: u64,
    /// −log₂ c.
    log2: u64,
}

static SLICES: [Slice; 32] = slices();

#[allow(clippy::indexing_slicing, reason = "evaluated at compile time")]
#[allow(clippy::cast_possible_truncation, reason = "y is below 1")]
const fn slices() -> [Slice; 32] {
    let empty = Slice {
        reciprocal: 0,
        log2: 0,
    };
    let mut slices = [empty; 32];
    let mut i = 0;
    while i < 32 {
        let reciprocal = (512 * 32_u64).div_ceil(32 + i as u64);
        // −ln c = 2 atanh(y), y = (1 − c)/(1 + c).
        let y = (((512 - reciprocal) as u128 * ONE as u128) / (512 + reciprocal) as u128) as u64;
        let ln = 2 * product(y, atanh_ratio(product(y, y)));
        slices[i] = Slice {
            reciprocal,
            log2: product(ln, INVERSE_LN_2),
        };
        i += 1;
    }
    slices
}

/// 1/(6 ln 2), …, 1/(2 ln 2) with 32 fractional bits: the series of log₂(1 + r) without its leading
/// term, last term first.
#[allow(clippy::cast_possible_truncation, reason = "all are below 1")]
const COEFFICIENTS: [u32; 5] = [
    ((INVERSE_LN_2 / 6) >> 30) as u32,
    ((INVERSE_LN_2 / 5) >> 30) as u32,
    ((INVERSE_LN_2 / 4) >> 30) as u32,
    ((INVERSE_LN_2 / 3) >> 30) as u32,
    ((INVERSE_LN_2 / 2) >> 30) as u32,
];

/// −log₂((word + ½)/2³²) with 58 fractional bits; absolute error below 2⁻³⁵.
///
/// With 2·word + 1 = 2ᵉ·m, m in [1, 2): log₂ m = −log₂ c + log₂(1 + r), r = m·c − 1 exact, and
/// six terms of ln(1 + r) = r(1 − r(½ − r(⅓ − …))). All but the first are small enough for
/// 32-bit arithmetic.
#[inline]
fn negative_log2(word: u32) -> u64 {
    let zeros = word.leading_zeros();
    // m − 1 with 32 fractional bits; word 0 is 2⁻¹, m = 1.
    let fraction = ((word << 1) | 1).checked_shl(zeros).unwrap_or(0);
    #[allow(clippy::indexing_slicing, reason = "five bits index 32 entries")]
    let slice = SLICES[(fraction >> 27) as usize];
    // 32 + 9 fractional bits.
    let r = ((slice.reciprocal << 32) + u64::from(fraction) * slice.reciprocal) - (1 << 41);
    #[allow(clippy::cast_possible_truncation, reason = "r is below 1/28")]
    let short = (r >> 9) as u32;
    let times = |series: u32| u64::from(short) * u64::from(series);
    let mut series = 0;
    for coefficient in COEFFICIENTS {
        #[allow(clippy::cast_possible_truncation, reason = "the product's high half")]
        let less = (times(series) >> 32) as u32;
        series = coefficient - less;
    }
    let slope = INVERSE_LN_2 - (times(series) >> 2);
    let log2 = product(r << 21, slope) + slice.log2;
    (u64::from(zeros + 1) << 58) - (log2 >> 4)
}
#[cfg(test)]
#[allow(clippy::cast_precision_loss, reason = "references in f64")]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_right_to_two_to_the_minus_35() {
        let scale = f64::from(2_u32).powi(58);
        let mut worst = 0.0_f64;
        for k in 0..=1_000_000_u32 {
            // Both ends word by word, the middle in strides.
            for word in [k, !k, k.wrapping_mul(4_294_967)] {
                let exact = 33.0 - ((u64::from(word) << 1 | 1) as f64).log2();
                worst = worst.max((negative_log2(word) as f64 / scale - exact).abs());
            }
        }
        // The f64 reference itself is good to 2⁻⁴⁸.
        assert!(worst < 2.0_f64.powi(-35), "{worst:e}");
    }

    #[test]
    fn long_division_is_division() {
        let ends = [1, 2, 3, 10, u64::from(u32::MAX), ONE - 1, ONE, u64::MAX / 2];
        let weyl = (1..1000_u64).map(|k| k.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (k % 60 + 1));
        let numbers = || ends.into_iter().chain(weyl.clone());
        for a in numbers().chain([0, u64::MAX]) {
            for b in numbers().filter(|&b| b > 0) {
                assert_eq!(long_division(a, b), a / b, "{a} {b}");
            }
        }
    }

    #[test]
    fn the_scale_is_the_inverse_logarithm() {
        for k in [
            2_u32,
            3,
            4,
            5,
            7,
            10,
            64,
            1000,
            65_537,
            1_000_000_000,
            u32::MAX,
        ] {
            let exact = -core::f64::consts::LN_2 / (-1.0 / f64::from(k)).ln_1p();
            let scale = gap_scale(k) as f64 / 2.0_f64.powi(32);
            let error = (scale / exact - 1.0).abs();
            assert!(error < 2.0_f64.powi(-31), "{k}: {error:e}");
        }
    }

    #[test]
    fn the_bounds_of_a_gap_hold_it() {
        for k in [1, 2, 3, 10, 1000, GapEstimate::MOST_INNER_STEPS] {
            let scale = gap_scale(k);
            let estimate = GapEstimate::new(k, scale);
            let (mut doubtful, mut count) = (0, 0);
            let mut check = |word: u32| {
                let gap = geometric(word, scale).min(k);
                let (least, most) = estimate.bounds(word);
                assert!(
                    least <= gap && gap <= most,
                    "{k} {word}: {least} {gap} {most}"
                );
                doubtful += u32::from(least != most);
                count += 1;
            };
            (0..u32::MAX).step_by(4093).for_each(&mut check);
            (0..10_000).for_each(|word| [word, !word].into_iter().for_each(&mut check));
            // As many as there are multiples of the mean in the error, or what the words at the ends add.
            assert!(doubtful <= count / 20, "{k}: {doubtful} of {count}");
        }
    }

    #[test]
    fn gaps_are_monotone_in_the_word_and_split_where_the_law_says() {
        // P(gap = 0) = 1/K: the words above (1 − 1/K)·2³².
        for k in [2_u32, 3, 10, 1000, 1_000_000] {
            let scale = gap_scale(k);
            let exact = (1.0 - 1.0 / f64::from(k)) * 2.0_f64.powi(32);
            let zeros_from = |word: u32| geometric(word, scale) == 0;
            let (mut low, mut high) = (0_u32, u32::MAX);
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if zeros_from(middle) {
                    high = middle;
                } else {
                    low = middle;
                }
            }
            assert!(
                (f64::from(high) - exact).abs() <= 1.0,
                "{k}: {high} {exact}"
            );
        }
    }
}
