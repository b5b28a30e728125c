//! Instructions one by one, expected values from the PTX ISA's definitions (not from ptxrun),
//! and the things that must be refused.
use ptxrun::{Arg, Launch, Module};

const HEAD: &str = ".version 7.0\n.target sm_80\n.address_size 64\n";

fn kernel(body: &str) -> String {
    format!(
        "{HEAD}.visible .entry k(.param .u64 k_param_0)
{{
 .reg .pred %p<8>; .reg .b16 %rs<8>; .reg .b32 %r<16>; .reg .b64 %rd<16>; .reg .f32 %f<8>; .reg .f64 %fd<8>;
 ld.param.b64 %rd0, [k_param_0];
 ld.global.b64 %rd1, [%rd0]; ld.global.b64 %rd2, [%rd0+8]; ld.global.b64 %rd3, [%rd0+16];
 ld.global.b32 %r1, [%rd0]; ld.global.b32 %r2, [%rd0+8]; ld.global.b32 %r3, [%rd0+16];
 ld.global.b16 %rs1, [%rd0]; ld.global.b16 %rs2, [%rd0+8];
 mov.b64 %rd9, 0;
{body}
 st.global.b64 [%rd0+24], %rd9;
 ret;
}}
"
    )
}

fn try_run(body: &str, a: u64, b: u64, c: u64) -> Result<u64, String> {
    let m = Module::parse(&kernel(body)).map_err(|e| e.0)?;
    let mut x = [a, b, c, 0];
    m.launch("k", &Launch::new(1, 1), &mut [Arg::buf(&mut x)])
        .map_err(|e| e.0)?;
    Ok(x[3])
}
fn run(body: &str, a: u64, b: u64, c: u64) -> u64 {
    try_run(body, a, b, c).unwrap_or_else(|e| panic!("{body}: {e}"))
}
/// 32-bit result of one instruction `op %r9, <rest>`
fn r32(ins: &str, a: u64, b: u64, c: u64) -> u64 {
    run(&format!("{ins}; cvt.u64.u32 %rd9, %r9;"), a, b, c)
}
fn r64(ins: &str, a: u64, b: u64, c: u64) -> u64 {
    run(&format!("{ins};"), a, b, c)
}
fn rp(ins: &str, a: u64, b: u64, c: u64) -> u64 {
    run(&format!("{ins}; selp.b64 %rd9, 1, 0, %p1;"), a, b, c)
}
fn f(x: f32) -> u64 {
    x.to_bits() as u64
}
fn d(x: f64) -> u64 {
    x.to_bits()
}

