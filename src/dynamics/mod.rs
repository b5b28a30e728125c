//! The dynamics, which move a state: every formula of A, B, V^½ and the kick is written here, once.
//!
//! A macro step of size η stands for K inner steps of size η/K. Inner step i is the map S(A, G, Γ, b) of Kandasamy &
//! Nagaraj 2024,
//!
//! ```text
//! X[i+1] = A[i] X[i] + G[i] b(X[i], t[i]) + Γ[i] Z[i],    Z[i] ~ N(0, I)
//! ```
//!
//! Dynamics give the composition of any run of inner steps in closed form, so that no cost grows with K. For i ≤ j,
//! with A(i,j) = A\[j−1\]…A\[i\]:
//!
//! | symbol | meaning |
//! |---|---|
//! | A(i,j) | what is left at j of the state at i |
//! | B(i,j) = Σ A(l+1,j) G\[l\] | effect at j of a drift held from i to j |
//! | V(i,j) = Σ A(l+1,j) Γ\[l\]Γ\[l\]ᵀ A(l+1,j)ᵀ | covariance at j of the noise from i to j |
//! | A(m+1,K) G\[m\] | effect at K of the drift of inner step m alone, the kick |
//!
//! The first three are a [`ScalarSpan`] or a [`PhaseSpan`]. They act on each coordinate alike and independently.

use core::fmt::Debug;

use nalgebra::SVector;

use crate::real::Real;
use crate::scalar::Scalar;

mod additive;
pub(crate) mod cell;
mod clock;
mod overdamped;
pub(crate) mod segment;
mod semilinear;
pub(crate) mod span;
mod special;
pub(crate) mod state;
mod underdamped;

pub use additive::AdditiveNoise;
pub use overdamped::Overdamped;
pub use semilinear::Semilinear;
pub use span::{Bridge, PhaseSpan, ScalarSpan, Span, SplitSpan};
pub use underdamped::Underdamped;

use state::State;

mod sealed {
    /// Implemented by types of this crate only.
    pub trait Sealed {}
}

/// Dynamics with a step size η and a number K of inner steps. Plain data, `Copy`, of no particular dimension.
///
/// Implemented by [`Overdamped`], [`Underdamped`], [`AdditiveNoise`], [`Semilinear`] and, for diffusion models,
/// [`diffusion::MacroTransition`](crate::diffusion::MacroTransition).
///
/// ```
/// use poisson_midpoint::dynamics::{Dynamics, Overdamped};
/// let dynamics = Overdamped::new(0.5_f32, 10)?;
/// assert_eq!((dynamics.step_size(), dynamics.inner_steps(), dynamics.time(4)), (0.5, 10, 0.2));
/// # Ok::<(), poisson_midpoint::ParameterError<f32>>(())
/// ```
pub trait Dynamics: Copy + Debug + Send + Sync {
    /// The scalar.
    type Real: Real;
    /// The state that they move in D dimensions: a position, or a [`Phase`](crate::Phase).
    type State<const D: usize>: State<Real = Self::Real, Position = SVector<Self::Real, D>, Cell = CellOf<Self, Self::Real>>;
    /// The coefficients A, B and V^½ of a run of inner steps.
    type Span<X: Scalar<Real = Self::Real>>: Bridge<X>;

    /// Size η of a macro step, in the units of time.
    fn step_size(&self) -> Self::Real;
    /// Inner steps K of a macro step, at least 1.
    fn inner_steps(&self) -> u32;
    /// Time of inner step i after the start of the macro step.
    fn time(&self, inner_step: u32) -> Self::Real;

    /// [`span`](Self::span) in each lane.
    #[doc(hidden)]
    fn spans<X: Scalar<Real = Self::Real>>(&self, from: X::Count, to: X::Count) -> Self::Span<X>;
    /// B of an inner step, if it is the same for all inner steps; ignored otherwise.
    #[doc(hidden)]
    fn inner_drift(&self) -> CellOf<Self, Self::Real>;
    /// [`kick`](Self::kick) in each lane, with [`inner_drift`](Self::inner_drift) computed beforehand.
    #[doc(hidden)]
    fn kicks<X: Scalar<Real = Self::Real>>(
        &self,
        inner_drift: CellOf<Self, X>,
        inner_step: X::Count,
    ) -> CellOf<Self, X>;

    /// The coefficients from inner step `from` to inner step `to`, `from` ≤ `to` ≤ K.
    #[inline]
    fn span(&self, from: u32, to: u32) -> Self::Span<Self::Real> {
        self.spans::<Self::Real>(from, to)
    }
    /// A(m+1,K) G\[m\], part by part: the effect at the end of the macro step of a drift of 1 that acts in inner step m
    /// alone, m < K.
    #[inline]
    fn kick(&self, inner_step: u32) -> CellOf<Self, Self::Real> {
        self.kicks::<Self::Real>(self.inner_drift(), inner_step)
    }
}

/// The time n·η at which macro step n begins, if the first begins at 0.
#[inline(always)]
pub(crate) fn start_time<S: Dynamics>(dynamics: &S, step: u32) -> S::Real {
    dynamics.step_size() * S::Real::from_u32(step)
}

/// A state that the dynamics `S` move: an `SVector` or, for underdamped ones, a [`Phase`](crate::Phase).
pub trait StateOf<S: Dynamics>: State<Real = S::Real, Cell = CellOf<S, S::Real>> {}

impl<S, X> StateOf<S> for X
where
    S: Dynamics,
    X: State<Real = S::Real, Cell = CellOf<S, S::Real>>,
{
}

/// The scalar of dynamics.
pub(crate) type RealOf<S> = <S as Dynamics>::Real;
/// The coefficients of a run of inner steps of one particle.
pub(crate) type SpanOf<S> = SpanIn<S, RealOf<S>>;
/// The coefficients of a run of inner steps in each lane.
pub(crate) type SpanIn<S, X> = <S as Dynamics>::Span<X>;
/// What a coordinate holds.
pub type CellOf<S, X> = <<S as Dynamics>::Span<X> as Span<X>>::Cell;
