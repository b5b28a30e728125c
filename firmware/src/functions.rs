//! Every public function of the default build, on values that the compiler does not know: this links whatever an image
//! could link of them. Formatting is not among them, for `core` may panic in it.

use core::cell::Cell;
use core::hint::black_box;

use nalgebra::{SMatrix, SVector};
use poisson_midpoint::batch::{BatchError, Cpu, Engine, Particles, Status};
use poisson_midpoint::checkpoint::{
    Checkpoint, Name, Recorded, RecordedDynamics, byte_length, write,
};
use poisson_midpoint::diffusion::{
    BrownianNoise, Clip, Ddim, Ddpm, DpmSolver, DpmSolverPlusPlus, ErSdeSolver, Error,
    HybridMultistep, InnerSteps, KarrasSchedule, Level, LinearRate, Lockstep, Member,
    MidpointDensity, NetworkQuery, NoiseSchedule, PoissonMidpointDdpm, Prediction,
    RandomizedMidpointDdpm, RectifiedFlow, Row, SaSolver, SampleNoise, Sampler, SamplerError,
    Sampling, ScheduleSlice, ScheduleTable, Solver, Spacing, SquaredCosine, Steps, Timesteps,
    TimestepsError, Variant, standard_normal,
};
use poisson_midpoint::dynamics::{
    AdditiveNoise, Bridge, Dynamics, Overdamped, Semilinear, Span, StateOf, Underdamped,
};
use poisson_midpoint::kernel::{
    FailureRecord, KernelDrift, KernelDynamics, KernelStepper, Memory, Method, Thread, fused,
};
use poisson_midpoint::noise::{BrownianPath, Injected, Noise};
use poisson_midpoint::random::{Buffered, Midpoints, Stream, Streams, Words, normal_f32};
use poisson_midpoint::slices::SliceError;
use poisson_midpoint::statistics::{
    Chain, Covariance, Moments, effective_sample_size, split_r_hat,
};
use poisson_midpoint::step_sizes::{Clock, PolynomialDecay};
use poisson_midpoint::target::{
    DoubleWell, Drift, Gaussian, GaussianMixture, GaussianTable, LogisticRegression,
    Preconditioner, TableDrift,
};
use poisson_midpoint::tuning::{Coupled, StepSizeTuner, critical_friction};
use poisson_midpoint::{
    Baoa, EulerMaruyama, MidpointLaw, OneStage, Phase, PoissonMidpoint, Quicsort, Real, State,
    StepError, Stepper, Trajectory, Ubu,
};
use rand_core::TryRng;

/// The dimension of states; slices have as many components, or any number.
const D: usize = 3;

/// A function refused its values, which is as good an end as any.
struct Refused;

impl<E: core::error::Error> From<E> for Refused {
    fn from(_: E) -> Self {
        Self
    }
}

type Outcome = Result<(), Refused>;

/// Calls all functions at a precision; the values are those of a small problem.
pub fn call_all<T: Real>() {
    for outcome in [
        scalars::<T>(),
        streams(),
        dynamics::<T>(),
        drifts::<T>(),
        diffusion::<T>(),
        statistics::<T>(),
        tuning::<T>(),
        step_sizes::<T>(),
        checkpoints::<T>(),
    ] {
        _ = black_box(outcome.is_ok());
    }
}

/// A whole number that the compiler does not know.
fn number(value: u32) -> u32 {
    black_box(value)
}

/// A real number that the compiler does not know: `value` eighths.
fn real<T: Real>(value: u32) -> T {
    black_box(T::from_u32(value) / T::from_u32(8))
}

/// A slice of which the compiler knows neither the length nor the contents.
fn slice<T>(values: &mut [T]) -> &mut [T] {
    black_box(values)
}

fn vector<T: Real>() -> SVector<T, D> {
    black_box(SVector::repeat(real(4)))
}

/// −x, as far as both slices go.
fn opposite<T: Real>(x: &[T], opposite: &mut [T]) {
    for (opposite, x) in opposite.iter_mut().zip(x) {
        *opposite = -*x;
    }
}

fn laws() -> [MidpointLaw; 2] {
    black_box([MidpointLaw::Single, MidpointLaw::Bernoulli])
}

