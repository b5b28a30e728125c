//! The posterior example's tables and model: what is refused and how it is said, and the gradient.

#[path = "../examples/posterior/model.rs"]
mod model;
#[path = "../examples/posterior/table.rs"]
mod table;

use std::path::Path;

use model::Posterior;
use nalgebra::SVector;

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
