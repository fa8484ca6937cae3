//! Event loops: each worker waits on the listeners and on its own connections (epoll(7)).
//!
//! A connection costs no buffer while it is idle: input and replies pass through the worker's
//! own, and only what a peer does not take at once is kept with its connection. For each
//! readiness there is one receive, and a send of all the replies that it brought.
//!
//! The kernel tells of a connection once each time that something comes (EPOLLET), so that the next wait does
//! not look at it again; a receive that did not fill its buffer has taken all there was, but for what the event
//! tells of besides.
//!
//! A connection is served as soon as it is accepted, and once more after the next look at the others; only if
//! it is still open then is the kernel asked to watch it. One that brings a single request is mostly over by
//! that time.

mod connection;

use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use slab::Slab;

use self::connection::{Connection, Fate, Tools};
use super::accept::{Refusal, SHORTAGE_PAUSE, accept};
use super::connection::LINGER_STEP;
use super::exchange::Exchange;
use crate::net::{Epoll, Errno, Socket, Timer};
use crate::server::connections::Admitted;
use crate::server::limits::Met;
use crate::server::listen::Listeners;
use crate::server::shared::Shared;

/// Bytes received at once: the larger, the less a long stream costs. What is not used is not touched.
const CHUNK: usize = 1024 * 1024;

/// The same with a handler, whose replies to one chunk of short lines may be many times as long.
const HANDLER_CHUNK: usize = 16 * 1024;

/// Events taken from the kernel at once.
const EVENTS: usize = 256;

/// Connections accepted at once, so that a crowd at the door does not hold up those inside.
const ACCEPTS: usize = 64;

/// The stop's token; the listeners' count down from below the alarm's, the connections' up from 0.
const STOP: u64 = u64::MAX;

/// The alarm's token.
const ALARM: u64 = STOP - 1;

/// What the kernel is asked to tell of a connection that waits for input, and of one that waits for room.
const INPUT: i32 = libc::EPOLLIN | libc::EPOLLPRI | libc::EPOLLRDHUP | libc::EPOLLET;
const ROOM: i32 = libc::EPOLLOUT;

/// What tells that a receive may stop short of what there is: of an end, an error, or at urgent data.
const UNFINISHED: i32 = libc::EPOLLRDHUP | libc::EPOLLHUP | libc::EPOLLERR | libc::EPOLLPRI;

pub(super) fn start(shared: &Arc<Shared>, listeners: Arc<Listeners>, workers: usize) -> Result<(), Errno> {
    for _ in 0..workers {
        let mut worker = Worker::new(shared, Arc::clone(&listeners))?;
        shared.spawn("capsock-events", move |_| worker.run())?;
    }
    Ok(())
}

struct Worker {
    shared: Arc<Shared>,
    epoll: Epoll,
    listeners: Arc<Listeners>,
    connections: Slab<Watched>,
    /// Connections to look at again after the next look at the others: new ones, which the kernel does not watch
    /// yet, and those that have more to receive.
    pending: Vec<usize>,
    alarm: Alarm,
    chunk: Vec<u8>,
    output: Vec<u8>,
    accepting: bool,
    /// When accepting goes on after a shortage of descriptors.
    accept_again: Option<Instant>,
    draining: bool,
    /// The time at the start of this round.
    now: Instant,
    next_sweep: Instant,
}

/// A connection and the events that the kernel is asked for, if it watches it.
struct Watched {
    connection: Connection,
    interest: i32,
    registered: bool,
    pending: bool,
}

/// Ends a wait when something is due.
struct Alarm {
    timer: Timer,
    /// The moment that it is set to.
    at: Option<Instant>,
}

impl Alarm {
    /// Makes it go off by `due`. One that goes off earlier stays as it is: to be woken once for nothing costs
    /// less than to set it each time.
    fn set(&mut self, due: Option<Instant>, now: Instant) {
        let earlier = self.at.is_some_and(|at| at > now && due.is_none_or(|due| at <= due));
        if due == self.at || earlier {
            return;
        }
        // Nothing can be wrong with the time given.
        let _ = self.timer.set(due.map(|due| due.saturating_duration_since(now)));
        self.at = due;
    }
}