fn scalars<T: Real>() -> Outcome {
    let x: T = real(5);
    black_box([
        x.abs(),
        x.cos(),
        x.sin(),
        x.exp(),
        x.exp_m1(),
        x.ln(),
        x.ln_1p(),
        x.sqrt(),
    ]);
    black_box((x.is_finite(), normal_f32(number(7))));
    let mut stream = Stream::new(42, 0);
    black_box(T::normal(&mut stream));
    black_box(T::normal_lanes::<16>(|| [stream.next_word(); 16]));
    let mut trajectory = Trajectory::<SVector<T, D>, 2>::new();
    while !black_box(trajectory.is_full()) {
        trajectory.push(vector())?;
    }
    black_box(trajectory.push(vector()).is_err());
    black_box(trajectory.as_slice());
    trajectory.clear();
    black_box(Trajectory::<SVector<T, D>, 2>::default());
    let phase = black_box(Phase::<T, D>::at_rest(vector()));
    black_box(phase.is_finite());
    phase.for_each(|part, d, value| _ = black_box((part, d, value)));
    black_box(Phase::<T, D>::from_fn(|_, _| real(3)).position());
    Ok(())
}

fn statistics<T: Real>() -> Outcome {
    let mut moments = black_box(Moments::<T>::new());
    moments.push(real(3))?;
    moments.merge(&black_box(moments));
    black_box((moments.count(), moments.mean(), moments.variance()));
    black_box(moments.standard_error());
    let (count, parts) = moments.parts();
    black_box(Moments::from_parts(count, black_box(parts)));
    let mut covariance = black_box(Covariance::<T, D>::default());
    covariance.push(&vector())?;
    covariance.merge(&black_box(Covariance::new()));
    black_box((
        covariance.count(),
        covariance.mean(),
        covariance.covariance(),
    ));
    let mut chains = black_box([Chain::<T, 8>::new(), Chain::default()]);
    for chain in &mut chains {
        for value in 0..number(20) {
            chain.push(real(value))?;
        }
        black_box(chain.moments());
    }
    black_box((split_r_hat(&chains), effective_sample_size(&chains)));
    Ok(())
}

fn tuning<T: Real>() -> Outcome {
    black_box(critical_friction(real::<T>(2), real(4), real(12)));
    let tuner = StepSizeTuner::new(real::<T>(1))?
        .with_largest(real(2))?
        .with_inner_steps(number(64))?
        .with_budget(u64::from(number(1000)));
    let mut particles = black_box([Coupled::new(vector::<T>()); 2]);
    let tuned = tuner.tune(
        |step_size, inner_steps| Ok(EulerMaruyama::new(Overdamped::new(step_size, inner_steps)?)),
        |_time, x| -x,
        |x| (*x).into(),
        &mut particles,
        Streams::new(black_box(42)),
    )?;
    black_box((tuned.step_size, particles.each_ref().map(Coupled::state)));
    Ok(())
}

fn step_sizes<T: Real>() -> Outcome {
    let sizes = PolynomialDecay::new(real::<T>(1), real(2), real(1))?;
    let mut clock = black_box(Clock::new(real::<T>(0)));
    for step_size in sizes.iter().take(number(3) as usize) {
        clock.advance(step_size);
    }
    black_box((sizes.at(u64::from(number(7))), clock.time()));
    Ok(())
}

fn streams() -> Outcome {
    let streams = Streams::new(black_box(42));
    let mut stream = black_box(streams.particle(black_box(7)));
    black_box(streams.particle_at(black_box(7), black_box(100))?);
    black_box(Streams::from_key(black_box(streams.key())));
    black_box(stream.streams());
    stream.seek(black_box(Stream::END - 1))?;
    black_box((stream.particle(), stream.word_position()));
    let mut bytes = [0; 7];
    stream.try_fill_bytes(slice(&mut bytes))?;
    let mut words = [0; 7];
    stream.fill_words(slice(&mut words));
    black_box((stream.try_next_u32()?, stream.try_next_u64()?, bytes, words));
    let mut ahead = Buffered::new(stream.clone());
    black_box((
        ahead.next_word(),
        ahead.next_normal(),
        ahead.word_position(),
    ));
    black_box(ahead.into_stream());
    black_box(stream == streams.particle(black_box(7)));
    for law in laws() {
        let midpoints = Midpoints::new(law, number(1000));
        let mut previous = None;
        while let Some(next) = midpoints.next(previous, &mut stream) {
            previous = Some(next);
        }
        black_box(midpoints.law());
    }
    Ok(())
}

