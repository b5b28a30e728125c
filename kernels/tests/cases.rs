//! What every kernel is tried on, for the tests on the host and on a GPU.

#![allow(missing_docs, reason = "names of the list of kernels")]
#![allow(
    unreachable_pub,
    reason = "a program of its own includes this file too"
)]

use super::*;

/// A scalar with bits and without much range.
pub trait Value: Real {
    /// Its bits.
    fn bits(self) -> u64;
}

impl Value for f32 {
    fn bits(self) -> u64 {
        self.to_bits().into()
    }
}

impl Value for f64 {
    fn bits(self) -> u64 {
        self.to_bits()
    }
}

/// A table for each built-in drift in D dimensions.
pub fn gaussian<T: Real, const D: usize>() -> Vec<T> {
    let identity = (0..D * D).map(|i| T::from_u32(u32::from(i % (D + 1) == 0)));
    let mean = (0..D).map(|d| T::from_u32(d as u32) / T::from_u32(64));
    mean.chain(identity).collect()
}

pub fn mixture<T: Real, const D: usize>() -> Vec<T> {
    let row = |k: u32| {
        let head = [T::ZERO, T::ONE + T::from_u32(k)];
        let mean = (0..D as u32).map(move |d| T::from_u32((d + k) % 3) - T::ONE);
        head.into_iter().chain(mean)
    };
    (0..3).flat_map(row).collect()
}

pub fn well<T: Real, const D: usize>() -> Vec<T> {
    vec![T::ONE, T::TWO]
}

pub fn logistic<T: Real, const D: usize>() -> Vec<T> {
    let rows =
        (0..5 * D as u32).map(|i| T::from_u32(i % 7) / T::from_u32(D as u32) - T::ONE / T::TWO);
    core::iter::once(T::ONE).chain(rows).collect()
}

pub fn overdamped<T: Real>(inner_steps: u32) -> Overdamped<T> {
    let tenth = T::ONE / T::from_u32(10);
    Overdamped::new(tenth, inner_steps)
        .and_then(|dynamics| dynamics.with_temperature(T::TWO))
        .unwrap()
}

pub fn underdamped<T: Real>(inner_steps: u32) -> Underdamped<T> {
    let tenth = T::ONE / T::from_u32(10);
    Underdamped::new(tenth, inner_steps, T::TWO).unwrap()
}

/// Calls the macro `$then` with the dimension, name, types of stepper and drift, stepper, drift and table
/// of a kernel, under each law.
macro_rules! with_kernel {
    (
        em, $dynamics_name:ident, $drift_name:ident,
        $stepper_type:ty, $drift:ty, $real:ident, $dimension:literal, $then:ident
    ) => {{
        let stepper = EulerMaruyama::new($dynamics_name::<$real>(1));
        with_kernel!(
            @em, stepper, $dynamics_name, $drift_name, $stepper_type, $drift, $real, $dimension, $then
        );
    }};
    (
        baoa, $dynamics_name:ident, $drift_name:ident,
        $stepper_type:ty, $drift:ty, $real:ident, $dimension:literal, $then:ident
    ) => {{
        let stepper = Baoa::new($dynamics_name::<$real>(1)).unwrap();
        with_kernel!(
            @baoa, stepper, $dynamics_name, $drift_name, $stepper_type, $drift, $real, $dimension, $then
        );
    }};
    (
        pmm, $dynamics_name:ident, $drift_name:ident,
        $stepper_type:ty, $drift:ty, $real:ident, $dimension:literal, $then:ident
    ) => {
        for law in [MidpointLaw::Bernoulli, MidpointLaw::Single] {
            let stepper = PoissonMidpoint::new($dynamics_name::<$real>(7), law);
            with_kernel!(
                @pmm, stepper, $dynamics_name, $drift_name, $stepper_type, $drift, $real, $dimension,
                $then
            );
        }
    };
    (
        @$method:ident, $stepper:ident, $dynamics_name:ident, $drift_name:ident,
        $stepper_type:ty, $drift:ty, $real:ident, $dimension:literal, $then:ident
    ) => {
        let table = $drift_name::<$real, $dimension>();
        let drift = <$drift as TableDrift<'_, $real, $dimension>>::from_table(&table).unwrap();
        $then!(
            $dimension,
            concat!(
                stringify!($method), "_", stringify!($dynamics_name), "_", stringify!($drift_name), "_",
                stringify!($real), "_", stringify!($dimension)
            ),
            ($stepper_type, $drift),
            &$stepper,
            &drift,
            &table,
        );
    };
}
