//! Equation (4) without its vectors: which inner steps come next, and how each term is formed.
//!
//! A macro step of fixed dimension and one on slices share this.

use nalgebra::SVector;

use super::{PoissonMidpoint, Step, StepError};
use crate::random::Midpoints;
use crate::scheme::{Kick, Process, Scheme, Span};
use crate::{Real, State};

/// Where a macro step stands.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum Stage {
    /// The next midpoint is to be drawn.
    Ready,
    /// A drift has been asked for at the last midpoint.
    Asked,
    /// The last segment of noise has been drawn.
    Drawn,
    /// A midpoint was not finite: there is no way on.
    Failed,
}

/// The midpoints of one macro step, drawn one after another.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Cursor<T> {
    time: T,
    previous: Option<u32>,
    stage: Stage,
    drift_calls: u32,
}

/// A run of inner steps between two midpoints, or between one and an end of the macro step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leg<P> {
    pub(crate) from: u32,
    pub(crate) to: u32,
    span: P,
    /// The span (0, `to`), if `to` is a midpoint.
    from_start: Option<P>,
}

impl<T: Real> Cursor<T> {
    /// Before the first midpoint, the drift at `time` being known.
    pub(crate) fn new(time: T) -> Self {
        Self {
            time,
            previous: None,
            stage: Stage::Ready,
            drift_calls: 1,
        }
    }

    /// After a midpoint whose drift has been supplied; `None` is the beginning.
    #[cfg(feature = "kernels")]
    #[inline]
    pub(crate) fn resumed(time: T, previous: Option<u32>) -> Self {
        Self {
            previous,
            ..Self::new(time)
        }
    }

    /// Where the drift at a midpoint has been asked for, after others.
    pub(crate) fn asking(time: T, midpoint: u32, drift_calls: u32) -> Self {
        Self {
            time,
            previous: Some(midpoint),
            stage: Stage::Asked,
            drift_calls,
        }
    }

    /// The midpoint whose drift has been asked for.
    #[inline]
    pub(crate) fn asked(&self) -> Option<u32> {
        match self.stage {
            Stage::Asked => self.previous,
            Stage::Ready | Stage::Drawn | Stage::Failed => None,
        }
    }

    pub(crate) fn is_drawn(&self) -> bool {
        self.stage == Stage::Drawn
    }

    /// Whether the next midpoint is to be drawn.
    pub(crate) fn is_ready(&self) -> bool {
        self.stage == Stage::Ready
    }

    /// Whether no midpoint has been passed, so that W is still 0.
    pub(crate) fn is_first(&self) -> bool {
        self.previous.is_none()
    }

    /// Whether any drift has been supplied.
    pub(crate) fn is_corrected(&self) -> bool {
        self.drift_calls > 1
    }

    /// The next leg, with the midpoint that `draw` chooses after the previous one.
    #[inline]
    pub(crate) fn leg<S: Scheme<Real = T>>(
        &self,
        stepper: &PoissonMidpoint<S>,
        draw: impl FnOnce(&Midpoints, Option<u32>) -> Option<u32>,
    ) -> Result<Leg<S::Span>, StepError> {
        let inner_steps = stepper.scheme().inner_steps();
        let from = self.previous.unwrap_or(0);
        let midpoint = draw(stepper.midpoints(), self.previous);
        if let Some(midpoint) = midpoint
            && (midpoint <= from || midpoint >= inner_steps)
        {
            return Err(StepError::Midpoint {
                midpoint,
                least: from.saturating_add(1),
                inner_steps,
            });
        }
        Ok(self.leg_to(stepper, midpoint))
    }

