//! The C interface, of which an emulated driver can be made. Every function returns 0, or writes why
//! not to `message` and returns 1.

use std::ffi::{CStr, c_char, c_int};
use std::fmt::Write;
use std::path::Path;
use std::{env, fs, io, ptr, slice};

use crate::{Arg, Launch, Module, Stats};

/// A module, and the text that it was read from.
pub struct Loaded {
    module: Module,
    text: String,
}

/// An argument of a launch.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Argument {
    /// One of the constants below.
    kind: u32,
    /// Whether a value is a floating-point number.
    float: u32,
    pointer: *mut u8,
    length: usize,
}

const BUFFER: u32 = 1;
const READ_ONLY: u32 = 2;
const MAPPED: u32 = 3;

/// Writes a message, cut to fit and ended by a 0.
///
/// # Safety
/// There are `capacity` bytes to write to, at least one.
unsafe fn write_message(text: &str, message: *mut c_char, capacity: usize) {
    let length = text.len().min(capacity.saturating_sub(1));
    // SAFETY: as the caller promises.
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr(), message.cast(), length);
        message.add(length).write(0);
    }
}

/// Reads a module.
///
/// # Safety
/// `source` has `length` bytes, `message` has `capacity`, at least one; `module` can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ptxrun_parse(
    source: *const u8,
    length: usize,
    module: *mut *mut Loaded,
    message: *mut c_char,
    capacity: usize,
) -> c_int {
    // SAFETY: as the caller promises.
    let source = unsafe { slice::from_raw_parts(source, length) };
    let parsed = match str::from_utf8(source) {
        Ok(text) => Module::parse(text)
            .map(|module| Loaded {
                module,
                text: text.into(),
            })
            .map_err(|error| error.0),
        Err(error) => Err(error.to_string()),
    };
    match parsed {
        Ok(parsed) => {
            // SAFETY: as the caller promises.
            unsafe { module.write(Box::into_raw(Box::new(parsed))) };
            0
        }
        Err(error) => {
            // SAFETY: as the caller promises.
            unsafe { write_message(&error, message, capacity) };
            1
        }
    }
}

/// Frees a module.
///
/// # Safety
/// It comes from [`ptxrun_parse`] and is used nowhere after this.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ptxrun_free(module: *mut Loaded) {
    // SAFETY: as the caller promises.
    drop(unsafe { Box::from_raw(module) });
}

/// Writes to a folder how often a warp issued each line of a launch, as `KERNEL.counts`, and the lines, as
/// `KERNEL.ptx`. A later launch of the same kernel replaces them.
fn write_counts(folder: &Path, kernel: &str, loaded: &Loaded, stats: &Stats) -> io::Result<()> {
    let mut counts = String::new();
    for (line, times) in stats.issues.iter().filter(|(_, times)| *times > 0) {
        writeln!(counts, "{line} {times}").expect("a string has room");
    }
    fs::create_dir_all(folder)?;
    fs::write(folder.join(format!("{kernel}.counts")), counts)?;
    fs::write(folder.join(format!("{kernel}.ptx")), &loaded.text)
}

/// Launches a kernel. Where the environment's `PTXRUN_COUNTS` names a folder, threads go in warps and the
/// launch leaves its counts there.
///
/// `dimensions` are the grid's and the block's x, y and z; `options` the bytes of dynamic shared
/// memory, the most instructions of a thread, and what memory is filled with. An argument is a value
/// (kind 0), a buffer whose address the kernel is given (1), one that it may only read (2), or no
/// argument but memory that the kernel finds at its own address (3).
///
/// # Safety
/// `module` comes from [`ptxrun_parse`], `kernel` ends with a 0, and there are 6 dimensions, 3 options,
/// `count` arguments and `capacity` bytes of `message`, at least one. Each argument's pointer points to
/// its length, and until this returns nobody else uses what it points to.
#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments, reason = "C has no slices")]
pub unsafe extern "C" fn ptxrun_launch(
    module: *const Loaded,
    kernel: *const c_char,
    dimensions: *const u32,
    options: *const u64,
    arguments: *const Argument,
    count: usize,
    message: *mut c_char,
    capacity: usize,
) -> c_int {
    // SAFETY: as the caller promises.
    let (loaded, kernel, dimensions, options, arguments) = unsafe {
        (
            &*module,
            CStr::from_ptr(kernel).to_string_lossy(),
            slice::from_raw_parts(dimensions, 6),
            slice::from_raw_parts(options, 3),
            slice::from_raw_parts(arguments, count),
        )
    };
    let counts = env::var_os("PTXRUN_COUNTS");
    let launch = Launch {
        grid: [dimensions[0], dimensions[1], dimensions[2]],
        block: [dimensions[3], dimensions[4], dimensions[5]],
        shared: options[0] as usize,
        max_steps: options[1],
        fill: options[2] as u8,
        warps: counts.is_some(),
    };
    let mut arguments: Vec<Arg> = arguments
        .iter()
        .map(|argument| {
            // SAFETY: as the caller promises.
            let bytes = unsafe { slice::from_raw_parts_mut(argument.pointer, argument.length) };
            match (argument.kind, argument.float, &*bytes) {
                (BUFFER, ..) => Arg::Buf(bytes),
                (READ_ONLY, ..) => Arg::Ro(bytes),
                (MAPPED, ..) => Arg::Mapped(bytes),
                (_, 1, &[a, b, c, d]) => Arg::F32(f32::from_le_bytes([a, b, c, d])),
                (_, 1, &[a, b, c, d, e, f, g, h]) => {
                    Arg::F64(f64::from_le_bytes([a, b, c, d, e, f, g, h]))
                }
                (_, _, &[a, b, c, d]) => Arg::U32(u32::from_le_bytes([a, b, c, d])),
                (_, _, &[a, b, c, d, e, f, g, h]) => {
                    Arg::U64(u64::from_le_bytes([a, b, c, d, e, f, g, h]))
                }
                _ => Arg::Bytes(bytes),
            }
        })
        .collect();
    let launched = loaded.module.launch(&kernel, &launch, &mut arguments);
    let written = launched
        .map_err(|error| error.0)
        .and_then(|stats| match counts {
            Some(folder) => write_counts(Path::new(&folder), &kernel, loaded, &stats)
                .map_err(|error| format!("{}: {error}", folder.display())),
            None => Ok(()),
        });
    match written {
        Ok(()) => 0,
        Err(error) => {
            // SAFETY: as the caller promises.
            unsafe { write_message(&error, message, capacity) };
            1
        }
    }
}
