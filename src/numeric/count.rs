//! Counts as scalars.

use crate::real::Real;

/// The scalar nearest to a count, except for one more rounding beyond 2³².
pub(crate) fn of_count<T: Real>(count: u64) -> T {
    #[allow(clippy::cast_possible_truncation, reason = "the two halves of 64 bits")]
    let (high, low) = ((count >> 32) as u32, count as u32);
    T::from_u32(high) * T::TWO * T::from_u32(1 << 31) + T::from_u32(low)
}

#[cfg(test)]
mod tests {
    use super::of_count;

    #[test]
    fn counts_of_any_size() {
        for (count, scalar) in [
            (0, 0.0),
            (1, 1.0),
            (0xffff_ffff, 4_294_967_295.0),
            (0x1_0000_0000, 4_294_967_296.0),
            (0x1f_0123_4567_89ab, 8_726_975_277_926_827.0),
        ] {
            assert_eq!(of_count::<f64>(count).to_bits(), f64::to_bits(scalar));
        }
        assert_eq!(
            of_count::<f32>(u64::MAX).to_bits(),
            2.0_f32.powi(64).to_bits()
        );
    }
}
