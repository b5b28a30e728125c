//! How many instructions of a GPU's machine code a warp issues, by class: what ptxas made of each line of PTX,
//! times how often a warp of the emulator issued that line.
//!
//! Takes nvdisasm's listing with lines of PTX, the emulator's folder (`PTXRUN_COUNTS`), the kernel's name and what to
//! divide by; prints the sum, then one number for each of [`CLASSES`].

use std::collections::{HashMap, HashSet};
use std::process::ExitCode;
use std::{env, fs};

/// Classes of instructions, by the units that execute them; the last is of all others: those of a warp's uniform
/// registers, constants and special registers.
const CLASSES: [(&str, &str); 8] = [
    (
        "integers, bits, comparisons",
        "IADD3 LOP3 SHF ISETP SEL FSETP FMNMX PRMT VIADD VIMNMX MOV PLOP3 SGXT FSEL LEA IABS P2R R2P FLO POPC \
         BREV I2FP VOTE FCHK BMSK IADD3X VIADDMNMX VIMNMX3 R2UR F2FP VOTEU",
    ),
    ("integer products", "IMAD IDP HFMA2"),
    (
        "floating point",
        "FADD FMUL FFMA FADD2 FMUL2 FFMA2 DADD DMUL DFMA DSETP",
    ),
    (
        "special functions, conversions",
        "MUFU I2F F2I F2F FRND I2I",
    ),
    ("local memory", "LDL STL"),
    ("global memory", "LDG STG LD ST RED REDG ATOM ATOMG"),
    (
        "branches",
        "BRA BSSY BSYNC CALL RET EXIT BREAK WARPSYNC BRX YIELD BMOV RPCMOV JMP",
    ),
    ("others", ""),
];

