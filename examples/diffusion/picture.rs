//! The grid of samples and the plot of quality.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use plotters::prelude::*;

use crate::Row;
use crate::measure::Estimate;

/// Pixels of the picture for one of an image, and between images.
const SCALE: usize = 4;
const CELL: usize = 8 * SCALE + SCALE;
const IMAGES: usize = 6;

/// A line of the grid for each method, and in it some samples at each number of calls, as in the table.
pub fn grid(path: &Path, rows: &[Row]) -> Result<()> {
    let mut lines: Vec<Vec<&Row>> = Vec::new();
    for row in rows {
        match lines.last_mut() {
            Some(line) if line[0].method == row.method && line[0].calls < 1000.0 => line.push(row),
            _ => lines.push(vec![row]),
        }
    }
    let most = lines.iter().map(Vec::len).max().unwrap_or(1);
    let (width, height) = (most * (IMAGES * CELL + CELL / 2), lines.len() * CELL);
    let mut pixels = vec![255_u8; width * height];
    for (line, rows) in lines.iter().enumerate() {
        for (block, row) in rows.iter().enumerate() {
            for (k, image) in row.samples.chunks(64).take(IMAGES).enumerate() {
                let left = block * (IMAGES * CELL + CELL / 2) + k * CELL;
                for y in 0..8 * SCALE {
                    for x in 0..8 * SCALE {
                        let value = image[y / SCALE * 8 + x / SCALE].clamp(-1.0, 1.0);
                        let grey = (127.5 - 127.5 * value) as u8;
                        pixels[(line * CELL + y) * width + left + x] = grey;
                    }
                }
            }
        }
    }
    let cannot = || format!("cannot write {}", path.display());
    let file = BufWriter::new(File::create(path).with_context(cannot)?);
    let mut encoder = png::Encoder::new(file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder
        .write_header()?
        .write_image_data(&pixels)
        .with_context(cannot)
}

/// Distance to the truth against calls, a line for each method.
pub fn plot(path: &Path, rows: &[Row], floor: Estimate) -> Result<()> {
    let text = || format!("cannot write {}", path.display());
    draw(path, rows, floor)
        .map_err(|error| anyhow!("{error}"))
        .with_context(text)
}

fn draw(path: &Path, rows: &[Row], floor: Estimate) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::new(path, (860, 520)).into_drawing_area();
    root.fill(&WHITE)?;
    let values = rows.iter().map(|row| row.truth.mean);
    let (least, most) = values.fold((floor.mean, floor.mean), |(l, m), v| (l.min(v), m.max(v)));
    // Methods that break down leave the picture at its top.
    let most = most.min(4.0 * rows[0].truth.mean);
    let calls = rows.iter().skip(1).map(|row| row.calls);
    let (few, many) = calls.fold((f64::INFINITY, 2.0), |(f, m), c| (f.min(c), f64::max(m, c)));
    let mut chart = ChartBuilder::on(&root)
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(56)
        .right_y_label_area_size(170)
        .build_cartesian_2d(
            (few * 0.95..many * 1.05).log_scale(),
            (least * 0.9..most * 1.1).log_scale(),
        )?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("network calls a sample")
        .y_desc("sliced W2 to the truth")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.3}"))
        .draw()?;
    for (value, colour) in [
        (floor.mean, BLACK.mix(0.4)),
        (rows[0].truth.mean, BLACK.mix(0.8)),
    ] {
        chart.draw_series(LineSeries::new([(few, value), (many, value)], colour))?;
    }
    let mut methods: Vec<_> = rows.iter().skip(1).map(|row| row.method).collect();
    methods.dedup();
    let (_, height) = root.dim_in_pixel();
    root.draw(&Text::new(
        "grey: truth against truth",
        (700, 18),
        ("sans-serif", 12),
    ))?;
    root.draw(&Text::new(
        "black: DDPM, 1000 calls",
        (700, 34),
        ("sans-serif", 12),
    ))?;
    for (k, method) in methods.iter().enumerate() {
        let colour = Palette99::pick(k).stroke_width(2);
        let points = || rows.iter().skip(1).filter(|row| row.method == *method);
        chart.draw_series(LineSeries::new(
            points().map(|r| (r.calls, r.truth.mean)),
            colour,
        ))?;
        chart.draw_series(points().map(|row| {
            let Estimate { mean, error } = row.truth;
            let low = (mean - error).max(least * 0.9);
            PathElement::new([(row.calls, low), (row.calls, mean + error)], colour)
        }))?;
        let y = 56 + 20 * k as i32;
        if y < height as i32 {
            root.draw(&PathElement::new([(700, y + 6), (724, y + 6)], colour))?;
            root.draw(&Text::new(method.name(), (730, y), ("sans-serif", 13)))?;
        }
    }
    root.present()?;
    Ok(())
}
