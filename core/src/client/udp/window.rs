//! The requests in flight, each sent from a local port of its own.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use super::errors::{FailedRequest, no_reply};
use super::pending::Pending;
use super::ports::{ATTEMPTS, RecentPorts};
use crate::client::operations::GET_REPLY;
use crate::client::options::UdpClientOptions;
use crate::error::{Error, Result};
use crate::net::{
    Deadline, Errno, PollFd, RotatingPortSocket, WaitError, WaitOptions, interest, no_interest, wait_for,
};
use crate::netc;

/// The most requests in flight, and the most bytes of them as the server's receive buffer counts them. On Linux
/// the buffer holds 212,992 bytes (net.core.rmem_default), and a short datagram counts 768 bytes more than its length.
pub(super) const MAX_IN_FLIGHT: usize = 64;
pub(super) const MAX_BYTES: usize = 128 << 10;
pub(super) const OVERHEAD: usize = 768;

/// The number of replies after which the call checks whether the client was closed or a signal arrived. A wait
/// for a socket checks both, but with a fast server no call waits.
const CHECK_INTERVAL: usize = 16;

/// A socket and its request.
struct InFlight<S> {
    socket: S,
    /// Nothing was sent from the port.
    unused: bool,
    pending: Pending,
}

pub(super) struct Window<'a, S> {
    /// The server's address as the caller knows it, for errors, and as the system does.
    named: SocketAddr,
    peer: SocketAddr,
    options: &'a UdpClientOptions,
    ports: &'a mut RecentPorts,
    /// The requests without a reply, the oldest first.
    in_flight: VecDeque<InFlight<S>>,
    /// The sockets whose requests have their replies.
    idle: Vec<InFlight<S>>,
    /// The most requests in flight: one more after as many replies, half as many after a loss.
    limit: usize,
    replies_since: usize,
    bytes: usize,
    fds: Vec<PollFd>,
}

impl<'a, S: RotatingPortSocket> Window<'a, S> {
    pub(super) fn new(
        named: SocketAddr,
        peer: SocketAddr,
        options: &'a UdpClientOptions,
        ports: &'a mut RecentPorts,
    ) -> Window<'a, S> {
        Window {
            named,
            peer,
            options,
            ports,
            in_flight: VecDeque::new(),
            idle: Vec::new(),
            limit: MAX_IN_FLIGHT,
            replies_since: 0,
            bytes: 0,
            fds: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// Whether a request of that length, in bytes, may be sent now.
    pub(super) fn has_room(&self, length: usize) -> bool {
        self.is_empty() || self.in_flight.len() < self.limit && self.bytes + length + OVERHEAD <= MAX_BYTES
    }

    /// Sends a request from a local port of its own. Returns `false` if no further socket can be opened and other
    /// requests are in flight.
    pub(super) fn send(
        &mut self,
        pending: Pending,
        request: &[u8],
        waiting: WaitOptions<'_>,
    ) -> Result<bool, FailedRequest> {
        let index = pending.index;
        let mut sending = match self.idle.pop() {
            Some(idle) => InFlight { pending, ..idle },
            None => match S::open(self.peer) {
                Ok(socket) => InFlight { socket, unused: true, pending },
                Err(_) if !self.is_empty() => return Ok(false),
                Err(errno) => return Err(self.failed(index, errno)),
            },
        };
        let sent = self
            .rotate_port(&mut sending)
            .map_err(WaitError::from)
            .and_then(|()| sending.socket.send_within(request, waiting.with_deadline(pending.deadline)));
        sent.map_err(|error| self.failed(index, error))?;
        self.bytes += request.len() + OVERHEAD;
        self.in_flight.push_back(sending);
        Ok(true)
    }

    /// Changes to a port that was not used recently.
    fn rotate_port(&mut self, sending: &mut InFlight<S>) -> Result<(), Errno> {
        let mut unused = std::mem::take(&mut sending.unused);
        for attempt in 0.. {
            // If the server on this machine has stopped, the system may offer the server's port.
            let is_server_port = sending.socket.port() == self.peer.port();
            if unused && !is_server_port && self.ports.insert(sending.socket.port()) {
                break;
            }
            if attempt == ATTEMPTS {
                // The system has few ports.
                self.ports.clear();
            }
            if attempt == 2 * ATTEMPTS {
                return Err(Errno(netc::EADDRNOTAVAIL));
            }
            sending.socket.change_port()?;
            unused = true;
        }
        Ok(())
    }

    /// Waits for the next reply and retransmits meanwhile. Returns the index of the request and the length of the
    /// reply, which is in the buffer. The window must not be empty.
    pub(super) fn receive<'r>(
        &mut self,
        buffer: &mut [u8],
        request: impl Fn(usize) -> &'r [u8],
        waiting: WaitOptions<'_>,
    ) -> Result<(usize, usize), FailedRequest> {
        if self.replies_since.is_multiple_of(CHECK_INTERVAL) {
            waiting.poll_now().map_err(|error| self.failed(self.in_flight[0].pending.index, error))?;
        }
        loop {
            // Most replies arrive in the order of the requests.
            if let Some(reply) = self.receive_at(0, buffer, &request)? {
                return Ok(reply);
            }
            self.fds.clear();
            self.fds.extend(self.in_flight.iter().map(|sent| interest(sent.socket.fd(), netc::POLLIN)));
            self.fds.push(no_interest());
            let timers = self.in_flight.iter().map(|sent| sent.pending.timer);
            let next = timers.fold(Deadline::NEVER, Deadline::earlier);
            if next.passed() {
                self.retransmit(&request, waiting)?;
            }
            match wait_for(&mut self.fds, waiting.with_deadline(next)) {
                Ok(()) => {}
                Err(WaitError::TimedOut) => continue,
                Err(error) => return Err(self.failed(self.in_flight[0].pending.index, error)),
            }
            for position in 0..self.in_flight.len() {
                if self.fds[position].revents != 0
                    && let Some(reply) = self.receive_at(position, buffer, &request)?
                {
                    return Ok(reply);
                }
            }
        }
    }

