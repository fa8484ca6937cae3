//! Calls that are made once and do not wait, and the end of calls that do.

use std::ffi::c_int;
use std::net::SocketAddr;

use super::outcome::{outcome_of, with_socket};
use crate::net::raw::RawSocket;
use crate::net::sys::Errno;
use crate::net::sys::fd::{NO_FD, RawFd};
use crate::trace::{self, CallRecord, Direction, MovedBind, Outcome, Span, Upcoming};

type Sys<T> = Result<T, Errno>;

/// socket(2).
#[inline(always)]
pub(in crate::net) fn socket(datagrams: bool, make: impl FnOnce() -> Sys<RawSocket>) -> Sys<RawSocket> {
    if trace::on() { record_socket(datagrams, make) } else { make() }
}

#[cold]
#[inline(never)]
fn record_socket(datagrams: bool, make: impl FnOnce() -> Sys<RawSocket>) -> Sys<RawSocket> {
    hold("socket", NO_FD, || Some(CallRecord { datagrams, ..CallRecord::default() }));
    let span = Span::begin("socket", NO_FD, Direction::Out);
    let made = make();
    match &made {
        Ok(socket) => {
            span.with_fd(socket.fd()).end(Outcome::Ok, with_socket(socket, CallRecord::default()));
        }
        Err(errno) => span.end((*errno).into(), CallRecord::default()),
    }
    made
}

/// Waits until the call may be made, if it is stepped. `describe` tells what is known of it, unless it is not recorded.
fn hold<'a>(name: &'static str, fd: RawFd, describe: impl FnOnce() -> Option<CallRecord<'a>>) {
    let direction = Direction::Out;
    trace::hold(|| describe().map(|record| Upcoming { name, fd, direction, record }));
}

/// What is known of a socket, unless its calls are not recorded.
fn known<'a>(socket: &RawSocket, record: CallRecord<'a>) -> Option<CallRecord<'a>> {
    (!socket.is_unix()).then(|| with_socket(socket, record))
}

/// bind(2), to another port if a link is to take the one that was asked for.
#[inline(always)]
pub(in crate::net) fn bind(
    socket: &RawSocket,
    address: &SocketAddr,
    call: impl FnOnce(&SocketAddr) -> Sys<()>,
) -> Sys<()> {
    if trace::on() { record_bind(socket, address, call) } else { call(address) }
}

#[cold]
#[inline(never)]
fn record_bind(
    socket: &RawSocket,
    address: &SocketAddr,
    call: impl FnOnce(&SocketAddr) -> Sys<()>,
) -> Sys<()> {
    if socket.is_unix() {
        return call(address);
    }
    let local = Some(*address);
    hold("bind", socket.fd(), || known(socket, CallRecord { local, ..CallRecord::default() }));
    let span = Span::begin("bind", socket.fd(), Direction::Out);
    let moved = MovedBind::of(socket.is_datagram(), address);
    let asked = moved.as_ref().map(MovedBind::asked);
    let result = call(&moved.as_ref().map_or(*address, MovedBind::to));
    if let Some(moved) = moved {
        moved.end(result.ok().and_then(|()| socket.local_addr().ok()));
    }
    span.end(outcome_of(&result), with_socket(socket, CallRecord { asked, ..CallRecord::default() }));
    result
}

/// Before a close that other threads notice: waits until it may be made, if it is stepped.
#[inline(always)]
pub(in crate::net) fn hold_close(socket: &RawSocket) {
    if trace::on() {
        record_upcoming_close(socket);
    }
}

#[cold]
#[inline(never)]
fn record_upcoming_close(socket: &RawSocket) {
    hold("close", socket.fd(), || known(socket, CallRecord::default()));
}

/// A call that never blocks, with its integer argument.
#[inline(always)]
pub(in crate::net) fn at_once(
    socket: &RawSocket,
    name: &'static str,
    argument: Option<c_int>,
    call: impl FnOnce() -> Sys<()>,
) -> Sys<()> {
    if trace::on() { record_stepped(socket, name, argument, call) } else { call() }
}

