//! Runs a decoded kernel: blocks in order, the threads or warps of a block in order, each until it ends
//! or reaches a barrier.

use crate::decode::*;
use crate::ops::{mask, sx};
use crate::order::{Order, Rounds};
use crate::{Error, Module, Result};

/// A kernel argument. Buffers are device memory: the kernel gets their address.
pub enum Arg<'a> {
    /// A value.
    U32(u32),
    /// A value.
    U64(u64),
    /// A value.
    F32(f32),
    /// A value.
    F64(f64),
    /// any other by-value argument (u8, u16, a struct), as its bytes
    Bytes(&'a [u8]),
    /// read and write
    Buf(&'a mut [u8]),
    /// a store to it is a fault
    Ro(&'a [u8]),
    /// No argument, but memory that the kernel finds at its own address: what a pointer inside a
    /// struct points to
    Mapped(&'a mut [u8]),
}

/// Element types whose slices may be viewed as bytes.
///
/// # Safety
/// No padding, and every bit pattern valid.
pub unsafe trait Plain: Copy {}
macro_rules! plain { ($($t:ty)*) => { $(
    // SAFETY: numbers have neither padding nor bit patterns that are none.
    unsafe impl Plain for $t {})* } }
plain!(u8 i8 u16 i16 u32 i32 u64 i64 f32 f64);

impl<'a> Arg<'a> {
    /// A buffer of numbers to read and write.
    pub fn buf<T: Plain>(s: &'a mut [T]) -> Arg<'a> {
        Arg::Buf(bytes_mut(s))
    }
    /// Numbers at their own address.
    pub fn mapped<T: Plain>(s: &'a mut [T]) -> Arg<'a> {
        Arg::Mapped(bytes_mut(s))
    }
    /// A buffer of numbers to read.
    pub fn ro<T: Plain>(s: &'a [T]) -> Arg<'a> {
        // SAFETY: the numbers' own memory, any bytes of which are a number and the other way round.
        Arg::Ro(unsafe { std::slice::from_raw_parts(s.as_ptr().cast(), std::mem::size_of_val(s)) })
    }
}

fn bytes_mut<T: Plain>(s: &mut [T]) -> &mut [u8] {
    // SAFETY: as for `Arg::ro`.
    unsafe { std::slice::from_raw_parts_mut(s.as_mut_ptr().cast(), std::mem::size_of_val(s)) }
}

/// A grid, and what its threads have.
#[derive(Clone, Debug)]
pub struct Launch {
    /// Blocks in x, y and z.
    pub grid: [u32; 3],
    /// Threads of a block in x, y and z.
    pub block: [u32; 3],
    /// bytes of dynamic shared memory
    pub shared: usize,
    /// a thread that runs more instructions than this is an error (endless loop)
    pub max_steps: u64,
    /// what uninitialised registers, local and shared memory are filled with;
    /// results must not depend on it
    pub fill: u8,
    /// Whether threads go 32 together, as a warp of a GPU does: an instruction is executed at once by all that
    /// are at it, those first that are furthest behind, so that threads which have parted meet where their ways
    /// join. No result depends on it, but for the order of atomics; what does is [`Stats::issues`].
    pub warps: bool,
}

impl Launch {
    /// A one-dimensional grid.
    pub fn new(grid: u32, block: u32) -> Launch {
        Launch {
            grid: [grid, 1, 1],
            block: [block, 1, 1],
            shared: 0,
            max_steps: 1 << 28,
            fill: 0xa5,
            warps: false,
        }
    }
}

/// What a launch did.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Instructions, of all threads.
    pub instructions: u64,
    /// Threads.
    pub threads: u64,
    /// (instruction, times executed), most first
    pub histogram: Vec<(String, u64)>,
    /// (PTX line, times executed) of every instruction of the module, in order
    pub lines: Vec<(u32, u64)>,
    /// The same, but once for all threads of a warp that execute an instruction together; see
    /// [`Launch::warps`].
    pub issues: Vec<(u32, u64)>,
    /// things that would be undefined or fragile on a device
    pub warnings: Vec<String>,
}

struct Mem {
    name: String,
    space: Space,
    base: u64,
    ptr: *mut u8,
    len: u64,
    writable: bool,
    nc_read: bool,
    written: bool,
}

#[derive(Clone, Copy)]
struct Frame {
    func: usize,
    pc: usize,
    regs: usize,
    local: usize,
    params: usize,
    rounds: Rounds,
}

#[derive(Default)]
struct Thread {
    tid: [u32; 3],
    linear: u32,
    regs: Vec<u64>,
    local: Vec<u8>,
    params: Vec<u8>,
    frames: Vec<Frame>,
    cc: u64,
    steps: u64,
}

impl Thread {
    /// How far it has come, call by call from the outermost on. One that is in a call is behind one that is at
    /// the same place after it.
    fn progress(&self, orders: &[Order]) -> Vec<u32> {
        let mut progress = Vec::new();
        for (depth, frame) in (1..).zip(&self.frames) {
            progress.extend(orders[frame.func].progress(frame.pc, &frame.rounds));
            progress.push(u32::from(depth == self.frames.len()));
        }
        progress
    }

    /// The depth of its calls, and the program counter in the last one.
    fn top(&self) -> (usize, usize) {
        let depth = self.frames.len();
        (depth, self.frames[depth - 1].pc)
    }

    /// Counts the rounds of loops on the way from where it was, at a depth of calls, to where it is.
    fn count_rounds(&mut self, orders: &[Order], depth: usize, from: usize) {
        let (now, to) = self.top();
        // A call has a place of its own, and what follows it may be another block.
        let from = if now < depth { to - 1 } else { from };
        let frame = &mut self.frames[now - 1];
        if now <= depth
            && let Some(order) = orders.get(frame.func)
        {
            order.count_rounds(from, to, &mut frame.rounds);
        }
    }
}

enum Stop {
    End,
    Bar,
    /// Where threads of a warp may part or meet.
    Turn,
}

/// The threads of a warp.
const WARP: usize = 32;

/// How a thread goes with others of its warp.
#[derive(Clone, Copy)]
struct Going {
    /// Whether it is the first of those that go together: the one that counts for the warp.
    leads: bool,
    /// Whether the warp has other threads that run: if so, it stops after each block, call and return.
    accompanied: bool,
}

/// How often an instruction was executed.
#[derive(Clone, Copy, Default)]
struct Count {
    by_threads: u64,
    by_warps: u64,
}

/// a function's slots with constants filled in, and those to fill per frame
struct Template {
    first: usize,
    slots: Vec<u64>,
    specials: Vec<(usize, Special)>,
    locals: Vec<(usize, u64)>,
}

struct Machine<'m> {
    m: &'m Module,
    /// Of each function, if threads go in warps.
    orders: &'m [Order],
    templates: Vec<Template>,
    /// Regions of the emulator's own, by number, then mapped ones, by address.
    mem: Vec<Mem>,
    own: usize,
    shared: Vec<u8>,
    launch: Launch,
    ctaid: [u32; 3],
    /// times executed, of every instruction; a function's start at its `first`
    counts: Vec<Count>,
}

impl Module {
    /// Launches a kernel.
    ///
    /// # Errors
    /// [`Error`] if there is no such kernel, if the arguments are not its own, and if a thread does what
    /// faults or is not defined.
    pub fn launch(&self, kernel: &str, l: &Launch, args: &mut [Arg]) -> Result<Stats> {
        let Some(ki) = self.funcs.iter().position(|f| f.entry && f.name == kernel) else {
            return Err(Error(format!(
                "no kernel {kernel}; there are: {}",
                self.entries().join(" ")
            )));
        };
        let k = &self.funcs[ki];
        let (mut mapped, mut given) = (Vec::new(), Vec::new());
        for argument in args {
            match argument {
                Arg::Mapped(bytes) => mapped.push(&mut **bytes),
                argument => given.push(argument),
            }
        }
        if k.formals.len() != given.len() {
            return Err(Error(format!(
                "{kernel} takes {} arguments, {} given",
                k.formals.len(),
                given.len()
            )));
        }
        let mut globals: Vec<Vec<u8>> = self.regions.iter().map(|r| r.data.clone()).collect();
        let mut mem: Vec<Mem> = self
            .regions
            .iter()
            .zip(&mut globals)
            .map(|(r, d)| Mem {
                name: r.name.clone(),
                space: r.space,
                base: r.base,
                ptr: d.as_mut_ptr(),
                len: d.len() as u64,
                writable: r.space == Space::Global,
                nc_read: false,
                written: false,
            })
            .collect();
        let mut params = vec![0; k.param_bytes as usize];
        for (n, a) in given.into_iter().enumerate() {
            let p = k.formals[n];
            let (ty, scalar) = &k.formal_types[n];
            let mut buffer = |ptr: *mut u8, len: usize, writable: bool| {
                let base = region_base(mem.len(), 256);
                let name = format!("argument {n}");
                let len = len as u64;
                mem.push(Mem {
                    name,
                    space: Space::Global,
                    base,
                    ptr,
                    len,
                    writable,
                    nc_read: false,
                    written: false,
                });
                base.to_le_bytes().to_vec()
            };
            let (bytes, class) = match a {
                Arg::U32(v) => (v.to_le_bytes().to_vec(), 'i'),
                Arg::U64(v) => (v.to_le_bytes().to_vec(), 'i'),
                Arg::F32(v) => (v.to_le_bytes().to_vec(), 'f'),
                Arg::F64(v) => (v.to_le_bytes().to_vec(), 'f'),
                Arg::Bytes(b) => (b.to_vec(), '?'),
                Arg::Buf(b) => (buffer(b.as_mut_ptr(), b.len(), true), 'i'),
                Arg::Ro(b) => (buffer(b.as_ptr() as *mut u8, b.len(), false), 'i'),
                Arg::Mapped(_) => unreachable!("set apart above"),
            };
            let clash = *scalar
                && (ty.starts_with('f') && class == 'i'
                    || !ty.starts_with(['f', 'b']) && class == 'f');
            if bytes.len() != p.size as usize || clash {
                return Err(Error(format!(
                    "argument {n} of {kernel} is .{ty} of {} bytes; not what was given",
                    p.size
                )));
            }
            params[p.off as usize..][..bytes.len()].copy_from_slice(&bytes)
        }
        let own = mem.len();
        mapped.sort_by_key(|bytes| bytes.as_ptr());
        for bytes in mapped {
            let base = bytes.as_ptr() as u64;
            if base >> REGION_SHIFT <= own as u64 {
                return Err(Error(format!(
                    "memory at {base:#x} would overlap the emulator's own"
                )));
            }
            mem.push(Mem {
                name: format!("memory at {base:#x}"),
                space: Space::Global,
                base,
                ptr: bytes.as_mut_ptr(),
                len: bytes.len() as u64,
                writable: true,
                nc_read: false,
                written: false,
            });
        }
        let poison = u64::from_le_bytes([l.fill; 8]);
        let mut templates = Vec::new();
        let mut first = 0;
        for f in &self.funcs {
            templates.push(template(f, poison, first));
            first += f.code.len()
        }
        let in_warps = self.funcs.iter().filter(|_| l.warps);
        let orders: Vec<_> = in_warps.map(|f| Order::new(&f.code)).collect();
        let mut x = Machine {
            m: self,
            orders: &orders,
            templates,
            mem,
            own,
            shared: vec![],
            launch: l.clone(),
            ctaid: [0; 3],
            counts: vec![Count::default(); self.funcs.iter().map(|f| f.code.len()).sum()],
        };
        let mut stats = Stats::default();
        let mut spare = Vec::new();
        for z in 0..l.grid[2] {
            for y in 0..l.grid[1] {
                for xx in 0..l.grid[0] {
                    x.ctaid = [xx, y, z];
                    x.block(ki, &params, &mut stats, &mut spare)?
                }
            }
        }
        for r in &x.mem {
            if r.nc_read && r.written {
                stats.warnings.push(format!(
                    "{} is written and also read by ld.global.nc",
                    r.name
                ))
            }
        }
        let mut hist = vec![0; self.names.len()];
        for (i, c) in self.funcs.iter().flat_map(|f| &f.code).zip(x.counts) {
            hist[i.name as usize] += c.by_threads;
            stats.lines.push((i.line, c.by_threads));
            stats.issues.push((i.line, c.by_warps))
        }
        stats.histogram = self
            .names
            .iter()
            .cloned()
            .zip(hist)
            .filter(|h| h.1 > 0)
            .collect();
        stats
            .histogram
            .sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        Ok(stats)
    }
}

fn template(f: &Function, poison: u64, first: usize) -> Template {
    let mut t = Template {
        first,
        slots: vec![],
        specials: vec![],
        locals: vec![],
    };
    for (i, s) in f.slots.iter().enumerate() {
        t.slots.push(match s {
            Slot::Reg => poison,
            Slot::Const(v) => *v,
            Slot::Special(s) => {
                t.specials.push((i, *s));
                0
            }
            Slot::Local(o) => {
                t.locals.push((i, *o));
                0
            }
        })
    }
    t
}

impl Machine<'_> {
    fn block(
        &mut self,
        ki: usize,
        params: &[u8],
        stats: &mut Stats,
        spare: &mut Vec<Thread>,
    ) -> Result<()> {
        let l = self.launch.clone();
        self.shared.clear();
        self.shared
            .resize(self.m.shared_dyn as usize + l.shared, l.fill);
        let n = l.block[0] * l.block[1] * l.block[2];
        let together = if l.warps { WARP as u32 } else { 1 };
        let mut waiting = Vec::new();
        for start in (0..n).step_by(together as usize) {
            let mut warp = Vec::new();
            for i in start..n.min(start.saturating_add(together)) {
                let mut th: Thread = spare.pop().unwrap_or_default();
                th.tid = [
                    i % l.block[0],
                    i / l.block[0] % l.block[1],
                    i / l.block[0] / l.block[1],
                ];
                th.linear = i;
                (th.cc, th.steps) = (0, 0);
                th.frames.clear();
                th.regs.clear();
                th.local.clear();
                th.params.clear();
                self.enter(&mut th, ki)?;
                th.params[..params.len()].copy_from_slice(params);
                stats.threads += 1;
                warp.push(th)
            }
            waiting.extend(self.warp(warp, stats, spare)?)
        }
        while !waiting.is_empty() {
            for warp in std::mem::take(&mut waiting) {
                waiting.extend(self.warp(warp, stats, spare)?)
            }
        }
        Ok(())
    }

    /// Runs threads that go together until each has ended or waits at a barrier; returns those that wait, if
    /// any do.
    fn warp(
        &mut self,
        mut running: Vec<Thread>,
        stats: &mut Stats,
        spare: &mut Vec<Thread>,
    ) -> Result<Option<Vec<Thread>>> {
        let mut waiting = Vec::new();
        while !running.is_empty() {
            let accompanied = running.len() > 1;
            let progress = |thread: &Thread| accompanied.then(|| thread.progress(self.orders));
            let mut progress: Vec<_> = running.iter().map(progress).collect();
            let Some(least) = progress.iter().min().cloned() else {
                break;
            };
            let mut going = Going {
                leads: true,
                accompanied,
            };
            let mut next = 0;
            while next < running.len() {
                if progress[next] != least {
                    next += 1;
                    continue;
                }
                let (depth, from) = running[next].top();
                let stop = self.run(&mut running[next], going, stats)?;
                going.leads = false;
                match stop {
                    Stop::Turn => {
                        running[next].count_rounds(self.orders, depth, from);
                        next += 1;
                    }
                    Stop::Bar => {
                        running[next].count_rounds(self.orders, depth, from);
                        waiting.push(running.remove(next));
                        progress.remove(next);
                    }
                    Stop::End => {
                        spare.push(running.remove(next));
                        progress.remove(next);
                    }
                }
            }
        }
        Ok(Some(waiting).filter(|waiting| !waiting.is_empty()))
    }

    fn enter(&mut self, th: &mut Thread, func: usize) -> Result<()> {
        if th.frames.len() >= 1000 {
            return Err(self.fault(th, "call depth over 1000"));
        }
        let (f, t) = (&self.m.funcs[func], &self.templates[func]);
        let a = f.max_align as usize;
        // aligned as declared, and no more
        let mut local = th.local.len().next_multiple_of(a);
        if local.is_multiple_of(2 * a) {
            local += a
        }
        let fr = Frame {
            func,
            pc: 0,
            regs: th.regs.len(),
            local,
            params: th.params.len().next_multiple_of(16),
            rounds: Rounds::default(),
        };
        th.regs.extend_from_slice(&t.slots);
        th.local.resize(local + f.local as usize, self.launch.fill);
        th.params
            .resize(fr.params + f.param_bytes as usize, self.launch.fill);
        let regs = &mut th.regs[fr.regs..];
        for (i, o) in &t.locals {
            regs[*i] = local as u64 + o
        }
        for (i, s) in &t.specials {
            regs[*i] = match s {
                Special::Tid(a) => th.tid[*a as usize],
                Special::Ntid(a) => self.launch.block[*a as usize],
                Special::Ctaid(a) => self.ctaid[*a as usize],
                Special::Nctaid(a) => self.launch.grid[*a as usize],
                Special::LaneId => th.linear % 32,
                Special::WarpId => th.linear / 32,
                Special::WarpSize => 32,
            } as u64
        }
        th.frames.push(fr);
        Ok(())
    }

    fn fault(&self, th: &Thread, msg: &str) -> Error {
        let mut s = format!("thread {:?} of block {:?}: {msg}", th.tid, self.ctaid);
        for fr in th.frames.iter().rev() {
            let f = &self.m.funcs[fr.func];
            let i = &f.code[fr.pc.min(f.code.len() - 1)];
            s += &format!(
                "\n  at line {}: {} in {}",
                i.line, self.m.names[i.name as usize], f.name
            )
        }
        Error(s)
    }

    /// Which region an address belongs to, within it or beyond its end.
    #[inline]
    fn region(&self, addr: u64) -> Option<usize> {
        let index = (addr >> REGION_SHIFT).checked_sub(1)? as usize;
        if index < self.own {
            return Some(index);
        }
        let below = self.mem[self.own..].partition_point(|r| r.base <= addr);
        Some(self.own + below.checked_sub(1)?)
    }

    /// where an access goes; checks space, bounds, alignment, write permission
    #[inline]
    fn at(
        &mut self,
        local: &mut [u8],
        params: &mut [u8],
        space: Space,
        addr: u64,
        n: u64,
        write: bool,
    ) -> std::result::Result<*mut u8, String> {
        if addr & (n - 1) != 0 {
            return Err(format!("address {addr:#x} is not aligned to {n}"));
        }
        let (window, addr) = match space {
            Space::Generic if addr >= SHARED => match addr & !(WINDOW - 1) {
                SHARED => (Space::Shared, addr - SHARED),
                LOCAL => (Space::Local, addr - LOCAL),
                _ => return Err(format!("address {addr:#x} is nowhere")),
            },
            s => (s, addr),
        };
        let bytes = match window {
            Space::Shared => &mut self.shared[..],
            Space::Local => local,
            Space::Param => params,
            _ => {
                let r = match self.region(addr) {
                    Some(index) => &mut self.mem[index],
                    None => return Err(format!("address {addr:#x} is in no buffer or variable")),
                };
                let off = addr.wrapping_sub(r.base);
                if off >= r.len || n > r.len - off {
                    return Err(format!(
                        "access of {n} bytes at offset {} of {}, which has {} bytes",
                        off as i64, r.name, r.len
                    ));
                }
                if space != Space::Generic && space != r.space {
                    return Err(format!("{} is not in the {space:?} space", r.name));
                }
                if write {
                    if !r.writable {
                        return Err(format!("store to read-only {}", r.name));
                    }
                    r.written = true
                }
                // SAFETY: within the region, as just checked.
                return Ok(unsafe { r.ptr.add(off as usize) });
            }
        };
        if addr >= bytes.len() as u64 || n > bytes.len() as u64 - addr {
            return Err(format!(
                "access of {n} bytes at {addr:#x} of {window:?} memory, which has {:#x} bytes",
                bytes.len()
            ));
        }
        // SAFETY: within the memory, as just checked.
        Ok(unsafe { bytes.as_mut_ptr().add(addr as usize) })
    }

    fn run(&mut self, th: &mut Thread, going: Going, stats: &mut Stats) -> Result<Stop> {
        let before = th.steps;
        let r = self.steps(th, going);
        stats.instructions += th.steps - before;
        r
    }

    fn steps(&mut self, th: &mut Thread, going: Going) -> Result<Stop> {
        let m = self.m;
        'frame: loop {
            let depth = th.frames.len() - 1;
            let fr = th.frames[depth];
            let func = &m.funcs[fr.func];
            let code = &func.code[..];
            let first = self.templates[fr.func].first;
            let mut pc = fr.pc;
            let mut steps = th.steps;
            let limit = self.launch.max_steps;
            let Thread {
                regs,
                local,
                params,
                cc,
                ..
            } = th;
            let regs = &mut regs[fr.regs..fr.regs + func.slots.len()];
            let params_here = &mut params[fr.params..];
            macro_rules! leave {
                ($pc:expr) => {
                    th.frames[depth].pc = $pc;
                    th.steps = steps;
                };
            }
            macro_rules! fault {
                ($msg:expr) => {{
                    let msg = $msg;
                    leave!(pc);
                    return Err(self.fault(th, &msg));
                }};
            }
            macro_rules! at {
                ($space:expr, $addr:expr, $n:expr, $w:expr) => {
                    match self.at(local, params_here, $space, $addr, $n, $w) {
                        Ok(p) => p,
                        Err(e) => fault!(e),
                    }
                };
            }
            // Goes on at `pc`, unless other threads of the warp may have to go first.
            macro_rules! turn {
                () => {
                    if going.accompanied {
                        leave!(pc);
                        return Ok(Stop::Turn);
                    }
                    continue;
                };
            }
            loop {
                if going.accompanied && pc != fr.pc && self.orders[fr.func].is_start(pc) {
                    leave!(pc);
                    return Ok(Stop::Turn);
                }
                let i = &code[pc];
                steps += 1;
                let count = &mut self.counts[first + pc];
                count.by_threads += 1;
                count.by_warps += u64::from(going.leads);
                let s = |x: u32| x as usize;
                if i.guard != NONE && (regs[s(i.guard)] != 0) == i.neg {
                    pc += 1;
                    if i.kind.may_part() {
                        turn!();
                    }
                    continue;
                }
                match i.kind {
                    Kind::Alu => {
                        let f = i.f.as_ref().unwrap();
                        regs[s(i.d)] = f(regs[s(i.a)], regs[s(i.b)], regs[s(i.c)])
                    }
                    Kind::Mov => regs[s(i.d)] = regs[s(i.a)],
                    Kind::Div => {
                        if regs[s(i.b)] == 0 {
                            fault!("integer division by zero")
                        }
                        regs[s(i.d)] = i.f.as_ref().unwrap()(regs[s(i.a)], regs[s(i.b)], 0)
                    }
                    Kind::Pack => {
                        let mut v = 0;
                        for (k, e) in i.list.iter().enumerate() {
                            v |= regs[s(*e)] << (k as u64 * i.imm)
                        }
                        regs[s(i.d)] = v
                    }
                    Kind::Unpack => {
                        let v = regs[s(i.a)];
                        for (k, e) in i.list.iter().enumerate() {
                            if *e != NONE {
                                regs[s(*e)] = v >> (k as u64 * i.imm) & mask(i.imm as u32)
                            }
                        }
                    }
                    Kind::Ld {
                        space,
                        bytes,
                        signed,
                        nc,
                    } => {
                        let n = bytes as u64;
                        let addr = regs[s(i.a)].wrapping_add(i.imm);
                        let p = at!(space, addr, n * i.list.len() as u64, false);
                        if nc && let Some(index) = self.region(addr) {
                            self.mem[index].nc_read = true
                        }
                        for (k, e) in i.list.iter().enumerate() {
                            // SAFETY: `at` has checked the whole vector.
                            let v = unsafe { load(p.add(k * bytes as usize), bytes) };
                            if *e != NONE {
                                regs[s(*e)] = if signed {
                                    sx(v, bytes as u32 * 8) as u64 & mask(i.b)
                                } else {
                                    v
                                }
                            }
                        }
                    }
                    Kind::St { space, bytes } => {
                        let n = bytes as u64 * i.list.len() as u64;
                        let p = at!(space, regs[s(i.a)].wrapping_add(i.imm), n, true);
                        for (k, e) in i.list.iter().enumerate() {
                            // SAFETY: `at` has checked the whole vector.
                            unsafe { store(p.add(k * bytes as usize), bytes, regs[s(*e)]) }
                        }
                    }
                    Kind::Atom { space, bytes } => {
                        let p = at!(space, regs[s(i.a)].wrapping_add(i.imm), bytes as u64, true);
                        // SAFETY: `at` has checked the place.
                        let old = unsafe { load(p, bytes) };
                        let new = i.f.as_ref().unwrap()(old, regs[s(i.b)], regs[s(i.c)]);
                        // SAFETY: the same place.
                        unsafe { store(p, bytes, new) }
                        if i.d != NONE {
                            regs[s(i.d)] = old
                        }
                    }
                    Kind::Cvta { to, base } => {
                        let a = regs[s(i.a)];
                        // only arithmetic: a null or unused pointer may pass here, accesses are checked
                        regs[s(i.d)] = if to {
                            a.wrapping_sub(base)
                        } else {
                            a.wrapping_add(base)
                        }
                    }
                    Kind::IsSpace(sp) => {
                        let a = regs[s(i.a)];
                        let is = match a & !(WINDOW - 1) {
                            SHARED => Space::Shared,
                            LOCAL => Space::Local,
                            _ => match self.region(a) {
                                Some(index) => self.mem[index].space,
                                None => Space::Generic,
                            },
                        };
                        regs[s(i.d)] = (is == sp) as u64
                    }
                    Kind::Carry(k) => {
                        let (a, b, c) = (
                            regs[s(i.a)] as u128,
                            regs[s(i.b)] as u128,
                            regs[s(i.c)] as u128,
                        );
                        let mk = mask(k.w) as u128;
                        let cin = if k.use_cc { *cc as u128 } else { 0 };
                        let prod = || {
                            if k.signed {
                                (sx(a as u64, k.w) as i128).wrapping_mul(sx(b as u64, k.w) as i128)
                                    as u128
                            } else {
                                a * b
                            }
                        };
                        // sums below 2^66, so bit w is the carry (or, for sub, the borrow)
                        let r = match k.op {
                            CarryOp::Add => a + b + cin,
                            CarryOp::Sub => a.wrapping_sub(b).wrapping_sub(cin),
                            CarryOp::MadLo => (prod() & mk) + c + cin,
                            CarryOp::MadHi => (prod() >> k.w & mk) + c + cin,
                        };
                        regs[s(i.d)] = (r & mk) as u64;
                        if k.set_cc {
                            *cc = (r >> k.w & 1) as u64
                        }
                    }
                    Kind::Bra => {
                        if steps > limit {
                            fault!(format!("over {limit} instructions in one thread"))
                        }
                        pc = i.imm as usize;
                        turn!();
                    }
                    Kind::Brx => {
                        let k = regs[s(i.a)];
                        match i.list.get(k as usize) {
                            Some(t) => pc = *t as usize,
                            None => fault!(format!("brx.idx index {k} of {}", i.list.len())),
                        }
                        turn!();
                    }
                    Kind::Call => {
                        let a = regs[s(i.a)];
                        let callee = a.wrapping_sub(CODE) / 16;
                        let nr = i.list[0] as usize;
                        let pairs: Vec<(u32, u32)> =
                            i.list[1..].chunks(2).map(|c| (c[0], c[1])).collect();
                        let ok = a % 16 == 0
                            && m.funcs.get(callee as usize).is_some_and(|f| {
                                let sizes =
                                    |p: &[Param]| p.iter().map(|p| p.size).collect::<Vec<_>>();
                                let given =
                                    |p: &[(u32, u32)]| p.iter().map(|p| p.1).collect::<Vec<_>>();
                                !f.entry
                                    && sizes(&f.rets) == given(&pairs[..nr])
                                    && sizes(&f.formals) == given(&pairs[nr..])
                            });
                        if !ok {
                            fault!(format!(
                                "call of {a:#x}: no function there with these arguments"
                            ))
                        }
                        if steps > limit {
                            fault!(format!("over {limit} instructions in one thread"))
                        }
                        leave!(pc);
                        self.enter(th, callee as usize)?;
                        let to = th.frames[depth + 1].params;
                        for (p, f) in pairs[nr..].iter().zip(&m.funcs[callee as usize].formals) {
                            let from = fr.params + p.0 as usize;
                            th.params
                                .copy_within(from..from + p.1 as usize, to + f.off as usize)
                        }
                        if going.accompanied {
                            return Ok(Stop::Turn);
                        }
                        continue 'frame;
                    }
                    Kind::Ret | Kind::Exit => {
                        leave!(pc);
                        if depth == 0 || i.kind == Kind::Exit {
                            return Ok(Stop::End);
                        }
                        let caller = th.frames[depth - 1];
                        let call = &m.funcs[caller.func].code[caller.pc];
                        for (p, r) in call.list[1..].chunks(2).zip(&func.rets) {
                            let from = fr.params + r.off as usize;
                            th.params.copy_within(
                                from..from + r.size as usize,
                                caller.params + p[0] as usize,
                            )
                        }
                        th.frames.pop();
                        th.frames[depth - 1].pc += 1;
                        // memory between the frames is alignment padding, reused by the next call
                        th.regs.truncate(fr.regs);
                        th.local.truncate(fr.local);
                        th.params.truncate(fr.params);
                        if going.accompanied {
                            return Ok(Stop::Turn);
                        }
                        continue 'frame;
                    }
                    Kind::Trap => fault!("trap"),
                    Kind::Absent => fault!(format!("{} has no usable body", func.name)),
                    Kind::Bar => {
                        leave!(pc + 1);
                        return Ok(Stop::Bar);
                    }
                    Kind::Nop => {}
                }
                pc += 1
            }
        }
    }
}

/// # Safety
/// `p` points to `n` bytes, 1, 2, 4 or 8.
unsafe fn load(p: *const u8, n: u8) -> u64 {
    // SAFETY: as the caller promises.
    unsafe {
        match n {
            1 => *p as u64,
            2 => p.cast::<u16>().read_unaligned() as u64,
            4 => p.cast::<u32>().read_unaligned() as u64,
            _ => p.cast::<u64>().read_unaligned(),
        }
    }
}

/// # Safety
/// `p` points to `n` bytes to write to, 1, 2, 4 or 8.
unsafe fn store(p: *mut u8, n: u8, v: u64) {
    // SAFETY: as the caller promises.
    unsafe {
        match n {
            1 => *p = v as u8,
            2 => p.cast::<u16>().write_unaligned(v as u16),
            4 => p.cast::<u32>().write_unaligned(v as u32),
            _ => p.cast::<u64>().write_unaligned(v),
        }
    }
}
