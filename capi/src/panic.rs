//! The panic handler that Rust demands of a library without std; no code in the linked archive reaches it.

use core::panic::PanicInfo;

#[panic_handler]
fn panic(_info: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
