//! Plain text on the host's standard output, for images that do not log through defmt.

use cortex_m_semihosting::hio::{HostStream, hstdout};

use crate::text::Text;

/// The host's standard output; silent where there is none.
pub struct Console(Option<HostStream>);

impl Console {
    /// Opens it.
    pub fn open() -> Self {
        Self(hstdout().ok())
    }

    /// An image ends with an exit code: no result is lost with its text.
    fn write(&mut self, bytes: &[u8]) {
        if let Some(stream) = &mut self.0 {
            let _ = stream.write_all(bytes);
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
