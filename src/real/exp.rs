//! eˣ where it and its inverse have full precision, with the bits of libm's `exp` and without its branches, so that a
//! loop over lanes vectorises.
//!
//! The function of libm, which is FreeBSD's, writes x = k ln 2 + r and takes a rational function of r: k is 0 where |x|
//! is at most ½ ln 2, ±1 up to 1.5 ln 2, and x / ln 2 rounded beyond. Where x is tiny, it takes 1 + x. Here every
//! candidate for k and for the result is computed, and one is chosen.

macro_rules! exp {
    (
        $real:ident, mantissa: $mantissa:expr, bias: $bias:expr, limit: $limit:expr, round: $round:expr,
        from: $small:expr, $one:expr, $many:expr, ln_2: $high:expr, $low:expr,
        $first:expr, $($p:expr),*
    ) => {
        pub(in crate::real) mod $real {
            /// Adding this to a small number leaves an integer in the lowest bits.
            const ROUND: $real = $round;

            /// Whether neither eˣ nor e⁻ˣ is subnormal, on a processor that rounds every sum: the x87 does not.
            #[inline(always)]
            pub(in crate::real) fn is_moderate(x: $real) -> bool {
                x.abs() < $limit && cfg!(not(all(target_arch = "x86", not(target_feature = "sse2"))))
            }

            /// eˣ of a moderate x.
            #[inline(always)]
            #[allow(clippy::excessive_precision, reason = "constants as libm prints them")]
            #[allow(clippy::unreadable_literal, reason = "constants as libm prints them")]
            pub(in crate::real) fn exp(x: $real) -> $real {
                let magnitude = x.abs().to_bits();
                let sign = (1.0 as $real).copysign(x);
                // Truncated to an integer by sums: a conversion saturates, for which there is no vector instruction.
                let cut = core::$real::consts::LOG2_E * x + 0.5 * sign;
                let many = (cut + ROUND) - ROUND;
                let many = if many.abs() > cut.abs() { many - sign } else { many };
                let k = if magnitude >= $many { many } else { sign };
                let k = if magnitude >= $one { k } else { 0.0 };
                let high = x - k * $high;
                let low = k * $low;
                let reduced = high - low;
                let square = reduced * reduced;
                let mut p = $first;
                for coefficient in [$($p),*] {
                    p = coefficient + square * p;
                }
                let c = reduced - square * p;
                let y = 1.0 + (reduced * c / (2.0 - c) - low + high);
                let scaled = y * $real::from_bits(((k + ROUND).to_bits() + $bias) << $mantissa);
                if magnitude >= $small { scaled } else { 1.0 + x }
            }
        }
    };
}

exp! {
    f32, mantissa: 23, bias: 127, limit: 87.0, round: 12_582_912.0,
    from: 0x3900_0001, 0x3eb1_7219, 0x3f85_1593,
    ln_2: 6.9314575195e-01, 1.4286067653e-06,
    -2.7667332906e-3, 1.6666625440e-1
}

exp! {
    f64, mantissa: 52, bias: 1023, limit: 708.0, round: 6_755_399_441_055_744.0,
    from: 0x3e30_0001_0000_0000, 0x3fd6_2e43_0000_0000, 0x3ff0_a2b2_0000_0000,
    ln_2: 6.93147180369123816490e-01, 1.90821492927058770002e-10,
    4.13813679705723846039e-08, -1.65339022054652515390e-06, 6.61375632143793436117e-05,
    -2.77777777770155933842e-03, 1.66666666666666019037e-01
}

#[cfg(test)]
mod tests {
    /// Tests strides through all moderate numbers of either sign, and the ends of each of libm's branches.
    macro_rules! is_that_of_libm {
        ($name:ident, $real:ident, $libm:path, strides: [$(($from:expr, $stride:expr)),*], ends: [$($end:expr),*]) => {
            #[test]
            fn $name() {
                let mut count = 0_u32;
                let mut check = |bits| {
                    for x in [$real::from_bits(bits), -$real::from_bits(bits)] {
                        if super::$real::is_moderate(x) {
                            count += 1;
                            assert_eq!(super::$real::exp(x).to_bits(), $libm(x).to_bits(), "{x:e}");
                        }
                    }
                };
                let infinity = $real::INFINITY.to_bits();
                $((($from)..infinity).step_by($stride).for_each(&mut check);)*
                for end in [0, (1.0 as $real).to_bits(), infinity, $($end),*] {
                    (end.saturating_sub(3)..end + 3).for_each(&mut check);
                }
                assert!(count > 1_000_000);
            }
        };
    }

    is_that_of_libm! {
        it_is_that_of_libm_in_f32, f32, libm::expf, strides: [(0, 997)],
        ends: [0x3900_0001, 0x3eb1_7219, 0x3f85_1593]
    }

    // Strides through the whole range, and through the binades where the exponential is neither 1 nor too large.
    is_that_of_libm! {
        it_is_that_of_libm_in_f64, f64, libm::exp,
        strides: [(0, 9_223_372_036_854), (0x3f00_0000_0000_0000, 54_043_195_529)],
        ends: [0x3e30_0001_0000_0000, 0x3fd6_2e43_0000_0000, 0x3ff0_a2b2_0000_0000]
    }
}
