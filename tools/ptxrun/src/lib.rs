//! Runs the PTX that rustc's backend for NVIDIA's GPUs emits, on the CPU, bit for bit.
//!
//! It is strict: whatever it does not understand is an error. Threads run one after another.

mod capi;
mod decode;
mod exec;
mod ops;
mod order;
mod parse;

pub use decode::Module;
pub use exec::{Arg, Launch, Plain, Stats};

/// What went wrong, with the line of the PTX where there is one.
#[derive(Debug, Clone)]
pub struct Error(
    /// In words.
    pub String,
);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for Error {}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

fn err<T>(line: u32, msg: impl Into<String>) -> Result<T> {
    Err(Error(format!("line {line}: {}", msg.into())))
}
