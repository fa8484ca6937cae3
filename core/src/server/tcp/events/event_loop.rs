//! The event loop: it waits for events, accepts connections, passes events on to their connections, and has the time
//! limits checked at intervals, until a stop has ended the last connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::busy_poll;
use super::listeners::WatchedListeners;
use super::timer::LoopTimer;
use crate::net::fd::AsFd;
use crate::net::{Errno, Events, Interest, Selector, Socket};
use crate::server::state::{Context, Listeners, State};
use crate::server::tcp::linger::LINGER_INTERVAL;

/// The most events taken from the kernel at once.
const MAX_EVENTS: usize = 256;

/// The most connections accepted at once: connections that are open have their turn after so many.
const MAX_ACCEPTS: usize = 64;

/// The most connections accepted when the server is paused. More arrive only while others are woken for them.
const MAX_ACCEPTS_LEFT: usize = 16_384;

/// The tokens of what is no connection. Those of connections count up from 0.
const STOP: u64 = u64::MAX;
const TIMER: u64 = STOP - 1;
/// See [`ConnectionSet::requested`].
pub(super) const REQUEST: u64 = TIMER - 1;
/// The server is paused, or resumes.
const GATE: u64 = REQUEST - 1;
/// The listeners' tokens count down from this one.
const LAST_LISTENER: u64 = GATE - 1;

/// The connections of a loop.
pub(super) trait ConnectionSet {
    fn is_empty(&self) -> bool;

    /// Admits an accepted connection, unless a limit is reached.
    fn add(&mut self, socket: Socket, current: &mut LoopState);

    /// Handles the event of one connection.
    /// With `short_receive`, a receive may return less than is available.
    fn ready(&mut self, key: usize, short_receive: bool, current: &mut LoopState);

    /// Checks the time limits of each connection. With `cut` the stop's deadline has passed: what is in progress is
    /// cut.
    fn check_timeouts(&mut self, cut: bool, current: &mut LoopState);

    /// The number of connections that can continue without an event; the loop does not block while there are any.
    fn pending(&self) -> usize {
        0
    }

    /// Continues the first `count` of them.
    fn advance_pending(&mut self, _count: usize, _current: &mut LoopState) {}

    /// Another thread has asked for something, by the token [`REQUEST`].
    fn requested(&mut self, _current: &mut LoopState) {}

    /// There are no connections, and the loop is about to end: whether other threads give it none any more.
    fn end(&mut self) -> bool {
        true
    }

    /// When [`look`](ConnectionSet::look) is to be called next.
    fn next_look(&self) -> Option<Instant> {
        None
    }

    /// Looks after what other threads do.
    fn look(&mut self, _current: &mut LoopState) {}
}

/// What a loop has besides its connections.
pub(super) struct LoopState {
    pub(super) state: Arc<State>,
    pub(super) selector: Arc<Selector>,
    listeners: WatchedListeners,
    timer: LoopTimer,
    busy_poll: Duration,
    /// A stop is requested: no connection is accepted, and those without a request in progress are closed.
    pub(super) draining: bool,
    /// Whether the loop accepts connections, which it then has entered the gate for.
    accepts: bool,
    /// The time at the start of this round.
    pub(super) now: Instant,
    next_timeout_check: Instant,
    timeout_check_interval: Duration,
}

impl LoopState {
    /// The time limits are checked within [`LINGER_INTERVAL`].
    pub(super) fn check_timeouts_soon(&mut self) {
        self.next_timeout_check = self.next_timeout_check.min(self.now + LINGER_INTERVAL);
    }

    /// The time limits are checked after their interval.
    pub(super) fn schedule_timeout_check(&mut self) {
        self.next_timeout_check = self.now + self.timeout_check_interval;
    }
}

/// How often the time limits are checked: one is detected late by at most an eighth of it, or a second.
fn timeout_check_interval(context: &Context) -> Duration {
    let settings = &context.settings;
    let header_timeout = context.proxies.as_ref().and(settings.proxy_header_timeout);
    let limits = [settings.idle_timeout, settings.write_timeout, header_timeout];
    let shortest = limits.into_iter().flatten().min();
    shortest.map_or(Duration::from_secs(1), |limit| {
        (limit / 8).clamp(Duration::from_millis(1), Duration::from_secs(1))
    })
}

/// The earlier one, if there are two.
fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

impl Drop for LoopState {
    fn drop(&mut self) {
        if self.accepts {
            self.state.context.gate.leave();
        }
    }
}

pub(super) struct EventLoop<C> {
    current: LoopState,
    connections: C,
}

