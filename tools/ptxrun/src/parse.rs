//! PTX text -> statements. No semantics here beyond syntax.

use crate::{Result, err};

#[derive(Clone, Debug, PartialEq)]
pub enum Tok {
    Word(String),
    Int(u64),
    F32(u32),
    F64(u64),
    /// strings, and numbers of no known form (`.version 7.0`): skipped or an error
    Other(String),
    P(char),
}

#[derive(Clone, Debug)]
pub enum Opnd {
    /// register, special register, label, variable or function; plus a byte offset
    Name(String, i64),
    Not(String),
    Int(u64),
    F32(u32),
    F64(u64),
    /// `[base+offset]`; base `None` is an absolute address
    Mem(Option<String>, i64),
    /// `{a, b}`
    Vec(Vec<Opnd>),
    /// `(a, b)` of a call
    List(Vec<Opnd>),
    Sink,
}

#[derive(Clone, Debug)]
pub struct Var {
    pub space: String,
    pub ty: String,
    pub align: u64,
    pub name: String,
    /// bytes per element, elements (`None`: no length given, i.e. `name[]`)
    pub elem: u64,
    pub count: Option<u64>,
    pub init: Vec<Init>,
    pub line: u32,
}

impl Var {
    pub fn size(&self) -> u64 {
        self.elem * self.count.unwrap_or(0)
    }
}

/// One element of a variable initialiser: value, or `mask(symbol+offset)`.
#[derive(Clone, Debug)]
pub enum Init {
    Val(u64),
    Sym { name: String, off: i64, mask: u64 },
}

#[derive(Clone, Debug)]
pub enum Stmt {
    Open,
    Close,
    Reg {
        ty: String,
        name: String,
        count: Option<u64>,
    },
    Var(Var),
    Label(String),
    Targets(String, Vec<String>),
    Inst {
        guard: Option<(String, bool)>,
        op: String,
        args: Vec<Opnd>,
    },
}

#[derive(Debug)]
pub struct Func {
    pub entry: bool,
    pub name: String,
    pub rets: Vec<Var>,
    pub params: Vec<Var>,
    /// `None`: a declaration only
    pub body: Option<Vec<(Stmt, u32)>>,
}

#[derive(Debug, Default)]
pub struct Ast {
    pub vars: Vec<Var>,
    pub funcs: Vec<Func>,
}

pub fn type_bytes(ty: &str) -> Option<u64> {
    Some(match ty.trim_start_matches('.') {
        "pred" | "b8" | "u8" | "s8" => 1,
        "b16" | "u16" | "s16" | "f16" => 2,
        "b32" | "u32" | "s32" | "f32" => 4,
        "b64" | "u64" | "s64" | "f64" => 8,
        "b128" => 16,
        _ => return None,
    })
}

fn lex(src: &str) -> Result<Vec<(Tok, u32)>> {
    let s = src.as_bytes();
    let (mut i, mut line) = (0, 1u32);
    let mut out = Vec::new();
    let word = |c: u8| c.is_ascii_alphanumeric() || b"_$%.".contains(&c);
    while i < s.len() {
        let c = s[i];
        match c {
            b'\n' => {
                line += 1;
                i += 1
            }
            0 | b' ' | b'\t' | b'\r' => i += 1,
            b'/' if s.get(i + 1) == Some(&b'/') => {
                while i < s.len() && s[i] != b'\n' {
                    i += 1
                }
            }
            b'/' if s.get(i + 1) == Some(&b'*') => {
                while i < s.len() && !s[i..].starts_with(b"*/") {
                    line += (s[i] == b'\n') as u32;
                    i += 1
                }
                i += 2
            }
            b'"' => {
                i += 1;
                while i < s.len() && s[i] != b'"' {
                    i += 1
                }
                i += 1;
                out.push((Tok::Other("string".into()), line))
            }
            b'0'..=b'9' => {
                let b = i;
                while i < s.len() && word(s[i]) {
                    i += 1
                }
                let t = &src[b..i];
                let d = t.trim_end_matches('U');
                let hex = |p: &str, d: &str| u64::from_str_radix(&d[p.len()..], 16).ok();
                let low = d.to_ascii_lowercase();
                let tok = if low.starts_with("0x") {
                    hex("0x", d).map(Tok::Int)
                } else if low.starts_with("0f") && d.len() == 10 {
                    hex("0f", d).map(|v| Tok::F32(v as u32))
                } else if low.starts_with("0d") && d.len() == 18 {
                    hex("0d", d).map(Tok::F64)
                } else if low.starts_with("0b") {
                    u64::from_str_radix(&d[2..], 2).ok().map(Tok::Int)
                } else if d.len() > 1 && d.starts_with('0') {
                    u64::from_str_radix(d, 8).ok().map(Tok::Int)
                } else {
                    d.parse().ok().map(Tok::Int)
                };
                out.push((tok.unwrap_or(Tok::Other(t.to_string())), line))
            }
            _ if word(c) => {
                let b = i;
                while i < s.len() && (word(s[i]) || s[i..].starts_with(b"::")) {
                    i += if s[i] == b':' { 2 } else { 1 }
                }
                out.push((Tok::Word(src[b..i].to_string()), line))
            }
            _ => {
                out.push((Tok::P(c as char), line));
                i += 1
            }
        }
    }
    Ok(out)
}

