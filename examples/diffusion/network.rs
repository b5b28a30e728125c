//! The denoiser of `train.py`, without allocation: the same source on the host and on a microcontroller.
//!
//! It uses only arithmetic in a fixed order, and `exp` and `sqrt` from the crate's own functions, so that all machines
//! give the same bits.

use poisson_midpoint::Real;

/// Pixels of an image, 8 rows of 8.
pub const PIXELS: usize = 64;
/// Training steps.
pub const STEPS: u32 = 1000;
const WIDTH: usize = 128;
const BLOCKS: usize = 4;
const KNOTS: u32 = 16;

/// Names and shapes of the tensors, in the order of the file.
pub fn tensors() -> impl Iterator<Item = (&'static str, &'static [usize])> {
    const TIME: [usize; 2] = [KNOTS as usize + 1, WIDTH];
    const BLOCK: [[(&str, &[usize]); 4]; BLOCKS] = [
        [
            ("10.first", &[WIDTH, WIDTH]),
            ("11.time", &TIME),
            ("12.second", &[WIDTH, WIDTH]),
            ("13.bias", &[WIDTH]),
        ],
        [
            ("20.first", &[WIDTH, WIDTH]),
            ("21.time", &TIME),
            ("22.second", &[WIDTH, WIDTH]),
            ("23.bias", &[WIDTH]),
        ],
        [
            ("30.first", &[WIDTH, WIDTH]),
            ("31.time", &TIME),
            ("32.second", &[WIDTH, WIDTH]),
            ("33.bias", &[WIDTH]),
        ],
        [
            ("40.first", &[WIDTH, WIDTH]),
            ("41.time", &TIME),
            ("42.second", &[WIDTH, WIDTH]),
            ("43.bias", &[WIDTH]),
        ],
    ];
    let enter: [(&str, &[usize]); 2] = [("00.enter", &[PIXELS, WIDTH]), ("01.time", &TIME)];
    let leave: [(&str, &[usize]); 2] = [("90.leave", &[WIDTH, PIXELS]), ("91.bias", &[PIXELS])];
    enter
        .into_iter()
        .chain(BLOCK.into_iter().flatten())
        .chain(leave)
}

/// The tensors' values, little-endian, one tensor after another: the part of a safetensors file after its
/// header.
#[derive(Clone, Copy)]
pub struct Network<'a>(&'a [u8]);

/// Takes tensors off the front of the values.
struct Reader<'a>(&'a [[u8; 4]]);

impl<'a> Reader<'a> {
    fn tensor(&mut self, length: usize) -> &'a [[u8; 4]] {
        let (tensor, rest) = self.0.split_at_checked(length).unwrap_or_default();
        self.0 = rest;
        tensor
    }

    /// Adds inputs · matrix; the matrix has a row for each input.
    fn matrix(&mut self, inputs: &[f32], outputs: &mut [f32]) {
        let matrix = self.tensor(inputs.len() * outputs.len());
        for (row, &input) in matrix.chunks_exact(outputs.len()).zip(inputs) {
            for (output, weight) in outputs.iter_mut().zip(row) {
                *output += input * f32::from_le_bytes(*weight);
            }
        }
    }

    fn bias(&mut self, outputs: &mut [f32]) {
        let bias = self.tensor(outputs.len());
        for (output, bias) in outputs.iter_mut().zip(bias) {
            *output += f32::from_le_bytes(*bias);
        }
    }

    /// Adds a row of a table, interpolated in √(t/T).
    fn time(&mut self, step: u32, outputs: &mut [f32]) {
        let table = self.tensor((KNOTS as usize + 1) * outputs.len());
        let place = KNOTS as f32 * Real::sqrt(step as f32 / STEPS as f32);
        let below = (place as u32).min(KNOTS - 1);
        let part = place - below as f32;
        let mut rows = table.chunks_exact(outputs.len()).skip(below as usize);
        let (below, above) = (
            rows.next().unwrap_or_default(),
            rows.next().unwrap_or_default(),
        );
        for ((output, below), above) in outputs.iter_mut().zip(below).zip(above) {
            *output +=
                (1.0 - part) * f32::from_le_bytes(*below) + part * f32::from_le_bytes(*above);
        }
    }
}

/// x/(1 + e⁻ˣ).
fn silu(values: &[f32; WIDTH]) -> [f32; WIDTH] {
    values.map(|x| x / (1.0 + Real::exp(-x)))
}

impl<'a> Network<'a> {
    /// The network in a safetensors file, if the file has the right length.
    pub fn from_safetensors(file: &'a [u8]) -> Option<Self> {
        let (length, rest) = file.split_first_chunk::<8>()?;
        let values = rest.get(usize::try_from(u64::from_le_bytes(*length)).ok()?..)?;
        let parameters: usize = tensors()
            .map(|(_, shape)| shape.iter().product::<usize>())
            .sum();
        (values.len() == 4 * parameters).then_some(Self(values))
    }

    /// The velocity v of x at a training step.
    pub fn velocity(&self, step: u32, x: &[f32], output: &mut [f32]) {
        let mut reader = Reader(self.0.as_chunks().0);
        let mut h = [0.0; WIDTH];
        reader.matrix(x, &mut h);
        reader.time(step, &mut h);
        for _ in 0..BLOCKS {
            let mut inner = [0.0; WIDTH];
            reader.matrix(&silu(&h), &mut inner);
            reader.time(step, &mut inner);
            reader.matrix(&silu(&inner), &mut h);
            reader.bias(&mut h);
        }
        output.fill(0.0);
        reader.matrix(&silu(&h), output);
        reader.bias(output);
    }
}
