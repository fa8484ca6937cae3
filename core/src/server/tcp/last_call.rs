//! What a connection may still bring in once a stop is asked for.

use super::exchange::Exchange;
use crate::net::Socket;

/// Of lines, those that had been begun by then: a peer that goes on asking holds up no stop. A stream is one whole, of
/// which more is taken for as long as it comes without a pause.
#[derive(Debug, Default)]
pub(super) struct LastCall {
    /// Bytes that had come and have not been taken, once that has been asked for.
    left: Option<usize>,
}

impl LastCall {
    /// Whether nothing more is taken.
    pub(super) fn is_over(&self, exchange: &Exchange) -> bool {
        self.left == Some(0) && !exchange.is_within_a_line()
    }

    /// How much is received next, at most as much as the buffer holds; 0 if nothing more is taken.
    pub(super) fn room(&mut self, socket: &Socket, exchange: &Exchange, buffer: &mut [u8]) -> usize {
        if !matches!(exchange, Exchange::Line(_)) {
            return buffer.len();
        }
        match *self.left.get_or_insert_with(|| socket.available().unwrap_or(0)) {
            0 if !exchange.is_within_a_line() => 0,
            0 => match socket.peek(buffer) {
                Ok(there @ 1..) => {
                    memchr::memchr(b'\n', &buffer[..there]).map_or(there, |newline| newline + 1)
                }
                // The receive finds the same.
                _ => buffer.len(),
            },
            left => left.min(buffer.len()),
        }
    }

    /// So much was received.
    pub(super) fn took(&mut self, bytes: usize) {
        self.left = self.left.map(|left| left.saturating_sub(bytes));
    }
}
