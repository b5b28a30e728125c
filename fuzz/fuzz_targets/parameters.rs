//! Constructors of dynamics and schedules from any bits: refused by name where the documentation says so, accepted where
//! it does and the numbers are nowhere near overflow; and what was accepted steps to a finite state or leaves it as it was.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use poisson_midpoint::diffusion::{
    LinearRate, NoiseSchedule, Quantity, ScheduleError, ScheduleTable, SquaredCosine,
};
use poisson_midpoint::dynamics::{AdditiveNoise, Dynamics, Overdamped, Semilinear, Underdamped};
use poisson_midpoint::nalgebra::SVector;
use poisson_midpoint::random::Stream;
use poisson_midpoint::{
    Baoa, EulerMaruyama, MidpointLaw, Parameter, ParameterError, PoissonMidpoint, Quicsort, State,
    Stepper, Ubu,
};
use poisson_midpoint_fuzz::numbers::{Scalar, between};
use poisson_midpoint_fuzz::state::bits;

const D: usize = 2;

#[derive(Arbitrary, Debug)]
struct Input {
    kind: Kind,
    is_double: bool,
    step_size: Number,
    inner_steps: u32,
    others: [Number; 3],
    method: u8,
    time: u16,
    start: [u16; 2 * D],
    slope: u16,
    particle: u64,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Kind {
    Overdamped,
    Underdamped,
    AdditiveNoise,
    Semilinear,
    LinearRate,
    SquaredCosine,
    Table,
}

/// Any bits, or a power of two, which finds the ends of ranges sooner.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Number {
    Any(f64),
    PowerOfTwo { exponent: i16, is_negative: bool },
    Plain(u8),
}

impl Number {
    fn of<T: Scalar>(self) -> T {
        T::of(match self {
            Self::Any(value) => value,
            Self::PowerOfTwo {
                exponent,
                is_negative,
            } => {
                let power = f64::from(exponent % 1080).exp2();
                if is_negative { -power } else { power }
            }
            Self::Plain(value) => f64::from(value) / 16.0,
        })
    }
}

/// What the documentation says of a parameter's value.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Refused,
    /// At the end of a range, where rounding decides.
    Either,
    Accepted,
}

impl Verdict {
    fn of(holds: bool) -> Self {
        if holds { Self::Accepted } else { Self::Refused }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Refused, _) | (_, Self::Refused) => Self::Refused,
            (Self::Accepted, Self::Accepted) => Self::Accepted,
            _ => Self::Either,
        }
    }
}

fn positive<T: Scalar>(value: T) -> Verdict {
    Verdict::of(value.wide() > 0.0 && value.wide().is_finite())
}

/// Of a number's binary logarithm: whether it is between those of the ends.
fn within(logarithm: f64, [least, most]: [f64; 2]) -> Verdict {
    if (logarithm - least).abs() < 1e-3 || (logarithm - most).abs() < 1e-3 {
        Verdict::Either
    } else {
        Verdict::of(logarithm > least && logarithm < most)
    }
}

/// Whether a product of positive numbers, each with the power it has, is a normal number.
fn normal<T: Scalar>(factors: &[(T, f64)]) -> Verdict {
    let logarithm = factors.iter().map(|(x, power)| power * x.wide().log2());
    within(logarithm.sum(), T::NORMAL)
}

fn diffusion_coefficient<T: Scalar>(sigma: T) -> Verdict {
    if sigma == T::ZERO {
        Verdict::Accepted
    } else {
        positive(sigma).and(normal(&[(sigma, 2.0)]))
    }
}

/// Holds a constructor to the verdicts on its parameters.
fn hold<T: Scalar, S>(
    result: Result<S, ParameterError<T>>,
    verdicts: &[(Parameter, T, Verdict)],
) -> Option<S> {
    let refused = verdicts
        .iter()
        .any(|(_, _, verdict)| *verdict == Verdict::Refused);
    let accepted = verdicts
        .iter()
        .all(|(_, _, verdict)| *verdict == Verdict::Accepted);
    match result {
        Ok(made) => {
            assert!(!refused, "{verdicts:?}");
            Some(made)
        }
        Err(error) => {
            assert!(!accepted, "{verdicts:?}");
            // It blames one of the parameters, with its value, and none that is beyond doubt.
            let blamed = verdicts
                .iter()
                .find(|(parameter, _, _)| *parameter == error.parameter);
            let (_, value, verdict) = blamed.expect("one of its parameters");
            assert_eq!(value.to_bits(), error.value.to_bits());
            assert_ne!(*verdict, Verdict::Accepted, "{verdicts:?}");
            None
        }
    }
}

