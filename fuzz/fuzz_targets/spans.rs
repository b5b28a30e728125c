//! The coefficients of any run of inner steps: that runs compose, and that each is the integral which defines it,
//! evaluated by quadrature in f64 with no term that cancels.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use poisson_midpoint::State;
use poisson_midpoint::dynamics::{CellOf, Dynamics, Span};
use poisson_midpoint_fuzz::dynamics::{Choice, Kind, Parameters, Visit};
use poisson_midpoint_fuzz::numbers::{Scalar, integer_between, log_between};
use poisson_midpoint_fuzz::quadrature::integral;

#[derive(Arbitrary, Debug)]
struct Input {
    dynamics: Choice,
    is_double: bool,
    inner_steps: Count,
    cuts: [u32; 3],
    /// Of the friction, far beyond what the choice gives.
    friction: Option<u16>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Count {
    Few(u8),
    Any(u32),
}

/// A span in f64, by parts (position, velocity): A, B and the covariance V as xx, xv, vv, and the part of xx that is the
/// position's own, xx − xv²/vv.
#[derive(Clone, Copy, Debug, Default)]
struct Coefficients {
    a: [[f64; 2]; 2],
    b: [f64; 2],
    v: [f64; 3],
    own: f64,
}

/// Those of the crate, through what a span does to cells.
fn found<T: Scalar, S: Dynamics<Real = T>>(dynamics: &S, from: u32, to: u32) -> Coefficients {
    type Of<S> = <S as Dynamics>::Span<<S as Dynamics>::Real>;
    let span = dynamics.span(from, to);
    let unit = |index| {
        let unit = |part, _| if part == index { T::ONE } else { T::ZERO };
        S::State::<1>::from_fn(unit).cell(0)
    };
    let (mut columns, mut noise) = ([[0.0; 2]; 2], [[0.0; 2]; 2]);
    for k in 0..<Of<S> as Span<T>>::NORMALS {
        columns[k] = wide::<S>(span.propagate(unit(k)));
        let mut drawn = 0;
        let cell = span.increment(|| {
            drawn += 1;
            if drawn == k + 1 { T::ONE } else { T::ZERO }
        });
        assert_eq!(drawn, <Of<S> as Span<T>>::NORMALS);
        noise[k] = wide::<S>(cell);
        let is_deviation = |part: &f64| *part >= 0.0 && part.is_finite();
        assert!(noise[k].iter().all(is_deviation), "{noise:?}");
    }
    let [[x0, v0], [x1, v1]] = noise;
    Coefficients {
        a: [
            [columns[0][0], columns[1][0]],
            [columns[0][1], columns[1][1]],
        ],
        b: wide::<S>(span.of_drift()),
        v: [x0 * x0 + x1 * x1, x0 * v0 + x1 * v1, v0 * v0 + v1 * v1],
        own: x1 * x1,
    }
}

/// What a cell holds, in f64.
fn wide<S: Dynamics<Real: Scalar>>(cell: CellOf<S, S::Real>) -> [f64; 2] {
    let mut wide = [0.0; 2];
    let state = S::State::<1>::from_cells(|_| cell);
    state.for_each(|part, _, value| wide[part] = value.wide());
    wide
}

/// Those of a time s: A = exp(Ms), B = ∫ exp(Mr) g dr and V = ∫ exp(Mr) ΓΓᵀ exp(Mr)ᵀ dr.
fn exact<T: Scalar>(parameters: &Parameters<T>, s: f64) -> Coefficients {
    let first_order = |rate: f64, drift: f64, variance: f64| Coefficients {
        a: [[(-rate * s).exp(), 0.0], [0.0; 2]],
        b: [integral(s, rate.abs(), |r| drift * (-rate * r).exp()), 0.0],
        v: [
            integral(s, rate.abs(), |r| variance * (-2.0 * rate * r).exp()),
            0.0,
            0.0,
        ],
        own: 0.0,
    };
    let (mobility, temperature) = (parameters.mobility.wide(), parameters.temperature.wide());
    let sigma = parameters.sigma.wide();
    match parameters.kind {
        Kind::Overdamped => first_order(0.0, mobility, 2.0 * mobility * temperature),
        Kind::AdditiveNoise => first_order(0.0, 1.0, sigma * sigma),
        Kind::Semilinear => first_order(parameters.rate.wide(), 1.0, sigma * sigma),
        Kind::Underdamped => {
            let (friction, mass) = (parameters.friction.wide(), parameters.mass.wide());
            let travel = |r: f64| -(-friction * r).exp_m1() / friction;
            let decay = |r: f64| (-friction * r).exp();
            let rate = 2.0 * friction * temperature / mass;
            let of = |f: &dyn Fn(f64) -> f64| integral(s, friction, |r| rate * f(r));
            let (xx, xv, vv) = (
                of(&|r| travel(r) * travel(r)),
                of(&|r| travel(r) * decay(r)),
                of(&|r| decay(r) * decay(r)),
            );
            // The least square of travel − slope·decay, so that an error of the slope is of second order.
            let slope = if vv > 0.0 { xv / vv } else { 0.0 };
            let own = of(&|r| (travel(r) - slope * decay(r)).powi(2));
            Coefficients {
                a: [[1.0, travel(s)], [0.0, decay(s)]],
                b: [integral(s, friction, travel) / mass, travel(s) / mass],
                v: [xx, xv, vv],
                own,
            }
        }
    }
}

/// Relative to the number itself; what is below the scalar's normal numbers has no digits to compare.
fn close<T: Scalar>(name: &str, found: f64, exact: f64, tolerance: f64) {
    let least = if T::EPSILON > 1e-10 {
        f64::from(f32::MIN_POSITIVE)
    } else {
        f64::MIN_POSITIVE
    };
    let error = (found - exact).abs();
    assert!(
        error <= tolerance * exact.abs() + least,
        "{name}: {found:e}, not {exact:e}: {:e}",
        error / exact
    );
}

fn close_to<T: Scalar>(found: &Coefficients, exact: &Coefficients, of_mean: f64, of_variance: f64) {
    for (name, found, exact) in [
        ("A", found.a[0], exact.a[0]),
        ("A of v", found.a[1], exact.a[1]),
        ("B", found.b, exact.b),
    ] {
        for (found, exact) in found.into_iter().zip(exact) {
            close::<T>(name, found, exact, of_mean);
        }
    }
    for (found, exact) in found.v.into_iter().zip(exact.v) {
        close::<T>("V", found, exact, of_variance);
    }
    close::<T>("own", found.own, exact.own, of_variance);
}

/// A matrix times a vector.
fn apply(matrix: &[[f64; 2]; 2], [x, v]: [f64; 2]) -> [f64; 2] {
    matrix.map(|[of_x, of_v]| of_x * x + of_v * v)
}

/// The run `first` and then the run `second`.
fn composed(first: &Coefficients, second: &Coefficients) -> Coefficients {
    let column = |k: usize| apply(&second.a, [first.a[0][k], first.a[1][k]]);
    let (one, two) = (column(0), column(1));
    let [xx, xv, vv] = first.v;
    let (of_x, of_v) = (apply(&second.a, [xx, xv]), apply(&second.a, [xv, vv]));
    // A V Aᵀ, V being symmetric.
    let top = apply(&second.a, [of_x[0], of_v[0]]);
    let bottom = apply(&second.a, [of_x[1], of_v[1]]);
    let b = apply(&second.a, first.b);
    Coefficients {
        a: [[one[0], two[0]], [one[1], two[1]]],
        b: [b[0] + second.b[0], b[1] + second.b[1]],
        v: [
            top[0] + second.v[0],
            top[1] + second.v[1],
            bottom[1] + second.v[2],
        ],
        own: 0.0,
    }
}

struct Check<'a, T> {
    input: &'a Input,
    parameters: Parameters<T>,
}

