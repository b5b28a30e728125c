//! The body of a fused kernel on the host, thread by thread in any grid, against the CPU engine; every array is as long as
//! it must be and no longer, so that the address sanitizer sees what reaches beyond.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use poisson_midpoint::batch::{Cpu, Particles, Status};
use poisson_midpoint::dynamics::{Overdamped, Underdamped};
use poisson_midpoint::kernel::{
    Extent, FailureRecord, KernelDynamics, KernelStepper, Launch, Thread, fused_body,
};
use poisson_midpoint::nalgebra::SVector;
use poisson_midpoint::random::Streams;
use poisson_midpoint::target::{DoubleWell, Drift};
use poisson_midpoint::{EulerMaruyama, MidpointLaw, PoissonMidpoint, State, StepError};
use poisson_midpoint_fuzz::numbers::{Numbers, Scalar, between, integer_between};
use poisson_midpoint_fuzz::state::slice_bits;

#[derive(Arbitrary, Debug)]
struct Input {
    is_underdamped: bool,
    is_double: bool,
    method: Kind,
    step_size: u16,
    inner_steps: u16,
    steepness: u16,
    count: u8,
    threads: u8,
    first: u64,
    seed: u64,
    states: u64,
    word_positions: u64,
    failed: u32,
    first_step: u32,
    steps: u8,
    table_length: Option<u8>,
    entries: Option<u16>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Kind {
    EulerMaruyama,
    Bernoulli,
    Single,
}

/// Scalars aligned as those of a table of coefficients are.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
struct Four<T>([T; 4]);

/// The first entries of a stepper's table of coefficients, at most so many, and how many there are. At least one scalar,
/// since a kernel's pointer is not null.
fn coefficients<T, S, P>(stepper: &P, most: Option<u16>) -> (Vec<Four<T>>, usize)
where
    T: Scalar,
    S: KernelDynamics<Real = T>,
    P: KernelStepper<Dynamics = S>,
{
    let (mut scalars, mut entries) = (Vec::new(), 0);
    stepper.write_entries(|entry| {
        if most.is_none_or(|most| entries < usize::from(most)) {
            entries += 1;
            scalars.extend(entry.as_chunks().0.iter().copied().map(Four));
        }
    });
    if entries == 0 {
        scalars.push(Four([T::TWO; 4]));
    }
    (scalars, entries)
}

fn run<T, S, P, const D: usize>(input: &Input, stepper: &P)
where
    T: Scalar,
    S: KernelDynamics<Real = T>,
    P: KernelStepper<Dynamics = S>,
{
    let (count, streams) = (usize::from(input.count % 24), Streams::new(input.seed));
    let (first, steps) = (
        input.first.min(u64::MAX - 24),
        integer_between(input.steps.into(), 0, 2),
    );
    let first_step = input.first_step.min(u32::MAX - steps);
    // So steep at the steepest that steps fail.
    let steepness = T::of(between(input.steepness, 0.0, 40.0).exp());
    let drift = DoubleWell {
        steepness,
        cap: T::TWO,
    };
    let table = [drift.steepness, drift.cap];
    let table = &table[..input
        .table_length
        .map_or(2, |length| usize::from(length % 3))];

    let mut numbers = Numbers(input.states);
    let rows = S::State::<D>::PARTS * D;
    let state: Vec<T> = (0..rows * count)
        .map(|_| T::of(numbers.symmetric(2.0)))
        .collect();
    let word = |index| input.word_positions.wrapping_mul(index as u64 & 1) >> 1;
    let word_positions: Vec<u64> = (0..count).map(word).collect();
    let earlier = FailureRecord::new(9, StepError::Unfinished);
    let record = |index: usize| {
        if input.failed >> index & 1 == 1 {
            earlier
        } else {
            FailureRecord::default()
        }
    };
    let records: Vec<FailureRecord> = (0..count).map(record).collect();

    let (mut expected_state, mut expected_positions) = (state.clone(), word_positions.clone());
    let mut status: Vec<Status> = records.iter().map(FailureRecord::status).collect();
    let mut calls = 0;
    if table.len() == 2 {
        let (state, positions) = (&mut expected_state, &mut expected_positions);
        let mut particles: Particles<'_, S::State<D>> =
            Particles::new(streams, first, state, positions, &mut status).unwrap();
        let of_cpu = |time, x: &SVector<T, D>| drift.drift(time, x);
        calls = Cpu
            .run(
                stepper,
                &mut particles,
                of_cpu,
                first_step..first_step + steps,
            )
            .drift_calls;
    }

    let (mut state, mut word_positions, mut failures) = (state, word_positions, records);
    let mut codes: Vec<u32> = failures.iter().map(|record| record.code).collect();
    let mut drift_calls = vec![u64::MAX - 1; count];
    let (scalars, entries) = coefficients(stepper, input.entries.map(|most| most % 1024));
    let launch = Launch {
        state: state.as_mut_ptr(),
        word_positions: word_positions.as_mut_ptr(),
        codes: codes.as_mut_ptr(),
        failures: failures.as_mut_ptr(),
        drift_calls: drift_calls.as_mut_ptr(),
        extent: Extent {
            count,
            first,
            streams,
            table_length: table.len(),
            entries,
            first_step,
            steps,
        },
    };
    let method = stepper.method();
    let threads = usize::from(input.threads % 40) + 1;
    // On a device threads take turns as they please.
    for index in (0..threads).rev() {
        let thread = Thread {
            index,
            count: threads,
        };
        // SAFETY: the pointers are those of arrays of the lengths told, which nobody else uses, the last one of the
        // stepper's own coefficients.
        unsafe {
            fused_body::<P, DoubleWell<T>, D>(
                thread,
                &launch,
                &method,
                table.as_ptr(),
                scalars.as_ptr().cast(),
            );
        }
    }
    assert_eq!(slice_bits(&state), slice_bits(&expected_state));
    assert_eq!(word_positions, expected_positions);
    let found: Vec<Status> = failures.iter().map(FailureRecord::status).collect();
    assert_eq!(found, status);
    assert!(failures.iter().map(|record| record.code).eq(codes));
    // Sums of drift evaluations wrap.
    let sum: u64 = drift_calls.iter().map(|calls| calls.wrapping_add(2)).sum();
    assert_eq!(sum, calls);
}

fn with_method<T, S, const D: usize>(input: &Input, dynamics: S)
where
    T: Scalar,
    S: KernelDynamics<Real = T>,
    EulerMaruyama<S>: KernelStepper<Dynamics = S>,
    PoissonMidpoint<S>: KernelStepper<Dynamics = S>,
{
    let midpoint = |law| PoissonMidpoint::new(dynamics, law);
    match input.method {
        Kind::EulerMaruyama => run::<T, S, _, D>(input, &EulerMaruyama::new(dynamics)),
        Kind::Bernoulli => run::<T, S, _, D>(input, &midpoint(MidpointLaw::Bernoulli)),
        Kind::Single => run::<T, S, _, D>(input, &midpoint(MidpointLaw::Single)),
    }
}

fn with_dynamics<T: Scalar>(input: &Input)
where
    Overdamped<T>: KernelDynamics<Real = T>,
    Underdamped<T>: KernelDynamics<Real = T>,
{
    let step_size = T::of(between(input.step_size, 0.01, 1.0));
    let inner_steps = integer_between(input.inner_steps, 1, 1000);
    if input.is_underdamped {
        with_method::<T, _, 1>(
            input,
            Underdamped::new(step_size, inner_steps, T::TWO).unwrap(),
        );
    } else {
        with_method::<T, _, 2>(input, Overdamped::new(step_size, inner_steps).unwrap());
    }
}

fuzz_target!(|input: Input| {
    if input.is_double {
        with_dynamics::<f64>(&input);
    } else {
        with_dynamics::<f32>(&input);
    }
});
