//! The emulator as a program: lists a module's kernels, or launches one on files.

use ptxrun::{Arg, Launch, Module};
use std::process::exit;

const USAGE: &str = "ptxrun FILE.ptx                         list the kernels
ptxrun FILE.ptx KERNEL --grid X[,Y,Z] --block X[,Y,Z] --param P ...
   P: u32:7 u64:7 i32:-7 i64:-7 f32:0.5 f64:0.5 hex:0a0b (by-value bytes)
      buf:FILE        buffer from FILE, written back to FILE.out
      ro:FILE         read-only buffer
      zero:BYTES:OUT  zeroed buffer, written to OUT
   --shared BYTES  --max-steps N  --fill BYTE  --stats  --cover (listing with counts)";

enum P {
    V32(u32),
    V64(u64),
    F32(f32),
    F64(f64),
    Hex(Vec<u8>),
    Buf(Vec<u8>, Option<String>),
}

fn die(m: impl std::fmt::Display) -> ! {
    eprintln!("ptxrun: {m}");
    exit(1)
}

fn num<T: std::str::FromStr>(s: &str) -> T {
    s.parse().unwrap_or_else(|_| die(format!("bad number {s}")))
}

fn param(s: &str) -> P {
    let (k, v) = s
        .split_once(':')
        .unwrap_or_else(|| die(format!("bad --param {s}")));
    let read = |f: &str| std::fs::read(f).unwrap_or_else(|e| die(format!("{f}: {e}")));
    match k {
        "u32" => P::V32(num(v)),
        "u64" => P::V64(num(v)),
        "i32" => P::V32(num::<i32>(v) as u32),
        "i64" => P::V64(num::<i64>(v) as u64),
        "f32" => P::F32(num(v)),
        "f64" => P::F64(num(v)),
        "hex" => P::Hex(
            (0..v.len() / 2)
                .map(|i| {
                    u8::from_str_radix(&v[2 * i..2 * i + 2], 16).unwrap_or_else(|_| die("bad hex"))
                })
                .collect(),
        ),
        "buf" => P::Buf(read(v), Some(format!("{v}.out"))),
        "ro" => P::Buf(read(v), None),
        "zero" => {
            let (n, out) = v.split_once(':').unwrap_or_else(|| die("zero:BYTES:OUT"));
            P::Buf(vec![0; num(n)], Some(out.to_string()))
        }
        _ => die(format!("bad --param {s}")),
    }
}

fn dims(s: &str) -> [u32; 3] {
    let mut d = [1; 3];
    for (i, x) in s.split(',').enumerate().take(3) {
        d[i] = num(x)
    }
    d
}

fn main() {
    let a: Vec<String> = std::env::args().skip(1).collect();
    let Some(file) = a.first() else {
        println!("{USAGE}");
        return;
    };
    let src = std::fs::read_to_string(file).unwrap_or_else(|e| die(format!("{file}: {e}")));
    let m = Module::parse(&src).unwrap_or_else(|e| die(format!("{file}: {e}")));
    let Some(kernel) = a.get(1) else {
        println!("{}", m.entries().join("\n"));
        return;
    };
    let mut l = Launch::new(1, 1);
    let (mut ps, mut stats, mut cover) = (vec![], false, false);
    let mut it = a[2..].iter();
    while let Some(o) = it.next() {
        if o == "--stats" || o == "--cover" {
            stats |= o == "--stats";
            cover |= o == "--cover";
            continue;
        }
        let v = it
            .next()
            .unwrap_or_else(|| die(format!("{o} needs a value")));
        match o.as_str() {
            "--grid" => l.grid = dims(v),
            "--block" => l.block = dims(v),
            "--shared" => l.shared = num(v),
            "--max-steps" => l.max_steps = num(v),
            "--fill" => l.fill = num(v),
            "--param" => ps.push(param(v)),
            _ => die(format!("unknown option {o}")),
        }
    }
    let mut args: Vec<Arg> = ps
        .iter_mut()
        .map(|p| match p {
            P::V32(v) => Arg::U32(*v),
            P::V64(v) => Arg::U64(*v),
            P::F32(v) => Arg::F32(*v),
            P::F64(v) => Arg::F64(*v),
            P::Hex(b) => Arg::Bytes(b),
            P::Buf(b, Some(_)) => Arg::Buf(b),
            P::Buf(b, None) => Arg::Ro(b),
        })
        .collect();
    let t = std::time::Instant::now();
    let s = m
        .launch(kernel, &l, &mut args)
        .unwrap_or_else(|e| die(format!("{kernel}: {e}")));
    let secs = t.elapsed().as_secs_f64();
    for w in &s.warnings {
        eprintln!("warning: {w}")
    }
    if stats {
        eprintln!(
            "{} threads, {} instructions, {secs:.3} s, {:.1} M/s",
            s.threads,
            s.instructions,
            s.instructions as f64 / secs / 1e6
        );
        for (n, c) in &s.histogram {
            eprintln!("{c:12} {n}")
        }
    }
    if cover {
        let count: std::collections::HashMap<_, _> = s.lines.iter().copied().collect();
        for (n, t) in src.lines().enumerate() {
            let c = count
                .get(&(n as u32 + 1))
                .map_or(String::new(), |c| c.to_string());
            println!("{c:>12} {t}")
        }
    }
    for p in &ps {
        if let P::Buf(b, Some(out)) = p {
            std::fs::write(out, b).unwrap_or_else(|e| die(format!("{out}: {e}")))
        }
    }
}