/// Operations of PTX that each become one instruction, so that as many as a line has become show how many copies of
/// its block ptxas has made. Vectors and 64 bits, which may be taken apart, are none.
const SINGLE: [(&str, &[&str]); 6] = [
    ("ld.", &["LD", "LDL", "LDG", "LDC"]),
    ("st.", &["ST", "STL", "STG"]),
    ("mul.rn.f32", &["FMUL"]),
    ("add.rn.f32", &["FADD"]),
    ("sub.rn.f32", &["FADD"]),
    ("shf.", &["SHF"]),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [listing, folder, kernel, divisor] = &arguments[..] else {
        eprintln!("issued LISTING FOLDER KERNEL DIVISOR");
        return ExitCode::FAILURE;
    };
    match row(listing, folder, kernel, divisor) {
        Ok(row) => {
            println!("{row}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("issued: {kernel}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn row(listing: &str, folder: &str, kernel: &str, divisor: &str) -> Result<String, String> {
    let read = |path: &str| fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
    let ptx = read(&format!("{folder}/{kernel}.ptx"))?;
    let counts = counts(&read(&format!("{folder}/{kernel}.counts"))?)?;
    let divisor: f64 = divisor
        .parse()
        .map_err(|error| format!("{divisor}: {error}"))?;
    let issued = issued(&read(listing)?, &ptx, &counts, kernel)?;
    let all = issued.iter().sum();
    let numbers = [all].into_iter().chain(issued).map(|n| n / divisor);
    Ok(numbers.map(shown).collect::<Vec<_>>().join(" "))
}

/// Three digits at least.
fn shown(number: f64) -> String {
    let digits = usize::from(number < 99.95);
    format!("{number:.digits$}")
}

/// How often each line was issued.
fn counts(text: &str) -> Result<HashMap<usize, u64>, String> {
    let mut counts = HashMap::new();
    for entry in text.lines() {
        let pair = entry.split_once(' ');
        let pair = pair.and_then(|(line, times)| Some((line.parse().ok()?, times.parse().ok()?)));
        let (line, times): (usize, u64) = pair.ok_or_else(|| format!("no count: {entry}"))?;
        if counts.insert(line, times).is_some() {
            return Err(format!("line {line} has several instructions"));
        }
    }
    Ok(counts)
}

/// An instruction of machine code.
struct Instruction<'a> {
    /// The line of PTX that it comes from.
    line: usize,
    /// Its name, without modifiers.
    operation: &'a str,
    /// Whether a predicate may switch it off; it is issued nonetheless.
    guarded: bool,
}

/// How many instructions of each class were issued.
///
/// A basic block of machine code is issued as often as most of its instructions' lines: a line that was moved into
/// the block, from a loop or from a branch that became predicates, is issued as often as the rest.
fn issued(
    listing: &str,
    ptx: &str,
    counts: &HashMap<usize, u64>,
    kernel: &str,
) -> Result<[f64; CLASSES.len()], String> {
    let code = code(listing, ptx, kernel);
    let mut lines: HashMap<usize, Vec<&str>> = HashMap::new();
    for instruction in code.iter().flatten() {
        let operations = lines.entry(instruction.line).or_default();
        operations.push(instruction.operation);
    }
    if !lines.keys().any(|line| counts.contains_key(line)) {
        return Err("no instruction of a line that was issued".into());
    }
    let blocks = blocks(ptx);
    let source: Vec<&str> = ptx.lines().collect();
    let mut copies: HashMap<usize, Vec<f64>> = HashMap::new();
    for (&line, operations) in &lines {
        let text = line.checked_sub(1).and_then(|index| source.get(index));
        let text = text.ok_or_else(|| format!("line {line} is beyond the text"))?;
        if let Some(n) = copies_of(text, operations) {
            copies.entry(blocks[line - 1]).or_default().push(n);
        }
    }
    let share: HashMap<usize, f64> = copies
        .into_iter()
        .map(|(block, copies)| (block, 1.0 / median(copies)))
        .collect();
    let mut sums = [0.0; CLASSES.len()];
    for block in &code {
        let times = |i: &Instruction| {
            let times = counts.get(&i.line).copied().unwrap_or(0) as f64;
            times * share.get(&blocks[i.line - 1]).unwrap_or(&1.0)
        };
        let mut votes: Vec<f64> = block.iter().filter(|i| !i.guarded).map(times).collect();
        if votes.is_empty() {
            votes = block.iter().map(times).collect();
        }
        let times = median(votes);
        for instruction in block {
            sums[class(instruction.operation)] += times;
        }
    }
    Ok(sums)
}

/// The basic blocks of a kernel, and of functions that it may call; without what comes from no line.
fn code<'a>(listing: &'a str, ptx: &str, kernel: &str) -> Vec<Vec<Instruction<'a>>> {
    let entries: HashSet<&str> = ptx
        .lines()
        .filter_map(|line| line.split_once(".entry ")?.1.split('(').next())
        .collect();
    let mut blocks = vec![Vec::new()];
    let (mut wanted, mut line) = (false, None);
    for text in listing.lines() {
        let mut ends = true;
        if let Some(section) = text.strip_prefix(".text.") {
            let name = section.trim_end_matches(':');
            wanted = name == kernel || !entries.contains(name);
            line = None;
        } else if text.starts_with('$') {
            // A subroutine of ptxas's own, unless lines follow.
            line = None;
        } else if !text.starts_with(".L_") {
            ends = false;
        }
        if let Some((_, number)) = text
            .split_once("//## File \".nv_debug_ptx_txt")
            .and_then(|(_, rest)| rest.split_once("line "))
        {
            let digits = number.split(|c: char| !c.is_ascii_digit()).next();
            line = digits.and_then(|digits| digits.parse().ok());
        } else if let (true, Some(line), Some((operation, guarded))) =
            (wanted, line, operation(text))
        {
            if let Some(block) = blocks.last_mut() {
                block.push(Instruction {
                    line,
                    operation,
                    guarded,
                });
            }
            ends = ["BRA", "BRX", "JMP", "CALL", "RET", "EXIT"].contains(&operation);
        }
        if ends {
            blocks.push(Vec::new());
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

/// The operation, without modifiers, of a line such as `/*0a10*/  @!P0 IMAD.WIDE R2, R3, R4 ;`, and whether it
/// is guarded. Padding is no operation.
fn operation(text: &str) -> Option<(&str, bool)> {
    let (address, rest) = text.trim_start().strip_prefix("/*")?.split_once("*/")?;
    if !address.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut words = rest.split_whitespace();
    let first = words.next()?;
    let guarded = first.starts_with('@');
    let word = if guarded { words.next()? } else { first };
    let operation = word.split(['.', ';']).next()?;
    (operation != "NOP").then_some((operation, guarded))
}

fn class(operation: &str) -> usize {
    CLASSES
        .iter()
        .position(|(_, operations)| operations.split(' ').any(|other| other == operation))
        .unwrap_or(CLASSES.len() - 1)
}

/// The basic block of each line of PTX, by number.
fn blocks(ptx: &str) -> Vec<usize> {
    let mut block = 0;
    let mut blocks = Vec::new();
    for line in ptx.lines() {
        let begins = line.starts_with(['$', '}']);
        block += usize::from(begins);
        blocks.push(block);
        let ends = ["bra", "brx", "ret"];
        block += usize::from(ends.iter().any(|end| unguarded(line).starts_with(end)));
    }
    blocks
}

/// A line of PTX without its guard.
fn unguarded(line: &str) -> &str {
    let line = line.trim_start();
    match line.strip_prefix('@') {
        Some(rest) => rest
            .split_once(char::is_whitespace)
            .map_or("", |(_, rest)| rest.trim_start()),
        None => line,
    }
}

/// How many times ptxas has made the one instruction of a line; `None` where it makes several of one, or
/// another.
fn copies_of(line: &str, operations: &[&str]) -> Option<f64> {
    let line = unguarded(line);
    if [".v2", ".v4", "b64", "u64", "f64"]
        .iter()
        .any(|wide| line.contains(wide))
    {
        return None;
    }
    let (_, single) = SINGLE.iter().find(|(start, _)| line.starts_with(start))?;
    let copies = operations.iter().filter(|o| single.contains(o)).count();
    (copies > 0).then_some(copies as f64)
}

/// The upper one of two.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A function, a kernel that is a loop, and another kernel.
    const PTX: &str = ".version 7.0
.func rust_1(
)
{
	add.s64 	%rd1, %rd1, 1;
	ret;
}
.visible .entry k(
)
{
	mov.b32 	%r1, 0;
$L__BB0_1:
	mul.rn.f32 	%f1, %f1, %f2;
	ld.global.b32 	%r3, [%rd1];
	add.s64 	%rd1, %rd1, 4;
	@%p1 bra 	$L__BB0_1;
	st.global.b64 	[%rd2], %rd1;
	ret;
}
.visible .entry other(
)
{
	ret;
}
";

    fn listing(body: &[(&str, &str)]) -> String {
        let mut text = String::from("\t.section\t.text.k,\"ax\",@progbits\n");
        let mut address = 0;
        for (line, instructions) in body {
            match line.parse::<u32>() {
                Ok(line) => {
                    text += &format!("\t//## File \".nv_debug_ptx_txt\", line {line}\n");
                }
                Err(_) => text += &format!("{line}\n"),
            }
            for instruction in instructions.split(';').filter(|i| !i.is_empty()) {
                text += &format!("        /*{address:04x}*/                   {instruction} ;\n");
                address += 16;
            }
        }
        text
    }

    fn sums(body: &[(&str, &str)], counted: &str) -> [f64; CLASSES.len()] {
        issued(&listing(body), PTX, &counts(counted).unwrap(), "k").unwrap()
    }

    #[test]
    fn as_often_as_its_line() {
        let body = [
            (".text.k:", ""),
            ("11", "MOV R1, c[0x0][0x28]"),
            (".L_x_1:", ""),
            ("13", "FMUL R2, R2, R3"),
            ("14", "LDG.E R4, [R6.64]"),
            (
                "15",
                "@!P0 IADD3 R6, P1, R6, 0x4, RZ;IMAD.X R7, RZ, RZ, R7, P1",
            ),
            ("16", "@P0 BRA `(.L_x_1)"),
            ("17", "STG.E.64 [R8.64], R6"),
            ("18", "EXIT;NOP;NOP"),
            // A subroutine without lines, and one with.
            ("$__internal_0_$__cuda_sm20_div:", "MUFU.RCP R1, R1"),
            (".text.rust_1:", ""),
            ("5", "LDL R1, [R2];ULDC UR4, c[0x0][0x118]"),
            // Another kernel's copy of the function.
            (".text.other:", ""),
            ("5", "LDL R1, [R2]"),
        ];
        let counted = "11 1\n13 10\n14 10\n15 10\n16 10\n17 1\n18 1\n5 3\n";
        let expected = [11.0, 10.0, 10.0, 0.0, 3.0, 11.0, 11.0, 3.0];
        assert_eq!(sums(&body, counted), expected);
    }

    /// An operation is issued as often as its block, whether it was moved out of a loop, into it, or is switched off by a
    /// predicate.
    #[test]
    fn as_often_as_its_block() {
        let body = [
            (".text.k:", ""),
            ("11", "MOV R1, R2;MOV R3, R4"),
            ("14", "LDG.E R4, [R6.64]"),
            (".L_x_1:", ""),
            ("15", "IADD3 R2, R2, R3;IMAD R2, R2, R3"),
            ("12", "@!P1 MUFU.RCP R1, R1"),
            ("16", "@P0 BRA `(.L_x_1)"),
            // After a branch, which some may have taken.
            ("17", "STG.E.64 [R8.64], R6"),
            // Where no line was issued.
            (".L_x_2:", ""),
            ("12", "MUFU.RCP R1, R1"),
        ];
        let counted = "11 1\n15 10\n14 10\n16 10\n17 1\n";
        let expected = [12.0, 10.0, 0.0, 10.0, 0.0, 2.0, 10.0, 0.0];
        assert_eq!(sums(&body, counted), expected);
    }

    /// Of a loop that was unrolled twice, each copy is issued half as often as the loop's line, also where
    /// an operation of one copy has gone.
    #[test]
    fn copies_share_what_their_line_issues() {
        let body = [
            (".text.k:", ""),
            ("13", "FMUL R2, R2, R3"),
            ("14", "LDG.E R4, [R6.64]"),
            ("15", "IADD3 R6, R6, 0x4, RZ"),
            ("13", "FMUL R2, R2, R3"),
            ("14", "LDG.E R4, [R6.64+0x4]"),
            ("16", "@P0 BRA `(.L_x_1)"),
        ];
        let expected = [5.0, 0.0, 10.0, 0.0, 0.0, 10.0, 5.0, 0.0];
        assert_eq!(sums(&body, "13 10\n14 10\n15 10\n16 10\n"), expected);
    }

    #[test]
    fn refused() {
        assert!(counts("1 2 3").is_err());
        assert!(counts("no").is_err());
        assert!(counts("1 2\n1 2").is_err());
        let body = [(".text.k:", ""), ("11", "MOV R1, R2")];
        let none = issued(&listing(&body), PTX, &HashMap::new(), "k");
        assert!(none.is_err());
        assert!(row("/nowhere", "/nowhere", "k", "1").is_err());
    }

    #[test]
    fn numbers() {
        assert_eq!(
            [99.94, 99.96, 1234.5, 0.0].map(shown).join(" "),
            "99.9 100 1234 0.0"
        );
        assert_eq!(median(vec![2.0, 1.0]), 2.0);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
    }
}
