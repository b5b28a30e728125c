//! Every split-phase body on the host, thread by thread, against the CPU engine, bit for bit.

use nalgebra::SVector;

use super::*;
use crate::batch::{Cpu, Particles, Status};
use crate::dynamics::state::State;
use crate::dynamics::{Overdamped, Underdamped};
use crate::kernel::split_phase::Shape;
use crate::kernel::{Column, FailureRecord, Method, SplitExtent, Strides};
use crate::method::Stepper;
use crate::random::MidpointLaw;
use crate::random::Streams;
use crate::real::Real;

#[path = "walled.rs"]
mod walled;

use walled::drift;

const SEED: u64 = 5;
const FIRST: u64 = u64::MAX - 1000;
/// Fewer where each takes an interpreter, Miri, some thousand times as long.
const STEPS: u32 = if cfg!(miri) { 1 } else { 4 };

/// What a device's memory holds.
struct Arrays<T> {
    state: Vec<T>,
    next: Vec<T>,
    b0: Vec<T>,
    drift: Vec<T>,
    noise: Vec<T>,
    correction: Vec<T>,
    query: Vec<T>,
    times: Vec<T>,
    word_positions: Vec<u64>,
    next_word_positions: Vec<u64>,
    codes: Vec<u32>,
    failures: Vec<FailureRecord>,
    keys: Vec<u64>,
    previous: Vec<u32>,
    current: Vec<u32>,
    list: Vec<u32>,
    asked: Vec<u32>,
    failed: Vec<u32>,
    extent: SplitExtent,
}

/// Component c of the particle at a place, at the beginning.
fn start<T: Real>(component: usize, place: usize) -> T {
    T::from_u32(((7 * component + place) % 37) as u32) / T::from_u32(12) - T::ONE
}

/// Positions and statuses at the beginning: one particle has failed already.
fn accounts(count: usize) -> (Vec<u64>, Vec<FailureRecord>) {
    let word_positions = (0..count as u64).map(|p| p % 20).collect();
    let mut failures = vec![FailureRecord::default(); count];
    if count > 2 {
        failures[2].code = 5;
    }
    (word_positions, failures)
}

impl<T: Real> Arrays<T> {
    fn new(parts: usize, dimension: usize, count: usize, strides: Strides) -> Self {
        let (vectors, states) = (dimension * count, parts * dimension * count);
        let (word_positions, failures) = accounts(count);
        let mut state = vec![T::ZERO; states];
        for component in 0..parts * dimension {
            for place in 0..count {
                let (part, d) = (component / dimension, component % dimension);
                state[strides.index(part, d, place)] = start(component, place);
            }
        }
        // What has not been written must not be read.
        let nan = T::ONE / T::ZERO * T::ZERO;
        Self {
            state,
            next: vec![nan; states],
            b0: vec![nan; vectors],
            drift: vec![nan; vectors],
            noise: vec![nan; states],
            correction: vec![nan; states],
            query: vec![nan; vectors],
            times: vec![nan; count],
            word_positions,
            next_word_positions: vec![u64::MAX; count],
            codes: failures.iter().map(|record| record.code).collect(),
            failures,
            keys: vec![SplitPhase::<T>::NONE; count],
            previous: vec![u32::MAX; count],
            current: vec![u32::MAX; count],
            list: vec![u32::MAX; count],
            asked: vec![0],
            failed: vec![u32::MAX],
            extent: SplitExtent {
                count,
                dimension,
                first: FIRST,
                strides,
                streams: Streams::new(SEED),
                step: 0,
                round: 0,
                list: 1,
            },
        }
    }

