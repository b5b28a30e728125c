//! Normals and midpoints as functions of words: against the inverse distribution functions that they stand for,
//! evaluated another way, and monotone, symmetric and in range.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use poisson_midpoint::MidpointLaw;
use poisson_midpoint::random::{Midpoints, Words, normal_f32, normal_f64};

#[derive(Arbitrary, Debug)]
struct Input {
    word: Word,
    low: u32,
    inner_steps: u32,
    previous: Option<u32>,
}

/// Any, or near 0, ½ and 1, where the distribution functions are steep.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Word {
    Any(u32),
    NearEnd { shift: u8, bits: u32, is_high: bool },
    NearMiddle { shift: u8, bits: u32 },
}

impl Word {
    fn word(self) -> u32 {
        match self {
            Self::Any(word) => word,
            Self::NearEnd {
                shift,
                bits,
                is_high,
            } => {
                let small = bits >> (shift % 32);
                if is_high { !small } else { small }
            }
            Self::NearMiddle { shift, bits } => {
                let small = (bits >> (shift % 31)).cast_signed();
                (1_u32 << 31).wrapping_add_signed(small)
            }
        }
    }
}

/// The normal whose distance from the median is q, or whose tail is p = ½ − q, from a guess close to it: Halley's iteration
/// on the error function, or its complement where the tail is small.
fn refined(guess: f64, q: f64, p: f64) -> f64 {
    let z = guess.abs();
    let root_half = std::f64::consts::FRAC_1_SQRT_2;
    let surplus = if z < 1.0 {
        libm::erf(z * root_half) / 2.0 - q
    } else {
        p - libm::erfc(z * root_half) / 2.0
    };
    let density = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let newton = surplus / density;
    z - newton / (1.0 + newton * z / 2.0)
}

/// In units of the last place of the smaller of both.
fn ulps_f32(a: f32, b: f64) -> f64 {
    let ulp = f64::from(a.abs().next_up() - a.abs());
    (f64::from(a.abs()) - b).abs() / ulp
}

fn normals(word: u32, low: u32) {
    let z = normal_f32(word);
    assert!(z.is_finite() && z.abs() < 6.339);
    assert_eq!(normal_f32(!word).to_bits(), (-z).to_bits());
    assert_eq!(z.is_sign_negative(), word < 1 << 31);
    // |word + ½ − 2³¹|, exact.
    let centred = (f64::from(word) + 0.5 - 2_f64.powi(31)).abs();
    let (q, p) = (
        centred / 2_f64.powi(32),
        (2_f64.powi(31) - centred) / 2_f64.powi(32),
    );
    assert!(ulps_f32(z, refined(z.into(), q, p)) < 2.95);
    if let Some(next) = word.checked_add(1) {
        let next = normal_f32(next);
        assert!(next >= z.next_down(), "{z} {next}");
    }

    let wide = normal_f64([word, low]);
    assert!(wide.is_finite() && wide.abs() < 9.16);
    assert_eq!(normal_f64([!word, !low]).to_bits(), (-wide).to_bits());
    assert_eq!(wide.is_sign_negative(), word < 1 << 31);
    let bits = (u64::from(word) << 32) | u64::from(low);
    // The complement of bits below the middle, so that the conversion rounds relative to the smaller side.
    let below = if word < 1 << 31 { bits } else { !bits };
    let p = (below as f64 + 0.5) / 2_f64.powi(64);
    let q = ((1_u64 << 63) - 1 - below) as f64 / 2_f64.powi(64) + 0.5 / 2_f64.powi(64);
    let exact = refined(wide, q, p);
    // The reference's own error is a few units: that of the error function over z·density.
    assert!(
        (wide.abs() - exact).abs() <= 10.0 * f64::EPSILON * exact,
        "{wide:e} {exact:e}"
    );
}

/// One word, read at most once.
struct One {
    word: u32,
    read: u32,
}

impl rand_core::TryRng for One {
    type Error = std::convert::Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.read += 1;
        Ok(self.word)
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        panic!("midpoints read single words")
    }
    fn try_fill_bytes(&mut self, _bytes: &mut [u8]) -> Result<(), Self::Error> {
        panic!("midpoints read single words")
    }
}

fn next(midpoints: &Midpoints, previous: Option<u32>, word: u32) -> (Option<u32>, u32) {
    let mut words = One { word, read: 0 };
    let words_as: &mut dyn Words = &mut words;
    (midpoints.next(previous, words_as), words.read)
}

fn single(word: u32, k: u32, previous: Option<u32>) {
    let midpoints = Midpoints::new(MidpointLaw::Single, k);
    let (midpoint, read) = next(&midpoints, previous, word);
    if k < 2 || previous.is_some() {
        assert_eq!((midpoint, read), (None, 0));
        return;
    }
    // The one of k − 1 equal parts of [0, 1) that word/2³² lies in.
    let midpoint = midpoint.unwrap();
    assert!(midpoint >= 1 && midpoint < k && read == 1);
    let (part, parts) = (u128::from(midpoint) - 1, u128::from(k) - 1);
    let word = u128::from(word);
    assert!((part << 32) <= word * parts && word * parts < (part + 1) << 32);
}

fn bernoulli(word: u32, k: u32, previous: Option<u32>) {
    let midpoints = Midpoints::new(MidpointLaw::Bernoulli, k);
    let (midpoint, read) = next(&midpoints, previous, word);
    let least = u64::from(previous.unwrap_or(0)) + 1;
    if least >= u64::from(k) {
        assert_eq!((midpoint, read), (None, 0));
        return;
    }
    assert_eq!(read, 1);
    // ⌊ln u/ln(1 − 1/K)⌋; the distribution function is right to 2⁻³², the distance of two words.
    let gap = |word: f64| ((word / 2_f64.powi(32)).ln() / (-1.0 / f64::from(k)).ln_1p()).floor();
    let word_at = f64::from(word) + 0.5;
    let (fewest, most) = (
        gap((word_at + 1.0).min(2_f64.powi(32))),
        gap((word_at - 1.0).max(0.25)),
    );
    match midpoint {
        Some(midpoint) => {
            assert!(midpoint < k && u64::from(midpoint) >= least);
            let found = (u64::from(midpoint) - least) as f64;
            assert!(
                fewest <= found && (found <= most || word == 0),
                "{fewest} {found} {most}"
            );
        }
        None => assert!(least as f64 + most >= f64::from(k), "{most}"),
    }
    if let Some(larger) = word.checked_add(1) {
        let reached = |midpoint: Option<u32>| midpoint.unwrap_or(u32::MAX);
        assert!(reached(next(&midpoints, previous, larger).0) <= reached(midpoint));
    }
}

fuzz_target!(|input: Input| {
    let word = input.word.word();
    normals(word, input.low);
    single(word, input.inner_steps, input.previous);
    bernoulli(word, input.inner_steps, input.previous);
});
