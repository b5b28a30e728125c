//! Every kernel's body on the host, thread by thread, against each particle alone, bit for bit.

use nalgebra::SVector;

use super::*;
use crate::Stepper;
use crate::batch::{Particles, Status};
use crate::dynamics::state::State;
use crate::dynamics::{Dynamics, Overdamped, Underdamped};
use crate::kernel::{KernelDynamics, KernelStepper};
use crate::method::{Baoa, EulerMaruyama, PoissonMidpoint};
use crate::random::MidpointLaw;
use crate::target::{DoubleWell, Drift, GaussianMixture, GaussianTable, LogisticRegression};

#[path = "../list.rs"]
#[macro_use]
mod list;

#[path = "cases.rs"]
#[macro_use]
mod cases;

use cases::*;

/// What a kernel runs.
type Body<T> = unsafe fn(Thread, &Launch<T>, &Method<T>, *const T, *const T);

const SEED: u64 = 5;
const FIRST: u64 = u64::MAX - 1000;

/// What a device's memory holds.
struct Arrays<T> {
    state: Vec<T>,
    word_positions: Vec<u64>,
    codes: Vec<u32>,
    failures: Vec<FailureRecord>,
    drift_calls: Vec<u64>,
}

impl<T: Value> Arrays<T> {
    /// Particles spread about 0, at word positions of their own, one of them failed already.
    fn new(rows: usize, count: usize) -> Self {
        let place = |i: usize| T::from_u32((i % 37) as u32) / T::from_u32(12) - T::ONE;
        let mut codes = vec![0; count];
        let mut failures = vec![FailureRecord::default(); count];
        if count > 2 {
            codes[2] = 5;
            failures[2].code = 5;
        }
        Self {
            state: (0..rows * count).map(place).collect(),
            word_positions: (0..count as u64).map(|p| p % 20).collect(),
            codes,
            failures,
            drift_calls: vec![1; count],
        }
    }

    fn launch(&mut self, table: &[T], entries: usize, steps: u32) -> Launch<T> {
        Launch {
            extent: Extent {
                count: self.word_positions.len(),
                first: FIRST,
                streams: Streams::new(SEED),
                table_length: table.len(),
                entries,
                first_step: 3,
                steps,
            },
            state: self.state.as_mut_ptr(),
            word_positions: self.word_positions.as_mut_ptr(),
            codes: self.codes.as_mut_ptr(),
            failures: self.failures.as_mut_ptr(),
            drift_calls: self.drift_calls.as_mut_ptr(),
        }
    }

    fn statuses(&self) -> Vec<Status> {
        self.failures.iter().map(FailureRecord::status).collect()
    }
}

/// Scalars aligned as a table's entries are.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
struct Four<T>([T; 4]);

/// A table of coefficients, and its number of entries.
struct Coefficients<T> {
    scalars: Vec<Four<T>>,
    entries: usize,
}

impl<T: Value> Coefficients<T> {
    fn none() -> Self {
        Self {
            scalars: vec![Four([T::ZERO; 4])],
            entries: 0,
        }
    }

    fn of<S: KernelDynamics<Real = T>>(stepper: &impl KernelStepper<Dynamics = S>) -> Self {
        let mut all = Self::none();
        stepper.write_entries(|entry| {
            all.entries += 1;
            let (fours, rest) = entry.as_chunks();
            assert_eq!(rest.len(), 0);
            all.scalars.extend(fours.iter().copied().map(Four));
        });
        all.scalars.remove(0);
        all
    }

    fn pointer(&self) -> *const T {
        self.scalars.as_ptr().cast()
    }
}

/// What the CPU engine makes of the same particles.
struct Expected<T> {
    state: Vec<T>,
    word_positions: Vec<u64>,
    status: Vec<Status>,
    drift_calls: u64,
}

