//! Where the randomness of a step comes from: words, a caller's own values, or a Brownian path.

use crate::Real;
use crate::random::{Midpoints, Words};
use crate::scheme::Span;

/// The random quantities of one step: where the midpoints fall, and the Gaussian increments.
///
/// Every [`Words`] source is one, by the reading order of stream v1 (see [`random`](crate::random)).
/// Implement it to supply increments of your own, or use [`Injected`].
///
/// ```
/// use nalgebra::SVector;
/// use poisson_midpoint::noise::Noise;
/// use poisson_midpoint::random::Stream;
/// use poisson_midpoint::scheme::{Overdamped, ScalarSpan, Scheme};
/// let scheme = Overdamped::new(0.5_f64, 10)?;
/// let span = scheme.span(0, 10);
/// let mut stream = Stream::new(42, 0);
/// let increment: SVector<f64, 3> = stream.increment(0, 10, &span);
/// assert_eq!(stream.position(), 6); // three f64 normals
/// # Ok::<(), poisson_midpoint::ParameterError<f64>>(())
/// ```
pub trait Noise<T: Real, P: Span<T, D>, const D: usize> {
    /// The first midpoint of the step, or the next after `previous`; `None` when there is no
    /// more. Must increase and lie in 1..K.
    fn midpoint(&mut self, midpoints: &Midpoints, previous: Option<u32>) -> Option<u32>;

    /// The noise V^½ Z of inner steps `from`..`to`, whose coefficients are `span`.
    fn increment(&mut self, from: u32, to: u32, span: &P) -> P::State;
}

/// Whether the processor has no vector unit, or this is one lane of one: lanes would only take memory.
const ONE_BY_ONE: bool = cfg!(any(
    all(target_arch = "arm", not(target_feature = "neon")),
    target_arch = "nvptx64"
));

impl<T: Real, P: Span<T, D>, W: Words + ?Sized, const D: usize> Noise<T, P, D> for W {
    #[inline]
    fn midpoint(&mut self, midpoints: &Midpoints, previous: Option<u32>) -> Option<u32> {
        midpoints.next(previous, self)
    }

    /// Reads the segment's words, then makes its normals with the dimensions as lanes; or, to the
    /// same bits, normal by normal.
    #[inline]
    #[allow(
        clippy::indexing_slicing,
        reason = "at most 2 normals of 2 words a dimension"
    )]
    fn increment(&mut self, _from: u32, _to: u32, span: &P) -> P::State {
        const {
            assert!(
                P::NORMALS == 1 || P::NORMALS == 2,
                "a span takes one or two normals a dimension"
            );
        };
        if ONE_BY_ONE {
            return span.increment(|| T::normal(self));
        }
        let reads = (P::NORMALS * T::WORDS_PER_NORMAL) as usize;
        let mut words = [[0; D]; 4];
        for dimension in 0..D {
            for row in words.iter_mut().take(reads) {
                row[dimension] = self.next_word();
            }
        }
        let mut rows = words.iter();
        let normals: [[T; D]; 2] = core::array::from_fn(|normal| {
            if normal < P::NORMALS as usize {
                T::normal_lanes(|| rows.next().copied().unwrap_or([0; D]))
            } else {
                [T::ZERO; D]
            }
        });
        let count = P::NORMALS as usize;
        let mut drawn = 0;
        span.increment(|| {
            let normal = normals[drawn % count][drawn / count];
            drawn += 1;
            normal
        })
    }
}

/// Noise from two closures: midpoints, and increments of inner steps `from..to`.
///
/// ```
/// use nalgebra::{SVector, vector};
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, Stepper};
/// use poisson_midpoint::{noise::Injected, scheme::Overdamped};
/// let stepper = PoissonMidpoint::new(Overdamped::new(0.1_f64, 4)?, MidpointLaw::Bernoulli);
/// // One midpoint, at inner step 2, and no noise: a deterministic midpoint step.
/// let mut noise = Injected::new(
///     |previous: Option<u32>| previous.is_none().then_some(2),
///     |_from, _to| vector![0.0],
/// );
/// let mut x = vector![1.0];
/// let step = stepper.step(0.0, &mut x, &mut |_t, x: &SVector<f64, 1>| -x, &mut noise)?;
/// assert_eq!(step.drift_calls, 2);
/// assert!((x.x - 0.905).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Injected<M, I> {
    midpoint: M,
    increment: I,
}

impl<M, I> Injected<M, I> {
    /// Noise whose next midpoint is `midpoint(previous)` and whose increment over inner steps
    /// `from..to` is `increment(from, to)`, a state.
    pub fn new(midpoint: M, increment: I) -> Self {
        Self {
            midpoint,
            increment,
        }
    }
}

impl<T, P, M, I, const D: usize> Noise<T, P, D> for Injected<M, I>
where
    T: Real,
    P: Span<T, D>,
    M: FnMut(Option<u32>) -> Option<u32>,
    I: FnMut(u32, u32) -> P::State,
{
    fn midpoint(&mut self, _midpoints: &Midpoints, previous: Option<u32>) -> Option<u32> {
        (self.midpoint)(previous)
    }

    fn increment(&mut self, from: u32, to: u32, _span: &P) -> P::State {
        (self.increment)(from, to)
    }
}

/// Its name: closures have nothing to show.
#[cfg(feature = "defmt")]
impl<M, I> defmt::Format for Injected<M, I> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Injected");
    }
}
