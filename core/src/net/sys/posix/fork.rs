//! Detecting that this process was forked.

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(1);

extern "C" fn in_the_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// A number that differs in a child of fork(3); never 0. Unlike getpid(2) it is no system call.
///
/// A child of clone(2) or vfork(2) has its parent's number.
#[inline]
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Starts counting forks.
pub(crate) fn count_forks() {
    static REGISTERED: Once = Once::new();
    // A failure (ENOMEM) leaves children with the parent's number.
    REGISTERED.call_once(register);
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn register() {
    // SAFETY: the handler is async-signal-safe.
    unsafe { libc::pthread_atfork(None, None, Some(in_the_child)) };
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
use until_unloaded::register;

/// glibc drops the handlers of a library that dlclose(3) unloads by the library's handle. Its pthread_atfork(3) takes
/// that from start files which not every linker adds (zig's does not): the handler would stay, and the host's next
/// fork(3) call what is unmapped. So the handle is one of our own, and the library's end drops what has it.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod until_unloaded {
    use std::ffi::{c_int, c_void};

    type Handler = Option<extern "C" fn()>;

    // Of the Linux Standard Base, as is __cxa_finalize.
    unsafe extern "C" {
        fn __register_atfork(
            prepare: Handler,
            parent: Handler,
            child: Handler,
            handle: *const c_void,
        ) -> c_int;
        fn __cxa_finalize(handle: *const c_void);
    }

    static HANDLE: u8 = 0;

    pub(super) fn register() {
        // SAFETY: the handler is async-signal-safe, and `unload` drops it before its code is unmapped.
        unsafe { __register_atfork(None, None, Some(super::in_the_child), (&raw const HANDLE).cast()) };
    }

    extern "C" fn unload() {
        // SAFETY: no function was registered with this handle by atexit(3)'s kind: only the fork handler is dropped.
        unsafe { __cxa_finalize((&raw const HANDLE).cast()) };
    }

    #[used]
    #[unsafe(link_section = ".fini_array")]
    static AT_UNLOAD: extern "C" fn() = unload;
}
