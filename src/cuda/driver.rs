//! NVIDIA's driver, looked for when it is first needed.
//!
//! `cust` links the driver's library, so that a program would not even start where there is none. Here
//! every function of the driver that `cust` calls is defined as a call of an address: the address of the driver's own
//! function once [`load`] has found it, and until then that of a function which reports an error.
//!
//! What the driver returns becomes a value of the enum `CUresult` in `cust`, and newer drivers have codes that the enum
//! does not have: those are replaced by `CUDA_ERROR_UNKNOWN` on the way.
//!
//! The functions are hidden. They have the driver's names, and a library in the same program that looks for the
//! driver's own functions must not find these.

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

    /// A code that the enum `CUresult` of `cust_raw` 0.11 has: this one, or `CUDA_ERROR_UNKNOWN`.
    extern "C" fn known(code: c_int) -> c_int {
        match code {
            0..=8
            | 34
            | 100..=102
            | 200..=202
            | 205..=224
            | 300..=304
            | 400..=401
            | 500
            | 600
            | 700..=705
            | 708..=720
            | 800..=809
            | 900..=911 => code,
            _ => 999,
        }
    }

    /// Calls a function of the driver with the arguments as they are, and returns its code as [`known`] does.
    ///
    /// Arguments that have no room in registers must lie on top of the stack when a function is called, so they are
    /// copied: five words on x86-64, three on aarch64, as many as `cuLaunchKernel` has, which has the most. Where a
    /// function has fewer, the words are the caller's own and nobody reads the copy.
    #[unsafe(naked)]
    extern "C" fn call() {
        // The function's address is in r11, where no argument is.
        #[cfg(target_arch = "x86_64")]
        naked_asm!(
            "push rbp",
            "mov rbp, rsp",
            "sub rsp, 48",
            "mov rax, qword ptr [rbp + 16]",
            "mov qword ptr [rsp], rax",
            "mov rax, qword ptr [rbp + 24]",
            "mov qword ptr [rsp + 8], rax",
            "mov rax, qword ptr [rbp + 32]",
            "mov qword ptr [rsp + 16], rax",
            "mov rax, qword ptr [rbp + 40]",
            "mov qword ptr [rsp + 24], rax",
            "mov rax, qword ptr [rbp + 48]",
            "mov qword ptr [rsp + 32], rax",
            "call r11",
            "mov edi, eax",
            "leave",
            "jmp {known}",
            known = sym known,
        );
        // The function's address is in x9, where no argument is and which no linker's veneer writes.
        #[cfg(target_arch = "aarch64")]
        naked_asm!(
            "stp x29, x30, [sp, #-16]!",
            "mov x29, sp",
            "sub sp, sp, #32",
            "ldp x10, x11, [x29, #16]",
            "ldr x12, [x29, #32]",
            "stp x10, x11, [sp]",
            "str x12, [sp, #16]",
            "blr x9",
            "mov sp, x29",
            "ldp x29, x30, [sp], #16",
            "b {known}",
            known = sym known,
        );
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
                /// Calls the driver's function of this name.
                #[unsafe(naked)]
                #[unsafe(no_mangle)]
                extern "C" fn $name() {
                    #[cfg(target_arch = "x86_64")]
                    naked_asm!(
                        concat!(".hidden ", stringify!($name)),
                        "mov r11, qword ptr [rip + {addresses} + {offset}]",
                        "jmp {call}",
                        addresses = sym ADDRESSES,
                        offset = const Symbol::$name as usize * 8,
                        call = sym call,
                    );
                    #[cfg(target_arch = "aarch64")]
                    naked_asm!(
                        concat!(".hidden ", stringify!($name)),
                        "adrp x9, {addresses} + {offset}",
                        "ldr x9, [x9, :lo12:{addresses} + {offset}]",
                        "b {call}",
                        addresses = sym ADDRESSES,
                        offset = const Symbol::$name as usize * 8,
                        call = sym call,
                    );
                }
            )*
        };
    }

    // What cust 0.3.2 calls; what `stream.rs` calls is among it.
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

    #[cfg(test)]
    mod tests {
        use core::ptr::without_provenance_mut as pointer;

        use core::sync::atomic::AtomicI32;

        use cust::memory::mem_get_info;
        use cust::sys::{CUresult, cuLaunchKernel, cuMemGetInfo_v2};

        use super::*;
        use crate::cuda::LaunchError;
        use crate::cuda::error::checked;

        /// Stands for the driver's function with the most arguments: returns the last if the others are 1 to 10.
        #[allow(clippy::too_many_arguments, reason = "the driver's")]
        extern "C" fn last_of_eleven(
            function: usize,
            grid_x: u32,
            grid_y: u32,
            grid_z: u32,
            block_x: u32,
            block_y: u32,
            block_z: u32,
            shared: u32,
            stream: usize,
            parameters: usize,
            extra: usize,
        ) -> c_int {
            let sizes = [grid_x, grid_y, grid_z, block_x, block_y, block_z, shared];
            if sizes != [2, 3, 4, 5, 6, 7, 8] || [function, stream, parameters] != [1, 9, 10] {
                return CUresult::CUDA_ERROR_INVALID_VALUE as c_int;
            }
            c_int::try_from(extra).unwrap_or(-1)
        }

        fn launch(code: u16) -> CUresult {
            let code = pointer(code.into());
            // SAFETY: the function above is called, which reads nothing that its arguments point to.
            unsafe {
                cuLaunchKernel(
                    pointer(1),
                    2,
                    3,
                    4,
                    5,
                    6,
                    7,
                    8,
                    pointer(9),
                    pointer(10),
                    code,
                )
            }
        }

        #[test]
        fn arguments_arrive_and_codes_are_ones_that_the_enum_has() {
            let address = &ADDRESSES[Symbol::cuLaunchKernel as usize];
            assert_eq!(launch(0), CUresult::CUDA_ERROR_NOT_FOUND);
            address.store(last_of_eleven as *mut c_void, Ordering::Release);
            let found: Vec<c_int> = (0..2000).map(|code| launch(code) as c_int).collect();
            address.store(missing as *mut c_void, Ordering::Release);
            // As `cust_raw` lists them.
            let known = [
                (0, 8),
                (34, 34),
                (100, 102),
                (200, 202),
                (205, 224),
                (300, 304),
                (400, 401),
                (500, 500),
                (600, 600),
                (700, 705),
                (708, 720),
                (800, 809),
                (900, 911),
                (999, 999),
            ];
            for (code, found) in (0..).zip(found) {
                let is_known = known.iter().any(|&(from, to)| from <= code && code <= to);
                assert_eq!(found, if is_known { code } else { 999 }, "{code}");
            }
        }

        static ANSWER: AtomicI32 = AtomicI32::new(0);

        /// Stands for a function whose answer this is.
        extern "C" fn answer() -> c_int {
            ANSWER.load(Ordering::Relaxed)
        }

        #[test]
        fn an_error_is_the_one_that_cust_makes_of_it() {
            let address = &ADDRESSES[Symbol::cuMemGetInfo_v2 as usize];
            address.store(answer as *mut c_void, Ordering::Release);
            for code in 0..2000 {
                ANSWER.store(code, Ordering::Relaxed);
                let (mut free, mut total) = (0, 0);
                // SAFETY: the function above is called, which writes nothing.
                let found = checked(
                    unsafe { cuMemGetInfo_v2(&raw mut free, &raw mut total) },
                    "answer",
                );
                let expected = mem_get_info().map_err(LaunchError::driver("answer"));
                assert_eq!(found, expected.map(drop), "{code}");
            }
            address.store(missing as *mut c_void, Ordering::Release);
        }
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
