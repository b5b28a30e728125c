//! Where the randomness of a step comes from: words, a caller's own values, or a Brownian path.
//!
//! Every step takes a [`Noise`]. As a rule that is a particle's [`Stream`](crate::random::Stream). [`Injected`] hands a
//! step values of your own, for tests and for chains that share their noise; a [`BrownianPath`] is one path that steps
//! of any size see, for strong errors and for coupled chains.
//!
//! ```
//! use nalgebra::vector;
//! use poisson_midpoint::noise::{BrownianPath, Injected};
//! use poisson_midpoint::{EulerMaruyama, Stepper, dynamics::Overdamped, random::Stream};
//! let stepper = EulerMaruyama::new(Overdamped::new(0.5_f64, 8)?);
//! let mut ends = [vector![1.0]; 3];
//! let drift = |_time: f64, x: &_| -x;
//!
//! let _ = stepper.step(0.0, &mut ends[0], drift, &mut Stream::new(42, 0))?;
//! let mut none = Injected::new(|_| None, |_from, _to| vector![0.0]);
//! let _ = stepper.step(0.0, &mut ends[1], drift, &mut none)?;
//! // Two units of time in 32 inner steps, of which the step takes the first 8.
//! let path = BrownianPath::new(Overdamped::new(2.0, 32)?, Stream::new(42, 0));
//! let mut unused = Stream::new(42, 1);
//! let _ = stepper.step(0.0, &mut ends[2], drift, &mut path.noise(0, 8, &mut unused)?)?;
//! assert_eq!(ends[1], vector![0.5]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::dynamics::segment::words_together;
use crate::dynamics::span::Span;
use crate::dynamics::state::State;
use crate::error::StepError;
use crate::random::{Midpoints, Words};

#[cfg(not(target_arch = "nvptx64"))]
mod areas;
#[cfg(not(target_arch = "nvptx64"))]
mod path;

#[cfg(not(target_arch = "nvptx64"))]
pub use path::{BrownianPath, PathError, PathNoise};

/// The random quantities of one step of a state `X`: where the midpoints fall, and the Gaussian increments.
///
/// Every source of [`Words`] gives them, in the reading order of stream v1 (see [`random`](crate::random)). For
/// quantities of your own there is [`Injected`].
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::noise::Noise;
/// use poisson_midpoint::{EulerMaruyama, Stepper, dynamics::Overdamped, random::Stream};
/// let stepper = EulerMaruyama::new(Overdamped::new(0.1_f32, 1)?);
/// let mut noise = Stream::new(42, 0);
/// let mut x = vector![1.0, 2.0, 3.0];
/// let _ = stepper.step(0.0, &mut x, |_t, x| -x, &mut noise)?;
/// assert_eq!(noise.word_position(), 3); // three normals
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Noise<X: State> {
    /// The K of the steps that this noise is for, if it is for one K only. Steps of another K are refused with
    /// [`StepError::NoiseOfOtherSteps`].
    #[inline]
    fn inner_steps(&self) -> Option<u32> {
        None
    }

    /// Tells that so many increments like those of the span `P` are drawn next, after `midpoints` midpoints, 0 or 1. More
    /// than one only if their words [can be prepared together](words_together).
    #[doc(hidden)]
    #[inline(always)]
    fn prepare<P>(&mut self, _midpoints: u32, _increments: usize)
    where
        P: Span<X::Real, Cell = X::Cell>,
    {
    }

    /// The first midpoint of the step, or the next after `previous`; `None` when there are no
    /// more. Midpoints must increase and lie in 1..K.
    fn midpoint(&mut self, midpoints: &Midpoints, previous: Option<u32>) -> Option<u32>;

    /// Draws the midpoint of the step, before its first increment, if this source knows that there is exactly one.
    /// Otherwise `None`, with nothing drawn, and [`midpoint`](Self::midpoint) is asked. A source for steps of one K says
    /// `None`: the step does not check K before it asks this.
    #[doc(hidden)]
    #[inline]
    fn single_midpoint(&mut self, _midpoints: &Midpoints) -> Option<u32> {
        None
    }

    /// The noise V^½ Z of inner steps `from`..`to`, whose coefficients are `span`.
    fn increment<P>(&mut self, from: u32, to: u32, span: &P) -> X
    where
        P: Span<X::Real, Cell = X::Cell>;

    /// What [`Quicsort`](crate::Quicsort) needs of the Brownian path over its whole step, of `inner_steps` inner steps:
    /// (ρH, ρW), noise of `areas`, and (0, ρL), noise of `higher`. The increment W, the space-time Lévy area H and the
    /// space-time-time Lévy area L are independent, of variances η, η/12 and η/720. `None` unless a source says so; the
    /// step is then refused with [`StepError::NoAreas`].
    #[inline]
    fn areas<P, Q>(&mut self, _inner_steps: u32, _areas: &P, _higher: &Q) -> Option<[X; 2]>
    where
        P: Span<X::Real, Cell = X::Cell>,
        Q: Span<X::Real, Cell = X::Cell>,
    {
        None
    }
}

