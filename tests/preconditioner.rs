//! The preconditioner against nalgebra's factors, against dynamics of another mobility, and against an isotropic chain.

use nalgebra::{SMatrix, SVector, matrix, vector};
use poisson_midpoint::dynamics::{Overdamped, Underdamped};
use poisson_midpoint::noise::Injected;
use poisson_midpoint::random::Stream;
use poisson_midpoint::target::{
    DoubleWell, Drift, Gaussian, LogisticRegression, NotPositiveDefinite, Preconditioner,
    TableDrift,
};
use poisson_midpoint::{
    Baoa, EulerMaruyama, MidpointLaw, Phase, PoissonMidpoint, Real, State, Stepper,
};

const D: usize = 5;

fn normals<const N: usize>(seed: u64) -> [f64; N] {
    let mut stream = Stream::new(seed, 0);
    core::array::from_fn(|_| f64::normal(&mut stream))
}

fn covariance() -> SMatrix<f64, D, D> {
    let a = SMatrix::<f64, D, D>::from_iterator(normals::<{ D * D }>(1));
    a * a.transpose() + SMatrix::identity() * 0.1
}

/// L, column by column.
fn factor(map: &Preconditioner<f64, D>, centre: SVector<f64, D>) -> SMatrix<f64, D, D> {
    let columns: [_; D] = core::array::from_fn(|j| {
        let mut unit = SVector::zeros();
        unit[j] = 1.0;
        map.position(&unit) - centre
    });
    SMatrix::from_columns(&columns)
}

#[test]
fn factors_are_those_of_nalgebra() {
    let (covariance, centre) = (covariance(), SVector::from(normals(2)));
    let precision = covariance.try_inverse().unwrap();
    let lower = nalgebra::Cholesky::new(covariance).unwrap().l();
    let by_covariance = Preconditioner::from_covariance(centre, &covariance).unwrap();
    assert!((factor(&by_covariance, centre) - lower).amax() < 1e-13);
    let by_precision = Preconditioner::from_precision(centre, &precision).unwrap();
    let upper = factor(&by_precision, centre);
    assert!((upper * upper.transpose() - covariance).amax() < 1e-12);
    assert_eq!(
        upper.lower_triangle(),
        SMatrix::from_diagonal(&upper.diagonal())
    );
    for map in [by_covariance, by_precision] {
        let (y, force) = (SVector::from(normals(3)), SVector::from(normals::<D>(4)));
        let x = map.position(&y);
        assert!((map.coordinates(&x) - y).amax() < 1e-12);
        // Lᵀ f · y = f · L y.
        let difference = map.gradient(&force).dot(&y) - force.dot(&(x - centre));
        assert!(difference.abs() < 1e-12);
        let drift = map.drift(|time, x: &SVector<f64, D>| x * time);
        assert_eq!(drift.drift(3.0, &y), map.gradient(&(x * 3.0)));
    }
    // What is above the diagonal is not read.
    let mut lower = covariance;
    lower.fill_upper_triangle(f64::NAN, 1);
    assert_eq!(
        Preconditioner::from_covariance(centre, &lower),
        Ok(by_covariance)
    );
}

