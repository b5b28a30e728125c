//! Pure instructions: (opcode, modifiers, type) -> function of up to three source values.
//! A register value is a u64, zero-extended from the register's width.

pub type Alu = Box<dyn Fn(u64, u64, u64) -> u64 + Send + Sync>;

/// A PTX fundamental type: kind `u s b f p` and width in bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ty {
    pub k: u8,
    pub w: u32,
}

pub fn ty(s: &str) -> Option<Ty> {
    let (k, w) = match s {
        "pred" => (b'p', 1),
        "u8" | "u16" | "u32" | "u64" | "s8" | "s16" | "s32" | "s64" | "b8" | "b16" | "b32"
        | "b64" | "f32" | "f64" => (s.as_bytes()[0], s[1..].parse().unwrap()),
        _ => return None,
    };
    Some(Ty { k, w })
}

pub fn mask(w: u32) -> u64 {
    u64::MAX >> (64 - w)
}
/// sign-extend the low `w` bits
pub fn sx(v: u64, w: u32) -> i64 {
    ((v << (64 - w)) as i64) >> (64 - w)
}
/// extend a value of type `t` to a register of width `rw`
pub fn ext(v: u64, t: Ty, rw: u32) -> u64 {
    if t.k == b's' {
        sx(v, t.w) as u64 & mask(rw)
    } else {
        v & mask(t.w)
    }
}

const NAN32: u64 = 0x7fff_ffff;
fn g32(v: u64) -> f32 {
    f32::from_bits(v as u32)
}
fn g64(v: u64) -> f64 {
    f64::from_bits(v)
}
/// f32 results that are NaN become the canonical NaN the hardware gives
fn p32(v: f32) -> u64 {
    if v.is_nan() {
        NAN32
    } else {
        v.to_bits() as u64
    }
}
fn p64(v: f64) -> u64 {
    v.to_bits()
}

/// Decoded pure instruction: the source widths and the destination width are what the
/// registers must have.
pub struct Pure {
    pub f: Alu,
    pub dst: u32,
    pub src: Vec<u32>,
    /// faults when the second source is zero (integer division)
    pub div: bool,
}

/// Modifiers still to be consumed; anything left over is an error.
pub struct Mods<'a>(pub Vec<&'a str>);

impl<'a> Mods<'a> {
    pub fn take(&mut self, m: &str) -> bool {
        match self.0.iter().position(|x| *x == m) {
            Some(i) => {
                self.0.remove(i);
                true
            }
            None => false,
        }
    }
    pub fn one_of(&mut self, ms: &[&'static str]) -> Option<&'static str> {
        ms.iter().find(|m| self.take(m)).copied()
    }
}

#[allow(
    clippy::neg_cmp_op_on_partial_ord,
    clippy::nonminimal_bool,
    clippy::double_comparisons,
    reason = "a NaN is neither less nor not less"
)]
fn cmp_float(op: &str) -> Option<fn(f64, f64) -> bool> {
    Some(match op {
        "eq" => |a, b| a == b,
        "ne" => |a, b| a < b || a > b,
        "lt" => |a, b| a < b,
        "le" => |a, b| a <= b,
        "gt" => |a, b| a > b,
        "ge" => |a, b| a >= b,
        "equ" => |a, b| !(a < b || a > b),
        "neu" => |a, b| a != b,
        "ltu" => |a, b| !(a >= b),
        "leu" => |a, b| !(a > b),
        "gtu" => |a, b| !(a <= b),
        "geu" => |a, b| !(a < b),
        "num" => |a, b| !a.is_nan() && !b.is_nan(),
        "nan" => |a, b| a.is_nan() || b.is_nan(),
        _ => return None,
    })
}

