//! Lists a crate's public interface from its documentation in JSON, an item a line, so that a change to it
//! is a change to a text. Of what the compiler writes, it lists what a user may come to miss: that a trait
//! is derived, without its methods, and that a type lacks an auto trait.

use std::collections::HashSet;
use std::io::Write;

use public_api::Builder;

/// Traits of the compiler's own, which nobody can name in stable Rust.
const INTERNAL: [&str; 2] = ["core::marker::StructuralPartialEq", "core::marker::Freeze"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: api JSON")?;
    let lines = |derived: bool, auto: bool| -> Result<Vec<String>, public_api::Error> {
        let interface = Builder::from_rustdoc_json(&path)
            .omit_blanket_impls(true)
            .omit_auto_derived_impls(!derived)
            .omit_auto_trait_impls(!auto)
            .build()?;
        Ok(interface.items().map(|item| item.to_string()).collect())
    };
    let written = HashSet::<String>::from_iter(lines(false, false)?);
    let with_derived = HashSet::<String>::from_iter(lines(true, false)?);

    let mut out = std::io::stdout().lock();
    for line in lines(true, true)? {
        let is_impl = line.starts_with("impl") && !INTERNAL.iter().any(|name| line.contains(name));
        let is_missed = with_derived.contains(&line) || line.contains(" !core::");
        if written.contains(&line) || is_impl && is_missed {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}
