use core::ops::Range;

use super::Stepper;
use crate::batch::{LaneDrift, Lanes};
use crate::dynamics::cell::Cell;
use crate::dynamics::segment::Normals;
use crate::dynamics::span::{PhaseSpan, SplitSpan};
use crate::dynamics::state::State;
use crate::dynamics::{Dynamics, StateOf, Underdamped};
use crate::error::{
    Parameter, ParameterError, Step, StepError, are_finite, check_drift, check_drift_slice,
};
use crate::memory::slice::{self, BlockWork, Cells, SliceError, block_of_mut, in_blocks, take};
use crate::noise::{Noise, check_noise};
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
/// that the other methods see. It has no split phase.
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
        let [first, second] = self.kicks;
        let kick = match node {
            Node::First => first,
            Node::Second => second,
        };
        end.plus(kick.times(b))
    }
}

/// A point at which the drift is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Node {
    First,
    Second,
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

    /// The coefficients in each lane.
    #[inline(always)]
    pub(crate) fn in_lanes<X: Scalar<Real = T>>(&self) -> Coefficients<X> {
        Coefficients::new(&self.dynamics)
    }

    /// The time of a node of the step from `time`.
    #[inline(always)]
    pub(crate) fn time_of(&self, node: Node, time: T) -> T {
        let [first, second, _] = nodes::<T>();
        let share = match node {
            Node::First => first,
            Node::Second => second,
        };
        time + share * self.dynamics.step_size()
    }

    /// The inner step that a node falls into.
    fn inner_step(&self, node: Node) -> u32 {
        let inner_steps = u64::from(self.dynamics.inner_steps());
        // λ and μ to 32 bits.
        let share = match node {
            Node::First => 0x3619_62e9,
            Node::Second => 0xc9e6_9d16,
        };
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
        let (coefficients, inner_steps) = (&self.coefficients, self.dynamics.inner_steps());
        check_noise(noise, inner_steps)?;
        let Some([areas, higher]) =
            noise.areas(inner_steps, &coefficients.areas, &coefficients.higher)
        else {
            return Err(StepError::NoAreas);
        };
        let mut end = *state;
        let mut nodes = [X::Position::zero(); 2];
        for d in 0..X::DIMENSION {
            let flight = coefficients.fly(state.cell(d), areas.cell(d), higher.cell(d));
            end.set_cell(d, flight.end);
            for (position, x) in nodes.iter_mut().zip(flight.nodes) {
                position.set_cell(d, [x]);
            }
        }
        let [first, mut second] = nodes;
        let mut ask = |node: Node, position: &X::Position| {
            if !position.is_finite() {
                return Err(StepError::not_finite(self.inner_step(node)));
            }
            let b = drift(self.time_of(node, time), position);
            let components = (0..X::DIMENSION).map(|d| b.cell(d).position());
            check_drift(components, self.inner_step(node))?;
            Ok(b)
        };
        let b = ask(Node::First, &first)?;
        for d in 0..X::DIMENSION {
            let b = b.cell(d).position();
            let x = coefficients.second(second.cell(d).position(), b);
            second.set_cell(d, [x]);
            end.set_cell(d, coefficients.kicked(end.cell(d), Node::First, b));
        }
        let b = ask(Node::Second, &second)?;
        for d in 0..X::DIMENSION {
            let b = b.cell(d).position();
            end.set_cell(d, coefficients.kicked(end.cell(d), Node::Second, b));
        }
        if !end.is_finite() {
            return Err(StepError::not_finite(inner_steps));
        }
        *state = end;
        Ok(Step { drift_calls: 2 })
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
        let (first, work) = work.split_at_mut_checked(dimension).unwrap_or_default();
        let (second, end) = work.split_at_mut_checked(dimension).unwrap_or_default();
        let coefficients = &self.coefficients;
        in_blocks(
            dimension,
            &mut Areas {
                span: &coefficients.areas,
                into: end,
                words,
            },
        );
        in_blocks(
            dimension,
            &mut Flights {
                coefficients,
                start: state,
                nodes: [first, second],
                end,
                words,
            },
        );
        let mut ask = |node: Node, position: &[T], b: &mut [T]| {
            if !are_finite(position) {
                return Err(StepError::not_finite(self.inner_step(node)));
            }
            drift(self.time_of(node, time), position, b);
            check_drift_slice(b, self.inner_step(node))
        };
        ask(Node::First, first, b)?;
        for (x, &b) in second.iter_mut().zip(&*b) {
            *x = coefficients.second(*x, b);
        }
        coefficients.kick(end, Node::First, b);
        ask(Node::Second, second, b)?;
        coefficients.kick(end, Node::Second, b);
        if !are_finite(end) {
            return Err(StepError::not_finite(self.dynamics.inner_steps()).into());
        }
        for (state, &end) in state.iter_mut().zip(&*end) {
            *state = end;
        }
        Ok(Step { drift_calls: 2 })
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

impl<T: Real> Coefficients<T> {
    /// [`kicked`](Self::kicked), of all coordinates of a slice.
    fn kick(&self, end: &mut [T], node: Node, b: &[T]) {
        let (positions, velocities) = end.split_at_mut_checked(b.len()).unwrap_or_default();
        for ((x, v), &b) in positions.iter_mut().zip(velocities).zip(b) {
            [*x, *v] = self.kicked([*x, *v], node, b);
        }
    }
}

/// The areas H and W of all coordinates of a slice.
struct Areas<'w, T, W: ?Sized> {
    span: &'w PhaseSpan<T>,
    into: &'w mut [T],
    words: &'w mut W,
}

impl<T: Real, W: Words + ?Sized> BlockWork for Areas<'_, T, W> {
    #[inline(always)]
    fn block<const L: usize>(&mut self, at: usize) {
        let dimension = self.into.len() / 2;
        let noise = Normals::<T, L>::next::<PhaseSpan<T>, _>(self.words);
        if let Some(mut areas) = Cells::<_, [T; 2], L>::new(self.into, dimension, at) {
            for d in 0..L {
                areas.set(d, noise.increment(self.span, d));
            }
        }
    }
}

/// The way of all coordinates of a slice without a drift.
struct Flights<'w, T, W: ?Sized> {
    coefficients: &'w Coefficients<T>,
    start: &'w mut [T],
    nodes: [&'w mut [T]; 2],
    /// The areas H and W, then the end.
    end: &'w mut [T],
    words: &'w mut W,
}

impl<T: Real, W: Words + ?Sized> BlockWork for Flights<'_, T, W> {
    #[inline(always)]
    fn block<const L: usize>(&mut self, at: usize) {
        let dimension = self.end.len() / 2;
        let noise = Normals::<T, L>::next::<SplitSpan<T>, _>(self.words);
        let [first, second] = &mut self.nodes;
        if let Some(start) = Cells::<_, [T; 2], L>::new(self.start, dimension, at)
            && let Some(mut end) = Cells::<_, [T; 2], L>::new(self.end, dimension, at)
            && let Some(first) = block_of_mut::<_, L>(first, at)
            && let Some(second) = block_of_mut::<_, L>(second, at)
        {
            for (d, (first, second)) in first.iter_mut().zip(second).enumerate() {
                let higher = noise.increment(&self.coefficients.higher, d);
                let flight = self.coefficients.fly(start.get(d), end.get(d), higher);
                [*first, *second] = flight.nodes;
                end.set(d, flight.end);
            }
        }
    }
}
