//! A thread that Python ends inside a call from Rust sleeps until the process exits.
//!
//! Until 3.13, Python ends a daemon thread that asks for the GIL during finalization by pthread_exit(3). In glibc
//! that is a forced unwind: for each frame of the stack, innermost first, the unwinder calls the personality routine
//! of the frame's language. Rust's routine runs destructors, which would use Python without the GIL, or aborts the
//! process where the frame called a function that may not unwind, as every `extern "C"` function of Python is.
//!
//! All frames of this library find that routine through one pointer in its data, `DW.ref.rust_eh_personality`, which
//! the compiler emits and the linker merges. [`install`] points it at a routine that passes panics on to Rust's and
//! never returns from a forced unwind. So the innermost Rust frame stops the unwinding before anything of the stack is
//! gone, whichever call of Python it is in, and no call needs a guard of its own. Python 3.14 has the thread sleep
//! by itself.
//!
//! A frame without destructors and handlers has no personality routine, and the unwinder passes over it as it does
//! over frames of C: there is nothing to run, and the stack stays as it is. The frame that decides is then its
//! caller's, at the latest the one that catches panics: each entry from Python has one, and each thread of Rust.
//!
//! What it cannot do:
//! - A thread that sleeps here keeps what it has locked. No lock of this package is held while Python is called;
//!   `OnceObject` replaces those of PyO3's cells, and clippy.toml refuses them.
//! - A thread that is cancelled (pthread_cancel(3)) in a frame of this library sleeps as well: who joins it waits.
//! - It is for glibc. musl and macOS end a thread without unwinding its stack: no frame runs, nothing aborts.

/// Has forced unwinds end at the frames of this library. A second call changes nothing.
pub(crate) fn install() {
    #[cfg(all(
        target_os = "linux",
        target_env = "gnu",
        any(target_arch = "x86_64", target_arch = "aarch64")
    ))]
    glibc::install();
}

#[cfg(all(target_os = "linux", target_env = "gnu", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod glibc {
    use std::ffi::{c_int, c_void};
    use std::sync::atomic::{AtomicPtr, Ordering};

    /// `_Unwind_Personality_Fn` of the Itanium C++ ABI, which x86-64 and aarch64 share: version, actions, class and
    /// object of the exception, context.
    type Personality = unsafe extern "C" fn(c_int, c_int, u64, *mut c_void, *mut c_void) -> c_int;

    /// Among the actions: the unwinding has no handler, it is to reach the end of the stack.
    const UA_FORCE_UNWIND: c_int = 8;

    unsafe extern "C" {
        #[link_name = "DW.ref.rust_eh_personality"]
        static REFERENCE: AtomicPtr<c_void>;
    }

    /// The routine of Rust's standard library; null until it is replaced.
    static OF_RUST: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());

    pub(super) fn install() {
        // SAFETY: the pointer is this library's own, aligned, in its writable data (`.data`); unwinders read it whole.
        let reference = unsafe { &REFERENCE };
        let ours = personality as Personality as *mut c_void;
        let before = reference.load(Ordering::Acquire);
        if before != ours {
            // Before the replacement, which has it called.
            OF_RUST.store(before, Ordering::Release);
            reference.store(ours, Ordering::Release);
        }
    }

    unsafe extern "C" fn personality(
        version: c_int,
        actions: c_int,
        class: u64,
        object: *mut c_void,
        context: *mut c_void,
    ) -> c_int {
        if actions & UA_FORCE_UNWIND != 0 {
            loop {
                // SAFETY: it has no preconditions. It returns after a signal's handler.
                unsafe { libc::pause() };
            }
        }
        // SAFETY: `install` stored Rust's routine, a function of this type, before it had this one called; the
        // arguments are the unwinder's.
        unsafe {
            let of_rust: Personality = std::mem::transmute(OF_RUST.load(Ordering::Acquire));
            of_rust(version, actions, class, object, context)
        }
    }
}
