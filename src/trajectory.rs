use core::fmt;

use heapless::Vec;

/// States recorded along a run, at most N of them, without a heap.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::dynamics::Overdamped;
/// use poisson_midpoint::random::Stream;
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, Stepper, Trajectory};
/// let stepper = PoissonMidpoint::new(Overdamped::new(0.1_f32, 100)?, MidpointLaw::Single);
/// let (mut x, mut stream) = (vector![1.0], Stream::new(42, 0));
/// let mut trajectory: Trajectory<_, 8> = Trajectory::new();
/// while !trajectory.is_full() {
///     let _ = stepper.step(0.0, &mut x, |_t, x| -x, &mut stream)?;
///     trajectory.push(x)?;
/// }
/// assert_eq!(trajectory.as_slice().last(), Some(&x));
/// assert_eq!(trajectory.push(x).unwrap_err().state, x);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectory<X, const N: usize> {
    states: Vec<X, N>,
}

impl<X, const N: usize> Trajectory<X, N> {
    /// An empty trajectory.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(N > 0, "a trajectory needs room for one state") };
        Self { states: Vec::new() }
    }

    /// Appends a state.
    ///
    /// # Errors
    /// [`TrajectoryFull`], which gives the state back, if N states are held.
    pub fn push(&mut self, state: X) -> Result<(), TrajectoryFull<X>> {
        self.states
            .push(state)
            .map_err(|state| TrajectoryFull { state, capacity: N })
    }

    /// Forgets all states.
    pub fn clear(&mut self) {
        self.states.clear();
    }

    /// Whether N states are held.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.states.is_full()
    }

    /// The states, oldest first.
    #[must_use]
    pub fn as_slice(&self) -> &[X] {
        &self.states
    }
}

impl<X, const N: usize> Default for Trajectory<X, N> {
    fn default() -> Self {
        Self::new()
    }
}

/// A [`Trajectory`] had no room for a state, which is returned.
///
/// ```
/// use poisson_midpoint::TrajectoryFull;
/// let full = TrajectoryFull { state: 1.5, capacity: 8 };
/// assert_eq!(full.to_string(), "the trajectory holds 8 states already");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrajectoryFull<X> {
    /// The state that was not recorded.
    pub state: X,
    /// The capacity N of the trajectory.
    pub capacity: usize,
}

impl<X> fmt::Display for TrajectoryFull<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the trajectory holds {} states already", self.capacity)
    }
}

impl<X: fmt::Debug> core::error::Error for TrajectoryFull<X> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_full_with_as_many_states_as_it_has_room_for() {
        let mut trajectory = Trajectory::<u32, 2>::new();
        for state in 0..2 {
            assert!(!trajectory.is_full());
            trajectory.push(state).unwrap();
        }
        assert!(trajectory.is_full());
        let full = trajectory.push(2).unwrap_err();
        assert_eq!(full.state, 2);
        assert_eq!(full.to_string(), "the trajectory holds 2 states already");
        trajectory.clear();
        assert!(!trajectory.is_full() && trajectory.as_slice().is_empty());
    }
}
