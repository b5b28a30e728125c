use core::ops::Range;

use super::Stepper;
use super::quicsort_slice::QuicsortSliceStep;
use super::quicsort_step::QuicsortStep;
use crate::batch::{LaneDrift, Lanes};
use crate::dynamics::cell::Cell;
use crate::dynamics::span::{PhaseSpan, SplitSpan};
use crate::dynamics::{Dynamics, StateOf, Underdamped};
use crate::error::{Parameter, ParameterError, Step, StepError, are_finite};
use crate::memory::slice::{self, SliceError, take};
use crate::noise::Noise;
use crate::random::Words;
use crate::real::Real;
use crate::scalar::Scalar;

/// QUICSORT, the Runge–Kutta method of strong order 3 for underdamped dynamics with a smooth drift.
///
/// Within a step, the Brownian path is replaced by a straight line between two jumps that has the path's increment W,
/// its space-time Lévy area H and its space-time-time Lévy area L. Along the line the dynamics without a drift are
/// solved exactly, and two kicks by the drift at the nodes of the Gauss–Legendre quadrature are added:
///
/// ```text
/// v₀ = v + ρ(H + 6L),   r = ρ(W − 12L)/η
/// X₁ = x + a(λη) v₀ + c(λη) r
/// X₂ = x + a(μη) v₀ + c(μη) r + a(η/3) (η/m) b(X₁, t + λη)
/// x ← x + a(η) v₀ + c(η) r + (η/2m)(a(μη) b(X₁, t + λη) + a(λη) b(X₂, t + μη))
/// v ← E(η) v₀ + a(η) r + (η/2m)(E(μη) b(X₁, t + λη) + E(λη) b(X₂, t + μη)) − ρ(H − 6L)
/// ```
///
/// with E(h) = e^(−γh), a(h) = (1 − E(h))/γ, c(h) = (h − a(h))/γ, λ = (3 − √3)/6, μ = (3 + √3)/6 and ρ = √(2γT/m)
/// (Scott, O'Kane, Jelinčič & Foster 2025, arXiv:2508.16485, where L is K). W, H and L are independent and have the
/// variances η, η/12 and η/720.
///
/// The strong order holds where the drift's second derivative is Lipschitz continuous. Without a drift, too, the law is
/// exact only as γη → 0, unlike that of [`Ubu`](super::Ubu): the variance of a velocity is 0.25 % too large at γη = 1,
/// 3 % at 2 and 40 % at 5, so keep γη below 1.
///
/// Inner steps K play no part except in errors, which name the inner step that a node falls into. An
/// [`Injected`](crate::noise::Injected) source is asked twice for the increment of (0, K): for (ρH, ρW), then for
/// (0, ρL). On a [`BrownianPath`](crate::noise::BrownianPath) this method sees a path of its own, independent of the one
/// that the other methods see.
///
/// Two drift evaluations and 3D normals a step.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::{Phase, Quicsort, Stepper, dynamics::Underdamped, random::Stream};
/// let stepper = Quicsort::new(Underdamped::new(0.5_f32, 1, 1.0)?)?;
/// let mut state = Phase::at_rest(vector![1.0, -1.0]);
/// let mut stream = Stream::new(42, 0);
/// let step = stepper.step(0.0, &mut state, |_t, x| -x, &mut stream)?;
/// assert_eq!((step.drift_calls, stream.word_position()), (2, 6));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Quicsort<T> {
    dynamics: Underdamped<T>,
    coefficients: Coefficients<T>,
}

/// What a step does to one coordinate.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Coefficients<X> {
    /// (a, c/η) up to each node and to the end: how far v₀ and ηr carry.
    flights: [[X; 2]; 3],
    /// a(η)/η, the velocity from ηr.
    lift: X,
    /// a(η/3)·η/m, the distance from the first node's drift to the second node.
    between: X,
    /// What each node's drift does by the end.
    kicks: [[X; 2]; 2],
    /// The noise (ρH, ρW).
    pub(crate) areas: PhaseSpan<X>,
    /// The noise (0, ρL).
    pub(crate) higher: SplitSpan<X>,
}

/// Where a coordinate gets to without a drift.
pub(crate) struct Flight<X> {
    /// The position at each node.
    pub(crate) nodes: [X; 2],
    /// The cell at the end.
    pub(crate) end: [X; 2],
}

