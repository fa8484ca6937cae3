//! The readiness of many descriptors (epoll(7)).

use std::ffi::{c_int, c_short};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use super::calls::epoll_wait;
use crate::net::sys::errno::{Sys, check};

/// What a selector reports of a descriptor (epoll_ctl(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interest(u32);

impl Interest {
    /// Input, as long as there is some.
    pub(crate) const READABLE: Interest = Interest(libc::EPOLLIN as u32);
    /// Connections of a listener that several selectors have: one wakes one of them, not all.
    pub(crate) const ACCEPTABLE: Interest = Interest((libc::EPOLLIN | libc::EPOLLEXCLUSIVE) as u32);
    /// Input of a connection and its end, once each time that some arrives (EPOLLET).
    pub(crate) const INPUT: Interest =
        Interest((libc::EPOLLIN | libc::EPOLLPRI | libc::EPOLLRDHUP | libc::EPOLLET) as u32);
    /// Space in the send buffer, as long as there is some.
    pub(crate) const OUTPUT: Interest = Interest(libc::EPOLLOUT as u32);
    /// Input or its end, once (EPOLLONESHOT).
    pub(crate) const ONCE_READABLE: Interest =
        Interest((libc::EPOLLIN | libc::EPOLLRDHUP | libc::EPOLLONESHOT) as u32);
    /// Space in the send buffer, once.
    pub(crate) const ONCE_WRITABLE: Interest = Interest((libc::EPOLLOUT | libc::EPOLLONESHOT) as u32);
}

/// The events after which a receive may return less than is available.
const SHORT_RECEIVE: u32 = (libc::EPOLLRDHUP | libc::EPOLLHUP | libc::EPOLLERR | libc::EPOLLPRI) as u32;

/// A descriptor that is ready.
#[derive(Clone, Copy)]
pub(crate) struct Event(libc::epoll_event);

impl Event {
    /// That of its registration.
    #[inline(always)]
    pub(crate) fn token(self) -> u64 {
        self.0.u64
    }

    /// Whether a receive may return less than is available, and is to be repeated: at the end of the input, an error,
    /// or urgent data. Each is reported once.
    #[inline(always)]
    pub(crate) fn may_receive_short(self) -> bool {
        self.0.events & SHORT_RECEIVE != 0
    }
}

/// The descriptors that a wait found ready.
pub(crate) struct Events {
    buffer: Box<[libc::epoll_event]>,
    /// The most events of a wait, at most the length of `buffer`, as epoll_wait(2) takes it.
    limit: c_int,
    ready: usize,
}

impl Events {
    /// For at most `capacity` events of a wait.
    pub(crate) fn with_capacity(capacity: usize) -> Events {
        let buffer = vec![libc::epoll_event { events: 0, u64: 0 }; capacity].into_boxed_slice();
        let mut events = Events { buffer, limit: 0, ready: 0 };
        events.limit(capacity);
        events
    }

    /// From now on for at most `count` events of a wait.
    pub(crate) fn limit(&mut self, count: usize) {
        self.limit = c_int::try_from(count.min(self.buffer.len())).unwrap_or(c_int::MAX);
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.ready == 0
    }

    #[inline]
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = Event> {
        self.buffer[..self.ready].iter().copied().map(Event)
    }
}

/// An epoll instance (epoll(7)).
#[derive(Debug)]
pub(crate) struct Selector(OwnedFd);

impl Selector {
    /// Whether input that arrives for a connection between one wait of a thread and the next is reported to another one.
    pub(crate) const REPORTS_BETWEEN_WAITS: bool = true;

    /// Why [`add`](Selector::add) fails.
    pub(crate) const REFUSED: &str = "epoll_ctl failed (out of memory, or fs.epoll.max_user_watches reached)";

    pub(crate) fn new() -> Sys<Selector> {
        // SAFETY: no pointers are passed.
        let fd = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: the call returned a new descriptor that nobody else owns.
        Ok(Selector(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    fn control(&self, operation: c_int, fd: BorrowedFd<'_>, events: u32, token: u64) -> Sys<()> {
        let mut event = libc::epoll_event { events, u64: token };
        // SAFETY: the event lives until the call returns.
        check(unsafe { libc::epoll_ctl(self.0.as_raw_fd(), operation, fd.as_raw_fd(), &raw mut event) })
            .map(drop)
    }

    /// Registers a descriptor. The caller removes it before it closes it: close(2) would not, if a process that the
    /// host forked has the descriptor as well.
    pub(crate) fn add(&self, fd: BorrowedFd<'_>, interest: Interest, token: u64) -> Sys<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, interest.0, token)
    }

    pub(crate) fn modify(&self, fd: BorrowedFd<'_>, interest: Interest, token: u64) -> Sys<()> {
        self.control(libc::EPOLL_CTL_MOD, fd, interest.0, token)
    }

    /// Reports a descriptor that has [`Interest::INPUT`] once more, after those that are ready already.
    pub(crate) fn report_again(&self, fd: BorrowedFd<'_>, token: u64) -> Sys<()> {
        self.control(libc::EPOLL_CTL_MOD, fd, Interest::INPUT.0 | Interest::OUTPUT.0, token)
    }

    pub(crate) fn remove(&self, fd: BorrowedFd<'_>) -> Sys<()> {
        self.control(libc::EPOLL_CTL_DEL, fd, 0, 0)
    }

    /// epoll_wait(2). The timeout is rounded up to milliseconds; `None` is none. After an error there are no events.
    #[inline]
    pub(crate) fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> Sys<()> {
        let millis = timeout.map_or(-1, |timeout| {
            c_int::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(c_int::MAX)
        });
        events.ready = 0;
        let buffer = events.buffer.as_mut_ptr();
        // SAFETY: the buffer is writable for so many events.
        events.ready = unsafe { epoll_wait(self.0.as_fd(), buffer, events.limit, millis) }?;
        Ok(())
    }
}

/// Changes of a socket's readiness: it becomes ready once for each (EPOLLET), and not for a state that persists.
#[derive(Debug)]
pub(crate) struct ReadinessChanges(Selector);

impl ReadinessChanges {
    /// `events` is of poll(2).
    pub(crate) fn of(fd: BorrowedFd<'_>, events: c_short) -> Sys<ReadinessChanges> {
        let selector = Selector::new()?;
        // The numbers of poll and of epoll are the same.
        selector.add(fd, Interest(events as u32 | libc::EPOLLET as u32), 0)?;
        Ok(ReadinessChanges(selector))
    }

    /// A descriptor that is readable after a change.
    pub(crate) fn fd(&self) -> RawFd {
        self.0.0.as_raw_fd()
    }

    /// Consumes a change.
    pub(crate) fn consume(&self) {
        let _ = self.0.wait(&mut Events::with_capacity(1), Some(Duration::ZERO));
    }
}