/// With L = 2 a step of y is one of x with four times the mobility: four times the step size, bit for bit.
#[test]
fn twice_as_wide_is_four_times_the_step() {
    let map = Preconditioner::from_covariance(vector![0.0, 0.0], &matrix![4.0, 0.0; 0.0, 4.0]);
    let map = map.unwrap();
    let target = DoubleWell {
        steepness: 1.0,
        cap: 2.0,
    };
    let preconditioned = map.drift(target);
    let drift = |time: f32, y: &SVector<f32, 2>| preconditioned.drift(time, y);
    fn both<S: Stepper<Dynamics = Overdamped<f32>>>(
        make: impl Fn(Overdamped<f32>) -> S,
        target: impl Fn(f32, &SVector<f32, 2>) -> SVector<f32, 2>,
        drift: impl Fn(f32, &SVector<f32, 2>) -> SVector<f32, 2>,
    ) -> [SVector<f32, 2>; 2] {
        let (of_x, of_y) = (
            make(Overdamped::new(0.125, 16).unwrap()),
            make(Overdamped::new(0.03125, 16).unwrap()),
        );
        let (mut x, mut y) = (vector![1.0, -0.5], vector![0.5, -0.25]);
        let mut streams = [Stream::new(5, 0), Stream::new(5, 0)];
        for _ in 0..100 {
            let [of, own] = &mut streams;
            let _ = of_x.step(0.0, &mut x, &target, of).unwrap();
            let _ = of_y.step(0.0, &mut y, &drift, own).unwrap();
        }
        [x, y * 2.0]
    }
    let plain = |time: f32, x: &SVector<f32, 2>| target.drift(time, x);
    let [x, y] = both(EulerMaruyama::new, plain, drift);
    assert_eq!(x, y);
    let [x, y] = both(
        |d| PoissonMidpoint::new(d, MidpointLaw::Single),
        plain,
        drift,
    );
    assert_eq!(x, y);
}

/// In y a Gaussian of condition number 1000 is a standard normal: the same steps as there up to rounding, for every
/// method.
#[test]
fn a_narrow_gaussian_is_an_isotropic_one() {
    let target = Gaussian {
        mean: vector![1.0, -3.0],
        precision: matrix![500.5, 499.5; 499.5, 500.5],
    };
    let maps = [
        Preconditioner::from_precision(target.mean, &target.precision),
        Preconditioner::from_covariance(target.mean, &target.precision.try_inverse().unwrap()),
    ];
    for map in maps {
        let map = map.unwrap();
        let preconditioned = map.drift(target);
        let narrow = |time: f64, y: &SVector<f64, 2>| preconditioned.drift(time, y);
        let isotropic = |_time: f64, y: &SVector<f64, 2>| -y;
        fn compare<S, X>(
            stepper: &S,
            start: X,
            narrow: impl Fn(f64, &X::Position) -> X::Position,
            isotropic: impl Fn(f64, &X::Position) -> X::Position,
        ) where
            S: Stepper<Dynamics: poisson_midpoint::dynamics::Dynamics<Real = f64>>,
            X: poisson_midpoint::dynamics::StateOf<S::Dynamics> + State<Position = SVector<f64, 2>>,
        {
            let (mut a, mut b) = (start, start);
            let mut streams = [Stream::new(6, 0), Stream::new(6, 0)];
            for _ in 0..1000 {
                let [of_a, of_b] = &mut streams;
                let one = stepper.step(0.0, &mut a, &narrow, of_a).unwrap();
                let other = stepper.step(0.0, &mut b, &isotropic, of_b).unwrap();
                // At the same cost.
                assert_eq!(one, other);
                assert!((a.position() - b.position()).amax() < 1e-11);
            }
        }
        let start = map.coordinates(&vector![1.5, -3.0]);
        let overdamped = Overdamped::new(0.5, 1 << 10).unwrap();
        compare(&EulerMaruyama::new(overdamped), start, &narrow, isotropic);
        let midpoint = PoissonMidpoint::new(overdamped, MidpointLaw::Single);
        compare(&midpoint, start, &narrow, isotropic);
        let underdamped = Underdamped::new(0.5, 1, 2.0).unwrap();
        let baoa = Baoa::new(underdamped).unwrap();
        compare(&baoa, Phase::at_rest(start), &narrow, isotropic);
    }
}

