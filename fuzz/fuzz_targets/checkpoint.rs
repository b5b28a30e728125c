//! The reader of checkpoints: what is read is what was written, and what no writer wrote is refused.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use poisson_midpoint::batch::{Particles, Status};
use poisson_midpoint::checkpoint::{self, Checkpoint, Recorded};
use poisson_midpoint::dynamics::{Dynamics, Overdamped, StateOf, Underdamped};
use poisson_midpoint::nalgebra::SVector;
use poisson_midpoint::random::{Stream, Streams};
use poisson_midpoint::{EulerMaruyama, MidpointLaw, Phase, PoissonMidpoint, State, StepError};

#[derive(Arbitrary, Debug)]
struct Input {
    seed: u64,
    first: u64,
    step: u32,
    is_phase: bool,
    particles: Vec<Particle>,
    edits: Vec<(u16, u8)>,
    /// Whether the checksum is made right after the edits.
    mends: bool,
    /// The run that restores it begins so many particles later, or earlier.
    shift: i8,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
struct Particle {
    bits: [u32; 4],
    word_position: u64,
    failure: Option<(u32, Failure)>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Failure {
    Drift(u32, u32),
    State(u32),
    Midpoint(u32, u32, u32),
    Other(u32, u32),
    NotAsked,
    Unfinished,
    NoAreas,
}

impl Particle {
    fn status(self) -> Status {
        let Some((step, failure)) = self.failure else {
            return Status::Active;
        };
        let error = match failure {
            Failure::Drift(inner_step, component) => StepError::NonFiniteDrift {
                inner_step,
                component: component as usize,
            },
            Failure::State(inner_step) => StepError::NonFiniteState { inner_step },
            Failure::Midpoint(midpoint, least, inner_steps) => StepError::Midpoint {
                midpoint,
                least,
                inner_steps,
            },
            Failure::Other(inner_steps, needed) => StepError::NoiseOfOtherSteps {
                inner_steps,
                needed,
            },
            Failure::NotAsked => StepError::DriftNotAsked,
            Failure::Unfinished => StepError::Unfinished,
            Failure::NoAreas => StepError::NoAreas,
        };
        Status::Failed { step, error }
    }
}

/// A batch in memory of its own.
struct Batch {
    state: Vec<f32>,
    word_positions: Vec<u64>,
    status: Vec<Status>,
}

impl Batch {
    fn particles<X: State<Real = f32>>(
        &mut self,
        streams: Streams,
        first: u64,
    ) -> Particles<'_, X> {
        let Self {
            state,
            word_positions,
            status,
        } = self;
        Particles::new(streams, first, state, word_positions, status).expect("the lengths agree")
    }

    fn bits(&self) -> Vec<u32> {
        self.state.iter().map(|x| x.to_bits()).collect()
    }

    fn same(&self, other: &Self) -> bool {
        self.bits() == other.bits()
            && self.word_positions == other.word_positions
            && self.status == other.status
    }
}

/// CRC-64/XZ, bit by bit.
fn checksum(bytes: &[u8]) -> [u8; 8] {
    let mut crc = !0_u64;
    for byte in bytes {
        crc ^= u64::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xc96c_5795_d787_0f42 * (crc & 1));
        }
    }
    (!crc).to_le_bytes()
}

fn check<S, X>(stepper: &S, input: &Input)
where
    S: Recorded<Dynamics: Dynamics<Real = f32>>,
    X: StateOf<S::Dynamics> + State<Real = f32>,
{
    let count = input.particles.len().min(8);
    let own = &input.particles[..count];
    let components = X::PARTS * X::DIMENSION;
    let first = input.first.min(u64::MAX - 300);
    let mut written = Batch {
        state: (0..components)
            .flat_map(|c| own.iter().map(move |p| f32::from_bits(p.bits[c])))
            .collect(),
        word_positions: own
            .iter()
            .map(|p| p.word_position.min(Stream::END))
            .collect(),
        status: own.iter().map(|p| p.status()).collect(),
    };
    let streams = Streams::new(input.seed);
    let particles = written.particles::<X>(streams, first);
    let mut bytes = vec![0; checkpoint::byte_length(&particles)];
    let length = checkpoint::write(&particles, stepper, input.step, &mut bytes);
    assert_eq!(length, Ok(bytes.len()));
    drop(particles);

    let read = Checkpoint::from_bytes(&bytes).expect("what is written can be read");
    assert_eq!(
        (read.range(), read.step()),
        (first..first + count as u64, input.step)
    );
    // Into a run that begins elsewhere: those that are in both, and no other.
    let empty = || Batch {
        state: vec![7.0; components * count],
        word_positions: vec![1; count],
        status: vec![Status::Active; count],
    };
    let shift = i64::from(input.shift);
    let start = first.saturating_add_signed(shift);
    let mut restored = empty();
    let mut run = restored.particles::<X>(streams, start);
    let common = read
        .restore(stepper, &mut run)
        .expect("the stepper is the same");
    drop(run);
    let mut expected = 0;
    for place in 0..count {
        let number = start + place as u64;
        let from = number
            .checked_sub(first)
            .map(|from| from as usize)
            .filter(|from| *from < count);
        let unchanged = (1, Status::Active);
        let kept = from.map_or(unchanged, |from| {
            (written.word_positions[from], written.status[from])
        });
        assert_eq!(
            (restored.word_positions[place], restored.status[place]),
            kept
        );
        for c in 0..components {
            let value = from.map_or(7.0_f32, |from| written.state[c * count + from]);
            assert_eq!(restored.state[c * count + place].to_bits(), value.to_bits());
        }
        expected += usize::from(from.is_some());
    }
    assert_eq!(common, expected);

    let mut edited = bytes.clone();
    for (place, byte) in &input.edits {
        let place = usize::from(*place) % edited.len();
        edited[place] = *byte;
    }
    if input.mends {
        let content = edited.len() - 8;
        let checksum = checksum(&edited[..content]);
        edited[content..].copy_from_slice(&checksum);
    }
    let is_changed = edited != bytes;
    match Checkpoint::from_bytes(&edited) {
        Ok(read) => {
            assert!(!is_changed || input.mends, "a change is not seen");
            let mut again = empty();
            let own = read.range();
            if read.len() != count || own.end < own.start + count as u64 {
                return;
            }
            let mut run = again.particles::<X>(read.streams(), own.start);
            if read.restore(stepper, &mut run).is_ok() {
                // Whatever is read is written the same.
                let mut bytes = vec![0; checkpoint::byte_length(&run)];
                checkpoint::write(&run, stepper, read.step(), &mut bytes).expect("it fits");
                assert_eq!(bytes, edited);
                drop(run);
                assert!(is_changed || again.same(&written));
            }
        }
        Err(error) => assert!(is_changed, "{error}"),
    }
}

fuzz_target!(|input: Input| {
    // Bytes that nobody wrote.
    let raw: Vec<u8> = input.edits.iter().map(|(_, byte)| *byte).collect();
    assert!(Checkpoint::from_bytes(&raw).is_err());
    let (step_size, inner_steps) = (0.5_f32, 10);
    if input.is_phase {
        let dynamics = Underdamped::new(step_size, inner_steps, 2.0).expect("in range");
        let stepper = PoissonMidpoint::new(dynamics, MidpointLaw::Single);
        check::<_, Phase<f32, 2>>(&stepper, &input);
    } else {
        let dynamics = Overdamped::new(step_size, inner_steps).expect("in range");
        check::<_, SVector<f32, 3>>(&EulerMaruyama::new(dynamics), &input);
    }
});
