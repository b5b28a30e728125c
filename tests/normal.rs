//! The normals against exact quantiles: accuracy, monotonicity, antisymmetry, both ends.

use poisson_midpoint::Real;
use poisson_midpoint::random::{normal_f32, normal_f64};

/// The largest error of `normal_f32` over all words, found by the exhaustive test below.
const F32_ULP: f64 = 2.88;
/// A bound on the error of `normal_f64`, on the words of `tests/data/normal_f64.csv`.
const F64_ULP: f64 = 2.1;

/// Φ⁻¹ in f64 for the upper half of the words, by Newton's iteration on libm's erf and erfc.
fn quantile(word: u32) -> f64 {
    let half = 2.0_f64.powi(-32);
    let q = (f64::from(word - 0x8000_0000) + 0.5) * half;
    let p = (f64::from(u32::MAX - word) + 0.5) * half;
    let mut z = f64::from(normal_f32(word));
    for _ in 0..2 {
        let excess = if z < 0.6 {
            0.5 * libm::erf(z * core::f64::consts::FRAC_1_SQRT_2) - q
        } else {
            p - 0.5 * libm::erfc(z * core::f64::consts::FRAC_1_SQRT_2)
        };
        let density = libm::exp(-0.5 * z * z) / (2.0 * core::f64::consts::PI).sqrt();
        let step = excess / density;
        z -= step / (1.0 + 0.5 * z * step);
    }
    z
}

/// Error of `normal_f32` in units of the last place of the exact quantile.
fn error(word: u32) -> f64 {
    let exact = quantile(word);
    let nearest = exact as f32;
    let ulp = f64::from(nearest.next_up()) - f64::from(nearest);
    (f64::from(normal_f32(word)) - exact).abs() / ulp
}

/// How many ulp `normal_f32` falls from a word to the next; negative where it rises.
fn fall(word: u32) -> i64 {
    i64::from(normal_f32(word).to_bits()) - i64::from(normal_f32(word + 1).to_bits())
}

#[test]
fn f32_is_accurate_on_a_stratified_sample() {
    let mut worst = 0.0_f64;
    // Coarse over all words, dense at both ends, and around every power of two from either.
    let coarse = (0x8000_0000..=u32::MAX).step_by(997);
    let ends = (0x8000_0000..0x8001_0000).chain(0xffff_0000..=u32::MAX);
    let binades = (17..31).flat_map(|bit| {
        let around = |middle: u32| middle - 500..middle + 500;
        around(0x8000_0000 + (1 << bit)).chain(around(u32::MAX - (1 << bit)))
    });
    for word in coarse.chain(ends).chain(binades) {
        worst = worst.max(error(word));
    }
    println!("largest error {worst:.3} ulp");
    assert!(worst <= F32_ULP, "{worst}");
}

#[test]
fn f32_never_falls_by_more_than_one_ulp() {
    for start in (0x8000_0000..u32::MAX - 4000).step_by(1_000_003) {
        for word in start..start + 4000 {
            assert!(fall(word) <= 1, "{word}");
        }
    }
}

/// All 2³² words, by antisymmetry the upper half: four minutes on two cores.
///
/// `cargo test --release --test normal -- --ignored`
#[test]
#[ignore = "four minutes"]
fn f32_over_all_words() {
    const PARTS: u32 = 64;
    let part = |n: u32| {
        let from = 0x8000_0000 + n * (0x8000_0000 / PARTS);
        let mut worst = (0.0_f64, 0);
        for word in from..=from + (0x8000_0000 / PARTS - 1) {
            let error = error(word);
            if error > worst.0 {
                worst = (error, word);
            }
            assert!(word == u32::MAX || fall(word) <= 1, "falls after {word}");
            assert_eq!(normal_f32(!word).to_bits(), (-normal_f32(word)).to_bits());
        }
        worst
    };
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
    let worst = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|t| {
                scope.spawn(move || {
                    let parts = (0..PARTS).filter(|n| n % threads == t).map(part);
                    parts.fold((0.0, 0), |a, b| if b.0 > a.0 { b } else { a })
                })
            })
            .collect();
        let results = workers.into_iter().map(|worker| worker.join().unwrap());
        results.fold((0.0, 0), |a, b| if b.0 > a.0 { b } else { a })
    });
    println!("largest error {:.4} ulp at word {:#x}", worst.0, worst.1);
    assert!(worst.0 <= F32_ULP);
}

