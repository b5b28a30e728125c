use nalgebra::SVector;

use super::{Step, StepError, Stepper, check_drift};
use crate::noise::Noise;
use crate::random::{MidpointLaw, Midpoints};
use crate::scheme::{Kick, Process, Scheme, Span};
use crate::{Drift, Real, State};

/// The Poisson midpoint method: one step of size η that imitates K Euler–Maruyama steps of size
/// η/K with about two drift evaluations (Kandasamy & Nagaraj 2024, equations 7 and 8).
///
/// The method replaces the drift of inner step i by the drift b₀ of the start, and corrects it at
/// randomly chosen steps m₁ < m₂ < …, where it evaluates the drift at an estimate X̂ of the
/// state. Composing the inner steps in closed form gives, with W(m) the noise accumulated up to m,
///
/// ```text
/// X̂[m] = A(0,m) X + B(0,m) b₀ + W(m)
/// X′   = A(0,K) X + B(0,K) b₀ + W(K) + weight·Σ A(m+1,K) G[m] (b(X̂[m], t[m]) − b₀)        (4)
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
/// The correction is weighted by K, so a drift that is not Lipschitz can be kicked out of the
/// region where it is tame: the step then fails with a [`StepError`] or the state runs away at step
/// sizes that Euler–Maruyama survives. `Single` bounds the number of corrections.
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, Stepper};
/// use poisson_midpoint::{random::Stream, scheme::Overdamped};
/// let stepper = PoissonMidpoint::new(Overdamped::new(0.1_f64, 1000)?, MidpointLaw::Single);
/// let mut x = vector![1.0, -1.0];
/// let mut stream = Stream::new(42, 0);
/// let step = stepper.step(0.0, &mut x, &mut |_t, x: &SVector<f64, 2>| -x, &mut stream)?;
/// assert_eq!(step.drift_calls, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PoissonMidpoint<S: Scheme> {
    scheme: S,
    midpoints: Midpoints,
    whole: S::Span,
}

impl<S: Scheme> PoissonMidpoint<S> {
    /// The method on a scheme, whose K it uses, under a law of midpoints.
    #[must_use]
    pub fn new(scheme: S, law: MidpointLaw) -> Self {
        let inner_steps = scheme.inner_steps();
        Self {
            scheme,
            midpoints: Midpoints::new(law, inner_steps),
            whole: scheme.span(0, inner_steps),
        }
    }

    /// The law of the midpoints.
    #[must_use]
    pub fn law(&self) -> MidpointLaw {
        self.midpoints.law()
    }

    /// Begins a step from a state whose drift `b0` at `time` is known, to be driven by
    /// [`MacroStep`]: for drifts that a closure cannot give, such as a network on another device.
    ///
    /// # Errors
    /// [`StepError`] if the state or the drift is not finite.
    pub fn begin<const D: usize>(
        &self,
        time: S::Real,
        state: &S::State,
        b0: SVector<S::Real, D>,
    ) -> Result<MacroStep<S, D>, StepError>
    where
        S: Process<D>,
    {
        if !state.is_finite() {
            return Err(StepError::NonFiniteState { inner_step: 0 });
        }
        check_drift(&b0, 0)?;
        Ok(MacroStep {
            stepper: *self,
            time,
            start: *state,
            b0,
            noise: None,
            correction: None,
            previous: None,
            phase: StepPhase::Ready,
            drift_calls: 1,
        })
    }
}

impl<S: Process<D>, const D: usize> Stepper<D> for PoissonMidpoint<S> {
    type Scheme = S;

    fn scheme(&self) -> &S {
        &self.scheme
    }

    #[inline]
    fn step<F, N>(
        &self,
        time: S::Real,
        state: &mut S::State,
        drift: &mut F,
        noise: &mut N,
    ) -> Result<Step, StepError>
    where
        F: Drift<S::Real, D> + ?Sized,
        N: Noise<S::Real, S::Span, D> + ?Sized,
    {
        let b0 = drift.drift(time, state.position());
        let mut step = self.begin(time, state, b0)?;
        while let Some(query) = step.next(noise)? {
            step.supply(drift.drift(query.time, &query.position))?;
        }
        let (moved, report) = step.finish()?;
        *state = moved;
        Ok(report)
    }
}

/// A drift value that a [`MacroStep`] asks for.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::Query;
/// let query = Query { position: vector![1.0_f32], time: 0.5, inner_step: 3 };
/// let drift = -query.position * query.time;
/// assert_eq!(drift, vector![-0.5]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Query<T: Real, const D: usize> {
    /// Where: the position of X̂\[m\].
    pub position: SVector<T, D>,
    /// When: t\[m\].
    pub time: T,
    /// The midpoint m.
    pub inner_step: u32,
}

/// Where a macro step stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum StepPhase<T: Real, const D: usize> {
    /// The next midpoint is to be drawn.
    Ready,
    /// A drift has been asked for.
    Asked(Query<T, D>),
    /// The last segment of noise has been drawn.
    Drawn,
}