#[test]
fn integer() {
    let s = |x: i64| x as u64;
    assert_eq!(r32("shl.b32 %r9, %r1, %r2", 1, 31, 0), 1 << 31);
    assert_eq!(r32("shl.b32 %r9, %r1, %r2", 1, 32, 0), 0);
    assert_eq!(r32("shr.u32 %r9, %r1, %r2", 0x8000_0000, 40, 0), 0);
    assert_eq!(
        r32("shr.s32 %r9, %r1, %r2", 0x8000_0000, 40, 0),
        0xffff_ffff
    );
    assert_eq!(r64("shr.s64 %rd9, %rd1, %r2", 1 << 63, 64, 0), u64::MAX);
    assert_eq!(r64("shl.b64 %rd9, %rd1, %r2", 3, 63, 0), 1 << 63);
    assert_eq!(
        r32(
            "shf.l.wrap.b32 %r9, %r1, %r2, %r3",
            0x1234_5678,
            0x9abc_def0,
            8
        ),
        0xbcde_f012
    );
    assert_eq!(
        r32(
            "shf.l.wrap.b32 %r9, %r1, %r2, %r3",
            0x1234_5678,
            0x9abc_def0,
            40
        ),
        0xbcde_f012
    );
    assert_eq!(
        r32(
            "shf.l.clamp.b32 %r9, %r1, %r2, %r3",
            0x1234_5678,
            0x9abc_def0,
            40
        ),
        0x1234_5678
    );
    assert_eq!(
        r32(
            "shf.r.wrap.b32 %r9, %r1, %r2, %r3",
            0x1234_5678,
            0x9abc_def0,
            8
        ),
        0xf012_3456
    );
    assert_eq!(
        r32(
            "shf.r.wrap.b32 %r9, %r1, %r2, %r3",
            0x1234_5678,
            0x9abc_def0,
            32
        ),
        0x1234_5678
    );
    assert_eq!(
        r32(
            "shf.r.clamp.b32 %r9, %r1, %r2, %r3",
            0x1234_5678,
            0x9abc_def0,
            99
        ),
        0x9abc_def0
    );
    assert_eq!(
        r32(
            "prmt.b32 %r9, %r1, %r2, 0x7531",
            0x4433_2211,
            0x8877_6655,
            0
        ),
        0x8866_4422
    );
    assert_eq!(
        r32(
            "prmt.b32 %r9, %r1, %r2, %r3",
            0x4433_2211,
            0x8877_6655,
            0xf08c
        ),
        0xff11_0000
    );
    assert_eq!(
        r32("lop3.b32 %r9, %r1, %r2, %r3, 0x96", 0xf0f0, 0x3c3c, 0xaaaa),
        0xf0f0 ^ 0x3c3c ^ 0xaaaa
    );
    assert_eq!(
        r32("lop3.b32 %r9, %r1, %r2, %r3, 0xe2", 0xf0f0, 0x3c3c, 0xaaaa),
        (0xf0f0 & 0x3c3c) | (!0x3c3c & 0xaaaa)
    );
    assert_eq!(r32("bfe.u32 %r9, %r1, 4, 8", 0xabcd_ef12, 0, 0), 0xf1);
    assert_eq!(
        r32("bfe.s32 %r9, %r1, 4, 8", 0xabcd_ef12, 0, 0),
        0xffff_fff1
    );
    assert_eq!(
        r32("bfe.s32 %r9, %r1, 28, 8", 0xabcd_ef12, 0, 0),
        0xffff_fffa
    );
    assert_eq!(r32("bfe.u32 %r9, %r1, 40, 8", 0xabcd_ef12, 0, 0), 0);
    assert_eq!(r64("bfe.u64 %rd9, %rd1, 60, 8", 0xabcd << 48, 0, 0), 0xa);
    assert_eq!(
        r32("bfi.b32 %r9, %r1, %r2, 8, 4", 0xf5, 0xffff_0000, 0),
        0xffff_0500
    );
    assert_eq!(
        r64("bfi.b64 %rd9, %rd1, %rd2, 60, 8", 0xab, 7, 0),
        0xb << 60 | 7
    );
    assert_eq!(r32("bfind.u32 %r9, %r1", 0x0010_0000, 0, 0), 20);
    assert_eq!(r32("bfind.s32 %r9, %r1", 0xffff_fffe, 0, 0), 0);
    assert_eq!(r32("bfind.u32 %r9, %r1", 0, 0, 0), 0xffff_ffff);
    assert_eq!(r32("bfind.shiftamt.u32 %r9, %r1", 0x0010_0000, 0, 0), 11);
    assert_eq!(r32("clz.b32 %r9, %r1", 1, 0, 0), 31);
    assert_eq!(r32("clz.b64 %r9, %rd1", 0, 0, 0), 64);
    assert_eq!(r32("popc.b64 %r9, %rd1", s(-1), 0, 0), 64);
    assert_eq!(r32("brev.b32 %r9, %r1", 2, 0, 0), 1 << 30);
    assert_eq!(r32("sad.s32 %r9, %r1, %r2, %r3", s(-5), 7, 100), 112);
    assert_eq!(r32("mul.hi.s32 %r9, %r1, %r2", s(-2), 3, 0), 0xffff_ffff);
    assert_eq!(r32("mul.hi.u32 %r9, %r1, %r2", 0xffff_fffe, 3, 0), 2);
    assert_eq!(r64("mul.hi.s64 %rd9, %rd1, %rd2", s(-2), 3, 0), u64::MAX);
    assert_eq!(
        r64("mul.hi.u64 %rd9, %rd1, %rd2", s(-1), s(-1), 0),
        u64::MAX - 1
    );
    assert_eq!(r64("mad.hi.u64 %rd9, %rd1, %rd2, %rd3", s(-1), s(-1), 5), 3);
    assert_eq!(r64("mul.wide.s32 %rd9, %r1, %r2", s(-2), 3, 0), s(-6));
    assert_eq!(
        r64("mul.wide.u32 %rd9, %r1, -1", 0xffff_ffff, 0, 0),
        0xffff_fffe_0000_0001
    );
    assert_eq!(
        r64("mad.wide.s32 %rd9, %r1, %r2, %rd3", s(-2), 3, 1 << 40),
        (1 << 40) - 6
    );
    assert_eq!(
        r32("mul.wide.s16 %r9, %rs1, %rs2", 0xffff, 5, 0),
        0xffff_fffb
    );
    assert_eq!(r32("min.s32 %r9, %r1, %r2", s(-1), 1, 0), 0xffff_ffff);
    assert_eq!(r32("max.u32 %r9, %r1, %r2", s(-1), 1, 0), 0xffff_ffff);
    assert_eq!(r32("abs.s32 %r9, %r1", 0x8000_0000, 0, 0), 0x8000_0000);
    assert_eq!(
        r32("div.s32 %r9, %r1, %r2", s(-7), 2, 0),
        s(-3) & 0xffff_ffff
    );
    assert_eq!(r32("rem.s32 %r9, %r1, %r2", s(-7), 2, 0), 0xffff_ffff);
    assert_eq!(r32("slct.b32.s32 %r9, %r1, %r2, %r3", 1, 2, s(-1)), 2);
    assert_eq!(r32("slct.b32.f32 %r9, %r1, %r2, %r3", 1, 2, f(-0.0)), 1);
    assert_eq!(
        r32("set.lt.u32.s32 %r9, %r1, %r2", s(-1), 0, 0),
        0xffff_ffff
    );
    assert_eq!(
        r32("set.gt.f32.f32 %r9, %r1, %r2", f(2.0), f(1.0), 0),
        f(1.0)
    );
    assert_eq!(rp("setp.lo.u32 %p1, %r1, %r2", s(-1), 0, 0), 0);
    assert_eq!(rp("setp.lt.s32 %p1, %r1, %r2", s(-1), 0, 0), 1);
    assert_eq!(
        rp(
            "setp.eq.s32 %p2, %r3, 0; setp.gt.and.s32 %p1, %r1, %r2, !%p2",
            1,
            0,
            0
        ),
        0
    );
    assert_eq!(
        rp(
            "setp.eq.s32 %p2, %r3, 0; setp.gt.or.s32 %p1, %r1, %r2, %p2",
            0,
            1,
            0
        ),
        1
    );
    assert_eq!(r32("not.b32 %r9, %r1", 0xf, 0, 0), 0xffff_fff0);
    assert_eq!(r32("cnot.b32 %r9, %r1", 0, 0, 0), 1);
    // carries
    assert_eq!(
        run(
            "add.cc.u32 %r4, %r1, %r2; addc.u32 %r9, 0, 0; cvt.u64.u32 %rd9, %r9;",
            0xffff_ffff,
            1,
            0
        ),
        1
    );
    assert_eq!(
        run(
            "sub.cc.u64 %rd4, %rd1, %rd2; subc.u64 %rd9, 10, 0;",
            1,
            2,
            0
        ),
        9
    );
    assert_eq!(
        run(
            "add.cc.u64 %rd4, %rd1, %rd2; addc.cc.u64 %rd5, %rd3, 0; addc.u64 %rd9, 0, 0;",
            s(-1),
            1,
            s(-1)
        ),
        1
    );
    assert_eq!(
        run(
            "mad.lo.cc.u32 %r4, %r1, %r2, %r3; madc.hi.u32 %r9, %r1, %r2, 0; cvt.u64.u32 %rd9, %r9;",
            0xffff_ffff,
            0xffff_ffff,
            0xffff_ffff
        ),
        0xffff_ffff
    );
}