impl<T: Scalar> Visit<T> for Check<'_, T> {
    type Output = ();

    fn visit<S: Dynamics<Real = T>>(self, dynamics: S) {
        let Self { input, parameters } = self;
        let k = dynamics.inner_steps();
        let mut cuts = input.cuts.map(|cut| cut % k.checked_add(1).unwrap_or(k));
        cuts.sort_unstable();
        let [i, j, l] = cuts;
        let span = |from, to| found(&dynamics, from, to);
        let eta = parameters.step_size.wide();

        // Over the whole step, whose time is exact: the bounds that the documentation states, and for B a few roundings.
        // An exponential has its argument's rounding as many times as the argument is large.
        let rate = match parameters.kind {
            Kind::Underdamped => parameters.friction.wide(),
            Kind::Semilinear => 2.0 * parameters.rate.wide().abs(),
            Kind::Overdamped | Kind::AdditiveNoise => 0.0,
        };
        let unit = T::EPSILON * (1.0 + rate * eta);
        let documented = if T::EPSILON > 1e-10 { 1e-6 } else { 1.2e-14 };
        close_to::<T>(
            &span(0, k),
            &exact(&parameters, eta),
            10.0 * unit,
            documented,
        );
        // A time between has roundings of its own, which variances take to the third power.
        let time = eta * (f64::from(j - i) / f64::from(k));
        close_to::<T>(
            &span(i, j),
            &exact(&parameters, time),
            20.0 * unit,
            documented + 20.0 * unit,
        );

        let (mut whole, parts) = (span(i, l), composed(&span(i, j), &span(j, l)));
        whole.own = 0.0;
        close_to::<T>(&parts, &whole, 40.0 * unit, 80.0 * unit);

        let inner = i.min(k - 1);
        let (acting, after) = (span(inner, inner + 1), span(inner + 1, k));
        let kick = wide::<S>(dynamics.kick(inner));
        for (kick, expected) in kick.into_iter().zip(apply(&after.a, acting.b)) {
            close::<T>("kick", kick, expected, 40.0 * unit);
        }
    }
}

fn check<T: Scalar>(input: &Input) {
    let inner_steps = match input.inner_steps {
        Count::Few(count) => integer_between(count.into(), 1, 20),
        Count::Any(count) => count.max(1),
    };
    let mut parameters = input.dynamics.parameters::<T>(inner_steps, 1e-6, 5.0);
    if let Some(friction) = input.friction {
        // γη from 1e-8 to 50, of which the documentation speaks.
        let product = log_between(friction, 1e-8, 50.0);
        parameters.friction = T::of(product / parameters.step_size.wide());
    }
    parameters.visit(Check { input, parameters });
}

fuzz_target!(|input: Input| {
    if input.is_double {
        check::<f64>(&input);
    } else {
        check::<f32>(&input);
    }
});
