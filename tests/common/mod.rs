//! The method as the paper writes it: K inner steps with textbook coefficients, one at a time, in
//! f64. Nothing here comes from the crate except for the types of its states.

#![allow(dead_code, reason = "each test file uses its own part")]

use nalgebra::SVector;
use poisson_midpoint::Phase;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// What the inner step i of dynamics does: X ← A X + G b + Γ Z.
pub trait Naive<const D: usize> {
    type State: Copy + std::fmt::Debug;

    fn inner_steps(&self) -> u32;
    /// A x.
    fn decay(&self, x: &Self::State) -> Self::State;
    /// G b.
    fn drift(&self, b: &SVector<f64, D>) -> Self::State;
    /// Γ Z, from fresh normals.
    fn noise(&self, rng: &mut ChaCha8Rng) -> Self::State;
    fn zero() -> Self::State;
    fn plus(a: &Self::State, b: &Self::State) -> Self::State;
    fn position(x: &Self::State) -> SVector<f64, D>;
    /// Componentwise largest difference, relative to `scale`.
    fn distance(a: &Self::State, b: &Self::State) -> f64;

    /// A ξ + … : the increment of inner steps from..to made of the fine ones.
    fn compose(&self, fine: &[Self::State], from: u32, to: u32) -> Self::State {
        let range = from as usize..to as usize;
        fine[range]
            .iter()
            .fold(Self::zero(), |sum, xi| Self::plus(&self.decay(&sum), xi))
    }

    /// Equations (2) and (3): the interpolation with b₀ frozen, then the refined iterates, for
    /// given fine noise and chosen midpoints.
    fn macro_step(
        &self,
        start: &Self::State,
        fine: &[Self::State],
        chosen: &[bool],
        weight: f64,
        drift: impl Fn(u32, &SVector<f64, D>) -> SVector<f64, D>,
    ) -> Self::State {
        let b0 = drift(0, &Self::position(start));
        let (mut frozen, mut x) = (*start, *start);
        for i in 0..self.inner_steps() {
            let mut b = b0;
            if chosen[i as usize] {
                b += (drift(i, &Self::position(&frozen)) - b0) * weight;
            }
            let step = |x: &Self::State, b: &SVector<f64, D>| {
                let moved = Self::plus(&self.decay(x), &self.drift(b));
                Self::plus(&moved, &fine[i as usize])
            };
            x = step(&x, &b);
            frozen = step(&frozen, &b0);
        }
        x
    }

    fn fine(&self, rng: &mut ChaCha8Rng) -> Vec<Self::State> {
        (0..self.inner_steps()).map(|_| self.noise(rng)).collect()
    }
}

pub fn normals<const D: usize>(rng: &mut ChaCha8Rng) -> SVector<f64, D> {
    SVector::from_fn(|_, _| StandardNormal.sample(rng))
}

/// dX = (−λX + b) dt + σ dB by the exponential integrator; λ = 0 is Euler–Maruyama.
pub struct NaiveScalar {
    pub step_size: f64,
    pub inner_steps: u32,
    pub rate: f64,
    /// Factor on the drift: the mobility.
    pub mobility: f64,
    pub sigma: f64,
}

impl NaiveScalar {
    fn h(&self) -> f64 {
        self.step_size / f64::from(self.inner_steps)
    }
}

impl<const D: usize> Naive<D> for NaiveScalar {
    type State = SVector<f64, D>;

    fn inner_steps(&self) -> u32 {
        self.inner_steps
    }
    fn decay(&self, x: &Self::State) -> Self::State {
        x * (-self.rate * self.h()).exp()
    }
    fn drift(&self, b: &SVector<f64, D>) -> Self::State {
        let h = self.h();
        let effect = if self.rate == 0.0 {
            h
        } else {
            (1.0 - (-self.rate * h).exp()) / self.rate
        };
        b * (self.mobility * effect)
    }
    fn noise(&self, rng: &mut ChaCha8Rng) -> Self::State {
        let h = self.h();
        let variance = if self.rate == 0.0 {
            h
        } else {
            (1.0 - (-2.0 * self.rate * h).exp()) / (2.0 * self.rate)
        };
        normals(rng) * (self.sigma * variance.sqrt())
    }
    fn zero() -> Self::State {
        SVector::zeros()
    }
    fn plus(a: &Self::State, b: &Self::State) -> Self::State {
        a + b
    }
    fn position(x: &Self::State) -> SVector<f64, D> {
        *x
    }
    fn distance(a: &Self::State, b: &Self::State) -> f64 {
        (a - b).amax()
    }
}

/// Underdamped dynamics by the exponential integrator, with the textbook covariance: good enough
/// in f64 for the inner steps that the tests take.
pub struct NaiveUnderdamped {
    pub step_size: f64,
    pub inner_steps: u32,
    pub friction: f64,
    pub inverse_mass: f64,
}

impl<const D: usize> Naive<D> for NaiveUnderdamped {
    type State = Phase<f64, D>;

    fn inner_steps(&self) -> u32 {
        self.inner_steps
    }
    fn decay(&self, x: &Self::State) -> Self::State {
        let h = self.step_size / f64::from(self.inner_steps);
        let e = (-self.friction * h).exp();
        Phase {
            position: x.position + x.velocity * ((1.0 - e) / self.friction),
            velocity: x.velocity * e,
        }
    }
    fn drift(&self, b: &SVector<f64, D>) -> Self::State {
        let h = self.step_size / f64::from(self.inner_steps);
        let (gamma, u) = (self.friction, self.inverse_mass);
        let e = (-gamma * h).exp();
        Phase {
            position: b * (u / gamma * (h - (1.0 - e) / gamma)),
            velocity: b * (u / gamma * (1.0 - e)),
        }
    }
    fn noise(&self, rng: &mut ChaCha8Rng) -> Self::State {
        let h = self.step_size / f64::from(self.inner_steps);
        let (gamma, u) = (self.friction, self.inverse_mass);
        let e = (-gamma * h).exp();
        let vv = u * (1.0 - e * e);
        let xv = u / gamma * (1.0 - e).powi(2);
        let xx = u / gamma.powi(2) * (2.0 * gamma * h - 3.0 + 4.0 * e - e * e);
        // Position first, unlike the crate: any factor of the covariance will do.
        let (z1, z2): (SVector<f64, D>, SVector<f64, D>) = (normals(rng), normals(rng));
        Phase {
            position: z1 * xx.sqrt(),
            velocity: z1 * (xv / xx.sqrt()) + z2 * (vv - xv * xv / xx).sqrt(),
        }
    }
    fn zero() -> Self::State {
        Phase::at_rest(SVector::zeros())
    }
    fn plus(a: &Self::State, b: &Self::State) -> Self::State {
        Phase {
            position: a.position + b.position,
            velocity: a.velocity + b.velocity,
        }
    }
    fn position(x: &Self::State) -> SVector<f64, D> {
        x.position
    }
    fn distance(a: &Self::State, b: &Self::State) -> f64 {
        (a.position - b.position)
            .amax()
            .max((a.velocity - b.velocity).amax())
    }
}
