//! What a socket has sent and received so far, as far as hints need it. It is recorded while hints are enabled.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

/// connect() was called, or the socket was made from a descriptor.
const CONNECTED: u8 = 1;
/// A client: it called connect(), or sent a datagram before it received one.
const CLIENT: u8 = 2;
/// Bytes were sent, and nothing has been received since.
const SENT: u8 = 4;
/// The last byte sent was no newline.
const OPEN_LINE: u8 = 8;
/// A send had no bytes, and nothing has been received since.
const EMPTY: u8 = 16;
const EVER_SENT: u8 = 32;
const EVER_RECEIVED: u8 = 64;
/// A receive that left bytes in the stream has been reported.
const LEFT_BYTES: u8 = 128;

#[derive(Default)]
pub(super) struct History {
    bits: AtomicU8,
    /// The name and the size of the last receive, if it filled its buffer and left bytes in the stream.
    partial: Mutex<Option<(&'static str, usize)>>,
}

/// Why a receive may wait in vain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum StallReason {
    /// The bytes sent do not end with a newline.
    Newline,
    /// The last send had no bytes.
    Empty,
    /// The client has sent nothing yet.
    Unsent,
    /// The socket has no port yet: nobody can send to it.
    Unbound,
    /// A datagram was sent, and UDP does not report whether it arrived.
    Nobody,
}

impl StallReason {
    /// The observer's name for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            StallReason::Newline => "newline",
            StallReason::Empty => "empty",
            StallReason::Unsent => "unsent",
            StallReason::Unbound => "unbound",
            StallReason::Nobody => "nobody",
        }
    }
}

impl History {
    fn has(&self, bits: u8) -> bool {
        self.bits.load(Ordering::Relaxed) & bits != 0
    }

    fn set(&self, bits: u8) -> u8 {
        self.bits.fetch_or(bits, Ordering::Relaxed)
    }

    /// The socket was made from a descriptor: its use before that is unknown.
    pub(super) fn adopted(&self) {
        self.set(CONNECTED);
    }

    /// connect() was called.
    pub(super) fn connected(&self) {
        self.set(CONNECTED | CLIENT);
    }

    pub(super) fn is_connected(&self) -> bool {
        self.has(CONNECTED)
    }

    pub(super) fn sent(&self, bytes: &[u8], is_stream: bool) {
        let Some(last) = bytes.last() else {
            self.set(EMPTY);
            return;
        };
        let client = if is_stream || self.has(EVER_RECEIVED) { 0 } else { CLIENT };
        // Binary data has no lines.
        if *last == b'\n' || !is_text(bytes) {
            self.bits.fetch_and(!OPEN_LINE, Ordering::Relaxed);
            self.set(SENT | EVER_SENT | client);
        } else {
            self.set(SENT | EVER_SENT | OPEN_LINE | client);
        }
    }

    pub(super) fn received(&self) {
        self.bits.fetch_and(!(SENT | OPEN_LINE | EMPTY), Ordering::Relaxed);
        self.set(EVER_RECEIVED);
    }

    /// Why a receive that begins now may wait in vain.
    pub(super) fn stall_reason(
        &self,
        is_stream: bool,
        is_bound: impl FnOnce() -> bool,
    ) -> Option<StallReason> {
        let transferred = self.has(EVER_SENT | EVER_RECEIVED);
        if is_stream {
            // A server waits for its client's first request: that is no stall.
            let client = self.has(CLIENT) && self.has(CONNECTED);
            return match () {
                () if self.has(EMPTY) && !self.has(SENT) => Some(StallReason::Empty),
                () if client && self.has(OPEN_LINE) => Some(StallReason::Newline),
                () if client && !transferred => Some(StallReason::Unsent),
                () => None,
            };
        }
        match () {
            () if self.has(SENT) && self.has(CLIENT) => Some(StallReason::Nobody),
            () if transferred => None,
            () if self.has(CLIENT) => Some(StallReason::Unsent),
            () if !is_bound() => Some(StallReason::Unbound),
            () => None,
        }
    }

    /// A receive filled its buffer and left bytes in the stream; returns whether that is the first time.
    pub(super) fn left_bytes(&self, call: &'static str, size: usize) -> bool {
        *self.partial.lock().unwrap_or_else(PoisonError::into_inner) = Some((call, size));
        self.set(LEFT_BYTES) & LEFT_BYTES == 0
    }

    /// Another receive takes what the last one left.
    pub(super) fn receives_on(&self) {
        if self.has(LEFT_BYTES) {
            *self.partial.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// The name and the size of the last receive, if it left bytes in the stream.
    pub(super) fn last_partial(&self) -> Option<(&'static str, usize)> {
        *self.partial.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether these bytes are text, and not binary numbers that end with zeros.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_ok_and(|text| text.chars().all(|one| !one.is_control() || matches!(one, '\t' | '\r' | '\n')))
}
