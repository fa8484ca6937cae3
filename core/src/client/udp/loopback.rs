//! Requests to this machine, each from an address of its own.
//!
//! Every address of 127.0.0.0/8 is this machine's (RFC 1122, 3.2.1.3). So one socket has millions of ends that
//! a reply can be known by, as the `window` knows it by its port; it never has to change its port, and sends
//! and receives many datagrams with one call.
//!
//! It sends nothing again: a request that waits too long is left to the window, and so are those that a system
//! does not let leave from such an address.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;

use super::pending::Pending;
use super::window::{Failed, MOST, MOST_BYTES, OVERHEAD};
use super::{TRIED, UdpClientOptions};
use crate::net::{
    Deadline, Errno, ReceiveBatch, SendBatch, SendMeta, Socket, WaitError, WaitOptions, interest, wait_for,
};

/// The addresses that requests leave from, one after another: 127.1.0.0 to 127.254.255.255, neither the one that
/// everybody has nor one that means all.
const FIRST: u32 = 0x7f01_0000;
const ADDRESSES: u32 = 254 << 16;

/// Datagrams that are received with one call.
const AT_ONCE: usize = 32;

/// More is sent when so many have been answered: a call for each would be what it costs to send them singly.
const REFILL: usize = 16;

pub(super) struct Loopback<'a> {
    /// The address as the caller knows it, for errors, and as the system does.
    named: SocketAddr,
    peer: SocketAddr,
    socket: Socket,
    inbox: ReceiveBatch,
    /// Those in the inbox that were not looked at yet.
    came: Range<usize>,
    outbox: SendBatch,
    /// The requests on their way and where each left from, the oldest first.
    busy: VecDeque<(Ipv4Addr, Pending)>,
    /// Their bytes, as a receiver's buffer counts them, and the longest reply so far: all come to one socket.
    bytes: usize,
    longest_reply: usize,
    /// The next address, by its number. It goes on from call to call.
    next: &'a mut u32,
    /// The system refused what was sent, or told that it was.
    failed: Option<Errno>,
}

