//! Many requests on one connection, one behind the other: lines there, lines back, in one loop.

use std::ops::ControlFlow;

use super::TcpClientOptions;
use super::connection::Connection;
use super::exchange::{TRIED, closed, ended, too_long};
use crate::client::many::{OnReply, Progress};
use crate::error::{Error, ErrorKind, Result};
use crate::net::{Deadline, Errno, WaitOptions, interest, wait_for};

/// How many bytes of requests are put together for one send, at most.
const CHUNK: usize = 256 << 10;

/// The requests that are not answered yet, and what has come of the next reply.
pub(super) struct Pipeline<'a, T> {
    connection: &'a Connection,
    lines: &'a [T],
    options: &'a TcpClientOptions,
    /// The next bytes to send, from `sent` on.
    chunk: Vec<u8>,
    sent: usize,
    /// Where the bytes behind the chunk are: so much of that line is in a chunk already. A line is in a
    /// chunk as a whole only with its newline.
    line: usize,
    offset: usize,
    /// The next one to be answered, and what its reply begins with.
    next: usize,
    reply: Vec<u8>,
}

impl<'a, T: AsRef<[u8]>> Pipeline<'a, T> {
    /// For the lines from `first` on.
    pub(super) fn new(
        connection: &'a Connection,
        lines: &'a [T],
        first: usize,
        options: &'a TcpClientOptions,
    ) -> Pipeline<'a, T> {
        Pipeline {
            connection,
            lines,
            options,
            chunk: Vec::new(),
            sent: 0,
            line: first,
            offset: 0,
            next: first,
            reply: Vec::new(),
        }
    }

    /// Sends all lines and hands over all replies; whether the connection can take another request.
    ///
    /// It receives while it sends, as `exchange` does, for the same reason. The deadline is renewed with
    /// each reply.
    pub(super) fn run(
        mut self,
        piece: &mut [u8],
        waiting: WaitOptions<'_>,
        on_reply: OnReply<'_>,
    ) -> Result<bool> {
        let socket = &self.connection.socket;
        let mut waiting = waiting;
        // As in `exchange`: what the server said before it broke off may still be there to receive.
        let mut broken_off = None;
        loop {
            if broken_off.is_none() {
                broken_off = self.send()?;
            }
            if broken_off.is_none() {
                let writable = if self.all_sent() { 0 } else { libc::POLLOUT };
                let mut fds = [interest(socket.fd(), libc::POLLIN | writable), interest(-1, 0)];
                wait_for(&mut fds, waiting)
                    .map_err(|error| self.failed(ended(self.connection, socket.gives_up(error))))?;
                if fds[0].revents & !libc::POLLOUT == 0 {
                    continue;
                }
            }
            let count = match socket.receive(piece) {
                Ok(0) => return self.at_end(broken_off, on_reply),
                Ok(count) => count,
                Err(errno) if broken_off.is_none() && (errno.would_block() || errno.0 == libc::EINTR) => {
                    continue;
                }
                Err(errno) => return self.at_end(Some(broken_off.unwrap_or(errno)), on_reply),
            };
            let before = self.next;
            if let ControlFlow::Break(reusable) = self.take(&piece[..count], on_reply)? {
                return Ok(reusable && broken_off.is_none());
            }
            if self.next > before {
                waiting = waiting.with_deadline(Deadline::after(self.options.timeout));
            }
        }
    }

    /// Sends until the socket takes no more, or all is sent; the number with which the server broke off.
    fn send(&mut self) -> Result<Option<Errno>> {
        loop {
            if self.sent == self.chunk.len() {
                self.fill();
                if self.chunk.is_empty() {
                    return Ok(None);
                }
            }
            match self.connection.socket.send(&self.chunk[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(Errno(libc::EINTR)) => {}
                Err(errno) if errno.would_block() => return Ok(None),
                Err(errno @ Errno(libc::EPIPE | libc::ECONNRESET)) => return Ok(Some(errno)),
                Err(errno) => return Err(self.failed(self.connection.failed(errno, TRIED))),
            }
        }
    }

    /// Puts the next lines, or the next part of one, into the chunk.
    fn fill(&mut self) {
        self.chunk.clear();
        self.sent = 0;
        while let (Some(line), true) = (self.lines.get(self.line), self.chunk.len() < CHUNK) {
            let rest = &line.as_ref()[self.offset..];
            let part = rest.len().min(CHUNK - self.chunk.len());
            self.chunk.extend_from_slice(&rest[..part]);
            if part == rest.len() {
                self.chunk.push(b'\n');
                self.line += 1;
                self.offset = 0;
            } else {
                self.offset += part;
            }
        }
    }

    fn all_sent(&self) -> bool {
        self.line == self.lines.len() && self.sent == self.chunk.len()
    }

    /// Hands over the replies that end in what was received. A break once there is nothing left to come.
    fn take(&mut self, mut received: &[u8], on_reply: OnReply<'_>) -> Result<ControlFlow<bool>> {
        let max_reply = self.options.max_reply;
        while !received.is_empty() {
            let newline = memchr::memchr(b'\n', received);
            // A reply may begin, but not end, before its request has gone.
            let asked = if newline.is_some() { self.line } else { self.lines.len() };
            if self.next == asked {
                let happened = "the server sent more lines than it was asked for";
                let error = Error::new(ErrorKind::Other, "match the replies of", happened);
                return Err(self.failed(error.at(self.connection.ends.peer)));
            }
            let part = &received[..newline.unwrap_or(received.len())];
            if part.len() > max_reply - self.reply.len() {
                return Err(self.failed(too_long(self.connection, max_reply)));
            }
            let Some(newline) = newline else {
                self.reply.extend_from_slice(part);
                break;
            };
            received = &received[newline + 1..];
            if self.reply.is_empty() {
                self.hand_over(part, on_reply)?;
            } else {
                self.reply.extend_from_slice(part);
                let reply = std::mem::take(&mut self.reply);
                self.hand_over(&reply, on_reply)?;
            }
        }
        Ok(if self.next == self.lines.len() {
            ControlFlow::Break(self.all_sent())
        } else {
            ControlFlow::Continue(())
        })
    }

    fn hand_over(&mut self, reply: &[u8], on_reply: OnReply<'_>) -> Result<()> {
        let index = self.next;
        self.next += 1;
        on_reply(index, reply)
    }

    /// The server has ended the connection, or broken it off. The last reply may end with it instead of
    /// a newline, if the server had taken all of the requests.
    fn at_end(mut self, broken_off: Option<Errno>, on_reply: OnReply<'_>) -> Result<bool> {
        let all_taken =
            self.all_sent() && self.connection.socket.unacknowledged().is_ok_and(|bytes| bytes == 0);
        if let Some(errno) = broken_off {
            return Err(self.failed(self.connection.failed(errno, TRIED)));
        }
        if !all_taken || self.next + 1 != self.lines.len() || self.reply.is_empty() {
            let happened = "the server closed the connection with requests on their way";
            return Err(self.failed(closed(self.connection, happened)));
        }
        let reply = std::mem::take(&mut self.reply);
        self.hand_over(&reply, on_reply)?;
        Ok(false)
    }

    /// An error of the request whose reply is the next to come.
    fn failed(&self, error: Error) -> Error {
        let error = error.within(self.options.timeout);
        Progress { replies: self.next, requests: self.lines.len() }.of(self.next, error)
    }
}
