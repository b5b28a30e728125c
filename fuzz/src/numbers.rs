//! Numbers out of a fuzzer's bits.
//!
//! The bits of an `f64` taken as they are find what is refused; where a result is to be compared, its parameters come
//! from ranges instead, which a fuzzer would otherwise rarely hit.

use poisson_midpoint::Real;

/// f32 or f64, with what a comparison needs.
pub trait Scalar: Real {
    /// The distance from 1 to the next larger scalar.
    const EPSILON: f64;
    /// The binary logarithms of the least positive number of full precision and of the least power of 2 that is
    /// infinite.
    const NORMAL: [f64; 2];
    /// The nearest scalar.
    fn of(value: f64) -> Self;
    /// Exactly the same value.
    fn wide(self) -> f64;
}

impl Scalar for f32 {
    const EPSILON: f64 = f32::EPSILON as f64;
    const NORMAL: [f64; 2] = [-126.0, 128.0];
    fn of(value: f64) -> Self {
        value as f32
    }
    fn wide(self) -> f64 {
        f64::from(self)
    }
}

impl Scalar for f64 {
    const EPSILON: f64 = f64::EPSILON;
    const NORMAL: [f64; 2] = [-1022.0, 1024.0];
    fn of(value: f64) -> Self {
        value
    }
    fn wide(self) -> f64 {
        self
    }
}

/// From `low` to `high`, evenly.
#[must_use]
pub fn between(bits: u16, low: f64, high: f64) -> f64 {
    low + (high - low) * (f64::from(bits) / f64::from(u16::MAX))
}

/// From `low` to `high`, evenly in the logarithm.
#[must_use]
pub fn log_between(bits: u16, low: f64, high: f64) -> f64 {
    between(bits, low.ln(), high.ln()).exp()
}

/// From `low` to `high`, both included.
#[must_use]
pub fn integer_between(bits: u16, low: u32, high: u32) -> u32 {
    low + u32::from(bits) % (high - low + 1)
}

/// Many numbers from one seed (Steele, Lea & Flood 2014, SplitMix64), so that an input stays short.
#[derive(Clone, Copy, Debug)]
pub struct Numbers(pub u64);

impl Numbers {
    /// 64 bits.
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// From −`most` to `most`, evenly.
    pub fn symmetric(&mut self, most: f64) -> f64 {
        ((self.word() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0) * most
    }
}
