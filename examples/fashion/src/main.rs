//! Digits by a network in an inference runtime: candle loads the weights and evaluates them for a whole
//! batch at each call, as for a network that is too big to write by hand.
//!
//! Then the same digits by the hand-written network, which differ by the rounding of sums.

#[path = "../../network.rs"]
mod network;

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use candle_core::{DType, Device, Tensor, safetensors};
use candle_nn::ops::silu;
use network::{PIXELS, STEPS};
use poisson_midpoint::diffusion::{
    Clip, Lockstep, Member, PoissonMidpointDdpm, Prediction, Sampler, ScheduleTable, Timesteps,
    standard_normal,
};
use poisson_midpoint::random::Stream;

const WEIGHTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../denoiser.safetensors");
const SAMPLES: usize = 256;
const SEED: u64 = 0;

/// The network of `train.py` as candle's tensors, by their names in the file.
struct Candle {
    tensors: HashMap<String, Tensor>,
    device: Device,
}

impl Candle {
    fn load(path: &str, device: Device) -> Result<Self> {
        let tensors =
            safetensors::load(path, &device).with_context(|| format!("cannot load {path}"))?;
        Ok(Self { tensors, device })
    }

    fn tensor(&self, name: &str) -> Result<&Tensor> {
        self.tensors
            .get(name)
            .with_context(|| format!("no tensor {name}"))
    }

    /// Rows of a table of √(t/T), interpolated: one for each sample, whose training steps may differ.
    fn time(&self, name: &str, steps: &[u32]) -> Result<Tensor> {
        let table = self.tensor(name)?;
        let last = table.dim(0)? as u32 - 1;
        let places = steps
            .iter()
            .map(|step| last as f32 * (*step as f32 / STEPS as f32).sqrt());
        let (below, parts): (Vec<u32>, Vec<f32>) = places
            .map(|place| {
                let below = (place as u32).min(last - 1);
                (below, place - below as f32)
            })
            .unzip();
        let below = Tensor::new(below, &self.device)?;
        let parts = Tensor::new(parts, &self.device)?.unsqueeze(1)?;
        let low = table.index_select(&below, 0)?;
        let high = table.index_select(&(below + 1.0)?, 0)?;
        Ok((&low + (high - &low)?.broadcast_mul(&parts)?)?)
    }

    /// v of a batch: `steps` and `inputs` as a sampler gathers them, the outputs in the same order.
    fn velocity(&self, steps: &[u32], inputs: &[f32]) -> Result<Vec<f32>> {
        let x = Tensor::from_slice(inputs, (steps.len(), PIXELS), &self.device)?;
        let mut h = (x.matmul(self.tensor("00.enter")?)? + self.time("01.time", steps)?)?;
        for block in 1..=4 {
            let weight = |part: &str| self.tensor(&format!("{block}{part}"));
            let inner = silu(&h)?.matmul(weight("0.first")?)?;
            let inner = (inner + self.time(&format!("{block}1.time"), steps)?)?;
            h = (h + silu(&inner)?.matmul(weight("2.second")?)?)?
                .broadcast_add(weight("3.bias")?)?;
        }
        let v = silu(&h)?.matmul(self.tensor("90.leave")?)?;
        let v = v
            .broadcast_add(self.tensor("91.bias")?)?
            .to_dtype(DType::F32)?;
        Ok(v.flatten_all()?.to_vec1()?)
    }
}

/// Digits from noise, and how often the network was called: once for the whole batch.
fn digits(mut network: impl FnMut(&[u32], &[f32]) -> Result<Vec<f32>>) -> Result<(Vec<f32>, u32)> {
    let schedule = ScheduleTable::<f32, { STEPS as usize }>::linear(1e-4, 0.02)?;
    let timesteps = Timesteps::<25>::quadratic(25, &schedule)?;
    let mut table = schedule.rows();
    let solver = PoissonMidpointDdpm::new(&mut table);
    let sampler = Sampler::new(&schedule, &timesteps, Prediction::Velocity, solver)?
        .with_clip(Clip::range(1.0)?);
    let mut x = vec![0.0; SAMPLES * PIXELS];
    let mut members = Vec::new();
    for (particle, x) in (0..).zip(x.chunks_exact_mut(PIXELS)) {
        let mut stream = Stream::new(SEED, particle);
        standard_normal(x, &mut stream);
        members.push(Member::new(stream));
    }
    let mut steps = vec![0; SAMPLES];
    let mut work = vec![0.0; sampler.batch_work_length(SAMPLES, PIXELS)];
    let mut batch = Lockstep::new(
        &sampler,
        PIXELS,
        &mut members,
        &mut x,
        &mut steps,
        &mut work,
    )?;
    let mut calls = 0;
    // `Lockstep::run` is this loop for a network that cannot fail.
    while let Some((steps, inputs)) = batch.gather() {
        let outputs = network(steps, inputs)?;
        batch.scatter(&outputs);
        calls += 1;
    }
    for member in &members {
        member.failure().map_or(Ok(()), Err)?;
    }
    Ok((x, calls))
}

fn greatest_difference(a: &[f32], b: &[f32]) -> f32 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

fn main() -> Result<()> {
    let candle = Candle::load(WEIGHTS, Device::Cpu)?;
    let file = std::fs::read(WEIGHTS)?;
    let own = network::Network::from_safetensors(&file).context("not the network's weights")?;
    let own = |steps: &[u32], inputs: &[f32]| {
        let mut outputs = vec![0.0; inputs.len()];
        let samples = inputs.chunks(PIXELS).zip(outputs.chunks_mut(PIXELS));
        for (step, (x, v)) in steps.iter().zip(samples) {
            own.velocity(*step, x, v);
        }
        Ok(outputs)
    };
    let mut apart = 0.0_f32;
    let (images, calls) = digits(|steps, inputs| {
        let outputs = candle.velocity(steps, inputs)?;
        apart = apart.max(greatest_difference(&outputs, &own(steps, inputs)?));
        Ok(outputs)
    })?;
    let (own_images, _) = digits(own)?;
    for row in images.chunks(8).take(8) {
        let line: String = row
            .iter()
            .map(|p| if *p > 0.0 { "##" } else { "  " })
            .collect();
        println!("{}", line.trim_end());
    }
    println!("{SAMPLES} digits in {calls} calls of the network");
    let digits_apart = greatest_difference(&images, &own_images);
    println!(
        "candle against the hand-written network: {apart:.1e} in an output, {digits_apart:.1e} in a digit"
    );
    // Ten layers of sums of 128 terms of order 1, each rounded to 24 bits in another order.
    ensure!(apart < 1e-3, "candle evaluates another network");
    Ok(())
}
