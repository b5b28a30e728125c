//! The ChaCha8 block function.
//!
//! `rand_chacha` computes four consecutive blocks of one stream and buffers 64 words; a batch
//! wants one block of each of many streams, and a microcontroller the smallest buffer. The words
//! are the same (`tests/streams.rs`). ChaCha is Bernstein 2008; the 64-bit counter and 64-bit
//! stream identifier are his, not those of RFC 8439.

/// Makes the 16 words of block `counter` of stream `stream`, in the fewest instructions to store.
///
/// It works in the caller's memory and makes the start from the key twice, since a microcontroller has no room for a
/// second and a third block on the stack.
#[cfg_attr(target_arch = "nvptx64", inline(always))]
pub(crate) fn fill(words: &mut [u32; 16], key: &[u32; 8], counter: u64, stream: u64) {
    let (counter, stream) = (halves(counter), halves(stream));
    *words = start(key, counter, stream);
    for _ in 0..4 {
        *words = double_round(*words);
    }
    *words = sum(*words, start(key, counter, stream));
}

/// [`fill`] without a loop or memory, so that a loop around it vectorises: to the full width, since all words have
/// 32 bits.
#[inline(always)]
pub(crate) fn block(key: &[u32; 8], counter: [u32; 2], stream: [u32; 2]) -> [u32; 16] {
    let start = start(key, counter, stream);
    let mixed = double_round(double_round(double_round(double_round(start))));
    sum(mixed, start)
}

/// The word of a block at an index below 16, by four rounds of choices between halves: on a GPU an
/// array that is indexed lies in memory, and one that is not indexed lies in registers.
#[inline(always)]
pub(crate) fn pick(words: &[u32; 16], index: u32) -> u32 {
    let [
        w0,
        w1,
        w2,
        w3,
        w4,
        w5,
        w6,
        w7,
        w8,
        w9,
        w10,
        w11,
        w12,
        w13,
        w14,
        w15,
    ] = *words;
    let (twos, fours, eights) = (index >> 1, index >> 2, index >> 3);
    let four = |a, b, c, d| choose(twos, choose(index, a, b), choose(index, c, d));
    let eight = |low, high| choose(fours, low, high);
    let low = eight(four(w0, w1, w2, w3), four(w4, w5, w6, w7));
    let high = eight(four(w8, w9, w10, w11), four(w12, w13, w14, w15));
    choose(eights, low, high)
}

/// The second of two words where a number is odd, otherwise the first one. By a mask: the compiler would turn a
/// conditional into a choice between addresses.
#[inline(always)]
pub(crate) fn choose(number: u32, even: u32, odd: u32) -> u32 {
    even ^ ((even ^ odd) & (number & 1).wrapping_neg())
}

/// The sum of two blocks word by word; without a loop, so that the words stay in registers.
#[inline(always)]
fn sum(a: [u32; 16], b: [u32; 16]) -> [u32; 16] {
    let [
        a0,
        a1,
        a2,
        a3,
        a4,
        a5,
        a6,
        a7,
        a8,
        a9,
        a10,
        a11,
        a12,
        a13,
        a14,
        a15,
    ] = a;
    let [
        b0,
        b1,
        b2,
        b3,
        b4,
        b5,
        b6,
        b7,
        b8,
        b9,
        b10,
        b11,
        b12,
        b13,
        b14,
        b15,
    ] = b;
    [
        a0.wrapping_add(b0),
        a1.wrapping_add(b1),
        a2.wrapping_add(b2),
        a3.wrapping_add(b3),
        a4.wrapping_add(b4),
        a5.wrapping_add(b5),
        a6.wrapping_add(b6),
        a7.wrapping_add(b7),
        a8.wrapping_add(b8),
        a9.wrapping_add(b9),
        a10.wrapping_add(b10),
        a11.wrapping_add(b11),
        a12.wrapping_add(b12),
        a13.wrapping_add(b13),
        a14.wrapping_add(b14),
        a15.wrapping_add(b15),
    ]
}

/// The state that a block is mixed from.
#[inline(always)]
fn start(
    key: &[u32; 8],
    [counter_low, counter_high]: [u32; 2],
    [stream_low, stream_high]: [u32; 2],
) -> [u32; 16] {
    let [k0, k1, k2, k3, k4, k5, k6, k7] = *key;
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

/// A counter or a stream as [`block`] takes it, the low half first.
#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "the low half is wanted")]
pub(crate) fn halves(word: u64) -> [u32; 2] {
    [word as u32, (word >> 32) as u32]
}

/// [`halves`] of many, all low ones first.
pub(crate) fn halves_of<const L: usize>(words: [u64; L]) -> [[u32; L]; 2] {
    let halves = words.map(halves);
    [halves.map(|[low, _]| low), halves.map(|[_, high]| high)]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picking_is_indexing() {
        let words = fill_of(3);
        for (index, &word) in (0..).zip(&words) {
            assert_eq!(pick(&words, index), word);
        }
    }

    #[test]
    fn blocks_with_and_without_a_loop_are_the_same() {
        for counter in [0, 1, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(fill_of(counter), block(&[7; 8], halves(counter), [9, 0]));
        }
    }

    fn fill_of(counter: u64) -> [u32; 16] {
        let mut words = [0; 16];
        fill(&mut words, &[7; 8], counter, 9);
        words
    }
}
