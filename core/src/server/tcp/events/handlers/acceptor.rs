//! The loop of the thread that does everything but call the handler.

use std::sync::Arc;
use std::time::Duration;

use super::pool::Pool;
use crate::net::fd::AsFd;
use crate::net::{Errno, Interest, Socket};
use crate::server::state::{Listeners, State};
use crate::server::tcp::events::connection::{Connection, NextStep, StepContext};
use crate::server::tcp::events::event_loop::{ConnectionSet, EventLoop, LoopState, TIMEOUT_CHECK};

pub(super) fn start(pool: &Arc<Pool>, listeners: Arc<Listeners>, state: &Arc<State>) -> Result<(), Errno> {
    let selector = Arc::clone(&pool.acceptor);
    selector.add(pool.timeout_check.as_fd(), Interest::READABLE, TIMEOUT_CHECK)?;
    let connections = PoolConnections { pool: Arc::clone(pool), received: Vec::new(), replies: Vec::new() };
    let mut acceptor = EventLoop::new(connections, selector, Duration::ZERO, listeners, state)?;
    let pool = Arc::clone(pool);
    state.spawn("capsock-events", move |_| {
        acceptor.run();
        pool.shut_down();
    })
}

/// The connections of the pool, as the acceptor handles them.
struct PoolConnections {
    pool: Arc<Pool>,
    /// For discarded input, and the end of a stream.
    received: Vec<u8>,
    replies: Vec<u8>,
}

impl PoolConnections {
    /// Returns `false` if a thread of the pool has the connection.
    fn step(
        &mut self,
        key: usize,
        current: &LoopState,
        run: impl FnOnce(&mut Connection, &mut StepContext<'_>) -> NextStep,
    ) -> bool {
        self.pool.step(key, &mut self.received, &mut self.replies, current.now, run)
    }
}

impl ConnectionSet for PoolConnections {
    fn is_empty(&self) -> bool {
        self.pool.is_empty()
    }

    fn add(&mut self, socket: Socket, current: &mut LoopState) {
        self.pool.add(socket, current.now);
    }

    fn ready(&mut self, key: usize, _short_receive: bool, current: &mut LoopState) {
        self.step(key, current, Connection::flush);
    }

    fn check_timeouts(&mut self, cut: bool, current: &mut LoopState) {
        let mut all = true;
        for key in self.pool.keys() {
            all &= self.step(key, current, |connection, step| connection.check_timeouts(cut, step));
        }
        if cut && !all {
            // The others' threads are in the handler.
            current.state.end_connections();
        }
    }

    fn timeout_check_requested(&mut self, current: &mut LoopState) {
        self.pool.timeout_check.drain();
        current.check_timeouts_soon();
    }
}
