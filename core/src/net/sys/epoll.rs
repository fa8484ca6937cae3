//! The readiness of many descriptors, and timers as descriptors (epoll(7), timerfd_create(2)).

use std::ffi::c_int;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::time::Duration;

use super::errno::{Sys, check};
use super::poll::timespec;

/// An epoll instance (epoll(7)).
#[derive(Debug)]
pub(crate) struct Epoll(OwnedFd);

impl Epoll {
    pub(crate) fn new() -> Sys<Epoll> {
        // SAFETY: no pointers are passed.
        let fd = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: the call returned a new descriptor that nobody else owns.
        Ok(Epoll(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    fn control(&self, operation: c_int, fd: BorrowedFd<'_>, events: u32, token: u64) -> Sys<()> {
        let mut event = libc::epoll_event { events, u64: token };
        // SAFETY: the event lives until the call returns.
        check(unsafe { libc::epoll_ctl(self.0.as_raw_fd(), operation, fd.as_raw_fd(), &raw mut event) })
            .map(drop)
    }

    pub(crate) fn add(&self, fd: BorrowedFd<'_>, events: u32, token: u64) -> Sys<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, events, token)
    }

    pub(crate) fn modify(&self, fd: BorrowedFd<'_>, events: u32, token: u64) -> Sys<()> {
        self.control(libc::EPOLL_CTL_MOD, fd, events, token)
    }

    pub(crate) fn remove(&self, fd: BorrowedFd<'_>) -> Sys<()> {
        self.control(libc::EPOLL_CTL_DEL, fd, 0, 0)
    }

    /// A descriptor that is readable while there are events.
    pub(crate) fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// epoll_wait(2): returns the number of events. The timeout is rounded up to milliseconds.
    pub(crate) fn wait(&self, events: &mut [libc::epoll_event], timeout: Option<Duration>) -> Sys<usize> {
        let millis = timeout.map_or(-1, |timeout| {
            c_int::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(c_int::MAX)
        });
        let room = c_int::try_from(events.len()).unwrap_or(c_int::MAX);
        // SAFETY: the slice is writable for its length.
        check(unsafe { libc::epoll_wait(self.0.as_raw_fd(), events.as_mut_ptr(), room, millis) })
            .map(|ready| ready as usize)
    }
}

/// A descriptor that becomes readable after a delay (timerfd_create(2)).
///
/// A wait with a timeout makes the kernel set a timer each time; this one is set only when the delay changes.
#[derive(Debug)]
pub(crate) struct Timer(OwnedFd);

impl Timer {
    pub(crate) fn new() -> Sys<Timer> {
        let flags = libc::TFD_CLOEXEC | libc::TFD_NONBLOCK;
        // SAFETY: no pointers are passed.
        let fd = check(unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, flags) })?;
        // SAFETY: the call returned a new descriptor that nobody else owns.
        Ok(Timer(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Becomes readable after `delay`, and not before; `None` is never.
    pub(crate) fn set(&self, delay: Option<Duration>) -> Sys<()> {
        // A delay of zero would disarm the timer.
        let delay = delay.map_or(Duration::ZERO, |delay| delay.max(Duration::from_nanos(1)));
        let setting = libc::itimerspec { it_interval: timespec(Duration::ZERO), it_value: timespec(delay) };
        // SAFETY: the setting lives until the call returns, and no former one is asked for.
        check(unsafe { libc::timerfd_settime(self.0.as_raw_fd(), 0, &raw const setting, ptr::null_mut()) })
            .map(drop)
    }
}

impl AsFd for Timer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
