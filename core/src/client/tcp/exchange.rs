//! One request on a connection: a line there, a line back.

use super::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::net::{Errno, WaitError, WaitOptions, interest, wait_for};

/// How much is received at once, in bytes.
const PIECE: usize = 64 << 10;

/// The longest buffer that one request leaves to the next, in bytes.
const KEPT: usize = 64 << 10;

/// How the errors of an exchange begin, after "could not".
pub(super) const TRIED: &str = "get a reply from";

/// The buffers of a request, kept from one to the next.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    request: Vec<u8>,
    piece: Vec<u8>,
}

impl Scratch {
    /// The request with its newline in one buffer, so that it leaves in one send.
    pub(super) fn set_request(&mut self, line: &[u8]) {
        self.request.clear();
        self.request.shrink_to(KEPT);
        self.request.reserve(line.len() + 1);
        self.request.extend_from_slice(line);
        self.request.push(b'\n');
    }

    /// Where to receive.
    pub(super) fn piece(&mut self) -> &mut [u8] {
        self.piece.resize(PIECE, 0);
        &mut self.piece
    }
}

pub(super) struct Answer {
    /// Without its newline.
    pub(super) reply: Vec<u8>,
    /// Whether the connection can take another request.
    pub(super) reusable: bool,
}

/// Why there is no answer; the connection cannot be used again.
pub(super) enum Failure {
    /// The connection ended before the first byte of a reply, and before the server had taken the request.
    NotTaken(Error),
    Broken(Error),
}

impl Failure {
    pub(super) fn into_error(self) -> Error {
        match self {
            Failure::NotTaken(error) | Failure::Broken(error) => error,
        }
    }
}

/// Sends the request in `scratch` and receives up to the newline, or to the end of the connection.
///
/// It receives while it sends: a server that answers a long line as it comes may take no more of it
/// until somebody takes its answer.
pub(super) fn exchange(
    connection: &Connection,
    scratch: &mut Scratch,
    max_reply: usize,
    waiting: WaitOptions<'_>,
) -> Result<Answer, Failure> {
    let socket = &connection.socket;
    let os = |errno| Failure::Broken(connection.failed(errno, TRIED));
    let Scratch { request, piece } = scratch;
    piece.resize(PIECE, 0);
    let mut unsent = &request[..];
    let mut reply = Vec::new();
    // What the server said before it broke off may still be there to receive, so that a failed send ends
    // the sending only.
    let mut broken_off = None;
    loop {
        if !unsent.is_empty() {
            match socket.send(unsent) {
                Ok(count) => unsent = &unsent[count..],
                Err(errno) if errno.would_block() || errno.0 == libc::EINTR => {}
                Err(errno @ Errno(libc::EPIPE | libc::ECONNRESET)) => {
                    broken_off = Some(errno);
                    unsent = &[];
                }
                Err(errno) => return Err(os(errno)),
            }
        }
        if broken_off.is_none() {
            let writable = if unsent.is_empty() { 0 } else { libc::POLLOUT };
            let mut fds = [interest(socket.fd(), libc::POLLIN | writable), interest(-1, 0)];
            wait_for(&mut fds, waiting)
                .map_err(|error| Failure::Broken(ended(connection, socket.gives_up(error))))?;
            if fds[0].revents & !libc::POLLOUT == 0 {
                continue;
            }
        }
        let count = match socket.receive(piece) {
            Ok(0) => return at_end(connection, reply, unsent, broken_off),
            Ok(count) => count,
            Err(errno) if broken_off.is_none() && (errno.would_block() || errno.0 == libc::EINTR) => continue,
            Err(errno) => return at_end(connection, reply, unsent, Some(broken_off.unwrap_or(errno))),
        };
        let received = &piece[..count];
        let newline = memchr::memchr(b'\n', received);
        let part = &received[..newline.unwrap_or(count)];
        if part.len() > max_reply - reply.len() {
            return Err(Failure::Broken(too_long(connection, max_reply)));
        }
        reply.extend_from_slice(part);
        if let Some(newline) = newline {
            let reusable = newline + 1 == count && unsent.is_empty() && broken_off.is_none();
            return Ok(Answer { reply, reusable });
        }
    }
}

/// The server has ended the connection, or broken it off: what came before is the reply if the
/// server had taken the whole request.
fn at_end(
    connection: &Connection,
    reply: Vec<u8>,
    unsent: &[u8],
    broken_off: Option<Errno>,
) -> Result<Answer, Failure> {
    let untaken = || connection.socket.unacknowledged().is_ok_and(|bytes| bytes > 0);
    // A reset tells that the server closed with the request unread (RFC 2525, 2.17), or before it came.
    let taken = broken_off.is_none() && unsent.is_empty() && !untaken();
    let error = match broken_off {
        Some(errno) => connection.failed(errno, TRIED),
        None if reply.is_empty() => closed(connection, "the server closed the connection without a reply"),
        None if !taken => {
            closed(connection, "the server closed the connection before it had taken the whole request")
        }
        None => return Ok(Answer { reply, reusable: false }),
    };
    Err(if reply.is_empty() && !taken { Failure::NotTaken(error) } else { Failure::Broken(error) })
}

pub(super) fn too_long(connection: &Connection, max_reply: usize) -> Error {
    let happened = format!("it is longer than the limit of {max_reply} bytes");
    Error::new(ErrorKind::TooLarge, "take the reply from", happened).at(connection.ends.peer)
}

pub(super) fn closed(connection: &Connection, happened: &str) -> Error {
    Error::new(ErrorKind::ConnectionClosed, TRIED, happened).at(connection.ends.peer)
}

pub(super) fn ended(connection: &Connection, error: WaitError) -> Error {
    error.while_trying(TRIED).at(connection.ends.peer)
}
