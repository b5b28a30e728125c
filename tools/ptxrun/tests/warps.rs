//! Threads that go in warps: the memory of threads that go one by one, and counts that are known by hand.

use ptxrun::{Arg, Launch, Module, Stats};

const HEAD: &str = ".version 7.0\n.target sm_80\n.address_size 64\n";

/// Adds up 0..k in thread k by a loop, and adds 100 by a call in every odd thread, whose sum is not below a
/// limit; then reverses each block through shared memory.
fn source() -> String {
    format!(
        "{HEAD}.shared .align 4 .b8 shared[256];
.func (.param .b32 r) plus(.param .b32 x);
.visible .entry k(.param .u64 p, .param .u32 limit)
{{
 .reg .pred %p<4>; .reg .b32 %r<12>; .reg .b64 %rd<8>;
 ld.param.u64 %rd1, [p];
 ld.param.u32 %r10, [limit];
 mov.u32 %r1, %tid.x;
 mov.u32 %r2, 0;
 mov.u32 %r3, 0;
 setp.eq.u32 %p1, %r1, 0;
 @%p1 bra $after;
$loop:
 add.s32 %r3, %r3, %r2; // loop
 add.s32 %r2, %r2, 1;
 setp.lt.u32 %p1, %r2, %r1;
 @%p1 bra $loop;
$after:
 and.b32 %r4, %r1, 1; // after
 setp.eq.u32 %p2, %r4, 0;
 @%p2 bra $join;
 setp.lt.u32 %p3, %r3, %r10; // odd
 @%p3 ret;
 {{
 .param .b32 a;
 .param .b32 b;
 st.param.b32 [a], %r3;
 call.uni (b), plus, (a); // call
 ld.param.b32 %r3, [b];
 }}
$join:
 mov.u32 %r5, %ntid.x; // join
 mul.wide.u32 %rd2, %r1, 4;
 mov.u64 %rd3, shared;
 add.s64 %rd4, %rd3, %rd2;
 st.shared.u32 [%rd4], %r3;
 bar.sync 0;
 sub.s32 %r6, %r5, %r1; // later
 add.s32 %r6, %r6, -1;
 mul.wide.u32 %rd5, %r6, 4;
 add.s64 %rd5, %rd3, %rd5;
 ld.shared.u32 %r7, [%rd5];
 mad.lo.s32 %r8, %ctaid.x, %ntid.x, %tid.x;
 mul.wide.u32 %rd6, %r8, 4;
 add.s64 %rd6, %rd1, %rd6;
 st.global.u32 [%rd6], %r7;
 ret;
}}
.func (.param .b32 r) plus(.param .b32 x)
{{
 .reg .b32 %r<3>;
 ld.param.b32 %r1, [x];
 add.s32 %r2, %r1, 100; // plus
 st.param.b32 [r], %r2;
 ret;
}}
"
    )
}

fn launch(threads: u32, limit: u32, warps: bool) -> (Vec<u32>, Stats) {
    let module = Module::parse(&source()).unwrap();
    let mut memory = vec![7; 2 * threads as usize];
    let launch = Launch {
        warps,
        ..Launch::new(2, threads)
    };
    let stats = module
        .launch("k", &launch, &mut [Arg::buf(&mut memory), Arg::U32(limit)])
        .unwrap();
    (memory, stats)
}

/// How often the line with a comment was executed by threads, and issued to warps.
fn counts(stats: &Stats, comment: &str) -> (u64, u64) {
    let source = source();
    let found = source
        .lines()
        .position(|line| line.ends_with(&format!("// {comment}")));
    let number = found.unwrap() as u32 + 1;
    let of = |lines: &[(u32, u64)]| {
        lines
            .iter()
            .filter(|(line, _)| *line == number)
            .map(|(_, times)| times)
            .sum()
    };
    (of(&stats.lines), of(&stats.issues))
}

