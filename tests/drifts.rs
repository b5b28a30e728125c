//! The built-in drifts are the gradients of their densities, written here anew.

use nalgebra::{SMatrix, SVector};
use poisson_midpoint::Real;
use poisson_midpoint::target::{
    DoubleWell, Drift, Gaussian, GaussianMixture, GaussianTable, LogisticRegression, TableDrift,
    TableError,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Compares a drift with central differences of a log density. Their error is below 1e-8 for
/// derivatives of order 1, and rounding adds 1e-9.
fn is_gradient<const D: usize>(
    drift: impl Drift<f64, D>,
    log_density: impl Fn(&SVector<f64, D>) -> f64,
    x: [f64; D],
) {
    let x = SVector::from(x);
    let found = drift.drift(0.0, &x);
    let h = 1e-5;
    for d in 0..D {
        let mut step = SVector::zeros();
        step[d] = h;
        let slope = (log_density(&(x + step)) - log_density(&(x - step))) / (2.0 * h);
        let allowed = 1e-7 * (1.0 + slope.abs());
        assert!(
            (found[d] - slope).abs() < allowed,
            "{d}: {} {slope}",
            found[d]
        );
    }
}

fn points<const D: usize>() -> impl Strategy<Value = [f64; D]> {
    proptest::array::uniform::<_, D>(-3.0..3.0_f64)
}

const GAUSSIAN: [f64; 12] = [
    0.5, -1.0, 2.0, // mean
    2.0, 0.5, 0.0, 0.5, 1.0, -0.25, 0.0, -0.25, 3.0, // precision
];

/// ln w + (D/2) ln p, p, mean.
const MIXTURE: [f64; 12] = [
    -1.2, 1.0, 0.0, 1.0, // component 1
    0.3, 4.0, -1.5, 0.5, // component 2
    -0.7, 0.25, 2.0, -2.0, // component 3
];

const LOGISTIC: [f64; 13] = [
    0.25, // prior precision
    1.0, 0.3, -1.2, // observations
    -1.0, 2.0, 0.4, //
    1.0, 1.5, 0.7, //
    1.0, -0.2, -3.0,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, rng_seed: RngSeed::Fixed(42), ..Default::default() })]

    #[test]
    fn gaussian(x in points::<3>()) {
        let (mean, precision) = GAUSSIAN.split_at(3);
        let mean = SVector::<f64, 3>::from_column_slice(mean);
        let precision = SMatrix::<f64, 3, 3>::from_column_slice(precision);
        let density = |x: &SVector<f64, 3>| -(x - mean).dot(&(precision * (x - mean))) / 2.0;
        let table = GaussianTable::from_table(&GAUSSIAN).unwrap();
        is_gradient(table, density, x);
        let gaussian = Gaussian { mean, precision };
        let x = SVector::from(x);
        prop_assert_eq!(table.drift(0.0, &x), gaussian.drift(0.0, &x));
    }

    #[test]
    fn mixture(x in points::<2>()) {
        let density = |x: &SVector<f64, 2>| {
            let component = |row: &[f64]| {
                let square = (x[0] - row[2]).powi(2) + (x[1] - row[3]).powi(2);
                (row[0] - row[1] * square / 2.0).exp()
            };
            MIXTURE.chunks(4).map(component).sum::<f64>().ln()
        };
        is_gradient(GaussianMixture::from_table(&MIXTURE).unwrap(), density, x);
    }

    #[test]
    fn double_well(x in points::<2>()) {
        let (steepness, cap) = (1.5, 1.25);
        let well = |x: f64| {
            // Beyond the cap a parabola with the value, slope and curvature at the cap.
            let inside = |x: f64| (x * x - 1.0).powi(2) / 4.0;
            let beyond = (x.abs() - cap).max(0.0);
            let (slope, curvature) = (cap.powi(3) - cap, 3.0 * cap * cap - 1.0);
            inside(x.abs().min(cap)) + beyond * slope + beyond * beyond * curvature / 2.0
        };
        let density = |x: &SVector<f64, 2>| -steepness * (well(x[0]) + well(x[1]));
        is_gradient(DoubleWell { steepness, cap }, density, x);
    }

    #[test]
    fn logistic(w in points::<3>()) {
        let density = |w: &SVector<f64, 3>| {
            let of_row = |z: &[f64]| {
                let margin: f64 = z.iter().zip(w).map(|(z, w)| z * w).sum();
                -(-margin).exp().ln_1p()
            };
            LOGISTIC[1..].chunks(3).map(of_row).sum::<f64>() - LOGISTIC[0] * w.norm_squared() / 2.0
        };
        is_gradient(LogisticRegression::from_table(&LOGISTIC).unwrap(), density, w);
    }
}

