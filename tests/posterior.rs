//! The posterior example's tables and model: what is refused and how it is said, and the gradient.

#[path = "../examples/posterior/src/model.rs"]
mod model;
#[path = "../examples/posterior/src/table.rs"]
mod table;

use std::path::Path;

use model::Posterior;
use nalgebra::SVector;
use poisson_midpoint::Real;
use poisson_midpoint::random::Stream;

#[test]
fn the_committed_table_is_whole() {
    let table = table::parse(include_str!("../examples/posterior/wdbc.csv")).unwrap();
    assert_eq!((table.names.len(), table.features.len()), (30, 569));
    assert_eq!(table.classes, ["malignant", "benign"]);
    assert_eq!(
        table.labels.iter().filter(|label| **label > 0.0).count(),
        212
    );
    for column in 0..30 {
        let values = || table.features.iter().map(|row| row[column]);
        let mean = values().sum::<f64>() / 569.0;
        let variance = values().map(|x| x * x).sum::<f64>() / 569.0;
        assert!(mean.abs() < 1e-10 && (variance - 1.0).abs() < 1e-10);
    }
}

/// Whatever the unit, down to the least number and up to the largest, whose squares underflow or overflow.
#[test]
fn columns_of_any_size_are_standardised() {
    let plain = table::parse("a,class\n1,x\n-2,y\n4,x\n").unwrap();
    for exponent in [-1074, -1073, -600, -1, 0, 1, 600, 1021] {
        let column = [1.0, -2.0, 4.0].map(|x: f64| x * f64::from(exponent).exp2());
        let [a, b, c] = column.map(|x| format!("{x:e}"));
        let table = table::parse(&format!("a,class\n{a},x\n{b},y\n{c},x\n")).unwrap();
        assert_eq!(table.features, plain.features, "{exponent}");
    }
    let table = table::parse("a,class\n1e308,x\n-1e308,y\n").unwrap();
    assert_eq!(table.features, [[1.0], [-1.0]]);
    let constant = table::parse("a,class\n1e308,x\n1e308,y\n").unwrap_err();
    assert!(matches!(constant, table::TableError::Constant { .. }));
}

#[test]
fn bad_tables_are_refused_with_the_line() {
    let says = |text: &str| table::parse(text).unwrap_err().to_string();
    let good = "a,b,class\n1,2,x\n3,5,y\n";
    assert!(table::parse(good).is_ok());
    assert!(table::parse(&good.replace('\n', "\r\n")).is_ok());
    assert_eq!(
        says(&format!("{good}4,5\n")),
        "line 4: 2 fields where the header has 3"
    );
    assert_eq!(
        says(&format!("{good}4,5,x,9\n")),
        "line 4: 4 fields where the header has 3"
    );
    assert_eq!(
        says(&format!("{good}4,oops,x\n")),
        "line 4, column \"b\": \"oops\" is not a finite number"
    );
    assert_eq!(
        says(&format!("{good}nan,5,x\n")),
        "line 4, column \"a\": \"nan\" is not a finite number"
    );
    assert_eq!(
        says(&format!("{good}\n\r\n4,5,z\n")),
        "line 6: third class \"z\" after \"x\" and \"y\""
    );
    assert_eq!(
        says("a,b,class\n1,2,x\n3,2,y\n"),
        "column \"b\" is 2 in every row"
    );
    assert_eq!(
        says("a,class\n1,x\n2,x\n"),
        "two classes are needed, and 1 found"
    );
    assert_eq!(
        says("class\nx\ny\n"),
        "0 features; between 1 and 63 are supported"
    );
    for (separator, shown) in [(";", "';'"), ("\t", "'\\t'"), ("|", "'|'")] {
        assert_eq!(
            says(&good.replace(',', separator)),
            format!("no comma in the header, but {shown}: separate fields with commas")
        );
    }
    assert_eq!(says(""), "0 features; between 1 and 63 are supported");
    let missing = table::read(Path::new("no/such/table.csv")).unwrap_err();
    assert!(
        missing.to_string().starts_with("cannot be read: "),
        "{missing}"
    );
}

