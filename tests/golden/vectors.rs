//! What the golden vectors are made of, without std: a microcontroller replays them too.

use nalgebra::SVector;
use poisson_midpoint::MidpointLaw::{Bernoulli, Single};
use poisson_midpoint::dynamics::{AdditiveNoise, Dynamics, Overdamped, Semilinear, Underdamped};
use poisson_midpoint::random::{Midpoints, PastEnd, Streams, Words, normal_f32, normal_f64};
use poisson_midpoint::{
    Baoa, EulerMaruyama, ParameterError, PoissonMidpoint, Quicsort, Real, State, StepError,
    Stepper, Ubu,
};

use super::text::Text;

const D: usize = 3;
const SEED: u64 = 2024;
const PARTICLE: u64 = 7;
/// Steps of a trajectory. Miri would take hours for all of them.
const STEPS: u32 = if cfg!(miri) { 100 } else { 10_000 };

/// Why the vectors could not be made.
#[derive(Clone, Copy, Debug)]
pub enum Failure {
    Parameter,
    Step,
    Position,
}

impl<T> From<ParameterError<T>> for Failure {
    fn from(_: ParameterError<T>) -> Self {
        Self::Parameter
    }
}

impl From<StepError> for Failure {
    fn from(_: StepError) -> Self {
        Self::Step
    }
}

impl From<PastEnd> for Failure {
    fn from(_: PastEnd) -> Self {
        Self::Position
    }
}

/// A scalar that has bits to print.
trait Bits: Real {
    fn bits(self) -> u64;
}

impl Bits for f32 {
    fn bits(self) -> u64 {
        self.to_bits().into()
    }
}

impl Bits for f64 {
    fn bits(self) -> u64 {
        self.to_bits()
    }
}

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
    let mut weight = T::ZERO;
    x.map(|x| {
        weight += T::ONE;
        (pull - weight * x) / (T::ONE + x * x) - sum / T::from_u32(8)
    })
}

/// The states after 1, 10, … 10,000 steps and the word position at the end, as one line of bits.
fn trajectory<S, T>(out: &mut impl Text, title: [&str; 3], stepper: &S) -> Result<(), Failure>
where
    T: Bits,
    S: Stepper<Dynamics: Dynamics<Real = T>>,
{
    let mut state = <S::Dynamics as Dynamics>::State::<D>::from_fn(|part, d| {
        T::from_u32((3 * part + d) as u32) / T::from_u32(4) - T::ONE
    });
    let mut stream = Streams::new(SEED).particle(PARTICLE);
    let step_size = stepper.dynamics().step_size();
    let [scalar, dynamics, method] = title;
    for part in [scalar, " ", dynamics, " ", method, ":"] {
        out.text(part);
    }
    for n in 0..STEPS {
        let time = step_size * T::from_u32(n);
        let _ = stepper.step(time, &mut state, force, &mut stream)?;
        if [1, 10, 100, 1000, 10_000].contains(&(n + 1)) {
            state.for_each(|_, _, value| {
                out.text(" ");
                out.hexadecimal(value.bits());
            });
        }
    }
    out.text(" @");
    out.decimal(stream.word_position());
    out.text("\n");
    Ok(())
}

fn steppers<S, T>(out: &mut impl Text, scalar: &str, name: &str, dynamics: S) -> Result<(), Failure>
where
    T: Bits,
    S: Dynamics<Real = T>,
{
    let title = [scalar, name, "em"];
    trajectory(out, title, &EulerMaruyama::new(dynamics))?;
    for (law, method) in [(Bernoulli, "bernoulli"), (Single, "single")] {
        let title = [scalar, name, method];
        trajectory(out, title, &PoissonMidpoint::new(dynamics, law))?;
    }
    Ok(())
}

/// The trajectories of all dynamics and both methods in one scalar.
fn dynamics<T: Bits>(out: &mut impl Text, scalar: &str) -> Result<(), Failure> {
    let n = T::from_u32;
    let step = n(1) / n(20);
    let overdamped = Overdamped::new(step, 1000)?
        .with_temperature(n(2))?
        .with_mobility(n(3) / n(2))?;
    steppers(out, scalar, "overdamped", overdamped)?;
    let additive = AdditiveNoise::new(step, 10, n(3) / n(4))?;
    steppers(out, scalar, "additive", additive)?;
    let semilinear = Semilinear::new(step, 1_000_000, n(2), n(1))?;
    steppers(out, scalar, "semilinear", semilinear)?;
    // γη/K = 1e-4: where the textbook covariance has no digit left in f32.
    let underdamped = Underdamped::new(step, 1000, n(2))?.with_mass(n(2))?;
    steppers(out, scalar, "underdamped", underdamped)
}

/// The trajectories of the methods for underdamped dynamics alone in one scalar.
fn underdamped<T: Bits>(out: &mut impl Text, scalar: &str) -> Result<(), Failure> {
    let n = T::from_u32;
    let underdamped = |inner| Underdamped::new(n(1) / n(20), inner, n(2))?.with_mass(n(2));
    let title = |method| [scalar, "underdamped", method];
    trajectory(out, title("baoa"), &Baoa::new(underdamped(1)?)?)?;
    trajectory(out, title("ubu"), &Ubu::new(underdamped(2)?)?)?;
    trajectory(out, title("quicsort"), &Quicsort::new(underdamped(1)?)?)
}

fn words(out: &mut impl Text) -> Result<(), Failure> {
    for (seed, particle, position) in [(0, 0, 0), (42, 7, 5), (u64::MAX, u64::MAX, 1 << 40)] {
        let mut stream = Streams::new(seed).particle_at(particle, position)?;
        out.text("words");
        for number in [seed, particle, position] {
            out.text(" ");
            out.decimal(number);
        }
        out.text(":");
        for _ in 0..40 {
            out.text(" ");
            out.hexadecimal(stream.next_word().into());
        }
        out.text("\n");
    }
    Ok(())
}

fn normals(out: &mut impl Text) {
    out.text("normals f32:");
    for word in sample_words() {
        out.text(" ");
        out.hexadecimal(normal_f32(word).bits());
    }
    out.text("\nnormals f64:");
    for word in sample_words() {
        let low = word.wrapping_mul(0x85eb_ca6b);
        out.text(" ");
        out.hexadecimal(normal_f64([word, low]).bits());
    }
    out.text("\n");
}

fn midpoints(out: &mut impl Text) {
    for (law, name) in [
        (Bernoulli, "midpoints Bernoulli "),
        (Single, "midpoints Single "),
    ] {
        for k in [2, 10, 1000, 1_000_000_000, u32::MAX] {
            let midpoints = Midpoints::new(law, k);
            out.text(name);
            out.decimal(k.into());
            out.text(":");
            for word in sample_words() {
                out.text(" ");
                match midpoints.next(None, &mut Fixed(word)) {
                    Some(midpoint) => out.decimal(midpoint.into()),
                    None => out.text("-"),
                }
            }
            out.text("\n");
        }
    }
}

/// Writes all vectors, as `tests/data/golden.txt` has them.
pub fn write(out: &mut impl Text) -> Result<(), Failure> {
    words(out)?;
    normals(out);
    midpoints(out);
    dynamics::<f32>(out, "f32")?;
    dynamics::<f64>(out, "f64")?;
    underdamped::<f32>(out, "f32")?;
    underdamped::<f64>(out, "f64")
}
