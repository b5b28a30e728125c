//! Lévy areas along a Brownian path.
//!
//! Over a range of length h that begins at s, with B(u) = W(s + u) − W(s) − (u/h)(W(s + h) − W(s)), they are
//!
//! ```text
//! H = (1/h) ∫ B(u) du,    L = (1/h²) ∫ B(u) (h/2 − u) du
//! ```
//!
//! (Foster, Lyons & Oberhauser 2020, who write K for L). With the increment W of the range they are independent, of
//! variances h, h/12 and h/720.

use crate::dynamics::state::State;
use crate::random::Stream;
use crate::real::Real;

/// W, H and L of one coordinate over a range, where the unit of time is an inner step.
type Triple<T> = [T; 3];

/// The triples of all coordinates.
type Triples<P> = <P as State>::Each<Triple<<P as State>::Real>>;

/// Normals that a node has for each coordinate: a triple for each half, or for the root one triple.
const NORMALS: usize = 2 * 3;

/// Where the nodes begin: beyond the words that the increments of a path read, for nodes of up to 2³⁰ words.
const FIRST_WORD: u64 = 1 << 62;

/// The areas of a run of inner steps: a tree whose nodes halve their part of the run.
pub(super) struct AreaPath<'a> {
    pub(super) stream: &'a Stream,
    pub(super) inner_steps: u32,
}

impl AreaPath<'_> {
    /// W, H and L of each coordinate over inner steps `from`..`to`, divided by their standard deviations; zeros if there
    /// are no such steps.
    pub(super) fn standardised<P: State>(&self, from: u32, to: u32) -> Triples<P> {
        if from >= to {
            return P::each(|_| [P::Real::ZERO; 3]);
        }
        let total = draw::<P>(self.inner_steps, &mut self.words_of::<P>(0));
        let mut over = self.descend::<P>((0, self.inner_steps), total, (from, to));
        let deviations = deviations::<P::Real>(to - from);
        for triple in over.as_mut() {
            for (value, deviation) in triple.iter_mut().zip(deviations) {
                *value = *value / deviation;
            }
        }
        over
    }

    /// The stream at the words of the node that splits at inner step `split`; 0 is the root.
    fn words_of<P: State>(&self, split: u32) -> Stream {
        let normals = (NORMALS * P::DIMENSION) as u64;
        let words = normals * u64::from(P::Real::WORDS_PER_NORMAL);
        self.stream.node(FIRST_WORD, split, words)
    }

    /// The triples over the overlap of `node` and `wanted`, `total` being those over `node`.
    fn descend<P: State>(
        &self,
        node: (u32, u32),
        total: Triples<P>,
        wanted: (u32, u32),
    ) -> Triples<P> {
        if wanted.0 <= node.0 && node.1 <= wanted.1 {
            return total;
        }
        let split = node.0 + (node.1 - node.0) / 2;
        let mut stream = self.words_of::<P>(split);
        let mut first = draw::<P>(split - node.0, &mut stream);
        let mut second = draw::<P>(node.1 - split, &mut stream);
        let shares = Shares::new(split - node.0, node.1 - split);
        let halves = first.as_mut().iter_mut().zip(second.as_mut());
        for ((first, second), total) in halves.zip(total.as_ref()) {
            [*first, *second] = shares.conditioned([*first, *second], total);
        }
        if wanted.1 <= split {
            return self.descend::<P>((node.0, split), first, wanted);
        }
        if wanted.0 >= split {
            return self.descend::<P>((split, node.1), second, wanted);
        }
        let mut before = self.descend::<P>((node.0, split), first, wanted);
        let after = self.descend::<P>((split, node.1), second, wanted);
        let start = node.0.max(wanted.0);
        let shares = Shares::new(split - start, node.1.min(wanted.1) - split);
        for (before, &after) in before.as_mut().iter_mut().zip(after.as_ref()) {
            *before = shares.combined([*before, after]);
        }
        before
    }
}

/// Standard deviations of W, H and L over so many inner steps.
fn deviations<T: Real>(inner_steps: u32) -> Triple<T> {
    [1, 12, 720].map(|part| (T::from_u32(inner_steps) / T::from_u32(part)).sqrt())
}

/// Triples over so many inner steps, from the next words.
fn draw<P: State>(inner_steps: u32, stream: &mut Stream) -> Triples<P> {
    let deviations = deviations::<P::Real>(inner_steps);
    P::each(|_| deviations.map(|deviation| deviation * P::Real::normal(stream)))
}