#[test]
fn convert() {
    let nan = f(f32::NAN);
    assert_eq!(r32("cvt.rzi.s32.f32 %r9, %r1", f(-1.9), 0, 0), 0xffff_ffff);
    assert_eq!(r32("cvt.rni.s32.f32 %r9, %r1", f(2.5), 0, 0), 2);
    assert_eq!(r32("cvt.rmi.s32.f32 %r9, %r1", f(-1.1), 0, 0), 0xffff_fffe);
    assert_eq!(r32("cvt.rpi.u32.f32 %r9, %r1", f(1.1), 0, 0), 2);
    assert_eq!(r32("cvt.rzi.u32.f32 %r9, %r1", f(-3.0), 0, 0), 0);
    assert_eq!(r32("cvt.rzi.s32.f32 %r9, %r1", f(3e9), 0, 0), 0x7fff_ffff);
    assert_eq!(
        r32("cvt.rzi.u32.f32 %r9, %r1", f(f32::INFINITY), 0, 0),
        0xffff_ffff
    );
    assert_eq!(r32("cvt.rzi.s32.f32 %r9, %r1", nan, 0, 0), 0);
    assert_eq!(r64("cvt.rzi.s64.f32 %rd9, %r1", nan, 0, 0), 1 << 63);
    assert_eq!(
        r32("cvt.rzi.s32.f64 %r9, %rd1", d(f64::NAN), 0, 0),
        0x8000_0000
    );
    assert_eq!(r64("cvt.rzi.u64.f64 %rd9, %rd1", d(1e300), 0, 0), u64::MAX);
    assert_eq!(r64("cvt.rzi.s64.f64 %rd9, %rd1", d(-1e300), 0, 0), 1 << 63);
    assert_eq!(r32("cvt.s32.s8 %r9, %r1", 0x180, 0, 0), 0xffff_ff80);
    assert_eq!(r32("cvt.u32.u8 %r9, %r1", 0x180, 0, 0), 0x80);
    assert_eq!(r32("cvt.u8.u32 %r9, %r1", 0x180, 0, 0), 0x80);
    assert_eq!(r32("cvt.s8.s32 %r9, %r1", 0x180, 0, 0), 0xffff_ff80);
    assert_eq!(r32("cvt.sat.u8.s32 %r9, %r1", (-5i64) as u64, 0, 0), 0);
    assert_eq!(r32("cvt.sat.s8.s32 %r9, %r1", 1000, 0, 0), 127);
    assert_eq!(
        r64("cvt.s64.s32 %rd9, %r1", 0x8000_0000, 0, 0),
        0xffff_ffff_8000_0000
    );
    assert_eq!(
        r32("cvt.rn.f32.u64 %r9, %rd1", (1 << 24) + 1, 0, 0),
        f(16777216.0)
    );
    assert_eq!(
        r32("cvt.rn.f32.s64 %r9, %rd1", (-(1i64 << 24) - 3) as u64, 0, 0),
        f(-16777220.0)
    );
    assert_eq!(r32("cvt.rn.f32.f64 %r9, %rd1", d(1e-45), 0, 0), 1);
    assert_eq!(r32("cvt.rni.f32.f32 %r9, %r1", f(-0.5), 0, 0), f(-0.0));
    assert_eq!(r64("cvt.rpi.f64.f64 %rd9, %rd1", d(-0.5), 0, 0), d(-0.0));
}

