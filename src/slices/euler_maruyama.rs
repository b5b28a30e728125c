use nalgebra::Vector1;

use super::{SliceDrift, SliceError, SliceStepper};
use super::{dimension, element, increment, parts, set_element, take};
use crate::random::Words;
use crate::scheme::{Process, Span};
use crate::stepper::{RealOf, Step, StepError, check_drift};
use crate::{EulerMaruyama, State};

impl<S: Process<1>> SliceStepper for EulerMaruyama<S> {
    type Scheme = S;

    /// The drift, and the state moved to.
    fn work_length(&self, dimension: usize) -> usize {
        dimension.saturating_mul(1 + parts::<S>())
    }

    fn step_slice<F, W>(
        &self,
        time: RealOf<S>,
        state: &mut [RealOf<S>],
        drift: &mut F,
        words: &mut W,
        work: &mut [RealOf<S>],
    ) -> Result<Step, SliceError>
    where
        F: SliceDrift<RealOf<S>> + ?Sized,
        W: Words + ?Sized,
    {
        let dimension = dimension::<S>(state)?;
        let work = take(work, self.work_length(dimension))?;
        let (b0, moved) = work.split_at_mut_checked(dimension).unwrap_or_default();
        let (position, _) = state.split_at_checked(dimension).unwrap_or_default();
        drift.drift(time, position, b0);
        check_drift(b0, 0)?;
        let mut finite = true;
        for (d, &b0) in b0.iter().enumerate() {
            let noise = increment::<S, W>(self.whole(), words);
            let start = element::<S>(state, dimension, d);
            let value = self.whole().mean(&start, &Vector1::new(b0)).plus(&noise);
            finite &= value.is_finite();
            set_element::<S>(moved, dimension, d, &value);
        }
        if !finite {
            let inner_step = self.scheme().inner_steps();
            return Err(StepError::NonFiniteState { inner_step }.into());
        }
        for (state, &moved) in state.iter_mut().zip(&*moved) {
            *state = moved;
        }
        Ok(Step { drift_calls: 1 })
    }
}
