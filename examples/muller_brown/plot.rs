//! The plot: where the particles are, and the minima of the potential.

use plotters::prelude::*;

/// As SVG; `state` has all x, then all y.
pub fn draw(
    state: &[f32],
    minima: &[[f32; 2]],
) -> Result<String, DrawingAreaErrorKind<std::io::Error>> {
    let mut picture = String::new();
    let root = SVGBackend::with_string(&mut picture, (560, 480)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(
            "Müller–Brown potential: particles that began in the upper left (crosses: minima)",
            ("sans-serif", 14),
        )
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(46)
        .build_cartesian_2d(-1.5_f32..1.2, -0.4_f32..1.9)?;
    chart
        .configure_mesh()
        .light_line_style(RGBColor(240, 240, 240))
        .x_desc("x")
        .y_desc("y")
        .draw()?;
    let (xs, ys) = state.split_at(state.len() / 2);
    let particle = RGBColor(30, 100, 180).mix(0.35).filled();
    let particles = xs
        .iter()
        .zip(ys)
        .map(|(&x, &y)| Circle::new((x, y), 1, particle));
    chart.draw_series(particles)?;
    let mark = RGBColor(200, 90, 40).stroke_width(2);
    chart.draw_series(minima.iter().map(|&[x, y]| Cross::new((x, y), 6, mark)))?;
    root.present()?;
    drop(chart);
    drop(root);
    Ok(picture)
}
