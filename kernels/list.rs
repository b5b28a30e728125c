//! Which kernels there are: one list for the device crate and for the tests on the host.

/// Calls a macro with the scalar and dimension of each module of fused kernels, and its name.
macro_rules! each_module {
    ($call:ident) => {
        $call! { "f32_1", f32, 1 }
        $call! { "f32_2", f32, 2 }
        $call! { "f32_3", f32, 3 }
        $call! { "f32_4", f32, 4 }
        $call! { "f32_8", f32, 8 }
        $call! { "f32_16", f32, 16 }
        $call! { "f32_32", f32, 32 }
        $call! { "f32_64", f32, 64 }
        $call! { "f64_1", f64, 1 }
        $call! { "f64_2", f64, 2 }
        $call! { "f64_3", f64, 3 }
        $call! { "f64_4", f64, 4 }
        $call! { "f64_8", f64, 8 }
    };
}

/// Calls a macro with the scalar of each module of split-phase kernels, and its name.
#[allow(unused_macros, reason = "the tests on the host need no names of these")]
macro_rules! each_split_module {
    ($call:ident) => {
        $call! { "f32_split", f32 }
        $call! { "f64_split", f64 }
    };
}

/// Calls a macro with the parts of each kernel's name, its stepper, drift, scalar and dimension.
macro_rules! each_kernel {
    ($call:ident, $real:ident, $dimension:literal) => {
        each_kernel! { $call, $real, $dimension, gaussian, GaussianTable<'_, $real, $dimension> }
        each_kernel! { $call, $real, $dimension, mixture, GaussianMixture<'_, $real, $dimension> }
        each_kernel! { $call, $real, $dimension, well, DoubleWell<$real> }
        each_kernel! { $call, $real, $dimension, logistic, LogisticRegression<'_, $real, $dimension> }
    };
    ($call:ident, $real:ident, $dimension:literal, $drift_name:ident, $drift:ty) => {
        $call! { em, overdamped, $drift_name, EulerMaruyama<Overdamped<$real>>, $drift, $real, $dimension }
        $call! { em, underdamped, $drift_name, EulerMaruyama<Underdamped<$real>>, $drift, $real, $dimension }
        $call! { baoa, underdamped, $drift_name, Baoa<$real>, $drift, $real, $dimension }
        $call! { pmm, overdamped, $drift_name, PoissonMidpoint<Overdamped<$real>>, $drift, $real, $dimension }
        $call! { pmm, underdamped, $drift_name, PoissonMidpoint<Underdamped<$real>>, $drift, $real, $dimension }
    };
}
