//! The statistics of a run against sums written out in `f64`, and against processes whose answers are known.

use nalgebra::{SVector, vector};
use poisson_midpoint::Real;
use poisson_midpoint::random::Stream;
use poisson_midpoint::statistics::{
    Chain, Covariance, Moments, NonFinite, effective_sample_size, split_r_hat,
};

fn normals(seed: u64, count: usize) -> Vec<f64> {
    let mut stream = Stream::new(seed, 0);
    (0..count).map(|_| f64::normal(&mut stream)).collect()
}

/// Mean and unbiased variance, in two passes.
fn two_passes(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    (mean, squares / (n - 1.0))
}

fn moments_of<T: Real>(values: impl IntoIterator<Item = T>) -> Moments<T> {
    let mut moments = Moments::new();
    for value in values {
        moments.push(value).unwrap();
    }
    moments
}

#[test]
fn moments_are_those_of_two_passes() {
    for offset in [0.0, 1000.0, -1e6] {
        let values: Vec<f64> = normals(1, 1000).iter().map(|x| x + offset).collect();
        let (mean, variance) = two_passes(&values);
        let moments = moments_of(values.iter().copied());
        assert_eq!(moments.count(), 1000);
        assert!((moments.mean().unwrap() - mean).abs() < 1e-14 * (1.0 + offset.abs()));
        assert!((moments.variance().unwrap() / variance - 1.0).abs() < 1e-9);
        let error = (variance / 1000.0).sqrt();
        assert!((moments.standard_error().unwrap() / error - 1.0).abs() < 1e-9);
        // Merged, whatever the cut, they are the same up to rounding.
        for cut in [0, 1, 333, 1000] {
            let (first, second) = values.split_at(cut);
            let mut merged = moments_of(first.iter().copied());
            merged.merge(&moments_of(second.iter().copied()));
            assert_eq!(merged.count(), 1000);
            assert!((merged.mean().unwrap() - mean).abs() < 1e-14 * (1.0 + offset.abs()));
            assert!((merged.variance().unwrap() / variance - 1.0).abs() < 1e-9);
        }
    }
}

/// A single `f32` stands still at 2²⁴ ones added; here the error stays that of a few roundings.
#[test]
fn in_f32_sums_do_not_stand_still() {
    // Of 2²⁵ values, the first half −1 and 1, the second 7 and 9: mean 4, variance 17.
    let half = 1_u32 << 24;
    let mut moments = Moments::new();
    for (n, centre) in [(half, 0.0_f32), (half, 8.0)] {
        for i in 0..n {
            moments
                .push(if i % 2 == 0 {
                    centre - 1.0
                } else {
                    centre + 1.0
                })
                .unwrap();
        }
    }
    assert!((moments.mean().unwrap() - 4.0).abs() < 4e-6);
    assert!((moments.variance().unwrap() - 17.0).abs() < 2e-5);
}

#[test]
fn few_values_have_no_variance() {
    let mut moments = Moments::<f32>::new();
    assert_eq!(
        (moments.mean(), moments.variance(), moments.standard_error()),
        (None, None, None)
    );
    moments.merge(&Moments::new());
    assert_eq!(moments, Moments::new());
    // Nothing merged with one value, however large, is that value, either way round.
    let far = moments_of([1e30_f32]);
    moments.merge(&far);
    assert_eq!(moments, far);
    moments.merge(&Moments::new());
    assert_eq!(moments, far);
    moments = Moments::new();
    moments.push(3.0).unwrap();
    assert_eq!((moments.mean(), moments.variance()), (Some(3.0), None));
    moments.push(3.0).unwrap();
    assert_eq!(moments.variance(), Some(0.0));
}

