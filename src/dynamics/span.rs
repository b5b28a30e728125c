//! What a run of inner steps does to a cell: A, B and V^½, and the three forms that they have.

use core::fmt::Debug;

use super::cell::Cell;
use super::sealed::Sealed;
use crate::real::Real;
use crate::scalar::Scalar;

/// The coefficients A, B and V^½ of a run of inner steps, as they act on one coordinate. Sealed: a [`ScalarSpan`], a
/// [`PhaseSpan`] or a [`SplitSpan`].
pub trait Span<X: Scalar>: Sealed + Copy + Debug + PartialEq + Send + Sync {
    /// What they act on.
    type Cell: Cell<X>;

    /// Normals that the noise of one cell takes.
    const NORMALS: usize;

    /// A c: the run without drift or noise.
    fn propagate(&self, cell: Self::Cell) -> Self::Cell;
    /// B: the effect of a drift of 1 that is held over the run.
    fn of_drift(&self) -> Self::Cell;
    /// V^½ Z, from [`NORMALS`](Self::NORMALS) normals, those of the velocity first.
    fn increment(&self, normal: impl FnMut() -> X) -> Self::Cell;
    /// The noise of this run along a Brownian path on which the noise of the dynamics is `exact`.
    #[inline(always)]
    #[must_use]
    fn along_path(&self, exact: Self::Cell) -> Self::Cell {
        exact
    }

    /// A x + w: a run from x without a drift and with the noise w.
    #[inline(always)]
    fn coast(&self, x: Self::Cell, w: Self::Cell) -> Self::Cell {
        self.propagate(x).plus(w)
    }

    /// A x + B b + w: a run from x with the drift b held and the noise w added up. This one line is an
    /// Euler–Maruyama step, the estimate at a midpoint, and a macro step without its corrections.
    #[inline(always)]
    fn carry(&self, x: Self::Cell, b: X, w: Self::Cell) -> Self::Cell {
        self.propagate(x).plus(self.of_drift().times(b)).plus(w)
    }
}

/// Coefficients of runs that compose, so that a run can be split into two.
pub trait Bridge<X: Scalar>: Span<X> {
    /// The mean of the increment of this run, given that this and the next run together make `total`.
    fn expected_part(&self, next: &Self, total: Self::Cell) -> Self::Cell;
}

/// `part`/`whole`, or 0 where `whole` is 0.
#[inline]
fn share<X: Scalar>(part: X, whole: X) -> X {
    part.zip(whole, |part, whole| {
        if whole > X::Real::ZERO {
            part / whole
        } else {
            X::Real::ZERO
        }
    })
}

/// A applied to a position and a velocity.
#[inline(always)]
fn propagate_phase<X: Scalar>([x, v]: [X; 2], travel: X, decay: X) -> [X; 2] {
    [x + v * travel, v * decay]
}

/// A, B and V^½ of first-order dynamics, whose coefficients are multiples of the identity:
/// x′ = decay·x + drift·b + noise·Z.
///
/// ```
/// use poisson_midpoint::dynamics::{Dynamics, Overdamped, ScalarSpan};
/// // An Euler–Maruyama step of 0.125 with noise of variance 2 · 0.125.
/// let span: ScalarSpan<f64> = Overdamped::new(0.125_f64, 1)?.span(0, 1);
/// assert_eq!((span.decay, span.drift, span.noise), (1.0, 0.125, 0.5));
/// # Ok::<(), poisson_midpoint::ParameterError<f64>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ScalarSpan<X> {
    /// A, what is left of a position.
    pub decay: X,
    /// B, the effect of a held drift.
    pub drift: X,
    /// V^½, the standard deviation of the noise.
    pub noise: X,
}

impl<X> Sealed for ScalarSpan<X> {}

impl<X: Scalar> Span<X> for ScalarSpan<X> {
    type Cell = [X; 1];

    const NORMALS: usize = 1;

    #[inline(always)]
    fn propagate(&self, [x]: [X; 1]) -> [X; 1] {
        [x * self.decay]
    }
    #[inline(always)]
    fn of_drift(&self) -> [X; 1] {
        [self.drift]
    }
    #[inline(always)]
    fn increment(&self, mut normal: impl FnMut() -> X) -> [X; 1] {
        [self.noise * normal()]
    }
}

impl<X: Scalar> Bridge<X> for ScalarSpan<X> {
    #[inline]
    fn expected_part(&self, next: &Self, [total]: [X; 1]) -> [X; 1] {
        // V A′/(A′V A′ + V′)
        let through = next.decay * (self.noise * self.noise);
        let sum = next.decay * through + next.noise * next.noise;
        [total * share(through, sum)]
    }
}

/// A, B and V^½ of underdamped dynamics.
///
/// ```text
/// x′ = x + travel·v + drift[0]·b + position_noise_shared·Z₁ + position_noise_own·Z₂
/// v′ = decay·v      + drift[1]·b + velocity_noise·Z₁
/// ```
///
/// Every coefficient is accurate to a few units in the last place for γη from 1e-8 to 50: the
/// covariance to a relative 1e-6 in f32 and 1e-14 in f64 (as the crate's tests hold it), where the usual
/// expressions lose all digits in f32 below γη = 0.01.
///
/// ```
/// use poisson_midpoint::dynamics::{Dynamics, PhaseSpan, Underdamped};
/// // An inner step of γη/K = 1e-4: the position's own noise is √(u h³γ/6) to leading order.
/// let span: PhaseSpan<f32> = Underdamped::new(0.1, 1000, 1.0)?.span(0, 1);
/// assert!((span.position_noise_own / (1e-12_f32 / 6.0).sqrt() - 1.0).abs() < 1e-3);
/// # Ok::<(), poisson_midpoint::ParameterError<f32>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PhaseSpan<X> {
    /// e^(−γh), what is left of a velocity.
    pub decay: X,
    /// (1 − e^(−γh))/γ, how far a unit velocity carries.
    pub travel: X,
    /// B, what a held drift does to position and velocity.
    pub drift: [X; 2],
    /// √vv, vv the variance of the velocity's noise.
    pub velocity_noise: X,
    /// xv/√vv, xv the covariance of both noises.
    pub position_noise_shared: X,
    /// √(xx − xv²/vv), xx the variance of the position's noise.
    pub position_noise_own: X,
}

