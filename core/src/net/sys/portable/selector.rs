//! The readiness of many descriptors, by the `polling` crate (kqueue(2) on BSD systems, AFD on Windows).
//!
//! A connection is registered for one event, and again before the next wait of the thread that got the event: by then the
//! thread has received what there was. Unlike with the edges of Linux, what it has left is reported again.

use std::collections::HashMap;
use std::ffi::c_short;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use polling::{PollMode, Poller};

use crate::net::sys::errno::{Errno, Sys};
use crate::net::sys::fd::{AsRawFd, BorrowedFd, RawFd};
use crate::netc;

/// What a selector reports of a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interest {
    readable: bool,
    mode: Mode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// As long as the descriptor is ready.
    Always,
    /// Once, and again from the next wait of the thread that got the event.
    UntilTheNextWait,
    /// Once.
    Once,
}

impl Interest {
    /// Input, as long as there is some.
    pub(crate) const READABLE: Interest = Interest { readable: true, mode: Mode::Always };
    /// Connections of a listener that several selectors have. One may wake all of them.
    pub(crate) const ACCEPTABLE: Interest = Interest::READABLE;
    /// Input of a connection and its end.
    pub(crate) const INPUT: Interest = Interest { readable: true, mode: Mode::UntilTheNextWait };
    /// Space in the send buffer, as long as there is some.
    pub(crate) const OUTPUT: Interest = Interest { readable: false, mode: Mode::Always };
    /// Input or its end, once.
    pub(crate) const ONCE_READABLE: Interest = Interest { readable: true, mode: Mode::Once };
    /// Space in the send buffer, once.
    pub(crate) const ONCE_WRITABLE: Interest = Interest { readable: false, mode: Mode::Once };

    /// The event to wait for; a descriptor is its own key.
    fn event(self, fd: RawFd) -> polling::Event {
        polling::Event::new(fd as usize, self.readable, !self.readable)
    }

    fn poll_mode(self) -> PollMode {
        if self.mode == Mode::Always { PollMode::Level } else { PollMode::Oneshot }
    }
}

/// A descriptor that is ready.
#[derive(Clone, Copy)]
pub(crate) struct Event(u64);

impl Event {
    /// That of its registration.
    pub(crate) fn token(self) -> u64 {
        self.0
    }

    /// Whether a receive may return less than is available, and is to be repeated. What is left is reported again.
    pub(crate) fn may_receive_short(self) -> bool {
        false
    }
}

/// The descriptors that a wait found ready, and those that the next wait registers again.
pub(crate) struct Events {
    polled: polling::Events,
    ready: Vec<Event>,
    reported: Vec<Reported>,
}

/// A descriptor that was reported to a thread, and when.
struct Reported {
    fd: RawFd,
    turn: u64,
}

impl Events {
    /// For at most `capacity` events of a wait.
    pub(crate) fn with_capacity(capacity: usize) -> Events {
        let room = NonZeroUsize::new(capacity).unwrap_or(NonZeroUsize::MIN);
        Events { polled: polling::Events::with_capacity(room), ready: Vec::new(), reported: Vec::new() }
    }

    /// From now on for at most `count` events of a wait.
    pub(crate) fn limit(&mut self, count: usize) {
        let room = NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN);
        if self.polled.capacity() != room {
            self.polled = polling::Events::with_capacity(room);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = Event> {
        self.ready.iter().copied()
    }
}

pub(crate) struct Selector {
    poller: Poller,
    /// That of the thread that waits: `polling` has a second one return at once.
    waiting: Mutex<()>,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    by_fd: HashMap<RawFd, Entry>,
    /// Counts the registrations and the events.
    turn: u64,
}

struct Entry {
    token: u64,
    interest: Interest,
    /// That of its last registration or event.
    turn: u64,
}

impl Entries {
    fn next_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }
}

impl Selector {
    /// Whether input that arrives for a connection between one wait of a thread and the next is reported to another one:
    /// it is registered again by the next wait of the thread that had its last event.
    pub(crate) const REPORTS_BETWEEN_WAITS: bool = false;

    /// Why [`add`](Selector::add) fails.
    pub(crate) const REFUSED: &str = "the system does not report its events (out of memory)";