/// What two adjoining ranges are of both together.
struct Shares<T> {
    first: T,
    second: T,
}

impl<T: Real> Shares<T> {
    fn new(first: u32, second: u32) -> Self {
        let [first, second] = [first, second].map(T::from_u32);
        let whole = first + second;
        Self {
            first: first / whole,
            second: second / whole,
        }
    }

    /// W, H and L over both ranges. With shares p and q of h the path leaves the chord of the whole by δ = q W₁ − p W₂
    /// at the seam, and the integrals over the parts give
    ///
    /// ```text
    /// H = p H₁ + q H₂ + δ/2,    L = p² L₁ + q² L₂ + (pq/2)(H₁ − H₂) + (q − p) δ/12
    /// ```
    fn combined(&self, [[w1, h1, l1], [w2, h2, l2]]: [Triple<T>; 2]) -> Triple<T> {
        let (p, q) = (self.first, self.second);
        let seam = q * w1 - p * w2;
        let area = p * h1 + q * h2 + seam / T::TWO;
        let higher = p * p * l1 + q * q * l2 + p * q / T::TWO * (h1 - h2);
        [w1 + w2, area, higher + (q - p) / T::from_u32(12) * seam]
    }

    /// Triples of both ranges given those over the whole, from such as were drawn without regard to them. They are
    /// moved by their covariances with W, H and L over the whole, which are independent: this is a sample of the
    /// conditional distribution.
    fn conditioned(&self, sample: [Triple<T>; 2], total: &Triple<T>) -> [Triple<T>; 2] {
        let mut surplus = *total;
        for (surplus, sampled) in surplus.iter_mut().zip(self.combined(sample)) {
            *surplus -= sampled;
        }
        let [first, second] = sample;
        let (p, q) = (self.first, self.second);
        [
            moved(first, surplus, (p, q), T::ONE),
            moved(second, surplus, (q, p), -T::ONE),
        ]
    }
}

