use core::fmt;

/// Why a run could not begin, refused an output or stopped. The sample is what it was after the last
/// step that succeeded.
///
/// ```
/// use poisson_midpoint::diffusion::SampleError;
/// let error = SampleError::NonFiniteOutput { step: 20, component: 3 };
/// assert_eq!(
///     error.to_string(),
///     "component 3 of the network's output at training step 20 is not finite"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SampleError {
    /// The sample has no components.
    Empty,
    /// The slice of a batch's samples is not as long as all samples together.
    BatchLength {
        /// Their length.
        length: usize,
        /// The length needed.
        needed: usize,
    },
    /// The slice of training steps is shorter than a batch has samples.
    StepsLength {
        /// Their length.
        length: usize,
        /// The least length that is enough.
        needed: usize,
    },
    /// The work slice is too short.
    WorkLength {
        /// Its length.
        length: usize,
        /// The least length that is enough.
        needed: usize,
    },
    /// The memory of the noise is too short.
    NoiseLength {
        /// Its length.
        length: usize,
        /// The least length that is enough.
        needed: usize,
    },
    /// The noise is for a schedule of another number of training steps.
    NoiseOfOtherSchedule {
        /// The number of training steps of the noise's schedule.
        training_steps: u32,
        /// The number of the sampler's schedule.
        needed: u32,
    },
    /// An output was given that had not been asked for.
    OutputNotAsked,
    /// An output does not have as many components as the sample.
    OutputLength {
        /// The training step that it was asked for.
        step: u32,
        /// Its length.
        length: usize,
        /// The length of the sample.
        needed: usize,
    },
    /// An output was infinite or NaN, or so large that the prediction converted from it is.
    NonFiniteOutput {
        /// The training step that it was asked for.
        step: u32,
        /// Its first offending component.
        component: usize,
    },
    /// The sample was infinite or NaN at the start, at the end of a step, or within a step where the network was to be
    /// called.
    NonFiniteSample {
        /// The training step reached.
        step: u32,
    },
}

impl fmt::Display for SampleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the sample has no components"),
            Self::BatchLength { length, needed } => {
                write!(
                    f,
                    "the samples have length {length}, not the {needed} of all together"
                )
            }
            Self::StepsLength { length, needed } => write!(
                f,
                "the slice of training steps has length {length}, not the {needed} needed"
            ),
            Self::WorkLength { length, needed } => write!(
                f,
                "the work slice has length {length}, not the {needed} needed"
            ),
            Self::NoiseLength { length, needed } => write!(
                f,
                "the noise's memory has length {length}, not the {needed} needed"
            ),
            Self::NoiseOfOtherSchedule {
                training_steps,
                needed,
            } => write!(
                f,
                "the noise is for a schedule of {training_steps} training steps, not {needed}"
            ),
            Self::OutputNotAsked => {
                f.write_str("a network's output was given that was not asked for")
            }
            Self::OutputLength {
                step,
                length,
                needed,
            } => write!(
                f,
                "the network's output at training step {step} has length {length}, not {needed}"
            ),
            Self::NonFiniteOutput { step, component } => write!(
                f,
                "component {component} of the network's output at training step {step} is not finite"
            ),
            Self::NonFiniteSample { step } => {
                write!(f, "the sample at training step {step} is not finite")
            }
        }
    }
}

impl core::error::Error for SampleError {}
