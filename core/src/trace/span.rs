//! The span of a call: when it began, how long it blocked, and its line when it ends.
//!
//! A blocking call is one line, even if it consists of an attempt that fails with EAGAIN, a wait, and another
//! attempt. A thread therefore keeps the call that it has attempted or waits for; the attempt that succeeds after a
//! wait begins when that did.
//!
//! A call that has waited for [`BEGIN_AFTER`](super::BEGIN_AFTER) has another line before, which says that it has begun:
//! a wait asks for the call that it is part of ([`unreported`]) and writes it.

use std::cell::Cell;
use std::net::SocketAddr;

use super::call_record::{BegunCall, CallRecord, Descriptors, Direction, EndedCall, Outcome};
use super::variable::variable_of;
use crate::net::sys;
use crate::net::sys::fd::{NO_FD, RawFd};
use crate::netc;

/// The descriptors of one wait that are kept: a wait for more is an event loop's, and blocks no single call.
const KEPT: usize = 4;

/// The call that this thread has attempted, or waits for.
#[derive(Clone, Copy)]
struct Pending {
    fds: [RawFd; KEPT],
    direction: Direction,
    since: u64,
    /// How long the thread had waited before.
    waited: u64,
    /// The call's name and buffer length, if it was attempted.
    attempted: Option<(&'static str, Option<usize>)>,
    /// Whether a line says that it has begun.
    reported: bool,
}

/// The call that this thread is in.
#[derive(Clone, Copy)]
struct Current {
    name: &'static str,
    fd: RawFd,
    direction: Direction,
    at: u64,
    room: Option<usize>,
    peer: Option<SocketAddr>,
    /// Whether a line says that it has begun.
    reported: bool,
}

thread_local! {
    /// How long this thread has waited for peers since it began, in nanoseconds.
    static WAITED: Cell<u64> = const { Cell::new(0) };
    static PENDING: Cell<Option<Pending>> = const { Cell::new(None) };
    static CURRENT: Cell<Option<Current>> = const { Cell::new(None) };
}

pub(crate) fn now() -> u64 {
    sys::nanoseconds(netc::CLOCK_MONOTONIC)
}

/// A wait of this thread, which counts as blocked time of the call that it is part of.
#[derive(Debug)]
pub(crate) struct WaitSpan {
    since: u64,
}

impl WaitSpan {
    /// A wait for one of the descriptors begins.
    pub(crate) fn begin(fds: impl IntoIterator<Item = RawFd>, direction: Direction) -> WaitSpan {
        let since = now();
        let mut kept = [NO_FD; KEPT];
        fds.into_iter().filter(|fd| *fd != NO_FD).zip(&mut kept).for_each(|(fd, slot)| *slot = fd);
        let continues =
            |pending: Pending| pending.direction == direction && kept.iter().any(|fd| pending.is_for(*fd));
        if !PENDING.get().is_some_and(continues) {
            let waited = WAITED.get();
            PENDING.set(Some(Pending {
                fds: kept,
                direction,
                since,
                waited,
                attempted: None,
                reported: false,
            }));
        }
        WaitSpan { since }
    }

    pub(crate) fn end(self) {
        WAITED.set(WAITED.get() + now().saturating_sub(self.since));
    }
}

/// A call that waits, of which no line says that it has begun.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unreported {
    /// Its name, unless it will be attempted after the wait.
    pub(crate) name: Option<&'static str>,
    /// The descriptors that it waits for, of which a call in progress has one.
    pub(crate) fds: [RawFd; KEPT],
    pub(crate) direction: Direction,
    begin: u64,
    room: Option<usize>,
    peer: Option<SocketAddr>,
}

impl Unreported {
    /// A call for which a poller waits since `begin`, without a thread.
    pub(crate) fn parked(fd: RawFd, direction: Direction, begin: u64) -> Unreported {
        let mut fds = [NO_FD; KEPT];
        fds[0] = fd;
        let attempted = PENDING.get().filter(|pending| pending.direction == direction && pending.is_for(fd));
        let attempted = attempted.and_then(|pending| pending.attempted);
        let (name, room) = attempted.map_or((None, None), |(name, room)| (Some(name), room));
        Unreported { name, fds, direction, begin, room, peer: None }
    }

