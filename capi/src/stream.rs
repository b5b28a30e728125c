//! Streams, and the primitives that are functions of words.

use core_crate::random::{STREAM_VERSION, Stream, Words, normal_f32, normal_f64};

use crate::arrays::{check_apart, region};
use crate::object::{Handle, check, get, get_mut, init, write};
use crate::status::pmid_status_t;

/// An alignment in bytes that suits every object, for memory that is not declared as an object.
pub const PMID_ALIGNMENT: usize = 8;
/// 64-bit words of a stream.
pub const PMID_STREAM_WORDS: usize = 15;

/// The random words of one particle: ChaCha8, seekable. A particle's words depend on nothing but the
/// seed and the particle's number.
#[repr(C)]
pub struct pmid_stream_t {
    opaque: [u64; PMID_STREAM_WORDS],
}

// SAFETY: `repr(C)`, plain words, and the only handle with this mark.
unsafe impl Handle for pmid_stream_t {
    type Value = Stream;
    const MARK: u32 = 0x706d_6401;
}

/// The library's version: major << 16 | minor << 8 | patch.
pub const PMID_VERSION: u32 = 0x0000_0100;
/// The version of the random-stream contract that this header was made for.
pub const PMID_STREAM_VERSION: u32 = 1;

const _: () = assert!(align_of::<u64>() <= PMID_ALIGNMENT);
const _: () = assert!(PMID_STREAM_VERSION == STREAM_VERSION);

/// The version of the library that is linked, to compare with PMID_VERSION.
#[unsafe(no_mangle)]
pub extern "C" fn pmid_version() -> u32 {
    PMID_VERSION
}

/// The version of the random-stream contract of the library that is linked: the same version, seed
/// and particle give the same words, normals and midpoints.
#[unsafe(no_mangle)]
pub extern "C" fn pmid_stream_version() -> u32 {
    STREAM_VERSION
}

/// Makes the stream of a particle under a seed, at its first word.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pmid_stream_init(
    stream: *mut pmid_stream_t,
    seed: u64,
    particle: u64,
) -> pmid_status_t {
    // SAFETY: as the header's introduction demands.
    unsafe { init(stream, || Stream::new(seed, particle)) }.into()
}

/// Moves the stream to a word position, as pmid_stream_tell writes it. Returns PMID_PAST_END beyond 2^63.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pmid_stream_seek(
    stream: *mut pmid_stream_t,
    position: u64,
) -> pmid_status_t {
    // SAFETY: as the header's introduction demands.
    let stream = unsafe { get_mut(stream) };
    stream.and_then(|stream| Ok(stream.seek(position)?)).into()
}

/// Writes the number of words before the next one. This number and the state are a checkpoint: a
/// run resumed from them gives the same bits as one that was never interrupted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pmid_stream_tell(
    stream: *const pmid_stream_t,
    position: *mut u64,
) -> pmid_status_t {
    // SAFETY: as the header's introduction demands.
    unsafe { tell(stream, position) }.into()
}

/// Writes the next word, uniform over 32 bits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pmid_stream_next_word(
    stream: *mut pmid_stream_t,
    word: *mut u32,
) -> pmid_status_t {
    // SAFETY: as the header's introduction demands.
    unsafe { draw(stream, word, Words::next_word) }.into()
}

/// Writes a standard normal made from the next word.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pmid_stream_normal_f32(
    stream: *mut pmid_stream_t,
    normal: *mut f32,
) -> pmid_status_t {
    // SAFETY: as the header's introduction demands.
    unsafe { draw(stream, normal, |stream| normal_f32(stream.next_word())) }.into()
}

/// Writes a standard normal made from the next two words.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pmid_stream_normal_f64(
    stream: *mut pmid_stream_t,
    normal: *mut f64,
) -> pmid_status_t {
    let two_words = |stream: &mut Stream| {
        let high = stream.next_word();
        normal_f64([high, stream.next_word()])
    };
    // SAFETY: as the header's introduction demands.
    unsafe { draw(stream, normal, two_words) }.into()
}

/// Writes the word position.
///
/// # Safety
/// Both pointers are null, misaligned or valid.
unsafe fn tell(stream: *const pmid_stream_t, position: *mut u64) -> Result<(), pmid_status_t> {
    check_output(stream, position)?;
    // SAFETY: as the caller promises; checked to lie apart.
    unsafe { write(position, get(stream)?.word_position()) }
}

/// Writes what `make` draws, having checked first that it can be written.
///
/// # Safety
/// Both pointers are null, misaligned or valid.
unsafe fn draw<T>(
    stream: *mut pmid_stream_t,
    output: *mut T,
    make: impl FnOnce(&mut Stream) -> T,
) -> Result<(), pmid_status_t> {
    check_output(stream, output)?;
    // SAFETY: as the caller promises; checked to lie apart.
    unsafe { write(output, make(get_mut(stream)?)) }
}

/// Whether an output can be written, and is no part of the stream.
fn check_output<T>(stream: *const pmid_stream_t, output: *const T) -> Result<(), pmid_status_t> {
    check(output)?;
    check_apart(&[region(stream, 1), region(output, 1)])
}

/// The standard normal that a word stands for: the quantile at (word + 1/2)/2^32.
#[unsafe(no_mangle)]
pub extern "C" fn pmid_normal_f32(word: u32) -> f32 {
    normal_f32(word)
}

/// The standard normal that 64 bits stand for: the quantile at (2^32 high + low + 1/2)/2^64.
#[unsafe(no_mangle)]
pub extern "C" fn pmid_normal_f64(high: u32, low: u32) -> f64 {
    normal_f64([high, low])
}
