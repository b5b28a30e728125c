//! Particles as lanes: the Euler–Maruyama step in a form that vectorises, with the bits of the
//! scalar step.

use core::ops::Range;

use crate::random::Streams;
use crate::scheme::{Process, Span};
use crate::{Drift, EulerMaruyama, Real, State, Stepper};

/// Particles stepped together so that the compiler can use vector instructions.
pub(crate) const LANES: usize = 16;

/// Particles at the same word of their streams, about to be stepped together.
#[derive(Clone, Debug)]
pub struct Lanes<X> {
    pub(super) streams: Streams,
    pub(super) particles: [u64; LANES],
    pub(super) position: u64,
    pub(super) states: [X; LANES],
}

impl<X> Lanes<X> {
    /// Steps all lanes by Euler–Maruyama. `None` if a step failed in any: the lanes are then void.
    #[allow(
        clippy::indexing_slicing,
        reason = "`lane` numbers lanes, and D·count normals are drawn"
    )]
    pub(crate) fn euler_maruyama<S, F, const D: usize>(
        &mut self,
        stepper: &EulerMaruyama<S>,
        drift: &mut F,
        steps: Range<u32>,
    ) -> Option<u64>
    where
        S: Process<D, State = X>,
        F: Drift<S::Real, D> + ?Sized,
        X: State<S::Real, D>,
    {
        const {
            let normals = <S::Span as Span<S::Real, D>>::NORMALS;
            assert!(
                normals == 1 || normals == 2,
                "a span takes one or two normals a dimension"
            );
        }
        let scheme: &S = Stepper::<D>::scheme(stepper);
        let step_size = scheme.step_size();
        let span = stepper.whole();
        let count = <S::Span as Span<S::Real, D>>::NORMALS as usize;
        let mut words = LaneWords::new(self.streams, self.particles, self.position);
        let calls = steps.len() as u64 * LANES as u64;
        let mut normals = [[[S::Real::ZERO; LANES]; 2]; D];
        for n in steps {
            let time = step_size * S::Real::from_u32(n);
            for dimension in &mut normals {
                for normal in dimension.iter_mut().take(count) {
                    *normal = S::Real::normal_lanes(|| words.next());
                }
            }
            let mut finite = true;
            for (lane, state) in self.states.iter_mut().enumerate() {
                let b0 = drift.drift(time, state.position());
                let mut drawn = 0;
                let increment = span.increment(|| {
                    let normal = normals[drawn / count][drawn % count][lane];
                    drawn += 1;
                    normal
                });
                *state = span.mean(state, &b0).plus(&increment);
                finite &= state.is_finite();
            }
            if !finite {
                return None;
            }
        }
        self.position = words.position;
        Some(calls)
    }
}

/// The words of one stream a lane, all read in step.
struct LaneWords {
    streams: Streams,
    particles: [u64; LANES],
    position: u64,
    block: [[u32; LANES]; 16],
}

impl LaneWords {
    fn new(streams: Streams, particles: [u64; LANES], position: u64) -> Self {
        let mut words = Self {
            streams,
            particles,
            position,
            block: [[0; LANES]; 16],
        };
        if position & 15 != 0 {
            words.fill();
        }
        words
    }

    #[inline(never)]
    #[allow(clippy::indexing_slicing, reason = "`lane` numbers lanes")]
    fn fill(&mut self) {
        let counter = self.position >> 4;
        for (lane, &particle) in self.particles.iter().enumerate() {
            let words = self.streams.block(counter, particle);
            for (row, word) in self.block.iter_mut().zip(words) {
                row[lane] = word;
            }
        }
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "an index below 16 into 16 words")]
    fn next(&mut self) -> [u32; LANES] {
        let index = (self.position & 15) as usize;
        if index == 0 {
            self.fill();
        }
        self.position = self.position.wrapping_add(1);
        self.block[index]
    }
}