/// A range's triple moved by its part of a surplus over the whole, `own` and `other` being the shares of both ranges,
/// and `sign` that with which its end counts in δ.
fn moved<T: Real>(
    [w, h, l]: Triple<T>,
    [of_w, of_h, of_l]: Triple<T>,
    (own, other): (T, T),
    sign: T,
) -> Triple<T> {
    let [six, thirty, sixty] = [6, 30, 60].map(T::from_u32);
    [
        w + own * (of_w + other * (sign * six * of_h + sixty * (other - own) * of_l)),
        h + own * own * (of_h + sign * thirty * other * of_l),
        l + own * own * own * of_l,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::SVector;

    const SPLITS: [(u32, u32); 5] = [(1, 1), (1, 2), (3, 2), (1, 9), (17, 4)];

    /// Variances of W, H and L over a share of an inner step.
    fn variances(share: f64) -> [f64; 3] {
        [share, share / 12.0, share / 720.0]
    }

    /// The triple of a path given as a function, by Simpson's rule, to about 1e-12.
    fn of_path(path: impl Fn(f64) -> f64, start: f64, length: f64) -> [f64; 3] {
        let increment = path(start + length) - path(start);
        let bridge = |u: f64| path(start + u) - path(start) - u / length * increment;
        let integral = |f: &dyn Fn(f64) -> f64| {
            let pieces = 400;
            let width = length / f64::from(pieces);
            let piece = |i: i32| {
                let at = f64::from(i) * width;
                (f(at) + 4.0 * f(at + width / 2.0) + f(at + width)) * width / 6.0
            };
            (0..pieces).map(piece).sum::<f64>()
        };
        [
            increment,
            integral(&bridge) / length,
            integral(&|u| bridge(u) * (length / 2.0 - u)) / (length * length),
        ]
    }

    #[test]
    fn areas_of_parts_make_those_of_the_whole() {
        for (first, second) in SPLITS {
            let shares = Shares::new(first, second);
            let (p, q): (f64, f64) = (shares.first, shares.second);
            let path = |u: f64| (3.0 * u).sin() - 2.0 * u * u;
            let parts = [of_path(path, 0.3, p), of_path(path, 0.3 + p, q)];
            let (whole, expected) = (shares.combined(parts), of_path(path, 0.3, 1.0));
            for (value, expected) in whole.iter().zip(expected) {
                assert!((value - expected).abs() < 1e-11, "{whole:?}");
            }
        }
    }

    /// Unit vectors show the matrices: that of `combined` takes independent parts to independent W, H and L of the
    /// right variances, and `conditioned` adds to each part its covariance with the whole over the variance of that.
    #[test]
    fn parts_given_the_whole_have_their_conditional_law() {
        for (first, second) in SPLITS {
            let shares = Shares::new(first, second);
            let whole = variances(1.0);
            let parts = [variances(shares.first), variances(shares.second)];
            let each = || [0, 1].iter().flat_map(|&part| [0, 1, 2].map(|i| (part, i)));
            let column = |(part, i): (usize, usize)| {
                let mut unit = [[0.0; 3]; 2];
                unit[part][i] = 1.0;
                shares.combined(unit)
            };
            let covariance = |at: (usize, usize), a: usize| column(at)[a] * parts[at.0][at.1];
            for a in 0..3 {
                for b in 0..3 {
                    let found: f64 = each().map(|at| column(at)[b] * covariance(at, a)).sum();
                    let expected = if a == b { whole[a] } else { 0.0 };
                    assert!((found - expected).abs() < 1e-15, "{a} {b}");
                }
                let mut total = [0.0; 3];
                total[a] = 1.0;
                let moved = shares.conditioned([[0.0; 3]; 2], &total);
                for at in each() {
                    let gain = covariance(at, a) / whole[a];
                    assert!((moved[at.0][at.1] - gain).abs() < 1e-12, "{at:?} {a}");
                }
            }
        }
    }

    #[test]
    fn ranges_compose_in_whatever_order() {
        type P = SVector<f64, 3>;
        let stream = Stream::new(1, 2);
        let path = AreaPath {
            stream: &stream,
            inner_steps: 21,
        };
        let raw = |from: u32, to: u32| {
            let standardised = path.standardised::<P>(from, to);
            let deviations = deviations::<f64>(to - from);
            standardised.map(|triple| [0, 1, 2].map(|i| triple[i] * deviations[i]))
        };
        for empty in [0, 5, 21] {
            assert_eq!(path.standardised::<P>(empty, empty), [[0.0; 3]; 3]);
        }
        for (from, split, to) in [(0, 10, 21), (0, 1, 2), (3, 11, 20), (7, 8, 21)] {
            let (first, second, whole) = (raw(from, split), raw(split, to), raw(from, to));
            let shares = Shares::new(split - from, to - split);
            for d in 0..3 {
                let composed = shares.combined([first[d], second[d]]);
                for (composed, whole) in composed.iter().zip(whole[d]) {
                    assert!((composed - whole).abs() < 1e-13, "{from} {split} {to}");
                }
            }
        }
    }

    /// In three dimensions a node reads 18 normals, 36 words of f64: it has three blocks, after all words of increments.
    #[test]
    fn nodes_share_no_words() {
        let stream = Stream::new(1, 2);
        let path = AreaPath {
            stream: &stream,
            inner_steps: 21,
        };
        for node in [0, 1, 2, u32::MAX] {
            let position = path.words_of::<SVector<f64, 3>>(node).word_position();
            assert_eq!(position, (1 << 62) + 48 * u64::from(node));
        }
    }

    /// 20,000 paths: means within 5 standard errors of 0 and products within 5 of those of independent standard
    /// normals, which chance exceeds in one of these 9 numbers once in 190,000 runs.
    #[test]
    fn standardised_areas_are_standard_normals() {
        let count = 20_000_u32;
        let mut sums = [[0.0; 4]; 3];
        for particle in 0..count {
            let stream = Stream::new(3, particle.into());
            let path = AreaPath {
                stream: &stream,
                inner_steps: 13,
            };
            let [triple] = path.standardised::<SVector<f64, 1>>(2, 9);
            for i in 0..3 {
                sums[i][3] += triple[i];
                for j in 0..3 {
                    sums[i][j] += triple[i] * triple[j];
                }
            }
        }
        let error = 1.0 / f64::from(count).sqrt();
        for (i, sums) in sums.iter().enumerate() {
            for (j, sum) in sums.iter().enumerate() {
                let (expected, spread) = if i == j {
                    (1.0, 2.0_f64.sqrt())
                } else {
                    (0.0, 1.0)
                };
                let mean = sum / f64::from(count);
                assert!(
                    (mean - expected).abs() < 5.0 * spread * error,
                    "{i} {j} {mean}"
                );
            }
        }
    }
}
