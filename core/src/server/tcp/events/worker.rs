//! The event loop without a handler: each worker accepts, and answers the connections that it has accepted, unless
//! another one has fewer (`balance`).
//!
//! An idle connection costs no buffer: input and replies pass through the worker's buffers, and only replies that the
//! socket does not accept are kept with the connection. For each event there is one receive, and one send of all
//! replies to what it returned.
//!
//! The kernel reports a connection once each time that input arrives ([`Interest::INPUT`]), so that the next wait does not
//! check it again. A receive that does not fill its buffer has emptied the socket, unless the event says otherwise.
//!
//! A connection is served as soon as it is accepted, and once more after the next wait. Only if it is open after that
//! is it registered with the kernel, which saves the registration of most connections that carry a single request.

use std::sync::Arc;

use slab::Slab;

use super::balance::Balance;
use super::connection::{Connection, MAX_KEPT_REPLIES, NextStep, StepContext};
use super::event_loop::{ConnectionSet, EventLoop, LoopState, REQUEST};
use crate::net::fd::AsFd;
use crate::net::{Errno, Interest, Selector, Socket};
use crate::server::admission::Admitted;
use crate::server::state::{LimitEvent, Listeners, State};
use crate::server::tcp::exchange::Exchange;

/// The size of the receive buffer, in bytes: a long stream costs less the larger it is. Unused pages are not touched.
const RECEIVE_BUFFER: usize = 1024 * 1024;

pub(super) fn start(state: &Arc<State>, listeners: &Arc<Listeners>) -> Result<(), Errno> {
    let settings = &state.context.settings;
    let balance = Arc::new(Balance::new(settings.workers)?);
    for number in 0..settings.workers {
        let selector = Arc::new(Selector::new()?);
        selector.add(balance.waker(number).as_fd(), Interest::READABLE, REQUEST)?;
        let connections = WorkerConnections::new(Arc::clone(&balance), number);
        let mut worker =
            EventLoop::new(connections, selector, settings.busy_poll, Arc::clone(listeners), state)?;
        state.spawn("capsock-events", move |_| worker.run())?;
    }
    Ok(())
}

struct WorkerConnections {
    all: Slab<WorkerConnection>,
    /// The keys of connections that continue after the next wait: new ones, which are not registered yet, and those
    /// that have more to receive.
    pending: Vec<usize>,
    received: Vec<u8>,
    replies: Vec<u8>,
    balance: Arc<Balance>,
    /// The worker's number.
    number: usize,
    /// Connections that were taken from `balance`, and are served next.
    taken: usize,
}

struct WorkerConnection {
    connection: Connection,
    /// What the kernel reports, if it is registered.
    interest: Interest,
    registered: bool,
    /// Whether its key is in `pending`.
    pending: bool,
}

impl WorkerConnections {
    fn new(balance: Arc<Balance>, number: usize) -> WorkerConnections {
        WorkerConnections {
            all: Slab::new(),
            pending: Vec::new(),
            received: vec![0; RECEIVE_BUFFER],
            replies: Vec::new(),
            balance,
            number,
            taken: 0,
        }
    }

    fn record_open(&self) {
        self.balance.set_open(self.number, self.all.len() + self.taken);
    }

    /// Removes a connection that is closed or that cannot be served.
    fn remove(&mut self, key: usize) {
        drop(self.all.remove(key));
        self.record_open();
    }

    /// Admits a connection, and serves it.
    #[inline(always)]
    fn serve(&mut self, socket: Socket, current: &mut LoopState) {
        let Some(admitted) = Admitted::admit(socket, false, &current.state) else { return };
        let exchange = Exchange::new(&current.state.context);
        let connection = Connection::new(admitted, exchange, current.now);
        let entry =
            WorkerConnection { connection, interest: Interest::INPUT, registered: false, pending: true };
        let key = self.all.insert(entry);
        self.record_open();
        self.pending.push(key);
        // Most clients send at once: a request that has arrived with the connection is answered in this round.
        self.step(key, current, Connection::advance);
    }

