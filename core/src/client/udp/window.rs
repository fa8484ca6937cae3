//! The requests that are on their way, each from a port of its own.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use super::pending::Pending;
use super::ports::Ports;
use super::{TRIED, TRIES, UdpClientOptions, no_reply};
use crate::error::{Error, Result};
use crate::net::{Deadline, Errno, RotatingPortSocket, WaitError, WaitOptions, interest, wait_for};

/// Requests on their way at most, and their bytes as a receiver's buffer counts them: Linux has room for
/// 212,992 there (net.core.rmem_default), and charges a small datagram with 768.
pub(super) const MOST: usize = 64;
pub(super) const MOST_BYTES: usize = 128 << 10;
pub(super) const OVERHEAD: usize = 768;

/// After so many replies it is looked whether the client was closed: a fast server leaves nothing to wait for.
const GLANCE: usize = 16;

/// A socket and the request that it waits with.
struct Lane {
    asking: RotatingPortSocket,
    /// The port has not been used.
    fresh: bool,
    pending: Pending,
}

pub(super) struct Window<'a> {
    /// The address as the caller knows it, for errors, and as the system does.
    named: SocketAddr,
    peer: SocketAddr,
    options: &'a UdpClientOptions,
    ports: &'a mut Ports,
    /// Those with a request, the oldest first, and those without.
    busy: VecDeque<Lane>,
    idle: Vec<Lane>,
    /// So many may be on their way; one more after as many replies, half as many after a loss.
    limit: usize,
    replies_since: usize,
    bytes: usize,
    fds: Vec<libc::pollfd>,
}

/// Why a request got no reply: its place, and the error.
pub(super) struct Failed(pub(super) usize, pub(super) Error);

impl<'a> Window<'a> {
    pub(super) fn new(
        named: SocketAddr,
        peer: SocketAddr,
        options: &'a UdpClientOptions,
        ports: &'a mut Ports,
    ) -> Window<'a> {
        Window {
            named,
            peer,
            options,
            ports,
            busy: VecDeque::new(),
            idle: Vec::new(),
            limit: MOST,
            replies_since: 0,
            bytes: 0,
            fds: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.busy.is_empty()
    }

    /// Whether another request of that length may be sent.
    pub(super) fn has_room(&self, length: usize) -> bool {
        self.is_empty() || self.busy.len() < self.limit && self.bytes + length + OVERHEAD <= MOST_BYTES
    }

    /// Sends a request from a port of its own. `false` if the system has no more sockets to give, and others
    /// are on their way.
    pub(super) fn send(
        &mut self,
        pending: Pending,
        request: &[u8],
        waiting: WaitOptions<'_>,
    ) -> Result<bool, Failed> {
        let index = pending.index;
        let mut lane = match self.idle.pop() {
            Some(lane) => Lane { pending, ..lane },
            None => match RotatingPortSocket::open(self.peer) {
                Ok(asking) => Lane { asking, fresh: true, pending },
                Err(_) if !self.is_empty() => return Ok(false),
                Err(errno) => return Err(Failed(index, self.failed(errno.into()))),
            },
        };
        let sent = self
            .freshen(&mut lane)
            .map_err(WaitError::from)
            .and_then(|()| lane.asking.send_within(request, waiting.with_deadline(pending.end)));
        sent.map_err(|error| Failed(index, self.failed(error)))?;
        self.bytes += request.len() + OVERHEAD;
        self.busy.push_back(lane);
        Ok(true)
    }

    /// Sees to it that the port was not used lately.
    fn freshen(&mut self, lane: &mut Lane) -> Result<(), Errno> {
        let mut fresh = std::mem::take(&mut lane.fresh);
        for attempt in 0.. {
            // Nobody listens on the port of a server that has gone: the system might give that one, too.
            let itself = lane.asking.port() == self.peer.port();
            if fresh && !itself && self.ports.take(lane.asking.port()) {
                break;
            }
            if attempt == TRIES {
                // A system with few ports to give.
                self.ports.forget();
                self.ports.forget();
            }
            if attempt == 2 * TRIES {
                return Err(Errno(libc::EADDRNOTAVAIL));
            }
            lane.asking.change_port()?;
            fresh = true;
        }
        Ok(())
    }

