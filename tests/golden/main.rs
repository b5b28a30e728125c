//! Golden vectors: the bits of stream v1, of every primitive, and of a long trajectory of each
//! kind of dynamics, method and scalar. They are the same on every target and at every optimisation level;
//! a change to `tests/data/golden.txt` is a new version of the stream contract.

mod text;
mod vectors;

use poisson_midpoint::{Phase, State};

impl text::Text for String {
    fn byte(&mut self, byte: u8) {
        self.push(char::from(byte));
    }
}

fn golden() -> String {
    let mut out = String::new();
    vectors::write(&mut out).unwrap();
    out
}

#[test]
fn bits_are_the_golden_bits() {
    let expected = include_str!("../data/golden.txt");
    let found = golden();
    for (found, expected) in found.lines().zip(expected.lines()) {
        match found.split_once(" @") {
            // The first states of a trajectory, without the word position at which Miri's shorter one ends.
            Some((states, _)) if cfg!(miri) => assert!(expected.starts_with(states), "{found}"),
            _ => assert_eq!(found, expected),
        }
    }
    assert_eq!(found.lines().count(), expected.lines().count());
}

/// Rewrites the vectors, for a new major version:
/// `cargo test --test golden -- --ignored`
#[test]
#[ignore = "rewrites the golden vectors"]
fn rewrite() {
    std::fs::write("tests/data/golden.txt", golden()).unwrap();
}

/// The Phase type is part of the vectors' layout: position, then velocity.
#[test]
fn a_phase_lists_its_position_first() {
    let phase = Phase::<f32, 1>::from_fn(|part, _| part as f32);
    assert_eq!((phase.position[0], phase.velocity[0]), (0.0, 1.0));
}
