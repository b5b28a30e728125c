//! Text of numbers without `core::fmt`, which brings kilobytes and panics to a microcontroller.

/// Somewhere to write.
pub trait Text {
    /// Writes an ASCII character.
    fn byte(&mut self, byte: u8);

    /// Writes a text.
    fn text(&mut self, text: &str) {
        text.bytes().for_each(|byte| self.byte(byte));
    }

    /// Writes a number in hexadecimal digits.
    fn hexadecimal(&mut self, number: u64) {
        let digits = (64 - number.leading_zeros()).div_ceil(4).max(1);
        for place in (0..digits).rev() {
            let digit = ((number >> (4 * place)) & 15) as u8;
            self.byte(if digit < 10 { b'0' } else { b'a' - 10 } + digit);
        }
    }

    /// Writes a number in decimal digits.
    fn decimal(&mut self, number: u64) {
        let (mut rest, mut begun) = (number, false);
        for place in (0..20).rev() {
            let power = 10_u64.wrapping_pow(place);
            let mut digit = b'0';
            while rest >= power {
                rest -= power;
                digit += 1;
            }
            begun |= digit > b'0' || place == 0;
            if begun {
                self.byte(digit);
            }
        }
    }
}
