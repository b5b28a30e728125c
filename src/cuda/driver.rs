//! NVIDIA's driver, looked for when it is first needed.
//!
//! `cust` links the driver's library, so that a program would not even start where there is none. Here
//! every function of the driver that `cust` calls is defined as a jump to an address: the address of the driver's own
//! function once [`load`] has found it, and until then that of a function which reports an error.

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod lazy {
    use core::arch::naked_asm;
    use core::ffi::{CStr, c_int, c_void};
    use core::sync::atomic::{AtomicPtr, Ordering};
    use std::sync::OnceLock;

    use libloading::os::unix::Library;

    const LIBRARY: &str = "libcuda.so.1";

    /// Stands for a function that the driver does not have; it returns `CUDA_ERROR_NOT_FOUND`.
    extern "C" fn missing() -> c_int {
        500
    }

    macro_rules! bind {
        ($($name:ident)*) => {
            #[allow(non_camel_case_types, reason = "names in C")]
            #[allow(clippy::enum_variant_names, reason = "names in C")]
            enum Symbol { $($name),* }

            const NAMES: &[&CStr] = &[$(
                // SAFETY: a name has no zero in it, and is followed by one.
                unsafe { CStr::from_bytes_with_nul_unchecked(concat!(stringify!($name), "\0").as_bytes()) }
            ),*];

            static ADDRESSES: [AtomicPtr<c_void>; NAMES.len()] =
                [const { AtomicPtr::new(missing as *mut c_void) }; NAMES.len()];

            $(
                /// Jumps to the driver's function of this name, with the arguments as they are.
                #[unsafe(naked)]
                #[unsafe(no_mangle)]
                extern "C" fn $name() {
                    #[cfg(target_arch = "x86_64")]
                    naked_asm!(
                        "jmp qword ptr [rip + {addresses} + {offset}]",
                        addresses = sym ADDRESSES,
                        offset = const Symbol::$name as usize * 8,
                    );
                    // x16 is the register for such jumps.
                    #[cfg(target_arch = "aarch64")]
                    naked_asm!(
                        "adrp x16, {addresses} + {offset}",
                        "ldr x16, [x16, :lo12:{addresses} + {offset}]",
                        "br x16",
                        addresses = sym ADDRESSES,
                        offset = const Symbol::$name as usize * 8,
                    );
                }
            )*
        };
    }

    // What cust 0.3.2 calls.
    bind! {
        cuArray3DCreate_v2
        cuArray3DGetDescriptor_v2
        cuArrayDestroy
        cuCtxCreate_v2
        cuCtxDestroy_v2
        cuCtxGetApiVersion
        cuCtxGetCacheConfig
        cuCtxGetCurrent
        cuCtxGetDevice
        cuCtxGetFlags
        cuCtxGetLimit
        cuCtxGetSharedMemConfig
        cuCtxGetStreamPriorityRange
        cuCtxPopCurrent_v2
        cuCtxPushCurrent_v2
        cuCtxSetCacheConfig
        cuCtxSetCurrent
        cuCtxSetLimit
        cuCtxSetSharedMemConfig
        cuCtxSynchronize
        cuDestroyExternalMemory
        cuDeviceGet
        cuDeviceGetAttribute
        cuDeviceGetCount
        cuDeviceGetName
        cuDevicePrimaryCtxRelease_v2
        cuDevicePrimaryCtxReset_v2
        cuDevicePrimaryCtxRetain
        cuDevicePrimaryCtxSetFlags_v2
        cuDeviceTotalMem_v2
        cuDriverGetVersion
        cuEventCreate
        cuEventDestroy_v2
        cuEventElapsedTime
        cuEventQuery
        cuEventRecord
        cuEventSynchronize
        cuExternalMemoryGetMappedBuffer
        cuFuncGetAttribute
        cuFuncSetCacheConfig
        cuFuncSetSharedMemConfig
        cuGetErrorString
        cuGraphAddKernelNode
        cuGraphCreate
        cuGraphDebugDotPrint
        cuGraphDestroy
        cuGraphGetEdges
        cuGraphGetNodes
        cuGraphKernelNodeGetParams
        cuGraphNodeGetType
        cuImportExternalMemory
        cuInit
        cuLaunchHostFunc
        cuLaunchKernel
        cuLinkAddData_v2
        cuLinkComplete
        cuLinkCreate_v2
        cuLinkDestroy
        cuMemAdvise
        cuMemAllocAsync
        cuMemAllocHost_v2
        cuMemAllocManaged
        cuMemAlloc_v2
        cuMemFreeAsync
        cuMemFreeHost
        cuMemFree_v2
        cuMemGetInfo_v2
        cuMemPrefetchAsync
        cuMemcpy2D_v2
        cuMemcpyAtoH_v2
        cuMemcpyDtoDAsync_v2
        cuMemcpyDtoD_v2
        cuMemcpyDtoHAsync_v2
        cuMemcpyDtoH_v2
        cuMemcpyHtoA_v2
        cuMemcpyHtoDAsync_v2
        cuMemcpyHtoD_v2
        cuMemsetD16Async
        cuMemsetD16_v2
        cuMemsetD32Async
        cuMemsetD32_v2
        cuMemsetD8Async
        cuMemsetD8_v2
        cuModuleGetFunction
        cuModuleGetGlobal_v2
        cuModuleLoad
        cuModuleLoadData
        cuModuleLoadDataEx
        cuModuleUnload
        cuOccupancyAvailableDynamicSMemPerBlock
        cuOccupancyMaxActiveBlocksPerMultiprocessor
        cuOccupancyMaxPotentialBlockSize
        cuStreamCreateWithPriority
        cuStreamDestroy_v2
        cuStreamGetFlags
        cuStreamGetPriority
        cuStreamSynchronize
        cuStreamWaitEvent
        cuSurfObjectCreate
        cuSurfObjectDestroy
        cuSurfObjectGetResourceDesc
        cuTexObjectCreate
        cuTexObjectDestroy
        cuTexObjectGetResourceDesc
        cuTexObjectGetResourceViewDesc
    }

    /// Whether the driver is there.
    pub(in crate::cuda) fn load() -> bool {
        static LOADED: OnceLock<bool> = OnceLock::new();
        *LOADED.get_or_init(|| {
            // SAFETY: a driver's initialisers are as safe as its functions, which cust calls.
            let Ok(library) = (unsafe { Library::new(LIBRARY) }) else {
                return false;
            };
            for (name, address) in NAMES.iter().zip(&ADDRESSES) {
                // SAFETY: only its address is taken.
                if let Ok(symbol) = unsafe { library.get::<*mut c_void>(name.to_bytes_with_nul()) }
                {
                    address.store(symbol.into_raw(), Ordering::Release);
                }
            }
            // The library is kept as long as the program runs: the addresses lead into it.
            core::mem::forget(library);
            true
        })
    }
}

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
pub(super) use lazy::load;

/// Elsewhere the program has been linked with the driver, without which it does not start.
#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
pub(super) fn load() -> bool {
    true
}