impl<'a> Loopback<'a> {
    /// `None` if the peer is not on the loopback network, or the system does not help; and if nothing may be
    /// sent again, which it may have to be.
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
        // On the port of a server that has gone it would answer itself.
        let (_, socket) = open().ok().filter(|(port, _)| *port != peer.port())?;
        Some(Loopback {
            named,
            peer,
            socket,
            inbox: ReceiveBatch::new(AT_ONCE),
            came: 0..0,
            outbox: SendBatch::new(MOST, 0, false, true),
            busy: VecDeque::with_capacity(MOST),
            bytes: 0,
            longest_reply: 0,
            next,
            failed: None,
        })
    }

    /// Whether it is worth a call to send more.
    pub(super) fn wants_more(&self) -> bool {
        self.busy.len() + REFILL <= MOST && self.failed.is_none()
    }

    /// Whether another request of that length may be sent.
    pub(super) fn has_room(&self, length: usize) -> bool {
        let replies = (self.busy.len() + 1) * (self.longest_reply + OVERHEAD);
        let requests = self.bytes + length + OVERHEAD;
        self.busy.is_empty() || self.busy.len() < MOST && requests.max(replies) <= MOST_BYTES
    }

    /// Puts a request with those that are sent next.
    pub(super) fn add(&mut self, pending: Pending, request: &[u8]) {
        let from = Ipv4Addr::from(FIRST + *self.next % ADDRESSES);
        *self.next = self.next.wrapping_add(1) % ADDRESSES;
        let label = SendMeta { to: self.peer, from: Some((from.into(), 0)), hop_limit: None };
        self.outbox.add(&label, |bytes| {
            bytes.extend_from_slice(request);
            true
        });
        self.bytes += request.len() + OVERHEAD;
        self.busy.push_back((from, pending));
    }

    /// Sends what was added, or finds out that it cannot be.
    pub(super) fn send(&mut self, waiting: WaitOptions<'_>) -> Result<(), Failed> {
        waiting.glance().map_err(|error| self.broken(error))?;
        while !self.outbox.is_empty() && self.failed.is_none() {
            match self.socket.send_some(&mut self.outbox) {
                Ok(_) | Err(Errno(libc::EINTR)) => {}
                Err(errno) if errno.would_block() => {
                    let waiting = waiting.with_deadline(self.next_deadline());
                    let mut fds = [interest(self.socket.fd(), libc::POLLOUT), interest(-1, 0)];
                    match wait_for(&mut fds, waiting) {
                        Ok(()) => {}
                        Err(WaitError::TimedOut) => break,
                        Err(error) => return Err(self.broken(error)),
                    }
                }
                Err(errno) => self.failed = self.socket.judge(errno).err(),
            }
        }
        self.outbox.clear(0);
        Ok(())
    }

    /// Waits for the next reply: its request's place, that request's length as `length` tells it, and where
    /// [`reply`](Loopback::reply) finds it. `None` if what is on its way is the window's now.
    pub(super) fn receive(
        &mut self,
        length: impl Fn(usize) -> usize,
        waiting: WaitOptions<'_>,
    ) -> Result<Option<(usize, usize)>, Failed> {
        loop {
            while let Some(slot) = self.came.next() {
                if let Some(index) = self.take(slot) {
                    self.bytes -= length(index) + OVERHEAD;
                    return Ok(Some((index, slot)));
                }
            }
            match self.socket.receive_some(&mut self.inbox, libc::MSG_DONTWAIT) {
                Ok(count) => self.came = 0..count,
                Err(Errno(libc::EINTR)) => {}
                // An error goes before what came before it.
                Err(errno) if errno.would_block() => match self.failed {
                    Some(Errno(libc::ECONNREFUSED)) => {
                        return Err(self.broken(Errno(libc::ECONNREFUSED).into()));
                    }
                    Some(_) => return Ok(None),
                    None => {
                        let waiting = waiting.with_deadline(self.next_deadline());
                        let mut fds = [interest(self.socket.fd(), libc::POLLIN), interest(-1, 0)];
                        match wait_for(&mut fds, waiting) {
                            Ok(()) => {}
                            Err(WaitError::TimedOut) => return Ok(None),
                            Err(error) => return Err(self.broken(error)),
                        }
                    }
                },
                Err(errno) => self.failed = self.socket.judge(errno).err().or(self.failed),
            }
        }
    }

    /// The place of the request that a datagram answers: it came from the peer to the address that this one
    /// left from.
    fn take(&mut self, slot: usize) -> Option<usize> {
        let arrival = self.inbox.arrival(slot);
        let envelope = arrival.envelope.filter(|envelope| envelope.source == self.peer)?;
        let (IpAddr::V4(to), _) = envelope.destination? else { return None };
        let place = self.busy.iter().position(|(from, _)| *from == to)?;
        self.longest_reply = self.longest_reply.max(arrival.bytes.len());
        self.busy.remove(place).map(|(_, pending)| pending.index)
    }

    /// The bytes of a reply.
    pub(super) fn reply(&self, slot: usize) -> &[u8] {
        self.inbox.arrival(slot).bytes
    }

    /// The requests that have no reply yet, the oldest first.
    pub(super) fn unanswered(&self) -> impl Iterator<Item = Pending> {
        self.busy.iter().map(|(_, pending)| *pending)
    }

    /// All have the same pause, so that the oldest one's ends first.
    fn next_deadline(&self) -> Deadline {
        self.busy.front().map_or(Deadline::NEVER, |(_, pending)| pending.again)
    }

    fn broken(&self, error: WaitError) -> Failed {
        let index = self.busy.front().map_or(0, |(_, pending)| pending.index);
        Failed(index, error.while_trying(TRIED).at(self.named))
    }
}
