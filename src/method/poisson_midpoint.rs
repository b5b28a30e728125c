//! The Poisson midpoint method on one page: the recurrence of one coordinate, and the configuration.
//!
//! The loops over coordinates, and which inner step comes next, are in [`walk`](super::walk).

use core::ops::Range;

use super::Stepper;
use super::macro_step::MacroStep;
use super::single_step::{is_made_at_once, is_written_out};
use super::slice_step::{self, SliceMacroStep};
use super::walk::Walk;
use crate::batch::advance::{Advance, Positioned};
use crate::batch::{LaneDrift, Lanes};
use crate::dynamics::cell::Cell;
use crate::dynamics::span::Span;
use crate::dynamics::{CellOf, Dynamics, RealOf, SpanOf, StateOf};
use crate::error::{Step, StepError};
use crate::memory::Coordinate;
use crate::memory::slice::SliceError;
use crate::memory::vector::Vectors;
use crate::noise::Noise;
use crate::random::{MidpointLaw, Midpoints, Words};
use crate::real::Real;
use crate::scalar::Scalar;

/// The recurrence of Kandasamy & Nagaraj 2024, of one coordinate.
///
/// The paper's equation (7) follows K inner steps with the drift b₀ of the start held, and its equation (8) replaces
/// b₀ by b₀ + K H\[i\] (b(X̂\[i\], t\[i\]) − b₀) in inner step i, H\[i\] being 0 or 1. Both use the same noise Z, and
/// everything between the inner steps with H\[i\] = 1, the midpoints m₁ < m₂ < …, is affine. Composed in closed form
/// they are the four lines below.
impl<X: Scalar, C: Cell<X>> Coordinate<X, C> {
    /// W(m) = A(m′,m) W(m′) + ξ, from the midpoint m′ before, where ξ ~ N(0, V(m′,m)); W(0) = 0.
    #[inline(always)]
    pub(crate) fn accumulate<P>(&mut self, segment: &P, increment: C)
    where
        P: Span<X, Cell = C>,
    {
        self.noise = segment.coast(self.noise, increment);
    }

    /// (7): X̂\[m\] = A(0,m) X\[0\] + B(0,m) b₀ + W(m).
    #[inline(always)]
    pub(crate) fn estimate<P>(&self, from_start: &P) -> C
    where
        P: Span<X, Cell = C>,
    {
        from_start.carry(self.start, self.b0, self.noise)
    }

    /// A term of (8): weight·A(m+1,K) G\[m\] (b(X̂\[m\], t\[m\]) − b₀), `kick` being the factor before the bracket.
    #[inline(always)]
    pub(crate) fn correction_by(&self, kick: C, drift: X) -> C {
        kick.times(drift - self.b0)
    }

    /// (8): X\[K\] = A(0,K) X\[0\] + B(0,K) b₀ + W(K) + the sum of the corrections.
    #[inline(always)]
    pub(crate) fn result<P>(&self, whole: &P, is_corrected: bool) -> C
    where
        P: Span<X, Cell = C>,
    {
        let result = whole.carry(self.start, self.b0, self.noise);
        if is_corrected {
            result.plus(self.correction)
        } else {
            result
        }
    }
}

/// The Poisson midpoint method: one step of size η that imitates K Euler–Maruyama steps of size
/// η/K with about two drift evaluations (Kandasamy & Nagaraj 2024, equations 7 and 8).
///
/// The method replaces the drift of inner step i by the drift b₀ of the start, and corrects it at
/// randomly chosen steps m₁ < m₂ < …, where it evaluates the drift at an estimate X̂ of the
/// state. Composing the inner steps in closed form gives, with W(m) the noise accumulated up to m,
///
/// ```text
/// X̂[m] = A(0,m) X + B(0,m) b₀ + W(m)
/// X′   = A(0,K) X + B(0,K) b₀ + W(K) + weight·Σ A(m+1,K) G[m] (b(X̂[m], t[m]) − b₀)
/// ```
///
/// at a cost that does not depend on K. Weak order 2 in η as K grows.
///
/// # Cost
/// Drift evaluations: 1 + (K−1)/K expected under [`MidpointLaw::Bernoulli`], 2 under
/// [`MidpointLaw::Single`], 1 for K = 1, which is [`EulerMaruyama`](super::EulerMaruyama) to
/// the bit. Normal vectors: as many as drift evaluations.
///
/// # Limits
/// The correction is weighted by K, so the state can be kicked out of the region where a drift that
/// is not Lipschitz is tame: the step then fails with a [`StepError`] or the state runs away at step
/// sizes that Euler–Maruyama survives. `Single` bounds the number of corrections.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, Stepper};
/// use poisson_midpoint::{dynamics::Overdamped, random::Stream};
/// let stepper = PoissonMidpoint::new(Overdamped::new(0.1_f64, 1000)?, MidpointLaw::Single);
/// let mut x = vector![1.0, -1.0];
/// let mut stream = Stream::new(42, 0);
/// let step = stepper.step(0.0, &mut x, |_t, x| -x, &mut stream)?;
/// assert_eq!(step.drift_calls, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "defmt", defmt(bound(S: defmt::Format, SpanOf<S>: defmt::Format)))]
pub struct PoissonMidpoint<S: Dynamics> {
    dynamics: S,
    midpoints: Midpoints,
    whole: SpanOf<S>,
}

