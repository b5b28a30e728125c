//! Statements -> instructions over numbered slots, variables -> addresses.
//!
//! Addresses (64 bits): each global or const variable and each buffer argument is a region of
//! its own, 2^36 bytes apart, so that any access outside it is seen. Shared, local and function
//! addresses have windows of their own in the generic space. A variable's base is aligned to
//! exactly its declared alignment and no more, so that an over-aligned access is seen too.

use crate::ops::{self, Alu, Mods, Ty, mask};
use crate::parse::{self, Init, Opnd, Stmt, Var, type_bytes};
use crate::{Error, Result, err};
use std::collections::{HashMap, HashSet};

pub const REGION_SHIFT: u32 = 36;
pub const SHARED: u64 = 1 << 60;
pub const LOCAL: u64 = 1 << 61;
pub const CODE: u64 = 1 << 62;
pub const WINDOW: u64 = 1 << 32;
pub const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Space {
    Generic,
    Global,
    Const,
    Shared,
    Local,
    Param,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Alu,
    Div,
    Mov,
    Pack,
    Unpack,
    Carry(Carry),
    Ld {
        space: Space,
        bytes: u8,
        signed: bool,
        nc: bool,
    },
    St {
        space: Space,
        bytes: u8,
    },
    Atom {
        space: Space,
        bytes: u8,
    },
    Cvta {
        to: bool,
        base: u64,
    },
    IsSpace(Space),
    Bra,
    Brx,
    Call,
    Ret,
    Exit,
    Trap,
    /// the body of a function that is only declared, or that no kernel reaches
    Absent,
    Bar,
    Nop,
}