#[cold]
#[inline(never)]
fn record_stepped(
    socket: &RawSocket,
    name: &'static str,
    argument: Option<c_int>,
    call: impl FnOnce() -> Sys<()>,
) -> Sys<()> {
    hold(name, socket.fd(), || known(socket, CallRecord { argument, ..CallRecord::default() }));
    record_at_once(socket, name, argument, None, call)
}

/// As [`at_once`], without a record of one error, and not stepped: the call is this library's own.
#[inline(always)]
pub(in crate::net) fn at_once_unless(
    error: Errno,
    socket: &RawSocket,
    name: &'static str,
    argument: Option<c_int>,
    call: impl FnOnce() -> Sys<()>,
) -> Sys<()> {
    if trace::on() { record_at_once(socket, name, argument, Some(error), call) } else { call() }
}

#[cold]
#[inline(never)]
fn record_at_once(
    socket: &RawSocket,
    name: &'static str,
    argument: Option<c_int>,
    unrecorded: Option<Errno>,
    call: impl FnOnce() -> Sys<()>,
) -> Sys<()> {
    if socket.is_unix() {
        return call();
    }
    let span = Span::begin(name, socket.fd(), Direction::Out);
    let result = call();
    if result.is_err() && result.err() == unrecorded {
        span.finish();
    } else {
        let record = CallRecord { argument, ..CallRecord::default() };
        span.end(outcome_of(&result), with_socket(socket, record));
    }
    result
}

/// close(2); `by` is the thread that began it and when, if that was before this, and it was stepped then.
#[inline(always)]
pub(in crate::net) fn close(
    socket: &RawSocket,
    by: impl FnOnce() -> Option<(u32, u64)>,
    call: impl FnOnce() -> Sys<()>,
) -> Sys<()> {
    if trace::on() { record_close(socket, by(), call) } else { call() }
}

#[cold]
#[inline(never)]
fn record_close(socket: &RawSocket, by: Option<(u32, u64)>, call: impl FnOnce() -> Sys<()>) -> Sys<()> {
    if socket.is_unix() {
        return call();
    }
    if by.is_none() {
        hold("close", socket.fd(), || known(socket, CallRecord::default()));
    }
    let span = Span::close(socket.fd(), by);
    let record = with_socket(socket, CallRecord::default());
    let result = call();
    span.end(outcome_of(&result), record);
    result
}

/// No further attempt is made at the call that was attempted or waited for on the socket.
#[inline(always)]
pub(in crate::net) fn end_abandoned_span(socket: &RawSocket, why: impl Into<Outcome>) {
    if trace::on() {
        record_abandoned(socket, why.into());
    }
}

#[cold]
#[inline(never)]
fn record_abandoned(socket: &RawSocket, outcome: Outcome) {
    if let Some((span, room)) = trace::abandoned_span(socket.fd())
        && !socket.is_unix()
    {
        span.end(outcome, with_socket(socket, CallRecord { room, ..CallRecord::default() }));
    }
}

/// The record of a connect that continues after connect(2) has returned; empty without a recording.
#[derive(Debug)]
pub(in crate::net) struct PendingConnect(Option<Span>);

impl PendingConnect {
    /// Before connect(2).
    #[inline(always)]
    pub(in crate::net) fn begin(socket: &RawSocket, address: &SocketAddr) -> PendingConnect {
        PendingConnect(trace::on().then(|| {
            let peer = Some(*address);
            hold("connect", socket.fd(), || known(socket, CallRecord { peer, ..CallRecord::default() }));
            let span = Span::begin("connect", socket.fd(), Direction::Out);
            span.note(None, Some(*address));
            span
        }))
    }

    /// The connect has ended.
    pub(in crate::net) fn end<E: Copy + Into<Outcome>>(
        self,
        socket: &RawSocket,
        address: &SocketAddr,
        result: Result<(), E>,
    ) {
        if let Some(span) = self.0 {
            let record = CallRecord { peer: Some(*address), ..CallRecord::default() };
            span.end(outcome_of(&result), with_socket(socket, record));
        }
    }
}