    fn receive_at<'r>(
        &mut self,
        position: usize,
        buffer: &mut [u8],
        request: &impl Fn(usize) -> &'r [u8],
    ) -> Result<Option<(usize, usize)>, FailedRequest> {
        let sent = &mut self.in_flight[position];
        let index = sent.pending.index;
        match sent.socket.receive(buffer) {
            Ok(length) => {
                self.idle.extend(self.in_flight.remove(position));
                self.bytes -= request(index).len() + OVERHEAD;
                self.replies_since += 1;
                if self.replies_since >= self.limit {
                    self.limit = (self.limit + 1).min(MAX_IN_FLIGHT);
                    self.replies_since = 0;
                }
                Ok(Some((index, length)))
            }
            Err(errno) if errno.would_block() => Ok(None),
            Err(errno) => Err(self.failed(index, errno)),
        }
    }

    /// Sends the requests again whose timers have expired. Fails if one of them has reached its time limit.
    fn retransmit<'r>(
        &mut self,
        request: &impl Fn(usize) -> &'r [u8],
        waiting: WaitOptions<'_>,
    ) -> Result<(), FailedRequest> {
        let now = Instant::now();
        for position in 0..self.in_flight.len() {
            let InFlight { socket, pending, .. } = &mut self.in_flight[position];
            if pending.timer.0.is_none_or(|moment| moment > now) {
                continue;
            }
            let Pending { index, deadline, retransmissions, .. } = *pending;
            if deadline.0.is_some_and(|moment| moment <= now) {
                return Err(FailedRequest { index, error: no_reply(retransmissions).at(self.named) });
            }
            pending.retransmit(now, self.options);
            let sent = socket.send_within(request(index), waiting.with_deadline(deadline));
            sent.map_err(|error| self.failed(index, error))?;
        }
        // Requests lost at the same time are one sign of congestion, so the limit is halved once.
        self.limit = (self.limit / 2).max(1);
        self.replies_since = 0;
        Ok(())
    }

    fn failed(&self, index: usize, error: impl Into<WaitError>) -> FailedRequest {
        let error: Error = error.into().while_trying(GET_REPLY).at(self.named);
        FailedRequest { index, error }
    }
}
