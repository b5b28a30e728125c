//! Batches against single particles stepped one after another: whole, cut anywhere, and on rayon's threads, with
//! particles that have failed or will, at word positions of their own.

#![no_main]

use std::ops::Range;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use poisson_midpoint::batch::{Cpu, Engine, Parallel, Particles, Run, Status};
use poisson_midpoint::dynamics::Dynamics;
use poisson_midpoint::nalgebra::SVector;
use poisson_midpoint::random::Streams;
use poisson_midpoint::target::Drift;
use poisson_midpoint::{EulerMaruyama, MidpointLaw, PoissonMidpoint, State, StepError, Stepper};
use poisson_midpoint_fuzz::dynamics::{Choice, Visit};
use poisson_midpoint_fuzz::numbers::{Numbers, Scalar, between, integer_between};
use poisson_midpoint_fuzz::state::slice_bits;

#[derive(Arbitrary, Debug)]
struct Input {
    dynamics: Choice,
    inner_steps: u16,
    method: Method,
    is_double: bool,
    is_wide: bool,
    count: u8,
    first: u64,
    seed: u64,
    states: u64,
    word_positions: WordPositions,
    /// Particles that have failed before the run.
    failed: u64,
    first_step: u32,
    steps: u8,
    /// Beyond which |x| the drift is not finite.
    wall: u16,
    cuts: [u8; 3],
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Method {
    EulerMaruyama,
    Bernoulli,
    Single,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum WordPositions {
    Same(u16),
    /// In groups of as many particles.
    Groups {
        size: u8,
        seed: u64,
    },
    NearTheEnd,
}

/// The slices of a batch.
#[derive(Clone)]
struct Memory<T> {
    state: Vec<T>,
    word_positions: Vec<u64>,
    status: Vec<Status>,
}

impl<T: Scalar> Memory<T> {
    fn particles<X: State<Real = T>>(&mut self, streams: Streams, first: u64) -> Particles<'_, X> {
        let Self {
            state,
            word_positions,
            status,
        } = self;
        Particles::new(streams, first, state, word_positions, status).unwrap()
    }

    fn assert_is(&self, other: &Self) {
        assert_eq!(self.word_positions, other.word_positions);
        assert_eq!(self.status, other.status);
        assert_eq!(slice_bits(&self.state), slice_bits(&other.state));
    }
}

struct Check<'a, const D: usize>(&'a Input);

impl<const D: usize> Check<'_, D> {
    fn memory<X: State>(&self, count: usize) -> Memory<X::Real>
    where
        X::Real: Scalar,
    {
        let input = self.0;
        let mut numbers = Numbers(input.states);
        let components = X::PARTS * X::DIMENSION * count;
        let state = (0..components)
            .map(|_| X::Real::of(numbers.symmetric(2.0)))
            .collect();
        let position = |index: usize| match input.word_positions {
            WordPositions::Same(position) => position.into(),
            WordPositions::Groups { size, seed } => {
                let group = index / usize::from(size.max(1));
                Numbers(seed ^ group as u64).word() >> 1
            }
            WordPositions::NearTheEnd => (1 << 63) - (index as u64 / 16) % 3,
        };
        let error = StepError::NonFiniteState { inner_step: 7 };
        let status = |index: usize| match input.failed >> (index % 64) & 1 {
            1 if index < 64 => Status::Failed { step: 3, error },
            _ => Status::Active,
        };
        Memory {
            state,
            word_positions: (0..count).map(position).collect(),
            status: (0..count).map(status).collect(),
        }
    }

    fn run<P, T>(&self, stepper: &P)
    where
        T: Scalar,
        P: Stepper<Dynamics: Dynamics<Real = T>>,
    {
        type Moved<P, const D: usize> = <<P as Stepper>::Dynamics as Dynamics>::State<D>;
        let input = self.0;
        // Several threads take part only in what is much; most inputs stay quick.
        let count = match input.count {
            u8::MAX => 300,
            count => usize::from(count % 24),
        };
        let steps = integer_between(input.steps.into(), 0, if count == 300 { 1 } else { 2 });
        let first_step = input.first_step.min(u32::MAX - steps);
        let steps = first_step..first_step + steps;
        let first = input.first.min(u64::MAX - count as u64);
        let streams = Streams::new(input.seed);
        let wall = T::of(between(input.wall, 0.5, 6.0));
        // Times may be as large as 2³² steps: only their parity is felt.
        let drift = move |time: T, x: &SVector<T, D>| {
            let push = T::of(time.wide() % 2.0);
            SVector::from_fn(|d, _| {
                let x = x[(d + 1) % D];
                let beyond = x > wall || -x > wall;
                if beyond {
                    T::of(f64::INFINITY)
                } else {
                    push - x
                }
            })
        };
        let before = self.memory::<Moved<P, D>>(count);

        let mut expected = before.clone();
        let mut cost = Run::default();
        for index in 0..count {
            cost.drift_calls += alone::<P, T, D>(
                stepper,
                &mut expected,
                index,
                (streams, first),
                drift,
                steps.clone(),
            );
        }
        let is_failed = |status: &&Status| **status != Status::Active;
        cost.failed = expected.status.iter().filter(is_failed).count();

        let mut whole = before.clone();
        let run = Cpu.run(
            stepper,
            &mut whole.particles::<Moved<P, D>>(streams, first),
            drift,
            steps.clone(),
        );
        assert_eq!(run, cost);
        whole.assert_is(&expected);

        let mut rows = before.clone();
        let mut particles = rows.particles::<Moved<P, D>>(streams, first);
        let run = Cpu.advance(stepper, &mut particles, &InRows(drift), steps.clone());
        assert_eq!(run.unwrap(), cost);
        drop(particles);
        rows.assert_is(&expected);

        if count == 300 || input.cuts[0] == 0 {
            let mut threads = before.clone();
            let mut particles = threads.particles::<Moved<P, D>>(streams, first);
            let run = Parallel.advance(stepper, &mut particles, &InRows(drift), steps.clone());
            assert_eq!(run.unwrap(), cost);
            drop(particles);
            threads.assert_is(&expected);
        }

        // Cut, the parts stepped from the last to the first, and the steps in two runs.
        let mut cut = before;
        let mut parts = Vec::new();
        let mut rest = cut.particles::<Moved<P, D>>(streams, first);
        for at in input.cuts {
            let (one, other) = rest.split_at(at.into());
            parts.push(one);
            rest = other;
        }
        parts.push(rest);
        assert_eq!(parts.iter().map(Particles::len).sum::<usize>(), count);
        let mut sum = Run::default();
        for part in parts.iter_mut().rev() {
            let middle = steps
                .start
                .saturating_add(u32::from(input.cuts[0]) % 5)
                .min(steps.end);
            let one = Cpu.run(stepper, part, drift, steps.start..middle);
            let other = Cpu.run(stepper, part, drift, middle..steps.end);
            sum.drift_calls += one.drift_calls + other.drift_calls;
            sum.failed += other.failed;
        }
        assert_eq!(sum, cost);
        drop(parts);
        cut.assert_is(&expected);
    }
}

