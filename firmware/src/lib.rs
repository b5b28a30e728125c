//! What the images share.

#![no_std]

pub mod console;
pub mod outcome;
#[path = "../../tests/golden/text.rs"]
pub mod text;
