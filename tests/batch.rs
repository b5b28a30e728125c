//! A particle's path depends on (seed, particle) alone.

use std::sync::atomic::{AtomicUsize, Ordering};

use nalgebra::SVector;
use poisson_midpoint::MidpointLaw::{Bernoulli, Single};
#[cfg(feature = "rayon")]
use poisson_midpoint::batch::Parallel;
use poisson_midpoint::batch::{BatchError, Cpu, Engine, Particles, Status};
use poisson_midpoint::dynamics::{Dynamics, Overdamped, Semilinear, Underdamped};
use poisson_midpoint::random::{Stream, Streams};
use poisson_midpoint::target::Drift;
use poisson_midpoint::{
    Baoa, EulerMaruyama, PoissonMidpoint, Quicsort, Real, State, StepError, Stepper, Ubu,
};

const D: usize = 3;
const SEED: u64 = 42;

fn force<T: Real>(time: T, x: &SVector<T, D>) -> SVector<T, D> {
    let sum = x.iter().fold(T::ZERO, |sum, &x| sum + x);
    SVector::from_fn(|d, _| (time - x[d]) / (T::ONE + x[d] * x[d]) - sum / T::from_u32(8))
}

/// A drift that is called in rows, at finite positions only, and counts the particles that it is called for alone.
struct InRows<F> {
    of_one: F,
    is_vectorised: bool,
    alone: AtomicUsize,
}

impl<F> InRows<F> {
    fn new(of_one: F) -> Self {
        Self {
            of_one,
            is_vectorised: true,
            alone: AtomicUsize::new(0),
        }
    }
}

impl<T, F> Drift<T, D> for InRows<F>
where
    T: Real,
    F: Fn(T, &SVector<T, D>) -> SVector<T, D>,
{
    fn is_vectorised(&self) -> bool {
        self.is_vectorised
    }

    fn drift(&self, time: T, x: &SVector<T, D>) -> SVector<T, D> {
        self.alone.fetch_add(1, Ordering::Relaxed);
        (self.of_one)(time, x)
    }

    fn drifts<const L: usize>(&self, times: &[T; L], x: &[[T; L]; D]) -> [[T; L]; D] {
        assert!(x.iter().flatten().all(|x| x.is_finite()));
        let of_one = |l: usize| (self.of_one)(times[l], &SVector::from_fn(|d, _| x[d][l]));
        let drifts: [_; L] = std::array::from_fn(of_one);
        std::array::from_fn(|d| drifts.map(|drift| drift[d]))
    }
}

/// A batch in memory of its own.
#[derive(Clone, Debug, PartialEq)]
struct Memory<T> {
    first: u64,
    state: Vec<T>,
    positions: Vec<u64>,
    status: Vec<Status>,
}

impl<T: Real> Memory<T> {
    /// Particles `first`..`first + count`, each at a start of its own.
    fn new<X: State<Real = T>>(first: u64, count: usize) -> Self {
        let component = |k: usize, p: usize| {
            T::from_u32((k + 7 * (p + first as usize)) as u32 % 11) / T::from_u32(4) - T::ONE
        };
        let state = (0..X::PARTS * D).flat_map(|k| (0..count).map(move |p| component(k, p)));
        Self {
            first,
            state: state.collect(),
            positions: vec![0; count],
            status: vec![Status::Active; count],
        }
    }

    fn particles<X: State<Real = T>>(&mut self) -> Particles<'_, X> {
        let Self {
            first,
            state,
            positions,
            status,
        } = self;
        Particles::new(Streams::new(SEED), *first, state, positions, status).unwrap()
    }

    fn run<S>(&mut self, stepper: &S, steps: std::ops::Range<u32>) -> u64
    where
        S: Stepper<Dynamics: Dynamics<Real = T>>,
    {
        let mut particles = self.particles::<<S::Dynamics as Dynamics>::State<D>>();
        let run = Cpu.run(stepper, &mut particles, force::<T>, steps);
        assert_eq!(run.failed, 0);
        run.drift_calls
    }

    /// Makes one particle that of another batch.
    fn put(&mut self, index: usize, other: &Self) {
        let count = self.positions.len();
        let components = self.state.iter_mut().zip(&other.state);
        for (to, from) in components.skip(index).step_by(count) {
            *to = *from;
        }
        self.positions[index] = other.positions[index];
        self.status[index] = other.status[index];
    }

    /// Components of one particle, and its word position.
    fn particle(&self, index: usize) -> (Vec<T>, u64) {
        let count = self.positions.len();
        let components = self
            .state
            .iter()
            .skip(index)
            .step_by(count)
            .copied()
            .collect();
        (components, self.positions[index])
    }
}

