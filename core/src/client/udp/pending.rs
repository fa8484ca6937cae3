//! A request without a reply, and its retransmission timer.

use std::time::{Duration, Instant};

use crate::client::options::UdpClientOptions;
use crate::net::Deadline;

#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    /// The index of the request, counted from 0.
    pub(super) index: usize,
    /// The number of times that it has been sent again.
    pub(super) retransmissions: u32,
    /// The time between the last transmission and the next.
    interval: Duration,
    /// When it is sent again, or if that was the last time, when it fails.
    pub(super) timer: Deadline,
    /// When it fails.
    pub(super) deadline: Deadline,
}

impl Pending {
    /// A request that is sent for the first time.
    pub(super) fn new(index: usize, now: Instant, options: &UdpClientOptions) -> Pending {
        let deadline = after(now, options.timeout);
        let interval = options.retransmit_after;
        let mut pending = Pending { index, retransmissions: 0, interval, timer: Deadline::NEVER, deadline };
        pending.start_timer(now, options);
        pending
    }

    /// The request is sent again: the interval doubles (RFC 8085, 3.1.1).
    pub(super) fn retransmit(&mut self, now: Instant, options: &UdpClientOptions) {
        self.retransmissions += 1;
        self.interval = self.interval.saturating_mul(2);
        self.start_timer(now, options);
    }

    fn start_timer(&mut self, now: Instant, options: &UdpClientOptions) {
        let is_last = self.retransmissions == options.retransmissions;
        let timer = if is_last { Deadline::NEVER } else { after(now, Some(self.interval)) };
        self.timer = timer.earlier(self.deadline);
    }
}

fn after(now: Instant, limit: Option<Duration>) -> Deadline {
    Deadline(limit.and_then(|limit| now.checked_add(limit)))
}
