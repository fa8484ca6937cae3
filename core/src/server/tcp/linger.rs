//! Closing a connection without losing replies.
//!
//! close(2) with unread input resets the connection (RFC 2525, 2.17), which may destroy replies on their way. A server
//! that ends a connection therefore ends its output first, and discards input until the peer has all replies.

use std::time::Duration;

use crate::net::fd::NO_FD;
use crate::net::{Deadline, Errno, Socket, WaitOptions, wait_readable};
use crate::netc;
use crate::server::state::{Context, OpenConnection, Stop};

/// The longest time for which input is discarded.
pub(super) const LINGER_TIMEOUT: Duration = Duration::from_secs(1);

/// The interval at which it is checked whether the peer has all replies.
pub(super) const LINGER_INTERVAL: Duration = Duration::from_millis(10);

/// How far the close has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LingerStep {
    /// The socket can be closed without loss.
    Done,
    /// Input was discarded, and there may be more.
    Discarded,
    /// Replies are not acknowledged yet.
    Unacknowledged,
}

/// Discards input once, and checks whether the peer has all replies. `peer_sent` records whether it sent anything.
pub(super) fn linger_step(socket: &Socket, buffer: &mut [u8], peer_sent: &mut bool) -> LingerStep {
    match socket.receive(buffer) {
        Ok(0) if !socket.peer_may_send() => LingerStep::Done,
        Ok(received) if received > 0 => {
            *peer_sent = true;
            LingerStep::Discarded
        }
        // There is no input, or a stop has shut the input down, after which none is reported.
        Ok(_) | Err(Errno(netc::EAGAIN)) => {
            // A peer that sends nothing causes no reset: the kernel alone can finish what it has begun to send.
            let owed = if *peer_sent { socket.unacknowledged() } else { socket.unsent() };
            let owes = match owed {
                // Where the system does not tell, a peer that sends gets the whole time.
                Err(Errno(netc::ENOSYS)) => *peer_sent,
                owed => owed.unwrap_or(0) > 0,
            };
            if owes { LingerStep::Unacknowledged } else { LingerStep::Done }
        }
        Err(_) => LingerStep::Done,
    }
}

/// Ends the output, then blocks until the peer has all replies, for at most [`LINGER_TIMEOUT`] or until the stop's
/// deadline.
///
/// With `output_last` the output is ended when the peer has all replies instead.
pub(super) fn linger(connection: &OpenConnection, buffer: &mut [u8], output_last: bool, context: &Context) {
    let socket = &connection.socket;
    if !output_last && socket.shutdown_write().is_err() {
        return;
    }
    let limit = Deadline::after(Some(LINGER_TIMEOUT));
    let mut peer_sent = output_last;
    loop {
        match linger_step(socket, buffer, &mut peer_sent) {
            LingerStep::Done if output_last => {
                let _ = socket.shutdown_write();
                return;
            }
            LingerStep::Done => return,
            _ if context.stop.deadline_passed() => {
                cut_if_unacknowledged(connection, &context.stop);
                return;
            }
            _ if limit.passed() => return,
            LingerStep::Discarded => {}
            LingerStep::Unacknowledged => {
                let step = WaitOptions::until(Deadline::after(Some(LINGER_INTERVAL)).earlier(limit));
                // An input that a stop has shut down is always readable.
                let fd = if context.stop.is_requested() { NO_FD } else { socket.fd() };
                let _ = wait_readable(fd, step);
            }
        }
    }
}

/// Cuts a connection whose peer has not all replies at the stop's deadline.
pub(super) fn cut_if_unacknowledged(connection: &OpenConnection, stop: &Stop) {
    if connection.socket.unacknowledged().is_ok_and(|bytes| bytes > 0) {
        connection.cut(stop);
    }
}