/// What the batch must equal: each particle stepped by itself.
fn one_by_one<S, T>(stepper: &S, first: u64, count: usize, steps: u32) -> Memory<T>
where
    T: Real,
    S: Stepper<Dynamics: Dynamics<Real = T>>,
{
    let mut memory = Memory::new::<<S::Dynamics as Dynamics>::State<D>>(first, count);
    for index in 0..count {
        let components = memory.particle(index).0;
        let mut state =
            <S::Dynamics as Dynamics>::State::<D>::from_fn(|k, d| components[k * D + d]);
        let mut stream = Stream::new(SEED, first + index as u64);
        for n in 0..steps {
            let time = stepper.dynamics().step_size() * T::from_u32(n);
            let mut drift = force::<T>;
            let _ = stepper
                .step(time, &mut state, &mut drift, &mut stream)
                .unwrap();
        }
        state.for_each(|k, d, value| memory.state[(k * D + d) * count + index] = value);
        memory.positions[index] = stream.word_position();
    }
    memory
}

/// Every property of one stepper.
fn check<S, T>(stepper: S)
where
    T: Real,
    S: Stepper<Dynamics: Dynamics<Real = T>>,
{
    type StateOf<S> = <<S as Stepper>::Dynamics as Dynamics>::State<D>;
    const STEPS: u32 = 25;
    // Sizes around the lanes of the engine, and none at all.
    for count in [0, 1, 15, 16, 17, 100] {
        let expected = one_by_one(&stepper, 5, count, STEPS);
        let mut batch = Memory::new::<StateOf<S>>(5, count);
        batch.run(&stepper, 0..STEPS);
        assert_eq!(batch, expected, "{count} particles");

        // Drifts in rows, whether they are worth it or not, and of lanes of which the first has no particle to ask for.
        for (is_vectorised, all_active) in [(true, true), (false, true), (true, false)] {
            let mut rows = Memory::new::<StateOf<S>>(5, count);
            let mut drift = InRows::new(force::<T>);
            drift.is_vectorised = is_vectorised;
            let mut expected = expected.clone();
            if let Some(first) = rows.status.first_mut().filter(|_| !all_active) {
                let error = StepError::NonFiniteState { inner_step: 0 };
                *first = Status::Failed { step: 0, error };
                expected.put(0, &rows);
            }
            let mut particles = rows.particles::<StateOf<S>>();
            assert_eq!(particles.is_empty(), count == 0);
            let run = Cpu.advance(&stepper, &mut particles, &drift, 0..STEPS);
            drop(particles);
            assert_eq!(rows, expected, "{count} particles, drifts in rows");
            let alone = drift.alone.into_inner() as u64;
            let most = if is_vectorised && count % 16 != 1 {
                8
            } else {
                1
            };
            assert!(alone <= run.unwrap().drift_calls / most);
        }

        // Cut in time: the slices are a checkpoint. The cuts fall within the streams' blocks.
        let mut cut = Memory::new::<StateOf<S>>(5, count);
        for steps in [0..1, 1..8, 8..8, 8..STEPS] {
            cut.run(&stepper, steps);
        }
        assert_eq!(cut, expected, "{count} particles in pieces of time");
    }
    // Cut in particles, the parts in memory of their own and run in another order.
    let whole = one_by_one(&stepper, 5, 100, STEPS);
    for (from, to) in [(63, 100), (0, 16), (16, 63)] {
        let mut part = Memory::new::<StateOf<S>>(5 + from, (to - from) as usize);
        part.run(&stepper, 0..STEPS);
        for index in from..to {
            let alone = part.particle((index - from) as usize);
            assert_eq!(alone, whole.particle(index as usize), "particle {index}");
        }
    }
    // Cut by split_at.
    let mut memory = Memory::new::<StateOf<S>>(5, 100);
    {
        let (mut before, mut after) = memory.particles::<StateOf<S>>().split_at(37);
        assert_eq!((before.len(), after.len()), (37, 63));
        let _ = Cpu.run(&stepper, &mut after, force::<T>, 0..STEPS);
        let _ = Cpu.run(&stepper, &mut before, force::<T>, 0..STEPS);
    }
    assert_eq!(memory, whole);

    #[cfg(feature = "rayon")]
    {
        let mut expected = Memory::new::<StateOf<S>>(0, 5000);
        let calls = expected.run(&stepper, 0..STEPS);
        let mut parallel = Memory::new::<StateOf<S>>(0, 5000);
        let run = Parallel.run(
            &stepper,
            &mut parallel.particles::<StateOf<S>>(),
            force::<T>,
            0..STEPS,
        );
        assert_eq!((run.drift_calls, run.failed), (calls, 0));
        assert_eq!(parallel, expected);
        let mut rows = Memory::new::<StateOf<S>>(0, 5000);
        let (stepper, drift) = (&stepper, InRows::new(force::<T>));
        let in_rows = Parallel.advance(
            stepper,
            &mut rows.particles::<StateOf<S>>(),
            &drift,
            0..STEPS,
        );
        assert_eq!(in_rows.unwrap(), run);
        assert_eq!(rows, expected);
    }
}

