//! The parts of a macro step, and in which order they come.

use core::mem;

use cust::memory::DeviceCopy;

use super::SplitBatch;
use crate::cuda::LaunchError;
use crate::kernel::{KernelDynamics, Method, Shape, SplitPart, SplitPhase};
use crate::method::{EulerMaruyama, PoissonMidpoint, Stepper};
use crate::random::MidpointLaw;

/// Every byte of the key where nothing has failed.
pub(super) const NO_KEY: u8 = u8::MAX;
const _: () = assert!(SplitPhase::<f32>::NONE == u64::from_ne_bytes([NO_KEY; 8]));

/// The macro step under way, if one is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<S: KernelDynamics> {
    None,
    /// A launch was refused in it: it may have been begun in part, of which the keys must not be left.
    GivenUp,
    Midpoint {
        method: Method<S::Real>,
        law: MidpointLaw,
        /// How many midpoints a particle can have.
        most: u32,
        /// How many particles ask, once the host knows.
        asking: Option<usize>,
    },
}

impl<S> SplitBatch<'_, S>
where
    S: KernelDynamics<Real: DeviceCopy>,
{
    /// The number of particles.
    #[must_use]
    pub fn len(&self) -> usize {
        self.extent.count
    }

    /// Whether there are no particles.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Moves the particles by macro step `step` of Euler–Maruyama, their drift being
    /// [`b0`](Self::b0), for which it takes memory if there is none yet.
    ///
    /// # Errors
    /// [`LaunchError::Order`] amid a midpoint step; [`LaunchError::Compile`] and [`LaunchError::Driver`], by which the
    /// step is given up.
    pub fn update(&mut self, stepper: &EulerMaruyama<S>, step: u32) -> Result<(), LaunchError> {
        self.start("update")?;
        self.extent.step = step;
        self.extent.round = 0;
        let method = Method::from(stepper);
        let updated = self.launch(SplitPart::Update, &method, 0, self.tiles());
        let ended = updated.and_then(|()| self.end(&method));
        self.or_give_up(ended)
    }

    /// Begins macro step `step` of the Poisson midpoint method, the particles' drift being
    /// [`b0`](Self::b0). The first of a method with midpoints takes memory for these, their times, and the noise on the
    /// way to them.
    ///
    /// # Errors
    /// [`LaunchError::Order`] amid another step; [`LaunchError::Compile`] and [`LaunchError::Driver`], by which the
    /// step is given up.
    pub fn begin(&mut self, stepper: &PoissonMidpoint<S>, step: u32) -> Result<(), LaunchError> {
        self.start("begin")?;
        self.extent.step = step;
        self.extent.round = 0;
        let law = stepper.law();
        let midpoints = stepper.dynamics().inner_steps().saturating_sub(1);
        let most = match law {
            MidpointLaw::Single => midpoints.min(1),
            MidpointLaw::Bernoulli => midpoints,
        };
        let begun = self.round(SplitPart::Begin, Method::from(stepper), law, most);
        self.or_give_up(begun)
    }

    /// How many particles ask for a drift: 0 if the step can be finished, or none is under way.
    ///
    /// Under [`MidpointLaw::Bernoulli`] it waits for the device, once a round: it keeps the answer until the next
    /// [`midpoint`](Self::midpoint). Under [`MidpointLaw::Single`] it does not wait, and a particle that has failed
    /// before the step is counted, although it does not ask.
    ///
    /// # Errors
    /// [`LaunchError::Driver`].
    pub fn asking(&mut self) -> Result<usize, LaunchError> {
        let Step::Midpoint { asking, .. } = &mut self.step else {
            return Ok(0);
        };
        if let Some(known) = *asking {
            return Ok(known);
        }
        let mut found = [0];
        self.asked.download(&mut found)?;
        let [found] = found;
        *asking = Some(found as usize);
        Ok(found as usize)
    }

    /// Goes on with the particles that ask for a drift, which is now at [`drift`](Self::drift). Where none asks any
    /// more it changes nothing. The first takes memory for the drift, and under [`MidpointLaw::Bernoulli`] for the
    /// corrections by it.
    ///
    /// # Errors
    /// [`LaunchError::Order`] if no step is under way; [`LaunchError::Compile`] and [`LaunchError::Driver`], by which
    /// the step is given up, unless it is memory that is missing: then it can be tried again.
    pub fn midpoint(&mut self) -> Result<(), LaunchError> {
        match self.step {
            Step::None | Step::GivenUp => Err(self.out_of_order("midpoint")),
            Step::Midpoint {
                asking: Some(0), ..
            } => Ok(()),
            Step::Midpoint {
                method, law, most, ..
            } => {
                // Makes what is missing before anything has changed.
                self.columns(SplitPart::Midpoint, most)?;
                mem::swap(&mut self.previous, &mut self.current);
                self.extent.round += 1;
                let gone = self.round(SplitPart::Midpoint, method, law, most);
                self.or_give_up(gone)
            }
        }
    }

    /// Ends the macro step. A particle that has failed in it is where it was before.
    ///
    /// Calls [`asking`](Self::asking), which waits for the device under [`MidpointLaw::Bernoulli`] unless it has been
    /// called since the last [`midpoint`](Self::midpoint).
    ///
    /// # Errors
    /// [`LaunchError::Order`] if no step is under way, or if a particle asks: then the step still is, and goes on with
    /// [`midpoint`](Self::midpoint); [`LaunchError::Compile`] and [`LaunchError::Driver`], by which the step is given
    /// up if it is a launch that was refused.
    pub fn finish(&mut self) -> Result<(), LaunchError> {
        let asking = self.asking()?;
        match self.step {
            Step::Midpoint { method, .. } if asking == 0 => {
                let ended = self.end(&method);
                self.or_give_up(ended)
            }
            _ => Err(self.out_of_order("finish")),
        }
    }

    fn tiles(&self) -> usize {
        let shape = Shape::new::<S>(self.extent.dimension);
        self.len().saturating_mul(shape.tiles())
    }

    /// Draws midpoints and goes to them.
    fn round(
        &mut self,
        part: SplitPart,
        method: Method<S::Real>,
        law: MidpointLaw,
        most: u32,
    ) -> Result<(), LaunchError> {
        let may_ask = self.extent.round < most;
        let must_count = may_ask && law == MidpointLaw::Bernoulli;
        self.extent.list = u32::from(must_count);
        if must_count {
            self.asked.fill(0)?;
        }
        let tiles = self.tiles();
        if tiles > self.len() {
            self.launch(SplitPart::Choose, &method, most, self.len())?;
        }
        self.launch(part, &method, most, tiles)?;
        let known = if may_ask { self.len() } else { 0 };
        self.step = Step::Midpoint {
            method,
            law,
            most,
            asking: (!must_count).then_some(known),
        };
        Ok(())
    }

    fn end(&mut self, method: &Method<S::Real>) -> Result<(), LaunchError> {
        self.launch(SplitPart::Finish, method, 0, self.len())?;
        mem::swap(&mut self.state, &mut self.next);
        mem::swap(&mut self.word_positions, &mut self.next_word_positions);
        self.step = Step::None;
        Ok(())
    }

    pub(super) fn expect_none(&self, asked: &'static str) -> Result<(), LaunchError> {
        match self.step {
            Step::None | Step::GivenUp => Ok(()),
            Step::Midpoint { .. } => Err(self.out_of_order(asked)),
        }
    }

    /// Makes sure that no step is under way, and that nothing is left of one that was given up.
    fn start(&mut self, asked: &'static str) -> Result<(), LaunchError> {
        self.expect_none(asked)?;
        if let Step::GivenUp = self.step {
            self.keys.fill(NO_KEY)?;
            self.step = Step::None;
        }
        Ok(())
    }

    /// Gives the step up if a launch was refused. The states and word positions are still those before it.
    fn or_give_up(&mut self, launched: Result<(), LaunchError>) -> Result<(), LaunchError> {
        if launched.is_err() {
            self.step = Step::GivenUp;
        }
        launched
    }

    /// The error where what is asked for is not what comes next.
    fn out_of_order(&self, asked: &'static str) -> LaunchError {
        let next = match self.step {
            Step::None | Step::GivenUp => "begin or update",
            Step::Midpoint {
                asking: Some(0), ..
            } => "finish",
            Step::Midpoint { asking: None, .. } => "midpoint or finish",
            Step::Midpoint { .. } => "midpoint",
        };
        LaunchError::Order { asked, next }
    }
}
