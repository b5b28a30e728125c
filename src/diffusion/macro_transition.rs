use nalgebra::SVector;

use super::Row;
use crate::dynamics::{Dynamics, ScalarSpan};
use crate::real::Real;
use crate::scalar::Scalar;

/// One macro step of [`InnerSteps`](super::InnerSteps) as [`Dynamics`]: K = t − s inner steps of one training step
/// each. Time is the training step, so a stepper begins at time t and counts down.
///
/// ```
/// use poisson_midpoint::diffusion::{Error, InnerSteps, LinearRate, Prediction, Row, Timesteps, Variant};
/// use poisson_midpoint::dynamics::Dynamics;
/// let schedule = LinearRate::new(100, 0.1_f64, 20.0)?;
/// let timesteps = Timesteps::<2>::new(&[100, 40, 0])?;
/// let (variant, mut table) = (Variant::FixedLarge, [Row::ZERO; 100]);
/// let steps = InnerSteps::new(&schedule, &timesteps, variant, Prediction::Epsilon, &mut table)?;
/// let dynamics = steps.macro_step(1).unwrap();
/// assert_eq!((dynamics.from(), dynamics.to()), (40, 0));
/// assert_eq!((dynamics.inner_steps(), dynamics.time(7)), (40, -7.0));
/// # Ok::<(), Error<f64>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MacroTransition<'a, T> {
    rows: &'a [Row<T>],
    from: u32,
    to: u32,
}

impl<'a, T: Real> MacroTransition<'a, T> {
    /// The macro step between two training steps, of a table that was filled for it.
    pub(crate) fn new(rows: &'a [Row<T>], from: u32, to: u32) -> Self {
        Self { rows, from, to }
    }

    /// The training step t that the macro step starts from.
    #[must_use]
    pub fn from(&self) -> u32 {
        self.from
    }

    /// The training step s that the macro step ends at.
    #[must_use]
    pub fn to(&self) -> u32 {
        self.to
    }

    /// The inner steps before inner step `inner_step`, composed.
    fn row(&self, inner_step: u32) -> Row<T> {
        let start = Row {
            decay: T::ONE,
            ..Row::default()
        };
        if inner_step == 0 {
            return start;
        }
        let step = self.from.saturating_sub(inner_step).max(self.to);
        self.rows.get(step as usize).copied().unwrap_or(start)
    }

    /// The coefficient, at the macro step's end, of the network's output in an inner step.
    pub(crate) fn kick(&self, inner_step: u32) -> T {
        self.row(inner_step.saturating_add(1)).kick
    }

    /// The coefficients from one inner step to another.
    pub(crate) fn between(&self, from: u32, to: u32) -> ScalarSpan<T> {
        let end = self.row(to);
        if from == 0 {
            return ScalarSpan {
                decay: end.decay,
                drift: end.drift,
                noise: end.variance.sqrt(),
            };
        }
        let start = self.row(from);
        let decay = end.decay / start.decay;
        let variance = end.variance - decay * decay * start.variance;
        ScalarSpan {
            decay,
            drift: end.drift - decay * start.drift,
            // The variance of a few steps is a difference of two much larger ones, so rounding may make it negative.
            noise: if variance > T::ZERO {
                variance.sqrt()
            } else {
                T::ZERO
            },
        }
    }
}

impl<T: Real> Dynamics for MacroTransition<'_, T> {
    type Real = T;
    type State<const D: usize> = SVector<T, D>;
    type Span<X: Scalar<Real = T>> = ScalarSpan<X>;

    fn step_size(&self) -> T {
        T::from_u32(self.inner_steps())
    }

    fn inner_steps(&self) -> u32 {
        self.from.saturating_sub(self.to).max(1)
    }

    /// −i: training steps are counted down.
    fn time(&self, inner_step: u32) -> T {
        -T::from_u32(inner_step)
    }

    fn spans<X: Scalar<Real = T>>(&self, from: X::Count, to: X::Count) -> ScalarSpan<X> {
        let each = |of: fn(ScalarSpan<T>) -> T| {
            X::of_counts(from, to, |from, to| of(self.between(from, to)))
        };
        ScalarSpan {
            decay: each(|span| span.decay),
            drift: each(|span| span.drift),
            noise: each(|span| span.noise),
        }
    }

    fn inner_drift(&self) -> [T; 1] {
        [T::ZERO]
    }
    fn kicks<X: Scalar<Real = T>>(&self, _: [X; 1], inner_step: X::Count) -> [X; 1] {
        [X::of_counts(inner_step, inner_step, |step, _| {
            self.kick(step)
        })]
    }
}

/// Without its table.
#[cfg(feature = "defmt")]
impl<T> defmt::Format for MacroTransition<'_, T> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let Self { from, to, .. } = self;
        defmt::write!(f, "MacroTransition {{ from: {}, to: {} }}", from, to);
    }
}