    pub(crate) fn new() -> Sys<Selector> {
        Ok(Selector { poller: Poller::new()?, waiting: Mutex::default(), entries: Mutex::default() })
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a descriptor. The caller removes it before it closes it, unless it is to be reported once.
    pub(crate) fn add(&self, fd: BorrowedFd<'_>, interest: Interest, token: u64) -> Sys<()> {
        let mut entries = self.entries();
        let raw = fd.as_raw_fd();
        let turn = entries.next_turn();
        if entries.by_fd.contains_key(&raw) {
            return Err(Errno(netc::EEXIST));
        }
        // SAFETY: by this function's contract the caller removes the descriptor first. One that is reported once may be
        // closed: the system then forgets it, and the next one of its number is registered by `modify`.
        unsafe { self.poller.add_with_mode(raw, interest.event(raw), interest.poll_mode()) }?;
        entries.by_fd.insert(raw, Entry { token, interest, turn });
        Ok(())
    }

    pub(crate) fn modify(&self, fd: BorrowedFd<'_>, interest: Interest, token: u64) -> Sys<()> {
        let mut entries = self.entries();
        let raw = fd.as_raw_fd();
        let turn = entries.next_turn();
        let entry = entries.by_fd.get_mut(&raw).ok_or(Errno(netc::ENOENT))?;
        *entry = Entry { token, interest, turn };
        let modified = self.poller.modify_with_mode(fd, interest.event(raw), interest.poll_mode());
        if modified.is_err() {
            // The number is that of a descriptor that was closed since.
            entries.by_fd.remove(&raw);
            return Err(Errno(netc::ENOENT));
        }
        Ok(())
    }

    /// Reports a descriptor that has [`Interest::INPUT`] once more, after those that are ready already.
    pub(crate) fn report_again(&self, fd: BorrowedFd<'_>, token: u64) -> Sys<()> {
        let mut entries = self.entries();
        let raw = fd.as_raw_fd();
        let turn = entries.next_turn();
        let entry = entries.by_fd.get_mut(&raw).ok_or(Errno(netc::ENOENT))?;
        *entry = Entry { token, interest: Interest::INPUT, turn };
        // Its send buffer has space.
        Ok(self.poller.modify_with_mode(fd, polling::Event::all(raw as usize), PollMode::Oneshot)?)
    }

    pub(crate) fn remove(&self, fd: BorrowedFd<'_>) -> Sys<()> {
        let mut entries = self.entries();
        entries.by_fd.remove(&fd.as_raw_fd()).ok_or(Errno(netc::ENOENT))?;
        Ok(self.poller.delete(fd)?)
    }

    /// Waits for events; `None` waits without a limit. One thread waits at a time, the others for their turn; with a
    /// timeout of zero there are no events for them. After an error there are none.
    pub(crate) fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> Sys<()> {
        self.register_again(&mut events.reported);
        events.ready.clear();
        events.polled.clear();
        let turn = match self.waiting.try_lock() {
            Ok(turn) => turn,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) if timeout == Some(Duration::ZERO) => return Ok(()),
            Err(TryLockError::WouldBlock) => self.waiting.lock().unwrap_or_else(PoisonError::into_inner),
        };
        self.poller.wait(&mut events.polled, timeout)?;
        drop(turn);
        let mut entries = self.entries();
        for event in events.polled.iter() {
            let fd = event.key as RawFd;
            let turn = entries.next_turn();
            // It may have been removed since.
            let Some(entry) = entries.by_fd.get_mut(&fd) else { continue };
            events.ready.push(Event(entry.token));
            if entry.interest.mode == Mode::UntilTheNextWait {
                entry.turn = turn;
                events.reported.push(Reported { fd, turn });
            }
        }
        Ok(())
    }

    /// Registers again the descriptors that were reported to the thread, except those that another one got since.
    fn register_again(&self, reported: &mut Vec<Reported>) {
        if reported.is_empty() {
            return;
        }
        let entries = self.entries();
        for Reported { fd, turn } in reported.drain(..) {
            let Some(entry) = entries.by_fd.get(&fd).filter(|entry| entry.turn == turn) else { continue };
            // SAFETY: an entry's descriptor is open, since it is removed before it is closed.
            let open = unsafe { BorrowedFd::borrow_raw(fd) };
            // It fails for want of memory alone, which the time limits of the connection end.
            let _ = self.poller.modify_with_mode(open, entry.interest.event(fd), entry.interest.poll_mode());
        }
    }
}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Selector").finish_non_exhaustive()
    }
}

/// Changes of a socket's readiness: there is no descriptor for them.
#[derive(Debug)]
pub(crate) enum ReadinessChanges {}

impl ReadinessChanges {
    /// ENOSYS.
    pub(crate) fn of(_fd: BorrowedFd<'_>, _events: c_short) -> Sys<ReadinessChanges> {
        Err(Errno(netc::ENOSYS))
    }

    pub(crate) fn fd(&self) -> RawFd {
        match *self {}
    }

    pub(crate) fn consume(&self) {
        match *self {}
    }
}
