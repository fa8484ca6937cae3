//! Waiting for events, with or without busy-polling.

use std::time::{Duration, Instant};

use crate::net::Epoll;

/// Busy-polls for up to `busy_poll`, then blocks until there is an event. Returns the number of events.
#[inline]
pub(super) fn wait(epoll: &Epoll, events: &mut [libc::epoll_event], busy_poll: Duration) -> usize {
    if !busy_poll.is_zero() {
        let ready = poll_busily(epoll, events, busy_poll);
        if ready > 0 {
            return ready;
        }
    }
    // Signals are blocked here; after any other error the caller waits again.
    epoll.wait(events, None).unwrap_or(0)
}

#[inline(never)]
fn poll_busily(epoll: &Epoll, events: &mut [libc::epoll_event], busy_poll: Duration) -> usize {
    let start = Instant::now();
    let mut ready = 0;
    while ready == 0 && start.elapsed() < busy_poll {
        ready = epoll.wait(events, Some(Duration::ZERO)).unwrap_or(0);
    }
    ready
}