    /// Runs a kernel's body on a grid of so many threads.
    fn run<S>(&mut self, part: SplitPart, method: &Method<T>, threads: usize)
    where
        S: KernelDynamics<Real = T>,
    {
        fn column<T>(array: &mut [T]) -> Column<T> {
            // SAFETY: a column is used as long as the array is there, and nobody else uses it.
            unsafe { Column::new(array.as_mut_ptr(), array.len()) }
        }
        let split = SplitPhase {
            state: column(&mut self.state),
            next: column(&mut self.next),
            b0: column(&mut self.b0),
            drift: column(&mut self.drift),
            noise: column(&mut self.noise),
            correction: column(&mut self.correction),
            query: column(&mut self.query),
            times: column(&mut self.times),
            word_positions: column(&mut self.word_positions),
            next_word_positions: column(&mut self.next_word_positions),
            codes: column(&mut self.codes),
            failures: column(&mut self.failures),
            keys: column(&mut self.keys),
            previous: column(&mut self.previous),
            current: column(&mut self.current),
            list: column(&mut self.list),
            asked: column(&mut self.asked),
            failed: column(&mut self.failed),
            extent: self.extent,
        };
        // Backwards: the order of threads does not matter.
        for index in (0..threads).rev() {
            let count = threads;
            split_body::<S>(part, Thread { index, count }, &split, method);
        }
    }

    fn index(&self, d: usize, place: usize) -> usize {
        self.extent.strides.index(0, d, place)
    }

    /// The drift of one particle, as a network elsewhere would compute it.
    fn evaluate(
        &mut self,
        at_start: bool,
        place: usize,
        time: T,
        drift: &impl Fn(T, &[T], &mut [T]),
    ) {
        let from = if at_start { &self.state } else { &self.query };
        let dimensions = 0..self.extent.dimension;
        let x: Vec<T> = dimensions.map(|d| from[self.index(d, place)]).collect();
        let mut value = vec![T::ZERO; x.len()];
        drift(time, &x, &mut value);
        for (d, value) in value.into_iter().enumerate() {
            let index = self.index(d, place);
            let to = if at_start {
                &mut self.b0
            } else {
                &mut self.drift
            };
            to[index] = value;
        }
    }

    /// One macro step.
    fn step<S>(
        &mut self,
        is_midpoint: bool,
        dynamics: &S,
        method: &Method<T>,
        threads: usize,
        drift: &impl Fn(T, &[T], &mut [T]),
    ) where
        S: KernelDynamics<Real = T>,
    {
        let count = self.extent.count;
        let time = dynamics.step_size() * T::from_u32(self.extent.step);
        for place in 0..count {
            self.evaluate(true, place, time, drift);
        }
        let several = Shape::new::<S>(self.extent.dimension).tiles() > 1;
        if is_midpoint {
            self.extent.round = 0;
            loop {
                self.asked[0] = 0;
                if several {
                    self.run::<S>(SplitPart::Choose, method, threads);
                }
                let part = if self.extent.round == 0 {
                    SplitPart::Begin
                } else {
                    SplitPart::Midpoint
                };
                self.run::<S>(part, method, threads);
                let asked = self.asked[0] as usize;
                let mut list = self.list[..asked].to_vec();
                list.sort_unstable();
                let wanted = (0..count as u32).filter(|&p| self.current[p as usize] > 0);
                assert!(wanted.eq(list.iter().copied()));
                if asked == 0 {
                    break;
                }
                for place in list {
                    let time = self.times[place as usize];
                    self.evaluate(false, place as usize, time, drift);
                }
                std::mem::swap(&mut self.previous, &mut self.current);
                self.extent.round += 1;
            }
        } else {
            self.run::<S>(SplitPart::Update, method, threads);
        }
        self.run::<S>(SplitPart::Finish, method, threads);
        std::mem::swap(&mut self.state, &mut self.next);
        std::mem::swap(&mut self.word_positions, &mut self.next_word_positions);
        self.extent.step += 1;
    }
}

