//! Many requests on one client, a window of them on their way at a time.
//!
//! The exchange has no number that would tell which request a reply is for, and datagrams get lost, doubled
//! and out of order, so neither their order nor their number proves anything; what they say neither, since
//! the service is whatever the server has. What a client does control is the port that it asks from. So each
//! request of the window leaves from a port that nothing else was sent from lately, and a reply belongs to
//! the request of the port that it was sent to. That costs a socket for each request on its way, and
//! rules out to send several with one system call, which would all leave from one port. Within the machine there
//! are addresses enough to have one for each request, which rules nothing out: see `loopback`.

use std::collections::VecDeque;
use std::time::Instant;

use super::loopback::Loopback;
use super::pending::Pending;
use super::window::{Failed, Window};
use super::{Link, UdpClient, check_length};
use crate::client::many::{Progress, texts};
use crate::error::{Error, Result};
use crate::net::Deadline;

impl UdpClient {
    /// Sends many texts, each as one datagram, and returns the texts of the datagrams that come back, in
    /// the order of the requests.
    ///
    /// Up to 64 requests are on their way at once, fewer if they are large (128 KiB together, with 768 bytes
    /// added to each), and half as many after a loss. Each leaves from a port of its own, which no other
    /// request uses before some 2,000 more have gone, so that a reply that comes late, twice or out of order
    /// is never taken for another one's. Each is sent again as by [`request`](UdpClient::request), and has
    /// its time limit, so that the call as a whole may take longer.
    ///
    /// The first request is asked alone: if the name has several addresses, the rest goes to the one that
    /// answers. The window takes a descriptor for each request on its way, and is smaller if there are too
    /// few.
    ///
    /// To a server on 127.0.0.0/8 each request leaves from an address of its own instead, from 127.1.0.0 on, and
    /// all take one descriptor: there that costs half as much. It is so until one is lost, and only if something
    /// may be sent again.
    ///
    /// No other call has a turn meanwhile. No texts, no replies, and nothing is sent.
    ///
    /// # Errors
    /// As for [`request`](UdpClient::request); `TooLarge` before anything is sent. The text tells which
    /// request failed, counted from 0, and how many replies had come;
    /// [`request_many_with`](UdpClient::request_many_with) has handed those over.
    /// `InvalidText` comes after all replies have.
    pub fn request_many<T: AsRef<str>>(&self, requests: &[T]) -> Result<Vec<String>> {
        let requests: Vec<&[u8]> = requests.iter().map(|text| text.as_ref().as_bytes()).collect();
        texts(&self.request_many_bytes(&requests)?)
    }

    /// The same for any bytes.
    ///
    /// # Errors
    /// As for [`request_many`](UdpClient::request_many), except for `InvalidText`.
    pub fn request_many_bytes<T: AsRef<[u8]>>(&self, requests: &[T]) -> Result<Vec<Vec<u8>>> {
        let mut replies = vec![Vec::new(); requests.len()];
        self.request_many_with(requests, |index, reply| {
            replies[index] = reply.to_vec();
            Ok(())
        })?;
        Ok(replies)
    }

    /// The same, handing each reply over as it comes, with the place of its request: not always in the
    /// order of the requests, and each once. While `on_reply` runs nothing is received, and it must not
    /// use the client. An error that it returns ends the call, and is what the call returns.
    ///
    /// # Errors
    /// As for [`request_many_bytes`](UdpClient::request_many_bytes), and those of `on_reply`.
    pub fn request_many_with<T: AsRef<[u8]>>(
        &self,
        requests: &[T],
        mut on_reply: impl FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let limited = |error: Error| error.within(self.options.timeout);
        let at =
            |replies, index, error| Progress { replies, requests: requests.len() }.of(index, limited(error));
        let Some(first) = requests.first() else { return self.link.check_open(self.call("ask")) };
        let mut turn = self.link.take(self.call("ask")).map_err(limited)?;
        let waiting = turn.waiting;
        let link = &mut *turn;
        let check = |replies: usize, address| {
            let mut rest = requests.iter().enumerate().skip(replies);
            rest.try_for_each(|(index, request)| {
                check_length(request.as_ref(), address).map_err(|error| at(replies, index, error))
            })
        };
        let address = self.addresses[link.preferred];
        check(0, address)?;
        let length = self.ask_in_turn(link, first.as_ref(), waiting).map_err(|error| at(0, 0, error))?;
        let mut replies = 1;
        on_reply(0, &link.buffer[..length])?;
        let named = self.addresses[link.preferred];
        if named != address {
            check(replies, named)?;
        }
        // The system may have another name for it: to it, 0.0.0.0 is 127.0.0.1 (Linux).
        let channel = link.fresh.as_ref().filter(|channel| channel.ends.peer == named);
        let peer = channel.and_then(|channel| channel.socket.peer_addr().ok()).unwrap_or(named);
        // Its descriptor, and port, are of use to the others.
        link.spent = None;
        let Link { ports, buffer, next_address, .. } = link;
        let waiting = waiting.with_deadline(Deadline::NEVER);
        let request = |index: usize| requests[index].as_ref();
        let mut next = 1;
        // Those that are to be sent again.
        let mut left = VecDeque::new();
        // Kept to the end: nobody else gets its port, which late replies come to.
        let mut loopback = Loopback::open(named, peer, &self.options, next_address);
        if let Some(loopback) = &mut loopback {
            while replies < requests.len() {
                let failed = |Failed(index, error)| at(replies, index, error);
                if next < requests.len() && loopback.wants_more() {
                    let now = Instant::now();
                    while next < requests.len() && loopback.has_room(request(next).len()) {
                        loopback.add(Pending::new(next, now, &self.options), request(next));
                        next += 1;
                    }
                    loopback.send(waiting).map_err(failed)?;
                }
                let reply = loopback.receive(|index| request(index).len(), waiting).map_err(failed)?;
                let Some((index, slot)) = reply else { break };
                replies += 1;
                on_reply(index, loopback.reply(slot))?;
            }
            left.extend(loopback.unanswered());
        }
        let mut window = Window::new(named, peer, &self.options, ports);
        while replies < requests.len() {
            let failed = |Failed(index, error)| at(replies, index, error);
            loop {
                let now = Instant::now();
                let again = left.front().copied().map(|mut pending: Pending| {
                    pending.once_more(now, &self.options);
                    pending
                });
                let first = || (next < requests.len()).then(|| Pending::new(next, now, &self.options));
                let Some(pending) = again.or_else(first) else { break };
                let request = request(pending.index);
                if !window.has_room(request.len())
                    || !window.send(pending, request, waiting).map_err(failed)?
                {
                    break;
                }
                if left.pop_front().is_none() {
                    next += 1;
                }
            }
            let reply = window.receive(buffer, request, waiting).map_err(failed)?;
            replies += 1;
            on_reply(reply.0, &buffer[..reply.1])?;
        }
        Ok(())
    }
}
