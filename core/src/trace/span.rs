//! The span of a call: when it began, how long it blocked, and its line when it ends.
//!
//! A blocking call is one line, even if it consists of an attempt that fails with EAGAIN, a wait, and another
//! attempt. A thread therefore keeps the call that it has attempted or waits for; the attempt that succeeds after a
//! wait begins when that did.

use std::cell::Cell;

use super::call_record::{CallRecord, EndedCall, Outcome};
use crate::net::sys;
use crate::net::sys::fd::{NO_FD, RawFd};
use crate::netc;

/// The descriptors of one wait that are kept: a wait for more is an event loop's, and blocks no single call.
const KEPT: usize = 4;

/// What a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Data to receive, or a connection to accept.
    In,
    /// Space in the send buffer, or the end of a connect.
    Out,
}

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
}

thread_local! {
    /// How long this thread has waited for peers since it began, in nanoseconds.
    static WAITED: Cell<u64> = const { Cell::new(0) };
    static PENDING: Cell<Option<Pending>> = const { Cell::new(None) };
}

/// The time by the clock of the trace, in nanoseconds: that of [`Call::begin`](super::Call::begin), the same in all
/// processes of the machine.
#[must_use]
pub fn now() -> u64 {
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
            PENDING.set(Some(Pending { fds: kept, direction, since, waited, attempted: None }));
        }
        WaitSpan { since }
    }

    pub(crate) fn end(self) {
        WAITED.set(WAITED.get() + now().saturating_sub(self.since));
    }
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
}

impl Span {
    pub(crate) fn begin(name: &'static str, fd: RawFd, direction: Direction) -> Span {
        let waited = WAITED.get();
        let (at, waited) = match PENDING.take() {
            // If the thread has not waited since, it did something else in between.
            Some(pending)
                if pending.direction == direction && pending.is_for(fd) && pending.waited != waited =>
            {
                (pending.since, pending.waited)
            }
            _ => (now(), waited),
        };
        Span { name, fd, direction, at, waited, sequence: None, thread: None }
    }

    /// A call for which a poller has waited on this thread's behalf since `since`.
    pub(crate) fn since(name: &'static str, fd: RawFd, direction: Direction, since: u64) -> Span {
        let span = Span { at: since, ..Span::begin(name, fd, direction) };
        WaitSpan { since }.end();
        span
    }

    /// The same span with the descriptor that the call has created.
    pub(crate) fn with_fd(self, fd: RawFd) -> Span {
        Span { fd, ..self }
    }

    /// A close; `by` is the thread that began it and when, if that was before this.
    pub(crate) fn close(fd: RawFd, by: Option<(u32, u64)>) -> Span {
        let (thread, at) = by.map_or_else(|| (None, now()), |(thread, at)| (Some(thread), at));
        let sequence = Some(super::next_in_sequence());
        Span { name: "close", fd, direction: Direction::Out, at, waited: WAITED.get(), sequence, thread }
    }

    /// The call would block and may be attempted again.
    pub(crate) fn would_block(self, room: Option<usize>) {
        let mut fds = [NO_FD; KEPT];
        fds[0] = self.fd;
        let attempted = Some((self.name, room));
        PENDING.set(Some(Pending {
            fds,
            direction: self.direction,
            since: self.at,
            waited: self.waited,
            attempted,
        }));
    }

    /// The call has ended, and its lines are written.
    pub(crate) fn finish(self) {
        PENDING.set(None);
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
