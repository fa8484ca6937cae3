//! One request that is on its way.

use std::time::{Duration, Instant};

use super::UdpClientOptions;
use crate::net::Deadline;

/// Which one it is, when to send it again and when to give it up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    pub(super) index: usize,
    pub(super) asked_again: u32,
    pause: Duration,
    pub(super) again: Deadline,
    pub(super) end: Deadline,
}

impl Pending {
    /// One that is sent for the first time.
    pub(super) fn new(index: usize, now: Instant, options: &UdpClientOptions) -> Pending {
        let end = after(now, options.timeout);
        let mut pending =
            Pending { index, asked_again: 0, pause: options.retransmit_after, again: Deadline::NEVER, end };
        pending.plan(now, options);
        pending
    }

    /// It is sent again.
    pub(super) fn once_more(&mut self, now: Instant, options: &UdpClientOptions) {
        self.asked_again += 1;
        self.pause = self.pause.saturating_mul(2);
        self.plan(now, options);
    }

    fn plan(&mut self, now: Instant, options: &UdpClientOptions) {
        let last = self.asked_again == options.retransmissions;
        let again = if last { Deadline::NEVER } else { after(now, Some(self.pause)) };
        self.again = again.earlier(self.end);
    }
}

fn after(now: Instant, limit: Option<Duration>) -> Deadline {
    Deadline(limit.and_then(|limit| now.checked_add(limit)))
}