    /// The next reply, which is in the buffer: its request's place and length, and its own length. Waits
    /// for it, and sends again what has waited too long. The window is not empty.
    pub(super) fn receive<'r>(
        &mut self,
        buffer: &mut [u8],
        request: impl Fn(usize) -> &'r [u8],
        waiting: WaitOptions<'_>,
    ) -> Result<(usize, usize), Failed> {
        if self.replies_since.is_multiple_of(GLANCE) {
            let glance = waiting.glance();
            glance.map_err(|error| Failed(self.busy[0].pending.index, self.failed(error)))?;
        }
        loop {
            // Most of the time they come in the order in which they were sent.
            if let Some(reply) = self.receive_at(0, buffer, &request)? {
                return Ok(reply);
            }
            self.fds.clear();
            self.fds.extend(self.busy.iter().map(|lane| interest(lane.asking.fd(), libc::POLLIN)));
            self.fds.push(interest(-1, 0));
            let next = self.busy.iter().fold(Deadline::NEVER, |next, lane| next.earlier(lane.pending.again));
            if next.passed() {
                self.send_again(&request, waiting)?;
            }
            match wait_for(&mut self.fds, waiting.with_deadline(next)) {
                Ok(()) => {}
                Err(WaitError::TimedOut) => continue,
                Err(error) => return Err(Failed(self.busy[0].pending.index, self.failed(error))),
            }
            for place in 0..self.busy.len() {
                if self.fds[place].revents != 0
                    && let Some(reply) = self.receive_at(place, buffer, &request)?
                {
                    return Ok(reply);
                }
            }
        }
    }

    fn receive_at<'r>(
        &mut self,
        place: usize,
        buffer: &mut [u8],
        request: &impl Fn(usize) -> &'r [u8],
    ) -> Result<Option<(usize, usize)>, Failed> {
        let lane = &mut self.busy[place];
        let index = lane.pending.index;
        match lane.asking.receive(buffer) {
            Ok(length) => {
                self.idle.extend(self.busy.remove(place));
                self.bytes -= request(index).len() + OVERHEAD;
                self.replies_since += 1;
                if self.replies_since >= self.limit {
                    self.limit = (self.limit + 1).min(MOST);
                    self.replies_since = 0;
                }
                Ok(Some((index, length)))
            }
            Err(errno) if errno.would_block() => Ok(None),
            Err(errno) => Err(Failed(index, self.failed(errno.into()))),
        }
    }

    /// Sends again what has waited too long, or gives up.
    fn send_again<'r>(
        &mut self,
        request: &impl Fn(usize) -> &'r [u8],
        waiting: WaitOptions<'_>,
    ) -> Result<(), Failed> {
        let now = Instant::now();
        for place in 0..self.busy.len() {
            let lane = &mut self.busy[place];
            if lane.pending.again.0.is_none_or(|moment| moment > now) {
                continue;
            }
            let Pending { index, end, .. } = lane.pending;
            if end.0.is_some_and(|moment| moment <= now) {
                return Err(Failed(index, no_reply(lane.pending.asked_again).at(self.named)));
            }
            lane.pending.once_more(now, self.options);
            let sent = lane.asking.send_within(request(index), waiting.with_deadline(end));
            sent.map_err(|error| Failed(index, self.failed(error)))?;
        }
        // However many were lost at once, it was one moment of too many.
        self.limit = (self.limit / 2).max(1);
        self.replies_since = 0;
        Ok(())
    }

    fn failed(&self, error: WaitError) -> Error {
        error.while_trying(TRIED).at(self.named)
    }
}
