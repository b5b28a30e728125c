use super::Dynamics;
use super::clock::{Clock, clock_methods};
use super::span::PhaseSpan;
use super::special::{
    decay_and_loss, decay_and_loss_of_short, tanh_deficit, tanh_deficit_of_short,
};
use super::state::Phase;
use crate::error::{Parameter, ParameterError};
use crate::real::Real;
use crate::scalar::Scalar;

/// Underdamped (kinetic) Langevin dynamics, dX = V dt, dV = (−γV + b(X, t)/m) dt + √(2γT/m) dB.
///
/// With the drift b = −∇f, friction γ, mass m and temperature T it samples exp(−(f(x) + m|v|²/2)/T); m = T = 1 unless
/// set. The integrator is exact for a drift held over the step (Cheng et al. 2018; Dalalyan & Riou-Durand 2020), with
/// the covariance written so that nothing cancels (see [`PhaseSpan`]).
///
/// ```
/// use poisson_midpoint::dynamics::{Dynamics, Underdamped};
/// let dynamics = Underdamped::new(0.1_f64, 1, 2.0)?.with_temperature(3.0)?.with_mass(0.5)?;
/// let span = dynamics.span(0, 1);
/// assert!((span.decay - (-0.2_f64).exp()).abs() < 1e-15);
/// assert!((span.travel - (1.0 - (-0.2_f64).exp()) / 2.0).abs() < 1e-15);
/// // In the long run the velocity has the variance T/m.
/// assert!((span.velocity_noise.powi(2) - 6.0 * (1.0 - (-0.4_f64).exp())).abs() < 1e-14);
/// # Ok::<(), poisson_midpoint::ParameterError<f64>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Underdamped<T> {
    clock: Clock<T>,
    friction: T,
    temperature: T,
    mass: T,
    inverse_mass: T,
    /// T/m.
    velocity_variance: T,
}

impl<T: Real> Underdamped<T> {
    /// Step size η, inner steps K and friction γ, at mass 1 and temperature 1.
    ///
    /// # Errors
    /// [`ParameterError`] unless η and γ are in (0, ∞) and K ≥ 1, η/K and γη/K being normal numbers and (γη)³ finite.
    #[inline]
    pub fn new(step_size: T, inner_steps: u32, friction: T) -> Result<Self, ParameterError<T>> {
        let clock = Clock::new(step_size, inner_steps)?;
        let (least, most) = (friction * clock.inner(), friction * step_size);
        Parameter::Friction.check(friction, |_| {
            least.is_positive_normal() && (most * most * most).is_finite()
        })?;
        Ok(Self {
            clock,
            friction,
            temperature: T::ONE,
            mass: T::ONE,
            inverse_mass: T::ONE,
            velocity_variance: T::ONE,
        })
    }

    /// The same at another temperature T.
    ///
    /// # Errors
    /// [`ParameterError`] unless T is in (0, ∞) and T/m a normal number.
    #[inline]
    pub fn with_temperature(self, temperature: T) -> Result<Self, ParameterError<T>> {
        self.in_units(Parameter::Temperature, temperature, temperature, self.mass)
    }

    /// The same with another mass m.
    ///
    /// # Errors
    /// [`ParameterError`] unless m is in (0, ∞), 1/m and T/m being normal numbers.
    #[inline]
    pub fn with_mass(self, mass: T) -> Result<Self, ParameterError<T>> {
        self.in_units(Parameter::Mass, mass, self.temperature, mass)
    }

    /// The same at this temperature and with this mass. One of them is new: `value` of `parameter`, which the error
    /// names if a quotient is out of range.
    #[inline]
    pub(crate) fn in_units(
        self,
        parameter: Parameter,
        value: T,
        temperature: T,
        mass: T,
    ) -> Result<Self, ParameterError<T>> {
        let (inverse_mass, velocity_variance) = (T::ONE / mass, temperature / mass);
        parameter.check(value, |_| {
            inverse_mass.is_positive_normal() && velocity_variance.is_positive_normal()
        })?;
        Ok(Self {
            temperature,
            mass,
            inverse_mass,
            velocity_variance,
            ..self
        })
    }

    /// The friction γ.
    #[must_use]
    pub fn friction(&self) -> T {
        self.friction
    }

    /// The temperature T.
    #[must_use]
    pub fn temperature(&self) -> T {
        self.temperature
    }

    /// The mass m.
    #[must_use]
    pub fn mass(&self) -> T {
        self.mass
    }

