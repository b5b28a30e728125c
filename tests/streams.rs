//! The words of a stream are those of `rand_chacha`, wherever it is read from.

use poisson_midpoint::random::{Buffered, PastEnd, Stream, Streams, Words, normal_f32};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

fn reference(seed: u64, particle: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(particle);
    rng
}

#[test]
fn words_equal_rand_chacha() {
    for seed in [0, 1, 42, u64::MAX] {
        for particle in [0, 1, 7, 1 << 32, u64::MAX] {
            let (mut ours, mut theirs) = (Stream::new(seed, particle), reference(seed, particle));
            assert_eq!(ours.particle(), particle);
            for n in 0..200 {
                assert_eq!(ours.word_position(), n);
                assert_eq!(ours.next_word(), theirs.next_u32(), "{seed} {particle} {n}");
            }
        }
    }
}

#[test]
fn seeking_lands_on_the_same_words() {
    let streams = Streams::new(42);
    for position in [
        0,
        1,
        15,
        16,
        17,
        1000,
        (1 << 36) - 1,
        (1 << 40) + 3,
        Stream::END,
    ] {
        let mut theirs = reference(42, 9);
        theirs.set_word_pos(u128::from(position));
        let mut ours = streams.particle_at(9, position).unwrap();
        for _ in 0..40 {
            assert_eq!(ours.next_word(), theirs.next_u32(), "{position}");
        }
        assert_eq!(ours.word_position(), position + 40);
    }
}

#[test]
fn seeking_past_the_end_is_refused_and_moves_nothing() {
    let mut stream = Stream::new(42, 0);
    stream.next_word();
    let before = stream.clone();
    for position in [Stream::END + 1, u64::MAX] {
        assert_eq!(
            stream.seek(position),
            Err(PastEnd {
                word_position: position
            })
        );
        assert_eq!(
            Streams::new(1).particle_at(0, position),
            Err(PastEnd {
                word_position: position
            })
        );
    }
    assert_eq!(stream, before);
    assert_eq!(
        PastEnd {
            word_position: u64::MAX
        }
        .to_string(),
        "word position 18446744073709551615 is not in [0, 9223372036854775808]"
    );
}

#[test]
fn the_generator_interface_agrees() {
    let (mut ours, mut theirs) = (Stream::new(3, 4), reference(3, 4));
    for _ in 0..50 {
        assert_eq!(ours.next_u64(), theirs.next_u64());
    }
    let (mut a, mut b) = ([0; 64], [0; 64]);
    ours.fill_bytes(&mut a);
    theirs.fill_bytes(&mut b);
    assert_eq!(a, b);
}

/// A stream and the generator of `rand_chacha` turn into each other at any word, and neither loses any.
#[cfg(feature = "rand_chacha")]
#[test]
fn streams_and_generators_turn_into_each_other() {
    for seed in [0, 42, u64::MAX] {
        for particle in [0, 7, u64::MAX] {
            for position in (0..40).chain([(1 << 36) - 1, (1 << 40) + 3, Stream::END]) {
                let mut rng = reference(seed, particle);
                rng.set_word_pos(position.into());
                assert_eq!(Streams::from(&rng), Streams::new(seed));
                let mut stream = Stream::try_from(&rng).unwrap();
                assert_eq!(
                    (stream.particle(), stream.word_position()),
                    (particle, position)
                );
                assert_eq!(ChaCha8Rng::from(&stream), rng);
                for n in 0..40 {
                    assert_eq!(stream.next_word(), rng.next_u32());
                    // Half-used blocks too.
                    assert_eq!(ChaCha8Rng::from(&stream), rng, "{n}");
                    assert_eq!(ChaCha8Rng::from(&stream).next_u32(), rng.clone().next_u32());
                    let back = Stream::try_from(&rng);
                    if position < Stream::END {
                        assert_eq!(back.unwrap().next_word(), stream.clone().next_word());
                    } else {
                        let word_position = position + n + 1;
                        assert_eq!(back, Err(PastEnd { word_position }));
                    }
                }
            }
        }
    }
    let mut rng = reference(1, 2);
    rng.set_word_pos((1 << 68) - 1);
    let word_position = u64::MAX;
    assert_eq!(Stream::try_from(&rng), Err(PastEnd { word_position }));
}

#[test]
fn reading_ahead_changes_no_word_and_loses_none() {
    for start in [0, 1, 13, 255, 256, Stream::END - 300, Stream::END] {
        let mut stream = Streams::new(42).particle_at(7, start).unwrap();
        let mut buffered = Buffered::new(stream.clone());
        for n in 0..1000_u64 {
            assert_eq!(buffered.word_position(), start + n);
            // Words and normals in every order, and runs of either that are longer than what is read ahead.
            if n % 3 == 0 || (300..700).contains(&n) {
                assert_eq!(buffered.next_word(), stream.next_word(), "{start} {n}");
            } else {
                let expected = normal_f32(stream.next_word());
                assert_eq!(buffered.next_normal().to_bits(), expected.to_bits());
            }
            if n % 37 == 0 {
                let mut resumed = buffered.clone().into_stream();
                assert_eq!(resumed, stream, "{start} {n}");
                assert_eq!(resumed.next_word(), stream.clone().next_word());
            }
        }
    }
}
