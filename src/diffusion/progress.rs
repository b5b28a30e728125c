use super::NetworkQuery;

/// Where a run of a [`OneStep`](super::OneStep), [`MultiStep`](super::MultiStep) or
/// [`SingleStep`](super::SingleStep) stands.
///
/// ```
/// use poisson_midpoint::diffusion::{
///     Denoiser, LinearRate, OneStep, Parametrization, Progress, Sampler, Timesteps,
/// };
/// let schedule = LinearRate::new(100, 0.1_f64, 20.0)?;
/// let timesteps = Timesteps::<3>::uniform(2, 100)?;
/// let sampler = OneStep::ddim(&schedule, &timesteps, Denoiser::new(Parametrization::Sample), 0.0)?;
/// let checkpoint: Progress = sampler.begin();
/// let resumed = checkpoint; // plain data
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Progress {
    /// Steps completed.
    pub(crate) taken: usize,
    /// Outputs supplied for the step under way.
    pub(crate) stage: u32,
    /// Whether an output has been asked for and not yet been supplied.
    pub(crate) asked: bool,
}

impl Progress {
    pub(crate) const START: Self = Self {
        taken: 0,
        stage: 0,
        asked: false,
    };

    /// After a step.
    pub(crate) fn after(self) -> Self {
        Self {
            taken: self.taken + 1,
            ..Self::START
        }
    }

    /// The step under way, unless all are taken.
    pub(crate) fn pair(&self, timesteps: &[u32]) -> Option<(u32, u32)> {
        let from = timesteps.get(self.taken)?;
        let to = timesteps.get(self.taken + 1)?;
        Some((*from, *to))
    }

    /// The training step that the run is at.
    pub(crate) fn step(&self, timesteps: &[u32]) -> u32 {
        timesteps.get(self.taken).copied().unwrap_or(0)
    }

    /// Asks for the network's output at the start of the step under way, unless all are taken.
    pub(crate) fn ask<'a, T>(
        &mut self,
        timesteps: &[u32],
        position: &'a [T],
    ) -> Option<NetworkQuery<'a, T>> {
        let pair = self.pair(timesteps);
        self.asked = pair.is_some();
        pair.map(|(step, _)| NetworkQuery { position, step })
    }

    /// Notes that the output asked for has been supplied.
    pub(crate) fn told(&mut self) {
        (self.stage, self.asked) = (self.stage + 1, false);
    }
}
