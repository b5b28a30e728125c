//! A Brownian path that can be looked at in steps of any size.

use core::fmt;

use super::Noise;
use super::areas::AreaPath;
use crate::dynamics::cell::Cell;
use crate::dynamics::span::{Bridge, Span};
use crate::dynamics::state::State;
use crate::dynamics::{Dynamics, SpanOf, StateOf};
use crate::random::{Midpoints, Stream, Words};
use crate::real::Real;

/// The noise of one particle over a whole run, fixed once and seen in steps of any size: the same
/// path at η and at η/2, for studies of strong error.
///
/// The path covers the K inner steps of `whole`, dynamics whose single macro step is the run.
/// The increment over any range of inner steps is sampled by Brownian bridges, halving the run
/// down to the range: about 2 log₂ K bridges of 2c·D normals, c normals per dimension in a
/// segment. Increments over adjoining ranges compose to those over their union, exactly up to
/// rounding, in whatever order they are asked for. This works for all dynamics; the bridge of the
/// underdamped ones is that of (position, velocity).
///
/// [`Quicsort`](crate::Quicsort), which needs Lévy areas, sees a second path from the same stream, independent of this one:
/// couple its steps with each other only. A step of it costs about 2 log₂ K nodes of 6D normals, whose words begin at
/// 2⁶².
///
/// ```
/// use nalgebra::vector;
/// use poisson_midpoint::random::Stream;
/// use poisson_midpoint::{EulerMaruyama, Stepper, dynamics::Overdamped, noise::BrownianPath};
/// // One unit of time in 64 inner steps; Euler–Maruyama at 1/16 and at 1/32.
/// let path = BrownianPath::new(Overdamped::new(1.0_f64, 64)?, Stream::new(42, 0));
/// let mut unused = Stream::new(43, 0);
/// let mut ends = [vector![1.0]; 2];
/// for (end, steps) in ends.iter_mut().zip([16, 32]) {
///     let inner = 64 / steps;
///     let stepper = EulerMaruyama::new(Overdamped::new(1.0 / f64::from(steps), inner)?);
///     for n in 0..steps {
///         let mut noise = path.noise(n * inner, inner, &mut unused)?;
///         let _ = stepper.step(0.0, end, |_t, x| -x, &mut noise)?;
///     }
/// }
/// assert!((ends[0] - ends[1]).amax() < 0.05);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BrownianPath<S> {
    whole: S,
    stream: Stream,
}

impl<S: Dynamics> BrownianPath<S> {
    /// The path over the one macro step of `whole`, drawn from the words of `stream` (from its
    /// beginning, wherever it stands).
    #[must_use]
    pub fn new(whole: S, stream: Stream) -> Self {
        Self { whole, stream }
    }

    /// The increment over inner steps `from`..`to` of the run.
    ///
    /// # Errors
    /// [`PathError`] unless `from` ≤ `to` ≤ K.
    pub fn increment<X>(&self, from: u32, to: u32) -> Result<X, PathError>
    where
        X: StateOf<S>,
    {
        let inner_steps = self.whole.inner_steps();
        if from > to || to > inner_steps {
            return Err(PathError {
                from,
                to,
                inner_steps,
            });
        }
        Ok(self.part((from, to)))
    }

    /// The noise of a macro step that covers `inner_steps` inner steps of the run from `start` on;
    /// its midpoints are drawn from `words`.
    ///
    /// The step's own inner step must be as long as the path's. A step of another K is refused with
    /// [`StepError::NoiseOfOtherSteps`](crate::StepError::NoiseOfOtherSteps).
    ///
    /// # Errors
    /// [`PathError`] unless the step lies within the run.
    pub fn noise<'a, W: Words>(
        &'a self,
        start: u32,
        inner_steps: u32,
        words: &'a mut W,
    ) -> Result<PathNoise<'a, S, W>, PathError> {
        let whole = self.whole.inner_steps();
        match start.checked_add(inner_steps) {
            Some(end) if end <= whole => Ok(self.noise_within(start, inner_steps, words)),
            end => Err(PathError {
                from: start,
                to: end.unwrap_or(u32::MAX),
                inner_steps: whole,
            }),
        }
    }

    /// [`noise`](Self::noise) of a step that lies within the run.
    pub(crate) fn noise_within<'a, W: Words>(
        &'a self,
        start: u32,
        inner_steps: u32,
        words: &'a mut W,
    ) -> PathNoise<'a, S, W> {
        PathNoise {
            path: self,
            start,
            inner_steps,
            words,
        }
    }

    /// The increment over the part of the run in `wanted`.
    fn part<X>(&self, wanted: (u32, u32)) -> X
    where
        X: StateOf<S>,
    {
        let end = self.whole.inner_steps();
        if wanted.0 >= wanted.1 {
            return X::zero();
        }
        let total = X::draw(&self.whole.span(0, end), &mut self.words_of::<X>(0));
        self.descend((0, end), total, wanted)
    }

    /// The stream at the words of the node that splits at inner step `split`; 0 is the root.
    ///
    /// Every node splits at an inner step of its own, which therefore numbers the node.
    fn words_of<X: State>(&self, split: u32) -> Stream {
        let normals = 2 * (SpanOf::<S>::NORMALS * X::DIMENSION) as u64;
        let words = normals * u64::from(S::Real::WORDS_PER_NORMAL);
        self.stream.node(0, split, words)
    }

    /// The increment over the overlap of `node` and `wanted`, `total` being that over `node`.
    fn descend<X>(&self, node: (u32, u32), total: X, wanted: (u32, u32)) -> X
    where
        X: StateOf<S>,
    {
        if wanted.0 <= node.0 && node.1 <= wanted.1 {
            return total;
        }
        let split = node.0 + (node.1 - node.0) / 2;
        let (left, right) = (
            self.whole.span(node.0, split),
            self.whole.span(split, node.1),
        );
        // The two halves are sampled without regard to the total, then moved to agree with it: for
        // Gaussians this is a sample of the halves given the total.
        let mut stream = self.words_of::<X>(split);
        let mut first = X::draw(&left, &mut stream);
        let mut second = X::draw(&right, &mut stream);
        for d in 0..X::DIMENSION {
            let (sample, total) = (first.cell(d), total.cell(d));
            let surplus = total.minus(right.propagate(sample).plus(second.cell(d)));
            let moved = sample.plus(left.expected_part(&right, surplus));
            first.set_cell(d, moved);
            second.set_cell(d, total.minus(right.propagate(moved)));
        }
        if wanted.1 <= split {
            return self.descend((node.0, split), first, wanted);
        }
        if wanted.0 >= split {
            return self.descend((split, node.1), second, wanted);
        }
        let before = self.descend((node.0, split), first, wanted);
        let after = self.descend((split, node.1), second, wanted);
        let rest = self.whole.span(split, wanted.1.min(node.1));
        X::from_cells(|d| rest.propagate(before.cell(d)).plus(after.cell(d)))
    }
}

