use crate::real::Real;

/// The friction γ = 2√(T/m)/s at which underdamped dynamics of temperature T and mass m forget fastest where they were
/// in a direction in which the target has the standard deviation s: take the widest one.
///
/// There the target pulls like a spring of frequency ω = √(T/m)/s, and 2ω is its critical damping. With less friction,
/// the energy takes longer than the motion to be exchanged; with more, the position creeps: half and twice the friction
/// forget the start at 0.50 and 0.27 times the pace. Averages along a chain are another matter: that of (x − ⟨x⟩)² has
/// the least error at γ = ω, as if the chain were 1.25 times as long, and that of x gains further from less friction.
/// So take this friction for a burn-in, and half of it for a chain whose averages count (`docs/tuning.md` has figures).
///
/// The width is a standard deviation of the states of a first run, such as those that a
/// [`StepSizeTuner`](super::StepSizeTuner) leaves in its particles. All three are positive; if one is not,
/// [`Underdamped`](crate::dynamics::Underdamped) refuses the friction.
///
/// ```
/// use poisson_midpoint::dynamics::Underdamped;
/// use poisson_midpoint::tuning::critical_friction;
/// // A target whose widest direction has the standard deviation 4.
/// let friction = critical_friction(4.0_f32, 1.0, 1.0);
/// assert_eq!(friction, 0.5);
/// let dynamics = Underdamped::new(0.1, 1, friction)?;
/// assert!(Underdamped::new(0.1, 1, critical_friction(0.0, 1.0, 1.0)).is_err());
/// # Ok::<(), poisson_midpoint::ParameterError<f32>>(())
/// ```
#[must_use]
pub fn critical_friction<T: Real>(width: T, temperature: T, mass: T) -> T {
    T::TWO * (temperature / mass).sqrt() / width
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::{Dynamics, Span, Underdamped};

    /// Temperature, mass, and the width of the target.
    const UNITS: [[f64; 3]; 3] = [[1.0, 1.0, 1.0], [3.0, 0.5, 0.2], [0.1, 20.0, 7.0]];

    /// The pace, in units of ω, at which a spring without noise comes to rest with `factor` times the friction.
    fn pace([temperature, mass, width]: [f64; 3], factor: f64) -> f64 {
        let frequency = (temperature / mass).sqrt() / width;
        let friction = factor * critical_friction(width, temperature, mass);
        let dynamics = Underdamped::new(1e-3 / frequency, 1, friction).unwrap();
        let dynamics = dynamics.with_temperature(temperature).unwrap();
        let span = dynamics.with_mass(mass).unwrap().span(0, 1);
        let stiffness = temperature / (width * width);
        let mut cell = [width, 0.0];
        let energies = [(); 2].map(|()| {
            for _ in 0..100_000 {
                cell = span.carry(cell, -stiffness * cell[0], [0.0; 2]);
            }
            stiffness * cell[0] * cell[0] + mass * cell[1] * cell[1]
        });
        (energies[0] / energies[1]).ln() / 200.0
    }

    #[test]
    fn the_start_is_forgotten_fastest_at_this_friction() {
        for units in UNITS {
            // By the roots of r² − γr + ω² = 0 with γ = 2ω · factor.
            let slow = 2.0 - 3.0_f64.sqrt();
            for (factor, expected) in [(0.5, 0.5), (0.8, 0.8), (1.0, 1.0), (1.25, 0.5), (2.0, slow)]
            {
                let found = pace(units, factor);
                assert!(
                    (found - expected).abs() < 0.02,
                    "{units:?} {factor}: {found}"
                );
            }
        }
    }
}
