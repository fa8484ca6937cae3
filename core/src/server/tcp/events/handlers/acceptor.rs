//! The loop of the thread that does everything but call the handler.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::batch::{BatchWatch, WATCH_INTERVAL};
use super::pool::Pool;
use crate::net::fd::AsFd;
use crate::net::{Errno, Interest, Socket};
use crate::server::state::{Listeners, State};
use crate::server::tcp::events::connection::{Connection, NextStep, StepContext};
use crate::server::tcp::events::event_loop::{ConnectionSet, EventLoop, LoopState, REQUEST};

pub(super) fn start(pool: &Arc<Pool>, listeners: Arc<Listeners>, state: &Arc<State>) -> Result<(), Errno> {
    let selector = Arc::clone(&pool.acceptor);
    selector.add(pool.request.as_fd(), Interest::READABLE, REQUEST)?;
    let connections = PoolConnections {
        pool: Arc::clone(pool),
        received: Vec::new(),
        replies: Vec::new(),
        watch: pool.watch(),
        next_look: None,
        idle_looks: 0,
    };
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
    watch: BatchWatch,
    /// When the batches are looked at next.
    next_look: Option<Instant>,
    /// How many looks in a row found nothing to take over.
    idle_looks: u32,
}

/// The looks at batches after which one asks whether there are any: a request to watch costs more than a look.
const IDLE_LOOKS: u32 = 100;

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

    fn requested(&mut self, current: &mut LoopState) {
        self.pool.request.drain();
        if self.pool.timeout_check_requested() {
            current.check_timeouts_soon();
        }
        if self.next_look.is_none() && self.pool.watch_requested() {
            self.next_look = Some(current.now + WATCH_INTERVAL);
        }
    }

    fn next_look(&self) -> Option<Instant> {
        self.next_look
    }

    fn look(&mut self, current: &mut LoopState) {
        self.idle_looks = if self.pool.take_over(&mut self.watch) { 0 } else { self.idle_looks + 1 };
        let ended = self.idle_looks == IDLE_LOOKS && self.pool.end_watch();
        self.idle_looks %= IDLE_LOOKS;
        self.next_look = (!ended).then(|| current.now + WATCH_INTERVAL);
    }
}
