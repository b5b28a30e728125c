//! The ChaCha8 block function.
//!
//! `rand_chacha` computes four consecutive blocks of one stream and buffers 64 words; a batch
//! wants one block of each of many streams, and a microcontroller the smallest buffer. The words
//! are the same (`tests/streams.rs`). ChaCha is Bernstein 2008; the 64-bit counter and 64-bit
//! stream identifier are his, not those of RFC 8439.

/// Makes the 16 words of block `counter` of stream `stream`, in the fewest instructions to store.
///
/// In the caller's memory, and from the key twice: what a microcontroller has no room for is a
/// second and a third block on the stack.
pub(crate) fn fill(words: &mut [u32; 16], key: &[u32; 8], counter: u64, stream: u64) {
    *words = start(key, counter, stream);
    for _ in 0..4 {
        *words = double_round(*words);
    }
    for (word, start) in words.iter_mut().zip(start(key, counter, stream)) {
        *word = word.wrapping_add(start);
    }
}

/// [`fill`] without a loop or memory, so that a loop around it vectorises.
#[inline(always)]
pub(crate) fn block(key: &[u32; 8], counter: u64, stream: u64) -> [u32; 16] {
    let mut words = start(key, counter, stream);
    let mixed = double_round(double_round(double_round(double_round(words))));
    for (word, mixed) in words.iter_mut().zip(mixed) {
        *word = word.wrapping_add(mixed);
    }
    words
}

/// What a block is mixed from.
#[inline(always)]
fn start(key: &[u32; 8], counter: u64, stream: u64) -> [u32; 16] {
    let [k0, k1, k2, k3, k4, k5, k6, k7] = *key;
    let (counter_low, counter_high) = halves(counter);
    let (stream_low, stream_high) = halves(stream);
    // "expand 32-byte k"
    [
        0x6170_7865,
        0x3320_646e,
        0x7962_2d32,
        0x6b20_6574,
        k0,
        k1,
        k2,
        k3,
        k4,
        k5,
        k6,
        k7,
        counter_low,
        counter_high,
        stream_low,
        stream_high,
    ]
}

#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "the low half is wanted")]
fn halves(word: u64) -> (u32, u32) {
    (word as u32, (word >> 32) as u32)
}

/// Four quarter rounds on the columns, four on the diagonals.
#[inline(always)]
fn double_round(state: [u32; 16]) -> [u32; 16] {
    let [
        s0,
        s1,
        s2,
        s3,
        s4,
        s5,
        s6,
        s7,
        s8,
        s9,
        s10,
        s11,
        s12,
        s13,
        s14,
        s15,
    ] = state;
    let [s0, s4, s8, s12] = quarter_round(s0, s4, s8, s12);
    let [s1, s5, s9, s13] = quarter_round(s1, s5, s9, s13);
    let [s2, s6, s10, s14] = quarter_round(s2, s6, s10, s14);
    let [s3, s7, s11, s15] = quarter_round(s3, s7, s11, s15);
    let [s0, s5, s10, s15] = quarter_round(s0, s5, s10, s15);
    let [s1, s6, s11, s12] = quarter_round(s1, s6, s11, s12);
    let [s2, s7, s8, s13] = quarter_round(s2, s7, s8, s13);
    let [s3, s4, s9, s14] = quarter_round(s3, s4, s9, s14);
    [
        s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15,
    ]
}

#[inline(always)]
fn quarter_round(mut a: u32, mut b: u32, mut c: u32, mut d: u32) -> [u32; 4] {
    a = a.wrapping_add(b);
    d = (d ^ a).rotate_left(16);
    c = c.wrapping_add(d);
    b = (b ^ c).rotate_left(12);
    a = a.wrapping_add(b);
    d = (d ^ a).rotate_left(8);
    c = c.wrapping_add(d);
    b = (b ^ c).rotate_left(7);
    [a, b, c, d]
}
