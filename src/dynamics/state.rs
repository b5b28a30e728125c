//! What dynamics move in D dimensions: a position, or a position and a velocity.

use core::fmt::Debug;

use nalgebra::SVector;

use super::cell::Cell;
use super::sealed::Sealed;
use super::segment::draw;
use super::span::Span;
use crate::random::Words;
use crate::real::Real;

/// A state in a fixed number D of dimensions: `SVector<T, D>`, or [`Phase`] for underdamped dynamics. Sealed.
///
/// The parts of a state are its vectors of D components: one, or position then velocity.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::{Phase, State};
/// assert_eq!(Phase::<f32, 2>::PARTS, 2);
/// let state = Phase { position: vector![1.0, 2.0], velocity: vector![0.0, f32::NAN] };
/// assert!(!state.is_finite() && state.position().x == 1.0);
/// ```
pub trait State: Sealed + Copy + PartialEq + Debug + Send + Sync {
    /// The scalar.
    type Real: Real;
    /// What a drift is evaluated at, and what it gives: a vector of D components.
    type Position: State<Real = Self::Real, Position = Self::Position, Cell = [Self::Real; 1]>;
    /// What a state holds of one coordinate.
    #[doc(hidden)]
    type Cell: Cell<Self::Real>;
    /// An array with one item for each component, part by part.
    #[doc(hidden)]
    type Each<A: Send>: AsRef<[A]> + AsMut<[A]> + Send;

    /// Vectors that make up a state.
    const PARTS: usize;
    /// Components of each of these vectors, D.
    const DIMENSION: usize;

    /// The state with each component of part k and dimension d made by `make(k, d)`, part by
    /// part.
    fn from_fn(make: impl FnMut(usize, usize) -> Self::Real) -> Self;
    /// Calls `visit(k, d, value)` for each component, in the order of [`from_fn`](Self::from_fn).
    fn for_each(&self, visit: impl FnMut(usize, usize, Self::Real));
    /// What the drift is evaluated at.
    fn position(&self) -> &Self::Position;
    /// Whether every component is finite.
    fn is_finite(&self) -> bool;

    /// The items `make(c)` for component c = k·D + d of each part k and dimension d, in that order.
    #[doc(hidden)]
    fn each<A: Send>(make: impl FnMut(usize) -> A) -> Self::Each<A>;
    /// The state of the cells that `make` gives, coordinate by coordinate.
    #[doc(hidden)]
    fn from_cells(make: impl FnMut(usize) -> Self::Cell) -> Self;
    /// Coordinate d.
    #[doc(hidden)]
    fn cell(&self, d: usize) -> Self::Cell;
    /// Writes coordinate d.
    #[doc(hidden)]
    fn set_cell(&mut self, d: usize, cell: Self::Cell);
    /// The increment over a run of inner steps, from the next words.
    #[doc(hidden)]
    fn draw<P, W>(span: &P, words: &mut W) -> Self
    where
        P: Span<Self::Real, Cell = Self::Cell>,
        W: Words + ?Sized;

    /// 0 in every component.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    fn zero() -> Self {
        Self::from_fn(|_, _| Self::Real::ZERO)
    }
}

/// A vector's coordinates, for loops: nalgebra's iterators compute with a matrix's strides, which keeps a host's
/// compiler from using vectors and costs a kernel instructions.
#[inline(always)]
pub(crate) fn coordinates<T: Real, const D: usize>(vector: &SVector<T, D>) -> &[T; D] {
    let [coordinates] = &vector.data.0;
    coordinates
}

/// The vector of the components that `make` gives.
#[inline(always)]
#[allow(clippy::indexing_slicing, reason = "indices below D")]
pub(crate) fn vector<T: Real, const D: usize>(mut make: impl FnMut(usize) -> T) -> SVector<T, D> {
    #[cfg(not(target_arch = "nvptx64"))]
    let vector = SVector::from_fn(|d, _| make(d));
    // A kernel copies the vector that `from_fn` returns, from 128 bytes on byte by byte, so it is filled in its own
    // place.
    #[cfg(target_arch = "nvptx64")]
    let mut vector = SVector::from([T::ZERO; D]);
    #[cfg(target_arch = "nvptx64")]
    for d in 0..D {
        vector.data.0[0][d] = make(d);
    }
    vector
}

impl<T: Real, const D: usize> Sealed for SVector<T, D> {}

impl<T: Real, const D: usize> State for SVector<T, D> {
    type Real = T;
    type Position = Self;
    type Cell = [T; 1];
    type Each<A: Send> = [A; D];

    const PARTS: usize = 1;
    const DIMENSION: usize = D;