fn dynamics<T: Real>() -> Outcome {
    let (step_size, inner_steps) = (real(1), number(16));
    let overdamped = Overdamped::<T>::new(step_size, inner_steps)?
        .with_temperature(real(4))?
        .with_mobility(real(12))?;
    black_box((overdamped.temperature(), overdamped.mobility()));
    let underdamped = Underdamped::<T>::new(step_size, inner_steps, real(16))?
        .with_temperature(real(4))?
        .with_mass(real(12))?;
    let (mass, friction) = (underdamped.mass(), underdamped.friction());
    black_box((underdamped.temperature(), mass, friction));
    steps::<T, _, SVector<T, D>>(overdamped)?;
    steps::<T, _, SVector<T, D>>(AdditiveNoise::new(step_size, inner_steps, real(6))?)?;
    steps::<T, _, SVector<T, D>>(Semilinear::new(step_size, inner_steps, real(9), real(6))?)?;
    steps::<T, _, Phase<T, D>>(underdamped)?;
    let baoa = Baoa::new(underdamped)?;
    splitting::<T, _>(&baoa)?;
    black_box(Baoa::try_from(&black_box(baoa.method()))?);
    splitting::<T, _>(&Ubu::new(underdamped)?)?;
    let quicsort = Quicsort::new(underdamped)?;
    stepper::<T, _, Phase<T, D>, _>(&quicsort, &mut Stream::new(42, 0))?;
    at_two_nodes(&quicsort, &mut Stream::new(42, 0))?;
    kernels(overdamped)?;
    kernels(underdamped)
}

/// All that is done with dynamics.
fn steps<T, S, X>(dynamics: S) -> Outcome
where
    T: Real,
    S: Dynamics<Real = T>,
    X: StateOf<S> + State<Real = T, Position = SVector<T, D>>,
{
    let end = dynamics.inner_steps();
    let (whole, part) = (dynamics.span(0, end), dynamics.span(0, number(end / 2)));
    let kick = dynamics.kick(number(3));
    black_box((dynamics.step_size(), dynamics.time(number(5))));
    let moved = whole.carry(kick, real(3), part.increment(|| real(2)));
    black_box((
        whole.expected_part(&part, moved),
        whole.of_drift(),
        whole.propagate(moved),
        whole.coast(moved, kick),
    ));

    let mut noise = Stream::new(42, 0);
    let euler_maruyama = EulerMaruyama::new(dynamics);
    stepper::<T, _, X, _>(&euler_maruyama, &mut noise)?;
    in_one_stage::<T, _, X>(&euler_maruyama, &mut noise)?;
    for law in laws() {
        let stepper = PoissonMidpoint::new(dynamics, law);
        black_box((stepper.law(), stepper.dynamics()));
        self::stepper::<T, _, X, _>(&stepper, &mut noise)?;
        let (path, mut midpoints) = (BrownianPath::new(dynamics, noise.clone()), noise.clone());
        black_box(path.increment::<X>(number(1), number(5))?);
        let mut path = path.noise(number(0), number(1), &mut midpoints)?;
        black_box(Noise::<X>::areas(&mut path, end, &whole, &part));
        black_box(Noise::<X>::inner_steps(&path));
        let mut x = X::from_fn(|_, _| real(4));
        black_box(stepper.step(real(0), &mut x, |_, x| -x, &mut path).is_ok());
        let mut injected = Injected::new(
            |previous: Option<u32>| black_box(previous.is_none().then_some(2)),
            |_, _| X::from_fn(|_, _| real(1)),
        );
        black_box(Noise::<X>::midpoint(
            &mut injected,
            &Midpoints::new(law, end),
            None,
        ));
        black_box(Noise::<X>::increment(&mut injected, 0, end, &whole));
        _ = black_box(stepper.step(real(0), &mut x, |_, x| -x, &mut injected)?);
        in_two_phases::<T, S, X>(&stepper, x, &mut noise)?;
    }
    Ok(())
}

fn splitting<T, M>(method: &M) -> Outcome
where
    T: Real,
    M: OneStage<Of = Underdamped<T>>,
{
    let held = method.held();
    let noise = held.increment(|| real(2));
    black_box((held.along_path(noise), method.before(), method.of()));
    black_box(held.carry(noise, real(3), noise));
    stepper::<T, M, Phase<T, D>, _>(method, &mut Stream::new(42, 0))
}