/// A drift that is asked for several particles together, and at finite positions only.
struct InRows<F>(F);

impl<T, F, const D: usize> Drift<T, D> for InRows<F>
where
    T: Scalar,
    F: Fn(T, &SVector<T, D>) -> SVector<T, D>,
{
    fn is_vectorised(&self) -> bool {
        true
    }

    fn drift(&self, time: T, x: &SVector<T, D>) -> SVector<T, D> {
        self.0(time, x)
    }

    fn drifts<const L: usize>(&self, times: &[T; L], x: &[[T; L]; D]) -> [[T; L]; D] {
        assert!(x.iter().flatten().all(|x| x.is_finite()));
        let of_one = |l: usize| self.0(times[l], &SVector::from_fn(|d, _| x[d][l]));
        let drifts: [_; L] = std::array::from_fn(of_one);
        std::array::from_fn(|d| drifts.map(|drift: SVector<T, D>| drift[d]))
    }
}

/// Steps one particle of a batch alone, as the documentation of batches says; returns its drift evaluations.
fn alone<P, T, const D: usize>(
    stepper: &P,
    memory: &mut Memory<T>,
    index: usize,
    (streams, first): (Streams, u64),
    drift: impl Fn(T, &SVector<T, D>) -> SVector<T, D>,
    steps: Range<u32>,
) -> u64
where
    T: Scalar,
    P: Stepper<Dynamics: Dynamics<Real = T>>,
{
    let count = memory.status.len();
    if memory.status[index] != Status::Active {
        return 0;
    }
    let place = |part, d| (part * D + d) * count + index;
    let mut state =
        <P::Dynamics as Dynamics>::State::<D>::from_fn(|part, d| memory.state[place(part, d)]);
    let mut stream = streams
        .particle_at(first + index as u64, memory.word_positions[index])
        .unwrap();
    let mut calls = 0;
    for step in steps {
        let time = stepper.dynamics().step_size() * T::from_u32(step);
        match stepper.step(time, &mut state, &drift, &mut stream) {
            Ok(report) => {
                calls += u64::from(report.drift_calls);
                memory.word_positions[index] = stream.word_position();
            }
            Err(error) => {
                memory.status[index] = Status::Failed { step, error };
                break;
            }
        }
    }
    state.for_each(|part, d, value| memory.state[place(part, d)] = value);
    calls
}

impl<T: Scalar, const D: usize> Visit<T> for Check<'_, D> {
    type Output = ();

    fn visit<S: Dynamics<Real = T>>(self, dynamics: S) {
        match self.0.method {
            Method::EulerMaruyama => self.run(&EulerMaruyama::new(dynamics)),
            Method::Bernoulli => self.run(&PoissonMidpoint::new(dynamics, MidpointLaw::Bernoulli)),
            Method::Single => self.run(&PoissonMidpoint::new(dynamics, MidpointLaw::Single)),
        }
    }
}

fn check<T: Scalar>(input: &Input) {
    let inner_steps = integer_between(input.inner_steps, 1, 1000);
    let parameters = input.dynamics.parameters::<T>(inner_steps, 1e-2, 2.0);
    if input.is_wide {
        parameters.visit(Check::<3>(input));
    } else {
        parameters.visit(Check::<1>(input));
    }
}

fuzz_target!(|input: Input| {
    if input.is_double {
        check::<f64>(&input);
    } else {
        check::<f32>(&input);
    }
});
