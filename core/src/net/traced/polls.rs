//! The record of a wait for several descriptors: select(2), poll(2), `epoll_wait(2)`, which the host makes itself.

use super::begun::borrowed;
use crate::net::sys::fd::{NO_FD, RawFd};
use crate::net::sys::{Errno, KeptErrno};
use crate::netc;
use crate::trace::{self, CallRecord, Descriptors, Direction, MultiWait, Outcome, Upcoming};

/// A call that waits for several descriptors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PollKind {
    /// select(2) or pselect(2).
    Select,
    /// poll(2) or ppoll(2).
    Poll,
    /// `epoll_wait(2)`, or kevent(2) for its descriptors.
    EpollWait,
}

impl PollKind {
    /// Its name in a trace: `select`, `poll`, `epoll_wait`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            PollKind::Select => "select",
            PollKind::Poll => "poll",
            PollKind::EpollWait => "epoll_wait",
        }
    }
}

/// A wait for several descriptors that is being recorded. The caller makes the system call.
///
/// A caller whose wait may be longer than [`BEGIN_AFTER`](crate::trace::BEGIN_AFTER) waits for that time first, then
/// calls [`still_waits`](PollSpan::still_waits), and waits for the rest.
#[derive(Debug)]
#[must_use = "it writes nothing until it has ended"]
pub struct PollSpan(MultiWait);

impl PollSpan {
    /// Before the call; `None` without a recording. `fd` is that of the epoll instance.
    #[inline]
    pub fn begin(kind: PollKind, fd: Option<i32>) -> Option<PollSpan> {
        if trace::on() { Some(PollSpan::of(kind, fd)) } else { None }
    }

    #[cold]
    fn of(kind: PollKind, fd: Option<i32>) -> PollSpan {
        PollSpan(MultiWait::begin(kind.name(), fd.map_or(NO_FD, of_number)))
    }

    /// Before the call: waits until it may be made, if it is stepped and waits for a TCP or UDP socket.
    pub fn hold(self, waited: Descriptors<'_>) -> PollSpan {
        let _errno = KeptErrno::new();
        let record = CallRecord { waited, ..CallRecord::default() };
        let hold = |name, fd| {
            trace::hold(|| {
                has_socket(waited).then_some(Upcoming { name, fd, direction: Direction::In, record })
            });
        };
        PollSpan(self.0.after(hold))
    }

    /// The call waits: writes the line that it has begun, if it waits for a TCP or UDP socket. To be called once.
    pub fn still_waits(&self, waited: Descriptors<'_>) {
        let _errno = KeptErrno::new();
        if has_socket(waited) {
            self.0.report(waited);
        }
    }

    /// The call has ended: writes its line, if it waited for a TCP or UDP socket. Without a ready descriptor and without an
    /// error its time was over; a wait that found nothing in less than a millisecond has no line.
    pub fn end(self, waited: Descriptors<'_>, ready: Descriptors<'_>, result: Result<(), Errno>) {
        let _errno = KeptErrno::new();
        if has_socket(waited) {
            let outcome = match result {
                Err(Errno(netc::EINTR)) => Outcome::Interrupted,
                Err(Errno(errno)) => Outcome::Errno(errno),
                Ok(()) if ready.is_empty() => Outcome::TimedOut,
                Ok(()) => Outcome::Ok,
            };
            self.0.end(outcome, waited, ready);
        }
    }
}

#[allow(clippy::unnecessary_cast, reason = "on Windows it is a handle, of which 32 bits are significant")]
fn of_number(fd: i32) -> RawFd {
    fd as RawFd
}

fn has_socket(waited: Descriptors<'_>) -> bool {
    let mut fds = waited.readable.iter().chain(waited.writable).filter(|fd| **fd >= 0);
    fds.any(|fd| borrowed(of_number(*fd), |socket| socket.local_addr().is_ok()))
}