struct Parser {
    t: Vec<(Tok, u32)>,
    i: usize,
}

pub fn parse(src: &str) -> Result<Ast> {
    let mut p = Parser { t: lex(src)?, i: 0 };
    let mut ast = Ast::default();
    while p.i < p.t.len() {
        p.top(&mut ast)?;
    }
    Ok(ast)
}

impl Parser {
    fn line(&self) -> u32 {
        self.t.get(self.i).or(self.t.last()).map_or(0, |t| t.1)
    }
    fn peek(&self) -> Option<&Tok> {
        self.t.get(self.i).map(|t| &t.0)
    }
    fn is(&self, c: char) -> bool {
        self.peek() == Some(&Tok::P(c))
    }
    fn is_word(&self, w: &str) -> bool {
        matches!(self.peek(), Some(Tok::Word(x)) if x == w)
    }
    fn eat(&mut self, c: char) -> bool {
        let y = self.is(c);
        self.i += y as usize;
        y
    }
    fn eat_word(&mut self, w: &str) -> bool {
        let y = self.is_word(w);
        self.i += y as usize;
        y
    }
    fn need(&mut self, c: char) -> Result<()> {
        if self.eat(c) {
            return Ok(());
        }
        err(
            self.line(),
            format!("expected '{c}', found {:?}", self.peek()),
        )
    }
    fn word(&mut self) -> Result<String> {
        if let Some(Tok::Word(w)) = self.peek() {
            let w = w.clone();
            self.i += 1;
            return Ok(w);
        }
        err(
            self.line(),
            format!("expected a word, found {:?}", self.peek()),
        )
    }
    fn int(&mut self) -> Result<u64> {
        let neg = self.eat('-');
        if let Some(Tok::Int(v)) = self.peek() {
            let v = *v;
            self.i += 1;
            return Ok(if neg { v.wrapping_neg() } else { v });
        }
        err(
            self.line(),
            format!("expected an integer, found {:?}", self.peek()),
        )
    }
    fn skip_line(&mut self) {
        let l = self.line();
        while self.i < self.t.len() && self.t[self.i].1 == l {
            self.i += 1
        }
    }
    fn skip_to(&mut self, c: char) {
        while self.i < self.t.len() && !self.eat(c) {
            self.i += 1
        }
    }

    fn top(&mut self, ast: &mut Ast) -> Result<()> {
        let line = self.line();
        let w = self.word()?;
        match w.as_str() {
            ".version" | ".target" | ".address_size" | ".file" => {
                self.i -= 1;
                if w == ".address_size"
                    && !matches!(self.t.get(self.i + 1), Some((Tok::Int(64), _)))
                {
                    return err(line, "only .address_size 64 is supported");
                }
                self.skip_line()
            }
            ".section" => {
                self.skip_to('{');
                let mut depth = 1;
                while depth > 0 && self.i < self.t.len() {
                    depth += self.is('{') as i32 - self.is('}') as i32;
                    self.i += 1
                }
            }
            // a label after a debug section
            _ if self.eat(':') => {}
            ".pragma" => self.skip_to(';'),
            ".visible" | ".weak" | ".extern" | ".common" => {}
            ".entry" | ".func" => {
                let f = self.func(w == ".entry")?;
                // a definition replaces an earlier declaration
                ast.funcs.retain(|o| o.name != f.name || o.body.is_some());
                if !ast.funcs.iter().any(|o| o.name == f.name) {
                    ast.funcs.push(f)
                }
            }
            ".global" | ".const" | ".shared" => {
                let v = self.var(w)?;
                self.need(';')?;
                ast.vars.push(v)
            }
            _ => return err(line, format!("unknown directive {w}")),
        }
        Ok(())
    }

