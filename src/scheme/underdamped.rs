use nalgebra::SVector;

use super::clock::{Clock, clock_methods};
use super::special::{decay_and_loss, tanh_deficit};
use super::{Kick, Scheme, Span};
use crate::{Parameter, ParameterError, Phase, Real};

/// Underdamped (kinetic) Langevin dynamics, dX = V dt, dV = −γV dt + u b(X, t) dt + √(2γu) dB.
///
/// With the drift b = −∇f it samples exp(−f(x) − |v|²/(2u)): γ is the friction, u the inverse mass.
/// For a potential U at temperature T and mass m take f = U/T and u = T/m. The integrator is exact
/// for a drift held over the step (Cheng et al. 2018; Dalalyan & Riou-Durand 2020), with the
/// covariance written so that nothing cancels (see [`PhaseSpan`]).
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::{Phase, scheme::{Scheme, Span, Underdamped}};
/// let scheme = Underdamped::new(0.1_f64, 1, 2.0, 1.0)?;
/// let coasting = scheme.span(0, 1).mean(
///     &Phase { position: vector![0.0], velocity: vector![1.0] },
///     &vector![0.0],
/// );
/// assert!((coasting.velocity.x - (-0.2_f64).exp()).abs() < 1e-15);
/// assert!((coasting.position.x - (1.0 - (-0.2_f64).exp()) / 2.0).abs() < 1e-15);
/// # Ok::<(), poisson_midpoint::ParameterError<f64>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Underdamped<T> {
    clock: Clock<T>,
    friction: T,
    inverse_mass: T,
}

impl<T: Real> Underdamped<T> {
    /// Step size η, inner steps K, friction γ, inverse mass u.
    ///
    /// # Errors
    /// [`ParameterError`] unless η, γ and u are in (0, ∞) and K ≥ 1.
    pub fn new(
        step_size: T,
        inner_steps: u32,
        friction: T,
        inverse_mass: T,
    ) -> Result<Self, ParameterError<T>> {
        Ok(Self {
            clock: Clock::new(step_size, inner_steps)?,
            friction: Parameter::Friction.positive(friction)?,
            inverse_mass: Parameter::InverseMass.positive(inverse_mass)?,
        })
    }

    /// The friction γ.
    #[must_use]
    pub fn friction(&self) -> T {
        self.friction
    }

    /// The inverse mass u.
    #[must_use]
    pub fn inverse_mass(&self) -> T {
        self.inverse_mass
    }

    /// All coefficients over a time h, from y = γh, z = y/2, E = e⁻ʸ and r = (z − tanh z)/z³:
    ///
    /// ```text
    /// A:  x ← x + ((1−E)/γ) v,   v ← E v
    /// B:  velocity u(1−E)/γ,     position (u/γ²)(y − (1−E)) = 2(u/γ²)(z³r + z·tanh z)/(1 + tanh z)
    /// V:  vv = u(1−E²),  xv = (u/γ)(1−E)²,  xx = (u/γ²)(2y − 3 + 4E − E²)
    /// ```
    ///
    /// As (1−E)/(1+E) = tanh z, the Cholesky factor, velocity first, is
    ///
    /// ```text
    /// √vv = √(u(1−E)(1+E)),   xv/√vv = √vv·tanh(z)/γ,
    /// √(xx − xv²/vv) = √(u/γ²·(2y − 4 tanh z)) = √u·h·√(z r)
    /// ```
    ///
    /// a product of positive factors, where xx − xv²/vv cancels to the order y³.
    #[cfg_attr(target_arch = "nvptx64", inline(never))]
    #[cfg_attr(not(target_arch = "nvptx64"), inline)]
    fn over(&self, time: T) -> PhaseSpan<T> {
        let u = self.inverse_mass;
        let y = self.friction * time;
        let z = y / T::TWO;
        let (decay, loss) = decay_and_loss(y);
        let travel = if y > T::ZERO { time * (loss / y) } else { time };
        let velocity_noise = (u * loss * (T::ONE + decay)).sqrt();
        // tanh(z)/γ = h·tanh(z)/(2z)
        let tanh_over_friction = travel / (T::ONE + decay);
        let tanh = self.friction * tanh_over_friction;
        let deficit = tanh_deficit(z, tanh);
        // (z³r + z·tanh z)/γ² with z = γh/2
        let quadratic = time * (time * z * deficit + T::TWO * tanh_over_friction) / T::TWO;
        PhaseSpan {
            decay,
            travel,
            drift: PhaseKick {
                position: u * quadratic / (T::ONE + tanh),
                velocity: u * travel,
            },
            velocity_noise,
            position_noise_shared: velocity_noise * tanh_over_friction,
            position_noise_own: u.sqrt() * time * (z * deficit).sqrt(),
        }
    }
}

impl<T: Real> Scheme for Underdamped<T> {
    type Real = T;
    type Span = PhaseSpan<T>;
    type Kick = PhaseKick<T>;

    clock_methods!();

    #[inline]
    fn span(&self, from: u32, to: u32) -> Self::Span {
        self.over(self.clock.between(from, to))
    }
    #[inline]
    fn kick(&self, inner_step: u32) -> Self::Kick {
        let inner = self.over(self.clock.inner()).drift;
        let (decay, loss) = decay_and_loss(self.friction * self.clock.after(inner_step));
        PhaseKick {
            position: inner.position + loss / self.friction * inner.velocity,
            velocity: decay * inner.velocity,
        }
    }
}

