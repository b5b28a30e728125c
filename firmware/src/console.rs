//! Plain text on the host's standard output, for images that do not log through defmt.

use crate::machine::Output;
use crate::text::Text;

/// The host's standard output; silent where there is none.
pub struct Console(Option<Output>);

impl Console {
    /// Opens it.
    pub fn open() -> Self {
        Self(Output::open())
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(output) = &mut self.0 {
            output.write(bytes);
        }
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
