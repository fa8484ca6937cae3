//! Calls into the host: of its handler and of its log. A stop reports how many have not returned.

use std::sync::atomic::{AtomicU64, Ordering};

use super::stop::Stop;

/// The number of calls in progress.
#[derive(Default)]
pub(super) struct HostCalls(AtomicU64);

impl HostCalls {
    /// Begins a call, unless the stop's deadline has passed.
    pub(super) fn begin(&self, stop: &Stop) -> Option<HostCall<'_>> {
        // Counted before the deadline is read: once a stop has reported that no call is in progress, none begins.
        self.0.fetch_add(1, Ordering::SeqCst);
        let call = HostCall(&self.0);
        if stop.deadline_passed() { None } else { Some(call) }
    }

    pub(super) fn in_progress(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A call in progress, until this is dropped.
pub(super) struct HostCall<'a>(&'a AtomicU64);

impl Drop for HostCall<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
