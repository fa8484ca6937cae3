//! Accepting connections: one accept(2), and the loop around it of the engines that block (iterative, threads,
//! processes).

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::net::fd::RawFd;
use crate::net::{
    Deadline, Errno, SHUTDOWN_REFUSES, Socket, WaitError, WaitOptions, interest, no_interest, wait_for,
};
use crate::netc;
use crate::server::state::{BlockingThread, Context, LimitEvent, Listeners, State, Taking};

/// How long accepting pauses if there are no descriptors: long enough to cost little, and short enough that a
/// connection does not wait long once there are some.
pub(super) const SHORTAGE_PAUSE: Duration = Duration::from_millis(50);

/// Why accept(2) returned no connection.
pub(super) enum AcceptError {
    /// The backlog is empty, or the connection has been reset.
    NoConnection,
    /// There are no descriptors or memory: the connection stays in the backlog, and the caller retries after a pause.
    Shortage,
}

/// Accepts one connection, and counts it; its socket blocks if `blocks`.
pub(super) fn accept(listener: &Socket, blocks: bool, context: &Context) -> Result<Socket, AcceptError> {
    count(listener.accept_as(!blocks), context)
}

/// Counts the outcome of an accept.
fn count(outcome: Result<Socket, Errno>, context: &Context) -> Result<Socket, AcceptError> {
    match outcome {
        Ok(socket) => {
            context.counters().connections_accepted.add(1);
            Ok(socket)
        }
        Err(errno) if is_shortage(errno) => {
            context.limit_reached(LimitEvent::OutOfDescriptors);
            Err(AcceptError::Shortage)
        }
        // accept(2) reports pending errors of the new connection, which do not concern the others.
        Err(_) => Err(AcceptError::NoConnection),
    }
}

fn is_shortage(errno: Errno) -> bool {
    matches!(errno.0, netc::EMFILE | netc::ENFILE | netc::ENOBUFS | netc::ENOMEM)
}

/// Closes a connection that cannot be served, and logs why.
pub(super) fn refuse(socket: Socket, context: &Context, why: &'static str) {
    context.limit_reached(LimitEvent::Refused(why));
    drop(socket);
}

/// Why [`Acceptor::next`] returned.
pub(super) enum Wakeup<'a> {
    /// It is being taken until it counts as active.
    Connection(Socket, Taking<'a>),
    /// The descriptor at this index of the others is readable.
    Other(usize),
    /// A stop was requested.
    Stop,
}

/// Accepts connections from one or all of the listeners, in turn.
pub(super) struct Acceptor {
    /// Those of the server. Where only a close refuses connections, `None` while a connection is served: a stop can
    /// then close them.
    listeners: Option<Arc<Listeners>>,
    /// The indexes of its listeners.
    own: Range<usize>,
    /// The position in `own` of the listener that is tried first.
    first: usize,
    /// Connections accepted since the last poll of all listeners.
    in_a_row: usize,
    /// Whether the connections' sockets block.
    blocks: bool,
    /// The thread that accepts, once it does, if its accepts may block.
    thread: Option<BlockingThread>,
}

/// The most connections accepted from one listener before the others are polled.
const MAX_IN_A_ROW: usize = 16;

impl Acceptor {
    pub(super) fn of_all(listeners: &Listeners, blocks: bool) -> Acceptor {
        let own = 0..listeners.len();
        Acceptor { listeners: None, own, first: 0, in_a_row: 0, blocks, thread: None }
    }

    /// For the listener at `index` alone.
    pub(super) fn of_one(index: usize, blocks: bool) -> Acceptor {
        Acceptor { listeners: None, own: index..index + 1, first: 0, in_a_row: 0, blocks, thread: None }
    }

