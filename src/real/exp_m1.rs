//! eˣ − 1 for −ln 2 < x ≤ 0, with the bits of libm's `expm1` and without its branches, so that a loop over lanes
//! vectorises.
//!
//! The function of libm, which is FreeBSD's, has three branches there: x itself where it is tiny, a rational function
//! of x where it is small, and the same function of x + ln 2 where x is nearer to −ln 2. Here the rational function is
//! evaluated once, at the argument that is chosen, and the result is chosen too.

macro_rules! exp_m1_of_short {
    ($real:ident, tiny: $tiny:expr, far: $far:expr, ln_2: $high:expr, $low:expr, $first:expr, $($q:expr),*) => {
        #[inline(always)]
        #[allow(clippy::excessive_precision, reason = "constants as libm prints them")]
        #[allow(clippy::unreadable_literal, reason = "constants as libm prints them")]
        pub(super) fn $real(x: $real) -> $real {
            let far = x <= -$real::from_bits($far);
            let high = x + $high;
            let reduced = high + $low;
            let rounding = (high - reduced) + $low;
            let reduced = if far { reduced } else { x };
            let half = 0.5 * reduced;
            let square = reduced * half;
            let mut r = $first;
            for coefficient in [$($q),*] {
                r = coefficient + square * r;
            }
            let t = 3.0 - r * half;
            let e = square * ((r - t) / (6.0 - reduced * t));
            let of_small = reduced - (reduced * e - square);
            let e = reduced * (e - rounding) - rounding - square;
            let of_far = 0.5 * (reduced - e) - 0.5;
            let tiny = x > -$real::from_bits($tiny);
            let result = if far { of_far } else { of_small };
            if tiny { x } else { result }
        }
    };
}

exp_m1_of_short! {
    f32, tiny: 0x3300_0000, far: 0x3eb1_7219, ln_2: 6.9313812256e-01, 9.0580006145e-06,
    1.5807170421e-3, -3.3333212137e-2, 1.0
}

exp_m1_of_short! {
    f64, tiny: 0x3c90_0000_0000_0000, far: 0x3fd6_2e43_0000_0000,
    ln_2: 6.93147180369123816490e-01, 1.90821492927058770002e-10,
    -2.01099218183624371326e-07, 4.00821782732936239552e-06, -7.93650757867487942473e-05,
    1.58730158725481460165e-03, -3.33333333333331316428e-02, 1.0
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "the same bits are what is asked for")]
mod tests {
    #[test]
    fn it_is_that_of_libm_in_f32() {
        let end = core::f32::consts::LN_2.to_bits();
        let ends =
            [0, 1, 0x3300_0000, 0x3eb1_7219, end].map(|bits: u32| bits.saturating_sub(2)..bits + 2);
        for bits in (0..end).step_by(997).chain(ends.into_iter().flatten()) {
            let x = -f32::from_bits(bits);
            if bits < end {
                assert_eq!(super::f32(x).to_bits(), libm::expm1f(x).to_bits(), "{x:e}");
            }
        }
    }

    #[test]
    fn it_is_that_of_libm_in_f64() {
        let end = core::f64::consts::LN_2.to_bits();
        let ends = [0, 1, 0x3c90_0000_0000_0000, 0x3fd6_2e43_0000_0000, end]
            .map(|bits: u64| bits.saturating_sub(2)..bits + 2);
        // Strides through the whole range, and through the binades that an exponential is evaluated in.
        let strides = (0..end)
            .step_by(4_611_686_018_427)
            .chain((0x3f00_0000_0000_0000..end).step_by(54_043_195_529));
        for bits in strides.chain(ends.into_iter().flatten()) {
            let x = -f64::from_bits(bits);
            if bits < end {
                assert_eq!(super::f64(x).to_bits(), libm::expm1(x).to_bits(), "{x:e}");
            }
        }
    }
}