    fn func(&mut self, entry: bool) -> Result<Func> {
        let mut rets = Vec::new();
        if self.is('(') {
            rets = self.formals()?
        }
        let name = self.word()?;
        let mut params = Vec::new();
        if self.is('(') {
            params = self.formals()?
        }
        while let Some(Tok::Word(w)) = self.peek() {
            match w.as_str() {
                ".noreturn" => self.i += 1,
                ".maxntid" | ".reqntid" | ".minnctapersm" | ".maxnreg" | ".maxnctapersm" => {
                    self.i += 1;
                    self.int()?;
                    while self.eat(',') {
                        self.int()?;
                    }
                }
                _ => return err(self.line(), format!("unknown function directive {w}")),
            }
        }
        let body = if self.eat(';') {
            None
        } else {
            Some(self.body()?)
        };
        Ok(Func {
            entry,
            name,
            rets,
            params,
            body,
        })
    }

    fn formals(&mut self) -> Result<Vec<Var>> {
        self.need('(')?;
        let mut v = Vec::new();
        while !self.eat(')') {
            let sp = self.word()?;
            if sp != ".param" {
                return err(
                    self.line(),
                    format!("only .param formals are supported, found {sp}"),
                );
            }
            v.push(self.var(sp)?);
            self.eat(',');
        }
        Ok(v)
    }

    /// after the state space: `.align 4 .b8 name[16] = {..}`
    fn var(&mut self, space: String) -> Result<Var> {
        let line = self.line();
        let (mut align, mut ty) = (0, String::new());
        let name = loop {
            let w = self.word()?;
            match w.as_str() {
                ".align" => align = self.int()?,
                // kernel pointer attributes: `.ptr .global .align 4`
                ".ptr" => {
                    while let Some(Tok::Word(w)) = self.peek() {
                        match w.as_str() {
                            ".global" | ".const" | ".shared" | ".local" => self.i += 1,
                            ".align" => {
                                self.i += 1;
                                self.int()?;
                            }
                            _ => break,
                        }
                    }
                }
                _ if w.starts_with('.') => {
                    if type_bytes(&w).is_none() || !ty.is_empty() {
                        return err(line, format!("unsupported type or attribute {w}"));
                    }
                    ty = w[1..].to_string()
                }
                _ => break w,
            }
        };
        let elem = match type_bytes(&ty) {
            Some(n) => n,
            None => return err(line, "variable without a type"),
        };
        let mut count = Some(1);
        while self.eat('[') {
            if self.eat(']') {
                count = None
            } else {
                let n = self.int()?;
                count = count.map(|c| c * n);
                self.need(']')?
            }
        }
        let mut init = Vec::new();
        if self.eat('=') {
            let list = self.eat('{');
            loop {
                if list && self.eat('}') {
                    break;
                }
                init.push(self.init()?);
                if !list {
                    break;
                }
                self.eat(',');
            }
        }
        let align = if align == 0 { elem } else { align };
        Ok(Var {
            space,
            ty,
            align,
            name,
            elem,
            count,
            init,
            line,
        })
    }

    fn init(&mut self) -> Result<Init> {
        match self.peek() {
            Some(Tok::F32(v)) => {
                let v = *v as u64;
                self.i += 1;
                return Ok(Init::Val(v));
            }
            Some(Tok::F64(v)) => {
                let v = *v;
                self.i += 1;
                return Ok(Init::Val(v));
            }
            Some(Tok::Word(_)) => return self.init_sym(u64::MAX),
            _ => {}
        }
        let v = self.int()?;
        if self.eat('(') {
            let r = self.init_sym(v)?;
            self.need(')')?;
            return Ok(r);
        }
        Ok(Init::Val(v))
    }
    fn init_sym(&mut self, mask: u64) -> Result<Init> {
        let mut name = self.word()?;
        if name == "generic" {
            self.need('(')?;
            name = self.word()?;
            self.need(')')?;
        }
        let off = self.offset()?;
        Ok(Init::Sym { name, off, mask })
    }
    fn offset(&mut self) -> Result<i64> {
        if self.eat('+') {
            return Ok(self.int()? as i64);
        }
        if self.is('-') {
            return Ok(self.int()? as i64);
        }
        Ok(0)
    }