#[test]
fn what_is_not_finite_changes_nothing() {
    let mut moments = moments_of([1.0_f32, 2.0]);
    let mut covariance = Covariance::new();
    covariance.push(&vector![1.0_f32, 2.0]).unwrap();
    let mut chain = Chain::<f32, 4>::new();
    chain.push(1.0).unwrap();
    let before = (moments, covariance, chain);
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30] {
        let same = |error: NonFinite<f32>| error.value.to_bits() == bad.to_bits();
        assert!(same(moments.push(bad).unwrap_err()));
        assert!(same(covariance.push(&vector![0.0, bad]).unwrap_err()));
        if bad != 1e30 {
            assert!(same(chain.push(bad).unwrap_err()));
        }
        assert_eq!((moments, covariance, chain), before);
    }
    // The first vector is its own mean, if it has one.
    let mut first = Covariance::new();
    for bad in [f32::NAN, f32::INFINITY] {
        assert!(first.push(&vector![bad]).is_err());
        assert_eq!(first, Covariance::new());
    }
    first.push(&vector![1e30_f32]).unwrap();
    let mut merged = Covariance::new();
    merged.merge(&first);
    assert_eq!(merged, first);
    merged.merge(&Covariance::new());
    assert_eq!(merged, first);
    assert_eq!(first.covariance(), None);
    let message = NonFinite { value: 1e30_f32 }.to_string();
    assert_eq!(
        message,
        "1e30 is not in (-inf, inf), or the sum of squared distances from the mean is not"
    );
    // Each mean is finite, but their squared distance is not.
    moments.merge(&moments_of([1e30, 1e30]));
    assert_eq!((moments.count(), moments.variance()), (4, None));
    let mut far = Covariance::new();
    far.push(&vector![1e18_f32, 0.0]).unwrap();
    covariance.merge(&far);
    assert!(covariance.covariance().is_some());
    // A batch of one value has no distance from its mean; the chain has one.
    chain.push(1e30).unwrap();
    assert_eq!(
        (chain.moments().count(), chain.moments().variance()),
        (2, None)
    );
}

#[test]
fn covariance_is_that_of_two_passes() {
    let draws = normals(2, 3 * 500);
    let vectors: Vec<SVector<f64, 3>> = draws
        .chunks_exact(3)
        .map(|z| vector![100.0 + z[0], 2.0 * z[0] + z[1], z[2] - z[1]])
        .collect();
    let n = vectors.len() as f64;
    let mean = vectors.iter().sum::<SVector<f64, 3>>() / n;
    let products = vectors.iter().map(|x| (x - mean) * (x - mean).transpose());
    let expected = products.sum::<nalgebra::SMatrix<f64, 3, 3>>() / (n - 1.0);
    for cut in [0, 1, 200, 500] {
        let [mut first, mut second] = [Covariance::new(); 2];
        for (i, x) in vectors.iter().enumerate() {
            if i < cut { &mut first } else { &mut second }
                .push(x)
                .unwrap();
        }
        first.merge(&second);
        assert_eq!(first.count(), 500);
        let covariance = first.covariance().unwrap();
        assert!((first.mean().unwrap() - mean).amax() < 1e-13);
        assert!((covariance - expected).amax() < 1e-12);
        assert_eq!(covariance, covariance.transpose());
    }
    assert_eq!(Covariance::<f64, 3>::default().mean(), None);
    assert_eq!(Covariance::<f64, 3>::default().covariance(), None);
}

/// An autoregressive chain x′ = ρx + √(1−ρ²) z is worth N (1−ρ)/(1+ρ) independent values.
fn autoregressive(seed: u64, rho: f64, count: usize, shift: f64) -> Chain<f64, 64> {
    let mut chain = Chain::new();
    let mut x = 0.0;
    for z in normals(seed, count) {
        x = rho * x + (1.0 - rho * rho).sqrt() * z;
        chain.push(x + shift).unwrap();
    }
    chain
}

#[test]
fn effective_size_of_autoregressive_chains() {
    let count = 1 << 14;
    for rho in [-0.5, 0.0, 0.5, 0.9] {
        let chains: Vec<_> = (0..16)
            .map(|seed| autoregressive(seed, rho, count, 0.0))
            .collect();
        let size = effective_sample_size(&chains).unwrap();
        let expected = 16.0 * count as f64 * (1.0 - rho) / (1.0 + rho);
        // 16 × 32 batches at least: a standard deviation of √(2/511) = 0.063; of batches of 512 or more values the
        // bias, some 2ρ/(1 − ρ²)/512, is below 0.02. Five deviations: false alarms below 1e-6.
        assert!(
            (size / expected - 1.0).abs() < 0.33,
            "{rho}: {size} of {expected}"
        );
        assert!((split_r_hat(&chains).unwrap() - 1.0).abs() < 0.01);
    }
}