/// All that is done with a stepper.
fn stepper<T, S, X, W>(stepper: &S, words: &mut W) -> Outcome
where
    T: Real,
    S: Stepper<Dynamics: Dynamics<Real = T>>,
    X: StateOf<S::Dynamics> + State<Real = T, Position = SVector<T, D>>,
    W: Words,
{
    let mut x = X::from_fn(|_, _| real(4));
    _ = black_box(stepper.step(real(0), &mut x, |_, x| -x, words)?);
    black_box((x, stepper.dynamics()));
    let (mut state, mut work) = ([real(4); 2 * D], [T::ZERO; 16 * D]);
    let drift = |_, x: &[T], drift: &mut [T]| opposite(x, drift);
    black_box(stepper.work_length(slice(&mut state).len()));
    _ = stepper.step_slice(real(0), slice(&mut state), drift, words, slice(&mut work))?;

    let (mut positions, mut status) = ([0; 2], [Status::Active; 2]);
    let mut states = [real(4); 4 * D];
    let (positions, status) = (slice(&mut positions), slice(&mut status));
    let mut particles: Particles<X> =
        Particles::new(Streams::new(42), 0, slice(&mut states), positions, status)?;
    black_box((particles.len(), particles.is_empty()));
    let steps = number(0)..number(3);
    _ = black_box(Cpu.run(stepper, &mut particles, |_, x| -x, steps.clone()));
    let well = DoubleWell {
        steepness: real(8),
        cap: real(16),
    };
    _ = black_box(Cpu.advance(stepper, &mut particles, &well, steps)?);
    black_box(particles.split_at(black_box(1)));
    Ok(())
}

fn checkpoints<T: Real>() -> Outcome {
    let (step_size, inner_steps, one) = (real::<T>(1), number(8), real(8));
    let overdamped = Overdamped::new(step_size, inner_steps)?;
    let underdamped = Underdamped::new(step_size, inner_steps, one)?;
    let additive = AdditiveNoise::new(step_size, inner_steps, one)?;
    let semilinear = Semilinear::new(step_size, inner_steps, one, one)?;
    checkpoint::<T, _, SVector<T, D>>(&EulerMaruyama::new(overdamped))?;
    checkpoint::<T, _, SVector<T, D>>(&EulerMaruyama::new(additive))?;
    checkpoint::<T, _, SVector<T, D>>(&EulerMaruyama::new(semilinear))?;
    for law in laws() {
        checkpoint::<T, _, Phase<T, D>>(&PoissonMidpoint::new(underdamped, law))?;
    }
    checkpoint::<T, _, Phase<T, D>>(&Baoa::new(underdamped)?)?;
    checkpoint::<T, _, Phase<T, D>>(&Ubu::new(underdamped)?)?;
    checkpoint::<T, _, Phase<T, D>>(&Quicsort::new(underdamped)?)?;
    black_box(Name::new(black_box("a name")));
    Ok(())
}

fn checkpoint<T, S, X>(stepper: &S) -> Outcome
where
    T: Real,
    S: Recorded<Dynamics: RecordedDynamics<Real = T>>,
    X: StateOf<S::Dynamics> + State<Real = T, Position = SVector<T, D>>,
{
    let (mut positions, mut status) = ([0; 2], [Status::Active; 2]);
    let mut states = [real(4); 4 * D];
    let states = slice(&mut states);
    let states = states.get_mut(..2 * X::PARTS * D).unwrap_or_default();
    let (positions, status) = (slice(&mut positions), slice(&mut status));
    let mut particles: Particles<X> =
        Particles::new(Streams::new(42), 0, states, positions, status)?;
    black_box((stepper.name(), stepper.dynamics().parameters()));
    let mut bytes = [0; 400];
    black_box(byte_length(&particles));
    let written = write(&particles, stepper, number(3), slice(&mut bytes))?;
    let checkpoint = Checkpoint::from_bytes(bytes.get(..written).unwrap_or_default())?;
    black_box((checkpoint.streams(), checkpoint.range(), checkpoint.len()));
    black_box((
        checkpoint.is_empty(),
        checkpoint.failed(),
        checkpoint.step(),
    ));
    black_box((
        checkpoint.dimension(),
        checkpoint.method(),
        checkpoint.dynamics(),
    ));
    black_box(checkpoint.restore(stepper, &mut particles)?);
    Ok(())
}

