//! Ends the wait of an event loop when something is due.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use crate::net::{Errno, Timer};

pub(super) struct Alarm {
    timer: Timer,
    /// The moment that it is set to.
    at: Option<Instant>,
}

impl Alarm {
    pub(super) fn new() -> Result<Alarm, Errno> {
        Ok(Alarm { timer: Timer::new()?, at: None })
    }

    /// Makes it go off by `due`. One that goes off earlier stays as it is: to be woken once for nothing costs
    /// less than to set it each time.
    #[inline]
    pub(super) fn set(&mut self, due: Option<Instant>, now: Instant) {
        let earlier = self.at.is_some_and(|at| at > now && due.is_none_or(|due| at <= due));
        if due == self.at || earlier {
            return;
        }
        // Nothing can be wrong with the time given.
        let _ = self.timer.set(due.map(|due| due.saturating_duration_since(now)));
        self.at = due;
    }
}

impl AsFd for Alarm {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.timer.as_fd()
    }
}
