//! The plot: the sensor's readings minus the reference, and lines drawn from the posterior.

use plotters::prelude::*;

use crate::model::{Parameters, SERIES, error_at};

/// Draws the plot as SVG.
pub fn draw(posterior: &[Parameters]) -> Result<String, DrawingAreaErrorKind<std::io::Error>> {
    let mut picture = String::new();
    let root = SVGBackend::with_string(&mut picture, (720, 420)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(
            "Ozone monitor: readings, and 100 lines drawn from the posterior",
            ("sans-serif", 17),
        )
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(58)
        .build_cartesian_2d(-20.0_f32..1020.0, -2.0_f32..4.0)?;
    chart
        .configure_mesh()
        .light_line_style(RGBColor(240, 240, 240))
        .x_desc("reference, ppb")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_desc("reading − reference, ppb")
        .draw()?;
    let line = RGBColor(30, 100, 180).mix(0.15);
    for parameters in posterior {
        let ends = [0.0, 1000.0].map(|reference| (reference, error_at(parameters, reference)));
        chart.draw_series(LineSeries::new(ends, line.stroke_width(1)))?;
    }
    let points = SERIES.map(|(reading, reference)| (reference, reading - reference));
    let mark = RGBColor(200, 90, 40).filled();
    chart.draw_series(points.map(|point| Circle::new(point, 3, mark)))?;
    root.present()?;
    drop(chart);
    drop(root);
    Ok(picture)
}