fn in_one_stage<T, M, X>(method: &M, words: &mut Stream) -> Outcome
where
    T: Real,
    M: OneStage<Of: Dynamics<Real = T>>,
    X: StateOf<M::Of> + State<Real = T, Position = SVector<T, D>>,
{
    let step = method.begin(real(0), &X::from_fn(|_, _| real(4)), words)?;
    let query = step.query();
    _ = black_box(step.finish(-query.position, words)?);

    let (mut state, mut work) = ([real(4); 2 * D], [T::ZERO; 2 * D]);
    let mut drift = [real(2); D];
    let state = slice(&mut state);
    let step = method.begin_slice(real(0), state, words, slice(&mut work))?;
    black_box(step.query());
    _ = black_box(step.finish(slice(&mut drift), words)?);
    Ok(())
}

fn at_two_nodes<T: Real>(method: &Quicsort<T>, words: &mut Stream) -> Outcome {
    let state: Phase<T, D> = Phase::from_fn(|_, _| real(4));
    let mut step = method.begin(real(0), &state, words)?;
    while let Some(query) = step.query()? {
        step.supply(-query.position)?;
    }
    _ = black_box(step.finish()?);

    let (mut state, mut work) = ([real(4); 2 * D], [T::ZERO; 4 * D]);
    let mut drift = [real(2); D];
    let state = slice(&mut state);
    let mut step = method.begin_slice(real(0), state, words, slice(&mut work))?;
    while step.query()?.is_some() {
        step.supply(slice(&mut drift))?;
    }
    _ = black_box(step.finish()?);
    Ok(())
}

fn in_two_phases<T, S, X>(stepper: &PoissonMidpoint<S>, x: X, words: &mut Stream) -> Outcome
where
    T: Real,
    S: Dynamics<Real = T>,
    X: StateOf<S> + State<Real = T, Position = SVector<T, D>>,
{
    let mut step = stepper.begin(real(0), &x, -*x.position())?;
    while let Some(query) = step.next(words)? {
        step.supply(-query.position)?;
    }
    _ = black_box(step.finish()?);
    black_box(stepper.drift_change(slice(&mut [real(2); D]), slice(&mut [real(3); D])));

    let (mut state, mut work) = ([real(4); 2 * D], [T::ZERO; 16 * D]);
    let (state, work) = (slice(&mut state), slice(&mut work));
    let mut drift = [real(2); D];
    let mut step = stepper.begin_slice(real(0), state, slice(&mut drift), work)?;
    black_box(step.next(words)?);
    let suspended = step.suspend();
    black_box(suspended.work_length(black_box(D)));
    let mut step = suspended.resume(state, work)?;
    while step.next(words)?.is_some() {
        step.supply(slice(&mut drift))?;
    }
    _ = black_box(step.finish()?);
    let error = black_box(StepError::Unfinished);
    black_box(SliceError::from(error));
    Ok(())
}

/// One particle in a kernel's memory.
struct OneParticle<T> {
    components: [Cell<T>; 2 * D],
    word_position: Cell<u64>,
    drift_calls: Cell<u64>,
    failure: Cell<Option<FailureRecord>>,
}

impl<T: Real> Memory<T> for OneParticle<T> {
    fn count(&self) -> usize {
        black_box(1)
    }
    fn component(&self, component: usize, _place: usize) -> T {
        self.components.get(component).map_or(T::ZERO, Cell::get)
    }
    fn set_component(&self, component: usize, _place: usize, value: T) {
        if let Some(cell) = self.components.get(component) {
            cell.set(value);
        }
    }
    fn word_position(&self, _place: usize) -> u64 {
        self.word_position.get()
    }
    fn set_word_position(&self, _place: usize, position: u64) {
        self.word_position.set(position);
    }
    fn is_active(&self, _place: usize) -> bool {
        self.failure.get().is_none()
    }
    fn fail(&self, _place: usize, record: FailureRecord) {
        self.failure.set(Some(record));
    }
    fn add_drift_calls(&self, _place: usize, calls: u64) {
        self.drift_calls
            .set(self.drift_calls.get().wrapping_add(calls));
    }
}