    /// Writes the line. `record` has what is known of the socket; `thread` says whether this thread waits.
    pub(crate) fn write(&self, name: &'static str, fd: RawFd, thread: bool, record: CallRecord<'_>) {
        let thread = thread.then(sys::thread_id);
        let record =
            CallRecord { room: record.room.or(self.room), peer: record.peer.or(self.peer), ..record };
        let variable = variable_of(fd);
        super::write_begin(&BegunCall { name, fd, variable, begin: self.begin, at: now(), thread, record });
    }
}

/// The call that this thread waits in, if no line says yet that it has begun. It counts as reported from now on.
pub(crate) fn unreported() -> Option<Unreported> {
    let pending = PENDING.get();
    if let Some(current) = CURRENT.get().filter(|call| pending.is_none_or(|wait| wait.is_for(call.fd))) {
        CURRENT.set(Some(Current { reported: true, ..current }));
        let mut fds = [NO_FD; KEPT];
        fds[0] = current.fd;
        let Current { name, direction, at, room, peer, reported, .. } = current;
        return (!reported).then_some(Unreported { name: Some(name), fds, direction, begin: at, room, peer });
    }
    let pending = pending?;
    PENDING.set(Some(Pending { reported: true, ..pending }));
    let (name, room) = pending.attempted.map_or((None, None), |(name, room)| (Some(name), room));
    let Pending { fds, direction, since: begin, .. } = pending;
    let unreported = Unreported { name, fds, direction, begin, room, peer: None };
    (!pending.reported).then_some(unreported)
}

impl Pending {
    fn is_for(&self, fd: RawFd) -> bool {
        fd != NO_FD && self.fds.contains(&fd)
    }
}

/// A call that has begun.
#[derive(Debug)]
pub(crate) struct Span {
    name: &'static str,
    fd: RawFd,
    direction: Direction,
    at: u64,
    waited: u64,
    /// For a close, which is numbered as it begins.
    sequence: Option<u64>,
    /// The thread that is recorded as the caller, if not this one.
    thread: Option<u32>,
    /// Whether a line says that it has begun.
    reported: bool,
}

impl Span {
    pub(crate) fn begin(name: &'static str, fd: RawFd, direction: Direction) -> Span {
        let waited = WAITED.get();
        let (at, waited, reported) = match PENDING.take() {
            // If the thread has not waited since, it did something else in between.
            Some(pending)
                if pending.direction == direction && pending.is_for(fd) && pending.waited != waited =>
            {
                (pending.since, pending.waited, pending.reported)
            }
            _ => (now(), waited, false),
        };
        CURRENT.set(Some(Current { name, fd, direction, at, room: None, peer: None, reported }));
        Span { name, fd, direction, at, waited, sequence: None, thread: None, reported }
    }

    /// What the line that the call has begun says of it, beside its name.
    pub(crate) fn note(&self, room: Option<usize>, peer: Option<SocketAddr>) {
        if let Some(current) = CURRENT.get() {
            CURRENT.set(Some(Current { room, peer, ..current }));
        }
    }

    /// The call is not recorded.
    pub(crate) fn forget(self) {
        CURRENT.set(None);
    }

    /// A call for which a poller has waited on this thread's behalf since `since`.
    pub(crate) fn since(name: &'static str, fd: RawFd, direction: Direction, since: u64) -> Span {
        let span = Span { at: since, reported: true, ..Span::begin(name, fd, direction) };
        CURRENT.set(CURRENT.get().map(|current| Current { at: since, reported: true, ..current }));
        WaitSpan { since }.end();
        span
    }

    /// The same span with another thread as its caller.
    #[cfg(all(unix, feature = "preload"))]
    pub(crate) fn by(self, thread: u32) -> Span {
        Span { thread: Some(thread), ..self }
    }

    /// The same span with the descriptor that the call has created.
    pub(crate) fn with_fd(self, fd: RawFd) -> Span {
        Span { fd, ..self }
    }

    /// A close; `by` is the thread that began it and when, if that was before this.
    pub(crate) fn close(fd: RawFd, by: Option<(u32, u64)>) -> Span {
        let (thread, at) = by.map_or_else(|| (None, now()), |(thread, at)| (Some(thread), at));
        let sequence = Some(super::next_in_sequence());
        let waited = WAITED.get();
        let direction = Direction::Out;
        Span { name: "close", fd, direction, at, waited, sequence, thread, reported: false }
    }