fn all_steppers<S, T>(dynamics: S)
where
    T: Real,
    S: Dynamics<Real = T>,
{
    check::<_, T>(EulerMaruyama::new(dynamics));
    check::<_, T>(PoissonMidpoint::new(dynamics, Bernoulli));
    check::<_, T>(PoissonMidpoint::new(dynamics, Single));
}

type Made<S, T> = Result<S, poisson_midpoint::ParameterError<T>>;

/// The dynamics with mass 2.
fn heavy<T: Real>(dynamics: Made<Underdamped<T>, T>) -> Underdamped<T> {
    dynamics.unwrap().with_mass(T::TWO).unwrap()
}

#[test]
fn a_batch_is_its_particles_one_by_one() {
    all_steppers(Overdamped::new(0.1_f32, 50).unwrap());
    all_steppers(Overdamped::new(0.1_f64, 50).unwrap());
    all_steppers(Semilinear::new(0.1_f32, 7, 1.5, 0.5).unwrap());
    all_steppers(heavy(Underdamped::new(0.1_f32, 1_000_000, 1.0)));
    all_steppers(heavy(Underdamped::new(0.1_f64, 3, 1.0)));
}

/// In any dimension and from words of their own, particles in a batch are what they are alone, and call their drift as
/// often, and never after their last step.
#[test]
fn any_dimension_will_do() {
    fn check<S: Stepper, const N: usize>(stepper: &S) {
        type StateOf<S, const N: usize> = <<S as Stepper>::Dynamics as Dynamics>::State<N>;
        type RealOf<S> = <<S as Stepper>::Dynamics as Dynamics>::Real;
        const COUNT: usize = 37;
        const STEPS: u32 = 9;
        fn spring<T: Real, const N: usize>(time: T, x: &SVector<T, N>) -> SVector<T, N> {
            SVector::from_fn(|d, _| time - x[(d + 1) % N])
        }
        let step_size = stepper.dynamics().step_size();
        // The first sixteen from the same word, the others from scattered ones.
        let word_position = |index: usize| {
            if index < 16 {
                21
            } else {
                (index * index) as u64 % 61
            }
        };
        let zero = RealOf::<S>::ZERO;
        let mut memory = vec![zero; StateOf::<S, N>::PARTS * N * COUNT];
        let mut positions: [u64; COUNT] = std::array::from_fn(word_position);
        let mut status = [Status::Active; COUNT];
        let mut particles: Particles<StateOf<S, N>> =
            Particles::new(Streams::new(3), 0, &mut memory, &mut positions, &mut status).unwrap();
        let (mut calls, mut reported) = (0, 0);
        for steps in [0..1, 1..1, 1..STEPS] {
            let drift = |time, x: &SVector<RealOf<S>, N>| {
                calls += 1;
                spring(time, x)
            };
            let run = Cpu.run(stepper, &mut particles, drift, steps);
            assert_eq!(run.failed, 0);
            reported += run.drift_calls;
        }
        drop(particles);
        let mut expected = 0;
        for index in 0..COUNT {
            let mut x = StateOf::<S, N>::from_fn(|_, _| zero);
            let streams = Streams::new(3);
            let mut stream = streams
                .particle_at(index as u64, word_position(index))
                .unwrap();
            for n in 0..STEPS {
                let time = step_size * RealOf::<S>::from_u32(n);
                let step = stepper.step(time, &mut x, spring, &mut stream).unwrap();
                expected += u64::from(step.drift_calls);
            }
            assert_eq!(positions[index], stream.word_position());
            x.for_each(|part, d, value| {
                let found = memory[(part * N + d) * COUNT + index];
                assert_eq!(found, value, "particle {index}, part {part}, dimension {d}");
            });
        }
        assert_eq!((calls, reported), (expected, expected));
    }
    fn methods<S: Dynamics, const N: usize>(dynamics: impl Fn(u32) -> S) {
        check::<_, N>(&EulerMaruyama::new(dynamics(1)));
        // K on both sides of the limit up to which gaps are estimated.
        for k in [1, 2, 3, 10, 1000, 16_384, 16_385, 1_000_000] {
            check::<_, N>(&PoissonMidpoint::new(dynamics(k), Bernoulli));
            check::<_, N>(&PoissonMidpoint::new(dynamics(k), Single));
        }
    }
    fn overdamped<T: Real, const N: usize>() {
        let step = T::ONE / T::from_u32(8);
        methods::<_, N>(|k| Overdamped::new(step, k).unwrap());
    }
    fn underdamped<T: Real, const N: usize>() {
        let step = T::ONE / T::from_u32(8);
        // Short of ln 2 over a whole step, beyond it over most of one, and far beyond.
        for friction in [1, 9, 100] {
            let friction = T::from_u32(friction);
            methods::<_, N>(|k| heavy(Underdamped::new(step, k, friction)));
            let dynamics = heavy(Underdamped::new(step, 2, friction));
            check::<_, N>(&Baoa::new(dynamics).unwrap());
            check::<_, N>(&Ubu::new(dynamics).unwrap());
            check::<_, N>(&Quicsort::new(dynamics).unwrap());
        }
    }
    overdamped::<f32, 1>();
    overdamped::<f32, 2>();
    overdamped::<f32, 16>();
    overdamped::<f32, 100>();
    overdamped::<f64, 4>();
    overdamped::<f64, 64>();
    underdamped::<f32, 2>();
    underdamped::<f64, 1>();
}

