//! A connection through the link: the client's socket, the server's, and a pipe for each direction.

use std::io::ErrorKind;
use std::net::{Shutdown, SocketAddr};
use std::time::{Duration, Instant};

use capsock::net::WaitError;

use super::pipe::{End, Pipe, Ready};
use crate::direction::{Direction, PerDirection};
use crate::event::Event;
use crate::totals::StreamTotals;
use crate::watched::{AT_ONCE, Watched, reason};

/// How often a connection receives before others get their turn.
const TURN: usize = 4;

/// How long a connection that was cut waits for its ends to close theirs.
const LINGER: Duration = Duration::from_secs(5);

/// How long the server has to accept.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// How a connection is after its turn.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// It has something to do when its sockets are ready, and at this time.
    Open(Option<Instant>),
    /// The connect to the server has failed.
    Unconnected(WaitError),
    /// It has ended.
    Closed,
}

/// What a turn needs beside the connection.
pub(super) struct Turn<'a> {
    pub(super) now: Instant,
    pub(super) buffer: &'a mut [u8],
    pub(super) totals: &'a mut PerDirection<StreamTotals>,
    pub(super) report: &'a mut dyn FnMut(Event),
}

#[derive(Debug)]
pub(super) struct Connection {
    client: SocketAddr,
    /// The address of the server that is tried.
    pub(super) attempt: usize,
    /// What each direction receives from: up from the client, down from the server.
    sides: PerDirection<Side>,
    pipes: PerDirection<Pipe>,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Until that time.
    Connecting(Instant),
    Open,
    /// It was cut: what arrives is received and discarded until that time, since a close with unread data is a reset.
    Draining(Instant),
}

/// One of the two sockets.
#[derive(Debug)]
struct Side {
    socket: Watched,
    /// What the poller waits for: input, room.
    armed: (bool, bool),
    /// A send would have blocked.
    full: bool,
    /// All has been received.
    ended: bool,
}

impl Side {
    fn new(socket: Watched) -> Side {
        Side { socket, armed: (false, false), full: false, ended: false }
    }

    fn arm(&mut self, readable: bool, writable: bool) {
        // It fails for lack of memory alone, and is tried again with the next turn.
        if self.armed != (readable, writable) && self.socket.once(readable, writable).is_ok() {
            self.armed = (readable, writable);
        }
    }
}

impl Connection {
    /// A connection whose connect to the server is in progress.
    pub(super) fn new(
        client: SocketAddr,
        sockets: PerDirection<Watched>,
        pipes: PerDirection<Pipe>,
        now: Instant,
    ) -> Connection {
        let PerDirection { up, down } = sockets;
        let mut sides = PerDirection { up: Side::new(up), down: Side::new(down) };
        sides.down.arm(false, true);
        Connection { client, attempt: 0, sides, pipes, state: State::Connecting(now + CONNECT_LIMIT) }
    }

    /// Tries another socket of the server.
    pub(super) fn reconnect(&mut self, server: Watched, now: Instant) {
        self.sides.down = Side::new(server);
        self.sides.down.arm(false, true);
        self.state = State::Connecting(now + CONNECT_LIMIT);
    }

    /// Whether this is the address of its socket towards the server: then the link has connected to itself.
    pub(super) fn is_from(&self, address: SocketAddr) -> bool {
        self.sides.down.socket.local_addr() == Ok(address)
    }

    /// The poller has reported the socket that a direction receives from, and watches it no more.
    pub(super) fn disarmed(&mut self, direction: Direction) {
        let side = self.sides.get_mut(direction);
        (side.armed, side.full) = ((false, false), false);
    }

    /// Closing it resets both its ends.
    pub(super) fn reset_on_close(&self) {
        for direction in Direction::BOTH {
            self.sides.get(direction).socket.reset_on_close();
        }
    }

    /// Does all that it can without waiting.
    pub(super) fn turn(&mut self, turn: &mut Turn<'_>) -> Status {
        if let State::Connecting(deadline) = self.state {
            match self.connecting(turn.now, deadline) {
                None => self.state = State::Open,
                Some(status) => return status,
            }
        }
        if let State::Draining(deadline) = self.state {
            return self.drain(turn, deadline);
        }
        for direction in Direction::BOTH {
            if let Some(status) = self.relay(direction, turn) {
                return status;
            }
        }
        if Direction::BOTH.iter().all(|direction| self.pipes.get(*direction).is_over()) {
            return Status::Closed;
        }
        for direction in Direction::BOTH {
            let room = self.pipes.get(direction).room() > 0;
            let side = self.sides.get_mut(direction);
            side.arm(room && !side.ended, side.full);
        }
        let due = Direction::BOTH.map(|direction| match self.pipes.get(direction).ready(turn.now) {
            Ready::At(at) => Some(at),
            _ => None,
        });
        Status::Open(due.into_iter().flatten().min())
    }