    /// Runs a step of a connection, and does what it asks for next.
    fn step(
        &mut self,
        key: usize,
        current: &mut LoopState,
        run: impl FnOnce(&mut Connection, &mut StepContext<'_>) -> NextStep,
    ) {
        let Some(entry) = self.all.get_mut(key) else { return };
        let mut step = StepContext {
            context: &current.state.context,
            received: &mut self.received,
            replies: &mut self.replies,
            now: current.now,
            draining: current.draining,
        };
        let next = run(&mut entry.connection, &mut step);
        self.replies.shrink_to(MAX_KEPT_REPLIES);
        let interest = match next {
            NextStep::AwaitInput
            | NextStep::AwaitReply
            | NextStep::Reschedule
            | NextStep::CheckTimeoutsSoon => Interest::INPUT,
            NextStep::AwaitOutput => Interest::OUTPUT,
            NextStep::Close => {
                if entry.registered {
                    // close(2) would not unregister it if a process that the host forked has the socket as well.
                    let _ = current.selector.remove(entry.connection.socket().as_fd());
                }
                self.remove(key);
                return;
            }
        };
        if next == NextStep::CheckTimeoutsSoon {
            current.check_timeouts_soon();
        }
        if next == NextStep::Reschedule && !entry.pending {
            entry.pending = true;
            self.pending.push(key);
        }
        if entry.interest != interest {
            let socket = entry.connection.socket().as_fd();
            if entry.registered && current.selector.modify(socket, interest, key as u64).is_err() {
                let _ = current.selector.remove(socket);
                self.remove(key);
                return;
            }
            entry.interest = interest;
        }
    }

    /// Registers a connection with the kernel, unless it is.
    fn register(&mut self, key: usize, current: &LoopState) {
        let Some(entry) = self.all.get_mut(key).filter(|entry| !entry.registered) else { return };
        let socket = entry.connection.socket().as_fd();
        if current.selector.add(socket, entry.interest, key as u64).is_ok() {
            entry.registered = true;
        } else {
            self.remove(key);
            current.state.context.limit_reached(LimitEvent::Refused(Selector::REFUSED));
        }
    }
}

impl Drop for WorkerConnections {
    fn drop(&mut self) {
        self.balance.leave(self.number);
    }
}

impl ConnectionSet for WorkerConnections {
    fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    #[inline(always)]
    fn add(&mut self, socket: Socket, current: &mut LoopState) {
        let gate = &current.state.context.gate;
        if let Some(socket) = self.balance.hand_over(self.number, socket, gate) {
            self.serve(socket, current);
        }
    }

    fn requested(&mut self, current: &mut LoopState) {
        let taken = self.balance.take(self.number);
        self.taken = taken.len();
        for socket in taken {
            self.taken -= 1;
            if self.all.is_empty() {
                current.schedule_timeout_check();
            }
            self.serve(socket, current);
            current.state.context.gate.leave();
        }
    }

    fn end(&mut self) -> bool {
        self.balance.end(self.number)
    }

    #[inline(always)]
    fn ready(&mut self, key: usize, short_receive: bool, current: &mut LoopState) {
        // The key may have been reused since the event: the new connection then finds nothing to receive.
        self.step(key, current, |connection, step| {
            if short_receive {
                connection.expect_short_receive();
            }
            connection.advance(step)
        });
    }

    fn check_timeouts(&mut self, cut: bool, current: &mut LoopState) {
        let keys: Vec<usize> = self.all.iter().map(|(key, _)| key).collect();
        for key in keys {
            self.step(key, current, |connection, step| connection.check_timeouts(cut, step));
        }
    }

    fn pending(&self) -> usize {
        self.pending.len()
    }

    #[inline(always)]
    fn advance_pending(&mut self, count: usize, current: &mut LoopState) {
        for index in 0..count {
            let key = self.pending[index];
            if let Some(entry) = self.all.get_mut(key) {
                entry.pending = false;
            }
            self.step(key, current, Connection::advance_if_unblocked);
            // If the connection is closed its key may have been reused: the new one then continues twice.
            self.register(key, current);
        }
        self.pending.drain(..count);
    }
}
