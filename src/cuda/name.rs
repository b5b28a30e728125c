use core::fmt;

/// The name of a kernel.
///
/// ```
/// use poisson_midpoint::cuda::KernelName;
/// let name = KernelName::Split { part: "begin", dynamics: "overdamped", scalar: "f32" };
/// assert_eq!(name.to_string(), "begin_overdamped_f32");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KernelName {
    /// Many macro steps.
    Fused {
        /// `em` or `pmm`.
        method: &'static str,
        /// The dynamics.
        dynamics: &'static str,
        /// The drift.
        drift: &'static str,
        /// The scalar.
        scalar: &'static str,
        /// The dimension.
        dimension: usize,
    },
    /// A part of a macro step.
    Split {
        /// Which part.
        part: &'static str,
        /// The dynamics.
        dynamics: &'static str,
        /// The scalar.
        scalar: &'static str,
    },
}

impl fmt::Display for KernelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fused {
                method,
                dynamics,
                drift,
                scalar,
                dimension,
            } => write!(f, "{method}_{dynamics}_{drift}_{scalar}_{dimension}"),
            Self::Split {
                part,
                dynamics,
                scalar,
            } => write!(f, "{part}_{dynamics}_{scalar}"),
        }
    }
}
