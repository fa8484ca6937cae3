//! Accepting for the engines that block: iterative, threads, processes.

use std::net::SocketAddr;
use std::ops::Range;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

use crate::net::{Deadline, Errno, Socket, WaitError, WaitOptions, interest, wait_for};
use crate::server::limits::Met;
use crate::server::listen::Listeners;
use crate::server::shared::Shared;

/// How long accepting pauses when there are no descriptors left: seldom enough to cost nothing,
/// often enough that nobody waits long once there are some again.
pub(super) const SHORTAGE_PAUSE: Duration = Duration::from_millis(50);

/// What an accept(2) that returned no connection means for the one who accepts.
pub(super) enum Refusal {
    /// Nobody waits, or whoever did has gone: go on.
    Nobody,
    /// No descriptors or memory: the connection stays in the backlog, try again after a pause.
    Shortage,
}

/// One accept, with the connection counted; its socket blocks if `blocks`.
pub(super) fn accept(listener: &Socket, blocks: bool, shared: &Shared) -> Result<Socket, Refusal> {
    accepted(listener.accept_as(!blocks), shared)
}

/// What an accept returned, counted.
fn accepted(outcome: Result<(Socket, SocketAddr), Errno>, shared: &Shared) -> Result<Socket, Refusal> {
    match outcome {
        Ok((socket, _)) => {
            shared.counters().connections_accepted.add(1);
            Ok(socket)
        }
        Err(errno) if is_shortage(errno) => {
            shared.met(Met::Shortage);
            Err(Refusal::Shortage)
        }
        // accept(2) passes on errors that were pending on the new connection; they are its peer's alone.
        Err(_) => Err(Refusal::Nobody),
    }
}

fn is_shortage(errno: Errno) -> bool {
    matches!(errno.0, libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM)
}

/// Closes a connection at once that cannot be served, and says why.
pub(super) fn refuse(socket: Socket, shared: &Shared, why: &'static str) {
    shared.met(Met::Refused(why));
    drop(socket);
}

/// What [`Acceptor::next`] found.
pub(super) enum Next {
    Connection(Socket),
    /// The descriptor at this place of the others is readable.
    Other(usize),
    /// A stop was asked for.
    Stop,
}

/// Takes connections from some of the listeners, in turn.
pub(super) struct Acceptor {
    listeners: Arc<Listeners>,
    places: Range<usize>,
    turn: usize,
    /// Connections taken without a look at the other listeners and at what else is waited for.
    in_a_row: usize,
    /// Whether the connections' sockets block.
    blocks: bool,
}

/// So many connections are taken from one listener before the others have their turn.
const IN_A_ROW: usize = 16;

impl Acceptor {
    pub(super) fn of_all(listeners: Arc<Listeners>, blocks: bool) -> Acceptor {
        let places = 0..listeners.len();
        Acceptor { listeners, places, turn: 0, in_a_row: 0, blocks }
    }

    /// Of the listener at `place` alone.
    pub(super) fn of_one(listeners: Arc<Listeners>, place: usize, blocks: bool) -> Acceptor {
        Acceptor { listeners, places: place..place + 1, turn: 0, in_a_row: 0, blocks }
    }

    /// Waits for a connection, for one of the `others` to become readable, or for a stop.
    pub(super) fn next(&mut self, shared: &Shared, others: impl Iterator<Item = RawFd>) -> Next {
        if self.blocks
            && let Some(socket) = self.next_at_once(shared)
        {
            return Next::Connection(socket);
        }
        self.in_a_row = 0;
        let all = self.listeners[self.places.clone()].iter().map(Socket::fd).chain(others);
        let mut fds: Vec<_> = all.map(|fd| interest(fd, libc::POLLIN)).collect();
        fds.push(interest(-1, 0));
        let waiting = WaitOptions::until(Deadline::NEVER).woken_by(shared.stop_waker());
        loop {
            match wait_for(&mut fds, waiting) {
                Ok(()) => {}
                Err(WaitError::Woken) => return Next::Stop,
                // poll(2) fails for want of memory only.
                Err(_) => {
                    if pause(shared) {
                        return Next::Stop;
                    }
                    continue;
                }
            }
            let count = self.places.len();
            if let Some(other) = (count..fds.len() - 1).find(|index| fds[*index].revents != 0) {
                return Next::Other(other - count);
            }
            for step in 0..count {
                let index = (self.turn + step) % count;
                if fds[index].revents == 0 {
                    continue;
                }
                // One that blocks goes back to the same listener for a while; otherwise the next one has its turn.
                self.turn = (index + usize::from(!self.blocks)) % count;
                match accept(&self.listeners[self.places.start + index], self.blocks, shared) {
                    Ok(socket) => return Next::Connection(socket),
                    Err(Refusal::Nobody) => {}
                    Err(Refusal::Shortage) if pause(shared) => return Next::Stop,
                    Err(Refusal::Shortage) => {}
                }
            }
        }
    }

    /// The next connection of the listener that had the last one: without a poll before, which is spared where
    /// clients queue; a listener that blocks is waited at. `None` says to look around.
    fn next_at_once(&mut self, shared: &Shared) -> Option<Socket> {
        let alone = self.places.len() == 1;
        while !shared.stopping() && (alone || self.in_a_row < IN_A_ROW) {
            match self.listeners[self.places.start + self.turn].accept_as(false) {
                Err(Errno(libc::ECONNABORTED | libc::EINTR)) => {}
                // For want of descriptors it does not even look whether somebody waits (accept(2)).
                Err(_) => return None,
                connection => {
                    self.in_a_row += 1;
                    return accepted(connection, shared).ok();
                }
            }
        }
        // The others go first.
        self.turn = (self.turn + 1) % self.places.len();
        None
    }
}

/// Waits for descriptors to come back; `true` if a stop was asked for instead.
fn pause(shared: &Shared) -> bool {
    let waiting = WaitOptions::until(Deadline::after(Some(SHORTAGE_PAUSE))).woken_by(shared.stop_waker());
    wait_for(&mut [interest(-1, 0)], waiting) == Err(WaitError::Woken)
}
