//! The method as the paper writes it, K inner steps one at a time, in f64 and with the coefficients of a textbook.

use crate::dynamics::{Kind, Parameters};
use crate::numbers::Scalar;

/// A coordinate: x, and v where there is a velocity.
pub type Cell = [f64; 2];

/// What one inner step does to a coordinate: c ← A c + G b, noise apart.
#[derive(Clone, Copy, Debug)]
pub struct InnerStep {
    /// A.
    pub decay: [[f64; 2]; 2],
    /// G.
    pub drift: Cell,
}

impl InnerStep {
    /// That of dynamics.
    #[must_use]
    pub fn new<T: Scalar>(parameters: &Parameters<T>) -> Self {
        let h = parameters.step_size.wide() / f64::from(parameters.inner_steps);
        let of_position = |decay, drift| Self {
            decay: [[decay, 0.0], [0.0, 0.0]],
            drift: [drift, 0.0],
        };
        match parameters.kind {
            Kind::Overdamped => of_position(1.0, parameters.mobility.wide() * h),
            Kind::AdditiveNoise => of_position(1.0, h),
            Kind::Semilinear => {
                let rate = parameters.rate.wide();
                let drift = if rate == 0.0 {
                    h
                } else {
                    -(-rate * h).exp_m1() / rate
                };
                of_position((-rate * h).exp(), drift)
            }
            Kind::Underdamped => {
                let (friction, mass) = (parameters.friction.wide(), parameters.mass.wide());
                let travel = -(-friction * h).exp_m1() / friction;
                Self {
                    decay: [[1.0, travel], [0.0, (-friction * h).exp()]],
                    drift: [(h - travel) / friction / mass, travel / mass],
                }
            }
        }
    }

    /// A c + G b + ξ.
    #[must_use]
    pub fn step(&self, [x, v]: Cell, b: f64, [noise_x, noise_v]: Cell) -> Cell {
        let [[xx, xv], [vx, vv]] = self.decay;
        [
            xx * x + xv * v + self.drift[0] * b + noise_x,
            vx * x + vv * v + self.drift[1] * b + noise_v,
        ]
    }
}

/// A macro step's result, and the largest number that its rounding errors are in proportion to.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<const D: usize> {
    /// X\[K\].
    pub state: [Cell; D],
    /// The largest absolute value on the way.
    pub scale: f64,
}

/// Equations (7) and (8): the interpolation X̂ with b₀ held, and the iterates that are corrected at the chosen inner
/// steps, both from the same noise. `drift(i, x)` is b at inner step i.
pub fn macro_step<const D: usize>(
    inner: &InnerStep,
    start: [Cell; D],
    noise: &[[Cell; D]],
    chosen: impl Fn(u32) -> bool,
    weight: f64,
    mut drift: impl FnMut(u32, [f64; D]) -> [f64; D],
) -> Outcome<D> {
    let positions = |state: &[Cell; D]| state.map(|[x, _]| x);
    let b0 = drift(0, positions(&start));
    let (mut interpolation, mut state) = (start, start);
    let mut scale = 1.0_f64;
    for (i, noise) in (0..).zip(noise) {
        let mut b = b0;
        if i > 0 && chosen(i) {
            let there = drift(i, positions(&interpolation));
            for d in 0..D {
                b[d] += weight * (there[d] - b0[d]);
            }
        }
        for d in 0..D {
            state[d] = inner.step(state[d], b[d], noise[d]);
            interpolation[d] = inner.step(interpolation[d], b0[d], noise[d]);
            let kick = inner.drift.map(|drift| drift * b[d]);
            for value in [state[d], interpolation[d], kick].as_flattened() {
                scale = scale.max(value.abs());
            }
        }
    }
    Outcome { state, scale }
}