/// Lanes whose normals come from the tail of the distribution go another way in the engine. A
/// lane is one with probability 0.0016, so 10,000 × 30 × 3 normals see it 1400 times.
#[test]
fn rare_normals_have_the_same_bits_in_lanes() {
    let stepper = EulerMaruyama::new(Overdamped::new(0.1_f32, 1).unwrap());
    let mut batch = Memory::new::<SVector<f32, D>>(0, 10_000);
    batch.run(&stepper, 0..30);
    assert_eq!(batch, one_by_one(&stepper, 0, 10_000, 30));
}

/// The blocks of a stream are counted in two words of 32 bits each.
#[test]
fn lanes_go_on_where_the_second_counter_counts() {
    const FAR: u64 = 1 << 37;
    // Without midpoints every particle reads as many words.
    let stepper = PoissonMidpoint::new(Overdamped::new(0.1_f32, 1).unwrap(), Bernoulli);
    let mut batch = Memory::new::<SVector<f32, D>>(0, 16);
    batch.positions.fill(FAR);
    let start = batch.state.clone();
    batch.run(&stepper, 0..7);
    for index in 0..16 {
        let mut x = SVector::<f32, D>::from_fn(|d, _| start[d * 16 + index]);
        let streams = Streams::new(SEED);
        let mut stream = streams.particle_at(index as u64, FAR).unwrap();
        for n in 0..7 {
            let time = stepper.dynamics().step_size() * n as f32;
            let _ = stepper
                .step(time, &mut x, force::<f32>, &mut stream)
                .unwrap();
        }
        let found = SVector::<f32, D>::from_fn(|d, _| batch.state[d * 16 + index]);
        assert_eq!(found, x);
        assert_eq!(batch.positions[index], stream.word_position());
    }
}

