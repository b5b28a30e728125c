use crate::{Parameter, ParameterError, Real};

/// Step size η and inner steps K, validated: what every scheme in continuous time has.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Clock<T> {
    step_size: T,
    inner_steps: u32,
}

impl<T: Real> Clock<T> {
    pub(crate) fn new(step_size: T, inner_steps: u32) -> Result<Self, ParameterError<T>> {
        Parameter::StepSize.positive(step_size)?;
        Parameter::InnerSteps.positive(T::from_u32(inner_steps))?;
        Ok(Self {
            step_size,
            inner_steps,
        })
    }

    pub(crate) fn step_size(&self) -> T {
        self.step_size
    }

    pub(crate) fn inner_steps(&self) -> u32 {
        self.inner_steps
    }

    /// η·n/K, exactly η for n = K.
    #[inline]
    pub(crate) fn duration(&self, inner_steps: u32) -> T {
        self.step_size * (T::from_u32(inner_steps) / T::from_u32(self.inner_steps))
    }

    /// The time from inner step `from` to inner step `to`.
    #[inline]
    pub(crate) fn between(&self, from: u32, to: u32) -> T {
        self.duration(to.saturating_sub(from))
    }

    /// The time from the end of an inner step to the end of the macro step.
    #[inline]
    pub(crate) fn after(&self, inner_step: u32) -> T {
        self.between(inner_step.saturating_add(1), self.inner_steps)
    }

    /// The size η/K of an inner step.
    #[inline]
    pub(crate) fn inner(&self) -> T {
        self.duration(1)
    }
}

/// The part of [`Scheme`](super::Scheme) that is the clock's.
macro_rules! clock_methods {
    () => {
        #[inline]
        fn step_size(&self) -> T {
            self.clock.step_size()
        }
        #[inline]
        fn inner_steps(&self) -> u32 {
            self.clock.inner_steps()
        }
        #[inline]
        fn time(&self, inner_step: u32) -> T {
            self.clock.duration(inner_step)
        }
    };
}
pub(crate) use clock_methods;
