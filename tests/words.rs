//! A stream's words, read one by one or many at a time.

use poisson_midpoint::random::{Stream, Streams, Words};
use rand_core::Rng;

#[test]
fn bytes_are_words_however_many_and_wherever_they_begin() {
    for start in (0..34).chain([Stream::END - 1]) {
        for length in [0, 1, 63, 64, 255, 256, 257, 1023, 1024, 1100, 4096, 9001] {
            let mut stream = at(start);
            let mut bytes = vec![0; length];
            stream.fill_bytes(&mut bytes);
            let mut one_by_one = at(start);
            let words = (0..length.div_ceil(4)).flat_map(|_| one_by_one.next_word().to_le_bytes());
            assert!(words.take(length).eq(bytes), "{length} from {start}");
            assert_eq!(stream, one_by_one);

            let (mut stream, mut words) = (at(start), vec![0; length]);
            stream.fill_words(&mut words);
            let mut one_by_one = at(start);
            assert!(words.into_iter().all(|word| word == one_by_one.next_word()));
            assert_eq!(stream, one_by_one);
        }
    }
}

fn at(position: u64) -> Stream {
    Streams::new(42).particle_at(7, position).unwrap()
}

#[test]
fn streams_are_equal_where_their_words_are() {
    let mut read = at(0);
    for _ in 0..16 {
        read.next_word();
    }
    assert_eq!(read, at(16));
    assert_ne!(read, at(17));
    assert_ne!(read, Streams::new(42).particle_at(8, 16).unwrap());
    assert_ne!(read, Streams::new(43).particle_at(7, 16).unwrap());
}

/// A generator of the caller's has to make a word, and nothing else.
#[test]
fn words_of_any_source_fill_a_slice_in_order() {
    struct Counter(u32);

    impl Words for Counter {
        fn next_word(&mut self) -> u32 {
            self.0 += 1;
            self.0
        }
    }

    let mut words = [0; 5];
    Counter(7).fill_words(&mut words);
    assert_eq!(words, [8, 9, 10, 11, 12]);
}
