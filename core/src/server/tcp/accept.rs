//! Accepting for the engines that block: iterative, threads, processes.

use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

use crate::net::{Deadline, Errno, Fault, Socket, Waiting, interest, wait_for};
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

/// One accept, with the connection counted.
pub(super) fn accept(listener: &Socket, shared: &Shared) -> Result<Socket, Refusal> {
    match listener.accept() {
        Ok((socket, _)) => {
            shared.counters().connections_accepted.add(1);
            Ok(socket)
        }
        Err(Errno(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM)) => {
            shared.met(Met::Shortage);
            Err(Refusal::Shortage)
        }
        // accept(2) passes on errors that were pending on the new connection; they are its peer's alone.
        Err(_) => Err(Refusal::Nobody),
    }
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

/// Takes connections from the listeners in turn.
pub(super) struct Acceptor {
    listeners: Arc<Listeners>,
    turn: usize,
}

impl Acceptor {
    pub(super) fn new(listeners: Arc<Listeners>) -> Acceptor {
        Acceptor { listeners, turn: 0 }
    }

    /// Waits for a connection, for one of the `others` to become readable, or for a stop.
    pub(super) fn next(&mut self, shared: &Shared, others: impl Iterator<Item = RawFd>) -> Next {
        let all = self.listeners.iter().map(Socket::fd).chain(others);
        let mut fds: Vec<_> = all.map(|fd| interest(fd, libc::POLLIN)).collect();
        fds.push(interest(-1, 0));
        let waiting = Waiting::until(Deadline::NEVER).woken_by(shared.stop_waker());
        loop {
            match wait_for(&mut fds, waiting) {
                Ok(()) => {}
                Err(Fault::Woken) => return Next::Stop,
                // poll(2) fails for want of memory only.
                Err(_) => {
                    if pause(shared) {
                        return Next::Stop;
                    }
                    continue;
                }
            }
            let count = self.listeners.len();
            if let Some(other) = (count..fds.len() - 1).find(|index| fds[*index].revents != 0) {
                return Next::Other(other - count);
            }
            for step in 0..count {
                let index = (self.turn + step) % count;
                if fds[index].revents == 0 {
                    continue;
                }
                self.turn = index + 1;
                match accept(&self.listeners[index], shared) {
                    Ok(socket) => return Next::Connection(socket),
                    Err(Refusal::Nobody) => {}
                    Err(Refusal::Shortage) if pause(shared) => return Next::Stop,
                    Err(Refusal::Shortage) => {}
                }
            }
        }
    }
}

/// Waits for descriptors to come back; `true` if a stop was asked for instead.
fn pause(shared: &Shared) -> bool {
    let waiting = Waiting::until(Deadline::after(Some(SHORTAGE_PAUSE))).woken_by(shared.stop_waker());
    wait_for(&mut [interest(-1, 0)], waiting) == Err(Fault::Woken)
}