/// Central differences; at the origin of the whitened coordinates the gradient vanishes and the
/// Hessian is the identity.
#[test]
fn the_gradient_is_that_of_the_density() {
    let table = table::parse(include_str!("../examples/posterior/wdbc.csv")).unwrap();
    let posterior = Posterior::<32>::new(&table).unwrap();
    assert_eq!(posterior.parameters(), 31);
    assert!(posterior.whitened(&SVector::zeros()).1.amax() < 1e-8);
    let v = SVector::<f64, 32>::from_fn(|i, _| (i as f64).sin());
    let gradient = posterior.whitened(&v).1;
    let h = 1e-4;
    for i in 0..32 {
        let mut step = SVector::zeros();
        step[i] = h;
        let value = |v: &SVector<f64, 32>| posterior.whitened(v).0;
        let slope = (value(&(v + step)) - value(&(v - step))) / (2.0 * h);
        assert!(
            (slope - gradient[i]).abs() < 1e-6,
            "{i}: {slope} {}",
            gradient[i]
        );
        let curvature = (value(&step) - 2.0 * value(&SVector::zeros()) + value(&-step)) / (h * h);
        assert!((curvature + 1.0).abs() < 1e-3, "{i}: {curvature}");
    }
    // The padding knows only the prior.
    let w = posterior.parameter(&v);
    assert!((w[31] - v[31]).abs() < 1e-12);
}

/// A table of two Gaussian clouds, `gap` standard deviations apart in each feature.
fn clouds(stream: &mut Stream, rows: usize, features: usize, gap: f64) -> table::Table {
    let mut text = (0..features).fold(String::new(), |names, j| names + &format!("x{j},"));
    text += "class\n";
    for row in 0..rows {
        for _ in 0..features {
            let x = f64::normal(stream) + if row % 2 == 0 { gap } else { 0.0 };
            text += &format!("{x},");
        }
        text += ["a\n", "b\n"][row % 2];
    }
    table::parse(&text).unwrap()
}

/// At the mode nothing pulls: the gradient in units of the posterior's width is only rounding, and a thousandth of that
/// width away it is much more.
fn has_a_mode(table: &table::Table, what: &str) {
    let posterior = Posterior::<8>::new(table).unwrap_or_else(|error| panic!("{what}: {error}"));
    let pull = posterior.whitened(&SVector::zeros()).1.amax();
    assert!(pull < 1e-12, "{what}: {pull}");
    let away = posterior.whitened(&SVector::repeat(1e-3)).1.amax();
    assert!((5e-4..2e-3).contains(&away), "{what}: {away}");
}

#[test]
fn overlapping_classes_have_a_mode() {
    let mut stream = Stream::new(42, 0);
    for n in 0..200 {
        let (rows, features) = (60 + 54 * (n % 11), 1 + n % 5);
        let gap = 0.1 * (n % 17) as f64;
        let table = clouds(&mut stream, rows, features, gap);
        has_a_mode(&table, &format!("{rows} rows, {features} features, {gap}"));
    }
}

/// The likelihood alone has no mode there; the prior gives it one.
#[test]
fn separable_classes_have_a_mode() {
    let mut stream = Stream::new(43, 0);
    for rows in [2, 3, 10, 60, 600, 3000] {
        for features in [1, 2, 5, 7] {
            for gap in [10.0, 1e3, 1e9] {
                let table = clouds(&mut stream, rows, features, gap);
                has_a_mode(&table, &format!("{rows} rows, {features} features, {gap}"));
            }
        }
        // Two points, and one row far from all others.
        let mut text = String::from("x,class\n");
        for row in 0..rows {
            text += ["0,a\n", "1,b\n"][row % 2];
        }
        has_a_mode(
            &table::parse(&text).unwrap(),
            &format!("{rows} rows of two"),
        );
        text += "1e6,b\n";
        has_a_mode(
            &table::parse(&text).unwrap(),
            &format!("{rows} rows and one"),
        );
    }
}

#[test]
fn numbers_that_overflow_have_no_mode() {
    let mut table = table::parse("x,class\n1,a\n2,b\n").unwrap();
    table.features[0][0] = f64::MAX;
    assert!(Posterior::<8>::new(&table).is_err());
}