    /// `None` once the server has accepted.
    fn connecting(&mut self, now: Instant, deadline: Instant) -> Option<Status> {
        let server = &mut self.sides.down;
        if let Err(errno) = server.socket.take_error() {
            return Some(Status::Unconnected(errno.into()));
        }
        if server.socket.peer_addr().is_ok() {
            return None;
        }
        if now >= deadline {
            return Some(Status::Unconnected(WaitError::TimedOut));
        }
        server.arm(false, true);
        Some(Status::Open(Some(deadline)))
    }

    /// Receives what there is room for, and sends what is due; returns a status if that ends the connection.
    fn relay(&mut self, direction: Direction, turn: &mut Turn<'_>) -> Option<Status> {
        let ended = self.send(direction, turn);
        if ended.is_some() {
            return ended;
        }
        for _ in 0..TURN {
            if !self.receive(direction, turn) {
                break;
            }
            let ended = self.send(direction, turn);
            if ended.is_some() {
                return ended;
            }
        }
        self.send(direction, turn)
    }

    /// Receives once; returns whether there may be more.
    fn receive(&mut self, direction: Direction, turn: &mut Turn<'_>) -> bool {
        let (side, pipe) = (self.sides.get_mut(direction), self.pipes.get_mut(direction));
        let room = pipe.room().min(turn.buffer.len());
        if side.ended || room == 0 {
            return false;
        }
        match side.socket.receive(&mut turn.buffer[..room], 0, AT_ONCE) {
            Ok(0) => {
                side.ended = true;
                pipe.ends(End::HalfClose, turn.now);
                false
            }
            Ok(count) => {
                turn.totals.get_mut(direction).received += count as u64;
                pipe.take(&turn.buffer[..count], turn.now);
                true
            }
            Err(error) => match reason(error) {
                ErrorKind::WouldBlock => false,
                ErrorKind::Interrupted => true,
                _ => {
                    side.ended = true;
                    pipe.ends(End::Reset(false), turn.now);
                    false
                }
            },
        }
    }

    /// Sends what is due; returns a status if that ends the connection.
    fn send(&mut self, direction: Direction, turn: &mut Turn<'_>) -> Option<Status> {
        loop {
            let pipe = self.pipes.get_mut(direction);
            let receiver = self.sides.get_mut(direction.opposite());
            let end = match pipe.ready(turn.now) {
                Ready::At(_) | Ready::Idle => return None,
                Ready::Send(_) if receiver.full => return None,
                Ready::Send(part) => match receiver.socket.send(part, 0, AT_ONCE) {
                    Ok(count) => {
                        turn.totals.get_mut(direction).sent += count as u64;
                        pipe.sent(count, turn.now);
                        continue;
                    }
                    Err(error) => match reason(error) {
                        ErrorKind::Interrupted => continue,
                        ErrorKind::WouldBlock => {
                            receiver.full = true;
                            return None;
                        }
                        _ => End::Reset(false),
                    },
                },
                Ready::End(end) => end,
            };
            let totals = turn.totals.get_mut(direction);
            match end {
                End::HalfClose => {
                    // A receiver that has reset the connection has none to close.
                    let _ = receiver.socket.shutdown(Shutdown::Write);
                    pipe.finish(turn.now);
                    return None;
                }
                End::Cut => {
                    totals.cut += 1;
                    self.tell_end(direction, false, turn);
                    return Some(self.cut(turn));
                }
                End::Reset(on_purpose) => {
                    if on_purpose {
                        totals.reset += 1;
                        self.tell_end(direction, true, turn);
                    }
                    self.reset_on_close();
                    return Some(Status::Closed);
                }
            }
        }
    }

    fn tell_end(&self, direction: Direction, reset: bool, turn: &mut Turn<'_>) {
        let bytes = self.pipes.get(direction).bytes();
        (turn.report)(Event::Ended { direction, client: self.client, bytes, reset });
    }

    /// Ends both directions in order.
    fn cut(&mut self, turn: &mut Turn<'_>) -> Status {
        for direction in Direction::BOTH {
            let _ = self.sides.get(direction).socket.shutdown(Shutdown::Write);
            self.pipes.get_mut(direction).finish(turn.now);
        }
        let deadline = turn.now + LINGER;
        self.state = State::Draining(deadline);
        self.drain(turn, deadline)
    }

    fn drain(&mut self, turn: &mut Turn<'_>, deadline: Instant) -> Status {
        for direction in Direction::BOTH {
            let side = self.sides.get_mut(direction);
            for _ in 0..TURN {
                if side.ended {
                    break;
                }
                match side.socket.receive(turn.buffer, 0, AT_ONCE) {
                    Ok(0) => side.ended = true,
                    Ok(_) => {}
                    Err(error) if reason(error) == ErrorKind::WouldBlock => break,
                    Err(error) => side.ended = reason(error) != ErrorKind::Interrupted,
                }
            }
            side.arm(!side.ended, false);
        }
        let ended = Direction::BOTH.iter().all(|direction| self.sides.get(*direction).ended);
        if ended || turn.now >= deadline { Status::Closed } else { Status::Open(Some(deadline)) }
    }
}