/// A, B and V^½ of underdamped dynamics.
///
/// ```text
/// x′ = x + travel·v + drift.position·b + position_noise_shared·Z₁ + position_noise_own·Z₂
/// v′ = decay·v      + drift.velocity·b + velocity_noise·Z₁
/// ```
///
/// Every coefficient is accurate to a few units in the last place for γη from 1e-8 to 50: the
/// covariance to a relative 1e-6 in f32 and 1e-14 in f64 (`tests/schemes.rs`), where the usual
/// expressions lose all digits in f32 below γη = 0.01.
///
/// ```
/// use poisson_midpoint::scheme::{PhaseSpan, Scheme, Underdamped};
/// // An inner step of γη/K = 1e-4: the position's own noise is √(u h³γ/6) to leading order.
/// let span: PhaseSpan<f32> = Underdamped::new(0.1, 1000, 1.0, 1.0)?.span(0, 1);
/// assert!((span.position_noise_own / (1e-12_f32 / 6.0).sqrt() - 1.0).abs() < 1e-3);
/// # Ok::<(), poisson_midpoint::ParameterError<f32>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PhaseSpan<T> {
    /// e^(−γh), what is left of a velocity.
    pub decay: T,
    /// (1 − e^(−γh))/γ, how far a unit velocity carries.
    pub travel: T,
    /// B.
    pub drift: PhaseKick<T>,
    /// √vv.
    pub velocity_noise: T,
    /// xv/√vv.
    pub position_noise_shared: T,
    /// √(xx − xv²/vv).
    pub position_noise_own: T,
}

impl<T: Real, const D: usize> Span<T, D> for PhaseSpan<T> {
    type State = Phase<T, D>;

    const NORMALS: u32 = 2;

    #[inline]
    fn mean(&self, state: &Self::State, drift: &SVector<T, D>) -> Self::State {
        let Phase { position, velocity } = self.propagate(state);
        Phase {
            position: position + drift * self.drift.position,
            velocity: velocity + drift * self.drift.velocity,
        }
    }
    #[inline]
    fn propagate(&self, state: &Self::State) -> Self::State {
        Phase {
            position: state.position + state.velocity * self.travel,
            velocity: state.velocity * self.decay,
        }
    }
    #[inline]
    fn increment(&self, mut normal: impl FnMut() -> T) -> Self::State {
        let mut increment: Self::State = Phase::at_rest(SVector::from_element(T::ZERO));
        let components = increment
            .position
            .iter_mut()
            .zip(increment.velocity.iter_mut());
        for (position, velocity) in components {
            let (first, second) = (normal(), normal());
            *position = self.position_noise_shared * first + self.position_noise_own * second;
            *velocity = self.velocity_noise * first;
        }
        increment
    }
    #[inline]
    fn expected_part(&self, next: &Self, total: &Self::State) -> Self::State {
        // With V the covariance of this span and V′, A′ those of the next: gain V A′ᵀ S⁻¹,
        // S = A′V A′ᵀ + V′. S is inverted by elimination of the velocity.
        let (vv, xv, xx) = self.covariance();
        let (next_vv, next_xv, next_xx) = next.covariance();
        // V A′ᵀ, row by row.
        let (x_to_x, x_to_v) = (xx + next.travel * xv, next.decay * xv);
        let (v_to_x, v_to_v) = (xv + next.travel * vv, next.decay * vv);
        let sum_vv = next.decay * v_to_v + next_vv;
        let sum_xv = x_to_v + next.travel * v_to_v + next_xv;
        let sum_xx = x_to_x + next.travel * v_to_x + next_xx;
        let slope = sum_xv / sum_vv;
        let remainder = sum_xx - slope * sum_xv;
        let row = |to_x: T, to_v: T| {
            let x = (to_x - slope * to_v) / remainder;
            (x, to_v / sum_vv - x * slope)
        };
        let (xx, xv) = row(x_to_x, x_to_v);
        let (vx, vv) = row(v_to_x, v_to_v);
        Phase {
            position: total.position * xx + total.velocity * xv,
            velocity: total.position * vx + total.velocity * vv,
        }
    }
}

impl<T: Real> PhaseSpan<T> {
    /// Variance of the velocity, covariance, variance of the position.
    fn covariance(&self) -> (T, T, T) {
        let shared = self.position_noise_shared;
        (
            self.velocity_noise * self.velocity_noise,
            self.velocity_noise * shared,
            shared * shared + self.position_noise_own * self.position_noise_own,
        )
    }
}

/// What a unit drift adds to position and velocity: B of a span, or A(m+1,K) G\[m\].
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::scheme::{Kick, PhaseKick};
/// let kick = PhaseKick { position: 0.5_f64, velocity: 2.0 };
/// let pushed = kick.apply(10.0, &vector![1.0]);
/// assert_eq!((pushed.position.x, pushed.velocity.x), (5.0, 20.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PhaseKick<T> {
    /// Effect on the position.
    pub position: T,
    /// Effect on the velocity.
    pub velocity: T,
}

impl<T: Real, const D: usize> Kick<T, D> for PhaseKick<T> {
    type State = Phase<T, D>;

    #[inline]
    fn apply(&self, weight: T, difference: &SVector<T, D>) -> Self::State {
        Phase {
            position: difference * (weight * self.position),
            velocity: difference * (weight * self.velocity),
        }
    }
}
