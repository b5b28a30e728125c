//! The plot of quality.

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::Row;
use crate::measure::Estimate;
use crate::method::Method;

/// Distance to the truth against calls, a line for each method, as SVG.
pub fn plot(rows: &[Row], floor: Estimate) -> Result<String> {
    let mut picture = String::new();
    draw(&mut picture, rows, floor).map_err(|error| anyhow!("{error}"))?;
    Ok(picture)
}

/// The colours of the first methods; the others take theirs from a palette.
const COLOURS: [RGBColor; 9] = [
    full_palette::BLUE_700,
    full_palette::GREEN_700,
    full_palette::ORANGE_700,
    full_palette::PURPLE_500,
    full_palette::CYAN_600,
    full_palette::RED_600,
    full_palette::BROWN_500,
    full_palette::PINK_300,
    full_palette::LIME_700,
];

fn draw(
    picture: &mut String,
    rows: &[Row],
    floor: Estimate,
) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(picture, (860, 520)).into_drawing_area();
    root.fill(&WHITE)?;
    let ddpm = rows[0].distances.truth.mean;
    let values = rows.iter().map(|row| row.distances.truth.mean);
    let (least, most) = values.fold((floor.mean, floor.mean), |(l, m), v| (l.min(v), m.max(v)));
    // Methods that break down leave the picture at its top.
    let (bottom, top) = (least * 0.9, most.min(4.0 * ddpm) * 1.1);
    let calls = rows.iter().skip(1).map(|row| row.calls);
    let (few, many) = calls.fold((f64::INFINITY, 2.0), |(f, m), c| (f.min(c), f64::max(m, c)));
    let mut chart = ChartBuilder::on(&root)
        .margin(12)
        .margin_right(170)
        .x_label_area_size(40)
        .y_label_area_size(56)
        .build_cartesian_2d(
            (few * 0.95..many * 1.05).log_scale(),
            (bottom..top).log_scale(),
        )?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("network calls a sample")
        .y_desc("sliced W2 to the truth")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.3}"))
        .draw()?;
    let small = ("sans-serif", 13);
    for (k, (value, name)) in [
        (ddpm, "DDPM, 1000 calls"),
        (floor.mean, "truth against truth"),
    ]
    .into_iter()
    .enumerate()
    {
        let style = BLACK.mix(0.7 - 0.4 * k as f64);
        chart.draw_series(DashedLineSeries::new(
            [(few, value), (many, value)],
            6,
            4,
            style.into(),
        ))?;
        let y = 18 + 20 * k as i32;
        root.draw(&PathElement::new([(700, y + 6), (724, y + 6)], style))?;
        root.draw(&Text::new(name, (730, y), small))?;
    }
    let mut methods: Vec<_> = rows.iter().skip(1).map(|row| row.method).collect();
    methods.dedup();
    for (k, &method) in methods.iter().enumerate() {
        let style = match (method, COLOURS.get(k)) {
            (Method::PmmBest, _) => BLACK.stroke_width(4),
            (_, Some(colour)) => colour.stroke_width(2),
            _ => Palette99::pick(k).stroke_width(2),
        };
        let points: Vec<_> = rows
            .iter()
            .skip(1)
            .filter(|row| row.method == method)
            .map(|row| (row.calls, row.distances.truth))
            .collect();
        let middles = points
            .windows(2)
            .filter_map(|pair| below(top, pair.iter().map(|(calls, value)| (*calls, value.mean))));
        chart.draw_series(middles.map(|line| PathElement::new(line, style)))?;
        let bars = points.iter().filter_map(|(calls, value)| {
            let ends = [value.mean - value.error, value.mean + value.error];
            (ends[1] < top).then(|| ends.map(|end| (*calls, end.max(bottom))))
        });
        chart.draw_series(bars.map(|bar| PathElement::new(bar, style)))?;
        let y = 66 + 20 * k as i32;
        root.draw(&PathElement::new([(700, y + 6), (724, y + 6)], style))?;
        root.draw(&Text::new(method.name(), (730, y), small))?;
    }
    root.present()?;
    Ok(())
}

/// The part of a line below the top of a picture whose axes are both logarithmic.
fn below(top: f64, ends: impl Iterator<Item = (f64, f64)>) -> Option<[(f64, f64); 2]> {
    let [a, b]: [(f64, f64); 2] = ends.collect::<Vec<_>>().try_into().ok()?;
    let cut = |(x, y): (f64, f64), (x_other, y_other): (f64, f64)| {
        let share = (y / top).ln() / (y / y_other).ln();
        match y > top {
            true => (x * (x_other / x).powf(share), top),
            false => (x, y),
        }
    };
    (a.1.min(b.1) < top).then(|| [cut(a, b), cut(b, a)])
}
