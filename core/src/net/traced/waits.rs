//! The time that a call is blocked: in poll(2), or in the system call itself.

use std::ffi::c_short;

use super::outcome::would_block;
use crate::net::raw::RawSocket;
use crate::net::sys::{Errno, PollFd};
use crate::netc;
use crate::trace::{self, Direction, WaitSpan};

type Sys<T> = Result<T, Errno>;

/// poll(2), which is part of a call; the last entry of `fds` is the waker's.
#[inline(always)]
pub(in crate::net) fn wait<T>(fds: &mut [PollFd], poll: impl FnOnce(&mut [PollFd]) -> T) -> T {
    if trace::on() { time_wait(fds, poll) } else { poll(fds) }
}

#[cold]
#[inline(never)]
fn time_wait<T>(fds: &mut [PollFd], poll: impl FnOnce(&mut [PollFd]) -> T) -> T {
    let others = &fds[..fds.len() - 1];
    let into = others.iter().any(|other| other.events & netc::POLLIN != 0);
    let (event, direction) =
        if into { (netc::POLLIN, Direction::In) } else { (netc::POLLOUT, Direction::Out) };
    let waited_for = others.iter().filter(|other| other.events & event != 0);
    let wait = WaitSpan::begin(waited_for.map(|other| other.fd), direction);
    let result = poll(fds);
    wait.end();
    result
}

/// A system call that blocks until one of `events` (poll(2)), as the descriptor's mode says. It blocks if poll(2) does
/// not report one of them before.
#[inline(always)]
pub(in crate::net) fn blocking<T>(
    socket: &RawSocket,
    events: c_short,
    mut call: impl FnMut(&RawSocket) -> Sys<T>,
) -> Sys<T> {
    if trace::on() { time_blocking(socket, events, &mut call) } else { call(socket) }
}

#[cold]
#[inline(never)]
fn time_blocking<T>(
    socket: &RawSocket,
    events: c_short,
    call: &mut dyn FnMut(&RawSocket) -> Sys<T>,
) -> Sys<T> {
    if !would_block(socket, events) {
        return call(socket);
    }
    let direction = if events & netc::POLLIN != 0 { Direction::In } else { Direction::Out };
    let wait = WaitSpan::begin([socket.fd()], direction);
    let result = call(socket);
    wait.end();
    result
}