#[test]
fn float() {
    let nan = f(f32::NAN);
    // one rounding: (1+2^-12)^2 - 1 - 2^-11 = 2^-24
    let x = f(1.0 + 1.0 / 4096.0);
    assert_eq!(
        r32(
            "fma.rn.f32 %r9, %r1, %r2, %r3",
            x,
            x,
            f(-(1.0 + 1.0 / 2048.0))
        ),
        f(2f32.powi(-24))
    );
    let y = d(1.0 + 2f64.powi(-30));
    assert_eq!(
        r64(
            "fma.rn.f64 %rd9, %rd1, %rd2, %rd3",
            y,
            y,
            d(-(1.0 + 2f64.powi(-29)))
        ),
        d(2f64.powi(-60))
    );
    assert_eq!(r32("mul.rn.f32 %r9, %r1, %r2", 1, f(0.5), 0), 0); // ties to even, subnormal
    assert_eq!(r32("mul.rn.f32 %r9, %r1, %r2", 3, f(0.5), 0), 2);
    assert_eq!(
        r32(
            "sub.rn.f32 %r9, %r1, %r2",
            f(f32::INFINITY),
            f(f32::INFINITY),
            0
        ),
        0x7fff_ffff
    );
    assert_eq!(r32("sqrt.rn.f32 %r9, %r1", f(-1.0), 0, 0), 0x7fff_ffff);
    assert_eq!(
        r32("rcp.rn.f32 %r9, %r1", f(-0.0), 0, 0),
        f(f32::NEG_INFINITY)
    );
    assert_eq!(r32("min.f32 %r9, %r1, %r2", nan, f(1.0), 0), f(1.0));
    assert_eq!(
        r32("min.NaN.f32 %r9, %r1, %r2", nan, f(1.0), 0),
        0x7fff_ffff
    );
    assert_eq!(r32("max.f32 %r9, %r1, %r2", f(-0.0), f(0.0), 0), f(0.0));
    assert_eq!(r32("min.f32 %r9, %r1, %r2", f(0.0), f(-0.0), 0), f(-0.0));
    assert_eq!(
        r32("copysign.f32 %r9, %r1, %r2", f(-3.0), f(2.0), 0),
        f(-2.0)
    );
    assert_eq!(
        r64("copysign.f64 %rd9, %rd1, %rd2", d(3.0), d(-2.0), 0),
        d(2.0)
    );
    assert_eq!(r32("neg.f32 %r9, %r1", 0, 0, 0), f(-0.0));
    for (op, want) in [
        ("eq", 0),
        ("ne", 0),
        ("lt", 0),
        ("ge", 0),
        ("equ", 1),
        ("neu", 1),
        ("ltu", 1),
        ("geu", 1),
        ("num", 0),
        ("nan", 1),
    ] {
        assert_eq!(
            rp(&format!("setp.{op}.f32 %p1, %r1, %r2"), nan, f(1.0), 0),
            want,
            "{op}"
        );
    }
    for (op, want) in [
        ("eq", 0),
        ("ne", 1),
        ("lt", 1),
        ("le", 1),
        ("gt", 0),
        ("ge", 0),
        ("equ", 0),
        ("neu", 1),
        ("ltu", 1),
        ("leu", 1),
        ("gtu", 0),
        ("geu", 0),
        ("num", 1),
        ("nan", 0),
    ] {
        assert_eq!(
            rp(
                &format!("setp.{op}.f64 %p1, %rd1, %rd2"),
                d(-1.0),
                d(1.0),
                0
            ),
            want,
            "{op}"
        );
    }
    assert_eq!(rp("testp.normal.f32 %p1, %r1", 1, 0, 0), 0);
    assert_eq!(rp("testp.subnormal.f32 %p1, %r1", 1, 0, 0), 1);
    assert_eq!(rp("testp.finite.f32 %p1, %r1", nan, 0, 0), 0);
    assert_eq!(
        rp("testp.infinite.f64 %p1, %rd1", d(f64::INFINITY), 0, 0),
        1
    );
}

