//! The timer of an event loop.

use std::time::{Duration, Instant};

use crate::net::{Errno, Selector, Timer};

/// Ends the waits of a loop when something is due.
pub(super) struct LoopTimer {
    timer: Timer,
    /// When it expires.
    at: Option<Instant>,
}

impl LoopTimer {
    /// The selector may report it with `token`.
    pub(super) fn new(selector: &Selector, token: u64) -> Result<LoopTimer, Errno> {
        Ok(LoopTimer { timer: Timer::new(selector, token)?, at: None })
    }

    /// Makes it expire at `due` or earlier. If it expires earlier already it is left as it is: one needless wake-up
    /// costs less than a system call in each round.
    #[inline]
    pub(super) fn set(&mut self, due: Option<Instant>, now: Instant) {
        let earlier = self.at.is_some_and(|at| at > now && due.is_none_or(|due| at <= due));
        if due == self.at || earlier {
            return;
        }
        // It cannot fail: the time is valid.
        let _ = self.timer.set(due.map(|due| due.saturating_duration_since(now)));
        self.at = due;
    }

    /// The timeout that the next wait needs.
    #[inline]
    pub(super) fn timeout(&self, now: Instant) -> Option<Duration> {
        Timer::timeout(self.at, now)
    }
}
