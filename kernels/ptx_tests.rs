//! Every kernel's PTX against the CPU engine, bit for bit, in an emulator of PTX: the program that the
//! variable `PTXRUN` names.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use super::*;
use crate::cuda;

/// A folder of files for the emulator.
struct Files(PathBuf);

impl Files {
    fn new() -> Self {
        let folder = env::temp_dir().join(format!("poisson-midpoint-ptx-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // What is left of it is in the system's folder for such.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn words(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn half_words(numbers: impl IntoIterator<Item = u32>) -> Vec<u8> {
    numbers.into_iter().flat_map(u32::to_le_bytes).collect()
}

fn scalar<T: Value>(x: T) -> Vec<u8> {
    x.bits().to_le_bytes()[..size_of::<T>()].to_vec()
}

/// A scalar that is made of bits.
trait OfBits: Value {
    fn of_bits(bits: u64) -> Self;
}

impl OfBits for f32 {
    fn of_bits(bits: u64) -> Self {
        Self::from_bits(bits as u32)
    }
}

impl OfBits for f64 {
    fn of_bits(bits: u64) -> Self {
        Self::from_bits(bits)
    }
}

fn scalars<T: OfBits>(bytes: &[u8]) -> Vec<T> {
    let chunks = bytes.chunks_exact(size_of::<T>());
    let of = |chunk: &[u8]| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        T::of_bits(u64::from_le_bytes(word))
    };
    chunks.map(of).collect()
}

/// The fields of a [`FailureRecord`] in their order.
fn record_words(record: &FailureRecord) -> [u32; 5] {
    let [a, b, c] = record.fields;
    [record.code, record.step, a, b, c]
}

fn extent_bytes(extent: &Extent, key: [u32; 8]) -> Vec<u8> {
    [
        words(&[extent.count as u64, extent.first]),
        half_words(key),
        words(&[extent.table_length as u64]),
        half_words([extent.first_step, extent.steps]),
    ]
    .concat()
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// Runs a kernel in the emulator: on 3 blocks of 8 threads, over a number of particles that leaves
/// some threads without and gives others two.
fn emulate<S, F, X, const D: usize>(
    (emulator, module, files): (&Path, &Path, &Files),
    name: &str,
    stepper: &impl Stepper<D, Scheme = S>,
    method: &Method<S::Real>,
    drift: &F,
    table: &[S::Real],
) where
    X: State<S::Real, D>,
    S: KernelScheme<Real: OfBits> + Process<D, State = X>,
    F: Drift<S::Real, D> + Clone,
{
    const STEPS: u32 = 3;
    for (count, blocks) in [(5, 1), (29, 3)] {
        let mut arrays = Arrays::<S::Real>::new(X::PARTS * D, count);
        let extent = arrays.launch(table, STEPS).extent;
        let buffers = [
            (
                "state",
                arrays.state.iter().flat_map(|&x| scalar(x)).collect(),
            ),
            ("positions", words(&arrays.positions)),
            ("codes", half_words(arrays.codes.iter().copied())),
            (
                "failures",
                half_words(arrays.failures.iter().flat_map(record_words)),
            ),
            ("drift_calls", words(&arrays.drift_calls)),
        ];
        let mut command = Command::new(emulator);
        command.arg(module).arg(name);
        command.args(["--grid", &format!("{blocks}"), "--block", "8"]);
        let mut parameter = |kind: &str, path: PathBuf| {
            let mut value = OsString::from(format!("{kind}:"));
            value.push(path);
            command.arg("--param").arg(value);
        };
        for (buffer, bytes) in &buffers {
            parameter("buf", files.write(buffer, bytes));
        }
        let table_bytes: Vec<u8> = table.iter().flat_map(|&x| scalar(x)).collect();
        parameter("ro", files.write("table", &table_bytes));
        let key = extent.streams.key();
        for bytes in [extent_bytes(&extent, key), method.le_bytes(scalar)] {
            command.args(["--param", &format!("hex:{}", hexadecimal(&bytes))]);
        }
        let output = command.output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {message}");
        let read = |buffer: &str| files.read(&format!("{buffer}.out"));
        let wide = |buffer: &str| -> Vec<u64> {
            let bytes = read(buffer);
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|&x| u64::from_le_bytes(x))
                .collect()
        };
        let narrow = |buffer: &str| -> Vec<u32> {
            let bytes = read(buffer);
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|&x| u32::from_le_bytes(x))
                .collect()
        };
        let record = |&[code, step, a, b, c]: &[u32; 5]| FailureRecord {
            code,
            step,
            fields: [a, b, c],
        };
        arrays.state = scalars(&read("state"));
        arrays.positions = wide("positions");
        arrays.codes = narrow("codes");
        arrays.failures = narrow("failures")
            .as_chunks()
            .0
            .iter()
            .map(record)
            .collect();
        arrays.drift_calls = wide("drift_calls");
        Expected::new(stepper, drift, count, STEPS).compare(&arrays, name);
    }
}

#[test]
fn every_kernel_has_the_bits_of_the_cpu_engine() {
    let emulator = env::var_os("PTXRUN").filter(|name| !name.is_empty());
    let Some(emulator) = emulator.map(PathBuf::from) else {
        println!("SKIPPED: PTXRUN names no emulator");
        return;
    };
    let files = Files::new();
    let mut module;
    let mut kernels = 0;
    macro_rules! emulate_body {
        ($dimension:literal, $name:expr, $body:expr, $($argument:expr),* $(,)?) => {
            emulate::<_, _, _, $dimension>((&emulator, &module, &files), $name, $($argument),*);
            kernels += 1;
        };
    }
    macro_rules! emulate_kernel {
        ($($kernel:tt)*) => {
            with_kernel! { $($kernel)*, emulate_body }
        };
    }
    macro_rules! emulate_module {
        ($name:literal, $real:ident, $dimension:literal $(, compact)?) => {
            let ptx = cuda::ptx::<$real>($dimension).unwrap();
            module = files.write(concat!($name, ".ptx"), ptx.as_bytes());
            each_kernel! { emulate_kernel, $real, $dimension }
        };
    }
    each_module! { emulate_module }
    println!("{kernels} kernels and laws");

    // A drift that is infinite: every particle fails at its first step and stays where it was.
    module = files.write("failing.ptx", cuda::ptx::<f32>(2).unwrap().as_bytes());
    let table = [f32::INFINITY, 0.0, 1.0, 0.0, 0.0, 1.0];
    let drift = GaussianTable::<f32, 2>::from_table(&table).unwrap();
    let stepper = PoissonMidpoint::new(overdamped::<f32>(7), MidpointLaw::Single);
    emulate::<_, _, _, 2>(
        (&emulator, &module, &files),
        "pmm_overdamped_gaussian_f32_2",
        &stepper,
        &Method::from(&stepper),
        &drift,
        &table,
    );
    assert_eq!(kernels, 13 * 8 * 3);
}