/// A macro step under way: it asks for drift values and is told them.
///
/// Plain data without a reference to anything, so a step can wait in an array, an interrupt handler
/// or a message while the drift is computed. The words it reads are those of
/// [`Stepper::step`].
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, random::Stream, scheme::Overdamped};
/// let stepper = PoissonMidpoint::new(Overdamped::new(0.1_f64, 1000)?, MidpointLaw::Bernoulli);
/// let mut stream = Stream::new(42, 0);
/// let network = |x: &SVector<f64, 1>, _time: f64| -x;
///
/// let x = vector![1.0];
/// let mut step = stepper.begin(0.0, &x, network(&x, 0.0))?;
/// while let Some(query) = step.next(&mut stream)? {
///     step.supply(network(&query.position, query.time))?;
/// }
/// let (moved, report) = step.finish()?;
/// assert!(report.drift_calls >= 1 && moved != x);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MacroStep<S: Process<D>, const D: usize> {
    stepper: PoissonMidpoint<S>,
    time: S::Real,
    start: S::State,
    b0: SVector<S::Real, D>,
    /// W at the previous midpoint, or at K once drawn.
    noise: Option<S::State>,
    /// The sum of (4) so far.
    correction: Option<S::State>,
    previous: Option<u32>,
    phase: StepPhase<S::Real, D>,
    drift_calls: u32,
}

impl<S: Process<D>, const D: usize> MacroStep<S, D> {
    /// The next drift value wanted, to be given to [`supply`](Self::supply), or `None` when the
    /// step can be finished. Asked twice, it returns the same and draws nothing.
    ///
    /// # Errors
    /// [`StepError::NonFiniteState`] if X̂ is not finite, [`StepError::Midpoint`] if the noise
    /// source breaks its promise.
    #[inline]
    pub fn next<N>(&mut self, noise: &mut N) -> Result<Option<Query<S::Real, D>>, StepError>
    where
        N: Noise<S::Real, S::Span, D> + ?Sized,
    {
        match self.phase {
            StepPhase::Asked(query) => return Ok(Some(query)),
            StepPhase::Drawn => return Ok(None),
            StepPhase::Ready => {}
        }
        let scheme = self.stepper.scheme;
        let inner_steps = scheme.inner_steps();
        let from = self.previous.unwrap_or(0);
        let Some(midpoint) = noise.midpoint(&self.stepper.midpoints, self.previous) else {
            let last = match self.previous {
                None => self.stepper.whole,
                Some(midpoint) => scheme.span(midpoint, inner_steps),
            };
            self.accumulate(noise, from, inner_steps, &last);
            self.phase = StepPhase::Drawn;
            return Ok(None);
        };
        if midpoint <= from || midpoint >= inner_steps {
            return Err(StepError::Midpoint {
                midpoint,
                least: from.saturating_add(1),
                inner_steps,
            });
        }
        let segment = scheme.span(from, midpoint);
        let accumulated = self.accumulate(noise, from, midpoint, &segment);
        let from_start = match self.previous {
            None => segment,
            Some(_) => scheme.span(0, midpoint),
        };
        let estimate = from_start.mean(&self.start, &self.b0).plus(&accumulated);
        if !estimate.is_finite() {
            return Err(StepError::NonFiniteState {
                inner_step: midpoint,
            });
        }
        let query = Query {
            position: *estimate.position(),
            time: self.time + scheme.time(midpoint),
            inner_step: midpoint,
        };
        self.previous = Some(midpoint);
        self.phase = StepPhase::Asked(query);
        Ok(Some(query))
    }

    /// W(to) = A W(from) + ξ.
    #[inline(always)]
    fn accumulate<N>(&mut self, noise: &mut N, from: u32, to: u32, span: &S::Span) -> S::State
    where
        N: Noise<S::Real, S::Span, D> + ?Sized,
    {
        let increment = noise.increment(from, to, span);
        let sum = match &self.noise {
            None => increment,
            Some(before) => span.propagate(before).plus(&increment),
        };
        self.noise = Some(sum);
        sum
    }

    /// Tells the drift that [`next`](Self::next) asked for.
    ///
    /// # Errors
    /// [`StepError::NonFiniteDrift`] if it is not finite, [`StepError::DriftNotAsked`] if none was
    /// asked for; the step is then as it was.
    #[inline]
    pub fn supply(&mut self, drift: SVector<S::Real, D>) -> Result<(), StepError> {
        let StepPhase::Asked(query) = self.phase else {
            return Err(StepError::DriftNotAsked);
        };
        check_drift(&drift, query.inner_step)?;
        let scheme = &self.stepper.scheme;
        let weight = S::Real::from_u32(self.stepper.law().weight(scheme.inner_steps()));
        let kick = scheme.kick(query.inner_step);
        let correction = kick.apply(weight, &(drift - self.b0));
        self.correction = Some(match &self.correction {
            None => correction,
            Some(before) => before.plus(&correction),
        });
        self.phase = StepPhase::Ready;
        self.drift_calls += 1;
        Ok(())
    }

    /// The state after the step, and what it cost.
    ///
    /// # Errors
    /// [`StepError::NonFiniteState`] if it is not finite, [`StepError::Unfinished`] unless
    /// [`next`](Self::next) has returned `None`.
    #[inline]
    pub fn finish(self) -> Result<(S::State, Step), StepError> {
        let (StepPhase::Drawn, Some(noise)) = (self.phase, &self.noise) else {
            return Err(StepError::Unfinished);
        };
        let mut moved = self.stepper.whole.mean(&self.start, &self.b0).plus(noise);
        if let Some(correction) = &self.correction {
            moved = moved.plus(correction);
        }
        if !moved.is_finite() {
            return Err(StepError::NonFiniteState {
                inner_step: self.stepper.scheme.inner_steps(),
            });
        }
        let drift_calls = self.drift_calls;
        Ok((moved, Step { drift_calls }))
    }
}
