//! The threads that call the handler, and the connections that they share with the acceptor.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use slab::Slab;

use super::batch::{self, Batch, BatchSize, BatchWatch, MAX_BATCH};
use super::slot::{Slot, SlotContent};
use crate::net::fd::AsFd;
use crate::net::{Errno, Events, Interest, Selector, Socket, Waker};
use crate::server::admission::Admitted;
use crate::server::state::{LimitEvent, State};
use crate::server::tcp::events::busy_poll;
use crate::server::tcp::events::connection::{Connection, MAX_KEPT_REPLIES, NextStep, StepContext};
use crate::server::tcp::exchange::Exchange;

/// The size of a thread's receive buffer, in bytes: the replies to a buffer of short lines may be many times as long.
const RECEIVE_BUFFER: usize = 16 * 1024;

/// The token that ends the threads.
const SHUT_DOWN: u64 = u64::MAX;

/// The token for connections that continue without an event of theirs: `Calls::next_ready`.
const READY: u64 = SHUT_DOWN - 1;

pub(super) struct Pool {
    state: Arc<State>,
    /// Wakes a thread of the pool for input: one, once, each time that some arrives ([`Interest::INPUT`]).
    input: Selector,
    /// Wakes the acceptor for sockets that accept replies again.
    pub(super) acceptor: Arc<Selector>,
    slots: Mutex<Slab<Arc<Slot>>>,
    /// One for each thread.
    batches: Box<[Batch]>,
    /// Makes the acceptor do what these say.
    pub(super) request: Waker,
    checks_timeouts: AtomicBool,
    watches_batches: AtomicBool,
    shut_down: Waker,
}

impl Pool {
    pub(super) fn new(state: &Arc<State>) -> Result<Pool, Errno> {
        let pool = Pool {
            state: Arc::clone(state),
            input: Selector::new()?,
            acceptor: Arc::new(Selector::new()?),
            slots: Mutex::default(),
            batches: (0..state.context.settings.workers).map(|_| Batch::default()).collect(),
            request: Waker::new()?,
            checks_timeouts: AtomicBool::new(false),
            watches_batches: AtomicBool::new(false),
            shut_down: Waker::new()?,
        };
        pool.input.add(pool.shut_down.as_fd(), Interest::READABLE, SHUT_DOWN)?;
        if let Some(calls) = state.context.calls() {
            pool.input.add(calls.ready.as_fd(), Interest::READABLE, READY)?;
        }
        Ok(pool)
    }