/// What a kernel does, by the same source.
fn kernels<T: Real, S: KernelDynamics<Real = T>>(dynamics: S) -> Outcome {
    let thread = black_box(Thread { index: 0, count: 2 });
    black_box(thread.particles(black_box(5)).count());
    let memory = OneParticle {
        components: [const { Cell::new(T::ZERO) }; 2 * D],
        word_position: Cell::new(black_box(3)),
        drift_calls: Cell::new(0),
        failure: Cell::new(None),
    };
    let (streams, well) = (
        Streams::new(42),
        DoubleWell {
            steepness: real(8),
            cap: real(16),
        },
    );
    let place = (&streams, black_box(5));
    black_box(S::from_parameters(
        real(1),
        number(16),
        dynamics.parameters(),
    )?);
    let stepper = EulerMaruyama::new(dynamics);
    let method: Method<T> = black_box(stepper.method());
    fused::<_, _, _, _, D>(
        thread,
        &memory,
        place,
        &EulerMaruyama::<S>::try_from(&method)?,
        &well,
        0..number(3),
    );
    for law in laws() {
        let method = Method::from(&PoissonMidpoint::new(dynamics, law));
        let stepper = PoissonMidpoint::<S>::try_from(&black_box(method))?;
        fused::<_, _, _, _, D>(thread, &memory, place, &stepper, &well, 0..number(3));
    }
    black_box(FailureRecord::new(number(3), black_box(StepError::Unfinished)).status());
    Ok(())
}

fn drifts<T: Real>() -> Outcome {
    let (mut table, x) = ([real(3); 1 + 9 * (D + 2)], vector::<T>());
    let gaussian = Gaussian {
        mean: x,
        precision: black_box(SMatrix::<T, D, D>::repeat(real(1))),
    };
    black_box(gaussian.drift(real(0), &x));
    let map = Preconditioner::from_precision(x, &gaussian.precision)
        .or(Preconditioner::from_covariance(x, &gaussian.precision))?;
    black_box((map.coordinates(&map.position(&x)), map.gradient(&x)));
    let preconditioned = map.drift(gaussian);
    black_box(preconditioned.drift(real(0), &x));
    black_box((
        preconditioned.is_vectorised(),
        preconditioned.drifts(&[real(0); 2], &[[real(4); 2]; D]),
    ));
    let closure = |time: T, x: &SVector<T, D>| x.map(|x| black_box(x * time));
    black_box(Drift::drift(&closure, real(1), &x));
    black_box(Drift::drifts(
        &closure,
        &[real(1); 2],
        &black_box([[real(1); 2]; D]),
    ));
    of_table::<T, DoubleWell<T>>(slice(&mut table).get(..2).unwrap_or_default())?;
    of_table::<T, GaussianTable<T, D>>(slice(&mut table).get(..D + D * D).unwrap_or_default())?;
    of_table::<T, GaussianMixture<T, D>>(slice(&mut table).get(..2 * (D + 2)).unwrap_or_default())?;
    of_table::<T, LogisticRegression<T, D>>(
        slice(&mut table).get(..1 + 4 * (D + 1)).unwrap_or_default(),
    )
}

fn of_table<'a, T: Real, F>(table: &'a [T]) -> Outcome
where
    F: TableDrift<'a, T, D> + KernelDrift<T, D>,
{
    let drift = F::from_table(table)?;
    black_box(drift.drift(real(0), &vector()));
    black_box((
        drift.is_vectorised(),
        drift.drifts(&[real(0); 2], &black_box([[real(1); 2]; D])),
    ));
    drift.write_table(|values| _ = black_box(values));
    Ok(())
}

