//! Many requests on one connection, sent without waiting for each reply.

use std::ops::ControlFlow;

use super::connection::Connection;
use super::settings::TcpSettings;
use crate::client::many::{OnReply, Progress};
use crate::error::{Error, ErrorKind, Result};
use crate::net::{Deadline, Errno, WaitOptions, interest, no_interest, wait_for};
use crate::netc;

/// The most bytes of requests that are collected for one send.
const CHUNK_SIZE: usize = 256 << 10;

/// The requests without a reply, and the part of the next reply that has arrived.
pub(super) struct Pipeline<'a, T> {
    connection: &'a Connection,
    requests: &'a [T],
    settings: &'a TcpSettings,
    /// The bytes of requests collected for the next send; those from `sent` on are unsent.
    chunk: Vec<u8>,
    sent: usize,
    /// The request to collect next, and how many of its bytes have been collected. The index moves on once what
    /// stands after it has been collected.
    request: usize,
    offset: usize,
    /// The index of the request whose reply is received next, and the beginning of that reply.
    next: usize,
    reply: Vec<u8>,
}

impl<'a, T: AsRef<[u8]>> Pipeline<'a, T> {
    /// For the requests from the index `first` on.
    pub(super) fn new(
        connection: &'a Connection,
        requests: &'a [T],
        first: usize,
        settings: &'a TcpSettings,
    ) -> Pipeline<'a, T> {
        Pipeline {
            connection,
            requests,
            settings,
            chunk: Vec::new(),
            sent: 0,
            request: first,
            offset: 0,
            next: first,
            reply: Vec::new(),
        }
    }

    /// Sends all requests and passes on all replies. Returns whether the connection can carry another request.
    ///
    /// It receives while it sends, for the reason given at `exchange`. Each reply renews the deadline.
    pub(super) fn run(
        mut self,
        receive_buffer: &mut [u8],
        waiting: WaitOptions<'_>,
        on_reply: OnReply<'_>,
    ) -> Result<bool> {
        let socket = &self.connection.socket;
        let mut waiting = waiting;
        // As in `exchange`: data that the server sent before the reset may still be in the receive buffer.
        let mut reset = None;
        loop {
            if reset.is_none() {
                reset = self.send()?;
            }
            if reset.is_none() {
                let writable = if self.all_sent() { 0 } else { netc::POLLOUT };
                let mut fds = [interest(socket.fd(), netc::POLLIN | writable), no_interest()];
                wait_for(&mut fds, waiting)
                    .map_err(|error| self.failed(self.connection.wait_error(error)))?;
                if fds[0].revents & !netc::POLLOUT == 0 {
                    continue;
                }
            }
            let count = match socket.receive(receive_buffer) {
                Ok(0) => return self.at_end(reset, on_reply),
                Ok(count) => count,
                Err(errno) if reset.is_none() && (errno.would_block() || errno.0 == netc::EINTR) => continue,
                Err(errno) => return self.at_end(Some(reset.unwrap_or(errno)), on_reply),
            };
            let before = self.next;
            if let ControlFlow::Break(reusable) = self.split(&receive_buffer[..count], on_reply)? {
                return Ok(reusable && reset.is_none());
            }
            if self.next > before {
                waiting = waiting.with_deadline(Deadline::after(self.settings.timeout));
            }
        }
    }

    /// Sends until the send buffer is full or all is sent. Returns the error of a connection that was reset.
    fn send(&mut self) -> Result<Option<Errno>> {
        loop {
            if self.sent == self.chunk.len() {
                self.fill_chunk();
                if self.chunk.is_empty() {
                    return Ok(None);
                }
            }
            match self.connection.socket.send(&self.chunk[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(Errno(netc::EINTR)) => {}
                Err(errno) if errno.would_block() => return Ok(None),
                Err(errno @ Errno(netc::EPIPE | netc::ECONNRESET)) => return Ok(Some(errno)),
                Err(errno) => return Err(self.failed(self.connection.os_error(errno))),
            }
        }
    }

    /// Collects the next requests, or the next part of one.
    fn fill_chunk(&mut self) {
        let format = &self.settings.format;
        self.chunk.clear();
        self.sent = 0;
        while let (Some(request), true) = (self.requests.get(self.request), self.chunk.len() < CHUNK_SIZE) {
            let request = request.as_ref();
            if self.offset == 0 {
                format.open(request.len(), &mut self.chunk);
            }
            let rest = &request[self.offset..];
            let part = rest.len().min(CHUNK_SIZE.saturating_sub(self.chunk.len()).max(1));
            self.chunk.extend_from_slice(&rest[..part]);
            if part == rest.len() {
                format.close(&mut self.chunk);
                self.request += 1;
                self.offset = 0;
            } else {
                self.offset += part;
            }
        }
    }

    fn all_sent(&self) -> bool {
        self.request == self.requests.len() && self.sent == self.chunk.len()
    }

    /// Splits received bytes into replies and passes those on that are complete. Breaks once all replies are.
    fn split(&mut self, mut received: &[u8], on_reply: OnReply<'_>) -> Result<ControlFlow<bool>> {
        let format = &self.settings.format;
        while !received.is_empty() {
            let end = format.end(&self.reply, received);
            // A reply may begin, but not end, before its request has been sent.
            let expected = if matches!(end, Ok(Some(_))) { self.request } else { self.requests.len() };
            if self.next == expected {
                let reason = "the server sent more replies than it received requests";
                let error = Error::new(ErrorKind::Other, "match the replies of", reason);
                return Err(self.failed(error.at(self.connection.addresses.peer_text())));
            }
            let end =
                end.map_err(|error| self.failed(self.connection.frame_error(error, format.max_reply)))?;
            let Some(end) = end else {
                self.reply.extend_from_slice(received);
                break;
            };
            let (part, after) = received.split_at(end);
            received = after;
            if self.reply.is_empty() {
                self.pass_on(format.payload(part), on_reply)?;
            } else {
                self.reply.extend_from_slice(part);
                let reply = std::mem::take(&mut self.reply);
                self.pass_on(format.payload(&reply), on_reply)?;
            }
        }
        Ok(if self.next == self.requests.len() {
            ControlFlow::Break(self.all_sent())
        } else {
            ControlFlow::Continue(())
        })
    }

    fn pass_on(&mut self, reply: &[u8], on_reply: OnReply<'_>) -> Result<()> {
        let index = self.next;
        self.next += 1;
        on_reply(index, reply)
    }

    /// The server has closed or reset the connection. If it had received all requests, the last reply may end
    /// with the connection, if the format permits that.
    fn at_end(mut self, reset: Option<Errno>, on_reply: OnReply<'_>) -> Result<bool> {
        let format = &self.settings.format;
        let all_received = self.all_sent() && self.connection.socket.unacknowledged().unwrap_or(0) == 0;
        if let Some(errno) = reset {
            return Err(self.failed(self.connection.os_error(errno)));
        }
        let last = all_received && self.next + 1 == self.requests.len() && !self.reply.is_empty();
        match last.then(|| format.may_end_with_connection(&self.reply)) {
            Some(Ok(true)) => {}
            Some(Err(error)) => {
                return Err(self.failed(self.connection.frame_error(error, format.max_reply)));
            }
            Some(Ok(false)) | None => {
                let reason = "the server closed the connection with requests that have no reply";
                return Err(self.failed(self.connection.closed(reason)));
            }
        }
        let reply = std::mem::take(&mut self.reply);
        self.pass_on(&reply, on_reply)?;
        Ok(false)
    }

    /// An error of the request whose reply is received next.
    fn failed(&self, error: Error) -> Error {
        let error = error.with_timeout(self.settings.timeout);
        Progress { replies: self.next, requests: self.requests.len() }.add_to(self.next, error)
    }
}
