//! One macro step in closed form against the paper's K inner steps, path by path: both see the same noise and the
//! same midpoints.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use poisson_midpoint::dynamics::Dynamics;
use poisson_midpoint::noise::Injected;
use poisson_midpoint::{EulerMaruyama, MidpointLaw, PoissonMidpoint, State, Step, Stepper};
use poisson_midpoint_fuzz::drift::{STEEPNESS, of_vector, smooth};
use poisson_midpoint_fuzz::dynamics::{Choice, Parameters, Visit};
use poisson_midpoint_fuzz::naive::{Cell, InnerStep, macro_step};
use poisson_midpoint_fuzz::numbers::{Numbers, Scalar, between, integer_between, log_between};

const D: usize = 2;

#[derive(Arbitrary, Debug)]
struct Input {
    dynamics: Choice,
    inner_steps: u16,
    is_double: bool,
    is_single: bool,
    /// Which inner steps are midpoints.
    chosen: u64,
    time: u16,
    start: [u16; 2 * D],
    noise: u64,
    noise_scale: u16,
}

struct Compare<'a, T> {
    input: &'a Input,
    parameters: Parameters<T>,
}

impl<T: Scalar> Visit<T> for Compare<'_, T> {
    type Output = ();

    fn visit<S: Dynamics<Real = T>>(self, dynamics: S) {
        let Self { input, parameters } = self;
        let k = dynamics.inner_steps();
        let first = 1 + (input.chosen % u64::from(k.max(2) - 1)) as u32;
        let is_chosen = |i: u32| match input.is_single {
            true => i == first && i < k,
            false => input.chosen >> i & 1 == 1,
        };
        // All scalars of the type under test, so that both sides start from the same numbers.
        let mut numbers = Numbers(input.noise);
        let size = log_between(input.noise_scale, 1e-6, 1.0);
        let mut fine = [[[0.0; 2]; D]; 64];
        let fine = &mut fine[..k as usize];
        for value in fine.as_flattened_mut().as_flattened_mut() {
            *value = T::of(numbers.symmetric(size)).wide();
        }
        let parts = S::State::<D>::PARTS;
        let start: [Cell; D] = std::array::from_fn(|d| {
            std::array::from_fn(|part| {
                let value = between(input.start[part * D + d], -3.0, 3.0);
                if part < parts {
                    T::of(value).wide()
                } else {
                    0.0
                }
            })
        });
        let time = T::of(between(input.time, -1.0, 1.0)).wide();

        let inner = InnerStep::new(&parameters);
        let step_size = parameters.step_size.wide();
        let weight = if input.is_single { k - 1 } else { k };
        let (mut calls, mut steepest) = (0, 0.0_f64);
        let expected = macro_step(&inner, start, fine, is_chosen, weight.into(), |i, x| {
            calls += 1;
            let b = smooth(time + step_size * f64::from(i) / f64::from(k), x);
            steepest = b.iter().fold(steepest, |most, b| most.max(b.abs()));
            b
        });

        let state = |cells: &[Cell; D]| S::State::<D>::from_fn(|part, d| T::of(cells[d][part]));
        let compose = |from: u32, to: u32| {
            let mut sum = [[0.0; 2]; D];
            for noise in &fine[from as usize..to as usize] {
                for d in 0..D {
                    sum[d] = inner.step(sum[d], 0.0, noise[d]);
                }
            }
            state(&sum)
        };
        let midpoint = |previous: Option<u32>| {
            (previous.map_or(1, |previous| previous + 1)..k).find(|&i| is_chosen(i))
        };
        let law = match input.is_single {
            true => MidpointLaw::Single,
            false => MidpointLaw::Bernoulli,
        };
        let stepper = PoissonMidpoint::new(dynamics, law);
        let mut found = state(&start);
        let mut noise = Injected::new(midpoint, compose);
        let report = stepper.step(T::of(time), &mut found, of_vector::<T, D>, &mut noise);
        assert_eq!(report, Ok(Step { drift_calls: calls }));

        // A few roundings of the largest number in each inner step, grown by what A and a correction, steep in X̂, make
        // of them.
        let growth = (-parameters.rate.wide() * step_size).exp().max(1.0);
        let reach = step_size
            * parameters
                .mobility
                .wide()
                .max(1.0 / parameters.mass.wide())
                .max(1.0);
        let amplified = growth * (1.0 + f64::from(calls) * reach * STEEPNESS);
        let scale = expected.scale.max(steepest * reach * f64::from(calls));
        let tolerance = 4.0 * T::EPSILON * scale * f64::from(k + 8) * amplified;
        found.for_each(|part, d, value| {
            let (value, expected) = (value.wide(), expected.state[d][part]);
            assert!(
                (value - expected).abs() <= tolerance,
                "part {part} of {d}: {value:e}, not {expected:e}, within {tolerance:e}"
            );
        });

        // Without a midpoint it is a step of Euler–Maruyama.
        if calls == 1 {
            let mut other = state(&start);
            let mut noise = Injected::new(midpoint, compose);
            let euler_maruyama = EulerMaruyama::new(dynamics);
            let report =
                euler_maruyama.step(T::of(time), &mut other, of_vector::<T, D>, &mut noise);
            assert_eq!((report, other), (Ok(Step { drift_calls: 1 }), found));
        }
    }
}

fuzz_target!(|input: Input| {
    let inner_steps = integer_between(input.inner_steps, 1, 50);
    let (input, shortest, longest) = (&input, 1e-4, 1.0);
    if input.is_double {
        let parameters = input
            .dynamics
            .parameters::<f64>(inner_steps, shortest, longest);
        parameters.visit(Compare { input, parameters });
    } else {
        let parameters = input
            .dynamics
            .parameters::<f32>(inner_steps, shortest, longest);
        parameters.visit(Compare { input, parameters });
    }
});