impl<X: Scalar> Coefficients<X> {
    #[inline(always)]
    fn new(dynamics: &Underdamped<X::Real>) -> Self {
        let step_size = dynamics.step_size();
        let (size, impulse) = (X::splat(step_size), X::splat(dynamics.impulse()));
        let half_impulse = impulse / X::splat(X::Real::TWO);
        let [first, second, whole] =
            nodes::<X::Real>().map(|node| dynamics.flight::<X>(X::splat(node)));
        let third = dynamics.flight::<X>(X::splat(X::Real::ONE / X::Real::from_u32(3)));
        // ρ√η and its parts, as products that can neither overflow nor underflow.
        let doubled = X::Real::TWO * dynamics.friction() * step_size;
        let noise = |part: u32| {
            let of_time = doubled.sqrt() / X::Real::from_u32(part).sqrt();
            X::splat(dynamics.velocity_variance().sqrt() * of_time)
        };
        let flight = |span: PhaseSpan<X>| {
            let [position, _] = span.drift;
            [span.travel * size, position * size]
        };
        // A node's drift acts from there to the end, for as long as it takes to get to the other node.
        let kick = |other: PhaseSpan<X>| {
            [
                other.travel * size * half_impulse,
                other.decay * half_impulse,
            ]
        };
        let ([travel, ramp], zero) = (flight(whole), X::splat(X::Real::ZERO));
        let drift = [ramp * impulse, whole.travel * impulse];
        Self {
            flights: [flight(first), flight(second), flight(whole)],
            lift: whole.travel,
            between: third.travel * size * impulse,
            kicks: [kick(second), kick(first)],
            areas: PhaseSpan {
                decay: whole.decay,
                travel,
                drift,
                velocity_noise: noise(1),
                position_noise_shared: zero,
                position_noise_own: noise(12),
            },
            higher: SplitSpan {
                decay: whole.decay,
                travel,
                drift,
                velocity_noise: noise(720),
                lever: zero,
            },
        }
    }

    /// The way of a coordinate from `start` without a drift, for areas (ρH, ρW) and (0, ρL).
    #[inline(always)]
    pub(crate) fn fly(&self, start: [X; 2], areas: [X; 2], higher: [X; 2]) -> Flight<X> {
        let ([position, velocity], [area, increment], [_, higher]) = (start, areas, higher);
        let six = X::splat(X::Real::from_u32(6)) * higher;
        let velocity = velocity + (area + six);
        let slope = increment - (six + six);
        let reach = |[travel, ramp]: [X; 2]| position + (travel * velocity + ramp * slope);
        let [first, second, whole] = self.flights;
        let at_end = self.areas.decay * velocity + self.lift * slope;
        Flight {
            nodes: [reach(first), reach(second)],
            end: [reach(whole), at_end - (area - six)],
        }
    }

    /// The second node's position, `x` without a drift, if the first node's drift is `b`.
    #[inline(always)]
    pub(crate) fn second(&self, x: X, b: X) -> X {
        x + self.between * b
    }

    /// The cell at the end with the drift `b` of a node added.
    #[inline(always)]
    pub(crate) fn kicked(&self, end: [X; 2], node: Node, b: X) -> [X; 2] {
        end.plus(node.of(&self.kicks).times(b))
    }
}

/// A point at which the drift is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Node {
    First,
    Second,
}

impl Node {
    /// What belongs to this node of two.
    #[inline(always)]
    pub(super) fn of<T>(self, [first, second]: &[T; 2]) -> &T {
        match self {
            Self::First => first,
            Self::Second => second,
        }
    }

    /// The node after this one.
    pub(super) fn following(self) -> Option<Self> {
        match self {
            Self::First => Some(Self::Second),
            Self::Second => None,
        }
    }
}

/// λ, μ and 1, in parts of a step.
fn nodes<T: Real>() -> [T; 3] {
    let [three, six] = [3, 6].map(T::from_u32);
    let root = three.sqrt();
    [(three - root) / six, (three + root) / six, T::ONE]
}

impl<T: Real> Quicsort<T> {
    /// The method for these dynamics.
    ///
    /// # Errors
    /// [`ParameterError`] unless η/m and the distance that it carries within a step are finite.
    pub fn new(dynamics: Underdamped<T>) -> Result<Self, ParameterError<T>> {
        let coefficients: Coefficients<T> = Coefficients::new(&dynamics);
        let finite = dynamics.impulse().is_finite()
            && coefficients.between.is_finite()
            && coefficients
                .kicks
                .as_flattened()
                .iter()
                .all(|kick| kick.is_finite());
        Parameter::StepSize.check(dynamics.step_size(), |_| finite)?;
        Ok(Self {
            dynamics,
            coefficients,
        })
    }

