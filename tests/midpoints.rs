//! The law of the midpoints, exactly: each draw is monotone in its word, so its distribution
//! function is found by bisection over the words.

use poisson_midpoint::MidpointLaw::{Bernoulli, Single};
use poisson_midpoint::random::{Midpoints, Stream, Words};

struct Fixed(u32);

impl Words for Fixed {
    fn next_word(&mut self) -> u32 {
        self.0
    }
}

struct Forbidden;

impl Words for Forbidden {
    fn next_word(&mut self) -> u32 {
        panic!("a word was read")
    }
}

/// The fraction of words for which `holds` is true, which it is from some word on downwards.
fn fraction_below(holds: impl Fn(u32) -> bool) -> f64 {
    let (mut low, mut high) = (0_u64, 1 << 32);
    while low < high {
        let middle = u64::midpoint(low, high);
        if holds(u32::try_from(middle).unwrap()) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low as f64 / 2.0_f64.powi(32)
}

const KS: [u32; 9] = [2, 3, 4, 7, 64, 1000, 65_536, 1_000_000_000, u32::MAX];
const WORD: f64 = 1.0 / 4_294_967_296.0;

#[test]
fn bernoulli_gaps_are_geometric_to_the_spacing_of_the_words() {
    for k in KS {
        let midpoints = Midpoints::new(Bernoulli, k);
        for previous in [None, Some(1), Some(k / 3), Some(k / 2), Some(k - 2)] {
            let first = previous.map_or(1, |m| m + 1);
            let candidates = [0.0, 1e-9, 1e-3, 0.1, 0.5, 0.9, 1.0];
            for bound in candidates.map(|f| first + (f * f64::from(k - first)) as u32) {
                // P(next midpoint ≥ bound, or none) = (1 − 1/K)^(bound − first).
                let beyond = fraction_below(|word| {
                    midpoints
                        .next(previous, &mut Fixed(word))
                        .is_none_or(|m| m >= bound)
                });
                let log = (-1.0 / f64::from(k)).ln_1p();
                let exact = (f64::from(bound.saturating_sub(first)) * log).exp();
                let exact = if first >= k { 1.0 } else { exact };
                assert!(
                    (beyond - exact).abs() <= WORD,
                    "K = {k}, after {previous:?}, from {bound}: {beyond} {exact}"
                );
            }
        }
    }
}

/// What the bisections presume, and more: over all words, in order, no gap is less than the one before it, and each
/// gap has as many words as its probability gives it, to within one.
#[test]
#[ignore = "minutes: cargo test --release --test midpoints -- --ignored"]
fn gaps_are_geometric_over_all_words() {
    for k in [2, 3, 1000] {
        let midpoints = Midpoints::new(Bernoulli, k);
        let mut words = vec![0_u32; k as usize + 1];
        let mut last = 0;
        for word in (0..=u32::MAX).rev() {
            // K stands for no midpoint.
            let midpoint = midpoints.next(None, &mut Fixed(word)).unwrap_or(k);
            assert!(midpoint >= last, "K = {k}, word {word:#x}");
            last = midpoint;
            words[midpoint as usize] += 1;
        }
        let q = 1.0 - 1.0 / f64::from(k);
        for (midpoint, words) in (1..k).zip(&words[1..]) {
            let share = q.powi(midpoint as i32 - 1) / f64::from(k);
            assert!(
                (f64::from(*words) - share * 2_f64.powi(32)).abs() <= 1.0,
                "K = {k}, {midpoint}: {words}"
            );
        }
    }
}

#[test]
fn the_single_midpoint_is_uniform_on_the_nontrivial_inner_steps() {
    for k in KS {
        let midpoints = Midpoints::new(Single, k);
        for bound in [1.0, 1e-9, 1e-3, 0.1, 0.5, 0.9].map(|f| 1 + (f * f64::from(k - 1)) as u32) {
            let below =
                fraction_below(|word| midpoints.next(None, &mut Fixed(word)).unwrap() < bound);
            let exact = f64::from(bound - 1) / f64::from(k - 1);
            assert!(
                (below - exact).abs() <= WORD,
                "K = {k}, below {bound}: {below} {exact}"
            );
        }
        let only = midpoints.next(None, &mut Fixed(0x8000_0000)).unwrap();
        assert_eq!(midpoints.next(Some(only), &mut Forbidden), None);
    }
}

#[test]
fn no_word_is_read_where_no_midpoint_can_fall() {
    for law in [Bernoulli, Single] {
        assert_eq!(Midpoints::new(law, 1).next(None, &mut Forbidden), None);
    }
    assert_eq!(
        Midpoints::new(Bernoulli, 10).next(Some(9), &mut Forbidden),
        None
    );
    let last = Midpoints::new(Bernoulli, u32::MAX);
    assert_eq!(last.next(Some(u32::MAX), &mut Forbidden), None);
}

/// Binomial(K − 1, 1/K) midpoints; variance of the mean over 400,000 steps below 1e-6·2.5, so five
/// standard errors are 0.008: one false alarm in two million runs.
#[test]
fn the_expected_number_of_midpoints_is_that_of_the_law() {
    for k in [2_u32, 5, 100, 1_000_000_000] {
        let midpoints = Midpoints::new(Bernoulli, k);
        let mut stream = Stream::new(42, u64::from(k));
        let (steps, mut count) = (400_000, 0);
        for _ in 0..steps {
            let mut last = None;
            while let Some(midpoint) = midpoints.next(last, &mut stream) {
                last = Some(midpoint);
                count += 1;
            }
        }
        let mean = f64::from(count) / f64::from(steps);
        let exact = Bernoulli.expected_drift_calls(k) - 1.0;
        assert!((mean - exact).abs() < 0.008, "{k}: {mean} {exact}");
    }
    assert_eq!(Single.expected_drift_calls(2), 2.0);
    for law in [Bernoulli, Single] {
        assert_eq!([0, 1].map(|k| law.expected_drift_calls(k)), [1.0, 1.0]);
    }
}
