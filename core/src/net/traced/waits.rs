//! The time that a call is blocked: in poll(2), or in the system call itself.

use std::ffi::{c_int, c_short};
use std::time::Duration;

use super::begun::{report_if_it_blocks, report_wait};
use super::outcome::{may_block, would_block};
use crate::net::raw::RawSocket;
use crate::net::sys::{Errno, PollFd};
use crate::netc;
use crate::trace::{self, BEGIN_AFTER, Direction, WaitSpan};

type Sys<T> = Result<T, Errno>;

/// poll(2), which is part of a call; the last entry of `fds` is the waker's. `poll_briefly` polls for the given time at most:
/// `None` if the call would wait for longer.
#[inline(always)]
pub(in crate::net) fn wait<T>(
    fds: &mut [PollFd],
    poll_briefly: impl FnOnce(&mut [PollFd], Duration) -> Option<T>,
    poll: impl FnOnce(&mut [PollFd]) -> T,
) -> T {
    if trace::on() { time_wait(fds, poll_briefly, poll) } else { poll(fds) }
}

#[cold]
#[inline(never)]
fn time_wait<T>(
    fds: &mut [PollFd],
    poll_briefly: impl FnOnce(&mut [PollFd], Duration) -> Option<T>,
    poll: impl FnOnce(&mut [PollFd]) -> T,
) -> T {
    let others = &fds[..fds.len() - 1];
    let into = others.iter().any(|other| other.events & netc::POLLIN != 0);
    let (event, direction) =
        if into { (netc::POLLIN, Direction::In) } else { (netc::POLLOUT, Direction::Out) };
    let waited_for = others.iter().filter(|other| other.events & event != 0);
    let wait = WaitSpan::begin(waited_for.map(|other| other.fd), direction);
    let result = poll_briefly(fds, BEGIN_AFTER).unwrap_or_else(|| {
        report_wait();
        poll(fds)
    });
    wait.end();
    result
}

/// A system call with these flags that blocks until one of `events` (poll(2)), as the descriptor's mode says. It blocks if
/// poll(2) does not report one of them before; with MSG_WAITALL it may block afterwards, too.
#[inline(always)]
pub(in crate::net) fn blocking<T>(
    socket: &RawSocket,
    events: c_short,
    flags: c_int,
    mut call: impl FnMut(&RawSocket) -> Sys<T>,
) -> Sys<T> {
    if trace::on() { time_blocking(socket, events, flags, &mut call) } else { call(socket) }
}

#[cold]
#[inline(never)]
fn time_blocking<T>(
    socket: &RawSocket,
    events: c_short,
    flags: c_int,
    call: &mut dyn FnMut(&RawSocket) -> Sys<T>,
) -> Sys<T> {
    if flags & netc::MSG_WAITALL != 0 && may_block(socket, flags) {
        report_wait();
    } else if !would_block(socket, events) {
        return call(socket);
    }
    let direction = if events & netc::POLLIN != 0 { Direction::In } else { Direction::Out };
    let wait = WaitSpan::begin([socket.fd()], direction);
    let result = report_if_it_blocks(socket, events).and_then(|()| call(socket));
    wait.end();
    result
}
