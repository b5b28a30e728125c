//! All dynamics in continuous time, with parameters in ranges where results can be compared.

use arbitrary::Arbitrary;
use poisson_midpoint::dynamics::{AdditiveNoise, Dynamics, Overdamped, Semilinear, Underdamped};

use crate::numbers::{Scalar, between, log_between};

/// Which dynamics.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// dX = μ b dt + √(2μT) dB.
    Overdamped,
    /// dX = V dt, dV = (−γV + b/m) dt + √(2γT/m) dB.
    Underdamped,
    /// dX = b dt + σ dB.
    AdditiveNoise,
    /// dX = (−λX + b) dt + σ dB.
    Semilinear,
}

/// Dynamics, and their parameters in bits.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Choice {
    /// Which dynamics.
    pub kind: Kind,
    step_size: u16,
    first: u16,
    second: u16,
    third: u16,
}

/// The parameters of dynamics; those that they do not have are of no account.
#[derive(Clone, Copy, Debug)]
pub struct Parameters<T> {
    /// Which dynamics.
    pub kind: Kind,
    /// η.
    pub step_size: T,
    /// K.
    pub inner_steps: u32,
    /// μ.
    pub mobility: T,
    /// T.
    pub temperature: T,
    /// γ.
    pub friction: T,
    /// m.
    pub mass: T,
    /// λ.
    pub rate: T,
    /// σ.
    pub sigma: T,
}

impl Choice {
    /// The parameters, with η from `shortest` to `longest`.
    #[must_use]
    pub fn parameters<T: Scalar>(
        &self,
        inner_steps: u32,
        shortest: f64,
        longest: f64,
    ) -> Parameters<T> {
        Parameters {
            kind: self.kind,
            step_size: T::of(log_between(self.step_size, shortest, longest)),
            inner_steps,
            mobility: T::of(log_between(self.first, 0.1, 5.0)),
            temperature: T::of(log_between(self.second, 0.1, 5.0)),
            friction: T::of(log_between(self.first, 0.1, 10.0)),
            mass: T::of(log_between(self.third, 0.2, 5.0)),
            rate: T::of(between(self.first, -1.0, 5.0)),
            sigma: T::of(between(self.second, 0.0, 3.0)),
        }
    }
}

/// What is done with dynamics of any type.
pub trait Visit<T: Scalar> {
    /// What comes of it.
    type Output;
    /// Does it.
    fn visit<S: Dynamics<Real = T>>(self, dynamics: S) -> Self::Output;
}

impl<T: Scalar> Parameters<T> {
    /// Makes the dynamics, which must accept these parameters.
    pub fn visit<V: Visit<T>>(&self, visitor: V) -> V::Output {
        const ACCEPTED: &str = "parameters in their ranges";
        let (step, k) = (self.step_size, self.inner_steps);
        match self.kind {
            Kind::Overdamped => {
                let dynamics = Overdamped::new(step, k).expect(ACCEPTED);
                let dynamics = dynamics.with_mobility(self.mobility).expect(ACCEPTED);
                visitor.visit(dynamics.with_temperature(self.temperature).expect(ACCEPTED))
            }
            Kind::Underdamped => {
                let dynamics = Underdamped::new(step, k, self.friction).expect(ACCEPTED);
                let dynamics = dynamics.with_mass(self.mass).expect(ACCEPTED);
                visitor.visit(dynamics.with_temperature(self.temperature).expect(ACCEPTED))
            }
            Kind::AdditiveNoise => {
                visitor.visit(AdditiveNoise::new(step, k, self.sigma).expect(ACCEPTED))
            }
            Kind::Semilinear => {
                visitor.visit(Semilinear::new(step, k, self.rate, self.sigma).expect(ACCEPTED))
            }
        }
    }
}
