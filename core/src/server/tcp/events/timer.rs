//! The timer of an event loop.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use crate::net::{Errno, Timer};

/// A descriptor that becomes readable when something is due (timerfd_create(2)), so that no wait needs a timeout.
pub(super) struct LoopTimer {
    timer: Timer,
    /// When it expires.
    at: Option<Instant>,
}

impl LoopTimer {
    pub(super) fn new() -> Result<LoopTimer, Errno> {
        Ok(LoopTimer { timer: Timer::new()?, at: None })
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
}

impl AsFd for LoopTimer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.timer.as_fd()
    }
}
