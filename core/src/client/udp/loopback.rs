//! Requests to a server on this machine, each sent from a local IP address of its own.
//!
//! Every address of 127.0.0.0/8 belongs to this machine (RFC 1122, 3.2.1.3). So one socket can send from millions
//! of addresses, and the address that a reply arrives at identifies its request, as the port does in `window`. The
//! socket keeps its port, and one system call sends or receives many datagrams.
//!
//! It does not retransmit: a request whose timer expires is left to the window, and so are requests that the system
//! does not send from such an address.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;

use super::errors::FailedRequest;
use super::pending::Pending;
use super::window::{MAX_BYTES, MAX_IN_FLIGHT, OVERHEAD};
use crate::client::operations::GET_REPLY;
use crate::client::options::UdpClientOptions;
use crate::net::{
    Deadline, Errno, ReceiveBatch, SendBatch, SendMeta, Socket, WaitError, WaitOptions, interest,
    no_interest, wait_for,
};
use crate::netc;

/// The source addresses, used one after another: 127.1.0.0 to 127.254.255.255, which excludes 127.0.0.1, used by
/// other programs, and the broadcast address.
const FIRST_ADDRESS: u32 = 0x7f01_0000;
const ADDRESS_COUNT: u32 = 254 << 16;

/// The most datagrams that one system call receives.
const RECEIVE_COUNT: usize = 32;

/// The least number of requests that one system call sends, unless fewer remain.
const SEND_COUNT: usize = 16;

pub(super) struct Loopback<'a> {
    /// The server's address as the caller knows it, for errors, and as the system does.
    named: SocketAddr,
    peer: SocketAddr,
    socket: Socket,
    receive_batch: ReceiveBatch,
    /// The datagrams of the receive batch that have not been matched with a request.
    unmatched: Range<usize>,
    send_batch: SendBatch,
    /// The requests without a reply and the source address of each, the oldest first.
    in_flight: VecDeque<(Ipv4Addr, Pending)>,
    /// Their bytes as the server's receive buffer counts them.
    bytes: usize,
    /// The length of the longest reply so far, in bytes: the replies arrive in one receive buffer.
    longest_reply: usize,
    /// The number of the next source address, kept from call to call.
    next: &'a mut u32,
    /// The error of a send, or an ICMP error.
    error: Option<Errno>,
}

