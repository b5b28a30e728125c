//! The examples' readers of files: any text as a table, any length and header as a network's weights. A refusal or what
//! the format promises, never a panic.

#![no_main]
#![allow(
    dead_code,
    reason = "the examples' own sources, of which the readers are a part"
)]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

#[path = "../../examples/diffusion/network.rs"]
mod network;
#[path = "../../examples/posterior/src/table.rs"]
mod table;

use table::{MOST_FEATURES, Table, TableError};

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Text(&'a str),
    Cells { columns: u8, cells: Vec<Cell<'a>> },
    Weights { header: Header, less: u16 },
}

/// Mostly what tables hold, so that rules beyond the first are reached.
#[derive(Arbitrary, Debug)]
enum Cell<'a> {
    Number(i8),
    Any(f64),
    Class(bool),
    Text(&'a str),
    LineEnd,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Header {
    Right,
    Any(u64),
}

fn text_of(columns: u8, cells: &[Cell<'_>]) -> String {
    let columns = usize::from(columns % 4) + 1;
    let mut text: String = (0..columns).map(|column| format!("c{column},")).collect();
    text.push_str("class");
    for (index, cell) in cells.iter().enumerate() {
        text.push(if index % (columns + 1) == 0 {
            '\n'
        } else {
            ','
        });
        match cell {
            Cell::Number(number) => text.push_str(&number.to_string()),
            Cell::Any(number) => text.push_str(&number.to_string()),
            Cell::Class(is_first) => text.push_str(if *is_first { "one" } else { "two" }),
            Cell::Text(cell) => text.push_str(cell),
            Cell::LineEnd => text.push('\n'),
        }
    }
    text
}

/// A table is rectangular, of two classes, and each column of mean 0 and variance 1.
fn hold(table: &Table) {
    let (rows, columns) = (table.features.len(), table.names.len());
    assert!((1..=MOST_FEATURES).contains(&columns));
    assert_eq!(table.labels.len(), rows);
    assert!(table.labels.contains(&1.0) && table.labels.contains(&-1.0));
    assert_eq!(table.labels[0], 1.0);
    assert!(table.classes[0] != table.classes[1]);
    for column in 0..columns {
        let values = || table.features.iter().map(|row| row[column]);
        let mean = values().sum::<f64>() / rows as f64;
        let variance = values().map(|x| x * x).sum::<f64>() / rows as f64 - mean * mean;
        assert!(
            mean.abs() < 1e-3 && (variance - 1.0).abs() < 1e-3,
            "{mean} {variance}"
        );
    }
    assert!(table.features.iter().all(|row| row.len() == columns));
}

fn read(text: &str) {
    let lines = text.split('\n').count() as u64;
    match table::parse(text) {
        Ok(table) => hold(&table),
        Err(
            TableError::Csv { line, .. }
            | TableError::Ragged { line, .. }
            | TableError::Number { line, .. }
            | TableError::ThirdClass { line, .. },
        ) => assert!((1..=lines).contains(&line), "line {line} of {lines}"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Scalars of the network's tensors.
static SCALARS: LazyLock<usize> = LazyLock::new(|| {
    network::tensors()
        .map(|(_, shape)| shape.iter().product::<usize>())
        .sum()
});
const HEADER: usize = 8 + 100;

fn weigh(header: Header, less: u16) {
    thread_local! {
        static FILE: std::cell::RefCell<Vec<u8>> = std::cell::RefCell::new(vec![0; HEADER + 4 * *SCALARS + 1000]);
    }
    FILE.with_borrow_mut(|file| {
        let length = match header {
            Header::Right => 100,
            Header::Any(length) => length,
        };
        file[..8].copy_from_slice(&length.to_le_bytes());
        let end = file.len().saturating_sub(less.into());
        let exact = u128::from(length) + 8 + 4 * *SCALARS as u128;
        assert_eq!(
            network::Network::from_safetensors(&file[..end]).is_some(),
            exact == end as u128
        );
    });
}

fuzz_target!(|input: Input<'_>| {
    match input {
        Input::Text(text) => read(text),
        Input::Cells { columns, cells } => read(&text_of(columns, &cells)),
        Input::Weights { header, less } => weigh(header, less),
    }
});
