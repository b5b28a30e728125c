//! Lists of training steps, and the search for a level, against a search of all training steps.

use core::cell::Cell;

use poisson_midpoint::diffusion::{
    Level, LinearRate, NoiseSchedule, Spacing, Steps, Timesteps, TimestepsError,
};

/// A schedule whose λ is −t exactly, so that there are ties. Counts the levels it is asked for.
#[derive(Debug)]
struct Exact {
    training_steps: u32,
    asked: Cell<u32>,
}

impl NoiseSchedule<f64> for Exact {
    fn training_steps(&self) -> u32 {
        self.training_steps
    }
    fn exponent(&self, step: u32) -> f64 {
        2.0 * f64::from(step)
    }
    fn level(&self, step: u32) -> Level<f64> {
        self.asked.set(self.asked.get() + 1);
        let (exponent, signal, noise) = (self.exponent(step), 0.0, 1.0);
        Level {
            exponent,
            signal,
            noise,
        }
    }
}

fn exact(training_steps: u32) -> Exact {
    let asked = Cell::new(0);
    Exact {
        training_steps,
        asked,
    }
}

/// Of all steps from `least` to `most`, the one at the least distance; of two such, the noisier.
fn nearest(least: u32, most: u32, distance: impl Fn(u32) -> f64) -> u32 {
    (least..=most)
        .rev()
        .min_by(|&one, &other| distance(one).total_cmp(&distance(other)))
        .unwrap()
}

#[test]
fn the_nearest_level_is_the_nearest_of_all() {
    let schedule = exact(40);
    for (least, most) in [(0, 40), (1, 40), (5, 12), (6, 12), (7, 8), (9, 9), (0, 0)] {
        for quarters in -8..=168_i32 {
            let target = -f64::from(quarters) / 4.0;
            let expected = nearest(least, most, |step| (target + f64::from(step)).abs());
            let found = schedule.nearest(target, least, most);
            assert_eq!(found, expected, "{target} in {least}..={most}");
        }
    }
}

#[test]
fn the_nearest_level_is_found_in_few_evaluations() {
    let schedule = exact(1 << 20);
    for target in [0, 1, 77_777, 1 << 19, (1 << 20) - 1, 1 << 20] {
        schedule.asked.set(0);
        let found = schedule.nearest(-f64::from(target), 1, 1 << 20);
        assert_eq!(found, target.max(1));
        assert!(schedule.asked.get() <= 40, "{}", schedule.asked.get());
    }
}

#[test]
fn lists_are_their_definitions() {
    let training_steps = 97;
    let schedule = LinearRate::new(training_steps, 0.1_f64, 20.0).unwrap();
    let (t, one) = (f64::from(training_steps), f64::from(1));
    for steps in 1..=5_u32 {
        let n = f64::from(steps);
        let list = |place: &dyn Fn(f64) -> u32| {
            let list: Vec<_> = (1..=steps).rev().map(|j| place(j.into())).collect();
            Timesteps::<5>::new(&[&list[..], &[0]].concat())
        };
        // Half a training step goes up, as a tie goes to the noisier.
        let round = |place: f64| nearest(0, training_steps, |step| (place - f64::from(step)).abs());
        let uniform = list(&|j| round(t * j / n));
        assert_eq!(Timesteps::uniform(steps, &schedule), uniform);
        let leading = list(&|j| round(one + (j - one) * (t / n).floor()));
        assert_eq!(Timesteps::leading(steps, &schedule), leading);
        let quadratic = list(&|j| round(t * j * j / (n * n)));
        assert_eq!(Timesteps::quadratic(steps, &schedule), quadratic);
        // With one step only: T and 0.
        let share = |j: f64| {
            if steps == 1 {
                one
            } else {
                (j - one) / (n - one)
            }
        };
        let linspace = list(&|j| round(one + (t - one) * share(j)));
        assert_eq!(Timesteps::linspace(steps, &schedule), linspace);
        let lambda = |step| schedule.level(step).half_log_snr();
        let log_snr = list(&|j| {
            let target = lambda(1) + (lambda(training_steps) - lambda(1)) * share(j);
            nearest(1, training_steps, |step| (lambda(step) - target).abs())
        });
        assert_eq!(Timesteps::log_snr(steps, &schedule), log_snr);
        for rho in [1, 7] {
            let root = |step| (-lambda(step)).exp().powf(1.0 / f64::from(rho));
            let karras = list(&|j| {
                let sigma = root(1) + (root(training_steps) - root(1)) * share(j);
                let target = -sigma.powi(rho).ln();
                nearest(1, training_steps, |step| (lambda(step) - target).abs())
            });
            let rho = rho.unsigned_abs();
            assert_eq!(Timesteps::karras(steps, rho, &schedule), karras);
        }
    }
}

