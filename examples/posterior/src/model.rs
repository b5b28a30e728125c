//! The posterior of Bayesian logistic regression, whitened by its Laplace approximation.

use nalgebra::{Cholesky, SMatrix, SVector};
use poisson_midpoint::target::Preconditioner;

use crate::table::Table;

/// log p(w | data) = −Σ ln(1 + exp(−yᵢ w·xᵢ)) − |w|²/2, w the intercept and a weight per feature,
/// padded with parameters that only the prior constrains.
///
/// The samplers see v, preconditioned by the Hessian at the mode: to them the posterior looks nearly like
/// a standard normal, with a Lipschitz constant near 1.
pub struct Posterior<const D: usize> {
    rows: Rows<D>,
    map: Preconditioner<f64, D>,
    parameters: usize,
}

/// Numbers of the table overflow; otherwise the Gaussian prior ensures that there is a mode.
#[derive(Debug, thiserror::Error)]
#[error("the mode of the posterior was not found")]
pub struct NoMode;

/// A distance from the mode, in units of the posterior's width, from which one last step leaves only rounding.
const NEAR: f64 = 1e-8;

impl<const D: usize> Posterior<D> {
    pub fn new(table: &Table) -> Result<Self, NoMode> {
        let row = |(features, &label): (&Vec<f64>, &f64)| {
            let mut row = SVector::<f64, D>::zeros();
            row[0] = label;
            for (entry, feature) in row.iter_mut().skip(1).zip(features) {
                *entry = label * feature;
            }
            row
        };
        let rows = table.features.iter().zip(&table.labels).map(row);
        let rows = Rows(rows.collect());
        let map = rows.laplace()?;
        Ok(Self {
            rows,
            map,
            parameters: table.names.len() + 1,
        })
    }

    /// The number of parameters that the data constrain: the intercept and one per feature.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// The parameters w at v.
    pub fn parameter(&self, v: &SVector<f64, D>) -> SVector<f64, D> {
        self.map.position(v)
    }

    /// log p and its gradient, in v. No allocation.
    pub fn whitened(&self, v: &SVector<f64, D>) -> (f64, SVector<f64, D>) {
        let (value, gradient) = self.rows.log_posterior(&self.parameter(v));
        (value, self.map.gradient(&gradient))
    }
}

/// yᵢ (1, xᵢ), padded.
struct Rows<const D: usize>(Vec<SVector<f64, D>>);

impl<const D: usize> Rows<D> {
    /// The mode, with the Hessian there as precision matrix.
    fn laplace(&self) -> Result<Preconditioner<f64, D>, NoMode> {
        let mut mode = SVector::zeros();
        // Damped Newton steps. Where a step moves no margin by more than r, no term's curvature grows
        // by more than a factor e^r on its way, so that the part ln(1 + r)/r of the step is sure to
        // climb; near the mode that is all of the step (Bach 2010, "Self-concordant analysis for logistic regression").
        // Values of log p are not compared, because near the mode their differences would be rounding.
        loop {
            let (_, gradient) = self.log_posterior(&mode);
            let hessian = self.hessian(&mode);
            let step = Cholesky::new(hessian).ok_or(NoMode)?.solve(&gradient);
            // The square of the distance from the mode, in units of the posterior's width.
            if step.dot(&gradient) <= NEAR * NEAR {
                let map = Preconditioner::from_precision(mode + step, &hessian);
                return map.map_err(|_| NoMode);
            }
            let moves = self.0.iter().map(|row| row.dot(&step).abs());
            let most = moves.fold(0.0, f64::max);
            mode += step * if most > 0.0 { most.ln_1p() / most } else { 1.0 };
        }
    }

    /// log p and its gradient, in w.
    fn log_posterior(&self, w: &SVector<f64, D>) -> (f64, SVector<f64, D>) {
        let (mut value, mut gradient) = (-0.5 * w.dot(w), -w);
        for row in &self.0 {
            let margin = row.dot(w);
            // Stable for either sign: ln(1 + e^(−m)) and 1/(1 + e^m).
            let e = (-margin.abs()).exp();
            value -= e.ln_1p() + (-margin).max(0.0);
            let weight = if margin > 0.0 { e } else { 1.0 } / (1.0 + e);
            gradient.axpy(weight, row, 1.0);
        }
        (value, gradient)
    }

    fn hessian(&self, mode: &SVector<f64, D>) -> SMatrix<f64, D, D> {
        let mut hessian = SMatrix::<f64, D, D>::identity();
        for row in &self.0 {
            let e = (-row.dot(mode).abs()).exp();
            hessian.ger(e / (1.0 + e).powi(2), row, row, 1.0);
        }
        hessian
    }
}