/// Compares the split-phase steps of a stepper with its steps by the CPU engine.
fn check<S, const D: usize>(
    stepper: &impl Stepper<Dynamics = S>,
    method: &Method<S::Real>,
    is_midpoint: bool,
    wall: u32,
) -> usize
where
    S: KernelDynamics,
{
    let parts = S::State::<D>::PARTS;
    let drift = drift(S::Real::from_u32(wall));
    let mut failed = 0;
    let counts: &[usize] = if cfg!(miri) { &[3] } else { &[0, 1, 7] };
    for &count in counts {
        let components = parts * D;
        let mut state: Vec<S::Real> = (0..components * count)
            .map(|i| start(i / count, i % count))
            .collect();
        let (mut word_positions, failures) = accounts(count);
        let mut status: Vec<Status> = failures.iter().map(FailureRecord::status).collect();
        let mut particles = Particles::<S::State<D>>::new(
            Streams::new(SEED),
            FIRST,
            &mut state,
            &mut word_positions,
            &mut status,
        )
        .unwrap();
        let in_vectors = |time: S::Real, x: &SVector<S::Real, D>| {
            let mut value = SVector::<S::Real, D>::from_element(S::Real::ZERO);
            drift(time, x.as_slice(), value.as_mut_slice());
            value
        };
        failed += Cpu
            .run(stepper, &mut particles, in_vectors, 0..STEPS)
            .failed;
        drop(particles);
        for (strides, threads) in [
            (Strides::columns(D, count), 1),
            (Strides::columns(D, count), 64),
            (Strides::rows(D, count), 5),
        ] {
            let mut arrays = Arrays::new(parts, D, count, strides);
            for _ in 0..STEPS {
                let dynamics = stepper.dynamics();
                arrays.step::<S>(is_midpoint, dynamics, method, threads, &drift);
            }
            let what = format!("D = {D}, {count} particles, {strides:?}, {threads} threads");
            for (component, row) in state.chunks(count.max(1)).enumerate() {
                for (place, expected) in row.iter().enumerate() {
                    let found = arrays.state[strides.index(component / D, component % D, place)];
                    assert!(found == *expected, "{what}: {found} {expected}");
                }
            }
            assert_eq!(arrays.word_positions, word_positions, "{what}");
            let found = arrays.failures.iter().map(FailureRecord::status);
            assert!(found.eq(status.iter().copied()), "{what}");
            let codes = arrays.failures.iter().map(|record| record.code);
            assert!(codes.eq(arrays.codes.iter().copied()), "{what}");
        }
    }
    failed
}

/// Dynamics with K inner steps, from a function of K.
fn check_dynamics<S, const D: usize>(dynamics: impl Fn(u32) -> S, wall: u32) -> usize
where
    S: KernelDynamics,
{
    let euler = EulerMaruyama::new(dynamics(1));
    let mut failed = check::<_, D>(&euler, &Method::from(&euler), false, wall);
    for law in [MidpointLaw::Bernoulli, MidpointLaw::Single] {
        let all: &[u32] = if cfg!(miri) { &[2] } else { &[1, 2, 9] };
        for &inner_steps in all {
            let stepper = PoissonMidpoint::new(dynamics(inner_steps), law);
            failed += check::<_, D>(&stepper, &Method::from(&stepper), true, wall);
        }
    }
    failed
}

fn check_dimension<const D: usize>(wall: u32) -> usize {
    check_dynamics::<_, D>(|k| Overdamped::new(0.25_f32, k).unwrap(), wall)
        + check_dynamics::<_, D>(|k| Overdamped::new(0.25_f64, k).unwrap(), wall)
        + check_dynamics::<_, D>(|k| Underdamped::new(0.25_f32, k, 2.0).unwrap(), wall)
        + check_dynamics::<_, D>(|k| Underdamped::new(0.25_f64, k, 2.0).unwrap(), wall)
}

/// Runs of dynamics: Euler–Maruyama, and two laws with three K each; each run has one particle that
/// had failed before.
const ALREADY_FAILED: usize = 4 * 7;

#[test]
fn split_steps_have_the_bits_of_the_cpu_engine() {
    if cfg!(miri) {
        // Every way to reach memory.
        let failed = check_dynamics::<_, 17>(|k| Overdamped::new(0.25_f32, k).unwrap(), 1000)
            + check_dynamics::<_, 17>(|k| Underdamped::new(0.25_f32, k, 2.0).unwrap(), 1000);
        assert_eq!(failed, 2 * 3);
        return;
    }
    // Dimensions of one tile, of several, and with segments that end amid a block.
    for failed in [
        check_dimension::<1>(1000),
        check_dimension::<2>(1000),
        check_dimension::<17>(1000),
        check_dimension::<40>(1000),
    ] {
        assert_eq!(failed, ALREADY_FAILED);
    }
}

#[test]
fn failures_are_those_of_the_cpu_engine() {
    // Failures at the start and, on the way, at midpoints too.
    for failed in [check_dimension::<1>(1), check_dimension::<40>(2)] {
        assert!(failed > ALREADY_FAILED, "{failed}");
    }
}
