//! What the images share.

#![no_std]

pub mod console;
pub mod functions;
pub mod instructions;
pub mod machine;
pub mod outcome;
pub mod stack;
#[path = "../../tests/golden/text.rs"]
pub mod text;