/// j²/5 is next to 0, 1, 2, 3, 5, 7, …: where entries coincide, the later gives way.
#[test]
fn entries_are_moved_apart_by_as_little_as_will_do() {
    let schedule = LinearRate::new(20, 0.1_f64, 20.0).unwrap();
    let list = Timesteps::<10>::quadratic(10, &schedule);
    let expected = Timesteps::new(&[20, 16, 13, 10, 7, 5, 4, 3, 2, 1, 0]);
    assert_eq!(list, expected);
}

#[test]
fn no_root_is_the_zeroth() {
    let schedule = LinearRate::new(20, 0.1_f64, 20.0).unwrap();
    let error = Timesteps::<10>::karras(10, 0, &schedule).unwrap_err();
    assert_eq!(error, TimestepsError::Exponent);
    assert_eq!(error.to_string(), "rho 0 is not at least 1");
}

#[test]
fn a_last_step_is_halved_where_there_is_room() {
    fn halved(list: &[u32]) -> Result<Timesteps<3>, TimestepsError> {
        Timesteps::new(list)?.with_last_halved()
    }
    assert_eq!(halved(&[9, 2]), Timesteps::new(&[9, 5, 2]));
    assert_eq!(halved(&[9, 4, 2]), Timesteps::new(&[9, 4, 3, 2]));
    assert_eq!(halved(&[9, 1, 0]), Timesteps::new(&[9, 1, 0]));
    assert_eq!(halved(&[9, 3, 2]), Timesteps::new(&[9, 3, 2]));
    let (steps, most) = (4, 3);
    let error = TimestepsError::TooMany { steps, most };
    assert_eq!(halved(&[9, 5, 3, 0]), Err(error));
}

#[test]
fn a_slice_is_a_list_of_any_length() {
    let schedule = LinearRate::new(20, 0.1_f64, 20.0).unwrap();
    let spacings = [
        Spacing::Uniform,
        Spacing::Leading,
        Spacing::Linspace,
        Spacing::Quadratic,
        Spacing::LogSnr,
        Spacing::Karras { rho: 7 },
    ];
    for spacing in spacings {
        for steps in 1..=20_u32 {
            let list = &mut vec![99; steps as usize + 1];
            let timesteps = Timesteps::<20>::spaced(steps, spacing, &schedule).unwrap();
            let found = Steps::spaced(list, spacing, &schedule).unwrap();
            assert_eq!(found, timesteps.steps(), "{spacing:?}");
            assert_eq!(Steps::new(list), Ok(timesteps.steps()));
            assert_eq!(Timesteps::new(list), Ok(timesteps));
        }
        let (steps, most) = (21, 20);
        let too_many = TimestepsError::TooMany { steps, most };
        let mut longer = [0; 22];
        let found = Steps::spaced(&mut longer, spacing, &schedule);
        assert_eq!(found, Err(too_many));
        for length in [0, 1] {
            let too_few = TimestepsError::TooFew { length };
            let list = &mut vec![0; length];
            assert_eq!(Steps::new(list), Err(too_few));
            assert_eq!(Steps::spaced(list, spacing, &schedule), Err(too_few));
        }
    }
    let (index, step, before) = (2, 7, 7);
    let level = TimestepsError::NotDecreasing {
        index,
        step,
        before,
    };
    assert_eq!(Steps::new(&[9, 7, 7]), Err(level));
}
