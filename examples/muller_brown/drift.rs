//! The drift, written once: the host, a microcontroller and the device crate include this file.

use poisson_midpoint::Real;
use poisson_midpoint::kernel::{KernelDrift, Ptx};
use poisson_midpoint::nalgebra::SVector;
use poisson_midpoint::target::{Drift, TableDrift, TableError};

/// −β∇V of the Müller–Brown potential, V(x, y) = Σ A exp(a Δx² + b ΔxΔy + c Δy²): three minima in a
/// curved valley, a test of every method that looks for reaction paths (Müller & Brown 1979).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MullerBrown {
    /// Inverse temperature β.
    pub beta: f32,
}

/// A, a, b and c of each term, and the point where Δx and Δy are 0.
const TERMS: [[f32; 6]; 4] = [
    [-200.0, -1.0, 0.0, -10.0, 1.0, 0.0],
    [-100.0, -1.0, 0.0, -10.0, 0.0, 0.5],
    [-170.0, -6.5, 11.0, -6.5, -0.5, 1.5],
    [15.0, 0.7, 0.6, 0.7, -1.0, 1.0],
];

impl Drift<f32, 2> for MullerBrown {
    fn drift(&self, _time: f32, position: &SVector<f32, 2>) -> SVector<f32, 2> {
        let [[x, y]] = position.data.0;
        let (mut along_x, mut along_y) = (0.0, 0.0);
        for [amplitude, a, b, c, x0, y0] in TERMS {
            let (dx, dy) = (x - x0, y - y0);
            let term = amplitude * Real::exp(a * dx * dx + b * dx * dy + c * dy * dy);
            along_x += term * (2.0 * a * dx + b * dy);
            along_y += term * (b * dx + 2.0 * c * dy);
        }
        SVector::from([along_x, along_y]) * -self.beta
    }
}

impl TableDrift<'_, f32, 2> for MullerBrown {
    fn from_table(table: &[f32]) -> Result<Self, TableError> {
        match table {
            &[beta] => Ok(Self { beta }),
            _ => Err(TableError {
                length: table.len(),
                fixed: 1,
                row: 0,
            }),
        }
    }
}

impl KernelDrift<f32, 2> for MullerBrown {
    const NAME: &'static str = "muller_brown";
    const PTX: Option<Ptx> = super::PTX;
    type OnDevice<'t> = Self;

    fn write_table(&self, mut write: impl FnMut(&[f32])) {
        write(&[self.beta]);
    }
}
