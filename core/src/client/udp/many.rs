//! Many requests in one call, several of them at a time.
//!
//! Datagrams get lost, duplicated and reordered, and neither requests nor replies carry a number. Replies are matched to
//! requests by destination port: each request is sent from a local port that no recent request was sent from. A request
//! in flight thus needs a socket of its own, and one system call cannot send several. To a server on the loopback
//! network, each request is sent from its own local IP address instead, all from one socket (`loopback`).

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use super::errors::FailedRequest;
use super::loopback::Loopback;
use super::pending::Pending;
use super::ports::RecentPorts;
use super::window::Window;
use crate::client::many::{OnReply, Progress};
use crate::client::options::UdpClientOptions;
use crate::error::{Error, Result};
use crate::net::{Features, RebindingSocket, ReplacingSocket, RotatingPortSocket, WaitOptions};

/// The requests of a call behind the first one.
pub(super) struct Exchanges<'a, T> {
    /// The server's address as the caller knows it, for errors, and as the system does.
    named: SocketAddr,
    peer: SocketAddr,
    requests: &'a [T],
    options: &'a UdpClientOptions,
    /// The number of replies received.
    replies: usize,
    /// The index of the request that is sent next for the first time.
    next: usize,
    /// The requests that have to be sent again.
    lost: VecDeque<Pending>,
}

impl<'a, T: AsRef<[u8]>> Exchanges<'a, T> {
    /// The first request has its reply.
    pub(super) fn after_first(
        named: SocketAddr,
        peer: SocketAddr,
        requests: &'a [T],
        options: &'a UdpClientOptions,
    ) -> Exchanges<'a, T> {
        Exchanges { named, peer, requests, options, replies: 1, next: 1, lost: VecDeque::new() }
    }

    /// Sends all requests and passes on all replies, by the optional system calls in `features`.
    pub(super) fn run(
        mut self,
        features: Features,
        ports: &mut RecentPorts,
        buffer: &mut [u8],
        loopback_number: &mut u32,
        waiting: WaitOptions<'_>,
        on_reply: OnReply<'_>,
    ) -> Result<()> {
        let (named, peer, options) = (self.named, self.peer, self.options);
        if !features.has(Features::ORIG_DST) {
            let window = Window::<ReplacingSocket>::new(named, peer, options, ports);
            return self.send_from_ports(window, buffer, waiting, on_reply);
        }
        // Open to the end of the call, so that no other socket has its port, where late replies arrive.
        let mut loopback = features
            .has(Features::LOOPBACK_ADDRESSES)
            .then(|| Loopback::open(named, peer, options, loopback_number))
            .flatten();
        if let Some(loopback) = &mut loopback {
            self.send_from_loopback(loopback, waiting, on_reply)?;
        }
        let window = Window::<RebindingSocket>::new(named, peer, options, ports);
        self.send_from_ports(window, buffer, waiting, on_reply)
    }

    /// Sends each request once, until all have replies or one is lost.
    fn send_from_loopback(
        &mut self,
        loopback: &mut Loopback<'_>,
        waiting: WaitOptions<'_>,
        on_reply: OnReply<'_>,
    ) -> Result<()> {
        let requests = self.requests;
        while self.replies < requests.len() {
            if self.next < requests.len() && loopback.wants_more() {
                let now = Instant::now();
                while let Some(request) = requests.get(self.next).map(AsRef::as_ref)
                    && loopback.has_room(request.len())
                {
                    loopback.add(Pending::new(self.next, now, self.options), request);
                    self.next += 1;
                }
                loopback.send(waiting).map_err(|failed| self.add_progress(failed))?;
            }
            let length = |index: usize| requests[index].as_ref().len();
            let received = loopback.receive(length, waiting).map_err(|failed| self.add_progress(failed))?;
            let Some((index, datagram)) = received else { break };
            self.replies += 1;
            on_reply(index, loopback.reply(datagram))?;
        }
        self.lost.extend(loopback.unanswered());
        Ok(())
    }

    /// Sends the lost requests again, then the remaining ones, and retransmits.
    fn send_from_ports<S: RotatingPortSocket>(
        &mut self,
        mut window: Window<'_, S>,
        buffer: &mut [u8],
        waiting: WaitOptions<'_>,
        on_reply: OnReply<'_>,
    ) -> Result<()> {
        let requests = self.requests;
        let request = |index: usize| requests[index].as_ref();
        while self.replies < requests.len() {
            while let Some(pending) = self.next_to_send() {
                let request = request(pending.index);
                if !window.has_room(request.len())
                    || !window.send(pending, request, waiting).map_err(|failed| self.add_progress(failed))?
                {
                    break;
                }
                if self.lost.pop_front().is_none() {
                    self.next += 1;
                }
            }
            let received = window.receive(buffer, request, waiting);
            let (index, length) = received.map_err(|failed| self.add_progress(failed))?;
            self.replies += 1;
            on_reply(index, &buffer[..length])?;
        }
        Ok(())
    }

    fn next_to_send(&self) -> Option<Pending> {
        let now = Instant::now();
        if let Some(mut pending) = self.lost.front().copied() {
            pending.retransmit(now, self.options);
            return Some(pending);
        }
        (self.next < self.requests.len()).then(|| Pending::new(self.next, now, self.options))
    }

    fn add_progress(&self, failed: FailedRequest) -> Error {
        let FailedRequest { index, error } = failed;
        Progress { replies: self.replies, requests: self.requests.len() }
            .add_to(index, error.with_timeout(self.options.timeout))
    }
}
