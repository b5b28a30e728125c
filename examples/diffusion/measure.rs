//! Distances between samples.

use nalgebra::{DMatrix, DVector};
use poisson_midpoint::Real;
use poisson_midpoint::random::Stream;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// The number of directions of a sliced distance.
const DIRECTIONS: u64 = 64;

/// Each sample's component along random directions, one after another.
fn projections(samples: &[f32], dimension: usize) -> impl Iterator<Item = Vec<f64>> {
    (0..DIRECTIONS).map(move |direction| {
        let mut stream = Stream::new(1, direction);
        let mut direction: Vec<f64> = (0..dimension).map(|_| f64::normal(&mut stream)).collect();
        let norm = direction.iter().map(|d| d * d).sum::<f64>().sqrt();
        direction.iter_mut().for_each(|d| *d /= norm);
        let along = |x: &[f32]| {
            x.iter()
                .zip(&direction)
                .map(|(x, d)| f64::from(*x) * d)
                .sum()
        };
        samples.chunks(dimension).map(along).collect()
    })
}

/// The 2-Wasserstein distance of the samples' projections on random directions, root mean square.
/// Both have the same number of samples.
pub fn sliced_wasserstein(a: &[f32], b: &[f32], dimension: usize) -> f64 {
    let mut sum = 0.0;
    for (mut a, mut b) in projections(a, dimension).zip(projections(b, dimension)) {
        a.sort_by(f64::total_cmp);
        b.sort_by(f64::total_cmp);
        let squares = a.iter().zip(&b).map(|(a, b)| (a - b).powi(2));
        sum += squares.sum::<f64>() / a.len() as f64;
    }
    (sum / DIRECTIONS as f64).sqrt()
}

/// The p-value of a and b, which are equally many, being draws from one distribution: a permutation test of the energy
/// distance of their projections, 2 ∫ (F − G)², summed over the directions. The least it can be is 1 in 200.
pub fn same_distribution(a: &[f32], b: &[f32], dimension: usize) -> f64 {
    const PERMUTATIONS: u32 = 199;
    let count = a.len() / dimension;
    // For each direction, in ascending order: the index of each sample, and its distance to the next.
    let ascending: Vec<Vec<(usize, f64)>> = projections(a, dimension)
        .zip(projections(b, dimension))
        .map(|(a, b)| {
            let mut values: Vec<_> = a.into_iter().chain(b).enumerate().collect();
            values.sort_by(|(_, a), (_, b)| a.total_cmp(b));
            let above = values.iter().skip(1).map(|(_, value)| *value);
            let below = values.iter().zip(above);
            below
                .map(|((k, value), above)| (*k, above - value))
                .collect()
        })
        .collect();
    let energy = |signs: &[i32]| -> f64 {
        let along = |direction: &Vec<(usize, f64)>| {
            let mut more = 0;
            let squares = direction.iter().map(|(k, gap)| {
                more += signs[*k];
                f64::from(more).powi(2) * gap
            });
            squares.sum::<f64>()
        };
        ascending.iter().map(along).sum()
    };
    let mut signs = [vec![1; count], vec![-1; count]].concat();
    let found = energy(&signs);
    let mut generator = ChaCha8Rng::seed_from_u64(3);
    let as_far = (0..PERMUTATIONS)
        .filter(|_| {
            signs.shuffle(&mut generator);
            energy(&signs) >= found
        })
        .count();
    (as_far + 1) as f64 / f64::from(PERMUTATIONS + 1)
}

/// The first two moments of samples.
pub struct Moments {
    pub mean: DVector<f64>,
    pub covariance: DMatrix<f64>,
}

impl Moments {
    pub fn of(samples: &[f32], dimension: usize) -> Self {
        let count = samples.len() / dimension;
        let values = samples.iter().map(|x| f64::from(*x));
        let rows = DMatrix::from_row_iterator(count, dimension, values);
        let mean = rows.row_mean();
        let mut centred = rows;
        for mut row in centred.row_iter_mut() {
            row -= &mean;
        }
        let covariance = centred.transpose() * &centred / (count as f64 - 1.0);
        Self {
            mean: mean.transpose(),
            covariance,
        }
    }
}

/// The Fréchet distance of Gaussians with these moments, squared as usual:
/// |m₁ − m₂|² + tr(C₁ + C₂ − 2(C₁^½ C₂ C₁^½)^½).
pub fn frechet(a: &Moments, b: &Moments) -> f64 {
    let eigen = a.covariance.clone().symmetric_eigen();
    let roots = eigen.eigenvalues.map(|value| value.max(0.0).sqrt());
    let root =
        &eigen.eigenvectors * DMatrix::from_diagonal(&roots) * eigen.eigenvectors.transpose();
    let middle = (&root * &b.covariance * &root).symmetric_eigen();
    let cross: f64 = middle
        .eigenvalues
        .iter()
        .map(|value| value.max(0.0).sqrt())
        .sum();
    let means = (&a.mean - &b.mean).norm_squared();
    means + a.covariance.trace() + b.covariance.trace() - 2.0 * cross
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
        let Self { mean, error } = self;
        // A method that breaks down may have any distance.
        f.pad(&match mean.abs() {
            ..1e4 => format!("{mean:.3} ±{error:.3}"),
            _ => format!("{mean:.1e} ±{error:.1e}"),
        })
    }
}
