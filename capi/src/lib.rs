//! The C ABI of `poisson-midpoint`. `include/poisson_midpoint.h`, made from this source by cbindgen,
//! is its documentation.
//!
//! An object is a C struct of opaque words in the caller's memory that holds a mark of its type and
//! a Rust value. Every function checks its pointers and marks before it makes a reference, so that
//! a null, misaligned or never initialised object gives a status, not undefined behaviour.

#![no_std]
#![allow(non_camel_case_types, reason = "the names are those of the C header")]
#![allow(
    clippy::missing_safety_doc,
    reason = "the header's introduction states what every caller promises"
)]

mod arrays;
mod calls;
mod object;
mod panic;
mod status;
mod steppers;
mod stream;
mod types;

// Comes after the modules that it builds on, as in the header.
mod diffusion;
