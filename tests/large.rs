//! States of many dimensions in a batch, on the stack of a thread. Optimised: without, nalgebra alone takes more.

use nalgebra::SVector;
use poisson_midpoint::MidpointLaw::Single;
use poisson_midpoint::batch::{Cpu, Engine, Particles, Status};
use poisson_midpoint::dynamics::{Dynamics, Overdamped, StateOf, Underdamped};
use poisson_midpoint::random::{Stream, Streams};
use poisson_midpoint::{Phase, PoissonMidpoint, Real, State, Stepper};

/// Lanes of a large state leave a thread's stack some room, those of a larger one are not made.
#[test]
fn a_large_state_needs_no_large_stack() {
    fn check<S, X, const N: usize>(dynamics: S)
    where
        S: Dynamics,
        X: StateOf<S> + State<Real = S::Real, Position = SVector<S::Real, N>>,
    {
        const COUNT: usize = 16;
        let stepper = PoissonMidpoint::new(dynamics, Single);
        let mut memory = vec![S::Real::ONE; X::PARTS * N * COUNT];
        let (mut positions, mut status) = ([0; COUNT], [Status::Active; COUNT]);
        let states = memory.as_mut_slice();
        let mut particles: Particles<X> =
            Particles::new(Streams::new(3), 0, states, &mut positions, &mut status).unwrap();
        let spring = |_time, x: &SVector<S::Real, N>| x.map(|x| -x);
        let run = Cpu
            .advance(&stepper, &mut particles, &spring, 0..2)
            .unwrap();
        assert_eq!((run.drift_calls, run.failed), (4 * COUNT as u64, 0));
        drop(particles);
        let mut x = X::from_fn(|_, _| S::Real::ONE);
        let mut stream = Stream::new(3, 15);
        for n in 0..2 {
            let time = stepper.dynamics().step_size() * S::Real::from_u32(n);
            let _ = stepper.step(time, &mut x, spring, &mut stream).unwrap();
        }
        x.for_each(|part, d, value| assert_eq!(memory[(part * N + d) * COUNT + 15], value));
    }
    check::<_, Phase<f64, 256>, 256>(Underdamped::new(0.1_f64, 100, 1.0).unwrap());
    check::<_, Phase<f64, 1024>, 1024>(Underdamped::new(0.1_f64, 100, 1.0).unwrap());
    check::<_, SVector<f32, 1024>, 1024>(Overdamped::new(0.1_f32, 100).unwrap());
    check::<_, SVector<f32, 2048>, 2048>(Overdamped::new(0.1_f32, 100).unwrap());
}