    #[inline]
    fn from_fn(mut make: impl FnMut(usize, usize) -> T) -> Self {
        vector(|d| make(0, d))
    }
    #[inline]
    fn for_each(&self, mut visit: impl FnMut(usize, usize, T)) {
        for (d, &value) in coordinates(self).iter().enumerate() {
            visit(0, d, value);
        }
    }
    #[inline]
    fn position(&self) -> &Self {
        self
    }
    #[inline]
    fn is_finite(&self) -> bool {
        // Not `all`: without the early exit the loop is free of branches.
        coordinates(self)
            .iter()
            .fold(true, |so_far, x| so_far & x.is_finite())
    }
    #[inline]
    fn each<A: Send>(make: impl FnMut(usize) -> A) -> [A; D] {
        core::array::from_fn(make)
    }
    #[inline]
    fn from_cells(mut make: impl FnMut(usize) -> [T; 1]) -> Self {
        vector(|d| {
            let [x] = make(d);
            x
        })
    }
    #[inline]
    fn cell(&self, d: usize) -> [T; 1] {
        [coordinates(self).get(d).copied().unwrap_or_default()]
    }
    #[inline]
    fn set_cell(&mut self, d: usize, [value]: [T; 1]) {
        let [coordinates] = &mut self.data.0;
        if let Some(place) = coordinates.get_mut(d) {
            *place = value;
        }
    }
    #[inline]
    fn draw<P, W>(span: &P, words: &mut W) -> Self
    where
        P: Span<T, Cell = [T; 1]>,
        W: Words + ?Sized,
    {
        draw::<Self, P, W, D>(span, words)
    }
}

/// Position and velocity: the state of underdamped dynamics.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::Phase;
/// let at_rest = Phase::at_rest(vector![1.0_f64, 2.0]);
/// assert_eq!(at_rest.velocity, vector![0.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Phase<T: Real, const D: usize> {
    /// Position X.
    pub position: SVector<T, D>,
    /// Velocity V.
    pub velocity: SVector<T, D>,
}

impl<T: Real, const D: usize> Phase<T, D> {
    /// A position with zero velocity.
    #[must_use]
    pub fn at_rest(position: SVector<T, D>) -> Self {
        Self {
            position,
            velocity: SVector::from_element(T::ZERO),
        }
    }
}

/// One item for each component of a [`Phase`].
#[derive(Debug)]
pub struct EachOfPhase<A, const D: usize>([[A; D]; 2]);

impl<A, const D: usize> AsRef<[A]> for EachOfPhase<A, D> {
    #[inline]
    fn as_ref(&self) -> &[A] {
        self.0.as_flattened()
    }
}

impl<A, const D: usize> AsMut<[A]> for EachOfPhase<A, D> {
    #[inline]
    fn as_mut(&mut self) -> &mut [A] {
        self.0.as_flattened_mut()
    }
}

impl<T: Real, const D: usize> Sealed for Phase<T, D> {}

impl<T: Real, const D: usize> State for Phase<T, D> {
    type Real = T;
    type Position = SVector<T, D>;
    type Cell = [T; 2];
    type Each<A: Send> = EachOfPhase<A, D>;

    const PARTS: usize = 2;
    const DIMENSION: usize = D;

    #[inline]
    fn from_fn(mut make: impl FnMut(usize, usize) -> T) -> Self {
        Self {
            position: vector(|d| make(0, d)),
            velocity: vector(|d| make(1, d)),
        }
    }
    #[inline]
    fn for_each(&self, mut visit: impl FnMut(usize, usize, T)) {
        for (part, vector) in [&self.position, &self.velocity].into_iter().enumerate() {
            for (d, &value) in coordinates(vector).iter().enumerate() {
                visit(part, d, value);
            }
        }
    }
    #[inline]
    fn position(&self) -> &SVector<T, D> {
        &self.position
    }
    #[inline]
    fn is_finite(&self) -> bool {
        State::is_finite(&self.position) & State::is_finite(&self.velocity)
    }
    #[inline]
    fn each<A: Send>(mut make: impl FnMut(usize) -> A) -> EachOfPhase<A, D> {
        EachOfPhase(core::array::from_fn(|part| {
            core::array::from_fn(|d| make(part * D + d))
        }))
    }
    #[inline]
    fn from_cells(mut make: impl FnMut(usize) -> [T; 2]) -> Self {
        let mut state = Self::zero();
        for d in 0..D {
            state.set_cell(d, make(d));
        }
        state
    }
    #[inline]
    fn cell(&self, d: usize) -> [T; 2] {
        let ([x], [v]) = (self.position.cell(d), self.velocity.cell(d));
        [x, v]
    }
    #[inline]
    fn set_cell(&mut self, d: usize, [x, v]: [T; 2]) {
        self.position.set_cell(d, [x]);
        self.velocity.set_cell(d, [v]);
    }
    #[inline]
    fn draw<P, W>(span: &P, words: &mut W) -> Self
    where
        P: Span<T, Cell = [T; 2]>,
        W: Words + ?Sized,
    {
        draw::<Self, P, W, D>(span, words)
    }
}
