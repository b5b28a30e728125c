use crate::error::{Parameter, ParameterError};
use crate::real::Real;
use crate::scalar::Scalar;

/// Step size η and inner steps K, validated: what all dynamics in continuous time have.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Clock<T> {
    step_size: T,
    inner_steps: u32,
    /// K as a scalar. A conversion in every step is slower: on x86-64 the compiler may choose the register that holds the
    /// last step's result, and the conversion then waits for that step.
    scalar_steps: T,
}

impl<T: Real> Clock<T> {
    pub(crate) fn new(step_size: T, inner_steps: u32) -> Result<Self, ParameterError<T>> {
        Parameter::StepSize.positive(step_size)?;
        let scalar_steps = T::from_u32(inner_steps);
        Parameter::InnerSteps.positive(scalar_steps)?;
        let clock = Self {
            step_size,
            inner_steps,
            scalar_steps,
        };
        Parameter::StepSize.check(step_size, |_| clock.inner().is_positive_normal())?;
        Ok(clock)
    }

    pub(crate) fn step_size(&self) -> T {
        self.step_size
    }

    pub(crate) fn inner_steps(&self) -> u32 {
        self.inner_steps
    }

    /// η·n/K, exactly η for n = K.
    #[inline(always)]
    fn duration<X: Scalar<Real = T>>(&self, inner_steps: X) -> X {
        X::splat(self.step_size) * (inner_steps / X::splat(self.scalar_steps))
    }

    /// The time of an inner step after the start of the macro step.
    #[inline(always)]
    pub(crate) fn at(&self, inner_step: u32) -> T {
        self.duration(T::from_u32(inner_step))
    }

    /// The time from one inner step to another.
    #[inline(always)]
    pub(crate) fn between<X: Scalar<Real = T>>(&self, from: X::Count, to: X::Count) -> X {
        self.duration(X::of_counts(from, to, |from, to| {
            T::from_u32(to.saturating_sub(from))
        }))
    }

    /// The time from the end of an inner step to the end of the macro step.
    #[inline(always)]
    pub(crate) fn after<X: Scalar<Real = T>>(&self, inner_step: X::Count) -> X {
        self.duration(X::of_counts(inner_step, inner_step, |step, _| {
            T::from_u32(self.inner_steps.saturating_sub(step.saturating_add(1)))
        }))
    }

    /// The time of one inner step.
    #[inline(always)]
    pub(crate) fn inner(&self) -> T {
        self.at(1)
    }
}

/// The methods of `Dynamics` that a field `clock` answers.
macro_rules! clock_methods {
    () => {
        #[inline(always)]
        fn step_size(&self) -> T {
            self.clock.step_size()
        }
        #[inline(always)]
        fn inner_steps(&self) -> u32 {
            self.clock.inner_steps()
        }
        #[inline(always)]
        fn time(&self, inner_step: u32) -> T {
            self.clock.at(inner_step)
        }
    };
}
pub(crate) use clock_methods;