#[test]
fn chains_apart_are_told() {
    let chains: Vec<_> = (0..8)
        .map(|seed| autoregressive(seed, 0.5, 4096, if seed < 4 { 0.0 } else { 1.0 }))
        .collect();
    // Means at 0 and 1: the variance of the sixteen halves' means is 4/15 more than 0, that within is 1. A half of
    // 2048 values has a mean of deviation 0.04.
    let r_hat = split_r_hat(&chains).unwrap();
    assert!(
        (r_hat - (1.0_f64 + 4.0 / 15.0).sqrt()).abs() < 0.02,
        "{r_hat}"
    );
    assert!(effective_sample_size(&chains).unwrap() < 2000.0);
    // One chain that drifts is recognised from its halves alone.
    let mut drifting = Chain::<f64, 8>::new();
    for (i, z) in normals(3, 4096).into_iter().enumerate() {
        drifting.push(z + i as f64 / 1024.0).unwrap();
    }
    assert!(split_r_hat([&drifting]).unwrap() > 1.5);
}

/// R̂ and the effective size of nine values in batches of two, by hand.
#[test]
fn formulas_by_hand() {
    let mut chain = Chain::<f64, 4>::new();
    for value in [1.0, 3.0, 2.0, 4.0, 6.0, 8.0, 7.0] {
        chain.push(value).unwrap();
    }
    // Batches (1, 3), (2, 4), (6, 8); the last value waits. Halves (2, 4) and (6, 8): W = 2, S = 8.
    assert_eq!(split_r_hat([&chain]).unwrap(), (0.5_f64 + 8.0 / 2.0).sqrt());
    // Means 2, 3, 7: S = 7. Six values about 4: s² = (9 + 1 + 4 + 0 + 4 + 16)/5.
    let size = effective_sample_size([&chain]).unwrap();
    assert!((size - 6.0 / 2.0 * (34.0 / 5.0) / 7.0).abs() < 1e-14);
    assert_eq!(chain.moments().count(), 7);
    assert!((chain.moments().mean().unwrap() - 31.0 / 7.0).abs() < 1e-15);
}

#[test]
fn what_cannot_be_said_is_not() {
    let chain_of = |values: &[f32]| {
        let mut chain = Chain::<f32, 4>::default();
        for &value in values {
            chain.push(value).unwrap();
        }
        chain
    };
    let none: [Chain<f32, 4>; 0] = [];
    assert_eq!(
        (split_r_hat(&none), effective_sample_size(&none)),
        (None, None)
    );
    let few = [chain_of(&[1.0])];
    assert_eq!(
        (split_r_hat(&few), effective_sample_size(&few)),
        (None, None)
    );
    let constant = [chain_of(&[2.0; 8]), chain_of(&[2.0; 8])];
    assert_eq!(
        (split_r_hat(&constant), effective_sample_size(&constant)),
        (None, None)
    );
    let unequal = [
        chain_of(&[1.0, 2.0, 3.0, 5.0, 8.0]),
        chain_of(&[1.0, 2.0, 3.0, 5.0, 8.0, 2.0, 2.0, 2.0, 1.0]),
    ];
    assert_eq!(
        (split_r_hat(&unequal), effective_sample_size(&unequal)),
        (None, None)
    );
    assert!(split_r_hat(&unequal[1..]).is_some());
}

/// The parts are the whole state: values and merges after that have the bits that they would have had.
#[test]
fn moments_of_their_parts_are_the_same() {
    let mut moments = Moments::<f32>::new();
    for n in 0..1000_u16 {
        moments.push(1.0e3 + f32::from(n).sqrt()).unwrap();
    }
    let (count, parts) = moments.parts();
    assert!(count == 1000 && parts.iter().all(|&part| part != 0.0));
    let mut sent = Moments::from_parts(count, parts);
    assert_eq!(sent, moments);
    for moments in [&mut sent, &mut moments] {
        moments.push(7.5).unwrap();
        moments.merge(&Moments::from_parts(count, parts));
    }
    assert_eq!(sent, moments);
}