impl Kind {
    /// Whether threads that execute it together may be at different instructions after it.
    pub fn may_part(self) -> bool {
        matches!(
            self,
            Kind::Bra | Kind::Brx | Kind::Call | Kind::Ret | Kind::Exit | Kind::Bar
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Carry {
    pub op: CarryOp,
    pub w: u32,
    pub signed: bool,
    pub use_cc: bool,
    pub set_cc: bool,
}
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CarryOp {
    Add,
    Sub,
    MadLo,
    MadHi,
}

pub struct Inst {
    pub kind: Kind,
    pub neg: bool,
    /// slot of the guard predicate, or NONE
    pub guard: u32,
    pub d: u32,
    pub a: u32,
    pub b: u32,
    pub c: u32,
    pub line: u32,
    /// address offset, or branch target, or width of a pack element
    pub imm: u64,
    /// vector elements, branch targets, call arguments
    pub list: Box<[u32]>,
    pub f: Option<Alu>,
    pub name: u32,
}

/// A `.param` variable in a function's parameter area.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    pub off: u32,
    pub size: u32,
}

/// What a slot holds when a frame is made.
#[derive(Clone, Copy, Debug)]
pub enum Slot {
    Reg,
    Const(u64),
    Special(Special),
    /// address of a local variable: offset from the frame's local memory
    Local(u64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Special {
    Tid(u8),
    Ntid(u8),
    Ctaid(u8),
    Nctaid(u8),
    LaneId,
    WarpId,
    WarpSize,
}

pub struct Function {
    pub name: String,
    pub entry: bool,
    pub code: Vec<Inst>,
    pub slots: Vec<Slot>,
    pub local: u64,
    pub param_bytes: u32,
    pub formals: Vec<Param>,
    pub rets: Vec<Param>,
    /// byte size of each formal as declared, for launch checks
    pub formal_types: Vec<(String, bool)>,
    pub max_align: u64,
}

pub struct Region {
    pub name: String,
    pub space: Space,
    pub base: u64,
    pub data: Vec<u8>,
}

/// The kernels of a text.
pub struct Module {
    pub(crate) funcs: Vec<Function>,
    pub(crate) regions: Vec<Region>,
    pub(crate) shared: u64,
    /// dynamic shared memory (`.extern .shared x[]`) starts here
    pub(crate) shared_dyn: u64,
    pub(crate) names: Vec<String>,
}

pub fn region_base(index: usize, align: u64) -> u64 {
    ((index as u64 + 1) << REGION_SHIFT) + 4096 + align.max(1)
}

impl Module {
    /// Reads a text.
    ///
    /// # Errors
    /// [`Error`] if a kernel can reach anything that is not understood.
    pub fn parse(src: &str) -> Result<Module> {
        let ast = parse::parse(src)?;
        let mut m = Module {
            funcs: vec![],
            regions: vec![],
            shared: 0,
            shared_dyn: 0,
            names: vec![],
        };
        let mut syms: HashMap<String, u64> = HashMap::new();
        let mut dynamic = Vec::new();
        for v in &ast.vars {
            match v.space.as_str() {
                ".shared" if v.count.is_none() => dynamic.push(v.name.clone()),
                ".shared" => {
                    syms.insert(v.name.clone(), m.shared_var(v));
                }
                sp => {
                    if v.count.is_none() && v.init.is_empty() {
                        return err(
                            v.line,
                            format!("external variable {} has no definition", v.name),
                        );
                    }
                    let base = region_base(m.regions.len(), v.align);
                    syms.insert(v.name.clone(), base);
                    let space = if sp == ".const" {
                        Space::Const
                    } else {
                        Space::Global
                    };
                    m.regions.push(Region {
                        name: v.name.clone(),
                        space,
                        base,
                        data: vec![],
                    })
                }
            }
        }
        for (i, f) in ast.funcs.iter().enumerate() {
            syms.insert(f.name.clone(), CODE + 16 * i as u64);
        }
        // shared variables of functions are laid out with the module's
        for f in &ast.funcs {
            for (s, _) in f.body.iter().flatten() {
                if let Stmt::Var(v) = s
                    && v.space == ".shared"
                {
                    let a = m.shared_var(v);
                    syms.insert(v.name.clone(), a);
                }
            }
        }
        m.shared_dyn = m.shared.next_multiple_of(16);
        for d in dynamic {
            syms.insert(d, m.shared_dyn);
        }
        let variables = ast.vars.iter().filter(|v| v.space != ".shared");
        for (region, v) in m.regions.iter_mut().zip(variables) {
            region.data = init_bytes(v, &syms)?;
        }
        let sigs: HashMap<&str, (usize, usize, usize)> = ast
            .funcs
            .iter()
            .enumerate()
            .map(|(i, f)| (f.name.as_str(), (i, f.params.len(), f.rets.len())))
            .collect();
        let live = reachable(&ast);
        let mut opnames = HashMap::new();
        for f in &ast.funcs {
            let mut d = Dec::new(&syms, &sigs, &mut opnames);
            let func = d.func(f, live.contains(f.name.as_str()))?;
            m.funcs.push(func)
        }
        m.names = vec![String::new(); opnames.len()];
        for (k, v) in opnames {
            m.names[v as usize] = k
        }
        Ok(m)
    }

    /// names of the kernels
    pub fn entries(&self) -> Vec<&str> {
        self.funcs
            .iter()
            .filter(|f| f.entry)
            .map(|f| f.name.as_str())
            .collect()
    }

    fn shared_var(&mut self, v: &Var) -> u64 {
        let a = self.shared.next_multiple_of(v.align.max(1));
        self.shared = a + v.size();
        a
    }
}

/// Names reachable from the kernels, through calls, taken addresses and initialisers.
/// (At low optimisation the module holds most of core, f16 code and all.)
fn reachable(ast: &parse::Ast) -> HashSet<&str> {
    let funcs: HashMap<&str, &parse::Func> =
        ast.funcs.iter().map(|f| (f.name.as_str(), f)).collect();
    let vars: HashMap<&str, &Var> = ast.vars.iter().map(|v| (v.name.as_str(), v)).collect();
    let mut live = HashSet::new();
    let mut todo: Vec<&str> = ast
        .funcs
        .iter()
        .filter(|f| f.entry)
        .map(|f| f.name.as_str())
        .collect();
    while let Some(n) = todo.pop() {
        if !live.insert(n) {
            continue;
        }
        for i in vars.get(n).into_iter().flat_map(|v| &v.init) {
            if let Init::Sym { name, .. } = i {
                todo.push(name)
            }
        }
        for (s, _) in funcs.get(n).into_iter().flat_map(|f| &f.body).flatten() {
            if let Stmt::Inst { args, .. } = s {
                for a in args {
                    if let Opnd::Name(x, _) | Opnd::Mem(Some(x), _) = a
                        && (funcs.contains_key(x.as_str()) || vars.contains_key(x.as_str()))
                    {
                        todo.push(x)
                    }
                }
            }
        }
    }
    live
}

fn init_bytes(v: &Var, syms: &HashMap<String, u64>) -> Result<Vec<u8>> {
    let n = v.elem as usize;
    let mut out = Vec::new();
    for i in &v.init {
        let val = match i {
            Init::Val(x) => *x,
            Init::Sym { name, off, mask } => {
                let Some(a) = syms.get(name) else {
                    return err(v.line, format!("initialiser names unknown {name}"));
                };
                let a = a.wrapping_add(*off as u64);
                if *mask == u64::MAX {
                    a
                } else {
                    (a & mask) >> mask.trailing_zeros()
                }
            }
        };
        out.extend_from_slice(&val.to_le_bytes()[..n.min(8)]);
    }
    let size = v.count.map_or(out.len(), |c| (c * v.elem) as usize);
    if out.len() > size {
        return err(v.line, format!("initialiser of {} is too long", v.name));
    }
    out.resize(size, 0);
    Ok(out)
}

struct Dec<'a> {
    syms: &'a HashMap<String, u64>,
    sigs: &'a HashMap<&'a str, (usize, usize, usize)>,
    opnames: &'a mut HashMap<String, u32>,
    slots: Vec<Slot>,
    consts: HashMap<u64, u32>,
    specials: HashMap<String, u32>,
    /// innermost scope last: name -> (slot, width)
    scopes: Vec<HashMap<String, (u32, u32)>>,
    locals: HashMap<String, u64>,
    local: u64,
    max_align: u64,
    params: Vec<HashMap<String, Param>>,
    param_bytes: u32,
    labels: HashMap<String, usize>,
    targets: HashMap<String, Vec<String>>,
    code: Vec<Inst>,
    /// (instruction, position: NONE for imm else list index, label, line)
    fixups: Vec<(usize, u32, String, u32)>,
    line: u32,
}

impl<'a> Dec<'a> {
    fn new(
        syms: &'a HashMap<String, u64>,
        sigs: &'a HashMap<&'a str, (usize, usize, usize)>,
        opnames: &'a mut HashMap<String, u32>,
    ) -> Self {
        Dec {
            syms,
            sigs,
            opnames,
            slots: vec![],
            consts: HashMap::new(),
            specials: HashMap::new(),
            scopes: vec![HashMap::new()],
            locals: HashMap::new(),
            local: 0,
            max_align: 1,
            params: vec![HashMap::new()],
            param_bytes: 0,
            labels: HashMap::new(),
            targets: HashMap::new(),
            code: vec![],
            fixups: vec![],
            line: 0,
        }
    }

    fn bad<T>(&self, msg: impl Into<String>) -> Result<T> {
        err(self.line, msg)
    }

    fn func(&mut self, f: &parse::Func, live: bool) -> Result<Function> {
        let formals: Vec<Param> = f.params.iter().map(|v| self.param(v)).collect();
        let rets: Vec<Param> = f.rets.iter().map(|v| self.param(v)).collect();
        for (s, line) in f.body.iter().flatten().filter(|_| live) {
            self.line = *line;
            self.stmt(s)?;
        }
        if f.body.is_none() || !live {
            self.emit("absent", Kind::Absent, None)?;
        }
        self.emit("end", Kind::Ret, None)?;
        for (at, pos, label, line) in std::mem::take(&mut self.fixups) {
            let Some(&t) = self.labels.get(&label) else {
                return err(line, format!("no label {label}"));
            };
            if pos == NONE {
                self.code[at].imm = t as u64
            } else {
                self.code[at].list[pos as usize] = t as u32
            }
        }
        Ok(Function {
            name: f.name.clone(),
            entry: f.entry,
            code: std::mem::take(&mut self.code),
            slots: std::mem::take(&mut self.slots),
            local: self.local,
            param_bytes: self.param_bytes,
            formals,
            rets,
            formal_types: f
                .params
                .iter()
                .map(|v| (v.ty.clone(), v.count == Some(1)))
                .collect(),
            max_align: self.max_align,
        })
    }

    fn param(&mut self, v: &Var) -> Param {
        let off = self.param_bytes.next_multiple_of(v.align.max(1) as u32);
        let p = Param {
            off,
            size: v.size() as u32,
        };
        self.param_bytes = off + p.size;
        self.params.last_mut().unwrap().insert(v.name.clone(), p);
        p
    }

    fn stmt(&mut self, s: &Stmt) -> Result<()> {
        match s {
            Stmt::Open => {
                self.scopes.push(HashMap::new());
                self.params.push(HashMap::new())
            }
            Stmt::Close => {
                self.scopes.pop();
                self.params.pop();
            }
            Stmt::Reg { ty, name, count } => {
                let w = if ty == "pred" {
                    1
                } else {
                    type_bytes(ty).unwrap_or(0) as u32 * 8
                };
                if w == 0 || w > 64 {
                    return self.bad(format!("unsupported register type {ty}"));
                }
                let names: Vec<String> = match count {
                    None => vec![name.clone()],
                    Some(n) => (0..*n).map(|i| format!("{name}{i}")).collect(),
                };
                for n in names {
                    let s = self.slot(Slot::Reg);
                    self.scopes.last_mut().unwrap().insert(n, (s, w));
                }
            }
            Stmt::Var(v) => match v.space.as_str() {
                ".local" => {
                    self.local = self.local.next_multiple_of(v.align.max(1));
                    self.max_align = self.max_align.max(v.align);
                    self.locals.insert(v.name.clone(), self.local);
                    self.local += v.size()
                }
                ".param" => {
                    self.param(v);
                }
                _ => {} // shared: laid out by the module
            },
            Stmt::Label(l) => {
                self.labels.insert(l.clone(), self.code.len());
            }
            Stmt::Targets(l, t) => {
                self.targets.insert(l.clone(), t.clone());
            }
            Stmt::Inst { guard, op, args } => self.inst(guard.as_ref(), op, args)?,
        }
        Ok(())
    }

    fn slot(&mut self, s: Slot) -> u32 {
        self.slots.push(s);
        self.slots.len() as u32 - 1
    }
    fn constant(&mut self, v: u64) -> u32 {
        if let Some(&s) = self.consts.get(&v) {
            return s;
        }
        let s = self.slot(Slot::Const(v));
        self.consts.insert(v, s);
        s
    }

    fn reg(&self, name: &str) -> Option<(u32, u32)> {
        self.scopes.iter().rev().find_map(|s| s.get(name).copied())
    }
    fn find_param(&self, name: &str) -> Option<Param> {
        self.params.iter().rev().find_map(|s| s.get(name).copied())
    }

    fn special(&mut self, name: &str) -> Option<u32> {
        if let Some(&s) = self.specials.get(name) {
            return Some(s);
        }
        let ax = |n: &str| "xyz".find(n).filter(|_| n.len() == 1).map(|i| i as u8);
        let sp = match name.split_once('.') {
            Some(("%tid", a)) => Special::Tid(ax(a)?),
            Some(("%ntid", a)) => Special::Ntid(ax(a)?),
            Some(("%ctaid", a)) => Special::Ctaid(ax(a)?),
            Some(("%nctaid", a)) => Special::Nctaid(ax(a)?),
            None if name == "%laneid" => Special::LaneId,
            None if name == "%warpid" => Special::WarpId,
            None if name == "WARP_SZ" => Special::WarpSize,
            _ => return None,
        };
        let s = self.slot(Slot::Special(sp));
        self.specials.insert(name.to_string(), s);
        Some(s)
    }

    /// address of a variable or function, as a slot
    fn address(&mut self, name: &str, off: i64) -> Option<u32> {
        if let Some(&l) = self.locals.get(name) {
            let o = l.wrapping_add(off as u64);
            return Some(self.slot(Slot::Local(o)));
        }
        if let Some(p) = self.find_param(name) {
            return Some(self.constant((p.off as u64).wrapping_add(off as u64)));
        }
        let a = *self.syms.get(name)?;
        Some(self.constant(a.wrapping_add(off as u64)))
    }

    /// A source operand of width `w`; `wider`: a register wider than `w` will do.
    fn src(&mut self, o: &Opnd, w: u32, wider: bool) -> Result<u32> {
        match o {
            Opnd::Name(n, off) => {
                if let Some((s, rw)) = self.reg(n) {
                    if *off != 0 || (rw != w && !(wider && rw > w)) {
                        return self.bad(format!("register {n} has {rw} bits, {w} needed"));
                    }
                    return Ok(s);
                }
                if let Some(s) = self.special(n) {
                    if w != 32 {
                        return self.bad(format!("{n} read as {w} bits"));
                    }
                    return Ok(s);
                }
                match self.address(n, *off) {
                    Some(s) if w == 64 => Ok(s),
                    Some(_) => self.bad(format!("address of {n} read as {w} bits")),
                    None => self.bad(format!("unknown operand {n}")),
                }
            }
            Opnd::Int(v) if w == 1 => Ok(self.constant((*v != 0) as u64)),
            Opnd::Int(v) => Ok(self.constant(v & mask(w))),
            Opnd::F32(v) if w == 32 => Ok(self.constant(*v as u64)),
            Opnd::F64(v) if w == 64 => Ok(self.constant(*v)),
            o => self.bad(format!("operand {o:?} where a {w}-bit source is needed")),
        }
    }

    fn dst(&mut self, o: &Opnd, w: u32, wider: bool) -> Result<(u32, u32)> {
        if let Opnd::Name(n, 0) = o
            && let Some((s, rw)) = self.reg(n)
        {
            if rw == w || wider && rw > w {
                return Ok((s, rw));
            }
            return self.bad(format!("register {n} has {rw} bits, {w} needed"));
        }
        self.bad(format!("{o:?} is not a destination register"))
    }

    fn emit(
        &mut self,
        name: &str,
        kind: Kind,
        guard: Option<&(String, bool)>,
    ) -> Result<&mut Inst> {
        let (mut g, mut neg) = (NONE, false);
        if let Some((p, n)) = guard {
            match self.reg(p) {
                Some((s, 1)) => (g, neg) = (s, *n),
                _ => return self.bad(format!("guard {p} is not a predicate")),
            }
        }
        let next = self.opnames.len() as u32;
        let id = *self.opnames.entry(name.to_string()).or_insert(next);
        self.code.push(Inst {
            kind,
            neg,
            guard: g,
            d: 0,
            a: 0,
            b: 0,
            c: 0,
            line: self.line,
            imm: 0,
            list: Box::new([]),
            f: None,
            name: id,
        });
        Ok(self.code.last_mut().unwrap())
    }

    fn inst(&mut self, guard: Option<&(String, bool)>, op: &str, args: &[Opnd]) -> Result<()> {
        let mut parts = op.split('.');
        let base = parts.next().unwrap();
        let mut m = Mods(parts.collect());
        let n = args.len();
        let unknown = || -> Error {
            let hint = if ["add", "sub", "mul"].contains(&base)
                && (op.ends_with(".f32") || op.ends_with(".f64"))
                && !op.contains(".r")
            {
                " (without .rn ptxas may contract it into fma: its bits are not defined)"
            } else {
                ""
            };
            Error(format!(
                "line {}: unsupported instruction {op} with {n} operands{hint}",
                self.line
            ))
        };
        let unknown = unknown();
        macro_rules! need {
            ($e:expr) => {
                match $e {
                    Some(x) => x,
                    None => return Err(unknown),
                }
            };
        }
        macro_rules! check {
            ($e:expr) => {
                if !$e {
                    return Err(unknown);
                }
            };
        }
        match base {
            "mov" => {
                check!(n == 2 && m.0.len() == 1);
                let t = need!(ops::ty(m.0[0]));
                match (&args[0], &args[1]) {
                    (Opnd::Vec(ds), s) => {
                        let ew = t.w / ds.len() as u32;
                        let a = self.src(s, t.w, false)?;
                        let mut l = vec![];
                        for d in ds {
                            l.push(if let Opnd::Sink = d {
                                NONE
                            } else {
                                self.dst(d, ew, false)?.0
                            })
                        }
                        let i = self.emit(op, Kind::Unpack, guard)?;
                        (i.a, i.imm, i.list) = (a, ew as u64, l.into())
                    }
                    (d, Opnd::Vec(ss)) => {
                        let ew = t.w / ss.len() as u32;
                        let d = self.dst(d, t.w, false)?.0;
                        let mut l = vec![];
                        for s in ss {
                            l.push(self.src(s, ew, false)?)
                        }
                        let i = self.emit(op, Kind::Pack, guard)?;
                        (i.d, i.imm, i.list) = (d, ew as u64, l.into())
                    }
                    (d, s) => {
                        let d = self.dst(d, t.w, false)?.0;
                        let a = self.src(s, t.w, false)?;
                        let i = self.emit(op, Kind::Mov, guard)?;
                        (i.d, i.a) = (d, a)
                    }
                }
            }
            "cvt" => {
                check!(n == 2 && m.0.len() >= 2);
                let s = need!(ops::ty(m.0.pop().unwrap()));
                let d = need!(ops::ty(m.0.pop().unwrap()));
                let (ds, rw) = self.dst(&args[0], d.w, d.k != b'f')?;
                let a = self.src(&args[1], s.w, s.k != b'f')?;
                let f = need!(ops::cvt(&mut m, d, s, rw));
                check!(m.0.is_empty());
                let i = self.emit(op, Kind::Alu, guard)?;
                (i.d, i.a, i.f) = (ds, a, Some(f))
            }
            "cvta" => {
                let to = m.take("to");
                let sp = need!(m.one_of(&["global", "shared", "local", "const"]));
                check!(n == 2 && (m.0 == ["u64"]));
                let d = self.dst(&args[0], 64, false)?.0;
                let a = self.src(&args[1], 64, false)?;
                let base = match sp {
                    "shared" => SHARED,
                    "local" => LOCAL,
                    _ => 0,
                };
                let i = self.emit(op, Kind::Cvta { to, base }, guard)?;
                (i.d, i.a) = (d, a)
            }
            "isspacep" => {
                check!(n == 2 && m.0.len() == 1);
                let sp = match m.0[0] {
                    "global" => Space::Global,
                    "shared" => Space::Shared,
                    "local" => Space::Local,
                    "const" => Space::Const,
                    _ => return Err(unknown),
                };
                let d = self.dst(&args[0], 1, false)?.0;
                let a = self.src(&args[1], 64, false)?;
                let i = self.emit(op, Kind::IsSpace(sp), guard)?;
                (i.d, i.a) = (d, a)
            }
            "ld" | "st" | "ldu" => {
                check!(n == 2);
                let space = self.space(&mut m);
                for x in [
                    "weak", "volatile", "relaxed", "acquire", "release", "cta", "gpu", "sys",
                ] {
                    m.take(x);
                }
                let nc = m.take("nc");
                check!(!nc || space == Space::Global);
                m.0.retain(|x| !x.starts_with("L1::") && !x.starts_with("L2::"));
                let v = m
                    .one_of(&["v2", "v4", "v8"])
                    .map_or(1, |v| v[1..].parse::<usize>().unwrap());
                check!(m.0.len() == 1);
                let t = need!(ops::ty(m.0[0]));
                check!(t.k != b'p');
                let (addr, val) = if base == "st" {
                    (&args[0], &args[1])
                } else {
                    (&args[1], &args[0])
                };
                let (a, off) = self.mem(addr, space)?;
                let single = [val.clone()];
                let elems: &[Opnd] = match val {
                    Opnd::Vec(e) => e,
                    _ => &single,
                };
                check!(elems.len() == v);
                let bytes = (t.w / 8) as u8;
                let mut list = vec![];
                let mut width = 0;
                for e in elems {
                    if base == "st" {
                        list.push(self.src(e, t.w, t.k != b'f')?)
                    } else if let Opnd::Sink = e {
                        list.push(NONE)
                    } else {
                        let (s, rw) = self.dst(e, t.w, t.k != b'f')?;
                        width = rw;
                        list.push(s)
                    }
                }
                let kind = if base == "st" {
                    Kind::St { space, bytes }
                } else {
                    Kind::Ld {
                        space,
                        bytes,
                        signed: t.k == b's',
                        nc,
                    }
                };
                let i = self.emit(op, kind, guard)?;
                (i.a, i.imm, i.list, i.b) = (a, off as u64, list.into(), width)
            }
            "atom" | "red" => {
                let space = self.space(&mut m);
                for x in [
                    "relaxed", "acquire", "release", "acq_rel", "cta", "gpu", "sys",
                ] {
                    m.take(x);
                }
                check!(m.0.len() == 2);
                let t = need!(ops::ty(m.0[1]));
                let f = need!(atomic(m.0[0], t));
                let cas = m.0[0] == "cas";
                let k = (base == "atom") as usize;
                check!(n == 2 + k + cas as usize);
                let d = if k == 0 || matches!(args[0], Opnd::Sink) {
                    NONE
                } else {
                    self.dst(&args[0], t.w, false)?.0
                };
                let (a, off) = self.mem(&args[k], space)?;
                let b = self.src(&args[k + 1], t.w, false)?;
                let c = if cas {
                    self.src(&args[k + 2], t.w, false)?
                } else {
                    b
                };
                let i = self.emit(
                    op,
                    Kind::Atom {
                        space,
                        bytes: (t.w / 8) as u8,
                    },
                    guard,
                )?;
                (i.d, i.a, i.b, i.c, i.imm, i.f) = (d, a, b, c, off as u64, Some(f))
            }
            "bra" => {
                m.take("uni");
                check!(n == 1 && m.0.is_empty());
                let Opnd::Name(l, 0) = &args[0] else {
                    return Err(unknown);
                };
                self.fixups
                    .push((self.code.len(), NONE, l.clone(), self.line));
                self.emit(op, Kind::Bra, guard)?;
            }
            "brx" => {
                check!(m.take("idx"));
                m.take("uni");
                check!(n == 2 && m.0.is_empty());
                let Opnd::Name(l, 0) = &args[1] else {
                    return Err(unknown);
                };
                let t = need!(self.targets.get(l).cloned());
                let a = self.src(&args[0], 32, false)?;
                for (k, l) in t.iter().enumerate() {
                    self.fixups
                        .push((self.code.len(), k as u32, l.clone(), self.line))
                }
                let i = self.emit(op, Kind::Brx, guard)?;
                (i.a, i.list) = (a, vec![0; t.len()].into())
            }
            "call" => {
                m.take("uni");
                check!(m.0.is_empty());
                self.call(op, guard, args)?
            }
            "ret" | "exit" | "trap" => {
                m.take("uni");
                check!(n == 0 && m.0.is_empty());
                let k = match base {
                    "ret" => Kind::Ret,
                    "exit" => Kind::Exit,
                    _ => Kind::Trap,
                };
                self.emit(op, k, guard)?;
            }
            "bar" | "barrier" => {
                // whole-block barrier number 0 only
                m.take("cta");
                m.take("aligned");
                check!(
                    m.take("sync") && m.0.is_empty() && n == 1 && matches!(args[0], Opnd::Int(0))
                );
                self.emit(op, Kind::Bar, guard)?;
            }
            // no other thread runs meanwhile
            "membar" | "fence" => {
                self.emit(op, Kind::Nop, guard)?;
            }
            "add" | "addc" | "sub" | "subc" | "mad" | "madc"
                if base.ends_with('c') || m.0.contains(&"cc") =>
            {
                let set_cc = m.take("cc");
                let use_cc = base.ends_with('c');
                let part = m.one_of(&["lo", "hi"]);
                check!(m.0.len() == 1);
                let t = need!(ops::ty(m.0[0]));
                check!((t.k == b's' || t.k == b'u') && t.w >= 32);
                let cop = match (&base[..3], part) {
                    ("add", None) => CarryOp::Add,
                    ("sub", None) => CarryOp::Sub,
                    ("mad", Some("lo")) => CarryOp::MadLo,
                    ("mad", Some("hi")) => CarryOp::MadHi,
                    _ => return Err(unknown),
                };
                let mad = base.starts_with("mad");
                check!(n == 3 + mad as usize);
                let d = self.dst(&args[0], t.w, false)?.0;
                let a = self.src(&args[1], t.w, false)?;
                let b = self.src(&args[2], t.w, false)?;
                let c = if mad {
                    self.src(&args[3], t.w, false)?
                } else {
                    0
                };
                let k = Kind::Carry(Carry {
                    op: cop,
                    w: t.w,
                    signed: t.k == b's',
                    use_cc,
                    set_cc,
                });
                let i = self.emit(op, k, guard)?;
                (i.d, i.a, i.b, i.c) = (d, a, b, c)
            }
            "bfi" => {
                check!(n == 5 && m.0.len() == 1);
                let t = need!(ops::ty(m.0[0]));
                check!(t.k == b'b' && t.w >= 32);
                let d = self.dst(&args[0], t.w, false)?.0;
                let a = self.src(&args[1], t.w, false)?;
                let b = self.src(&args[2], t.w, false)?;
                let c = self.src(&args[3], 32, false)?;
                // position and length both in registers would need a fifth operand
                let Opnd::Int(len) = args[4] else {
                    return Err(unknown);
                };
                let f = ops::bfi4(t.w);
                let i = self.emit(op, Kind::Alu, guard)?;
                (i.d, i.a, i.b, i.c) = (d, a, b, c);
                i.f = Some(Box::new(move |a, b, c| f(a, b, c, len)))
            }
            "lop3" => {
                check!(n == 5 && m.0 == ["b32"]);
                let d = self.dst(&args[0], 32, false)?.0;
                let a = self.src(&args[1], 32, false)?;
                let b = self.src(&args[2], 32, false)?;
                let c = self.src(&args[3], 32, false)?;
                let Opnd::Int(lut) = args[4] else {
                    return Err(unknown);
                };
                let i = self.emit(op, Kind::Alu, guard)?;
                (i.d, i.a, i.b, i.c) = (d, a, b, c);
                i.f = Some(Box::new(move |a, b, c| ops::lop3(a, b, c, lut)))
            }
            _ => {
                let mut neg_c = false;
                let mut owned;
                let mut args = args;
                if let Some(Opnd::Not(p)) = args.get(3) {
                    neg_c = true;
                    owned = args.to_vec();
                    owned[3] = Opnd::Name(p.clone(), 0);
                    args = &owned
                }
                check!(!neg_c || base == "setp" || base == "set");
                check!(!m.0.is_empty());
                let p = need!(ops::pure(base, &mut m, neg_c));
                check!(n == 1 + p.src.len());
                let d = self.dst(&args[0], p.dst, false)?.0;
                let mut s = [0; 3];
                for (k, w) in p.src.iter().enumerate() {
                    s[k] = self.src(&args[k + 1], *w, false)?
                }
                let i = self.emit(op, if p.div { Kind::Div } else { Kind::Alu }, guard)?;
                (i.d, i.a, i.b, i.c, i.f) = (d, s[0], s[1], s[2], Some(p.f))
            }
        }
        Ok(())
    }

    fn space(&self, m: &mut Mods) -> Space {
        match m.one_of(&["global", "const", "shared", "local", "param"]) {
            Some("global") => Space::Global,
            Some("const") => Space::Const,
            Some("shared") => Space::Shared,
            Some("local") => Space::Local,
            Some(_) => Space::Param,
            None => Space::Generic,
        }
    }

    /// base slot and offset of an address operand
    fn mem(&mut self, o: &Opnd, space: Space) -> Result<(u32, i64)> {
        let Opnd::Mem(base, off) = o else {
            return self.bad(format!("{o:?} is not an address"));
        };
        let Some(b) = base else {
            return Ok((self.constant(0), *off));
        };
        if let Some((s, w)) = self.reg(b) {
            if w != 64 {
                return self.bad(format!("address register {b} has {w} bits"));
            }
            return Ok((s, *off));
        }
        let is_param = self.find_param(b).is_some();
        if is_param != (space == Space::Param) {
            return self.bad(format!("{b} is not in the {space:?} space"));
        }
        match self.address(b, 0) {
            Some(s) => Ok((s, *off)),
            None => self.bad(format!("unknown address {b}")),
        }
    }

    /// call (ret), function-or-register, (args)[, prototype]
    fn call(&mut self, op: &str, guard: Option<&(String, bool)>, args: &[Opnd]) -> Result<()> {
        let mut rest = args;
        let names = |o: Option<&Opnd>| -> Option<Vec<String>> {
            let Some(Opnd::List(l)) = o else { return None };
            l.iter()
                .map(|x| {
                    if let Opnd::Name(n, 0) = x {
                        Some(n.clone())
                    } else {
                        None
                    }
                })
                .collect()
        };
        let mut rets = vec![];
        if let Some(r) = names(rest.first()) {
            rets = r;
            rest = &rest[1..]
        }
        let Some(Opnd::Name(callee, 0)) = rest.first() else {
            return self.bad("call of what?");
        };
        let given = names(rest.get(1)).unwrap_or_default();
        let (nr, na) = (rets.len(), given.len());
        let mut list = vec![nr as u32];
        for n in rets.iter().chain(&given) {
            let Some(p) = self.find_param(n) else {
                return self.bad(format!("call argument {n} is not a .param variable"));
            };
            list.extend([p.off, p.size])
        }
        let a = if let Some((s, 64)) = self.reg(callee) {
            s
        } else {
            let Some(&(i, params, r)) = self.sigs.get(callee.as_str()) else {
                return self.bad(format!("call of unknown function {callee}"));
            };
            if (params, r) != (na, nr) {
                return self.bad(format!(
                    "call of {callee}: {na} arguments, {nr} results given; {params}, {r} declared"
                ));
            }
            self.constant(CODE + 16 * i as u64)
        };
        let i = self.emit(op, Kind::Call, guard)?;
        (i.a, i.list) = (a, list.into());
        Ok(())
    }
}

fn atomic(op: &str, t: Ty) -> Option<Alu> {
    let (w, mk) = (t.w, mask(t.w));
    let s = t.k == b's';
    if w < 32 && op != "cas" {
        return None;
    }
    Some(match (op, t.k) {
        ("cas", b'b') => Box::new(|old, b, c| if old == b { c } else { old }),
        ("exch", b'b') => Box::new(|_, b, _| b),
        ("and", b'b') => Box::new(|a, b, _| a & b),
        ("or", b'b') => Box::new(|a, b, _| a | b),
        ("xor", b'b') => Box::new(|a, b, _| a ^ b),
        ("add", b'u' | b's') => Box::new(move |a, b, _| a.wrapping_add(b) & mk),
        ("inc", b'u') => Box::new(|a, b, _| if a >= b { 0 } else { a + 1 }),
        ("dec", b'u') => Box::new(|a, b, _| if a == 0 || a > b { b } else { a - 1 }),
        ("min" | "max", b'u' | b's') => {
            let mx = op == "max";
            Box::new(move |a, b, _| {
                let less = if s {
                    ops::sx(b, w) < ops::sx(a, w)
                } else {
                    b < a
                };
                if less != mx { b } else { a }
            })
        }
        _ => return None,
    })
}