fn diffusion<T: Real>() -> Outcome {
    let mut betas = [real(1), real(2), real(3), real(4)];
    let betas = slice(&mut betas);
    let rate = LinearRate::<T>::new(number(4), real(1), real(32))?;
    samplers(&rate)?;
    samplers(&SquaredCosine::<T>::new(number(4))?)?;
    samplers(&RectifiedFlow::<T>::new(number(4), real(1))?)?;
    samplers(&KarrasSchedule::<T>::new(
        number(4),
        number(7),
        real(1),
        real(32),
    )?)?;
    samplers(&ScheduleTable::<T, 4>::from_betas(betas)?)?;
    black_box(ScheduleTable::<T, 4>::linear(real(1), real(4))?);
    black_box(ScheduleTable::<T, 4>::scaled_linear(real(1), real(4))?);
    let mut bars = [real(4), real(3), real(2), real(1)];
    black_box(ScheduleTable::<T, 4>::from_alpha_bars(slice(&mut bars))?.rows());
    black_box(ScheduleTable::<T, 4>::from_schedule(&rate)?);
    let mut memory = [real(1), real(2), real(3), real(4)];
    let exponents = slice(&mut memory);
    black_box(ScheduleSlice::linear(exponents, real(1), real(4))?);
    black_box(ScheduleSlice::scaled_linear(exponents, real(1), real(4))?);
    black_box(ScheduleSlice::from_betas(exponents, betas)?);
    black_box(ScheduleSlice::from_alpha_bars(exponents, betas)?);
    black_box(ScheduleSlice::from_schedule(exponents, &rate)?);
    let schedule = ScheduleSlice::new(exponents)?;
    black_box((schedule.training_steps(), schedule.exponent(number(2))));
    let spacing = black_box(Spacing::Karras { rho: number(7) });
    black_box(Steps::spaced(slice(&mut [0; 3]), spacing, &schedule)?);
    let prediction = black_box(Prediction::Velocity);
    let level = black_box(Level::<T>::new(real(4)));
    black_box((
        prediction.to(Prediction::Epsilon, &level),
        level.half_log_snr(),
        level.relative_noise(),
        level.flow_time(),
        level.flow_scale(),
    ));
    black_box(SamplerError::<T>::from(black_box(TimestepsError::TooFew {
        length: 1,
    })));
    black_box(Error::<T>::from(black_box(TimestepsError::TooFew {
        length: 1,
    })));
    brownian(&rate)?;
    black_box(BatchError::StateLength {
        expected: 6,
        found: 5,
    });
    Ok(())
}

/// A sample with the noise of a path.
fn brownian<T: Real, N: NoiseSchedule<T>>(schedule: &N) -> Outcome {
    let timesteps = Timesteps::<4>::uniform(number(2), schedule)?;
    let prediction = black_box(Prediction::Sample);
    let sampler = Sampler::new(schedule, &timesteps, prediction, ErSdeSolver { order: 1 })?;
    let (mut memory, mut x, mut work) = ([T::ZERO; 3 * D], [T::ZERO; D], [T::ZERO; 3 * D]);
    let (path, words) = (Stream::new(42, 0), Stream::new(43, 0));
    let mut noise = BrownianNoise::new(schedule, path, words, slice(&mut memory));
    noise.check(black_box(D), number(4))?;
    let mut network = |_step, _x: &[T], output: &mut [T]| output.fill(real(1));
    let x = slice(&mut x);
    sampler.sample(x, &mut network, &mut noise, slice(&mut work))?;
    black_box(noise.word());
    noise.add(x, real(1), number(2), number(1));
    Ok(())
}