impl<S: Dynamics> PoissonMidpoint<S> {
    /// The method for these dynamics, whose K it uses, under a law of midpoints.
    #[must_use]
    pub fn new(dynamics: S, law: MidpointLaw) -> Self {
        Self::from_midpoints(dynamics, Midpoints::new(law, dynamics.inner_steps()))
    }

    /// The method for dynamics and midpoints of the same K.
    #[inline]
    pub(crate) fn from_midpoints(dynamics: S, midpoints: Midpoints) -> Self {
        Self {
            dynamics,
            midpoints,
            whole: dynamics.span(0, dynamics.inner_steps()),
        }
    }

    /// The law of the midpoints.
    #[must_use]
    pub fn law(&self) -> MidpointLaw {
        self.midpoints.law()
    }

    pub(crate) fn midpoints(&self) -> &Midpoints {
        &self.midpoints
    }

    /// The coefficients of a whole step.
    pub(crate) fn whole(&self) -> &SpanOf<S> {
        &self.whole
    }

    /// The `inner_drifts` that [`weighted_kicks`](Self::weighted_kicks) takes, the same in every lane.
    #[inline]
    pub(crate) fn inner_drifts<X>(&self) -> CellOf<S, X>
    where
        X: Scalar<Real = S::Real>,
    {
        let drift = self.dynamics.inner_drift();
        Cell::from_fn(|part| X::splat(drift.parts().get(part).copied().unwrap_or_default()))
    }

    /// weight·A(m+1,K) G\[m\] of a midpoint in each lane.
    #[inline(always)]
    pub(crate) fn weighted_kicks<X>(
        &self,
        inner_drifts: CellOf<S, X>,
        midpoint: X::Count,
    ) -> CellOf<S, X>
    where
        X: Scalar<Real = S::Real>,
    {
        let weight = S::Real::from_u32(self.law().weight(self.dynamics.inner_steps()));
        let kick = self.dynamics.kicks::<X>(inner_drifts, midpoint);
        kick.times(X::splat(weight))
    }

    /// weight·A(m+1,K) G\[m\] of a midpoint.
    #[inline]
    pub(crate) fn weighted_kick(&self, midpoint: u32) -> CellOf<S, S::Real> {
        let weight = S::Real::from_u32(self.law().weight(self.dynamics.inner_steps()));
        self.dynamics.kick(midpoint).times(weight)
    }