    /// Waits for a connection, for one of the `others` to become readable, or for a stop. While the server is paused there
    /// is no connection.
    pub(super) fn next<'a>(&mut self, state: &'a State, others: impl Iterator<Item = RawFd>) -> Wakeup<'a> {
        let Some(listeners) = self.listeners.take().or_else(|| state.listeners()) else {
            return Wakeup::Stop;
        };
        if self.blocks && self.thread.is_none() {
            self.thread = Some(state.blocking_threads.enter());
        }
        let wakeup = self.next_of(&listeners[self.own.clone()], &state.context, others);
        if matches!(wakeup, Wakeup::Stop) {
            state.stop_listening();
        } else if SHUTDOWN_REFUSES {
            self.listeners = Some(listeners);
        }
        wakeup
    }

    /// [`next`](Acceptor::next), given its own listeners.
    fn next_of<'a>(
        &mut self,
        listeners: &[Socket],
        context: &'a Context,
        others: impl Iterator<Item = RawFd>,
    ) -> Wakeup<'a> {
        if self.blocks
            && let Some(taking) = context.gate.enter()
            && let Some(socket) = self.next_without_poll(listeners, context)
        {
            return Wakeup::Connection(socket, taking);
        }
        self.in_a_row = 0;
        let all = listeners.iter().map(|listener| listener.fd()).chain(others);
        let mut fds: Vec<_> = all.map(|fd| interest(fd, netc::POLLIN)).collect();
        let gate = fds.len();
        fds.extend([no_interest(), no_interest()]);
        let options = WaitOptions::until(Deadline::NEVER).woken_by(context.stop.waker());
        loop {
            let taking = context.gate.enter();
            for (slot, listener) in fds.iter_mut().zip(listeners) {
                *slot = if taking.is_some() { interest(listener.fd(), netc::POLLIN) } else { no_interest() };
            }
            let change = context.gate.change_from(taking.is_none());
            fds[gate] = interest(change.fd(), netc::POLLIN);
            match wait_for(&mut fds, options) {
                Ok(()) => {}
                Err(WaitError::Woken) => return Wakeup::Stop,
                // poll(2) fails for want of memory only.
                Err(_) => {
                    if pause(context) {
                        return Wakeup::Stop;
                    }
                    continue;
                }
            }
            let count = listeners.len();
            if let Some(other) = (count..gate).find(|index| fds[*index].revents != 0) {
                return Wakeup::Other(other - count);
            }
            let Some(taking) = taking.filter(|_| !context.gate.is_closed()) else { continue };
            for step in 0..count {
                let index = (self.first + step) % count;
                if fds[index].revents == 0 {
                    continue;
                }
                // With blocking accepts the same listener is tried again, up to MAX_IN_A_ROW times.
                self.first = (index + usize::from(!self.blocks)) % count;
                // Where the listener blocks, another thread may have taken the connection.
                let accepted = match &self.thread {
                    Some(thread) => thread.block(|| accept(&listeners[index], self.blocks, context)),
                    None => accept(&listeners[index], self.blocks, context),
                };
                match accepted {
                    Ok(socket) => return Wakeup::Connection(socket, taking),
                    Err(AcceptError::NoConnection) => {}
                    Err(AcceptError::Shortage) if pause(context) => return Wakeup::Stop,
                    Err(AcceptError::Shortage) => {}
                }
            }
        }
    }

    /// The next connection of the listener that had the last one, without a poll, which saves a system call while
    /// clients queue. With one listener the accept blocks. `None` if the listeners have to be polled.
    fn next_without_poll(&mut self, listeners: &[Socket], context: &Context) -> Option<Socket> {
        let alone = listeners.len() == 1;
        let goes_on = || !context.stop.is_requested() && !context.gate.is_closed();
        while goes_on() && (alone || self.in_a_row < MAX_IN_A_ROW) {
            let listener = &listeners[self.first];
            let accepted = match &self.thread {
                Some(thread) => thread.block(|| listener.accept_as(false)),
                None => listener.accept_as(false),
            };
            match accepted {
                Err(Errno(netc::ECONNABORTED | netc::EINTR)) => {}
                // A shortage of descriptors is reported even if the backlog is empty, so it is not counted here.
                Err(_) => return None,
                connection => {
                    self.in_a_row += 1;
                    return count(connection, context).ok();
                }
            }
        }
        // The others are tried first.
        self.first = (self.first + 1) % listeners.len();
        None
    }
}

/// Pauses for want of descriptors or memory; `true` if a stop was requested.
fn pause(context: &Context) -> bool {
    let options = WaitOptions::until(Deadline::after(Some(SHORTAGE_PAUSE))).woken_by(context.stop.waker());
    wait_for(&mut [no_interest()], options) == Err(WaitError::Woken)
}
