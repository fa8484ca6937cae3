//! At most one log line for each kind of limit event and second.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::limit_event::KINDS;

/// The least time between two lines of one kind.
const INTERVAL: Duration = Duration::from_secs(1);

pub(super) struct LogThrottle {
    started: Instant,
    /// When a line of each kind was logged last, in milliseconds after the start; 0 for never.
    last: [AtomicU64; KINDS],
}

impl LogThrottle {
    pub(super) fn new() -> LogThrottle {
        LogThrottle { started: Instant::now(), last: Default::default() }
    }

    /// Whether a line of this kind is logged now. Of several concurrent calls, one returns `true`.
    pub(super) fn allows(&self, kind: usize) -> bool {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        let last = self.last[kind].load(Ordering::Relaxed);
        let due = last == 0 || now.saturating_sub(last) >= INTERVAL.as_millis() as u64;
        due && self.last[kind].compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}
