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
    REGISTERED.call_once(|| {
        // SAFETY: the handler is async-signal-safe. Its failure (ENOMEM) leaves children with the parent's number.
        unsafe { libc::pthread_atfork(None, None, Some(in_the_child)) };
    });
}
