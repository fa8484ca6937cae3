//! One request on a connection: sends a message and receives one.

use super::connection::Connection;
use super::format::MessageFormat;
use crate::error::Error;
use crate::net::{Errno, WaitOptions, interest, no_interest, wait_for};
use crate::netc;

/// The most bytes that one receive returns.
const RECEIVE_SIZE: usize = 64 << 10;

/// The capacity that the request buffer keeps from one request to the next, in bytes.
const KEPT_CAPACITY: usize = 64 << 10;

/// The buffers of a request, reused by the next one.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    request: Vec<u8>,
    received: Vec<u8>,
}

impl Buffers {
    /// Stores the request with what surrounds it in one buffer, so that one send transmits both.
    pub(super) fn set_request(&mut self, format: &MessageFormat, request: &[u8]) {
        self.request.clear();
        self.request.shrink_to(KEPT_CAPACITY);
        self.request.reserve(request.len() + format.surrounding());
        format.open(request.len(), &mut self.request);
        self.request.extend_from_slice(request);
        format.close(&mut self.request);
    }

    /// The buffer to receive into.
    pub(super) fn receive_buffer(&mut self) -> &mut [u8] {
        self.received.resize(RECEIVE_SIZE, 0);
        &mut self.received
    }
}

pub(super) struct Reply {
    /// The reply without what surrounds it.
    pub(super) payload: Vec<u8>,
    /// Whether the connection can carry another request.
    pub(super) reusable: bool,
}

/// Why there is no reply. The connection cannot carry another request.
pub(super) enum ExchangeError {
    /// The connection ended before the server had received the whole request and before the first byte of a
    /// reply, so that the request can be sent again on another connection.
    NotReceived(Error),
    /// The server may have received the request.
    Failed(Error),
}

impl ExchangeError {
    pub(super) fn into_error(self) -> Error {
        match self {
            ExchangeError::NotReceived(error) | ExchangeError::Failed(error) => error,
        }
    }
}

/// Sends the request in `buffers` and receives up to the end of its reply, or to that of the stream.
///
/// It receives while it sends: a server that replies to a long request as it arrives may stop receiving the request
/// until the client receives the reply.
pub(super) fn exchange(
    connection: &Connection,
    buffers: &mut Buffers,
    format: &MessageFormat,
    waiting: WaitOptions<'_>,
) -> Result<Reply, ExchangeError> {
    let socket = &connection.socket;
    let Buffers { request, received } = buffers;
    received.resize(RECEIVE_SIZE, 0);
    let mut unsent = &request[..];
    let mut reply = Vec::new();
    // The error of a send that found the connection reset. It ends the sending only: data that the server sent
    // before the reset may still be in the receive buffer.
    let mut reset = None;
    loop {
        if !unsent.is_empty() {
            match socket.send(unsent) {
                Ok(count) => unsent = &unsent[count..],
                Err(errno) if errno.would_block() || errno.0 == netc::EINTR => {}
                Err(errno @ Errno(netc::EPIPE | netc::ECONNRESET)) => {
                    reset = Some(errno);
                    unsent = &[];
                }
                Err(errno) => return Err(ExchangeError::Failed(connection.os_error(errno))),
            }
        }
        if reset.is_none() {
            let writable = if unsent.is_empty() { 0 } else { netc::POLLOUT };
            let mut fds = [interest(socket.fd(), netc::POLLIN | writable), no_interest()];
            wait_for(&mut fds, waiting)
                .map_err(|error| ExchangeError::Failed(connection.wait_error(error)))?;
            if fds[0].revents & !netc::POLLOUT == 0 {
                continue;
            }
        }
        let count = match socket.receive(received) {
            Ok(0) => return at_end(connection, format, reply, unsent, reset),
            Ok(count) => count,
            Err(errno) if reset.is_none() && (errno.would_block() || errno.0 == netc::EINTR) => continue,
            Err(errno) => return at_end(connection, format, reply, unsent, Some(reset.unwrap_or(errno))),
        };
        let received = &received[..count];
        let failed = |error| ExchangeError::Failed(connection.frame_error(error, format.max_reply));
        let end = format.end(&reply, received).map_err(failed)?;
        reply.extend_from_slice(&received[..end.unwrap_or(count)]);
        if let Some(end) = end {
            let reusable = end == count && unsent.is_empty() && reset.is_none();
            return Ok(Reply { payload: format.unwrapped(reply), reusable });
        }
    }
}

/// The server has closed or reset the connection. If it had received the whole request, what arrived before the
/// close is the reply.
fn at_end(
    connection: &Connection,
    format: &MessageFormat,
    reply: Vec<u8>,
    unsent: &[u8],
    reset: Option<Errno>,
) -> Result<Reply, ExchangeError> {
    let unacknowledged = || connection.socket.unacknowledged().is_ok_and(|bytes| bytes > 0);
    // A reset means that the server closed with the request unread (RFC 2525, 2.17), or before it arrived.
    let request_received = reset.is_none() && unsent.is_empty() && !unacknowledged();
    let error = match reset {
        Some(errno) => connection.os_error(errno),
        None if reply.is_empty() => connection.closed("the server closed the connection without a reply"),
        None if !request_received => {
            connection.closed("the server closed the connection before it had received the whole request")
        }
        None => match format.may_end_with_connection(&reply) {
            Ok(true) => return Ok(Reply { payload: reply, reusable: false }),
            Ok(false) => connection.closed("the server closed the connection within the reply"),
            Err(error) => connection.frame_error(error, format.max_reply),
        },
    };
    Err(if reply.is_empty() && !request_received {
        ExchangeError::NotReceived(error)
    } else {
        ExchangeError::Failed(error)
    })
}