#[test]
fn normals_are_odd_in_the_word() {
    for k in 0..2_000_000_u32 {
        let (a, b) = (k.wrapping_mul(0x9e37_79b9), k.wrapping_mul(0x85eb_ca6b));
        assert_eq!(normal_f32(!a).to_bits(), (-normal_f32(a)).to_bits());
        let mirrored = normal_f64([!a, !b]);
        assert_eq!(mirrored.to_bits(), (-normal_f64([a, b])).to_bits());
    }
}

#[test]
fn the_ends_and_the_middle_keep_full_precision() {
    // Φ⁻¹(2⁻³³), Φ⁻¹(2⁻⁶⁵), and √(2π)·2⁻³³, √(2π)·2⁻⁶⁵ next to the middle.
    let root_two_pi = (2.0 * core::f64::consts::PI).sqrt();
    let near = |value: f64, exact: f64, relative: f64| (value / exact - 1.0).abs() < relative;
    assert!(near(normal_f32(0).into(), -6.337_957_754_6, 2e-7));
    assert!(near(normal_f32(u32::MAX).into(), 6.337_957_754_6, 2e-7));
    assert!(near(
        normal_f32(0x8000_0000).into(),
        root_two_pi * 2.0_f64.powi(-33),
        2e-7
    ));
    assert!(near(normal_f64([0, 0]), -9.155_293_772_7, 1e-10));
    assert!(near(
        normal_f64([0x8000_0000, 0]),
        root_two_pi * 2.0_f64.powi(-65),
        4e-16
    ));
}

fn references() -> Vec<(u64, f64, f64)> {
    let parse = |line: &str| {
        let mut fields = line.split(',');
        let word = u64::from_str_radix(fields.next()?, 16).ok()?;
        let mut number = || fields.next()?.parse().ok();
        Some((word, number()?, number()?))
    };
    let table = include_str!("data/normal_f64.csv");
    table
        .lines()
        .skip(1)
        .map(|line| parse(line).expect(line))
        .collect()
}

fn halves(word: u64) -> [u32; 2] {
    [(word >> 32) as u32, word as u32]
}

#[test]
fn f64_is_accurate_on_the_reference_words() {
    let references = references();
    assert!(references.len() > 1900);
    let mut worst = 0.0_f64;
    for &(word, exact, remainder) in &references {
        let z = normal_f64(halves(word));
        let ulp = exact.abs().next_up() - exact.abs();
        worst = worst.max(((z - exact) - remainder).abs() / ulp);
    }
    println!("largest error {worst:.3} ulp");
    assert!(worst <= F64_ULP, "{worst}");
}

#[test]
fn f64_never_falls_by_more_than_one_ulp() {
    // Consecutive words, and words a little further apart, where neighbours in the result meet.
    let fall = |a: u64, b: u64| {
        let bits = |word: u64| normal_f64(halves(word)).to_bits().cast_signed();
        bits(a) - bits(b)
    };
    let half = 1_u64 << 63;
    for k in 0..200_000_u64 {
        // The upper half, where positive doubles order as their bits do.
        let word = half | (k.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 1).min(half - (1 << 20));
        for distance in [1, 2, 10, 100, 500, 1000, 5000] {
            let drop = fall(word, word + distance);
            assert!(drop <= 1, "{word:#x} + {distance} falls by {drop} ulp");
        }
    }
}

/// Rows with every mixture of the centre and the tail, and rows of the tail alone.
#[test]
fn lanes_have_the_bits_of_each_word_alone() {
    const WORDS: [u32; 4] = [0, u32::MAX, 0x8000_0000, 0x1234_5678];
    for pattern in 0..4_u32.pow(4) {
        let row: [u32; 20] =
            std::array::from_fn(|lane| WORDS[(pattern >> (lane % 4 * 2)) as usize % 4]);
        let normals: [f32; 20] = f32::normal_lanes(|| row);
        assert_eq!(normals, row.map(normal_f32));
    }
}
