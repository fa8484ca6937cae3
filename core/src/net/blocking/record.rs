//! How the calls of a [`BlockingSocket`] are recorded: all attempts, waits and parts of one are one call.

use std::ffi::c_int;

use super::socket::{BlockingSocket, InUse};
use crate::net::sys::Errno;
use crate::net::sys::fd::RawFd;
use crate::net::traced::{Traced, is_recorded, may_block, outcome_of, report_parked, with_socket};
use crate::net::wait::WaitPolicy;
use crate::net::wait_error::WaitError;
use crate::netc;
use crate::trace::{CallRecord, Direction, Outcome, Span};

impl BlockingSocket {
    /// A poller waits for input in the place of the next receive or accept.
    #[inline(always)]
    pub(in crate::net) fn note_watch_for_input(&self) {
        self.note_watch(Direction::In);
    }

    /// A poller waits for space in the send buffer in the place of the next send or connect.
    #[inline(always)]
    pub(in crate::net) fn note_watch_for_room(&self) {
        self.note_watch(Direction::Out);
    }

    #[inline(always)]
    fn note_watch(&self, direction: Direction) {
        if let Some(since) = self.record.note_watch(direction) {
            report_parked(self.fd(), direction, since);
        }
    }
}

impl Traced for BlockingSocket {
    type Error = WaitError;
    type Policy = WaitPolicy;
    type Open<'a> = InUse<'a>;

    fn upcoming<'a>(&self, record: CallRecord<'a>, flags: c_int) -> Option<(RawFd, CallRecord<'a>)> {
        // It is not in use while it waits to be let go, so that another thread may close it.
        let in_use = self.in_use().ok()?;
        is_recorded(flags).then(|| (in_use.fd(), with_socket(&in_use, record)))
    }

    fn begin(&self, name: &'static str, direction: Direction, flags: c_int) -> Option<(InUse<'_>, Span)> {
        let in_use = self.in_use().ok()?;
        let span = self.record.begin(name, &in_use, direction);
        if is_recorded(flags) {
            return Some((in_use, span));
        }
        span.forget();
        None
    }

    fn outcome<T>(&self, result: &Result<T, WaitError>, flags: c_int, policy: WaitPolicy) -> Option<Outcome> {
        match result {
            // Blocked in the system until SO_RCVTIMEO or SO_SNDTIMEO expired.
            Err(WaitError::Os(errno)) if errno.would_block() => {
                let may_block = policy.timeout.is_none() && may_block(self.raw(), flags);
                may_block.then_some(Outcome::TimedOut)
            }
            other => Some(outcome_of(other)),
        }
    }

    fn is_connecting(error: WaitError) -> bool {
        error == WaitError::Os(Errno(netc::EALREADY))
    }
}
