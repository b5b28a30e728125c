//! Stands in for the crate `libfuzzer-sys`: a fuzz target is a program that runs once for each file of the folder that
//! the environment's `SEEDS` names. For Miri, which links no fuzzer.

use std::path::PathBuf;
use std::{env, fs};

pub use arbitrary;

/// The fuzz target's program.
#[macro_export]
macro_rules! fuzz_target {
    (|$input:ident: $type:ty| $body:expr) => {
        #[cfg(miri)]
        #[unsafe(no_mangle)]
        fn miri_start(_arguments: isize, _values: *const *const u8) -> isize {
            fn __libfuzzer_sys_run($input: $type) {
                $body
            }
            for seed in $crate::seeds() {
                let bytes = $crate::read(&seed);
                let unstructured = $crate::arbitrary::Unstructured::new(&bytes);
                let input = $crate::arbitrary::Arbitrary::arbitrary_take_rest(unstructured);
                __libfuzzer_sys_run(input.unwrap());
            }
            0
        }
    };
}

/// The files of the folder, in order.
pub fn seeds() -> Vec<PathBuf> {
    let folder = env::var_os("SEEDS").expect("SEEDS names the folder");
    let files = fs::read_dir(folder).expect("a folder of seeds");
    let mut seeds: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "no seeds");
    seeds
}

/// A file's bytes.
pub fn read(seed: &PathBuf) -> Vec<u8> {
    println!("{}", seed.display());
    fs::read(seed).expect("a seed that can be read")
}