    /// How far a drift `b` at a midpoint is from the drift `b0` of the start: ‖B (b − b₀)‖/√V, the distance that the
    /// difference moves a state within a step, in standard deviations of the step's noise; of the velocity, where there
    /// is one. For overdamped dynamics it is √(μη/2T) ‖b − b₀‖.
    ///
    /// It tells that a step is too large before the states show it. In D dimensions in which the drift pulls with
    /// stiffness λ (b = −λx), its root mean square is about ημλ √(D/2) as long as that is small, whatever K is: at 0.3 √D
    /// overdamped steps are about 0.4/(μλ). The number β of Kandasamy & Nagaraj 2024, theorem 1, is √K times as large.
    ///
    /// Costs no drift evaluation: every step knows both. Of slices of two lengths the shorter one counts. Not
    /// finite if a drift is not.
    ///
    /// ```
    /// use nalgebra::vector;
    /// use poisson_midpoint::{MidpointLaw, PoissonMidpoint};
    /// use poisson_midpoint::{dynamics::Overdamped, random::Stream};
    /// let stepper = PoissonMidpoint::new(Overdamped::new(0.5_f64, 1000)?, MidpointLaw::Single);
    /// let (mut x, mut stream) = (vector![1.0], Stream::new(42, 0));
    /// let mut largest = 0.0_f64;
    /// for _ in 0..100 {
    ///     let b0 = -x;
    ///     let mut step = stepper.begin(0.0, &x, b0)?;
    ///     while let Some(query) = step.next(&mut stream)? {
    ///         let b = -query.position;
    ///         largest = largest.max(stepper.drift_change(b0.as_slice(), b.as_slice()));
    ///         step.supply(b)?;
    ///     }
    ///     (x, _) = step.finish()?;
    /// }
    /// assert!(largest < 3.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn drift_change(&self, b0: &[RealOf<S>], b: &[RealOf<S>]) -> RealOf<S> {
        let last = |cell: CellOf<S, S::Real>| cell.parts().last().copied().unwrap_or_default();
        let noise = last(self.whole.increment(|| S::Real::ONE));
        let effect = last(self.whole.of_drift()) / noise;
        let mut sum = S::Real::ZERO;
        for (&b0, &b) in b0.iter().zip(b) {
            let change = effect * (b - b0);
            sum += change * change;
        }
        sum.sqrt()
    }

    /// Begins a step from a state whose drift `b0` at `time` is known, to be driven by
    /// [`MacroStep`]: for drifts that a closure cannot give, such as a network on another device.
    ///
    /// # Errors
    /// [`StepError`] if the state or the drift is not finite.
    pub fn begin<X>(
        &self,
        time: S::Real,
        state: &X,
        b0: X::Position,
    ) -> Result<MacroStep<S, X>, StepError>
    where
        X: StateOf<S>,
    {
        MacroStep::new(*self, time, state, b0)
    }

    /// Begins a step on a slice from a state whose drift `b0` at `time` is known, to be driven by
    /// [`SliceMacroStep`]. The state stays as it is until [`SliceMacroStep::finish`].
    ///
    /// # Errors
    /// [`SliceError`] if a length is wrong, or if the state or the drift is not finite.
    pub fn begin_slice<'a>(
        &self,
        time: RealOf<S>,
        state: &'a mut [RealOf<S>],
        b0: &[RealOf<S>],
        work: &'a mut [RealOf<S>],
    ) -> Result<SliceMacroStep<'a, S>, SliceError> {
        SliceMacroStep::new(*self, time, state, b0, work)
    }
}

impl<S: Dynamics> Stepper for PoissonMidpoint<S> {
    type Dynamics = S;
    const WEAK_ORDER: u32 = 2;

    fn dynamics(&self) -> &S {
        &self.dynamics
    }

    #[inline]
    fn step<X, F, N>(
        &self,
        time: S::Real,
        state: &mut X,
        mut drift: F,
        noise: &mut N,
    ) -> Result<Step, StepError>
    where
        X: StateOf<S>,
        F: FnMut(S::Real, &X::Position) -> X::Position,
        N: Noise<X> + ?Sized,
    {
        let b0 = drift(time, state.position());
        let mut walk = Walk::begin(time, Vectors::new(state, b0))?;
        if is_written_out::<S>()
            && let Some(midpoint) = noise.single_midpoint(&self.midpoints)
        {
            let (moved, step) = self.single_step(time, walk.memory, midpoint, drift, noise)?;
            *state = moved;
            return Ok(step);
        }
        while let Some(midpoint) = self.next_in_vectors(&mut walk, noise)? {
            let time = walk.cursor.time(&self.dynamics, midpoint);
            let drift = drift(time, walk.memory.estimate());
            self.supply_vector(&mut walk, &drift)?;
        }
        let step = walk.cursor.finish()?;
        *state = walk.memory.moved();
        Ok(step)
    }

    fn work_length(&self, dimension: usize) -> usize {
        slice_step::work_length::<S>(dimension)
    }

    fn step_slice<F, W>(
        &self,
        time: RealOf<S>,
        state: &mut [RealOf<S>],
        drift: F,
        words: &mut W,
        work: &mut [RealOf<S>],
    ) -> Result<Step, SliceError>
    where
        F: FnMut(RealOf<S>, &[RealOf<S>], &mut [RealOf<S>]),
        W: Words + ?Sized,
    {
        slice_step::step(self, time, state, drift, words, work)
    }

    #[inline]
    fn advance<X, F, W>(&self, state: &mut X, words: &mut W, drift: F, steps: Range<u32>) -> Advance
    where
        X: StateOf<S>,
        F: FnMut(S::Real, &X::Position) -> X::Position,
        W: Positioned,
    {
        if is_made_at_once::<S, X>() && self.midpoints.is_single() {
            self.advance_by_single_midpoints(state, words, drift, steps)
        } else {
            self.advance_by_legs(state, words, drift, steps)
        }
    }

    #[inline(always)]
    fn run_lanes<X, F>(&self, lanes: &mut Lanes<X>, drift: &mut F, steps: Range<u32>) -> Option<u64>
    where
        X: StateOf<S>,
        F: LaneDrift<X::Position>,
    {
        if self.midpoints.is_single() {
            lanes.single_midpoint(self, drift, steps)
        } else {
            lanes.legs(self, drift, steps)
        }
    }
}
