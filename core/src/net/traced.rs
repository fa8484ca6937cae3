//! The calls while a recording runs: each is made as it would be, then told of.
//!
//! What takes no byte away is not told: a peek, and the error queue; nor is urgent data, which is no part of the
//! stream.

use std::ffi::c_int;
use std::io::IoSliceMut;
use std::net::{Shutdown, SocketAddr};

use super::message::Received;
use super::socket::Socket;
use super::sys::{self, Errno};
use super::wait::{WaitError, interest};
use crate::trace::{self, Begun, KeptErrno, Outcome, Told, Way};

type Sys<T> = Result<T, Errno>;

/// Flags of what is not told.
const UNTOLD: c_int = libc::MSG_PEEK | libc::MSG_OOB | libc::MSG_ERRQUEUE;

pub(super) fn is_told(flags: c_int) -> bool {
    flags & UNTOLD == 0
}

impl From<WaitError> for Outcome {
    fn from(error: WaitError) -> Outcome {
        match error {
            WaitError::TimedOut => Outcome::TimedOut,
            WaitError::Woken => Outcome::Closed,
            WaitError::Interrupted => Outcome::Interrupted,
            WaitError::Os(Errno(errno)) => Outcome::Errno(errno),
        }
    }
}

fn outcome_of<T>(result: &Sys<T>) -> Outcome {
    result.as_ref().map_or_else(|Errno(errno)| Outcome::Errno(*errno), |_| Outcome::Ok)
}

/// The argument of shutdown(2).
pub(super) fn number_of(how: Shutdown) -> c_int {
    match how {
        Shutdown::Read => libc::SHUT_RD,
        Shutdown::Write => libc::SHUT_WR,
        Shutdown::Both => libc::SHUT_RDWR,
    }
}

/// Adds what the system knows of the socket.
pub(super) fn known<'a>(socket: &Socket, told: Told<'a>) -> Told<'a> {
    // Not every socket has a peer; the number to keep is that of the call.
    let _errno = KeptErrno::new();
    let has_port = |address: &SocketAddr| address.port() != 0;
    Told {
        datagrams: socket.0.r#type().is_ok_and(|kind| kind == socket2::Type::DGRAM),
        local: told.local.or_else(|| socket.local_addr().ok().filter(has_port)),
        peer: told.peer.or_else(|| socket.peer_addr().ok()),
        ..told
    }
}

#[cold]
#[inline(never)]
pub(super) fn socket(make: impl FnOnce() -> Sys<Socket>) -> Sys<Socket> {
    let begun = Begun::new("socket", -1, Way::Out);
    let made = make();
    match &made {
        Ok(socket) => begun.on(socket.fd()).end(Outcome::Ok, known(socket, Told::default())),
        Err(Errno(errno)) => begun.end(Outcome::Errno(*errno), Told::default()),
    }
    made
}

/// A call that never waits.
#[cold]
#[inline(never)]
pub(super) fn at_once(
    socket: &Socket,
    name: &'static str,
    argument: Option<c_int>,
    call: impl FnOnce() -> Sys<()>,
) -> Sys<()> {
    let begun = Begun::new(name, socket.fd(), Way::Out);
    let result = call();
    begun.end(outcome_of(&result), known(socket, Told { argument, ..Told::default() }));
    result
}

/// A shutdown of which nothing is told if there is no peer.
#[cold]
#[inline(never)]
pub(super) fn shut(socket: &Socket, how: Shutdown, call: impl FnOnce() -> Sys<()>) -> Sys<()> {
    let begun = Begun::new("shutdown", socket.fd(), Way::Out);
    let result = call();
    match result {
        Err(Errno(libc::ENOTCONN)) => begun.over(),
        _ => {
            let argument = Some(number_of(how));
            begun.end(outcome_of(&result), known(socket, Told { argument, ..Told::default() }));
        }
    }
    result
}

/// The close of a descriptor that is about to be closed; `by` is who began it and when, if not this thread now.
#[cold]
#[inline(never)]
pub(super) fn closing(socket: &Socket, by: Option<(u32, u64)>) {
    Begun::close(socket.fd(), by).end(Outcome::Ok, known(socket, Told::default()));
}