fn step<S: Dynamics<Real: Scalar>>(dynamics: Option<S>, input: &Input) {
    let Some(dynamics) = dynamics else {
        return;
    };
    match input.method % 3 {
        0 => step_by(&EulerMaruyama::new(dynamics), input),
        1 => step_by(&PoissonMidpoint::new(dynamics, MidpointLaw::Single), input),
        _ => step_by(
            &PoissonMidpoint::new(dynamics, MidpointLaw::Bernoulli),
            input,
        ),
    }
}

/// The methods for underdamped dynamics alone: refused if a kick or what it carries is beyond all numbers, and UBU if K is odd.
fn split<T: Scalar>(dynamics: Underdamped<T>, input: &Input) {
    let (eta, k) = (dynamics.step_size(), dynamics.inner_steps());
    let kick = eta.wide().log2() - dynamics.mass().wide().log2();
    let finite = |logarithm| within(logarithm, [f64::NEG_INFINITY, T::NORMAL[1]]);
    // Friction may stop it before the end of the step.
    let carried = match finite(kick + eta.wide().log2()) {
        Verdict::Accepted => Verdict::Accepted,
        Verdict::Refused | Verdict::Either => Verdict::Either,
    };
    let step_size = (Parameter::StepSize, eta, finite(kick).and(carried));
    if let Some(baoa) = hold(Baoa::new(dynamics), &[step_size]) {
        step_by(&baoa, input);
    }
    if let Some(quicsort) = hold(Quicsort::new(dynamics), &[step_size]) {
        step_by(&quicsort, input);
    }
    let even = Verdict::of(k.is_multiple_of(2));
    let inner_steps = (Parameter::InnerSteps, T::from_u32(k), even);
    if let Some(ubu) = hold(Ubu::new(dynamics), &[step_size, inner_steps]) {
        step_by(&ubu, input);
    }
}

fn step_by<P: Stepper<Dynamics: Dynamics<Real: Scalar>>>(stepper: &P, input: &Input) {
    type RealOf<P> = <<P as Stepper>::Dynamics as Dynamics>::Real;
    let number = |bits: u16, most: f64| RealOf::<P>::of(between(bits, -most, most));
    let component = |part: usize, d: usize| number(input.start[part * D + d], 100.0);
    let mut state = <P::Dynamics as Dynamics>::State::<D>::from_fn(component);
    let before = bits(&state);
    let slope = number(input.slope, 10.0);
    let drift = |time, x: &SVector<RealOf<P>, D>| x.map(|x| slope * x + time);
    let mut stream = Stream::new(42, input.particle);
    match stepper.step(number(input.time, 100.0), &mut state, drift, &mut stream) {
        Ok(step) => assert!(step.drift_calls >= 1 && state.is_finite()),
        Err(_) => assert_eq!(bits(&state), before),
    }
}

/// An accepted schedule has no noise at 0, and levels that exist and never fall.
fn read<T: Scalar>(schedule: &impl NoiseSchedule<T>) {
    let last = schedule.training_steps();
    assert_eq!(schedule.exponent(0).wide(), 0.0);
    let mut before = T::ZERO;
    for step in [1, last / 3, last / 2, last - last / 5, last]
        .into_iter()
        .filter(|step| *step > 0)
    {
        let exponent = schedule.exponent(step);
        assert!(exponent.wide().is_finite() && (exponent >= before || step < 2));
        before = exponent;
        let level = schedule.level(step);
        let (signal, noise) = (level.signal.wide(), level.noise.wide());
        assert!((signal * signal + noise * noise - 1.0).abs() < 8.0 * T::EPSILON);
    }
}

