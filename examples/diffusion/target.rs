//! What is sampled: digits through the learned network, or a mixture of Gaussians whose score is exact.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use poisson_midpoint::Real;
use poisson_midpoint::diffusion::{Level, NoiseSchedule, Prediction, ScheduleTable};
use poisson_midpoint::random::Stream;
use safetensors::{Dtype, SafeTensors};

use crate::network::{self, Network, PIXELS, STEPS};

pub type Schedule = ScheduleTable<f32, { STEPS as usize }>;

/// The number of images to measure against: those held out of the training.
pub const HELD_OUT: usize = 450;

pub enum Target<'a> {
    Digits {
        network: Network<'a>,
        classifier: Classifier,
        /// The 64 pixels of each image, from −1 to 1.
        images: Vec<f32>,
    },
    Mixture {
        schedule: &'a Schedule,
        dimension: usize,
        /// The mean of one mode after another.
        means: Vec<f32>,
        deviation: f32,
    },
}

/// The first layer of a small classifier, whose values are features of an image.
pub struct Classifier {
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Classifier {
    fn load(file: &[u8]) -> Result<Self> {
        let file = SafeTensors::deserialize(file)?;
        let values = |name| -> Result<Vec<f32>> {
            let bytes = file.tensor(name)?.data().as_chunks::<4>().0;
            Ok(bytes.iter().map(|b| f32::from_le_bytes(*b)).collect())
        };
        Ok(Self {
            weights: values("0.hidden")?,
            bias: values("1.bias")?,
        })
    }

    pub fn features(&self, image: &[f32]) -> Vec<f32> {
        let mut sums = self.bias.clone();
        for (row, pixel) in self.weights.chunks(sums.len()).zip(image) {
            for (sum, weight) in sums.iter_mut().zip(row) {
                *sum += pixel * weight;
            }
        }
        sums.iter().map(|x| x / (1.0 + (-x).exp())).collect()
    }
}

/// Reads a file of weights and checks it against what the network needs.
pub fn read_weights(path: &Path) -> Result<Vec<u8>> {
    let name = path.display();
    let file = std::fs::read(path).with_context(|| format!("cannot read {name}"))?;
    let tensors = SafeTensors::deserialize(&file)
        .with_context(|| format!("{name} is not a safetensors file"))?;
    let mut end = None;
    for (wanted, shape) in network::tensors() {
        let Ok(tensor) = tensors.tensor(wanted) else {
            bail!("{name} has no tensor {wanted}");
        };
        ensure!(
            tensor.shape() == shape && tensor.dtype() == Dtype::F32,
            "tensor {wanted} of {name} is {:?} {:?}, not F32 {shape:?}",
            tensor.dtype(),
            tensor.shape()
        );
        let start = tensor.data().as_ptr();
        ensure!(
            end.is_none_or(|end| end == start),
            "tensor {wanted} of {name} does not follow the one before it"
        );
        end = Some(tensor.data().as_ptr_range().end);
    }
    ensure!(
        Network::from_safetensors(&file).is_some(),
        "{name} has more tensors than the network"
    );
    Ok(file)
}

impl<'a> Target<'a> {
    pub fn digits(weights: &'a [u8]) -> Result<Self> {
        let images = include_bytes!("digits.bin").chunks_exact(PIXELS + 1);
        Ok(Self::Digits {
            network: Network::from_safetensors(weights).context("the weights have changed")?,
            classifier: Classifier::load(include_bytes!("classifier.safetensors"))?,
            images: images
                .flat_map(|image| image[..PIXELS].iter().map(|p| f32::from(*p) / 8.0 - 1.0))
                .collect(),
        })
    }

    /// Eight modes of standard deviation 0.05 on a circle, in two dimensions.
    pub fn ring(schedule: &'a Schedule) -> Self {
        let angles = (0..8).map(|k| f32::from(k as u8) * core::f32::consts::FRAC_PI_4);
        Self::Mixture {
            schedule,
            dimension: 2,
            means: angles
                .flat_map(|angle| [angle.cos(), angle.sin()])
                .collect(),
            deviation: 0.05,
        }
    }

    /// One Gaussian, off the origin and narrower than the noise.
    pub fn gaussian(schedule: &'a Schedule) -> Self {
        Self::Mixture {
            schedule,
            dimension: 2,
            means: vec![0.7, -0.4],
            deviation: 0.3,
        }
    }