impl Worker {
    fn new(shared: &Arc<Shared>, listeners: Arc<Listeners>) -> Result<Worker, Errno> {
        let epoll = Epoll::new()?;
        epoll.add(shared.stop_waker().as_fd(), libc::EPOLLIN as u32, STOP)?;
        let alarm = Alarm { timer: Timer::new()?, at: None };
        epoll.add(alarm.timer.as_fd(), libc::EPOLLIN as u32, ALARM)?;
        let now = Instant::now();
        let mut worker = Worker {
            shared: Arc::clone(shared),
            epoll,
            listeners,
            connections: Slab::new(),
            pending: Vec::new(),
            alarm,
            chunk: vec![0; if shared.has_handler() { HANDLER_CHUNK } else { CHUNK }],
            output: Vec::new(),
            accepting: false,
            accept_again: None,
            draining: false,
            now,
            next_sweep: now,
        };
        worker.start_accepting()?;
        Ok(worker)
    }

    fn run(&mut self) {
        let mut events = vec![libc::epoll_event { events: 0, u64: 0 }; EVENTS];
        while !(self.draining && self.connections.is_empty()) {
            let ready = self.wait(&mut events);
            self.now = Instant::now();
            let pending = self.pending.len();
            for event in &events[..ready] {
                let token = event.u64;
                match token {
                    STOP => self.start_draining(),
                    // What is due is looked at below.
                    ALARM => {}
                    _ if token >= ALARM - self.listeners.len() as u64 => {
                        self.accept_some((ALARM - 1 - token) as usize);
                    }
                    // A place may have a new owner since the event: it finds nothing to receive.
                    _ => self.look_at(token as usize, |connection, tools| {
                        if event.events & UNFINISHED as u32 != 0 {
                            connection.expect_more();
                        }
                        connection.advance(tools)
                    }),
                }
            }
            self.look_at_pending(pending);
            if self.accept_again.is_some_and(|moment| moment <= self.now) {
                self.resume_accepting();
            }
            if self.now >= self.next_sweep {
                self.sweep();
            }
        }
    }

    /// Waits until something is ready or due, or only looks while there are connections that do not wait.
    fn wait(&mut self, events: &mut [libc::epoll_event]) -> usize {
        let sweep = (!self.connections.is_empty()).then_some(self.next_sweep);
        self.alarm.set([sweep, self.accept_again].into_iter().flatten().min(), self.now);
        // Signals are blocked here; whatever else an error is, the next round tries again.
        let mut look = || self.epoll.wait(events, Some(Duration::ZERO)).unwrap_or(0);
        if !self.pending.is_empty() {
            return look();
        }
        let busy_poll = self.shared.limits.busy_poll;
        if !busy_poll.is_zero() {
            let start = Instant::now();
            while start.elapsed() < busy_poll {
                match look() {
                    0 => {}
                    ready => return ready,
                }
            }
        }
        self.epoll.wait(events, None).unwrap_or(0)
    }

    fn start_accepting(&mut self) -> Result<(), Errno> {
        for (index, listener) in self.listeners.iter().enumerate() {
            // One worker is woken for one connection, not all of them.
            let events = (libc::EPOLLIN | libc::EPOLLEXCLUSIVE) as u32;
            match self.epoll.add(listener.as_fd(), events, ALARM - 1 - index as u64) {
                Ok(()) | Err(Errno(libc::EEXIST)) => {}
                Err(errno) => return Err(errno),
            }
        }
        self.accepting = true;
        Ok(())
    }

    fn stop_accepting(&mut self) {
        for listener in self.listeners.iter() {
            let _ = self.epoll.remove(listener.as_fd());
        }
        self.accepting = false;
    }

    fn resume_accepting(&mut self) {
        // Without memory for it now, the end of another pause will do.
        let resumed = self.draining || self.start_accepting().is_ok();
        self.accept_again = (!resumed).then(|| self.now + SHORTAGE_PAUSE);
    }

    fn accept_some(&mut self, index: usize) {
        for _ in 0..ACCEPTS {
            if !self.accepting {
                return;
            }
            match accept(&self.listeners[index], false, &self.shared) {
                Ok(socket) => self.welcome(socket),
                Err(Refusal::Nobody) => return,
                Err(Refusal::Shortage) => {
                    self.stop_accepting();
                    self.accept_again = Some(self.now + SHORTAGE_PAUSE);
                }
            }
        }
    }

