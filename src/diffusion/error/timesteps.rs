use core::fmt;

/// Why no sampler could follow a list of timesteps.
///
/// ```
/// use poisson_midpoint::diffusion::Timesteps;
/// let error = Timesteps::<8>::new(&[1000, 500, 500, 0]).unwrap_err();
/// assert_eq!(error.to_string(), "timestep 500 at index 2 is not below the one before, 500");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TimestepsError {
    /// Fewer than two timesteps: no step at all.
    TooFew {
        /// How many there are.
        length: usize,
    },
    /// More steps than the list can hold, or than there are training steps.
    TooMany {
        /// How many steps.
        steps: usize,
        /// The most there can be.
        most: usize,
    },
    /// A timestep that is not below the one before it.
    NotDecreasing {
        /// The index of the timestep.
        index: usize,
        /// The timestep.
        step: u32,
        /// The timestep before it.
        before: u32,
    },
    /// A timestep beyond the training steps.
    OutOfRange {
        /// The timestep.
        step: u32,
        /// The number of training steps.
        training_steps: u32,
    },
    /// The exponent ρ of a spacing is 0.
    Exponent,
    /// A pair that does not start where the pair before it ended.
    Gap {
        /// The index of the pair.
        index: usize,
        /// Where it starts.
        from: u32,
        /// Where the pair before it ended.
        before: u32,
    },
}

impl fmt::Display for TimestepsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { length } => write!(f, "{length} timesteps make no step: two are needed"),
            Self::TooMany { steps, most } => write!(f, "{steps} steps are more than {most}"),
            Self::NotDecreasing {
                index,
                step,
                before,
            } => write!(
                f,
                "timestep {step} at index {index} is not below the one before, {before}"
            ),
            Self::OutOfRange {
                step,
                training_steps,
            } => write!(f, "timestep {step} is not in [0, {training_steps}]"),
            Self::Exponent => write!(f, "rho 0 is not at least 1"),
            Self::Gap {
                index,
                from,
                before,
            } => write!(
                f,
                "pair {index} starts at timestep {from}, not at {before} where the one before ends"
            ),
        }
    }
}

impl core::error::Error for TimestepsError {}