impl<T: Value> Expected<T> {
    fn new<S, F, const D: usize>(
        stepper: &impl Stepper<Dynamics = S>,
        drift: &F,
        count: usize,
        steps: u32,
    ) -> Self
    where
        S: Dynamics<Real = T>,
        F: Drift<T, D>,
    {
        let mut arrays = Arrays::<T>::new(S::State::<D>::PARTS * D, count);
        let mut status = arrays.statuses();
        let mut particles = Particles::<S::State<D>>::new(
            Streams::new(SEED),
            FIRST,
            &mut arrays.state,
            &mut arrays.word_positions,
            &mut status,
        )
        .unwrap();
        let mut drift = |time, x: &SVector<T, D>| drift.drift(time, x);
        let steps = 3..3 + steps;
        let each = (0..count).map(|p| particles.run_one(stepper, p, &mut drift, steps.clone()));
        let drift_calls = each.sum();
        drop(particles);
        Self {
            state: arrays.state,
            word_positions: arrays.word_positions,
            status,
            drift_calls,
        }
    }

    fn compare(&self, found: &Arrays<T>, what: &str) {
        let bits = |state: &[T]| state.iter().map(|x| x.bits()).collect::<Vec<_>>();
        assert_eq!(bits(&found.state), bits(&self.state), "{what}");
        assert_eq!(found.word_positions, self.word_positions, "{what}");
        assert_eq!(found.statuses(), self.status, "{what}");
        let calls: u64 = found.drift_calls.iter().map(|calls| calls - 1).sum();
        assert_eq!(calls, self.drift_calls, "{what}");
        let codes = found.failures.iter().map(|record| record.code);
        assert!(codes.eq(found.codes.iter().copied()), "{what}");
    }
}

/// Runs a body on grids of several sizes over several numbers of particles.
fn check<S, F, const D: usize>(
    name: &str,
    body: Body<S::Real>,
    stepper: &impl KernelStepper<Dynamics = S>,
    drift: &F,
    table: &[S::Real],
) where
    S: KernelDynamics<Real: Value>,
    F: Drift<S::Real, D>,
{
    const STEPS: u32 = 6;
    let method = stepper.method();
    let coefficients = Coefficients::of(stepper);
    // A table may be short, and there may be none: threads calculate what it has not.
    let shares = [1, 2, 0].map(|share| coefficients.entries.checked_div(share).unwrap_or(0));
    for count in [0, 1, 5, 33] {
        let expected = Expected::new::<S, F, D>(stepper, drift, count, STEPS);
        for (threads, entries) in [1, 4, 32, 64].into_iter().zip(shares.into_iter().cycle()) {
            let mut found = Arrays::<S::Real>::new(S::State::<D>::PARTS * D, count);
            let launch = found.launch(table, entries, STEPS);
            for index in 0..threads {
                let thread = Thread {
                    index,
                    count: threads,
                };
                // SAFETY: the pointers are those of `found` and of the tables, which nobody else uses, and the table of
                // coefficients is the stepper's.
                unsafe {
                    body(
                        thread,
                        &launch,
                        &method,
                        table.as_ptr(),
                        coefficients.pointer(),
                    );
                }
            }
            expected.compare(&found, name);
        }
    }
}

macro_rules! check_body {
    ($dimension:literal, $name:expr, ($stepper_type:ty, $drift_type:ty), $stepper:expr, $drift:expr, $table:expr,) => {
        check::<_, _, $dimension>(
            $name,
            fused_body::<$stepper_type, $drift_type, $dimension>,
            $stepper,
            $drift,
            $table,
        )
    };
}

macro_rules! check_kernel {
    ($($kernel:tt)*) => {
        with_kernel! { $($kernel)*, check_body }
    };
}

macro_rules! check_module {
    ($name:literal, $real:ident, $dimension:literal) => {
        each_kernel! { check_kernel, $real, $dimension }
    };
}

#[test]
fn every_body_has_the_bits_of_the_cpu_engine() {
    each_module! { check_module }
}

/// A drift that is not finite beyond a place that some particles reach.
#[derive(Clone, Copy)]
struct Cliff<T>(T);

