//! Calls that may block: accept, connect, receive and send. All attempts and waits of a call are one record.

use std::ffi::c_int;
use std::net::SocketAddr;
use std::ops::Deref;

use socket2::SockAddr;

use super::begun::report_if_it_blocks;
use super::buffers::{Buffers, Gathered, ReceiveResult, Sent};
use super::outcome::{is_recorded, may_block, outcome_of, with_socket, would_block};
use crate::net::raw::RawSocket;
use crate::net::sys::Errno;
use crate::net::sys::fd::RawFd;
use crate::netc;
use crate::trace::{self, CallRecord, Direction, Outcome, Span, Upcoming, WaitSpan};

type Sys<T> = Result<T, Errno>;

/// A socket whose calls are recorded.
///
/// A call gets its arguments from the trace point: a closure with many captures would be built before the branch, and
/// cost instructions without a recording.
pub(in crate::net) trait Traced {
    type Error: Copy + Into<Outcome>;

    /// How a call waits.
    type Policy: Copy;

    /// Whatever keeps the descriptor open until the line is written, so that the close's comes after it.
    type Open<'a>: Deref<Target = RawSocket>
    where
        Self: 'a;

    /// What a call with these flags is about to do, for whoever steps it; `None` if it is not recorded.
    fn upcoming<'a>(&self, record: CallRecord<'a>, flags: c_int) -> Option<(RawFd, CallRecord<'a>)>;

    /// Waits until the call may be made, if it is stepped, and begins it; `None` if it is not recorded.
    #[inline(always)]
    fn begin_stepped(
        &self,
        name: &'static str,
        direction: Direction,
        flags: c_int,
        record: CallRecord<'_>,
    ) -> Option<(Self::Open<'_>, Span)> {
        trace::hold(|| {
            let (fd, record) = self.upcoming(record, flags)?;
            Some(Upcoming { name, fd, direction, record })
        });
        self.begin(name, direction, flags)
    }

    /// Begins a call with these flags; `None` if it is not recorded.
    fn begin(&self, name: &'static str, direction: Direction, flags: c_int)
    -> Option<(Self::Open<'_>, Span)>;

    /// How the call ended; `None` if it did not block and may be attempted again.
    fn outcome<T>(
        &self,
        result: &Result<T, Self::Error>,
        flags: c_int,
        policy: Self::Policy,
    ) -> Option<Outcome>;

    /// Whether the call failed because an earlier connect, which is recorded, is in progress.
    fn is_connecting(error: Self::Error) -> bool;

    /// Makes a call that may block in the system, and measures for how long.
    fn attempt<T>(
        &self,
        flags: c_int,
        mut call: impl FnMut(c_int) -> Result<T, Self::Error>,
    ) -> Result<T, Self::Error> {
        call(flags)
    }

    /// accept(2), with its outcome.
    fn attempt_accept<T>(
        &self,
        policy: Self::Policy,
        call: impl FnOnce() -> Result<T, Self::Error>,
    ) -> (Result<T, Self::Error>, Option<Outcome>) {
        let result = call();
        let outcome = self.outcome(&result, 0, policy);
        (result, outcome)
    }

    #[inline(always)]
    fn trace_accept<N: Deref<Target = RawSocket>>(
        &self,
        policy: Self::Policy,
        call: impl FnOnce(&Self, Self::Policy) -> Result<(N, SockAddr), Self::Error>,
    ) -> Result<(N, SockAddr), Self::Error> {
        if trace::on() { record_accept(self, policy, call) } else { call(self, policy) }
    }

    #[inline(always)]
    fn trace_connect(
        &self,
        address: &SocketAddr,
        policy: Self::Policy,
        call: impl FnOnce(&Self, &SocketAddr, Self::Policy) -> Result<(), Self::Error>,
    ) -> Result<(), Self::Error> {
        if trace::on() { record_connect(self, address, policy, call) } else { call(self, address, policy) }
    }

    #[inline(always)]
    fn trace_receive<B: Buffers + ?Sized, T: ReceiveResult>(
        &self,
        name: &'static str,
        buffers: &mut B,
        flags: c_int,
        policy: Self::Policy,
        mut call: impl FnMut(&Self, &mut B, c_int, Self::Policy) -> Result<T, Self::Error>,
    ) -> Result<T, Self::Error> {
        if trace::on() {
            return record_receive(self, name, buffers, flags, policy, call);
        }
        call(self, buffers, flags, policy)
    }

    #[inline(always)]
    fn trace_send<B: Buffers + ?Sized, T: Sent<Self::Error>>(
        &self,
        name: &'static str,
        buffers: &B,
        flags: c_int,
        to: Option<&SocketAddr>,
        policy: Self::Policy,
        call: impl FnOnce(&Self, &B, c_int, Self::Policy) -> T,
    ) -> T {
        if trace::on() {
            return record_send(self, name, buffers, flags, to, policy, call);
        }
        call(self, buffers, flags, policy)
    }
}

impl Traced for RawSocket {
    type Error = Errno;
    type Policy = ();
    type Open<'a> = &'a RawSocket;

    fn upcoming<'a>(&self, record: CallRecord<'a>, flags: c_int) -> Option<(RawFd, CallRecord<'a>)> {
        (is_recorded(flags) && !self.is_unix()).then(|| (self.fd(), with_socket(self, record)))
    }

    fn begin(&self, name: &'static str, direction: Direction, flags: c_int) -> Option<(&RawSocket, Span)> {
        (is_recorded(flags) && !self.is_unix()).then(|| (self, Span::begin(name, self.fd(), direction)))
    }

    fn outcome<T>(&self, result: &Sys<T>, flags: c_int, (): ()) -> Option<Outcome> {
        match result {
            Err(errno) if errno.would_block() => may_block(self, flags).then_some(Outcome::TimedOut),
            Err(Errno(netc::EINTR)) => None,
            other => Some(outcome_of(other)),
        }
    }

    fn is_connecting(error: Errno) -> bool {
        error == Errno(netc::EALREADY)
    }

    fn attempt<T>(&self, flags: c_int, mut call: impl FnMut(c_int) -> Sys<T>) -> Sys<T> {
        match call(flags | netc::MSG_DONTWAIT) {
            Err(errno) if errno.would_block() && may_block(self, flags) => {}
            other => return other,
        }
        let wait = WaitSpan::begin([self.fd()], Direction::In);
        let result = report_if_it_blocks(self, netc::POLLIN).and_then(|()| call(flags));
        wait.end();
        result
    }

    fn attempt_accept<T>(&self, (): (), call: impl FnOnce() -> Sys<T>) -> (Sys<T>, Option<Outcome>) {
        let blocks = may_block(self, 0) && would_block(self, netc::POLLIN);
        let wait = blocks.then(|| WaitSpan::begin([self.fd()], Direction::In));
        let reported = wait.as_ref().map_or(Ok(()), |_| report_if_it_blocks(self, netc::POLLIN));
        let result = reported.and_then(|()| call());
        wait.into_iter().for_each(WaitSpan::end);
        let outcome = match &result {
            // The socket was shut down while the call was blocked.
            Err(Errno(netc::EINVAL)) if blocks => Some(Outcome::Closed),
            other => self.outcome(other, 0, ()),
        };
        (result, outcome)
    }
}

#[cold]
#[inline(never)]
fn record_accept<S: Traced + ?Sized, N: Deref<Target = RawSocket>>(
    socket: &S,
    policy: S::Policy,
    call: impl FnOnce(&S, S::Policy) -> Result<(N, SockAddr), S::Error>,
) -> Result<(N, SockAddr), S::Error> {
    let begun = socket.begin_stepped("accept", Direction::In, 0, CallRecord::default());
    let Some((open, span)) = begun else { return call(socket, policy) };
    let (result, outcome) = socket.attempt_accept(policy, || call(socket, policy));
    let record = result.as_ref().map_or_else(
        |_| CallRecord::default(),
        |(new, peer)| CallRecord {
            accepted: Some(new.fd()),
            local: new.local_addr().ok(),
            peer: peer.as_socket(),
            ..CallRecord::default()
        },
    );
    match outcome {
        None => span.would_block(None),
        Some(outcome) => span.end(outcome, with_socket(&open, record)),
    }
    result
}

#[cold]
#[inline(never)]
fn record_connect<S: Traced + ?Sized>(
    socket: &S,
    address: &SocketAddr,
    policy: S::Policy,
    call: impl FnOnce(&S, &SocketAddr, S::Policy) -> Result<(), S::Error>,
) -> Result<(), S::Error> {
    let upcoming = CallRecord { peer: Some(*address), ..CallRecord::default() };
    let Some((open, span)) = socket.begin_stepped("connect", Direction::Out, 0, upcoming) else {
        return call(socket, address, policy);
    };
    span.note(None, Some(*address));
    let result = call(socket, address, policy);
    if result.err().is_some_and(S::is_connecting) {
        span.would_block(None);
    } else {
        let record = CallRecord { peer: Some(*address), ..CallRecord::default() };
        span.end(outcome_of(&result), with_socket(&open, record));
    }
    result
}

#[cold]
#[inline(never)]
fn record_receive<S: Traced + ?Sized, B: Buffers + ?Sized, T: ReceiveResult>(
    socket: &S,
    name: &'static str,
    buffers: &mut B,
    flags: c_int,
    policy: S::Policy,
    mut call: impl FnMut(&S, &mut B, c_int, S::Policy) -> Result<T, S::Error>,
) -> Result<T, S::Error> {
    let room = Some(Gathered::of(buffers).whole);
    let upcoming = CallRecord { room, ..CallRecord::default() };
    let Some((open, span)) = socket.begin_stepped(name, Direction::In, flags, upcoming) else {
        return call(socket, buffers, flags, policy);
    };
    span.note(room, None);
    let result = socket.attempt(flags, |flags| call(socket, buffers, flags, policy));
    let (count, peer) = result.as_ref().map_or((0, None), ReceiveResult::length_and_source);
    let gathered = Gathered::of(buffers);
    match socket.outcome(&result, flags, policy) {
        None => span.would_block(Some(gathered.whole)),
        Some(outcome) => end_receive(&open, span, outcome, count, flags, gathered.record(peer)),
    }
    result
}

/// `count` is what the call returned; the record has the buffer's length and data.
fn end_receive(
    socket: &RawSocket,
    span: Span,
    outcome: Outcome,
    count: usize,
    flags: c_int,
    record: CallRecord<'_>,
) {
    let record = with_socket(socket, record);
    if outcome != Outcome::Ok {
        return span.end(outcome, CallRecord { data: &[], ..record });
    }
    // This end's input was shut down, and the peer's output was not.
    if count == 0 && record.room != Some(0) && !record.datagrams && socket.peer_may_send() {
        return span.end(Outcome::Closed, CallRecord { data: &[], ..record });
    }
    let count = count.min(record.room.unwrap_or(count));
    // With MSG_TRUNC the bytes of a stream are discarded (tcp(7)).
    let has_data = record.datagrams || flags & netc::MSG_TRUNC == 0;
    let data = if has_data { &record.data[..count.min(record.data.len())] } else { &[] };
    span.end(Outcome::Ok, CallRecord { bytes: Some(count), data, ..record });
}

#[cold]
#[inline(never)]
fn record_send<S: Traced + ?Sized, B: Buffers + ?Sized, T: Sent<S::Error>>(
    socket: &S,
    name: &'static str,
    buffers: &B,
    flags: c_int,
    to: Option<&SocketAddr>,
    policy: S::Policy,
    call: impl FnOnce(&S, &B, c_int, S::Policy) -> T,
) -> T {
    let (room, peer) = (Some(Gathered::of(buffers).whole), to.copied());
    let upcoming = CallRecord { room, peer, ..CallRecord::default() };
    let Some((open, span)) = socket.begin_stepped(name, Direction::Out, flags, upcoming) else {
        return call(socket, buffers, flags, policy);
    };
    span.note(room, peer);
    let result = call(socket, buffers, flags, policy);
    let sent = result.sent();
    let gathered = Gathered::of(buffers);
    let record = gathered.record(to.copied());
    match (socket.outcome(&sent, flags, policy), sent) {
        (None, _) => span.would_block(record.room),
        (Some(outcome), Ok(count)) => {
            let data = &record.data[..count.min(record.data.len())];
            span.end(outcome, with_socket(&open, CallRecord { bytes: Some(count), data, ..record }));
        }
        (Some(outcome), Err(_)) => span.end(outcome, with_socket(&open, CallRecord { data: &[], ..record })),
    }
    result
}
