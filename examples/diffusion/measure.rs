//! Distances between samples.

use nalgebra::{DMatrix, DVector};
use poisson_midpoint::Real;
use poisson_midpoint::random::Stream;

/// Directions of a sliced distance.
const DIRECTIONS: u64 = 64;

/// The 2-Wasserstein distance of the samples' projections on random directions, root mean square.
/// The samples are as many.
pub fn sliced_wasserstein(a: &[f32], b: &[f32], dimension: usize) -> f64 {
    let mut sum = 0.0;
    for direction in 0..DIRECTIONS {
        let mut stream = Stream::new(1, direction);
        let mut direction: Vec<f64> = (0..dimension).map(|_| f64::normal(&mut stream)).collect();
        let norm = direction.iter().map(|d| d * d).sum::<f64>().sqrt();
        direction.iter_mut().for_each(|d| *d /= norm);
        let project = |samples: &[f32]| {
            let rows = samples.chunks(dimension);
            let mut values: Vec<f64> = rows
                .map(|x| {
                    x.iter()
                        .zip(&direction)
                        .map(|(x, d)| f64::from(*x) * d)
                        .sum()
                })
                .collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let (a, b) = (project(a), project(b));
        let squares = a.iter().zip(&b).map(|(a, b)| (a - b).powi(2));
        sum += squares.sum::<f64>() / a.len() as f64;
    }
    (sum / DIRECTIONS as f64).sqrt()
}

fn moments(samples: &[f32], dimension: usize) -> (DVector<f64>, DMatrix<f64>) {
    let count = samples.len() / dimension;
    let values = samples.iter().map(|x| f64::from(*x));
    let rows = DMatrix::from_row_iterator(count, dimension, values);
    let mean = rows.row_mean();
    let mut centred = rows;
    for mut row in centred.row_iter_mut() {
        row -= &mean;
    }
    let covariance = centred.transpose() * &centred / (count as f64 - 1.0);
    (mean.transpose(), covariance)
}

/// The Fréchet distance of Gaussians with the samples' moments, squared as usual:
/// |m₁ − m₂|² + tr(C₁ + C₂ − 2(C₁^½ C₂ C₁^½)^½).
pub fn frechet(a: &[f32], b: &[f32], dimension: usize) -> f64 {
    let ((mean_a, cov_a), (mean_b, cov_b)) = (moments(a, dimension), moments(b, dimension));
    let eigen = cov_a.clone().symmetric_eigen();
    let roots = eigen.eigenvalues.map(|value| value.max(0.0).sqrt());
    let root =
        &eigen.eigenvectors * DMatrix::from_diagonal(&roots) * eigen.eigenvectors.transpose();
    let middle = (&root * &cov_b * &root).symmetric_eigen();
    let cross: f64 = middle
        .eigenvalues
        .iter()
        .map(|value| value.max(0.0).sqrt())
        .sum();
    (mean_a - mean_b).norm_squared() + cov_a.trace() + cov_b.trace() - 2.0 * cross
}

/// A mean over seeds and its standard error.
#[derive(Clone, Copy, Default)]
pub struct Estimate {
    pub mean: f64,
    pub error: f64,
}

impl Estimate {
    pub fn new(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let error = (squares / (count - 1.0).max(1.0) / count).sqrt();
        Self { mean, error }
    }
}

impl std::fmt::Display for Estimate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{:.3} ±{:.3}", self.mean, self.error))
    }
}
