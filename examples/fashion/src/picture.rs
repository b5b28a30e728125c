//! The grid of images, a line for each method, with captions in it.

use std::fs::File;
use std::io::BufWriter;

use anyhow::Result;
use font8x8::UnicodeFonts;

use crate::model::PIXELS;

const SIDE: usize = 28;
const GAP: usize = 4;
const GLYPH: usize = 8;
/// Images of a method at a number of calls, and room for the longest name.
pub const IMAGES: usize = 5;
const MARGIN: usize = 20 * GLYPH;
const HEADER: usize = 2 * GLYPH;
const BLOCK: usize = IMAGES * SIDE + 2 * GAP;
const LINE: usize = SIDE + GAP;

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

    fn image(&mut self, left: usize, top: usize, image: &[f32]) {
        for (k, value) in image.iter().enumerate() {
            let grey = (127.5 - 127.5 * value.clamp(-1.0, 1.0)) as u8;
            self.set(left + k % SIDE, top + k / SIDE, grey);
        }
    }
}

/// Lines of a name and, at each number of calls, some images.
pub fn grid(file: File, calls: &[u32], lines: &[(String, Vec<Vec<f32>>)]) -> Result<()> {
    let (width, height) = (
        MARGIN + calls.len().max(1) * BLOCK,
        HEADER + lines.len() * LINE,
    );
    let pixels = vec![255; width * height];
    let mut sheet = Sheet { width, pixels };
    for (block, calls) in calls.iter().enumerate() {
        let left = MARGIN + block * BLOCK;
        sheet.write(left, GLYPH / 2, &format!("{calls} calls"));
    }
    for (line, (name, blocks)) in lines.iter().enumerate() {
        let top = HEADER + line * LINE;
        sheet.write(0, top + (SIDE - GLYPH) / 2, name);
        for (block, images) in blocks.iter().enumerate() {
            for (k, image) in images.chunks(PIXELS).take(IMAGES).enumerate() {
                sheet.image(MARGIN + block * BLOCK + k * SIDE, top, image);
            }
        }
    }
    let mut encoder = png::Encoder::new(BufWriter::new(file), width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header()?.write_image_data(&sheet.pixels)?;
    Ok(())
}
