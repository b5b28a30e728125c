//! A two-class table from CSV: a header, numbers, and the class in the last column.

use std::path::Path;

/// Features standardised to mean 0 and variance 1, and the class of each row.
#[derive(Debug, PartialEq)]
pub struct Table {
    pub names: Vec<String>,
    /// Row by row.
    pub features: Vec<Vec<f64>>,
    /// +1 for the first class to appear, −1 for the other.
    pub labels: Vec<f64>,
    pub classes: [String; 2],
}

/// The most features that the example has room for.
pub const MOST_FEATURES: usize = 63;

/// What is wrong with a table, and where.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("cannot be read: {0}")]
    Open(std::io::Error),
    #[error("line {line}: {source}")]
    Csv { line: u64, source: csv::Error },
    #[error("line {line}: {found} fields where the header has {expected}")]
    Ragged {
        line: u64,
        expected: usize,
        found: usize,
    },
    #[error("line {line}, column {column:?}: {value:?} is not a finite number")]
    Number {
        line: u64,
        column: String,
        value: String,
    },
    #[error("line {line}: third class {value:?} after {first:?} and {second:?}")]
    ThirdClass {
        line: u64,
        value: String,
        first: String,
        second: String,
    },
    #[error("column {column:?} is {value} in every row")]
    Constant { column: String, value: f64 },
    #[error("{0} features; between 1 and {MOST_FEATURES} are supported")]
    Features(usize),
    #[error("no comma in the header, but {separator:?}: separate fields with commas")]
    Separator { separator: char },
    #[error("two classes are needed, and {0} found")]
    Classes(usize),
}

/// Reads a table from a file.
pub fn read(path: &Path) -> Result<Table, TableError> {
    parse(&std::fs::read_to_string(path).map_err(TableError::Open)?)
}

/// Reads a table from text.
pub fn parse(text: &str) -> Result<Table, TableError> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let broken = |source: csv::Error| TableError::Csv {
        line: source.position().map_or(1, csv::Position::line),
        source,
    };
    let names: Vec<String> = reader
        .headers()
        .map_err(broken)?
        .iter()
        .map(Into::into)
        .collect();
    let count = names.len().saturating_sub(1);
    if count == 0
        && let Some(separator) = names.concat().chars().find(|c| ";\t|".contains(*c))
    {
        return Err(TableError::Separator { separator });
    }
    if !(1..=MOST_FEATURES).contains(&count) {
        return Err(TableError::Features(count));
    }
    let (mut features, mut labels, mut classes) = (Vec::new(), Vec::new(), Vec::<String>::new());
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record
            .position()
            .map_or(0, |position| line_at(text, position.byte()));
        if record.len() != names.len() {
            return Err(TableError::Ragged {
                line,
                expected: names.len(),
                found: record.len(),
            });
        }
        let number = |(value, column): (&str, &String)| match value.parse() {
            Ok(number) if f64::is_finite(number) => Ok(number),
            _ => Err(TableError::Number {
                line,
                column: column.clone(),
                value: value.into(),
            }),
        };
        let row: Result<Vec<f64>, _> = record.iter().zip(&names).take(count).map(number).collect();
        features.push(row?);
        let class = &record[count];
        if !classes.iter().any(|known| known == class) {
            if let [first, second] = &classes[..] {
                return Err(TableError::ThirdClass {
                    line,
                    value: class.into(),
                    first: first.clone(),
                    second: second.clone(),
                });
            }
            classes.push(class.into());
        }
        labels.push(if class == classes[0] { 1.0 } else { -1.0 });
    }
    let classes = classes
        .try_into()
        .map_err(|c: Vec<_>| TableError::Classes(c.len()))?;
    for (column, name) in names.iter().enumerate().take(count) {
        standardise(&mut features, column, name)?;
    }
    Ok(Table {
        names: names[..count].to_vec(),
        features,
        labels,
        classes,
    })
}

/// The line number of a record that begins at a byte, after any blank lines there.
fn line_at(text: &str, byte: u64) -> u64 {
    let start = usize::try_from(byte).unwrap_or(usize::MAX).min(text.len());
    let blank = text[start..].len() - text[start..].trim_start_matches(['\r', '\n']).len();
    1 + text[..start + blank].matches('\n').count() as u64
}

fn standardise(features: &mut [Vec<f64>], column: usize, name: &str) -> Result<(), TableError> {
    let largest = features
        .iter()
        .fold(0.0_f64, |m, row| m.max(row[column].abs()));
    // Values are divided by a unit in which no sum or square overflows or underflows. It is a power of 2, so nothing is
    // rounded.
    let unit = largest.max(f64::from_bits(1)).log2().floor().exp2();
    let values = || features.iter().map(|row| row[column] / unit);
    let n = features.len() as f64;
    let mean = values().sum::<f64>() / n;
    let variance = values().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    if variance <= 1e-24 * mean * mean {
        return Err(TableError::Constant {
            column: name.into(),
            value: features[0][column],
        });
    }
    for row in features {
        row[column] = (row[column] / unit - mean) / variance.sqrt();
    }
    Ok(())
}
