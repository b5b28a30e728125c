//! The networks of `train.py` in candle: denoiser, decoder and classifier.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result};
use candle_core::{DType, Device, Tensor, safetensors};
use candle_nn::ops::silu;

/// Training steps of the denoiser.
pub const STEPS: u32 = 1000;
/// Latents of an image, 4 × 7 × 7.
pub const LATENTS: usize = 196;

/// Tensors by their names in a file, in single precision.
struct Tensors(HashMap<String, Tensor>);

impl Tensors {
    fn load(folder: &Path, name: &str) -> Result<Self> {
        let path = folder.join(name);
        let read = || -> Result<_> {
            let tensors = safetensors::load(&path, &Device::Cpu)?.into_iter();
            let single = tensors.map(|(name, tensor)| Ok((name, tensor.to_dtype(DType::F32)?)));
            single.collect()
        };
        let tensors = read().with_context(|| format!("cannot load {}", path.display()))?;
        Ok(Self(tensors))
    }

    fn get(&self, name: &str) -> Result<&Tensor> {
        self.0
            .get(name)
            .with_context(|| format!("no tensor {name}"))
    }

    /// x · weight + bias; the weight is stored with a row for each output.
    fn linear(&self, name: &str, x: &Tensor) -> Result<Tensor> {
        let weight = self.get(&format!("{name}.weight"))?.t()?;
        Ok(x.matmul(&weight)?
            .broadcast_add(self.get(&format!("{name}.bias"))?)?)
    }

    /// A convolution by 3 × 3 weights, over a border of zeros.
    fn convolution(&self, name: &str, stride: usize, x: &Tensor) -> Result<Tensor> {
        let weight = self.get(&format!("{name}.weight"))?;
        let bias = self.get(&format!("{name}.bias"))?.reshape((1, (), 1, 1))?;
        Ok(x.conv2d(weight, 1, stride, 1, 1)?.broadcast_add(&bias)?)
    }
}

/// The network that predicts v of noisy latents.
pub struct Denoiser(Tensors);

impl Denoiser {
    pub fn load(folder: &Path) -> Result<Self> {
        Ok(Self(Tensors::load(folder, "denoiser.safetensors")?))
    }

    /// Rows of a table, interpolated in √(t/T): one for each sample, or one for all.
    fn time(&self, name: &str, steps: &[u32]) -> Result<Tensor> {
        let table = self.0.get(name)?;
        let last = table.dim(0)? as u32 - 1;
        // Most samplers ask for the same step for all samples.
        let steps = match steps {
            [first, others @ ..] if others.iter().all(|step| step == first) => &steps[..1],
            _ => steps,
        };
        let places = steps
            .iter()
            .map(|step| last as f32 * (*step as f32 / STEPS as f32).sqrt());
        let (below, parts): (Vec<u32>, Vec<f32>) = places
            .map(|place| {
                let below = (place as u32).min(last - 1);
                (below, place - below as f32)
            })
            .unzip();
        let below = Tensor::new(below, &Device::Cpu)?;
        let parts = Tensor::new(parts, &Device::Cpu)?.unsqueeze(1)?;
        let low = table.index_select(&below, 0)?;
        let high = table.index_select(&(below + 1.0)?, 0)?;
        Ok((&low + (high - &low)?.broadcast_mul(&parts)?)?)
    }

    /// v of a batch: `steps` and `inputs` as a sampler gathers them, the outputs in the same order.
    pub fn velocity(&self, steps: &[u32], inputs: &[f32]) -> Result<Vec<f32>> {
        let x = Tensor::from_slice(inputs, (steps.len(), LATENTS), &Device::Cpu)?;
        let h = x.matmul(self.0.get("00.enter")?)?;
        let mut h = h.broadcast_add(&self.time("01.time", steps)?)?;
        for block in (1..).take_while(|block| self.0.get(&format!("{block}0.first")).is_ok()) {
            let weight = |part: &str| self.0.get(&format!("{block}{part}"));
            let inner = silu(&h)?.matmul(weight("0.first")?)?;
            let inner = inner.broadcast_add(&self.time(&format!("{block}1.time"), steps)?)?;
            h = (h + silu(&inner)?.matmul(weight("2.second")?)?)?
                .broadcast_add(weight("3.bias")?)?;
        }
        let v = silu(&h)?.matmul(self.0.get("90.leave")?)?;
        let v = v.broadcast_add(self.0.get("91.bias")?)?;
        Ok(v.flatten_all()?.to_vec1()?)
    }
}

/// Images of latents, and features of images.
pub struct Eye {
    decoder: Tensors,
    classifier: Tensors,
}

/// The number of images decoded at a time, so that their convolutions stay small.
const TOGETHER: usize = 250;

impl Eye {
    pub fn load(folder: &Path) -> Result<Self> {
        Ok(Self {
            decoder: Tensors::load(folder, "autoencoder.safetensors")?,
            classifier: Tensors::load(folder, "classifier.safetensors")?,
        })
    }

    fn decode(&self, latents: &[f32]) -> Result<Tensor> {
        let count = latents.len() / LATENTS;
        let decoder = |name, x: &Tensor| self.decoder.convolution(name, 1, x);
        let z = Tensor::from_slice(latents, (count, 4, 7, 7), &Device::Cpu)?;
        let h = decoder("a", &z)?;
        let h = (&h + decoder("b", &silu(&h)?)?)?;
        let h = decoder("c", &silu(&h)?.upsample_nearest2d(14, 14)?)?;
        let h = decoder("d", &silu(&h)?.upsample_nearest2d(28, 28)?)?;
        Ok(decoder("e", &silu(&h)?)?.tanh()?)
    }

    /// Pixels from −1 to 1, one image after another.
    pub fn images(&self, latents: &[f32]) -> Result<Vec<f32>> {
        Ok(self.decode(latents)?.flatten_all()?.to_vec1()?)
    }

    /// The classifier's features of the images.
    pub fn features(&self, latents: &[f32]) -> Result<Vec<f32>> {
        let mut features = Vec::new();
        for latents in latents.chunks(TOGETHER * LATENTS) {
            let h = self.decode(latents)?;
            let h = silu(&self.classifier.convolution("a", 2, &h)?)?;
            let h = silu(&self.classifier.convolution("b", 2, &h)?)?;
            let h = silu(&self.classifier.linear("hidden", &h.flatten_from(1)?)?)?;
            features.extend(h.flatten_all()?.to_vec1::<f32>()?);
        }
        Ok(features)
    }
}

/// Data of the images held out: moments of latents and of features, and some of the latents.
pub struct HeldOut(Tensors);

impl HeldOut {
    pub fn load(folder: &Path) -> Result<Self> {
        Ok(Self(Tensors::load(folder, "held_out.safetensors")?))
    }

    pub fn values(&self, name: &str) -> Result<Vec<f32>> {
        Ok(self.0.get(name)?.flatten_all()?.to_vec1()?)
    }
}
