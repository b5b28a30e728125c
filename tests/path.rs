//! A Brownian path is the same however it is cut, has the right law, and shows the strong order.

use nalgebra::{SVector, vector};
use poisson_midpoint::MidpointLaw::Single;
use poisson_midpoint::dynamics::{
    AdditiveNoise, Dynamics, Overdamped, PhaseSpan, ScalarSpan, Semilinear, Span, Underdamped,
};
use poisson_midpoint::noise::{BrownianPath, Noise};
use poisson_midpoint::random::{Stream, Streams};
use poisson_midpoint::{EulerMaruyama, Phase, PoissonMidpoint, Real, State, StepError, Stepper};

/// The state in one dimension.
type Of<S> = <S as Dynamics>::State<1>;

fn flat<X: State<Real = f64>>(state: &X) -> Vec<f64> {
    let mut parts = Vec::new();
    state.for_each(|_, _, value| parts.push(value));
    parts
}

/// Increments over adjoining ranges compose to the one over their union, in whatever order.
fn composes<S, const N: usize>(whole: S)
where
    S: Dynamics<Real = f64, Span<f64>: Span<f64, Cell = [f64; N]>>,
{
    let path = BrownianPath::new(whole, Stream::new(42, 3));
    let k = whole.inner_steps();
    let mut x = 12_345_u32;
    for _ in 0..300 {
        let mut cut = || {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (x >> 8) % (k + 1)
        };
        let mut cuts = [cut(), cut(), cut()];
        cuts.sort_unstable();
        let [i, j, l] = cuts;
        let part = |from, to| flat(&path.increment::<Of<S>>(from, to).unwrap());
        let before = part(i, j);
        let carried = whole.span(j, l).propagate(before.try_into().unwrap());
        let joined = carried.iter().zip(part(j, l)).map(|(a, b)| a + b);
        for (a, b) in joined.zip(part(i, l)) {
            assert!((a - b).abs() < 1e-12, "{cuts:?}: {a} {b}");
        }
    }
}

fn underdamped(inner_steps: u32) -> Underdamped<f64> {
    let dynamics = Underdamped::new(2.0, inner_steps, 1.5).unwrap();
    dynamics.with_temperature(0.7).unwrap()
}

#[test]
fn a_path_has_no_seams() {
    for k in [1, 2, 7, 64, 1000, 1 << 30] {
        composes(Overdamped::new(2.0, k).unwrap());
        composes(Semilinear::new(2.0, k, 1.5, 0.7).unwrap());
        composes(underdamped(k));
    }
}

/// Covariances of the increments over two adjoining ranges (the second does not see the first),
/// over 40,000 paths: six standard errors, 3·(3 + 10) comparisons, one false alarm in 10⁷.
fn has_the_law<S, const N: usize>(whole: S)
where
    S: Dynamics<Real = f64, Span<f64>: Span<f64, Cell = [f64; N]>>,
{
    const PATHS: u32 = 40_000;
    let [i, j, l] = [3, 20, 31];
    let mut rows = Vec::new();
    for p in 0..PATHS {
        let path = BrownianPath::new(whole, Stream::new(42, p.into()));
        let mut row = flat(&path.increment::<Of<S>>(i, j).unwrap());
        row.extend(flat(&path.increment::<Of<S>>(j, l).unwrap()));
        rows.push(row);
    }
    // Exact covariance, from the Cholesky factor of each span.
    let parts = rows[0].len() / 2;
    let covariance = |span: S::Span<f64>, a: usize, b: usize| {
        let columns = (0..S::Span::<f64>::NORMALS).map(|k| {
            let mut drawn = 0;
            span.increment(|| {
                drawn += 1;
                f64::from(u8::from(drawn == k + 1))
            })
        });
        columns.map(|column| column[a] * column[b]).sum::<f64>()
    };
    let n = f64::from(PATHS);
    for a in 0..2 * parts {
        for b in 0..=a {
            let exact = match (a < parts, b < parts) {
                (true, true) => covariance(whole.span(i, j), a, b),
                (false, false) => covariance(whole.span(j, l), a - parts, b - parts),
                _ => 0.0,
            };
            let products = || rows.iter().map(|row| row[a] * row[b]);
            let mean = products().sum::<f64>() / n;
            let variance = products().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            let score = (mean - exact) / (variance / n).sqrt();
            assert!(
                score.abs() < 6.0,
                "({a}, {b}): {mean} {exact}, score {score}"
            );
        }
    }
}

#[test]
fn increments_have_the_covariance_of_their_spans() {
    has_the_law(Overdamped::new(2.0, 37).unwrap());
    has_the_law(Semilinear::new(2.0, 37, 1.5, 0.7).unwrap());
    has_the_law(underdamped(37));
}

const FINEST: u32 = 1 << 12;

