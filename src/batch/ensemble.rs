use alloc::vec;
use alloc::vec::Vec;

use super::{BatchError, Particles, Status, check_numbers};
#[cfg(feature = "checkpoint")]
use crate::checkpoint::{self, Checkpoint, CheckpointError, Mismatch, Recorded};
#[cfg(feature = "checkpoint")]
use crate::dynamics::StateOf;
use crate::dynamics::state::State;
use crate::random::Streams;
use crate::real::Real;

/// A batch of particles that owns its memory.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::batch::{Cpu, Ensemble};
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, dynamics::Overdamped};
/// let mut ensemble = Ensemble::new(42, vec![vector![0.0_f32, 0.0]; 1000]); // seed 42
/// let stepper = PoissonMidpoint::new(Overdamped::new(0.1, 100)?, MidpointLaw::Single);
/// let run = Cpu.run(&stepper, &mut ensemble.particles(), |_t, x| -x, 0..50);
/// assert_eq!((run.drift_calls, run.failed), (100_000, 0));
/// let variance = ensemble.states().map(|x| x.norm_squared()).sum::<f32>() / 2000.0;
/// assert!((variance - 1.0).abs() < 0.1);
/// # Ok::<(), poisson_midpoint::ParameterError<f32>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble<X: State> {
    streams: Streams,
    first: u64,
    /// Component by component, in the layout that [`Particles::new`] takes.
    components: Vec<X::Real>,
    word_positions: Vec<u64>,
    status: Vec<Status>,
}

impl<X: State> Ensemble<X> {
    /// A particle for each state, numbered from 0, each at the beginning of its stream under a seed.
    pub fn new(seed: u64, states: impl IntoIterator<Item = X>) -> Self {
        let states: Vec<X> = states.into_iter().collect();
        let count = states.len();
        let mut components = vec![X::Real::ZERO; X::PARTS * X::DIMENSION * count];
        for (index, state) in states.iter().enumerate() {
            state.for_each(|part, d, value| {
                let place = components.get_mut((part * X::DIMENSION + d) * count + index);
                if let Some(place) = place {
                    *place = value;
                }
            });
        }
        Self {
            streams: Streams::new(seed),
            first: 0,
            components,
            word_positions: vec![0; count],
            status: vec![Status::Active; count],
        }
    }

    /// The same particles, numbered from `first` on: a range of a larger ensemble.
    ///
    /// # Errors
    /// [`BatchError::ParticleNumber`] if the numbers exceed 64 bits.
    pub fn numbered_from(self, first: u64) -> Result<Self, BatchError> {
        check_numbers(first, self.len())?;
        Ok(Self { first, ..self })
    }

    /// The particles of a checkpoint.
    ///
    /// ```
    /// use nalgebra::vector;
    /// use poisson_midpoint::batch::{Cpu, Ensemble};
    /// use poisson_midpoint::checkpoint::Checkpoint;
    /// use poisson_midpoint::{EulerMaruyama, dynamics::Overdamped};
    /// let stepper = EulerMaruyama::new(Overdamped::new(0.1, 1)?);
    /// let mut ensemble = Ensemble::new(42, vec![vector![0.0_f32, 0.0]; 100]);
    /// Cpu.run(&stepper, &mut ensemble.particles(), |_t, x| -x, 0..50);
    /// let bytes = ensemble.checkpoint(&stepper, 50)?; // to checkpoint::save, say
    ///
    /// let resumed = Ensemble::from_checkpoint(&Checkpoint::from_bytes(&bytes)?, &stepper)?;
    /// assert_eq!(resumed, ensemble);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Mismatch`], as for [`Checkpoint::restore`].
    #[cfg(feature = "checkpoint")]
    pub fn from_checkpoint<S>(
        checkpoint: &Checkpoint<'_>,
        stepper: &S,
    ) -> Result<Self, Mismatch<X::Real>>
    where
        S: Recorded,
        X: StateOf<S::Dynamics>,
    {
        checkpoint.check_run::<X, S>(stepper)?;
        let count = checkpoint.len();
        let mut ensemble = Self {
            streams: checkpoint.streams(),
            first: checkpoint.range().start,
            components: vec![X::Real::ZERO; X::PARTS * X::DIMENSION * count],
            word_positions: vec![0; count],
            status: vec![Status::Active; count],
        };
        checkpoint.restore(stepper, &mut ensemble.particles())?;
        Ok(ensemble)
    }

    /// The bytes of a checkpoint of all particles, which `stepper` has moved by the macro steps `0..step`.
    ///
    /// # Errors
    /// [`CheckpointError::WordPosition`] if a particle has read beyond
    /// [`Stream::END`](crate::random::Stream::END).
    #[cfg(feature = "checkpoint")]
    pub fn checkpoint<S>(&mut self, stepper: &S, step: u32) -> Result<Vec<u8>, CheckpointError>
    where
        S: Recorded,
        X: StateOf<S::Dynamics>,
    {
        let particles = self.particles();
        let mut bytes = vec![0; checkpoint::byte_length(&particles)];
        checkpoint::write(&particles, stepper, step, &mut bytes)?;
        Ok(bytes)
    }

    /// The number of particles.
    #[must_use]
    pub fn len(&self) -> usize {
        self.word_positions.len()
    }

    /// Whether there are no particles.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.word_positions.is_empty()
    }

    /// The particles, for an engine to step.
    pub fn particles(&mut self) -> Particles<'_, X> {
        Particles::from_parts(
            self.streams,
            self.first,
            &mut self.components,
            &mut self.word_positions,
            &mut self.status,
        )
    }

    /// The states, in the order of the particles.
    #[must_use]
    pub fn states(&self) -> impl ExactSizeIterator<Item = X> + '_ {
        let count = self.len();
        (0..count).map(move |index| {
            X::from_fn(|part, d| {
                let place = (part * X::DIMENSION + d) * count + index;
                self.components.get(place).copied().unwrap_or_default()
            })
        })
    }

    /// The states component by component, in the layout that [`Particles::new`] takes.
    #[must_use]
    pub fn components(&self) -> &[X::Real] {
        &self.components
    }

    /// How many words each particle has read. Together with the components, they are a checkpoint.
    #[must_use]
    pub fn word_positions(&self) -> &[u64] {
        &self.word_positions
    }

    /// Whether each particle still moves.
    #[must_use]
    pub fn status(&self) -> &[Status] {
        &self.status
    }
}

/// Shows which particles these are, not their states.
#[cfg(feature = "defmt")]
impl<X: State> defmt::Format for Ensemble<X> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let (streams, first, count) = (&self.streams, self.first, self.len());
        defmt::write!(
            f,
            "Ensemble {{ streams: {}, first: {}, count: {} }}",
            streams,
            first,
            count
        );
    }
}