#[test]
fn the_memory_of_threads_one_by_one() {
    for threads in [1, 31, 32, 33, 64] {
        for limit in [0, 50] {
            let (alone, one_by_one) = launch(threads, limit, false);
            let (together, in_warps) = launch(threads, limit, true);
            assert_eq!(alone, together, "{threads} threads");
            assert_eq!(one_by_one.lines, in_warps.lines);
            assert_eq!(one_by_one.lines, one_by_one.issues);
            assert_eq!(one_by_one.instructions, in_warps.instructions);
        }
    }
    // Not for want of anything to compare.
    let (memory, _) = launch(3, 0, true);
    assert_eq!(memory, [1, 100, 0, 1, 100, 0]);
}

/// Two blocks of a whole warp and of a single thread.
#[test]
fn counts_known_by_hand() {
    let (_, stats) = launch(33, 0, true);
    // Thread k goes k times round, and a warp as often as its longest thread: 31 and 32 times.
    assert_eq!(counts(&stats, "loop"), (2 * 528, 2 * (31 + 32)));
    // There the threads are together again, and so at the end, after the odd threads' call.
    assert_eq!(counts(&stats, "after"), (2 * 33, 2 * 2));
    assert_eq!(counts(&stats, "odd"), (2 * 16, 2));
    assert_eq!(counts(&stats, "call"), (2 * 16, 2));
    assert_eq!(counts(&stats, "plus"), (2 * 16, 2));
    assert_eq!(counts(&stats, "join"), (2 * 33, 2 * 2));
    assert_eq!(counts(&stats, "later"), (2 * 33, 2 * 2));

    // Of the odd threads, 1 to 9 end before the call: their sums are below 50.
    let (_, stats) = launch(33, 50, true);
    assert_eq!(counts(&stats, "call"), (2 * 11, 2));
    assert_eq!(counts(&stats, "join"), (2 * 28, 2 * 2));
}

/// What follows a loop lies before it in the text: threads that leave the loop after different numbers of rounds wait
/// there for each other.
#[test]
fn threads_wait_where_their_ways_join() {
    let source = format!(
        "{HEAD}.visible .entry k(.param .u64 p)
{{
 .reg .pred %p<3>; .reg .b32 %r<5>; .reg .b64 %rd<4>;
 ld.param.u64 %rd1, [p];
 mov.u32 %r1, %tid.x;
 mov.u32 %r2, 0;
 mov.u32 %r3, 0;
 bra $outer;
$after:
 add.s32 %r3, %r3, 100; // after
 mul.wide.u32 %rd2, %r1, 4;
 add.s64 %rd3, %rd1, %rd2;
 st.global.u32 [%rd3], %r3;
 ret;
$outer:
 mov.u32 %r4, 0; // outer
$inner:
 add.s32 %r4, %r4, 1; // inner
 add.s32 %r3, %r3, 1;
 setp.le.u32 %p1, %r4, %r1;
 @%p1 bra $inner;
 add.s32 %r2, %r2, 1; // latch
 setp.lt.u32 %p2, %r2, 3;
 @!%p2 bra $after;
 bra $outer;
}}
"
    );
    let module = Module::parse(&source).unwrap();
    let mut memory = vec![0_u32; 32];
    let launch = Launch {
        warps: true,
        ..Launch::new(1, 32)
    };
    let stats = module
        .launch("k", &launch, &mut [Arg::buf(&mut memory)])
        .unwrap();
    let expected: Vec<u32> = (0..32).map(|thread| 100 + 3 * (thread + 1)).collect();
    assert_eq!(memory, expected);
    let issued = |comment: &str| {
        let line = source.lines().position(|line| line.ends_with(comment));
        let line = line.unwrap() as u32 + 1;
        stats
            .issues
            .iter()
            .find(|issues| issues.0 == line)
            .unwrap()
            .1
    };
    let found = ["// outer", "// inner", "// latch", "// after"].map(issued);
    assert_eq!(found, [3, 3 * 32, 3, 1]);
}