/// All that is done with a schedule.
fn samplers<T: Real, N: NoiseSchedule<T>>(schedule: &N) -> Outcome {
    black_box((schedule.training_steps(), schedule.exponent(number(2))));
    black_box((
        schedule.level(number(2)),
        schedule.nearest(real(1), number(1), number(3)),
    ));
    let (count, mut pairs) = (number(2), [(4, 2), (2, 0)]);
    black_box(Timesteps::<4>::from_pairs(slice(&mut pairs))?);
    black_box(Timesteps::<4>::new(slice(&mut [4, 2]))?);
    black_box(Steps::new(slice(&mut [4, 2]))?);
    let spacing = black_box(Spacing::Karras { rho: number(7) });
    black_box(Timesteps::<4>::spaced(count, spacing, schedule)?);
    black_box(Timesteps::<4>::leading(count, schedule)?);
    black_box(Timesteps::<4>::linspace(count, schedule)?);
    black_box(Timesteps::<4>::log_snr(count, schedule)?);
    black_box(Timesteps::<4>::karras(count, number(7), schedule)?);
    black_box(Timesteps::<4>::linspace(count, schedule)?.with_last_halved()?);
    black_box(Timesteps::<4>::quadratic(count, schedule)?);
    let timesteps = black_box(Timesteps::<4>::uniform(count, schedule)?);
    black_box((
        timesteps.pairs().count(),
        timesteps.steps().get(black_box(1)),
    ));
    black_box(timesteps.steps().pairs().count());

    let mut rows = [Row::ZERO; 4];
    let variants = black_box([
        Variant::FixedSmall,
        Variant::FixedLarge,
        Variant::Reduced,
        Variant::Exponential {
            correction: real(8),
        },
    ]);
    for variant in variants {
        let inner = InnerSteps::new(
            schedule,
            &timesteps,
            variant,
            Prediction::Epsilon,
            slice(&mut rows),
        )?;
        black_box(inner.macro_step(black_box(0)));
        for step in inner.macro_steps() {
            black_box((step.from(), step.to()));
            steps::<T, _, SVector<T, D>>(step)?;
        }
        sampler(schedule, &timesteps, Ddpm { variant })?;
        for law in laws() {
            let plain = PoissonMidpointDdpm::new(slice(&mut rows));
            let solver = plain
                .with_variant(variant)
                .with_law(law)
                .with_held(black_box(Prediction::Sample))
                .with_tail(black_box(1));
            sampler(schedule, &timesteps, solver)?;
        }
    }
    sampler(schedule, &timesteps, Ddim { eta: real(4) })?;
    sampler(schedule, &timesteps, DpmSolver { order: number(2) })?;
    let (order, eta) = (number(2), real(8));
    let multistep = DpmSolverPlusPlus { order, eta };
    sampler(schedule, &timesteps, multistep)?;
    let node = real(4);
    sampler(schedule, &timesteps, HybridMultistep { order, eta, node })?;
    let predictor_corrector = SaSolver {
        predictor: order,
        corrector: number(2),
        tau: real(8),
        noisy: [real(0), real(8)],
    };
    sampler(schedule, &timesteps, predictor_corrector)?;
    sampler(schedule, &timesteps, ErSdeSolver { order })?;
    let mut thresholds = [0; 4];
    let densities = [MidpointDensity::Drift, MidpointDensity::DriftTimesDistance];
    for density in black_box(densities) {
        let plain = RandomizedMidpointDdpm::new(slice(&mut rows), slice(&mut thresholds));
        let solver = plain
            .with_variant(black_box(Variant::FixedSmall))
            .with_held(black_box(Prediction::Sample))
            .with_density(density);
        sampler(schedule, &timesteps, solver)?;
    }
    Ok(())
}

/// All that is done with a solver.
fn sampler<T, N, S>(schedule: &N, timesteps: &Timesteps<4>, solver: S) -> Outcome
where
    T: Real,
    N: NoiseSchedule<T>,
    S: Solver<T>,
{
    let prediction = black_box(Prediction::Epsilon);
    black_box(solver.vectors());
    let clip = if black_box(true) {
        Clip::dynamic(real(7), real(8))?
    } else {
        Clip::range(real(8))?
    };
    let sampler = Sampler::new(schedule, timesteps, prediction, solver)?.with_clip(clip);
    let (mut x, mut work, mut at) = ([T::ZERO; 2 * D], [T::ZERO; 32 * D], [0; 2]);
    let (x, work) = (slice(&mut x), slice(&mut work));
    let mut words = Stream::new(42, 0);
    standard_normal(x, &mut words);
    black_box((
        sampler.work_length(black_box(D)),
        sampler.batch_work_length(black_box(2), black_box(D)),
    ));
    let mut network = |_, x: &[T], output: &mut [T]| opposite(x, output);
    black_box(sampler.sample(x, &mut network, &mut words, work)?);

    let mut output = [real(1); 2 * D];
    let mut run = Sampling::new(&sampler, x, work)?;
    black_box(run.next(&mut words)?);
    let progress = run.progress();
    black_box(progress.failure());
    let mut run = Sampling::resume(&sampler, progress, x, work)?;
    while let Some(NetworkQuery { .. }) = run.next(&mut words)? {
        run.supply(slice(&mut output))?;
    }

    let mut members = [
        Member::new(Stream::new(42, 0)),
        Member::new(Stream::new(42, 1)),
    ];
    let (members, at) = (slice(&mut members), slice(&mut at));
    let mut batch = Lockstep::new(&sampler, black_box(D), members, x, at, work)?;
    if black_box(batch.gather().is_some()) {
        batch.scatter(slice(&mut output));
    }
    black_box(batch.run(&mut |_: &[u32], x: &[T], output: &mut [T]| opposite(x, output)));
    for member in members {
        black_box((member.failure(), member.noise().word_position()));
    }
    Ok(())
}
