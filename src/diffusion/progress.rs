use super::error::SampleError;

/// Where a run stands, plain data: with x, the work slice and the stream's position, a checkpoint.
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
    /// Outputs told in the step under way.
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
    /// Nobody's, ever.
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

    /// Whether the network's output is waited for.
    pub(crate) fn is_asking(&self) -> bool {
        self.turn == Turn::Network
    }
}
