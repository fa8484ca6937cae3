//! A timer of a selector (timerfd_create(2)).

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::ptr;
use std::time::{Duration, Instant};

use super::poll::timespec;
use super::selector::{Interest, Selector};
use crate::net::sys::errno::{Sys, check};

/// Ends the waits of a selector after a delay.
///
/// A wait with a timeout makes the kernel set a timer each time; this one is a descriptor, and is set only when the delay
/// changes.
#[derive(Debug)]
pub(crate) struct Timer(OwnedFd);

impl Timer {
    /// The selector reports it with `token`.
    pub(crate) fn new(selector: &Selector, token: u64) -> Sys<Timer> {
        let flags = libc::TFD_CLOEXEC | libc::TFD_NONBLOCK;
        // SAFETY: no pointers are passed.
        let fd = check(unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, flags) })?;
        // SAFETY: the call returned a new descriptor that nobody else owns.
        let timer = Timer(unsafe { OwnedFd::from_raw_fd(fd) });
        selector.add(timer.0.as_fd(), Interest::READABLE, token)?;
        Ok(timer)
    }

    /// Expires after `delay`, and not before; `None` is never.
    pub(crate) fn set(&self, delay: Option<Duration>) -> Sys<()> {
        // A delay of zero would disarm the timer.
        let delay = delay.map_or(Duration::ZERO, |delay| delay.max(Duration::from_nanos(1)));
        let setting = libc::itimerspec { it_interval: timespec(Duration::ZERO), it_value: timespec(delay) };
        // SAFETY: the setting lives until the call returns, and no former one is asked for.
        check(unsafe { libc::timerfd_settime(self.0.as_raw_fd(), 0, &raw const setting, ptr::null_mut()) })
            .map(drop)
    }

    /// The timeout that the waits need besides, for a timer that expires at `at`: none.
    #[inline(always)]
    pub(crate) fn timeout(_at: Option<Instant>, _now: Instant) -> Option<Duration> {
        None
    }
}