/// Mass-weighted coordinates, y = √m x: each coordinate moves as a particle of its mass, with the same noise, bit for
/// bit where √m is a power of 2.
#[test]
fn masses_are_a_change_of_scale() {
    const STEP: f32 = 0.125;
    let masses = vector![1.0_f32, 4.0, 0.0625];
    let scale = masses.map(|mass| 1.0 / mass.sqrt());
    let dynamics = Underdamped::new(STEP, 1, 1.5).unwrap();
    let force = |time: f32, x: f32| time - x * x * x;
    let weighted = Baoa::new(dynamics).unwrap();
    let mut y = Phase::at_rest(vector![1.0, -0.5, 2.0].component_div(&scale));
    let mut alone = [1.0, -0.5, 2.0].map(|x| Phase::at_rest(vector![x]));
    let mut stream = Stream::new(8, 0);
    for n in 0_u8..100 {
        let time = f32::from(n) * STEP;
        let noise = SVector::from_fn(|_, _| 0.25 * f32::normal(&mut stream));
        let drift = |time, y: &SVector<f32, 3>| {
            let x = y.component_mul(&scale);
            x.map(|x| force(time, x)).component_mul(&scale)
        };
        let increment = |w: SVector<f32, 3>| Phase {
            position: w * (STEP / 2.0),
            velocity: w,
        };
        let mut injected = Injected::new(|_| None, |_, _| increment(noise));
        let _ = weighted.step(time, &mut y, drift, &mut injected).unwrap();
        for (d, state) in alone.iter_mut().enumerate() {
            let own = increment(noise.component_mul(&scale));
            let own = Phase {
                position: vector![own.position[d]],
                velocity: vector![own.velocity[d]],
            };
            let stepper = Baoa::new(dynamics.with_mass(masses[d]).unwrap()).unwrap();
            let mut injected = Injected::new(|_| None, |_, _| own);
            let drift = |time, x: &SVector<f32, 1>| x.map(|x| force(time, x));
            let _ = stepper.step(time, state, drift, &mut injected).unwrap();
            assert_eq!(state.position[0], scale[d] * y.position[d]);
            assert_eq!(state.velocity[0], scale[d] * y.velocity[d]);
        }
    }
}

/// A preconditioned likelihood is asked for 16 particles at once, and has the bits of each alone.
#[test]
fn rows_of_particles_have_the_bits_of_each() {
    let table: Vec<f64> = [1.0].into_iter().chain(normals::<{ 7 * D }>(8)).collect();
    let likelihood = LogisticRegression::<f64, D>::from_table(&table).unwrap();
    let map = Preconditioner::from_covariance(SVector::from(normals(9)), &covariance()).unwrap();
    let drift = map.drift(likelihood);
    assert!(drift.is_vectorised());
    let positions: [[f64; 16]; D] = core::array::from_fn(|d| normals(10 + d as u64));
    let drifts = drift.drifts(&[0.0; 16], &positions);
    for lane in 0..16 {
        let y = SVector::from_fn(|d, _| positions[d][lane]);
        let alone = drift.drift(0.0, &y);
        let of_lane = drifts.map(|row| row[lane].to_bits());
        assert_eq!(of_lane, <[f64; D]>::from(alone).map(f64::to_bits));
        assert!(alone.amax() > 0.1);
    }
    assert!(
        !map.drift(|_time: f64, x: &SVector<f64, D>| -x)
            .is_vectorised()
    );
}

#[test]
fn what_is_no_covariance_is_refused() {
    let refused = |matrix: SMatrix<f32, 2, 2>| {
        let by_covariance = Preconditioner::from_covariance(vector![0.0, 0.0], &matrix);
        assert!(Preconditioner::from_precision(vector![0.0, 0.0], &matrix).is_err());
        let NotPositiveDefinite { row, pivot } = by_covariance.unwrap_err();
        (row, pivot)
    };
    assert_eq!(refused(matrix![0.0, 0.0; 0.0, 1.0]), (0, 0.0));
    assert_eq!(refused(matrix![-2.0, 0.0; 0.0, 1.0]), (0, -2.0));
    assert_eq!(
        refused(matrix![f32::INFINITY, 0.0; 0.0, 1.0]),
        (0, f32::INFINITY)
    );
    assert_eq!(refused(matrix![4.0, 2.0; 2.0, 1.0]), (1, 0.0));
    assert_eq!(refused(matrix![1.0, 0.0; f32::NAN, 1.0]).0, 1);
    let message = NotPositiveDefinite {
        row: 1,
        pivot: -3.0_f32,
    }
    .to_string();
    assert_eq!(
        message,
        "pivot -3e0 of row 1 is no normal number in (0, inf): the matrix is not positive definite"
    );
}