impl<T: Real> Drift<T, 1> for Cliff<T> {
    fn drift(&self, _time: T, position: &SVector<T, 1>) -> SVector<T, 1> {
        position.map(|x| if x > self.0 { T::ONE / T::ZERO } else { T::ONE })
    }
}

impl<'a, T: Real> TableDrift<'a, T, 1> for Cliff<T> {
    fn from_table(table: &'a [T]) -> Result<Self, crate::target::TableError> {
        table
            .first()
            .copied()
            .map(Self)
            .ok_or(crate::target::TableError {
                length: 0,
                fixed: 1,
                row: 0,
            })
    }
}

#[test]
fn a_failed_particle_keeps_its_last_good_state() {
    let table = [1.5_f32];
    let drift = Cliff(1.5);
    for law in [MidpointLaw::Bernoulli, MidpointLaw::Single] {
        let stepper = PoissonMidpoint::new(overdamped::<f32>(7), law);
        let body = fused_body::<PoissonMidpoint<Overdamped<f32>>, Cliff<f32>, 1>;
        check::<_, _, 1>("cliff", body, &stepper, &drift, &table);
    }
    let stepper = EulerMaruyama::new(underdamped::<f32>(1));
    let body = fused_body::<EulerMaruyama<Underdamped<f32>>, Cliff<f32>, 1>;
    check::<_, _, 1>("cliff", body, &stepper, &drift, &table);
    // The case does occur: some of these particles fail.
    let mut arrays = Arrays::<f32>::new(2, 33);
    let launch = arrays.launch(&table, 0, 6);
    let thread = Thread { index: 0, count: 1 };
    let (method, none) = (Method::from(&stepper), Coefficients::none());
    // SAFETY: the pointers are those of `arrays` and the tables, which nobody else uses.
    unsafe { body(thread, &launch, &method, table.as_ptr(), none.pointer()) };
    let failed = arrays.codes.iter().filter(|code| **code == 1).count();
    assert!(failed > 3, "{failed}");
    assert!(arrays.state.iter().all(|x| x.is_finite()));
}

#[test]
fn a_table_or_method_that_does_not_fit_moves_nothing() {
    let stepper = EulerMaruyama::new(overdamped::<f32>(1));
    let thread = Thread { index: 0, count: 1 };
    let mut arrays = Arrays::<f32>::new(3, 4);
    let before = arrays.state.clone();
    let table = [1.0; 11];
    let launch = arrays.launch(&table, 0, 6);
    let body = fused_body::<EulerMaruyama<Overdamped<f32>>, GaussianTable<'_, f32, 3>, 3>;
    let (method, none) = (Method::from(&stepper), Coefficients::none());
    // SAFETY: the pointers are those of `arrays` and the tables, which nobody else uses.
    unsafe { body(thread, &launch, &method, table.as_ptr(), none.pointer()) };
    assert_eq!((&arrays.state, &arrays.drift_calls), (&before, &vec![1; 4]));
}

#[test]
fn beyond_the_particles_there_is_nothing() {
    let mut arrays = Arrays::<f32>::new(3, 4);
    let before = arrays.state.clone();
    let launch = arrays.launch(&[], 0, 6);
    // SAFETY: the pointers are those of `arrays`, which nobody else uses.
    let particles = unsafe { launch.particles(3) };
    for (component, place) in [(3, 0), (4096, 0), (0, 4), (2, 4), (usize::MAX, 1)] {
        particles.set_component(component, place, 1.0);
        assert_eq!(particles.component(component, place).to_bits(), 0);
    }
    particles.set_word_position(4, 1);
    particles.add_drift_calls(4, 1);
    particles.fail(4, FailureRecord::default());
    assert_eq!(particles.word_position(4), 0);
    assert_eq!(particles.component(2, 3).to_bits(), before[11].to_bits());
    assert_eq!((&arrays.state, &arrays.drift_calls), (&before, &vec![1; 4]));
}