/// The noise of one macro step along a [`BrownianPath`].
///
/// ```
/// use poisson_midpoint::{dynamics::Overdamped, noise::BrownianPath, random::Stream};
/// let path = BrownianPath::new(Overdamped::new(1.0_f64, 64)?, Stream::new(42, 0));
/// let mut midpoints = Stream::new(43, 0);
/// assert!(path.noise(48, 16, &mut midpoints).is_ok());
/// assert!(path.noise(49, 16, &mut midpoints).is_err());
/// # Ok::<(), poisson_midpoint::ParameterError<f64>>(())
/// ```
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PathNoise<'a, S, W> {
    path: &'a BrownianPath<S>,
    start: u32,
    inner_steps: u32,
    words: &'a mut W,
}

impl<S, W> PathNoise<'_, S, W> {
    /// An inner step of the macro step as one of the run.
    fn place(&self, inner_step: u32) -> u32 {
        self.start + inner_step.min(self.inner_steps)
    }
}

impl<S, X, W> Noise<X> for PathNoise<'_, S, W>
where
    S: Dynamics,
    X: StateOf<S>,
    W: Words,
{
    fn inner_steps(&self) -> Option<u32> {
        Some(self.inner_steps)
    }

    fn midpoint(&mut self, midpoints: &Midpoints, previous: Option<u32>) -> Option<u32> {
        midpoints.next(previous, self.words)
    }

    fn increment<P>(&mut self, from: u32, to: u32, span: &P) -> X
    where
        P: Span<X::Real, Cell = X::Cell>,
    {
        let exact: X = self.path.part((self.place(from), self.place(to)));
        X::from_cells(|d| span.along_path(exact.cell(d)))
    }

    fn areas<P, Q>(&mut self, inner_steps: u32, areas: &P, higher: &Q) -> Option<[X; 2]>
    where
        P: Span<X::Real, Cell = X::Cell>,
        Q: Span<X::Real, Cell = X::Cell>,
    {
        let path = AreaPath {
            stream: &self.path.stream,
            inner_steps: self.path.whole.inner_steps(),
        };
        let standardised = path.standardised::<X::Position>(self.start, self.place(inner_steps));
        let mut triples = standardised.as_ref().iter();
        let mut increments = [X::zero(); 2];
        let [first, second] = &mut increments;
        for d in 0..X::DIMENSION {
            if let Some(&[increment, area, higher_area]) = triples.next() {
                let mut normals = [increment, area].into_iter();
                first.set_cell(d, areas.increment(|| normals.next().unwrap_or_default()));
                second.set_cell(d, higher.increment(|| higher_area));
            }
        }
        Some(increments)
    }
}

/// A range of inner steps that a [`BrownianPath`] does not cover.
///
/// ```
/// use nalgebra::SVector;
/// use poisson_midpoint::dynamics::Overdamped;
/// use poisson_midpoint::noise::{BrownianPath, PathError};
/// use poisson_midpoint::random::Stream;
/// let path = BrownianPath::new(Overdamped::new(1.0_f64, 64)?, Stream::new(42, 0));
/// let increment: Result<SVector<f64, 1>, _> = path.increment(60, 70);
/// assert_eq!(increment, Err(PathError { from: 60, to: 70, inner_steps: 64 }));
/// # Ok::<(), poisson_midpoint::ParameterError<f64>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PathError {
    /// Where the range begins.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
    /// K, where the path ends.
    pub inner_steps: u32,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            from,
            to,
            inner_steps,
        } = self;
        write!(
            f,
            "inner steps {from}..{to} are not within 0..{inner_steps}"
        )
    }
}

impl core::error::Error for PathError {}