impl<C: ConnectionSet> EventLoop<C> {
    pub(super) fn new(
        connections: C,
        selector: Arc<Selector>,
        busy_poll: Duration,
        listeners: Arc<Listeners>,
        state: &Arc<State>,
    ) -> Result<EventLoop<C>, Errno> {
        selector.add(state.context.stop.waker().as_fd(), Interest::READABLE, STOP)?;
        let timer = LoopTimer::new(&selector, TIMER)?;
        let mut listeners = WatchedListeners::new(listeners, LAST_LISTENER);
        let now = Instant::now();
        let gate = &state.context.gate;
        let accepts = gate.enter_until_left();
        selector.add(gate.change_from(!accepts).as_fd(), Interest::READABLE, GATE)?;
        if accepts {
            listeners.watch(&selector)?;
        } else {
            listeners.pause(&selector);
        }
        let (state, draining) = (Arc::clone(state), false);
        let timeout_check_interval = timeout_check_interval(&state.context);
        let current = LoopState {
            state,
            selector,
            listeners,
            timer,
            busy_poll,
            draining,
            accepts,
            now,
            next_timeout_check: now,
            timeout_check_interval,
        };
        Ok(EventLoop { current, connections })
    }

    pub(super) fn run(&mut self) {
        let mut events = Events::with_capacity(MAX_EVENTS);
        while !(self.current.draining && self.connections.is_empty() && self.connections.end()) {
            self.wait(&mut events);
            self.current.now = Instant::now();
            let pending = self.connections.pending();
            for event in events.iter() {
                match event.token() {
                    STOP => self.start_draining(),
                    GATE => self.pass_gate(),
                    // What is due is done below.
                    TIMER => {}
                    REQUEST => self.connections.requested(&mut self.current),
                    token => match self.current.listeners.index(token) {
                        Some(index) => self.accept(index),
                        None => {
                            let short_receive = event.may_receive_short();
                            self.connections.ready(token as usize, short_receive, &mut self.current);
                        }
                    },
                }
            }
            if pending > 0 {
                self.connections.advance_pending(pending, &mut self.current);
            }
            if self.connections.next_look().is_some_and(|at| self.current.now >= at) {
                self.connections.look(&mut self.current);
            }
            let current = &mut self.current;
            current.listeners.resume_if_due(&current.selector, current.now);
            if current.now >= current.next_timeout_check {
                self.check_timeouts();
            }
        }
    }

    /// Blocks until there is an event or something is due, unless connections can continue without one.
    fn wait(&mut self, events: &mut Events) {
        let current = &mut self.current;
        let timeout_check = (!self.connections.is_empty()).then_some(current.next_timeout_check);
        let other = earlier(current.listeners.resume_at, self.connections.next_look());
        current.timer.set(earlier(timeout_check, other), current.now);
        if self.connections.pending() > 0 {
            let _ = current.selector.wait(events, Some(Duration::ZERO));
        } else {
            let timeout = current.timer.timeout(current.now);
            busy_poll::wait(&current.selector, events, current.busy_poll, timeout);
        }
    }

    fn accept(&mut self, index: usize) {
        for _ in 0..MAX_ACCEPTS {
            let current = &mut self.current;
            let context = &current.state.context;
            let Some(socket) = current.listeners.accept(index, &current.selector, context, current.now)
            else {
                return;
            };
            if self.connections.is_empty() {
                current.schedule_timeout_check();
            }
            self.connections.add(socket, current);
        }
    }

    /// The server was paused or resumed.
    #[cold]
    fn pass_gate(&mut self) {
        let current = &mut self.current;
        let gate = &current.state.context.gate;
        let accepted = current.accepts;
        if current.draining || gate.is_closed() != accepted {
            return;
        }
        if accepted {
            current.listeners.pause(&current.selector);
            self.accept_left();
        } else if !gate.enter_until_left() {
            // It is closed again.
            return;
        } else {
            current.listeners.unpause(&current.selector, current.now);
        }
        let current = &mut self.current;
        let gate = &current.state.context.gate;
        let _ = current.selector.remove(gate.change_from(!accepted).as_fd());
        // Without memory for it, the server stays as it is until it stops.
        let _ = current.selector.add(gate.change_from(accepted).as_fd(), Interest::READABLE, GATE);
        current.accepts = !accepted;
        if accepted {
            gate.leave();
        }
    }

    /// Accepts what is in the backlogs: nobody else is woken for it.
    fn accept_left(&mut self) {
        let mut left = MAX_ACCEPTS_LEFT;
        for index in 0..self.current.listeners.len() {
            while left > 0
                && let Some(socket) = self.current.listeners.accept_left(index, &self.current.state.context)
            {
                left -= 1;
                if self.connections.is_empty() {
                    self.current.schedule_timeout_check();
                }
                self.connections.add(socket, &mut self.current);
            }
        }
    }

    fn start_draining(&mut self) {
        let current = &mut self.current;
        current.draining = true;
        current.timeout_check_interval = LINGER_INTERVAL;
        let gate = &current.state.context.gate;
        let _ = current.selector.remove(gate.change_from(!current.accepts).as_fd());
        if std::mem::take(&mut current.accepts) {
            gate.leave();
        }
        let _ = current.selector.remove(current.state.context.stop.waker().as_fd());
        current.listeners.release(&current.selector);
        // The backlog is reset at once, even if another loop is late to do this.
        current.state.stop_listening();
        self.check_timeouts();
    }

    fn check_timeouts(&mut self) {
        self.current.schedule_timeout_check();
        let cut = self.current.state.context.stop.deadline_passed();
        self.connections.check_timeouts(cut, &mut self.current);
    }
}