    fn welcome(&mut self, socket: Socket) {
        let Some(admitted) = Admitted::admit(socket, false, &self.shared) else { return };
        self.look_at_the_clock();
        if self.connections.is_empty() {
            self.next_sweep = self.now + self.sweep_interval();
        }
        let exchange = Exchange::new(self.shared.limits.framing);
        let connection = Connection::new(admitted, exchange, self.now);
        let watched = Watched { connection, interest: INPUT, registered: false, pending: true };
        let key = self.connections.insert(watched);
        self.pending.push(key);
        // Most clients speak at once: what has come with the connection is served in the same round.
        self.look_at(key, Connection::advance);
    }

    /// Looks at the first `count` of the pending connections, those from before this round, and has the new ones
    /// watched that are still open.
    fn look_at_pending(&mut self, count: usize) {
        for place in 0..count {
            let key = self.pending[place];
            if let Some(watched) = self.connections.get_mut(key) {
                watched.pending = false;
            }
            self.look_at(key, |connection, tools| connection.advance_if_reading(tools));
            // The place of one that is gone may be another's, whose turn comes twice.
            let Some(watched) = self.connections.get_mut(key).filter(|watched| !watched.registered) else {
                continue;
            };
            let socket = watched.connection.socket().as_fd();
            if self.epoll.add(socket, watched.interest as u32, key as u64).is_ok() {
                watched.registered = true;
            } else {
                drop(self.connections.remove(key));
                self.shared.met(Met::Refused("the system has no room to watch it"));
            }
        }
        self.pending.drain(..count);
    }

    /// With a handler, a round may last long.
    fn look_at_the_clock(&mut self) {
        if self.shared.has_handler() {
            self.now = Instant::now();
        }
    }

    /// Does something with a connection, then what comes of it.
    fn look_at(&mut self, key: usize, what: impl FnOnce(&mut Connection, &mut Tools<'_>) -> Fate) {
        self.look_at_the_clock();
        let Some(watched) = self.connections.get_mut(key) else { return };
        let mut tools = Tools {
            shared: &self.shared,
            chunk: &mut self.chunk,
            output: &mut self.output,
            now: self.now,
            draining: self.draining,
        };
        let fate = what(&mut watched.connection, &mut tools);
        self.output.shrink_to(CHUNK);
        let interest = match fate {
            Fate::Read | Fate::Again | Fate::Soon => INPUT,
            Fate::Write => ROOM,
            Fate::Close => {
                if watched.registered {
                    // Closing ends the watch only if no process that the host forked off has the socket too.
                    let _ = self.epoll.remove(watched.connection.socket().as_fd());
                }
                drop(self.connections.remove(key));
                return;
            }
        };
        if fate == Fate::Soon {
            self.next_sweep = self.next_sweep.min(self.now + LINGER_STEP);
        }
        if fate == Fate::Again && !watched.pending {
            watched.pending = true;
            self.pending.push(key);
        }
        if watched.interest != interest {
            let socket = watched.connection.socket().as_fd();
            if watched.registered && self.epoll.modify(socket, interest as u32, key as u64).is_err() {
                let _ = self.epoll.remove(socket);
                drop(self.connections.remove(key));
                return;
            }
            watched.interest = interest;
        }
    }

    fn start_draining(&mut self) {
        self.draining = true;
        let _ = self.epoll.remove(self.shared.stop_waker().as_fd());
        self.stop_accepting();
        // Nobody waits in a backlog for nothing, even if another worker is held up in a handler.
        self.listeners.close_the_door();
        self.listeners = Arc::default();
        self.sweep();
    }

    fn sweep(&mut self) {
        self.next_sweep = self.now + self.sweep_interval();
        let cut = self.shared.time_is_up();
        let keys: Vec<usize> = self.connections.iter().map(|(key, _)| key).collect();
        for key in keys {
            self.look_at(key, |connection, tools| connection.check_time(cut, tools));
        }
    }

    /// Often enough that a limit is met within an eighth of itself.
    fn sweep_interval(&self) -> Duration {
        if self.draining {
            return LINGER_STEP;
        }
        let limits = &self.shared.limits;
        let shortest = [limits.idle_timeout, limits.write_timeout].into_iter().flatten().min();
        shortest.map_or(Duration::from_secs(1), |limit| {
            (limit / 8).clamp(Duration::from_millis(1), Duration::from_secs(1))
        })
    }
}
