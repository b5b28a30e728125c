//! The words of a stream against those of `rand_chacha`, whatever the order of reading, moving, telling and resuming.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use poisson_midpoint::random::{Buffered, PastEnd, Stream, Streams, Words, normal_f32};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

#[derive(Arbitrary, Debug)]
struct Input {
    seed: u64,
    particle: u64,
    calls: Vec<Call>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Call {
    Words(u8),
    Double,
    /// Up to the words of several blocks.
    Bytes(u8),
    Seek(Position),
    /// A stream made anew at the position told.
    Resume,
    /// Words, and normals of others, read ahead.
    Ahead(u16),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Position {
    Near(u16),
    BeforeEnd(u8),
    Any(u64),
}

impl Position {
    fn word(self) -> u64 {
        match self {
            Self::Near(word) => word.into(),
            Self::BeforeEnd(words) => Stream::END - u64::from(words),
            Self::Any(word) => word,
        }
    }
}

fuzz_target!(|input: Input| {
    let Input {
        seed,
        particle,
        calls,
    } = input;
    let streams = Streams::new(seed);
    let mut stream = streams.particle(particle);
    assert_eq!(stream, Stream::new(seed, particle));
    let mut reference = ChaCha8Rng::seed_from_u64(seed);
    reference.set_stream(particle);
    for call in calls.into_iter().take(32) {
        match call {
            Call::Words(count) => {
                for _ in 0..count % 40 {
                    assert_eq!(stream.next_word(), reference.next_u32());
                }
            }
            Call::Double => assert_eq!(stream.next_u64(), reference.next_u64()),
            Call::Bytes(count) => {
                let length = 9 * usize::from(count);
                let (mut found, mut expected) = ([0; 9 * 256], [0; 9 * 256]);
                stream.fill_bytes(&mut found[..length]);
                reference.fill_bytes(&mut expected[..length]);
                assert_eq!(found, expected);
            }
            Call::Seek(position) => {
                let word_position = position.word();
                let result = stream.seek(word_position);
                if word_position <= 1 << 63 {
                    assert_eq!(result, Ok(()));
                    reference.set_word_pos(word_position.into());
                } else {
                    assert_eq!(result, Err(PastEnd { word_position }));
                    let made = streams.particle_at(particle, word_position);
                    assert_eq!(made, Err(PastEnd { word_position }));
                }
            }
            Call::Resume => match streams.particle_at(particle, stream.word_position()) {
                Ok(resumed) => stream = resumed,
                Err(PastEnd { word_position }) => assert!(word_position > 1 << 63),
            },
            Call::Ahead(count) => {
                let mut ahead = Buffered::new(stream);
                for n in 0..count % 700 {
                    if count >> (n % 16) & 1 == 1 {
                        assert_eq!(ahead.next_word(), reference.next_u32());
                    } else {
                        let normal = normal_f32(reference.next_u32());
                        assert_eq!(ahead.next_normal().to_bits(), normal.to_bits());
                    }
                }
                stream = ahead.into_stream();
            }
        }
        assert_eq!(u128::from(stream.word_position()), reference.get_word_pos());
        assert_eq!(stream.particle(), particle);
    }
});