#[test]
fn memory() {
    assert_eq!(
        run(
            "mov.b64 {%r4, %r5}, %rd1; mov.b64 %rd9, {%r5, %r4};",
            0x11112222_33334444,
            0,
            0
        ),
        0x33334444_11112222
    );
    assert_eq!(
        run(
            "mov.b32 {%rs4, %rs5}, %r1; mov.b32 %r9, {%rs5, %rs4}; cvt.u64.u32 %rd9, %r9;",
            0x1111_2222,
            0,
            0
        ),
        0x2222_1111
    );
    assert_eq!(
        run(
            ".local .align 8 .b8 l[16]; mov.b64 %rd4, l; cvta.local.u64 %rd5, %rd4; st.b16 [%rd5+2], %r1; ld.local.s8 %r4, [%rd4+3]; cvt.s64.s32 %rd9, %r4;",
            0x8001,
            0,
            0
        ),
        (-128i64) as u64
    );
    assert_eq!(
        run(
            "ld.global.v2.b64 {%rd4, %rd5}, [%rd0]; sub.s64 %rd9, %rd5, %rd4;",
            7,
            10,
            0
        ),
        3
    );
    assert_eq!(
        run(
            "atom.global.add.u64 %rd9, [%rd0], 5; ld.global.b64 %rd4, [%rd0]; mad.lo.s64 %rd9, %rd9, 100, %rd4;",
            7,
            0,
            0
        ),
        712
    );
    assert_eq!(
        run(
            "atom.global.cas.b32 %r4, [%rd0], 7, 9; ld.global.b32 %r5, [%rd0]; mul.wide.u32 %rd9, %r4, %r5;",
            7,
            0,
            0
        ),
        63
    );
    assert_eq!(
        run(
            "atom.global.max.s32 %r4, [%rd0], %r2; ld.global.b64 %rd9, [%rd0];",
            0xffff_ffff,
            1,
            0
        ),
        1
    );
    assert_eq!(
        run(
            "atom.global.inc.u32 %r4, [%rd0], 3; ld.global.b64 %rd9, [%rd0];",
            3,
            0,
            0
        ),
        0
    );
    assert_eq!(
        run(
            "bra $x; $t: .branchtargets $a, $b, $c; $a: mov.b64 %rd9, 1; bra $e; $b: mov.b64 %rd9, 2; bra $e; $c: mov.b64 %rd9, 3; bra $e; $x: brx.idx %r1, $t; $e:",
            2,
            0,
            0
        ),
        3
    );
    assert_eq!(
        run(
            "setp.eq.s32 %p1, %r1, 4; @%p1 mov.b64 %rd9, 1; @!%p1 mov.b64 %rd9, 2;",
            4,
            0,
            0
        ),
        1
    );
    // a register scope of its own
    assert_eq!(
        run(
            "mov.b64 %rd4, 5; { .reg .b64 %rd4; mov.b64 %rd4, 6; } mov.b64 %rd9, %rd4;",
            0,
            0,
            0
        ),
        5
    );
}

