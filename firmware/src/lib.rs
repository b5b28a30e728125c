//! What the images share.

#![no_std]

// The critical section of a single core, which defmt-semihosting needs.
use cortex_m as _;

pub mod console;
pub mod outcome;
#[path = "../../tests/golden/text.rs"]
pub mod text;
