//! The affine one-step maps: every formula of A, B, V^½ and the kick, once.
//!
//! A macro step of size η stands for K inner steps of size η/K, inner step i being
//!
//! ```text
//! X[i+1] = A[i] X[i] + G[i] b(X[i], t[i]) + Γ[i] Z[i],    Z[i] ~ N(0, I)                    (1)
//! ```
//!
//! A scheme gives the composition of any run of inner steps in closed form, so that no cost grows
//! with K. For i ≤ j, with A(i,j) = A\[j−1\]…A\[i\]:
//!
//! | symbol | meaning | where |
//! |---|---|---|
//! | A(i,j) | what is left at j of the state at i | [`Span::propagate`] |
//! | B(i,j) = Σ A(l+1,j) G\[l\] | effect at j of a drift held from i to j | [`Span::mean`] |
//! | V(i,j) = Σ A(l+1,j) Γ\[l\]Γ\[l\]ᵀ A(l+1,j)ᵀ | covariance at j of the noise from i to j | [`Span::increment`] |
//! | A(m+1,K) G\[m\] | effect at K of the drift of inner step m alone | [`Scheme::kick`] |
//!
//! The equations are (7)–(8) of Kandasamy & Nagaraj 2024.

use core::fmt::Debug;

use nalgebra::SVector;

use crate::{Real, State};

mod additive;
mod clock;
mod overdamped;
mod scalar;
mod semilinear;
mod special;
mod underdamped;

pub use additive::AdditiveNoise;
pub use overdamped::Overdamped;
pub use scalar::{ScalarKick, ScalarSpan};
pub use semilinear::Semilinear;
pub use underdamped::{PhaseKick, PhaseSpan, Underdamped};

/// A discretisation in closed form: step size η, inner steps K, and the coefficients of any run of
/// inner steps. Plain data, `Copy`, in no particular dimension.
pub trait Scheme: Copy + Debug + Send + Sync {
    /// The scalar.
    type Real: Real;
    /// The coefficients A, B, V^½ of a run of inner steps.
    type Span: Copy + Debug + Send + Sync;
    /// The coefficients A(m+1,K) G\[m\].
    type Kick: Copy + Debug;

    /// Size η of a macro step, in the units of time.
    fn step_size(&self) -> Self::Real;
    /// Inner steps K of a macro step, at least 1.
    fn inner_steps(&self) -> u32;
    /// Time of inner step i after the start of the macro step.
    fn time(&self, inner_step: u32) -> Self::Real;
    /// The coefficients from inner step `from` to inner step `to`, `from` ≤ `to` ≤ K.
    fn span(&self, from: u32, to: u32) -> Self::Span;
    /// How a drift acting in inner step m alone is felt at the end of the macro step, m < K.
    fn kick(&self, inner_step: u32) -> Self::Kick;
}

/// The coefficients A, B and V^½ of a run of inner steps, applied in D dimensions.
pub trait Span<T: Real, const D: usize>: Copy + Debug {
    /// The state of the process.
    type State: State<T, D>;

    /// Normals per dimension in an [`increment`](Self::increment): 1 or 2.
    const NORMALS: u32;

    /// A·x + B·b.
    fn mean(&self, state: &Self::State, drift: &SVector<T, D>) -> Self::State;
    /// A·x.
    fn propagate(&self, state: &Self::State) -> Self::State;
    /// V^½ Z, Z made of standard normals: [`NORMALS`](Self::NORMALS) of them for the first
    /// dimension, then as many for the next, and so on.
    fn increment(&self, normal: impl FnMut() -> T) -> Self::State;
    /// E\[ξ | A′ξ + ξ′ = d\]: the part of the increment d over this span and `next`, which follows
    /// it, that fell in this one. The gain of a Brownian bridge.
    fn expected_part(&self, next: &Self, total: &Self::State) -> Self::State;
}

/// The coefficients of a kick, applied in D dimensions.
pub trait Kick<T: Real, const D: usize>: Copy + Debug {
    /// The state of the process.
    type State: State<T, D>;

    /// weight · A(m+1,K) G\[m\] · difference.
    fn apply(&self, weight: T, difference: &SVector<T, D>) -> Self::State;
}

/// A [`Scheme`] that can move states of D dimensions. Implemented for every scheme whose span and
/// kick can.
pub trait Process<const D: usize>:
    Scheme<
        Span: Span<Self::Real, D, State = Self::State>,
        Kick: Kick<Self::Real, D, State = Self::State>,
    >
{
    /// What the process moves.
    type State: State<Self::Real, D>;
}

impl<S, X, const D: usize> Process<D> for S
where
    S: Scheme,
    S::Span: Span<S::Real, D, State = X>,
    S::Kick: Kick<S::Real, D, State = X>,
    X: State<S::Real, D>,
{
    type State = X;
}
