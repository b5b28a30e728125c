//! `defmt::Format` for types that cannot derive it, since the vectors of `nalgebra` and states made of them have none.

use defmt::{Format, Formatter, write};
use nalgebra::SVector;

use crate::dynamics::state::{Phase, State};
use crate::method::Query;
use crate::real::Real;
use crate::target::Gaussian;
use crate::trajectory::{Trajectory, TrajectoryFull};

impl<T: Real + Format, const D: usize> Format for Phase<T, D> {
    fn format(&self, f: Formatter<'_>) {
        let (position, velocity) = (self.position.as_slice(), self.velocity.as_slice());
        write!(
            f,
            "Phase {{ position: {=[?]}, velocity: {=[?]} }}",
            position, velocity
        );
    }
}

impl<X, T, const D: usize> Format for Query<X>
where
    X: State<Real = T, Position = SVector<T, D>>,
    T: Real + Format,
{
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "Query {{ position: {=[?]}, time: {}, inner_step: {} }}",
            self.position.as_slice(),
            self.time,
            self.inner_step
        );
    }
}

/// Shows the matrix column by column.
impl<T: Real + Format, const D: usize> Format for Gaussian<T, D> {
    fn format(&self, f: Formatter<'_>) {
        let (mean, precision) = (self.mean.as_slice(), self.precision.as_slice());
        write!(
            f,
            "Gaussian {{ mean: {=[?]}, precision: {=[?]} }}",
            mean, precision
        );
    }
}

impl<T: Real + Format, const D: usize, const N: usize> Format for Trajectory<SVector<T, D>, N> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "[");
        for state in self.as_slice() {
            write!(f, " {=[?]}", state.as_slice());
        }
        write!(f, " ]");
    }
}

impl<T: Real + Format, const D: usize, const N: usize> Format for Trajectory<Phase<T, D>, N> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{=[?]}", self.as_slice());
    }
}

impl<X> Format for TrajectoryFull<X> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "TrajectoryFull {{ capacity: {} }}", self.capacity);
    }
}
