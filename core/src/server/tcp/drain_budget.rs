//! How much more a connection receives once a stop is requested.

use super::exchange::Exchange;
use crate::net::Socket;

/// Of requests in a stream, those that had begun to arrive: a peer that continues to send delays no stop. A stream that is
/// not divided is one request, which is received for as long as more is available.
#[derive(Debug, Default)]
pub(super) struct DrainBudget {
    /// The bytes that had arrived and were not received yet; `None` before the first query.
    left: Option<usize>,
}

impl DrainBudget {
    /// Whether nothing more is received.
    pub(super) fn is_spent(&self, exchange: &Exchange) -> bool {
        self.left == Some(0) && !exchange.has_partial_request()
    }

    /// The length of the next receive, at most that of the buffer; 0 if nothing more is received.
    pub(super) fn next_receive(&mut self, socket: &Socket, exchange: &Exchange, buffer: &mut [u8]) -> usize {
        if !exchange.has_messages() {
            return buffer.len();
        }
        match *self.left.get_or_insert_with(|| socket.available().unwrap_or(0)) {
            0 if !exchange.has_partial_request() => 0,
            // The rest of the request.
            0 => match socket.peek(buffer) {
                Ok(available @ 1..) => exchange.rest_of_request(&buffer[..available]),
                // The receive has the same outcome.
                _ => buffer.len(),
            },
            left => left.min(buffer.len()),
        }
    }

    pub(super) fn spend(&mut self, bytes: usize) {
        self.left = self.left.map(|left| left.saturating_sub(bytes));
    }
}
