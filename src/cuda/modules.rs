//! Modules of kernels, compiled when they are first needed, and the kernels in them.

use core::ffi::{CStr, c_void};
use core::{mem, ptr};
use std::collections::HashMap;
use std::ffi::CString;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cust::error::CudaError;
use cust::function::{BlockSize, Function};
use cust::module::Module;
use cust::sys::{CUjit_option, CUresult, cuModuleLoadDataEx, cuModuleUnload};

use super::gpu::Grid;
use super::{KernelName, LaunchError};

/// Where a module's text lies, and how long it is: texts live as long as the program.
type Text = (usize, usize);

/// Where a module is once it is compiled.
type Place = Mutex<Option<Arc<Module>>>;

/// The modules of a device, and those of their kernels that have been asked for.
#[derive(Debug, Default)]
pub(super) struct Modules {
    kernels: Mutex<HashMap<(Text, KernelName), Arc<Kernel>>>,
    /// Each with a lock of its own, so that a thread which compiles one keeps no other waiting.
    modules: Mutex<HashMap<Text, Arc<Place>>>,
}

/// A kernel of a module.
#[derive(Debug)]
pub(super) struct Kernel {
    function: Function<'static>,
    /// How many threads a block should have.
    threads: u32,
    /// What the function is of.
    _module: Arc<Module>,
}

impl Modules {
    /// A kernel, for the device that the calling thread has entered. Compiles its module if this is the first of it
    /// that is asked for.
    pub(super) fn kernel(
        &self,
        ptx: &'static str,
        name: KernelName,
    ) -> Result<Arc<Kernel>, LaunchError> {
        let text = (ptx.as_ptr().addr(), ptx.len());
        if let Some(kernel) = self.found(text, name) {
            return Ok(kernel);
        }
        let place = Arc::clone(lock(&self.modules).entry(text).or_default());
        let mut place = lock(&place);
        // Another thread may have found it while this one waited.
        if let Some(kernel) = self.found(text, name) {
            return Ok(kernel);
        }
        let module = match &*place {
            Some(module) => Arc::clone(module),
            None => Arc::clone(place.insert(Arc::new(compile(ptx)?))),
        };
        let kernel = Arc::new(Kernel::new(module, name)?);
        lock(&self.kernels).insert((text, name), Arc::clone(&kernel));
        Ok(kernel)
    }

    fn found(&self, text: Text, name: KernelName) -> Option<Arc<Kernel>> {
        lock(&self.kernels).get(&(text, name)).map(Arc::clone)
    }
}

impl Kernel {
    fn new(module: Arc<Module>, name: KernelName) -> Result<Self, LaunchError> {
        let function = module.get_function(name.to_string());
        let function = function.map_err(|error| match error {
            CudaError::NotFound => LaunchError::NoKernel { name },
            error => LaunchError::driver("find the kernel")(error),
        })?;
        let (_, threads) = function
            .suggested_launch_configuration(0, BlockSize::x(MOST_THREADS))
            .map_err(LaunchError::driver("choose a grid"))?;
        // SAFETY: only the lifetime changes. The function is used as long as its module is there: the kernel, which
        // keeps the module, lends it out and never gives it away.
        let function = unsafe { mem::transmute::<Function<'_>, Function<'static>>(function) };
        Ok(Self {
            function,
            threads: threads.max(1),
            _module: module,
        })
    }

    pub(super) fn function(&self) -> &Function<'_> {
        &self.function
    }

    /// A grid that suits so many units of work.
    pub(super) fn grid(&self, units: usize) -> Grid {
        let blocks = units.div_ceil(self.threads as usize);
        let blocks = u32::try_from(blocks).unwrap_or(MOST_BLOCKS);
        Grid {
            blocks: blocks.min(MOST_BLOCKS),
            threads: self.threads,
        }
    }
}

fn compile(ptx: &str) -> Result<Module, LaunchError> {
    let Ok(text) = CString::new(ptx) else {
        return Err(LaunchError::Compile {
            error: CUresult::CUDA_ERROR_INVALID_PTX,
            log: "a zero byte in the text".into(),
        });
    };
    Module::from_ptx_cstr(&text, &[]).map_err(|error| refusal(&text, error))
}

/// Why the driver does not take a text, in its compiler's words. `cust` has no option for a log, so the driver is asked
/// again.
fn refusal(text: &CStr, error: CudaError) -> LaunchError {
    let mut log = [0_u8; LOG];
    let mut options = [
        CUjit_option::CU_JIT_ERROR_LOG_BUFFER,
        CUjit_option::CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES,
    ];
    let mut values: [*mut c_void; 2] = [
        log.as_mut_ptr().cast(),
        // A number in the place of a pointer, as the driver wants it.
        ptr::without_provenance_mut(LOG),
    ];
    let mut module = ptr::null_mut();
    // SAFETY: the text ends with a zero; there are as many options and values as are said to be, and the log is as long
    // as its value says.
    let result = unsafe {
        cuModuleLoadDataEx(
            &raw mut module,
            text.as_ptr().cast(),
            2,
            options.as_mut_ptr(),
            values.as_mut_ptr(),
        )
    };
    if result == CUresult::CUDA_SUCCESS {
        // The driver has changed its mind, for want of memory the first time perhaps.
        // SAFETY: the module has just been made, and nothing else knows of it.
        unsafe { cuModuleUnload(module) };
        return LaunchError::driver("compile the kernels")(error);
    }
    let written = log.split(|&byte| byte == 0).next().unwrap_or_default();
    LaunchError::Compile {
        error: result,
        log: String::from_utf8_lossy(written).trim().into(),
    }
}

/// A lock's value. What locks here guard is whole between any two statements, so that a thread which panicked has
/// spoilt nothing.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The most blocks of a launch, as many as a device takes; more would bring nothing.
const MOST_BLOCKS: u32 = i32::MAX as u32;
/// Threads of a block: with more, a block of many registers waits for a whole multiprocessor.
const MOST_THREADS: u32 = 256;
/// Bytes of a compiler's log that are kept: its first complaints.
const LOG: usize = 4096;