#[test]
fn block() {
    // reversal through shared memory, and a count over all blocks
    let src = format!(
        "{HEAD}.shared .align 4 .b8 sh[256];
.global .align 4 .b8 tab[8] = {{1, 0, 0, 0, 2}};
.global .u64 ptr[2] = {{generic(tab)+4, 0}};
.func (.param .b32 r) twice(.param .b32 x) {{
 .reg .b32 %r<3>; ld.param.b32 %r1, [x]; add.s32 %r2, %r1, %r1; st.param.b32 [r], %r2; ret; }}
.visible .entry k(.param .u64 p, .param .u64 q) {{
 .reg .b32 %r<12>; .reg .b64 %rd<12>;
 ld.param.u64 %rd1, [p]; ld.param.u64 %rd2, [q];
 mov.u32 %r1, %tid.x; mov.u32 %r2, %ntid.x; mad.lo.s32 %r3, %ctaid.x, %ntid.x, %tid.x;
 mul.wide.u32 %rd3, %r1, 4; mov.u64 %rd4, sh; add.s64 %rd5, %rd4, %rd3;
 {{ .param .b32 a; .param .b32 b; st.param.b32 [a], %r3; call.uni (b), twice, (a); ld.param.b32 %r4, [b]; }}
 st.shared.u32 [%rd5], %r4;
 bar.sync 0;
 sub.s32 %r5, %r2, %r1; add.s32 %r5, %r5, -1; mul.wide.u32 %rd6, %r5, 4; add.s64 %rd6, %rd4, %rd6; ld.shared.u32 %r6, [%rd6];
 mul.wide.u32 %rd7, %r3, 4; add.s64 %rd8, %rd1, %rd7; st.global.u32 [%rd8], %r6;
 ld.global.u64 %rd9, [ptr]; ld.u32 %r7, [%rd9];
 red.global.add.u32 [%rd2], %r7; ret; }}"
    );
    let m = Module::parse(&src).unwrap();
    let (mut y, mut n) = (vec![0u32; 128], [0u32]);
    m.launch(
        "k",
        &Launch::new(2, 64),
        &mut [Arg::buf(&mut y), Arg::buf(&mut n)],
    )
    .unwrap();
    let want: Vec<u32> = (0..128).map(|i| 2 * (i / 64 * 64 + 63 - i % 64)).collect();
    assert_eq!((y, n), (want, [256]));
}