/// As many particles as several tasks take, all of which fail.
#[cfg(feature = "rayon")]
#[test]
fn failures_in_every_task_are_counted() {
    let stepper = EulerMaruyama::new(Overdamped::new(0.1_f32, 1).unwrap());
    let infinite = |_time: f32, _x: &SVector<f32, D>| SVector::from([f32::INFINITY; D]);
    let mut batch = Memory::new::<SVector<f32, D>>(0, 1000);
    let mut particles = batch.particles::<SVector<f32, D>>();
    let run = Parallel.run(&stepper, &mut particles, infinite, 0..1);
    assert_eq!(run.failed, 1000);
}

/// A particle whose drift turns infinite stops there, in the state and at the word before the
/// failed step, alone; the others are untouched by it, whether stepped in lanes or not.
#[test]
fn a_failed_particle_keeps_its_last_good_state() {
    fn check<S: Stepper<Dynamics = Overdamped<f32>>>(stepper: &S) {
        // Particles beyond a threshold fail at once at macro step 6 (time 0.6).
        let fragile = |time: f32, x: &SVector<f32, D>| {
            if time > 0.599 && x[0] > 1.0 {
                SVector::from([0.0, f32::INFINITY, 0.0])
            } else {
                force(time, x)
            }
        };
        let good = one_by_one(stepper, 0, 40, 6);
        let later = one_by_one(stepper, 0, 40, 20);
        let mut batch = Memory::new::<SVector<f32, D>>(0, 40);
        let mut particles = batch.particles::<SVector<f32, D>>();
        let run = Cpu.run(stepper, &mut particles, &fragile, 0..20);
        // A later run leaves the failed particles alone, even with a drift that would suit them.
        let again = Cpu.run(stepper, &mut particles, force::<f32>, 20..21);
        assert_eq!(run.failed, again.failed);
        let mut failed = 0;
        for index in 0..40 {
            let (state, position) = batch.particle(index);
            match batch.status[index] {
                Status::Failed { step: 6, error } => {
                    failed += 1;
                    let at_start = StepError::NonFiniteDrift {
                        inner_step: 0,
                        component: 1,
                    };
                    assert!(matches!(
                        error,
                        StepError::NonFiniteDrift { component: 1, .. }
                    ));
                    assert_eq!((state.clone(), position), good.particle(index));
                    assert!(state[0] <= 1.0 || error == at_start);
                }
                Status::Failed { step, error } => {
                    assert!(step > 6, "{step} {error}");
                    failed += 1;
                }
                Status::Active => {
                    assert!(position > later.positions[index]);
                    assert!(state.iter().all(|x| x.is_finite()));
                }
            }
        }
        assert_eq!(run.failed, failed);
        let mut rows = Memory::new::<SVector<f32, D>>(0, 40);
        let mut particles = rows.particles::<SVector<f32, D>>();
        let in_rows = Cpu.advance(stepper, &mut particles, &InRows::new(fragile), 0..20);
        assert_eq!(in_rows.unwrap(), run);
        let mut particles = rows.particles::<SVector<f32, D>>();
        let _ = Cpu.run(stepper, &mut particles, force::<f32>, 20..21);
        assert_eq!(rows, batch);
        #[cfg(feature = "rayon")]
        {
            let mut again = Memory::new::<SVector<f32, D>>(0, 40);
            let mut particles = again.particles::<SVector<f32, D>>();
            let parallel = Parallel.run(stepper, &mut particles, &fragile, 0..20);
            assert_eq!(parallel, run);
        }
        assert!(failed > 3 && failed < 37, "{failed}");
    }
    check(&EulerMaruyama::new(Overdamped::new(0.1, 20).unwrap()));
    for law in [Bernoulli, Single] {
        check(&PoissonMidpoint::new(
            Overdamped::new(0.1, 20).unwrap(),
            law,
        ));
    }
}

