//! A picture of samples, with captions: a line for each method.

use anyhow::Result;
use font8x8::UnicodeFonts;

/// The number of images of each method at each number of calls.
pub const IMAGES: usize = 6;
const GAP: usize = 4;
const GLYPH: usize = 8;
/// Room for the longest name, and for the captions of columns.
const MARGIN: usize = 20 * GLYPH;
const HEADER: usize = 2 * GLYPH;

/// The side of square images of grey values, from −1 (white) to 1 (black), and the factor by which they are enlarged.
pub struct Grid {
    pub side: usize,
    pub scale: usize,
}

/// A white sheet of grey values.
struct Sheet {
    width: usize,
    pixels: Vec<u8>,
}

impl Sheet {
    fn set(&mut self, x: usize, y: usize, grey: u8) {
        if let Some(pixel) = self.pixels.get_mut(y * self.width + x) {
            *pixel = grey;
        }
    }

    fn write(&mut self, left: usize, top: usize, text: &str) {
        for (k, letter) in text.chars().enumerate() {
            let glyph = font8x8::BASIC_FONTS.get(letter).unwrap_or_default();
            for (y, row) in glyph.into_iter().enumerate() {
                for x in (0..GLYPH).filter(|x| row >> x & 1 == 1) {
                    self.set(left + k * GLYPH + x, top + y, 0);
                }
            }
        }
    }

    fn image(&mut self, left: usize, top: usize, grid: &Grid, image: &[f32]) {
        for y in 0..grid.side * grid.scale {
            for x in 0..grid.side * grid.scale {
                let value = image[y / grid.scale * grid.side + x / grid.scale];
                let grey = (127.5 - 127.5 * value.clamp(-1.0, 1.0)) as u8;
                self.set(left + x, top + y, grey);
            }
        }
    }
}

impl Grid {
    /// Draws a PNG with a column for each caption; each line has a name, and some images in each column.
    pub fn picture(
        &self,
        columns: &[String],
        lines: &[(String, Vec<Vec<f32>>)],
    ) -> Result<Vec<u8>> {
        let image = self.side * self.scale + GAP / 2;
        let (block, line) = (IMAGES * image + 2 * GAP, image + GAP / 2);
        let (width, height) = (
            MARGIN + columns.len().max(1) * block,
            HEADER + lines.len() * line,
        );
        let pixels = vec![255; width * height];
        let mut sheet = Sheet { width, pixels };
        for (column, caption) in columns.iter().enumerate() {
            sheet.write(MARGIN + column * block, GLYPH / 2, caption);
        }
        for (row, (name, blocks)) in lines.iter().enumerate() {
            let top = HEADER + row * line;
            sheet.write(0, top + (image - GLYPH) / 2, name);
            for (column, images) in blocks.iter().enumerate() {
                let images = images.chunks(self.side * self.side).take(IMAGES);
                for (k, pixels) in images.enumerate() {
                    sheet.image(MARGIN + column * block + k * image, top, self, pixels);
                }
            }
        }
        let mut picture = Vec::new();
        let mut encoder = png::Encoder::new(&mut picture, width as u32, height as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.write_header()?.write_image_data(&sheet.pixels)?;
        Ok(picture)
    }
}