    fn body(&mut self) -> Result<Vec<(Stmt, u32)>> {
        self.need('{')?;
        let (mut out, mut depth) = (Vec::new(), 0);
        loop {
            let line = self.line();
            if self.eat('{') {
                depth += 1;
                out.push((Stmt::Open, line));
                continue;
            }
            if self.eat('}') {
                if depth == 0 {
                    return Ok(out);
                }
                depth -= 1;
                out.push((Stmt::Close, line));
                continue;
            }
            if self.eat(';') {
                continue;
            }
            let mut guard = None;
            if self.eat('@') {
                let neg = self.eat('!');
                guard = Some((self.word()?, neg));
            }
            let w = self.word()?;
            match w.as_str() {
                ".loc" => {
                    self.i -= 1;
                    self.skip_line()
                }
                ".pragma" => self.skip_to(';'),
                ".reg" => {
                    let ty = self.word()?[1..].to_string();
                    loop {
                        let name = self.word()?;
                        let mut count = None;
                        if self.eat('<') {
                            count = Some(self.int()?);
                            self.need('>')?
                        }
                        out.push((
                            Stmt::Reg {
                                ty: ty.clone(),
                                name,
                                count,
                            },
                            line,
                        ));
                        if !self.eat(',') {
                            break;
                        }
                    }
                    self.need(';')?
                }
                ".local" | ".shared" | ".param" => {
                    let v = self.var(w)?;
                    self.need(';')?;
                    out.push((Stmt::Var(v), line))
                }
                _ if w.starts_with('.') => return err(line, format!("unknown directive {w}")),
                _ if self.eat(':') => {
                    if self.eat_word(".branchtargets") {
                        let mut t = vec![self.word()?];
                        while self.eat(',') {
                            t.push(self.word()?)
                        }
                        self.need(';')?;
                        out.push((Stmt::Targets(w, t), line))
                    } else if self.is_word(".callprototype") {
                        self.skip_to(';')
                    } else {
                        out.push((Stmt::Label(w), line))
                    }
                }
                _ => {
                    let mut args = Vec::new();
                    while !self.eat(';') {
                        args.push(self.opnd()?);
                        if !self.is(';') {
                            self.need(',')?
                        }
                    }
                    out.push((Stmt::Inst { guard, op: w, args }, line))
                }
            }
        }
    }

    fn opnd(&mut self) -> Result<Opnd> {
        let line = self.line();
        Ok(match self.peek().cloned() {
            Some(Tok::Word(w)) => {
                self.i += 1;
                if w == "_" {
                    return Ok(Opnd::Sink);
                }
                Opnd::Name(w, self.offset()?)
            }
            Some(Tok::Int(_)) | Some(Tok::P('-')) => Opnd::Int(self.int()?),
            Some(Tok::F32(v)) => {
                self.i += 1;
                Opnd::F32(v)
            }
            Some(Tok::F64(v)) => {
                self.i += 1;
                Opnd::F64(v)
            }
            Some(Tok::P('!')) => {
                self.i += 1;
                Opnd::Not(self.word()?)
            }
            Some(Tok::P('[')) => {
                self.i += 1;
                let r = if matches!(self.peek(), Some(Tok::Word(_))) {
                    let b = self.word()?;
                    Opnd::Mem(Some(b), self.offset()?)
                } else {
                    Opnd::Mem(None, self.int()? as i64)
                };
                self.need(']')?;
                r
            }
            Some(Tok::P(c)) if c == '{' || c == '(' => {
                self.i += 1;
                let end = if c == '{' { '}' } else { ')' };
                let mut v = Vec::new();
                while !self.eat(end) {
                    v.push(self.opnd()?);
                    if !self.is(end) {
                        self.need(',')?
                    }
                }
                if c == '{' {
                    Opnd::Vec(v)
                } else {
                    Opnd::List(v)
                }
            }
            t => return err(line, format!("operand not understood: {t:?}")),
        })
    }
}
