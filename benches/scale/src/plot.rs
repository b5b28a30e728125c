//! The panels as a picture.

use std::path::Path;

use anyhow::Result;
use plotters::prelude::*;
use plotters::style::full_palette::{BLUE_700, GREEN_700, RED_700};

use super::{METHODS, Panel};

/// Draws the panels below each other, both axes logarithmic.
pub(crate) fn draw(path: &Path, panels: &[Panel]) -> Result<()> {
    let root = SVGBackend::new(path, (720, 300 * panels.len() as u32)).into_drawing_area();
    root.fill(&WHITE)?;
    for (area, panel) in root.split_evenly((panels.len(), 1)).iter().zip(panels) {
        let values = panel.rows.iter().map(|row| row.0 as f64);
        let (first, last) = values.fold((f64::MAX, 1.0), |(a, b), v| (a.min(v), f64::max(b, v)));
        let costs = panel.rows.iter().flat_map(|row| row.1);
        let (least, most) = costs.fold((f64::MAX, 0.0), |(a, b), c| (a.min(c), f64::max(b, c)));
        let mut chart = ChartBuilder::on(area)
            .caption(panel.title, ("sans-serif", 16))
            .margin(10)
            .margin_right(130)
            .x_label_area_size(36)
            .y_label_area_size(52)
            .build_cartesian_2d(
                (first * 0.8..last * 1.25).log_scale(),
                (least * 0.8..most * 1.25).log_scale(),
            )?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .x_desc(panel.variable)
            .y_desc(panel.unit)
            .draw()?;
        for (method, colour) in [BLUE_700, RED_700, GREEN_700].into_iter().enumerate() {
            let points = || {
                panel
                    .rows
                    .iter()
                    .map(move |row| (row.0 as f64, row.1[method]))
            };
            chart.draw_series(LineSeries::new(points(), colour.stroke_width(2)))?;
            chart.draw_series(points().map(|point| Circle::new(point, 3, colour.filled())))?;
            let name = METHODS[method].trim_matches('`');
            let end = points().next_back().unwrap_or((last, most));
            let label = EmptyElement::at(end)
                + Text::new(
                    name,
                    (10, -7),
                    ("sans-serif", 13).into_font().color(&colour),
                );
            chart.draw_series([label])?;
        }
    }
    root.present()?;
    Ok(())
}