    /// The leg to a midpoint that follows the previous one, or to the end.
    #[inline]
    pub(crate) fn leg_to<S: Scheme<Real = T>>(
        &self,
        stepper: &PoissonMidpoint<S>,
        midpoint: Option<u32>,
    ) -> Leg<S::Span> {
        let scheme = stepper.scheme();
        let from = self.previous.unwrap_or(0);
        let to = midpoint.unwrap_or(scheme.inner_steps());
        let span = match (self.previous, midpoint) {
            (None, None) => *stepper.whole(),
            _ => scheme.span(from, to),
        };
        let from_start = midpoint.map(|midpoint| match self.previous {
            None => span,
            Some(_) => scheme.span(0, midpoint),
        });
        Leg {
            from,
            to,
            span,
            from_start,
        }
    }

    /// Records that the noise of a leg has been drawn; the drift at its end is asked for next.
    #[inline]
    pub(crate) fn arrive<P>(&mut self, leg: &Leg<P>) {
        if leg.from_start.is_some() {
            self.previous = Some(leg.to);
            self.stage = Stage::Asked;
        } else {
            self.stage = Stage::Drawn;
        }
    }

    /// Records that the state at the end of a leg is not finite.
    pub(crate) fn fail<P>(&mut self, leg: &Leg<P>) -> StepError {
        self.stage = Stage::Failed;
        StepError::NonFiniteState { inner_step: leg.to }
    }

    /// Records that the drift asked for has been supplied.
    #[inline]
    pub(crate) fn supplied(&mut self) {
        self.stage = Stage::Ready;
        self.drift_calls += 1;
    }

    /// The time of a midpoint.
    #[inline]
    pub(crate) fn time<S: Scheme<Real = T>>(&self, scheme: &S, midpoint: u32) -> T {
        self.time + scheme.time(midpoint)
    }

    pub(crate) fn report(&self) -> Step {
        Step {
            drift_calls: self.drift_calls,
        }
    }
}

/// The terms of (4) that need no more than the method.
impl<S: Scheme> PoissonMidpoint<S> {
    /// What a midpoint's drift adds to the result, as a function of its difference from b₀:
    /// weight·A(m+1,K) G\[m\] (b(X̂\[m\], t\[m\]) − b₀).
    #[inline]
    pub(crate) fn correction<const D: usize>(
        &self,
        midpoint: u32,
    ) -> impl Fn(&SVector<S::Real, D>, &SVector<S::Real, D>) -> S::State + use<S, D>
    where
        S: Process<D>,
    {
        let scheme = self.scheme();
        let weight = S::Real::from_u32(self.law().weight(scheme.inner_steps()));
        let kick = scheme.kick(midpoint);
        move |drift, b0| kick.apply(weight, &(drift - b0))
    }

    /// X′ = A(0,K) X + B(0,K) b₀ + W(K) + the corrections.
    #[inline]
    pub(crate) fn moved<const D: usize>(
        &self,
        start: &S::State,
        b0: &SVector<S::Real, D>,
        noise: &S::State,
        correction: Option<&S::State>,
    ) -> S::State
    where
        S: Process<D>,
    {
        let moved = self.whole().mean(start, b0).plus(noise);
        match correction {
            None => moved,
            Some(correction) => moved.plus(correction),
        }
    }
}

impl<P> Leg<P> {
    /// The coefficients of the leg.
    pub(crate) fn span(&self) -> &P {
        &self.span
    }

    /// W(to) = A W(from) + ξ; W(0) = 0 is `None`.
    #[inline]
    pub(crate) fn accumulate<T: Real, const D: usize>(
        &self,
        before: Option<&P::State>,
        increment: &P::State,
    ) -> P::State
    where
        P: Span<T, D>,
    {
        match before {
            None => *increment,
            Some(before) => self.span.propagate(before).plus(increment),
        }
    }

    /// X̂\[m\] = A(0,m) X + B(0,m) b₀ + W(m), m the end of the leg.
    #[inline]
    pub(crate) fn estimate<T: Real, const D: usize>(
        &self,
        start: &P::State,
        b0: &SVector<T, D>,
        noise: &P::State,
    ) -> Option<P::State>
    where
        P: Span<T, D>,
    {
        let from_start = self.from_start.as_ref()?;
        Some(from_start.mean(start, b0).plus(noise))
    }
}