/// Checks that this noise is for steps of `inner_steps` inner steps.
#[inline]
pub(crate) fn check_noise<X, N>(noise: &N, inner_steps: u32) -> Result<(), StepError>
where
    X: State,
    N: Noise<X> + ?Sized,
{
    match noise.inner_steps() {
        Some(needed) if needed != inner_steps => Err(StepError::NoiseOfOtherSteps {
            inner_steps,
            needed,
        }),
        _ => Ok(()),
    }
}

impl<X: State, W: Words + ?Sized> Noise<X> for W {
    #[inline(always)]
    fn prepare<P>(&mut self, midpoints: u32, increments: usize)
    where
        P: Span<X::Real, Cell = X::Cell>,
    {
        // `draw` prepares cell by cell what cannot be prepared together.
        let words = words_together::<X::Real, P>(increments * X::DIMENSION).unwrap_or(0);
        Words::prepare(self, midpoints + words);
    }

    #[inline]
    fn midpoint(&mut self, midpoints: &Midpoints, previous: Option<u32>) -> Option<u32> {
        midpoints.next(previous, self)
    }

    #[inline(always)]
    fn single_midpoint(&mut self, midpoints: &Midpoints) -> Option<u32> {
        midpoints
            .is_single()
            .then(|| midpoints.single(self.next_word()))
    }

    #[inline]
    fn increment<P>(&mut self, _from: u32, _to: u32, span: &P) -> X
    where
        P: Span<X::Real, Cell = X::Cell>,
    {
        X::draw(span, self)
    }

    #[inline]
    fn areas<P, Q>(&mut self, _inner_steps: u32, areas: &P, higher: &Q) -> Option<[X; 2]>
    where
        P: Span<X::Real, Cell = X::Cell>,
        Q: Span<X::Real, Cell = X::Cell>,
    {
        Some([X::draw(areas, self), X::draw(higher, self)])
    }
}

/// Noise from two closures: midpoints, and increments of inner steps `from..to`. For recorded noise, noise that
/// several chains share, or none at all.
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::{MidpointLaw, PoissonMidpoint, Stepper};
/// use poisson_midpoint::{dynamics::Overdamped, noise::Injected};
/// let stepper = PoissonMidpoint::new(Overdamped::new(0.1_f64, 4)?, MidpointLaw::Bernoulli);
/// // One midpoint, at inner step 2, and no noise: a deterministic midpoint step.
/// let mut noise = Injected::new(
///     |previous: Option<u32>| previous.is_none().then_some(2),
///     |_from, _to| vector![0.0],
/// );
/// let mut x = vector![1.0];
/// let step = stepper.step(0.0, &mut x, |_t, x| -x, &mut noise)?;
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
    /// `midpoint` is called as [`Noise::midpoint`] is, `increment` for the noise of inner steps `from..to`.
    pub fn new(midpoint: M, increment: I) -> Self {
        Self {
            midpoint,
            increment,
        }
    }
}

impl<X, M, I> Noise<X> for Injected<M, I>
where
    X: State,
    M: FnMut(Option<u32>) -> Option<u32>,
    I: FnMut(u32, u32) -> X,
{
    fn midpoint(&mut self, _midpoints: &Midpoints, previous: Option<u32>) -> Option<u32> {
        (self.midpoint)(previous)
    }

    fn increment<P>(&mut self, from: u32, to: u32, _span: &P) -> X {
        (self.increment)(from, to)
    }

    fn areas<P, Q>(&mut self, inner_steps: u32, _areas: &P, _higher: &Q) -> Option<[X; 2]>
    where
        P: Span<X::Real, Cell = X::Cell>,
        Q: Span<X::Real, Cell = X::Cell>,
    {
        let mut whole = || (self.increment)(0, inner_steps);
        Some([whole(), whole()])
    }
}

#[cfg(feature = "defmt")]
impl<M, I> defmt::Format for Injected<M, I> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Injected");
    }
}
