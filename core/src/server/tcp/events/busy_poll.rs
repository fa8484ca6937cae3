//! Waiting for events, with or without busy-polling.

use std::time::{Duration, Instant};

use crate::net::{Events, Selector};

/// Busy-polls for up to `busy_poll`, then blocks until there is an event, or for `timeout`.
#[inline]
pub(super) fn wait(selector: &Selector, events: &mut Events, busy_poll: Duration, timeout: Option<Duration>) {
    if !busy_poll.is_zero() {
        poll_busily(selector, events, busy_poll);
        if !events.is_empty() {
            return;
        }
    }
    // Signals are blocked here; after any other error the caller waits again.
    let _ = selector.wait(events, timeout);
}

#[inline(never)]
fn poll_busily(selector: &Selector, events: &mut Events, busy_poll: Duration) {
    let start = Instant::now();
    while start.elapsed() < busy_poll {
        let _ = selector.wait(events, Some(Duration::ZERO));
        if !events.is_empty() {
            return;
        }
    }
}