    /// The call would block and may be attempted again.
    pub(crate) fn would_block(self, room: Option<usize>) {
        let mut fds = [NO_FD; KEPT];
        fds[0] = self.fd;
        let attempted = Some((self.name, room));
        let current = CURRENT.take().filter(|current| current.fd == self.fd);
        let reported = self.reported || current.is_some_and(|current| current.reported);
        PENDING.set(Some(Pending {
            fds,
            direction: self.direction,
            since: self.at,
            waited: self.waited,
            attempted,
            reported,
        }));
    }

    /// The call has ended, and its lines are written.
    pub(crate) fn finish(self) {
        PENDING.set(None);
        CURRENT.set(None);
    }

    /// The call has ended: writes its line.
    pub(crate) fn end(self, outcome: Outcome, record: CallRecord<'_>) {
        self.write(outcome, record);
        self.finish();
    }

    /// Writes a line, of which a call on several datagrams has one for each.
    pub(crate) fn write(&self, outcome: Outcome, record: CallRecord<'_>) {
        let end = now();
        let blocked = WAITED.get().saturating_sub(self.waited).min(end.saturating_sub(self.at));
        let Span { name, fd, at: begin, sequence, thread, .. } = *self;
        super::write_call(EndedCall { name, fd, begin, end, blocked, sequence, thread, outcome, record });
    }
}

/// A call that waits for several descriptors, which its caller names.
#[derive(Debug)]
pub(crate) struct MultiWait {
    name: &'static str,
    fd: RawFd,
    at: u64,
}

/// How long a wait that finds nothing lasts at least for it to be recorded: a program may poll in a loop.
const SHORTEST_WAIT: u64 = 1_000_000;

impl MultiWait {
    pub(crate) fn begin(name: &'static str, fd: RawFd) -> MultiWait {
        MultiWait { name, fd, at: now() }
    }

    /// Waits, if the call is stepped, until it may be made; it begins then.
    pub(crate) fn after(self, hold: impl FnOnce(&'static str, RawFd)) -> MultiWait {
        let MultiWait { name, fd, .. } = self;
        hold(name, fd);
        MultiWait::begin(name, fd)
    }

    /// Writes the line that it has begun.
    pub(crate) fn report(&self, waited: Descriptors<'_>) {
        let record = CallRecord { waited, ..CallRecord::default() };
        let MultiWait { name, fd, at: begin } = *self;
        let (variable, thread) = (None, Some(sys::thread_id()));
        super::write_begin(&BegunCall { name, fd, variable, begin, at: now(), thread, record });
    }

    /// Writes its line.
    pub(crate) fn end(self, outcome: Outcome, waited: Descriptors<'_>, ready: Descriptors<'_>) {
        let MultiWait { name, fd, at: begin } = self;
        let end = now();
        let blocked = end.saturating_sub(begin);
        if outcome == Outcome::TimedOut && blocked < SHORTEST_WAIT {
            return;
        }
        let record = CallRecord { waited, ready, ..CallRecord::default() };
        let (sequence, thread) = (None, None);
        super::write_call(EndedCall { name, fd, begin, end, blocked, sequence, thread, outcome, record });
    }
}

/// Whether the next call on the descriptor is one that this thread has attempted before, which would have blocked.
pub(super) fn is_attempted(fd: RawFd, direction: Direction) -> bool {
    let is_it = |pending: Pending| {
        pending.direction == direction && pending.is_for(fd) && pending.attempted.is_some()
    };
    PENDING.get().is_some_and(is_it)
}

/// The call that this thread has attempted or waited for on a descriptor, and makes no further attempt at.
pub(crate) fn abandoned_span(fd: RawFd) -> Option<(Span, Option<usize>)> {
    let pending = PENDING.get().filter(|pending| pending.is_for(fd))?;
    let unattempted = if pending.direction == Direction::In { "recv" } else { "send" };
    let (name, room) = pending.attempted.unwrap_or((unattempted, None));
    Some((Span::begin(name, fd, pending.direction), room))
}

/// This thread and the current time.
pub(crate) fn here_and_now() -> (u32, u64) {
    (sys::thread_id(), now())
}