impl<'a> Loopback<'a> {
    /// `None` if the server is not on the loopback network, if the system refuses the socket's options, or without
    /// retransmissions, which a lost request needs.
    pub(super) fn open(
        named: SocketAddr,
        peer: SocketAddr,
        options: &UdpClientOptions,
        next: &'a mut u32,
    ) -> Option<Loopback<'a>> {
        let on_loopback = matches!(peer.ip(), IpAddr::V4(ip) if ip.is_loopback());
        if !on_loopback || options.retransmissions == 0 {
            return None;
        }
        let open = || {
            let socket = Socket::datagram(&peer)?;
            socket.set_recv_pktinfo(false)?;
            socket.set_recverr(false)?;
            socket.bind(&SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0))?;
            Ok::<_, Errno>((socket.local_addr()?.port(), socket))
        };
        // If the server has stopped, the system may offer its port, and the socket would receive its own requests.
        let (_, socket) = open().ok().filter(|(port, _)| *port != peer.port())?;
        Some(Loopback {
            named,
            peer,
            socket,
            receive_batch: ReceiveBatch::new(RECEIVE_COUNT),
            unmatched: 0..0,
            send_batch: SendBatch::new(MAX_IN_FLIGHT, 0, false, true),
            in_flight: VecDeque::with_capacity(MAX_IN_FLIGHT),
            bytes: 0,
            longest_reply: 0,
            next,
            error: None,
        })
    }

    /// Whether enough requests have replies to send further ones with one system call.
    pub(super) fn wants_more(&self) -> bool {
        self.in_flight.len() + SEND_COUNT <= MAX_IN_FLIGHT && self.error.is_none()
    }

    /// Whether a request of that length, in bytes, may be sent now.
    pub(super) fn has_room(&self, length: usize) -> bool {
        let replies = (self.in_flight.len() + 1) * (self.longest_reply + OVERHEAD);
        let requests = self.bytes + length + OVERHEAD;
        self.in_flight.is_empty()
            || self.in_flight.len() < MAX_IN_FLIGHT && requests.max(replies) <= MAX_BYTES
    }

    /// Adds a request to the send batch.
    pub(super) fn add(&mut self, pending: Pending, request: &[u8]) {
        let from = Ipv4Addr::from(FIRST_ADDRESS + *self.next % ADDRESS_COUNT);
        *self.next = self.next.wrapping_add(1) % ADDRESS_COUNT;
        let meta = SendMeta { to: self.peer, from: Some((from.into(), 0)), hop_limit: None };
        self.send_batch.add(&meta, |bytes| {
            bytes.extend_from_slice(request);
            true
        });
        self.bytes += request.len() + OVERHEAD;
        self.in_flight.push_back((from, pending));
    }

    /// Sends the batch. If the system refuses it, [`receive`](Loopback::receive) reports that.
    pub(super) fn send(&mut self, waiting: WaitOptions<'_>) -> Result<(), FailedRequest> {
        waiting.poll_now().map_err(|error| self.failed(error))?;
        while !self.send_batch.is_empty() && self.error.is_none() {
            match self.socket.send_some(&mut self.send_batch) {
                Ok(_) | Err(Errno(netc::EINTR)) => {}
                Err(errno) if errno.would_block() => {
                    let waiting = waiting.with_deadline(self.next_deadline());
                    let mut fds = [interest(self.socket.fd(), netc::POLLOUT), no_interest()];
                    match wait_for(&mut fds, waiting) {
                        Ok(()) => {}
                        Err(WaitError::TimedOut) => break,
                        Err(error) => return Err(self.failed(error)),
                    }
                }
                Err(errno) => self.error = self.socket.icmp_error(errno).err(),
            }
        }
        self.send_batch.clear(0);
        Ok(())
    }

    /// Waits for the next reply. Returns the index of its request, whose length is `length(index)`, and the index of
    /// the datagram for [`reply`](Loopback::reply). `None` if the requests without a reply are left to the window.
    pub(super) fn receive(
        &mut self,
        length: impl Fn(usize) -> usize,
        waiting: WaitOptions<'_>,
    ) -> Result<Option<(usize, usize)>, FailedRequest> {
        loop {
            while let Some(datagram) = self.unmatched.next() {
                if let Some(index) = self.match_request(datagram) {
                    self.bytes -= length(index) + OVERHEAD;
                    return Ok(Some((index, datagram)));
                }
            }
            match self.socket.receive_some(&mut self.receive_batch, netc::MSG_DONTWAIT) {
                Ok(count) => self.unmatched = 0..count,
                Err(Errno(netc::EINTR)) => {}
                // The system reports an error before datagrams that arrived before it, so those are received first.
                Err(errno) if errno.would_block() => match self.error {
                    Some(Errno(netc::ECONNREFUSED)) => {
                        return Err(self.failed(Errno(netc::ECONNREFUSED)));
                    }
                    Some(_) => return Ok(None),
                    None => {
                        let waiting = waiting.with_deadline(self.next_deadline());
                        let mut fds = [interest(self.socket.fd(), netc::POLLIN), no_interest()];
                        match wait_for(&mut fds, waiting) {
                            Ok(()) => {}
                            Err(WaitError::TimedOut) => return Ok(None),
                            Err(error) => return Err(self.failed(error)),
                        }
                    }
                },
                Err(errno) => self.error = self.socket.icmp_error(errno).err().or(self.error),
            }
        }
    }

    /// The index of the request that a datagram replies to: it came from the server, and its destination is the
    /// source address of the request.
    fn match_request(&mut self, datagram: usize) -> Option<usize> {
        let message = self.receive_batch.message(datagram);
        let meta = message.meta.filter(|meta| meta.source == self.peer)?;
        let (IpAddr::V4(to), _) = meta.destination? else { return None };
        let position = self.in_flight.iter().position(|(from, _)| *from == to)?;
        self.longest_reply = self.longest_reply.max(message.bytes.len());
        self.in_flight.remove(position).map(|(_, pending)| pending.index)
    }

    /// The bytes of a reply.
    pub(super) fn reply(&self, datagram: usize) -> &[u8] {
        self.receive_batch.message(datagram).bytes
    }

    /// The requests that have no reply yet, the oldest first.
    pub(super) fn unanswered(&self) -> impl Iterator<Item = Pending> {
        self.in_flight.iter().map(|(_, pending)| *pending)
    }

    /// The timer of the oldest request, which expires first: all have the same interval.
    fn next_deadline(&self) -> Deadline {
        self.in_flight.front().map_or(Deadline::NEVER, |(_, pending)| pending.timer)
    }

    /// An error of the oldest request.
    fn failed(&self, error: impl Into<WaitError>) -> FailedRequest {
        let index = self.in_flight.front().map_or(0, |(_, pending)| pending.index);
        FailedRequest { index, error: error.into().while_trying(GET_REPLY).at(self.named) }
    }
}