#[test]
fn refused() {
    let e = |body: &str, part: &str| {
        let r = try_run(body, 1, 2, 3);
        assert!(r.as_ref().is_err_and(|m| m.contains(part)), "{body}: {r:?}");
    };
    e("frobnicate.b32 %r9, %r1;", "unsupported instruction");
    e("add.f32 %r9, %r1, %r2;", "contract");
    e("add.rn.ftz.f32 %r9, %r1, %r2;", "unsupported");
    e("sin.approx.f32 %r9, %r1;", "unsupported");
    e("add.rz.f32 %r9, %r1, %r2;", "unsupported");
    e("add.s32 %r9, %r1;", "unsupported");
    e("add.s32 %rd9, %r1, %r2;", "64 bits, 32 needed");
    e("add.s32 %r9, %q1, %r2;", "unknown operand");
    e("bra $nowhere;", "no label");
    e("mov.b64 %rd9, nothing;", "unknown operand");
    e("div.u32 %r9, %r1, 0;", "division by zero");
    e("ld.global.b32 %r9, [%rd0+32];", "offset 32");
    e("ld.global.b32 %r9, [%rd0+-4];", "offset -4");
    e("ld.global.b32 %r9, [%rd0+2];", "not aligned");
    e("ld.shared.b32 %r9, [%rd0];", "Shared");
    e("ld.global.b32 %r9, [0];", "no buffer");
    e("trap;", "trap");
    e("$l: bra $l;", "over");
    e(
        ".local .align 4 .b8 l[16]; mov.b64 %rd4, l; ld.local.b64 %rd9, [%rd4];",
        "not aligned",
    );
    e(
        ".local .align 4 .b8 l[16]; mov.b64 %rd4, l; ld.global.b32 %r9, [%rd4];",
        "no buffer",
    );
    e("vote.sync.any.pred %p1, %p1, -1;", "unsupported");
    e("shfl.sync.idx.b32 %r9, %r1, 0, 31, -1;", "unsupported");
}

/// A pointer inside a struct leads to memory at its own address, within its bounds.
#[test]
fn mapped() {
    let source = format!(
        "{HEAD}.visible .entry k(.param .align 8 .b8 s[16])
{{ .reg .b64 %rd<4>;
 ld.param.b64 %rd0, [s]; ld.param.b64 %rd1, [s+8]; add.s64 %rd0, %rd0, %rd1;
 ld.b64 %rd2, [%rd0]; add.s64 %rd2, %rd2, 1; st.global.b64 [%rd0], %rd2; ret; }}"
    );
    let module = Module::parse(&source).unwrap();
    // Apart, so that no overrun of one is within the other.
    let mut memory = [1_u64, 2, 3, 0, 0, 4, 5];
    let (numbers, others) = memory.split_at_mut(5);
    let numbers = &mut numbers[..3];
    let mut launch = |offset: i64, with: bool| {
        let mut bytes = (numbers.as_ptr() as u64).to_le_bytes().to_vec();
        bytes.extend(offset.to_le_bytes());
        let mut arguments = vec![Arg::mapped(others), Arg::Bytes(&bytes)];
        if with {
            arguments.push(Arg::mapped(numbers));
        }
        module
            .launch("k", &Launch::new(1, 1), &mut arguments)
            .map_err(|error| error.0)
    };
    assert!(launch(8, true).is_ok());
    assert!(launch(16, true).is_ok());
    assert!(launch(24, true).is_err_and(|error| error.contains("offset 24 of memory at")));
    assert!(launch(4, true).is_err_and(|error| error.contains("not aligned")));
    assert!(launch(-(1 << 40), true).is_err_and(|error| error.contains("no buffer")));
    assert!(launch(8, false).is_err());
    assert_eq!(memory, [1, 3, 4, 0, 0, 4, 5]);
}