    fn slots(&self) -> MutexGuard<'_, Slab<Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots().is_empty()
    }

    pub(super) fn keys(&self) -> Vec<usize> {
        self.slots().iter().map(|(key, _)| key).collect()
    }

    /// Ends the threads of the pool.
    pub(super) fn shut_down(&self) {
        self.shut_down.notify();
    }

    /// Admits a connection; a thread of the pool is woken for what has arrived with it.
    pub(super) fn add(&self, socket: Socket, now: Instant) {
        let Some(admitted) = Admitted::admit(socket, false, &self.state) else { return };
        let open = Arc::clone(&admitted.connection);
        let exchange = Exchange::new(&self.state.context);
        let slot = Slot::new(Arc::clone(&open), Connection::new(admitted, exchange, now));
        let key = self.slots().insert(Arc::new(slot));
        if self.input.add(open.socket.as_fd(), Interest::INPUT, key as u64).is_err() {
            drop(self.slots().remove(key));
            self.state.context.limit_reached(LimitEvent::Refused(Selector::REFUSED));
        }
    }

    /// The loop of a thread of the pool, the one of this index: it answers one connection after another.
    pub(super) fn run(&self, thread: usize) {
        let batch = &self.batches[thread];
        let mut received = vec![0; RECEIVE_BUFFER];
        let mut replies = Vec::new();
        let mut events = Events::with_capacity(MAX_BATCH);
        let mut size = BatchSize::new();
        let calls = self.state.context.calls();
        loop {
            // The others are for the threads that are free.
            events.limit(size.get());
            busy_poll::wait(&self.input, &mut events, self.state.context.settings.busy_poll, None);
            let start = Instant::now();
            let mut taken = events.iter();
            let Some(first) = taken.next() else { continue };
            let count = 1 + taken.len();
            if count > 1 {
                batch.begin(taken);
                self.request_watch();
            }
            let mut next = Some(first);
            while let Some(event) = next {
                if event.token() == SHUT_DOWN {
                    return;
                }
                let key = match (calls, event.token()) {
                    (Some(calls), READY) => calls.next_ready(),
                    (_, key) => Some(key as usize),
                };
                if let Some(key) = key {
                    self.step(key, &mut received, &mut replies, start, |connection, step| {
                        if event.token() != READY && event.may_receive_short() {
                            connection.expect_short_receive();
                        }
                        match calls {
                            None => connection.advance_if_unblocked(step),
                            Some(calls) => connection.advance_calls(key, calls, &self.state, step),
                        }
                    });
                }
                if let Some(calls) = calls {
                    // A permit that this connection did not use is for the next one.
                    calls.wake_waiting();
                }
                replies.shrink_to(MAX_KEPT_REPLIES);
                next = if count > 1 { batch.next() } else { None };
            }
            size.adapt(count, start);
        }
    }

    /// Makes the acceptor check the time limits soon.
    fn request_timeout_check(&self) {
        self.checks_timeouts.store(true, Ordering::Release);
        self.request.notify();
    }

    /// Whether a thread has asked for that since the last call.
    pub(super) fn timeout_check_requested(&self) -> bool {
        self.checks_timeouts.swap(false, Ordering::Acquire)
    }

    /// Makes the acceptor watch over the batches, unless it does.
    fn request_watch(&self) {
        if !self.watches_batches.swap(true, Ordering::SeqCst) {
            self.request.notify();
        }
    }

    /// Whether the acceptor has to watch over the batches. Once it has not, the next batch makes it so again.
    pub(super) fn watch_requested(&self) -> bool {
        self.watches_batches.load(Ordering::SeqCst)
    }

    /// See [`batch`].
    pub(super) fn watch(&self) -> BatchWatch {
        BatchWatch::new(&self.batches)
    }

    /// Gives the events that slow threads have not begun to those that are free; returns whether there were any.
    pub(super) fn take_over(&self, watch: &mut BatchWatch) -> bool {
        let events = watch.take_over(&self.batches);
        for event in &events {
            if event.token() != SHUT_DOWN {
                let key = event.token() as usize;
                let slot = self.slots().get(key).map(Arc::clone);
                if let Some(slot) = slot {
                    self.report_again(key, &slot);
                }
            }
        }
        !events.is_empty()
    }

    /// The acceptor stops to watch over the batches, unless there is something in one; returns whether it has stopped.
    pub(super) fn end_watch(&self) -> bool {
        self.watches_batches.store(false, Ordering::SeqCst);
        // A thread has either seen that, or its batch is seen here.
        let ended = !batch::any(&self.batches);
        if !ended {
            self.watches_batches.store(true, Ordering::SeqCst);
        }
        ended
    }

    /// Runs a step of a connection, and does what it asks for next. Returns `false` if another thread has the
    /// connection.
    pub(super) fn step(
        &self,
        key: usize,
        received: &mut Vec<u8>,
        replies: &mut Vec<u8>,
        now: Instant,
        run: impl FnOnce(&mut Connection, &mut StepContext<'_>) -> NextStep,
    ) -> bool {
        // The key may have been reused since the event: the new connection then finds nothing to receive.
        let Some(slot) = self.slots().get(key).map(Arc::clone) else { return true };
        let Some(mut content) = slot.try_take() else { return false };
        let Some(connection) = &mut content.connection else { return true };
        let context = &self.state.context;
        let draining = context.stop.is_requested();
        let next = run(connection, &mut StepContext { context, received, replies, now, draining });
        self.apply(key, &mut content, next);
        drop(content);
        let pending_wakeup = slot.take_pending_wakeup();
        if pending_wakeup || next == NextStep::Reschedule {
            self.wake_again(key, &slot, pending_wakeup);
        }
        true
    }

    fn apply(&self, key: usize, content: &mut SlotContent, next: NextStep) {
        let Some(connection) = &content.connection else { return };
        let socket = connection.socket().as_fd();
        let awaits_output = next == NextStep::AwaitOutput;
        let mut closes = next == NextStep::Close;
        if awaits_output && !content.awaits_output {
            closes = self.acceptor.add(socket, Interest::OUTPUT, key as u64).is_err();
        } else if content.awaits_output && !awaits_output {
            let _ = self.acceptor.remove(socket);
        }
        content.awaits_output = awaits_output;
        if !Selector::REPORTS_BETWEEN_WAITS {
            // Input that is not received yet would be reported by each wait.
            let pause = next == NextStep::AwaitReply;
            if pause && !content.input_paused {
                let _ = self.input.remove(socket);
            } else if content.input_paused && !pause {
                closes |= self.input.add(socket, Interest::INPUT, key as u64).is_err();
            }
            content.input_paused = pause;
        }
        match next {
            _ if closes => self.close(key, content),
            NextStep::CheckTimeoutsSoon => self.request_timeout_check(),
            _ => {}
        }
    }

    fn close(&self, key: usize, content: &mut SlotContent) {
        let Some(mut connection) = content.connection.take() else { return };
        // close(2) would not unregister it if a process that the host forked has the socket as well.
        let _ = self.input.remove(connection.socket().as_fd());
        let _ = self.acceptor.remove(connection.socket().as_fd());
        drop(self.slots().remove(key));
        if let Some(calls) = self.state.context.calls() {
            connection.cancel_call(calls);
        }
        drop(connection);
        if self.state.context.stop.is_requested() {
            // It may have been the last one.
            self.request_timeout_check();
        }
    }

    /// Wakes a thread for a connection, once those that are ready already have had their turn. The caller has
    /// released the slot: a thread that is woken earlier could find it taken.
    /// `event` is whether an event has found the slot taken.
    fn wake_again(&self, key: usize, slot: &Slot, event: bool) {
        let calls = self.state.context.calls();
        if event || calls.is_none() {
            self.report_again(key, slot);
        }
        if let Some(calls) = calls {
            // Whether the socket is ready is not the question: a reply may be completed.
            calls.wake(key);
        }
    }

    /// Has the kernel report a connection once more, with what it reports once: the end of the input.
    fn report_again(&self, key: usize, slot: &Slot) {
        // It fails if the connection was closed since.
        let _ = self.input.report_again(slot.open.socket.as_fd(), key as u64);
    }
}
