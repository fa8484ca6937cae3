//! Whether this process has been forked since something was noted.

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(1);

extern "C" fn in_the_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// A number that is another one in a child of fork(3); never 0. Unlike getpid(2) it costs no system call.
///
/// A child made without the C library (clone(2), vfork(2)) has its parent's number.
#[inline]
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Has forks counted from now on.
pub(crate) fn count_forks() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // SAFETY: the handler is async-signal-safe. Its failure (ENOMEM) leaves children with the parent's number.
        unsafe { libc::pthread_atfork(None, None, Some(in_the_child)) };
    });
}