#[cold]
#[inline(never)]
pub(super) fn close(socket: &Socket, by: Option<(u32, u64)>, close: impl FnOnce() -> Sys<()>) -> Sys<()> {
    let begun = Begun::close(socket.fd(), by);
    let told = known(socket, Told::default());
    let result = close();
    begun.end(outcome_of(&result), told);
    result
}

/// The call that was tried on the socket will not be tried again.
#[cold]
#[inline(never)]
pub(super) fn given_up(socket: &Socket, error: WaitError) {
    if let Some((begun, room)) = trace::given_up(socket.fd()) {
        begun.end(error.into(), known(socket, Told { room, ..Told::default() }));
    }
}

/// Ends a receive: `data` is the buffer, `count` what the call returned.
pub(super) fn received(
    socket: &Socket,
    begun: Begun,
    outcome: Outcome,
    count: usize,
    flags: c_int,
    told: Told<'_>,
) {
    let told = known(socket, told);
    if outcome != Outcome::Ok {
        return begun.end(outcome, Told { data: &[], ..told });
    }
    // The own end was shut down: this is no end of the peer's.
    if count == 0 && told.room != Some(0) && !told.datagrams && socket.peer_may_send() {
        return begun.end(Outcome::Closed, Told { data: &[], ..told });
    }
    let count = count.min(told.room.unwrap_or(count));
    // With MSG_TRUNC a stream's bytes are thrown away.
    let is_there = told.datagrams || flags & libc::MSG_TRUNC == 0;
    let data = if is_there { &told.data[..count.min(told.data.len())] } else { &[] };
    begun.end(Outcome::Ok, Told { bytes: Some(count), data, ..told });
}

impl Socket {
    /// Makes a call that may wait in the system, and takes the time that it does.
    pub(super) fn timed<T>(&self, flags: c_int, mut call: impl FnMut(c_int) -> Sys<T>) -> Sys<T> {
        match call(flags | libc::MSG_DONTWAIT) {
            Err(errno) if errno.would_block() && self.may_wait(flags) => {}
            other => return other,
        }
        let since = trace::waiting_for([self.fd()].into_iter(), Way::In);
        let result = call(flags);
        trace::waited(since);
        result
    }

    pub(super) fn may_wait(&self, flags: c_int) -> bool {
        flags & libc::MSG_DONTWAIT == 0 && self.is_nonblocking() == Ok(false)
    }