fn check<T: Scalar>(input: &Input) {
    let (eta, k) = (input.step_size.of::<T>(), input.inner_steps);
    let [a, b, c] = input.others.map(Number::of::<T>);
    let count = T::from_u32(k.max(1));
    let inner = normal(&[(eta, 1.0), (count, -1.0)]);
    let clock = [
        (Parameter::StepSize, eta, positive(eta).and(inner)),
        (
            Parameter::InnerSteps,
            T::from_u32(k),
            if k > 0 {
                Verdict::Accepted
            } else {
                Verdict::Refused
            },
        ),
    ];
    let with = |others: &[(Parameter, T, Verdict)]| [&clock, others].concat();
    match input.kind {
        Kind::Overdamped => {
            let made = hold(Overdamped::new(eta, k), &clock);
            let made = made.and_then(|made| {
                let verdict = positive(a).and(normal(&[(T::TWO, 1.0), (a, 1.0)]));
                hold(made.with_mobility(a), &[(Parameter::Mobility, a, verdict)])
            });
            let made = made.and_then(|made| {
                assert_eq!(made.mobility(), a);
                let verdict = positive(b).and(normal(&[(T::TWO, 1.0), (a, 1.0), (b, 1.0)]));
                hold(
                    made.with_temperature(b),
                    &[(Parameter::Temperature, b, verdict)],
                )
            });
            step(made, input);
        }
        Kind::Underdamped => {
            let least = normal(&[(a, 1.0), (eta, 1.0), (count, -1.0)]);
            let cube = [(a, 3.0), (eta, 3.0)].map(|(x, power)| power * x.wide().log2());
            let most = within(cube[0] + cube[1], [f64::NEG_INFINITY, T::NORMAL[1]]);
            let friction = (Parameter::Friction, a, positive(a).and(least).and(most));
            let made = hold(Underdamped::new(eta, k, a), &with(&[friction]));
            // T and m, and the quotients that the documentation names.
            let made = made.and_then(|made| {
                let verdict = positive(b).and(normal(&[(b, -1.0)]));
                hold(made.with_mass(b), &[(Parameter::Mass, b, verdict)])
            });
            let made = made.and_then(|made| {
                let verdict = positive(c).and(normal(&[(c, 1.0), (b, -1.0)]));
                hold(
                    made.with_temperature(c),
                    &[(Parameter::Temperature, c, verdict)],
                )
            });
            made.iter().for_each(|made| split(*made, input));
            step(made, input);
        }
        Kind::AdditiveNoise => {
            let sigma = (Parameter::DiffusionCoefficient, a, diffusion_coefficient(a));
            step(hold(AdditiveNoise::new(eta, k, a), &with(&[sigma])), input);
        }
        Kind::Semilinear => {
            let rate = (Parameter::LinearRate, a, Verdict::of(a.wide().is_finite()));
            let sigma = (Parameter::DiffusionCoefficient, b, diffusion_coefficient(b));
            step(
                hold(Semilinear::new(eta, k, a, b), &with(&[rate, sigma])),
                input,
            );
        }
        Kind::LinearRate => {
            let made = LinearRate::new(k, a, b);
            let (least, most) = (a.wide(), b.wide());
            assert_eq!(
                made.is_ok(),
                k > 0 && least > 0.0 && least <= most && most.is_finite()
            );
            made.iter().for_each(read);
        }
        Kind::SquaredCosine => {
            let made = SquaredCosine::<T>::new(k);
            assert_eq!(made.is_ok(), k > 0);
            made.iter().for_each(read);
        }
        Kind::Table => {
            let numbers = [a, b, c];
            let in_range = |x: &T| x.wide() > 0.0 && x.wide() < 1.0;
            let made = ScheduleTable::<T, 3>::from_betas(&numbers);
            is_made_or_hidden(&made, numbers.iter().all(in_range));
            made.iter().for_each(read);
            let made = ScheduleTable::<T, 3>::from_alpha_bars(&numbers);
            let falls = numbers.iter().all(in_range) && a > b && b > c;
            is_made_or_hidden(&made, falls);
            if let Ok(table) = &made {
                read(table);
                for (step, alpha_bar) in (1..).zip(numbers) {
                    let (found, exact) = (table.exponent(step).wide(), -alpha_bar.wide().ln());
                    assert!((found - exact).abs() <= 4.0 * T::EPSILON * exact);
                }
            }
            for made in [
                ScheduleTable::<T, 3>::linear(a, b),
                ScheduleTable::scaled_linear(a, b),
            ] {
                made.iter().for_each(read);
            }
        }
    }
}

/// Numbers in range make a table, unless rounding hides a training step.
fn is_made_or_hidden<T: Scalar>(
    made: &Result<ScheduleTable<T, 3>, ScheduleError<T>>,
    is_in_range: bool,
) {
    let quantity = match made {
        Ok(_) => None,
        Err(ScheduleError::Value { quantity, .. }) => Some(*quantity),
        Err(error) => panic!("{error:?}"),
    };
    match quantity {
        None | Some(Quantity::Exponent) => assert!(is_in_range),
        Some(_) => assert!(!is_in_range),
    }
}

fuzz_target!(|input: Input| {
    if input.is_double {
        check::<f64>(&input);
    } else {
        check::<f32>(&input);
    }
});
