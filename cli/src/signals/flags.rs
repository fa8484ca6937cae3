//! The signals that have arrived since they are caught.

use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

/// The first SIGINT, SIGTERM or SIGHUP; 0 for none.
static FIRST: AtomicI32 = AtomicI32::new(0);
/// How many of them have arrived.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Forgets those that have arrived.
pub(super) fn reset() {
    FIRST.store(0, Ordering::SeqCst);
    COUNT.store(0, Ordering::SeqCst);
}

/// Counts one. Async-signal-safe.
pub(super) fn count(signal: i32) {
    let _ = FIRST.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
    COUNT.fetch_add(1, Ordering::SeqCst);
}

/// The first signal that has arrived: SIGINT, SIGTERM or SIGHUP.
pub(crate) fn arrived() -> Option<i32> {
    match FIRST.load(Ordering::SeqCst) {
        0 => None,
        signal => Some(signal),
    }
}

/// Whether a signal has arrived: the `on_interrupt` of the core's calls.
pub(crate) fn once() -> bool {
    arrived().is_some()
}

/// Whether two signals have arrived.
pub(crate) fn twice() -> bool {
    COUNT.load(Ordering::SeqCst) >= 2
}

/// Whether three signals have arrived.
pub(crate) fn thrice() -> bool {
    COUNT.load(Ordering::SeqCst) >= 3
}