type Cmp = Box<dyn Fn(u64, u64) -> bool + Send + Sync>;
fn compare(op: &str, t: Ty) -> Option<Cmp> {
    let w = t.w;
    Some(match (t.k, w) {
        (b'f', 32) => {
            let f = cmp_float(op)?;
            Box::new(move |a, b| f(g32(a) as f64, g32(b) as f64))
        }
        (b'f', _) => {
            let f = cmp_float(op)?;
            Box::new(move |a, b| f(g64(a), g64(b)))
        }
        // lo, ls, hi, hs are unsigned; eq and ne any; the others follow the type
        (b's', _) if !["lo", "ls", "hi", "hs"].contains(&op) => {
            let f: fn(i64, i64) -> bool = match op {
                "eq" => |a, b| a == b,
                "ne" => |a, b| a != b,
                "lt" => |a, b| a < b,
                "le" => |a, b| a <= b,
                "gt" => |a, b| a > b,
                "ge" => |a, b| a >= b,
                _ => return None,
            };
            Box::new(move |a, b| f(sx(a, w), sx(b, w)))
        }
        (b'u', _) | (b'b', _) => {
            if t.k == b'b' && op != "eq" && op != "ne" {
                return None;
            }
            let f: fn(u64, u64) -> bool = match op {
                "eq" => |a, b| a == b,
                "ne" => |a, b| a != b,
                "lt" | "lo" => |a, b| a < b,
                "le" | "ls" => |a, b| a <= b,
                "gt" | "hi" => |a, b| a > b,
                "ge" | "hs" => |a, b| a >= b,
                _ => return None,
            };
            Box::new(f)
        }
        _ => return None,
    })
}

const CMPS: &[&str] = &[
    "eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs", "equ", "neu", "ltu", "leu", "gtu",
    "geu", "num", "nan",
];

fn min_max<T: PartialOrd + Copy>(max: bool, a: T, b: T) -> T {
    if (b < a) != max && a != b { b } else { a }
}

fn fminmax(max: bool, nan: bool, a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        if nan || (a.is_nan() && b.is_nan()) {
            return f64::NAN;
        }
        return if a.is_nan() { b } else { a };
    }
    if a == b {
        // +0 is greater than -0
        return if a.is_sign_negative() != max { a } else { b };
    }
    min_max(max, a, b)
}

/// float -> integral float, by the cvt rounding modifier
fn round_integral(mode: &str, x: f64) -> f64 {
    match mode {
        "rni" => x.round_ties_even(),
        "rzi" => x.trunc(),
        "rmi" => x.floor(),
        "rpi" => x.ceil(),
        _ => unreachable!(),
    }
}