/// A drift of several particles together is that of each.
#[test]
fn drifts_together_are_those_of_each() {
    fn check<T: Real, const L: usize>(drift: &impl Drift<T, 3>, x: &[[T; L]; 3]) {
        let bits = |x: T| (x == x).then(|| x.to_bits());
        let together = drift.drifts(&[T::ONE; L], x);
        for l in 0..L {
            let alone = drift.drift(T::ONE, &SVector::from_fn(|d, _| x[d][l]));
            let lane = SVector::<T, 3>::from_fn(|d, _| together[d][l]);
            assert_eq!(lane.map(bits), alone.map(bits), "{l}: {x:?}");
        }
    }
    fn all<T: Real>(scalar: impl Fn(f64) -> T, scales: &[f64]) {
        let table = |table: &[f64]| table.iter().map(|&x| scalar(x)).collect::<Vec<T>>();
        let gaussian = table(&GAUSSIAN);
        let gaussian = GaussianTable::<T, 3>::from_table(&gaussian).unwrap();
        let steepness = T::TWO;
        let well = DoubleWell {
            steepness,
            cap: T::ONE,
        };
        for rows in [1, 4, 8, 9, 20] {
            let observations = LOGISTIC[1..].iter().cycle().take(3 * rows).enumerate();
            let observations = observations.map(|(i, z)| z * (1.0 + i as f64 / 8.0));
            let logistic = table(
                &[LOGISTIC[0]]
                    .into_iter()
                    .chain(observations)
                    .collect::<Vec<_>>(),
            );
            let logistic = LogisticRegression::<T, 3>::from_table(&logistic).unwrap();
            for &scale in scales {
                let x = |d, l| scalar(scale * ((7 * d + 3 * l) % 17) as f64 / 8.0 - scale);
                let sixteen = std::array::from_fn(|d| std::array::from_fn::<T, 16, _>(|l| x(d, l)));
                check(&gaussian, &sixteen);
                check(&well, &sixteen);
                check(&logistic, &sixteen);
                check(&logistic, &sixteen.map(|[a, b, c, ..]| [a, b, c]));
            }
        }
    }
    // Up to where exponentials overflow, which lanes handle in another way.
    let scales = [0.0, 1e-9, 1e-4, 0.1, 1.0, 3.0, 30.0, 300.0, 1e38];
    all(|x| x as f32, &scales);
    all(|x| x, &[&scales[..], &[f64::MAX, f64::INFINITY]].concat());
}

/// Without a cap, the slope beyond it is infinite, which the force must not meet.
#[test]
fn a_double_well_may_have_no_cap() {
    let force = |cap, x: f32| {
        let well = DoubleWell {
            steepness: 2.0,
            cap,
        };
        well.drift(0.0, &SVector::from([x])).x
    };
    for x in [0.0, -0.0, 0.5, -3.0, 1e12, -1e12] {
        assert_eq!(
            force(f32::INFINITY, x).to_bits(),
            (2.0 * (x - x * x * x)).to_bits()
        );
    }
    for cap in [1.0, f32::INFINITY] {
        assert!(force(cap, f32::NAN).is_nan());
    }
    assert_eq!(force(1.0, f32::INFINITY), -f32::INFINITY);
}

/// Of two components of one weight and precision p at ±1 the force is p (tanh px − x).
#[test]
fn a_mixture_has_any_dimension() {
    let mixture = GaussianMixture::<f64, 1>::from_table(&[0.0, 2.0, 1.0, 0.0, 2.0, -1.0]).unwrap();
    let found = mixture.drift(0.0, &SVector::from([0.4])).x;
    assert!((found - 2.0 * (0.8_f64.tanh() - 0.4)).abs() < 1e-14);
}

/// A drift is called for particles that did not ask only where that takes little time.
#[test]
fn the_drift_of_a_regression_is_that_of_many_particles() {
    let logistic = LogisticRegression::<f64, 3>::from_table(&LOGISTIC).unwrap();
    let (steepness, cap) = (1.0, 2.0);
    let well: &dyn Drift<f64, 3> = &DoubleWell { steepness, cap };
    assert!(logistic.is_vectorised() && !well.is_vectorised());
}

/// Drifts of several types may be kept together.
#[test]
fn a_drift_is_an_object() {
    let well = DoubleWell {
        steepness: 1.0,
        cap: 2.0,
    };
    let spring = |_time: f64, x: &SVector<f64, 1>| -x;
    let drifts: [&dyn Drift<f64, 1>; 2] = [&well, &spring];
    let at = drifts.map(|drift| drift.drift(0.0, &SVector::from([2.0])).x);
    assert_eq!(at, [-6.0, -2.0]);
}

/// Far from every component the exponentials are all 0, and at margins beyond the range of exp they are
/// infinite: the drifts are finite all the same.
#[test]
fn far_away_is_finite() {
    let mixture = GaussianMixture::from_table(&MIXTURE).unwrap();
    let far = mixture.drift(0.0, &SVector::from([1e6, -1e6]));
    // The widest component is all that is left.
    assert!((far[0] / (0.25 * (2.0 - 1e6)) - 1.0).abs() < 1e-12);
    let logistic = LogisticRegression::from_table(&LOGISTIC).unwrap();
    let far = logistic.drift(0.0, &SVector::from([1e5, 0.0, 0.0]));
    assert!((far[0] + 0.25 * 1e5 + 1.0).abs() < 1e-9, "{far}");
}

#[test]
fn tables_of_the_wrong_length_are_refused() {
    let table = [1.0_f32; 40];
    let error = |length, fixed, row| TableError { length, fixed, row };
    let said =
        [(5, 4, 0), (5, 4, 2)].map(|(length, fixed, row)| error(length, fixed, row).to_string());
    assert_eq!(said[0], "the table has length 5, not 4");
    assert_eq!(
        said[1],
        "the table has length 5, not 4 and a positive multiple of 2"
    );
    for length in 0..table.len() {
        let table = &table[..length];
        let gaussian = GaussianTable::<f32, 3>::from_table(table).err();
        assert_eq!(gaussian, (length != 12).then_some(error(length, 12, 0)));
        let fits = length > 0 && length.is_multiple_of(5);
        let mixture = GaussianMixture::<f32, 3>::from_table(table).err();
        assert_eq!(mixture, (!fits).then_some(error(length, 0, 5)));
        let fits = length > 1 && (length - 1).is_multiple_of(3);
        let logistic = LogisticRegression::<f32, 3>::from_table(table).err();
        assert_eq!(logistic, (!fits).then_some(error(length, 1, 3)));
        let well = <DoubleWell<f32> as TableDrift<'_, f32, 3>>::from_table(table).err();
        assert_eq!(well, (length != 2).then_some(error(length, 2, 0)));
    }
}