    /// How an attempt has ended; `None` if it may be tried again.
    pub(super) fn ended<T>(&self, result: &Sys<T>, flags: c_int) -> Option<Outcome> {
        match result {
            Err(errno) if errno.would_block() => self.may_wait(flags).then_some(Outcome::TimedOut),
            Err(Errno(libc::EINTR)) => None,
            other => Some(outcome_of(other)),
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn accept_traced(&self, nonblocking: bool) -> Sys<(Socket, SocketAddr)> {
        let begun = Begun::new("accept", self.fd(), Way::In);
        let waits = self.may_wait(0)
            && sys::poll(&mut [interest(self.fd(), libc::POLLIN)], Some(std::time::Duration::ZERO)) == Ok(0);
        let since = waits.then(|| trace::waiting_for([self.fd()].into_iter(), Way::In));
        let result = self.bare_accept(nonblocking);
        since.into_iter().for_each(trace::waited);
        let outcome = match &result {
            // It listens no more, since it waited.
            Err(Errno(libc::EINVAL)) if waits => Some(Outcome::Closed),
            other => self.ended(other, 0),
        };
        accepted(self, begun, outcome, result.as_ref().ok().map(|(new, peer)| (new, *peer)));
        result
    }

    #[cold]
    #[inline(never)]
    pub(super) fn connect_traced(&self, address: &SocketAddr) -> Sys<()> {
        let begun = Begun::new("connect", self.fd(), Way::Out);
        let result = self.bare_connect(address);
        begun.end(outcome_of(&result), known(self, Told { peer: Some(*address), ..Told::default() }));
        result
    }

    #[cold]
    #[inline(never)]
    pub(super) fn receive_traced(&self, buffer: &mut [u8], flags: c_int) -> Sys<usize> {
        if !is_told(flags) {
            return self.bare_receive(buffer, flags);
        }
        let begun = Begun::new("recv", self.fd(), Way::In);
        let result = self.timed(flags, |flags| self.bare_receive(buffer, flags));
        let told = Told { room: Some(buffer.len()), data: buffer, ..Told::default() };
        match self.ended(&result, flags) {
            None => begun.not_yet(told.room),
            Some(outcome) => received(self, begun, outcome, result.unwrap_or(0), flags, told),
        }
        result
    }

    #[cold]
    #[inline(never)]
    pub(super) fn receive_message_traced(
        &self,
        buffers: &mut [IoSliceMut<'_>],
        control: &mut [u8],
        flags: c_int,
    ) -> Sys<Received> {
        if !is_told(flags) {
            return self.bare_receive_message(buffers, control, flags);
        }
        let begun = Begun::new("recvfrom", self.fd(), Way::In);
        let result = self.timed(flags, |flags| self.bare_receive_message(buffers, control, flags));
        let (count, peer) = result.map_or((0, None), |received| (received.length, received.source));
        let first = buffers.first().map_or(&[][..], |buffer| buffer);
        let told = Told { room: Some(first.len()), data: first, peer, ..Told::default() };
        match self.ended(&result, flags) {
            None => begun.not_yet(told.room),
            Some(outcome) => received(self, begun, outcome, count, flags, told),
        }
        result
    }

    #[cold]
    #[inline(never)]
    pub(super) fn send_traced(&self, bytes: &[u8], flags: c_int) -> Sys<usize> {
        let begun = Begun::new("send", self.fd(), Way::Out);
        let result = self.bare_send(bytes, flags);
        self.sent(begun, &result, bytes, None, flags);
        result
    }

    #[cold]
    #[inline(never)]
    pub(super) fn send_to_traced(&self, bytes: &[u8], address: &SocketAddr, flags: c_int) -> Sys<usize> {
        let begun = Begun::new("sendto", self.fd(), Way::Out);
        let result = self.bare_send_to(bytes, address, flags);
        self.sent(begun, &result, bytes, Some(*address), flags);
        result
    }

    fn sent(&self, begun: Begun, result: &Sys<usize>, bytes: &[u8], peer: Option<SocketAddr>, flags: c_int) {
        match result {
            Err(errno) if errno.would_block() || errno.0 == libc::EINTR => begun.not_yet(Some(bytes.len())),
            _ if is_told(flags) => {
                sent(self, begun, outcome_of(result), result.unwrap_or(0), bytes, bytes.len(), peer)
            }
            _ => {}
        }
    }
}

/// Ends an accept; without an outcome it may be tried again.
pub(super) fn accepted(
    socket: &Socket,
    begun: Begun,
    outcome: Option<Outcome>,
    new: Option<(&Socket, SocketAddr)>,
) {
    let told = match new {
        Some((new, peer)) => Told {
            accepted: Some(new.fd()),
            local: new.local_addr().ok(),
            peer: Some(peer),
            ..Told::default()
        },
        None => Told::default(),
    };
    match outcome {
        None => begun.not_yet(None),
        Some(outcome) => begun.end(outcome, known(socket, told)),
    }
}

/// Ends a send of `room` bytes, which begin with `data`.
pub(super) fn sent(
    socket: &Socket,
    begun: Begun,
    outcome: Outcome,
    count: usize,
    data: &[u8],
    room: usize,
    peer: Option<SocketAddr>,
) {
    let told = Told { room: Some(room), peer, ..Told::default() };
    let told = match outcome {
        Outcome::Ok => Told { bytes: Some(count), data: &data[..count.min(data.len())], ..told },
        _ => told,
    };
    begun.end(outcome, known(socket, told));
}
