//! Which files the kernels' PTX is made from, and a hash of what in them the kernels can reach.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fs, io};

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// Files that no kernel reaches and that do not say how to build one. The device's copy of the library has
/// none of them, so that a build fails where this list is wrong: `src/lib.rs` leaves the same modules out.
const OTHERS: [&str; 20] = [
    "kernels/build.rs",
    "kernels/host.rs",
    "kernels/ptx/",
    "kernels/sources.rs",
    "kernels/tests/",
    "src/batch/cpu.rs",
    "src/batch/engine.rs",
    "src/batch/ensemble.rs",
    "src/checkpoint/",
    "src/cuda/",
    "src/diffusion/",
    "src/noise/areas.rs",
    "src/noise/path.rs",
    "src/numeric/",
    "src/random/interchange.rs",
    "src/slices.rs",
    "src/statistics/",
    "src/step_sizes/",
    "src/trajectory.rs",
    "src/tuning/",
];

/// A file that the PTX is made from, or that says how.
pub(super) struct Source {
    /// Its path from the root, with `/` between folders.
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// All sources, in the order of their names.
pub(super) fn sources(root: &Path) -> Result<Vec<Source>, Box<dyn Error>> {
    let mut files = Vec::new();
    for folder in ["src", "kernels"] {
        list(&root.join(folder), &mut files)?;
    }
    let mut sources = Vec::new();
    for path in files {
        let parts = path.strip_prefix(root)?.iter();
        let parts: Vec<_> = parts.map(|part| part.to_string_lossy()).collect();
        let name = parts.join("/");
        if !OTHERS.iter().any(|other| name.starts_with(other)) {
            sources.push(Source { name, path });
        }
    }
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(sources)
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// FNV-1a of the names and contents of the sources, in 16 digits. Against mistakes, not against malice.
///
/// Of Rust it takes the tokens, without documentation and test modules; of the rest, the lines that are no
/// comments. Comments and layout can thus change without new PTX.
pub(super) fn hash(sources: &[Source]) -> Result<String, Box<dyn Error>> {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for Source { name, path } in sources {
        // The same text however a version-control system ends lines.
        let text = fs::read_to_string(path)?.replace('\r', "");
        let mut content = String::new();
        if name.ends_with(".rs") {
            let tokens = text
                .parse()
                .map_err(|error| format!("{}: {error}", path.display()))?;
            write_code(tokens, &mut content);
        } else {
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                content += line;
                content += "\n";
            }
        }
        for byte in name.bytes().chain([0]).chain(content.bytes()).chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    Ok(format!("{hash:016x}"))
}

/// Writes tokens, each on a line of its own.
fn write_code(tokens: TokenStream, code: &mut String) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut rest = &tokens[..];
    while let [token, after @ ..] = rest {
        if let Some((attribute, after)) = attribute(rest) {
            let skipped = match attribute.as_str() {
                "cfg(test)" => after_module(after),
                _ if attribute.starts_with("doc=") || attribute.starts_with("doc(") => Some(after),
                _ => None,
            };
            if let Some(after) = skipped {
                rest = after;
                continue;
            }
        }
        rest = after;
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                *code += open;
                *code += "\n";
                write_code(group.stream(), code);
                *code += close;
            }
            TokenTree::Punct(punct) => {
                code.push(punct.as_char());
                // `&&` is not `& &`.
                if punct.spacing() == Spacing::Joint {
                    continue;
                }
            }
            TokenTree::Ident(_) | TokenTree::Literal(_) => *code += &token.to_string(),
        }
        *code += "\n";
    }
}

/// The attribute that tokens begin with, if they do: `doc = "…"`, for example, and what follows it.
fn attribute(tokens: &[TokenTree]) -> Option<(String, &[TokenTree])> {
    let is = |token: &TokenTree, wanted| matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted);
    let [hash, rest @ ..] = tokens else {
        return None;
    };
    let rest = match rest {
        [inner, rest @ ..] if is(inner, '!') => rest,
        _ => rest,
    };
    match rest {
        [TokenTree::Group(group), after @ ..]
            if is(hash, '#') && group.delimiter() == Delimiter::Bracket =>
        {
            Some((group.stream().to_string().replace(' ', ""), after))
        }
        _ => None,
    }
}

/// What follows the module that tokens begin with, if they do begin with one.
fn after_module(mut tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    while let Some((_, after)) = attribute(tokens) {
        tokens = after;
    }
    match tokens {
        [
            TokenTree::Ident(keyword),
            _,
            TokenTree::Group(_) | TokenTree::Punct(_),
            after @ ..,
        ] if keyword == "mod" => Some(after),
        _ => None,
    }
}
