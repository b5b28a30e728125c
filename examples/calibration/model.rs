//! A sensor's bias and scale from its recorded readings, by the Poisson midpoint method in f32.
//!
//! reading = bias + scale · reference + noise. The noise is Student's t with 4 degrees of freedom:
//! a glitch among the readings counts for little, and the gradient of the log density costs no more
//! than a division for each reading.

use core::fmt;

use nalgebra::{SVector, vector};
use poisson_midpoint::dynamics::Overdamped;
use poisson_midpoint::random::Stream;
use poisson_midpoint::{MidpointLaw, ParameterError, PoissonMidpoint, Real, StepError, Stepper};

/// What an ozone monitor read, and the reference beside it, in parts per billion (see `DATA.md`).
#[rustfmt::skip]
pub const SERIES: [(f32, f32); 36] = [
    (0.1, 0.2), (338.8, 337.4), (118.1, 118.2), (888.0, 884.6),
    (9.2, 10.1), (228.1, 226.5), (668.5, 666.3), (998.5, 996.3),
    (449.1, 448.6), (778.9, 777.0), (559.2, 558.2), (0.3, 0.4),
    (0.1, 0.6), (778.1, 775.5), (668.8, 666.9), (339.3, 338.0),
    (448.9, 447.5), (10.8, 11.6), (557.7, 556.0), (228.3, 228.1),
    (998.0, 995.8), (888.8, 887.6), (119.6, 120.2), (0.3, 0.3),
    (0.6, 0.3), (557.6, 556.8), (339.3, 339.1), (888.0, 887.2),
    (998.5, 999.0), (778.9, 779.0), (10.2, 11.1), (117.6, 118.3),
    (228.9, 229.2), (668.4, 669.1), (449.2, 448.9), (0.2, 0.5),
];

/// Degrees of freedom ν of the noise.
const FREEDOM: f32 = 4.0;
/// ν times the square of the noise's scale, 0.6 ppb.
const FREEDOM_SCALE: f32 = FREEDOM * 0.36;
/// Inverse variance of the prior about a perfect sensor, normal with a deviation of 10 ppb.
const PRIOR: f32 = 0.01;

/// The drift's Lipschitz constant is below 150, and near 60 where the posterior is.
const STEP_SIZE: f32 = 0.4;
const MOBILITY: f32 = 0.01;
const INNER_STEPS: u32 = 1000;
const DISCARDED_STEPS: u32 = 500;
const STEPS: u32 = 20_000;

/// The sensor's error at 500 ppb, and by how much it is larger at 1000 ppb.
pub type Parameters = SVector<f32, 2>;

/// Where a reference lies, −1 at 0 ppb and 1 at 1000 ppb.
fn place(reference: f32) -> f32 {
    (reference - 500.0) * 0.002
}

/// By how much the sensor reads too high at a reference, in ppb.
pub fn error_at(&parameters: &Parameters, reference: f32) -> f32 {
    let [middle, gain]: [f32; 2] = parameters.into();
    middle + gain * place(reference)
}

/// The gradient of the log posterior.
pub fn drift(_time: f32, &parameters: &Parameters) -> Parameters {
    let [middle, gain]: [f32; 2] = parameters.into();
    let (mut of_middle, mut of_gain) = (-PRIOR * middle, -PRIOR * gain);
    for (reading, reference) in SERIES {
        let residual = (reading - reference) - error_at(&parameters, reference);
        let pull = (FREEDOM + 1.0) * residual / (FREEDOM_SCALE + residual * residual);
        of_middle += pull;
        of_gain += pull * place(reference);
    }
    vector![of_middle, of_gain]
}

/// The sensor's bias in ppb and the error of its scale in thousandths.
pub fn bias_and_scale(&parameters: &Parameters) -> (f32, f32) {
    let [middle, gain]: [f32; 2] = parameters.into();
    (middle - gain, gain * 2.0)
}

/// Mean and standard deviation of what has been added, by Welford's recurrence.
#[derive(Clone, Copy, Default)]
pub struct Moments {
    count: f32,
    mean: f32,
    sum_of_squares: f32,
}

impl Moments {
    fn add(&mut self, value: f32) {
        self.count += 1.0;
        let deviation = value - self.mean;
        self.mean += deviation / self.count;
        self.sum_of_squares += deviation * (value - self.mean);
    }

    pub fn mean(&self) -> f32 {
        self.mean
    }

    pub fn standard_deviation(&self) -> f32 {
        Real::sqrt(self.sum_of_squares / (self.count - 1.0))
    }
}

/// The posterior.
pub struct Calibration {
    /// The moments of the bias in ppb.
    pub bias: Moments,
    /// The moments of the error of the scale in thousandths.
    pub scale: Moments,
    /// Words read.
    pub words: u64,
}

/// What can go wrong.
#[derive(Clone, Copy, Debug)]
pub enum Failure {
    Parameter(ParameterError<f32>),
    Step(StepError),
}

impl From<ParameterError<f32>> for Failure {
    fn from(error: ParameterError<f32>) -> Self {
        Self::Parameter(error)
    }
}

impl From<StepError> for Failure {
    fn from(error: StepError) -> Self {
        Self::Step(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(error) => error.fmt(f),
            Self::Step(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Failure {}

/// Samples the posterior, and calls `show` with each draw.
pub fn calibrate(seed: u64, mut show: impl FnMut(&Parameters)) -> Result<Calibration, Failure> {
    let dynamics = Overdamped::new(STEP_SIZE, INNER_STEPS)?.with_mobility(MOBILITY)?;
    let stepper = PoissonMidpoint::new(dynamics, MidpointLaw::Single);
    let mut stream = Stream::new(seed, 0);
    let mut parameters = Parameters::zeros();
    let (mut bias, mut scale) = (Moments::default(), Moments::default());
    for step in 0..DISCARDED_STEPS + STEPS {
        let _ = stepper.step(0.0, &mut parameters, drift, &mut stream)?;
        if step >= DISCARDED_STEPS {
            let (bias_now, scale_now) = bias_and_scale(&parameters);
            bias.add(bias_now);
            scale.add(scale_now);
            show(&parameters);
        }
    }
    Ok(Calibration {
        bias,
        scale,
        words: stream.word_position(),
    })
}
