//! Event loops: each worker waits on the listeners and on its own connections (epoll(7)). With a handler, it
//! is another engine: `handlers`.
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

mod alarm;
mod connection;
mod door;
mod handlers;

use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use slab::Slab;

use self::alarm::Alarm;
use self::connection::{Connection, Fate, Tools};
use self::door::{ACCEPTS, Door};
use super::connection::LINGER_STEP;
use super::exchange::Exchange;
use crate::net::{Epoll, Errno, Socket};
use crate::server::connections::Admitted;
use crate::server::limits::Met;
use crate::server::listen::Listeners;
use crate::server::shared::Shared;

/// Bytes received at once: the larger, the less a long stream costs. What is not used is not touched.
const CHUNK: usize = 1024 * 1024;

/// Events taken from the kernel at once.
const EVENTS: usize = 256;

/// The stop's token; the listeners' count down from below the alarm's, the connections' up from 0.
const STOP: u64 = u64::MAX;

/// The alarm's token.
const ALARM: u64 = STOP - 1;

/// What the kernel is asked to tell of a connection that waits for input, and of one that waits for room.
const INPUT: i32 = libc::EPOLLIN | libc::EPOLLPRI | libc::EPOLLRDHUP | libc::EPOLLET;
const ROOM: i32 = libc::EPOLLOUT;

/// What tells that a receive may stop short of what there is: of an end, an error, or at urgent data.
const UNFINISHED: i32 = libc::EPOLLRDHUP | libc::EPOLLHUP | libc::EPOLLERR | libc::EPOLLPRI;

/// Why a connection is refused that the kernel does not watch.
const NO_ROOM: &str = "the system has no room to watch it";

pub(super) fn start(shared: &Arc<Shared>, listeners: Arc<Listeners>, workers: usize) -> Result<(), Errno> {
    if shared.has_handler() {
        return handlers::start(shared, listeners, workers);
    }
    for _ in 0..workers {
        let mut worker = Worker::new(shared, Arc::clone(&listeners))?;
        shared.spawn("capsock-events", move |_| worker.run())?;
    }
    Ok(())
}

struct Worker {
    shared: Arc<Shared>,
    epoll: Epoll,
    door: Door,
    connections: Slab<Watched>,
    /// Connections to look at again after the next look at the others: new ones, which the kernel does not watch
    /// yet, and those that have more to receive.
    pending: Vec<usize>,
    alarm: Alarm,
    chunk: Vec<u8>,
    output: Vec<u8>,
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

impl Worker {
    fn new(shared: &Arc<Shared>, listeners: Arc<Listeners>) -> Result<Worker, Errno> {
        let epoll = Epoll::new()?;
        epoll.add(shared.stop_waker().as_fd(), libc::EPOLLIN as u32, STOP)?;
        let alarm = Alarm::new()?;
        epoll.add(alarm.as_fd(), libc::EPOLLIN as u32, ALARM)?;
        let mut door = Door::new(listeners, ALARM - 1);
        door.open(&epoll)?;
        let now = Instant::now();
        Ok(Worker {
            shared: Arc::clone(shared),
            epoll,
            door,
            connections: Slab::new(),
            pending: Vec::new(),
            alarm,
            chunk: vec![0; CHUNK],
            output: Vec::new(),
            draining: false,
            now,
            next_sweep: now,
        })
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
                    _ => match self.door.place(token) {
                        Some(place) => self.accept_some(place),
                        // A place may have a new owner since the event: it finds nothing to receive.
                        None => self.look_at(token as usize, |connection, tools| {
                            if event.events & UNFINISHED as u32 != 0 {
                                connection.expect_more();
                            }
                            connection.advance(tools)
                        }),
                    },
                }
            }
            self.look_at_pending(pending);
            self.door.open_again(&self.epoll, self.now);
            if self.now >= self.next_sweep {
                self.sweep();
            }
        }
    }

    /// Waits until something is ready or due, or only looks while there are connections that do not wait.
    fn wait(&mut self, events: &mut [libc::epoll_event]) -> usize {
        let sweep = (!self.connections.is_empty()).then_some(self.next_sweep);
        self.alarm.set([sweep, self.door.again].into_iter().flatten().min(), self.now);
        if !self.pending.is_empty() {
            return self.epoll.wait(events, Some(Duration::ZERO)).unwrap_or(0);
        }
        wait_busily(&self.epoll, events, self.shared.limits.busy_poll)
    }

    fn accept_some(&mut self, place: usize) {
        for _ in 0..ACCEPTS {
            match self.door.accept(place, &self.epoll, &self.shared, self.now) {
                Some(socket) => self.welcome(socket),
                None => return,
            }
        }
    }

    fn welcome(&mut self, socket: Socket) {
        let Some(admitted) = Admitted::admit(socket, false, &self.shared) else { return };
        if self.connections.is_empty() {
            self.next_sweep = self.now + sweep_interval(&self.shared, self.draining);
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
                self.shared.met(Met::Refused(NO_ROOM));
            }
        }
        self.pending.drain(..count);
    }

    /// Does something with a connection, then what comes of it.
    fn look_at(&mut self, key: usize, what: impl FnOnce(&mut Connection, &mut Tools<'_>) -> Fate) {
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
        self.door.close(&self.epoll);
        self.sweep();
    }

    fn sweep(&mut self) {
        self.next_sweep = self.now + sweep_interval(&self.shared, self.draining);
        let cut = self.shared.time_is_up();
        let keys: Vec<usize> = self.connections.iter().map(|(key, _)| key).collect();
        for key in keys {
            self.look_at(key, |connection, tools| connection.check_time(cut, tools));
        }
    }
}

/// Waits until something is ready, for the busy time without sleep.
#[inline]
fn wait_busily(epoll: &Epoll, events: &mut [libc::epoll_event], busy_poll: Duration) -> usize {
    if !busy_poll.is_zero() {
        let ready = look_busily(epoll, events, busy_poll);
        if ready > 0 {
            return ready;
        }
    }
    // Signals are blocked here; whatever else an error is, the next round tries again.
    epoll.wait(events, None).unwrap_or(0)
}

#[inline(never)]
fn look_busily(epoll: &Epoll, events: &mut [libc::epoll_event], busy_poll: Duration) -> usize {
    let start = Instant::now();
    let mut ready = 0;
    while ready == 0 && start.elapsed() < busy_poll {
        ready = epoll.wait(events, Some(Duration::ZERO)).unwrap_or(0);
    }
    ready
}

/// Often enough that a limit is met within an eighth of itself.
fn sweep_interval(shared: &Shared, draining: bool) -> Duration {
    if draining {
        return LINGER_STEP;
    }
    let limits = &shared.limits;
    let shortest = [limits.idle_timeout, limits.write_timeout].into_iter().flatten().min();
    shortest.map_or(Duration::from_secs(1), |limit| {
        (limit / 8).clamp(Duration::from_millis(1), Duration::from_secs(1))
    })
}