/// Root mean square distance at time 1 between steps of 1/n and of 1/FINEST along the same paths.
fn strong_error<S: Dynamics<Real = f64>>(
    whole: S,
    start: Of<S>,
    make: impl Fn(f64, u32) -> S,
    n: u32,
    midpoint: bool,
) -> f64 {
    let mut force = |_t: f64, x: &SVector<f64, 1>| x.map(|x| -x + (2.0 * x).sin());
    let mut sum = 0.0;
    const PATHS: u64 = 60;
    for p in 0..PATHS {
        let path = BrownianPath::new(whole, Streams::new(8).particle(p));
        let mut midpoints = Streams::new(9).particle(p);
        let mut run = |steps: u32, midpoint: bool| {
            let inner = FINEST / steps;
            let dynamics = make(1.0 / f64::from(steps), inner);
            let mut x = start;
            for step in 0..steps {
                let mut noise = path.noise(step * inner, inner, &mut midpoints).unwrap();
                let _ = if midpoint {
                    let stepper = PoissonMidpoint::new(dynamics, Single);
                    stepper.step(0.0, &mut x, &mut force, &mut noise).unwrap()
                } else {
                    let stepper = EulerMaruyama::new(dynamics);
                    stepper.step(0.0, &mut x, &mut force, &mut noise).unwrap()
                };
            }
            x
        };
        let (coarse, fine) = (flat(&run(n, midpoint)), flat(&run(FINEST, false)));
        let distances = coarse.iter().zip(&fine).map(|(a, b)| (a - b).powi(2));
        sum += distances.sum::<f64>();
    }
    (sum / PATHS as f64).sqrt()
}

/// Strong orders from steps of 1/16 to 1/64; 60 common paths leave them good to a tenth or so.
///
/// Given the path, a midpoint's correction is off by a mean-zero η(b(X̂) − mean of b): of order
/// η^(3/2) a step overdamped, as Euler–Maruyama's own error, so order 1 for both; of order η²
/// underdamped, where the position is smooth, so order 3/2 (Shen & Lee 2019) against 1.
#[test]
fn strong_orders_along_common_paths() {
    fn check<S: Dynamics<Real = f64>>(
        name: &str,
        start: Of<S>,
        make: impl Fn(f64, u32) -> S,
        midpoint_order: f64,
    ) {
        let whole = make(1.0, FINEST);
        let order = |midpoint| {
            let error = |n| strong_error(whole, start, &make, n, midpoint);
            (error(16) / error(64)).log2() / 2.0
        };
        let (euler, midpoint) = (order(false), order(true));
        println!("{name}: EM {euler:.2}, PMM {midpoint:.2}");
        assert!((euler - 1.0).abs() < 0.2, "{name}: {euler}");
        assert!(
            (midpoint - midpoint_order).abs() < 0.2,
            "{name}: {midpoint}"
        );
    }
    let overdamped = |step, inner| Overdamped::new(step, inner).unwrap();
    check("overdamped", vector![0.5], overdamped, 1.0);
    let underdamped = |step, inner| Underdamped::new(step, inner, 1.0).unwrap();
    check(
        "underdamped",
        Phase::at_rest(vector![0.5]),
        underdamped,
        1.5,
    );
}

/// The f32 path: the bridge of underdamped dynamics stays finite and near its f64 twin.
#[test]
fn the_underdamped_bridge_survives_f32() {
    fn ends<T: Real>() -> Vec<T> {
        let n = T::from_u32;
        let whole = Underdamped::new(n(1) / n(100), 1 << 20, n(1)).unwrap();
        let path = BrownianPath::new(whole, Stream::new(42, 0));
        let mut sizes = Vec::new();
        for from in [0_u32, 1, 1 << 10, (1 << 20) - 1] {
            let increment: Phase<T, 1> = path.increment(from, from + 1).unwrap();
            let span = whole.span(0, 1);
            sizes.push(increment.velocity[0] / span.velocity_noise);
            sizes.push(increment.position[0] / span.position_noise_own);
        }
        sizes
    }
    // In units of their standard deviation, one of them 2 for the position with its shared part.
    for size in ends::<f32>() {
        assert!(size.is_finite() && size.abs() < 12.0, "{size}");
    }
    for size in ends::<f64>() {
        assert!(size.abs() < 10.0, "{size}");
    }
}

