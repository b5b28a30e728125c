//! Golden vectors: the bits of stream v1, of every primitive, and of a long trajectory of each
//! scheme, stepper and scalar. They are the same on every target and at every optimisation level;
//! a change to `tests/data/golden.txt` is a new version of the stream contract.

use std::fmt::Write;

use nalgebra::SVector;
use poisson_midpoint::MidpointLaw::{Bernoulli, Single};
use poisson_midpoint::random::{Midpoints, Stream, Streams, Words, normal_f32, normal_f64};
use poisson_midpoint::scheme::{
    AdditiveNoise, Overdamped, Process, Scheme, Semilinear, Underdamped,
};
use poisson_midpoint::{EulerMaruyama, Phase, PoissonMidpoint, Real, State, Stepper};

const D: usize = 3;

struct Fixed(u32);

impl Words for Fixed {
    fn next_word(&mut self) -> u32 {
        self.0
    }
}

/// Words that reach both ends, the middle and everything between.
fn sample_words() -> impl Iterator<Item = u32> {
    let weyl = (0..96_u32).map(|k| k.wrapping_mul(0x9e37_79b9));
    let powers = (0..32).flat_map(|bit| [1 << bit, !(1 << bit)]);
    powers.chain(weyl)
}

/// A bounded, coupled, time-dependent drift of arithmetic alone.
fn force<T: Real>(time: T, x: &SVector<T, D>) -> SVector<T, D> {
    let sum = x.iter().fold(T::ZERO, |sum, &x| sum + x);
    let pull = T::ONE / (T::ONE + time);
    SVector::from_fn(|d, _| {
        let weight = T::from_u32(d as u32 + 1);
        (pull - weight * x[d]) / (T::ONE + x[d] * x[d]) - sum / T::from_u32(8)
    })
}

/// The states after 1, 10, … 10,000 steps and the word position at the end, as one line of bits.
fn trajectory<S, T>(out: &mut String, name: &str, stepper: &S, bits: impl Fn(T) -> u64)
where
    T: Real,
    S: Stepper<D, Scheme: Scheme<Real = T>>,
{
    let mut state = <S::Scheme as Process<D>>::State::from_fn(|part, d| {
        T::from_u32((3 * part + d) as u32) / T::from_u32(4) - T::ONE
    });
    let mut stream = Stream::new(2024, 7);
    let step_size = stepper.scheme().step_size();
    write!(out, "{name}:").unwrap();
    let mut drift = |time: T, x: &SVector<T, D>| force(time, x);
    for n in 0..10_000 {
        let time = step_size * T::from_u32(n);
        let _ = stepper
            .step(time, &mut state, &mut drift, &mut stream)
            .unwrap();
        if [1, 10, 100, 1000, 10_000].contains(&(n + 1)) {
            state.for_each(|_, _, value| write!(out, " {:x}", bits(value)).unwrap());
        }
    }
    writeln!(out, " @{}", stream.position()).unwrap();
}

fn steppers<S, T>(out: &mut String, name: &str, scheme: S, bits: impl Fn(T) -> u64 + Copy)
where
    T: Real,
    S: Scheme<Real = T> + Process<D>,
{
    trajectory(
        out,
        &format!("{name} em"),
        &EulerMaruyama::new(scheme),
        bits,
    );
    for law in [Bernoulli, Single] {
        let stepper = PoissonMidpoint::new(scheme, law);
        trajectory(
            out,
            &format!("{name} {law:?}").to_lowercase(),
            &stepper,
            bits,
        );
    }
}

fn schemes<T: Real>(out: &mut String, scalar: &str, bits: impl Fn(T) -> u64 + Copy) {
    let n = T::from_u32;
    let step = n(1) / n(20);
    let scheme = Overdamped::new(step, 1000).unwrap();
    let scheme = scheme
        .with_temperature(n(2))
        .unwrap()
        .with_mobility(n(3) / n(2))
        .unwrap();
    steppers(out, &format!("{scalar} overdamped"), scheme, bits);
    let scheme = AdditiveNoise::new(step, 10, n(3) / n(4)).unwrap();
    steppers(out, &format!("{scalar} additive"), scheme, bits);
    let scheme = Semilinear::new(step, 1_000_000, n(2), n(1)).unwrap();
    steppers(out, &format!("{scalar} semilinear"), scheme, bits);
    // γη/K = 5e-5·…: where the textbook covariance has no digit left in f32.
    let scheme = Underdamped::new(step, 1000, n(2), n(1) / n(2)).unwrap();
    steppers(out, &format!("{scalar} underdamped"), scheme, bits);
}

fn golden() -> String {
    let mut out = String::new();
    for (seed, particle, position) in [(0, 0, 0), (42, 7, 5), (u64::MAX, u64::MAX, 1 << 40)] {
        let mut stream = Streams::new(seed).particle_at(particle, position).unwrap();
        write!(out, "words {seed} {particle} {position}:").unwrap();
        for _ in 0..40 {
            write!(out, " {:x}", stream.next_word()).unwrap();
        }
        out.push('\n');
    }
    write!(out, "normals f32:").unwrap();
    for word in sample_words() {
        write!(out, " {:x}", normal_f32(word).to_bits()).unwrap();
    }
    write!(out, "\nnormals f64:").unwrap();
    for word in sample_words() {
        let low = word.wrapping_mul(0x85eb_ca6b);
        write!(out, " {:x}", normal_f64([word, low]).to_bits()).unwrap();
    }
    out.push('\n');
    for law in [Bernoulli, Single] {
        for k in [2, 10, 1000, 1_000_000_000, u32::MAX] {
            let midpoints = Midpoints::new(law, k);
            write!(out, "midpoints {law:?} {k}:").unwrap();
            for word in sample_words() {
                match midpoints.next(None, &mut Fixed(word)) {
                    Some(midpoint) => write!(out, " {midpoint}").unwrap(),
                    None => write!(out, " -").unwrap(),
                }
            }
            out.push('\n');
        }
    }
    schemes(&mut out, "f32", |x: f32| x.to_bits().into());
    schemes(&mut out, "f64", |x: f64| x.to_bits());
    out
}

#[test]
fn bits_are_the_golden_bits() {
    let expected = include_str!("data/golden.txt");
    let found = golden();
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.lines().count(), expected.lines().count());
}

/// Rewrites the vectors, for a new major version:
/// `cargo test --test golden -- --ignored`
#[test]
#[ignore = "rewrites the golden vectors"]
fn rewrite() {
    std::fs::write("tests/data/golden.txt", golden()).unwrap();
}

/// The Phase type is part of the vectors' layout: position, then velocity.
#[test]
fn a_phase_lists_its_position_first() {
    let phase = Phase::<f32, 1>::from_fn(|part, _| part as f32);
    assert_eq!((phase.position[0], phase.velocity[0]), (0.0, 1.0));
}