/// cvt: `rw` is the width of the destination register
pub fn cvt(m: &mut Mods, d: Ty, s: Ty, rw: u32) -> Option<Alu> {
    let sat = m.take("sat");
    let (dw, sw) = (d.w, s.w);
    let (ds, ss) = (d.k == b's', s.k == b's');
    let ints = |t: Ty| t.k == b'u' || t.k == b's';
    Some(if ints(d) && ints(s) {
        if sat {
            let (lo, hi): (i128, i128) = if ds {
                (-(1 << (dw - 1)), (1 << (dw - 1)) - 1)
            } else {
                (0, (1i128 << dw) - 1)
            };
            Box::new(move |a, _, _| {
                let v = if ss {
                    sx(a, sw) as i128
                } else {
                    (a & mask(sw)) as i128
                };
                ext(v.clamp(lo, hi) as u64, d, rw)
            })
        } else {
            match (s.k, sw, d.k, dw, rw) {
                (b'u', 32, _, 64, 64) => Box::new(|a, _, _| a & 0xffff_ffff),
                (_, 64, b'u', 32, 32) => Box::new(|a, _, _| a & 0xffff_ffff),
                _ => Box::new(move |a, _, _| {
                    let v = if ss { sx(a, sw) as u64 } else { a & mask(sw) };
                    ext(v, d, rw)
                }),
            }
        }
    } else if d.k == b'f' && ints(s) {
        if sat || !m.take("rn") {
            return None;
        }
        match (dw, ss) {
            (32, true) => Box::new(move |a, _, _| p32(sx(a, sw) as f32)),
            (32, false) => Box::new(move |a, _, _| p32((a & mask(sw)) as f32)),
            (_, true) => Box::new(move |a, _, _| p64(sx(a, sw) as f64)),
            (_, false) => Box::new(move |a, _, _| p64((a & mask(sw)) as f64)),
        }
    } else if ints(d) && s.k == b'f' {
        // always clamps, .sat is redundant
        let mode = m.one_of(&["rni", "rzi", "rmi", "rpi"])?;
        let nan = if sw == 64 || dw == 64 {
            1u64 << (dw - 1)
        } else {
            0
        };
        Box::new(move |a, _, _| {
            let x = if sw == 32 { g32(a) as f64 } else { g64(a) };
            if x.is_nan() {
                return ext(nan, d, rw);
            }
            let x = round_integral(mode, x);
            let v = match (ds, dw) {
                (true, 64) => x as i64 as u64,
                (false, 64) => x as u64,
                (true, w) => {
                    x.clamp(-(2f64.powi(w as i32 - 1)), 2f64.powi(w as i32 - 1) - 1.0) as i64 as u64
                }
                (false, w) => x.clamp(0.0, 2f64.powi(w as i32) - 1.0) as u64,
            };
            ext(v, d, rw)
        })
    } else if d.k == b'f' && s.k == b'f' {
        if sat {
            return None;
        }
        let mode = m.one_of(&["rni", "rzi", "rmi", "rpi"]);
        match (dw, sw, mode) {
            (32, 64, None) => {
                if !m.take("rn") {
                    return None;
                }
                Box::new(|a, _, _| p32(g64(a) as f32))
            }
            (64, 32, None) => Box::new(|a, _, _| p64(g32(a) as f64)),
            (32, 32, None) => Box::new(|a, _, _| p32(g32(a))),
            (64, 64, None) => Box::new(|a, _, _| a),
            (32, 32, Some(r)) => {
                Box::new(move |a, _, _| p32(round_integral(r, g32(a) as f64) as f32))
            }
            (64, 64, Some(r)) => Box::new(move |a, _, _| p64(round_integral(r, g64(a)))),
            _ => return None,
        }
    } else {
        return None;
    })
}

fn bfe(signed: bool, w: u32, a: u64, b: u64, c: u64) -> u64 {
    let (pos, len) = ((b & 0xff) as u32, (c & 0xff) as u32);
    let msb = w - 1;
    let sbit = if !signed || len == 0 {
        0
    } else {
        a >> (pos + len - 1).min(msb) & 1
    };
    let mut d = 0;
    for i in 0..w {
        let bit = if i < len && pos + i <= msb {
            a >> (pos + i) & 1
        } else {
            sbit
        };
        d |= bit << i
    }
    d
}

fn bfi(w: u32, a: u64, b: u64, pos: u64, len: u64) -> u64 {
    let (pos, len) = ((pos & 0xff) as u32, (len & 0xff) as u32);
    let mut d = b;
    let mut i = 0;
    while i < len && pos + i < w {
        d = d & !(1 << (pos + i)) | (a >> i & 1) << (pos + i);
        i += 1
    }
    d
}

fn prmt(a: u64, b: u64, c: u64) -> u64 {
    let x = a | b << 32;
    let mut d = 0;
    for i in 0..4 {
        let sel = c >> (4 * i);
        let mut byte = x >> (8 * (sel & 7)) & 0xff;
        if sel & 8 != 0 {
            byte = if byte & 0x80 != 0 { 0xff } else { 0 }
        }
        d |= byte << (8 * i)
    }
    d
}

/// Four-source instructions (bfi, lop3 with its immediate) get the fourth as `imm`
/// only when constant; bfi with a register length is decoded by the caller through here.
pub fn bfi4(w: u32) -> impl Fn(u64, u64, u64, u64) -> u64 {
    move |a, b, c, d| bfi(w, a, b, c, d)
}

pub fn lop3(a: u64, b: u64, c: u64, lut: u64) -> u64 {
    let mut d = 0;
    for i in 0..32 {
        let k = (a >> i & 1) << 2 | (b >> i & 1) << 1 | (c >> i & 1);
        d |= (lut >> k & 1) << i
    }
    d
}