    /// Ten modes of standard deviation 0.2 at random places in 64 dimensions.
    pub fn mixture(schedule: &'a Schedule) -> Self {
        let mut stream = Stream::new(2024, 0);
        Self::Mixture {
            schedule,
            dimension: 64,
            means: (0..640).map(|_| 0.7 * f32::normal(&mut stream)).collect(),
            deviation: 0.2,
        }
    }

    pub fn dimension(&self) -> usize {
        match self {
            Self::Digits { .. } => PIXELS,
            Self::Mixture { dimension, .. } => *dimension,
        }
    }

    /// What the network predicts.
    pub fn predicts(&self) -> Prediction {
        match self {
            Self::Digits { .. } => Prediction::Velocity,
            Self::Mixture { .. } => Prediction::Sample,
        }
    }

    pub fn evaluate(&self, step: u32, x: &[f32], output: &mut [f32]) {
        match self {
            Self::Digits { network, .. } => network.velocity(step, x, output),
            Self::Mixture {
                schedule,
                means,
                deviation,
                ..
            } => posterior_mean(&schedule.level(step), means, *deviation, x, output),
        }
    }

    /// `count` other draws from the truth; for digits, images of the training.
    pub fn truth_again(&self, count: usize, seed: u64) -> Vec<f32> {
        match self {
            Self::Digits { images, .. } => {
                let trained = &images[..images.len() - HELD_OUT * PIXELS];
                let others = (trained.len() / PIXELS - count) as u64;
                let at = (seed.wrapping_mul(count as u64) % (others + 1)) as usize;
                trained[at * PIXELS..][..count * PIXELS].to_vec()
            }
            Self::Mixture { .. } => self.truth(count, !seed),
        }
    }

    /// `count` draws from the truth; for digits, held-out images, of which there are at most [`HELD_OUT`].
    pub fn truth(&self, count: usize, seed: u64) -> Vec<f32> {
        match self {
            Self::Digits { images, .. } => {
                let held_out = &images[images.len() - HELD_OUT * PIXELS..];
                held_out[..held_out.len().min(count * PIXELS)].to_vec()
            }
            Self::Mixture {
                dimension,
                means,
                deviation,
                ..
            } => {
                let mut stream = Stream::new(seed, u64::MAX);
                let modes = means.len() / dimension;
                (0..count)
                    .flat_map(|k| {
                        // Each mode has equally many draws, so that the only noise left is that within a mode.
                        let mode = &means[(k % modes) * dimension..][..*dimension];
                        mode.iter()
                            .map(|mean| mean + deviation * f32::normal(&mut stream))
                            .collect::<Vec<_>>()
                    })
                    .collect()
            }
        }
    }
}

/// E[x₀ | x] for modes of equal weight: √ᾱ x pulls at each mode's mean, and the modes weigh by their likelihood.
fn posterior_mean(
    level: &Level<f32>,
    means: &[f32],
    deviation: f32,
    x: &[f32],
    output: &mut [f32],
) {
    let (signal, noise) = (f64::from(level.signal), f64::from(level.noise));
    let data = f64::from(deviation).powi(2);
    let total = signal * signal * data + noise * noise;
    let energies: Vec<f64> = means
        .chunks(x.len())
        .map(|mean| {
            let squares = mean.iter().zip(x);
            squares
                .map(|(m, x)| (f64::from(*x) - signal * f64::from(*m)).powi(2))
                .sum::<f64>()
                / (2.0 * total)
        })
        .collect();
    let least = energies.iter().copied().fold(f64::INFINITY, f64::min);
    let weights: Vec<f64> = energies
        .iter()
        .map(|energy| (least - energy).exp())
        .collect();
    let sum: f64 = weights.iter().sum();
    let dimension = x.len();
    for (d, (output, x)) in output.iter_mut().zip(x).enumerate() {
        let modes = means.chunks(dimension);
        let mean: f64 = modes
            .zip(&weights)
            .map(|(mean, w)| w * f64::from(mean[d]))
            .sum::<f64>()
            / sum;
        *output = (mean + data * signal * (f64::from(*x) - signal * mean) / total) as f32;
    }
}
