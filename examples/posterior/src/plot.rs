//! The plot: error in posterior mean and variance against gradient calls.

use plotters::prelude::*;

/// One method's points: calls, error, and the error's noise floor.
pub struct Curve {
    pub name: &'static str,
    pub points: Vec<(f64, f64, f64)>,
    /// The calls that the tuner's step size comes to.
    pub tuned: Option<f64>,
}

impl Curve {
    /// The error at a number of calls, interpolated between the points in logarithms; that of the nearest beyond them.
    fn at(&self, calls: f64) -> Option<f64> {
        let next = self.points.partition_point(|p| p.0 < calls);
        let (after, before) = (self.points.get(next), self.points.get(next.wrapping_sub(1)));
        let (Some(before), Some(after)) = (before, after) else {
            return before.or(after).map(|p| p.1);
        };
        let share = (calls / before.0).ln() / (after.0 / before.0).ln();
        Some(before.1 * (after.1 / before.1).powf(share))
    }
}

const COLOURS: [RGBColor; 7] = [
    RGBColor(200, 90, 40),
    RGBColor(30, 100, 180),
    RGBColor(230, 170, 60),
    RGBColor(30, 140, 90),
    RGBColor(150, 90, 170),
    RGBColor(60, 60, 60),
    RGBColor(120, 175, 210),
];

/// Errors beyond this are off the chart: the step size is out of the method's range.
const WORST: f64 = 2.0;

/// The two panels side by side, as SVG.
pub fn draw(title: &str, panels: [(&str, Vec<Curve>); 2]) -> anyhow::Result<String> {
    let mut picture = String::new();
    let root = SVGBackend::with_string(&mut picture, (1000, 470)).into_drawing_area();
    root.fill(&WHITE)?;
    let (head, body) = root.split_vertically(40);
    head.titled(title, ("sans-serif", 19))?;
    for (area, (caption, curves)) in body.split_evenly((1, 2)).iter().zip(panels) {
        panel(area, caption, &curves)?;
    }
    root.present()?;
    drop((head, body, root));
    Ok(picture)
}

fn panel(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    caption: &str,
    curves: &[Curve],
) -> anyhow::Result<()> {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let fold = |of: &dyn Fn(&(f64, f64, f64)) -> f64, pick: fn(f64, f64) -> f64| {
        points().map(of).reduce(pick).unwrap_or(1.0)
    };
    // The budgets double: in base-2 logarithms from the first, they are 0, 1, 2, …
    let first = fold(&|p| p.0, f64::min);
    let doublings = move |calls: f64| (calls / first).log2();
    let last = fold(&|p| doublings(p.0), f64::max);
    let errors = fold(&|p| p.1.min(p.2), f64::min) * 0.6..fold(&|p| p.1, f64::max).min(WORST) * 1.6;
    let mut chart = ChartBuilder::on(area)
        .caption(caption, ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(58)
        .build_cartesian_2d(-0.3..last + 0.3, errors.log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(RGBColor(240, 240, 240))
        .x_desc("gradient calls per chain")
        .x_labels(6)
        .x_label_formatter(&|x| format!("{:.0}", first * x.exp2()))
        .y_label_formatter(&|error| format!("{}", (error * 1000.0).round() / 1000.0))
        .draw()?;
    for (curve, colour) in curves.iter().zip(COLOURS) {
        let line = curve
            .points
            .iter()
            .map(|p| (doublings(p.0), p.1))
            .filter(|p| p.1 <= WORST);
        chart
            .draw_series(LineSeries::new(line, colour.stroke_width(2)).point_size(4))?
            .label(curve.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], colour.stroke_width(2)));
        let mark = curve
            .tuned
            .and_then(|calls| Some((calls, curve.at(calls)?)));
        let mark = mark.filter(|&(_, error)| error <= WORST);
        chart.draw_series(mark.map(|(calls, error)| {
            // Off the end of the curve where the step size is larger or smaller than any in the table.
            let place = doublings(calls).clamp(-0.2, last + 0.2);
            TriangleMarker::new((place, error), 9, colour.filled())
        }))?;
        let floor = curve
            .points
            .iter()
            .map(|p| (doublings(p.0), p.2))
            .filter(|p| p.1 <= WORST);
        let pale = colour.mix(0.5);
        chart.draw_series(DashedLineSeries::new(floor, 3, 5, pale.stroke_width(1)))?;
    }
    chart
        .configure_series_labels()
        .border_style(BLACK.mix(0.2))
        .background_style(WHITE.mix(0.9))
        .position(SeriesLabelPosition::UpperRight)
        .draw()?;
    Ok(())
}