/// `None`: not a pure instruction known here (or unknown modifiers/type).
pub fn pure(op: &str, m: &mut Mods, neg_c: bool) -> Option<Pure> {
    // the type is the last modifier; `set`, `cvt` have two
    let t = ty(m.0.last()?)?;
    m.0.pop();
    let (w, k, mk) = (t.w, t.k, mask(t.w));
    let int = k == b'u' || k == b's';
    let s = k == b's';
    let fl = k == b'f';
    let bits = k == b'b' || k == b'p';
    let mut div = false;
    let mut dst = w;
    let mut src = vec![w; 2];
    let f: Alu = match op {
        "add" | "sub" if int && w >= 16 => {
            if op == "add" {
                match w {
                    32 => Box::new(|a, b, _| (a as u32).wrapping_add(b as u32) as u64),
                    64 => Box::new(|a, b, _| a.wrapping_add(b)),
                    _ => Box::new(move |a, b, _| a.wrapping_add(b) & mk),
                }
            } else {
                Box::new(move |a, b, _| a.wrapping_sub(b) & mk)
            }
        }
        "mul" | "mad" if int && w >= 16 => {
            let mad = op == "mad";
            let part = m.one_of(&["lo", "hi", "wide"])?;
            src = if mad { vec![w; 3] } else { vec![w; 2] };
            let e = move |v: u64| if s { sx(v, w) as i128 } else { v as i128 };
            match part {
                "wide" => {
                    if w > 32 {
                        return None;
                    }
                    dst = 2 * w;
                    if mad {
                        src[2] = 2 * w
                    }
                    let dm = mask(2 * w);
                    let e = move |v: u64| if s { sx(v, w) as u64 } else { v };
                    if mad {
                        Box::new(move |a, b, c| e(a).wrapping_mul(e(b)).wrapping_add(c) & dm)
                    } else {
                        Box::new(move |a, b, _| e(a).wrapping_mul(e(b)) & dm)
                    }
                }
                "hi" => {
                    let hi = move |a: u64, b: u64| {
                        if s || w < 64 {
                            (e(a).wrapping_mul(e(b)) >> w) as u64
                        } else {
                            ((a as u128 * b as u128) >> 64) as u64
                        }
                    };
                    if mad {
                        Box::new(move |a, b, c| hi(a, b).wrapping_add(c) & mk)
                    } else {
                        Box::new(move |a, b, _| hi(a, b) & mk)
                    }
                }
                _ if mad => Box::new(move |a, b, c| a.wrapping_mul(b).wrapping_add(c) & mk),
                _ => Box::new(move |a, b, _| a.wrapping_mul(b) & mk),
            }
        }
        "div" | "rem" if int && w >= 16 => {
            div = true;
            match (op, s) {
                ("div", true) => {
                    Box::new(move |a, b, _| sx(a, w).wrapping_div(sx(b, w)) as u64 & mk)
                }
                ("div", _) => Box::new(|a, b, _| a / b),
                (_, true) => Box::new(move |a, b, _| sx(a, w).wrapping_rem(sx(b, w)) as u64 & mk),
                _ => Box::new(|a, b, _| a % b),
            }
        }
        "abs" if s && w >= 16 => {
            src = vec![w];
            Box::new(move |a, _, _| sx(a, w).wrapping_abs() as u64 & mk)
        }
        "neg" if s && w >= 16 => {
            src = vec![w];
            Box::new(move |a, _, _| a.wrapping_neg() & mk)
        }
        "min" | "max" if int && w >= 16 => {
            let mx = op == "max";
            if s {
                Box::new(move |a, b, _| min_max(mx, sx(a, w), sx(b, w)) as u64 & mk)
            } else {
                Box::new(move |a, b, _| min_max(mx, a, b))
            }
        }
        "sad" if int && w >= 16 => {
            src = vec![w; 3];
            Box::new(move |a, b, c| {
                let (x, y) = if s {
                    (sx(a, w) as i128, sx(b, w) as i128)
                } else {
                    (a as i128, b as i128)
                };
                c.wrapping_add((x - y).unsigned_abs() as u64) & mk
            })
        }
        "popc" | "clz" if k == b'b' && w >= 32 => {
            dst = 32;
            src = vec![w];
            if op == "popc" {
                Box::new(|a, _, _| a.count_ones() as u64)
            } else {
                Box::new(move |a, _, _| (a.leading_zeros() - (64 - w)) as u64)
            }
        }
        "bfind" if int && w >= 32 => {
            dst = 32;
            src = vec![w];
            let shift = m.take("shiftamt");
            Box::new(move |a, _, _| {
                let a = if s && sx(a, w) < 0 { !a & mk } else { a };
                if a == 0 {
                    return 0xffff_ffff;
                }
                let p = 63 - a.leading_zeros();
                (if shift { w - 1 - p } else { p }) as u64
            })
        }
        "brev" if k == b'b' && w >= 32 => {
            src = vec![w];
            Box::new(move |a, _, _| a.reverse_bits() >> (64 - w))
        }
        "bfe" if int && w >= 32 => {
            src = vec![w, 32, 32];
            Box::new(move |a, b, c| bfe(s, w, a, b, c))
        }
        "and" if bits => Box::new(|a, b, _| a & b),
        "or" if bits => Box::new(|a, b, _| a | b),
        "xor" if bits => Box::new(|a, b, _| a ^ b),
        "not" if bits => {
            src = vec![w];
            Box::new(move |a, _, _| !a & mk)
        }
        "cnot" if bits => {
            src = vec![w];
            Box::new(|a, _, _| (a == 0) as u64)
        }
        "shl" if k == b'b' && w >= 16 => {
            src = vec![w, 32];
            Box::new(move |a, b, _| if b >= w as u64 { 0 } else { a << b & mk })
        }
        "shr" if k != b'f' && k != b'p' && w >= 16 => {
            src = vec![w, 32];
            if s {
                Box::new(move |a, b, _| (sx(a, w) >> b.min(w as u64 - 1)) as u64 & mk)
            } else {
                Box::new(move |a, b, _| if b >= w as u64 { 0 } else { a >> b })
            }
        }
        "shf" if k == b'b' && w == 32 => {
            src = vec![32; 3];
            let left = m.one_of(&["l", "r"])? == "l";
            let wrap = m.one_of(&["wrap", "clamp"])? == "wrap";
            Box::new(move |a, b, c| {
                let n = if wrap { c & 31 } else { c.min(32) };
                let x = b << 32 | a;
                // the most significant 32 bits after a left shift, the least after a right shift
                let r = if left {
                    ((x as u128) << n >> 32) as u64
                } else {
                    x >> n
                };
                r & 0xffff_ffff
            })
        }
        "prmt" if k == b'b' && w == 32 => {
            src = vec![32; 3];
            Box::new(prmt)
        }
        "selp" if k != b'p' && w >= 16 => {
            src = vec![w, w, 1];
            Box::new(|a, b, c| if c != 0 { a } else { b })
        }
        "slct" if w >= 16 => {
            // slct.dtype.ctype: dtype is still in the list
            let d = ty(m.0.pop()?)?;
            if t != (Ty { k: b's', w: 32 }) && t != (Ty { k: b'f', w: 32 }) {
                return None;
            }
            dst = d.w;
            src = vec![d.w, d.w, 32];
            if fl {
                Box::new(|a, b, c| if g32(c) >= 0.0 { a } else { b })
            } else {
                Box::new(|a, b, c| if sx(c, 32) >= 0 { a } else { b })
            }
        }
        "setp" | "set" if w >= 16 => {
            let mut yes = 1;
            dst = 1;
            if op == "set" {
                let d = ty(m.0.pop()?)?;
                if d.w != 32 {
                    return None;
                }
                dst = 32;
                yes = if d.k == b'f' {
                    0x3f80_0000
                } else {
                    0xffff_ffff
                }
            }
            let cmp = compare(m.one_of(CMPS)?, t)?;
            match m.one_of(&["and", "or", "xor"]) {
                None => Box::new(move |a, b, _| if cmp(a, b) { yes } else { 0 }),
                Some(bop) => {
                    src.push(1);
                    Box::new(move |a, b, c| {
                        let (x, c) = (cmp(a, b), (c != 0) != neg_c);
                        let r = match bop {
                            "and" => x & c,
                            "or" => x | c,
                            _ => x ^ c,
                        };
                        if r { yes } else { 0 }
                    })
                }
            }
        }
        "add" | "sub" | "mul" | "div" if fl && m.take("rn") => match (op, w) {
            ("add", 32) => Box::new(|a, b, _| p32(g32(a) + g32(b))),
            ("add", _) => Box::new(|a, b, _| p64(g64(a) + g64(b))),
            ("sub", 32) => Box::new(|a, b, _| p32(g32(a) - g32(b))),
            ("sub", _) => Box::new(|a, b, _| p64(g64(a) - g64(b))),
            ("mul", 32) => Box::new(|a, b, _| p32(g32(a) * g32(b))),
            ("mul", _) => Box::new(|a, b, _| p64(g64(a) * g64(b))),
            (_, 32) => Box::new(|a, b, _| p32(g32(a) / g32(b))),
            _ => Box::new(|a, b, _| p64(g64(a) / g64(b))),
        },
        "fma" | "mad" if fl && m.take("rn") => {
            src = vec![w; 3];
            if w == 32 {
                Box::new(|a, b, c| p32(g32(a).mul_add(g32(b), g32(c))))
            } else {
                Box::new(|a, b, c| p64(g64(a).mul_add(g64(b), g64(c))))
            }
        }
        "sqrt" | "rcp" if fl && m.take("rn") => {
            src = vec![w];
            match (op, w) {
                ("sqrt", 32) => Box::new(|a, _, _| p32(g32(a).sqrt())),
                ("sqrt", _) => Box::new(|a, _, _| p64(g64(a).sqrt())),
                (_, 32) => Box::new(|a, _, _| p32(1.0 / g32(a))),
                _ => Box::new(|a, _, _| p64(1.0 / g64(a))),
            }
        }
        "abs" | "neg" if fl => {
            src = vec![w];
            let sign = 1u64 << (w - 1);
            if op == "abs" {
                Box::new(move |a, _, _| a & !sign)
            } else {
                Box::new(move |a, _, _| a ^ sign)
            }
        }
        "min" | "max" if fl => {
            let mx = op == "max";
            let nan = m.take("NaN");
            if w == 32 {
                Box::new(move |a, b, _| p32(fminmax(mx, nan, g32(a) as f64, g32(b) as f64) as f32))
            } else {
                Box::new(move |a, b, _| p64(fminmax(mx, nan, g64(a), g64(b))))
            }
        }
        "copysign" if fl => {
            // the sign of the first, the magnitude of the second
            let sign = 1u64 << (w - 1);
            Box::new(move |a, b, _| b & !sign | a & sign)
        }
        "testp" if fl => {
            dst = 1;
            src = vec![w];
            let what = m.one_of(&[
                "finite",
                "infinite",
                "number",
                "notanumber",
                "normal",
                "subnormal",
            ])?;
            Box::new(move |a, _, _| {
                let c = if w == 32 {
                    g32(a).classify()
                } else {
                    g64(a).classify()
                };
                use std::num::FpCategory::*;
                (match what {
                    "finite" => !matches!(c, Nan | Infinite),
                    "infinite" => c == Infinite,
                    "number" => c != Nan,
                    "notanumber" => c == Nan,
                    "normal" => c == Normal || c == Zero,
                    _ => c == Subnormal,
                }) as u64
            })
        }
        _ => return None,
    };
    if !m.0.is_empty() {
        return None;
    }
    Some(Pure { f, dst, src, div })
}