    /// η/m, the change of a velocity if a drift of 1 over a whole step acts all at once.
    #[inline(always)]
    pub(crate) fn impulse(&self) -> T {
        self.clock.step_size() * self.inverse_mass
    }

    /// T/m, the variance of a velocity in the long run.
    pub(crate) fn velocity_variance(&self) -> T {
        self.velocity_variance
    }

    /// All coefficients over a share of a step, times in units of η and those of the drift for an acceleration: none of
    /// them can overflow or underflow.
    #[inline(always)]
    pub(crate) fn flight<X: Scalar<Real = T>>(&self, share: X) -> PhaseSpan<X> {
        let friction = self.friction * self.clock.step_size();
        coefficients(friction, T::ONE, self.velocity_variance, share)
    }

    /// All coefficients over a time.
    #[inline(always)]
    fn over<X: Scalar<Real = T>>(&self, time: X) -> PhaseSpan<X> {
        coefficients(
            self.friction,
            self.inverse_mass,
            self.velocity_variance,
            time,
        )
    }
}

/// All coefficients over a time h, from y = γh, z = y/2, E = e⁻ʸ and r = (z − tanh z)/z³, u = T/m:
///
/// ```text
/// A:  x ← x + ((1−E)/γ) v,   v ← E v
/// B:  velocity (1−E)/(γm),   position (y − (1−E))/(γ²m) = 2(z³r + z·tanh z)/((1 + tanh z)γ²m)
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
#[cfg_attr(target_arch = "arm", inline)]
#[cfg_attr(not(any(target_arch = "nvptx64", target_arch = "arm")), inline(always))]
fn coefficients<X: Scalar>(
    friction: X::Real,
    inverse_mass: X::Real,
    u: X::Real,
    time: X,
) -> PhaseSpan<X> {
    let (one, two) = (X::splat(X::Real::ONE), X::splat(X::Real::TWO));
    let (friction, inverse_mass) = (X::splat(friction), X::splat(inverse_mass));
    let y = friction * time;
    let z = y / two;
    let (decay, loss) = decays_and_losses(y);
    // (1−E)/γ = h(1−E)/y, and h where y underflows.
    let travel = time
        * loss.zip(y, |loss, y| {
            if y > X::Real::ZERO {
                loss / y
            } else {
                X::Real::ONE
            }
        });
    let velocity_noise = (X::splat(u) * loss * (one + decay)).map(X::Real::sqrt);
    // tanh(z)/γ = h·tanh(z)/(2z)
    let tanh_over_friction = travel / (one + decay);
    let tanh = friction * tanh_over_friction;
    let deficit = z.zip_regular(
        tanh,
        |z, _| z <= X::Real::ONE,
        |z, _| tanh_deficit_of_short(z),
        tanh_deficit,
    );
    // (z³r + z·tanh z)/γ² with z = γh/2
    let quadratic = time * (time * z * deficit + two * tanh_over_friction) / two;
    PhaseSpan {
        decay,
        travel,
        drift: [
            inverse_mass * quadratic / (one + tanh),
            inverse_mass * travel,
        ],
        velocity_noise,
        position_noise_shared: velocity_noise * tanh_over_friction,
        position_noise_own: X::splat(u.sqrt()) * time * (z * deficit).map(X::Real::sqrt),
    }
}

/// [`decay_and_loss`] in each lane.
#[inline(always)]
fn decays_and_losses<X: Scalar>(y: X) -> (X, X) {
    y.map_pair_regular(
        |y| y < X::Real::LN_2,
        decay_and_loss_of_short,
        decay_and_loss,
    )
}

impl<T: Real> Dynamics for Underdamped<T> {
    type Real = T;
    type State<const D: usize> = Phase<T, D>;
    type Span<X: Scalar<Real = T>> = PhaseSpan<X>;

    clock_methods!();

    #[inline(always)]
    fn spans<X: Scalar<Real = T>>(&self, from: X::Count, to: X::Count) -> PhaseSpan<X> {
        self.over(self.clock.between(from, to))
    }
    #[inline]
    fn inner_drift(&self) -> [T; 2] {
        self.over(self.clock.inner()).drift
    }
    #[inline(always)]
    fn kicks<X: Scalar<Real = T>>(
        &self,
        [position, velocity]: [X; 2],
        inner_step: X::Count,
    ) -> [X; 2] {
        let after: X = self.clock.after(inner_step);
        let friction = X::splat(self.friction);
        let (decay, loss) = decays_and_losses(friction * after);
        [position + loss / friction * velocity, decay * velocity]
    }
}