    /// Begins a step at `time` whose drifts are computed elsewhere, and draws its noise.
    ///
    /// # Errors
    /// [`StepError::NonFiniteState`] if the state is not finite; [`StepError::NoAreas`] or
    /// [`StepError::NoiseOfOtherSteps`] if the noise source does not fit.
    pub fn begin<X, N>(
        &self,
        time: T,
        state: &X,
        noise: &mut N,
    ) -> Result<QuicsortStep<T, X>, StepError>
    where
        X: StateOf<Underdamped<T>>,
        N: Noise<X> + ?Sized,
    {
        if !state.is_finite() {
            return Err(StepError::not_finite(0));
        }
        QuicsortStep::new(self, time, state, noise)
    }

    /// Begins a step on a slice, at `time`, whose drifts are computed elsewhere, and draws its noise. `work` is at least
    /// twice as long as the state, which stays as it is until [`finish`](crate::slices::QuicsortSliceStep::finish).
    ///
    /// # Errors
    /// [`SliceError`] if a length is wrong, or if the state is not finite.
    pub fn begin_slice<'a, W>(
        &self,
        time: T,
        state: &'a mut [T],
        words: &mut W,
        work: &'a mut [T],
    ) -> Result<QuicsortSliceStep<'a, T>, SliceError>
    where
        W: Words + ?Sized,
    {
        if !are_finite(state) {
            return Err(StepError::not_finite(0).into());
        }
        QuicsortSliceStep::new(self, time, state, words, work)
    }

    /// What a step does to one coordinate.
    pub(super) fn coefficients(&self) -> &Coefficients<T> {
        &self.coefficients
    }

    /// The coefficients in each lane.
    #[inline(always)]
    pub(crate) fn in_lanes<X: Scalar<Real = T>>(&self) -> Coefficients<X> {
        Coefficients::new(&self.dynamics)
    }

    /// The time of a node of the step from `time`.
    #[inline(always)]
    pub(crate) fn time_of(&self, node: Node, time: T) -> T {
        let [first, second, _] = nodes::<T>();
        time + *node.of(&[first, second]) * self.dynamics.step_size()
    }

    /// The inner step that a node falls into.
    pub(super) fn inner_step(&self, node: Node) -> u32 {
        let inner_steps = u64::from(self.dynamics.inner_steps());
        // λ and μ to 32 bits.
        let share = node.of(&[0x3619_62e9, 0xc9e6_9d16]);
        u32::try_from((inner_steps * share) >> 32).unwrap_or(u32::MAX)
    }
}

impl<T: Real> Stepper for Quicsort<T> {
    type Dynamics = Underdamped<T>;
    const WEAK_ORDER: u32 = 3;

    fn dynamics(&self) -> &Underdamped<T> {
        &self.dynamics
    }

    #[inline]
    fn step<X, F, N>(
        &self,
        time: T,
        state: &mut X,
        mut drift: F,
        noise: &mut N,
    ) -> Result<Step, StepError>
    where
        X: StateOf<Underdamped<T>>,
        F: FnMut(T, &X::Position) -> X::Position,
        N: Noise<X> + ?Sized,
    {
        let mut step = QuicsortStep::new(self, time, state, noise)?;
        let mut ask = |step: &mut QuicsortStep<T, X>, node| {
            let b = drift(self.time_of(node, time), step.position(node)?);
            step.kick(node, &b)
        };
        ask(&mut step, Node::First)?;
        ask(&mut step, Node::Second)?;
        let report;
        (*state, report) = step.result()?;
        Ok(report)
    }

    /// Room for the drift, for the positions at both nodes, and for the state moved to.
    fn work_length(&self, dimension: usize) -> usize {
        dimension.saturating_mul(5)
    }

    fn step_slice<F, W>(
        &self,
        time: T,
        state: &mut [T],
        mut drift: F,
        words: &mut W,
        work: &mut [T],
    ) -> Result<Step, SliceError>
    where
        F: FnMut(T, &[T], &mut [T]),
        W: Words + ?Sized,
    {
        let dimension = slice::dimension::<_, [T; 2]>(state)?;
        let work = take(work, self.work_length(dimension))?;
        let (b, work) = work.split_at_mut_checked(dimension).unwrap_or_default();
        let mut step = QuicsortSliceStep::new(self, time, state, words, work)?;
        let mut ask = |step: &mut QuicsortSliceStep<T>, node| {
            let query = step.query_at(node)?;
            drift(query.time, query.position, b);
            step.kick(node, b).map_err(SliceError::from)
        };
        ask(&mut step, Node::First)?;
        ask(&mut step, Node::Second)?;
        Ok(step.commit()?)
    }

    #[inline(always)]
    fn run_lanes<X, F>(&self, lanes: &mut Lanes<X>, drift: &mut F, steps: Range<u32>) -> Option<u64>
    where
        X: StateOf<Underdamped<T>>,
        F: LaneDrift<X::Position>,
    {
        lanes.quicsort(self, drift, steps)
    }
}
