//! The buffers that a thread or process serves one connection after another with.

use std::collections::TryReserveError;

use super::exchange::Exchange;
use crate::choices::Framing;
use crate::server::state::Context;

/// The size of the receive buffer, in bytes: the first one, and the largest. Those of threads whose requests are short
/// share pages.
const FIRST_CHUNK: usize = 1024;
const CHUNK: usize = 256 * 1024;

pub(super) struct Buffers {
    pub(super) exchange: Exchange,
    pub(super) received: Vec<u8>,
    pub(super) replies: Vec<u8>,
    /// The capacity of `replies` that is kept from one request to the next.
    pub(super) kept: usize,
}

impl Buffers {
    pub(super) fn new(context: &Context) -> Buffers {
        // With `once`, what one receive returns is the request.
        let chunk = if context.settings.framing == Framing::Once { CHUNK } else { FIRST_CHUNK };
        Buffers {
            exchange: Exchange::new(context),
            received: vec![0; chunk],
            replies: Vec::new(),
            kept: CHUNK,
        }
    }

    /// Takes a larger receive buffer, unless it is the largest: the last receive has filled it.
    pub(super) fn grow(received: &mut Vec<u8>) {
        let length = (4 * received.len()).min(CHUNK);
        if length > received.len() {
            *received = vec![0; length];
        }
    }

    /// Buffers with which the built-in service neither allocates nor frees, so that a forked child may use them.
    pub(super) fn preallocated(context: &Context) -> Result<Buffers, TryReserveError> {
        let (exchange, replies) = Exchange::preallocated(context, CHUNK)?;
        let kept = replies.capacity();
        Ok(Buffers { exchange, received: vec![0; CHUNK], replies, kept })
    }

    /// The same memory for the next connection.
    pub(super) fn reset(self, context: &Context) -> Buffers {
        let mut replies = self.replies;
        replies.clear();
        replies.shrink_to(self.kept);
        Buffers { exchange: Exchange::new(context), replies, ..self }
    }
}
