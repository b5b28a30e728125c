//! Plain text on the host's standard output, for images that do not log through defmt.

use semihosting::io::{Stdout, Write, stdout};

use crate::text::Text;

/// The host's standard output; silent where there is none.
pub struct Console(Option<Stdout>);

impl Console {
    /// Opens it.
    pub fn open() -> Self {
        Self(stdout().ok())
    }
}

impl Text for Console {
    fn byte(&mut self, byte: u8) {
        self.write(&[byte]);
    }

    fn text(&mut self, text: &str) {
        self.write(text.as_bytes());
    }
}

impl Console {
    /// Not `write_all`, which can panic. An image ends with an exit code: no result is lost with
    /// its text.
    fn write(&mut self, mut bytes: &[u8]) {
        let Some(stdout) = &mut self.0 else { return };
        while !bytes.is_empty() {
            match stdout.write(bytes) {
                Ok(written @ 1..) => bytes = bytes.get(written..).unwrap_or_default(),
                _ => return,
            }
        }
    }
}