/// Noise along a path for steps of one K is refused by steps of another, before any drift is evaluated.
#[test]
fn noise_for_steps_of_another_size_is_refused() {
    let path = BrownianPath::new(Overdamped::new(1.0, 100).unwrap(), Stream::new(42, 0));
    let mut words = Stream::new(43, 0);
    let mut x = vector![1.0];
    let unwanted = |_: f64, _: &SVector<f64, 1>| -> SVector<f64, 1> { panic!("asked for a drift") };
    for inner_steps in [1, 9, 11, 20] {
        let dynamics = Overdamped::new(0.2, inner_steps).unwrap();
        let mut noise = path.noise(90, 10, &mut words).unwrap();
        let refused = StepError::NoiseOfOtherSteps {
            inner_steps,
            needed: 10,
        };
        let euler = EulerMaruyama::new(dynamics);
        assert_eq!(euler.step(0.0, &mut x, unwanted, &mut noise), Err(refused));
        let midpoint = PoissonMidpoint::new(dynamics, Single);
        let step = midpoint.step(0.0, &mut x, |_, x| -x, &mut noise);
        assert_eq!(step, Err(refused));
        let mut step = midpoint.begin(0.0, &x, -x).unwrap();
        assert_eq!(step.next(&mut noise), Err(refused));
        assert_eq!(x, vector![1.0]);
    }
    let step = PoissonMidpoint::new(Overdamped::new(0.1, 10).unwrap(), Single);
    let mut noise = path.noise(90, 10, &mut words).unwrap();
    assert!(step.step(0.0, &mut x, |_, x| -x, &mut noise).is_ok());
}

/// Variances of inner steps far below what f32 holds: the bridge works in units of its own.
#[test]
fn the_finest_grid_has_increments() {
    let whole = Underdamped::new(1.6e-5_f32, u32::MAX, 3.9e-4).unwrap();
    for particle in 0..50 {
        let path = BrownianPath::new(whole, Stream::new(42, particle));
        for from in [0, 1, 12_345_678, u32::MAX / 2, u32::MAX - 3] {
            for length in [1, 2, 3] {
                let part: Phase<f32, 1> = path.increment(from, from + length).unwrap();
                let span: PhaseSpan<f32> = whole.span(from, from + length);
                let [of_position, of_velocity] = [
                    part.position.x / (span.position_noise_shared + span.position_noise_own),
                    part.velocity.x / span.velocity_noise,
                ];
                // Standard deviations: seven are reached once in 10¹¹.
                assert!(
                    of_position.abs() < 7.0 && of_velocity.abs() < 7.0,
                    "{part:?}"
                );
                assert!(of_position != 0.0 && of_velocity != 0.0, "{part:?}");
            }
        }
    }
}

#[test]
fn a_path_without_noise_stands_still() {
    let path = BrownianPath::new(
        AdditiveNoise::new(1.0, 64, 0.0).unwrap(),
        Stream::new(42, 0),
    );
    assert_eq!(path.increment(3, 20), Ok(vector![0.0]));
}

/// Asked for by hand, increments end where the noise does.
#[test]
fn increments_end_with_the_path() {
    let whole = Overdamped::new(1.0, 100).unwrap();
    let path = BrownianPath::new(whole, Stream::new(42, 0));
    let mut words = Stream::new(43, 0);
    let mut noise = path.noise(90, 10, &mut words).unwrap();
    let span: ScalarSpan<f64> = whole.span(0, 10);
    let mut part = |from, to| -> SVector<f64, 1> { noise.increment(from, to, &span) };
    let end: SVector<f64, 1> = path.increment(94, 100).unwrap();
    assert_eq!(part(4, 1000), end);
    assert_eq!(part(4, u32::MAX), part(4, 10));
    for nothing in [(10, 20), (1000, u32::MAX), (5, 5), (7, 3)] {
        assert_eq!(part(nothing.0, nothing.1), vector![0.0]);
    }
    let beyond = path.increment::<SVector<f64, 1>>(94, 101).unwrap_err();
    assert_eq!(
        beyond.to_string(),
        "inner steps 94..101 are not within 0..100"
    );
    for (start, inner_steps) in [(91, 10), (100, 1), (u32::MAX, 10)] {
        assert!(path.noise(start, inner_steps, &mut words).is_err());
    }
}

/// The words of a node, from the formula: nodes are numbered by where they split, and each has whole blocks of 16 words
/// for the two samples of its halves.
#[test]
fn a_node_reads_its_own_words() {
    fn check<const D: usize>(node: u64) {
        let whole = Overdamped::new(1.0_f64, 2).unwrap();
        let path = BrownianPath::new(whole, Stream::new(5, 6));
        let draw = |position: u64, deviation: f64| {
            let mut stream = Stream::new(5, 6);
            stream.seek(position).unwrap();
            [(); 2]
                .map(|()| SVector::<f64, D>::from_fn(|_, _| deviation * f64::normal(&mut stream)))
        };
        // Variances 2 of the whole and 1 of each half.
        let [total, _] = draw(0, 2_f64.sqrt());
        let [first, second] = draw(node, 1.0);
        let expected = first + (total - first - second) / 2.0;
        let found = path.increment::<SVector<f64, D>>(0, 1).unwrap();
        assert!((found - expected).amax() < 1e-14);
        let found = path.increment::<SVector<f64, D>>(0, 2).unwrap();
        assert!((found - total).amax() < 1e-14);
    }
    // Two samples of 8 normals of 2 words are 32 words; of 9 normals they are 36, so 48.
    check::<8>(32);
    check::<9>(48);
}
