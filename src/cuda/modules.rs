//! Modules of kernels, compiled when they are first needed, and the kernels in them.

use core::mem;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cust::error::CudaError;
use cust::function::{BlockSize, Function};
use cust::module::Module;

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
    Module::from_ptx(ptx, &[]).map_err(LaunchError::driver("compile the kernels"))
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