/// Drifts are asked for at finite positions only, in lanes as alone: a drift need not know what to make of others.
#[test]
fn drifts_are_asked_for_at_finite_positions_only() {
    fn check<S: Stepper<Dynamics = Overdamped<f32>>>(stepper: &S, pull: f32, inner_step: u32) {
        const COUNT: usize = 16;
        let start = 0.9 * f32::MAX;
        let (mut state, mut positions) = ([start; COUNT], [0; COUNT]);
        let mut status = [Status::Active; COUNT];
        let (streams, states) = (Streams::new(SEED), &mut state);
        let mut particles: Particles<SVector<f32, 1>> =
            Particles::new(streams, 0, states, &mut positions, &mut status).unwrap();
        let outwards = |_time: f32, x: &SVector<f32, 1>| {
            assert!(x[0].is_finite());
            SVector::from([pull])
        };
        let run = Cpu.run(stepper, &mut particles, outwards, 0..2);
        assert_eq!(run.failed, COUNT);
        let (step, error) = (0, StepError::NonFiniteState { inner_step });
        assert_eq!(status, [Status::Failed { step, error }; COUNT]);
        assert_eq!((state, positions), ([start; COUNT], [0; COUNT]));
    }
    // Of two inner steps, the midpoint is always 1.
    let dynamics = Overdamped::new(1.0, 2).unwrap();
    check(&EulerMaruyama::new(dynamics), f32::MAX, 2);
    check(&PoissonMidpoint::new(dynamics, Single), f32::MAX, 1);
    check(&PoissonMidpoint::new(dynamics, Single), f32::MAX / 8.0, 2);
}

/// A batch that owns its memory has the bits of one in slices, whatever range of particles it is.
#[cfg(feature = "alloc")]
#[test]
fn an_ensemble_is_a_batch() {
    use poisson_midpoint::Phase;
    use poisson_midpoint::batch::Ensemble;
    let stepper = PoissonMidpoint::new(Overdamped::new(0.1_f32, 50).unwrap(), Single);
    let mut batch = Memory::new::<SVector<f32, D>>(7, 40);
    let starts: Vec<_> = (0..40)
        .map(|index| SVector::from_column_slice(&batch.particle(index).0))
        .collect();
    let mut ensemble = Ensemble::new(SEED, starts.clone())
        .numbered_from(7)
        .unwrap();
    assert!(ensemble.states().eq(starts));
    assert_eq!((ensemble.len(), ensemble.is_empty()), (40, false));
    assert!(Ensemble::<SVector<f32, D>>::new(SEED, []).is_empty());
    let phases =
        [0, 1].map(|index| Phase::<f32, D>::from_fn(|part, d| (index + 2 * d + 6 * part) as f32));
    assert!(Ensemble::new(SEED, phases).states().eq(phases));
    let calls = batch.run(&stepper, 0..20);
    let run = Cpu.run(&stepper, &mut ensemble.particles(), force, 0..20);
    assert_eq!((run.drift_calls, run.failed), (calls, 0));
    assert_eq!(ensemble.components(), batch.state);
    assert_eq!(ensemble.word_positions(), batch.positions);
    assert_eq!(ensemble.status(), batch.status);
    let last = ensemble.states().last().unwrap();
    assert_eq!(last.as_slice(), batch.particle(39).0);
    let first = u64::MAX - 39;
    let error = ensemble.numbered_from(first).unwrap_err();
    assert_eq!(error, BatchError::ParticleNumber { first });
}

#[test]
fn a_batch_that_does_not_fit_is_refused() {
    let streams = Streams::new(SEED);
    type Batch<'a> = Particles<'a, SVector<f32, D>>;
    let refuse = |state: usize, positions: &[u64], status: usize, first: u64| {
        let (mut state, mut positions) = (vec![0.0; state], positions.to_vec());
        let mut status = vec![Status::Active; status];
        let batch = Batch::new(streams, first, &mut state, &mut positions, &mut status);
        batch.map(|batch| batch.len()).unwrap_err()
    };
    let error = refuse(7, &[0, 0], 2, 0);
    assert_eq!(
        error,
        BatchError::StateLength {
            expected: 6,
            found: 7
        }
    );
    assert_eq!(error.to_string(), "the state slice holds 7 scalars, not 6");
    let error = refuse(6, &[0, 0], 3, 0);
    assert_eq!(
        error,
        BatchError::StatusLength {
            expected: 2,
            found: 3
        }
    );
    assert_eq!(
        error.to_string(),
        "the status slice holds 3 particles, not 2"
    );
    let error = refuse(6, &[0, Stream::END + 1], 2, 0);
    assert_eq!(
        error,
        BatchError::PastEnd {
            index: 1,
            word_position: Stream::END + 1
        }
    );
    let error = refuse(6, &[0, 0], 2, u64::MAX - 1);
    assert_eq!(
        error,
        BatchError::ParticleNumber {
            first: u64::MAX - 1
        }
    );
}