impl<X> Sealed for PhaseSpan<X> {}

impl<X: Scalar> Span<X> for PhaseSpan<X> {
    type Cell = [X; 2];

    const NORMALS: usize = 2;

    #[inline(always)]
    fn propagate(&self, cell: [X; 2]) -> [X; 2] {
        propagate_phase(cell, self.travel, self.decay)
    }
    #[inline(always)]
    fn of_drift(&self) -> [X; 2] {
        self.drift
    }
    #[inline(always)]
    fn increment(&self, mut normal: impl FnMut() -> X) -> [X; 2] {
        let (first, second) = (normal(), normal());
        [
            self.position_noise_shared * first + self.position_noise_own * second,
            self.velocity_noise * first,
        ]
    }
}

impl<X: Scalar> Bridge<X> for PhaseSpan<X> {
    #[inline]
    fn expected_part(&self, next: &Self, [total_x, total_v]: [X; 2]) -> [X; 2] {
        // With V the covariance of this span and V′, A′ those of the next: gain V A′ᵀ S⁻¹,
        // S = A′V A′ᵀ + V′. S is inverted by elimination of the velocity. The unit of positions is `reach`, that of
        // noise is this run's velocity noise: in other units the variances of short runs may underflow.
        let (reach, unit) = (self.travel + next.travel, self.velocity_noise);
        let (vv, xv, xx) = self.covariance(reach, unit);
        let (next_vv, next_xv, next_xx) = next.covariance(reach, unit);
        let next_travel = next.travel / reach;
        // V A′ᵀ, row by row.
        let (x_to_x, x_to_v) = (xx + next_travel * xv, next.decay * xv);
        let (v_to_x, v_to_v) = (xv + next_travel * vv, next.decay * vv);
        let sum_vv = next.decay * v_to_v + next_vv;
        let sum_xv = x_to_v + next_travel * v_to_v + next_xv;
        let sum_xx = x_to_x + next_travel * v_to_x + next_xx;
        let slope = share(sum_xv, sum_vv);
        let remainder = sum_xx - slope * sum_xv;
        let part = |to_x: X, to_v: X| {
            let of_x = share(to_x - slope * to_v, remainder);
            total_x / reach * of_x + total_v * (share(to_v, sum_vv) - of_x * slope)
        };
        [reach * part(x_to_x, x_to_v), part(v_to_x, v_to_v)]
    }
}

impl<X: Scalar> PhaseSpan<X> {
    /// Variance of the velocity, covariance, variance of the position, with velocities in units of `velocity` and
    /// positions in units of `reach` times that.
    fn covariance(&self, reach: X, velocity: X) -> (X, X, X) {
        let of_velocity = share(self.velocity_noise, velocity);
        let [shared, own] = [self.position_noise_shared, self.position_noise_own]
            .map(|noise| share(noise / reach, velocity));
        (
            of_velocity * of_velocity,
            of_velocity * shared,
            shared * shared + own * own,
        )
    }
}

/// A, B and V^½ of a splitting step of underdamped dynamics whose noise enters by the velocity alone.
///
/// ```text
/// x′ = x + travel·v + drift[0]·b + lever·w
/// v′ = decay·v      + drift[1]·b + w,          w = velocity_noise·Z
/// ```
///
/// ```
/// use poisson_midpoint::dynamics::{Span, SplitSpan};
/// let span = SplitSpan { decay: 0.5, travel: 0.1, drift: [0.01, 0.1], velocity_noise: 2.0, lever: 0.05 };
/// assert_eq!(span.increment(|| 3.0), [0.05 * 6.0, 6.0]); // one normal
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SplitSpan<X> {
    /// What is left of a velocity.
    pub decay: X,
    /// How far a unit velocity carries.
    pub travel: X,
    /// B, what the drift does to position and velocity.
    pub drift: [X; 2],
    /// The standard deviation of the velocity's noise.
    pub velocity_noise: X,
    /// How far a unit of the velocity's noise carries.
    pub lever: X,
}

impl<X> Sealed for SplitSpan<X> {}

impl<X: Scalar> Span<X> for SplitSpan<X> {
    type Cell = [X; 2];

    const NORMALS: usize = 1;

    #[inline(always)]
    fn propagate(&self, cell: [X; 2]) -> [X; 2] {
        propagate_phase(cell, self.travel, self.decay)
    }
    #[inline(always)]
    fn of_drift(&self) -> [X; 2] {
        self.drift
    }
    #[inline(always)]
    fn increment(&self, mut normal: impl FnMut() -> X) -> [X; 2] {
        let w = self.velocity_noise * normal();
        [self.lever * w, w]
    }
    #[inline(always)]
    fn along_path(&self, [_, w]: [X; 2]) -> [X; 2] {
        [self.lever * w, w]
    }
}
