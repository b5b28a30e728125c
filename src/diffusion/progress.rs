use super::error::SampleError;

/// Where a run stands, as plain data: with x, the work slice and the stream's position, it is a checkpoint.
///
/// ```
/// use poisson_midpoint::diffusion::Progress;
/// let start = Progress::default();
/// assert_eq!(start.failure(), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Progress {
    /// Steps completed.
    pub(crate) taken: usize,
    /// Network outputs supplied in the step under way.
    pub(crate) told: u32,
    /// The training step that the network was last asked for.
    pub(crate) asked: u32,
    pub(crate) turn: Turn,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum Turn {
    #[default]
    Solver,
    Network,
    /// Nobody's, for good: the run has failed.
    Failed(SampleError),
}

impl Progress {
    /// Why the run stopped, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<SampleError> {
        match self.turn {
            Turn::Failed(error) => Some(error),
            Turn::Solver | Turn::Network => None,
        }
    }

    /// Whether the run waits for the network's output.
    pub(crate) fn is_asking(&self) -> bool {
        self.turn == Turn::Network
    }
}
