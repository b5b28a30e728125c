//! Exponential integrators of x₀ as a function of λ, half the log-SNR: what the multistep methods share.
//!
//! Over a distance a from λ on, with η the share of noise (0: the ODE, 1: the SDE) and R = 1 + η,
//!
//! ```text
//! x′ = (σ′/σ) e^(−ηa) x + √ᾱ′ ∫₀ᵃ R e^(−R(a − u)) x₀(u) du + σ′ √(1 − e^(−2ηa)) Z
//! ```
//!
//! solves the diffusion exactly. For x₀(u) the polynomial through the network's outputs, the integral is a weighted sum
//! of these.

use crate::diffusion::Level;
use crate::real::Real;

/// The coefficients of x and of Z over a distance between two levels, neither of which is the data.
pub(crate) fn x_and_noise<T: Real>(eta: T, distance: T, from: &Level<T>, to: &Level<T>) -> (T, T) {
    let decay = to.noise / from.noise * (-(eta * distance)).exp();
    let variance = -((-(T::TWO * eta * distance)).exp_m1());
    (decay, to.noise * variance.sqrt())
}

/// ∫₀ᵃ R e^(−R(a − u)) uᵏ du for k = 0, 1 and 2, by parts: Iₖ = aᵏ − (k/R) Iₖ₋₁, I₀ = 1 − e^(−Ra).
pub(crate) fn moments<T: Real>(rate: T, distance: T) -> [T; 3] {
    let zeroth = -((-(rate * distance)).exp_m1());
    let first = distance - zeroth / rate;
    let second = distance * distance - T::TWO * first / rate;
    [zeroth, first, second]
}

/// The weights of the values at the first `known` nodes in the integral of the polynomial through them, given the
/// integrals of 1, u and u². Each weight is the integral of its node's Lagrange polynomial.
pub(crate) fn weights<T: Real>(nodes: [T; 3], known: usize, moments: [T; 3]) -> [T; 3] {
    let ([a, b, c], [zeroth, first, second]) = (nodes, moments);
    match known {
        0 => [T::ZERO; 3],
        1 => [zeroth, T::ZERO, T::ZERO],
        2 => {
            let of_b = (first - a * zeroth) / (b - a);
            [zeroth - of_b, of_b, T::ZERO]
        }
        _ => {
            let of_b = (second - (a + c) * first + a * c * zeroth) / ((b - a) * (b - c));
            let of_c = (second - (a + b) * first + a * b * zeroth) / ((c - a) * (c - b));
            [zeroth - of_b - of_c, of_b, of_c]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ∫₀ᵃ R e^(−R(a − u)) f(u) du by Simpson's rule.
    fn integral(rate: f64, distance: f64, f: impl Fn(f64) -> f64) -> f64 {
        let (panels, mut sum) = (2000, 0.0);
        let g = |u: f64| rate * (-rate * (distance - u)).exp() * f(u);
        let h = distance / f64::from(panels);
        for panel in 0..panels {
            let u = f64::from(panel) * h;
            sum += h / 6.0 * (g(u) + 4.0 * g(u + h / 2.0) + g(u + h));
        }
        sum
    }

    #[test]
    fn weights_integrate_polynomials_through_as_many_nodes() {
        for (rate, distance) in [(1.0, 0.1), (2.0, 0.7), (1.3, 3.0)] {
            for nodes in [[0.0, -0.3, -0.5], [0.2, -0.3, -1.1]] {
                for known in 0..=3_usize {
                    let weights = weights(nodes, known, moments(rate, distance));
                    for power in 0..known {
                        let power = i32::try_from(power).unwrap();
                        let exact = integral(rate, distance, |u| u.powi(power));
                        let terms = weights.iter().zip(nodes).map(|(w, u)| w * u.powi(power));
                        assert!((terms.sum::<f64>() - exact).abs() < 1e-10);
                    }
                    assert!(weights.iter().skip(known).all(|w| *w == 0.0));
                }
            }
        }
    }
}
